// One fault of a given type: whom it hits, how hard and for how long.

import { limits } from '../../../core/base/limits.ts'
import type { Random } from '../../../core/base/random.ts'
import { attackKinds, impersonationKinds } from '../../../core/platform/sim/forgeries.ts'
import { isLie } from '../../../core/platform/sim/lies.ts'
import { attackerNames } from './generate-beginnings.ts'
import { between, partition } from './partitions.ts'
import { chance, oneOf, range, weighted, type FaultType, type Profile } from './profiles.ts'
import { diskOf, machinesOf, type Cut, type Fault, type Role } from './schedule.ts'

/**
 * In an open mesh nothing says who first said it: a receipt in another's name is believed. What is said of who lives and
 * who leads is put right by the peer itself (OV35), so that these are drawn all the same. Not drawn: `flood-records`, which
 * is survived, but costs a run seconds of processor time; tests/sim/world-hostile.test.ts has it. Nor lies: who is lied to is
 * right to believe them where nobody else is reachable, so that they have a theme without other faults.
 */
const contradicted: ReadonlySet<string> = new Set(['goodbye-of-other', 'record-of-other', 'claim-of-other'])
const attacks = attackKinds.filter(
  (kind) =>
    kind !== 'flood-records' && !isLie(kind) && (!impersonationKinds.has(kind) || contradicted.has(kind)),
)

/** In a larger mesh whoever has no link to a peer has nobody's word but a forger's of it: core/overlay/README.md, "Known limits". */
const forgedRecords: ReadonlySet<string> = new Set(['record-of-other', 'records-ahead'])
const isPutRight = (kind: string, cast: readonly Role[]): boolean =>
  !forgedRecords.has(kind) || cast.length + attackerNames.length <= limits.maxLinks

const losing: ReadonlySet<FaultType> = new Set<FaultType>([
  'corrupt',
  'truncate',
  'skipCommits',
  'restore',
  'wipe',
])

const second = 1_000
const minute = 60 * second
const day = 24 * 60 * minute
const year = 365 * day

export interface Draw {
  readonly type: FaultType
  readonly profile: Profile
  /** Disks that may lose what is on them: mostly one, so that what was lost is somewhere else. */
  readonly victims: readonly string[]
  readonly cast: readonly Role[]
  readonly servers: readonly string[]
}

/** Undefined where the cast has nobody to do it to. */
export function drawFault(
  random: Random,
  { type, cast, servers, victims, profile }: Draw,
): Fault | undefined {
  const who = oneOf(random, cast).name
  const durable = cast.filter(({ store }) => store === 'durable')
  const loses = losing.has(type) && victims.length > 0
  const disk =
    durable.length === 0 ? undefined : loses ? oneOf(random, victims) : diskOf(oneOf(random, durable))
  const server = oneOf(random, servers)
  const forMs = profile.lastsMs === undefined ? lastsMs(random) : range(random, ...profile.lastsMs)
  const seed = random.integer(2 ** 31)
  switch (type) {
    case 'kill':
      return { type, who, links: chance(random, 0.5) ? 'down' : 'silent', forMs }
    case 'killAt': {
      const effect = oneOf(random, ['commit', 'commit', 'send', 'signal'] as const)
      return { type, who, effect, n: range(random, 1, 8), when: oneOf(random, ['before', 'after']), forMs }
    }
    case 'freeze':
    case 'suspend':
      return { type, who, forMs: profile.lastsMs === undefined ? sleepMs(random) : forMs }
    case 'nap':
      return { type: 'freeze', who, forMs: range(random, 150, 900) }
    case 'loseLinks':
      return { type, who }
    case 'visit':
      return { type, server, who: 'stranger', forMs: range(random, 2_000, 15_000) }
    case 'hide':
      return { type, who, forMs: chance(random, profile.pausesMs ? 0.7 : 0.05) ? 6 * minute : forMs }
    case 'jumpClock':
      return { type, who, byMs: jumpMs(random), forMs: 2 * forMs }
    case 'absence':
      return { type, byMs: range(random, 20, 80) * day, forMs: range(random, 1_000, 5_000) }
    case 'dropLinks': {
      const [a, b] = random.sample(cast, 2)
      if (a === undefined || b === undefined) return undefined
      return { type, a: a.name, b: b.name, oneEnd: chance(random, 0.5) }
    }
    case 'cut':
    case 'flap':
    case 'partition':
      return drawCuts(random, type, [...machinesOf(cast), ...servers.map((url) => [url])], forMs)
    case 'heavyTails':
      return {
        type,
        share: oneOf(random, [0.01, 0.05, 0.3]),
        upToMs: oneOf(random, [200, 1_000, 3_000]),
        forMs,
      }
    case 'stopServer':
      return { type, server, forMs }
    case 'slowServer':
      return { type, server, ms: oneOf(random, [100, 1_000, 5_000]), forMs }
    case 'lie':
      return { type, server, ghosts: random.integer(4), hide: range(random, 1, 3), forMs }
    case 'accuse':
    case 'forget':
      return { type, server, who }
    case 'attack':
      return {
        type,
        attacker: `mallory-${1 + random.integer(attackerNames.length)}`,
        kind: oneOf(
          random,
          (profile.attacks ?? attacks).filter((kind) => isPutRight(kind, cast)),
        ),
      }
    case 'insist': {
      const kind = oneOf(random, ['alive-of-others', 'pong-false', 'busy'] as const)
      return {
        type,
        attacker: oneOf(random, attackerNames),
        kind,
        everyMs: range(random, 60, 1_000),
        hangs: kind === 'busy',
        forMs: range(random, 20_000, 90_000),
      }
    }
    default:
      return disk === undefined
        ? undefined
        : drawDiskFault(random, { type, disk, cast: durable, victims, forMs, seed })
  }
}

