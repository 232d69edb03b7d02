// Who leads: the first of the live candidates in one total order. A pure function of the view, so that peers
// with the same view agree without a vote and without a message.

import { compareText, type PeerId } from '../base/ids.ts'

/** What the view says of one live peer, for one role. */
export interface Candidate {
  readonly peer: PeerId
  /** Higher first. */
  readonly priority: number
  /** Fit first: durable storage, not resigned, not holding back. Being hidden alone does not make unfit. */
  readonly fit: boolean
  /** Lower first. `undefined`: provisional, cannot lead. */
  readonly seniority: number | undefined
}

/** A candidate that may lead. */
export type Settled = Candidate & { readonly seniority: number }

/** Before 0: `a` ranks higher. Total: 0 only for one and the same peer. Provisional ones come last. */
export function compareRank(a: Candidate, b: Candidate): number {
  if ((a.seniority === undefined) !== (b.seniority === undefined)) return a.seniority === undefined ? 1 : -1
  if (a.priority !== b.priority) return a.priority > b.priority ? -1 : 1
  if (a.fit !== b.fit) return a.fit ? -1 : 1
  const byAge = (a.seniority ?? 0) - (b.seniority ?? 0)
  return byAge !== 0 ? byAge : compareText(a.peer, b.peer)
}

/** The candidate that leads, or `undefined` where none may. The order of `candidates` does not matter. */
export function elect(candidates: readonly Candidate[]): Settled | undefined {
  let first: Settled | undefined
  for (const candidate of candidates) {
    if (isSettled(candidate) && (first === undefined || compareRank(candidate, first) < 0)) first = candidate
  }
  return first
}

const isSettled = (candidate: Candidate): candidate is Settled => candidate.seniority !== undefined
