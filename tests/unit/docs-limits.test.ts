// Documents over a limit, or that hold what no peer takes in: what is said of them, what becomes of them, and that they
// come back where they can.

import { describe, expect, test } from 'vitest'
import { DocsWorld, type DocsActor } from './docs-world.ts'

const small = 100 * 1024

/** Both have it open, bob with a limit of 100 KiB. */
function twoOpen(): { world: DocsWorld; alice: DocsActor; bob: DocsActor } {
  const world = new DocsWorld()
  const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
  alice.open('notes')
  bob.open('notes', { maxBytes: small })
  world.run(2_000)
  expect([alice, bob].map((each) => each.view('notes')?.state)).toEqual(['synced', 'synced'])
  return { world, alice, bob }
}

const writeLarge = (actor: DocsActor): void =>
  actor.edit('notes', (doc) => doc.getMap('map').set('large', 'x'.repeat(3 * small)))

describe('what others hold would take it over its limit', () => {
  test('DO10 it is not taken in, until whoever holds it has gone: then those who are left are synced again', () => {
    const { world, alice, bob } = twoOpen()
    const carol = world.join('carol')
    carol.open('notes', { maxBytes: small })
    world.run(2_000)
    writeLarge(alice)
    world.run(5_000)
    expect(bob.view('notes')).toMatchObject({ state: 'syncing', problem: { code: 'doc-over-limit' } })
    world.kill(alice)
    world.run(10_000)
    for (const each of [bob, carol]) {
      expect(each.view('notes')).toMatchObject({ state: 'synced', problem: undefined })
    }
  })

  test('DO10 or has closed it, or is not listened to any more', () => {
    for (const leave of [
      (_world: DocsWorld, alice: DocsActor) => void alice.close('notes'),
      (world: DocsWorld, alice: DocsActor, bob: DocsActor) =>
        world.say(alice, bob, {
          type: 'docUpdates',
          doc: 'notes',
          number: 1_000,
          updates: [new Uint8Array(3).fill(255)],
        }),
    ]) {
      const { world, alice, bob } = twoOpen()
      writeLarge(alice)
      world.run(5_000)
      expect(bob.view('notes')?.problem?.code).toBe('doc-over-limit')
      leave(world, alice, bob)
      world.run(10_000)
      expect(bob.view('notes')).toMatchObject({ state: 'alone', problem: undefined })
    }
  })
})
