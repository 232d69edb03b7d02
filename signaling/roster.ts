// The peers joined to one topic. Adding, removing, looking up and drawing a sample cost the same whatever the size
// of the topic, so that a join never costs the server a walk over ten thousand peers.

import type { PeerId } from '../core/base/ids.ts'

export interface Roster {
  readonly size: number
  /** The socket on which `peer` is joined. */
  socketOf(peer: PeerId): number | undefined
  /** Enters `peer`, or moves it to another socket. */
  set(peer: PeerId, socket: number): void
  delete(peer: PeerId): void
  /** At most `count` different peers other than `except`, each as likely as any other. */
  sample(count: number, except: PeerId): PeerId[]
}

/** @param random a float in [0, 1). */
export function createRoster(random: () => number): Roster {
  const peers: PeerId[] = []
  const places = new Map<PeerId, { place: number; socket: number }>()

  const remove = (peer: PeerId): void => {
    const entry = places.get(peer)
    if (entry === undefined) return
    places.delete(peer)
    const last = peers.pop()
    if (last === undefined || last === peer) return
    peers[entry.place] = last
    const moved = places.get(last)
    if (moved !== undefined) moved.place = entry.place
  }

  return {
    get size() {
      return peers.length
    },
    socketOf: (peer) => places.get(peer)?.socket,
    set: (peer, socket) => {
      const entry = places.get(peer)
      if (entry !== undefined) entry.socket = socket
      else places.set(peer, { place: peers.push(peer) - 1, socket })
    },
    delete: remove,
    sample: (count, except) => {
      const skipped = places.get(except)?.place ?? peers.length
      const others = skipped < peers.length ? peers.length - 1 : peers.length
      return distinctIntegers(Math.min(count, others), others, random).map((n) => {
        const peer = peers[n < skipped ? n : n + 1]
        if (peer === undefined) throw new Error('Skein broke its own rule: a sample lies within its roster')
        return peer
      })
    },
  }
}

/** `count` different integers below `below`: the first steps of a Fisher-Yates shuffle that never makes the list. */
function distinctIntegers(count: number, below: number, random: () => number): number[] {
  const swapped = new Map<number, number>()
  const drawn: number[] = []
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(random() * (below - i))
    drawn.push(swapped.get(j) ?? j)
    swapped.set(j, swapped.get(i) ?? i)
  }
  return drawn
}
