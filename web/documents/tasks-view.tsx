// The task list that everybody edits.

import { useSignal, type Signal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Documents, TaskList } from './documents.ts'
import { tasksAsJson, tasksAsMarkdown } from './exports.ts'
import { DocumentStateLine, download, Icon, PeopleHere, UndoButtons, usePresence } from './parts.tsx'
import { TaskRow } from './task-row.tsx'
import { countTasks, filterTasks, type Task, type TaskFilter } from './tasks.ts'
import { asLine, longestTitle } from './entries.ts'

interface TasksViewProps {
  readonly documents: Documents
  readonly list: TaskList
}

export function TasksView({ documents, list }: TasksViewProps) {
  const filter = useSignal<TaskFilter>('all')
  const section = useRef<HTMLElement>(null)
  usePresence(list.document)
  const tasks = list.tasks.value
  const shown = filterTasks(tasks, filter.value)

  useFocusHandedOn(section, shown, filter.value)
  const add = (title: string) => {
    const id = documents.newId()
    const by = documents.mesh.me.name
    list.writer.add({ id, title, done: false, createdAt: documents.now(), by })
    if (filter.value === 'done') filter.value = 'all'
    // After the next paint.
    requestAnimationFrame(() =>
      section.current?.querySelector(rowOf(id))?.scrollIntoView({ block: 'nearest' }),
    )
  }
  return (
    <section
      class="tasks"
      aria-labelledby="tasks-title"
      ref={section}
      onKeyDown={(event) => {
        if (undoKey(event) === undefined) return
        event.preventDefault()
        if (undoKey(event) === 'undo') list.writer.undo.undo()
        else list.writer.undo.redo()
      }}
    >
      <header class="document-head">
        <h1 id="tasks-title">Tasks</h1>
        <Filters list={list} filter={filter} />
        <UndoButtons
          state={list.undoState}
          undo={() => list.writer.undo.undo()}
          redo={() => list.writer.undo.redo()}
        />
      </header>
      <div class="document-standing">
        <DocumentStateLine
          document={list.document}
          what="task list"
          testId="tasks-state"
          progressTestId="tasks-progress"
        />
        <PeopleHere people={list.document.people.value} label="At the task list now" testId="tasks-people" />
      </div>
      <TaskForm text={list.draft} add={add} />
      <ul class="task-list" aria-labelledby="tasks-title" tabIndex={-1}>
        {shown.map((task) => (
          <TaskRow
            key={task.id}
            task={task}
            draft={documents.titleDraft}
            onDone={(done) => list.writer.setDone(task.id, done)}
            onRetitle={(title) => list.writer.retitle(task.id, title)}
            onRemove={() => list.writer.remove(task.id)}
          />
        ))}
      </ul>
      {shown.length === 0 && <NoTasks any={tasks.length > 0} filter={filter.value} />}
      <p class="visually-hidden" role="status" aria-live="polite" data-testid="tasks-news">
        {list.news.value}
      </p>
      <footer class="document-foot">
        <span class="quiet">Export</span>
        <button
          type="button"
          class="quiet-button"
          data-testid="export-tasks-markdown"
          onClick={() => download(tasksAsMarkdown(documents.meshName, tasks))}
        >
          Markdown
        </button>
        <button
          type="button"
          class="quiet-button"
          data-testid="export-tasks-json"
          onClick={() => download(tasksAsJson(documents.meshName, tasks, documents.now()))}
        >
          JSON
        </button>
      </footer>
    </section>
  )
}

const rowOf = (id: string): string => `[data-task-id="${CSS.escape(id)}"]`

