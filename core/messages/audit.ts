// Looks through all that is stored, where the store may have lost rows without a word: entries that are gone become
// holes, and are fetched again; rows that only point to an entry are written again from it. What cannot be known is
// whether a lost message had been handled: it comes back to the history, not to the inbox.

import { MeshError } from '../base/errors.ts'
import { equalBytes, type MessageId } from '../base/ids.ts'
import type { Row } from '../base/ports.ts'
import type { Parts } from './desk.ts'
import type { Feed } from './feeds.ts'
import {
  idRow,
  isShown,
  keyRange,
  keys,
  numberRange,
  prefixRange,
  readEntry,
  readPlace,
  readRow,
  row,
  talkRow,
  type StoredEntry,
} from './rows.ts'

/** Entries looked at in one go. chosen: their bodies are in memory meanwhile. */
const pageEntries = 16

interface Run {
  readonly request: number
  /** A head was gone: what it says when it was read off the entries is looked at in a second round. */
  again: 'no' | 'wanted' | 'under way'
  /** Losses that are being written down, and whether all could be. */
  open: number
  isKnown: boolean
  /** All was looked at. */
  isOver: boolean
  readonly failed: () => void
}

export class Audit {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * Resolves once everything was looked at: what is lost is known to be then, also to the next run, and not yet here.
   * Rejects with `storage-failed` where the store could not be read, or what is lost could not be written down.
   */
  begin(request: number): void {
    const { desk } = this.#parts
    const failed = (): void =>
      desk.reject(request, new MeshError('storage-failed', 'The store could not be looked through.'))
    this.#nextFeed('feed/', { request, failed, again: 'no', open: 0, isKnown: true, isOver: false })
  }

