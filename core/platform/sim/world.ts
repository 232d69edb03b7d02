// The simulated world: one virtual clock, one network, servers, disks and processes, all decided by one seed. The
// production driver and mesh handle run on its platforms unchanged; a run with the same seed is the same run.

import { createTimeline } from './clock.ts'
import { createAttempts } from './connector.ts'
import { streamFor } from './crypto.ts'
import { createDisk, type DiskInternals, type SimDisk } from './disk.ts'
import { createHostile, type HostilePeer } from './hostile.ts'
import { createHost, type Host } from './host.ts'
import { createNetwork, type NetworkShape } from './network.ts'
import { createProcess, type Machine, type ProcessOptions, type SimProcess } from './process.ts'
import { createServer, type ServerInternals, type SimServer } from './server.ts'
import { createTransactions, type Transactions } from './store.ts'
import type { Browser } from './tabs.ts'
import { createTrace, type Trace } from './trace.ts'

export type { SimProcess } from './process.ts'

interface WorldOptions {
  /** Decides everything. */
  readonly seed: number | string
  readonly network?: NetworkShape
  /** Lines of trace kept, with the 30 latest of which failures end. Default 10,000. */
  readonly maxTraceLines?: number
  /** Told of every line of the trace as it is written. */
  readonly onTrace?: (line: string) => void
}

/** A host of the network: a process, or a server by its URL. */
type HostName = string | { readonly name: string } | { readonly url: string }

export interface World {
  readonly seed: string
  /** Virtual milliseconds since the world began. */
  readonly now: number
  readonly trace: Trace
  /** Starts a process. Throws when one of that name lives. */
  platform(options?: ProcessOptions): SimProcess
  /** Starts a process whose peer turns against the others, when told to: see `HostilePeer`. */
  hostile(options?: ProcessOptions): HostilePeer
  /** The living processes, in the order they started. */
  readonly processes: readonly SimProcess[]
  /** The server at that URL; made, and running, at the first call. */
  server(url: string): SimServer
  /** The disk of a browser, or of a Node process by its name; made at the first call. */
  disk(name: string): SimDisk
  /** Copies a disk, device key included, onto the disk called `copy`. */
  cloneDisk(name: string, copy: string): void

  /** Runs everything due within the next `ms`. */
  run(ms: number): Promise<void>
  /** Runs until `condition` holds (asked after every event); throws when it does not within the time. Default 60 s. */
  until(condition: () => boolean, options?: { withinMs?: number; what?: string }): Promise<void>
  /** Runs until the promise settles, and gives what it gave. Throws when it does not within the time. Default 60 s. */
  finish<T>(promise: Promise<T>, options?: { withinMs?: number }): Promise<T>
  /** Does something at a time of the virtual clock: a fault, an act of a user. */
  at(atMs: number, what: string, act: () => void): void

  /**
   * Frames between the two are swallowed in silence, and new connections fail, until healed. Links stay up until they
   * notice. `oneWay`: only those from `a` to `b`; those from `b` still arrive until both ends give up.
   */
  cut(a: HostName, b: HostName, options?: { oneWay?: boolean }): void
  /** Without arguments: everything is joined again, partitions included. With: these two, of a partition as well. */
  heal(): void
  heal(a: HostName, b: HostName): void
  /** True unless a cut or the partition keeps what `from` sends from `to`. */
  reaches(from: HostName, to: HostName): boolean
  /**
   * Ends the links between two processes (not those of tabs of one browser), with what is on its way; the platform
   * tells both within 5 to 25 ms. `oneEnd`: `b` hears nothing and notices after 16 s. Returns how many links.
   */
  dropLinks(a: HostName, b: HostName, options?: { oneEnd?: boolean }): number
  /** Changes what it names of the network's shape, for links that stand as well. Order within a link is kept. */
  shape(shape: NetworkShape): void
  /** Members of different groups do not reach each other; who is in no group reaches everybody. */
  partition(groups: readonly (readonly HostName[])[]): void
  /** Sets all wall clocks ahead, of machines that run and of those that do not: so long nothing happened. */
  pass(ms: number): void
}

const defaultPatienceMs = 60_000

