// Reads a document from the live struct store of Yjs piece by piece, never encoding it as a whole. A struct goes out
// once everything it needs is with the reader's peer: what comes before it of its own client, what it was inserted
// between, the item it lies in. Deletions come last, all of them, for equal vectors can hide a lost one.
//
// Relied on of Yjs 13.6, beside its public functions (a test names them): `doc.store.clients` holds the structs of
// each client in the order of their clocks, without a hole; structs merge, split and turn into GC, but a clock never
// changes its place; `Item.prototype.write(encoder, offset)` writes one struct in a form that depends on no other
// (encoding V1); an update is [clients, (structs, client, clock, struct…)…] and a delete set
// [clients, (client, ranges, (clock, length)…)…].

import * as Y from 'yjs'
import { assert } from './base/errors.ts'
import type { SegmentReader } from './docs/types.ts'
import { isBareDeletion, itemOf, StructSizes } from './mesh-replica-size.ts'
import type { Struct } from './mesh-replica-size.ts'
import { clockAfter } from './mesh-replica-digest.ts'
import { DeletedRanges, Segment } from './mesh-segment-writer.ts'
import { TransactionWatch } from './mesh-transactions.ts'
import type { DocVector } from './wire/messages.ts'

/** Bytes that one deleted range takes, about. */
const rangeBytes = 6

/** Where the reader stands in the structs of a client. */
interface Cursor {
  readonly client: number
  /** Given, or held by the peer from the start: all before this. */
  clock: number
  structs: readonly Struct[]
  /** Of the struct that holds `clock`; worth something only during the `call` in which it was found. */
  index: number
  call: number
}

/** Give all of that client up to this clock, itself included, before going on with what is below. */
interface Goal {
  readonly client: number
  readonly clock: number
}

/**
 * Reads all that a replica with the vector `since` lacks, in updates (encoding V1) that can be applied one after the
 * other; deletions it may lack are in the last ones. The document may change meanwhile: at the end, everything that it
 * holds by then was given. What waits for others in it (pending structs) is not.
 *
 * @param options `onClose`: the reader came to its end or was closed. `wholeBytes`: about what the whole takes.
 */
export function createSegmentReader(
  doc: Y.Doc,
  since: DocVector,
  options: { onClose?: () => void; wholeBytes?: number } = {},
): SegmentReader {
  return new StructReader(doc, since, options.onClose, options.wholeBytes)
}

class StructReader implements SegmentReader {
  readonly totalBytes: number
  caughtUp = false
  readonly #doc: Y.Doc
  readonly #onClose: (() => void) | undefined
  readonly #watch: TransactionWatch
  readonly #cursors = new Map<number, Cursor>()
  readonly #deletions = new DeletedRanges()
  /** What is being given is on top. No deeper than there are clients: what a struct needs is older than itself. */
  #goals: Goal[] = []
  /** Clients may have got more since they were last looked through. */
  #changed = true
  #call = 0
  #closed = false

  constructor(
    doc: Y.Doc,
    since: DocVector,
    onClose: (() => void) | undefined,
    wholeBytes: number | undefined,
  ) {
    this.#doc = doc
    this.#onClose = onClose
    for (const { client, clock } of since) {
      this.#cursors.set(client, { client, clock, structs: [], index: 0, call: 0 })
    }
    // Where the peer holds nothing, there is nothing to look for.
    this.totalBytes = since.length === 0 && wholeBytes !== undefined ? wholeBytes : this.#look()
    this.#watch = new TransactionWatch(doc, (transaction) => this.#onTransaction(transaction))
  }

