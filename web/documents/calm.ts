// Keeps a line from flickering. A document is "syncing" for an instant after every key; said each time, it would tell
// nothing. What may wait is shown only once it has held for a while, everything else at once.

export interface Calm<T> {
  /** Tells what holds now. */
  set(value: T): void
  /** Shows nothing from now on. */
  close(): void
}

export interface CalmOptions<T> {
  /** True where going from the one to the other can wait. */
  readonly mayWait: (shown: T, next: T) => boolean
  readonly afterMs: number
  readonly show: (value: T) => void
}

export function createCalm<T>(first: T, { mayWait, afterMs, show }: CalmOptions<T>): Calm<T> {
  let shown = first
  let latest = first
  let timer: ReturnType<typeof setTimeout> | undefined

  function reveal(): void {
    clearTimeout(timer)
    timer = undefined
    shown = latest
    show(latest)
  }

  return {
    set(value) {
      latest = value
      if (mayWait(shown, value)) timer ??= setTimeout(reveal, afterMs)
      else reveal()
    },
    close: () => clearTimeout(timer),
  }
}
