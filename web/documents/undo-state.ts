// Whether there is something to undo or redo, as signals.

import { signal, type ReadonlySignal } from '@preact/signals'
import type { UndoManager } from 'yjs'

export interface UndoState {
  readonly canUndo: ReadonlySignal<boolean>
  readonly canRedo: ReadonlySignal<boolean>
}

/** Follows the manager for as long as that lives. */
export function followUndo(manager: UndoManager): UndoState {
  const canUndo = signal(manager.canUndo())
  const canRedo = signal(manager.canRedo())
  const look = (): void => {
    canUndo.value = manager.canUndo()
    canRedo.value = manager.canRedo()
  }
  manager.on('stack-item-added', look)
  manager.on('stack-item-popped', look)
  manager.on('stack-cleared', look)
  return { canUndo, canRedo }
}
