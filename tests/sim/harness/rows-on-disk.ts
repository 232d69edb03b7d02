// What the rows of a simulated disk say, read as they lie there and not through a peer: messages and where they stand,
// epochs, documents. A damaged row says nothing here; what is missing then is for others to judge.

import * as Y from 'yjs'
import { docRange, docRowsPrefix, decodeRow } from '../../../core/docs/rows.ts'
import {
  idRow,
  keys,
  outboxRow,
  readEntry,
  readPlace,
  readRow,
  type StoredEntry,
} from '../../../core/messages/rows.ts'
import { crc32 } from '../../../core/base/crc32.ts'
import { toHex, type MemberId } from '../../../core/base/ids.ts'
import type { SimDisk } from '../../../core/platform/sim/disk.ts'
import { heldBy } from './document-content.ts'
import type { Held } from './history.ts'

/** What stands before every value. */
const checksumBytes = 4

/** Keys of rows: `id/<author>/<message>`, `unbound/<message>`, `feed/<feed>/<number>`, `epoch/<role>`. */
const idKey = /^id\/([^/]+)\/([^/]+)$/
const unboundKey = /^unbound\/([^/]+)$/
const feedKey = /^feed\/([^/]+)\/(\d+)$/
const epochKey = /^epoch\/(.*)$/

export interface DiskContent {
  /** Ids of messages that are there. */
  readonly messages: readonly string[]
  /** By feed: the highest number. */
  readonly feeds: Readonly<Record<string, number>>
  readonly epochs: Readonly<Record<string, number>>
  readonly rows: number
  /** Ids of own messages that somebody still lacks. */
  readonly owed: readonly string[]
  /** … and that are not there whole. */
  readonly hollow: readonly string[]
}

const valueAt = (disk: SimDisk, key: string): Uint8Array | undefined =>
  disk.read(key)?.subarray(checksumBytes)

/** Undefined: nothing is there, or what is there cannot be read. */
const entryAt = (disk: SimDisk, key: string): StoredEntry | undefined => readEntry(valueAt(disk, key))

/** Does that message stand there, as far as anything there can be read? */
export function isMessageAt(disk: SimDisk, key: string, author: MemberId, id: string): boolean {
  if (disk.read(key) === undefined) return false
  const entry = entryAt(disk, key)
  if (entry === undefined) return true
  const { content } = entry.header
  return entry.author === author && content.type === 'message' && content.id === id
}

/** Its checksum is wrong: over the key, a zero and the value. */
export function isDamaged(disk: SimDisk, key: string): boolean {
  const raw = disk.read(key)
  if (raw === undefined) return false
  if (raw.length < checksumBytes) return true
  const begun = crc32(new TextEncoder().encode(`${key}\0`))
  const expected = new DataView(raw.buffer, raw.byteOffset, checksumBytes).getUint32(0)
  return crc32(raw.subarray(checksumBytes), begun) !== expected
}

/** That author's message is there, under its place or waiting for somebody to bear the name. */
export function isMessageOn(disk: SimDisk, author: MemberId, id: string): boolean {
  return disk.read(keys.unbound(id as never)) !== undefined || isWhereItSays(disk, author, id)
}

/** The row of its id leads to it. */
function isWhereItSays(disk: SimDisk, author: MemberId, id: string): boolean {
  const key = keys.id(author, id as never)
  if (disk.read(key) === undefined) return false
  const place = readRow(idRow, valueAt(disk, key))
  return place === undefined || isMessageAt(disk, keys.entry(place.feed, place.number), author, id)
}

/** Where an author's message stands, and for whom it is; undefined where that cannot be read. */
export function messageOn(
  disk: SimDisk,
  author: MemberId,
  id: string,
): { readonly key: string; readonly addressees: readonly MemberId[] } | undefined {
  const place = readRow(idRow, valueAt(disk, keys.id(author, id as never)))
  if (place === undefined) return undefined
  const key = keys.entry(place.feed, place.number)
  const content = entryAt(disk, key)?.header.content
  if (content?.type !== 'message' || !isMessageAt(disk, key, author, id)) return undefined
  return { key, addressees: content.addressees }
}

