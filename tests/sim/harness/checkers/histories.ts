// Peers that hold the same tell the same: at the end the conversations of a room are equal everywhere, each message once,
// and the feeds on all disks reach equally far. (promise 3, MS4)

import type { Entry } from '../history.ts'
import { onOneEnd } from './copies.ts'
import { messageKey } from './places.ts'
import { livesIn, ofType, type EntryOf, type Life, type Violation } from './violation.ts'

const checker = 'histories'

export function checkHistories(entries: readonly Entry[]): Violation[] {
  if (ofType(entries, 'settled')[0]?.inTime !== true) return []
  // Where two disks lost something, a message may have been on these two alone. A memory that is gone has lost all.
  const harmed = new Set(ofType(entries, 'diskHarmed').map(({ disk }) => disk))
  const isGone = ({ volatile, toMs }: Life): boolean => volatile && toMs < Infinity
  if (harmed.size > 0) for (const life of livesIn(entries).values()) if (isGone(life)) harmed.add(life.disk)
  return [...once(entries), ...(harmed.size > 1 ? [] : [...equalRooms(entries), ...equalFeeds(entries)])]
}

/** The last look of each at each conversation: an earlier one may have been what found the damage. */
function lastPages(entries: readonly Entry[]): EntryOf<'page'>[] {
  const last = new Map<string, EntryOf<'page'>>()
  for (const page of ofType(entries, 'page')) last.set(`${page.run} ${page.of}`, page)
  return [...last.values()]
}

function* once(entries: readonly Entry[]): Iterable<Violation> {
  for (const { run, of, messages, atMs } of ofType(entries, 'page')) {
    const seen = new Set<string>()
    for (const { id, from } of messages) {
      const key = messageKey(from, id)
      if (seen.has(key)) yield { checker, atMs, text: `${run} shows ${id} twice in ${of}` }
      seen.add(key)
    }
  }
}

/**
 * Whose clock was set ahead holds for expired what is not. A message that moved to another feed may stand at either of
 * its two places: then all have it, in whatever order (README of core/messages, limits).
 */
function* equalRooms(entries: readonly Entry[]): Iterable<Violation> {
  const lives = livesIn(entries)
  const elsewhere = new Set(
    ofType(entries, 'clock')
      .filter(({ byMs }) => byMs > 2_000)
      .map(({ name }) => name),
  )
  const moved = inTwoPlaces(entries)
  const expires = new Set(
    ofType(entries, 'asked').flatMap(({ id, ttlMs }): string[] => (ttlMs === undefined ? [] : [id])),
  )
  for (const { id } of ofType(entries, 'expired')) expires.add(id)
  // A backup of a damaged disk may have been made between setting a row aside and writing it again.
  const harms = ofType(entries, 'diskHarmed')
  const isPatchy = (disk: string): boolean =>
    ['rows', 'older'].every((how) => harms.some((harm) => harm.disk === disk && harm.how === how))
  const parted = new Set([...onOneEnd(entries), ...unowed(entries)])
  const first = new Map<string, EntryOf<'page'>>()
  for (const page of lastPages(entries)) {
    const life = lives.get(page.run)
    if (life !== undefined && isPatchy(life.disk)) continue
    if (!page.of.startsWith('#') || life === undefined || elsewhere.size > 0) continue
    const before = first.get(page.of)
    first.set(page.of, before ?? page)
    if (before === undefined) continue
    const [ours, theirs] = [page, before].map(({ messages }) =>
      messages
        .filter(({ id }) => !expires.has(id))
        .map(({ from, id }) => messageKey(from, id))
        .filter((key) => !parted.has(key)),
    )
    for (const keys of [ours!, theirs!]) {
      const either = keys.filter((key) => moved.has(key)).sort()
      keys.splice(0, keys.length, ...keys.filter((key) => !moved.has(key)), ...either)
    }
    const at = ours!.findIndex((key, i) => key !== theirs![i])
    if (at < 0 && ours!.length === theirs!.length) continue
    const place = at < 0 ? ours!.length : at
    const text = `${page.run} and ${before.run} differ in ${page.of}: at ${place} of ${ours!.length} and ${theirs!.length} they show ${ours![place]?.slice(33)} and ${theirs![place]?.slice(33)}`
    yield { checker, atMs: page.atMs, text }
  }
}

/** Of each message everybody was told where it stands in its conversation: these stand in two feeds. */
function inTwoPlaces(entries: readonly Entry[]): Set<string> {
  const places = new Map<string, string>()
  const moved = new Set<string>()
  for (const { from, id, cursor } of ofType(entries, 'message')) {
    const key = messageKey(from, id)
    const place = places.get(key) ?? cursor
    places.set(key, place)
    if (place !== cursor) moved.add(key)
  }
  return moved
}

/** What lay behind a hole in a feed that was given up, and was owed to nobody, stays with its author (README of core/messages, limits). */
function* unowed(entries: readonly Entry[]): Iterable<string> {
  const lives = livesIn(entries)
  const forked = new Set(
    ofType(entries, 'error').flatMap(({ run, code }) =>
      code === 'store-forked' ? [lives.get(run)!.member] : [],
    ),
  )
  for (const { from, id, addressees } of ofType(entries, 'message'))
    if (addressees.length === 0 && forked.has(from)) yield messageKey(from, id)
}

function* equalFeeds(entries: readonly Entry[]): Iterable<Violation> {
  const over = ofType(entries, 'over')[0]?.atMs ?? Infinity
  const settledMs = ofType(entries, 'settled')[0]?.atMs ?? Infinity
  const present = new Set(
    [...livesIn(entries).values()].filter(({ toMs }) => toMs === Infinity).map(({ disk }) => disk),
  )
  const last = new Map<string, EntryOf<'disk'>>()
  for (const disk of ofType(entries, 'disk'))
    if (present.has(disk.disk) && disk.atMs <= over) last.set(disk.disk, disk)
  const reach = new Map<string, Map<string, number>>()
  for (const { disk, feeds } of last.values())
    for (const [feed, number] of Object.entries(feeds))
      reach.set(feed, (reach.get(feed) ?? new Map<string, number>()).set(disk, number))
  // Of a feed that was given up, or lost entries, what is left may differ.
  const current = new Set<string>(
    ofType(entries, 'observed')
      .filter(({ atMs }) => atMs > settledMs)
      .map(({ storeId }) => storeId),
  )
  // What a hostile peer puts into a feed of its own for one alone, expired already, nobody else asks for.
  const isAttacked = ofType(entries, 'faultBegins').some(({ kind }) => kind === 'attack expired-entry')
  const isHarmed = isAttacked || ofType(entries, 'diskHarmed').length > 0
  for (const [feed, byDisk] of reach) {
    if (isHarmed && !current.has(feed)) continue
    const numbers = [...last.keys()].map((disk) => byDisk.get(disk) ?? 0)
    if (new Set(numbers).size <= 1) continue
    const each = [...last.keys()].map((disk, i) => `${disk} ${numbers[i]}`).join(', ')
    yield { checker: 'vectors', atMs: over, text: `feed ${feed.slice(0, 6)} reaches to ${each}` }
  }
}
