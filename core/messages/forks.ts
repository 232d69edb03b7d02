// A feed must never fork: one number, one entry. Where a peer proves, with an entry signed by our own key, that our
// feed went on elsewhere (a restored backup, a copied profile), this store begins a new feed that names the old one
// and moves over what is not delivered. Claims without proof change nothing. The old feed then heals like any other.

import type { MeshError } from '../base/errors.ts'
import { equalBytes, type PeerId, type StoreId } from '../base/ids.ts'
import type { VerifiedEntry } from '../wire/entries.ts'
import type { FeedHead, PayloadOf } from '../wire/messages.ts'
import type { Expectation, Parts } from './desk.ts'
import type { Feed } from './feeds.ts'
import {
  headRow,
  keyRange,
  keys,
  numberRange,
  prefixRange,
  readEntry,
  readRow,
  row,
  storeRow,
} from './rows.ts'

export class Forks {
  readonly #parts: Parts
  #forking = false
  #suspecting = false
  /** Why a new feed begins, until the row that names it is durable. */
  #unsaid: string | undefined

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
    outbox.setStore(outbox.storeId, undefined)
    this.#writeStore()
  }

  /** No row names this store: it is new, or that row was lost while nobody ran. What it wrote before is an old feed then. */
  beginStore(then: () => void): void {
    const { desk, feeds, outbox, rooms } = this.#parts
    const former = rooms.profileOf(desk.me.member)?.feed ?? feeds.writtenBy(desk.me.member)[0]?.id
    outbox.setStore(outbox.storeId, undefined, former)
    if (former) this.#unsaid = 'the record of its id was lost'
    this.#writeStore(then)
  }

  /** Our feed as this run found it. Where nothing was written to it yet, who began it may not have lived to say why. */
  opened(own: Feed): void {
    const { desk, outbox, rooms } = this.#parts
    const isBegun = own.head !== undefined || rooms.profileOf(desk.me.member)?.feed === own.id
    if (outbox.predecessor && !isBegun) this.#sayForked('found by an earlier run')
  }

  /** `meta/store` is durable as we know it. */
  named(raw: Uint8Array): void {
    const { outbox } = this.#parts
    outbox.setStore(outbox.storeId, raw)
    if (this.#unsaid) this.#sayForked(this.#unsaid)
  }

  #sayForked(why: string): void {
    const { desk, outbox } = this.#parts
    this.#unsaid = undefined
    desk.report(
      'store-forked',
      `This store is a copy, or older than what the mesh holds (${why}). It goes on under a new id; ` +
        'messages that only the other copy or the lost part held may be missing here.',
      { store: outbox.storeId, predecessor: outbox.predecessor },
    )
  }

  /** Makes `meta/store` durable, or finds the one a sibling wrote. */
  #writeStore(then?: () => void): void {
    const { desk, outbox } = this.#parts
    const written = outbox.storeRow
    desk.commit(
      { expect: [this.storeExpectation()], put: [written] },
      {
        ok: () => {
          this.named(written.value)
          then?.()
        },
        conflict: () => then?.(),
        // The first append writes it.
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
      this.#parts.oldFeeds.moveOld()
      outbox.pump()
    })
    sync.compareSoon()
  }

  /** Looks whether a sibling stored, or began, something we were not told of. */
  refreshStore(then?: () => void): void {
    const { desk, outbox, log, receipts, unbound } = this.#parts
    // Until the answer is here we may have begun another feed: what was read says nothing about that one.
    const store = outbox.storeId
    const acks = `ack/${store}/`
    desk.read(
      [keyRange(keys.store), prefixRange(acks), unbound.firstRows],
      (rows) => {
        for (const { key, value } of rows) {
          const isNews = outbox.storeId === store && outbox.storeRaw && !equalBytes(value, outbox.storeRaw)
          if (key === keys.store && isNews) this.adoptStore(value)
          else if (key.startsWith(acks)) receipts.adopt(store, key.slice(acks.length) as never, value)
        }
        unbound.follow(rows.filter(({ key }) => key.startsWith('unbound/')))
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
    const { outbox, sync } = this.#parts
    const head = { feed, number, hash, retired: 0 }
    if (number === 0) return
    if (feed === outbox.storeId) this.compareOwn(from, head)
    else if (sync.isHere(from)) sync.heard(from, head)
  }

  /** Entries of our own feed, by our own key, from somebody else: known, lost here, or proof of a fork. */
  ownEntries(from: PeerId, entries: readonly VerifiedEntry[]): void {
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
          return this.proven(from, number)
        }
        // It may be stored and yet be known as a hole: a write that was reported failed happened after all.
        if (feed.holes.has(number)) holes.offer(feed, entry, from)
      }
    })
  }

  /** That peer has an entry of our feed, by our own key, where we have another or none. It is not asked for it again at once. */
  proven(from: PeerId, number: number): void {
    const { outbox, sync } = this.#parts
    sync.unserved(from, outbox.storeId)
    this.fork(`entry ${number} exists elsewhere`)
  }

  // ------------------------------------------------------------------------------------------- the new feed

  /** Begins a new feed. Sibling tabs follow when their next commit finds `meta/store` changed. */
  fork(why: string, failed?: (error: MeshError) => void): void {
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
          this.#switch(store, written.value)
          this.#sayForked(why)
        },
        conflict: done,
        failed: (error: MeshError) => {
          done()
          desk.emit({ event: 'error', error })
          failed?.(error)
        },
      },
    )
  }
}