export function contentOf(disk: SimDisk): DiskContent {
  const messages: string[] = []
  const feeds: Record<string, number> = {}
  const epochs: Record<string, number> = {}
  const owed: string[] = []
  const hollow: string[] = []
  const all = disk.keys()
  for (const key of all) {
    const [, author, id] = idKey.exec(key) ?? []
    if (id !== undefined && isWhereItSays(disk, author as MemberId, id)) messages.push(id)
    const [, unbound] = unboundKey.exec(key) ?? []
    if (unbound !== undefined) messages.push(unbound)
    const [, feed, digits] = feedKey.exec(key) ?? []
    if (feed !== undefined) feeds[feed] = Math.max(feeds[feed] ?? 0, Number(digits))
    const role = epochKey.exec(key)?.[1]
    if (role !== undefined) epochs[role] = epochIn(disk.read(key))
    const debt = debtAt(disk, key)
    if (debt !== undefined) owed.push(debt.id)
    if (debt?.isHollow === true) hollow.push(debt.id)
  }
  return { messages, feeds, epochs, rows: all.length, owed, hollow }
}

/** What an `outbox/` row owes. Hollow: the entry that it names is not there with its body. */
function debtAt(disk: SimDisk, key: string): { id: string; isHollow: boolean } | undefined {
  const place = readPlace(key)
  if (place?.kind !== 'outbox') return undefined
  const owed = readRow(outboxRow, valueAt(disk, key))
  if (owed === undefined) return undefined
  const entryKey = keys.entry(place.feed, place.number)
  const entry = entryAt(disk, entryKey)
  // A row that is there and cannot be read is damaged.
  const isDamagedEntry = entry === undefined && disk.read(entryKey) !== undefined
  return { id: owed.id, isHollow: !isDamagedEntry && entry?.entry.body === undefined }
}

/** By feed and number: a piece of the hash of what stands there. */
export function hashesOn(disk: SimDisk): Record<string, Record<number, string>> {
  const hashes: Record<string, Record<number, string>> = {}
  for (const key of disk.keys()) {
    const [, feed, digits] = feedKey.exec(key) ?? []
    const stored = feed === undefined ? undefined : entryAt(disk, key)
    if (feed !== undefined && stored)
      (hashes[feed] ??= {})[Number(digits)] = toHex(stored.hash.subarray(0, 4))
  }
  return hashes
}

export const epochOn = (disk: SimDisk, role: string): number => epochIn(disk.read(`epoch/${role}`))

/** 0: none, or damaged. */
function epochIn(value: Uint8Array | undefined): number {
  const number = Number(String.fromCharCode(...(value ?? []).slice(checksumBytes)))
  return Number.isSafeInteger(number) ? number : 0
}

export function docRowsOn(disk: SimDisk, doc: string): string[] {
  const { from } = docRange(doc)
  return disk.keys().filter((key) => key.startsWith(docRowsPrefix) && key.startsWith(from))
}

/** Undefined where a row is damaged. `told` hears of what Yjs could not read. */
export function docOn(disk: SimDisk, doc: string, told: (problem: unknown) => void): Held | undefined {
  const whole = new Y.Doc()
  try {
    for (const key of docRowsOn(disk, doc)) {
      const updates = decodeRow({ key, value: valueAt(disk, key)! })
      if (updates === undefined) return undefined
      for (const update of updates) Y.applyUpdate(whole, update)
    }
    return heldBy(whole)
  } catch (problem) {
    // A flipped bit may make an update of it that Yjs chokes on; its checksum would have told a peer.
    told(problem)
    return undefined
  } finally {
    whole.destroy()
  }
}