  /** From entry to entry, so that a feed whose head is gone is met as well. */
  #nextFeed(from: string, run: Run): void {
    const { desk, feeds, lostHeads } = this.#parts
    const then = (rows: readonly Row[]): void => {
      const place = readPlace(rows[0]?.key ?? '')
      if (!place) return this.#done(run)
      const feed = feeds.open(place.feed)
      if (feed && !feed.head && !feed.busy) lostHeads.rebuild(feed)
      if (feed && !feed.head && run.again === 'no') run.again = 'wanted'
      this.#page(feed, (feed?.head?.retired ?? 0) + 1, run, () => this.#nextFeed(`feed/${place.feed}0`, run))
    }
    desk.read([{ ...prefixRange('feed/', { limit: 1 }), from }], then, run.failed)
  }

  #done(run: Run): void {
    if (run.again !== 'wanted') {
      this.#parts.unbound.restoreAll()
      run.isOver = true
      return this.#answer(run)
    }
    run.again = 'under way'
    this.#nextFeed('feed/', run)
  }

  #answer(run: Run): void {
    if (!run.isOver || run.open > 0) return
    if (run.isKnown) this.#parts.desk.resolve(run.request)
    else run.failed()
  }

  #page(feed: Feed | undefined, first: number, run: Run, next: () => void): void {
    const held = feed?.head
    if (!feed || !held || first > held.number) return next()
    const last = Math.min(held.number, first + pageEntries - 1)
    const then = (rows: readonly Row[]): void => {
      const found = new Set(rows.map(({ key }) => readPlace(key)?.number))
      for (let number = first; number <= last; number++) if (!found.has(number)) this.#lost(feed, number, run)
      const entries = rows.flatMap(({ value }) => readEntry(value) ?? [])
      this.#pointers(entries, run, () => this.#page(feed, last + 1, run, next))
    }
    this.#parts.desk.read([numberRange('feed', feed.id, first, last)], then, run.failed)
  }

  /** Believed only where the store says so again, within a transaction. */
  #lost(feed: Feed, number: number, run: Run): void {
    const { desk, holes } = this.#parts
    if (feed.holes.has(number) || number <= (feed.head?.retired ?? 0)) return
    if (!holes.isUnwritten(feed, number)) {
      desk.count('recordsLost')
      const key = keys.entry(feed.id, number)
      desk.report('record-corrupt', `A stored record was lost, and is fetched again: ${key}.`, { key })
    }
    run.open++
    holes.missing(feed, number, (known) => {
      run.open--
      run.isKnown &&= known
      this.#answer(run)
    })
  }

  /**
   * Places in conversations and message ids: all that is in them is in the entry too.
   * @param again Somebody wrote one of these rows meanwhile: what to do is found out once more.
   */
  #pointers(entries: readonly StoredEntry[], run: Run, next: () => void, again = false): void {
    const { desk, filing } = this.#parts
    const shown = entries.filter(({ header, mark }) => header.content.type === 'message' && isShown(mark))
    const wanted = shown.flatMap((entry) => [this.#idRow(entry).key, ...filing.talkKeys(entry)])
    if (wanted.length === 0) return next()
    const then = (rows: readonly Row[]): void => {
      const found = new Map(rows.map(({ key, value }) => [key, value]))
      const isElsewhere = (entry: StoredEntry): boolean => {
        const id = this.#idRow(entry)
        const known = found.get(id.key)
        return known !== undefined && !equalBytes(known, id.value)
      }
      // That message is shown from another feed, to which it was moved.
      const elsewhere = shown.filter(isElsewhere)
      const put = shown.flatMap((entry) => {
        if (elsewhere.includes(entry)) return []
        const talks = filing.talkKeys(entry).map((key) => talkRow(key, entry.mark))
        return [this.#idRow(entry), ...talks].filter(({ key }) => !found.has(key))
      })
      const conflict = again ? next : () => this.#pointers(entries, run, next, true)
      const restore = (): void => {
        if (put.length === 0) return next()
        desk.count('pointersRestored', put.length)
        const expect = put.map(({ key }) => ({ key, value: undefined, adopt: () => {} }))
        desk.commit({ expect, put }, { ok: next, conflict, failed: run.failed })
      }
      this.#showOnce(elsewhere, found, { ok: restore, conflict, failed: run.failed })
    }
    desk.read(wanted.map(keyRange), then, run.failed)
  }

  /**
   * While the row of a message's id was gone, its copy in another feed could be taken for a new message. It is shown
   * where the id says; its other place goes, but only if the message really is at that one.
   */
  #showOnce(
    elsewhere: readonly StoredEntry[],
    found: ReadonlyMap<string, Uint8Array>,
    answers: { readonly ok: () => void; readonly conflict: () => void; readonly failed: () => void },
  ): void {
    const { desk, filing } = this.#parts
    const twice = elsewhere.flatMap((entry) => {
      const { key } = this.#idRow(entry)
      const place = readRow(idRow, found.get(key))
      const talks = filing.talkKeys(entry).filter((talk) => found.has(talk))
      return place && talks.length > 0 ? [{ key, talks, at: keys.entry(place.feed, place.number) }] : []
    })
    if (twice.length === 0) return answers.ok()
    const then = (rows: readonly Row[]): void => {
      const isThere = new Set(
        rows.flatMap(({ value }) => {
          const stored = readEntry(value)
          return stored && isShown(stored.mark) ? [this.#idRow(stored).key] : []
        }),
      )
      const surplus = twice.filter(({ key }) => isThere.has(key))
      if (surplus.length === 0) return answers.ok()
      desk.count('shownTwice', surplus.length)
      const expect = surplus.map(({ key }) => ({ key, value: found.get(key), adopt: () => {} }))
      desk.commit({ expect, delete: surplus.flatMap(({ talks }) => talks) }, answers)
    }
    desk.read(
      twice.map(({ at }) => keyRange(at)),
      then,
      answers.failed,
    )
  }

  #idRow({ author, header }: StoredEntry): Row {
    const { feed, number, content } = header
    const id = content.type === 'message' ? content.id : ('' as MessageId)
    return row(keys.id(author, id), idRow, { feed, number })
  }
}
