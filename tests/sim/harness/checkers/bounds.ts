// Nothing grows without a bound, and a mesh at rest is at rest: figures of `status()` against limits.ts, and how much
// happens when nothing happens. A peer whose own rules broke says `left`, which no run may see. (OV5, OV25, MS11)

import { limits } from '../../../../core/base/limits.ts'
import type { Entry } from '../history.ts'
import { ofType, type EntryOf, type Violation } from './violation.ts'

/** Two lanes. */
const maxLinkQueueBytes = 2 * limits.maxQueuedBytes
/** A peer at rest: an alarm, a beat and its arrival, a commit now and then. */
const restEventsPerSecond = 30
/** Seen: 1.2 to 2.2 for each that came first; 6 to 10 where nobody is spared. */
const mostCopies = 4
const fewBroadcasts = 1_000

export function checkBounds(entries: readonly Entry[]): Violation[] {
  return [
    ...figures(entries),
    ...rest(entries),
    ...broken(entries),
    ...storms(entries),
    ...spared(entries),
    ...met(entries),
  ]
}

function* figures(entries: readonly Entry[]): Iterable<Violation> {
  for (const { run, figures: all, atMs } of ofType(entries, 'observed')) {
    const { links = 0, longestLinkQueueBytes = 0 } = all
    if (links > limits.maxOpenLinks) yield { checker: 'bounds', atMs, text: `${run} has ${links} links` }
    if (longestLinkQueueBytes > maxLinkQueueBytes)
      yield { checker: 'bounds', atMs, text: `${run} keeps ${longestLinkQueueBytes} bytes for one link` }
  }
}

function* rest(entries: readonly Entry[]): Iterable<Violation> {
  if (ofType(entries, 'settled')[0]?.inTime !== true) return
  for (const { eventsPerSecond, peers, atMs } of ofType(entries, 'rate')) {
    if (eventsPerSecond > restEventsPerSecond * peers)
      yield {
        checker: 'rest',
        atMs,
        text: `${Math.round(eventsPerSecond)} events a second among ${peers} peers at rest`,
      }
  }
}

/** OV37: in a larger mesh a broadcast does not come over every link; with the first of it two copies or so arrive. */
function* spared(entries: readonly Entry[]): Iterable<Violation> {
  const latest = new Map(ofType(entries, 'observed').map((entry) => [entry.run, entry]))
  const isAttacked = ofType(entries, 'faultBegins').some(({ kind }) => kind.startsWith('attack'))
  if (latest.size <= limits.maxLinks + 2 || isAttacked) return
  let [sent, copies, atMs] = [0, 0, 0]
  for (const { figures: all, atMs: seenMs } of latest.values()) {
    sent += all['counted broadcastsSent'] ?? 0
    copies += all['counted duplicateBroadcasts'] ?? 0
    atMs = seenMs
  }
  if (sent > fewBroadcasts && copies > mostCopies * (sent - copies))
    yield { checker: 'spared', atMs, text: `of ${sent} broadcasts that went out ${copies} came again` }
}

/** Nothing breeds: what is passed on comes to an end (OV1, OV6). */
function* storms(entries: readonly Entry[]): Iterable<Violation> {
  for (const { events, ms, atMs } of ofType(entries, 'storm'))
    yield { checker: 'storm', atMs, text: `${events} events within ${Math.round(ms)} ms` }
}

function* broken(entries: readonly Entry[]): Iterable<Violation> {
  for (const { run, code, text, atMs } of ofType(entries, 'error'))
    if (code === 'left' && text.startsWith('The mesh was left: '))
      yield { checker: 'broken', atMs, text: `${run} ended by itself: ${text}` }
}

/** A run in which no fault made a difference tests nothing. */
function* met(entries: readonly Entry[]): Iterable<Violation> {
  // Before anybody is there nothing can happen to anybody. (Seed 970809177: 21 faults, and two came 23 s later.)
  const first = entries.findIndex(({ type }) => type === 'joined')
  const begun: readonly EntryOf<'faultBegins'>[] = ofType(entries.slice(first), 'faultBegins')
  const bit = ofType(entries, 'faultBit')
  // Most take two: who asks for a single peer is told nothing untrue by a run that passed. (Seed 1991797901.)
  const isAlone = new Set(ofType(entries, 'joined').map(({ name }) => name)).size < 2
  // A few may well miss: a peer to be killed was dead, servers lied to nobody. (Seed 503147: four of four.)
  if (begun.length > 7 && bit.length === 0 && !isAlone)
    yield {
      checker: 'faults missed',
      atMs: begun[0]!.atMs,
      text: `none of ${begun.length} faults made a difference`,
    }
}
