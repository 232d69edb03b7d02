// What is held of every feed: the head, the holes, and the one number that others may rely on. From these come the
// version vector and its digest. Entries of the same feed wait here for the one before them.

import { compareText, type MemberId, type PeerId, type StoreId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { noHash, type VerifiedEntry } from '../wire/entries.ts'
import type { FeedHead } from '../wire/messages.ts'
import type { Parts } from './desk.ts'
import type { HeadRow } from './rows.ts'

export interface Arrived {
  readonly entry: VerifiedEntry
  readonly from: PeerId
  /** By a `found`: neighbours may lack it too. */
  readonly viaSync: boolean
}

export interface Feed {
  readonly id: StoreId
  head: HeadRow | undefined
  /** The head's row as it is stored. */
  raw: Uint8Array | undefined
  /** Numbers whose entries were lost to corruption. */
  readonly holes: Set<number>
  /** Highest number without a hole below, and its hash: what the vector says. */
  visible: { readonly number: number; readonly hash: Uint8Array }
  readonly waiting: Map<number, Arrived>
  /** A commit or a read that moves the head is under way; nothing else may move it. */
  busy: boolean
  /** Message ids of this feed's author that the store already had: key → row. */
  readonly knownIds: Map<string, Uint8Array>
  part: readonly [number, number]
}

/** Bytes of entries that wait for an earlier one, all feeds together. chosen; what does not fit is fetched later. */
const maxWaitingBytes = 8 * 1024 * 1024

const nothing: readonly [number, number] = [0, 0]

/** 53 bits in two words, mixed as in MurmurHash3's finalizer; only ever compared with its like. */
function mix(feed: StoreId, number: number, hash: Uint8Array): readonly [number, number] {
  let [a, b] = [0x9e3779b9 ^ number, 0x85ebca6b ^ Math.floor(number / 2 ** 32)]
  const stir = (word: number): void => {
    a = Math.imul(a ^ word, 0xcc9e2d51)
    a = (a << 13) | (a >>> 19)
    b = Math.imul(b ^ a, 0x1b873593) ^ word
    b = (b << 17) | (b >>> 15)
  }
  for (let i = 0; i < 32; i += 8) stir(Number.parseInt(feed.slice(i, i + 8), 16))
  for (let i = 0; i < 16; i += 4) {
    stir((hash[i]! << 24) | (hash[i + 1]! << 16) | (hash[i + 2]! << 8) | hash[i + 3]!)
  }
  stir(a ^ (b >>> 16))
  return [a >>> 0, (b >>> 0) & 0x1fffff]
}

export class Feeds {
  readonly #parts: Parts
  readonly #feeds = new Map<StoreId, Feed>()
  #waitingBytes = 0
  #saidFull = false
  #sum: [number, number] = [0, 0]

  constructor(parts: Parts) {
    this.#parts = parts
  }

  all(): IterableIterator<Feed> {
    return this.#feeds.values()
  }

  get size(): number {
    return this.#feeds.size
  }

  get(id: StoreId): Feed | undefined {
    return this.#feeds.get(id)
  }

  /** Undefined where that would be one feed too many. Our own always has room. */
  open(id: StoreId): Feed | undefined {
    const known = this.#feeds.get(id)
    if (known) return known
    if (this.#feeds.size >= limits.maxFeeds && id !== this.#parts.outbox.storeId) return this.#isFull()
    const feed: Feed = {
      id,
      head: undefined,
      raw: undefined,
      holes: new Set(),
      visible: { number: 0, hash: noHash },
      waiting: new Map(),
      busy: false,
      knownIds: new Map(),
      part: nothing,
    }
    this.#feeds.set(id, feed)
    return feed
  }

  #isFull(): undefined {
    if (this.#saidFull) return
    this.#saidFull = true
    const sentence = `This store keeps what ${limits.maxFeeds} stores wrote, and no more: what others write is not taken in. Erasing this mesh on this device makes room.`
    this.#parts.desk.report('storage-full', sentence, { feeds: limits.maxFeeds })
  }

  /** Takes a new head as durable. */
  setHead(feed: Feed, head: HeadRow | undefined, raw: Uint8Array | undefined): void {
    feed.head = head
    feed.raw = raw
    for (const number of feed.holes) {
      if (!head || number > head.number || number <= head.retired) feed.holes.delete(number)
    }
    for (const number of feed.waiting.keys()) if (number <= (head?.number ?? 0)) this.unwait(feed, number)
    if (feed.holes.size === 0) this.show(feed, head?.number ?? 0, head?.hash ?? noHash)
  }

  /** What the vector is to say of this feed from now on. */
  show(feed: Feed, number: number, hash: Uint8Array): void {
    feed.visible = { number, hash }
    const part = number === 0 ? nothing : mix(feed.id, number, hash)
    this.#sum = [(this.#sum[0] ^ feed.part[0] ^ part[0]) >>> 0, (this.#sum[1] ^ feed.part[1] ^ part[1]) >>> 0]
    feed.part = part
  }

  get digest(): number {
    return this.#sum[1] * 2 ** 32 + this.#sum[0]
  }

  headOf(feed: Feed): FeedHead {
    const { number, hash } = feed.visible
    return { feed: feed.id, number, hash, retired: Math.min(number, feed.head?.retired ?? 0) }
  }

  vector(): FeedHead[] {
    const held = [...this.#feeds.values()].filter((feed) => feed.visible.number > 0)
    return held.map((feed) => this.headOf(feed)).sort((a, b) => compareText(a.feed, b.feed))
  }

  writtenBy(member: MemberId): Feed[] {
    return [...this.#feeds.values()].filter((feed) => feed.head?.member === member)
  }

  // -------------------------------------------------------------------------------------- waiting entries

  /** False where there is no room: it is fetched later. What continues its feed takes the room of what does not. */
  wait(feed: Feed, arrived: Arrived, after = feed.head?.number ?? 0): boolean {
    const { number } = arrived.entry.header
    if (feed.waiting.has(number)) return true
    if (number > after + limits.maxHeldBack) return false
    const bytes = sizeOf(arrived.entry)
    if (number === after + 1) this.#makeRoom(bytes)
    if (this.#waitingBytes + bytes > maxWaitingBytes) return false
    this.#waitingBytes += bytes
    feed.waiting.set(number, arrived)
    return true
  }

  /** Somebody may withhold the one entry that many wait for. */
  #makeRoom(bytes: number): void {
    for (const feed of this.#feeds.values()) {
      if (this.#waitingBytes + bytes <= maxWaitingBytes) return
      const next = (feed.head?.number ?? 0) + 1
      if (feed.busy || feed.waiting.has(next)) continue
      for (const number of [...feed.waiting.keys()]) this.unwait(feed, number)
    }
  }

  unwait(feed: Feed, number: number): void {
    const arrived = feed.waiting.get(number)
    if (!arrived) return
    this.#waitingBytes -= sizeOf(arrived.entry)
    feed.waiting.delete(number)
  }

  get waitingCount(): number {
    let count = 0
    for (const feed of this.#feeds.values()) count += feed.waiting.size
    return count
  }
}

/** Bytes an entry takes on the wire, about. */
export const sizeOf = ({ entry }: VerifiedEntry): number =>
  entry.header.length + 80 + (entry.body?.length ?? 0)
