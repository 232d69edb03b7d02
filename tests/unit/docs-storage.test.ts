// One document's storage: by itself, with a desk whose commits the test answers and a clock that it sets; and what the
// machine says of it.

import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { MeshError } from '../../core/base/errors.ts'
import { limits } from '../../core/base/limits.ts'
import { Desk } from '../../core/docs/desk.ts'
import { Pace } from '../../core/docs/pace.ts'
import { Storage } from '../../core/docs/storage.ts'
import { docRowKey, encodeRow } from '../../core/docs/rows.ts'
import { DocReplica } from '../../core/mesh-replica.ts'
import { MemoryRows } from '../../core/platform/shared/memory-store.ts'
import { DocsWorld, type DocsActor } from './docs-world.ts'
import { peerId } from './overlay-world.ts'

/** Loaded, and there was nothing. */
function storageOf(doc: Y.Doc): {
  storage: Storage
  at: (nowMs: number) => void
  /** Answers the write under way, if there is one. */
  wrote: () => boolean
  /** Why it could not be written. */
  unreadable: string[]
} {
  const desk = new Desk({ me: peerId('alice'), writer: 'w' })
  const unreadable: string[] = []
  const events = {
    loaded: () => undefined,
    loadFailed: () => undefined,
    fetching: () => false,
    writable: () => unreadable.length === 0,
    refusalOf: () => undefined,
    unreadable: (reason: string) => void unreadable.push(reason),
  }
  const storage = new Storage(desk, 'notes', new DocReplica(doc), new Pace(desk), events)
  const wrote = (): boolean => {
    const effects = desk.takeEffects()
    for (const effect of effects) {
      if (effect.type === 'read') desk.rows(effect.read, [])
      if (effect.type === 'commit') desk.committed(effect.commit)
    }
    return effects.some(({ type }) => type === 'commit')
  }
  storage.load()
  wrote()
  return {
    storage,
    at: (nowMs) => void (desk.now = { monotonicMs: nowMs, wallMs: nowMs }),
    wrote,
    unreadable,
  }
}

test('DO7 what is in the document alone is written when the rest after a large row is over, without anything else happening', () => {
  const doc = new Y.Doc()
  const { storage, at, wrote } = storageOf(doc)
  storage.save([new Uint8Array(limits.maxDocSegmentBytes)])
  at(100)
  expect(wrote()).toBe(true)
  doc.getMap('map').set('key', 'value')
  storage.saveWhole()
  expect(storage.stored).toBe(false)
  // As long as the row took.
  expect(storage.deadlineMs).toBe(200)
  for (let nowMs = 200; !storage.stored; nowMs++) {
    expect(nowMs).toBeLessThan(300)
    at(nowMs)
    if (nowMs >= storage.deadlineMs) storage.tick()
    wrote()
  }
})

test('DO9 what Yjs cannot write is told and not tried again; what came before it in the document stays in its rows', () => {
  const doc = new Y.Doc()
  const { storage, at, wrote, unreadable } = storageOf(doc)
  doc.on('update', () => undefined)
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  expect(() => doc.getMap('map').set('key', circular)).toThrow()
  storage.saveWhole()
  expect(unreadable).toHaveLength(1)
  expect(storage.stored).toBe(false)
  expect(storage.deadlineMs).toBe(Infinity)
  at(60_000)
  storage.tick()
  expect(wrote()).toBe(false)
  expect(unreadable).toHaveLength(1)
})

test('DO7 what is in the document alone is written, also where a rewrite that was to save room fails meanwhile', () => {
  const world = new DocsWorld()
  const alice = world.join('alice')
  alice.open('notes', { maxBytes: 200 * 1024 })
  world.run(1_000)
  alice.storing = false
  for (let i = 0; i < 40 && alice.tasks.length === 0; i++) {
    alice.edit('notes', (doc) => doc.getMap('map').set('key', String(i).padEnd(60 * 1024, 'x')))
    // The row of this edit; what follows it is the first segment of a rewrite.
    alice.tasks.shift()!()
  }
  expect(alice.tasks).toHaveLength(1)
  // Over the limit and back: what is written meanwhile is in no update.
  alice.edit('notes', (doc) => {
    doc.getMap('map').set('late', 'only in the document')
    doc.getMap('map').set('large', 'x'.repeat(300 * 1024))
  })
  alice.edit('notes', (doc) => doc.getMap('map').delete('large'))
  alice.commitError = new MeshError('storage-busy', 'Once.')
  alice.tasks.shift()!()
  alice.commitError = undefined
  expect(alice.view('notes')).toMatchObject({ stored: false })
  alice.storing = true
  world.run(2 * limits.docStoreRetryMaxMs)
  expect(alice.view('notes')).toMatchObject({ stored: true, problem: undefined })
  const later = new DocsWorld()
  const again = later.join('again', { rows: alice.rows })
  again.open('notes')
  later.run(1_000)
  expect(again.doc('notes').getMap('map').get('late')).toBe('only in the document')
})

