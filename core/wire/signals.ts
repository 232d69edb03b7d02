// What travels between a peer and a signaling server: JSON text frames. The server introduces peers that have no
// link yet; it sees topics, peer ids and opaque data. It may be anyone's, so what it says is checked like the rest.

import { fail, ok, type Result } from '../base/errors.ts'
import { isPeerId, type PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'

export type SignalingRequest =
  /** Enters the topic, or asks again who is there. Answered by `joined`. */
  | { readonly type: 'join'; readonly topic: string; readonly peer: PeerId }
  | { readonly type: 'leave'; readonly topic: string }
  | { readonly type: 'signal'; readonly topic: string; readonly to: PeerId; readonly data: string }
  | { readonly type: 'ping' }

export type SignalingNotice =
  | {
      readonly type: 'joined'
      readonly topic: string
      /** A random sample of the others. */
      readonly peers: readonly PeerId[]
    }
  | { readonly type: 'signal'; readonly topic: string; readonly from: PeerId; readonly data: string }
  /** The addressee of a signal is not in the topic. */
  | { readonly type: 'absent'; readonly topic: string; readonly peer: PeerId }
  /** That peer's socket closed, or it left: a hint. */
  | { readonly type: 'closed'; readonly topic: string; readonly peer: PeerId; readonly reason: string }
  /** The server refuses what we sent, and closes. */
  | { readonly type: 'error'; readonly code: string; readonly reason: string }
  | { readonly type: 'pong' }

/** A message of a server, in UTF-16 units: a signal of the greatest length, each character escaped. */
const maxNoticeLength = 2 * limits.maxSignalBytes
/** Peers in one sample. chosen: servers send 8. */
const maxSample = limits.maxPeers
/** Texts meant for people and logs. chosen. */
const maxReasonLength = 1000

export const formatSignalingRequest = (request: SignalingRequest): string => JSON.stringify(request)

/** Reads one text frame of a server. Fields that are not known are left out. */
export function parseSignalingNotice(text: string): Result<SignalingNotice> {
  if (text.length > maxNoticeLength) return fail(`longer than ${maxNoticeLength} characters`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return fail('not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail('not a JSON object')
  return readNotice(value as Fields)
}

type Fields = Readonly<Partial<Record<string, unknown>>>

function readNotice(fields: Fields): Result<SignalingNotice> {
  const { type } = fields
  if (type === 'pong') return ok({ type })
  if (type === 'error')
    return ok({ type, code: readText(fields['code']), reason: readText(fields['reason']) })
  const { topic } = fields
  if (typeof topic !== 'string') return fail('no topic')
  if (type === 'joined') return readJoined(topic, fields)
  if (type === 'signal') {
    const { from, data } = fields
    if (!isPeerId(from)) return fail('a signal without a sender')
    if (typeof data !== 'string' || data.length > limits.maxSignalBytes) return fail('a signal without data')
    return ok({ type, topic, from, data })
  }
  if (type !== 'absent' && type !== 'closed') return fail('a type that is not known')
  const { peer } = fields
  if (!isPeerId(peer)) return fail(`"${type}" without a peer`)
  return ok(
    type === 'absent' ? { type, topic, peer } : { type, topic, peer, reason: readText(fields['reason']) },
  )
}

function readJoined(topic: string, fields: Fields): Result<SignalingNotice> {
  const { peers } = fields
  if (!Array.isArray(peers) || peers.length > maxSample || !peers.every(isPeerId))
    return fail('"joined" without peers')
  return ok({ type: 'joined', topic, peers })
}

const readText = (value: unknown): string =>
  typeof value === 'string' ? value.slice(0, maxReasonLength) : ''
