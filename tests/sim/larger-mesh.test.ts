// A mesh of more peers than a peer keeps links, all of them whole: what holds of a small mesh holds of it.

import { expect, test } from 'vitest'
import type { DocHandle } from '../../core/api.ts'
import { limits } from '../../core/base/limits.ts'
import type { World } from '../../core/platform/sim/world.ts'
import { textOf } from '../stories/mesh-stage.ts'
import { agreedLeader, createMeshWorld, joinAs, leadAll, server, type Actor, untilLed } from './mesh-world.ts'

const count = 20

/** They know one another, and nobody else. */
const isWhole = (actors: readonly Actor[]): boolean =>
  actors.every(
    ({ mesh }) =>
      mesh.others.size === actors.length - 1 &&
      actors.every((other) => other.mesh === mesh || mesh.others.has(other.mesh.me.id)),
  )

async function untilWhole(world: World, actors: readonly Actor[]): Promise<void> {
  // Looked at now and then: at each event it would be most of the work.
  for (let i = 0; i < 600 && !isWhole(actors); i++) await world.run(200)
  expect(isWhole(actors)).toBe(true)
}

const counted = (actors: readonly Actor[], counter: string): number =>
  actors.reduce((sum, { mesh }) => sum + (mesh.status().counters[counter] ?? 0), 0)

test(
  'OV26 OV37 OV38 a mesh of 20 agrees, passes everything on, follows a new leader and takes back who was cut off',
  { timeout: 120_000 },
  async () => {
    const world = createMeshWorld(51)
    const actors: Actor[] = []
    for (let i = 0; i < count; i++) {
      actors.push(await joinAs(world, `peer-${i}`))
      await world.run(50)
    }
    await untilWhole(world, actors)
    await untilLed(world, actors, 'peer-0')
    const duties = leadAll(actors)
    for (const { mesh } of actors) await world.finish(mesh.room('general').join())
    const docs: DocHandle[] = []
    for (const { mesh } of actors) docs.push(await world.finish(mesh.doc('notes')))
    await world.run(10_000)
    // Each knows of all the others that they have it open: an edit goes to those.
    expect(docs.map(({ basedOn }) => basedOn.length)).toEqual(docs.map(() => count - 1))
    // Nobody has a link to each of the others, or this would be a small mesh.
    const links = actors.map(({ mesh }) => mesh.status().links.length)
    expect(Math.min(...links)).toBeLessThan(count - 1)

    const heard = new Set<string>()
    for (const { mesh, name } of actors) mesh.onCast('news', () => heard.add(name))
    const sentBefore = counted(actors, 'broadcastsSent')
    actors[5]!.mesh.cast('news', 'hi')
    await world.run(limits.offerDelayMs / 2)
    expect(heard.size).toBe(count - 1)
    const mostLinks = limits.broadcastSources * count
    expect(counted(actors, 'broadcastsSent') - sentBefore).toBeLessThanOrEqual(2 * mostLinks - (count - 1))

    const sent = await world.finish(actors[7]!.mesh.send('#general', 'to all'))
    await world.finish(sent.delivered())
    expect(sent.deliveredTo.size).toBe(count - 1)
    docs[9]!.doc.getText('text').insert(0, 'grey geese')
    await world.until(() => docs.every((handle) => textOf(handle) === 'grey geese'), { withinMs: 5_000 })
    await world.run(1_000)
    expect(docs.filter(({ synced }) => !synced)).toEqual([])

    const lone = actors[12]!
    const place = lone.mesh.me.seniority
    expect(place).toBeGreaterThan(1)
    const rest = actors.filter((actor) => actor !== lone)
    world.partition([[lone.name], [...rest.map(({ name }) => name), server]])
    await untilWhole(world, rest)
    await world.until(() => lone.mesh.others.size === 0, { withinMs: 60_000, what: 'it is alone' })
    expect(agreedLeader(rest)).toBe('peer-0')
    docs[3]!.doc.getText('text').insert(0, 'one of ')
    docs[12]!.doc.getText('text').insert(0, 'some ')
    world.heal()
    await untilWhole(world, actors)
    await untilLed(world, actors, 'peer-0')
    expect(lone.mesh.me.seniority).toBe(place)
    const isEqual = (): boolean => new Set(docs.map(textOf)).size === 1 && docs.every(({ synced }) => synced)
    await world.until(isEqual, { withinMs: 60_000, what: 'the copies are equal' })
    expect(['some one of grey geese', 'one of some grey geese']).toContain(textOf(docs[0]!))

    const [leader, ...survivors] = actors
    await world.until(() => duties.running.size === 1, { withinMs: 10_000, what: 'one duty runs' })
    leader!.process.kill()
    duties.running.delete('peer-0')
    const killedAtMs = world.now
    const isFollowed = (): boolean => (agreedLeader(survivors) ?? 'peer-0') !== 'peer-0'
    await world.until(isFollowed, { withinMs: 120_000, what: 'another leads' })
    expect(world.now - killedAtMs).toBeLessThan(2_000) // virtual time: a socket bore witness
    await untilWhole(world, survivors)
    await world.run(5_000)
    expect([...duties.running]).toEqual([agreedLeader(survivors)])
    const last = await world.finish(actors[17]!.mesh.send('#general', 'after all'))
    await world.until(() => last.deliveredTo.size === count - 2, { withinMs: 10_000, what: 'all have it' })
  },
)
