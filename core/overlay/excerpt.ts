// What of many records goes into one message. A record may be long, and whoever makes peers up makes theirs as long as it can:
// a message that the far end must refuse would tell it nothing at all.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { encode } from '../wire/codec.ts'
import { peerRecord, type PeerRecord } from '../wire/messages.ts'
import type { Context } from './context.ts'

/** All of them, where they fit; else as many as do: our own and of those we have a link to before all others. */
export function excerpt({ links, self }: Context, records: readonly PeerRecord[]): PeerRecord[] {
  const sized = records
    .slice(0, limits.maxPeers)
    .map((record) => ({ record, bytes: encode(peerRecord, record).length }))
  const total = sized.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total <= limits.maxRecordsBytes) return sized.map(({ record }) => record)
  const isNear = (peer: PeerId): boolean => peer === self.id || links.to(peer) !== undefined
  let left: number = limits.maxRecordsBytes
  return sized
    .toSorted((a, b) => Number(isNear(b.record.id)) - Number(isNear(a.record.id)))
    .filter(({ bytes }) => (left -= bytes) >= 0)
    .map(({ record }) => record)
}
