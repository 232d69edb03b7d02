// The clock of a Node process: plain timers, which nothing throttles here. A pending alarm keeps the process alive,
// on purpose: a joined mesh lives until `leave()`, also when it has no socket open; leaving calls its alarms off.

import type { Clock } from '../../base/ports.ts'
import { createAlarms } from '../shared/alarms.ts'

export function createNodeClock(): Clock {
  let timeout: NodeJS.Timeout | undefined
  const alarms = createAlarms(() => performance.now(), {
    set: (delayMs, tick) => {
      clearTimeout(timeout)
      timeout = setTimeout(tick, delayMs)
    },
    clear: () => clearTimeout(timeout),
  })
  return {
    now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
    alarm: alarms.add,
  }
}
