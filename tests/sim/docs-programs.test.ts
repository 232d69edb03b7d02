// What programs do to documents they share, and must not harm more than themselves by it.

import { expect, test } from 'vitest'
import { Awareness } from 'y-protocols/awareness'
import { applyUpdate, Doc } from 'yjs'
import type { DocHandle } from '../../core/api.ts'
import { createMeshWorld, joinAs, joinInTurn, type Actor } from './mesh-world.ts'
import type { World } from '../../core/platform/sim/world.ts'

interface Cast {
  readonly world: World
  readonly alice: Actor
  readonly bob: Actor
  readonly hers: DocHandle
  readonly his: DocHandle
}

/** Both have it open and are synced. */
async function twoOpen(seed: number): Promise<Cast> {
  const world = createMeshWorld(seed)
  const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
  const [hers, his] = [await world.finish(alice.mesh.doc('notes')), await world.finish(bob.mesh.doc('notes'))]
  await untilEqual(world, hers, his)
  return { world, alice, bob, hers, his }
}

const textOf = (handle: DocHandle): string => handle.doc.getText('text').toJSON()

const write = (handle: DocHandle, text: string): void => handle.doc.getText('text').insert(0, text)

const untilEqual = (world: World, a: DocHandle, b: DocHandle): Promise<void> =>
  world.until(() => a.synced && b.synced && textOf(a) === textOf(b), { withinMs: 60_000, what: 'equal' })

const codes = (actor: Actor): string[] => actor.errors.map(({ code }) => code)

test('a listener that throws in the midst of Yjs’ own work keeps nothing from being stored and sent', async () => {
  const { world, alice, hers, his } = await twoOpen(931)
  for (const event of ['update', 'afterTransactionCleanup'] as const) {
    hers.doc.once(event, () => {
      throw new Error(`thrown in ${event}`)
    })
    write(his, 'his; ')
    await untilEqual(world, hers, his)
    write(hers, 'hers; ')
    await untilEqual(world, hers, his)
  }
  hers.doc.once('update', () => {
    throw new Error('thrown at an edit')
  })
  expect(() => write(hers, 'last; ')).toThrow('thrown at an edit')
  await untilEqual(world, hers, his)
  await world.finish(hers.whenStored())
  const text = textOf(hers)
  expect(text).toBe('last; hers; his; hers; his; ')
  alice.process.kill()
  const again = await joinAs(world, 'alice', { process: alice.process.restart() })
  const reopened = await world.finish(again.mesh.doc('notes'))
  expect(textOf(reopened)).toBe(text)
})

test('DO6 a document into which its program put something too early says so, though nothing else happens to it', async () => {
  const { world, hers, his } = await twoOpen(939)
  const other = new Doc()
  const parts: Uint8Array[] = []
  other.on('update', (update: Uint8Array) => parts.push(update))
  // Everybody is told of everything, and the mesh is at rest.
  await world.run(60_000)
  for (const word of ['first ', 'second ']) other.getText('text').insert(other.getText('text').length, word)
  applyUpdate(hers.doc, parts[1]!)
  await world.run(1_000)
  expect(hers.state).toBe('syncing')
  applyUpdate(hers.doc, parts[0]!)
  await untilEqual(world, hers, his)
  expect(textOf(his)).toBe('first second ')
})

test.each(['handed in', 'put in', 'put in with an edit'])(
  'what waits inside Yjs for something else is not called stored (%s)',
  async (how) => {
    const { world, alice, hers } = await twoOpen(940)
    await world.finish(hers.close())
    const other = new Doc()
    const parts: Uint8Array[] = []
    other.on('update', (update: Uint8Array) => parts.push(update))
    for (const word of ['first ', 'second ']) other.getText('text').insert(other.getText('text').length, word)
    const doc = new Doc()
    if (how === 'handed in') applyUpdate(doc, parts[1]!)
    const handle = await world.finish(alice.mesh.doc('notes', { doc }))
    if (how === 'put in') applyUpdate(doc, parts[1]!)
    if (how === 'put in with an edit')
      doc.transact(() => {
        doc.getMap('map').set('edited', true)
        applyUpdate(doc, parts[1]!)
      })
    let isStored = false
    const waits = handle.whenStored().then(() => (isStored = true))
    await world.run(5_000)
    expect([handle.stored, isStored]).toEqual([false, false])
    applyUpdate(doc, parts[0]!)
    await world.finish(waits)
    expect(handle.stored).toBe(true)
    alice.process.kill()
    const again = await joinAs(world, 'alice', { process: alice.process.restart() })
    expect(textOf(await world.finish(again.mesh.doc('notes')))).toBe('first second ')
  },
)

