// The entry `skein/testing`: a simulated world for the tests of programs that use Skein. The production peer runs in it
// on a virtual clock, network and disks, all decided by one seed; seconds of it take milliseconds. It needs no browser,
// no natives and no test framework.

import type { Mesh, MeshOptions } from './api.ts'
import { refuseUnknownOptions } from './base/option-names.ts'
import { MeshHandle } from './mesh.ts'
import { checkOptions } from './options.ts'
import type { NetworkShape } from './platform/sim/network.ts'
import { createWorld as createSimWorld, type World } from './platform/sim/world.ts'

/** Where every world has a signaling server from the first. */
const signalingUrl = 'ws://signaling.test'

export type { NetworkShape }

export interface WorldOptions {
  /** Decides everything that is left to chance. The same seed is the same run. */
  readonly seed: number | string
  readonly network?: NetworkShape
  /** Told of everything that happens, a line each: `console.log`, to watch. */
  readonly onTrace?: (line: string) => void
}

/** As for `joinMesh()`, and where in the world it runs. `signaling` is the world's own server unless given. */
export interface JoinOptions extends MeshOptions {
  /**
   * What the process is called in `cut`, `partition` and the trace; one living process bears it at a time. Default:
   * `name`. A later one with the same name finds the disk of the one before, as an agent does that was started again.
   */
  readonly as?: string
  /** Joins as a tab of that browser: its tabs share a disk and find one another without a server. Absent: an agent. */
  readonly browser?: string
}

/** The program that runs in the world, as seen by whoever can pull its plug. */
export interface TestProcess {
  readonly name: string
  readonly alive: boolean
  readonly frozen: boolean
  /** It is gone at once, without a goodbye. Join with the same name to start it again on its disk. */
  kill(): void
  /** Nothing happens in it until it wakes; its clock goes on. */
  freeze(): void
  wake(): void
  /** Its page is hidden, or shown. */
  hide(): void
  show(): void
  /** Somebody sets its wall clock, by so much; backwards, where negative. */
  jumpClock(ms: number): void
}

/** A program's place to store things: a browser's, or an agent's. */
interface TestDisk {
  /** What writing fails with from now on; undefined: with nothing. */
  failing: 'storage-full' | 'storage-failed' | undefined
  /** Writing takes so much longer. */
  slowMs: number
  /** Everything on it is gone. */
  wipe(): void
}

export interface TestServer {
  /** Its process dies: every socket closes. */
  stop(): void
  start(): void
}

type Place = string | { readonly name: string }

/**
 * Time passes only while one of `join`, `run`, `until` or `finish` is awaited, one of them at a time. Never await a
 * promise of a mesh by itself: hand it to `finish`.
 */
export interface TestWorld {
  readonly seed: string
  /** Virtual milliseconds since the world began. */
  readonly now: number
  /** Starts a process and joins a mesh in it. Rejects as `joinMesh()` does; throws where one of that name lives. */
  join(options: JoinOptions): Promise<{ readonly mesh: Mesh; readonly process: TestProcess }>
  /** Lets so many milliseconds pass. */
  run(ms: number): Promise<void>
  /** Runs until it holds; asked after every event. Throws, with seed and trace, when it does not within 60 s. */
  until(condition: () => boolean, options?: { withinMs?: number; what?: string }): Promise<void>
  /** Runs until the promise settles, and gives what it gave. Throws when it does not within 60 s. */
  finish<T>(promise: Promise<T>, options?: { withinMs?: number }): Promise<T>
  /** Does something in the middle of a run: a fault, an act of a person. */
  at(atMs: number, what: string, act: () => void): void
  /**
   * Nothing passes between the two any more, or only nothing from `a` to `b`; neither is told. Here and below: throws
   * for a name under which nobody has joined, and which is no server's address.
   */
  cut(a: Place, b: Place, options?: { oneWay?: boolean }): void
  /** Groups that do not reach each other. Who is in none reaches everybody, the server too. */
  partition(groups: readonly (readonly Place[])[]): void
  /** Joins everything again; or these two. */
  heal(): void
  heal(a: Place, b: Place): void
  /** Ends the links between the two, which are told; they will make new ones. Returns how many there were. */
  dropLinks(a: Place, b: Place): number
  /** Makes the network slower, faster or less even, from now on. */
  shape(shape: NetworkShape): void
  /** The signaling server at that address; made, and running, at the first call. Default: the world's own. */
  server(url?: string): TestServer
  /** The disk of a browser, or of an agent by its name. */
  disk(name: string): TestDisk
  /** What happened last, oldest first, and a hash over all of it: two runs of one seed have the same. */
  readonly trace: { readonly lines: readonly string[]; readonly hash: string }
}

