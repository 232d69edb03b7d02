// One open document as signals: how it stands and who is in it. The library tells of most changes as they happen; that
// a problem came or went it does not, so the handle is looked at now and then as well.

import { signal, type ReadonlySignal } from '@preact/signals'
import type { DocHandle, Mesh } from 'skein'
import { createCalm } from './calm.ts'
import type { DocumentState } from './document-sentences.ts'
import { awareUser, peopleIn, type Person } from './people.ts'

export interface SharedDocument {
  readonly handle: DocHandle
  /** For eyes: lags behind where a passing change would only flicker. */
  readonly shown: ReadonlySignal<DocumentState>
  /** As the library has it. */
  readonly exact: ReadonlySignal<DocumentState>
  readonly people: ReadonlySignal<readonly Person[]>
  /** Others see me in it from now on; or no more. */
  setPresent(present: boolean): void
  close(): Promise<void>
}

/** A change to "syncing" or "saving" that lasts less is not shown. chosen: what the eye calls a flicker. */
const calmMs = 300
const lookEveryMs = 500

/** Rejects as `mesh.doc()` does. Nobody sees us in it until `setPresent(true)`. */
export async function openShared(
  mesh: Mesh,
  name: string,
  options: { signal?: AbortSignal } = {},
): Promise<SharedDocument> {
  const handle = await mesh.doc(name, options)
  const { awareness } = handle
  awareness.setLocalState(null)
  const first = readState(handle, mesh)
  const exact = signal(first)
  const shown = signal(first)
  const people = signal<readonly Person[]>(peopleIn(awareness))
  const calm = createCalm(first, {
    mayWait: isPassing,
    afterMs: calmMs,
    show: (state) => {
      shown.value = state
    },
  })

  const look = (): void => {
    const next = readState(handle, mesh)
    if (!isSame(exact.value, next)) exact.value = next
    calm.set(exact.value)
  }
  const lookAtPeople = (): void => {
    people.value = peopleIn(awareness)
  }

  // An edit is not stored yet. (Listening to `update` would make Yjs encode whatever comes in.)
  handle.doc.on('afterAllTransactions', look)
  awareness.on('change', lookAtPeople)
  const offs = [
    handle.on('state', look),
    handle.on('stored', look),
    handle.on('progress', look),
    mesh.on('peers', look),
  ]
  const timer = setInterval(look, lookEveryMs)

  return {
    handle,
    exact,
    shown,
    people,
    setPresent(present) {
      awareness.setLocalState(present ? { user: awareUser(mesh.me.name, mesh.me.member) } : null)
    },
    async close() {
      clearInterval(timer)
      calm.close()
      for (const off of offs) off()
      handle.doc.off('afterAllTransactions', look)
      awareness.off('change', lookAtPeople)
      awareness.setLocalState(null)
      await handle.close()
    },
  }
}

function readState(handle: DocHandle, mesh: Mesh): DocumentState {
  const members = handle.basedOn.map((peer) => mesh.peers.get(peer)?.member ?? peer)
  return {
    state: handle.state,
    others: new Set(members.filter((member) => member !== mesh.me.member)).size,
    ownTabs: members.filter((member) => member === mesh.me.member).length,
    progress: handle.progress,
    stored: handle.stored,
    problem: handle.problem,
  }
}

/** From a good word to one that usually holds for a blink. */
const isPassing = (shown: DocumentState, next: DocumentState): boolean =>
  shown.problem === next.problem &&
  ((shown.state !== 'syncing' && next.state === 'syncing') || (shown.stored && !next.stored))

const isSame = (a: DocumentState, b: DocumentState): boolean =>
  (Object.keys(a) as (keyof DocumentState)[]).every((key) => a[key] === b[key])
