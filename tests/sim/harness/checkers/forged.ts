// What a hostile peer said and nobody may believe: entries that are not to be shown (attacks write `never` into them), words
// in another's name, clocks and epochs that lie. (promise 7, MS3, DO11, EL6, OV24)

import { limits } from '../../../../core/base/limits.ts'
import type { Entry } from '../history.ts'
import { livesIn, ofType, type Violation } from './violation.ts'

const checker = 'forged'

/** What attacks write into entries that have to be refused (core/platform/sim/forgeries-data.ts). */
const neverShown = /^never \d+$/
const forgedState = '"forged"'
/** Several far claims of an elected peer, and no more. */
const absurdEpoch = 8 * limits.maxFarEpochJump
/** How far the clocks of honest peers are apart, and may be drawn along, with room. */
const apartMs = 5 * 60_000

export const checkForged = (entries: readonly Entry[]): Violation[] => [
  ...shown(entries),
  ...spokenFor(entries),
  ...epochs(entries),
  ...clocks(entries),
  ...garbage(entries),
]

function* shown(entries: readonly Entry[]): Iterable<Violation> {
  for (const entry of entries) {
    const told =
      entry.type === 'message' || entry.type === 'given'
        ? [entry]
        : entry.type === 'page'
          ? entry.messages
          : []
    for (const { id, body } of told)
      if (neverShown.test(body))
        yield { checker, atMs: entry.atMs, text: `a message is shown that had to be refused: ${id}` }
    if (entry.type === 'castHeard' && neverShown.test(entry.id))
      yield { checker, atMs: entry.atMs, text: `${entry.run} hears what was not to travel so far` }
  }
}

/** DO11: nobody else's cursor. While it is there, a hostile peer may be the first to speak for a newcomer. */
function* spokenFor(entries: readonly Entry[]): Iterable<Violation> {
  const settledMs = ofType(entries, 'settled')[0]?.atMs ?? Infinity
  const owners = new Map<string, string>()
  for (const { run, doc, client } of ofType(entries, 'docOpened'))
    if (client !== undefined) owners.set(`${doc} ${client}`, run)
  for (const { run, doc, states, atMs } of ofType(entries, 'aware'))
    for (const [client, state] of Object.entries(states)) {
      const owner = owners.get(`${doc} ${client}`)
      if (owner !== undefined && atMs >= settledMs && state.includes(forgedState))
        yield {
          checker,
          atMs,
          text: `${run} shows under the name of ${owner} in ${doc} what that one never said`,
        }
    }
}

function* epochs(entries: readonly Entry[]): Iterable<Violation> {
  for (const { run, epoch, atMs } of ofType(entries, 'leader'))
    if (epoch > absurdEpoch) yield { checker, atMs, text: `${run} believes in epoch ${epoch}` }
}

/** MS3: a clock far ahead moves nobody's, and is marked. Not judged where clocks were set. */
function* clocks(entries: readonly Entry[]): Iterable<Violation> {
  if (ofType(entries, 'clock').length > 0) return
  const lives = livesIn(entries)
  const members = new Set([...lives.values()].map(({ member }) => member))
  /** What clocks say when this history's says 0, by the earliest message. */
  let beganMs: number | undefined
  for (const { run, id, from, cursor, clockAhead, atMs } of ofType(entries, 'message')) {
    const saysMs = timeOf(cursor)
    if (saysMs === undefined) continue
    const life = lives.get(run)
    if (from === life?.member) {
      beganMs ??= saysMs - atMs
      if (saysMs - atMs > beganMs + apartMs)
        yield {
          checker,
          atMs,
          text: `${run} dates ${id} ${Math.round((saysMs - atMs - beganMs) / 1000)} s ahead`,
        }
    } else if (
      beganMs !== undefined &&
      !members.has(from) &&
      saysMs - atMs > beganMs + apartMs &&
      !clockAhead
    )
      yield { checker, atMs, text: `${run} shows ${id} as if its date were to be believed` }
  }
}

/** The first 16 digits of a cursor that has a place. */
const timeOf = (cursor: string): number | undefined => {
  const [digits, feed] = cursor.split('/')
  return feed === undefined || digits?.length !== 21 ? undefined : Number(digits.slice(0, 16))
}

/** OV24: a few malformed frames close a link. */
function* garbage(entries: readonly Entry[]): Iterable<Violation> {
  for (const { run, figures, atMs } of ofType(entries, 'observed')) {
    const { 'counted malformedFrames': malformed = 0, 'counted linksMade': links = 0 } = figures
    if (malformed > limits.maxMalformedFrames * (links + 1))
      yield { checker, atMs, text: `${run} took ${malformed} malformed frames over ${links} links` }
  }
}
