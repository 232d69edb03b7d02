// What leaves the app as a file: names and contents, nothing of the browser.

import type { Note, WrittenText } from './notes.ts'
import type { Task } from './tasks.ts'

export interface ExportedFile {
  readonly name: string
  readonly type: 'text/markdown' | 'application/json'
  readonly content: string
}

export interface WrittenNote extends Note, WrittenText {}

/** The text as it is, ended by a newline. */
export const noteAsMarkdown = ({ title, text }: WrittenNote): ExportedFile => ({
  name: `${fileStem(title, 'note')}.md`,
  type: 'text/markdown',
  content: text === '' || text.endsWith('\n') ? text : `${text}\n`,
})

export const noteAsJson = (note: WrittenNote): ExportedFile => ({
  name: `${fileStem(note.title, 'note')}.json`,
  type: 'application/json',
  content: json(plainNote(note)),
})

export const notesAsJson = (mesh: string, notes: readonly WrittenNote[], now: number): ExportedFile => ({
  name: `${fileStem(mesh, 'mesh')}-notes.json`,
  type: 'application/json',
  content: json({ mesh, exportedAt: isoTime(now), notes: notes.map(plainNote) }),
})

export const tasksAsJson = (mesh: string, tasks: readonly Task[], now: number): ExportedFile => ({
  name: `${fileStem(mesh, 'mesh')}-tasks.json`,
  type: 'application/json',
  content: json({
    mesh,
    exportedAt: isoTime(now),
    tasks: tasks.map(({ createdAt, ...task }) => ({ ...task, createdAt: isoTime(createdAt) })),
  }),
})

/** A checklist as GitHub and most editors read it. */
export const tasksAsMarkdown = (mesh: string, tasks: readonly Task[]): ExportedFile => ({
  name: `${fileStem(mesh, 'mesh')}-tasks.md`,
  type: 'text/markdown',
  content: tasks.map(({ done, title }) => `- [${done ? 'x' : ' '}] ${title}\n`).join(''),
})

/** `text` is null, and neither empty nor a piece, where it is not here: nobody shall take this file for the whole. */
const plainNote = ({ id, title, createdAt, text, isPiece }: WrittenNote): Record<string, unknown> => ({
  id,
  title,
  createdAt: isoTime(createdAt),
  text: isPiece ? null : text,
  ...(isPiece && text !== '' && { piece: text }),
})

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
const isoTime = (at: number): string | null => (at === 0 ? null : new Date(at).toISOString())

/** Letters and digits of any script, and dashes: a name that every file system takes. */
export function fileStem(title: string, otherwise: string): string {
  const stem = Array.from(title.normalize('NFC').replace(/[^\p{L}\p{N}\p{M}]+/gu, '-'))
    .slice(0, 60)
    .join('')
    .replace(/^-+|-+$/g, '')
  return stem === '' ? otherwise : stem
}
