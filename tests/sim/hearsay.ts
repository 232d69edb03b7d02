// Peers that never were, as somebody may have heard of them. Who holds their records counts as one of a larger mesh (more than
// `limits.maxLinks` others), though only a handful of processes play and their traces stay short. They are kept for
// `limits.vouchForSelfMs`: nothing ever comes from them, and then they are doubted.

import type { MemberId, PeerId, StoreId } from '../../core/base/ids.ts'
import type { PeerRecord } from '../../core/wire/messages.ts'

/** The id that comes so many places after it in the ring of ids. */
const after = (id: string, places: number): string =>
  (BigInt(`0x${id}`) + BigInt(places)).toString(16).padStart(32, '0').slice(-32)

/**
 * Records of `count` peers that say to have a link to the first of `near`, and may not lead. In the ring of ids they stand right
 * behind those of `near`, by turns: with as many of them as of those, nobody's next is somebody who plays.
 */
export function neverMet(count: number, near: readonly PeerId[]): PeerRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const id = after(near[i % near.length]!, 1 + Math.floor(i / near.length))
    return {
      id: id as PeerId,
      incarnation: 1,
      member: id as MemberId,
      store: after(id, 1_000) as StoreId,
      durable: false,
      name: `other-${i + 1}`,
      kind: 'agent',
      priority: 0,
      candidate: false,
      fit: true,
      seniority: 1_000 + i,
      hidden: false,
      noDocuments: true,
      roles: [],
      neighbours: [near[0]!],
    }
  })
}
