// The interfaces a platform fills. The driver speaks to the world through these and nothing else, so that a
// browser tab, a Node process and the simulator run the very same peer.

import type { MeshError } from './errors.ts'
import type { PeerId } from './ids.ts'

/** A point in time on two clocks: one that only goes forward, one that people set. Milliseconds. */
export interface Instant {
  readonly monotonicMs: number
  readonly wallMs: number
}

export interface Clock {
  now(): Instant
  /** Calls `ring` once, at or after the monotonic time; returns how to call it off. Not throttled in hidden tabs. */
  alarm(atMonotonicMs: number, ring: () => void): () => void
}

// ---------------------------------------------------------------------------------------------- storage

export interface Row {
  /** ASCII, so that every platform sorts keys alike. */
  readonly key: string
  readonly value: Uint8Array
}

/** One atomic, durable transaction: all of it or nothing. */
export interface Commit {
  /** Compare: the commit is refused unless each key holds exactly this (`undefined`: is absent). */
  readonly expect?: readonly { readonly key: string; readonly value: Uint8Array | undefined }[]
  readonly put?: readonly Row[]
  /** Where a key is in `put` too, the put holds. */
  readonly delete?: readonly string[]
}

/** Refused: what the keys in `expect` really hold, in their order, so that the caller can merge and try again. */
export type CommitResult =
  { readonly ok: true } | { readonly ok: false; readonly found: readonly (Uint8Array | undefined)[] }

export interface Range {
  /** Keys with `from <= key < to`. */
  readonly from: string
  readonly to: string
  readonly limit?: number
  readonly reverse?: boolean
}

/**
 * One durable database. Several tabs may hold the same one, so nothing is assumed between two calls.
 * `commit` resolves only after the bytes are durable (IndexedDB: `oncomplete` of a strict transaction; disk:
 * after fsync), runs one transaction at a time in call order, and awaits nothing inside it. Rejections are
 * `MeshError` with `storage-full`, `storage-busy` or `storage-failed`; after one, nothing of it was written.
 */
export interface Store {
  /** False for memory: receipts then say `volatile`. */
  readonly durable: boolean
  commit(commit: Commit): Promise<CommitResult>
  get(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>
  range(range: Range): Promise<Row[]>
  /**
   * Only where what lies below may lose rows without a word. `look` is called when that may have happened, in this
   * run or an earlier one, and again at each start until it has resolved; `repaired` says what was done about it. A
   * browser that has thrown everything away says so once, and there is nothing to look through.
   */
  onLoss?(look: (repaired: string | undefined) => Promise<unknown>): void
  close(): Promise<void>
}

// --------------------------------------------------------------------------------------------- keys

/** This device's key pair (Ed25519). The private half never leaves the platform. */
export interface DeviceKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 64 bytes. */
  sign(bytes: Uint8Array): Promise<Uint8Array>
}

export interface Crypto {
  /** 32 bytes. */
  sha256(bytes: Uint8Array): Promise<Uint8Array>
  verify(publicKey: Uint8Array, signature: Uint8Array, bytes: Uint8Array): Promise<boolean>
}

// --------------------------------------------------------------------------------------------- links

export type LinkKind = 'webrtc' | 'tabs' | 'memory'

/**
 * A live frame pipe to one neighbouring peer: ordered and reliable while it is up. Frames are 1 to
 * `limits.maxFrameBytes` bytes. Events come asynchronously (never from inside a call); after `down` or
 * `close()` none follow.
 */
export interface Link {
  readonly kind: LinkKind
  readonly remote: PeerId
  /** Bytes handed over and not yet on the wire. */
  readonly bufferedBytes: number
  /** So much may be buffered at present: at most `limits.maxBufferedBytes`, less where the line is slow. */
  readonly bufferLimitBytes: number
  /** Set by the driver as soon as it is given the link; frames that came before are held for it. */
  events: LinkEvents | undefined
  /** Never throws; a link that cannot send goes `down`. The bytes may be kept: the caller does not change them. */
  send(frame: Uint8Array): void
  /** Ends the link. What was sent before is still flushed where the platform can. */
  close(): void
}

