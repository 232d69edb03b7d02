// What goes into the election machine and what comes out of it. README.md has the rules (EL1 …) behind both.

import type { PeerId } from '../base/ids.ts'
import type { Candidate } from './rank.ts'

/** "`leader` leads `role` in `epoch`." Made by the leader; passed on by anybody that follows it. */
export interface Claim {
  readonly role: string
  readonly epoch: number
  readonly leader: PeerId
}

/** Why the leader changed. `merged`: two parts of the mesh met, and one leader raised its epoch above both. */
export type LeaderChangeReason =
  'elected' | 'failed' | 'left' | 'resigned' | 'outranked' | 'merged' | 'stalled'

export type ElectionInput =
  | {
      /** Whenever the view changed. */
      readonly type: 'view'
      /** Those who stand for this role; ⊆ live ∪ {me}. */
      readonly candidates: readonly Candidate[]
      /** Everybody alive, candidates or not. `me` counts as alive, listed or not. */
      readonly live: readonly PeerId[]
      /** How those went who are missing since the last view; `failed` where not given. */
      readonly goneReason?: 'left' | 'failed' | 'stalled'
    }
  /**
   * Heard: by broadcast, in a hello, or sent to us alone. `from`, who need not be the leader, may be answered. `relayed`: by way
   * of another, though we have a link to it; whoever brought it may have made it up. `viewFollows`: it came with news of who is
   * there, and nothing is decided before the view that is the next input. `former`: its claimer told it itself and said that it has no
   * place now, for it stood still or was suspended: it claims nothing any more, but its epoch was used.
   */
  | {
      readonly type: 'claim'
      readonly claim: Claim
      readonly from?: PeerId
      readonly relayed?: boolean
      readonly viewFollows?: boolean
      readonly former?: boolean
    }
  /** The answer to `persistEpoch`: the epoch the store holds now (more than asked where a sibling tab was ahead). */
  | { readonly type: 'epochPersisted'; readonly epoch: number }
  /** The answer to `persistEpoch`: nothing was written. */
  | { readonly type: 'persistFailed' }
  /** What `rememberEpoch` asked for was not written. */
  | { readonly type: 'rememberFailed' }
  /** `leader`, who led before, answers our claim `epoch`: its duty has stopped. */
  | { readonly type: 'yielded'; readonly leader: PeerId; readonly epoch: number }
  /** Our own clock stood still, or we were suspended. */
  | { readonly type: 'stalled' }
  /** `deadlineMs` came, or any other time. */
  | { readonly type: 'tick' }

export type ElectionEffect =
  /** Make durable, merging with what is stored (the greater wins), then answer. One at a time. */
  | { readonly type: 'persistEpoch'; readonly epoch: number }
  /** The same for an epoch of another leader; nothing waits for it, and only a failure is answered. */
  | { readonly type: 'rememberEpoch'; readonly epoch: number }
  | { readonly type: 'broadcastClaim'; readonly claim: Claim }
  /** Tell one peer of a claim that it seems not to know. */
  | { readonly type: 'sendClaim'; readonly to: PeerId; readonly claim: Claim }
  /** That peer claims, or does not claim, against our view: what we hold of it may not be its word. */
  | { readonly type: 'confront'; readonly peer: PeerId }
  /** Tell `to` that our duty has stopped, in answer to its claim `epoch`. */
  | { readonly type: 'sendYield'; readonly to: PeerId; readonly epoch: number }
  /** We could not persist: be `fit: false` in the view until a write succeeds. */
  | { readonly type: 'unfit' }
  /** `leader` equal to `previous`: the same leader in a new epoch. */
  | {
      readonly type: 'leaderChanged'
      readonly leader: PeerId | undefined
      readonly previous: PeerId | undefined
      readonly epoch: number
      readonly reason: LeaderChangeReason
    }
  /** At most once an epoch. */
  | { readonly type: 'dutyStarts'; readonly epoch: number }
  | { readonly type: 'dutyStops' }

export type ClaimInput = Extract<ElectionInput, { type: 'claim' }>
