// All notes on one side, the open one on the other; where there is no room for both, one at a time.

import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { errorSentence } from '../event-sentences.ts'
import { count } from '../words.ts'
import type { Documents, NotesIndex } from './documents.ts'
import { notesAsJson } from './exports.ts'
import { NoteView } from './note-view.tsx'
import type { Note } from './notes.ts'
import { DocumentStateLine, download, Icon } from './parts.tsx'

interface NotesViewProps {
  readonly documents: Documents
  readonly index: NotesIndex
  /** The id of the open one. */
  readonly open: string | undefined
  readonly show: (id: string | undefined) => void
}

export function NotesView({ documents, index, open, show }: NotesViewProps) {
  const notes = index.notes.value
  /** Made a moment ago: its title waits to be typed. */
  const fresh = useSignal<string | undefined>(undefined)
  const list = useRef<HTMLElement>(null)
  const create = () => {
    fresh.value = index.create()
    show(fresh.value)
  }
  const last = useRef(open)
  useEffect(() => {
    const left = last.current
    last.current = open
    // Whoever opens it again goes on reading.
    fresh.value = undefined
    // The note took the focus along, whether by its button, by deleting it or by the browser's.
    if (open !== undefined || left === undefined || document.activeElement !== document.body) return
    const item = list.current?.querySelector<HTMLElement>(`[data-note-id="${left}"] button`)
    ;(item ?? list.current)?.focus()
  }, [open])
  return (
    <div class="notes-room">
      <div class="notes" data-open={open !== undefined} data-empty={notes.length === 0}>
        <section class="notes-side" aria-labelledby="notes-title" ref={list} tabIndex={-1}>
          <header class="document-head">
            <h1 id="notes-title">Notes</h1>
            <button
              type="button"
              class="quiet-button with-icon"
              data-testid="new-note"
              // Pressed twice by habit it makes one.
              onClick={(event) => event.detail < 2 && create()}
            >
              <Icon path="M10 4v12M4 10h12" />
              New
            </button>
          </header>
          <ul class="note-list" data-testid="note-list">
            {notes.map((note) => (
              <NoteItem key={note.id} note={note} isOpen={note.id === open} show={show} />
            ))}
          </ul>
          <DeletedNotice index={index} show={show} />
          <footer class="notes-foot">
            <DocumentStateLine
              document={index.document}
              what="list of notes"
              testId="notes-state"
              progressTestId="notes-progress"
            />
            {notes.length > 0 && <ExportAll documents={documents} notes={notes} />}
          </footer>
        </section>
        {open === undefined && (notes.length > 0 ? <NoNote /> : <NoNotes create={create} />)}
        {open !== undefined && (
          <NoteView
            key={open}
            documents={documents}
            index={index}
            id={open}
            isFresh={open === fresh.peek()}
            onBack={() => show(undefined)}
            onDelete={() => {
              index.remove(open)
              show(undefined)
            }}
          />
        )}
      </div>
    </div>
  )
}

interface NoteItemProps {
  readonly note: Note
  readonly isOpen: boolean
  readonly show: (id: string) => void
}

const NoteItem = ({ note, isOpen, show }: NoteItemProps) => (
  <li data-testid="note-item" data-note-id={note.id} data-title={note.title}>
    <button
      type="button"
      class="entry"
      aria-current={isOpen ? 'true' : undefined}
      onClick={() => show(note.id)}
    >
      <span class="ellipsis" dir="auto" title={note.title}>
        {note.title}
      </span>
      {note.createdAt > 0 && <span class="note">{dayOf(note.createdAt)}</span>}
    </button>
  </li>
)

const dayOf = (at: number): string =>
  new Date(at).toLocaleDateString(undefined, { day: 'numeric', month: 'short' })

const NoNote = () => <p class="no-note quiet">Choose a note, or make a new one.</p>

const NoNotes = ({ create }: { create: () => void }) => (
  <div class="document-empty no-notes">
    <p>
      <strong>No notes yet.</strong>
    </p>
    <p class="quiet">
      A note is a page that everybody in this mesh can write on, at the same time. It is kept on the devices
      that opened it, also while you are offline.
    </p>
    <button type="button" class="primary" onClick={create}>
      Write the first note
    </button>
  </div>
)

const noticeMs = 12_000

/** Says what was deleted and offers it back, for a while. */
function DeletedNotice({ index, show }: { index: NotesIndex; show: (id: string) => void }) {
  const note = index.deleted.value
  useEffect(() => {
    if (!note) return
    const timer = setTimeout(() => index.forgetDeleted(), noticeMs)
    return () => clearTimeout(timer)
  }, [note])
  return (
    <div class="deleted-notice" role="status">
      {note && (
        <p>
          <span>
            “<bdi>{note.title}</bdi>” is off the list.
          </span>
          <button
            type="button"
            class="quiet-button"
            data-testid="note-restore"
            onClick={() => {
              index.restore(note)
              show(note.id)
            }}
          >
            Put it back
          </button>
        </p>
      )}
    </div>
  )
}

function ExportAll({ documents, notes }: { documents: Documents; notes: readonly Note[] }) {
  const busy = useSignal(false)
  const result = useSignal('')
  const exportAll = async (): Promise<void> => {
    busy.value = true
    result.value = ''
    try {
      const written = await documents.readAll(notes)
      const missing = written.filter(({ isPiece }) => isPiece).length
      download(notesAsJson(documents.meshName, written, documents.now()))
      if (missing > 0)
        result.value = `The text of ${count(missing, 'note')} is not in the file: it is not on this device, and nobody has it open.`
    } catch (error) {
      result.value = errorSentence(error)
    } finally {
      busy.value = false
    }
  }
  return (
    <>
      <button
        type="button"
        class="quiet-button"
        data-testid="notes-export-json"
        disabled={busy.value}
        onClick={() => void exportAll()}
      >
        {busy.value ? 'Collecting…' : 'Export all as JSON'}
      </button>
      <p class="hint" role="status">
        {result.value}
      </p>
    </>
  )
}
