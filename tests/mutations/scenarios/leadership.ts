// Who leads, in which epoch, and what a leader may still do when it leads no more.

import type { FencingToken } from '../../../core/api.ts'
import type { MeshError } from '../../../core/base/errors.ts'
import type { PeerId } from '../../../core/base/ids.ts'
import { limits } from '../../../core/base/limits.ts'
import type { World } from '../../../core/platform/sim/world.ts'
import { Fence } from '../../../core/public.ts'
import {
  agreedLeader,
  createMeshWorld,
  joinAs,
  joinInTurn,
  server,
  untilLed,
  type Actor,
} from '../../sim/mesh-world.ts'
import { always, demand, eventually } from './complaint.ts'
import { Puppet } from './puppet.ts'
import type { Scenario } from './scenarios.ts'

const secondServer = 'ws://two.test'

/** What the disk holds as the highest epoch; 0: none. A checksum of four bytes comes before the digits. */
function storedEpoch(world: World, disk: string): number {
  const value = world.disk(disk).read('epoch/')
  return value ? Number(Buffer.from(value.subarray(4)).toString()) : 0
}

const leads = ({ mesh }: Actor): boolean => mesh.leader?.id === mesh.me.id

/** Agreement that lasts: views may differ for a moment. */
async function settle(world: World, complaint: string, actors: readonly Actor[]): Promise<void> {
  await eventually(world, 60_000, complaint, () => agreedLeader(actors) !== undefined)
  await world.run(5_000)
  demand(agreedLeader(actors) !== undefined, complaint)
}

