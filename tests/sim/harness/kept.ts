// What kept schedules are written with.

import type { Role, Schedule, Step } from './schedule.ts'

export interface Regression {
  readonly broke: string
  readonly schedule: Schedule
}

export const agent = (name: string): Role => ({
  name,
  label: name,
  priority: 0,
  candidate: true,
  store: 'durable',
  wallSkewMs: 0,
  driftPpm: 0,
})

/** A schedule of agents, written by hand or by the shrinker. */
export const story = (seed: number, names: readonly string[], steps: readonly Step[]): Schedule => ({
  seed,
  profile: 'kept',
  servers: ['ws://one.test'],
  cast: names.map(agent),
  steps,
})

export const joins = (names: readonly string[]): Step[] =>
  names.flatMap((who, i): Step[] => [
    { atMs: 0, act: { type: 'enterRoom', who, room: 'general' } },
    { atMs: 500 * i, act: { type: 'join', who } },
  ])

export const sends = (who: string, to: string, id: string, atMs: number, count: number): Step => ({
  atMs,
  act: { type: 'send', who, to, id, count, bytes: 40 },
})
