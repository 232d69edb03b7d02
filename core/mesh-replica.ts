// A Y.Doc as Skein sees it: what it holds, a digest of it, its size, a way to read it in segments, and the two ways in
// which it changes: updates of others, applied here, and everything else, which is an edit of this program and is told
// to whoever stores and sends it. No protocol in it, and it decides nothing.

import { createDecoder, readVarUint } from 'lib0/decoding'
import * as Y from 'yjs'
import type { Off } from './api.ts'
import { equalBytes } from './base/ids.ts'
import type { Replica, SegmentReader } from './docs/types.ts'
import { scanUpdate, type UpdateScan } from './docs/update-scan.ts'
import { clockAfter, DocDigest } from './mesh-replica-digest.ts'
import { contentBytes, documentBytes, isBareDeletion, itemOf } from './mesh-replica-size.ts'
import { createSegmentReader } from './mesh-segments.ts'
import { checkUpdate, dropSplitValues, levelIn } from './mesh-update-check.ts'
import type { DocVector } from './wire/messages.ts'

/** What became of updates that were handed to `apply`. */
export type Applied =
  | { readonly outcome: 'applied' }
  /** They are in the document, and then an observer or listener of the program threw. */
  | { readonly outcome: 'observer-threw'; readonly error: unknown }
  /**
   * One of them cannot be read, so none was taken in; or (`partly`) all could be read and Yjs failed to put one in its
   * place: those before it, and parts of it, may be in the document.
   */
  | { readonly outcome: 'unreadable'; readonly problem: string; readonly partly: boolean }

/** Operations and deletions that were handed to Yjs before what they build on. It puts more to `structs` in `whole`. */
interface Waiting {
  readonly whole: Y.Doc['store']['pendingStructs']
  readonly structs: Uint8Array | undefined
  readonly deletions: Uint8Array | null
}

/** The size is measured anew where the estimate may be off by more than this part of it, */
const tolerance = 1 / 10
/** … but not for less. chosen: a small document costs little to measure, but not at every key. */
const minDriftBytes = 8 * 1024
/** What the head of a struct may take, or save where Yjs merges it with the one before. */
const structHeadBytes = 32
const rangeBytes = 6

export class DocReplica implements Replica {
  readonly #doc: Y.Doc
  readonly #digest: DocDigest
  readonly #listeners = new Set<(update: Uint8Array) => void>()
  readonly #readers = new Set<SegmentReader>()
  /** Transactions in which updates of others are applied, and nothing else happens: all others are edits. */
  readonly #applied = new WeakSet<Y.Transaction>()
  /** What waited inside Yjs when something was applied last; and whether the program put in some of what waits now. */
  #left: Waiting = { whole: null, structs: undefined, deletions: null }
  #foreignWaits = false
  #measuredBytes: number
  /** Since it was measured: what came, what went, and by how much the sum of them may be off. */
  #cameBytes = 0
  #wentBytes = 0
  #driftBytes = 0
  #destroyed = false

