// Feeds: order, chain, signatures, what may be believed of what others hold.

import type { Mutation } from '../catalogue.ts'

export const feedMutations: readonly Mutation[] = [
  {
    name: 'a hole in a feed is skipped',
    rule: 'promise 3, MS3',
    why: 'the later message is given first, and the earlier one, when it comes, is taken for known',
    changes: [
      {
        file: 'core/messages/log.ts',
        find: 'if (jump && !feed.waiting.has(number)) number',
        replace: 'if (!feed.waiting.has(number)) number',
      },
    ],
    profile: 'forged entries',
    scenario: 'a feed comes in disorder',
    complaint: 'a later message was given before an earlier one of its feed',
  },
  {
    name: 'signatures are not looked at',
    rule: 'MS3',
    why: 'anybody writes in anybody’s name',
    changes: [{ file: 'core/entry-seal.ts', find: 'if (!genuine) return', replace: 'if (!hash) return' }],
    profile: 'forged entries',
    scenario: 'a feed is forged',
    complaint: 'an entry was taken that its author did not sign',
  },
  {
    name: 'an entry need not name the one before',
    rule: 'MS3',
    why: 'a feed may have two histories, and whoever holds its head no longer holds all before it',
    changes: [
      {
        file: 'core/messages/log.ts',
        find: 'const fits = previous === undefined || equalBytes(entry.header.previous, previous)',
        replace: 'const fits = true',
      },
    ],
    profile: 'forged entries',
    scenario: 'a feed is forged',
    complaint: 'an entry was taken that does not continue its feed',
  },
  {
    name: 'anybody may continue a feed',
    rule: 'MS3',
    why: 'whoever is faster than its author takes a feed over, and all that the author writes is refused',
    // Looked at when an entry comes, and again before it is stored.
    changes: [
      {
        file: 'core/messages/log.ts',
        find: 'if (number > maxNumber || (head && head.member !== entry.author)) return',
        replace: 'if (number > maxNumber) return',
      },
      {
        file: 'core/messages/log.ts',
        find: 'if (!fits || (author !== undefined && author !== entry.author)) {',
        replace: 'if (!fits) {',
      },
    ],
    profile: 'forged entries',
    scenario: 'a feed is continued by another',
    complaint: 'a feed was continued by another member',
  },
  {
    name: 'what has expired is given all the same',
    rule: 'MS3',
    why: 'its author was told that it ran out of time, and it is done nevertheless',
    changes: [
      {
        file: 'core/messages/filing.ts',
        find: "<= wallMs) return 'expired'",
        replace: "< 0) return 'expired'",
      },
    ],
    profile: 'forged entries',
    scenario: 'a message comes too late',
    complaint: 'a message was given after its time had run out',
  },
  {
    name: 'a foreign floor is obeyed',
    rule: 'MS10',
    why: 'one peer that retired the beginning of a feed, or says so, makes everybody give it up',
    changes: [
      {
        file: 'core/messages/sync.ts',
        find: 'first > answer.after + 1 && answer.after === held && others.every(({ retired }) => retired > held)',
        replace: 'first > answer.after + 1 && answer.after === held',
      },
    ],
    profile: 'lies',
    scenario: 'a stranger gives up the beginning of a feed',
    complaint: 'what a reachable peer still holds was given up at the word of another',
  },
  {
    name: 'a message for us is taken without its body',
    rule: 'MS4',
    why: 'its addressee never reads it, although others still have it whole',
    changes: [
      {
        file: 'core/messages/log.ts',
        find: "if (filing.judge(entry) !== 'bare' || !filing.isForMe(entry)) return false",
        replace: "if (filing.judge(entry) !== 'refused' || !filing.isForMe(entry)) return false",
      },
    ],
    profile: 'lies',
    scenario: 'a stranger has pruned the bodies',
    complaint: 'a message was taken without the body that a reachable peer still holds',
  },
  {
    name: 'a receipt is taken without its hash',
    rule: 'MS5',
    why: 'whoever holds another copy of our feed, from a backup say, acknowledges what it never saw',
    changes: [
      {
        file: 'core/messages/receipts.ts',
        find: `    if (known) {
      if (equalBytes(known, head.hash)) this.#claim(member, durable, head)`,
        replace: `    if (known) {
      if (known) this.#claim(member, durable, head)`,
      },
    ],
    profile: 'forks',
    scenario: 'a receipt for another entry',
    complaint: 'a message counts as delivered to whoever holds another one',
  },
  {
    name: 'a clock an hour ahead is merged into ours',
    rule: 'MS3',
    why: 'one broken clock dates everybody’s messages from then on',
    changes: [
      {
        file: 'core/base/hlc.ts',
        find: 'return isAhead(remote, wallMs) || compareTimes',
        replace: 'return compareTimes',
      },
      // Merging is kept apart from writing: a clock that ran away is also given up at the next message.
      {
        file: 'core/base/hlc.ts',
        find: 'if (last.ms < wall || isAhead(last, wall)) return',
        replace: 'if (last.ms < wall) return',
      },
    ],
    profile: 'forged entries',
    scenario: 'a clock an hour ahead',
    complaint: 'a clock an hour ahead moved ours',
  },
  {
    name: 'a clock an hour ahead is not marked',
    rule: 'MS3',
    why: 'a program cannot tell a message whose date is not to be believed',
    changes: [
      {
        file: 'core/messages/filing.ts',
        find: "    if (entry.entry.body === undefined) return 'bare'\n    return ahead ? 'clock-ahead' : 'none'",
        replace: "    if (entry.entry.body === undefined) return 'bare'\n    return 'none'",
      },
    ],
    profile: 'forged entries',
    scenario: 'a clock an hour ahead',
    complaint: 'a clock an hour ahead is not marked',
  },
]
