// The public types: what a person who embeds Skein sees. No code. docs/ carries the same list in prose.

// For whoever compiles against these types without that library; TypeScript keeps no import of one.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference lib="esnext.disposable" preserve="true" />

import type { Awareness } from 'y-protocols/awareness'
import type { Doc } from 'yjs'
import type { MeshError } from './base/errors.ts'
import type { Address, MemberId, MessageId, PeerId, StoreId } from './base/ids.ts'
import type { IceServer, LinkKind, SignalingState } from './base/ports.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
/** JSON (plain values only: no `undefined`, `NaN`, dates) or bytes. At most 1 MiB encoded. */
export type Body = Json | Uint8Array
export type Kind = 'human' | 'agent'

export interface Timing {
  heartbeatIntervalMs: number
  silenceTimeoutMs: number
  discoveryTimeoutMs: number
  reconnectBaseMs: number
  reconnectMaxMs: number
}

export interface MeshOptions {
  /** Which mesh: 1-64 of `[A-Za-z0-9_-]`. */
  mesh: string
  /** Who I am: a label others address, 1-32 of `[A-Za-z0-9_-]`. */
  name: string
  /** Signaling servers; all are used. `[]`: this browser's tabs only. Default: the page's own origin; in Node
   * `'auto'`, the servers found on this machine. */
  signaling?: readonly string[] | 'auto'
  /** Default: `'human'` in a browser, `'agent'` in Node. */
  kind?: Kind
  /** Election rank; the highest leads. Default 0. */
  priority?: number
  /** False: never lead. Default true. */
  candidate?: boolean
  /** Node only. Default `~/.skein/<mesh>/<name>`. */
  dataDir?: string
  /** Default `'durable'`. `'memory'`: nothing outlives this peer, and receipts say so. */
  store?: 'durable' | 'memory'
  /** Default none: peers on one network find each other without. */
  iceServers?: readonly IceServer[]
  timing?: Partial<Timing>
  /** Gives up joining; of no effect once joined. */
  signal?: AbortSignal
}

/** One live run. Replaced by a new object on every change. */
export interface Peer {
  readonly id: PeerId
  readonly member: MemberId
  readonly name: string
  readonly kind: Kind
  readonly priority: number
  /** The first to start has the lowest. `undefined` until it has met the mesh. */
  readonly seniority: number | undefined
  readonly hidden: boolean
}

/** Who it is, across restarts. Replaced by a new object on every change. */
export interface Member {
  readonly id: MemberId
  readonly name: string
  readonly kind: Kind
  readonly online: boolean
  /** Wall clock of this device, ms since 1970; undefined when only its messages were ever seen. */
  readonly lastSeenAt: number | undefined
}

export interface Room {
  readonly name: string
  readonly members: readonly Member[]
  readonly joined: boolean
  /** Resolves once stored. From then on its messages come to the inbox. */
  join(options?: { signal?: AbortSignal }): Promise<void>
  leave(options?: { signal?: AbortSignal }): Promise<void>
}

export interface Sent {
  readonly id: MessageId
  /** Members that hold it in their storage; live. */
  readonly deliveredTo: ReadonlySet<MemberId>
  /** Resolves when every addressee holds it; rejects `expired` with `details.lacking: MemberId[]`. */
  delivered(options?: { signal?: AbortSignal }): Promise<void>
}

export interface Message<B = Body> {
  readonly id: MessageId
  readonly from: MemberId
  readonly fromName: string
  /** As the author addressed it. */
  readonly to: Address
  readonly body: B
  /** The author's wall clock, ms since 1970. */
  readonly sentAt: number
  readonly replyTo?: MessageId
  /** Members known to hold it. Complete for one's own messages only. */
  readonly deliveredTo: ReadonlySet<MemberId>
  /** Those it was addressed to, frozen at sending; of a large room only those tracked by name. */
  readonly addressees: readonly MemberId[]
  /** `waiting`: nobody bears the name yet. `stored`: somebody still lacks it. */
  readonly state: 'waiting' | 'stored' | 'delivered' | 'expired'
  /** The author's clock was over a minute ahead of ours: its place in the order is doubtful. */
  readonly clockAhead?: true
  /** Where it stands in the history; pass as `before` for the page that precedes it. Of one conversation, cursors
   * compared as text are in the order of its history. */
  readonly cursor: string
}

