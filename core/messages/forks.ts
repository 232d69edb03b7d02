// A feed must never fork: one number, one entry. Where a peer proves, with an entry signed by our own key, that our
// feed went on elsewhere (a restored backup, a copied profile), this store begins a new feed that names the old one
// and moves over what is not delivered. Claims without proof change nothing. The old feed then heals like any other.

import type { MeshError } from '../base/errors.ts'
import { equalBytes, type PeerId, type StoreId } from '../base/ids.ts'
import type { Row } from '../base/ports.ts'
import type { VerifiedEntry } from '../wire/entries.ts'
import type { FeedHead, PayloadOf } from '../wire/messages.ts'
import type { Expectation, Parts } from './desk.ts'
import type { Feed } from './feeds.ts'
import type { OpenItem, QueuedMessage } from './outbox.ts'
import {
  headRow,
  idRow,
  keyRange,
  keys,
  numberRange,
  prefixRange,
  readEntry,
  readPlace,
  readRow,
  row,
  storeRow,
  type StoredEntry,
} from './rows.ts'

/** Old messages moved at once. chosen: at most this many bodies in memory. */
const moveRows = 32
/** How far back two copies are first compared; eight times as far each time that was not enough. chosen. */
const firstStep = 8

export class Forks {
  readonly #parts: Parts
  #forking = false
  #suspecting = false
  /** Old messages that are being written into the new feed. */
  readonly #moving = new Set<string>()
  #reading = false
  readonly #realigning = new Map<StoreId, number>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  // ------------------------------------------------------------------------------------------- which store

  /** That this store is still the one we write as; a sibling tab may have begun a new feed. */
  storeExpectation(): Expectation {
    return { key: keys.store, value: this.#parts.outbox.storeRaw, adopt: (found) => this.adoptStore(found) }
  }

  adoptStore(found: Uint8Array | undefined): void {
    const { outbox } = this.#parts
    const read = readRow(storeRow, found)
    if (!read) return this.storeLost()
    if (read.store === outbox.storeId) outbox.setStore(read.store, found)
    else this.#switch(read.store, found)
  }

  /** The row that names this store is gone: written again from memory. */
  storeLost(): void {
    const { outbox } = this.#parts
    const predecessor = readRow(storeRow, outbox.storeRaw)?.predecessor
    outbox.setStore(outbox.storeId, undefined)
    this.writeStore(predecessor)
  }

  /** Makes `meta/store` durable, or finds the one a sibling wrote. */
  writeStore(predecessor: StoreId | undefined, then?: () => void): void {
    const { desk, outbox } = this.#parts
    const written = row(keys.store, storeRow, { store: outbox.storeId, predecessor })
    desk.commit(
      { expect: [this.storeExpectation()], put: [written] },
      {
        ok: () => {
          outbox.setStore(outbox.storeId, written.value)
          then?.()
        },
        conflict: () => then?.(),
        failed: (error) => {
          desk.emit({ event: 'error', error })
          then?.()
        },
      },
    )
  }

  #switch(store: StoreId, raw: Uint8Array | undefined): void {
    const { feeds, outbox, receipts, log, sync } = this.#parts
    outbox.setStore(store, raw)
    receipts.startOver()
    feeds.open(store)
    log.refresh(() => {
      this.moveOld()
      outbox.pump()
    })
    sync.compareSoon()
  }

  /** Looks whether a sibling stored, or began, something we were not told of. */
  refreshStore(then?: () => void): void {
    const { desk, outbox, log, receipts } = this.#parts
    const acks = `ack/${outbox.storeId}/`
    desk.read(
      [keyRange(keys.store), prefixRange(acks), prefixRange('unbound/', { limit: 64 })],
      (rows) => {
        for (const { key, value } of rows) {
          if (key === keys.store && outbox.storeRaw && !equalBytes(value, outbox.storeRaw))
            this.adoptStore(value)
          else if (key.startsWith(acks))
            receipts.adopt(outbox.storeId, key.slice(acks.length) as never, value)
          else if (key.startsWith('unbound/'))
            this.#parts.unbound.load(key.slice('unbound/'.length) as never, value)
        }
        this.#parts.unbound.bind()
        log.refresh(then)
      },
      then,
    )
  }

