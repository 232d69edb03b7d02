// Schedules that once broke what a store holds, as the shrinker left them; each named after what it broke.

import { agent, story, type Regression } from './kept.ts'

export const storeRegressions: readonly Regression[] = [
  {
    broke: 'a damaged place in a conversation was not written again, because the disk was full just then',
    schedule: {
      ...story(
        5000843,
        ['bob', 'carol'],
        [
          { atMs: 503, act: { type: 'join', who: 'bob' } },
          { atMs: 503, act: { type: 'join', who: 'carol' } },
          { atMs: 9_627, act: { type: 'send', who: 'bob', to: '#side', id: 'm5', count: 1, bytes: 132 } },
          { atMs: 9_720, act: { type: 'send', who: 'carol', to: '@bob', id: 'm6', count: 1, bytes: 86 } },
          { atMs: 10_117, act: { type: 'send', who: 'bob', to: '@carol', id: 'm7', count: 1, bytes: 145 } },
          {
            atMs: 18_039,
            act: { type: 'send', who: 'carol', to: '#general', id: 'm20', count: 1, bytes: 153 },
          },
          { atMs: 24_851, act: { type: 'clone', disk: 'carol', to: 'bob', forMs: 5_398 } },
          {
            atMs: 26_048,
            act: { type: 'failing', disk: 'bob', code: 'storage-full', uncertain: true, forMs: 7_431 },
          },
          { atMs: 27_358, act: { type: 'corrupt', disk: 'bob', rows: 1, seed: 1999614653 } },
          { atMs: 29_268, act: { type: 'send', who: 'carol', to: '@bob', id: 'm52', count: 1, bytes: 48 } },
        ],
      ),
      cast: [agent('bob'), { ...agent('carol'), priority: -1 }],
    },
  },
  {
    broke:
      'a message given back by the program never came again, because its entry was damaged when its time came',
    schedule: story(
      3000356,
      ['bob', 'carol'],
      [
        { atMs: 709, act: { type: 'join', who: 'bob' } },
        { atMs: 0, act: { type: 'enterRoom', who: 'carol', room: 'general' } },
        { atMs: 0, act: { type: 'lead', who: 'carol', role: 'indexer' } },
        { atMs: 1_095, act: { type: 'join', who: 'carol' } },
        { atMs: 32_741, act: { type: 'send', who: 'bob', to: '#general', id: 'm41', count: 20, bytes: 40 } },
        { atMs: 34_440, act: { type: 'restore', disk: 'carol', agoMs: 11_000, forMs: 7_291 } },
        { atMs: 42_012, act: { type: 'corrupt', disk: 'carol', rows: 5, seed: 1074106089 } },
      ],
    ),
  },
  {
    broke:
      'behind a lost entry of an old feed its messages were written anew before anybody could say who has that entry',
    schedule: {
      ...story(
        2000162,
        ['carol', 'erin'],
        [
          { atMs: 938, act: { type: 'join', who: 'carol' } },
          { atMs: 0, act: { type: 'enterRoom', who: 'erin', room: 'side' } },
          { atMs: 1_033, act: { type: 'join', who: 'erin' } },
          {
            atMs: 25_039,
            act: { type: 'send', who: 'erin', to: '#general', id: 'm14', count: 1, bytes: 193 },
          },
          { atMs: 26_279, act: { type: 'wipe', disk: 'erin', deviceKey: false, forMs: 1_078 } },
          {
            atMs: 38_240,
            act: { type: 'send', who: 'carol', to: '#general', id: 'm39', count: 10, bytes: 96 },
          },
          { atMs: 38_535, act: { type: 'corrupt', disk: 'erin', rows: 5, seed: 659613669 } },
        ],
      ),
      cast: [{ ...agent('carol'), candidate: false, wallSkewMs: 19_471, driftPpm: 86 }, agent('erin')],
    },
  },
  {
    broke:
      'a full disk kept a damaged head from being written again, and the own feed began at number 1 once more: entries were written over',
    schedule: {
      seed: 1756717250,
      profile: 'kept',
      servers: ['ws://one.test'],
      cast: [
        { ...agent('alice'), wallSkewMs: -14468 },
        { ...agent('carol'), driftPpm: 182 },
      ],
      steps: [
        { atMs: 0, act: { type: 'enterRoom', who: 'carol', room: 'general' } },
        { atMs: 18687, act: { type: 'join', who: 'carol' } },
        {
          atMs: 40788,
          act: { type: 'send', who: 'carol', to: '#side', id: 'm33', count: 1, bytes: 131, ttlMs: 27755 },
        },
        { atMs: 41711, act: { type: 'send', who: 'carol', to: '@alice', id: 'm37', count: 1, bytes: 33 } },
        { atMs: 41777, act: { type: 'kill', who: 'carol', links: 'down', forMs: 7235 } },
        { atMs: 45007, act: { type: 'truncate', disk: 'carol', rows: 4, seed: 893861516 } },
        {
          atMs: 45318,
          act: { type: 'failing', disk: 'carol', code: 'storage-full', uncertain: false, forMs: 3773 },
        },
        { atMs: 47148, act: { type: 'stopLeading', who: 'carol', role: '' } },
      ],
    },
  },
  {
    broke: 'a message that waited for a name and whose row was damaged waited for ever',
    schedule: {
      seed: 1756717335,
      profile: 'kept',
      servers: ['ws://one.test'],
      cast: [agent('alice'), { ...agent('carol'), wallSkewMs: -17945 }],
      steps: [
        { atMs: 19210, act: { type: 'join', who: 'alice' } },
        { atMs: 29356, act: { type: 'send', who: 'alice', to: '@carol', id: 'm36', count: 1, bytes: 119 } },
        { atMs: 35477, act: { type: 'corrupt', disk: 'alice', rows: 2, seed: 2010242927 } },
      ],
    },
  },
  {
    broke: 'a store that forked and died in the same moment never said so',
    schedule: {
      seed: 123283,
      profile: 'kept',
      servers: ['ws://one.test'],
      cast: [agent('alice'), agent('bob'), { ...agent('carol'), wallSkewMs: -26667 }],
      steps: [
        { atMs: 0, act: { type: 'enterRoom', who: 'alice', room: 'general' } },
        { atMs: 0, act: { type: 'join', who: 'alice' } },
        { atMs: 503, act: { type: 'join', who: 'bob' } },
        { atMs: 31526, act: { type: 'kill', who: 'alice', links: 'down', forMs: 25479 } },
        { atMs: 31623, act: { type: 'join', who: 'carol' } },
        { atMs: 40032, act: { type: 'send', who: 'bob', to: '#general', id: 'm32', count: 1, bytes: 110 } },
        { atMs: 47180, act: { type: 'clone', disk: 'bob', to: 'carol', forMs: 1831 } },
        {
          atMs: 48888,
          act: { type: 'failing', disk: 'bob', code: 'storage-failed', uncertain: true, forMs: 7140 },
        },
        { atMs: 50531, act: { type: 'send', who: 'carol', to: '#general', id: 'm49', count: 1, bytes: 57 } },
        { atMs: 51560, act: { type: 'kill', who: 'bob', links: 'down', forMs: 3818 } },
      ],
    },
  },
  {
    broke: 'a lost head was read off the entries while entries were being stored: messages were told twice',
    schedule: {
      seed: 300080,
      profile: 'kept',
      servers: ['ws://one.test', 'ws://two.test'],
      cast: [
        { ...agent('alice.2'), label: 'alice', candidate: false, browser: 'alice' },
        agent('bob'),
        { ...agent('carol.1'), label: 'carol', browser: 'carol' },
        { ...agent('dave'), priority: -1, store: 'memory' },
        { ...agent('erin'), candidate: false },
      ],
      steps: [
        { atMs: 0, act: { type: 'enterRoom', who: 'alice.2', room: 'general' } },
        { atMs: 0, act: { type: 'openDoc', who: 'alice.2', doc: 'notes' } },
        { atMs: 0, act: { type: 'lead', who: 'alice.2', role: 'indexer' } },
        { atMs: 490, act: { type: 'join', who: 'alice.2' } },
        { atMs: 0, act: { type: 'enterRoom', who: 'bob', room: 'general' } },
        { atMs: 0, act: { type: 'openDoc', who: 'bob', doc: 'notes' } },
        { atMs: 490, act: { type: 'join', who: 'bob' } },
        { atMs: 0, act: { type: 'enterRoom', who: 'carol.1', room: 'general' } },
        { atMs: 0, act: { type: 'openDoc', who: 'carol.1', doc: 'notes' } },
        { atMs: 490, act: { type: 'join', who: 'carol.1' } },
        { atMs: 0, act: { type: 'enterRoom', who: 'dave', room: 'general' } },
        { atMs: 0, act: { type: 'enterRoom', who: 'dave', room: 'side' } },
        { atMs: 0, act: { type: 'lead', who: 'dave', role: 'indexer' } },
        { atMs: 490, act: { type: 'join', who: 'dave' } },
        { atMs: 0, act: { type: 'enterRoom', who: 'erin', room: 'general' } },
        { atMs: 1083, act: { type: 'join', who: 'erin' } },
        { atMs: 4789, act: { type: 'send', who: 'alice.2', to: '#general', id: 'm1', count: 1, bytes: 41 } },
        { atMs: 4964, act: { type: 'corrupt', disk: 'alice', rows: 3, seed: 690620842 } },
        { atMs: 8091, act: { type: 'send', who: 'carol.1', to: '#general', id: 'm6', count: 1, bytes: 60 } },
        { atMs: 9119, act: { type: 'send', who: 'dave', to: '@dave', id: 'm9', count: 1, bytes: 179 } },
        { atMs: 17422, act: { type: 'send', who: 'bob', to: '#general', id: 'm16', count: 11, bytes: 11 } },
      ],
    },
  },
  {
    broke: 'a store whose name was damaged went on under another without a word',
    schedule: {
      seed: 300101,
      profile: 'kept',
      servers: ['ws://one.test'],
      cast: [agent('alice'), { ...agent('bob'), candidate: false, driftPpm: 116 }, agent('carol')],
      steps: [
        { atMs: 0, act: { type: 'join', who: 'alice' } },
        { atMs: 0, act: { type: 'enterRoom', who: 'bob', room: 'general' } },
        { atMs: 0, act: { type: 'join', who: 'bob' } },
        { atMs: 0, act: { type: 'lead', who: 'carol', role: 'indexer' } },
        { atMs: 81, act: { type: 'join', who: 'carol' } },
        { atMs: 3032, act: { type: 'freeze', who: 'bob', forMs: 10223 } },
        { atMs: 3159, act: { type: 'send', who: 'carol', to: '#general', id: 'm1', count: 1, bytes: 12094 } },
        {
          atMs: 3435,
          act: {
            type: 'partition',
            shape: 'three',
            cuts: [
              ['alice', 'ws://one.test'],
              ['carol', 'alice'],
              ['carol', 'bob'],
              ['ws://one.test', 'bob'],
              ['bob', 'carol'],
              ['ws://one.test', 'carol'],
              ['alice', 'carol'],
              ['bob', 'ws://one.test'],
              ['ws://one.test', 'alice'],
              ['carol', 'ws://one.test'],
            ],
            forMs: 4071,
            healEveryMs: 0,
          },
        },
        { atMs: 11027, act: { type: 'send', who: 'alice', to: '#general', id: 'm6', count: 1, bytes: 94 } },
        { atMs: 15669, act: { type: 'leave', who: 'carol' } },
        { atMs: 48969, act: { type: 'corrupt', disk: 'carol', rows: 4, seed: 729110588 } },
      ],
    },
  },
  {
    broke:
      'a store that could not write its name at its start never wrote it, and was another one after a restart',
    schedule: {
      seed: 300107,
      profile: 'kept',
      servers: ['ws://one.test'],
      cast: [agent('alice'), agent('carol'), { ...agent('dave'), candidate: false, driftPpm: -167 }],
      steps: [
        { atMs: 7319, act: { type: 'join', who: 'alice' } },
        { atMs: 9361, act: { type: 'join', who: 'carol' } },
        { atMs: 0, act: { type: 'enterRoom', who: 'dave', room: 'general' } },
        { atMs: 1425, act: { type: 'join', who: 'dave' } },
        {
          atMs: 5064,
          act: { type: 'failing', disk: 'carol', code: 'storage-full', uncertain: false, forMs: 9931 },
        },
        { atMs: 13861, act: { type: 'kill', who: 'alice', links: 'silent', forMs: 9920 } },
        { atMs: 30987, act: { type: 'restore', disk: 'dave', agoMs: 19000, forMs: 33881 } },
        { atMs: 31738, act: { type: 'send', who: 'carol', to: '#general', id: 'm39', count: 1, bytes: 65 } },
        { atMs: 36507, act: { type: 'send', who: 'alice', to: '#general', id: 'm49', count: 1, bytes: 92 } },
        { atMs: 37208, act: { type: 'kill', who: 'carol', links: 'down', forMs: 7501 } },
      ],
    },
  },
  {
    broke: 'an old feed that gave up its end waited a minute and a half for the other one',
    schedule: {
      seed: 300192,
      profile: 'kept',
      servers: ['ws://one.test'],
      cast: [agent('alice'), agent('bob')],
      steps: [
        { atMs: 3549, act: { type: 'join', who: 'alice' } },
        { atMs: 17408, act: { type: 'clone', disk: 'alice', to: 'bob', forMs: 2444 } },
        {
          atMs: 25669,
          act: { type: 'send', who: 'alice', to: '#general', id: 'm38', count: 16, bytes: 162 },
        },
      ],
    },
  },
  {
    broke:
      'a message that waited for a name, and was in a copy of its store as well, waited in the copy for ever',
    schedule: {
      seed: 330044,
      profile: 'kept',
      servers: ['ws://one.test', 'ws://two.test'],
      cast: [agent('alice'), agent('bob'), { ...agent('dave'), driftPpm: -170 }],
      steps: [
        { atMs: 26981, act: { type: 'join', who: 'alice' } },
        { atMs: 6656, act: { type: 'join', who: 'bob' } },
        { atMs: 0, act: { type: 'lead', who: 'dave', role: 'indexer' } },
        { atMs: 1177, act: { type: 'join', who: 'dave' } },
        { atMs: 6095, act: { type: 'send', who: 'dave', to: '@alice', id: 'm10', count: 1, bytes: 111 } },
        { atMs: 15575, act: { type: 'clone', disk: 'dave', to: 'bob', forMs: 9267 } },
      ],
    },
  },
  {
    broke: 'an entry that was lost while the disk was full was never fetched',
    schedule: {
      seed: 1285,
      profile: 'kept',
      servers: ['ws://one.test'],
      cast: [
        { ...agent('alice'), wallSkewMs: -28864 },
        { ...agent('bob'), wallSkewMs: -619 },
      ],
      steps: [
        { atMs: 0, act: { type: 'enterRoom', who: 'alice', room: 'general' } },
        { atMs: 0, act: { type: 'join', who: 'alice' } },
        { atMs: 0, act: { type: 'join', who: 'bob' } },
        { atMs: 6348, act: { type: 'send', who: 'bob', to: '#general', id: 'm2', count: 1, bytes: 20401 } },
        {
          atMs: 6642,
          act: { type: 'send', who: 'bob', to: '#general', id: 'm3', count: 33, bytes: 54, ttlMs: 22277 },
        },
        { atMs: 14574, act: { type: 'send', who: 'bob', to: '@alice', id: 'm16', count: 1, bytes: 191 } },
        {
          atMs: 17090,
          act: { type: 'failing', disk: 'alice', code: 'storage-full', uncertain: false, forMs: 9247 },
        },
        { atMs: 19077, act: { type: 'skipCommits', disk: 'alice', runs: 2, seed: 1211747725, forMs: 1326 } },
      ],
    },
  },
  {
    broke:
      'an entry lost in a copy of a store, where the other copy had written another under its number, was asked for without a pause',
    schedule: {
      seed: 41000434,
      profile: 'kept',
      servers: ['ws://one.test'],
      cast: [
        { ...agent('alice.1'), label: 'alice', wallSkewMs: -13780, browser: 'alice' },
        { ...agent('alice.2'), label: 'alice', wallSkewMs: -13780, browser: 'alice' },
        { ...agent('bob'), driftPpm: 289 },
      ],
      steps: [
        { atMs: 0, act: { type: 'join', who: 'alice.1' } },
        { atMs: 138, act: { type: 'join', who: 'bob' } },
        { atMs: 4731, act: { type: 'truncate', disk: 'bob', rows: 5, seed: 1849458405 } },
        {
          atMs: 12945,
          act: { type: 'send', who: 'alice.1', to: '#general', id: 'm12', count: 27, bytes: 193 },
        },
        { atMs: 24100, act: { type: 'kill', who: 'alice.1', links: 'silent', forMs: 9206 } },
        { atMs: 26479, act: { type: 'clone', disk: 'bob', to: 'alice', forMs: 1758 } },
        { atMs: 27726, act: { type: 'send', who: 'bob', to: '@alice', id: 'm29', count: 1, bytes: 58 } },
        { atMs: 30436, act: { type: 'corrupt', disk: 'alice', rows: 4, seed: 2085647270 } },
        {
          atMs: 31834,
          act: { type: 'send', who: 'bob', to: '#general', id: 'm37', count: 1, bytes: 188082 },
        },
        { atMs: 31985, act: { type: 'suspend', who: 'bob', forMs: 6315 } },
        {
          atMs: 36174,
          act: {
            type: 'partition',
            shape: 'three',
            cuts: [
              ['bob', 'alice.2'],
              ['alice.1', 'bob'],
              ['alice.2', 'bob'],
              ['alice.1', 'ws://one.test'],
              ['ws://one.test', 'alice.2'],
              ['bob', 'ws://one.test'],
              ['bob', 'alice.1'],
              ['alice.2', 'ws://one.test'],
              ['ws://one.test', 'alice.1'],
              ['ws://one.test', 'bob'],
            ],
            forMs: 1479,
            healEveryMs: 270,
          },
        },
        { atMs: 42138, act: { type: 'send', who: 'alice.1', to: '@alice', id: 'm56', count: 1, bytes: 11 } },
        { atMs: 42954, act: { type: 'forget', server: 'ws://one.test', who: 'alice.1' } },
        { atMs: 44163, act: { type: 'send', who: 'alice.1', to: '@alice', id: 'm58', count: 1, bytes: 30 } },
        { atMs: 44201, act: { type: 'truncate', disk: 'alice', rows: 3, seed: 884139796 } },
      ],
    },
  },
  {
    broke: 'whoever skipped what an author no longer had was said to hold it, where it was written to a room',
    schedule: {
      seed: 1503878037,
      profile: 'kept',
      servers: ['ws://one.test'],
      cast: [
        { ...agent('alice.1'), label: 'alice', wallSkewMs: 15887, browser: 'alice' },
        { ...agent('alice.2'), label: 'alice', wallSkewMs: 15887, browser: 'alice' },
        { ...agent('alice.4'), label: 'alice', wallSkewMs: 15887, browser: 'alice' },
        agent('dave'),
        agent('erin'),
      ],
      steps: [
        { atMs: 9403, act: { type: 'join', who: 'alice.1' } },
        { atMs: 0, act: { type: 'join', who: 'alice.2' } },
        { atMs: 975, act: { type: 'join', who: 'alice.4' } },
        { atMs: 0, act: { type: 'enterRoom', who: 'erin', room: 'general' } },
        { atMs: 3122, act: { type: 'send', who: 'alice.4', to: '#general', id: 'm0', count: 1, bytes: 106 } },
        { atMs: 3377, act: { type: 'jumpClock', who: 'alice.2', byMs: 31536000000, forMs: 19948 } },
      ],
    },
  },
]