test.each(['closed', 'left'])(
  'what a listener threw at is stored though it is %s in the same task',
  async (end) => {
    const { world, alice, hers } = await twoOpen(938)
    // Before ours: a document of the program’s own, with a listener of its own.
    const doc = new Doc()
    doc.once('update', () => {
      throw new Error('thrown at an edit')
    })
    await world.finish(hers.close())
    const handle = await world.finish(alice.mesh.doc('notes', { doc }))
    expect(() => write(handle, 'words')).toThrow('thrown at an edit')
    await world.finish(end === 'closed' ? handle.close() : alice.mesh.leave())
    alice.process.kill()
    const again = await joinAs(world, 'alice', { process: alice.process.restart() })
    expect(textOf(await world.finish(again.mesh.doc('notes')))).toBe('words')
  },
)

test('a value that Yjs cannot write ends nothing: the document says so at once, and the others go on', async () => {
  const { world, alice, hers, his } = await twoOpen(932)
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  expect(() => hers.doc.getMap('map').set('bad', circular)).toThrow()
  await world.run(1)
  expect(hers.problem?.code).toBe('invalid-argument')
  expect(alice.mesh.status().docs[0]?.stored).toBe(false)
  const carol = await joinAs(world, 'carol')
  const third = await world.finish(carol.mesh.doc('notes'))
  write(his, 'words')
  await untilEqual(world, third, his)
  expect(codes(alice)).toEqual(['invalid-argument'])
  await world.finish(hers.close())
  await untilEqual(world, await world.finish(alice.mesh.doc('notes')), his)
})

test('whenStored() and close() come to an end on a slow disk while somebody else types', async () => {
  const { world, hers, his } = await twoOpen(933)
  world.disk('alice').slowMs = 20
  let waiting = 0
  const done = async (what: Promise<void>): Promise<void> => {
    waiting++
    await what
    waiting--
  }
  const type = async (): Promise<void> => {
    write(his, 'x')
    await world.run(15)
  }
  const untilDone = async (): Promise<void> => {
    for (let i = 0; waiting > 0; i++) {
      expect(i).toBeLessThan(200)
      await type()
    }
  }
  for (let i = 0; i < 30; i++) await type()
  void done(hers.whenStored())
  await untilDone()
  void done(hers.close())
  await untilDone()
})

test('whenStored() asked for while the store fails is told so when it fails again, and not before', async () => {
  const { world, hers } = await twoOpen(936)
  world.disk('alice').failing = 'storage-full'
  write(hers, 'kept')
  await world.until(() => hers.problem !== undefined, { withinMs: 10_000, what: 'it failed' })
  await expect(world.finish(hers.whenStored())).rejects.toMatchObject({ code: 'storage-full' })
  const later = hers.whenStored()
  world.disk('alice').failing = undefined
  await world.finish(later)
})

test('an Awareness handed in whose state is no JSON is reported, and the document opens', async () => {
  const world = createMeshWorld(934)
  const alice = await joinAs(world, 'alice')
  const awareness = new Awareness(new Doc())
  awareness.setLocalState({ large: 1n })
  const handle = await world.finish(alice.mesh.doc('notes', { awareness }))
  expect(alice.errors.map(({ message }) => message)).toEqual([expect.stringContaining('BigInt')])
  await world.finish(handle.close())
  awareness.destroy()
})

test.each(['handed in', 'ours'])('a Y.Doc (%s) that the program destroys is closed', async (whose) => {
  const world = createMeshWorld(935)
  const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
  const options = whose === 'ours' ? {} : { doc: new Doc() }
  const hers = await world.finish(alice.mesh.doc('notes', options))
  const second = await world.finish(alice.mesh.doc('notes'))
  const his = await world.finish(bob.mesh.doc('notes'))
  await untilEqual(world, hers, his)
  write(hers, 'words')
  hers.doc.destroy()
  await world.until(() => his.state === 'alone', { withinMs: 10_000, what: 'bob is told' })
  expect(textOf(his)).toBe('words')
  await expect(world.finish(second.whenStored())).rejects.toMatchObject({ code: 'left' })
  for (const handle of [hers, second]) await world.finish(handle.close())
  expect(alice.mesh.status().docs).toEqual([])
  const again = await world.finish(alice.mesh.doc('notes'))
  expect(textOf(again)).toBe('words')
  await untilEqual(world, again, his)
  expect(codes(alice)).toEqual([])
})

test('a Y.Doc that is destroyed while the store fails is closed when it works again, and until then there is no other', async () => {
  const { world, alice, hers, his } = await twoOpen(937)
  world.disk('alice').failing = 'storage-failed'
  hers.doc.transact(() => write(hers, 'words'))
  hers.doc.destroy()
  await world.until(() => alice.errors.length > 0, { withinMs: 10_000, what: 'it was not stored' })
  await expect(world.finish(alice.mesh.doc('notes'))).rejects.toMatchObject({ code: 'storage-failed' })
  world.disk('alice').failing = undefined
  await world.until(() => his.state === 'alone', { withinMs: 60_000, what: 'it was closed' })
  const again = await world.finish(alice.mesh.doc('notes'))
  expect(textOf(again)).toBe('words')
  write(again, 'more ')
  await untilEqual(world, again, his)
})
