// When a tab gives its rank away (`fit` = false) although it lives. Hidden alone changes nothing: two windows in
// turn would hand leadership to and fro (a model flapped 19 times in ten minutes). What costs rank is what makes
// a bad leader: it cannot persist, it stood still, it ran late, or it was hidden long while a fitter peer lives.
// After each of these it holds back for a while, so that one bad moment causes one change and not two.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Candidate } from './rank.ts'

export type FitnessInput =
  | { readonly type: 'visibility'; readonly hidden: boolean }
  /** The page is about to stand still (freeze, pagehide). */
  | { readonly type: 'suspend' }
  | { readonly type: 'resume' }
  /** Our own alarm rang this late. Anything up to `limits.lateResignMs` is harmless. */
  | { readonly type: 'late'; readonly lateMs: number }
  /** What `fitterLives` says of the present view. */
  | { readonly type: 'view'; readonly fitterLives: boolean }
  /** Whether what we write outlives us: false for memory stores, and after a failed write until one succeeds. */
  | { readonly type: 'storage'; readonly durable: boolean }
  | { readonly type: 'tick' }

/**
 * Whether anybody would lead better than a hidden `me`: fit, visible, able to lead, and of the same priority
 * (priority ranks before fitness: a lower one gains nothing from our resigning, a higher one leads already).
 */
export function fitterLives(
  me: PeerId,
  candidates: readonly (Candidate & { readonly hidden: boolean })[],
): boolean {
  const mine = candidates.find((candidate) => candidate.peer === me)
  if (mine === undefined) return false
  return candidates.some(
    (other) =>
      other.peer !== me &&
      other.fit &&
      !other.hidden &&
      other.seniority !== undefined &&
      other.priority === mine.priority,
  )
}

export class Fitness {
  #durable: boolean
  #suspended = false
  #fitterLives = false
  #hiddenSinceMs: number | undefined
  /** Resigned for having been hidden, and hidden still. */
  #resignedHidden = false
  #holdBackUntilMs: number | undefined

  constructor(options: { durable: boolean; hidden: boolean; nowMs: number }) {
    this.#durable = options.durable
    this.#hiddenSinceMs = options.hidden ? options.nowMs : undefined
  }

  /** What others rank us by. */
  get fit(): boolean {
    return this.#durable && !this.#suspended && !this.#resignedHidden && this.#holdBackUntilMs === undefined
  }

  /** When to send a `tick` at the latest, if nothing else comes. Monotonic. */
  get deadlineMs(): number | undefined {
    if (this.#hiddenSinceMs !== undefined && this.#fitterLives && !this.#resignedHidden) {
      return Math.min(this.#hiddenSinceMs + limits.hiddenResignMs, this.#holdBackUntilMs ?? Infinity)
    }
    return this.#holdBackUntilMs
  }

  /** Returns whether `fit` changed. */
  step(input: FitnessInput, nowMs: number): boolean {
    const before = this.fit
    this.#take(input, nowMs)
    if (this.#holdBackUntilMs !== undefined && nowMs >= this.#holdBackUntilMs) {
      this.#holdBackUntilMs = undefined
    }
    // As the deadline has it: a difference may round to just less, and the alarm would ring on and on.
    const resignsAtMs = (this.#hiddenSinceMs ?? Infinity) + limits.hiddenResignMs
    if (nowMs >= resignsAtMs && this.#fitterLives) this.#resignedHidden = true
    return this.fit !== before
  }

  #take(input: FitnessInput, nowMs: number): void {
    switch (input.type) {
      case 'visibility':
        if (input.hidden) this.#hiddenSinceMs ??= nowMs
        else this.#show(nowMs)
        return
      case 'suspend':
        this.#suspended = true
        return
      case 'resume':
        if (this.#suspended) this.#holdBack(nowMs)
        this.#suspended = false
        return
      case 'late':
        if (input.lateMs > limits.lateResignMs) this.#holdBack(nowMs)
        return
      case 'view':
        this.#fitterLives = input.fitterLives
        return
      case 'storage':
        this.#durable = input.durable
        return
      case 'tick':
    }
  }

  /** Visible again: the pause starts now, else a glance at the window would bring the leadership back at once. */
  #show(nowMs: number): void {
    this.#hiddenSinceMs = undefined
    if (this.#resignedHidden) this.#holdBack(nowMs)
    this.#resignedHidden = false
  }

  #holdBack(nowMs: number): void {
    this.#holdBackUntilMs = nowMs + limits.holdBackMs
  }
}