  /** Listens to the document until `destroy()`. Walks through it once. */
  constructor(doc: Y.Doc) {
    this.#doc = doc
    this.#digest = new DocDigest(doc)
    this.#measuredBytes = documentBytes(doc)
    doc.on('afterTransaction', this.#onTransaction)
    doc.on('afterTransactionCleanup', this.#beforeUpdate)
    doc.on('update', this.#onUpdate)
  }

  clockOf(client: number): number {
    return clockAfter(this.#doc.store.clients.get(client))
  }

  /** In the order of the clients. */
  vector(): DocVector {
    const vector = Array.from(this.#doc.store.clients, ([client, structs]) => ({
      client,
      clock: clockAfter(structs),
    }))
    return vector.sort((a, b) => a.client - b.client)
  }

  get clients(): number {
    return this.#doc.store.clients.size
  }

  digest(): Uint8Array {
    return this.#digest.value()
  }

  get pending(): boolean {
    const { pendingStructs, pendingDs } = this.#doc.store
    return pendingStructs !== null || pendingDs !== null
  }

  /** What waits for others is part of it. Within a tenth of the encoded size from 100 KB on; may walk through the
   * document where much has changed since it was last measured. */
  get sizeBytes(): number {
    if (this.#driftBytes > Math.max(minDriftBytes, this.#estimatedBytes() * tolerance)) this.#measure()
    return Math.max(this.#estimatedBytes(), 2) + this.#pendingBytes()
  }

  /**
   * Where a listener threw in the midst of Yjs' own work, or Yjs did at a value that it cannot write, it waits for its work to
   * end and tells of no change any more. Ends that, and tells of what has changed since. Must be called with nothing of Yjs on
   * the stack. Throws where it cannot be written.
   */
  mend(): void {
    const [first] = this.#doc._transactionCleanups
    if (this.#destroyed || first === undefined) return
    this.#doc._transactionCleanups = []
    this.#onUpdate(Y.encodeStateAsUpdate(this.#doc, Y.encodeStateVector(first.beforeState)))
    this.#measure()
  }

  /** Walks through the document so that `sizeBytes` is as exact as it gets. */
  #measure(): void {
    this.#measuredBytes = documentBytes(this.#doc)
    this.#cameBytes = 0
    this.#wentBytes = 0
    this.#driftBytes = 0
  }

  levelOf(client: number, clock: number): number {
    return levelIn(this.#doc, client, clock)
  }

  reader(since: DocVector): SegmentReader {
    const reader = createSegmentReader(this.#doc, since, {
      onClose: () => this.#readers.delete(reader),
      wholeBytes: this.sizeBytes,
    })
    this.#readers.add(reader)
    return reader
  }

  /**
   * Takes in updates (encoding V1) in one transaction with that origin. Runs observers of the program. Never throws.
   * Called inside a transaction of the program, they become part of it: of its origin, and of the local update.
   *
   * @param scanned what `scanUpdate` says of each of them, where somebody has asked it before
   */
  apply(updates: readonly Uint8Array[], origin: unknown, scanned?: readonly UpdateScan[]): Applied {
    const scans: UpdateScan[] = [...(scanned ?? [])]
    for (const update of updates.slice(scans.length)) {
      const scan = scanUpdate(update)
      if (!scan.ok) return { outcome: 'unreadable', problem: scan.error, partly: false }
      scans.push(scan.value)
    }
    let [operations, bytes] = [0, this.#pendingBytes()]
    let problem: string | undefined
    let taken = 0
    const joins = this.#doc._transaction !== null
    const isFirst = this.#doc._transactionCleanups.length === 0
    const waiting = this.#waiting()
    const isTouched = waiting.structs !== this.#left.structs || waiting.deletions !== this.#left.deletions
    this.#foreignWaits = this.pending && (this.#foreignWaits || isTouched)
    let integrated: Y.Transaction | undefined
    try {
      const integrate = (transaction: Y.Transaction): void => {
        // Listeners may have written something as it began.
        if (!joins && isEmpty(transaction)) this.#applied.add(transaction)
        for (const [i, update] of updates.entries()) {
          const checked = checkUpdate(this.#doc, update, scans[i]!)
          if (!checked.ok) {
            problem = checked.error
            break
          }
          Y.applyUpdate(this.#doc, checked.value.update, origin)
          operations += checked.value.operations
          bytes += checked.value.bytes
          taken++
          if (dropSplitValues(transaction, scans[i]!)) {
            problem = 'it gives a key a value that can be split'
            break
          }
        }
        // What nobody stored or sent yet came along.
        if (this.#foreignWaits && !this.#waitsAsBefore(waiting)) this.#applied.delete(transaction)
        integrated = transaction
      }
      // Not local, from its beginning on: bindings and observers tell by it what others wrote.
      Y.transact(this.#doc, integrate, origin, false)
      if (problem !== undefined) return { outcome: 'unreadable', problem, partly: taken > 0 }
      return { outcome: 'applied' }
    } catch (error) {
      if (integrated !== undefined) return { outcome: 'observer-threw', error }
      return { outcome: 'unreadable', problem: String(error), partly: true }
    } finally {
      // Where something threw as Yjs tidied up it would wait for that to end: no event would come ever after. What observers
      // wrote meanwhile was not told then: `mend()` tells it.
      if (isFirst && !joins) {
        const left = this.#doc._transactionCleanups.filter((each) => !this.#applied.has(each))
        this.#doc._transactionCleanups = left
      }
      this.#left = this.#waiting()
      if (!this.#destroyed) this.#doc.on('update', this.#onUpdate)
      if (integrated !== undefined && this.#applied.has(integrated)) {
        this.#countApplied(bytes, operations, integrated)
      }
    }
  }

  /** Every change that `apply` did not make, as an update (encoding V1): edits of the program, and what Yjs itself
   * tidies up. Called once a transaction, in their order. The listener must not throw: Yjs would never tell of a change
   * again. */
  onLocalUpdate(listener: (update: Uint8Array) => void): Off {
    // The same function given twice is two listeners.
    const entry = (update: Uint8Array): void => listener(update)
    this.#listeners.add(entry)
    return () => void this.#listeners.delete(entry)
  }

  /** Listens no longer; readers end. The document stays usable. */
  destroy(): void {
    this.#destroyed = true
    this.#doc.off('afterTransaction', this.#onTransaction)
    this.#doc.off('afterTransactionCleanup', this.#beforeUpdate)
    this.#doc.off('update', this.#onUpdate)
    this.#digest.close()
    for (const reader of [...this.#readers]) reader.close()
    this.#listeners.clear()
  }

  #estimatedBytes(): number {
    return this.#measuredBytes + this.#cameBytes - this.#wentBytes
  }

  #pendingBytes(): number {
    const { pendingStructs, pendingDs } = this.#doc.store
    return (pendingStructs?.update.length ?? 0) + (pendingDs?.length ?? 0)
  }

  #waiting(): Waiting {
    const { pendingStructs, pendingDs } = this.#doc.store
    return { whole: pendingStructs, structs: pendingStructs?.update, deletions: pendingDs }
  }

  /** Whether all that waited inside Yjs still does. Where something was taken out there is a new object. */
  #waitsAsBefore({ whole, deletions }: Waiting): boolean {
    const now = this.#waiting()
    if (whole !== null && whole !== now.whole) return false
    return deletions === null || (now.deletions !== null && equalBytes(deletions, now.deletions))
  }

  /** @param bytes of the operations that were applied, and of all that had waited before. */
  #countApplied(bytes: number, operations: number, transaction: Y.Transaction): void {
    let came = 0
    let clients = 0
    for (const [client, clock] of transaction.afterState) {
      const more = clock - (transaction.beforeState.get(client) ?? 0)
      came += more
      if (more > 0) clients++
    }
    const takenBytes = Math.max(bytes - this.#pendingBytes(), 0)
    // What was here already comes to nothing.
    const cameBytes = operations > came ? takenBytes * (came / operations) : takenBytes
    this.#cameBytes += cameBytes
    for (const ranges of transaction.deleteSet.clients.values()) this.#cameBytes += rangeBytes * ranges.length
    this.#driftBytes += takenBytes - cameBytes + Math.min(cameBytes, 2 * structHeadBytes * clients)
  }

  /** The last event before Yjs writes an update, which it does only if somebody wants it: nobody needs back what was
   * just applied, and in a long text it costs more than applying it. */
  readonly #beforeUpdate = (transaction: Y.Transaction): void => {
    if (this.#destroyed || this.#applied.has(transaction)) this.#doc.off('update', this.#onUpdate)
    else this.#doc.on('update', this.#onUpdate)
  }

  readonly #onUpdate = (update: Uint8Array): void => {
    this.#cameBytes += update.length
    // Where a client's new structs join the ones before, the heads of the first and of its block are saved again.
    const clients = readVarUint(createDecoder(update))
    this.#driftBytes += Math.min(update.length, 2 * structHeadBytes * clients)
    for (const listener of this.#listeners) listener(update)
  }

  /** Before Yjs forgets what was deleted. */
  readonly #onTransaction = (transaction: Y.Transaction): void => {
    // Of a text that has half arrived Yjs would delete marks as redundant that are not, as an edit of ours.
    if (this.#applied.has(transaction)) transaction._needFormattingCleanup = false
    let wentBytes = 0
    let structsTouched = 0
    for (const [client, ranges] of transaction.deleteSet.clients) {
      const structs = this.#doc.store.clients.get(client) ?? []
      // What came and went in one transaction is not in its update.
      const before = transaction.beforeState.get(client) ?? 0
      for (const { clock, len } of ranges) {
        if (clock >= before) continue
        structsTouched++
        for (let i = Y.findIndexSS(structs, clock); i < structs.length; i++) {
          const struct = structs[i]!
          if (struct.id.clock >= Math.min(clock + len, before)) break
          structsTouched++
          const item = itemOf(struct)
          if (item !== undefined && !isBareDeletion(struct)) wentBytes += contentBytes(item)
        }
      }
    }
    if (this.#doc.gc) this.#wentBytes += wentBytes
    // An undo manager may keep it all, or structs may vanish with their content.
    this.#driftBytes += wentBytes + structsTouched * structHeadBytes
  }
}

/** Nothing has happened in it yet. */
const isEmpty = ({ changed, deleteSet }: Y.Transaction): boolean =>
  changed.size === 0 && deleteSet.clients.size === 0
