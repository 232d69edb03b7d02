// What corruption took away. An entry that was set aside leaves a hole: our vector falls back to the number before
// it, the entry is fetched again, and fits in only where its neighbours name it. Rows that point to entries are written
// again. Lost heads: lost-heads.ts.

import { equalBytes, type MemberId, type MessageId, type StoreId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { noHash, type VerifiedEntry } from '../wire/entries.ts'
import type { Parts } from './desk.ts'
import type { Feed } from './feeds.ts'
import {
  entryRow,
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
} from './rows.ts'

export class Holes {
  readonly #parts: Parts

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
    else if (kind === 'meta') forks.storeLost()
    else if (kind === 'unbound') unbound.restore(id as MessageId)
    else if (place?.kind === 'outbox') this.#rebuildOutbox(place.feed, place.number)
    else if (place?.kind === 'inbox') this.#parts.inbox.restore(place.feed, place.number)
    else if (kind === 'talk') this.#rebuildTalk(key)
    else if (kind === 'ack') receipts.adopt(id as StoreId, key.split('/')[2] as MemberId, undefined)
  }

  /** Known to be missing already, or retired long ago. */
  #isAccountedFor({ feed: id, number }: { readonly feed: StoreId; readonly number: number }): boolean {
    const feed = this.#parts.feeds.get(id)
    return feed?.head !== undefined && (feed.holes.has(number) || number <= feed.head.retired)
  }

  load(feed: StoreId, number: number): void {
    const known = this.#parts.feeds.get(feed)
    if (!known?.head || number > known.head.number || number <= known.head.retired) return
    known.holes.add(number)
    this.#fallBack(known)
  }

  /** An entry that should be there is not. Believed only where the store says so within a transaction. */
  missing(feed: Feed, number: number): void {
    const { desk } = this.#parts
    const held = feed.head
    if (!held || number > held.number || number <= held.retired || feed.holes.has(number)) return
    const expect = [
      { key: keys.entry(feed.id, number), value: undefined, adopt: () => {} },
      { key: keys.head(feed.id), value: feed.raw, adopt: () => {} },
    ]
    const atMs = Math.max(0, Math.floor(desk.now.wallMs))
    desk.commit(
      { expect, put: [row(keys.hole(feed.id, number), holeRow, { atMs })] },
      {
        ok: () => {
          feed.holes.add(number)
          this.#fallBack(feed)
        },
        conflict: () => {},
        failed: () => desk.count('holesNotStored'),
      },
    )
  }

  /** The vector says only what is held without a hole. */
  #fallBack(feed: Feed): void {
    const { feeds, log, sync } = this.#parts
    const lowest = Math.min(...feed.holes)
    const last = lowest - 1
    feeds.show(feed, 0, noHash)
    if (last <= (feed.head?.retired ?? 0)) return feeds.show(feed, last, noHash)
    log.readOne(feed.id, last, (stored) => {
      if (!feed.holes.has(lowest) || Math.min(...feed.holes) !== lowest) return
      if (!stored) return this.missing(feed, last)
      feeds.show(feed, last, stored.hash)
      // With all, at once: who has what is missing does not know that we lack it.
      sync.compareSoon()
      sync.wake()
    })
  }

  /** An entry came that may fill the lowest hole. */
  offer(feed: Feed, entry: VerifiedEntry): void {
    const { desk, log } = this.#parts
    const head = feed.head
    const { number, previous, content } = entry.header
    if (!head || feed.busy || number !== feed.visible.number + 1 || !feed.holes.has(number)) return
    if (entry.author !== head.member) return
    const before = feed.visible.hash
    if (!equalBytes(before, noHash) && !equalBytes(previous, before)) return desk.count('holesNotFitting')
    if (number === head.number && !equalBytes(entry.hash, head.hash)) return desk.count('holesNotFitting')
    feed.busy = true
    const ranges = [keyRange(keys.entry(feed.id, number + 1))]
    if (content.type === 'message') ranges.push(keyRange(keys.id(entry.author, content.id)))
    const release = (): void => log.settle(feed)
    desk.read(
      ranges,
      (rows) => {
        const next = readEntry(rows.find(({ key }) => key.startsWith('feed/'))?.value)
        if (next && !equalBytes(next.header.previous, entry.hash)) {
          desk.count('holesNotFitting')
          return release()
        }
        const id = readRow(idRow, rows.find(({ key }) => key.startsWith('id/'))?.value)
        this.#fill(feed, entry, id !== undefined && (id.feed !== feed.id || id.number !== number))
      },
      release,
    )
  }

  #fill(feed: Feed, entry: VerifiedEntry, duplicate: boolean): void {
    const { desk, filing, log, sync, feeds } = this.#parts
    const { number, content } = entry.header
    const key = keys.entry(feed.id, number)
    const receivedAtMs = Math.max(0, Math.floor(desk.now.wallMs))
    const { entry: carried, hash, author } = entry
    const mark = duplicate ? 'duplicate' : filing.judge(entry)
    const put = [row(key, entryRow, { entry: carried, hash, author, receivedAtMs, mark })]
    if (isShown(mark) && content.type === 'message') {
      put.push(row(keys.id(author, content.id), idRow, { feed: feed.id, number }))
      for (const talk of filing.talkKeys(entry)) put.push({ key: talk, value: new Uint8Array() })
    }
    const filled = (): void => {
      feed.holes.delete(number)
      if (feed.holes.size > 0) this.#fallBack(feed)
      else feeds.show(feed, feed.head!.number, feed.head!.hash)
      log.settle(feed)
      sync.moved(feed, false)
    }
    desk.commit(
      { expect: [{ key, value: undefined, adopt: () => {} }], put, delete: [keys.hole(feed.id, number)] },
      {
        ok: () => {
          desk.count('holesFilled')
          filled()
          this.#parts.inbox.refetched(feed.id, number)
        },
        conflict: filled,
        failed: () => {
          desk.count('holesNotStored')
          log.settle(feed)
        },
      },
    )
  }

  /** A place in a conversation: all that is in it is in its entry too. */
  #rebuildTalk(key: string): void {
    const { desk, filing, log } = this.#parts
    const place = readTalkKey(key)
    if (!place) return
    log.readOne(place.feed, place.number, (stored) => {
      if (!stored || !isShown(stored.mark) || !filing.talkKeys(stored).includes(key)) return
      desk.commit(
        { expect: [{ key, value: undefined, adopt: () => {} }], put: [{ key, value: new Uint8Array() }] },
        { ok: () => {}, conflict: () => {}, failed: () => desk.count('talkRowsLost') },
      )
    })
  }

  #rebuildOutbox(feed: StoreId, number: number): void {
    const { desk, receipts, outbox } = this.#parts
    const open = receipts.openItems().find((item) => item.feed === feed && item.number === number)
    if (open) outbox.restore(open)
    else {
      this.#parts.log.readOne(feed, number, (stored) => {
        const item = stored && outbox.openItem(stored)
        if (!item || receipts.lacking(item).length === 0) return desk.count('outboxRowsLost')
        outbox.restore(item)
      })
    }
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