export function createWorld(options: WorldOptions): World {
  const seed = String(options.seed)
  const timeline = createTimeline()
  const trace = createTrace(options.maxTraceLines ?? 10_000, options.onTrace)
  const networkStreams = { random: streamFor(seed, 'network'), faults: streamFor(seed, 'network faults') }
  const network = createNetwork(timeline, trace, networkStreams, options.network ?? {})
  const attempts = createAttempts()
  const servers = new Map<string, ServerInternals>()
  const browsers = new Map<string, Browser>()
  const machines = new Map<string, Machine>()
  const disks = new Map<string, { readonly disk: DiskInternals; readonly transactions: Transactions }>()
  const processes = new Map<string, SimProcess>()
  const starts = new Map<string, number>()

  let passedMs = 0
  const makeHost = (name: string, run: number): Host =>
    createHost(name, { timeline, trace, random: streamFor(seed, `host ${name} ${run}`) })

  const made = <T>(map: Map<string, T>, name: string, make: () => T): T => {
    const found = map.get(name) ?? make()
    map.set(name, found)
    return found
  }
  const diskNamed = (name: string): { disk: DiskInternals; transactions: Transactions } =>
    made(disks, name, () => {
      const disk = createDisk(name, streamFor(seed, `disk ${name}`))
      const random = streamFor(seed, `transactions ${name}`)
      return { disk, transactions: createTransactions(disk, { timeline, trace, random }) }
    })

  const start = (name: string, process: ProcessOptions): SimProcess => {
    if (processes.get(name)?.alive === true) throw new Error(`a process called ${name} is running already`)
    const run = (starts.get(name) ?? 0) + 1
    starts.set(name, run)
    trace.add(timeline.now, name, `starts (${run})`)
    const started = createProcess(makeHost(name, run), process, {
      timeline,
      trace,
      network,
      attempts,
      browser: process.browser === undefined ? undefined : made(browsers, process.browser, () => new Set()),
      transactions: diskNamed(process.browser ?? name).transactions,
      machine: made(machines, process.browser ?? name, () => ({ jumpedMs: passedMs })),
      findServer: (url) => servers.get(url),
      stream: (purpose) => streamFor(seed, `process ${name} ${run} ${purpose}`),
      restart: () => start(name, process),
    })
    // Taken out first, so that the order stays that of starting.
    processes.delete(name)
    processes.set(name, started)
    return started
  }

  const server = (url: string): SimServer =>
    made(servers, url, () => {
      let runs = 0
      return createServer(url, network, streamFor(seed, `server ${url}`), () => makeHost(url, ++runs))
    })

  const failure = (what: string): Error =>
    new Error(`${what} (seed ${seed}, at ${timeline.now} ms)\n${trace.lines.slice(-30).join('\n')}`)

  const until: World['until'] = async (
    condition,
    { withinMs = defaultPatienceMs, what = 'the condition' } = {},
  ) => {
    if (!(await timeline.advance(timeline.now + withinMs, condition))) {
      throw failure(`${what} did not come true within ${withinMs} ms`)
    }
  }

  return {
    seed,
    get now() {
      return timeline.now
    },
    trace,
    platform: (process = {}) => start(process.name ?? `process-${processes.size + 1}`, process),
    hostile: (process = {}) => {
      const name = process.name ?? `hostile-${processes.size + 1}`
      return createHostile(start(name, { ...process, name }), streamFor(seed, `hostile ${name}`), (what) =>
        trace.add(timeline.now, name, what),
      )
    },
    get processes() {
      return [...processes.values()].filter(({ alive }) => alive)
    },
    server,
    disk: (name) => diskNamed(name).disk,
    cloneDisk: (name, copy) => diskNamed(copy).disk.restore(diskNamed(name).disk.image()),

    run: async (ms) => {
      await timeline.advance(timeline.now + ms)
    },
    until,
    finish: async (promise, patience) => {
      let settled = false
      const settle = (): void => {
        settled = true
      }
      promise.then(settle, settle)
      await until(() => settled, { ...patience, what: 'the promise' })
      return promise
    },
    at: (atMs, what, act) => {
      timeline.at(atMs, () => {
        trace.add(timeline.now, 'world', what)
        act()
      })
    },

    cut: (a, b, how) => network.cut(nameOf(a), nameOf(b), how?.oneWay),
    heal: (a?: HostName, b?: HostName) => {
      if (a === undefined || b === undefined) network.healAll()
      else network.heal(nameOf(a), nameOf(b))
    },
    reaches: (from, to) => network.reaches(nameOf(from), nameOf(to)),
    dropLinks: (a, b, how) => network.dropLinks(nameOf(a), nameOf(b), how?.oneEnd ?? false),
    shape: (shape) => network.shape(shape),
    partition: (groups) => network.partition(groups.map((group) => group.map(nameOf))),
    pass: (ms) => {
      trace.add(timeline.now, 'world', `all wall clocks go ${ms} ms ahead`)
      passedMs += ms
      for (const machine of machines.values()) machine.jumpedMs += ms
    },
  }
}

const nameOf = (host: HostName): string => {
  if (typeof host === 'string') return host
  return 'url' in host ? host.url : host.name
}