/** A world in which nothing has happened yet, with one signaling server. */
export function createWorld(options: WorldOptions): TestWorld {
  refuseUnknownOptions('createWorld()', options, ['seed', 'network', 'onTrace'])
  if (options.network) checkShape(options.network)
  const world = createSimWorld(options)
  const places = new Set<string>()
  const server = (url = signalingUrl): TestServer => {
    places.add(url)
    return world.server(url)
  }
  server()
  /** A misspelt one would cut nobody off, and the test would pass. */
  const there = (place: Place): Place => {
    const name = typeof place === 'string' ? place : place?.name
    if (places.has(name)) return place
    throw new Error(`Nobody called ${name} has joined. There are: ${[...places].join(', ')}.`)
  }
  return {
    get seed() {
      return world.seed
    },
    get now() {
      return world.now
    },
    trace: world.trace,
    join: (how) => join(world, how, places),
    run: (ms) => world.run(ms),
    until: async (condition, patience = {}) => {
      refuseUnknownOptions('until()', patience, ['withinMs', 'what'])
      await world.until(condition, patience)
    },
    finish: async (promise, patience = {}) => {
      refuseUnknownOptions('finish()', patience, ['withinMs'])
      return world.finish(promise, patience)
    },
    at: (atMs, what, act) => world.at(atMs, what, act),
    cut: (a, b, how = {}) => {
      refuseUnknownOptions('cut()', how, ['oneWay'])
      world.cut(there(a), there(b), how)
    },
    partition: (groups) => world.partition(groups.map((group) => group.map(there))),
    heal: (...pair: [] | [Place, Place]) => {
      if (pair.length === 0) world.heal()
      else world.heal(there(pair[0]), there(pair[1]))
    },
    dropLinks: (a, b) => world.dropLinks(there(a), there(b)),
    shape: (shape) => {
      checkShape(shape)
      world.shape(shape)
    },
    server,
    disk: (name) => world.disk(name),
  }
}

function checkShape(shape: NetworkShape): void {
  refuseUnknownOptions('the network', shape, ['latencyMs', 'jitter', 'bytesPerMs', 'tail'])
}

async function join(
  world: World,
  joinOptions: JoinOptions,
  places: Set<string>,
): Promise<{ mesh: Mesh; process: TestProcess }> {
  checkOptions(joinOptions, 'join()', ['as', 'browser'])
  const { as, browser, ...options } = joinOptions
  const { name, store, signaling } = options
  places.add(as ?? name)
  let process!: ReturnType<World['platform']>
  const opening = MeshHandle.unlessAborted(options.signal, () => {
    process = world.platform({
      name: as ?? name,
      ...(browser !== undefined && { browser }),
      ...(store !== undefined && { store }),
    })
    return MeshHandle.open({
      ...options,
      kind: options.kind ?? (browser === undefined ? 'agent' : 'human'),
      platform: process,
      servers: signaling === undefined || signaling === 'auto' ? [signalingUrl] : signaling,
      // Whoever leaves is done: another may bear the name.
      onLeft: () => process.kill(),
    })
  })
  return { mesh: await world.finish(opening), process }
}
