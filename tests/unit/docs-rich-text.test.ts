// Rich text on its way: formats are marks between the letters, and which of them are needed is known when all are there.

import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { createRandom, type Random } from '../../core/base/random.ts'
import { DocReplica } from '../../core/mesh-replica.ts'
import { createSegmentReader } from '../../core/mesh-segments.ts'

function newDoc(clientId: number): Y.Doc {
  const doc = new Y.Doc()
  doc.clientID = clientId
  return doc
}

const textOf = (doc: Y.Doc): Y.Text => doc.getText('text')

function meet(a: Y.Doc, b: Y.Doc): void {
  Y.applyUpdate(b, Y.encodeStateAsUpdate(a))
  Y.applyUpdate(a, Y.encodeStateAsUpdate(b))
}

/** Writes, deletes, and makes bold or not, somewhere. */
function edit(text: Y.Text, random: Random): void {
  const at = random.integer(Math.max(1, text.length - 6))
  const what = random.integer(5)
  if (what < 3)
    text.format(at, 1 + random.integer(Math.min(6, text.length - at)), {
      bold: random.integer(2) ? true : null,
    })
  else if (what === 3 && text.length > 7) text.delete(at, 1 + random.integer(4))
  else text.insert(at, 'XY', random.integer(2) ? { bold: true } : undefined)
}

/** Written by two at once, who met now and then. */
function written(seed: number): Y.Doc {
  const random = createRandom(Uint8Array.of(seed & 255, seed >> 8, ...Array<number>(14).fill(9)))
  const [alice, bob] = [newDoc(1), newDoc(2)]
  textOf(alice).insert(0, 'abcdefghijkl')
  meet(alice, bob)
  for (let i = 0; i < 16; i++) {
    edit(textOf(random.integer(2) ? alice : bob), random)
    if (random.integer(4) === 0) meet(alice, bob)
  }
  for (let i = 0; i < 3; i++) meet(alice, bob)
  return alice
}

test('DO5 comes in pieces as it was written, and its coming is no edit', () => {
  for (let seed = 0; seed < 600; seed++) {
    const from = written(seed)
    const to = newDoc(3)
    // An editor is bound to it: only of what it knows to be a text does Yjs tidy the marks.
    textOf(to)
    const replica = new DocReplica(to)
    const edits: Uint8Array[] = []
    replica.onLocalUpdate((update) => edits.push(update))
    const reader = createSegmentReader(from, [])
    for (let piece = reader.next(8); piece; piece = reader.next(8)) replica.apply([piece], 'mesh')
    expect([seed, textOf(to).toDelta()]).toEqual([seed, textOf(from).toDelta()])
    expect(edits).toEqual([])
  }
})
