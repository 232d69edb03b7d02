// Messages to a name nobody bears yet. Each is a row of its own, without a number, until somebody with that name is
// seen: then it becomes an entry of the feed, under the same id, in one commit with the row's end. Or its time runs
// out, which is reported.

import type { MeshError } from '../base/errors.ts'
import { compareText, type Address, type MessageId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Range, Row } from '../base/ports.ts'
import type { Expectation, Parts } from './desk.ts'
import type { ValueOf } from '../wire/codec.ts'
import type { QueuedMessage } from './outbox.ts'
import {
  cursorOf,
  idRow,
  keyRange,
  keys,
  prefixRange,
  readRow,
  row,
  unboundRow,
  type UnboundRow,
} from './rows.ts'
import type { MessageView, SentState } from './types.ts'

interface Waiting {
  readonly to: UnboundRow['to']
  readonly expiresAt: number
  readonly order: number
  readonly cursor: string
  /** Its row, as far as there is room: where that is damaged, it is written again. */
  readonly raw: Uint8Array | undefined
}

/** Of rows that are kept in memory as well, all together. chosen. */
const maxRawBytes = 4 * 1024 * 1024
/** Rows read at once when looking what siblings keep, and messages on their way into the feed. chosen: at most this many
 * bodies in memory. */
const rowsAtOnce = 64

// It stands nowhere yet, in no feed and under no number: in the feed's stead is its order.
const cursorAs = ({ sentAt, order }: Pick<UnboundRow, 'sentAt' | 'order'>): string =>
  cursorOf({ ms: sentAt, counter: 0 }, order.toString(16).padStart(32, '0') as never, 0)

