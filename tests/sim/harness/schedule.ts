// A schedule is a whole run as plain data: who takes part, and what happens to them when. It can be generated from a
// seed, written to a file, cut down by the shrinker and played again. Nothing in it is code.

import { impersonationKinds, type AttackKind } from '../../../core/platform/sim/forgeries.ts'

/** One process that may come and go: a tab or an agent. */
export interface Role {
  /** Of the process, unique. */
  readonly name: string
  /** What the others call it; tabs of one browser share it. */
  readonly label: string
  /** Tabs of one browser share a disk and a key. Absent: an agent with a disk of its own. */
  readonly browser?: string
  readonly priority: number
  readonly candidate: boolean
  readonly store: 'durable' | 'memory'
  /** How far its wall clock is off, and by how many millionths it runs fast. */
  readonly wallSkewMs: number
  readonly driftPpm: number
}

/** Which of two directions of a path is cut. */
export type Cut = readonly [from: string, to: string]

/** What somebody does with the mesh. `id` is that of the message, `seed` decides the details of an edit. */
export type Traffic =
  | { readonly type: 'join'; readonly who: string }
  | { readonly type: 'leave'; readonly who: string }
  | {
      readonly type: 'send'
      readonly who: string
      readonly to: string
      readonly id: string
      readonly count: number
      readonly bytes: number
      readonly ttlMs?: number
    }
  | { readonly type: 'enterRoom' | 'leaveRoom'; readonly who: string; readonly room: string }
  /** `toOne`: not to everybody, but to one that it sees. */
  | { readonly type: 'cast'; readonly who: string; readonly id?: string; readonly toOne?: boolean }
  | { readonly type: 'lead' | 'stopLeading'; readonly who: string; readonly role: string }
  | { readonly type: 'openDoc' | 'closeDoc' | 'aware'; readonly who: string; readonly doc: string }
  | {
      readonly type: 'edit'
      readonly who: string
      readonly doc: string
      readonly seed: number
      readonly count: number
      /** Asks when it is stored. */
      readonly ask: boolean
      /** One of them writes a large value. */
      readonly large?: true
    }
  /** What somebody wrote elsewhere is taken in, and its beginning is not: that comes when the run calms down, or with `whole`. */
  | {
      readonly type: 'import'
      readonly who: string
      readonly doc: string
      readonly seed: number
      readonly whole: boolean
    }

/** A fault ends by itself after `forMs`; at the latest when the run calms down. */
export type Fault =
  // processes
  | { readonly type: 'kill'; readonly who: string; readonly links: 'silent' | 'down'; readonly forMs: number }
  | {
      readonly type: 'killAt'
      readonly who: string
      readonly effect: 'commit' | 'send' | 'signal'
      readonly n: number
      readonly when: 'before' | 'after'
      readonly forMs: number
    }
  | { readonly type: 'freeze' | 'suspend' | 'hide'; readonly who: string; readonly forMs: number }
  | { readonly type: 'jumpClock'; readonly who: string; readonly byMs: number; readonly forMs: number }
  /** All processes die, and so much time passes by all clocks before they may start again. */
  | { readonly type: 'absence'; readonly byMs: number; readonly forMs: number }
  // disks; `disk` is the name of a browser, or of an agent
  /** `uncertain`: what failed may be there after all. */
  | {
      readonly type: 'failing'
      readonly disk: string
      readonly code: 'storage-full' | 'storage-failed'
      readonly uncertain: boolean
      readonly forMs: number
    }
  | {
      readonly type: 'corrupt' | 'truncate'
      readonly disk: string
      readonly rows: number
      readonly seed: number
    }
  /** Its processes die, and runs of the latest commits are gone: LevelDB passes over damaged records of its log. */
  | {
      readonly type: 'skipCommits'
      readonly disk: string
      readonly runs: number
      readonly seed: number
      readonly forMs: number
    }
  | { readonly type: 'slowDisk'; readonly disk: string; readonly ms: number; readonly forMs: number }
  /** Broken on purpose, to see that checkers see it: not to be survived, and drawn by no profile. */
  | { readonly type: 'tearing' | 'forgetful'; readonly disk: string; readonly forMs: number }
  /** Its processes die; the disk is put back to how it was `agoMs` before, or to nothing. */
  | { readonly type: 'restore'; readonly disk: string; readonly agoMs: number; readonly forMs: number }
  | { readonly type: 'wipe'; readonly disk: string; readonly deviceKey: boolean; readonly forMs: number }
  /** The processes of `to` die, and its disk becomes a copy of `disk`, key included. */
  | { readonly type: 'clone'; readonly disk: string; readonly to: string; readonly forMs: number }
  // the network; names are those of processes and servers
  | { readonly type: 'cut'; readonly cuts: readonly Cut[]; readonly forMs: number }
  | {
      readonly type: 'flap'
      readonly cuts: readonly Cut[]
      readonly periodMs: number
      readonly forMs: number
    }
  /** A partition, healed path by path in this order, `healEveryMs` apart. */
  | {
      readonly type: 'partition'
      readonly shape: 'halves' | 'alone' | 'bridge' | 'ring' | 'three' | 'holes'
      readonly cuts: readonly Cut[]
      readonly forMs: number
      readonly healEveryMs: number
    }
  | { readonly type: 'dropLinks'; readonly a: string; readonly b: string; readonly oneEnd: boolean }
  /** All its links end at one moment: its machine changes networks. */
  | { readonly type: 'loseLinks'; readonly who: string }
  | { readonly type: 'heavyTails'; readonly share: number; readonly upToMs: number; readonly forMs: number }
  // signaling servers
  | { readonly type: 'stopServer'; readonly server: string; readonly forMs: number }
  | {
      readonly type: 'lie'
      readonly server: string
      readonly ghosts: number
      readonly hide: number
      readonly forMs: number
    }
  | { readonly type: 'slowServer'; readonly server: string; readonly ms: number; readonly forMs: number }
  /** A server takes all meshes for one, and a peer of another mesh comes to it. */
  | { readonly type: 'visit'; readonly who: string; readonly server: string; readonly forMs: number }
  | { readonly type: 'accuse' | 'forget'; readonly server: string; readonly who: string }
  // a peer that is no Skein peer
  | { readonly type: 'attack'; readonly attacker: string; readonly kind: AttackKind }
  /** It says that all the time. `hangs`: and does nothing else any more, and the servers say that its socket closed. */
  | {
      readonly type: 'insist'
      readonly attacker: string
      readonly kind: AttackKind
      readonly everyMs: number
      readonly hangs: boolean
      readonly forMs: number
    }

