// A note whose text has not come to this device, and what is written into it meanwhile.

import { signal as signalOf } from '@preact/signals'
import { expect, test } from 'vitest'
import { applyUpdate, Doc, encodeStateAsUpdate, UndoManager } from 'yjs'
import { createDocuments } from '../../web/documents/documents.ts'
import { noteAsJson } from '../../web/documents/exports.ts'
import { heldOf, markAsHere, markPieces, textIn, writtenIn } from '../../web/documents/notes.ts'
import type { TitleDraft } from '../../web/documents/title-draft.ts'
import { asMesh, FakeMesh } from './web-fake-mesh.ts'

test('what is written before the text has come is a piece, here, after a reload and to others, until it comes', async () => {
  const documents = createDocuments({
    mesh: asMesh(new FakeMesh('bob')),
    meshName: 'acme',
    newTask: signalOf(''),
    titleDraft: signalOf<TitleDraft | undefined>(undefined),
    now: () => 0,
    report: (error) => expect.unreachable(String(error)),
  })
  const { signal } = new AbortController()
  const far = { id: 'far', title: 'Minutes', createdAt: 1 }
  const read = async () => (await documents.readAll([far]))[0]!
  const write = async (text: string): Promise<Doc> => {
    const { doc } = (await documents.openNote('far', signal)).handle
    textIn(doc).insert(0, text)
    return doc
  }
  await write('x')
  expect(await read()).toMatchObject({ text: 'x', isPiece: true })
  expect(noteAsJson(await read()).content).toContain('"text": null,\n  "piece": "x"')

  const another = new Doc()
  applyUpdate(another, encodeStateAsUpdate(await write('y')))
  markPieces(another)
  textIn(another).insert(0, 'z')
  expect(writtenIn(another)).toEqual({ text: 'zyx', isPiece: true })

  const author = new Doc()
  markAsHere(author, 1)
  textIn(author).insert(0, 'Present: all.')
  applyUpdate(another, encodeStateAsUpdate(author))
  expect(heldOf(another)).toBe('whole')
})

test('a note that a program wrote has come when something of it has, whatever was written before', () => {
  const [bob, program] = [new Doc(), new Doc()]
  markPieces(bob)
  textIn(bob).insert(0, 'x')
  textIn(program).insert(0, 'Report')
  applyUpdate(bob, encodeStateAsUpdate(program))
  expect(heldOf(bob)).toBe('whole')
})

test('undo takes back what was written before the text has come, and not the word that it has not', () => {
  const bob = new Doc()
  markPieces(bob)
  const undo = new UndoManager(textIn(bob), { trackedOrigins: new Set(['bob']) })
  bob.transact(() => textIn(bob).insert(0, 'x'), 'bob')
  expect(undo.undoStack).toHaveLength(1)
  undo.undo()
  expect(writtenIn(bob)).toEqual({ text: '', isPiece: true })
})
