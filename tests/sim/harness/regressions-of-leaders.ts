// What once broke in who leads: a shrunk schedule each.

import { agent, story, type Regression } from './kept.ts'

export const leaderRegressions: readonly Regression[] = [
  {
    broke:
      'a leader that had stood still told nobody its epoch until it had a place again: who met it meanwhile led below it',
    // EL12: now it is said in its hello, and counts as an epoch that was used.
    schedule: {
      ...story(
        90_002,
        [],
        [
          { atMs: 0, act: { type: 'join', who: 'alice' } },
          { atMs: 0, act: { type: 'lead', who: 'bob', role: 'indexer' } },
          { atMs: 0, act: { type: 'lead', who: 'carol', role: 'indexer' } },
          { atMs: 670, act: { type: 'join', who: 'carol' } },
          {
            atMs: 4_152,
            act: {
              type: 'cut',
              cuts: [
                ['ws://one.test', 'carol'],
                ['carol', 'ws://one.test'],
              ],
              forMs: 29_804,
            },
          },
          { atMs: 21_962, act: { type: 'kill', who: 'carol', links: 'down', forMs: 7_857 } },
          {
            atMs: 28_016,
            act: {
              type: 'partition',
              shape: 'halves',
              cuts: [
                ['carol', 'alice'],
                ['alice', 'bob'],
                ['alice', 'carol'],
                ['alice', 'ws://one.test'],
                ['bob', 'alice'],
                ['ws://one.test', 'alice'],
              ],
              forMs: 28_769,
              healEveryMs: 0,
            },
          },
          { atMs: 36_198, act: { type: 'leave', who: 'alice' } },
          { atMs: 36_229, act: { type: 'freeze', who: 'carol', forMs: 2_583 } },
        ],
      ),
      cast: [agent('alice'), { ...agent('bob'), driftPpm: 254 }, agent('carol')],
    },
  },
  {
    broke:
      'a peer that had heard of the far claim of its leader before it knew who was elected, and of another such claim after it, never had a leader',
    // EL6: of far claims only one was kept, the elected one's where that was known. Nobody says its claim twice.
    schedule: {
      ...story(
        7_400_045,
        [],
        [
          { atMs: 0, act: { type: 'join', who: 'alice' } },
          { atMs: 523, act: { type: 'join', who: 'bob' } },
          { atMs: 9_307, act: { type: 'join', who: 'carol' } },
          { atMs: 13_806, act: { type: 'attack', attacker: 'mallory-2', kind: 'claim-step' } },
          { atMs: 14_353, act: { type: 'freeze', who: 'carol', forMs: 24_209 } },
          {
            atMs: 14_836,
            act: {
              type: 'partition',
              shape: 'halves',
              cuts: [
                ['bob', 'alice'],
                ['ws://one.test', 'alice'],
                ['carol', 'ws://one.test'],
                ['erin', 'ws://one.test'],
                ['bob', 'dave'],
                ['ws://one.test', 'carol'],
                ['ws://one.test', 'dave'],
                ['carol', 'bob'],
                ['alice', 'ws://one.test'],
                ['dave', 'ws://one.test'],
                ['erin', 'bob'],
                ['bob', 'erin'],
                ['dave', 'bob'],
                ['alice', 'bob'],
                ['bob', 'carol'],
                ['ws://one.test', 'erin'],
              ],
              forMs: 8_585,
              healEveryMs: 913,
            },
          },
          { atMs: 17_829, act: { type: 'wipe', disk: 'alice', deviceKey: false, forMs: 10_480 } },
          { atMs: 21_491, act: { type: 'attack', attacker: 'mallory-2', kind: 'claim-steps-of-leader' } },
          { atMs: 25_341, act: { type: 'cast', who: 'erin', id: 'm35', toOne: true } },
        ],
      ),
      cast: [...['alice', 'bob', 'carol', 'dave'].map(agent), { ...agent('erin'), wallSkewMs: 24_882 }],
    },
  },
]
