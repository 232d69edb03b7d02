// The end of a run with real peers: nothing is done to them any more, all is waited for that must come about, and the
// whole history is judged by the checkers that judge the simulator's.

import type { Entry } from '../sim/harness/history.ts'
import { check } from '../sim/harness/checkers/all.ts'
import { unsettled } from '../sim/harness/checkers/settled.ts'
import { livesIn, ofType, type Violation } from '../sim/harness/checkers/violation.ts'
import type { Company } from './company.ts'
import type { RealPeer } from './real-peer.ts'

/** ms from calm on within which all must be well. A dial that failed is made again within 30 s. */
const wellWithinMs = 90_000

/** Resolves when all is well, or the time for it is over. @param history what `company` wrote */
export async function calmDown(
  company: Company,
  history: readonly Entry[],
  peers: readonly RealPeer[],
): Promise<void> {
  company.add({ type: 'calm' })
  let waitingFor: string[] = []
  const problem = await company
    .until(async () => {
      const observed = await Promise.all(peers.map((peer) => peer.conduct.observe()))
      waitingFor = unsettled(history, observed, peers.length)
      return waitingFor.length === 0 ? undefined : waitingFor.join('; ')
    }, wellWithinMs)
    .then(
      () => undefined,
      (error: Error) => error,
    )
  company.add({ type: 'settled', inTime: problem === undefined, waitingFor })
  await Promise.all(peers.map((peer) => peer.conduct.observe()))
  company.add({ type: 'over' })
}

/** What was promised and not kept, one sentence each. */
export function judge(history: readonly Entry[]): string[] {
  // Told by many processes, heard in some order; the clock is one for all.
  const entries = history.toSorted((a, b) => a.atMs - b.atMs)
  const sinceMs = entries[0]?.atMs ?? 0
  return check(entries).map(
    ({ checker, atMs, text }: Violation) => `${atMs - sinceMs} ms: ${checker}: ${text}`,
  )
}

/** How messages fared, of all that were called stored. */
export interface Deliveries {
  readonly sent: number
  readonly delivered: number
  /** Some addressee that is a member here lacks it; one sentence each. */
  readonly lost: readonly string[]
  /** Times that a peer was told of a message again. */
  readonly twice: number
}

export function countDeliveries(history: readonly Entry[]): Deliveries {
  const lives = livesIn(history)
  const labels = new Map([...lives.values()].map(({ member, label }) => [member as string, label]))
  const addressees = new Map<string, readonly string[]>()
  const holders = new Map<string, Set<string>>()
  const told = new Set<string>()
  let twice = 0
  for (const { run, id, addressees: them } of ofType(history, 'message')) {
    addressees.set(id, them)
    if (told.has(`${run} ${id}`)) twice++
    told.add(`${run} ${id}`)
  }
  // Who was killed between storing a message and saying so has it from its inbox after the next start.
  for (const { run, id } of [...ofType(history, 'message'), ...ofType(history, 'given')])
    holders.set(id, (holders.get(id) ?? new Set()).add(lives.get(run)!.member))
  const stored = ofType(history, 'stored')
  const lost = stored.flatMap(({ run, id }) => {
    const them = addressees.get(id)
    if (them === undefined) return `${id} of ${run} came to nobody`
    const lacking = them.filter((member) => labels.has(member) && holders.get(id)?.has(member) !== true)
    const names = lacking.map((member) => labels.get(member)).join(', ')
    return lacking.length === 0 ? [] : `${id} of ${run} did not come to ${names}`
  })
  return { sent: stored.length, delivered: stored.length - lost.length, lost, twice }
}
