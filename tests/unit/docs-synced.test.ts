// When two copies are called equal: cases where something is written between a question and its answer, or reaches a
// document by another way than the mesh.

import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { DocsWorld, type DocsActor } from './docs-world.ts'

/** Both have it open and are synced. */
function twoOpen(): { world: DocsWorld; alice: DocsActor; bob: DocsActor } {
  const world = new DocsWorld()
  const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
  for (const each of [alice, bob]) each.open('notes')
  world.run(2_000)
  expect([alice, bob].map((each) => each.view('notes')?.state)).toEqual(['synced', 'synced'])
  return { world, alice, bob }
}

test('DO6 who asked with an equal copy is not told that it holds what was written before the answer went out', () => {
  const { world, alice, bob } = twoOpen()
  // Alice's link is full: her pieces wait.
  const pump = alice.pump.bind(alice)
  alice.pump = () => undefined
  let lost = false
  world.filter = ({ payload, to }) => {
    if (payload.type !== 'docUpdates' || to !== bob) return true
    if (!lost) return !(lost = true)
    // Bob has all of it by another way a moment before the next update shows him that one is missing.
    bob.edit('notes', (doc) => Y.applyUpdate(doc, Y.encodeStateAsUpdate(alice.doc('notes'))))
    return true
  }
  alice.write('notes', 'lost ')
  world.run(100)
  alice.write('notes', 'next ')
  world.run(50)
  world.filter = () => true
  expect(bob.digest('notes')).toBe(alice.digest('notes'))
  expect(bob.sentTo(alice, 'docWant')).toHaveLength(1)
  // Too large to be pushed.
  alice.edit('notes', (doc) => doc.getMap('map').set('large', 'x'.repeat(100 * 1024)))
  world.run(50)
  alice.pump = pump
  pump(bob.id)
  world.run(10_000)
  expect([alice, bob].map((each) => each.view('notes')?.state)).toEqual(['synced', 'synced'])
  expect(bob.digest('notes')).toBe(alice.digest('notes'))
})
