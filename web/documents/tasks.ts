// The task list: one shared map, each task a map of its own, so that two people may tick one task and rewrite it at
// the same time. Changes go through here with one origin, which is what undo holds on to: it takes back one's own.

import * as Y from 'yjs'
import { asLine, asTime, fieldsOf, newEntry, setField } from './entries.ts'

export interface Task {
  readonly id: string
  /** Never empty. */
  readonly title: string
  readonly done: boolean
  /** Ms since 1970, by its author's clock; 0 where unknown. */
  readonly createdAt: number
  /** Who added it; empty where unknown. */
  readonly by: string
}

export type TaskFilter = 'all' | 'open' | 'done'

export const tasksDocument = 'tasks'
export const tasksIn = (document: Y.Doc): Y.Map<unknown> => document.getMap('tasks')

/** Every task in the order in which they were added; equal on all that hold the same. */
export function readTasks(tasks: Y.Map<unknown>): Task[] {
  const all: Task[] = []
  for (const [id, entry] of tasks) {
    const task = taskOf(id, entry)
    if (task) all.push(task)
  }
  return all.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
}

function taskOf(id: string, entry: unknown): Task | undefined {
  const fields = fieldsOf(entry)
  if (!fields) return undefined
  return {
    id,
    title: asLine(fields['title']) || 'Untitled task',
    done: fields['done'] === true,
    createdAt: asTime(fields['createdAt']),
    by: asLine(fields['by']),
  }
}

export const filterTasks = (tasks: readonly Task[], filter: TaskFilter): readonly Task[] =>
  filter === 'all' ? tasks : tasks.filter(({ done }) => done === (filter === 'done'))

/** How many each filter shows. */
export function countTasks(tasks: readonly Task[]): Readonly<Record<TaskFilter, number>> {
  const done = tasks.filter((task) => task.done).length
  return { all: tasks.length, open: tasks.length - done, done }
}

/** Writes into the list. Each call is one step for `undo`. */
export interface TaskWriter {
  readonly undo: Y.UndoManager
  add(task: Task): void
  setDone(id: string, done: boolean): void
  retitle(id: string, title: string): void
  remove(id: string): void
  /** Stops following; the list stays. */
  close(): void
}

export function createTaskWriter(document: Y.Doc): TaskWriter {
  const tasks = tasksIn(document)
  const origin = {}
  const undo = new Y.UndoManager(tasks, { trackedOrigins: new Set([origin]), captureTimeout: 0 })
  const step = (change: () => void): void => document.transact(change, origin)
  return {
    undo,
    add: ({ id, ...fields }) => step(() => tasks.set(id, newEntry(fields))),
    setDone: (id, done) => step(() => setField(tasks, id, 'done', done)),
    retitle: (id, title) => step(() => setField(tasks, id, 'title', asLine(title))),
    remove: (id) => step(() => tasks.delete(id)),
    close: () => undo.destroy(),
  }
}

/** What others did to the list, for those who cannot see it change: one sentence. Undefined where nothing shows. */
export function changeSentence(before: readonly Task[], after: readonly Task[]): string | undefined {
  const known = new Map(before.map((task) => [task.id, task]))
  const kept = new Set(after.map(({ id }) => id))
  const sentences = [
    ...after.flatMap((task) => taskChange(known.get(task.id), task) ?? []),
    ...before.filter(({ id }) => !kept.has(id)).map(({ title }) => `“${title}” was deleted.`),
  ]
  return sentences.length > 1 ? `${sentences.length} tasks changed.` : sentences[0]
}

function taskChange(before: Task | undefined, after: Task): string | undefined {
  if (!before)
    return after.by === '' ? `New task: “${after.title}”.` : `New task by ${after.by}: “${after.title}”.`
  if (before.title !== after.title) return `“${before.title}” now reads “${after.title}”.`
  if (before.done !== after.done) return `“${after.title}” is ${after.done ? 'done' : 'open again'}.`
  return undefined
}
