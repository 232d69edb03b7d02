// One simulated process: a Platform for the driver, and the handles by which a test kills, freezes, hides or
// restarts it. What survives a restart is its name, its disk and its browser.

import type { LifecycleEvent, Platform, Signaling } from '../../base/ports.ts'
import type { Random } from '../../base/random.ts'
import type { Timeline } from './clock.ts'
import { createConnector, type Attempts } from './connector.ts'
import { deviceKeyOf, simCrypto, type SimDeviceKey } from './crypto.ts'
import { createDisk } from './disk.ts'
import type { Death, Host, KillPlan, PlannedKill } from './host.ts'
import type { Network } from './network.ts'
import type { ServerInternals } from './server.ts'
import { createSignaling } from './signaling.ts'
import { createStore, createTransactions, type Transactions } from './store.ts'
import { createTabs, type Browser } from './tabs.ts'
import type { Trace } from './trace.ts'

export interface ProcessOptions {
  /** Unique among the living. Default `process-1`, `process-2` … */
  readonly name?: string
  /** Processes of one browser share its disk and see each other as tabs. Absent: a Node process with a disk of its own. */
  readonly browser?: string
  /** `'memory'`: rows that die with the process. Default `'durable'`. */
  readonly store?: 'durable' | 'memory'
  /** How far its wall clock is off when it starts. Default 0. */
  readonly wallSkewMs?: number
  /** Both its clocks run so many times as fast as the world's. Default 1. */
  readonly driftRate?: number
}

export interface SimProcess extends Platform {
  readonly deviceKey: SimDeviceKey
  /** Pauses are the simulator's own. */
  signaling(url: string): Signaling
  readonly name: string
  readonly alive: boolean
  readonly frozen: boolean
  /**
   * The process is gone at once, without a goodbye. Far ends of its links hear nothing (`silent`, the default) or
   * are told by the operating system (`down`); sockets and tab locks are noticed within 10 to 30 ms either way.
   */
  kill(options?: { links?: Death }): void
  /**
   * Kills it at a coming effect: right before its n-th call of that port from now on, of which nothing happens then,
   * or right after, when the effect is there and the answer never comes. What its mesh handle still says afterwards
   * in the same breath was said by a dead process: nobody can have heard it.
   */
  killAt(plan: KillPlan): PlannedKill
  /** Somebody sets the machine's wall clock, by so much, backwards too: it stays so for all tabs of a browser, and after restarts. */
  jumpClock(ms: number): void
  /** A new process with the same name, disk and browser. A living one is killed first. */
  restart(): SimProcess
  /** Stops it in the middle of what it does: every event of it is held. Its clock goes on. */
  freeze(): void
  /** Delivers what was held, late; alarms first or the rest first, by the seed. */
  wake(): void
  /** Tells it that it is about to stand still (pagehide, freeze), then freezes it. */
  suspend(): void
  /** Wakes it with the news that it runs again (pageshow, resume) before anything that was held. */
  resume(): void
  hide(): void
  show(): void
}

/** What a process is put into. */
export interface Surroundings {
  readonly timeline: Timeline
  readonly trace: Trace
  readonly network: Network
  readonly attempts: Attempts
  readonly browser: Browser | undefined
  readonly transactions: Transactions
  readonly machine: Machine
  readonly findServer: (url: string) => ServerInternals | undefined
  /** A stream of randomness of its own for each purpose. */
  readonly stream: (purpose: string) => Random
  readonly restart: () => SimProcess
}

/** What tabs of one browser have in common beside their disk, and a process with those before it. */
export interface Machine {
  /** By how much its wall clock was set. */
  jumpedMs: number
}

/** The monotonic clock counts nanoseconds, so that rounding never makes an alarm ring before its time. */
const onGrid = (ms: number): number => Math.round(ms * 1e6) / 1e6
const notBefore = (ms: number): number => {
  const ceiling = Math.ceil(ms * 1e6) / 1e6
  return ceiling >= ms ? ceiling : ceiling + 1e-6
}

/** 2025-01-01T00:00:00Z: where every world begins. */
const worldBeganAtMs = 1_735_689_600_000

export function createProcess(host: Host, options: ProcessOptions, around: Surroundings): SimProcess {
  const { timeline, network, stream } = around
  const listeners = new Set<(event: LifecycleEvent) => void>()
  const durable = options.store !== 'memory'
  const transactions = durable ? around.transactions : memoryOf(host, around)
  // As on real platforms, the monotonic clock begins with the process.
  const startedAtMs = timeline.now
  const { machine } = around
  const rate = options.driftRate ?? 1
  const monotonicMs = (): number => onGrid((timeline.now - startedAtMs) * rate)
  const wallMs = (): number =>
    worldBeganAtMs +
    startedAtMs +
    (timeline.now - startedAtMs) * rate +
    (options.wallSkewMs ?? 0) +
    machine.jumpedMs
  const tell = (event: LifecycleEvent): void => {
    for (const listener of [...listeners]) listener(event)
  }
  const soon = (what: string, run: () => void): void => {
    host.after(0, what, run)
  }

  return {
    name: host.name,
    get alive() {
      return host.alive
    },
    get frozen() {
      return host.frozen
    },
    clock: {
      now: () => ({ monotonicMs: monotonicMs(), wallMs: wallMs() }),
      alarm: (atMonotonicMs, ring) =>
        host.after(
          startedAtMs + notBefore(notBefore(atMonotonicMs) / rate) - timeline.now,
          'alarm',
          ring,
          'alarm',
        ),
    },
    crypto: simCrypto,
    seed: randomBytes(stream('seed'), 16),
    store: createStore(host, transactions, durable),
    deviceKey: deviceKeyOf(transactions.disk.deviceSecret),
    connector: createConnector(host, network, around.attempts),
    tabs: around.browser === undefined ? undefined : createTabs(host, around.browser, network),
    signaling: (url) => createSignaling(host, url, network, around.findServer),
    onLifecycle: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    storagePersistent: durable ? true : undefined,

    kill: (how) => host.die(how?.links ?? 'silent'),
    killAt: (plan) => host.dieAt(plan),
    jumpClock: (ms) => {
      around.trace.add(timeline.now, host.name, `has its wall clock set by ${ms} ms`)
      machine.jumpedMs += ms
    },
    restart: () => {
      host.die('silent')
      return around.restart()
    },
    freeze: () => host.freeze(),
    wake: () => host.wake(),
    suspend: () =>
      soon('is suspended', () => {
        tell({ type: 'suspend' })
        host.freeze()
      }),
    resume: () => {
      // Scheduled before the wake, so that it comes before all that was held.
      host.onWake(() => soon('is resumed', () => tell({ type: 'resume' })))
      host.wake()
    },
    hide: () => soon('is hidden', () => tell({ type: 'visibility', hidden: true })),
    show: () => soon('is shown', () => tell({ type: 'visibility', hidden: false })),
  }
}

const memoryOf = (host: Host, { timeline, trace, stream }: Surroundings): Transactions =>
  createTransactions(createDisk(`memory of ${host.name}`, stream('memory')), {
    timeline,
    trace,
    random: stream('memory transactions'),
  })

const randomBytes = (random: Random, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => random.integer(256))
