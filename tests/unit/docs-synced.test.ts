// When two copies are called equal: cases where something is written between a question and its answer, or reaches a
// document by another way than the mesh.

import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { PeerId } from '../../core/base/ids.ts'
import { limits } from '../../core/base/limits.ts'
import { docsOf, DocsWorld, type DocsActor } from './docs-world.ts'

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

describe('what the program changes while something comes in is told and stored like any edit', () => {
  const expectEqual = (world: DocsWorld, alice: DocsActor, bob: DocsActor): void => {
    world.run(3_000)
    expect([alice, bob].map((each) => each.view('notes')?.state)).toEqual(['synced', 'synced'])
    expect(alice.digest('notes')).toBe(bob.digest('notes'))
    expect(bob.view('notes')?.stored).toBe(true)
    const later = new DocsWorld()
    const again = later.join('again', { rows: bob.rows })
    again.open('notes')
    later.run(1_000)
    expect(again.digest('notes')).toBe(bob.digest('notes'))
  }

  test.each(['beforeTransaction', 'beforeAllTransactions', 'afterTransaction'] as const)(
    'DO7 written in %s',
    (event) => {
      const { world, alice, bob } = twoOpen()
      const doc = bob.doc('notes')
      doc.once(event, () => doc.getMap('log').set('seen', 'yes'))
      alice.write('notes', 'words')
      expectEqual(world, alice, bob)
      expect(alice.doc('notes').getMap('log').get('seen')).toBe('yes')
    },
  )

  test('DO7 what another provider handed in too early, completed by what comes in', () => {
    const { world, alice, bob } = twoOpen()
    const other = new Y.Doc()
    const parts: Uint8Array[] = []
    other.on('update', (update: Uint8Array) => parts.push(update))
    other.getText('text').insert(0, 'first ')
    other.getText('text').insert(6, 'second ')
    other.getText('text').delete(0, 1)
    const handIn = (actor: DocsActor, part: number): void =>
      actor.edit('notes', (doc) => Y.applyUpdate(doc, parts[part]!, 'another provider'))
    handIn(bob, 2)
    handIn(bob, 1)
    world.run(1_000)
    expect(bob.view('notes')?.state).toBe('syncing')
    handIn(alice, 0)
    expectEqual(world, alice, bob)
    expect(alice.text('notes')).toBe('irst second ')
  })
})

test('what waits inside Yjs and goes on waiting makes nothing that comes in an edit', () => {
  const { world, alice, bob } = twoOpen()
  const other = new Y.Doc()
  other.getText('text').insert(0, 'missing ')
  const before = Y.encodeStateVector(other)
  other.getText('text').insert(0, 'waits ')
  other.getText('text').delete(8, 2)
  bob.edit('notes', (doc) => Y.applyUpdate(doc, Y.encodeStateAsUpdate(other, before)))
  world.run(1_000)
  const sent = bob.sentTo(alice, 'docUpdates').length
  for (const word of ['some ', 'words ']) alice.write('notes', word)
  world.run(1_000)
  expect(bob.text('notes')).toBe('words some ')
  expect(bob.sentTo(alice, 'docUpdates')).toHaveLength(sent)
})

test('DO6 nobody calls a copy synced while it says that it waits for another, whom we lack nothing of', () => {
  const world = new DocsWorld()
  const trio = world.joinAll('alice', 'bob', 'carol') as [DocsActor, DocsActor, DocsActor]
  const [alice, bob, carol] = trio
  for (const each of trio) each.open('notes')
  world.run(2_000)
  const stateOfCarol = (): string | undefined => carol.view('notes')?.state
  expect(trio.map((each) => each.view('notes')?.state)).toEqual(['synced', 'synced', 'synced'])
  const told = bob.sentTo(carol, 'docs').at(-1)!.open[0]!
  const say = (waitingFor: readonly PeerId[]): void => {
    world.say(bob, carol, docsOf([{ ...told, waitingFor }]))
    world.run(50)
  }
  say([alice.id])
  expect(stateOfCarol()).toBe('syncing')
  world.run(5_000)
  expect(stateOfCarol()).toBe('syncing')
  say([])
  expect(stateOfCarol()).toBe('synced')
  // What tells that it waits no more may be lost by way of others: she asks.
  say([alice.id])
  expect(stateOfCarol()).toBe('syncing')
  world.run(limits.antiEntropyIntervalMs)
  expect(stateOfCarol()).toBe('synced')
})