export type Act = Traffic | Fault

export interface Step {
  /** Virtual, since the world began. */
  readonly atMs: number
  readonly act: Act
}

export interface Schedule {
  /** Decides what the steps leave open: latencies, what a disk loses, the ids of peers. */
  readonly seed: number
  readonly profile: string
  readonly servers: readonly string[]
  /** One way, of each link; absent: as the simulator has it. */
  readonly latencyMs?: readonly [from: number, to: number]
  readonly cast: readonly Role[]
  readonly steps: readonly Step[]
}

const traffic: ReadonlySet<string> = new Set<Traffic['type']>([
  'join',
  'leave',
  'send',
  'enterRoom',
  'leaveRoom',
  'cast',
  'lead',
  'stopLeading',
  'openDoc',
  'closeDoc',
  'aware',
  'edit',
  'import',
])

export const isFault = (act: Act): act is Fault => !traffic.has(act.type)

/** The disk a role lives on. */
export const diskOf = (role: Role): string => role.browser ?? role.name

/** All that lives on one machine: tabs of one browser are never parted. */
export const machinesOf = (cast: readonly Role[]): string[][] => {
  const machines = new Map<string, string[]>()
  for (const role of cast) machines.set(diskOf(role), [...(machines.get(diskOf(role)) ?? []), role.name])
  return [...machines.values()]
}

/** What is said in another's name is believed for a while, in an open mesh; and a flood is a flood. */
const disturbsAll = (kind: AttackKind): boolean =>
  kind.startsWith('flood-') ||
  kind === 'records-of-others' ||
  kind === 'records-ahead' ||
  impersonationKinds.has(kind)

/** Of whom a fault speaks: processes, disks and servers by name. */
export function touchedBy(fault: Fault, cast: readonly Role[]): string[] {
  const onDisk = (disk: string): string[] =>
    cast.filter((role) => diskOf(role) === disk).map(({ name }) => name)
  // A server's false word harms nobody who is linked, and a hostile peer mostly nobody but itself.
  if (fault.type === 'accuse' || fault.type === 'forget' || fault.type === 'visit') return [fault.server]
  if ('attacker' in fault && !disturbsAll(fault.kind)) return [fault.attacker]
  if (fault.type === 'loseLinks') return [fault.who]
  if ('who' in fault) return [fault.who, ...siblingsOf(fault.who, cast)]
  if (fault.type === 'clone') return [...onDisk(fault.disk), ...onDisk(fault.to)]
  if ('disk' in fault) return onDisk(fault.disk)
  if ('cuts' in fault) return [...new Set(fault.cuts.flat())]
  if (fault.type === 'dropLinks') return [fault.a, fault.b]
  if ('server' in fault) return [fault.server]
  return cast.map(({ name }) => name)
}

/** A frozen tab may block those that share its store. */
function siblingsOf(name: string, cast: readonly Role[]): string[] {
  const role = cast.find((each) => each.name === name)
  if (role?.browser === undefined) return []
  return cast.filter((each) => each.browser === role.browser && each.name !== name).map((each) => each.name)
}
