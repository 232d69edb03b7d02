// The list of notes: a document of its own, so that it is here before any note is opened. Each note is another
// document, named after its id, which only those carry who open it.

import type * as Y from 'yjs'
import { asLine, asTime, fieldsOf, newEntry, setField } from './entries.ts'

export interface Note {
  readonly id: string
  /** Never empty. */
  readonly title: string
  /** Ms since 1970, by its author's clock; 0 where unknown. */
  readonly createdAt: number
}

/** What this device has of a note. */
export interface WrittenText {
  readonly text: string
  /** The note itself has not come here: this is what was written without it, if anything. */
  readonly isPiece: boolean
}

export const notesDocument = 'notes'
export const noteDocument = (id: string): string => `note-${id}`
export const untitled = 'Untitled note'

/** An id becomes part of a document's name, which may have 64 of these. */
const idForm = /^[A-Za-z0-9_-]{1,59}$/

export const notesIn = (index: Y.Doc): Y.Map<unknown> => index.getMap('notes')
export const textIn = (note: Y.Doc): Y.Text => note.getText('text')

/** Every entry that can be opened, the newest first; equal on all that hold the same. */
export function readNotes(notes: Y.Map<unknown>): Note[] {
  const all: Note[] = []
  for (const [id, entry] of notes) {
    const fields = fieldsOf(entry)
    if (!fields || !idForm.test(id)) continue
    all.push({ id, title: asLine(fields['title']) || untitled, createdAt: asTime(fields['createdAt']) })
  }
  return all.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
}

/** Adds a note, or puts back one that was deleted. */
export function putNote(notes: Y.Map<unknown>, { id, title, createdAt }: Note): void {
  notes.set(id, newEntry({ title, createdAt }))
}

export function renameNote(notes: Y.Map<unknown>, id: string, title: string): void {
  setField(notes, id, 'title', asLine(title) || untitled)
}

/** Takes it off the list; its text stays on the devices that have it. */
export function removeNote(notes: Y.Map<unknown>, id: string): void {
  notes.delete(id)
}

/** What this device has of a note: `piece` is what was written without having the note itself. */
export type Held = 'nothing' | 'piece' | 'whole'

/**
 * A whole one holds the mark that it was made with, because a text that is empty and one that is missing would look the
 * same; one that a program wrote holds at least something of somebody who did not say that it was a piece.
 */
export function heldOf(note: Y.Doc): Held {
  const about = aboutIn(note)
  const { clients } = note.store
  if (clients.size === 0) return 'nothing'
  return !about.has(madeMark) && [...clients.keys()].every((client) => about.has(pieceMark(client)))
    ? 'piece'
    : 'whole'
}

export function markAsHere(note: Y.Doc, createdAt: number): void {
  aboutIn(note).set(madeMark, createdAt)
}

/**
 * What is written into a note before its text has come is a piece, and says so: neither whoever wrote it, after a
 * reload, nor somebody who got nothing else shall take it for the whole.
 */
export function markPieces(note: Y.Doc): void {
  note.on('beforeTransaction', ({ local }: Y.Transaction) => {
    const mark = pieceMark(note.clientID)
    if (local && heldOf(note) !== 'whole' && !aboutIn(note).has(mark)) aboutIn(note).set(mark, true)
  })
}

export const writtenIn = (note: Y.Doc): WrittenText => ({
  text: textIn(note).toString(),
  isPiece: heldOf(note) !== 'whole',
})

const aboutIn = (note: Y.Doc): Y.Map<unknown> => note.getMap('about')
const madeMark = 'createdAt'
const pieceMark = (client: number): string => `piece-${client}`
