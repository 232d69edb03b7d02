// One note: its title, how it stands, who is in it, and the editor. Its document is open for as long as this is shown.

import { signal, useSignal, type ReadonlySignal, type Signal } from '@preact/signals'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { UndoManager, type Doc } from 'yjs'
import { isTyping } from '../components/typing.ts'
import type { Documents, NotesIndex } from './documents.ts'
import type { Editor } from './editor.ts'
import { longestTitle } from './entries.ts'
import { noteAsJson, noteAsMarkdown, type WrittenNote } from './exports.ts'
import { heldOf, textIn, untitled, writtenIn, type Held, type Note } from './notes.ts'
import { createOpening, type Opening } from './opening.ts'
import {
  DocumentStateLine,
  download,
  Icon,
  PeopleHere,
  UndoButtons,
  usePresence,
  WhenOpen,
} from './parts.tsx'
import type { SharedDocument } from './shared-document.ts'
import { goOnTyping, type TitleDraft } from './title-draft.ts'
import { followUndo, type UndoState } from './undo-state.ts'

/** An open note with the undo of this stay on its page. */
interface Page {
  readonly document: SharedDocument
  readonly undo: UndoManager
  readonly undoState: UndoState
  readonly held: ReadonlySignal<Held>
}

/** What is written before the editor is there; undefined where nobody has begun. */
type Early = Signal<string | undefined>

function openPage(documents: Documents, id: string, early: Early): Opening<Page> {
  const open = async (signal: AbortSignal): Promise<Page> => {
    const document = await documents.openNote(id, signal)
    // The editor's edits only: it adds itself to the origins that are followed.
    const undo = new UndoManager(textIn(document.handle.doc), { trackedOrigins: new Set() })
    return { document, undo, undoState: followUndo(undo), held: followHeld(document.handle.doc) }
  }
  return createOpening(open, async ({ document, undo }) => {
    const text = textIn(document.handle.doc)
    // Whoever leaves before the editor has come.
    if (early.peek()) text.insert(text.length, early.peek() ?? '')
    undo.destroy()
    await document.close()
  })
}

/** As long as the document lives. */
function followHeld(doc: Doc): ReadonlySignal<Held> {
  const held = signal(heldOf(doc))
  doc.on('afterAllTransactions', () => {
    held.value = heldOf(doc)
  })
  return held
}

const PageUndo = ({ page: { undo, undoState } }: { page: Page }) => (
  <UndoButtons state={undoState} undo={() => undo.undo()} redo={() => undo.redo()} />
)

interface NoteViewProps {
  readonly documents: Documents
  readonly index: NotesIndex
  readonly id: string
  readonly isFresh: boolean
  readonly onBack: () => void
  readonly onDelete: () => void
}

export function NoteView({ documents, index, id, isFresh, onBack, onDelete }: NoteViewProps) {
  const early = useSignal<string | undefined>(undefined)
  const opening = useMemo(() => openPage(documents, id, early), [id])
  // An effect after the next frame is never run for whoever goes on before it: the note would stay open.
  useLayoutEffect(() => () => void opening.close().catch(documents.report), [opening])
  const listed = index.notes.value.find((note) => note.id === id)
  const known = listed ?? index.known(id)
  const note: Note = known ?? { id, title: untitled, createdAt: 0 }
  const page = opening.now.value
  const isNowhere = !known && page.type === 'open' && page.value.held.value === 'nothing'
  const section = useRef<HTMLElement>(null)
  useLayoutEffect(() => {
    // Its title may be being typed already, or something else while it was loaded.
    if (!isTyping()) section.current?.focus()
  }, [])
  return (
    <section
      class="note-page"
      aria-label={isNowhere ? 'No such note' : note.title}
      ref={section}
      tabIndex={-1}
    >
      <header class="document-head">
        <button type="button" class="icon-button note-back" data-testid="note-back" onClick={onBack}>
          <Icon path="M12 4l-6 6 6 6" />
          <span class="visually-hidden">All notes</span>
        </button>
        {!isNowhere && (
          <TitleInput
            id={id}
            draft={documents.titleDraft}
            title={note.title}
            isFresh={isFresh}
            isListed={listed !== undefined}
            rename={(title) => index.rename(id, title)}
            goOn={() => {
              if (section.current && !focusText(section.current)) early.value = ''
            }}
          />
        )}
        {page.type === 'open' && !isNowhere && <PageUndo page={page.value} />}
      </header>
      <WhenOpen opening={opening} what="the note">
        {(page) =>
          isNowhere ? (
            <NoSuchNote meshName={documents.meshName} />
          ) : (
            <>
              {!listed && (
                <OffTheList
                  held={page.held.value}
                  onRestore={() => {
                    index.restore(note)
                    section.current?.focus()
                  }}
                />
              )}
              <NotePage note={note} page={page} early={early} onDelete={listed && onDelete} />
            </>
          )
        }
      </WhenOpen>
      {early.value !== undefined && <EarlyText early={early} label={note.title} />}
    </section>
  )
}