export interface LinkEvents {
  frame(bytes: Uint8Array): void
  /** `bufferedBytes` fell to half of `bufferLimitBytes` or below, after having been above. */
  drained(): void
  /** The far end or the path is gone. `reason` is for people. */
  down(reason: string): void
}

/** Makes links by dialling (WebRTC). `connection` is chosen by the initiator and names one attempt. */
export interface Connector {
  events: ConnectorEvents | undefined
  /** Starts a link as the initiator. */
  dial(remote: PeerId, connection: string): void
  /** A signal came from `remote`; for an unknown `connection` an offer makes us the answering end, anything else is dropped. */
  signal(remote: PeerId, connection: string, data: string): void
  /** Gives an attempt up, without events. */
  abandon(remote: PeerId, connection: string): void
  configure(options: { iceServers: readonly IceServer[] }): void
  close(): void
}

export interface ConnectorEvents {
  /** To be carried to `remote`: opaque text of at most `limits.maxSignalBytes`. */
  signal(remote: PeerId, connection: string, data: string): void
  linked(link: Link): void
  /** An attempt ended without a link. */
  failed(remote: PeerId, connection: string, reason: string): void
}

/** A STUN or TURN server. */
export interface IceServer {
  readonly urls: string | readonly string[]
  readonly username?: string
  readonly credential?: string
}

// ------------------------------------------------------------------------------------ who is there

/** Tabs of one browser profile: found and linked without any server. Absent in Node. */
export interface Tabs {
  events: TabsEvents | undefined
  /** Announces `me` and begins to look. */
  start(me: PeerId): void
  /** Says goodbye, gives up the lock, and stands still until `resume` (the page may be put aside). Synchronous. */
  suspend(): void
  resume(): void
  close(): void
}

export interface TabsEvents {
  /** The first look is done: how many sibling tabs there are. Comes once after `start` and after each `resume`. */
  settled(siblings: readonly PeerId[]): void
  linked(link: Link): void
  /** A sibling's lock fell free: its renderer is dead, or it let go. */
  gone(peer: PeerId): void
}

export type SignalingState = 'connecting' | 'open' | 'closed'

/** One signaling server. Reconnects by itself with jittered backoff until closed. */
export interface Signaling {
  events: SignalingEvents | undefined
  start(topic: string, me: PeerId): void
  /** False where the socket is not open: nothing was sent. `data` is opaque text. */
  send(to: PeerId, data: string): boolean
  /** Asks for a fresh sample of who is there. */
  refresh(): void
  /** Closes the socket; with `start` it can begin again. */
  close(): void
}

export interface SignalingEvents {
  state(state: SignalingState, problem?: MeshError): void
  /** A random sample of the others on the topic; none = nobody is here. After each (re)connect and `refresh`. */
  present(sample: readonly PeerId[]): void
  signal(from: PeerId, data: string): void
  /** The addressee of a signal is not there. */
  absent(peer: PeerId): void
  /** A hint: that peer's socket closed. */
  socketClosed(peer: PeerId): void
}

export type LifecycleEvent =
  /** The page became hidden or visible. */
  | { readonly type: 'visibility'; readonly hidden: boolean }
  /** The page is about to stand still or to go (freeze, pagehide). Act now, synchronously. */
  | { readonly type: 'suspend' }
  /** It runs again (resume, pageshow). */
  | { readonly type: 'resume' }

/** What joinMesh() of a platform hands to the driver. */
export interface Platform {
  readonly clock: Clock
  readonly crypto: Crypto
  /** As `crc32` of core/base, where the platform has a faster one. */
  readonly crc32?: (bytes: Uint8Array, earlier?: number) => number
  /** 16 bytes from a cryptographic source, to seed `Random`. */
  readonly seed: Uint8Array
  readonly store: Store
  readonly deviceKey: DeviceKey
  readonly connector: Connector
  readonly tabs: Tabs | undefined
  /** Makes a client for one server; not started. */
  signaling(
    url: string,
    pauses: { readonly reconnectBaseMs: number; readonly reconnectMaxMs: number },
  ): Signaling
  /** Calls `listener` on every change; returns how to stop. */
  onLifecycle(listener: (event: LifecycleEvent) => void): () => void
  /** What the browser said to `navigator.storage.persist()`; true on disk, undefined for memory. */
  readonly storagePersistent: boolean | undefined
}
