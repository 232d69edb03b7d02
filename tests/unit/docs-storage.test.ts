// One document's storage by itself: a desk whose commits the test answers, and a clock that it sets.

import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { MeshError } from '../../core/base/errors.ts'
import { limits } from '../../core/base/limits.ts'
import { Desk } from '../../core/docs/desk.ts'
import { Pace } from '../../core/docs/pace.ts'
import { Storage } from '../../core/docs/storage.ts'
import { DocReplica } from '../../core/mesh-replica.ts'
import { DocsWorld } from './docs-world.ts'
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
