// The objects a program sees, made from what the machines say. New ones at every change, never altered.

import type { LinkStatus, Message, Peer } from './api.ts'
import { decodeBody } from './body.ts'
import type { MessageView } from './messages/types.ts'
import type { LinkState } from './overlay/links.ts'
import type { PeerRecord } from './wire/messages.ts'

export const toPeer = (record: PeerRecord): Peer => {
  const { id, member, name, kind, priority, seniority, hidden } = record
  return { id, member, name, kind, priority, seniority, hidden }
}

/** Whether a program would see no difference. */
export const samePeer = (a: Peer, b: Peer): boolean =>
  a.name === b.name && a.priority === b.priority && a.seniority === b.seniority && a.hidden === b.hidden

export const toLinkStatus = (link: LinkState): LinkStatus => ({
  peer: link.remote,
  kind: link.kind,
  rttMs: link.roundTrip?.smoothedMs,
  bytesSent: link.bytesSent,
  bytesReceived: link.bytesReceived,
  queuedBytes: link.queuedBytes,
})

export function toMessage<B>(view: MessageView): Message<B> {
  const { id, from, fromName, to, sentAt, deliveredTo, addressees, state, cursor, replyTo } = view
  return {
    id,
    from,
    fromName,
    to,
    body: decodeBody(view.body) as B,
    sentAt,
    deliveredTo,
    addressees,
    state,
    cursor,
    ...(replyTo !== undefined && { replyTo }),
    ...(view.clockAhead && { clockAhead: true as const }),
  }
}
