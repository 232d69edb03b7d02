// Makes a schedule from a seed: who takes part, what they do, what goes wrong and when. Everything is drawn from the
// seed's own streams, so that a seed is the same schedule for ever while this file stays the same.

import type { Random } from '../../../core/base/random.ts'
import { streamFor } from '../../../core/platform/sim/crypto.ts'
import { beginnings } from './generate-beginnings.ts'
import { drawFault } from './generate-faults.ts'
import {
  chance,
  oneOf,
  profiles,
  range,
  rareEvery,
  rareProfiles,
  weighted,
  type FaultType,
  type Profile,
} from './profiles.ts'
import { diskOf, type Act, type Role, type Schedule, type Step } from './schedule.ts'

const names = [
  ...['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi'],
  ...['ivan', 'judy', 'kim', 'leo', 'mia', 'nina', 'oscar', 'paul'],
] as const

export const rooms = ['general', 'side'] as const
const docNames = ['notes', 'tasks'] as const
const roleNames = ['', 'indexer'] as const
const serverUrls = ['ws://one.test', 'ws://two.test'] as const

const dayMs = 24 * 60 * 60 * 1_000

export interface GenerateOptions {
  readonly profile?: string | undefined
  /** Machines; fixed instead of drawn. */
  readonly peers?: number | undefined
}

export function generate(seed: number, options: GenerateOptions = {}): Schedule {
  const random = streamFor(String(seed), 'schedule')
  const profile = profileNamed(random, options.profile ?? rareFor(seed))
  const servers = serverUrls.slice(0, chance(random, profile.beginsApart ? 0.7 : 0.25) ? 2 : 1)
  const cast = drawCast(random, profile, options.peers)
  const large = cast.length > 20
  const steps = [...beginnings(random, profile, cast, servers), ...begin(random, cast, profile, large)]
  const count = large ? 20 : range(random, ...profile.steps)
  const faults = faultsOf(profile, large)
  const disks = [...new Set(cast.filter(({ store }) => store === 'durable').map(diskOf))]
  const victims = random.sample(disks, chance(random, 0.75) ? 1 : 3)
  let atMs = large ? 20_000 : 3_000
  for (let i = 0; i < count; i++) {
    atMs += profile.pausesMs === undefined ? pauseMs(random) : range(random, ...profile.pausesMs)
    const isFault = faults.length > 0 && chance(random, profile.share)
    const act = isFault
      ? drawFault(random, { type: weighted(random, faults), cast, servers, victims, profile })
      : (drawAgain(random, profile, steps) ?? drawTraffic(random, cast, profile, `m${i}`))
    if (act !== undefined) steps.push(...together(random, cast, profile, { atMs, act }))
  }
  const { name, latencyMs } = profile
  return { seed, profile: name, servers, cast, steps, ...(latencyMs && { latencyMs }) }
}

/** The rare theme that a seed has, if it has one. */
function rareFor(seed: number): string | undefined {
  const random = streamFor(String(seed), 'rare')
  if (random.integer(rareEvery) > 0) return undefined
  return weighted(
    random,
    rareProfiles.map(({ weight, name }) => [weight, name] as const),
  )
}

function profileNamed(random: Random, name: string | undefined): Profile {
  const drawn = weighted(
    random,
    profiles.map((profile) => [profile.weight, profile] as const),
  )
  if (name === undefined) return drawn
  const all = [...profiles, ...rareProfiles]
  const profile = all.find((each) => each.name === name)
  if (profile === undefined)
    throw new Error(`no profile is called ${name}: ${all.map((each) => each.name).join(', ')}`)
  return profile
}

/** In a large mesh a run costs more: only what can be afforded with two hundred. */
const forLargeMeshes: readonly FaultType[] = ['kill', 'cut', 'stopServer', 'dropLinks', 'freeze']

const faultsOf = ({ faults }: Profile, large: boolean): (readonly [number, FaultType])[] =>
  Object.entries(faults)
    .map(([type, weight]) => [weight, type as FaultType] as const)
    .filter(([, type]) => !large || forLargeMeshes.includes(type))

// ------------------------------------------------------------------------------------------------- cast

function drawCast(random: Random, profile: Profile, peers: number | undefined): Role[] {
  const [from, to] = weighted(
    random,
    profile.machines.map(([weight, ...bounds]) => [weight, bounds] as const),
  )
  const machines = peers ?? range(random, from, to)
  const withTabs = chance(random, profile.withTabs ? 1 : 0.5)
  const tabs = chance(random, 0.75) ? 2 : range(random, 3, 5)
  const cast = Array.from({ length: machines }, (_, i): Role[] => {
    const label = names[i] ?? `peer-${i + 1}`
    const role: Role = {
      name: label,
      label,
      priority: chance(random, profile.priorities ?? 0.12) ? range(random, -1, 3) : 0,
      candidate: !chance(random, 0.05),
      store: chance(random, 0.05) ? 'memory' : 'durable',
      wallSkewMs: chance(random, 0.2) ? range(random, -30_000, 30_000) : 0,
      driftPpm: chance(random, 0.2) ? range(random, -500, 500) : 0,
    }
    const inBrowser = i === 0 ? withTabs : chance(random, 0.15)
    if (!inBrowser || machines > 20) return [role]
    const count = i === 0 ? tabs : 1
    return Array.from({ length: count }, (_tab, t): Role => ({
      ...role,
      name: `${label}.${t + 1}`,
      browser: label,
      store: 'durable',
    }))
  }).flat()
  // Where nobody may lead, nobody does.
  return cast.some(({ candidate }) => candidate) ? cast : cast.map((role) => ({ ...role, candidate: true }))
}