interface DiskDraw {
  readonly type: Extract<Fault, { disk: string }>['type']
  readonly disk: string
  readonly cast: readonly Role[]
  readonly victims: readonly string[]
  readonly forMs: number
  readonly seed: number
}

function drawDiskFault(
  random: Random,
  { type, disk, cast, victims, forMs, seed }: DiskDraw,
): Fault | undefined {
  switch (type) {
    case 'failing':
      return {
        type,
        disk,
        code: chance(random, 0.5) ? 'storage-full' : 'storage-failed',
        uncertain: chance(random, 0.5),
        forMs,
      }
    case 'corrupt':
    case 'truncate':
      return { type, disk, rows: range(random, 1, 5), seed }
    case 'skipCommits': {
      // What a browser's database may do is not said by it.
      const isAgent = cast.some((role) => role.browser === undefined && diskOf(role) === disk)
      return isAgent ? { type, disk, runs: range(random, 1, 3), seed, forMs } : undefined
    }
    case 'slowDisk':
      return { type, disk, ms: oneOf(random, [20, 200, 2_000]), forMs }
    case 'tearing':
    case 'forgetful':
      return { type, disk, forMs }
    case 'restore':
      return { type, disk, agoMs: range(random, 1, 20) * second, forMs }
    case 'wipe':
      return { type, disk, deviceKey: chance(random, 0.3), forMs }
    case 'clone': {
      // What was on the disk that becomes a copy is lost.
      const others = cast.filter((role) => diskOf(role) !== disk)
      const victim = others.find((role) => victims.includes(diskOf(role)))
      if (others.length === 0) return undefined
      return { type, disk, to: diskOf(victim ?? oneOf(random, others)), forMs }
    }
  }
}

const lastsMs = (random: Random): number =>
  weighted(random, [
    [5, range(random, 100, 2_000)],
    [5, range(random, 2_000, 10_000)],
    [2, range(random, 10_000, 40_000)],
  ])

/** One second to ten minutes, the long ones rarely: they cost time. */
const sleepMs = (random: Random): number =>
  weighted(random, [
    [50, range(random, second, 4 * second)],
    [40, range(random, 4 * second, 30 * second)],
    [8, range(random, 30 * second, 2 * minute)],
    [1, range(random, 2 * minute, 10 * minute)],
  ])

const jumpMs = (random: Random): number => {
  const size = weighted(random, [
    [4, range(random, second, minute)],
    [2, range(random, minute, day)],
    [1, range(random, day, 20 * day)],
    [1, year],
  ])
  return chance(random, 0.5) ? size : -size
}

function drawCuts(
  random: Random,
  type: 'cut' | 'flap' | 'partition',
  machines: readonly (readonly string[])[],
  forMs: number,
): Fault {
  if (type === 'partition') {
    const shape = oneOf(random, ['halves', 'halves', 'alone', 'bridge', 'ring', 'three'] as const)
    const cuts = random.sample(partition(random, shape, machines), Infinity)
    return { type, shape, cuts, forMs, healEveryMs: chance(random, 0.4) ? range(random, 50, 1_000) : 0 }
  }
  const [a, b] = random.sample(machines, 2)
  const both = between(a ?? [], b ?? [])
  const oneWay = both.filter((_, i): boolean => i % 2 === 0)
  const cuts: readonly Cut[] = chance(random, 0.4) ? oneWay : both
  return type === 'cut' ? { type, cuts, forMs } : { type, cuts, forMs, periodMs: range(random, 200, 4_000) }
}
