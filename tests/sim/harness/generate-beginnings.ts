// How a run begins, where its theme wants it to begin otherwise than well; and what only some themes draw.

import type { Random } from '../../../core/base/random.ts'
import { between, partition } from './partitions.ts'
import { chance, oneOf, range, type Profile } from './profiles.ts'
import { machinesOf, type Cut, type Role, type Step } from './schedule.ts'

/** Attackers at one time, at most; by these names. */
export const attackerNames = ['mallory-1', 'mallory-2'] as const

/** Longer than any run. */
const forEverMs = 3_600_000

/** Before anybody comes. */
export function* beginnings(
  random: Random,
  profile: Profile,
  cast: readonly Role[],
  servers: readonly string[],
): Iterable<Step> {
  if (profile.beginsApart) yield* apart(random, cast, servers)
  if (profile.holes !== undefined) yield holes(random, profile.holes, cast)
  if (profile.beginsHidden)
    for (const server of servers) {
      const forMs = range(random, 8_000, 20_000)
      yield { atMs: 0, act: { type: 'lie', server, ghosts: random.integer(2), hide: cast.length, forMs } }
    }
}

function* apart(random: Random, cast: readonly Role[], servers: readonly string[]): Iterable<Step> {
  const machines = [...machinesOf(cast), ...servers.map((url) => [url])]
  const shape = oneOf(random, ['halves', 'halves', 'alone', 'three'] as const)
  const cuts = random.sample(partition(random, shape, machines), Infinity)
  const forMs = range(random, 5_000, 20_000)
  const healEveryMs = chance(random, 0.3) ? range(random, 50, 300) : 0
  yield { atMs: 0, act: { type: 'partition', shape, cuts, forMs, healEveryMs } }
  for (const server of servers)
    if (chance(random, 0.5))
      yield {
        atMs: 0,
        act: {
          type: 'lie',
          server,
          ghosts: range(random, 1, 3),
          hide: 0,
          forMs: range(random, 2_000, 20_000),
        },
      }
}

/** So that they hang together all the same: each is joined to one of those before it, and an attacker to no other. */
function holes(random: Random, share: number, cast: readonly Role[]): Step {
  const machines = machinesOf(cast)
  const order = [
    ...random.sample(machines, machines.length),
    ...attackerNames.map((name): string[] => [name]),
  ]
  const cuts = order.flatMap((machine, i): Cut[] => {
    const isHonest = i < machines.length
    const joined = random.integer(Math.max(1, Math.min(i, machines.length)))
    return order
      .slice(0, i)
      .flatMap((other, j) =>
        j === joined || (isHonest && !chance(random, share)) ? [] : between(machine, other),
      )
  })
  return { atMs: 0, act: { type: 'partition', shape: 'holes', cuts, forMs: forEverMs, healEveryMs: 0 } }
}
