// What corruption took away. An entry that was set aside leaves a hole: our vector falls back to the number before
// it, the entry is fetched again, and fits in only where its neighbours name it. Rows that point to entries are written
// again. Lost heads: lost-heads.ts.

import { equalBytes, type MemberId, type MessageId, type PeerId, type StoreId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { noHash, type VerifiedEntry } from '../wire/entries.ts'
import type { Parts } from './desk.ts'
import { sizeOf, type Feed } from './feeds.ts'
import {
  entryRow,
  expiredRow,
  holeRow,
  idRow,
  isShown,
  keyRange,
  keys,
  readEntry,
  readPlace,
  readRow,
  readTalkKey,
  row,
  talkRow,
  type Mark,
  type StoredEntry,
} from './rows.ts'

/** Bytes of entries kept for further holes of a feed while the lowest is filled: one answer's. */
const maxEarlyBytes = limits.maxEntriesBytes
/** How often a hole is written down anew where somebody moved the feed's head meanwhile. chosen. */
const maxAttempts = 8

interface Offered {
  readonly entry: VerifiedEntry
  readonly from: PeerId
}

export class Holes {
  readonly #parts: Parts
  /** Feeds of which it is being read what we hold without a hole; each with what tells the last such read. */
  readonly #looking = new Map<Feed, object>()
  /** Holes that could not be written down. */
  readonly #unwritten = new Map<Feed, Set<number>>()
  /** Rows that could not be written again. */
  readonly #notRebuilt = new Set<string>()
  /** Entries for holes behind the lowest, by number: one answer may fill many. */
  readonly #early = new Map<Feed, Map<number, Offered>>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The store set a row aside. */
  corrupt(key: string): void {
    const { desk, feeds, rooms, forks, receipts, lostHeads, unbound } = this.#parts
    const place = readPlace(key)
    if (place?.kind === 'feed' && this.#isAccountedFor(place)) return
    const [kind, id] = key.split('/')
    desk.count('corruptRecords')
    desk.report('record-corrupt', `A stored record was damaged and set aside: ${key}.`, { key })
    if (place?.kind === 'feed') {
      const feed = feeds.get(place.feed)
      if (feed) this.missing(feed, place.number)
    } else if (kind === 'head') {
      const feed = feeds.open(id as StoreId)
      if (feed) lostHeads.damaged(feed)
    } else if (kind === 'member') rooms.forgetRaw(id as MemberId)
    else if (kind === 'joined') rooms.restoreJoined(id!)
    else if (kind === 'meta') forks.storeLost()
    else if (kind === 'unbound') unbound.restore(id as MessageId)
    else if (kind === 'ack') receipts.adopt(id as StoreId, key.split('/')[2] as MemberId, undefined)
    else this.#rebuild(key)
  }

  /**
   * A row of which an entry tells all. What the store does not take now is tried again with the next comparison of digests.
   */
  #rebuild(key: string): void {
    const place = readPlace(key)
    const failed = (): void => {
      if (this.#notRebuilt.size < limits.maxSeenIds) this.#notRebuilt.add(key)
      else this.#parts.desk.count('rowsLost')
    }
    if (place?.kind === 'outbox') this.#rebuildOutbox(place.feed, place.number, failed)
    else if (place?.kind === 'expired') this.#rebuildExpired(place.feed, place.number, failed)
    else if (place?.kind === 'inbox') this.#parts.inbox.restore(place.feed, place.number, failed)
    else if (key.startsWith('talk/')) this.#rebuildTalk(key, failed)
  }

  /** Known to be missing already, or retired long ago; or of an end of an old feed of ours that was given up. */
  #isAccountedFor({ feed: id, number }: { readonly feed: StoreId; readonly number: number }): boolean {
    const { desk, feeds, outbox } = this.#parts
    const feed = feeds.get(id)
    if (!feed?.head) return false
    const isOldOfOurs = feed.head.member === desk.me.member && id !== outbox.storeId
    const isGivenUp = isOldOfOurs && number > feed.head.number
    return feed.holes.has(number) || number <= feed.head.retired || isGivenUp
  }

  load(feed: StoreId, number: number): void {
    const known = this.#parts.feeds.get(feed)
    if (!known?.head || number > known.head.number || number <= known.head.retired) return
    known.holes.add(number)
    this.#fallBack(known)
  }

  /** These are stored. Of those that were known when that was read a sibling may have filled some, or given up the end they were in. */
  adopt(feed: Feed, known: readonly number[], stored: readonly number[]): void {
    const { feeds } = this.#parts
    for (const number of known) feed.holes.delete(number)
    for (const number of stored) this.load(feed.id, number)
    if (feed.holes.size > 0 || !feed.head) return
    this.#looking.delete(feed)
    feeds.show(feed, feed.head.number, feed.head.hash)
  }

  /**
   * An entry that should be there is not. Believed only where the store says so within a transaction.
   * @param settled Told whether that is known now, also to the next run; false: the store could not be written.
   */
  missing(feed: Feed, number: number, settled: (known: boolean) => void = () => {}): void {
    this.#unwritten.get(feed)?.delete(number)
    this.#write(feed, number, settled, maxAttempts)
  }

  /** It was found and reported, and could not be written down. */
  isUnwritten(feed: Feed, number: number): boolean {
    return this.#unwritten.get(feed)?.has(number) ?? false
  }

  #write(feed: Feed, number: number, settled: (known: boolean) => void, attempts: number): void {
    const { desk, log, lostHeads } = this.#parts
    const held = feed.head
    if (!held || number > held.number || number <= held.retired || feed.holes.has(number))
      return settled(true)
    let isThere = false
    let isHeadGone = false
    const expect = [
      { key: keys.entry(feed.id, number), value: undefined, adopt: () => void (isThere = true) },
      { key: keys.head(feed.id), value: feed.raw, adopt: (found?: Uint8Array) => void (isHeadGone = !found) },
    ]
    const atMs = Math.max(0, Math.floor(desk.now.wallMs))
    desk.commit(
      { expect, put: [row(keys.hole(feed.id, number), holeRow, { atMs })] },
      {
        ok: () => {
          feed.holes.add(number)
          this.#fallBack(feed)
          // With all, at once: who has what is missing does not know that we lack it.
          this.#parts.sync.compareSoon()
          settled(true)
        },
        // Entries came meanwhile, here or in a sibling tab.
        conflict: () => {
          if (isThere) return settled(true)
          if (isHeadGone && !feed.busy) lostHeads.rebuild(feed)
          if (attempts > 1) log.refresh(() => this.#write(feed, number, settled, attempts - 1))
          else this.#later(feed, number, settled)
        },
        failed: () => this.#later(feed, number, settled),
      },
    )
  }

  #later(feed: Feed, number: number, settled: (known: boolean) => void): void {
    this.#parts.desk.count('holesNotStored')
    const numbers = this.#unwritten.get(feed) ?? new Set()
    this.#unwritten.set(feed, numbers.add(number))
    settled(false)
  }

  /** The vector says only what is held without a hole. @param known An entry whose hash need not be read. */
  #fallBack(feed: Feed, known?: VerifiedEntry): void {
    const { feeds, log, sync } = this.#parts
    const lowest = Math.min(...feed.holes)
    const last = lowest - 1
    this.#looking.delete(feed)
    if (known?.header.number === last) return feeds.show(feed, last, known.hash)
    feeds.show(feed, 0, noHash)
    if (last <= (feed.head?.retired ?? 0)) return feeds.show(feed, last, noHash)
    const look = {}
    this.#looking.set(feed, look)
    const then = (stored: StoredEntry | undefined): void => {
      if (this.#looking.get(feed) !== look) return
      this.#looking.delete(feed)
      if (!feed.holes.has(lowest)) return
      if (!stored) return this.missing(feed, last)
      feeds.show(feed, last, stored.hash)
      this.#fillNext(feed)
      sync.wake()
    }
    // With the next comparison of digests.
    const failed = (): void => void (this.#looking.get(feed) === look && this.#looking.delete(feed))
    log.readOne(feed.id, last, then, failed)
  }

  /** What is held of it without a hole is not known yet: nothing can be asked for. */
  isLooking(feed: Feed): boolean {
    return this.#looking.has(feed)
  }

  /** With every comparison of digests: the store may answer again, or have room. */
  retry(): void {
    for (const [feed, numbers] of this.#unwritten)
      for (const number of [...numbers]) this.missing(feed, number)
    const notRebuilt = [...this.#notRebuilt]
    this.#notRebuilt.clear()
    for (const key of notRebuilt) this.#rebuild(key)
    for (const feed of this.#parts.feeds.all()) {
      const isUnknown = feed.holes.size > 0 && feed.visible.number < Math.min(...feed.holes) - 1
      if (isUnknown && !this.#looking.has(feed)) this.#fallBack(feed)
    }
  }

  /** An entry came that may fill a hole. */
  offer(feed: Feed, entry: VerifiedEntry, from: PeerId): void {
    const { number } = entry.header
    if (entry.author !== feed.head?.member || !feed.holes.has(number)) return
    const early = this.#early.get(feed) ?? new Map<number, Offered>()
    this.#early.set(feed, early)
    early.set(number, { entry, from })
    const bytes = (): number => [...early.values()].reduce((sum, each) => sum + sizeOf(each.entry), 0)
    while (early.size > 1 && bytes() > maxEarlyBytes) early.delete(Math.max(...early.keys()))
    this.#fillNext(feed)
  }

  /** The lowest hole first: only what it names can be known to fit behind it. */
  #fillNext(feed: Feed): void {
    const { desk, filing, log, sync } = this.#parts
    const head = feed.head
    const early = this.#early.get(feed)
    if (feed.holes.size === 0) this.#early.delete(feed)
    const offered = early?.get(feed.visible.number + 1)
    if (!head || !offered || feed.busy || this.#looking.has(feed)) return
    const { entry } = offered
    const { number, previous, content } = entry.header
    early?.delete(number)
    if (!feed.holes.has(number)) return
    const before = feed.visible.hash
    const continues = equalBytes(before, noHash) || equalBytes(previous, before)
    const isNamed = number !== head.number || equalBytes(entry.hash, head.hash)
    if (!continues || !isNamed) return this.#fitsNot(feed, offered)
    feed.busy = true
    const talks = filing.talkKeys(entry)
    const ranges = [keys.entry(feed.id, number + 1), ...talks].map(keyRange)
    if (content.type === 'message') ranges.push(keyRange(keys.id(entry.author, content.id)))
    if (log.mustKeepBody(entry, offered.from)) ranges.push(keyRange(keys.inbox(feed.id, number)))
    const release = (): void => log.settle(feed)
    desk.read(
      ranges,
      (rows) => {
        const next = readEntry(rows.find(({ key }) => key.startsWith('feed/'))?.value)
        if (next && !equalBytes(next.header.previous, entry.hash)) {
          this.#fitsNot(feed, offered)
          return release()
        }
        // Not handled yet, and without its body it would never be given.
        if (rows.some(({ key }) => key.startsWith('inbox/'))) {
          sync.unserved(offered.from, feed.id)
          return release()
        }
        const id = readRow(idRow, rows.find(({ key }) => key.startsWith('id/'))?.value)
        const isDuplicate = id !== undefined && (id.feed !== feed.id || id.number !== number)
        const mark = isDuplicate ? 'duplicate' : filing.judge(entry)
        // It came in time, once: what is expired when it comes has no place in a conversation.
        const wasInTime =
          mark === 'expired' && entry.entry.body && rows.some(({ key }) => talks.includes(key))
        this.#fill(feed, entry, wasInTime ? 'none' : mark)
      },
      release,
    )
  }

  /**
   * What stood there was another entry: that peer has nothing for us there, and would be asked for the same again at once.
   * Signed by our own key, and of our own feed, it proves that another copy of this store wrote it; of an old one of ours, too,
   * and what is damaged of our end gives way to that.
   */
  #fitsNot(feed: Feed, { entry, from }: Offered): void {
    const { desk, forks, oldFeeds, outbox, sync } = this.#parts
    desk.count('holesNotFitting')
    if (feed.id === outbox.storeId) return forks.proven(from, entry.header.number)
    sync.unserved(from, feed.id)
    if (entry.author === desk.me.member) oldFeeds.realign(feed, from)
  }

  #fill(feed: Feed, entry: VerifiedEntry, mark: Mark): void {
    const { desk, filing, log, sync, feeds } = this.#parts
    const { number, content } = entry.header
    const key = keys.entry(feed.id, number)
    const receivedAtMs = Math.max(0, Math.floor(desk.now.wallMs))
    const { entry: carried, hash, author } = entry
    const put = [row(key, entryRow, { entry: carried, hash, author, receivedAtMs, mark })]
    if (isShown(mark) && content.type === 'message') {
      put.push(row(keys.id(author, content.id), idRow, { feed: feed.id, number }))
      for (const talk of filing.talkKeys(entry)) put.push(talkRow(talk, mark))
    }
    const filled = (known?: VerifiedEntry): void => {
      feed.holes.delete(number)
      if (feed.holes.size > 0) this.#fallBack(feed, known)
      else feeds.show(feed, feed.head!.number, feed.head!.hash)
      log.settle(feed)
      this.#fillNext(feed)
      sync.moved(feed, false)
    }
    desk.commit(
      { expect: [{ key, value: undefined, adopt: () => {} }], put, delete: [keys.hole(feed.id, number)] },
      {
        ok: () => {
          desk.count('holesFilled')
          filled(entry)
          this.#parts.inbox.refetched(feed.id, number)
        },
        conflict: () => filled(),
        failed: () => {
          desk.count('holesNotStored')
          log.settle(feed)
        },
      },
    )
  }

  /** A place in a conversation: all that is in it is in its entry too. But it may have moved to another feed meanwhile. */
  #rebuildTalk(key: string, failed: () => void): void {
    const { filing, log } = this.#parts
    const place = readTalkKey(key)
    if (!place) return
    const then = (stored: StoredEntry | undefined): void => {
      if (!stored || !isShown(stored.mark) || !filing.talkKeys(stored).includes(key)) return
      if (stored.header.content.type === 'message')
        this.#showAgain(key, stored, stored.header.content.id, failed)
    }
    log.readOne(place.feed, place.number, then, failed)
  }

  /** @param hasId The row of its id is there, and leads to it. */
  #showAgain(key: string, stored: StoredEntry, message: MessageId, failed: () => void, hasId = true): void {
    const { feed, number } = stored.header
    const id = row(keys.id(stored.author, message), idRow, { feed, number })
    let isIdGone = false
    const expect = [
      { key, value: undefined, adopt: () => {} },
      {
        key: id.key,
        value: hasId ? id.value : undefined,
        adopt: (found?: Uint8Array) => void (isIdGone = !found),
      },
    ]
    const conflict = (): void => {
      if (isIdGone && hasId) this.#showAgain(key, stored, message, failed, false)
    }
    this.#parts.desk.commit(
      { expect, put: [id, talkRow(key, stored.mark)] },
      { ok: () => {}, conflict, failed },
    )
  }

  #rebuildOutbox(feed: StoreId, number: number, failed: () => void): void {
    const { desk, receipts, outbox, log } = this.#parts
    const open = receipts.openItems().find((item) => item.feed === feed && item.number === number)
    if (open) return outbox.restore(open, failed)
    const then = (stored: StoredEntry | undefined): void => {
      const item = stored && outbox.openItem(stored)
      if (!item || receipts.lacking(item).length === 0) return desk.count('outboxRowsLost')
      outbox.restore(item, failed)
    }
    log.readOne(feed, number, then, failed)
  }

  /** Without it what ran out of time would be called stored, and waited for, for ever. */
  #rebuildExpired(feed: StoreId, number: number, failed: () => void): void {
    const { desk, receipts, outbox, log } = this.#parts
    const then = (stored: StoredEntry | undefined): void => {
      const item = stored && outbox.openItem(stored)
      const lacking = item && receipts.lacking(item)
      if (!lacking || lacking.length === 0) return
      const written = row(keys.expired(feed, number), expiredRow, { id: item.row.id, lacking })
      const ok = (): void => receipts.followExpired(feed, number, written.value)
      const expect = [{ key: written.key, value: undefined, adopt: () => {} }]
      desk.commit({ expect, put: [written] }, { ok, conflict: () => {}, failed })
    }
    log.readOne(feed, number, then, failed)
  }

  /** When digests were first compared with others while our own feed had a hole. */
  #askedAtMs: number | undefined

  /**
   * Our own feed cannot go on past a hole that nobody reachable fills: what was written after it would reach nobody.
   * What it still owes moves to a new feed. Asked with every comparison of digests.
   */
  leaveOwnHole(): void {
    const { desk, feeds, outbox, sync, forks } = this.#parts
    const own = feeds.get(outbox.storeId)
    const isStuck = own !== undefined && own.holes.size > 0 && sync.canAsk(own.id) === 'nobody has it'
    if (!isStuck) return void (this.#askedAtMs = undefined)
    const patienceMs = 2 * limits.fetchTimeoutMs
    this.#askedAtMs ??= desk.now.monotonicMs
    if (desk.now.monotonicMs >= this.#askedAtMs + patienceMs)
      forks.fork(`entry ${Math.min(...own.holes)} is lost here, and nobody has it`)
    else sync.compareWithin(patienceMs)
  }
}
