// The inbox of this member: what came for it and is not handled yet. Its rows live in the store, so that of the
// tabs of one browser whichever consumes them finds what the one before left. Each item is given out once in this
// run, in the order of its feed, until `retry` or a restart.

import type { MeshError } from '../base/errors.ts'
import type { StoreId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Row } from '../base/ports.ts'
import type { VerifiedEntry } from '../wire/entries.ts'
import type { Parts } from './desk.ts'
import {
  inboxRow,
  isShown,
  keyRange,
  keys,
  prefixRange,
  readEntry,
  readPlace,
  readRow,
  row,
  type Mark,
  type StoredEntry,
} from './rows.ts'
import type { InboxItem } from './types.ts'

interface Given {
  readonly feed: StoreId
  readonly number: number
  readonly name: string
  /** What the program is told. */
  attempt: number
  /** What its row says: the attempt of whoever is given it next. */
  next: number
  /** It came in this very moment: that it is given is not written down, so that most messages cost no more than `handled`. */
  isFresh: boolean
}

interface Found {
  readonly item: InboxItem
  /** What the message is known by, wherever it stands. */
  readonly name: string
}

interface Asked {
  readonly request: number
  readonly feed: StoreId
  readonly number: number
}

/** Rows taken from the store at once. chosen: at most this many bodies in memory. */
const scanRows = 32

