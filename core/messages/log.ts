// The log of every feed: entries in order, each continuing the one before. What comes early waits; what continues
// the head is committed with the head compared, so that two tabs on one store never write a feed twice; what a
// sibling tab stored first is read back and told of as if it were ours.

import { equalBytes, type PeerId, type StoreId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Range, Row } from '../base/ports.ts'
import { noHash, type VerifiedEntry } from '../wire/entries.ts'
import type { Expectation, Parts } from './desk.ts'
import { sizeOf, type Arrived, type Feed } from './feeds.ts'
import type { Filed, ToFile } from './filing.ts'
import {
  headRow,
  idRow,
  inboxRow,
  isShown,
  keyRange,
  keys,
  maxNumber,
  numberRange,
  prefixRange,
  readEntry,
  readPlace,
  readRow,
} from './rows.ts'

/** All that is said of the entries of a feed from there to there; they come last. */
const followed = (feed: StoreId, from: number, to: number): Range[] =>
  (['inbox', 'outbox', 'expired', 'feed'] as const).map((kind) => numberRange(kind, feed, from, to))

interface Untold {
  readonly from: number
  readonly to: number
  readonly atMs: number
}

/** Entries read at once when following a sibling tab. chosen: at most this many bodies in memory. */
const followRows = 32
const maxBatchBytes = 1024 * 1024
/** After the store refused a write, incoming entries are not tried again for this long. chosen. */
const storageRetryMs = 5_000

export class Log {
  readonly #parts: Parts
  #pausedUntilMs = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Entries from a peer, verified each for itself. `jump`: it said that what came before the first is retired. */
  incoming(from: PeerId, viaSync: boolean, entries: readonly VerifiedEntry[], jump = false): void {
    const { feeds, sync, forks, outbox } = this.#parts
    const byFeed = new Map<StoreId, VerifiedEntry[]>()
    for (const entry of entries) {
      const some = byFeed.get(entry.header.feed)
      if (some) some.push(entry)
      else byFeed.set(entry.header.feed, [entry])
    }
    for (const [id, some] of byFeed) {
      if (id === outbox.storeId) {
        forks.ownEntries(from, some)
        continue
      }
      some.sort((a, b) => a.header.number - b.header.number)
      const first = some[0]!
      const feed = first.header.number === 1 || jump ? feeds.open(id) : feeds.get(id)
      const last = some.at(-1)!
      if (!viaSync)
        sync.noteAhead(from, { feed: id, number: last.header.number, hash: last.hash, retired: 0 })
      if (!feed) {
        this.#parts.desk.count('entriesOfUnknownFeeds', some.length)
        continue
      }
      const after = jump ? Math.max(first.header.number - 1, feed.head?.number ?? 0) : undefined
      for (const entry of some) this.#take(feed, { entry, from, viaSync }, after)
      this.pump(feed, jump)
    }
  }

