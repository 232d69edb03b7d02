// The storage layout: the key of every row and the codec of its value. Keys are ASCII and sort by code unit, so
// numbers are padded. README.md has the same as a table. Values are read back as cautiously as bytes off the wire.

import {
  isHexId,
  messageIdForm,
  type Address,
  type MemberId,
  type MessageId,
  type StoreId,
} from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { HybridTime } from '../base/hlc.ts'
import type { Range, Row } from '../base/ports.ts'
import {
  bool,
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
  type Codec,
  type ValueOf,
} from '../wire/codec.ts'
import { decodeHeader, entryCodec, type VerifiedEntry } from '../wire/entries.ts'

/** Numbers in keys have this many digits; a feed cannot grow beyond. */
const numberDigits = 12
export const maxNumber = 10 ** numberDigits - 1

const padded = (value: number, digits: number): string => String(value).padStart(digits, '0')

export const keys = {
  store: 'meta/store',
  head: (feed: StoreId) => `head/${feed}`,
  entry: (feed: StoreId, number: number) => `feed/${feed}/${padded(number, numberDigits)}`,
  id: (author: MemberId, id: MessageId) => `id/${author}/${id}`,
  inbox: (feed: StoreId, number: number) => `inbox/${feed}/${padded(number, numberDigits)}`,
  outbox: (feed: StoreId, number: number) => `outbox/${feed}/${padded(number, numberDigits)}`,
  expired: (feed: StoreId, number: number) => `expired/${feed}/${padded(number, numberDigits)}`,
  hole: (feed: StoreId, number: number) => `hole/${feed}/${padded(number, numberDigits)}`,
  ack: (feed: StoreId, member: MemberId) => `ack/${feed}/${member}`,
  unbound: (id: MessageId) => `unbound/${id}`,
  member: (member: MemberId) => `member/${member}`,
  joined: (room: string) => `joined/${room}`,
  talk: (conversation: string, cursor: string) => `talk/${conversation}/${cursor}`,
} as const

/** Where a message stands in its conversation. */
export const cursorOf = (time: HybridTime, feed: StoreId, number: number): string =>
  `${padded(time.ms, 16)}${padded(time.counter, 5)}/${feed}/${padded(number, numberDigits)}`

/** What the driver reads before the first input. */
export const messagePrefixes: readonly string[] = [
  'meta/',
  'head/',
  'outbox/',
  'expired/',
  'hole/',
  'ack/',
  'unbound/',
  'member/',
  'joined/',
]

/** All keys that begin with `prefix`, which ends with a slash. */
export const prefixRange = (prefix: string, options?: { limit?: number; reverse?: boolean }): Range => ({
  from: prefix,
  to: `${prefix.slice(0, -1)}0`,
  ...options,
})

/** The one row with that key, if it is there. */
export const keyRange = (key: string): Range => ({ from: key, to: `${key}\u0001`, limit: 1 })

/** Rows of one kind with numbers from `from` to `to`, both included. */
export const numberRange = (
  kind: 'feed' | 'inbox' | 'outbox' | 'expired',
  feed: StoreId,
  from: number,
  to: number,
  limit?: number,
): Range => ({
  from: `${kind}/${feed}/${padded(Math.max(0, from), numberDigits)}`,
  to: `${kind}/${feed}/${padded(Math.min(to, maxNumber), numberDigits)}\u0001`,
  ...(limit === undefined ? {} : { limit }),
})

/** `kind/<feed>/<number>` taken apart; undefined where it is not of that form. */
export function readPlace(key: string): { kind: string; feed: StoreId; number: number } | undefined {
  const [kind, feed, digits, ...rest] = key.split('/')
  if (kind === undefined || !isHexId(feed) || !/^\d{12}$/.test(digits ?? '') || rest.length > 0)
    return undefined
  return { kind, feed: feed as StoreId, number: Number(digits) }
}

/** The place that a `talk/` key points to, and its cursor. */
export function readTalkKey(key: string): { cursor: string; feed: StoreId; number: number } | undefined {
  const parts = key.split('/')
  const [, , , feed, digits] = parts
  if (parts.length !== 5 || !isHexId(feed) || digits === undefined) return undefined
  return { cursor: parts.slice(2).join('/'), feed: feed as StoreId, number: Number(digits) }
}

const member = hexId<MemberId>()
const store = hexId<StoreId>()
const hash = fixedBytes(32)

export const storeRow = object({ store, predecessor: optional(store) })

