// When faults have stopped, all is well again within the stated time, and then stays so. (EL16, MS4, MS5, DO6, OV26)

import type { Entry } from '../history.ts'
import { calmMs, ofType, type Violation } from './violation.ts'

/** Who was unfit may become fit again some seconds after its store works, or five minutes after it was hidden. */
const becomesFitMs = 15_000
const laterChanges = 1

export function checkLiveness(entries: readonly Entry[]): Violation[] {
  const violations: Violation[] = []
  const settled = ofType(entries, 'settled')[0]
  if (settled === undefined) return []
  if (!settled.inTime) {
    const waiting = settled.waitingFor.slice(0, 6).join('; ')
    const lastedMs = settled.atMs - calmMs(entries)
    violations.push({
      checker: kindOf(settled.waitingFor),
      atMs: settled.atMs,
      text: `${lastedMs} ms after the last fault it is not well: ${waiting}`,
    })
  }
  return settled.inTime ? [...violations, ...flapping(entries, settled.atMs + becomesFitMs)] : violations
}

function* flapping(entries: readonly Entry[], sinceMs: number): Iterable<Violation> {
  const changes = new Map<string, number>()
  for (const { run, atMs, epoch, reason } of ofType(entries, 'leader')) {
    if (atMs < sinceMs) continue
    const count = (changes.get(run) ?? 0) + 1
    changes.set(run, count)
    if (count > laterChanges)
      yield {
        checker: 'flapping',
        atMs,
        text: `${run} sees change ${count} of leader at rest: epoch ${epoch}, ${reason}`,
      }
  }
}

/** So that the shrinker looks for the same failing, and not for any. The first that fits counts. */
const kinds: readonly (readonly [kind: string, RegExp])[] = [
  ['liveness of views', / see/],
  ['liveness of leadership', /lead/],
  ['liveness of documents', /syncing|stored|copies|problem/],
  ['liveness of deliveries', /undelivered|inbox|name/],
  ['liveness of queues', /bytes/],
]

const kindOf = (waitingFor: readonly string[]): string =>
  kinds.find(([, words]) => waitingFor.some((what) => words.test(what)))?.[0] ?? 'liveness'
