// One document's storage by itself: a desk whose commits the test answers, and a clock that it sets.

import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { limits } from '../../core/base/limits.ts'
import { Desk } from '../../core/docs/desk.ts'
import { Pace } from '../../core/docs/pace.ts'
import { Storage } from '../../core/docs/storage.ts'
import { DocReplica } from '../../core/mesh-replica.ts'
import { peerId } from './overlay-world.ts'

/** Loaded, and there was nothing. */
function storageOf(doc: Y.Doc): {
  storage: Storage
  at: (nowMs: number) => void
  /** Answers the write under way, if there is one. */
  wrote: () => boolean
} {
  const desk = new Desk({ me: peerId('alice'), writer: 'w' })
  const events = { loaded: () => undefined, loadFailed: () => undefined, fetching: () => false }
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
  return { storage, at: (nowMs) => void (desk.now = { monotonicMs: nowMs, wallMs: nowMs }), wrote }
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