export const leadershipScenarios: readonly Scenario[] = [
  {
    name: 'the first epoch',
    play: async () => {
      const world = createMeshWorld(2301)
      const alice = await joinAs(world, 'alice')
      const isStored = (): boolean => storedEpoch(world, 'alice') >= alice.mesh.epoch
      await always(world, 5_000, 'an epoch was used before it was stored', isStored)
      demand(alice.mesh.epoch === 1 && leads(alice), 'nobody leads')
    },
  },
  {
    name: 'a follower that starts alone',
    play: async () => {
      const world = createMeshWorld(2302)
      const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      alice.process.kill()
      await untilLed(world, [bob], 'bob')
      const back = await joinAs(world, 'alice', { process: alice.process.restart() })
      await untilLed(world, [bob, back], 'bob')
      await world.run(1_000)
      const { epoch } = bob.mesh
      for (const { process } of [bob, back]) process.kill()
      await world.run(5_000)
      const alone = await joinAs(world, 'alice', { process: back.process.restart() })
      await eventually(world, 30_000, 'nobody leads', () => leads(alone))
      demand(alone.mesh.epoch > epoch, 'an epoch was used again by another leader', `${alone.mesh.epoch}`)
    },
  },
  {
    name: 'somebody claims',
    play: async () => {
      const world = createMeshWorld(2303)
      const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      const puppet = await Puppet.join(world, 'puppet')
      await puppet.link(world, bob.mesh.me.id)
      await world.until(() => [alice, bob].every(({ mesh }) => mesh.others.has(puppet.id)))
      const claim = (epoch: number): void =>
        void puppet.broadcast(bob.mesh.me.id, { type: 'claim', role: '', epoch, leader: puppet.id })
      claim(50)
      const isRight = (): boolean => [alice, bob].every(({ mesh }) => mesh.leader?.name === 'alice')
      await always(world, 8_000, 'a claim was accepted from a peer that the view does not elect', isRight)
      claim(2 ** 40)
      const isReachable = (): boolean => [alice, bob].every(({ mesh }) => mesh.epoch < 2 ** 20)
      await always(world, 8_000, 'an epoch was believed that is far beyond all that was seen', isReachable)
    },
  },
  {
    name: 'a newcomer after a forgery',
    play: async () => {
      const world = createMeshWorld(2314)
      const bob = await joinAs(world, 'bob')
      const leader = await Puppet.join(world, 'leader')
      leader.record = { ...leader.record, priority: 10, seniority: 1 }
      leader.claims = [{ role: '', epoch: 2 ** 30, leader: leader.id }]
      await leader.link(world, bob.mesh.me.id)
      const follows = (): boolean => bob.mesh.leader?.id === leader.id && bob.mesh.epoch === 2 ** 30
      await eventually(world, 30_000, 'a newcomer never follows a leader whose epoch is far ahead', follows)
    },
  },
  {
    name: 'a claim in the name of the leader',
    play: async () => {
      const world = createMeshWorld(2316)
      const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      await untilLed(world, [alice, bob], 'alice')
      await world.run(5_000)
      const liar = await Puppet.join(world, 'liar')
      await liar.link(world, bob.mesh.me.id)
      const forge = (leader: PeerId, epoch: number): void =>
        liar.direct(bob.mesh.me.id, { type: 'claim', role: '', epoch, leader })
      // The first lets bob believe the second, which is further above what alice has seen than she ever believes at once.
      forge(liar.id, limits.maxEpochJump / 2)
      forge(alice.mesh.me.id, limits.maxEpochJump + limits.maxEpochJump / 2)
      await world.run(1_000)
      const areOne = (): boolean =>
        alice.mesh.epoch === bob.mesh.epoch && bob.mesh.epoch > limits.maxEpochJump
      await eventually(world, 60_000, 'a follower of a forged epoch never comes back to its leader', areOne)
    },
  },
  {
    name: 'before everybody was met',
    play: async () => {
      const world = createMeshWorld(2304)
      // The server names it, and no link to it forms: as long as it may be a mesh of its own, nobody may begin one.
      await Puppet.join(world, 'silent')
      const actors = [await joinAs(world, 'alice'), await joinAs(world, 'bob')]
      const isSettled = ({ mesh }: Actor): boolean => !mesh.leader || mesh.leader.seniority !== undefined
      await always(world, 20_000, 'a peer leads before it knows who is there', () => actors.every(isSettled))
      demand(agreedLeader(actors) !== undefined, 'nobody leads')
    },
  },
  {
    name: 'two meshes of equal rank meet',
    play: async () => {
      const world = createMeshWorld(2305)
      world.server(secondServer)
      world.partition([
        ['alice', 'bob', server],
        ['carol', 'dave', secondServer],
      ])
      const signaling = [server, secondServer]
      const joined = (name: string): Promise<Actor> => joinAs(world, name, { signaling })
      const pair = async (first: string, second: string): Promise<Actor[]> => {
        const pair = [await joined(first), await joined(second)]
        await eventually(world, 60_000, 'a pair has no leader', () =>
          pair.every(({ mesh }) => mesh.others.size === 1 && mesh.leader !== undefined),
        )
        return pair
      }
      const actors = [...(await pair('alice', 'bob')), ...(await pair('carol', 'dave'))]
      world.heal()
      const areAll = (): boolean => actors.every(({ mesh }) => mesh.others.size === 3)
      await eventually(world, 120_000, 'the two do not meet', areAll)
      await settle(world, 'two of equal rank both lead', actors)
    },
  },
  {
    name: 'a greater epoch meets a smaller one',
    play: async () => {
      const world = createMeshWorld(2306)
      world.server(secondServer)
      world.partition([
        ['bob', 'alice', server],
        ['carol', 'dave', secondServer],
      ])
      const signaling = [server, secondServer]
      const bob = await joinAs(world, 'bob', { signaling })
      await eventually(world, 60_000, 'bob does not lead', () => leads(bob))
      const alice = await joinAs(world, 'alice', { signaling, priority: 10 })
      await eventually(world, 60_000, 'alice does not lead', () => leads(alice) && !leads(bob))
      const carol = await joinAs(world, 'carol', { signaling })
      const dave = await joinAs(world, 'dave', { signaling })
      await eventually(world, 60_000, 'carol does not lead', () => agreedLeader([carol, dave]) === 'carol')
      const highest = Math.max(alice.mesh.epoch, carol.mesh.epoch)
      demand(alice.mesh.epoch > carol.mesh.epoch, 'the epochs are not as this story needs them')
      world.heal()
      const actors = [alice, bob, carol, dave]
      await eventually(world, 120_000, 'alice does not lead all', () => agreedLeader(actors) === 'alice')
      await settle(world, 'two lead one mesh', actors)
      const complaint = 'two parts of a mesh became one without an epoch above both'
      demand(alice.mesh.epoch > highest, complaint, `${alice.mesh.epoch} after ${highest}`)
    },
  },
  {
    name: 'a lone peer meets a mesh',
    play: async () => {
      const world = createMeshWorld(2307)
      const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      world.partition([['alice', 'bob', server], ['carol']])
      const carol = await joinAs(world, 'carol')
      await eventually(world, 60_000, 'carol does not lead', () => leads(carol))
      world.heal()
      const isMet = (): boolean => [alice, bob, carol].every(({ mesh }) => mesh.others.size === 2)
      await eventually(world, 60_000, 'they do not meet', isMet)
      await world.run(5_000)
      const isLast = (carol.mesh.me.seniority ?? 0) > bob.mesh.me.seniority!
      demand(isLast, 'a lone peer kept its rank when it met a mesh')
    },
  },
  {
    name: 'an act of a former leader',
    play: async () => {
      const world = createMeshWorld(2308)
      const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      const tokens: FencingToken[] = []
      for (const { mesh } of [alice, bob]) mesh.lead(({ token }) => void tokens.push(token()))
      await world.until(() => tokens.length === 1, { what: 'alice acts' })
      alice.process.freeze()
      await world.until(() => tokens.length === 2, { what: 'bob acts' })
      const fence = new Fence('')
      demand(fence.admit(tokens[1]!), 'the leader is not admitted')
      demand(!fence.admit(tokens[0]!), 'a lower token was accepted after a higher one')
    },
  },
  {
    name: 'a leader wakes',
    play: async () => {
      for (let seed = 2309; seed < 2311; seed++) {
        const world = createMeshWorld(seed)
        const [alice, bob, carol] = (await joinInTurn(world, ['alice', 'bob', 'carol'])) as [
          Actor,
          Actor,
          Actor,
        ]
        const acts = keepActing(alice)
        await world.run(1_000)
        demand(acts.length > 0, 'the leader does not act')
        alice.process.freeze()
        await eventually(world, 10_000, 'a frozen leader is not replaced', () =>
          [bob, carol].every((actor) => agreedLeader([bob, actor]) === 'bob'),
        )
        await world.run(10_000)
        const before = acts.length
        alice.process.wake()
        await world.run(5_000)
        const late = acts.slice(before).filter((act) => act !== 'not-leader')
        demand(late.length === 0, 'a leader acted after it had been replaced', late.join())
      }
    },
  },
  {
    name: 'a successor that cannot store',
    play: async () => {
      const world = createMeshWorld(2313)
      const [alice, bob, carol] = (await joinInTurn(world, ['alice', 'bob', 'carol'])) as [
        Actor,
        Actor,
        Actor,
      ]
      world.disk('bob').failing = 'storage-full'
      alice.process.kill()
      const complaint = 'nobody leads, because the next in rank cannot store an epoch'
      await eventually(world, 20_000, complaint, () => agreedLeader([bob, carol]) === 'carol')
    },
  },
  {
    name: 'hidden for six minutes',
    play: async () => {
      const world = createMeshWorld(2311)
      const actors = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      actors[0].process.hide()
      await world.run(6 * 60_000)
      demand(agreedLeader(actors) === 'bob', 'a tab hidden for six minutes leads although a fitter one lives')
    },
  },
  {
    name: 'a primary takes over',
    play: async () => {
      const world = createMeshWorld(2312)
      const actors = await joinInTurn(world, ['alice', 'bob'])
      const running = new Set<string>()
      let most = 0
      const act = ({ name, mesh }: Actor): void =>
        void mesh.lead(({ signal }) => {
          running.add(name)
          most = Math.max(most, running.size)
          signal.addEventListener('abort', () => running.delete(name))
        })
      actors.forEach(act)
      await eventually(world, 10_000, 'nobody acts', () => running.has('alice'))
      const primary = await joinAs(world, 'primary', { priority: 10 })
      act(primary)
      await eventually(world, 30_000, 'the primary does not act', () => running.has('primary'))
      await world.run(2_000)
      demand(most === 1, 'two duties ran at once although nobody was cut off')
    },
  },
]

/** Acts ten times a second for as long as it may; returns what came of it. */
function keepActing({ mesh, process: { clock } }: Actor): string[] {
  const acts: string[] = []
  mesh.lead(({ signal, token }) => {
    const act = (): void => {
      if (signal.aborted) return
      try {
        acts.push(`acted in ${token().epoch}`)
      } catch (problem) {
        acts.push((problem as MeshError).code)
      }
      clock.alarm(clock.now().monotonicMs + 100, act)
    }
    act()
  })
  return acts
}