/** What everybody means to do, and when they come. */
function* begin(random: Random, cast: readonly Role[], profile: Profile, large: boolean): Iterable<Step> {
  let atMs = 0
  for (const { name: who } of cast) {
    yield { atMs: 0, act: { type: 'enterRoom', who, room: rooms[0] } }
    if (chance(random, 0.2)) yield { atMs: 0, act: { type: 'enterRoom', who, room: rooms[1] } }
    if (!large && !profile.opensTogether && chance(random, 2 * profile.documents))
      yield { atMs: 0, act: { type: 'openDoc', who, doc: docNames[0] } }
    for (const role of roleNames) if (chance(random, 0.6)) yield { atMs: 0, act: { type: 'lead', who, role } }
    const late = chance(random, 0.15)
    yield { atMs: late ? range(random, 3_000, 30_000) : atMs, act: { type: 'join', who } }
    atMs += chance(random, 0.3) ? 0 : range(random, 0, large ? 100 : 800)
  }
}

function pauseMs(random: Random): number {
  const dice = random.float()
  if (dice < 0.7) return range(random, 20, 400)
  if (dice < 0.94) return range(random, 400, 2_000)
  return range(random, 2_000, 8_000)
}

/** Some open it at the same moment, where the theme says so. */
function together(random: Random, cast: readonly Role[], { opensTogether }: Profile, step: Step): Step[] {
  const { atMs, act } = step
  if (!opensTogether || act.type !== 'openDoc') return [step]
  const others = random.sample(cast, range(random, 2, 3)).filter(({ name }) => name !== act.who)
  return [step, ...others.map(({ name: who }): Step => ({ atMs, act: { ...act, who } }))]
}

// ---------------------------------------------------------------------------------------------- traffic

function drawTraffic(random: Random, cast: readonly Role[], profile: Profile, id: string): Act {
  const { name: who } = oneOf(random, cast)
  if (chance(random, profile.documents)) return drawDocuments(random, profile, who)
  if (profile.casts !== undefined && chance(random, profile.casts))
    return { type: 'cast', who, id, toOne: chance(random, 0.5) }
  const dice = random.float()
  if (dice < 0.78) return drawSend(random, cast, profile, who, id)
  if (dice < 0.84) return { type: 'cast', who, id, toOne: dice < 0.81 }
  if (dice < 0.88) return { type: 'enterRoom', who, room: rooms[1] }
  if (dice < 0.89) return { type: 'leaveRoom', who, room: rooms[1] }
  if (dice < 0.93) return { type: 'lead', who, role: oneOf(random, roleNames) }
  if (dice < 0.95) return { type: 'stopLeading', who, role: oneOf(random, roleNames) }
  if (dice < 0.97) return { type: 'leave', who }
  return { type: 'join', who }
}

/** One of the last few things sent, as it was: most likely while it is still under way, or its sender was killed meanwhile. */
function drawAgain(random: Random, { sentAgain }: Profile, steps: readonly Step[]): Act | undefined {
  if (sentAgain === undefined || !chance(random, sentAgain)) return undefined
  const sent = steps.map(({ act }) => act).filter(({ type }) => type === 'send')
  return sent.length === 0 ? undefined : oneOf(random, sent.slice(-8))
}

function drawSend(random: Random, cast: readonly Role[], profile: Profile, who: string, id: string): Act {
  const dice = random.float()
  const to = dice < 0.5 ? '#general' : dice < 0.58 ? '#side' : `@${oneOf(random, cast).label}`
  const bytes = weighted(random, [
    [90, range(random, 10, 200)],
    [9, range(random, 200, 30_000)],
    [1, range(random, 30_000, 300_000)],
  ])
  const count = bytes < 1_000 && chance(random, 0.15) ? range(random, 2, 40) : 1
  const longestMs = profile.shortLived === undefined ? 60_000 : 8_000
  const isLong = profile.longLived !== undefined && chance(random, profile.longLived)
  const isShort = !isLong && chance(random, profile.shortLived ?? 0.06)
  const ttl = isLong
    ? { ttlMs: range(random, 60, 300) * dayMs }
    : isShort
      ? { ttlMs: range(random, 2_000, longestMs) }
      : {}
  return { type: 'send', who, to, id, count, bytes, ...ttl }
}

function drawDocuments(random: Random, { largeEdits = 0, imports }: Profile, who: string): Act {
  const doc = chance(random, 0.75) ? docNames[0] : docNames[1]
  if (imports !== undefined && chance(random, imports))
    return { type: 'import', who, doc, seed: random.integer(2 ** 31), whole: chance(random, 0.2) }
  const dice = random.float()
  if (dice < 0.18) return { type: 'openDoc', who, doc }
  if (dice < 0.25) return { type: 'closeDoc', who, doc }
  if (dice < 0.33) return { type: 'aware', who, doc }
  const count = chance(random, 0.85) ? 1 : range(random, 2, 30)
  const large = largeEdits > 0 && chance(random, largeEdits)
  const edits = { seed: random.integer(2 ** 31), count, ask: chance(random, 0.4) }
  return { type: 'edit', who, doc, ...edits, ...(large && { large }) }
}
