// The bound on epochs (EL6). A claim far ahead of everything seen is most likely forged, and to believe it would use
// the epochs up. But a device that slept through such a forgery, or never saw this mesh before, must not refuse the
// leader of all others for ever: a far claim of the peer that stays elected is believed after a while, and one that is farther
// still in as many steps, if it is made again after each.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'

/** Between two reminders, at most: a lost one is no end. */
const maxPauseMs = 3 * limits.claimPatienceMs

type Distance = 'near' | 'far' | 'absurd'

/** How we come to know of a claim. */
export interface Hearing {
  /** By the peer that our view elects. */
  readonly isElected: boolean
  /** The claimer says it itself. */
  readonly firstHand: boolean
  /** We are elected, and somebody holds it up to us. */
  readonly isOurs: boolean
}

/**
 * How far `epoch` is ahead. Of one that is not elected only half the jump counts: a leader raises its own epoch
 * above that claim, and the others, who did not count it, must still be able to follow. For the same reason what others say
 * counts as far up to a quarter of what the claimer itself may say, and what is held up to the elected peer up to half.
 */
export function distanceOf(epoch: number, highestSeen: number, how: Hearing): Distance {
  const jump = epoch - highestSeen
  if (jump <= (how.isElected ? limits.maxEpochJump : limits.maxEpochJump / 2)) return 'near'
  const part = how.isOurs ? 2 : how.firstHand ? 1 : 4
  return jump <= limits.maxFarEpochJump / part ? 'far' : 'absurd'
}

/** The highest far claim of each claimer: who is elected may be known only later, when it does not claim again. */
export class FarClaim {
  readonly #held = new Map<PeerId, { readonly epoch: number; readonly sinceMs: number }>()

  /** How far we have come towards a claim of the elected peer that is too far for one step. 0: not at all. */
  #reach = 0

  /** We are told of far claims while we are elected. */
  #told: { readonly sinceMs: number; readonly lastMs: number } | undefined

  hold(leader: PeerId, epoch: number, elected: PeerId | undefined, nowMs: number): void {
    const held = this.#held.get(leader)
    if (held === undefined && this.#held.size >= limits.maxPeers) this.#forgetOne(elected)
    this.#held.set(leader, { epoch: Math.max(epoch, held?.epoch ?? 0), sinceMs: held?.sinceMs ?? nowMs })
  }

  /** Makes room: the one longest held that is not elected. */
  #forgetOne(elected: PeerId | undefined): void {
    for (const leader of this.#held.keys()) {
      if (leader === elected) continue
      this.#held.delete(leader)
      return
    }
  }

  /**
   * We are the elected one, and are told of a claim far above ours, which may be said to be our own. Whoever follows it
   * cannot follow us, and reminds us of it every second; several may each follow another one. What is still said after a while
   * is believed, by whom it may be said, and then nothing for as long again. That while is half of the followers', so that
   * nobody can lead them away from us faster than we come after.
   */
  insisted(nowMs: number): boolean {
    const told = this.#told
    const sinceMs = told && nowMs <= told.lastMs + maxPauseMs ? told.sinceMs : nowMs
    const isBelieved = nowMs >= sinceMs + limits.farClaimPatienceMs / 2
    this.#told = { sinceMs: isBelieved ? nowMs : sinceMs, lastMs: nowMs }
    return isBelieved
  }

  /** The time that counts is the time as the elected one. */
  elected(peer: PeerId | undefined, nowMs: number): void {
    this.#reach = 0
    const held = peer && this.#held.get(peer)
    if (peer && held) this.#held.set(peer, { ...held, sinceMs: nowMs })
  }

  deadlineMs(elected: PeerId | undefined): number | undefined {
    const held = elected && this.#held.get(elected)
    return held && held.sinceMs + limits.farClaimPatienceMs
  }

  /**
   * The elected peer's far claim, once it was made long enough ago. `'again'`: it is farther than is believed at once, and has
   * to be made anew, for it may not be the claimer's word; what is believed reaches as far again by then.
   */
  take(elected: PeerId | undefined, highestSeen: number, nowMs: number): number | 'again' | undefined {
    const deadlineMs = this.deadlineMs(elected)
    if (elected === undefined || deadlineMs === undefined || nowMs < deadlineMs) return undefined
    const { epoch } = this.#held.get(elected)!
    this.#held.delete(elected)
    const mostEpoch = Math.max(highestSeen, this.#reach) + limits.maxFarEpochJump
    this.#reach = epoch > mostEpoch ? mostEpoch : 0
    return epoch > mostEpoch ? 'again' : epoch
  }
}
