// Where events happen: a process, or a signaling server. A host that was killed does nothing any more; a frozen
// one keeps every event that comes due and gets them all when it wakes, late.

import type { Random } from '../../base/random.ts'
import type { Cancel, Timeline } from './clock.ts'
import type { Trace } from './trace.ts'

/** `silent`: nobody is told. `down`: the operating system still closes the connections. */
export type Death = 'silent' | 'down'

/** What a process does to the world outside it, each by a call of a port. */
export type Effect = 'commit' | 'read' | 'send' | 'dial' | 'signal'

export interface KillPlan {
  /** `any`: whichever of them comes. */
  readonly effect: Effect | 'any'
  /** The how manieth such call from now on, 1 being the next. Default 1. */
  readonly n?: number
  /** `before`: nothing of the call happens. `after`: it has had its effect, and the process never hears so. */
  readonly when: 'before' | 'after'
  /** As for `kill`. Default `silent`. */
  readonly links?: Death
}

export interface PlannedKill {
  /** The process died of it. */
  readonly fired: boolean
  cancel(): void
}

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
  /** Dies at a coming effect. */
  dieAt(plan: KillPlan): PlannedKill
  /**
   * Does what a port was called for, unless a plan says that the process dies before. `act` calls `done`, where it is
   * given one, once the effect is there: at once, or later (a commit).
   */
  effect(effect: Effect, act: (done: (() => void) | undefined) => void): void
  freeze(): void
  wake(): void
}

interface HostEvent {
  readonly kind: 'alarm' | 'event'
  readonly what: string | (() => string)
  readonly run: () => void
  cancelled: boolean
}

/** A plan with how many calls are left until it is due. */
type Plan = KillPlan & { left: number; fired: boolean }

export function createHost(name: string, world: { timeline: Timeline; trace: Trace; random: Random }): Host {
  const { timeline, trace, random } = world
  const deathListeners = new Set<(death: Death) => void>()
  let wakeListeners: (() => void)[] = []
  let held: HostEvent[] = []
  const plans = new Set<Plan>()
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

  /** Counts the effect for every plan; gives the one that is due. */
  const nextPlan = (effect: Effect): Plan | undefined => {
    let due: Plan | undefined
    for (const plan of plans) {
      if ((plan.effect !== 'any' && plan.effect !== effect) || --plan.left > 0) continue
      due ??= plan
      plans.delete(plan)
    }
    return due
  }

  const fulfil = (plan: Plan, effect: Effect): void => {
    if (!alive) return
    plan.fired = true
    trace.add(timeline.now, name, `is killed ${plan.when} ${effect}`)
    die(plan.links ?? 'silent')
  }

  const die = (death: Death): void => {
    if (!alive) return
    trace.add(timeline.now, name, `dies (${death})`)
    alive = false
    held = []
    for (const listener of [...deathListeners]) listener(death)
    deathListeners.clear()
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
    die,
    dieAt: (plan) => {
      const waiting = { ...plan, left: plan.n ?? 1, fired: false }
      plans.add(waiting)
      return {
        get fired() {
          return waiting.fired
        },
        cancel: () => void plans.delete(waiting),
      }
    },
    effect: (effect, act) => {
      if (!alive) return
      const due = plans.size === 0 ? undefined : nextPlan(effect)
      if (due?.when === 'before') {
        fulfil(due, effect)
        return
      }
      act(due === undefined ? undefined : () => fulfil(due, effect))
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
