// Where events happen: a process, or a signaling server. A host that was killed does nothing any more; a frozen
// one keeps every event that comes due and gets them all when it wakes, late.

import type { Random } from '../../base/random.ts'
import type { Cancel, Timeline } from './clock.ts'
import type { Trace } from './trace.ts'

/** `silent`: nobody is told. `down`: the operating system still closes the connections. */
export type Death = 'silent' | 'down'

export interface Host {
  /** What cuts and partitions call it; a restarted process keeps it. */
  readonly name: string
  readonly alive: boolean
  readonly frozen: boolean
  /** Runs `run` after `delayMs` (at once: in the next event), unless the host is dead by then. */
  after(delayMs: number, what: string | (() => string), run: () => void, kind?: 'alarm' | 'event'): Cancel
  /** Called once when the host dies; returns how to stop listening. */
  onDeath(listener: (death: Death) => void): Cancel
  /** Called at the next wake. */
  onWake(listener: () => void): void
  die(death: Death): void
  freeze(): void
  wake(): void
}

interface HostEvent {
  readonly kind: 'alarm' | 'event'
  readonly what: string | (() => string)
  readonly run: () => void
  cancelled: boolean
}

export function createHost(name: string, world: { timeline: Timeline; trace: Trace; random: Random }): Host {
  const { timeline, trace, random } = world
  const deathListeners = new Set<(death: Death) => void>()
  let wakeListeners: (() => void)[] = []
  let held: HostEvent[] = []
  let alive = true
  let frozen = false

  const happen = (event: HostEvent): void => {
    if (!alive || event.cancelled) return
    if (frozen) {
      held.push(event)
      return
    }
    trace.add(timeline.now, name, typeof event.what === 'string' ? event.what : event.what())
    event.run()
  }

  const releaseHeld = (): void => {
    const alarms = held.filter((event) => event.kind === 'alarm')
    const others = held.filter((event) => event.kind !== 'alarm')
    held = []
    const inOrder = random.integer(2) === 0 ? [...alarms, ...others] : [...others, ...alarms]
    for (const event of inOrder) timeline.at(timeline.now, () => happen(event))
  }

  return {
    name,
    get alive() {
      return alive
    },
    get frozen() {
      return frozen
    },
    after: (delayMs, what, run, kind = 'event') => {
      const event: HostEvent = { kind, what, run, cancelled: false }
      if (alive) timeline.at(timeline.now + delayMs, () => happen(event))
      return () => {
        event.cancelled = true
      }
    },
    onDeath: (listener) => {
      deathListeners.add(listener)
      return () => deathListeners.delete(listener)
    },
    onWake: (listener) => wakeListeners.push(listener),
    die: (death) => {
      if (!alive) return
      trace.add(timeline.now, name, `dies (${death})`)
      alive = false
      held = []
      for (const listener of [...deathListeners]) listener(death)
      deathListeners.clear()
    },
    freeze: () => {
      if (!alive || frozen) return
      trace.add(timeline.now, name, 'freezes')
      frozen = true
    },
    wake: () => {
      if (!alive || !frozen) return
      trace.add(timeline.now, name, `wakes to ${held.length} events`)
      frozen = false
      const listeners = wakeListeners
      wakeListeners = []
      for (const listener of listeners) listener()
      releaseHeld()
    },
  }
}

/** A time between the two, in whole microseconds so that traces read well. */
export const between = (random: Random, fromMs: number, toMs: number): number =>
  Math.round((fromMs + random.float() * (toMs - fromMs)) * 1000) / 1000
