// Documents with the same updates are equal; what was called stored is there after every crash. That `synced` does not
// lie is for synced.ts. (promise 5, DO7)

import { docRange } from '../../../../core/docs/rows.ts'
import type { Entry, Held } from '../history.ts'
import { includes, union, updatesOf } from './held.ts'
import { livesIn, ofType, type EntryOf, type Violation } from './violation.ts'

export const checkDocuments = (entries: readonly Entry[]): Violation[] => [
  ...equal(entries),
  ...kept(entries),
  ...awareness(entries),
]

function* equal(entries: readonly Entry[]): Iterable<Violation> {
  const seen = new Map<string, string>()
  for (const { run, doc, held, atMs } of ofType(entries, 'docHeld')) {
    const key = `${doc} ${updatesOf(held)}`
    const before = seen.get(key)
    if (before === undefined) seen.set(key, held.content)
    else if (before !== held.content)
      yield {
        checker: 'documents',
        atMs,
        text: `${run} shows ${held.content} of ${doc}, others with the same updates ${before}`,
      }
  }
}

/** What a copy holds is written down this late at most; so it is with what a disk had when it was harmed. */
const lookedAtMs = 100

interface Copy {
  readonly disk: string
  readonly doc: string
  isEmpty: boolean
  /** Rows of it were harmed since it was read. */
  isUnsure: boolean
}

/**
 * What is opened from a disk holds all that was ever called stored there. Whoever has it open while its rows are harmed
 * reads none of them, and cannot know. What is edited then builds on what is lost, so its word is worth nothing until it
 * was opened anew.
 */
function* kept(entries: readonly Entry[]): Iterable<Violation> {
  const lives = livesIn(entries)
  const docs = new Set(ofType(entries, 'docOpened').map(({ doc }) => doc))
  const promised = new Map<string, Held>()
  const opened = new Set<string>()
  const harmedMs = new Map<string, number>()
  const copies = new Map<string, Copy>()
  for (const entry of entries) {
    if (entry.type === 'diskHarmed') {
      for (const copy of copies.values())
        if (concerns(entry, copy.disk, copy.doc) && !copy.isEmpty) copy.isUnsure = true
      for (const doc of docs) {
        if (!concerns(entry, entry.disk, doc)) continue
        promised.delete(`${entry.disk} ${doc}`)
        harmedMs.set(`${entry.disk} ${doc}`, entry.atMs)
      }
    }
    if (entry.type === 'docOpened') opened.add(`${entry.run} ${entry.doc}`)
    if (entry.type !== 'docStored' && entry.type !== 'docHeld') continue
    const { run, doc, held, atMs } = entry
    const { disk, volatile } = lives.get(run)!
    const key = `${disk} ${doc}`
    const before = promised.get(key)
    const copy = copies.get(`${run} ${doc}`)
    if (entry.type === 'docStored') {
      if (!volatile && copy?.isUnsure !== true)
        promised.set(key, before === undefined ? held : union(before, held))
      continue
    }
    const isNew = opened.delete(`${run} ${doc}`)
    const isEmpty = Object.keys(held.vector).length === 0
    const wasHarmed = !isEmpty && atMs <= (harmedMs.get(key) ?? -Infinity) + lookedAtMs
    copies.set(`${run} ${doc}`, {
      disk,
      doc,
      isEmpty,
      isUnsure: wasHarmed || (!isNew && copy?.isUnsure === true),
    })
    if (isNew && before !== undefined && !includes(held, before))
      yield {
        checker: 'doc stored',
        atMs,
        text: `${run} opened ${doc} from ${disk} without what was called stored there`,
      }
  }
}

/** Where it is known which rows were damaged, only those documents are concerned of which they are. */
function concerns({ disk, keys }: EntryOf<'diskHarmed'>, of: string, doc: string): boolean {
  return disk === of && (keys === undefined || keys.some((key) => key.startsWith(docRange(doc).from)))
}

/** At the end everybody sees the same awareness, of those who live and have the document open. (DO11) */
function* awareness(entries: readonly Entry[]): Iterable<Violation> {
  if (ofType(entries, 'settled')[0]?.inTime !== true) return
  const over = ofType(entries, 'over')[0]?.atMs ?? Infinity
  const lives = livesIn(entries)
  const last = new Map<string, Extract<Entry, { type: 'aware' }>>()
  const closed = new Set<string>()
  for (const entry of entries) {
    if (entry.type === 'aware' && entry.atMs <= over) last.set(`${entry.run} ${entry.doc}`, entry)
    if (entry.type === 'docClosing') closed.add(`${entry.run} ${entry.doc}`)
    if (entry.type === 'docOpened') closed.delete(`${entry.run} ${entry.doc}`)
  }
  const first = new Map<string, { run: string; states: string }>()
  for (const [key, { run, doc, states, atMs }] of last) {
    if (lives.get(run)!.toMs !== Infinity || closed.has(key)) continue
    const text = JSON.stringify(Object.entries(states).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    const before = first.get(doc)
    if (before === undefined) first.set(doc, { run, states: text })
    else if (before.states !== text)
      yield {
        checker: 'awareness',
        atMs,
        text: `${run} and ${before.run} differ in who is in ${doc}: ${text} and ${before.states}`,
      }
  }
}
