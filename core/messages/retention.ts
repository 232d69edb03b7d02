// What this store gives up, by its own rules alone: bodies that came long ago or are too many in their room, and
// later whole prefixes of feeds. What we wrote and did not deliver, and what has not expired, stays. Runs at the
// start and every hour, a small batch at a time.

import { limits } from '../base/limits.ts'
import type { Range, Row } from '../base/ports.ts'
import type { Parts } from './desk.ts'
import type { Feed } from './feeds.ts'
import {
  entryRow,
  headRow,
  keyRange,
  keys,
  numberRange,
  prefixRange,
  readEntry,
  readTalkKey,
  row,
  type StoredEntry,
} from './rows.ts'

const intervalMs = 60 * 60 * 1000
/** Entries looked at in one transaction. chosen. */
const batchRows = 32
/** Index rows given up in one transaction. chosen. */
const overflowRows = 64

/** Through a conversation, from its end. */
interface Walk {
  /** Rows asked for at once. */
  limit: number
  /** Met so far: of clocks that were ahead, and of others. */
  ahead: number
  others: number
  readonly next: () => void
}

export class Retention {
  readonly #parts: Parts
  #nextAtMs: number | undefined
  #feeds: Feed[] = []
  #running = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get deadlineMs(): number | undefined {
    return this.#running ? undefined : this.#nextAtMs
  }

  start(): void {
    this.#nextAtMs = this.#parts.desk.now.monotonicMs
  }

  tick(): void {
    const { desk, feeds, outbox, ownProfile } = this.#parts
    if (this.#running || this.#nextAtMs === undefined || desk.now.monotonicMs < this.#nextAtMs) return
    this.#nextAtMs = desk.now.monotonicMs + intervalMs
    this.#running = true
    this.#feeds = [...feeds.all()]
    if (ownProfile.isOld()) outbox.add({ kind: 'profile', requests: [] })
    this.#nextConversation('talk/')
  }

  // ------------------------------------------------------------------------------------- too many in a room

  #nextConversation(from: string): void {
    const range = { ...prefixRange('talk/', { limit: 1 }), from }
    const then = (rows: readonly Row[]): void => {
      const conversation = rows[0]?.key.split('/')[1]
      if (conversation === undefined) this.#nextFeed()
      else this.#trim(conversation)
    }
    this.#parts.desk.read([range], then, () => this.#stop())
  }

  #trim(conversation: string): void {
    const prefix = keys.talk(conversation, '')
    const next = (): void => this.#nextConversation(prefixRange(prefix).to)
    const walk = { limit: limits.retentionMessagesPerRoom + overflowRows, ahead: 0, others: 0, next }
    this.#trimRows(prefixRange(prefix, { limit: walk.limit, reverse: true }), walk)
  }

  /** These, the newest first, and then what is older. */
  #trimRows(range: Range, walk: Walk): void {
    const { desk } = this.#parts
    const then = (rows: readonly Row[]): void => {
      const surplus = rows.filter(({ value }) => this.#isSurplus(value, walk))
      const places = surplus.flatMap(({ key }) => readTalkKey(key) ?? [])
      const ranges = places.flatMap(({ feed, number }) => [
        keyRange(keys.entry(feed, number)),
        keyRange(keys.inbox(feed, number)),
      ])
      const goOn = (): void => {
        if (rows.length < walk.limit) return walk.next()
        walk.limit = overflowRows
        this.#trimRows({ ...range, to: rows.at(-1)!.key, limit: overflowRows }, walk)
      }
      if (ranges.length === 0) goOn()
      else {
        const talks = new Set(surplus.map(({ key }) => key))
        desk.read(ranges, (found) => this.#forgetBodies(talks, found, goOn), walk.next)
      }
    }
    desk.read([range], then, walk.next)
  }

  /** What clocks that were ahead say stands last, whenever it came: it is counted by itself, lest it push out what others say. */
  #isSurplus(value: Uint8Array, walk: Walk): boolean {
    const count = value.length > 0 ? ++walk.ahead : ++walk.others
    return count > limits.retentionMessagesPerRoom
  }

  /** Of the entries that have one of these places. */
  #forgetBodies(talks: ReadonlySet<string>, found: readonly Row[], next: () => void): void {
    const { desk, filing } = this.#parts
    const byKey = new Map(found.map(({ key, value }) => [key, value]))
    const put: Row[] = []
    const doomed: string[] = []
    const expect = []
    for (const [key, value] of byKey) {
      const stored = key.startsWith('feed/') ? readEntry(value) : undefined
      if (!stored) continue
      const { feed, number } = stored.header
      const own = filing.talkKeys(stored)
      // In the place of a lost one another may stand (MS8), of a conversation that has room.
      if (!own.some((talk) => talks.has(talk))) continue
      if (byKey.has(keys.inbox(feed, number)) || this.#isUndelivered(stored)) continue
      expect.push({ key, value, adopt: () => {} })
      put.push(bare(key, stored))
      doomed.push(...own)
    }
    if (put.length === 0) return next()
    desk.commit({ expect, put, delete: doomed }, { ok: next, conflict: next, failed: () => this.#stop() })
    desk.count('bodiesPruned', put.length)
  }

  #isUndelivered({ header }: StoredEntry): boolean {
    return this.#parts.receipts.isOpen(header.feed, header.number)
  }

  // ------------------------------------------------------------------------------------------- too old

  #nextFeed(): void {
    const feed = this.#feeds.shift()
    if (!feed) this.#stop()
    else this.#prune(feed)
  }

  #stop(): void {
    this.#running = false
    this.#feeds = []
  }

  /** Bodies of the next entries of a feed, as far as they are old enough. */
  #prune(feed: Feed): void {
    const head = feed.head
    if (!head || feed.busy || head.pruned >= head.number) return this.#retire(feed)
    const first = head.pruned + 1
    const range = numberRange('feed', feed.id, first, head.number, batchRows)
    this.#parts.desk.read(
      [range],
      (rows) => this.#pruneRows(feed, rows),
      () => this.#stop(),
    )
  }

  #pruneRows(feed: Feed, rows: readonly Row[]): void {
    const { desk, filing } = this.#parts
    const wallMs = desk.now.wallMs
    const put: Row[] = []
    const doomed: string[] = []
    let pruned = feed.head!.pruned
    for (const { key, value } of rows) {
      const stored = readEntry(value)
      if (!stored || stored.header.number !== pruned + 1) break
      if (wallMs - cameAtMs(stored, wallMs) < limits.retentionMs || !this.#isOver(stored)) break
      pruned++
      if (stored.header.content.type !== 'message') continue
      if (stored.entry.body !== undefined) put.push(bare(key, stored))
      doomed.push(keys.inbox(feed.id, pruned), ...filing.talkKeys(stored))
    }
    if (pruned === feed.head!.pruned) return this.#retire(feed)
    this.#moveHead(feed, { pruned }, put, doomed, () =>
      rows.length === batchRows ? this.#prune(feed) : this.#retire(feed),
    )
  }

  /** Nobody waits for it any more: it ran out of time and that was reported. */
  #isOver(stored: StoredEntry): boolean {
    const { content } = stored.header
    const { wallMs } = this.#parts.desk.now
    if (this.#isUndelivered(stored)) return false
    // No author of ours gives it longer: what others say is not obeyed.
    const isTooOld = wallMs - cameAtMs(stored, wallMs) >= limits.maxTtlMs
    return content.type === 'profile' || isTooOld || content.expiresAt <= wallMs
  }

  /** Headers of a whole prefix, once twice as old; the last entry always stays. */
  #retire(feed: Feed): void {
    const head = feed.head
    const to = head ? Math.min(head.pruned, head.number - 1) : 0
    if (!head || feed.busy || to <= head.retired) return this.#nextFeed()
    const range = numberRange('feed', feed.id, head.retired + 1, to, batchRows)
    this.#parts.desk.read(
      [range],
      (rows) => this.#retireRows(feed, rows),
      () => this.#stop(),
    )
  }

  #retireRows(feed: Feed, rows: readonly Row[]): void {
    const wallMs = this.#parts.desk.now.wallMs
    const doomed: string[] = []
    let retired = feed.head!.retired
    for (const { key, value } of rows) {
      const stored = readEntry(value)
      if (!stored || stored.header.number !== retired + 1) break
      if (
        wallMs - cameAtMs(stored, wallMs) < 2 * limits.retentionMs ||
        stored.header.number === feed.head!.profile
      )
        break
      retired++
      doomed.push(key, keys.expired(feed.id, retired))
      const { content } = stored.header
      if (content.type === 'message') doomed.push(keys.id(stored.author, content.id))
    }
    if (retired === feed.head!.retired) return this.#nextFeed()
    this.#moveHead(feed, { retired }, [], doomed, () =>
      rows.length === batchRows ? this.#retire(feed) : this.#nextFeed(),
    )
  }

  #moveHead(
    feed: Feed,
    change: { pruned?: number; retired?: number },
    put: readonly Row[],
    doomed: readonly string[],
    next: () => void,
  ): void {
    const { desk, feeds, log } = this.#parts
    if (feed.busy || !feed.head) return this.#nextFeed()
    feed.busy = true
    const head = { ...feed.head, ...change }
    const written = row(keys.head(feed.id), headRow, head)
    const release = (then: () => void): void => {
      log.settle(feed)
      then()
    }
    desk.commit(
      { expect: [log.headExpectation(feed)], put: [written, ...put], delete: doomed },
      {
        ok: () => {
          feeds.setHead(feed, head, written.value)
          release(next)
        },
        conflict: () => release(() => this.#nextFeed()),
        failed: () => release(() => this.#stop()),
      },
    )
  }
}

/**
 * Where our clock was behind when it came, and has been set since, the author's tells better. It is believed up to now only, so
 * that nobody can have a message kept by naming a time to come.
 */
const cameAtMs = ({ header, mark, receivedAtMs }: StoredEntry, wallMs: number): number =>
  mark === 'clock-ahead' && header.clockMs <= wallMs ? header.clockMs : receivedAtMs

const bare = (key: string, { entry, hash, author, receivedAtMs, mark }: StoredEntry): Row =>
  row(key, entryRow, { entry: { ...entry, body: undefined }, hash, author, receivedAtMs, mark })