export class Unbound {
  readonly #parts: Parts
  readonly #waiting = new Map<MessageId, Waiting>()
  /** Not stored yet. */
  readonly #keeping = new Set<QueuedMessage>()
  /** Kept by this run, so that `message` is not emitted again when they find their addressee. */
  readonly #announced = new Set<MessageId>()
  /** Can be addressed now, in the order in which it goes out. */
  #toBind: MessageId[] = []
  /** Of these, what is being read, or on its way into the feed. */
  readonly #binding = new Set<MessageId>()
  readonly #reading = new Set<MessageId>()
  #nextExpiryMs = Number.POSITIVE_INFINITY
  #lastOrder = 0
  #rawBytes = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  load(id: MessageId, value: Uint8Array): void {
    const read = readRow(unboundRow, value)
    if (read) this.#know(id, read, value)
    else this.#parts.desk.count('unreadableRows')
  }

  #know(id: MessageId, row: UnboundRow, value: Uint8Array): void {
    const { to, expiresAt, order } = row
    if (this.#waiting.has(id)) return
    const hasRoom = this.#rawBytes + value.length <= maxRawBytes
    if (hasRoom) this.#rawBytes += value.length
    this.#parts.receipts.sentAnew(id)
    this.#waiting.set(id, { to, expiresAt, order, cursor: cursorAs(row), raw: hasRoom ? value : undefined })
    this.#lastOrder = Math.max(this.#lastOrder, order)
    this.#nextExpiryMs = Math.min(this.#nextExpiryMs, expiresAt)
  }

  get size(): number {
    return this.#waiting.size
  }

  waitsFor(to: Address): boolean {
    return [...this.#waiting.values(), ...this.#keeping].some((each) => each.to === to)
  }

  get nextExpiryMs(): number {
    return this.#nextExpiryMs
  }

  stateOf(id: MessageId): SentState | undefined {
    if (!this.#waiting.has(id)) return undefined
    return { id, deliveredTo: new Set(), lacking: [], state: 'waiting' }
  }

  /** Was it announced as waiting already? */
  wasAnnounced(id: MessageId): boolean {
    return this.#announced.delete(id)
  }

  /** Stores a message whose addressee is not known. */
  keep(message: QueuedMessage): void {
    const { desk, receipts, outbox } = this.#parts
    const { requests, id, to, body, bodyHash, replyTo, sentAt } = message
    const expiresAt = Math.min(message.expiresAt, sentAt + limits.unboundTtlMs)
    const order = ++this.#lastOrder
    const value: UnboundRow = { id, to, body, bodyHash, replyTo, sentAt, expiresAt, order }
    const written = row(keys.unbound(id), unboundRow, value)
    const resolve = (state: SentState | undefined): void => {
      for (const request of requests) desk.resolve(request, state)
    }
    let feedHasIt = false
    const idKey = keys.id(desk.me.member, id)
    const expect: Expectation[] = [
      { key: written.key, value: undefined, adopt: (found) => found && this.load(id, found) },
      {
        key: idKey,
        value: undefined,
        adopt: (found) => void (feedHasIt = readRow(idRow, found) !== undefined),
      },
    ]
    this.#keeping.add(message)
    desk.commit(
      { expect, put: [written] },
      {
        ok: () => {
          this.#keeping.delete(message)
          this.#know(id, value, written.value)
          resolve(this.stateOf(id))
          this.#announced.add(id)
          desk.emit({ event: 'message', message: this.view(value) })
          if (this.#parts.rooms.resolve(to) !== undefined) this.bind()
        },
        // The same id again: it waits already, or was written before; the outbox tells which.
        conflict: () => {
          this.#keeping.delete(message)
          if (feedHasIt) outbox.add(message)
          else resolve(receipts.stateOf(id) ?? this.stateOf(id))
        },
        failed: (error: MeshError) => {
          this.#keeping.delete(message)
          for (const request of requests) desk.reject(request, error)
        },
      },
    )
  }

  view(value: UnboundRow): MessageView {
    const { desk, rooms } = this.#parts
    const { id, to, body, sentAt, replyTo } = value
    return {
      id,
      feed: undefined,
      number: 0,
      from: desk.me.member,
      fromName: rooms.nameOf(desk.me.member),
      to,
      body,
      sentAt,
      replyTo,
      addressees: [],
      deliveredTo: new Set(),
      state: 'waiting',
      clockAhead: false,
      cursor: cursorAs(value),
    }
  }

  /** That the row is still there, where the message comes from one. */
  expectation(message: QueuedMessage, settled: () => void): Expectation {
    const adopt = (found: Uint8Array | undefined): void => {
      if (message.unbound === undefined && found) {
        this.load(message.id, found)
        for (const request of message.requests) this.#parts.desk.resolve(request, this.stateOf(message.id))
        settled()
      } else if (found === undefined) {
        // A sibling tab was faster; it counts as waiting until the entry that it wrote is read.
        settled()
      }
    }
    return { key: keys.unbound(message.id), value: message.unbound, adopt }
  }

  forget(id: MessageId): boolean {
    const waiting = this.#waiting.get(id)
    if (!waiting) return false
    this.#rawBytes -= waiting.raw?.length ?? 0
    this.#waiting.delete(id)
    // What is for nobody but ourselves is delivered by that, and no receipt says so.
    this.#parts.desk.emit({ event: 'bound', id })
    return true
  }

  /** It stands in a feed already: a copy of this store wrote it there, while its row was left here. */
  isWritten({ id, unbound }: QueuedMessage): void {
    if (unbound === undefined) return
    const { desk } = this.#parts
    const key = keys.unbound(id)
    desk.commit(
      { expect: [{ key, value: unbound, adopt: () => {} }], delete: [key] },
      // A sibling tab was faster: see `expectation`.
      { ok: () => this.forget(id), conflict: () => {}, failed: () => desk.count('unboundRowsLeft') },
    )
  }

  /** Its row was damaged, or may be gone without a trace: written again from memory. */
  restore(id: MessageId): void {
    const { desk } = this.#parts
    const waiting = this.#waiting.get(id)
    if (!waiting) return
    const key = keys.unbound(id)
    const then = (rows: readonly Row[]): void => {
      if (rows.length > 0 || !this.#waiting.has(id)) return
      // Nothing but its id is left: that it waited is over, and is said like the end of its time.
      if (!waiting.raw) return this.#expired(id)
      const expect = [key, keys.id(desk.me.member, id)].map((each) => ({
        key: each,
        value: undefined,
        adopt: () => {},
      }))
      desk.commit(
        { expect, put: [{ key, value: waiting.raw }] },
        { ok: () => this.bind(), conflict: () => {}, failed: () => desk.count('unboundRowsLost') },
      )
    }
    desk.read([keyRange(key), keyRange(keys.id(desk.me.member, id))], then)
  }

  restoreAll(): void {
    for (const id of this.#waiting.keys()) this.restore(id)
  }

  get firstRows(): Range {
    return prefixRange('unbound/', { limit: rowsAtOnce })
  }

  /** What siblings keep: these rows, and all after them, so that what goes out goes in the order in which it was sent. */
  follow(rows: readonly Row[]): void {
    for (const { key, value } of rows) this.load(key.slice('unbound/'.length) as MessageId, value)
    const last = rows.at(-1)
    if (!last || rows.length < rowsAtOnce) return this.bind()
    const next = { ...this.firstRows, from: `${last.key}\u0001` }
    this.#parts.desk.read(
      [next],
      (more) => this.follow(more),
      () => this.bind(),
    )
  }

  /** The rows of the newest that wait for that name, as many as are wanted. */
  rowsFor(to: Address, before: string | undefined, limit: number): Range[] {
    const waiting = [...this.#waiting].filter(
      ([, each]) => each.to === to && (before === undefined || each.cursor < before),
    )
    waiting.sort(([, a], [, b]) => compareText(a.cursor, b.cursor))
    return waiting.slice(-limit).map(([id]) => keyRange(keys.unbound(id)))
  }

  /** Turns what can be addressed now into entries, in the order in which it was sent. */
  bind(): void {
    const { outbox, rooms } = this.#parts
    if (!outbox.ready) return
    const names = new Set([...this.#waiting.values()].map(({ to }) => to))
    for (const to of names) if (rooms.resolve(to) === undefined) names.delete(to)
    const found = [...this.#waiting].filter(([, { to }]) => names.has(to))
    this.#toBind = found.sort(([, a], [, b]) => a.order - b.order).map(([id]) => id)
    this.bindNext()
  }

  /** As much of it as there is room for. */
  bindNext(): void {
    const { outbox } = this.#parts
    for (const id of this.#binding)
      if (!this.#reading.has(id) && !outbox.isQueued(id)) this.#binding.delete(id)
    while (this.#binding.size < rowsAtOnce) {
      const id = this.#toBind.shift()
      if (id === undefined) return
      if (!this.#waiting.has(id) || this.#binding.has(id) || outbox.isQueued(id)) continue
      this.#binding.add(id)
      this.#queue(id)
    }
  }

  #queue(id: MessageId): void {
    const { desk, feeds, outbox } = this.#parts
    const idKey = keys.id(desk.me.member, id)
    const then = (rows: readonly Row[]): void => {
      this.#reading.delete(id)
      const found = new Map(rows.map(({ key, value }) => [key, value]))
      const raw = found.get(keys.unbound(id))
      const read = readRow(unboundRow, raw)
      if (raw && read && !outbox.isQueued(id))
        return outbox.add({ kind: 'message', requests: [], ...read, unbound: raw })
      // A sibling tab wrote it, into a feed that was not ours yet when we read of it.
      const place = raw ? undefined : readRow(idRow, found.get(idKey))
      if (place && (feeds.get(place.feed)?.head?.number ?? 0) >= place.number) this.#isIn(place, id)
      // Or it found the row damaged, and set it aside before we looked.
      if (!raw && !found.has(idKey)) this.restore(id)
      this.bindNext()
    }
    const failed = (): void => {
      this.#reading.delete(id)
      this.bindNext()
    }
    this.#reading.add(id)
    desk.read([keyRange(keys.unbound(id)), keyRange(idKey)], then, failed)
  }

  /** A sibling tab wrote it there. What came of it since is told with the entry. */
  #isIn({ feed, number }: ValueOf<typeof idRow>, id: MessageId): void {
    this.#parts.log.retell(feed, number, () => this.forget(id))
  }

  #expired(id: MessageId): void {
    if (!this.forget(id)) return
    this.#parts.receipts.noteExpired(id)
    this.#parts.desk.emit({ event: 'expired', id, lacking: [] })
  }

  expire(): void {
    const { desk, receipts } = this.#parts
    const wallMs = desk.now.wallMs
    if (wallMs < this.#nextExpiryMs) return
    this.#nextExpiryMs = Number.POSITIVE_INFINITY
    for (const [id, { to, expiresAt }] of this.#waiting) {
      if (expiresAt > wallMs) {
        this.#nextExpiryMs = Math.min(this.#nextExpiryMs, expiresAt)
        continue
      }
      const idKey = keys.id(desk.me.member, id)
      const later = (): void => void (this.#nextExpiryMs = wallMs + limits.antiEntropyIntervalMs)
      const then = (rows: readonly Row[]): void => {
        const value = rows.find(({ key }) => key === keys.unbound(id))?.value
        // A sibling tab was faster: it wrote the message into the feed, or let it expire and reported that.
        const place = readRow(idRow, rows.find(({ key }) => key === idKey)?.value)
        if (!value) return place ? this.#isIn(place, id) : this.#expired(id)
        const lacking: [] = []
        desk.commit(
          { expect: [{ key: keys.unbound(id), value, adopt: () => {} }], delete: [keys.unbound(id)] },
          {
            ok: () => {
              this.#expired(id)
              receipts.reportExpired(id, to, lacking)
            },
            // By a sibling tab: the next look says how.
            conflict: () => void (this.#nextExpiryMs = wallMs),
            failed: later,
          },
        )
      }
      desk.read([keyRange(keys.unbound(id)), keyRange(idKey)], then, later)
    }
  }
}