/** The text is in a shadow root of its own. @returns whether there is one already */
function focusText(page: HTMLElement): boolean {
  const root = page.querySelector('.editor-box')?.shadowRoot
  const text = root?.querySelector<HTMLElement>('[contenteditable]') ?? earlyBoxIn(page)
  text?.focus()
  return text !== null
}

const earlyBoxIn = (page: ParentNode) => page.querySelector<HTMLElement>('.early-text')

interface TitleInputProps {
  /** Of the note. */
  readonly id: string
  readonly draft: Signal<TitleDraft | undefined>
  readonly title: string
  readonly isFresh: boolean
  readonly isListed: boolean
  readonly rename: (title: string) => void
  /** To the text. */
  readonly goOn: () => void
}

/** Enter or leaving it takes the new title, Escape the old one. Others' renaming waits while it is being typed in. */
function TitleInput({ id, draft, title, isFresh, isListed, rename, goOn }: TitleInputProps) {
  const input = useRef<HTMLInputElement>(null)
  const of = `note ${id}` as const
  const typed = draft.value?.of === of ? draft.value.text : undefined
  /** What it was when typing began: whoever leaves it so has renamed nothing, whatever others have. */
  const before = useRef(title)
  useLayoutEffect(() => {
    if (isFresh) input.current?.select()
    else if (typed !== undefined && input.current) goOnTyping(input.current)
  }, [])
  const take = () => {
    // As it is now, not as it was last drawn: Escape has emptied it.
    const now = draft.peek()
    if (now?.of !== of || !isListed) return
    draft.value = undefined
    if (![title, before.current].includes(now.text.trim())) rename(now.text)
  }
  useEffect(() => {
    // What was typed when somebody deleted it has waited until it is put back.
    if (document.activeElement !== input.current) take()
  }, [isListed])
  return (
    <input
      ref={input}
      class="note-title"
      data-testid="note-title"
      aria-label="Title of the note"
      dir="auto"
      value={typed ?? title}
      // Disabled it would lose the focus.
      readOnly={!isListed}
      maxLength={longestTitle}
      autocomplete="off"
      onInput={(event) => {
        if (typed === undefined) before.current = title
        draft.value = { of, text: event.currentTarget.value }
      }}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.isComposing) return
        if (event.key === 'Enter') {
          // Else the text takes this very key.
          event.preventDefault()
          event.currentTarget.blur()
          goOn()
        }
        if (event.key === 'Escape') {
          draft.value = undefined
          event.currentTarget.blur()
        }
      }}
    />
  )
}

/** Takes what is typed until the editor is there. */
function EarlyText({ early, label }: { readonly early: Early; readonly label: string }) {
  const box = useRef<HTMLTextAreaElement>(null)
  useLayoutEffect(() => box.current?.focus(), [])
  return (
    <textarea
      ref={box}
      class="early-text"
      data-testid="note-early"
      aria-label={label}
      placeholder={placeholder}
      dir="auto"
      value={early.value}
      onInput={(event) => {
        early.value = event.currentTarget.value
      }}
    />
  )
}

