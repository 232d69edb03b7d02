// Says why the leadership went from one live peer to another. People read it; nothing is decided by it.

import type { LeaderChangeReason } from './protocol.ts'
import type { Candidate } from './rank.ts'

/** What is known of the leader that is being replaced, and of the one that follows. */
export interface Change {
  /** The former leader as it was ranked when its claim was accepted, and as it is ranked now. */
  readonly before: Candidate | undefined
  readonly now: Candidate | undefined
  readonly next: Candidate | undefined
  readonly previousIsMe: boolean
  /** The successor came into the view after the former leader's claim was accepted. */
  readonly nextIsNew: boolean
}

/** Why a leader that is still in the view lost its place with nobody there to take it. */
export function reasonOfVacancy(now: Candidate | undefined): LeaderChangeReason {
  return now === undefined || now.seniority !== undefined ? 'resigned' : 'stalled'
}

/** Why a leader that is still in the view was followed by another. */
export function reasonOfChange({ before, now, next, previousIsMe, nextIsNew }: Change): LeaderChangeReason {
  if (now === undefined) return 'resigned'
  if (now.seniority === undefined || (before !== undefined && now.seniority !== before.seniority)) {
    return previousIsMe || nextIsNew ? 'merged' : 'stalled'
  }
  if (before?.fit !== false && !now.fit && next?.fit === true && next.priority === now.priority)
    return 'resigned'
  if (next === undefined || next.priority > now.priority || (next.fit && !now.fit)) return 'outranked'
  return nextIsNew ? 'merged' : 'outranked'
}
