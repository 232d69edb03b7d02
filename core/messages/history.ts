// What a program sees of the log: messages as views, and how to read a conversation straight from the store: first
// the index rows of a page, then the entries they name. Ordered by the hybrid clock, then by feed and number, so
// that peers which hold the same show the same.

import { compareText, type Address, type MemberId, type MessageId, type StoreId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Range, Row } from '../base/ports.ts'
import type { VerifiedEntry } from '../wire/entries.ts'
import type { Parts } from './desk.ts'
import {
  cursorOf,
  isShown,
  keys,
  readEntry,
  readRow,
  readTalkKey,
  timeOf,
  unboundRow,
  type Mark,
} from './rows.ts'
import type { MessageView, PageKeys } from './types.ts'

/** Unreached by any cursor: the newest page. */
const endOfTime = '~'

export class History {
  readonly #parts: Parts
  /** By author and id: the feed from which it was told, the oldest first. */
  readonly #told = new Map<string, StoreId>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** A stored entry as a message; undefined where it is none, or none to show. */
  view(entry: VerifiedEntry, mark: Mark): MessageView | undefined {
    const { desk, rooms, receipts } = this.#parts
    const { content, feed, number } = entry.header
    if (content.type !== 'message' || !isShown(mark) || entry.entry.body === undefined) return undefined
    const me = desk.me.member
    const mine = entry.author === me
    const { id, to, sentAt, replyTo } = content
    const addressees = content.addressees.filter((member) => member !== me)
    const toMe = content.addressees.includes(me)
    const deliveredTo = mine
      ? receipts.deliveredTo({ feed, number, to, addressees, toMe })
      : new Set<MemberId>([me])
    return {
      id,
      feed,
      number,
      from: entry.author,
      fromName: rooms.nameOf(entry.author),
      to,
      body: entry.entry.body,
      sentAt,
      replyTo,
      addressees: content.addressees,
      deliveredTo,
      state: this.#state(entry, content.addressees, deliveredTo),
      clockAhead: mark === 'clock-ahead',
      cursor: cursorOf(timeOf(entry.header), feed, number),
    }
  }

  #state(
    entry: VerifiedEntry,
    addressees: readonly MemberId[],
    deliveredTo: ReadonlySet<MemberId>,
  ): MessageView['state'] {
    if (entry.author !== this.#parts.desk.me.member) return 'delivered'
    if (this.#parts.receipts.expiredAt(entry.header.feed, entry.header.number)) return 'expired'
    if (addressees.length === 0) return deliveredTo.size > 0 ? 'delivered' : 'stored'
    return addressees.every((member) => deliveredTo.has(member)) ? 'delivered' : 'stored'
  }

  /** Emits `message` for what concerns this member: joined rooms, and what it wrote or was sent. Once in this run. */
  announce(entry: VerifiedEntry, mark: Mark): void {
    const { desk, rooms, unbound } = this.#parts
    const { content } = entry.header
    if (content.type !== 'message') return
    const me = desk.me.member
    const joined = content.to.startsWith('#') && rooms.joined.has(content.to.slice(1))
    if (!joined && entry.author !== me && !content.addressees.includes(me)) return
    if (entry.author === me && unbound.wasAnnounced(content.id)) return
    const message = this.view(entry, mark)
    if (message && !this.#wasTold(entry.author, content.id, entry.header.feed))
      desk.emit({ event: 'message', message })
  }

  /**
   * What the store says of a message may be lost, and it comes anew then, or a copy of it from another feed. One's own
   * is told from each feed: it has moved.
   */
  #wasTold(author: MemberId, id: MessageId, feed: StoreId): boolean {
    const key = `${author} ${id}`
    const before = this.#told.get(key)
    this.#told.set(key, feed)
    if (this.#told.size > limits.maxSeenIds) this.#told.delete(this.#told.keys().next().value!)
    return before === feed || (before !== undefined && author !== this.#parts.desk.me.member)
  }

  /**
   * The ranges that hold a page of a conversation, and the rows of mail that still waits for its addressee.
   * @param before A cursor, exclusive. @param limit Messages wanted.
   */
  ranges(address: Address, before: string | undefined, limit: number): readonly Range[] {
    const to = before ?? endOfTime
    const page = (conversation: string): Range => {
      const from = keys.talk(conversation, '')
      return { from, to: `${from}${to}`, limit, reverse: true }
    }
    if (address.startsWith('#')) return [page(address)]
    const members = address.startsWith('@') ? this.#parts.rooms.bearers(address.slice(1)) : [address]
    return [...members.map(page), ...this.#parts.unbound.rowsFor(address, before, limit)]
  }

  /** From the rows of `ranges`: the keys of the page's entries, oldest first, and the cursor that earlier ones come before. */
  entryKeys(rows: readonly Row[], limit: number): PageKeys {
    const places = rows.flatMap(({ key }) => readTalkKey(key) ?? [])
    places.sort((a, b) => compareText(a.cursor, b.cursor))
    const unique = places.filter((place, i) => place.cursor !== places[i - 1]?.cursor)
    const page = unique.slice(-limit)
    return {
      keys: page.map(({ feed, number }) => keys.entry(feed, number)),
      earlier: page.length < limit ? undefined : page[0]?.cursor,
    }
  }

  /** The page: the entries that `entryKeys` named, and of `rows` what still waits. Oldest first. */
  page(
    address: Address,
    rows: readonly Row[],
    entries: readonly (Uint8Array | undefined)[],
    before: string | undefined,
    limit: number,
  ): MessageView[] {
    const asked = new Set(rows.map(({ key }) => key))
    const stored = entries.flatMap((value) => {
      const entry = readEntry(value)
      // Where an entry was lost, and its feed went on differently elsewhere, another one stands in its place.
      const isItsPlace = entry && this.#parts.filing.talkKeys(entry).some((key) => asked.has(key))
      return isItsPlace ? (this.view(entry, entry.mark) ?? []) : []
    })
    const waiting = rows.flatMap(({ key, value }) => {
      const read = key.startsWith('unbound/') ? readRow(unboundRow, value) : undefined
      return read && read.to === address ? [this.#parts.unbound.view(read)] : []
    })
    const earlier = waiting.filter(({ cursor }) => before === undefined || cursor < before)
    return [...stored, ...earlier].sort((a, b) => compareText(a.cursor, b.cursor)).slice(-limit)
  }
}
