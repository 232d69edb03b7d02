// A feed's head whose row is gone: it is read off the entries that are left. Until it is stored again nothing of that
// feed is written, by ourselves least of all: a number that was used once must never name another entry. Own entries
// that are gone with it are reported, and so is what may have been lost before the first that is left.

import type { MeshError } from '../base/errors.ts'
import type { StoreId } from '../base/ids.ts'
import type { Row } from '../base/ports.ts'
import type { VerifiedEntry } from '../wire/entries.ts'
import type { Parts } from './desk.ts'
import type { Feed } from './feeds.ts'
import {
  headRow,
  keyRange,
  keys,
  prefixRange,
  readEntry,
  readPlace,
  readRow,
  row,
  type HeadRow,
  type ProfileRecord,
} from './rows.ts'

export class LostHeads {
  readonly #parts: Parts
  /** Whose head is not known for sure; each stays busy until it is. */
  readonly #lost = new Set<Feed>()
  /** Those of them for which the store had no answer, or no room: tried again when somebody asks. */
  readonly #postponed = new Set<Feed>()
  /** Feeds whose head was there and could not be read. */
  readonly #damaged = new Set<StoreId>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  isLost(feed: Feed): boolean {
    return this.#lost.has(feed)
  }

  /** The store set its row aside. */
  damaged(feed: Feed): void {
    this.#damaged.add(feed.id)
    // Where a commit is under way it finds out by itself, and reads the head off the entries then.
    if (!feed.busy) this.rebuild(feed)
  }

  /** Its row is gone. To be called while nothing else moves that head, or by what does. */
  rebuild(feed: Feed): void {
    if (this.#lost.has(feed)) return
    this.#lost.add(feed)
    feed.busy = true
    this.#look(feed)
  }

  /** Somebody would like to write to it. */
  wanted(feed: Feed): void {
    if (this.#postponed.delete(feed)) this.#look(feed)
  }

  /** With every comparison of digests. */
  retry(): void {
    for (const feed of [...this.#postponed]) this.wanted(feed)
  }

  #look(feed: Feed): void {
    const prefix = `feed/${feed.id}/`
    const ranges = [
      keyRange(keys.store),
      prefixRange(prefix, { limit: 1, reverse: true }),
      prefixRange(prefix, { limit: 1 }),
    ]
    const then = (rows: readonly Row[]): void => {
      // Not even the store's own row: that was no answer.
      if (rows.length === 0) return void this.#postponed.add(feed)
      const entries = rows.filter(({ key }) => key.startsWith(prefix))
      const last = readEntry(entries[0]?.value)
      if (!last || this.#isCutOff(feed, last)) return this.#nothingLeft(feed)
      const first = readPlace(entries[1]?.key ?? '')?.number ?? last.header.number
      this.#write(feed, last, first)
    }
    this.#parts.desk.read(ranges, then, () => void this.#postponed.add(feed))
  }

  /** Of our own feed its end is gone as well, as receipts and what is owed tell: those numbers were used. */
  #isCutOff(feed: Feed, last: VerifiedEntry): boolean {
    const { outbox, receipts } = this.#parts
    const known = Math.max(last.header.number, feed.head?.number ?? 0)
    return feed.id === outbox.storeId && known < receipts.highest(feed.id)
  }

  #known(feed: Feed): void {
    this.#lost.delete(feed)
    this.#damaged.delete(feed.id)
    this.#parts.log.settle(feed)
  }

  /** Of our own feed no number may be used twice: if there may have been entries, another feed begins. */
  #nothingLeft(feed: Feed): void {
    const { feeds, outbox, forks, receipts, rooms, desk } = this.#parts
    const hadSome =
      (feed.head?.number ?? 0) > 0 ||
      receipts.highest(feed.id) > 0 ||
      this.#damaged.has(feed.id) ||
      rooms.profileOf(desk.me.member)?.feed === feed.id
    feeds.setHead(feed, undefined, undefined)
    if (feed.id !== outbox.storeId || !hadSome) return this.#known(feed)
    // Until then it stays closed.
    this.#damaged.add(feed.id)
    this.#postponed.add(feed)
    forks.fork('its records are gone', (error) => outbox.refuse(error))
  }

  /** @param stale What stands in its place, and says nothing, or less. */
  #write(feed: Feed, last: VerifiedEntry, first: number, stale?: Uint8Array): void {
    const { desk, feeds, log, outbox, rooms } = this.#parts
    const before = feed.head
    const isAsKnown = before !== undefined && before.number >= last.header.number
    const head = isAsKnown ? before : headFrom(last, first, rooms.profileOf(last.author))
    const written = row(keys.head(feed.id), headRow, head)
    let found: Uint8Array | undefined
    const ok = (): void => {
      // A sibling tab wrote entries that were not told of here.
      if (before && !isAsKnown) log.adopt(feed, written.value)
      else feeds.setHead(feed, head, written.value)
      if (!before && first > 1) this.#reportPrefix(feed, first - 1)
      this.#known(feed)
    }
    const conflict = (): void => {
      const theirs = readRow(headRow, found)
      // Of our own feed an older row has come to light: it never goes back.
      const isOlder = theirs !== undefined && theirs.number < head.number && feed.id === outbox.storeId
      if (found && (!theirs || isOlder)) return this.#write(feed, last, first, found)
      if (found) log.adopt(feed, found)
      this.#known(feed)
    }
    const failed = (error: MeshError): void => {
      this.#postponed.add(feed)
      if (feed.id === this.#parts.outbox.storeId) this.#parts.outbox.refuse(error)
    }
    const adopt = (row: Uint8Array | undefined): void => void (found = row)
    desk.commit(
      { expect: [{ key: written.key, value: stale, adopt }], put: [written] },
      { ok, conflict, failed },
    )
  }

  /** What came before the first entry that is left was retired long ago, or is lost: nobody can tell which any more. */
  #reportPrefix({ id, head }: Feed, to: number): void {
    const { desk } = this.#parts
    const isOurs = head?.member === desk.me.member
    const sentence =
      `The head of feed ${id} was lost, and nothing is left here of its entries 1 to ${to}: they were given up long ` +
      `ago, or are lost as well${isOurs ? ', with messages of ours that nobody had yet' : ''}.`
    desk.report('record-corrupt', sentence, { key: keys.head(id), feed: id, from: 1, to })
  }
}

function headFrom(last: VerifiedEntry, first: number, lastProfile: ProfileRecord | undefined): HeadRow {
  const { feed, number, clockMs, clockCounter } = last.header
  const retired = first - 1
  const { author: member, hash } = last
  const profile = lastProfile?.feed === feed && lastProfile.number > retired ? lastProfile.number : 0
  return { member, number, hash, retired, pruned: retired, profile, clockMs, clockCounter }
}
