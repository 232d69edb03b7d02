// Schedules that once went wrong where tabs share a store, as the shrinker left them.

import type { Regression } from './kept.ts'
import type { Role } from './schedule.ts'

const role = (name: string, driftPpm: number, priority: number): Role => ({
  name,
  label: name.split('.')[0]!,
  priority,
  candidate: true,
  store: 'durable',
  wallSkewMs: 0,
  driftPpm,
})

/** `a>b one>a`: frames from a to b are lost, and what the server says to a. */
const cuts = (words: string): [string, string][] =>
  words
    .split(' ')
    .map(
      (word) =>
        word.split('>').map((name) => (/^(one|two)$/.test(name) ? `ws://${name}.test` : name)) as [
          string,
          string,
        ],
    )

export const tabRegressions: readonly Regression[] = [
  {
    broke:
      'what a sibling tab wrote into the feed it had just begun waited for a name in this tab for ever, which read it before it followed',
    schedule: {
      cast: [
        { ...role('alice.1', 252, 0), browser: 'alice' },
        { ...role('alice.4', 252, 0), browser: 'alice' },
        role('bob', 0, 0),
        role('dave', 0, 0),
      ],
      seed: 501156,
      profile: 'kept',
      servers: ['ws://one.test'],
      steps: [
        { atMs: 0, act: { type: 'lead', who: 'alice.1', role: 'indexer' } },
        { atMs: 0, act: { type: 'join', who: 'alice.1' } },
        { atMs: 412, act: { type: 'join', who: 'alice.4' } },
        { atMs: 11439, act: { type: 'clone', disk: 'bob', to: 'alice', forMs: 940 } },
        { atMs: 12300, act: { type: 'cut', cuts: cuts('alice.1>one alice.4>one'), forMs: 30415 } },
        {
          atMs: 22003,
          act: { type: 'send', who: 'alice.1', to: '#general', id: 'm35', count: 1, bytes: 40 },
        },
        { atMs: 23943, act: { type: 'clone', disk: 'alice', to: 'bob', forMs: 196 } },
        {
          atMs: 29385,
          act: { type: 'send', who: 'alice.4', to: '#general', id: 'm44', count: 1, bytes: 40 },
        },
        { atMs: 32655, act: { type: 'send', who: 'alice.1', to: '@alice', id: 'm49', count: 1, bytes: 40 } },
        {
          atMs: 34314,
          act: { type: 'send', who: 'alice.1', to: '#general', id: 'm50', count: 1, bytes: 40 },
        },
        { atMs: 36573, act: { type: 'send', who: 'alice.4', to: '@dave', id: 'm52', count: 1, bytes: 40 } },
        {
          atMs: 45307,
          act: { type: 'send', who: 'alice.4', to: '#general', id: 'm57', count: 1, bytes: 40 },
        },
      ],
    },
  },
  {
    broke: 'what a sibling tab had moved to a new feed waited in this tab for ever, its old entry being gone',
    schedule: {
      cast: [
        ...['3', '5'].map((tab) => ({ ...role(`alice.${tab}`, 0, 0), wallSkewMs: 2_132, browser: 'alice' })),
        { ...role('dave', 0, 0), wallSkewMs: -3_340 },
      ],
      seed: 4001826,
      profile: 'kept',
      servers: ['ws://one.test'],
      steps: [
        { atMs: 564, act: { type: 'join', who: 'alice.3' } },
        { atMs: 19_227, act: { type: 'join', who: 'alice.5' } },
        { atMs: 0, act: { type: 'enterRoom', who: 'dave', room: 'general' } },
        { atMs: 9_455, act: { type: 'join', who: 'dave' } },
        { atMs: 3_190, act: { type: 'wipe', disk: 'dave', deviceKey: true, forMs: 9_638 } },
        { atMs: 30_380, act: { type: 'clone', disk: 'alice', to: 'dave', forMs: 1_521 } },
        {
          atMs: 30_770,
          act: { type: 'failing', disk: 'alice', code: 'storage-failed', uncertain: false, forMs: 21_145 },
        },
        {
          atMs: 57_568,
          act: { type: 'send', who: 'alice.5', to: '#general', id: 'm68', count: 1, bytes: 194 },
        },
      ],
    },
  },
  {
    broke:
      'the claims of a hello were judged by the view from before it: a peer was led by one that had just lost its place',
    schedule: {
      cast: [
        { ...role('alice.1', 0, 0), wallSkewMs: 16_742, browser: 'alice' },
        { ...role('alice.2', 0, 0), wallSkewMs: 16_742, browser: 'alice' },
        role('bob', 0, 0),
      ],
      seed: 3000113,
      profile: 'kept',
      servers: ['ws://one.test'],
      steps: [
        { atMs: 0, act: { type: 'join', who: 'alice.1' } },
        { atMs: 518, act: { type: 'join', who: 'alice.2' } },
        { atMs: 7_320, act: { type: 'join', who: 'bob' } },
        { atMs: 13_748, act: { type: 'jumpClock', who: 'alice.2', byMs: -12_762, forMs: 18_958 } },
        { atMs: 43_510, act: { type: 'freeze', who: 'bob', forMs: 23_284 } },
        { atMs: 44_657, act: { type: 'jumpClock', who: 'alice.2', byMs: -778_694_502, forMs: 3_524 } },
        { atMs: 48_845, act: { type: 'join', who: 'alice.1' } },
      ],
    },
  },
  {
    broke:
      'the turn to consume the inbox ended and came back at once, and what the program had not handled was not given again',
    schedule: {
      cast: [
        { ...role('alice.1', 482, 0), browser: 'alice' },
        { ...role('alice.2', 482, 0), browser: 'alice' },
        { ...role('bob', 0, 0) },
        { ...role('carol', 0, 0), wallSkewMs: -5909 },
      ],
      seed: 502278,
      profile: 'kept',
      servers: ['ws://one.test', 'ws://two.test'],
      steps: [
        { atMs: 0, act: { type: 'enterRoom', who: 'alice.1', room: 'general' } },
        { atMs: 0, act: { type: 'openDoc', who: 'alice.1', doc: 'notes' } },
        { atMs: 0, act: { type: 'lead', who: 'alice.1', role: 'indexer' } },
        { atMs: 0, act: { type: 'join', who: 'alice.1' } },
        { atMs: 0, act: { type: 'enterRoom', who: 'alice.2', room: 'general' } },
        { atMs: 631, act: { type: 'join', who: 'alice.2' } },
        { atMs: 0, act: { type: 'lead', who: 'bob', role: 'indexer' } },
        { atMs: 869, act: { type: 'join', who: 'bob' } },
        { atMs: 0, act: { type: 'lead', who: 'carol', role: 'indexer' } },
        { atMs: 1617, act: { type: 'join', who: 'carol' } },
        {
          atMs: 3094,
          act: {
            type: 'partition',
            shape: 'three',
            cuts: cuts(
              'carol>bob alice.2>one alice.1>bob one>bob two>one bob>alice.1 one>alice.2 one>two two>bob one>carol bob>alice.2 bob>carol bob>one carol>one bob>two one>alice.1 alice.2>bob alice.1>one',
            ),
            forMs: 513,
            healEveryMs: 400,
          },
        },
        { atMs: 9437, act: { type: 'cast', who: 'carol', id: 'm4', toOne: true } },
        { atMs: 9822, act: { type: 'send', who: 'alice.2', to: '#general', id: 'm5', count: 8, bytes: 176 } },
        { atMs: 9857, act: { type: 'freeze', who: 'alice.1', forMs: 2232 } },
        {
          atMs: 10028,
          act: {
            type: 'partition',
            shape: 'halves',
            cuts: cuts(
              'two>one alice.2>one one>two alice.1>one carol>one one>alice.1 one>carol bob>one one>alice.2 one>bob',
            ),
            forMs: 839,
            healEveryMs: 0,
          },
        },
        {
          atMs: 10388,
          act: {
            type: 'partition',
            shape: 'ring',
            cuts: cuts(
              'one>alice.2 carol>alice.2 alice.2>one two>carol two>bob alice.2>carol bob>one carol>two one>alice.1 one>bob carol>alice.1 alice.1>one bob>two alice.1>carol',
            ),
            forMs: 7800,
            healEveryMs: 747,
          },
        },
        { atMs: 10589, act: { type: 'send', who: 'alice.1', to: '@alice', id: 'm9', count: 1, bytes: 126 } },
        {
          atMs: 11230,
          act: { type: 'send', who: 'alice.2', to: '#general', id: 'm10', count: 1, bytes: 22 },
        },
        { atMs: 11451, act: { type: 'send', who: 'carol', to: '#general', id: 'm11', count: 1, bytes: 132 } },
        { atMs: 11717, act: { type: 'stopServer', server: 'ws://two.test', forMs: 435 } },
        {
          atMs: 11924,
          act: { type: 'edit', who: 'alice.1', doc: 'notes', seed: 1151673667, count: 1, ask: false },
        },
        {
          atMs: 12768,
          act: { type: 'send', who: 'alice.2', to: '#general', id: 'm18', count: 3, bytes: 118 },
        },
        { atMs: 12790, act: { type: 'send', who: 'carol', to: '#general', id: 'm19', count: 1, bytes: 100 } },
        { atMs: 13093, act: { type: 'send', who: 'bob', to: '#general', id: 'm20', count: 1, bytes: 85 } },
        { atMs: 13247, act: { type: 'heavyTails', share: 0.3, upToMs: 3000, forMs: 1157 } },
        {
          atMs: 16485,
          act: {
            type: 'send',
            who: 'alice.2',
            to: '#general',
            id: 'm22',
            count: 1,
            bytes: 165,
            ttlMs: 40075,
          },
        },
        {
          atMs: 17339,
          act: {
            type: 'partition',
            shape: 'halves',
            cuts: cuts(
              'bob>one one>carol one>alice.1 two>one one>alice.2 alice.1>one one>two alice.2>one carol>one one>bob',
            ),
            forMs: 1991,
            healEveryMs: 216,
          },
        },
        { atMs: 18710, act: { type: 'send', who: 'carol', to: '@alice', id: 'm30', count: 34, bytes: 170 } },
        { atMs: 18795, act: { type: 'send', who: 'carol', to: '@bob', id: 'm31', count: 21, bytes: 18 } },
        {
          atMs: 18871,
          act: { type: 'send', who: 'alice.2', to: '#general', id: 'm32', count: 1, bytes: 74 },
        },
        { atMs: 18962, act: { type: 'cut', cuts: cuts('bob>carol carol>bob'), forMs: 31404 } },
        { atMs: 20954, act: { type: 'freeze', who: 'alice.1', forMs: 14724 } },
        {
          atMs: 22824,
          act: {
            type: 'partition',
            shape: 'three',
            cuts: cuts(
              'carol>two alice.1>two alice.2>bob two>alice.1 carol>alice.1 bob>alice.1 one>two carol>alice.2 alice.1>carol alice.2>one bob>alice.2 one>alice.1 two>bob two>one two>carol two>alice.2 alice.2>two one>alice.2 bob>two alice.1>bob alice.2>carol alice.1>one',
            ),
            forMs: 7252,
            healEveryMs: 0,
          },
        },
        {
          atMs: 23095,
          act: { type: 'send', who: 'alice.2', to: '#general', id: 'm38', count: 1, bytes: 87 },
        },
        { atMs: 23175, act: { type: 'aware', who: 'bob', doc: 'tasks' } },
      ],
    },
  },
  {
    broke: 'an epoch that was followed while a suspended sibling kept the store busy was never stored',
    schedule: {
      seed: 149205762,
      profile: 'kept',
      servers: ['ws://one.test'],
      cast: [
        {
          name: 'alice.1',
          label: 'alice',
          priority: 0,
          candidate: true,
          store: 'durable',
          wallSkewMs: 3446,
          driftPpm: 0,
          browser: 'alice',
        },
        {
          name: 'alice.2',
          label: 'alice',
          priority: 0,
          candidate: true,
          store: 'durable',
          wallSkewMs: 3446,
          driftPpm: 0,
          browser: 'alice',
        },
        {
          name: 'bob',
          label: 'bob',
          priority: 0,
          candidate: false,
          store: 'durable',
          wallSkewMs: 0,
          driftPpm: 0,
        },
        {
          name: 'frank',
          label: 'frank',
          priority: 0,
          candidate: true,
          store: 'durable',
          wallSkewMs: 0,
          driftPpm: 0,
        },
        {
          name: 'grace',
          label: 'grace',
          priority: 0,
          candidate: true,
          store: 'durable',
          wallSkewMs: 0,
          driftPpm: 0,
        },
        {
          name: 'ivan',
          label: 'ivan',
          priority: 0,
          candidate: true,
          store: 'durable',
          wallSkewMs: 0,
          driftPpm: 426,
        },
      ],
      steps: [
        { atMs: 0, act: { type: 'enterRoom', who: 'alice.1', room: 'general' } },
        { atMs: 0, act: { type: 'lead', who: 'alice.1', role: '' } },
        { atMs: 0, act: { type: 'lead', who: 'alice.1', role: 'indexer' } },
        { atMs: 0, act: { type: 'join', who: 'alice.1' } },
        { atMs: 0, act: { type: 'enterRoom', who: 'alice.2', room: 'general' } },
        { atMs: 0, act: { type: 'openDoc', who: 'alice.2', doc: 'notes' } },
        { atMs: 0, act: { type: 'lead', who: 'alice.2', role: '' } },
        { atMs: 0, act: { type: 'lead', who: 'alice.2', role: 'indexer' } },
        { atMs: 0, act: { type: 'join', who: 'alice.2' } },
        { atMs: 0, act: { type: 'enterRoom', who: 'bob', room: 'general' } },
        { atMs: 0, act: { type: 'lead', who: 'ivan', role: '' } },
        { atMs: 1949, act: { type: 'join', who: 'ivan' } },
        { atMs: 4662, act: { type: 'leave', who: 'grace' } },
        { atMs: 5243, act: { type: 'kill', who: 'frank', links: 'silent', forMs: 38016 } },
        {
          atMs: 10980,
          act: { type: 'edit', who: 'alice.2', doc: 'notes', seed: 674863295, count: 27, ask: true },
        },
        { atMs: 11298, act: { type: 'suspend', who: 'grace', forMs: 12498 } },
        { atMs: 11862, act: { type: 'suspend', who: 'alice.2', forMs: 19140 } },
        { atMs: 11969, act: { type: 'freeze', who: 'alice.1', forMs: 2599 } },
        {
          atMs: 23092,
          act: { type: 'edit', who: 'alice.2', doc: 'tasks', seed: 1790282723, count: 30, ask: true },
        },
        {
          atMs: 23727,
          act: { type: 'send', who: 'alice.1', to: '#general', id: 'm36', count: 1, bytes: 34 },
        },
        { atMs: 25149, act: { type: 'freeze', who: 'alice.1', forMs: 13247 } },
        { atMs: 25525, act: { type: 'freeze', who: 'grace', forMs: 1386 } },
        { atMs: 37363, act: { type: 'freeze', who: 'grace', forMs: 20555 } },
      ],
    },
  },
  {
    broke: 'a tab that took its sibling for gone gave out of its memory what that one handled meanwhile',
    // MS7: the store is looked at right before a message is given.
    schedule: {
      seed: 2_062_540_566,
      profile: 'mixed',
      servers: ['ws://one.test'],
      cast: [
        { ...role('alice.1', 0, 0), browser: 'alice', wallSkewMs: 19_324 },
        { ...role('alice.2', 0, 0), browser: 'alice', wallSkewMs: 19_324 },
        { ...role('erin.1', 0, 0), browser: 'erin' },
      ],
      steps: [
        { atMs: 0, act: { type: 'enterRoom', who: 'alice.1', room: 'general' } },
        { atMs: 0, act: { type: 'join', who: 'alice.1' } },
        { atMs: 0, act: { type: 'lead', who: 'alice.2', role: 'indexer' } },
        { atMs: 4_986, act: { type: 'join', who: 'alice.2' } },
        { atMs: 2_348, act: { type: 'join', who: 'erin.1' } },
        { atMs: 3_766, act: { type: 'send', who: 'erin.1', to: '#general', id: 'm0', count: 1, bytes: 14 } },
        { atMs: 8_294, act: { type: 'heavyTails', share: 0.3, upToMs: 3_000, forMs: 20_189 } },
        { atMs: 8_936, act: { type: 'send', who: 'erin.1', to: '#side', id: 'm13', count: 1, bytes: 30 } },
        { atMs: 9_576, act: { type: 'send', who: 'erin.1', to: '#general', id: 'm16', count: 1, bytes: 71 } },
        { atMs: 15_941, act: { type: 'freeze', who: 'alice.1', forMs: 3_702 } },
        {
          atMs: 16_708,
          act: { type: 'send', who: 'erin.1', to: '#general', id: 'm34', count: 34, bytes: 173 },
        },
        { atMs: 17_108, act: { type: 'slowDisk', disk: 'alice', ms: 200, forMs: 18_362 } },
        {
          atMs: 23_108,
          act: { type: 'edit', who: 'erin.1', doc: 'notes', seed: 917_772_926, count: 1, ask: false },
        },
      ],
    },
  },
]
