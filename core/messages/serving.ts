// Gives others what they ask for of a feed, oldest first: one request of a peer at a time, in answers of bounded size.

import type { PeerId, StoreId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Row } from '../base/ports.ts'
import type { VerifiedEntry } from '../wire/entries.ts'
import type { PayloadOf } from '../wire/messages.ts'
import type { Parts } from './desk.ts'
import { sizeOf, type Feed } from './feeds.ts'
import { numberRange, readEntry } from './rows.ts'

/** Entries read for one answer: at least, and at most; between them as the sizes of the last answer suggest. chosen. */
const minServedRows = 16
const maxServedRows = 256
/** Requests of one peer that wait while one of them is read. chosen. */
const maxQueuedWants = 16

export class Serving {
  readonly #parts: Parts
  readonly #wants = new Map<PeerId, PayloadOf<'want'>[]>()
  #averageBytes = 2048

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** It is not there any more. */
  forget(peer: PeerId): void {
    this.#wants.delete(peer)
  }

  onWant(from: PeerId, want: PayloadOf<'want'>): void {
    const queue = this.#wants.get(from)
    if (queue) {
      if (queue.length < maxQueuedWants) queue.push(want)
      else this.#parts.desk.count('wantsDropped')
      return
    }
    if (!this.#parts.sync.isHere(from)) return this.#parts.desk.count('wantsOfStrangers')
    this.#wants.set(from, [])
    this.#serve(from, want)
  }

  #serve(peer: PeerId, { feed: id, after }: PayloadOf<'want'>): void {
    const feed = this.#parts.feeds.get(id)
    if (!feed || after >= (feed.head?.number ?? 0)) return this.#answer(peer, id, after, [], false)
    const count = Math.floor(limits.maxEntriesBytes / Math.max(1, this.#averageBytes))
    const limit = Math.min(maxServedRows, Math.max(minServedRows, count))
    const first = Math.max(after, feed.head?.retired ?? 0) + 1
    const failed = (): void => this.#answer(peer, id, after, [], false)
    this.#parts.desk.read(
      [numberRange('feed', id, first, feed.head!.number, limit)],
      (rows) => this.#answerRows(peer, feed, after, first, rows),
      failed,
    )
  }

  #answerRows(peer: PeerId, feed: Feed, after: number, first: number, rows: readonly Row[]): void {
    const entries: VerifiedEntry[] = []
    let bytes = 0
    for (const { value } of rows) {
      const stored = readEntry(value)
      if (!stored || stored.header.number !== first + entries.length) break
      bytes += sizeOf(stored)
      if (entries.length > 0 && bytes > limits.maxEntriesBytes) break
      entries.push(stored)
    }
    if (entries.length > 0) this.#averageBytes = Math.ceil(bytes / entries.length)
    else if (rows.length > 0 || first <= (feed.head?.number ?? 0)) this.#parts.holes.missing(feed, first)
    const more = entries.length > 0 && first + entries.length - 1 < (feed.head?.number ?? 0)
    this.#answer(peer, feed.id, after, entries, more)
  }

  #answer(
    peer: PeerId,
    feed: StoreId,
    after: number,
    entries: readonly VerifiedEntry[],
    more: boolean,
  ): void {
    if (this.#parts.sync.isHere(peer)) {
      const carried = entries.map(({ entry }) => entry)
      this.#parts.desk.sendTo(peer, { type: 'found', feed, after, entries: carried, more })
    }
    const next = this.#wants.get(peer)?.shift()
    if (next) this.#serve(peer, next)
    else this.#wants.delete(peer)
  }
}