describe('while others go on typing, faster than a row is written', () => {
  /** Alice types every 15 ms; each row of bob's takes 20. */
  function* typing(doc?: Y.Doc): Generator<{ world: DocsWorld; alice: DocsActor; bob: DocsActor }> {
    const world = new DocsWorld()
    const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
    alice.open('notes')
    if (doc === undefined) bob.open('notes')
    world.run(2_000)
    if (doc !== undefined) bob.open('notes', { doc })
    bob.storing = false
    let doneAtMs = Infinity
    for (let ms = 0; ms < 10_000; ms++) {
      if (ms % 15 === 0) alice.write('notes', 'x')
      world.run(1)
      if (bob.tasks.length > 0) doneAtMs = Math.min(doneAtMs, ms + 20)
      if (ms >= doneAtMs) {
        doneAtMs = Infinity
        bob.tasks.shift()!()
      }
      if (ms >= 500) yield { world, alice, bob }
    }
    throw new Error('it never comes to an end')
  }

  test('DO7 what was held at some moment is known to be stored', () => {
    let held: number | undefined
    for (const { bob } of typing()) {
      const view = bob.view('notes')!
      held ??= view.heldUpdates
      expect(view.storedUpdates).toBeLessThanOrEqual(view.heldUpdates)
      expect(view.stored).toBe(view.storedUpdates === view.heldUpdates)
      if (view.storedUpdates >= held) return
    }
  })

  test('DO7 what a document held that was handed in is stored', () => {
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'brought')
    for (const { bob } of typing(doc)) if (bob.view('notes')!.storedUpdates > 0) return
  })

  test('small rows are merged', () => {
    for (const { bob } of typing()) if (bob.count('docRowsMerged') > 0) return
  })

  test('it can be closed', () => {
    let request: number | undefined
    for (const { bob } of typing()) {
      request ??= bob.close('notes')
      if (bob.answers.has(request)) return expect(bob.answers.get(request)).toEqual({ value: undefined })
    }
  })

  test('what was not taken in while it was to be closed comes later, where it could not be closed', () => {
    let request: number | undefined
    for (const { world, alice, bob } of typing()) {
      request ??= bob.close('notes')
      bob.commitError = new MeshError('storage-failed', 'The disk is broken.')
      if (!bob.answers.has(request)) continue
      expect(bob.answers.get(request)?.error?.code).toBe('storage-failed')
      bob.storing = true
      bob.commitError = undefined
      world.run(2 * limits.docStoreRetryMaxMs)
      expect(bob.view('notes')).toMatchObject({ state: 'synced', stored: true })
      return expect(bob.text('notes')).toBe(alice.text('notes'))
    }
  })
})

test('a document handed in of which a part waits for something else can be closed, and the rest is stored', () => {
  const other = new Y.Doc()
  const parts: Uint8Array[] = []
  other.on('update', (update: Uint8Array) => parts.push(update))
  for (const word of ['first ', 'second ']) other.getText('other').insert(0, word)
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'words')
  Y.applyUpdate(doc, parts[1]!)
  const world = new DocsWorld()
  const alice = world.join('alice')
  alice.open('notes', { doc })
  world.run(1_000)
  expect(alice.view('notes')?.stored).toBe(false)
  const request = alice.close('notes')
  world.run(1_000)
  expect(alice.answers.get(request)).toEqual({ value: undefined })
  const again = new DocsWorld().join('again', { rows: alice.rows })
  again.open('notes')
  for (const task of again.tasks.splice(0)) task()
  expect(again.text('notes')).toBe('words')
})

test('DO13 what was taken in of a row before it failed is stored again', () => {
  const source = new Y.Doc()
  const updates: Uint8Array[] = []
  source.on('update', (update: Uint8Array) => updates.push(update))
  const nest = (map: Y.Map<unknown>, levels: number): Y.Map<unknown> => {
    let inner = map
    source.transact(() => {
      for (let i = 0; i < levels; i++) inner.set('child', (inner = new Y.Map()))
    })
    return inner
  }
  const inner = nest(source.getMap('map'), 200)
  source.getText('text').insert(0, 'words')
  nest(inner, 100)
  const rows = new MemoryRows()
  rows.put(docRowKey('notes', 1, 'w', 1), encodeRow([updates[0]!]))
  // Its second update would nest types too deep.
  rows.put(docRowKey('notes', 1, 'w', 2), encodeRow([updates[1]!, updates[2]!]))
  const open = (): DocsActor => {
    const world = new DocsWorld()
    const alice = world.join('alice', { rows })
    alice.open('notes')
    world.run(1_000)
    return alice
  }
  const alice = open()
  expect(alice.errors()).toEqual(['record-corrupt'])
  expect(alice.text('notes')).toBe('words')
  expect(alice.view('notes')).toMatchObject({ stored: true, problem: undefined })
  const again = open()
  expect(again.errors()).toEqual([])
  expect(again.digest('notes')).toBe(alice.digest('notes'))
})
