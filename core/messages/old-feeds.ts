// Feeds we once wrote and had to give up. What they did not deliver is written into the new feed under the same ids;
// and where another copy of such a feed went on differently, our end of it is dropped once all it carried has
// moved, so that the old feed heals like anybody's.

import { equalBytes, type PeerId, type StoreId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Row } from '../base/ports.ts'
import type { VerifiedEntry } from '../wire/entries.ts'
import type { Parts } from './desk.ts'
import type { Feed } from './feeds.ts'
import { writtenBefore, type OpenItem } from './outbox.ts'
import {
  headRow,
  idRow,
  idRanges,
  keyRange,
  keys,
  numberRange,
  readEntry,
  readPlace,
  readRow,
  row,
  type HeadRow,
  type StoredEntry,
} from './rows.ts'

/** Old messages moved at once. chosen: at most this many bodies in memory. */
const moveRows = 32
/** How far back two copies are first compared; eight times as far each time that was not enough. chosen. */
const firstStep = 8

/** After an end was given up: so soon it is asked who else has it. chosen: the other end is here by then. */
const healingMs = 2_000

const placeOf = (item: OpenItem): string => keys.entry(item.feed, item.number)

/** The last entry that two copies share. */
type Common = Pick<HeadRow, 'number' | 'hash'>

interface Realigning {
  from: PeerId
  step: number
  /** Its answer is being compared. */
  isReading: boolean
}

export class OldFeeds {
  readonly #parts: Parts
  /** Old messages that are being written into the new feed. */
  readonly #moving = new Set<string>()
  /** Those whose entries or bodies are gone: looked at again with the next comparison. */
  readonly #unreadable = new Set<string>()
  /** Old feeds of which others never get what stands from there on, and why. */
  readonly #stranded = new Map<Feed, { readonly from: number; readonly behind: 'a hole' | 'a fork' }>()
  /** Holes that nobody is known to fill, the first of each feed, and since when. */
  readonly #lacked = new Map<Feed, { readonly number: number; readonly sinceMs: number }>()
  #reading = false
  /** Old feeds that went on differently at that peer, and how far back it was asked. */
  readonly #realigning = new Map<StoreId, Realigning>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  // ------------------------------------------------------------------------------------------- what they owe

