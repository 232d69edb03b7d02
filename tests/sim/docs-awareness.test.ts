// Awareness between whole simulated peers: what a program may do with it without harm to itself or the mesh.

import { expect, test, vi } from 'vitest'
import { Awareness } from 'y-protocols/awareness'
import { Doc } from 'yjs'
import type { DocHandle } from '../../core/api.ts'
import type { World } from '../../core/platform/sim/world.ts'
import { type Actor, createMeshWorld, joinInTurn } from './mesh-world.ts'

/** y-protocols takes hold of the wall clock when it is loaded: it has to be ours by then. */
const wallClock = vi.hoisted(() => {
  const real = Date.now
  const clock = { aheadMs: 0 }
  Date.now = () => real() + clock.aheadMs
  return clock
})

interface Pair {
  readonly world: World
  readonly actors: readonly Actor[]
  readonly alice: DocHandle
  readonly bob: DocHandle
  /** Codes of the errors both were told of. */
  readonly codes: readonly string[]
}

async function pair(seed: number, bobsAwareness?: Awareness): Promise<Pair> {
  const world = createMeshWorld(seed)
  const actors = await joinInTurn(world, ['alice', 'bob'])
  const codes: string[] = []
  for (const { mesh } of actors) mesh.on('error', ({ code }) => codes.push(code))
  const alice = await world.finish(actors[0]!.mesh.doc('notes'))
  const options = bobsAwareness && { awareness: bobsAwareness }
  const bob = await world.finish(actors[1]!.mesh.doc('notes', options))
  await world.until(() => alice.synced && bob.synced, { withinMs: 10_000, what: 'both are synced' })
  return { world, actors, alice, bob, codes }
}

const shown = ({ awareness }: DocHandle, of: DocHandle) => awareness.getStates().get(of.doc.clientID)

test('DO11 a listener that throws is reported and costs its program nothing else', async () => {
  const { world, actors, alice, bob, codes } = await pair(321)
  bob.awareness.on('change', () => {
    throw new Error('a fault of the program')
  })
  alice.awareness.setLocalStateField('user', 'alice')
  await world.until(() => codes.length > 0, { withinMs: 10_000, what: 'it is reported' })
  expect(codes).toEqual(['duty-failed'])
  alice.doc.getText('text').insert(0, 'still here')
  await world.until(() => bob.doc.getText('text').length > 0, { withinMs: 10_000, what: 'edits arrive' })
  expect(shown(bob, alice)).toEqual({ user: 'alice' })
  await world.finish(bob.close())
  expect(actors[0]!.mesh.peers.size).toBe(2)
})

test('DO11 a state over the limit is reported to its own program and sent to nobody', async () => {
  const { world, actors, alice, bob, codes } = await pair(322)
  const seen = (state: unknown) =>
    world.until(() => JSON.stringify(shown(bob, alice)) === JSON.stringify(state), {
      withinMs: 10_000,
      what: 'bob sees it',
    })
  alice.awareness.setLocalState({ user: 'alice' })
  await seen({ user: 'alice' })
  for (let step = 0; step < 50; step++) {
    alice.awareness.setLocalState({ user: 'alice', step, picture: 'x'.repeat(20_000) })
    await world.run(20)
  }
  expect(shown(bob, alice)).toEqual({ user: 'alice' })
  alice.awareness.setLocalState({ user: 'alice', step: 50 })
  await seen({ user: 'alice', step: 50 })
  expect(codes).toEqual(['body-too-large'])
  expect(actors[1]!.mesh.status().counters['malformedFrames'] ?? 0).toBe(0)
})

test('DO11 an Awareness of the program’s own keeps those who are still for minutes', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const awareness = new Awareness(new Doc())
    const { world, alice, bob } = await pair(323, awareness)
    alice.awareness.setLocalState({ user: 'alice' })
    await world.until(() => shown(bob, alice) !== undefined, { withinMs: 10_000, what: 'bob sees alice' })
    wallClock.aheadMs = 120_000
    vi.advanceTimersByTime(120_000)
    expect(shown(bob, alice)).toEqual({ user: 'alice' })
    expect(awareness.getStates().size).toBe(2)
    awareness.destroy()
  } finally {
    vi.useRealTimers()
  }
})

test('DO11 closing takes out of an Awareness of the program’s own whom the mesh put in, and nobody else', async () => {
  const awareness = new Awareness(new Doc())
  const { world, actors, alice, bob } = await pair(324, awareness)
  const [hers, third] = [alice.doc.clientID, 1]
  alice.awareness.setLocalState({ user: 'alice' })
  await world.until(() => awareness.getStates().has(hers), { withinMs: 10_000, what: 'alice is shown' })
  // As another provider does it.
  awareness.states.set(third, { user: 'carol' })
  const told: number[] = []
  awareness.on('update', ({ removed }: { removed: number[] }) => told.push(...removed))
  await world.finish(bob.close())
  expect(told).toEqual([hers])
  expect(awareness.getStates().get(third)).toEqual({ user: 'carol' })
  // Opened again, it shows who is there as they were.
  await world.finish(actors[1]!.mesh.doc('notes', { awareness }))
  await world.until(() => awareness.getStates().has(hers), { withinMs: 10_000, what: 'alice is shown again' })
  awareness.destroy()
})