export interface InboxMessage<B = Body> {
  readonly id: MessageId
  readonly from: MemberId
  readonly fromName: string
  readonly to: Address
  readonly body: B
  readonly sentAt: number
  readonly replyTo?: MessageId
  /**
   * 1 at first; one more each time it is given again, after `retry()` or because it was not handled, also over restarts. That it
   * was given right as it came is not counted.
   */
  readonly attempt: number
  /** Resolves once it is durable that this message is done with; it never comes again. */
  handled(options?: { signal?: AbortSignal }): Promise<void>
  /** Comes again, same id, after `delayMs`. */
  retry(options?: { delayMs?: number; signal?: AbortSignal }): Promise<void>
  /** Answers where it came from: the room, or its author. With an `id` derived from this message's, answered twice is
   * answered once. */
  reply(body: Body, options?: { id?: string; ttlMs?: number; signal?: AbortSignal }): Promise<Sent>
}

export interface FencingToken {
  /** `''`: the mesh's leader. */
  readonly role: string
  readonly epoch: number
  readonly leader: PeerId
  readonly n: number
}

export interface DutyContext {
  readonly epoch: number
  /** Aborts when this peer stops leading. */
  readonly signal: AbortSignal
  /** A fresh token for one act: higher than all before. Throws `not-leader` where leadership was lost, a stall included. */
  token(): FencingToken
}
export type Duty = (context: DutyContext) => Promise<void> | void

export interface Running {
  readonly active: boolean
  /** Ends candidacy and the duty. */
  stop(): Promise<void>
  readonly stopped: Promise<void>
}

export type LeaderChangeReason =
  'elected' | 'failed' | 'left' | 'resigned' | 'outranked' | 'merged' | 'stalled'

export interface LeaderChange {
  readonly leader: Peer | undefined
  readonly previous: Peer | undefined
  readonly epoch: number
  readonly reason: LeaderChangeReason
}

export interface Receipt {
  readonly id: MessageId
  /** Newly known to hold it. */
  readonly member: MemberId
  readonly deliveredTo: ReadonlySet<MemberId>
  /** Its storage does not outlive it. */
  readonly volatile: boolean
}

export interface PeersChange {
  readonly joined: readonly Peer[]
  readonly left: readonly { readonly peer: Peer; readonly reason: 'left' | 'failed' }[]
  readonly changed: readonly Peer[]
}

/**
 * `alone`: nobody reachable has it open. `syncing`: something is missing, or it is not known yet whether. `synced`:
 * everybody reachable who has it open said so, and nothing of what they hold is missing here.
 */
export type DocState = 'alone' | 'syncing' | 'synced'

export interface DocEvents {
  state: DocState
  /** Everything in the document is in this device's store; not sent with `store: 'memory'`. */
  stored: void
  /** From 0 to 1. */
  progress: number
}

export interface DocHandle {
  readonly name: string
  readonly doc: Doc
  /** As editors bind to it. Who left is removed from it at once. */
  readonly awareness: Awareness
  readonly state: DocState
  /** `state === 'synced'`. */
  readonly synced: boolean
  /** Whose copies `state` rests on: they have it open, and nothing they hold is missing here. */
  readonly basedOn: readonly PeerId[]
  /** From 0 to 1: how much of what is being fetched is here. 1 where nothing is being fetched. */
  readonly progress: number
  /** Everything in it is in this device's store. */
  readonly stored: boolean
  /** Why it cannot be synced or stored at present: `doc-over-limit`, `storage-full`, `storage-busy`, `storage-failed`,
   * `invalid-argument` (it holds a value that no peer takes in). */
  readonly problem: MeshError | undefined
  /** Equal with all reachable peers that have it open; with none reachable once discovery has settled, at once.
   * Rejects `doc-over-limit`, `invalid-argument`, `left`, `aborted`. */
  whenSynced(options?: { signal?: AbortSignal }): Promise<void>
  /** Everything it holds at the time of the call is in this device's store. Rejects `storage-full` (and the like),
   * `doc-over-limit`, `invalid-argument`, `left`, `aborted`. */
  whenStored(options?: { signal?: AbortSignal }): Promise<void>
  on<E extends keyof DocEvents>(event: E, listener: (x: DocEvents[E]) => void): Off
  /** Stores what waits, then stops syncing. A Y.Doc that was handed in stays usable; one of ours is destroyed. Rejects
   * with the storage's code: then it is still open. What is over its limit, or no peer takes in, is not stored. */
  close(options?: { signal?: AbortSignal }): Promise<void>
}

