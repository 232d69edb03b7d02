// Small parts that the notes and the tasks share: waiting for something to open, how a document stands, who is in it,
// undo, and saving a file.

import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { errorSentence } from '../event-sentences.ts'
import { stateWords, type SharedThing } from './document-sentences.ts'
import type { ExportedFile } from './exports.ts'
import type { Opening } from './opening.ts'
import type { Person } from './people.ts'
import type { SharedDocument } from './shared-document.ts'
import type { UndoState } from './undo-state.ts'

interface WhenOpenProps<T> {
  readonly opening: Opening<T>
  /** "the task list" */
  readonly what: string
  readonly children: (value: T) => ComponentChildren
}

export function WhenOpen<T>({ opening, what, children }: WhenOpenProps<T>) {
  const now = opening.now.value
  if (now.type === 'open') return <>{children(now.value)}</>
  if (now.type === 'opening') return <p class="document-waiting quiet">Opening {what}…</p>
  return (
    <div class="document-waiting" role="alert">
      <p>
        {what.charAt(0).toUpperCase()}
        {what.slice(1)} could not be opened. {errorSentence(now.error)}
      </p>
      <button type="button" class="primary" onClick={() => opening.retry()}>
        Try again
      </button>
    </div>
  )
}

interface DocumentStateLineProps {
  readonly document: SharedDocument
  readonly what: SharedThing
  /** `note-state`; the bar of its transfer is `note-progress`. */
  readonly testId: string
  readonly progressTestId: string
}

/** The words lag behind where a change would only flicker; the attributes are exact. */
export function DocumentStateLine({ document, what, testId, progressTestId }: DocumentStateLineProps) {
  const exact = document.exact.value
  const { state } = document.shown.value
  const { sync, saved, problem, percent } = stateWords(document.shown.value, what)
  return (
    <div
      class="document-state"
      data-testid={testId}
      data-state={exact.state}
      data-stored={exact.stored}
      data-problem={exact.problem?.code}
    >
      <p>
        <span class="sync-words" data-state={state}>
          {sync}
        </span>
        <span class="saved-words"> · {saved}</span>
      </p>
      {percent !== undefined && (
        <progress
          class="transfer"
          role="progressbar"
          data-testid={progressTestId}
          aria-label="Received so far"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={percent}
          max={100}
          value={percent}
        />
      )}
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  )
}

const mostFaces = 5

interface PeopleHereProps {
  readonly people: readonly Person[]
  readonly label: string
  readonly testId: string
}

export function PeopleHere({ people, label, testId }: PeopleHereProps) {
  const faces = people.length > mostFaces ? people.slice(0, mostFaces - 1) : people
  const rest = people.slice(faces.length)
  return (
    <ul class="people-here" aria-label={label} data-testid={testId}>
      {faces.map(({ name, tone, isMe }) => (
        <li key={`${tone} ${name}`} data-name={name} data-me={isMe} title={isMe ? `${name} (you)` : name}>
          <span class="face" data-tone={tone} aria-hidden="true">
            {Array.from(name)[0]?.toUpperCase()}
          </span>
          <span class="face-name">{isMe ? 'you' : name}</span>
        </li>
      ))}
      {rest.length > 0 && <li title={rest.map(({ name }) => name).join(', ')}>+{rest.length}</li>}
    </ul>
  )
}

interface UndoButtonsProps {
  readonly state: UndoState
  readonly undo: () => void
  readonly redo: () => void
}

export function UndoButtons({ state, undo, redo }: UndoButtonsProps) {
  return (
    <div class="undo-buttons" role="group" aria-label="Undo">
      <button
        type="button"
        class="icon-button"
        data-testid="undo"
        aria-label="Undo my last change"
        title="Undo my last change"
        aria-keyshortcuts="Control+Z"
        aria-disabled={!state.canUndo.value}
        onClick={undo}
      >
        <Icon path="M4 8h8a4 4 0 0 1 0 8H8M7.5 4.5L4 8l3.5 3.5" />
      </button>
      <button
        type="button"
        class="icon-button"
        data-testid="redo"
        aria-label="Redo my last change"
        title="Redo my last change"
        aria-keyshortcuts="Control+Shift+Z"
        aria-disabled={!state.canRedo.value}
        onClick={redo}
      >
        <Icon path="M16 8H8a4 4 0 0 0 0 8h4M12.5 4.5L16 8l-3.5 3.5" />
      </button>
    </div>
  )
}

/** A picture of 20 × 20. */
export const Icon = ({ path }: { path: string }) => (
  <svg viewBox="0 0 20 20" aria-hidden="true">
    <path d={path} />
  </svg>
)

/** While the part that calls it is on the screen, others see me in the document. */
export function usePresence(document: SharedDocument): void {
  useEffect(() => {
    document.setPresent(true)
    return () => document.setPresent(false)
  }, [document])
}

/** Hands the file to the browser, which puts it where its downloads go. */
export function download({ name, type, content }: ExportedFile): void {
  const url = URL.createObjectURL(new Blob([content], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // Some browsers read it only after this task.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
