// Seeds and schedules that once broke something, each named after what it broke. A seed that a change of the generator
// gave another meaning is worth little more than any other: keep the shrunk schedule where there is one.

import { generate } from './generate.ts'
import { agent, joins, sends, story, type Regression } from './kept.ts'
import { damageRegressions } from './regressions-of-damage.ts'
import { storeRegressions } from './regressions-of-stores.ts'
import { leaderRegressions } from './regressions-of-leaders.ts'
import { tabRegressions } from './regressions-of-tabs.ts'
import { wordRegressions } from './regressions-of-words.ts'

export const regressions: readonly Regression[] = [
  ...damageRegressions,
  ...storeRegressions,
  ...tabRegressions,
  ...wordRegressions,
  ...leaderRegressions,
  {
    broke:
      'a message that waited for a name waited for ever where a sibling tab had set its damaged row aside',
    schedule: {
      seed: 900235,
      profile: 'kept',
      servers: ['ws://one.test'],
      cast: [
        ...['1', '2'].map((tab) => ({ ...agent(`alice.${tab}`), label: 'alice', browser: 'alice' })),
        agent('bob'),
      ],
      steps: [
        { atMs: 0, act: { type: 'join', who: 'alice.2' } },
        {
          atMs: 15_642,
          act: { type: 'send', who: 'alice.2', to: '@bob', id: 'm24', count: 1, bytes: 6_104 },
        },
        { atMs: 19_145, act: { type: 'corrupt', disk: 'alice', rows: 4, seed: 1792465312 } },
      ],
    },
  },
  {
    broke:
      'a follower of an epoch forged in the name of its leader, far above what that one had seen, refused it for ever',
    schedule: {
      seed: 1000460,
      profile: 'kept',
      servers: ['ws://one.test'],
      cast: [agent('alice'), agent('bob'), { ...agent('carol'), store: 'memory' }, agent('dave')],
      steps: [
        { atMs: 0, act: { type: 'join', who: 'alice' } },
        { atMs: 0, act: { type: 'lead', who: 'carol', role: 'indexer' } },
        { atMs: 152, act: { type: 'join', who: 'carol' } },
        { atMs: 601, act: { type: 'join', who: 'dave' } },
        { atMs: 8_278, act: { type: 'attack', attacker: 'mallory-2', kind: 'claim-for-other' } },
        { atMs: 12_429, act: { type: 'attack', attacker: 'mallory-1', kind: 'claim-jump' } },
        { atMs: 12_875, act: { type: 'attack', attacker: 'mallory-2', kind: 'flood-garbage' } },
        { atMs: 13_660, act: { type: 'attack', attacker: 'mallory-2', kind: 'claim-for-other' } },
        { atMs: 42_211, act: { type: 'send', who: 'bob', to: '#side', id: 'm48', count: 1, bytes: 79 } },
      ],
    },
  },
  {
    broke:
      'who slept was not seen in a document any more, because a stranger had spoken for its client meanwhile',
    schedule: {
      ...story(
        1000871,
        ['carol', 'dave'],
        [
          { atMs: 0, act: { type: 'openDoc', who: 'carol', doc: 'notes' } },
          { atMs: 3_960, act: { type: 'join', who: 'carol' } },
          { atMs: 0, act: { type: 'openDoc', who: 'dave', doc: 'notes' } },
          { atMs: 992, act: { type: 'join', who: 'dave' } },
          { atMs: 4_845, act: { type: 'aware', who: 'carol', doc: 'notes' } },
          { atMs: 15_751, act: { type: 'attack', attacker: 'mallory-2', kind: 'oversize-message' } },
          { atMs: 15_979, act: { type: 'freeze', who: 'carol', forMs: 26_045 } },
          { atMs: 25_084, act: { type: 'attack', attacker: 'mallory-2', kind: 'awareness-of-others' } },
        ],
      ),
    },
  },
  {
    broke:
      'a claim forged in the name of the leader was taken for its own word, and the leader never heard of it',
    schedule: {
      ...story(
        3000078,
        ['bob', 'carol'],
        [
          { atMs: 0, act: { type: 'lead', who: 'bob', role: 'indexer' } },
          { atMs: 227, act: { type: 'join', who: 'bob' } },
          { atMs: 555, act: { type: 'join', who: 'carol' } },
          { atMs: 4_393, act: { type: 'accuse', server: 'ws://one.test', who: 'bob' } },
          { atMs: 17_805, act: { type: 'freeze', who: 'carol', forMs: 11_444 } },
          { atMs: 21_416, act: { type: 'attack', attacker: 'mallory-2', kind: 'flood-pings' } },
          {
            atMs: 37_026,
            act: { type: 'send', who: 'carol', to: '#general', id: 'm39', count: 1, bytes: 112 },
          },
          { atMs: 37_711, act: { type: 'attack', attacker: 'mallory-2', kind: 'docs-max' } },
          { atMs: 40_369, act: { type: 'attack', attacker: 'mallory-1', kind: 'pull-unknown' } },
          { atMs: 40_976, act: { type: 'attack', attacker: 'mallory-2', kind: 'claim-of-other' } },
        ],
      ),
      servers: ['ws://one.test', 'ws://two.test'],
    },
  },
  {
    broke: 'the first to start met two newcomers at once, and took the last place behind them',
    schedule: {
      seed: 502031,
      profile: 'kept',
      servers: ['ws://one.test'],
      cast: ['1', '3', '4'].map((tab) => ({ ...agent(`alice.${tab}`), label: 'alice', browser: 'alice' })),
      steps: [
        { atMs: 0, act: { type: 'openDoc', who: 'alice.1', doc: 'notes' } },
        { atMs: 0, act: { type: 'join', who: 'alice.1' } },
      ],
    },
  },
  {
    broke: 'a peer that came back while both servers lied to it, and the one it had left, never met again',
    schedule: {
      ...story(
        500525,
        ['carol', 'dave'],
        [
          { atMs: 700, act: { type: 'join', who: 'carol' } },
          { atMs: 700, act: { type: 'join', who: 'dave' } },
          { atMs: 34_299, act: { type: 'lie', server: 'ws://one.test', ghosts: 0, hide: 3, forMs: 4_314 } },
          { atMs: 34_614, act: { type: 'lie', server: 'ws://two.test', ghosts: 1, hide: 3, forMs: 4_760 } },
          { atMs: 36_109, act: { type: 'kill', who: 'carol', links: 'silent', forMs: 249 } },
        ],
      ),
      servers: ['ws://one.test', 'ws://two.test'],
    },
  },
  {
    broke:
      'who came to the first peer was told of a place there by another who came, and took the first for a lone one',
    schedule: {
      seed: 200175,
      profile: 'kept',
      servers: ['ws://one.test'],
      cast: [agent('bob'), { ...agent('carol'), store: 'memory' }, { ...agent('erin'), wallSkewMs: -15_923 }],
      steps: [{ atMs: 136, act: { type: 'join', who: 'bob' } }],
    },
  },
  {
    broke:
      'messages of a feed of which every row was damaged came back from the others, and the program was told again',
    schedule: story(
      500180,
      ['bob', 'carol'],
      [
        { atMs: 1_563, act: { type: 'join', who: 'bob' } },
        { atMs: 1_859, act: { type: 'join', who: 'carol' } },
        sends('bob', '@bob', 'm1', 3_752, 1),
        { atMs: 4_088, act: { type: 'truncate', disk: 'bob', rows: 5, seed: 549363824 } },
      ],
    ),
  },
  {
    broke: 'a message to one’s own name waited for ever where a copy of the store ran under another name',
    schedule: story(
      126,
      ['carol', 'erin'],
      [
        ...joins(['carol', 'erin']),
        { atMs: 5_000, act: { type: 'clone', disk: 'carol', to: 'erin', forMs: 1_000 } },
        sends('carol', '@carol', 'm1', 9_000, 1),
      ],
    ),
  },
  {
    broke: 'a damaged message of one’s own that nobody else held kept all later ones from everybody',
    schedule: story(
      186,
      ['alice', 'bob'],
      [
        ...joins(['alice', 'bob']),
        { atMs: 4_000, act: { type: 'kill', who: 'bob', links: 'down', forMs: 8_000 } },
        sends('alice', '#general', 'm1', 5_000, 20),
        { atMs: 6_000, act: { type: 'kill', who: 'alice', links: 'down', forMs: 1_000 } },
        { atMs: 6_100, act: { type: 'corrupt', disk: 'alice', rows: 20, seed: 3 } },
        sends('alice', '#general', 'm2', 9_000, 5),
      ],
    ),
  },
  {
    broke: 'a message whose id row was damaged when its moved copy came stood twice in the history',
    schedule: story(
      1_226_596_406,
      ['alice', 'bob'],
      [
        { atMs: 0, act: { type: 'join', who: 'alice' } },
        { atMs: 0, act: { type: 'enterRoom', who: 'bob', room: 'general' } },
        { atMs: 410, act: { type: 'join', who: 'bob' } },
        { atMs: 50_806, act: { type: 'forget', server: 'ws://one.test', who: 'alice' } },
        { atMs: 53_179, act: { type: 'restore', disk: 'bob', agoMs: 17_000, forMs: 693 } },
        {
          atMs: 55_743,
          act: { type: 'send', who: 'alice', to: '#general', id: 'm62', count: 24, bytes: 111 },
        },
        { atMs: 58_541, act: { type: 'clone', disk: 'alice', to: 'bob', forMs: 2_983 } },
        { atMs: 61_535, act: { type: 'corrupt', disk: 'bob', rows: 2, seed: 464_949_496 } },
      ],
    ),
  },
  {
    broke: 'a message was asked to come again while a suspended tab held the store, and never came',
    schedule: generate(184, { profile: 'sleep' }),
  },
  {
    broke:
      'a message was taken for expired where the addressee’s clock was ahead, and receipted all the same',
    schedule: {
      ...story(
        108,
        ['dave', 'erin'],
        [
          ...joins(['dave', 'erin']),
          {
            atMs: 4_000,
            act: { type: 'send', who: 'erin', to: '@dave', id: 'm1', count: 1, bytes: 40, ttlMs: 7_000 },
          },
        ],
      ),
      cast: [{ ...agent('dave'), wallSkewMs: 28_000 }, agent('erin')],
    },
  },
  {
    broke: 'awareness that went out over a dying link was never told again',
    schedule: story(
      310,
      ['bob', 'carol', 'dave'],
      [
        { atMs: 0, act: { type: 'openDoc', who: 'carol', doc: 'notes' } },
        { atMs: 296, act: { type: 'join', who: 'bob' } },
        { atMs: 296, act: { type: 'join', who: 'carol' } },
        { atMs: 461, act: { type: 'join', who: 'dave' } },
        { atMs: 7_124, act: { type: 'aware', who: 'carol', doc: 'notes' } },
        { atMs: 21_679, act: { type: 'freeze', who: 'carol', forMs: 27_112 } },
        { atMs: 23_591, act: { type: 'openDoc', who: 'dave', doc: 'notes' } },
      ],
    ),
  },
  {
    broke:
      'a tab went on fetching the end of an old feed that its sibling had taken over long before, for ever',
    schedule: {
      ...story(
        1226596293,
        ['bob', 'carol', 'dave'],
        [
          { atMs: 0, act: { type: 'enterRoom', who: 'alice.1', room: 'general' } },
          { atMs: 0, act: { type: 'join', who: 'alice.1' } },
          { atMs: 0, act: { type: 'enterRoom', who: 'alice.2', room: 'general' } },
          { atMs: 0, act: { type: 'openDoc', who: 'alice.2', doc: 'notes' } },
          { atMs: 0, act: { type: 'lead', who: 'alice.2', role: 'indexer' } },
          { atMs: 347, act: { type: 'join', who: 'alice.2' } },
          { atMs: 0, act: { type: 'enterRoom', who: 'bob', room: 'general' } },
          { atMs: 899, act: { type: 'join', who: 'bob' } },
          { atMs: 0, act: { type: 'enterRoom', who: 'carol', room: 'general' } },
          { atMs: 0, act: { type: 'enterRoom', who: 'dave', room: 'general' } },
          { atMs: 0, act: { type: 'enterRoom', who: 'dave', room: 'side' } },
          { atMs: 0, act: { type: 'openDoc', who: 'dave', doc: 'notes' } },
          { atMs: 0, act: { type: 'lead', who: 'dave', role: '' } },
          { atMs: 1_294, act: { type: 'join', who: 'dave' } },
          {
            atMs: 3_370,
            act: { type: 'edit', who: 'bob', doc: 'notes', seed: 1_326_707_946, count: 1, ask: true },
          },
          { atMs: 13_557, act: { type: 'corrupt', disk: 'dave', rows: 3, seed: 1_036_903_403 } },
          {
            atMs: 13_739,
            act: { type: 'send', who: 'alice.2', to: '#side', id: 'm11', count: 1, bytes: 122 },
          },
          { atMs: 13_947, act: { type: 'join', who: 'carol' } },
          {
            atMs: 26_808,
            act: { type: 'killAt', who: 'alice.2', effect: 'commit', n: 3, when: 'before', forMs: 9_770 },
          },
          {
            atMs: 26_839,
            act: { type: 'send', who: 'carol', to: '#general', id: 'm29', count: 1, bytes: 26 },
          },
          {
            atMs: 28_067,
            act: { type: 'send', who: 'alice.1', to: '@bob', id: 'm30', count: 1, bytes: 163 },
          },
          { atMs: 28_356, act: { type: 'kill', who: 'carol', links: 'silent', forMs: 6_171 } },
          { atMs: 28_660, act: { type: 'cast', who: 'dave' } },
          { atMs: 28_714, act: { type: 'slowDisk', disk: 'alice', ms: 2_000, forMs: 28_854 } },
          { atMs: 35_846, act: { type: 'slowDisk', disk: 'alice', ms: 2_000, forMs: 8_645 } },
          { atMs: 35_873, act: { type: 'lead', who: 'bob', role: '' } },
          {
            atMs: 36_166,
            act: { type: 'send', who: 'alice.2', to: '#side', id: 'm39', count: 37, bytes: 74 },
          },
          { atMs: 36_505, act: { type: 'kill', who: 'alice.2', links: 'down', forMs: 9_887 } },
          { atMs: 36_561, act: { type: 'openDoc', who: 'carol', doc: 'notes' } },
          {
            atMs: 37_903,
            act: { type: 'send', who: 'dave', to: '@alice', id: 'm42', count: 20, bytes: 171 },
          },
          { atMs: 38_390, act: { type: 'aware', who: 'bob', doc: 'tasks' } },
          {
            atMs: 38_770,
            act: { type: 'send', who: 'alice.2', to: '#general', id: 'm44', count: 1, bytes: 65 },
          },
          { atMs: 40_178, act: { type: 'kill', who: 'carol', links: 'silent', forMs: 31_167 } },
          { atMs: 40_215, act: { type: 'clone', disk: 'alice', to: 'dave', forMs: 1_524 } },
          {
            atMs: 41_596,
            act: {
              type: 'send',
              who: 'bob',
              to: '#general',
              id: 'm47',
              count: 1,
              bytes: 10_510,
              ttlMs: 17_020,
            },
          },
          { atMs: 41_827, act: { type: 'send', who: 'carol', to: '@alice', id: 'm48', count: 1, bytes: 10 } },
          {
            atMs: 43_234,
            act: { type: 'send', who: 'alice.1', to: '#general', id: 'm52', count: 1, bytes: 90 },
          },
          { atMs: 43_565, act: { type: 'corrupt', disk: 'dave', rows: 4, seed: 1_573_507_075 } },
          { atMs: 44_302, act: { type: 'openDoc', who: 'alice.1', doc: 'notes' } },
          { atMs: 44_399, act: { type: 'slowDisk', disk: 'carol', ms: 2_000, forMs: 1_944 } },
          { atMs: 44_753, act: { type: 'kill', who: 'dave', links: 'silent', forMs: 1_220 } },
          { atMs: 45_168, act: { type: 'freeze', who: 'bob', forMs: 2_742 } },
        ],
      ),
      cast: [
        { ...agent('alice.1'), label: 'alice', browser: 'alice' },
        { ...agent('alice.2'), label: 'alice', browser: 'alice' },
        ...['bob', 'carol', 'dave'].map(agent),
      ],
    },
  },
]
