// Edits of a document as people and programs make them: insertions, deletions, keys set and taken away, and undo.

import * as Y from 'yjs'
import { streamFor } from '../../../core/platform/sim/crypto.ts'

/** What stays with a document between two edits. */
export type Undo = Y.UndoManager

export const undoFor = (doc: Y.Doc): Undo =>
  new Y.UndoManager([doc.getText('text'), doc.getMap('map')], { captureTimeout: 0 })

/** `count` edits, decided by the seed. */
export function edit(doc: Y.Doc, undo: Undo, seed: number, count: number, large = false): void {
  const random = streamFor(String(seed), 'edits')
  const text = doc.getText('text')
  const map = doc.getMap<string>('map')
  for (let i = 0; i < count; i++) {
    const dice = large && i === 0 ? 1 : random.float()
    if (dice < 0.5) text.insert(random.integer(text.length + 1), `${seed % 1_000}.${i} `)
    else if (dice < 0.7) {
      const from = random.integer(text.length + 1)
      text.delete(from, Math.min(text.length - from, 1 + random.integer(8)))
    } else if (dice < 0.85) map.set(`key ${random.integer(5)}`, `${seed} ${i}`)
    else if (dice < 0.92) map.delete(`key ${random.integer(5)}`)
    else if (dice < 0.98) undo.undo()
    else map.set('large', String(seed % 10).repeat(20_000 + random.integer(60_000)))
  }
}

/** What somebody wrote elsewhere, decided by the seed: its later part, or all of it. */
export function writtenElsewhere(seed: number, whole: boolean): Uint8Array {
  const random = streamFor(String(seed), 'elsewhere')
  const elsewhere = new Y.Doc()
  elsewhere.clientID = 1 + random.integer(2 ** 31)
  const text = elsewhere.getText('text')
  text.insert(0, `${seed % 1_000} begins `)
  const before = Y.encodeStateVector(elsewhere)
  for (let i = 1 + random.integer(3); i > 0; i--) text.insert(text.length, `${seed % 1_000} goes on `)
  const update = whole ? Y.encodeStateAsUpdate(elsewhere) : Y.encodeStateAsUpdate(elsewhere, before)
  elsewhere.destroy()
  return update
}
