// Documents over a limit, or that hold what no peer takes in: what is said of them, what becomes of them, and that they
// come back where they can.

import { createEncoder, toUint8Array, writeVarUint } from 'lib0/encoding'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { limits } from '../../core/base/limits.ts'
import { docRange } from '../../core/docs/rows.ts'
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

  test('DO10 it is taken in as soon as there is room for it, and not asked for before', () => {
    const { world, alice, bob } = twoOpen()
    bob.edit('notes', (doc) =>
      doc.getArray('list').push(['a', 'b', 'c', 'd'].map((name) => name.repeat(small / 5))),
    )
    world.run(5_000)
    alice.edit('notes', (doc) => doc.getMap('map').set('half', 'x'.repeat(small / 2)))
    world.run(5_000)
    expect(bob.view('notes')).toMatchObject({ state: 'syncing', problem: { code: 'doc-over-limit' } })
    const asked = (): number => bob.sentTo(alice, 'docWant').length
    const before = asked()
    bob.edit('notes', (doc) => doc.getArray('list').delete(0))
    world.run(1_000)
    expect([asked() - before, bob.view('notes')?.state]).toEqual([0, 'syncing'])
    bob.edit('notes', (doc) => doc.getArray('list').delete(0))
    world.run(1_000)
    expect(asked() - before).toBe(1)
    for (const each of [alice, bob]) expect(each.view('notes')).toMatchObject({ state: 'synced' })
    expect(bob.view('notes')?.problem).toBeUndefined()
  })

  test('DO10 one value that is larger than what may be under way, too', () => {
    const world = new DocsWorld()
    const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
    const MiB = 1024 * 1024
    for (const each of [alice, bob]) each.open('notes', { maxBytes: each === bob ? 10 * MiB : 30 * MiB })
    world.run(2_000)
    bob.edit('notes', (doc) => doc.getMap('map').set('his', 'x'.repeat(4 * MiB)))
    world.run(5_000)
    alice.edit('notes', (doc) => doc.getMap('map').set('hers', 'x'.repeat(8 * MiB)))
    world.run(5_000)
    expect(bob.view('notes')).toMatchObject({ state: 'syncing', problem: { code: 'doc-over-limit' } })
    bob.edit('notes', (doc) => doc.getMap('map').delete('his'))
    world.run(5_000)
    expect(bob.view('notes')).toMatchObject({ state: 'synced', problem: undefined })
  })

  test('DO10 the smallest of what several hold is taken in as soon as there is room for that', () => {
    const world = new DocsWorld()
    const trio = world.joinAll('alice', 'bob', 'carol') as [DocsActor, DocsActor, DocsActor]
    const [alice, bob, carol] = trio
    for (const each of trio) each.open('notes', { maxBytes: each === bob ? small : limits.maxDocBytes })
    world.run(2_000)
    // What they write the one does not get from the other.
    world.filter = ({ from, to }) => from === bob || to === bob
    bob.edit('notes', (doc) =>
      doc.getArray('list').push(['a', 'b', 'c', 'd'].map((name) => name.repeat(small / 5))),
    )
    world.run(1_000)
    alice.edit('notes', (doc) => doc.getMap('map').set('alice', 'x'.repeat(small / 3)))
    world.run(1_000)
    carol.edit('notes', (doc) => doc.getMap('map').set('carol', 'x'.repeat(0.9 * small)))
    world.run(1_000)
    bob.edit('notes', (doc) => doc.getArray('list').delete(0))
    world.run(1_000)
    expect(bob.doc('notes').getMap('map').has('alice')).toBe(true)
  })

  test('DO6 and whoever wrote it does not say synced, however small it was: it is told', () => {
    const { world, alice, bob } = twoOpen()
    for (let i = 0; i < 3; i++) alice.write('notes', 'x'.repeat(small / 2 - 1_000))
    world.run(5_000)
    expect(bob.view('notes')).toMatchObject({ state: 'syncing', problem: { code: 'doc-over-limit' } })
    expect(alice.view('notes')).toMatchObject({ state: 'syncing' })
    bob.close('notes')
    bob.open('notes')
    world.run(5_000)
    for (const each of [alice, bob]) expect(each.view('notes')).toMatchObject({ state: 'synced' })
  })

  test('DO10 what another holds is, where that fits', () => {
    const world = new DocsWorld()
    const trio = world.joinAll('alice', 'bob', 'carol') as [DocsActor, DocsActor, DocsActor]
    const [alice, bob, carol] = trio
    // Those two do not reach each other.
    world.filter = ({ from, to }) => [from, to].includes(bob)
    alice.open('notes')
    writeLarge(alice)
    carol.open('notes')
    carol.write('notes', 'fits')
    world.run(1_000)
    bob.open('notes', { maxBytes: small })
    world.run(5_000)
    expect(bob.text('notes')).toBe('fits')
    expect(bob.view('notes')).toMatchObject({ state: 'syncing', problem: { code: 'doc-over-limit' } })
    alice.edit('notes', (doc) => doc.getMap('map').delete('large'))
    world.run(5_000)
    carol.write('notes', 'still ')
    world.filter = () => true
    world.run(limits.antiEntropyIntervalMs)
    for (const each of trio) {
      expect(each.text('notes')).toBe('still fits')
      expect(each.view('notes')).toMatchObject({ state: 'synced', problem: undefined })
    }
  })

  test('DO6 and those who hold it do not go on asking it at every second', () => {
    const { world, alice, bob } = twoOpen()
    const carol = world.join('carol')
    carol.open('notes')
    writeLarge(alice)
    world.run(5_000)
    expect(bob.view('notes')?.problem?.code).toBe('doc-over-limit')
    const before = bob.sent.length
    world.run(2 * limits.antiEntropyIntervalMs)
    // Each of the two asks twice.
    expect(bob.sent.length - before).toBe(4)
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

describe('at its limit', () => {
  const sizeBytes = (actor: DocsActor): number => actor.opened.get('notes')!.replica.sizeBytes

  /** Both hold a list of so many values, and bob has next to no room left. */
  function full(values: number, bytesEach: number): ReturnType<typeof twoOpen> {
    const cast = twoOpen()
    const { world, alice, bob } = cast
    const value = 'x'.repeat(bytesEach)
    alice.edit('notes', (doc) =>
      doc.getArray('list').insert(
        0,
        Array.from({ length: values }, () => value),
      ),
    )
    world.run(5_000)
    bob.write('notes', 'y'.repeat(small - sizeBytes(bob) - 200))
    world.run(5_000)
    expect([alice, bob].map((each) => each.view('notes')?.state)).toEqual(['synced', 'synced'])
    return cast
  }

  test.each(['pushed', 'fetched'])('DO10 what only deletes is taken in: %s', (how) => {
    const { world, alice, bob } = full(500, 150)
    const transfers = bob.count('docTransfers')
    world.filter = ({ payload }) => payload.type !== 'docUpdates' || how === 'pushed'
    alice.edit('notes', (doc) =>
      doc.transact(() => {
        for (let i = 498; i >= 0; i -= 2) doc.getArray('list').delete(i)
      }),
    )
    world.run(60_000)
    expect(bob.count('docTransfers') > transfers).toBe(how === 'fetched')
    expect(bob.digest('notes')).toBe(alice.digest('notes'))
    expect(bob.view('notes')).toMatchObject({ state: 'synced', problem: undefined })
  })

  /** One operation of each of so many clients. */
  function ofClients(first: number, count: number): Uint8Array {
    const encoder = createEncoder()
    writeVarUint(encoder, count)
    for (let i = 0; i < count; i++) {
      // One struct of that client from clock 0 on: garbage of length 1.
      for (const number of [1, first + i, 0, 0, 1]) writeVarUint(encoder, number)
    }
    writeVarUint(encoder, 0)
    return toUint8Array(encoder)
  }

  test('DO10 more clients than a vector may hold are neither sent nor taken in', () => {
    // Bob with his limit is here to speak only.
    const { world, alice, bob } = twoOpen()
    const most = limits.maxDocClients
    alice.edit('notes', (doc) => Y.applyUpdate(doc, ofClients(1_000_000, most - 10)))
    world.run(100)
    expect(alice.view('notes')?.problem).toBe(undefined)
    const updates = [ofClients(9_000_000, 20)]
    world.say(bob, alice, { type: 'docUpdates', doc: 'notes', number: 1_000, updates })
    expect(alice.view('notes')?.problem?.code).toBe('doc-over-limit')
    expect(alice.opened.get('notes')!.replica.clients).toBe(most - 10)
    alice.edit('notes', (doc) => Y.applyUpdate(doc, updates[0]!))
    expect(alice.view('notes')).toMatchObject({ stored: false, problem: { code: 'doc-over-limit' } })
    world.run(2_000)
    expect(bob.view('notes')).toMatchObject({ state: 'alone', problem: undefined })
    expect([...alice.blamed, ...bob.blamed]).toEqual([])
  })
})

/** 300 lists in each other. */
function deepValue(): unknown[] {
  let deep: unknown[] = []
  for (let i = 0; i < 300; i++) deep = [deep]
  return deep
}

/** Yjs throws as it writes it, after it took it in. */
function circularValue(): Record<string, unknown> {
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  return circular
}

const refused = { state: 'syncing', stored: false, storedUpdates: -1, problem: { code: 'invalid-argument' } }

/** What a later run finds on its disk. */
function reloaded(actor: DocsActor): DocsActor {
  const world = new DocsWorld()
  const later = world.join('later', { rows: actor.rows })
  later.open('notes')
  world.run(1_000)
  return later
}

describe('the program wrote what no peer takes in: it is told, nobody else meets it, and all is as if it were not there', () => {
  test.each([
    ['that nobody could read', deepValue],
    ['that Yjs cannot write', circularValue],
  ])('DO9 a document handed in with a value %s', (_what, value) => {
    const world = new DocsWorld()
    const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
    bob.open('notes')
    world.run(100)
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'words')
    doc.getMap('map').set('bad', value())
    alice.open('notes', { doc })
    world.run(2_000)
    expect(alice.view('notes')).toMatchObject(refused)
    expect(bob.view('notes')).toMatchObject({ state: 'alone' })
    expect([...bob.blamed, ...alice.rows.range(docRange('notes'))]).toEqual([])
  })

  test('DO9 written while the document is loaded', () => {
    const world = new DocsWorld()
    const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
    bob.open('notes')
    alice.storing = false
    alice.open('notes')
    alice.edit('notes', (doc) => doc.getMap('map').set('bad', deepValue()))
    alice.storing = true
    world.run(5_000)
    expect(alice.view('notes')).toMatchObject(refused)
    expect(bob.view('notes')).toMatchObject({ state: 'alone' })
    expect(bob.blamed).toEqual([])
  })

  test('DO9 types nested too deep one edit at a time', () => {
    const { world, alice, bob } = twoOpen()
    let map: Y.Map<unknown> = alice.doc('notes').getMap('map')
    for (let i = 0; i < 300; i++) {
      alice.edit('notes', () => void map.set('child', (map = new Y.Map())))
      world.run(20)
    }
    alice.write('notes', 'words')
    world.run(5_000)
    expect(alice.view('notes')).toMatchObject(refused)
    expect(bob.view('notes')).toMatchObject({ state: 'alone', problem: undefined })
    expect(bob.blamed).toEqual([])
    const later = reloaded(alice)
    expect(later.errors()).toEqual([])
    expect(later.digest('notes')).toBe(bob.digest('notes'))
  })

  test('DO9 what Yjs cannot write, found out when somebody fetches it', () => {
    const { world, alice, bob } = twoOpen()
    alice.write('notes', 'words')
    world.run(100)
    expect(() => alice.edit('notes', (doc) => doc.getMap('map').set('bad', circularValue()))).toThrow()
    const carol = world.join('carol')
    carol.open('notes')
    world.run(5_000)
    expect(alice.view('notes')).toMatchObject(refused)
    for (const each of [bob, carol]) {
      expect(each.view('notes')).toMatchObject({ state: 'synced', problem: undefined })
      expect(each.text('notes')).toBe('words')
    }
  })
})

describe('close', () => {
  const closes = (world: DocsWorld, actor: DocsActor): void => {
    const request = actor.close('notes')
    world.run(5_000)
    expect(actor.answers.get(request)).toEqual({ value: undefined })
  }

  test('a document over its limit can be closed, and holds what was stored when it is opened again', () => {
    const { world, bob } = twoOpen()
    bob.write('notes', 'words')
    world.run(100)
    writeLarge(bob)
    world.run(100)
    expect(bob.view('notes')?.problem?.code).toBe('doc-over-limit')
    closes(world, bob)
    expect(reloaded(bob).text('notes')).toBe('words')
  })

  test('and one that holds what no peer takes in', () => {
    const { world, alice } = twoOpen()
    alice.edit('notes', (doc) => doc.getMap('map').set('bad', deepValue()))
    closes(world, alice)
    alice.open('notes')
    world.run(2_000)
    expect(alice.view('notes')).toMatchObject({ state: 'synced', problem: undefined })
  })

  test('where the copies of others would not fit, what is being written is stored first', () => {
    const { world, alice, bob } = twoOpen()
    writeLarge(alice)
    world.run(5_000)
    bob.write('notes', 'own words')
    closes(world, bob)
    expect(reloaded(bob).text('notes')).toBe('own words')
  })
})

test('DO10 what was written while a document was over its limit, only until all of it was loaded, is stored', () => {
  const world = new DocsWorld()
  const alice = world.join('alice')
  alice.open('notes')
  alice.edit('notes', (doc) => doc.getMap('map').set('large', 'x'.repeat(small)))
  world.settle()
  alice.edit('notes', (doc) => doc.getMap('map').delete('large'))
  world.settle()
  world.kill(alice)
  const again = world.join('alice', { rows: alice.rows })
  again.storing = false
  again.open('notes', { maxBytes: small })
  again.tasks.shift()!()
  expect(again.doc('notes').getMap('map').has('large')).toBe(true)
  again.write('notes', 'kept')
  expect(again.view('notes')?.problem?.code).toBe('doc-over-limit')
  again.storing = true
  world.run(1_000)
  expect(again.view('notes')).toMatchObject({ stored: true, problem: undefined })
  expect(reloaded(again).text('notes')).toBe('kept')
})