export interface DocStatus {
  readonly name: string
  readonly state: DocState
  readonly basedOn: readonly PeerId[]
  readonly progress: number
  readonly stored: boolean
  readonly sizeBytes: number
  readonly problem: MeshError | undefined
}

export interface LinkStatus {
  readonly peer: PeerId
  readonly kind: LinkKind
  readonly rttMs: number | undefined
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly queuedBytes: number
}

export interface MeshStatus {
  /** False until discovery has settled. */
  readonly settled: boolean
  readonly links: readonly LinkStatus[]
  readonly signaling: readonly { readonly url: string; readonly state: SignalingState }[]
  readonly storage: {
    readonly kind: 'durable' | 'memory'
    readonly persistent: boolean | undefined
    readonly storeId: StoreId
    readonly full: boolean
  }
  readonly queues: {
    /** Own messages that some addressee lacks. */
    readonly undelivered: number
    /** Messages to names nobody bears yet. */
    readonly waitingForName: number
    readonly inbox: number
    readonly linkBytes: number
  }
  /** Documents open in this peer. */
  readonly docs: readonly DocStatus[]
  readonly load: {
    /** How late this peer's alarms rang: the latest of them, halved with every second since. 0: it keeps up. Over a
     * second late, it gives the lead up. */
    readonly lagMs: number
  }
  /** Counts since this peer started: frames, broadcasts, malformed input, false suspicions … */
  readonly counters: Readonly<Record<string, number>>
}

export interface MeshEvents {
  peers: PeersChange
  members: readonly Member[]
  rooms: readonly Room[]
  /** Every message of a joined room or to or from this member, once in this peer, when it is stored here. */
  message: Message
  receipt: Receipt
  links: readonly LinkStatus[]
  status: MeshStatus
  leader: LeaderChange
  error: MeshError
}

export type Off = () => void

export interface Mesh {
  readonly me: Peer
  readonly peers: ReadonlyMap<PeerId, Peer>
  readonly others: ReadonlyMap<PeerId, Peer>
  readonly members: ReadonlyMap<MemberId, Member>
  readonly leader: Peer | undefined
  readonly epoch: number
  readonly rooms: ReadonlyMap<string, Room>
  room(name: string): Room
  on<E extends keyof MeshEvents>(event: E, listener: (x: MeshEvents[E]) => void): Off
  /** Resolves once the message is durable here. Rejects with nothing stored. */
  send(
    to: Address,
    body: Body,
    options?: { id?: string; replyTo?: string; ttlMs?: number; signal?: AbortSignal },
  ): Promise<Sent>
  /** Each message comes at least once, in the order of its author's feed; after `handled()` never again. */
  inbox<B = Body>(options?: {
    rooms?: readonly string[]
    signal?: AbortSignal
  }): AsyncIterableIterator<InboxMessage<B>>
  /** Oldest first; the newest `limit` (default 100) before the cursor. Equal on peers that hold the same. */
  history<B = Body>(
    to: Address,
    options?: { limit?: number; before?: string; signal?: AbortSignal },
  ): Promise<Message<B>[]>
  /** Volatile: at most once, unordered across peers, nothing stored. */
  cast(topic: string, body: Body, options?: { to?: PeerId }): void
  onCast(topic: string, listener: (x: { from: Peer; topic: string; body: Body }) => void): Off
  /**
   * A named Yjs document of this mesh. Resolves when what this device holds of it is loaded; the network is not
   * awaited. Opened twice, both handles share one document. `doc`, `awareness`: your own, to be used in place of new
   * ones. `maxBytes`: how large it may grow here (default and at most 256 MiB).
   */
  doc(
    name: string,
    options?: { doc?: Doc; awareness?: Awareness; maxBytes?: number; signal?: AbortSignal },
  ): Promise<DocHandle>
  lead(duty: Duty): Running
  lead(role: string, duty: Duty, options?: { priority?: number }): Running
  configure(options: {
    signaling?: readonly string[]
    iceServers?: readonly IceServer[]
    priority?: number
    timing?: Partial<Timing>
  }): Promise<void>
  status(): MeshStatus
  /** Says goodbye, flushes, closes. */
  leave(options?: { signal?: AbortSignal }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
