// Something that is being opened, is open, or could not be: what a component draws while it waits.

import { signal, type ReadonlySignal } from '@preact/signals'

export type Opened<T> =
  | { readonly type: 'opening' }
  | { readonly type: 'open'; readonly value: T }
  | { readonly type: 'failed'; readonly error: unknown }

export interface Opening<T> {
  readonly now: ReadonlySignal<Opened<T>>
  /** Tries again after a failure. */
  retry(): void
  /** Resolves once what is open, or about to be, was closed. */
  close(): Promise<void>
}

export function createOpening<T>(
  open: (signal: AbortSignal) => Promise<T>,
  close: (value: T) => Promise<void> | void,
): Opening<T> {
  const now = signal<Opened<T>>({ type: 'opening' })
  const ending = new AbortController()
  let attempt = start()

  async function start(): Promise<void> {
    try {
      const value = await open(ending.signal)
      if (ending.signal.aborted) await close(value)
      else now.value = { type: 'open', value }
    } catch (error) {
      if (!ending.signal.aborted) now.value = { type: 'failed', error }
    }
  }

  return {
    now,
    retry() {
      if (now.value.type !== 'failed') return
      now.value = { type: 'opening' }
      attempt = start()
    },
    async close() {
      ending.abort()
      const last = now.value
      if (last.type === 'open') await close(last.value)
      else await attempt
    },
  }
}