/** A task that goes takes the focus along, whoever deleted or ticked it: the one that follows gets it, or the one before. */
function useFocusHandedOn(
  section: { readonly current: HTMLElement | null },
  shown: readonly Task[],
  filter: TaskFilter,
): void {
  const before = useRef(shown)
  // Asked while the row is still there.
  const row = section.current?.contains(document.activeElement)
    ? document.activeElement?.closest<HTMLElement>('[data-task-id]')
    : undefined
  const id = row?.dataset['taskId']
  const isTyping = document.activeElement?.matches('[data-testid=task-edit]')
  useLayoutEffect(() => {
    const was = before.current
    before.current = shown
    if (id === undefined || shown.some((task) => task.id === id)) return
    const at = was.findIndex((task) => task.id === id)
    const heir = [...was.slice(at + 1), ...was.slice(0, at).reverse()].find((task) =>
      shown.some((other) => other.id === task.id),
    )
    // Where tasks go by a tick not the text box: on a phone that would open the keyboard.
    const otherwise = filter === 'all' ? '.task-form input' : '.task-filters [aria-pressed=true]'
    const next = heir ? `${rowOf(heir.id)} [data-testid=task-toggle]` : otherwise
    // Nobody who types on shall tick another task with the next blank.
    section.current?.querySelector<HTMLElement>(isTyping ? '.task-list' : next)?.focus()
  }, [shown])
}

/** Text boxes have an undo of their own; the one for new tasks has none for what it gave to the list. */
function undoKey(event: KeyboardEvent): 'undo' | 'redo' | undefined {
  const box =
    event.target instanceof HTMLInputElement && event.target.type === 'text' ? event.target : undefined
  const inText = box && (box.value !== '' || !box.closest('.task-form'))
  if (inText || event.altKey || !(event.ctrlKey || event.metaKey)) return undefined
  const key = event.key.toLowerCase()
  if (key === 'z') return event.shiftKey ? 'redo' : 'undo'
  return key === 'y' && !event.shiftKey ? 'redo' : undefined
}

const filterNames: readonly { readonly filter: TaskFilter; readonly label: string }[] = [
  { filter: 'all', label: 'All' },
  { filter: 'open', label: 'Open' },
  { filter: 'done', label: 'Done' },
]

function Filters({ list, filter }: { list: TaskList; filter: { value: TaskFilter } }) {
  const counts = countTasks(list.tasks.value)
  return (
    <div class="task-filters" role="group" aria-label="Which tasks are shown">
      {filterNames.map(({ filter: which, label }) => (
        <button
          key={which}
          type="button"
          data-testid={`task-filter-${which}`}
          aria-pressed={filter.value === which}
          onClick={() => {
            filter.value = which
          }}
        >
          {label} <span class="note">{counts[which]}</span>
        </button>
      ))}
    </div>
  )
}

function TaskForm({ text, add }: { text: Signal<string>; add: (title: string) => void }) {
  return (
    <form
      class="task-form"
      onSubmit={(event) => {
        event.preventDefault()
        const title = asLine(text.value)
        if (title === '') return
        add(title)
        text.value = ''
      }}
    >
      <input
        type="text"
        data-testid="task-input"
        aria-label="New task"
        placeholder="Add a task"
        dir="auto"
        value={text.value}
        maxLength={longestTitle}
        autocomplete="off"
        enterkeyhint="done"
        onInput={(event) => {
          text.value = event.currentTarget.value
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') text.value = ''
        }}
      />
      <button type="submit" class="primary send" data-testid="task-add">
        <Icon path="M10 4v12M4 10h12" />
        <span class="visually-hidden">Add the task</span>
      </button>
    </form>
  )
}

function NoTasks({ any, filter }: { any: boolean; filter: TaskFilter }) {
  if (any)
    return (
      <p class="document-empty quiet">{filter === 'open' ? 'Everything is done.' : 'Nothing is done yet.'}</p>
    )
  return (
    <div class="document-empty">
      <p>
        <strong>Nothing to do.</strong>
      </p>
      <p class="quiet">
        Whatever you add here everybody in this mesh can tick, rewrite or delete, also while offline: the
        lists grow together again. Undo takes back only what you did yourself.
      </p>
    </div>
  )
}
