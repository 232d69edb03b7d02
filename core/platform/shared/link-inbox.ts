// What a link owes its holder, whatever carries the frames: events come in order, never from inside a call of the
// holder's, frames that come before anybody listens are kept (with a bound), and after the end nothing follows.

import { limits } from '../../base/limits.ts'
import type { LinkEvents } from '../../base/ports.ts'

export interface LinkInbox {
  events: LinkEvents | undefined
  /** False once the link ended. */
  readonly open: boolean
  /** From a callback of the platform. False: nobody listens and too much is kept already; the link must end. */
  frame(bytes: Uint8Array): boolean
  drained(): void
  /** The last event. May be called from inside a call of the holder's: it is told later. */
  down(reason: string): void
  /** No event from now on, not even those kept. */
  shut(): void
}

type LinkEvent =
  | { readonly type: 'frame'; readonly bytes: Uint8Array }
  | { readonly type: 'drained' }
  | { readonly type: 'down'; readonly reason: string }

export function createLinkInbox(): LinkInbox {
  let events: LinkEvents | undefined
  let state: 'open' | 'down' | 'shut' = 'open'
  let kept: LinkEvent[] = []
  let keptBytes = 0
  let pumping = false

  const tell = (event: LinkEvent): void => {
    if (event.type === 'frame') events?.frame(event.bytes)
    else if (event.type === 'drained') events?.drained()
    else {
      state = 'shut'
      events?.down(event.reason)
    }
  }

  const pump = (): void => {
    const batch = kept
    kept = []
    keptBytes = 0
    let told = 0
    try {
      for (; told < batch.length && state !== 'shut' && events !== undefined; told++)
        tell(batch[told] as LinkEvent)
    } finally {
      // Left over only if a listener threw (its event counts as told) or took itself away.
      kept = state === 'shut' ? [] : [...batch.slice(events === undefined ? told : told + 1), ...kept]
      pumping = false
      if (kept.length > 0) pumpLater()
    }
  }

  const pumpLater = (): void => {
    if (pumping || events === undefined) return
    pumping = true
    queueMicrotask(pump)
  }

  const keep = (event: LinkEvent): void => {
    kept.push(event)
    pumpLater()
  }

  return {
    get events() {
      return events
    },
    set events(listener) {
      events = listener
      if (kept.length > 0) pumpLater()
    },
    get open() {
      return state === 'open'
    },
    frame: (bytes) => {
      if (state !== 'open') return true
      if (events !== undefined && kept.length === 0 && !pumping) {
        events.frame(bytes)
        return true
      }
      keptBytes += bytes.length
      if (keptBytes > limits.maxQueuedBytes) return false
      keep({ type: 'frame', bytes })
      return true
    },
    drained: () => {
      if (state === 'open') keep({ type: 'drained' })
    },
    down: (reason) => {
      if (state !== 'open') return
      state = 'down'
      keep({ type: 'down', reason })
    },
    shut: () => {
      state = 'shut'
      kept = []
    },
  }
}
