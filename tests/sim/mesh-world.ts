// Whole peers in the simulated world: the production driver and mesh handle on simulated ports, with what the
// stories need to know about them written down as it happens.

import { expect } from 'vitest'
import type { LeaderChange, Mesh, MeshOptions, PeersChange } from '../../core/api.ts'
import type { MeshError } from '../../core/base/errors.ts'
import { MeshHandle } from '../../core/mesh.ts'
import { createWorld, type World } from '../../core/platform/sim/world.ts'
import type { SimProcess } from '../../core/platform/sim/process.ts'

export const server = 'ws://signal.test'

export interface Actor {
  readonly name: string
  readonly process: SimProcess
  readonly mesh: Mesh
  readonly leaders: LeaderChange[]
  readonly left: PeersChange['left'][number][]
  readonly errors: MeshError[]
  /** Bodies seen by the inbox loop, each handled. */
  readonly inbox: unknown[]
}

export type ActorOptions = Partial<MeshOptions> & { browser?: string; process?: SimProcess }

export function createMeshWorld(seed: number): World {
  const world = createWorld({ seed })
  world.server(server)
  return world
}

export async function joinAs(world: World, name: string, options: ActorOptions = {}): Promise<Actor> {
  const { browser, process: given, ...rest } = options
  const { store } = rest
  const process =
    given ?? world.platform({ name, ...(browser !== undefined && { browser }), ...(store && { store }) })
  const opening = MeshHandle.open({
    mesh: 'test',
    name,
    kind: 'agent',
    ...rest,
    platform: process,
    servers: Array.isArray(rest.signaling) ? rest.signaling : [server],
  })
  const mesh = await world.finish(opening)
  const actor: Actor = { name, process, mesh, leaders: [], left: [], errors: [], inbox: [] }
  mesh.on('leader', (change) => actor.leaders.push(change))
  mesh.on('peers', (change) => actor.left.push(...change.left))
  mesh.on('error', (error) => actor.errors.push(error))
  return actor
}

/** Joins one after the other, each known to all before the next comes: seniority is the order of the names. */
export async function joinInTurn(
  world: World,
  names: readonly string[],
  options: ActorOptions = {},
): Promise<Actor[]> {
  const actors: Actor[] = []
  for (const name of names) {
    const actor = await joinAs(world, name, options)
    actors.push(actor)
    await untilFullMesh(world, actors)
    const isPlaced = ({ mesh }: Actor): boolean =>
      [...mesh.peers.values()].every((peer) => peer.seniority !== undefined)
    await world.until(() => actors.every(isPlaced) && agreedLeader(actors) !== undefined, {
      withinMs: 30_000,
      what: `${name} has its place`,
    })
  }
  // Their profiles travel as messages do; one that is known can be written to when it is away.
  await world.run(1_000)
  return actors
}

export const untilFullMesh = (world: World, actors: readonly Actor[]): Promise<void> =>
  world.until(
    () =>
      actors.every(
        ({ mesh }) =>
          mesh.status().links.length === actors.length - 1 && mesh.others.size === actors.length - 1,
      ),
    { withinMs: 120_000, what: 'everybody is linked with everybody' },
  )

/** Everybody names the same leader in the same epoch; returns its name. */
export function agreedLeader(actors: readonly Actor[]): string | undefined {
  const views = new Set(actors.map(({ mesh }) => `${mesh.leader?.id} ${mesh.epoch}`))
  return views.size === 1 ? actors[0]!.mesh.leader?.name : undefined
}

export const untilLed = (world: World, actors: readonly Actor[], leader: string): Promise<void> =>
  world.until(() => agreedLeader(actors) === leader, { withinMs: 120_000, what: `${leader} leads` })

/** Takes messages off the inbox for good, as a well-behaved program does. */
export function consume(actor: Actor): void {
  const loop = async (): Promise<void> => {
    for await (const message of actor.mesh.inbox()) {
      await message.handled()
      actor.inbox.push(message.body)
    }
  }
  loop().catch((problem: unknown) => expect(problem).toBeUndefined())
}

/** Which duties run, and whether two ever ran at once. */
export interface DutyLog {
  readonly running: Set<string>
  readonly history: string[]
  most: number
}

export function leadAll(actors: readonly Actor[], role = ''): DutyLog {
  const log: DutyLog = { running: new Set(), history: [], most: 0 }
  for (const { mesh, name } of actors) {
    const duty = ({ epoch, signal }: { epoch: number; signal: AbortSignal }): void => {
      log.running.add(name)
      log.history.push(`${name} in ${epoch}`)
      log.most = Math.max(log.most, log.running.size)
      signal.addEventListener('abort', () => log.running.delete(name))
    }
    if (role === '') mesh.lead(duty)
    else mesh.lead(role, duty)
  }
  return log
}
