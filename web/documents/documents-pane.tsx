// What is loaded when notes or tasks are first looked at: their screens, and the documents behind them.

import './documents.css'
import type { View } from '../route.ts'
import type { Documents } from './documents.ts'
import { NotesView } from './notes-view.tsx'
import { WhenOpen } from './parts.tsx'
import { TasksView } from './tasks-view.tsx'

export { createDocuments } from './documents.ts'

export interface DocumentsPaneProps {
  readonly documents: Documents
  readonly view: Extract<View, { type: 'notes' | 'tasks' }>
  readonly show: (view: View) => void
}

export function DocumentsPane({ documents, view, show }: DocumentsPaneProps) {
  if (view.type === 'tasks')
    return (
      <WhenOpen opening={documents.tasks()} what="the task list">
        {(list) => <TasksView documents={documents} list={list} />}
      </WhenOpen>
    )
  return (
    <WhenOpen opening={documents.index()} what="the list of notes">
      {(index) => (
        <NotesView
          documents={documents}
          index={index}
          open={view.note}
          show={(note) => show({ type: 'notes', note })}
        />
      )}
    </WhenOpen>
  )
}
