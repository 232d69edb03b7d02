// Verdicts on the living, where no trouble between the two excuses them: a goodbye that nobody said (OV35), and that of a watcher
// which was late itself and must ask again (OV12). Peers of another mesh never come into a view (OV24).

import { limits } from '../../../../core/base/limits.ts'
import type { Entry } from '../history.ts'
import { Disturbance, graceMs } from './disturbance.ts'
import { Together } from './together.ts'
import { isFault, ofType, type Violation } from './violation.ts'

/** A link counts when both have had it for so long. */
const linkedMs = 1_000

export const checkVerdicts = (entries: readonly Entry[]): Violation[] => [
  ...verdicts(entries),
  ...strangers(entries),
]

/** Standing still, or going on a journey: whoever does forgets everybody, or says goodbye himself. */
const ofSleep = (entry: Entry): boolean => isFault(entry) && /^(freeze|suspend)/.test(entry.kind)

function* verdicts(entries: readonly Entry[]): Iterable<Violation> {
  const together = new Together(entries)
  const naps = new Naps(entries)
  const sleepers = new Disturbance(entries.filter(ofSleep))
  const disturbance = new Disturbance(entries)
  const others = new Disturbance(entries.filter((entry) => !naps.has(entry)))
  /** Of one it may be that the nap was over before it was late by `lateWatcherMs`: OV12 lets that pass. */
  const hasty: { readonly atMs: number; readonly text: string }[] = []
  for (const entry of entries) {
    if (entry.type === 'peerLeft') {
      const { run, peer, reason, atMs } = entry
      const gone = together.runOf(peer)
      const [observer, other] = [together.life(run), gone === undefined ? undefined : together.life(gone)]
      const sinceMs = gone === undefined ? undefined : together.sinceMs(run, gone)
      if (
        observer !== undefined &&
        other !== undefined &&
        sinceMs !== undefined &&
        sinceMs < atMs - linkedMs
      ) {
        const isAsleep = [observer, other].some(({ name }) => sleepers.touches(name, atMs, graceMs))
        if (reason === 'left' && !isAsleep)
          yield { checker: 'goodbye', atMs, text: `${run} hears a goodbye of ${gone}, which it never said` }
        // Who judges may have napped; nothing else was done to either.
        const isPrompt = !disturbance.touches(other.name, atMs, awakeMs) && sinceMs < atMs - napGraceMs
        const isExcused = [observer, other].some(({ name }) => others.touches(name, atMs, graceMs))
        if (reason === 'failed' && isPrompt && !isExcused) hasty.push({ atMs, text: `${run} of ${gone}` })
      }
    }
    together.take(entry)
  }
  const [first, ...more] = hasty
  const again = more.find(({ atMs }) => atMs > first!.atMs + napGraceMs / 10)
  const text = `watchers that napped say of others that they failed, which live: ${first?.text}, ${again?.text}`
  if (again !== undefined) yield { checker: 'late watcher', atMs: again.atMs, text }
}

/** A hello that is refused ends the link within a round trip or two. */
const tookInMs = 1_500
/** So long ago it stood still, if it did: all that was asked meanwhile is answered. */
const awakeMs = 3_000
const napGraceMs = 10_000

/** Freezes too short to count as a stall. */
class Naps {
  readonly #faults = new Set<number>()

  constructor(entries: readonly Entry[]) {
    const begun = new Map<number, number>()
    for (const entry of entries) {
      if (entry.type === 'faultBegins' && entry.kind === 'freeze') begun.set(entry.fault, entry.atMs)
      if (entry.type !== 'faultEnds') continue
      const fromMs = begun.get(entry.fault)
      if (fromMs !== undefined && entry.atMs - fromMs < limits.stallMs / 2) this.#faults.add(entry.fault)
    }
  }

  has(entry: Entry): boolean {
    return isFault(entry) && this.#faults.has(entry.fault)
  }
}

/** Of whom others speak nobody can know, and who is dialled may answer; but whose hello was taken stays. */
function* strangers(entries: readonly Entry[]): Iterable<Violation> {
  const foreign = ofType(entries, 'stranger').map(({ peer }) => peer)
  const sinceMs = new Map<string, number>()
  for (const { run, peers, atMs } of ofType(entries, 'links'))
    for (const peer of foreign) {
      const key = `${run} ${peer}`
      const fromMs = sinceMs.get(key)
      const isLinked = peers.includes(peer)
      if (isLinked) sinceMs.set(key, fromMs ?? atMs)
      else sinceMs.delete(key)
      // That it ended may be told with the next link only.
      if (isLinked && fromMs !== undefined && atMs - fromMs > tookInMs)
        yield { checker: 'stranger', atMs, text: `${run} took in a peer of another mesh` }
    }
}
