// The clock of a page. Alarms ride on one timer in a dedicated Worker, whose timers are not throttled in hidden tabs.
// The Worker is loaded from its file, else from a blob; a content security policy or a bundler may refuse one or the
// other. Until a Worker said that it runs, and where none ever does, the page's own timers serve. A page that starts has
// better things to do than to start a Worker: while it is in front, its own timers are as good.

import type { Clock } from '../../base/ports.ts'
import { createAlarms, type Timer } from '../shared/alarms.ts'

/** A page in front starts its Worker after this. measured: bench/mesh; a Worker takes 20 ms of a processor to start, of
 * the 90 ms that joining takes. */
const workerDelayMs = 2000

/** While the page is in front, waits up to this are its own timers': nothing throttles them there, and a Worker costs two
 * messages and two turns of a thread. measured: bench/bulk; a document of 20 MB brings hundreds of waits. */
const ownWaitMs = 50

/** What clock-worker.ts does, for where that file cannot be reached. */
const workerText = `
let timeout
onmessage = ({ data }) => {
  clearTimeout(timeout)
  if (typeof data === 'number') timeout = setTimeout(() => postMessage('tick'), data)
}
postMessage('ready')
`

export interface BrowserClock extends Clock {
  /** What the alarms ride on; for the status page and tests. */
  readonly source: 'page' | 'worker-file' | 'worker-blob'
  /** Ends the Worker. What was set before, a link's last moments for one, rings by the page's own timers. */
  close(): void
}

type WorkerSource = 'worker-file' | 'worker-blob'

export function createBrowserClock(): BrowserClock {
  let tick = (): void => {}
  let timeout: ReturnType<typeof setTimeout> | undefined
  let worker: Worker | undefined
  let source: BrowserClock['source'] = 'page'
  let closed = false

  const timer: Timer = {
    set: (delayMs, ring) => {
      clearTimeout(timeout)
      // What the Worker was set to before still rings, and comes to nothing.
      tick = ring
      const isOwn = delayMs <= ownWaitMs && document.visibilityState === 'visible'
      if (source === 'page' || isOwn) timeout = setTimeout(ring, delayMs)
      else worker?.postMessage(delayMs)
    },
    clear: () => {
      clearTimeout(timeout)
      if (source !== 'page') worker?.postMessage(null)
    },
  }
  const alarms = createAlarms(() => performance.now(), timer)

  const startWorker = (from: WorkerSource): void => {
    if (closed) return
    const fallBack = (): void => {
      worker?.terminate()
      worker = undefined
      source = 'page'
      alarms.rearm()
      if (from === 'worker-file') startWorker('worker-blob')
    }
    try {
      worker = openWorker(from)
    } catch {
      // Refused on the spot (policy, another origin): the next way is tried.
      fallBack()
      return
    }
    worker.onerror = (event) => {
      event.preventDefault()
      fallBack()
    }
    worker.onmessage = ({ data }) => {
      if (data === 'tick') tick()
      else if (data === 'ready') {
        clearTimeout(timeout)
        source = from
        alarms.rearm()
      }
    }
  }
  const callOffStart = whenOfUse(() => startWorker('worker-file'))
  const off = new AbortController()
  document.addEventListener('visibilitychange', () => alarms.rearm(), { signal: off.signal })

  return {
    get source() {
      return source
    },
    now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
    alarm: alarms.add,
    close: () => {
      closed = true
      callOffStart()
      off.abort()
      worker?.terminate()
      worker = undefined
      source = 'page'
      alarms.rearm()
    },
  }
}

/** Calls `start` once: when the page is hidden, or has been there for a while; never while it goes. */
function whenOfUse(start: () => void): () => void {
  const off = new AbortController()
  const { signal } = off
  let going = false
  const begin = (): void => {
    if (going || signal.aborted) return
    callOff()
    start()
  }
  const look = (): void => {
    if (document.visibilityState === 'hidden') begin()
  }
  const timeout = setTimeout(begin, workerDelayMs)
  const callOff = (): void => {
    clearTimeout(timeout)
    off.abort()
  }
  // A page that goes is hidden right after it was told so. Where a Worker was begun then, Chromium closes the page when
  // somebody comes back to it.
  const go = (goes: boolean) => (): void => {
    going = goes
  }
  addEventListener('pagehide', go(true), { signal })
  addEventListener('pageshow', go(false), { signal })
  document.addEventListener('visibilitychange', look, { signal })
  look()
  return callOff
}

function openWorker(from: WorkerSource): Worker {
  // Written out, so that bundlers see it and bring the file along.
  if (from === 'worker-file')
    return new Worker(new URL('./clock-worker.ts', import.meta.url), { type: 'module' })
  const url = URL.createObjectURL(new Blob([workerText], { type: 'text/javascript' }))
  try {
    return new Worker(url)
  } finally {
    URL.revokeObjectURL(url)
  }
}