  /** Writes what old feeds of this store did not deliver into the new one, under the same ids. */
  moveOld(): void {
    const { desk, outbox, receipts } = this.#parts
    if (this.#reading || !outbox.ready) return
    const old = receipts
      .openItems()
      .filter((item) => item.feed !== outbox.storeId && !this.#moving.has(placeOf(item)))
      .filter((item) => !this.#unreadable.has(placeOf(item)))
    const some = old.sort((a, b) => a.number - b.number).slice(0, moveRows)
    if (some.length === 0) return this.#moveStranded()
    this.#reading = true
    const done = (): void => void (this.#reading = false)
    const idKey = ({ row }: OpenItem): string => keys.id(desk.me.member, row.id)
    desk.read(
      some.flatMap((item) => [keyRange(placeOf(item)), keyRange(idKey(item))]),
      (rows) => {
        done()
        const byKey = new Map(rows.map(({ key, value }) => [key, value]))
        for (const item of some) {
          const stored = readEntry(byKey.get(placeOf(item)))
          if (stored && this.#move(item, stored)) continue
          // A sibling tab has moved it.
          const place = readRow(idRow, byKey.get(idKey(item)))
          if (place && place.feed !== item.feed) this.#disown(item)
          else this.#unreadable.add(placeOf(item))
        }
        if (this.#moving.size === 0) this.moveOld()
      },
      done,
    )
  }

  #disown(item: OpenItem): void {
    this.#parts.receipts.forget(item)
    // It may have been damaged, and written again, while it moved.
    const nothing = (): void => {}
    const doomed = [keys.outbox(item.feed, item.number)]
    this.#parts.desk.commit(
      { expect: [], delete: doomed },
      { ok: nothing, conflict: nothing, failed: nothing },
    )
  }

  /** With every comparison of digests: holes of ours that nobody here fills. */
  leaveHoles(): void {
    const { desk, feeds, outbox, sync } = this.#parts
    const { monotonicMs } = desk.now
    for (const feed of feeds.writtenBy(desk.me.member)) {
      const isLacked = feed.holes.size > 0 && sync.canAsk(feed.id) === 'nobody has it'
      if (feed.id === outbox.storeId || !isLacked) {
        this.#lacked.delete(feed)
        continue
      }
      const number = Math.min(...feed.holes)
      const before = this.#lacked.get(feed)
      const sinceMs = before?.number === number ? before.sinceMs : monotonicMs
      this.#lacked.set(feed, { number, sinceMs })
      // The others are only being asked.
      const patienceMs = 2 * limits.fetchTimeoutMs
      if (monotonicMs < sinceMs + patienceMs) sync.compareWithin(patienceMs)
      else this.#stranded.set(feed, { from: number + 1, behind: 'a hole' })
    }
    this.#unreadable.clear()
    this.moveOld()
  }

  /** Somebody has another end of it from there on, and never gets ours. */
  strand(feed: Feed, from: number): void {
    this.#stranded.set(feed, { from, behind: 'a fork' })
    this.moveOld()
  }

  #moveStranded(): void {
    const [next] = this.#stranded
    if (next && this.#moving.size === 0) this.#findStranded(next[0], next[1].from)
  }

  /** The next of them, a batch at a time. */
  #findStranded(feed: Feed, first: number): void {
    const { desk } = this.#parts
    const last = first + moveRows - 1
    const isFilled = this.#stranded.get(feed)?.behind === 'a hole' && feed.holes.size === 0
    if (isFilled || first > (feed.head?.number ?? 0)) return void this.#stranded.delete(feed)
    this.#reading = true
    const done = (): void => void (this.#reading = false)
    const then = (rows: readonly Row[]): void => {
      const entries = rows.flatMap(({ value }) => readEntry(value) ?? [])
      desk.read(
        idRanges(entries),
        (ids) => {
          done()
          const left = messagesAt(feed.id, entries, ids).filter(({ header }) => this.#isWorthMoving(header))
          for (const stored of left) this.#moveFrom(feed, stored)
          if (this.#moving.size === 0) this.#findStranded(feed, last + 1)
        },
        done,
      )
    }
    desk.read([numberRange('feed', feed.id, first, last)], then, done)
  }

  #isWorthMoving({ content }: StoredEntry['header']): boolean {
    return content.type === 'message' && content.expiresAt > this.#parts.desk.now.wallMs
  }

  #moveFrom(feed: Feed, stored: StoredEntry): void {
    const { desk, outbox } = this.#parts
    const { content, number } = stored.header
    if (content.type !== 'message' || stored.entry.body === undefined) return
    const { id, to, addresseeCount, expiresAt } = content
    const addressees = content.addressees.filter((member) => member !== desk.me.member)
    const row = { id, to, addressees, addresseeCount, hash: stored.hash, expiresAt }
    const item: OpenItem = { feed: feed.id, number, row }
    if (!this.#moving.has(placeOf(item)) && !outbox.isQueued(id)) this.#move(item, stored)
  }

  /** False where it cannot be: its body is gone. */
  #move(item: OpenItem, stored: StoredEntry): boolean {
    const { desk, filing } = this.#parts
    const { content } = stored.header
    const { body } = stored.entry
    if (content.type !== 'message' || body === undefined) return false
    this.#moving.add(placeOf(item))
    const toMe = content.addressees.includes(desk.me.member)
    const moved = { from: item, talkKeys: filing.talkKeys(stored), toMe }
    this.#parts.outbox.add({ ...writtenBefore(content, body), moved })
    return true
  }

  moved(item: OpenItem): void {
    this.#moving.delete(placeOf(item))
    this.#parts.receipts.forget(item)
    this.moveOld()
  }

  notMoved(item: OpenItem): void {
    this.#moving.delete(placeOf(item))
  }

  // ------------------------------------------------------------------------------------------- where copies part

  /** Whoever was asked may have gone without an answer. */
  isRealigning(feed: StoreId): boolean {
    const realigning = this.#realigning.get(feed)
    return realigning !== undefined && (realigning.isReading || this.#parts.sync.asks(realigning.from, feed))
  }

  /** True where an answer was for us: it shows where another copy of an old feed went on. */
  answered(from: PeerId, feed: StoreId, entries: readonly VerifiedEntry[]): boolean {
    const realigning = this.#realigning.get(feed)
    const known = this.#parts.feeds.get(feed)
    if (realigning?.from !== from || !known?.head) return false
    this.#compareCopies(known, realigning, entries)
    return true
  }

  /** An old feed of ours went on differently elsewhere: finds where, to give up our end of it. */
  realign(feed: Feed, from: PeerId): void {
    if (!feed.head || feed.id === this.#parts.outbox.storeId) return
    if (this.isRealigning(feed.id)) return
    const step = this.#realigning.get(feed.id)?.step ?? firstStep
    const realigning = { from, step, isReading: false }
    this.#realigning.set(feed.id, realigning)
    this.#probeBack(feed, realigning)
  }

  /** From the first hole: what stands there may be of another end already. */
  #probeBack(feed: Feed, { from, step }: Realigning): void {
    const { number, retired } = feed.head!
    this.#parts.sync.probe(from, feed.id, Math.max(retired, Math.min(number, ...feed.holes) - step))
  }

  #compareCopies(feed: Feed, realigning: Realigning, entries: readonly VerifiedEntry[]): void {
    const { from, step } = realigning
    const first = entries[0]!.header.number
    const last = entries.at(-1)!.header.number
    const compare = (rows: readonly Row[]): void => {
      realigning.isReading = false
      const ours = new Map(
        rows.flatMap(({ key, value }) => [[readPlace(key)?.number, readEntry(value)] as const]),
      )
      const before = ours.get(first - 1)
      if (!feed.head) return
      const joins =
        first - 1 <= feed.head.retired || (before && equalBytes(before.hash, entries[0]!.header.previous))
      if (!joins) {
        // All the way back nothing of ours is left to compare with: damage, which no further answer changes.
        if (step >= feed.head.number) {
          this.#realigning.delete(feed.id)
          return this.#parts.sync.unserved(from, feed.id)
        }
        realigning.step *= 8
        return this.#probeBack(feed, realigning)
      }
      // What is stored at our head is not our head, or no hole is where we know one: a sibling has given up this end, and gone on
      // with the other.
      const atHead = ours.get(feed.head.number)
      const isFilled = [...feed.holes].some((number) => ours.get(number) !== undefined)
      if (isFilled || (atHead && !equalBytes(atHead.hash, feed.head.hash))) {
        this.#realigning.delete(feed.id)
        this.#parts.sync.unserved(from, feed.id)
        return this.#parts.log.reread(feed)
      }
      let common: Common = { number: first - 1, hash: entries[0]!.header.previous }
      for (const { header, hash } of entries) {
        const mine = ours.get(header.number)
        if (!mine && feed.holes.has(header.number)) continue
        if (!mine || !equalBytes(mine.hash, hash)) break
        common = { number: header.number, hash }
      }
      // Entries are large, and no more of them fitted into one answer: where the copies part comes after these.
      if (common.number === last && last < feed.head.number)
        return this.#parts.sync.probe(from, feed.id, last)
      this.#realigning.delete(feed.id)
      if (common.number < last && common.number < feed.head.number) this.#giveUp(feed, common, from)
      else this.#parts.log.incoming(from, true, entries)
    }
    realigning.isReading = true
    const range = numberRange('feed', feed.id, first - 1, last)
    this.#parts.desk.read([range], compare, () => void (realigning.isReading = false))
  }

  /** Drops our entries after `common`, at most a batch at a time, once what they carried has moved; `from` has others. */
  #giveUp(feed: Feed, common: Common, from: PeerId): void {
    const { desk } = this.#parts
    const head = feed.head!
    const ours = numberRange('feed', feed.id, common.number + 1, head.number, moveRows)
    desk.read([{ ...ours, reverse: true }], (rows) => {
      const entries = rows.flatMap(({ value }) => readEntry(value) ?? []).reverse()
      // A sibling gave them up before us.
      if (entries.length === 0 && feed.holes.size === 0) return this.#parts.log.reread(feed)
      desk.read(idRanges(entries), (found) => this.#rescue(feed, head, common, from, entries, found))
    })
  }

  #rescue(
    feed: Feed,
    head: HeadRow,
    common: Common,
    from: PeerId,
    entries: readonly StoredEntry[],
    ids: readonly Row[],
  ): void {
    const { receipts } = this.#parts
    const left = messagesAt(feed.id, entries, ids)
    for (const stored of left) this.#moveFrom(feed, stored)
    const withBodies = left.filter(({ entry }) => entry.body !== undefined)
    // What others say they hold of their end says nothing of a message of ours that is lost and still owed.
    const numbers = [...feed.holes, ...entries.map(({ header }) => header.number)]
    const isOwed = (number: number): boolean => number > common.number && receipts.isOpen(feed.id, number)
    if (withBodies.length > 0 || numbers.some(isOwed)) return
    this.#drop(feed, head, common, from, entries)
  }

  #drop(feed: Feed, head: HeadRow, common: Common, from: PeerId, entries: readonly StoredEntry[]): void {
    const { desk, feeds, filing, log, sync } = this.#parts
    if (feed.head !== head || feed.busy) return
    const first = entries[0]?.header
    const end = first ? { number: first.number - 1, hash: first.previous } : common
    const next = { ...head, ...end, profile: head.profile > end.number ? 0 : head.profile }
    const written = row(keys.head(feed.id), headRow, next)
    const holes = [...feed.holes].filter((number) => number > end.number)
    const doomed = [
      ...entries.flatMap((entry) => [keys.entry(feed.id, entry.header.number), ...filing.talkKeys(entry)]),
      ...holes.map((number) => keys.hole(feed.id, number)),
      ...[...holes, ...entries.map(({ header }) => header.number)].flatMap((number) => [
        keys.inbox(feed.id, number),
        keys.expired(feed.id, number),
      ]),
    ]
    feed.busy = true
    desk.commit(
      { expect: [log.headExpectation(feed)], put: [written], delete: doomed },
      {
        ok: () => {
          feeds.setHead(feed, next, written.value)
          log.settle(feed)
          if (end.number > common.number) return this.#giveUp(feed, common, from)
          // From whom it was: a third party may still hold, and offer, the end that was just given up.
          sync.probe(from, feed.id, common.number)
          sync.wake()
          sync.compareWithin(healingMs)
        },
        conflict: () => log.settle(feed),
        failed: () => log.settle(feed),
      },
    )
  }
}

/** The messages among `entries` that are still shown from there, as the rows of their ids say. */
function messagesAt(feed: StoreId, entries: readonly StoredEntry[], ids: readonly Row[]): StoredEntry[] {
  const stillHere = new Set(
    ids.flatMap(({ value }) => {
      const place = readRow(idRow, value)
      return place?.feed === feed ? [place.number] : []
    }),
  )
  return entries.filter(({ header }) => header.content.type === 'message' && stillHere.has(header.number))
}
