// Applied once, in order, without a hole: message events of a peer, the inbox of a member. What was handled is never
// given out again. (MS3, MS7)

import type { Entry } from '../history.ts'
import { copiedMembers } from './copies.ts'
import { messageKey, placeOf } from './places.ts'
import { livesIn, ofType, type Violation } from './violation.ts'

const checker = 'order'

export function checkOrder(entries: readonly Entry[]): Violation[] {
  return [...messagesOnce(entries), ...handledForGood(entries), ...bodies(entries)]
}

/** Each message is told once to each peer, and those of one feed in their order. */
function* messagesOnce(entries: readonly Entry[]): Iterable<Violation> {
  const told = new Map<string, string>()
  const harmed = new Set(ofType(entries, 'diskHarmed').map(({ disk }) => disk))
  const copied = copiedMembers(entries)
  const lives = livesIn(entries)
  const last = new Map<string, number>()
  for (const { run, from, id, cursor, atMs } of ofType(entries, 'message')) {
    const place = placeOf(cursor)
    const life = lives.get(run)
    if (place === undefined || life === undefined) continue
    const key = `${run} ${from} ${id}`
    const toldOf = told.get(key)
    // A forked store writes what it still owes into its new feed, and its program hears of the new place.
    const isMoved = from === life.member && toldOf !== place.feed
    if (toldOf !== undefined && !isMoved)
      yield { checker, atMs, text: `${run} was told twice of message ${id}` }
    told.set(key, place.feed)
    // A damaged row is fetched again, and may come after its successors.
    if (harmed.has(life.disk)) continue
    // Of two copies of a store that wrote under the same numbers one takes over the other's.
    if (from === life.member && copied.has(from)) continue
    const feed = `${run} ${place.feed}`
    const before = last.get(feed) ?? 0
    if (place.number <= before)
      yield {
        checker,
        atMs,
        text: `${run} was told of ${id}, number ${place.number} of a feed, after ${before}`,
      }
    last.set(feed, Math.max(before, place.number))
  }
}

/** By disk: what was handled there is not given out again, unless the disk forgot it. */
function* handledForGood(entries: readonly Entry[]): Iterable<Violation> {
  const lives = livesIn(entries)
  const handled = new Map<string, Map<string, number>>()
  for (const entry of entries) {
    if (entry.type === 'diskHarmed') handled.delete(entry.disk)
    if (entry.type !== 'given' && entry.type !== 'handled') continue
    const disk = lives.get(entry.run)!.disk
    const done = handled.get(disk) ?? new Map<string, number>()
    handled.set(disk, done)
    const key = messageKey(entry.from, entry.id)
    if (entry.type === 'handled') done.set(key, entry.atMs)
    else if (done.has(key)) {
      const text = `${entry.run} was given ${entry.id} again, which was handled at ${done.get(key)} ms`
      yield { checker: 'handled once', atMs: entry.atMs, text }
    }
  }
}

/** A message has one body, wherever it is seen. */
function* bodies(entries: readonly Entry[]): Iterable<Violation> {
  const seen = new Map<string, string>()
  for (const entry of entries) {
    const told =
      entry.type === 'message' || entry.type === 'given'
        ? [entry]
        : entry.type === 'page'
          ? entry.messages
          : []
    for (const { id, from, body } of told) {
      const key = messageKey(from, id)
      const before = seen.get(key) ?? body
      if (before !== body)
        yield { checker: 'body', atMs: entry.atMs, text: `${id} is ${body}, and was ${before}` }
      seen.set(key, before)
    }
  }
}
