// Claims that go up by steps, each as high as may be believed at once: in the hostile peer's own name, whom nobody elected,
// and in the name of whoever leads.

import { limits } from '../../base/limits.ts'
import type { LinkMessage } from '../../wire/messages.ts'
import { direct, type Attacks, type Knowledge } from './forgery-tools.ts'

/** The most that is believed at once of a peer that is not elected, and a little less. */
const step = (k: Knowledge): number => limits.maxEpochJump / 2 - k.random.integer(1_000)

const claim = (epoch: number, { id: leader }: Knowledge['me']): LinkMessage =>
  direct({ type: 'claim', role: '', epoch, leader })

export const claimAttacks = {
  'claim-step': (k) => [claim(k.epoch + step(k), k.me)],
  /** To whom it is told at once: the leader claims what it never heard of. */
  'claim-steps-of-leader': (k) => {
    const leader = [k.victim, ...k.others].find(({ id }) => id === k.leader) ?? k.victim
    const first = k.epoch + step(k)
    return [claim(first, k.me), claim(first + limits.maxEpochJump - k.random.integer(1_000), leader)]
  },
} satisfies Attacks

/** Those in the name of somebody else. */
export const claimsOfOthers: readonly (keyof typeof claimAttacks)[] = ['claim-steps-of-leader']