/** What is held of a feed. `clock`: the latest believed in it. `profile`: number of its last profile, 0 if none. */
export const headRow = object({
  member,
  number: uint,
  hash,
  /** Entries up to this number are gone, header and all. */
  retired: uint,
  /** Bodies up to this number are gone. */
  pruned: uint,
  profile: uint,
  clockMs: uint,
  clockCounter: uint,
})
export type HeadRow = ValueOf<typeof headRow>

/**
 * Why an entry is stored but not shown, or shown with a warning. `refused`: over a limit. `duplicate`: that author
 * used this message id before. `expired`: before it came here. `bare`: it came without its body.
 */
export type Mark = 'none' | 'refused' | 'duplicate' | 'expired' | 'bare' | 'clock-ahead'
const marks: Codec<Mark> = oneOf<Mark>('none', 'refused', 'duplicate', 'expired', 'bare', 'clock-ahead')
export const isShown = (mark: Mark): boolean => mark === 'none' || mark === 'clock-ahead'

export const entryRow = object({ entry: entryCodec, hash, author: member, receivedAtMs: uint, mark: marks })

export const idRow = object({ feed: store, number: uint })
export const inboxRow = object({ attempt: uint })

const messageIdText = text<MessageId>(64, messageIdForm)
const addressText = text<Address>(65)

/** What is needed to know who lacks a message without reading the message. */
export const outboxRow = object({
  id: messageIdText,
  to: addressText,
  addressees: list(member, limits.maxNamedAddressees),
  addresseeCount: uint,
  hash,
  expiresAt: uint,
})
export type OutboxRow = ValueOf<typeof outboxRow>

export const expiredRow = object({ id: messageIdText, lacking: list(member, limits.maxNamedAddressees) })
/** `skipped`: up to there that member's store took nothing, for it was retired everywhere it could ask. */
export const ackRow = object({ number: uint, durable: bool, skipped: uint })
export const holeRow = object({ atMs: uint })
export const joinedRow = object({ clockMs: uint, clockCounter: uint })

export const unboundRow = object({
  id: messageIdText,
  to: addressText,
  body: bytes(limits.maxBodyBytes),
  bodyHash: hash,
  replyTo: optional(messageIdText),
  sentAt: uint,
  expiresAt: uint,
  /** Grows with each message that is kept waiting: the order in which they go out. */
  order: uint,
})
export type UnboundRow = ValueOf<typeof unboundRow>

const profileFields = object({
  name: text(limits.maxNameLength),
  kind: oneOf<'human' | 'agent'>('human', 'agent'),
  rooms: list(text(limits.maxRoomNameLength), limits.maxRooms),
  feed: store,
  number: uint,
  clockMs: uint,
  clockCounter: uint,
})
/** A member's last profile and where it stands. */
export type ProfileRecord = ValueOf<typeof profileFields>
export const memberRow = object({ profile: optional(profileFields), lastSeenAt: uint })
export type MemberRow = ValueOf<typeof memberRow>

export const row = <T>(key: string, codec: Codec<T>, value: T): Row => ({ key, value: encode(codec, value) })

/** A message's place in a conversation. A value says that its author's clock was ahead when it came: see retention.ts. */
export const talkRow = (key: string, mark: Mark): Row => ({
  key,
  value: mark === 'clock-ahead' ? Uint8Array.of(1) : new Uint8Array(),
})

/** The value of a row, or undefined where it is absent or unreadable. */
export function readRow<T>(codec: Codec<T>, value: Uint8Array | undefined): T | undefined {
  if (value === undefined) return undefined
  const read = decode(codec, value)
  return read.ok ? read.value : undefined
}

export interface StoredEntry extends VerifiedEntry {
  readonly mark: Mark
  readonly receivedAtMs: number
}

/** What the store says of the messages among these entries. */
export const idRanges = (entries: readonly VerifiedEntry[]): Range[] =>
  entries.flatMap(({ header, author }) =>
    header.content.type === 'message' ? [keyRange(keys.id(author, header.content.id))] : [],
  )

/** An entry of our own store: it was verified before it was put there. */
export function readEntry(value: Uint8Array | undefined): StoredEntry | undefined {
  const read = readRow(entryRow, value)
  if (!read) return undefined
  const header = decodeHeader(read.entry.header)
  if (!header.ok) return undefined
  const { entry, hash: entryHash, author, mark, receivedAtMs } = read
  return { entry, header: header.value, hash: entryHash, author, mark, receivedAtMs }
}

export const timeOf = (at: { readonly clockMs: number; readonly clockCounter: number }): HybridTime => ({
  ms: at.clockMs,
  counter: at.clockCounter,
})
