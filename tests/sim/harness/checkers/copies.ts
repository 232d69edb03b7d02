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
  const places = new Map<string, { readonly feed: string; readonly number: number }[]>()
  const takenBy = new Map<string, string>()
  const partedAt = new Map<string, number>()
  for (const { id, from, cursor } of ofType(entries, 'message')) {
    const place = placeOf(cursor)
    if (place === undefined) continue
    const { feed, number } = place
    const key = messageKey(from, id)
    places.set(key, [...(places.get(key) ?? []), place])
    const other = takenBy.get(`${feed} ${number}`)
    if (other !== undefined && other !== key)
      partedAt.set(feed, Math.min(partedAt.get(feed) ?? Infinity, number))
    takenBy.set(`${feed} ${number}`, key)
  }
  const isOnEnd = ({ feed, number }: { readonly feed: string; readonly number: number }): boolean =>
    number >= (partedAt.get(feed) ?? Infinity)
  return new Set([...places].flatMap(([key, all]) => (all.every(isOnEnd) ? [key] : [])))
}
