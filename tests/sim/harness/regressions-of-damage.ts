// Schedules of damaged disks after which messages were lost, shown twice or called delivered, as the shrinker left them.

import { agent, type Regression } from './kept.ts'

export const damageRegressions: readonly Regression[] = [
  {
    broke:
      'MS8 where the head of a feed and its end were damaged its numbers were used again, and what stood there was called delivered by the receipts for what had stood there before (seed 55000343)',
    schedule: {
      seed: 55000343,
      profile: 'kept',
      servers: ['ws://one.test'],
      cast: [
        { ...agent('alice.1'), label: 'alice', browser: 'alice', driftPpm: 323 },
        { ...agent('alice.2'), label: 'alice', browser: 'alice', driftPpm: 323 },
        { ...agent('dave'), driftPpm: -222 },
        agent('erin'),
      ],
      steps: [
        { atMs: 0, act: { type: 'join', who: 'alice.1' } },
        { atMs: 0, act: { type: 'join', who: 'alice.2' } },
        { atMs: 416, act: { type: 'join', who: 'dave' } },
        { atMs: 0, act: { type: 'enterRoom', who: 'erin', room: 'general' } },
        { atMs: 0, act: { type: 'enterRoom', who: 'erin', room: 'side' } },
        { atMs: 416, act: { type: 'join', who: 'erin' } },
        {
          atMs: 5095,
          act: { type: 'killAt', who: 'alice.2', effect: 'commit', n: 5, when: 'after', forMs: 3433 },
        },
        { atMs: 5466, act: { type: 'send', who: 'alice.2', to: '#side', id: 'm10', count: 1, bytes: 156 } },
        {
          atMs: 7197,
          act: { type: 'send', who: 'alice.2', to: '#general', id: 'm14', count: 1, bytes: 141 },
        },
        { atMs: 7710, act: { type: 'corrupt', disk: 'alice', rows: 5, seed: 942512000 } },
        {
          atMs: 8058,
          act: { type: 'failing', disk: 'alice', code: 'storage-failed', uncertain: true, forMs: 1015 },
        },
        { atMs: 21189, act: { type: 'send', who: 'alice.1', to: '@dave', id: 'm37', count: 1, bytes: 125 } },
      ],
    },
  },
  {
    broke:
      'MS9 a look through the store that the disk refused was not taken again: a message whose id was lost was shown twice when a copy of the store wrote it anew (seed 56000389)',
    schedule: {
      seed: 56000389,
      profile: 'kept',
      servers: ['ws://one.test', 'ws://two.test'],
      cast: [
        { ...agent('alice.2'), label: 'alice', browser: 'alice', priority: 1, wallSkewMs: -24096 },
        agent('bob'),
      ],
      steps: [
        { atMs: 607, act: { type: 'join', who: 'alice.2' } },
        {
          atMs: 22409,
          act: { type: 'send', who: 'alice.2', to: '#general', id: 'm22', count: 14, bytes: 121 },
        },
        { atMs: 22724, act: { type: 'truncate', disk: 'alice', rows: 5, seed: 568769527 } },
        { atMs: 22942, act: { type: 'send', who: 'alice.2', to: '@bob', id: 'm25', count: 1, bytes: 14038 } },
        {
          atMs: 25137,
          act: { type: 'failing', disk: 'alice', code: 'storage-failed', uncertain: false, forMs: 23456 },
        },
        { atMs: 29488, act: { type: 'restore', disk: 'alice', agoMs: 5000, forMs: 1996 } },
        { atMs: 50319, act: { type: 'clone', disk: 'alice', to: 'bob', forMs: 642 } },
      ],
    },
  },
]