/** Of another mesh, or one that this device has not heard of yet. */
const NoSuchNote = ({ meshName }: { meshName: string }) => (
  <div class="document-empty" role="status" data-testid="note-nowhere">
    <p>
      <strong>There is no such note in {meshName}.</strong>
    </p>
    <p class="quiet">It may belong to another mesh, or this device has not heard of it yet.</p>
  </div>
)

const OffTheList = ({ held, onRestore }: { held: Held; onRestore: () => void }) => (
  <p class="note-banner" role="status">
    <span>
      This note is not on the list: somebody has deleted it.
      {held === 'whole' && ' Its text is still on this device.'}
    </span>
    <button type="button" class="quiet-button" onClick={onRestore}>
      Put it back
    </button>
  </p>
)

interface NotePageProps {
  readonly note: Note
  readonly page: Page
  readonly early: Early
  readonly onDelete: (() => void) | undefined
}

function NotePage({ note, page: { document, undo, held }, early, onDelete }: NotePageProps) {
  usePresence(document)
  const written = (): WrittenNote => ({
    ...note,
    ...writtenIn(document.handle.doc),
  })
  return (
    <>
      <div class="document-standing">
        <DocumentStateLine
          document={document}
          what="note"
          testId="note-state"
          progressTestId="note-progress"
        />
        <PeopleHere people={document.people.value} label="In this note now" testId="note-people" />
      </div>
      {held.value !== 'whole' && document.shown.value.state !== 'syncing' && <NotHereYet />}
      <EditorBox note={note} document={document} undo={undo} early={early} />
      <footer class="document-foot">
        <span class="quiet">Export</span>
        <button
          type="button"
          class="quiet-button"
          data-testid="note-export-markdown"
          onClick={() => download(noteAsMarkdown(written()))}
        >
          Markdown
        </button>
        <button
          type="button"
          class="quiet-button"
          data-testid="note-export-json"
          onClick={() => download(noteAsJson(written()))}
        >
          JSON
        </button>
        {onDelete && (
          <button type="button" class="quiet-button delete" data-testid="note-delete" onClick={onDelete}>
            Delete note
          </button>
        )}
      </footer>
    </>
  )
}

const NotHereYet = () => (
  <p class="note-banner" data-testid="note-missing">
    What was written in this note is not on this device yet. It comes as soon as somebody who has it opens the
    note; what you write meanwhile is added to it.
  </p>
)

interface EditorBoxProps {
  readonly note: Note
  readonly document: SharedDocument
  readonly undo: UndoManager
  readonly early: Early
}

function EditorBox({ note, document, undo, early }: EditorBoxProps) {
  const host = useRef<HTMLDivElement>(null)
  const editor = useRef<Editor>(null)
  const foreign = useSignal(false)
  const loading = useMemo(() => createOpening(() => import('./editor.ts'), ignore), [])
  const module = loading.now.value
  // At once: Enter in the title goes on in it.
  useLayoutEffect(() => {
    if (module.type !== 'open' || !host.current) return
    const opened = module.value.openEditor({
      host: host.current,
      text: textIn(document.handle.doc),
      awareness: document.handle.awareness,
      undo,
      label: note.title,
      placeholder,
      onForeign: () => {
        foreign.value = true
      },
    })
    editor.current = opened
    goOnFrom(early, opened)
    return () => {
      editor.current = null
      opened.close()
    }
  }, [module, document, undo])
  useEffect(() => editor.current?.setLabel(note.title), [note.title])
  return (
    <>
      {foreign.value && (
        <p class="note-banner" role="alert">
          Another program put something into this note that is not text. It can be read here, but not written.
        </p>
      )}
      {module.type === 'open' ? null : (
        <WhenOpen opening={loading} what="the editor">
          {() => null}
        </WhenOpen>
      )}
      <div class="editor-box" ref={host} />
    </>
  )
}

const placeholder = 'Write here. Everybody who opens this note writes on the same page.'

/** What was written before the editor was there. */
function goOnFrom(early: Early, editor: Editor): void {
  const text = early.peek()
  if (text === undefined || !editor.append(text)) return
  if (document.activeElement === earlyBoxIn(document)) editor.focus()
  early.value = undefined
}

const ignore = (): void => undefined