  // ------------------------------------------------------------------------------------------- suspicion

  /** Somebody holds another entry than ours there, or one we have not written: the entry itself is asked for. */
  suspect(from: PeerId, number: number): void {
    if (this.#suspecting || this.#forking) return
    this.#suspecting = true
    const store = this.#parts.outbox.storeId
    this.refreshStore(() => {
      this.#suspecting = false
      const { outbox, feeds, sync } = this.#parts
      if (outbox.storeId !== store) return
      const held = feeds.get(store)?.head?.number ?? 0
      sync.probe(from, store, Math.min(number - 1, held))
    })
  }

  /** A vector of another run of this very member: a sibling tab, or a copy of this store. */
  compareOwn(from: PeerId, head: FeedHead): void {
    const { feeds, outbox, receipts, log } = this.#parts
    const held = feeds.get(outbox.storeId)?.head
    if (!held || head.number > held.number) return this.suspect(from, head.number)
    const known = head.number === held.number ? held.hash : receipts.hashAt(head.number)
    const check = (hash: Uint8Array | undefined): void => {
      if (hash && !equalBytes(hash, head.hash)) this.suspect(from, head.number)
    }
    if (known || head.number <= held.retired) check(known)
    else log.readOne(outbox.storeId, head.number, (stored) => check(stored?.hash))
  }

  onFork(from: PeerId, { feed, number, hash }: PayloadOf<'fork'>): void {
    if (feed === this.#parts.outbox.storeId && number > 0) {
      this.compareOwn(from, { feed, number, hash, retired: 0 })
    }
  }

  /** True where an answer was for us: proof about our own feed, or about an old copy of it. */
  answered(from: PeerId, feed: StoreId, entries: readonly VerifiedEntry[]): boolean {
    if (feed === this.#parts.outbox.storeId) {
      this.ownEntries(from, entries)
      return true
    }
    const step = this.#realigning.get(feed)
    const known = this.#parts.feeds.get(feed)
    if (step === undefined || !known?.head) return false
    this.#compareCopies(from, known, step, entries)
    return true
  }

  /** Entries of our own feed, by our own key, from somebody else: known, lost here, or proof of a fork. */
  ownEntries(_from: PeerId, entries: readonly VerifiedEntry[]): void {
    const { desk, feeds, outbox, holes, log } = this.#parts
    const own = entries.filter(({ author }) => author === desk.me.member)
    if (own.length < entries.length) desk.count('entriesRefused', entries.length - own.length)
    const store = outbox.storeId
    const numbers = own.map(({ header }) => header.number)
    if (numbers.length === 0) return
    const range = numberRange('feed', store, Math.min(...numbers), Math.max(...numbers), 1024)
    desk.read([keyRange(keys.store), keyRange(keys.head(store)), range], (rows) => {
      const byKey = new Map(rows.map(({ key, value }) => [key, value]))
      const meta = byKey.get(keys.store)
      if (outbox.storeId !== store || !meta) return
      if (readRow(storeRow, meta)?.store !== store) return this.adoptStore(meta)
      const head = readRow(headRow, byKey.get(keys.head(store)))
      const feed = feeds.open(store)!
      if (head && head.number > (feed.head?.number ?? 0) && !feed.busy)
        log.adopt(feed, byKey.get(keys.head(store)))
      for (const entry of own.toSorted((a, b) => a.header.number - b.header.number)) {
        const { number } = entry.header
        const stored = readEntry(byKey.get(keys.entry(store, number)))
        if (stored ? !equalBytes(stored.hash, entry.hash) : number > (head?.number ?? 0)) {
          return this.fork(`entry ${number} exists elsewhere`)
        }
        if (!stored && feed.holes.has(number)) holes.offer(feed, entry)
      }
    })
  }

  // ------------------------------------------------------------------------------------------- the new feed

  /** Begins a new feed. Sibling tabs follow when their next commit finds `meta/store` changed. */
  fork(why: string): void {
    const { desk, outbox } = this.#parts
    if (this.#forking) return
    this.#forking = true
    const old = outbox.storeId
    const store = desk.newStoreId()
    const written = row(keys.store, storeRow, { store, predecessor: old })
    const done = (): void => void (this.#forking = false)
    desk.commit(
      { expect: [this.storeExpectation()], put: [written] },
      {
        ok: () => {
          done()
          desk.report(
            'store-forked',
            `This store is a copy, or older than what the mesh holds (${why}). It goes on under a new id; ` +
              'messages that only the other copy or the lost part held may be missing here.',
            { store, predecessor: old },
          )
          this.#switch(store, written.value)
        },
        conflict: done,
        failed: (error: MeshError) => {
          done()
          desk.emit({ event: 'error', error })
        },
      },
    )
  }

  /** Writes what old feeds of this store did not deliver into the new one, under the same ids. */
  moveOld(): void {
    const { desk, outbox, receipts } = this.#parts
    if (this.#reading || !outbox.ready) return
    const old = receipts
      .openItems()
      .filter((item) => item.feed !== outbox.storeId && !this.#moving.has(placeOf(item)))
    const some = old.sort((a, b) => a.number - b.number).slice(0, moveRows)
    if (some.length === 0) return
    this.#reading = true
    const done = (): void => void (this.#reading = false)
    desk.read(
      some.map(({ feed, number }) => keyRange(keys.entry(feed, number))),
      (rows) => {
        done()
        const byKey = new Map(rows.map(({ key, value }) => [key, value]))
        for (const item of some) {
          const stored = readEntry(byKey.get(placeOf(item)))
          if (stored) this.#move(item, stored)
        }
      },
      done,
    )
  }

  #move(item: OpenItem, stored: StoredEntry): void {
    const { content } = stored.header
    const { body } = stored.entry
    if (content.type !== 'message' || body === undefined) return
    this.#moving.add(placeOf(item))
    const { id, to, replyTo, sentAt, expiresAt, bodyHash } = content
    const moved = { from: item, talkKeys: this.#parts.filing.talkKeys(stored) }
    const queued: QueuedMessage = {
      kind: 'message',
      requests: [],
      id,
      to,
      body,
      bodyHash,
      replyTo,
      sentAt,
      expiresAt,
      moved,
    }
    this.#parts.outbox.add(queued)
  }

  moved(item: OpenItem): void {
    this.#moving.delete(placeOf(item))
    this.#parts.receipts.forget(item)
    this.moveOld()
  }

  notMoved(item: OpenItem): void {
    this.#moving.delete(placeOf(item))
  }

  // ------------------------------------------------------------------------------------------- the old feed

  /** An old feed of ours went on differently elsewhere: finds where, to give up our end of it. */
  realign(feed: Feed, from: PeerId): void {
    if (!feed.head || feed.id === this.#parts.outbox.storeId) return
    if (!this.#realigning.has(feed.id)) this.#realigning.set(feed.id, firstStep)
    this.#probeBack(feed, from)
  }

  #probeBack(feed: Feed, from: PeerId): void {
    const step = this.#realigning.get(feed.id) ?? firstStep
    const { number, retired } = feed.head!
    this.#parts.sync.probe(from, feed.id, Math.max(retired, number - step))
  }

  #compareCopies(from: PeerId, feed: Feed, step: number, entries: readonly VerifiedEntry[]): void {
    const first = entries[0]!.header.number
    const last = entries.at(-1)!.header.number
    this.#parts.desk.read([numberRange('feed', feed.id, first - 1, last)], (rows) => {
      const ours = new Map(
        rows.flatMap(({ key, value }) => [[readPlace(key)?.number, readEntry(value)] as const]),
      )
      const before = ours.get(first - 1)
      if (!feed.head) return
      const joins =
        first - 1 <= feed.head.retired || (before && equalBytes(before.hash, entries[0]!.header.previous))
      if (!joins) {
        this.#realigning.set(feed.id, step * 8)
        return this.#probeBack(feed, from)
      }
      this.#realigning.delete(feed.id)
      let common = first - 1
      for (const { header, hash } of entries) {
        const mine = ours.get(header.number)
        if (!mine || !equalBytes(mine.hash, hash)) break
        common = header.number
      }
      if (common < last && common < feed.head.number) this.#giveUp(feed, common)
      else this.#parts.log.incoming(from, true, entries)
    })
  }

  /** Drops our entries after `common`, at most a batch at a time, once what they carried has moved. */
  #giveUp(feed: Feed, common: number): void {
    const { desk } = this.#parts
    const head = feed.head!
    const first = Math.max(common + 1, head.number - moveRows + 1)
    desk.read([numberRange('feed', feed.id, first, head.number)], (rows) => {
      const entries = rows.flatMap(({ value }) => readEntry(value) ?? [])
      const ids = entries.flatMap(({ header, author }) =>
        header.content.type === 'message' ? [keyRange(keys.id(author, header.content.id))] : [],
      )
      desk.read(ids, (found) => this.#rescue(feed, common, entries, found))
    })
  }

  #rescue(feed: Feed, common: number, entries: readonly StoredEntry[], ids: readonly Row[]): void {
    const { desk, outbox, receipts } = this.#parts
    const stillHere = new Set(
      ids.flatMap(({ value }) => {
        const place = readRow(idRow, value)
        return place?.feed === feed.id ? [place.number] : []
      }),
    )
    const left = entries.filter(
      ({ header }) => header.content.type === 'message' && stillHere.has(header.number),
    )
    for (const stored of left) {
      const { content, number } = stored.header
      if (content.type !== 'message' || stored.entry.body === undefined) continue
      const { id, to, addresseeCount, expiresAt } = content
      const addressees = content.addressees.filter((member) => member !== desk.me.member)
      const item: OpenItem = {
        feed: feed.id,
        number,
        row: { id, to, addressees, addresseeCount, hash: stored.hash, expiresAt },
      }
      if (!this.#moving.has(placeOf(item)) && !outbox.isQueued(id)) this.#move(item, stored)
    }
    const withBodies = left.filter(({ entry }) => entry.body !== undefined)
    if (withBodies.length > 0 || entries.some(({ header }) => receipts.isOpen(feed.id, header.number))) return
    this.#drop(feed, common, entries)
  }

  #drop(feed: Feed, common: number, entries: readonly StoredEntry[]): void {
    const { desk, feeds, filing, log, sync } = this.#parts
    const head = feed.head
    const first = entries[0]
    if (!head || !first || feed.busy || entries.at(-1)!.header.number !== head.number) return
    const number = first.header.number - 1
    const next = {
      ...head,
      number,
      hash: first.header.previous,
      profile: head.profile > number ? 0 : head.profile,
    }
    const written = row(keys.head(feed.id), headRow, next)
    const doomed = entries.flatMap((entry) => [
      keys.entry(feed.id, entry.header.number),
      keys.inbox(feed.id, entry.header.number),
      keys.expired(feed.id, entry.header.number),
      ...filing.talkKeys(entry),
    ])
    feed.busy = true
    desk.commit(
      { expect: [log.headExpectation(feed)], put: [written], delete: doomed },
      {
        ok: () => {
          feeds.setHead(feed, next, written.value)
          log.settle(feed)
          if (number > common) this.#giveUp(feed, common)
          else sync.wake()
        },
        conflict: () => log.settle(feed),
        failed: () => log.settle(feed),
      },
    )
  }
}

const placeOf = (item: OpenItem): string => keys.entry(item.feed, item.number)
