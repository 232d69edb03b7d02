import { beforeEach, describe, expect, test } from 'vitest'
import type { PeerId } from '../../core/base/ids.ts'
import { limits } from '../../core/base/limits.ts'
import type { Instant } from '../../core/base/ports.ts'
import { createRandom } from '../../core/base/random.ts'
import type { ElectionEffect } from '../../core/election/protocol.ts'
import type { PeerInput } from '../../core/peer-io.ts'
import { Peer } from '../../core/peer.ts'
import { Roles } from '../../core/peer-roles.ts'
import type { PeerRecord } from '../../core/wire/messages.ts'
import { createMeshWorld, joinInTurn, leadAll } from '../sim/mesh-world.ts'
import { recordOf } from './overlay-world.ts'

const indexer = [{ role: 'indexer', priority: 0 }]
const alice: PeerRecord = { ...recordOf('alice'), seniority: 2 }
const bob: PeerRecord = { ...recordOf('bob'), seniority: 1, roles: indexer }
const mallory = recordOf('erin').id
const stranger = (i: number): PeerId => recordOf(String(i)).id

/** The roles of alice, and what their elections want. */
let roles: Roles
let effects: (ElectionEffect & { readonly of: string })[]
let nowMs: number

beforeEach(() => {
  effects = []
  nowMs = 1000
  roles = new Roles(alice.id, 0, (of, effect) => effects.push({ of, ...effect }))
})

const claims = (role: string, epoch: number, leader: PeerId): void =>
  roles.claim({ role, epoch, leader }, leader, {}, nowMs)

/** Many roles nobody here stands for: the inboxes of all who ever came by, say, or one for each job that was done. */
const claimsOfOthers = (count = limits.maxRoles + 1): void => {
  for (let i = 0; i < count; i++) claims(`inbox/${i}`, 1, stranger(i))
}

/** alice stands from now on; the others are as given. */
function stand(role = 'indexer', ...others: PeerRecord[]): void {
  roles.add(role, 0, nowMs)
  roles.view([{ ...alice, roles: [{ role, priority: 0 }] }, ...others], undefined, nowMs)
}

describe('EL5 claims of roles that this peer does not stand for', () => {
  test('EL5 are known to it when it stands, however many others were heard of before', () => {
    claimsOfOthers()
    claims('indexer', 7, bob.id)
    stand('indexer', bob)
    expect(roles.get('indexer')!.leader).toBe(bob.id)
  })

  test('EL5 are known to it also if many were heard of since: those of whom nobody stands any more give way', () => {
    roles.view([alice, bob], undefined, nowMs)
    claims('indexer', 7, bob.id)
    claimsOfOthers()
    stand('indexer', bob)
    expect(roles.get('indexer')!.leader).toBe(bob.id)
  })

  test('EL5 are a bounded number', () => {
    claimsOfOthers(1000)
    expect(roles.claims()).toHaveLength(64)
    expect(roles.claims().at(-1)!.role).toBe('inbox/999')
  })

  test('EL6 one that is far ahead does not hide the true ones', () => {
    claims('indexer', Number.MAX_SAFE_INTEGER, mallory)
    claims('indexer', 7, bob.id)
    stand('indexer', bob)
    expect(roles.get('indexer')!.leader).toBe(bob.id)
  })

  test('EL6 one that is just not far ahead is what the true ones go on above', () => {
    const forged = limits.maxEpochJump / 2
    claims('indexer', forged, mallory)
    claims('indexer', forged + 1, bob.id)
    stand('indexer', bob)
    expect(roles.get('indexer')!.leader).toBe(bob.id)
  })
})

