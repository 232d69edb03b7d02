// Many alarms on one timer. A platform lends a timer that can be set to one moment; this keeps the list, rings what
// is due in the order of its time, and asks for a timer only while an alarm is pending.

/** One timer. Setting it again replaces what was set. */
export interface Timer {
  /** Calls `tick` once after about `delayMs`; early is allowed. */
  set(delayMs: number, tick: () => void): void
  clear(): void
}

export interface Alarms {
  /** See `Clock.alarm`. */
  add(atMonotonicMs: number, ring: () => void): () => void
  /** Sets the timer anew, after the platform exchanged it. */
  rearm(): void
}

/** Timers count milliseconds in 31 bits; a longer delay would ring at once. */
const longestDelayMs = 2 ** 31 - 1

interface Alarm {
  readonly atMs: number
  readonly ring: () => void
}

export function createAlarms(nowMs: () => number, timer: Timer): Alarms {
  const pending = new Set<Alarm>()
  let setForMs: number | undefined

  const arm = (): void => {
    let nextMs = Infinity
    for (const alarm of pending) nextMs = Math.min(nextMs, alarm.atMs)
    if (nextMs === Infinity) {
      if (setForMs !== undefined) timer.clear()
      setForMs = undefined
      return
    }
    // A timer set for earlier is left alone: setting one costs more than a tick too many.
    if (setForMs !== undefined && setForMs <= nextMs) return
    setForMs = nextMs
    // Timers take whole milliseconds and cut off the rest: set for less, each would ring too early and be set again.
    timer.set(Math.min(Math.max(0, Math.ceil(nextMs - nowMs())), longestDelayMs), tick)
  }

  const tick = (): void => {
    setForMs = undefined
    const now = nowMs()
    const due = [...pending].filter((alarm) => alarm.atMs <= now).sort((a, b) => a.atMs - b.atMs)
    try {
      for (const alarm of due) {
        // An alarm that rang before may have called this one off.
        if (pending.delete(alarm)) alarm.ring()
      }
    } finally {
      arm()
    }
  }

  return {
    add: (atMs, ring) => {
      const alarm = { atMs, ring }
      pending.add(alarm)
      arm()
      return () => {
        if (pending.delete(alarm)) arm()
      }
    },
    rearm: () => {
      setForMs = undefined
      arm()
    },
  }
}
