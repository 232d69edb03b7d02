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

/**
 * A note that somebody listed and whose text never came here. One that was made here holds at least a mark, because a
 * text that is empty and one that is missing would look the same.
 */
export const hasNotArrived = (note: Y.Doc): boolean => note.store.clients.size === 0

export function markAsHere(note: Y.Doc, createdAt: number): void {
  note.getMap('about').set('createdAt', createdAt)
}