  next(maxBytes: number): Uint8Array | undefined {
    if (this.#closed) return undefined
    this.#watch.flush()
    this.#call++
    const segment = new Segment(maxBytes)
    this.caughtUp = this.#giveStructs(segment) && this.#deletions.moveTo(segment)
    if (!segment.empty) return segment.toUint8Array()
    this.close()
    return undefined
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#watch.close()
    this.#onClose?.()
  }

  /** Notes what is deleted in that part which the peer holds; gives the estimate of all. */
  #look(): number {
    const sizes = new StructSizes(this.#doc)
    let bytes = 1
    for (const [client, structs] of this.#doc.store.clients) {
      const since = this.#givenOf(client)
      for (const struct of structs) {
        const { clock } = struct.id
        const end = clock + struct.length
        if (struct.deleted && this.#deletions.add(client, clock, Math.min(end, since))) bytes += rangeBytes
        if (end > since) bytes += sizes.bytesOf(struct, Math.max(since - clock, 0))
      }
    }
    return bytes
  }

  /** Deletions of what was given already; of what was not, they are seen when it is. What comes in as GC is told by
   * no transaction, but it lies in an item whose deletion is. */
  #onTransaction({ deleteSet }: Y.Transaction): void {
    this.#changed = true
    for (const [client, ranges] of deleteSet.clients) {
      const given = this.#cursors.get(client)?.clock ?? 0
      for (const { clock, len } of ranges) this.#deletions.add(client, clock, Math.min(clock + len, given))
    }
  }

  /** False: the segment is full. True: all structs were given. */
  #giveStructs(segment: Segment): boolean {
    for (;;) {
      const goal = this.#goals.at(-1) ?? this.#nextGoal()
      if (goal === undefined) return true
      const cursor = this.#cursorOf(goal.client)
      if (!this.#giveUpTo(goal.clock, cursor, segment)) return false
    }
  }

  /** Gives structs of that client until the goal is reached or one needs another client's first, which then is a goal
   * of its own. False: the segment is full. */
  #giveUpTo(goal: number, cursor: Cursor, segment: Segment): boolean {
    while (cursor.clock <= goal) {
      const struct = cursor.structs[cursor.index]!
      const needed = this.#neededBy(struct, cursor.clock)
      if (needed !== undefined) {
        this.#goals.push(needed)
        assert(
          this.#goals.length <= 2 * this.#doc.store.clients.size,
          'structs do not need each other in turn',
        )
        return true
      }
      const end = segment.add(struct, cursor.clock)
      if (end === cursor.clock) return false
      if (struct.deleted && !isBareDeletion(struct)) this.#deletions.add(cursor.client, cursor.clock, end)
      cursor.clock = end
      if (end === struct.id.clock + struct.length) cursor.index++
    }
    this.#goals.pop()
    return true
  }

  /** The highest client first, as Yjs does it itself: then its search for an item's place is shortest. */
  #nextGoal(): Goal | undefined {
    if (!this.#changed) return undefined
    this.#changed = false
    const goals: Goal[] = []
    for (const [client, structs] of this.#doc.store.clients) {
      const clock = clockAfter(structs)
      if (clock > this.#givenOf(client)) goals.push({ client, clock: clock - 1 })
    }
    this.#goals = goals.sort((a, b) => a.client - b.client)
    return this.#goals.at(-1)
  }

  /** The first thing that is missing for this struct; operations before `clock` of it are given. */
  #neededBy(struct: Struct, clock: number): Goal | undefined {
    const item = itemOf(struct)
    if (item === undefined) return undefined
    const { origin, rightOrigin, parent } = item
    if (origin !== null && clock === item.id.clock && this.#isMissing(origin, item)) return origin
    if (rightOrigin !== null && this.#isMissing(rightOrigin, item)) return rightOrigin
    if (origin !== null || rightOrigin !== null) return undefined
    // Only an item with no neighbours says what it lies in.
    const parentId = (parent as Y.AbstractType<unknown>)._item?.id
    return parentId !== undefined && this.#isMissing(parentId, item) ? parentId : undefined
  }

  #isMissing(id: Y.ID, item: Y.Item): boolean {
    return id.client !== item.id.client && this.#givenOf(id.client) <= id.clock
  }

  #givenOf(client: number): number {
    return this.#cursors.get(client)?.clock ?? 0
  }

  #cursorOf(client: number): Cursor {
    let cursor = this.#cursors.get(client)
    if (cursor === undefined) {
      cursor = { client, clock: 0, structs: [], index: 0, call: 0 }
      this.#cursors.set(client, cursor)
    }
    if (cursor.call !== this.#call) {
      const structs = this.#doc.store.clients.get(client) ?? []
      cursor.structs = structs
      cursor.index =
        cursor.clock < clockAfter(structs) ? Y.findIndexSS(structs as Struct[], cursor.clock) : structs.length
      cursor.call = this.#call
    }
    return cursor
  }
}
