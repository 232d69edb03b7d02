// Copies of one store: a cloned profile, a restored backup. Both may write under the same numbers of a feed before they
// hear of each other; from there on that feed has two ends.

import type { MemberId } from '../../../../core/base/ids.ts'
import type { Entry } from '../history.ts'
import { messageKey, placeOf } from './places.ts'
import { livesIn, ofType } from './violation.ts'

/** Members that lived on more than one disk. */
export function copiedMembers(entries: readonly Entry[]): Set<MemberId> {
  const disks = new Map<MemberId, string>()
  const copied = new Set<MemberId>()
  for (const { member, disk, volatile } of livesIn(entries).values()) {
    if (volatile) continue
    if ((disks.get(member) ?? disk) !== disk) copied.add(member)
    disks.set(member, disk)
  }
  return copied
}

/**
 * Messages that stand on one end only of a feed that has two. Who took the other end keeps it, and never gets them: what
 * was owed to somebody comes in another feed (README of core/messages, limits).
 */
export function onOneEnd(entries: readonly Entry[]): Set<string> {
  const places = new Map<string, Place[]>()
  const parted = new Parted()
  for (const { id, from, cursor } of ofType(entries, 'message')) {
    const place = placeOf(cursor)
    if (place === undefined) continue
    const key = messageKey(from, id)
    places.set(key, [...(places.get(key) ?? []), place])
    parted.note('message', place, key)
  }
  // Of what is no message only the disks tell.
  for (const { hashes = {} } of ofType(entries, 'disk'))
    for (const [feed, byNumber] of Object.entries(hashes))
      for (const [number, hash] of Object.entries(byNumber))
        parted.note('entry', { feed, number: Number(number) }, hash)
  return new Set([...places].flatMap(([key, all]) => (all.every((place) => parted.at(place)) ? [key] : [])))
}

interface Place {
  readonly feed: string
  readonly number: number
}

/** From which number on feeds have two ends. */
class Parted {
  readonly #taken = new Map<string, string>()
  readonly #from = new Map<string, number>()

  /** That this is what stands there; the same `kind` of word may be compared. */
  note(kind: string, { feed, number }: Place, what: string): void {
    const key = `${kind} ${feed} ${number}`
    const before = this.#taken.get(key) ?? what
    this.#taken.set(key, before)
    if (before !== what) this.#from.set(feed, Math.min(this.#from.get(feed) ?? Infinity, number))
  }

  at({ feed, number }: Place): boolean {
    return number >= (this.#from.get(feed) ?? Infinity)
  }
}
