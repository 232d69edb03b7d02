// Documents with the same updates are equal; what was called stored is there after every crash. That `synced` does not
// lie is for synced.ts. (promise 5, DO7)

import type { Entry, Held } from '../history.ts'
import { includes, union, updatesOf } from './held.ts'
import { livesIn, ofType, type Violation } from './violation.ts'

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

/** What is opened from a disk holds all that was ever called stored there. */
function* kept(entries: readonly Entry[]): Iterable<Violation> {
  const lives = livesIn(entries)
  const promised = new Map<string, Held>()
  const opened = new Set<string>()
  for (const entry of entries) {
    if (entry.type === 'diskHarmed')
      for (const key of [...promised.keys()]) if (key.startsWith(`${entry.disk} `)) promised.delete(key)
    if (entry.type === 'docOpened') opened.add(`${entry.run} ${entry.doc}`)
    if (entry.type !== 'docStored' && entry.type !== 'docHeld') continue
    const { run, doc, held, atMs } = entry
    const { disk, volatile } = lives.get(run)!
    const key = `${disk} ${doc}`
    const before = promised.get(key)
    if (entry.type === 'docStored' && !volatile)
      promised.set(key, before === undefined ? held : union(before, held))
    if (entry.type !== 'docHeld' || !opened.delete(`${run} ${doc}`) || before === undefined) continue
    if (!includes(held, before))
      yield {
        checker: 'doc stored',
        atMs,
        text: `${run} opened ${doc} from ${disk} without what was called stored there`,
      }
  }
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
