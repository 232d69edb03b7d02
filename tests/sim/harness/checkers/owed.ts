// What is owed to somebody is kept whole until all have it or its time is over, whatever retention gives up meanwhile; and
// the end of its time is reported, not only to whoever happens to wait. (promise 1, MS5, MS10)

import type { MemberId } from '../../../../core/base/ids.ts'
import type { Entry } from '../history.ts'
import { copiedMembers } from './copies.ts'
import { messageKey } from './places.ts'
import { livesIn, ofType, type EntryOf, type Life, type Violation } from './violation.ts'

/** Both are said in one step; a sibling tab hears of it after a moment. */
const reportedWithinMs = 1_000
/** The clocks of two tabs of one browser are one; to write down that a time is over takes as long as the disk does. */
const slackMs = 15_000

export const checkOwed = (entries: readonly Entry[]): Violation[] => [
  ...hollow(entries),
  ...letGo(entries),
  ...silent(entries),
]

/** Of two copies of a store that wrote under the same numbers one gives way to the other before it writes again what it owes. */
function* hollow(entries: readonly Entry[]): Iterable<Violation> {
  const copied = copiedMembers(entries)
  const excused = new Set(
    [...livesIn(entries).values()].flatMap(({ member, disk }) => (copied.has(member) ? [disk] : [])),
  )
  for (const entry of entries) {
    if (entry.type === 'diskHarmed') excused.add(entry.disk)
    if (entry.type !== 'disk' || excused.has(entry.disk)) continue
    const [id] = entry.hollow ?? []
    if (id === undefined) continue
    excused.add(entry.disk)
    const text = `${entry.disk} owes ${id} to somebody, and no longer has it whole`
    yield { checker: 'owed', atMs: entry.atMs, text }
  }
}

/** What an addressee cannot have, for it was not there since, is still owed by whoever wrote it. */
function* letGo(entries: readonly Entry[]): Iterable<Violation> {
  const lives = livesIn(entries)
  const copied = copiedMembers(entries)
  const excused = new Set(ofType(entries, 'diskHarmed').map(({ disk }) => disk))
  // Its time may be over by a clock that was set.
  const turned = new Set(ofType(entries, 'clock').map(({ name }) => name))
  for (const { name, disk, member, volatile } of lives.values())
    if (volatile || turned.has(name) || copied.has(member)) excused.add(disk)
  /** As far as it is known by then: a message may wait for somebody to bear the name. */
  const addressees = new Map<string, readonly MemberId[]>()
  const expired = new Set(ofType(entries, 'expired').map(({ id }) => id))
  const ttlMs = new Map(ofType(entries, 'asked').map((entry) => [entry.id, entry.ttlMs ?? Infinity]))
  // An id sent again is the message that it was at first, which somebody may have had before he left.
  const firsts = new Map<string, EntryOf<'stored'>>()
  for (const entry of ofType(entries, 'stored')) {
    const key = `${lives.get(entry.run)!.disk} ${entry.id}`
    if (!expired.has(entry.id) && !firsts.has(key)) firsts.set(key, entry)
  }
  for (const entry of entries) {
    if (entry.type === 'message') addressees.set(messageKey(entry.from, entry.id), entry.addressees)
    if (entry.type !== 'disk' || entry.owed === undefined || excused.has(entry.disk)) continue
    const { disk, owed, atMs } = entry
    for (const { run, id, atMs: sinceMs } of firsts.values()) {
      const author = lives.get(run)!
      if (author.disk !== disk || sinceMs > atMs || owed.includes(id)) continue
      if (atMs > sinceMs + (ttlMs.get(id) ?? Infinity) - slackMs) continue
      const wasThere = (member: MemberId): boolean =>
        [...lives.values()].some(
          (life) => life.member === member && life.toMs > sinceMs && life.fromMs <= atMs,
        )
      const away = addressees.get(messageKey(author.member, id))?.find((member) => !wasThere(member))
      if (away === undefined) continue
      const text = `${disk} no longer owes ${id} to ${away.slice(0, 6)}, which was not there since it was written`
      return yield { checker: 'let go', atMs, text }
    }
  }
}

/** Where the tab that wrote it down died at that moment, nobody is left to report it. */
function* silent(entries: readonly Entry[]): Iterable<Violation> {
  const lives = livesIn(entries)
  const reports = ofType(entries, 'expired').filter(({ reported }) => reported)
  for (const { run, id, reported, atMs } of ofType(entries, 'expired')) {
    if (reported) continue
    const { disk } = lives.get(run)!
    const isReport = (other: (typeof reports)[number]): boolean =>
      other.id === id && other.atMs <= atMs + reportedWithinMs && lives.get(other.run)!.disk === disk
    const diedThen = (life: Life): boolean =>
      life.disk === disk && life.toMs > atMs - slackMs && life.toMs <= atMs + reportedWithinMs
    if (reports.some(isReport) || [...lives.values()].some(diedThen)) continue
    yield { checker: 'silent', atMs, text: `${id} of ${run} ran out of time, and no error said so` }
  }
}