export class Inbox {
  readonly #parts: Parts
  #active = false
  /** Counts activations: what was begun under an older one is dropped. */
  #turn = 0
  #scanning = false
  /** A scan that the store did not answer is begun again then. */
  #rescanAtMs: number | undefined
  /** Came while the store was being read; given out after. */
  #fresh: Found[] = []
  readonly #given = new Map<string, Given>()
  /** Handled in this turn, the rows: a read that was asked before may still bring them up. */
  readonly #done = new Set<string>()
  /** Given or handled in this turn, by author and id: where, the first place first. */
  readonly #places = new Map<string, string[]>()
  /** Rows that were damaged: that they are not there says nothing. */
  readonly #damaged = new Set<string>()
  /** Given back by the program: comes again then. */
  readonly #due = new Map<string, number>()
  /** The program waits for these, and the store did not answer: asked again then. */
  #unanswered: Asked[] = []
  #askAgainAtMs: number | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#given.size
  }

  get deadlineMs(): number | undefined {
    const times = [...this.#due.values()]
    if (this.#rescanAtMs !== undefined) times.push(this.#rescanAtMs)
    if (this.#askAgainAtMs !== undefined) times.push(this.#askAgainAtMs)
    return times.length > 0 ? Math.min(...times) : undefined
  }

  setActive(active: boolean): void {
    if (active === this.#active) return
    this.#active = active
    this.#turn++
    this.#given.clear()
    this.#done.clear()
    this.#places.clear()
    this.#damaged.clear()
    this.#due.clear()
    this.#fresh = []
    this.#rescanAtMs = undefined
    this.#askAgain()
    this.#scanning = active
    if (active) this.#scan('inbox/')
  }

  #scan(from: string): void {
    const turn = this.#turn
    const range = { ...prefixRange('inbox/', { limit: scanRows }), from }
    const failed = (): void => {
      if (turn !== this.#turn) return
      // What came meanwhile waits until all that was there before it is given.
      this.#rescanAtMs = this.#parts.desk.now.monotonicMs + limits.storageBusyMs
    }
    const then = (rows: readonly Row[]): void => {
      if (turn !== this.#turn) return
      const last = rows.at(-1)
      if (!last) return this.#scanned()
      const places = rows.flatMap(({ key, value }) => {
        const place = readPlace(key)
        const read = readRow(inboxRow, value)
        return place && read ? [{ ...place, attempt: read.attempt }] : []
      })
      const ranges = places.map(({ feed, number }) => keyRange(keys.entry(feed, number)))
      this.#parts.desk.read(
        ranges,
        (entries) => {
          if (turn !== this.#turn) return
          const byKey = new Map(entries.map((each) => [each.key, each.value]))
          const items = places.flatMap(({ feed, number, attempt }) => {
            const stored = readEntry(byKey.get(keys.entry(feed, number)))
            return stored ? this.#find(stored, stored.mark, attempt) : []
          })
          this.#give(items, false)
          this.#scan(`${last.key}\u0001`)
        },
        failed,
      )
    }
    this.#parts.desk.read([range], then, failed)
  }

  #scanned(): void {
    this.#scanning = false
    const fresh = this.#fresh
    this.#fresh = []
    this.#give(fresh, true)
  }

  #find({ header, author, entry }: VerifiedEntry, mark: Mark, attempt: number): Found[] {
    const { content, feed, number } = header
    if (content.type !== 'message' || !isShown(mark) || entry.body === undefined) return []
    return [{ item: { feed, number, attempt, to: content.to }, name: `${author} ${content.id}` }]
  }

  #give(found: readonly Found[], isFresh: boolean): void {
    const unseen = found.filter(({ item, name }) => {
      const key = keys.inbox(item.feed, item.number)
      return !this.#given.has(key) && !this.#done.has(key) && !this.#isCopy(name, key)
    })
    if (unseen.length === 0) return
    for (const { item, name } of unseen) {
      const { feed, number, attempt } = item
      this.#given.set(keys.inbox(feed, number), { feed, number, attempt, next: attempt, name, isFresh })
    }
    this.#parts.desk.emit({ event: 'inbox', items: unseen.map(({ item }) => item) })
  }

  /**
   * A message of a forked store stands in two feeds, and the row that says so may have been lost: the copy is taken for a
   * new message then. It is done with when the first is.
   */
  #isCopy(name: string, key: string): boolean {
    const places = this.#places.get(name)
    if (!places || places[0] === key) {
      if (!places) this.#places.set(name, [key])
      if (this.#places.size > limits.maxSeenIds) this.#places.delete(this.#places.keys().next().value!)
      return false
    }
    if (!places.includes(key)) places.push(key)
    if (places.some((place) => this.#done.has(place))) this.#remove([key])
    return true
  }

  /** An entry with an inbox row became durable. */
  stored(entry: VerifiedEntry, mark: Mark, attempt: number): void {
    if (!this.#active) return
    const found = this.#find(entry, mark, attempt)
    if (this.#scanning) this.#fresh.push(...found)
    else this.#give(found, attempt === 1)
  }

  /**
   * Much may wait for the program, maybe for long. A sibling that takes us for gone, or whom we take for gone, works off the same
   * rows meanwhile, and so each is looked at, and read, right before it is given. Where the store does not answer, it is asked again.
   */
  giving(request: number, feed: StoreId, number: number, again = false): void {
    const { desk, history } = this.#parts
    const key = keys.inbox(feed, number)
    const given = this.#given.get(key)
    const askedMs = desk.now.monotonicMs
    // Of a turn that is over, or handled: an answer that comes after that does not count either.
    const isOurs = (): boolean => given !== undefined && this.#given.get(key) === given
    if (!isOurs()) return desk.resolve(request)
    // We stood still with the answer at the door; a store that is always so slow is believed.
    const isOld = (): boolean => !again && desk.now.monotonicMs - askedMs > limits.storageBusyMs
    const askAgain = (): void => this.giving(request, feed, number, true)
    const then = (rows: readonly Row[]): void => {
      if (!isOurs()) return desk.resolve(request)
      if (isOld()) return askAgain()
      const waits = this.#damaged.has(key) || rows.some((each) => each.key === key)
      const stored = readEntry(rows.find((each) => each.key !== key)?.value)
      const message = waits && stored ? history.view(stored, stored.mark) : undefined
      const give = (): void => (isOld() ? askAgain() : desk.resolve(request, isOurs() ? message : undefined))
      if (message) return this.#count(given!, give)
      this.#leaves(key, given!.name)
      desk.resolve(request)
    }
    const later = (): void => {
      if (!isOurs()) return desk.resolve(request)
      this.#unanswered.push({ request, feed, number })
      this.#askAgainAtMs ??= desk.now.monotonicMs + limits.storageBusyMs
    }
    desk.read([keyRange(key), keyRange(keys.entry(feed, number))], then, later)
  }

  /**
   * Writes down that it is given once more, before it is, so that a program can tell a message that crashes it. Where the store
   * does not take that, it is given all the same.
   */
  #count(given: Given, done: () => void): void {
    const key = keys.inbox(given.feed, given.number)
    if (given.isFresh || given.next > given.attempt || this.#damaged.has(key)) return done()
    const next = given.attempt + 1
    const adopt = (found: Uint8Array | undefined): void => {
      const read = readRow(inboxRow, found)
      if (read) given.next = read.attempt
      // Handled by a sibling, right now.
      else if (this.#given.get(key) === given) this.#leaves(key, given.name)
    }
    this.#parts.desk.commit(
      {
        expect: [{ key, value: row(key, inboxRow, { attempt: given.next }).value, adopt }],
        put: [row(key, inboxRow, { attempt: next })],
      },
      {
        ok: () => {
          given.next = next
          done()
        },
        conflict: done,
        failed: () => {
          this.#parts.desk.count('attemptsNotStored')
          done()
        },
      },
    )
  }

  /** Handled elsewhere; or its entry was damaged, and it comes once that is here again; or it was ours, and has moved. */
  #leaves(key: string, name: string): void {
    this.#given.delete(key)
    const others = this.#places.get(name)?.filter((place) => place !== key) ?? []
    this.#places.delete(name)
    for (const place of others.flatMap((other) => readPlace(other) ?? []))
      this.refetched(place.feed, place.number)
  }

  #askAgain(): void {
    const unanswered = this.#unanswered
    this.#unanswered = []
    this.#askAgainAtMs = undefined
    for (const { request, feed, number } of unanswered) this.giving(request, feed, number)
  }

  /** The program is done with it: it never comes again. May be said twice. */
  handled(request: number, feed: StoreId, number: number): void {
    const { desk } = this.#parts
    const key = keys.inbox(feed, number)
    const given = this.#given.get(key)
    const places = (given && this.#places.get(given.name)) ?? [key]
    const done = (): void => {
      this.#given.delete(key)
      this.#due.delete(key)
      this.#damaged.delete(key)
      this.#done.add(key)
      if (this.#done.size > limits.maxSeenIds) this.#done.delete(this.#done.values().next().value!)
      desk.resolve(request)
    }
    desk.commit(
      { expect: [], delete: places },
      { ok: done, conflict: done, failed: (error: MeshError) => desk.reject(request, error) },
    )
  }

  /** It comes again after `delayMs`, or at once where another tab or run takes the inbox over. */
  retry(request: number, feed: StoreId, number: number, delayMs: number): void {
    const { desk } = this.#parts
    const key = keys.inbox(feed, number)
    const given = this.#given.get(key)
    const attempt = (given?.attempt ?? 1) + 1
    const value = row(key, inboxRow, { attempt: given?.next ?? attempt - 1 }).value
    /** Not what was given in an earlier turn: that is given anew in this one. */
    const again = (as: number): void => {
      if (!given || this.#given.get(key) !== given) return
      given.attempt = as
      given.next = as
      given.isFresh = false
      this.#due.set(key, desk.now.monotonicMs + Math.max(0, delayMs))
    }
    const adopt = (found: Uint8Array | undefined): void => {
      const read = readRow(inboxRow, found)
      // Asked for again, and whoever did that may be gone.
      if (read) again(read.attempt)
      else if (given && this.#given.get(key) === given) this.#leaves(key, given.name)
    }
    const done = (): void => desk.resolve(request)
    desk.commit(
      { expect: [{ key, value, adopt }], put: [row(key, inboxRow, { attempt })] },
      {
        ok: () => {
          again(attempt)
          done()
        },
        conflict: done,
        failed: (error: MeshError) => desk.reject(request, error),
      },
    )
  }

  /**
   * Its row was damaged, so it was not handled: written again, and given out if it was not. Where the store does not take it now it
   * is given out all the same, for nobody else would; it is not tried again, since it may be handled at any time.
   * @param failed The store does not even say what it was.
   */
  restore(feed: StoreId, number: number, failed: () => void): void {
    const { desk, filing, log } = this.#parts
    const key = keys.inbox(feed, number)
    this.#damaged.add(key)
    const then = (stored: StoredEntry | undefined): void => {
      if (!stored || !isShown(stored.mark) || !filing.isForMe(stored) || this.#done.has(key)) return
      const told = (): void => {
        if (this.#done.has(key)) this.#remove([key])
        else this.stored(stored, stored.mark, 1)
      }
      desk.commit(
        {
          expect: [{ key, value: undefined, adopt: () => {} }],
          put: [row(key, inboxRow, { attempt: 1 })],
        },
        {
          ok: told,
          conflict: told,
          failed: () => {
            desk.count('inboxRowsNotStored')
            told()
          },
        },
      )
    }
    log.readOne(feed, number, then, failed)
  }

  /** Rows of what is handled. */
  #remove(doomed: readonly string[]): void {
    const { desk } = this.#parts
    const answers = { ok: () => {}, conflict: () => {}, failed: () => desk.count('inboxRowsLeft') }
    desk.commit({ expect: [], delete: doomed }, answers)
  }

  /** An entry that was missing is here again: it is given out if it was not handled. */
  refetched(feed: StoreId, number: number): void {
    const { desk } = this.#parts
    const turn = this.#turn
    const then = (rows: readonly Row[]): void => {
      const read = readRow(inboxRow, rows.find(({ key }) => key.startsWith('inbox/'))?.value)
      const stored = readEntry(rows.find(({ key }) => key.startsWith('feed/'))?.value)
      if (read && stored) this.stored(stored, stored.mark, read.attempt)
    }
    const failed = (): void => {
      if (this.#active && turn === this.#turn)
        this.#rescanAtMs ??= desk.now.monotonicMs + limits.storageBusyMs
    }
    desk.read([keyRange(keys.inbox(feed, number)), keyRange(keys.entry(feed, number))], then, failed)
  }

  tick(): void {
    const { desk } = this.#parts
    if (this.#askAgainAtMs !== undefined && this.#askAgainAtMs <= desk.now.monotonicMs) this.#askAgain()
    if (this.#rescanAtMs !== undefined && this.#rescanAtMs <= desk.now.monotonicMs) {
      this.#rescanAtMs = undefined
      this.#scanning = true
      this.#scan('inbox/')
    }
    for (const [key, dueMs] of this.#due) {
      if (dueMs > desk.now.monotonicMs) continue
      this.#due.delete(key)
      const given = this.#given.get(key)
      if (!given) continue
      const { feed, number, attempt } = given
      const turn = this.#turn
      const then = (rows: readonly Row[]): void => {
        if (turn !== this.#turn) return
        const stored = readEntry(rows.find((each) => each.key !== key)?.value)
        if (!stored || !rows.some((each) => each.key === key)) return this.#leaves(key, given.name)
        const items = this.#find(stored, stored.mark, attempt).map(({ item }) => item)
        if (items.length > 0) desk.emit({ event: 'inbox', items })
      }
      const later = (): void => {
        if (turn === this.#turn && this.#given.has(key))
          this.#due.set(key, desk.now.monotonicMs + limits.storageBusyMs)
      }
      desk.read([keyRange(key), keyRange(keys.entry(feed, number))], then, later)
    }
  }
}
