// The door to notes and tasks: two entries in the navigation, and a main pane that loads the rest when it is first
// looked at. The first screen carries nothing else of them.

import { computed, signal, type ReadonlySignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { View } from '../route.ts'
import type { Session } from '../state.ts'
import type { Documents } from './documents.ts'
import type { DocumentsPaneProps } from './documents-pane.tsx'
import { createOpening, type Opening } from './opening.ts'

interface LoadedPane {
  readonly Pane: (props: DocumentsPaneProps) => preact.JSX.Element
  readonly documents: Documents
}

/** What is loaded, and the documents open in it, as long as the stay in the mesh lasts. */
export interface DocumentsDoor {
  /**
   * Loads it when first asked, and opens the lists: from then on what others write into them arrives and stays on
   * this device, whatever is on the screen.
   */
  pane(): Opening<LoadedPane>
  /** How many tasks wait to be done; 0 while that is not known. */
  readonly openTasks: ReadonlySignal<number>
  close(): void
}

export function createDocumentsDoor(session: Session): DocumentsDoor {
  const { mesh, meshName, newTask, titleDraft, report } = session
  let pane: Opening<LoadedPane> | undefined
  const tasks = signal<ReturnType<Documents['tasks']> | undefined>(undefined)
  const load = async (): Promise<LoadedPane> => {
    const { DocumentsPane, createDocuments } = await import('./documents-pane.tsx')
    const documents = createDocuments({ mesh, meshName, newTask, titleDraft, now: () => Date.now(), report })
    documents.index()
    tasks.value = documents.tasks()
    return { Pane: DocumentsPane, documents }
  }
  return {
    pane: () => (pane ??= createOpening(load, ({ documents }) => documents.close())),
    openTasks: computed(() => {
      const list = tasks.value?.now.value
      return list?.type === 'open' ? list.value.tasks.value.filter(({ done }) => !done).length : 0
    }),
    close: () => void pane?.close(),
  }
}

interface DocumentsNavProps {
  readonly session: Session
  readonly door: DocumentsDoor
  readonly onSelected: () => void
}

const entries = [
  { type: 'notes', label: 'Notes', icon: 'M5 3h7l3 3v11H5zM8 9h4.5M8 12.5h4.5' },
  { type: 'tasks', label: 'Tasks', icon: 'M3.5 6l1.5 1.5L7.5 5M10.5 6h6M3.5 13l1.5 1.5 2.5-2.5M10.5 13h6' },
] as const

export function DocumentsNav({ session, door, onSelected }: DocumentsNavProps) {
  const todo = door.openTasks.value
  const settled = session.status.value.settled
  // Not before: finding the others comes first.
  useEffect(() => {
    if (settled) door.pane()
  }, [settled, door])
  const now = session.view.value
  return (
    <section class="documents-nav" aria-label="Written together">
      <ul>
        {entries.map(({ type, label, icon }) => (
          <li key={type}>
            <button
              type="button"
              class="entry"
              data-testid={`nav-${type}`}
              aria-current={now.type === type ? 'page' : undefined}
              onClick={() => {
                session.show(type === 'notes' ? { type, note: undefined } : { type })
                onSelected()
              }}
            >
              <svg viewBox="0 0 20 20" class="entry-icon" aria-hidden="true">
                <path d={icon} />
              </svg>
              {label}
              {type === 'tasks' && todo > 0 && (
                <span class="note open-tasks">
                  {todo}
                  <span class="visually-hidden"> open</span>
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

interface DocumentsMainProps {
  readonly session: Session
  readonly door: DocumentsDoor
  readonly view: Extract<View, { type: 'notes' | 'tasks' }>
}

export function DocumentsMain({ session, door, view }: DocumentsMainProps) {
  // Made outside of drawing: it may have to be made now.
  const loading = useMemo(() => door.pane(), [door]).now.value
  switch (loading.type) {
    case 'opening':
      return <p class="quiet loading-part">One moment…</p>
    case 'failed':
      return (
        <div class="loading-part" role="alert">
          <p>This part of the app could not be loaded. Reload the page to try again.</p>
          <button type="button" class="quiet-button" onClick={() => window.location.reload()}>
            Reload
          </button>
        </div>
      )
    case 'open': {
      const { Pane, documents } = loading.value
      return <Pane documents={documents} view={view} show={session.show} />
    }
  }
}
