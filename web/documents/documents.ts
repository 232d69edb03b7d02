// The shared documents of one stay in a mesh. The list of notes and the tasks are small and stay open once they were
// looked at, so that what others change arrives whatever is on the screen; a note is open only while it is shown.

import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import type { Mesh } from 'skein'
import type * as Y from 'yjs'
import type { WrittenNote } from './exports.ts'
import {
  heldOf,
  markAsHere,
  markPieces,
  noteDocument,
  notesDocument,
  notesIn,
  putNote,
  readNotes,
  removeNote,
  renameNote,
  untitled,
  writtenIn,
  type Note,
  type WrittenText,
} from './notes.ts'
import { createOpening, type Opening } from './opening.ts'
import { openShared, type SharedDocument } from './shared-document.ts'
import type { TitleDraft } from './title-draft.ts'
import { changeSentence, createTaskWriter, readTasks, tasksDocument, tasksIn } from './tasks.ts'
import type { Task, TaskWriter } from './tasks.ts'
import { followUndo, type UndoState } from './undo-state.ts'

export interface NotesIndex {
  readonly document: SharedDocument
  readonly notes: ReadonlySignal<readonly Note[]>
  /** As it was last listed in this stay. */
  known(id: string): Note | undefined
  /** The last one deleted here that can be put back. */
  readonly deleted: ReadonlySignal<Note | undefined>
  /** @returns its id; its document is opened by whoever shows it */
  create(): string
  rename(id: string, title: string): void
  remove(id: string): void
  /** Puts it on the list again, with its title. */
  restore(note: Note): void
  forgetDeleted(): void
}

export interface TaskList {
  readonly document: SharedDocument
  readonly tasks: ReadonlySignal<readonly Task[]>
  readonly writer: TaskWriter
  readonly undoState: UndoState
  /** What is being typed into the box for a new one. */
  readonly draft: Signal<string>
  /** What others changed last, as a sentence. */
  readonly news: ReadonlySignal<string>
}

export interface Documents {
  readonly mesh: Mesh
  readonly meshName: string
  /** The title that is being rewritten. */
  readonly titleDraft: Signal<TitleDraft | undefined>
  /** Opened when first asked for. */
  index(): Opening<NotesIndex>
  tasks(): Opening<TaskList>
  openNote(id: string, signal: AbortSignal): Promise<SharedDocument>
  /** Every note with its text; those that are not here get a moment to come. */
  readAll(notes: readonly Note[]): Promise<WrittenNote[]>
  now(): number
  /** Shows a failure as a line of the event log. */
  report(error: unknown): void
  newId(): string
  close(): void
}

export interface DocumentsOptions {
  readonly mesh: Mesh
  readonly meshName: string
  readonly newTask: Signal<string>
  readonly titleDraft: Signal<TitleDraft | undefined>
  readonly now: () => number
  readonly report: (error: unknown) => void
}

/** How long an export waits for a note that others may still have. chosen. */
const exportPatienceMs = 5000

export function createDocuments(options: DocumentsOptions): Documents {
  const { mesh, meshName, newTask, titleDraft, now, report } = options
  let index: Opening<NotesIndex> | undefined
  let tasks: Opening<TaskList> | undefined
  /** Made here and not yet opened: their documents get a mark. */
  const made = new Map<string, Note>()
  const newId = (): string => crypto.randomUUID().replaceAll('-', '').slice(0, 16)

  async function openIndex(signal: AbortSignal): Promise<NotesIndex> {
    return createIndex(await openShared(mesh, notesDocument, { signal }), {
      make: () => {
        const note = { id: newId(), title: untitled, createdAt: now() }
        made.set(note.id, note)
        return note
      },
    })
  }

  async function openNote(id: string, signal: AbortSignal): Promise<SharedDocument> {
    const note = await openShared(mesh, noteDocument(id), { signal })
    const mine = made.get(id)
    if (mine && heldOf(note.handle.doc) === 'nothing') markAsHere(note.handle.doc, mine.createdAt)
    made.delete(id)
    markPieces(note.handle.doc)
    return note
  }

  return {
    mesh,
    meshName,
    titleDraft,
    now,
    report,
    newId,
    index: () => (index ??= createOpening(openIndex, ({ document }) => document.close())),
    tasks: () =>
      (tasks ??= createOpening(
        async (signal) => createTaskList(await openShared(mesh, tasksDocument, { signal }), newTask),
        async ({ document, writer }) => {
          writer.close()
          await document.close()
        },
      )),
    openNote,
    async readAll(notes) {
      const written: WrittenNote[] = []
      for (const note of notes) written.push({ ...note, ...(await readText(mesh, note.id)) })
      return written
    },
    close() {
      for (const opening of [index, tasks]) opening?.close().catch(report)
    },
  }
}

async function readText(mesh: Mesh, id: string): Promise<WrittenText> {
  const handle = await mesh.doc(noteDocument(id))
  try {
    if (handle.state !== 'synced')
      await handle
        .whenSynced({ signal: AbortSignal.timeout(exportPatienceMs) })
        .catch(() => 'what is here then')
    return writtenIn(handle.doc)
  } finally {
    await handle.close()
  }
}

function createIndex(document: SharedDocument, { make }: { make: () => Note }): NotesIndex {
  const entries = notesIn(document.handle.doc)
  const known = new Map<string, Note>()
  const notes = follow(entries, () => {
    const listed = readNotes(entries)
    for (const note of listed) known.set(note.id, note)
    return listed
  })
  const deleted = signal<Note | undefined>(undefined)
  return {
    document,
    notes,
    known: (id) => known.get(id),
    deleted: computed(() => {
      const note = deleted.value
      return note && !notes.value.some(({ id }) => id === note.id) ? note : undefined
    }),
    create() {
      const note = make()
      putNote(entries, note)
      return note.id
    },
    rename: (id, title) => renameNote(entries, id, title),
    remove(id) {
      deleted.value = notes.value.find((note) => note.id === id)
      removeNote(entries, id)
    },
    restore: (note) => putNote(entries, note),
    forgetDeleted() {
      deleted.value = undefined
    },
  }
}

function createTaskList(document: SharedDocument, draft: Signal<string>): TaskList {
  const entries = tasksIn(document.handle.doc)
  const news = signal('')
  const tasks = follow(entries, (before: readonly Task[] | undefined, transaction) => {
    const after = readTasks(entries)
    if (before && transaction?.local === false) news.value = changeSentence(before, after) ?? news.value
    return after
  })
  const writer = createTaskWriter(document.handle.doc)
  return { document, tasks, writer, undoState: followUndo(writer.undo), draft, news }
}

/** What is read from a shared map, read again whenever it changed, as long as its document lives. */
function follow<T>(
  map: Y.Map<unknown>,
  read: (before: T | undefined, transaction: Y.Transaction | undefined) => T,
): ReadonlySignal<T> {
  const value = signal(read(undefined, undefined))
  map.observeDeep((_events, transaction) => {
    value.value = read(value.peek(), transaction)
  })
  return value
}
