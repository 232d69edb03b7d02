// What the messages machine takes in and gives out. Times are `Instant`s given to `step`; everything here is
// plain data, so that a run can be recorded and played again.

import type { MeshError } from '../base/errors.ts'
import type { Address, MemberId, MessageId, PeerId, StoreId } from '../base/ids.ts'
import type { Commit, CommitResult, Range, Row } from '../base/ports.ts'
import type { EntryHeader, VerifiedEntry } from '../wire/entries.ts'
import type { Payload, PayloadOf } from '../wire/messages.ts'

export type Kind = 'human' | 'agent'

/** Somebody alive, as the overlay's view has it. */
export interface LivePeer {
  readonly peer: PeerId
  readonly member: MemberId
  readonly store: StoreId
  readonly name: string
  readonly kind: Kind
  /** Its storage outlives it. */
  readonly durable: boolean
}

/** An entry to be signed: the driver adds our key as `author`, `previous`, hash and signature. */
export interface Draft {
  readonly header: Omit<EntryHeader, 'previous' | 'author'>
  readonly body: Uint8Array | undefined
}

export type MessagesPayload = PayloadOf<'vector' | 'want' | 'digest' | 'fork'>

export type MessagesInput =
  /** Once, before anything else: all rows of `messagePrefixes`. */
  | { readonly type: 'loaded'; readonly rows: readonly Row[] }
  /** Everybody alive, me excluded; whenever it changed. */
  | { readonly type: 'live'; readonly peers: readonly LivePeer[] }
  /** A neighbour's hello came; `digest` is what it said. */
  | { readonly type: 'linked'; readonly peer: PeerId; readonly digest: number }
  | { readonly type: 'unlinked'; readonly peer: PeerId }
  | {
      readonly type: 'payload'
      readonly from: PeerId
      readonly payload: MessagesPayload
    }
  /** From an `entries` or `found` payload (then with `feed`, `after`), each verified; `rejected` failed to. */
  | {
      readonly type: 'entries'
      readonly from: PeerId
      readonly feed?: StoreId
      readonly after?: number
      readonly entries: readonly VerifiedEntry[]
      readonly rejected: number
    }
  | {
      readonly type: 'send'
      readonly request: number
      readonly id: MessageId
      readonly to: Address
      readonly body: Uint8Array
      readonly bodyHash: Uint8Array
      readonly replyTo?: MessageId
      readonly ttlMs?: number
    }
  /** At start and on rename. */
  | { readonly type: 'profile'; readonly name: string; readonly kind: Kind }
  | { readonly type: 'room'; readonly request: number; readonly room: string; readonly join: boolean }
  /** This tab consumes the member's inbox, or no longer does. */
  | { readonly type: 'inboxActive'; readonly active: boolean }
  /** The program is about to be given it. Resolves to its `MessageView`; undefined: it does not wait any more, a sibling may have handled it. */
  | { readonly type: 'giving'; readonly request: number; readonly feed: StoreId; readonly number: number }
  | { readonly type: 'handled'; readonly request: number; readonly feed: StoreId; readonly number: number }
  | {
      readonly type: 'retry'
      readonly request: number
      readonly feed: StoreId
      readonly number: number
      readonly delayMs: number
    }
  | { readonly type: 'sealed'; readonly seal: number; readonly entries: readonly VerifiedEntry[] }
  | { readonly type: 'sealFailed'; readonly seal: number; readonly error: MeshError }
  | { readonly type: 'committed'; readonly commit: number; readonly result: CommitResult }
  | { readonly type: 'commitFailed'; readonly commit: number; readonly error: MeshError }
  /** The rows of all ranges of that read, range after range. */
  | { readonly type: 'rows'; readonly read: number; readonly rows: readonly Row[] }
  | { readonly type: 'readFailed'; readonly read: number; readonly error: MeshError }
  /** The store set that row aside: it did not match its checksum. */
  | { readonly type: 'corrupt'; readonly key: string }
  /** The store may have lost rows without a word: look for what is missing. */
  | { readonly type: 'audit'; readonly request: number }
  | { readonly type: 'tick' }

