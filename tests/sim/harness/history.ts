// What happened in a run, as plain records in the order in which they happened. Recorders write them around a mesh
// handle, players and test stands write what they did to the peers, checkers read them. Nothing here knows whether
// the peers were simulated, so that the same checkers judge browsers and real networks.

import type { Address, MemberId, MessageId, PeerId, StoreId } from '../../../core/base/ids.ts'
import type { DocState, LeaderChangeReason } from '../../../core/api.ts'

/** One life of one process: `alice 2` is the second. */
export type Run = string

/** What a document holds: operations by client, and which of them are deleted, as `[client, clock, length]`. */
export interface Held {
  readonly vector: Readonly<Record<string, number>>
  readonly deleted: readonly (readonly [number, number, number])[]
  /** Of its content as the program sees it. */
  readonly content: string
}

/** `seniority` is missing of a peer that is provisional. */
export interface Rank {
  readonly priority: number
  readonly seniority?: number
}

/** A figure of `status()` by name. */
export type Figures = Readonly<Record<string, number>>

export type Happening =
  // lives
  | {
      readonly type: 'joined'
      readonly run: Run
      /** The process; the same in all its lives. */
      readonly name: string
      readonly label: string
      readonly peer: PeerId
      readonly member: MemberId
      /** What it keeps its data on; tabs of one browser share it. `volatile`: it dies with the run. */
      readonly disk: string
      readonly volatile: boolean
      /** Of the mesh, as far as it goes by its own wish. */
      readonly mayLead?: boolean
    }
  | { readonly type: 'leaving'; readonly run: Run }
  /** `broken`: it ended by itself, because a rule of its own was broken. */
  | { readonly type: 'ended'; readonly run: Run; readonly how: 'left' | 'killed' | 'broken' }
  // messages
  | {
      readonly type: 'asked'
      readonly run: Run
      readonly id: MessageId
      readonly to: Address
      /** Who comes later is not shown it any more. */
      readonly ttlMs?: number
    }
  | { readonly type: 'stored'; readonly run: Run; readonly id: MessageId }
  | { readonly type: 'rejected'; readonly run: Run; readonly id: MessageId; readonly code: string }
  | { readonly type: 'delivered'; readonly run: Run; readonly id: MessageId }
  | {
      readonly type: 'expired'
      readonly run: Run
      readonly id: MessageId
      readonly lacking: readonly MemberId[]
      /** By an error event; absent: to whoever waited for its delivery. */
      readonly reported?: true
    }
  | { readonly type: 'receipt'; readonly run: Run; readonly id: MessageId; readonly member: MemberId }
  | {
      readonly type: 'message'
      readonly run: Run
      readonly id: MessageId
      readonly from: MemberId
      readonly to: Address
      readonly addressees: readonly MemberId[]
      readonly cursor: string
      readonly body: string
      /** The program was told that its date is not to be believed. */
      readonly clockAhead?: true
    }
  /** A volatile message was sent: to all, or to one. */
  | { readonly type: 'castSaid'; readonly run: Run; readonly id: string; readonly to?: PeerId }
  /** A volatile message came. */
  | { readonly type: 'castHeard'; readonly run: Run; readonly id: string }
  | {
      readonly type: 'given'
      readonly run: Run
      readonly id: MessageId
      readonly from: MemberId
      readonly attempt: number
      readonly body: string
    }
  | { readonly type: 'handled'; readonly run: Run; readonly id: MessageId; readonly from: MemberId }
  /** What `history()` of a conversation said. */
  | {
      readonly type: 'page'
      readonly run: Run
      readonly of: Address
      readonly messages: readonly { readonly id: MessageId; readonly from: MemberId; readonly body: string }[]
    }
  // leadership
  | {
      readonly type: 'leader'
      readonly run: Run
      readonly leader: PeerId | undefined
      readonly epoch: number
      readonly reason: LeaderChangeReason
      /** How that leader ranks, and how whoever says so does. */
      readonly rank?: Rank
      readonly own?: Rank
    }
  /** A program has a duty for that role, or no longer. */
  | { readonly type: 'stands' | 'stepsAside'; readonly run: Run; readonly role: string }
  | { readonly type: 'dutyBegins'; readonly run: Run; readonly role: string; readonly epoch: number }
  | { readonly type: 'dutyEnds'; readonly run: Run; readonly role: string; readonly epoch: number }
  /** A program got leave to act. */
  | { readonly type: 'tokenTaken'; readonly run: Run; readonly role: string; readonly epoch: number }
  /** An act of a leader, shown to the one resource of the role. */
  | {
      readonly type: 'token'
      readonly run: Run
      readonly role: string
      readonly epoch: number
      readonly leader: PeerId
      readonly n: number
      readonly admitted: boolean
    }
  // who is there
  | { readonly type: 'peerJoined'; readonly run: Run; readonly peer: PeerId }
  | {
      readonly type: 'peerLeft'
      readonly run: Run
      readonly peer: PeerId
      readonly reason: 'left' | 'failed'
    }
  | { readonly type: 'links'; readonly run: Run; readonly peers: readonly PeerId[] }
  // documents
  /** `client`: under which number it writes, and shows itself. */
  | { readonly type: 'docOpened'; readonly run: Run; readonly doc: string; readonly client?: number }
  | { readonly type: 'docClosing'; readonly run: Run; readonly doc: string }
  | { readonly type: 'docClosed'; readonly run: Run; readonly doc: string }
  | { readonly type: 'docHeld'; readonly run: Run; readonly doc: string; readonly held: Held }
  | {
      readonly type: 'docState'
      readonly run: Run
      readonly doc: string
      readonly state: DocState
      readonly basedOn: readonly PeerId[]
      /** Something in it waits for what is not there. */
      readonly pending?: true
    }
  /** Everything in it was called stored. */
  | { readonly type: 'docStored'; readonly run: Run; readonly doc: string; readonly held: Held }
  | {
      readonly type: 'aware'
      readonly run: Run
      readonly doc: string
      readonly states: Readonly<Record<string, string>>
    }
  // the rest of the handle
  | { readonly type: 'error'; readonly run: Run; readonly code: string; readonly text: string }
  | {
      readonly type: 'observed'
      readonly run: Run
      readonly peers: readonly PeerId[]
      readonly leader: PeerId | undefined
      readonly epoch: number
      readonly settled: boolean
      readonly storeId: StoreId
      readonly docs: readonly {
        /** Something in it waits for what is not there. */
        readonly pending?: true
        readonly name: string
        readonly state: DocState
        readonly stored: boolean
        readonly basedOn: number
        readonly problem: string | undefined
      }[]
      readonly figures: Figures
    }
  // others
  /** A peer of another mesh came to their server. */
  | { readonly type: 'stranger'; readonly peer: PeerId }
  /** A hostile peer does nothing any more but say one thing again and again; the fault that it is by. */
  | { readonly type: 'hangs'; readonly name: string; readonly peer: PeerId; readonly fault: number }
  // what was done to them
  | {
      readonly type: 'faultBegins' | 'faultEnds'
      readonly fault: number
      readonly kind: string
      /** Names of processes and servers it concerns. */
      readonly touched: readonly string[]
      readonly what: string
    }
  /** It made a difference: a frame was held back, a commit failed, a process was alive to be killed. */
  | { readonly type: 'faultBit'; readonly fault: number; readonly kind: string }
  /** Somebody set a wall clock. */
  | { readonly type: 'clock'; readonly name: string; readonly byMs: number }
  /** Some rows were damaged; or what came after `asOfMs` is gone. `cloned`: another disk's content is on it. */
  | {
      readonly type: 'diskHarmed'
      readonly disk: string
      readonly how: 'rows' | 'older' | 'wiped' | 'cloned'
      readonly asOfMs: number
      /** Of `rows`: which. */
      readonly keys?: readonly string[]
    }
  /** What is on a disk now: ids of messages that are there with their bodies; by feed the numbers held. */
  | {
      readonly type: 'disk'
      readonly disk: string
      readonly messages: readonly string[]
      readonly feeds: Readonly<Record<string, number>>
      /** The highest epoch of each role. */
      readonly epochs: Readonly<Record<string, number>>
      readonly rows: number
      /** Own messages that somebody still lacks; and those that are not there with their bodies. */
      readonly owed?: readonly string[]
      readonly hollow?: readonly string[]
      /** At the end, by feed and number: a piece of the hash of what stands there. */
      readonly hashes?: Readonly<Record<string, Readonly<Record<number, string>>>>
    }
  /** Somebody was told just now that this is on one of these disks, and it is not. */
  | {
      readonly type: 'absent'
      readonly disks: readonly string[]
      /** `damaged`: it is there, and its checksum is wrong. */
      readonly kind: 'message' | 'entry' | 'receipt' | 'epoch' | 'document' | 'damaged'
      readonly what: string
    }
  /** Faults are over, and everybody is back who comes back. */
  | { readonly type: 'calm' }
  /** All that liveness asks for holds; or the time for it is over. */
  | { readonly type: 'settled'; readonly inTime: boolean; readonly waitingFor: readonly string[] }
  | { readonly type: 'over' }
  /** So much happened in so short a time that the run was broken off. */
  | { readonly type: 'storm'; readonly events: number; readonly ms: number }
  /** How much happened in a while of rest. */
  | { readonly type: 'rate'; readonly eventsPerSecond: number; readonly peers: number }

export type Entry = Happening & { readonly atMs: number }

export interface History {
  readonly entries: readonly Entry[]
  add(happening: Happening): void
}

/** @param now Milliseconds on one clock for all recorders. */
export function createHistory(now: () => number, listen?: (entry: Entry) => void): History {
  const entries: Entry[] = []
  return {
    entries,
    add: (happening) => {
      const entry = { atMs: now(), ...happening }
      entries.push(entry)
      listen?.(entry)
    },
  }
}
