// An entry is one link of a feed: a signed header that names the hash of the entry before it, and, for a
// message, a body that the header names by hash. The body can be pruned; the header stays, so the chain can
// still be checked. The same bytes are signed, hashed, sent and stored.

import type { Result } from '../base/errors.ts'
import {
  messageIdForm,
  nameForm,
  topicForm,
  type Address,
  type MemberId,
  type MessageId,
  type StoreId,
} from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import {
  bytes,
  decode,
  encode,
  fixedBytes,
  hexId,
  list,
  object,
  oneOf,
  optional,
  text,
  uint,
  union,
  type ValueOf,
} from './codec.ts'

const addressForm = /^(@[A-Za-z0-9_-]{1,32}|#[A-Za-z0-9_-]{1,64}|[0-9a-f]{32})$/

const content = union({
  /** A message to somebody. */
  message: [
    1,
    object({
      id: text<MessageId>(64, messageIdForm),
      to: text<Address>(65, addressForm),
      /** Frozen at sending; at most `limits.maxNamedAddressees`. */
      addressees: list(hexId<MemberId>(), limits.maxNamedAddressees),
      /** How many there were, those not named included. */
      addresseeCount: uint,
      replyTo: optional(text<MessageId>(64, messageIdForm)),
      /** The author's wall clock, ms since 1970. */
      sentAt: uint,
      expiresAt: uint,
      bodyHash: fixedBytes(32),
      bodyBytes: uint,
    }),
  ],
  /** What the author calls itself and which rooms it has joined, from here on. */
  profile: [
    2,
    object({
      name: text(limits.maxNameLength, nameForm),
      kind: oneOf<'human' | 'agent'>('human', 'agent'),
      rooms: list(text(limits.maxRoomNameLength, topicForm), limits.maxRooms),
      /** The feed this one goes on from, where the store turned out to be a copy. */
      predecessor: optional(hexId<StoreId>()),
    }),
  ],
})
export type EntryContent = ValueOf<typeof content>
export type ProfileContent = Extract<EntryContent, { type: 'profile' }>

const header = object({
  /** Separates these signatures from any other use of the key: "SKE" and the version. */
  magic: fixedBytes(4),
  feed: hexId<StoreId>(),
  number: uint,
  /** Hash of the entry before; zeros for number 1. */
  previous: fixedBytes(32),
  /** Ed25519 public key. */
  author: fixedBytes(32),
  /** Hybrid logical clock: milliseconds, and a counter below 65536. */
  clockMs: uint,
  clockCounter: uint,
  content,
})
export type EntryHeader = Omit<ValueOf<typeof header>, 'magic'>

const magic = Uint8Array.of(0x53, 0x4b, 0x45, 1)

export const encodeHeader = (value: EntryHeader): Uint8Array => encode(header, { magic, ...value })

export function decodeHeader(raw: Uint8Array): Result<EntryHeader> {
  const read = decode(header, raw)
  if (!read.ok) return read
  const { magic: found, ...value } = read.value
  if (found.some((byte, i) => byte !== magic[i])) return { ok: false, error: 'not an entry of this version' }
  if (value.number < 1 || value.clockCounter > 0xffff)
    return { ok: false, error: 'number or clock out of range' }
  return { ok: true, value }
}

/** As it travels and is stored. `body` is absent for a profile and for a pruned message. */
export const entryCodec = object({
  header: bytes(16 * 1024),
  signature: fixedBytes(64),
  body: optional(bytes(limits.maxBodyBytes)),
})
export type Entry = ValueOf<typeof entryCodec>

/** An entry whose signature, hash and body were checked (by the driver, or because it came from our own store). */
export interface VerifiedEntry {
  readonly entry: Entry
  readonly header: EntryHeader
  /** SHA-256 of the header's bytes: what the next entry names. */
  readonly hash: Uint8Array
  readonly author: MemberId
}

/** The `previous` of a feed's first entry. */
export const noHash: Uint8Array = new Uint8Array(32)