  #take(feed: Feed, arrived: Arrived, after?: number): void {
    const { desk, feeds, holes } = this.#parts
    const { entry, from } = arrived
    const { number } = entry.header
    const head = feed.head
    if (number > maxNumber || (head && head.member !== entry.author)) return desk.count('entriesRefused')
    if (head && number <= head.number) {
      if (feed.holes.has(number)) holes.offer(feed, entry, from)
      else if (number === head.number && !equalBytes(entry.hash, head.hash)) this.#mismatch(feed, from)
      else desk.count('duplicates')
      return
    }
    if (!feeds.wait(feed, arrived, after)) desk.count('entriesNotHeldBack')
  }

  /** Commits what continues the head. */
  pump(feed: Feed, jump = false): void {
    const { desk, sync } = this.#parts
    if (feed.busy || feed.waiting.size === 0 || desk.now.monotonicMs < this.#pausedUntilMs) return
    const run = this.#nextRun(feed, jump)
    if (run.length === 0) return sync.wake()
    feed.busy = true
    this.#commit(feed, run, jump && run[0]!.entry.header.number > (feed.head?.number ?? 0) + 1)
  }

  #nextRun(feed: Feed, jump: boolean): Arrived[] {
    const run: Arrived[] = []
    let number = (feed.head?.number ?? 0) + 1
    if (jump && !feed.waiting.has(number)) number = Math.min(...feed.waiting.keys())
    let bytes = 0
    let previous = number === 1 ? noHash : feed.head?.number === number - 1 ? feed.head.hash : undefined
    let author = feed.head?.member
    for (; run.length < limits.maxAppendBatch; number++) {
      const next = feed.waiting.get(number)
      if (!next) break
      const { entry, from } = next
      bytes += sizeOf(entry)
      if (run.length > 0 && bytes > maxBatchBytes) break
      const fits = previous === undefined || equalBytes(entry.header.previous, previous)
      if (!fits || (author !== undefined && author !== entry.author)) {
        this.#parts.feeds.unwait(feed, number)
        this.#mismatch(feed, from)
        break
      }
      if (this.mustKeepBody(entry, from)) {
        this.#parts.feeds.unwait(feed, number)
        this.#parts.sync.unserved(from, feed.id)
        break
      }
      run.push(next)
      previous = entry.hash
      author = entry.author
    }
    return run
  }

  /**
   * A message for us came without its body while somebody may still have it: it is not taken like that. The author keeps that of
   * one that names us until we have it or it expired; that of a room that is only said to all may be gone everywhere.
   */
  mustKeepBody(entry: VerifiedEntry, from: PeerId): boolean {
    const { desk, filing, rooms, sync } = this.#parts
    const { content, feed } = entry.header
    if (filing.judge(entry) !== 'bare' || !filing.isForMe(entry)) return false
    if (rooms.live.get(from)?.store === feed) return false
    const isNamed = content.type === 'message' && content.addressees.includes(desk.me.member)
    return isNamed || sync.canAskBeside(from, feed)
  }

  #commit(feed: Feed, run: readonly Arrived[], jump: boolean): void {
    const { desk, filing } = this.#parts
    const expect: Expectation[] = [this.headExpectation(feed)]
    const inBatch = new Set<string>()
    const toFile = run.map(({ entry }): ToFile => {
      const { content, number } = entry.header
      const mark = filing.judge(entry)
      if (content.type !== 'message') return { entry, mark, again: false }
      const key = keys.id(entry.author, content.id)
      const known = readRow(idRow, feed.knownIds.get(key))
      const again = known?.feed === feed.id && known.number === number
      const duplicate = inBatch.has(key) || (known !== undefined && !again)
      if (!known && !duplicate)
        expect.push({
          key,
          value: undefined,
          adopt: (found) => void (found && feed.knownIds.set(key, found)),
        })
      inBatch.add(key)
      return { entry, mark: duplicate && mark !== 'refused' ? 'duplicate' : mark, again }
    })
    const filed = filing.file(feed, toFile, jump)
    desk.commit(
      { expect: [...expect, ...filed.expect], put: filed.put, delete: filed.delete },
      {
        ok: () => this.#stored(feed, run, filed, jump),
        conflict: () => this.settle(feed),
        failed: (error) => {
          feed.busy = false
          for (const { entry } of run) this.#parts.feeds.unwait(feed, entry.header.number)
          this.#pausedUntilMs = desk.now.monotonicMs + storageRetryMs
          desk.count('entriesNotStored', run.length)
          desk.emit({ event: 'error', error })
        },
      },
    )
  }

  #stored(feed: Feed, run: readonly Arrived[], filed: Filed, jump: boolean): void {
    const { desk, feeds, filing, sync } = this.#parts
    const lost = jump ? { from: (feed.head?.number ?? 0) + 1, to: filed.head.retired } : undefined
    feed.busy = false
    feed.knownIds.clear()
    feeds.setHead(feed, filed.head, filed.headRaw)
    if (lost) desk.emit({ event: 'gap', gap: { feed: feed.id, author: filed.head.member, ...lost } })
    for (const item of filed.items) {
      const profileRow = filed.profileRows.get(item.entry.author)
      filing.tell(item, item.toInbox ? 1 : undefined, profileRow)
    }
    desk.count('entriesStored', run.length)
    sync.moved(
      feed,
      run.some(({ viaSync }) => viaSync),
    )
    this.pump(feed)
    this.#parts.outbox.pump()
  }

  /** That the stored head is the one we know; where a sibling moved it, it is followed. */
  headExpectation(feed: Feed): Expectation {
    return { key: keys.head(feed.id), value: feed.raw, adopt: (found) => this.adopt(feed, found) }
  }

  /** After a conflict: goes on, unless following the sibling has begun, or the head turned out to be lost. */
  settle(feed: Feed): void {
    if (this.#following.has(feed.id) || this.#parts.lostHeads.isLost(feed)) return
    feed.busy = false
    this.pump(feed)
    this.#parts.outbox.pump()
  }

  #mismatch(feed: Feed, from: PeerId): void {
    const { desk, rooms, sync, oldFeeds } = this.#parts
    desk.count('chainMismatches')
    for (const number of [...feed.waiting.keys()]) this.#parts.feeds.unwait(feed, number)
    if (feed.head?.member === desk.me.member) return oldFeeds.realign(feed, from)
    sync.unserved(from, feed.id)
    if (!feed.head) return
    const { member, number, hash } = feed.head
    for (const peer of rooms.live.values()) {
      if (peer.member === member) desk.sendTo(peer.peer, { type: 'fork', feed: feed.id, number, hash })
    }
  }

  // ------------------------------------------------------------------------------- following a sibling tab

  readonly #following = new Set<StoreId>()
  /** Where the store did not say what a sibling stored: read again then. Until it was told, nothing later is. */
  readonly #toFollow = new Map<Feed, Untold>()
  /** The same of our own feed. What we send does not wait for what a sibling sent to be told here. */
  readonly #toTell = new Map<Feed, Untold>()

  get deadlineMs(): number | undefined {
    const times = [...this.#toFollow.values(), ...this.#toTell.values()].map(({ atMs }) => atMs)
    return times.length > 0 ? Math.min(...times) : undefined
  }

  tick(): void {
    for (const [feed, { from, to, atMs }] of this.#toFollow) {
      if (this.#parts.desk.now.monotonicMs < atMs) continue
      this.#toFollow.delete(feed)
      this.#follow(feed, from, to)
    }
    for (const [feed, { from, to, atMs }] of this.#toTell) {
      if (this.#parts.desk.now.monotonicMs < atMs) continue
      this.#toTell.delete(feed)
      this.#tellLate(feed, from, to)
    }
  }

  /** Takes over a head that was found in the store, and tells of the entries that led there. */
  adopt(feed: Feed, raw: Uint8Array | undefined): void {
    const { feeds, lostHeads, outbox } = this.#parts
    const head = readRow(headRow, raw)
    // An older head of our own feed is none: its numbers were used.
    const isOlder = feed.id === outbox.storeId && (head?.number ?? 0) < (feed.head?.number ?? 0)
    if (!head || isOlder) return lostHeads.rebuild(feed)
    const known = Math.max(feed.head?.number ?? 0, head.retired)
    feeds.setHead(feed, head, raw)
    if (head.number <= known) return
    feed.busy = true
    this.#following.add(feed.id)
    this.#follow(feed, known + 1, head.number)
  }

  #follow(feed: Feed, from: number, to: number): void {
    const { desk, outbox, sync } = this.#parts
    const last = Math.min(to, from + followRows - 1)
    const done = (): void => {
      this.#following.delete(feed.id)
      sync.wake()
      this.settle(feed)
    }
    const failed = (): void => {
      if (feed.id !== outbox.storeId)
        return void this.#toFollow.set(feed, { from, to, atMs: desk.now.monotonicMs + limits.storageBusyMs })
      this.#postpone(feed, from, to)
      done()
    }
    const then = (rows: readonly Row[]): void => {
      this.#tellRows(rows)
      if (last < to) this.#follow(feed, last + 1, to)
      else done()
    }
    desk.read(followed(feed.id, from, last), then, failed)
  }

  #postpone(feed: Feed, from: number, to: number): void {
    const before = this.#toTell.get(feed)
    this.#toTell.set(feed, {
      from: Math.min(from, before?.from ?? from),
      to: Math.max(to, before?.to ?? to),
      atMs: this.#parts.desk.now.monotonicMs + limits.storageBusyMs,
    })
  }

  #tellLate(feed: Feed, from: number, to: number): void {
    const last = Math.min(to, from + followRows - 1)
    const then = (rows: readonly Row[]): void => {
      this.#tellRows(rows)
      if (last < to) this.#tellLate(feed, last + 1, to)
    }
    this.#parts.desk.read(followed(feed.id, from, last), then, () => this.#postpone(feed, from, to))
  }

  /**
   * Tells of an own entry that a sibling stored, and that may not have been told of, and what came of it.
   * @param gone It is not there any more.
   */
  retell(feed: StoreId, number: number, gone: () => void = () => {}): void {
    const then = (rows: readonly Row[]): void => {
      if (rows.some(({ key }) => key === keys.entry(feed, number))) this.#tellRows(rows)
      else gone()
    }
    this.#parts.desk.read(followed(feed, number, number), then)
  }

  #tellRows(rows: readonly Row[]): void {
    const { desk, filing, outbox, receipts } = this.#parts
    const attempts = new Map<number, number>()
    for (const { key, value } of rows) {
      const place = readPlace(key)
      if (place?.kind === 'inbox') attempts.set(place.number, readRow(inboxRow, value)?.attempt ?? 1)
      else if (place?.kind === 'outbox') outbox.load(place.feed, place.number, value)
      else if (place?.kind === 'expired') receipts.followExpired(place.feed, place.number, value)
      else if (place?.kind === 'feed') {
        const stored = readEntry(value)
        if (!stored) continue
        if (stored.author === desk.me.member && isShown(stored.mark)) outbox.remember(stored)
        filing.tell({ entry: stored, mark: stored.mark }, attempts.get(place.number))
      }
    }
  }

  /** Looks at the heads in the store: siblings may have stored what they then could not say. */
  refresh(then?: () => void): void {
    const { desk, feeds } = this.#parts
    desk.read(
      [prefixRange('head/')],
      (rows) => {
        for (const { key, value } of rows) {
          const id = key.slice('head/'.length) as StoreId
          const feed = feeds.open(id)
          const head = feed && !feed.busy ? readRow(headRow, value) : undefined
          if (!feed || !head) continue
          // The same end, and less before it: a sibling retired what was old.
          const isShorter = head.number === feed.head?.number && head.retired > feed.head.retired
          if (isShorter || head.number > (feed.head?.number ?? 0)) this.adopt(feed, value)
          // Of an old feed of ours a sibling may have given up the end we know. Else we know better, and our next commit compares.
          else if (this.#isOldOfOurs(feed) && !(feed.raw && equalBytes(feed.raw, value))) this.reread(feed)
        }
        then?.()
      },
      then,
    )
  }

  #isOldOfOurs({ id, head }: Feed): boolean {
    return head?.member === this.#parts.desk.me.member && id !== this.#parts.outbox.storeId
  }

  /** Takes over a feed's head and holes as they are stored, even a lower head: a sibling may have given up the end we know. */
  reread(feed: Feed): void {
    const { desk, holes, sync } = this.#parts
    if (feed.busy) return
    feed.busy = true
    const known = [...feed.holes]
    const then = (rows: readonly Row[]): void => {
      const raw = rows.find(({ key }) => key === keys.head(feed.id))?.value
      if (raw && !(feed.raw && equalBytes(raw, feed.raw))) {
        this.adopt(feed, raw)
        sync.compareSoon()
      }
      const stored = rows.flatMap(({ key }) => readPlace(key)?.number ?? [])
      holes.adopt(feed, known, stored)
      this.settle(feed)
    }
    const ranges = [keyRange(keys.head(feed.id)), prefixRange(`hole/${feed.id}/`)]
    desk.read(ranges, then, () => this.settle(feed))
  }

  /** One entry of ours as it is stored. */
  readOne(
    feed: StoreId,
    number: number,
    then: (entry: ReturnType<typeof readEntry>) => void,
    failed?: () => void,
  ): void {
    const range = keyRange(keys.entry(feed, number))
    this.#parts.desk.read([range], (rows) => then(readEntry(rows[0]?.value)), failed)
  }
}
