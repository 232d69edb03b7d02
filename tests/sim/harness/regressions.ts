// Seeds and schedules that once broke something, each named after what it broke. A seed that a change of the generator
// gave another meaning is worth little more than any other: keep the shrunk schedule where there is one.

import { generate } from './generate.ts'
import type { Role, Schedule, Step } from './schedule.ts'

export interface Regression {
  readonly broke: string
  readonly schedule: Schedule
}

const agent = (name: string): Role => ({
  name,
  label: name,
  priority: 0,
  candidate: true,
  store: 'durable',
  wallSkewMs: 0,
  driftPpm: 0,
})

/** A schedule of agents, written by hand or by the shrinker. */
const story = (seed: number, names: readonly string[], steps: readonly Step[]): Schedule => ({
  seed,
  profile: 'kept',
  servers: ['ws://one.test'],
  cast: names.map(agent),
  steps,
})

const joins = (names: readonly string[]): Step[] =>
  names.flatMap((who, i): Step[] => [
    { atMs: 0, act: { type: 'enterRoom', who, room: 'general' } },
    { atMs: 500 * i, act: { type: 'join', who } },
  ])

const sends = (who: string, to: string, id: string, atMs: number, count: number): Step => ({
  atMs,
  act: { type: 'send', who, to, id, count, bytes: 40 },
})

export const regressions: readonly Regression[] = [
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
]