/** How far one of our own messages has come. */
export interface SentState {
  readonly id: MessageId
  readonly deliveredTo: ReadonlySet<MemberId>
  /** Named addressees that do not hold it yet. */
  readonly lacking: readonly MemberId[]
  /** `waiting`: nobody bears the name yet. */
  readonly state: 'waiting' | 'stored' | 'delivered' | 'expired'
}

export interface PageKeys {
  readonly keys: readonly string[]
  readonly earlier: string | undefined
}

/** A message as a program sees it, the body still encoded. */
export interface MessageView {
  readonly id: MessageId
  /** Where it is stored; undefined while it waits for somebody to bear the name. */
  readonly feed: StoreId | undefined
  readonly number: number
  readonly from: MemberId
  readonly fromName: string
  readonly to: Address
  readonly body: Uint8Array
  readonly sentAt: number
  readonly replyTo: MessageId | undefined
  readonly addressees: readonly MemberId[]
  readonly deliveredTo: ReadonlySet<MemberId>
  readonly state: SentState['state']
  readonly clockAhead: boolean
  /** Orders messages of one conversation; an exclusive upper bound for the page before. */
  readonly cursor: string
}

/** Not the message itself: many may wait, and each is read when it is given. */
export interface InboxItem {
  readonly feed: StoreId
  readonly number: number
  readonly attempt: number
  readonly to: Address
}

interface ReceiptView {
  readonly id: MessageId
  readonly member: MemberId
  readonly deliveredTo: ReadonlySet<MemberId>
  readonly volatile: boolean
}

export interface MemberView {
  readonly id: MemberId
  readonly name: string
  readonly kind: Kind
  readonly online: boolean
  readonly lastSeenAt: number | undefined
}

export interface RoomView {
  readonly name: string
  readonly members: readonly MemberId[]
  readonly joined: boolean
}

/** Numbers `from` to `to` of a feed that no reachable peer has any more. */
interface GapView {
  readonly feed: StoreId
  readonly author: MemberId
  readonly from: number
  readonly to: number
}

export type MessagesEvent =
  | { readonly event: 'message'; readonly message: MessageView }
  | { readonly event: 'receipt'; readonly receipt: ReceiptView }
  | { readonly event: 'members'; readonly members: readonly MemberView[] }
  | { readonly event: 'rooms'; readonly rooms: readonly RoomView[] }
  | { readonly event: 'inbox'; readonly items: readonly InboxItem[] }
  /** In every tab that knows the message; the `error` event comes in one of them only. */
  | { readonly event: 'expired'; readonly id: MessageId; readonly lacking: readonly MemberId[] }
  /** It waits for its addressee no more: how far it has come is to be looked at anew. */
  | { readonly event: 'bound'; readonly id: MessageId }
  | { readonly event: 'gap'; readonly gap: GapView }
  | { readonly event: 'error'; readonly error: MeshError }

export type MessagesEffect =
  /** Sign a chain: `previous` goes into the first, the hash of each into the next. Answer: `sealed`, `sealFailed`. */
  | {
      readonly type: 'seal'
      readonly seal: number
      readonly drafts: readonly Draft[]
      readonly previous: Uint8Array
    }
  /** Answer: `committed` or `commitFailed`. */
  | { readonly type: 'commit'; readonly commit: number; readonly transaction: Commit }
  /** Answer: `rows` or `readFailed`. */
  | { readonly type: 'read'; readonly read: number; readonly ranges: readonly Range[] }
  | { readonly type: 'sendTo'; readonly peer: PeerId; readonly payload: Payload }
  | { readonly type: 'broadcast'; readonly payload: Payload }
  | { readonly type: 'resolve'; readonly request: number; readonly value?: unknown }
  | { readonly type: 'reject'; readonly request: number; readonly error: MeshError }
  | { readonly type: 'emit'; readonly event: MessagesEvent }

export interface MessagesStatus {
  readonly undelivered: number
  readonly waitingForName: number
  readonly inbox: number
  readonly feeds: number
  readonly fetches: number
  readonly heldBack: number
  readonly counters: Readonly<Record<string, number>>
}