describe('roles that were given up', () => {
  const jobs = Array.from({ length: 100 }, (_, i) => `job-${i}`)
  beforeEach(() => {
    for (const role of jobs) {
      stand(role)
      roles.step(role, { type: 'epochPersisted', epoch: 1 }, nowMs)
      roles.view([alice, bob], undefined, nowMs)
    }
    effects = []
  })

  test('are a bounded number: of the first the last claim is kept, and nothing else', () => {
    expect(jobs.filter((role) => roles.get(role))).toEqual(jobs.slice(-limits.maxRoles))
    expect(roles.claims()).toHaveLength(64)
    stand(jobs[0])
    expect(effects).toContainEqual({ of: jobs[0], type: 'persistEpoch', epoch: 2 })
  })

  test('do not keep their next duty waiting, be it long ago', () => {
    for (const role of [jobs[0]!, jobs[99]!]) {
      roles.view([alice, { ...bob, roles: [{ role, priority: 0 }] }], undefined, nowMs)
      claims(role, 2, bob.id)
      expect(effects).toContainEqual({ of: role, type: 'sendYield', to: bob.id, epoch: 2 })
    }
  })

  test('are told to newcomers after those we stand for', () => {
    stand('indexer')
    roles.step('indexer', { type: 'epochPersisted', epoch: 1 }, nowMs)
    expect(roles.claims()[0]).toEqual({ role: 'indexer', epoch: 1, leader: alice.id })
  })
})

test('what a peer leads is contested where somebody else stands for it', () => {
  stand('indexer')
  roles.step('indexer', { type: 'epochPersisted', epoch: 1 }, nowMs)
  expect(roles.get('indexer')!.leading).toBe(true)
  expect(roles.isContested).toBe(false)
  roles.view(
    [
      { ...alice, roles: indexer },
      { ...bob, seniority: undefined },
    ],
    undefined,
    nowMs,
  )
  expect(roles.isContested).toBe(true)
})

test('a suspended peer begins no duty, not of a role either whose epoch was read only by then', () => {
  const at = (ms: number): Instant => ({ monotonicMs: ms, wallMs: 1_700_000_000_000 + ms })
  const peer = new Peer({
    ...alice,
    hidden: false,
    topic: 'mesh',
    random: createRandom(new Uint8Array(16)),
    timing: limits,
    rows: [],
    epoch: 0,
    now: at(0),
  })
  const duties: string[] = []
  const step = (input: PeerInput, ms: number): void => {
    for (const effect of peer.step(input, at(ms))) {
      if (effect.type === 'emit' && effect.event.event === 'dutyStarts') duties.push(effect.event.role)
      if (effect.type === 'persistEpoch')
        step({ type: 'epochPersisted', role: effect.role, epoch: effect.epoch }, ms)
    }
  }
  step({ type: 'tick' }, 0)
  while (duties.length === 0) step({ type: 'tick' }, peer.deadlineMs)
  const ms = peer.deadlineMs
  step({ type: 'suspend' }, ms)
  step({ type: 'stand', role: 'indexer', priority: 0, epoch: 0 }, ms)
  expect(duties).toEqual([''])
})

test('after many other roles two duties of one role do not run at once', async () => {
  const world = createMeshWorld(8)
  const [alice, bob, , dave] = await joinInTurn(world, ['alice', 'bob', 'carol', 'dave'])
  for (let i = 0; i < 66; i++) {
    const job = dave!.mesh.lead(`job-${i}`, () => undefined)
    await world.run(300)
    await world.finish(job.stop())
  }
  const bobs = leadAll([bob!], 'indexer')
  await world.run(3000)
  // She is senior: she takes over, above his epoch, once his duty has stopped.
  const alices = leadAll([alice!], 'indexer')
  let together = 0
  for (let i = 0; i < 3000; i++) {
    await world.run(1)
    if (alices.running.size + bobs.running.size > 1) together++
  }
  expect(together).toBe(0)
  expect(alices.history).toEqual(['alice in 2'])
})

test('a peer stands for a role with the highest priority of the duties that it has for it', async () => {
  const world = createMeshWorld(9)
  const [alice, bob] = await joinInTurn(world, ['alice', 'bob'])
  const leads = (): Promise<void> => world.run(5000)
  const first = alice!.mesh.lead('indexer', () => undefined, { priority: 5 })
  const bobs = bob!.mesh.lead('indexer', () => undefined, { priority: 3 })
  const second = alice!.mesh.lead('indexer', () => undefined)
  await leads()
  expect([first.active, second.active, bobs.active]).toEqual([true, true, false])
  await world.finish(first.stop())
  await leads()
  expect([second.active, bobs.active]).toEqual([false, true])
})
