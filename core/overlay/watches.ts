// Who watches whom. A failover hangs on the first successor of a leader, and on the second where both fall silent at
// once: the leader beats fast for these two. Everybody else is watched by one peer, the next of its links in the ring of
// ids, and what a watcher suspects it tells to all (after SWIM: Das, Gupta, Motivala, DSN 2002; there the watcher is drawn
// by lot). A pure function of the view: where two views differ for a moment, whoever expects more than it gets just asks.

import { compareText, type PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'

/** On a link: what the far end may expect of us, and what we expect of it. */
export interface Watch {
  /** Something goes out at least this often. */
  readonly beatMs: number
  /** Something comes at least this often. */
  readonly expectMs: number
  /** It would lead if those in doubt are gone: it must be known soon whether it lives. */
  readonly urgent: boolean
}

/** Nobody is watched over that link: it is asked once in a while. */
const unwatched: Watch = {
  beatMs: Number.POSITIVE_INFINITY,
  expectMs: Number.POSITIVE_INFINITY,
  urgent: false,
}

export interface Watched {
  readonly me: PeerId
  /** Of each that we have a link to: whom it has links to. */
  readonly ringsOf: ReadonlyMap<PeerId, readonly PeerId[]>
  /** Of each role: its leader and who would follow, in order. */
  readonly successions: readonly (readonly PeerId[])[]
  readonly isSuspected: (peer: PeerId) => boolean
  readonly heartbeatIntervalMs: number
}

/** By peer; those that are not in it neither watch us nor are watched by us. */
export function watchesOf(watched: Watched): Map<PeerId, Watch> {
  const { me, ringsOf, successions, isSuspected, heartbeatIntervalMs } = watched
  const watches = new Map<PeerId, Watch>()
  const add = (watcher: PeerId, target: PeerId, intervalMs: number, urgent = false): void => {
    if (watcher === target || (watcher !== me && target !== me)) return
    const peer = watcher === me ? target : watcher
    const before = watches.get(peer) ?? unwatched
    watches.set(peer, {
      beatMs: target === me ? Math.min(before.beatMs, intervalMs) : before.beatMs,
      expectMs: watcher === me ? Math.min(before.expectMs, intervalMs) : before.expectMs,
      urgent: before.urgent || (watcher === me && urgent),
    })
  }
  const secondMs = Math.max(heartbeatIntervalMs, limits.secondHeartbeatIntervalMs)
  const addLeader = ([leader, first, second]: readonly PeerId[], urgent: boolean): void => {
    if (leader === undefined) return
    if (first !== undefined) add(first, leader, heartbeatIntervalMs, urgent)
    if (second !== undefined) add(second, leader, secondMs, urgent)
  }
  for (const succession of successions) {
    addLeader(succession, false)
    // Those in doubt may be gone together: whoever would lead then is watched as its leader already.
    const certain = succession.filter((peer) => !isSuspected(peer))
    if (certain.length < succession.length) addLeader(certain, true)
  }
  const slowMs = Math.max(heartbeatIntervalMs, limits.slowHeartbeatIntervalMs)
  add(nextOf(me, ringsOf.keys()), me, slowMs)
  for (const [peer, ring] of ringsOf) if (nextOf(peer, ring) === me) add(me, peer, slowMs)
  return watches
}

/** The next in the ring of ids, which watches it. */
function nextOf(peer: PeerId, others: Iterable<PeerId>): PeerId {
  let next: PeerId | undefined
  let lowest = peer
  for (const other of others) {
    if (compareText(other, lowest) < 0) lowest = other
    if (compareText(other, peer) > 0 && (next === undefined || compareText(other, next) < 0)) next = other
  }
  return next ?? lowest
}
