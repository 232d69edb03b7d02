// What forgeries are made of: what the hostile peer knows of those around it, and how a message is addressed.

import type { MemberId, PeerId, StoreId } from '../../base/ids.ts'
import type { Random } from '../../base/random.ts'
import type { LinkMessage, Payload, PeerRecord } from '../../wire/messages.ts'
import type { SimDeviceKey } from './crypto.ts'

/** What the hostile peer knows, when it turns against one of its neighbours. */
export interface Knowledge {
  readonly random: Random
  readonly topic: string
  /** Its own record, as it gave it in its last hello. */
  readonly me: PeerRecord
  readonly victim: PeerRecord
  /** Everybody else it heard of; the victim, where there is nobody else. */
  readonly others: readonly PeerRecord[]
  /** The highest epoch it heard of, and whose it is. */
  readonly epoch: number
  readonly leader: PeerId | undefined
  /** Feeds and documents it heard of. */
  readonly feeds: readonly StoreId[]
  readonly docs: readonly string[]
  /** How far feeds of others reach, as these said last, and the hash there. */
  readonly heads: ReadonlyMap<StoreId, { readonly number: number; readonly hash: Uint8Array }>
  /** Under which numbers others show themselves in documents. */
  readonly clients: readonly number[]
  /** Frames that it sent on this link, and that it heard on any, oldest first. */
  readonly sent: readonly Uint8Array[]
  readonly heard: readonly Uint8Array[]
  readonly wallMs: number
  readonly key: SimDeviceKey
}

/** A frame, as it is; or a message, to be put into frames. */
export type Forgery = Uint8Array | LinkMessage

export const most = Number.MAX_SAFE_INTEGER

export const anyOf = <T>(random: Random, items: readonly T[]): T | undefined =>
  items[random.integer(items.length)]
export const someBytes = (random: Random, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => random.integer(256))
export const repeat = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))

export const direct = (payload: Payload): LinkMessage => ({ type: 'direct', payload })
/** Sequence numbers far from those that the peer itself uses. */
export const broadcast = (k: Knowledge, payload: Payload, origin: PeerId = k.me.id): LinkMessage => ({
  type: 'broadcast',
  origin,
  sequence: 2 ** 40 + k.random.integer(2 ** 32),
  payload,
})
export const someOther = (k: Knowledge): PeerRecord => anyOf(k.random, k.others) ?? k.victim
export const someDoc = (k: Knowledge): string => anyOf(k.random, k.docs) ?? 'notes'
export const someFeed = (k: Knowledge): StoreId => anyOf(k.random, k.feeds) ?? k.victim.store

type Head = { feed: StoreId; number: number; hash: Uint8Array; retired: number }
export const vectorOf = (k: Knowledge, member: MemberId, heads: Head[]): LinkMessage =>
  broadcast(k, { type: 'vector', member, durable: true, whole: false, heads })

/** By name: what to send to one neighbour. */
export type Attacks = Record<string, (knowledge: Knowledge) => Forgery[]>
