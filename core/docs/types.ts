// What the docs machine takes in and gives out, and what it may read of a document. The Y.Doc itself is the
// handle's: the machine sees vectors, digests and updates (Yjs encoding V1), never a type or an observer.

import type { MeshError } from '../base/errors.ts'
import type { PeerId } from '../base/ids.ts'
import type { Commit, CommitResult, Range, Row } from '../base/ports.ts'
import type { UpdateScan } from './update-scan.ts'
import type { DocVector, Payload, PayloadOf } from '../wire/messages.ts'

/** A document as the machine may read it. Reading changes nothing and runs nothing of the program's. */
export interface Replica {
  /** How many operations of that client are held without a hole; 0 for a client never seen. */
  clockOf(client: number): number
  vector(): DocVector
  /** How many are in it. */
  readonly clients: number
  /** 16 bytes over vector and deletions: equal exactly where both are. Cheap where little changed since the last call. */
  digest(): Uint8Array
  /** Operations or deletions were taken in that wait for others. */
  readonly pending: boolean
  /** About what the whole document is when encoded; exact enough to hold a limit against. */
  readonly sizeBytes: number
  /** How deep that operation lies in types; 0 at the root, and where it is not held. */
  levelOf(client: number, clock: number): number
  /** Reads all that a replica with this vector lacks, deletions included. */
  reader(since: DocVector): SegmentReader
}

/** Reads a document piece by piece, in an order in which each piece needs only those before it. */
export interface SegmentReader {
  /** Estimate of all it will give; never 0. */
  readonly totalBytes: number
  /**
   * The next update, of about `maxBytes` (more where a single value is larger); undefined at the end. The document
   * may change between two calls: at the end everything it holds by then was given. Throws where the program put in
   * what Yjs cannot write.
   */
  next(maxBytes: number): Uint8Array | undefined
  /** By the last `next` everything was given that the document held then. It goes on where more came since. */
  readonly caughtUp: boolean
  close(): void
}

/** Somebody alive, as the overlay's view has it. */
export interface DocsPeer {
  readonly peer: PeerId
  readonly store: string
  /** Peers it says it has a link to. */
  readonly neighbours: readonly PeerId[]
  /** It says that no document is open there. */
  readonly noDocuments: boolean
}

export type DocsPayload = PayloadOf<
  'docs' | 'docUpdates' | 'docWant' | 'docPiece' | 'docEnd' | 'docGot' | 'docAwareness'
>

export interface AwarenessState {
  readonly client: number
  readonly clock: number
  /** JSON; undefined: it is gone. */
  readonly state: string | undefined
}

export type DocsInput =
  /** Everybody alive, me excluded, whether discovery has settled, and our own store; whenever one of them changed. */
  | {
      readonly type: 'live'
      readonly peers: readonly DocsPeer[]
      readonly settled: boolean
      readonly store: string
      /** We say of ourselves that no document is open here. */
      readonly mute: boolean
    }
  | { readonly type: 'linked' | 'unlinked'; readonly peer: PeerId }
  /** The page stands still or goes: what waits to be stored is written now. */
  | { readonly type: 'suspend' }
  /** Rows may be gone without a trace: documents are written anew. */
  | { readonly type: 'audit' }
  /** `link`: the one to blame, where `from` itself sent it straight to us. */
  | {
      readonly type: 'payload'
      readonly from: PeerId
      readonly link: number | undefined
      readonly payload: DocsPayload
    }
  /** Resolved once it is loaded from the store. */
  | {
      readonly type: 'openDoc'
      readonly request: number
      readonly doc: string
      readonly replica: Replica
      readonly maxBytes: number
    }
  /** Resolved once what waits to be stored is. */
  | { readonly type: 'closeDoc'; readonly request: number; readonly doc: string }
  /** The program changed it: updates in their order; none where only what waits inside Yjs has changed. */
  | { readonly type: 'editDoc'; readonly doc: string; readonly updates: readonly Uint8Array[] }
  /** The program put in what cannot be written. */
  | { readonly type: 'unwritableDoc'; readonly doc: string; readonly reason: string }
  /** The program's own awareness changed. */
  | { readonly type: 'awareDoc'; readonly doc: string; readonly states: readonly AwarenessState[] }
  /** Answer to `applyDoc`. `problem`: it could not be read; `partly`: some of it is in the document nevertheless. */
  | {
      readonly type: 'docApplied'
      readonly job: number
      readonly problem?: string
      readonly partly?: boolean
    }
  | { readonly type: 'committed'; readonly commit: number; readonly result: CommitResult }
  | { readonly type: 'commitFailed'; readonly commit: number; readonly error: MeshError }
  | { readonly type: 'rows'; readonly read: number; readonly rows: readonly Row[] }
  | { readonly type: 'readFailed'; readonly read: number; readonly error: MeshError }
  /** The store set that row aside: it did not match its checksum. */
  | { readonly type: 'corrupt'; readonly key: string }
  | { readonly type: 'tick' }

/** How a document stands. */
export interface DocView {
  readonly doc: string
  readonly state: 'alone' | 'syncing' | 'synced'
  /** Peers that have it open and from which nothing is missing. */
  readonly basedOn: readonly PeerId[]
  /** Of the transfer under way; equal numbers where there is none. */
  readonly receivedBytes: number
  readonly totalBytes: number
  /** Everything in it is in the store. */
  readonly stored: boolean
  /** Updates that came since it was opened, and how many of them are in the store: while people type, what was here at
   * some moment may be though `stored` is never true. -1 while something in it is in no update. */
  readonly heldUpdates: number
  readonly storedUpdates: number
  /** Why it cannot be synced or stored at present. */
  readonly problem: MeshError | undefined
}

export type DocsEvent =
  | { readonly event: 'doc'; readonly view: DocView }
  /** States of others; to be put into the program's Awareness. */
  | { readonly event: 'docAwareness'; readonly doc: string; readonly states: readonly AwarenessState[] }
  | { readonly event: 'error'; readonly error: MeshError }

export type DocsEffect =
  /** Apply them in one transaction; answer with `docApplied`. `scans`: what each of them holds. */
  | {
      readonly type: 'applyDoc'
      readonly doc: string
      readonly job: number
      readonly updates: readonly Uint8Array[]
      readonly scans: readonly UpdateScan[]
    }
  | { readonly type: 'commit'; readonly commit: number; readonly transaction: Commit }
  | { readonly type: 'read'; readonly read: number; readonly ranges: readonly Range[] }
  | { readonly type: 'sendTo'; readonly peer: PeerId; readonly payload: Payload }
  /** To each of them over its link; encoded once. */
  | { readonly type: 'multicast'; readonly peers: readonly PeerId[]; readonly payload: Payload }
  /** Pieces wait for that peer: pull them with `nextPiece` while the link has room for nothing better. */
  | { readonly type: 'piecesReady'; readonly peer: PeerId }
  /** What comes next may block for so long. */
  | { readonly type: 'busy'; readonly ms: number }
  | { readonly type: 'blame'; readonly link: number; readonly reason: string }
  | { readonly type: 'resolve'; readonly request: number; readonly value?: unknown }
  | { readonly type: 'reject'; readonly request: number; readonly error: MeshError }
  | { readonly type: 'emit'; readonly event: DocsEvent }
