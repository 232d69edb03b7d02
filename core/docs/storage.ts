// Keeps one document in the store: loads its rows, adds a row for whatever changes, puts many small rows into one,
// and writes the whole anew where the rows have become much more than the document. One transaction at a time; a row
// is removed only in or after the transaction that stored its content again, so a kill at any moment loses nothing.

import { MeshError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Row } from '../base/ports.ts'
import { Backlog } from './backlog.ts'
import type { Desk } from './desk.ts'
import type { Pace } from './pace.ts'
import { asideKey, decodeRow, docRange, docRowKey, encodeRow, inRows, wallMsOfKey } from './rows.ts'
import type { Replica, SegmentReader } from './types.ts'
import { scanUpdate } from './update-scan.ts'

/** Rows read at one time: each may hold a segment. chosen. */
const pageRows = 4
/** A row is small below this. chosen: a merged row has at most `maxDocSegmentBytes`. */
const smallRowBytes = 16 * 1024

interface SmallRow {
  readonly key: string
  readonly updates: readonly Uint8Array[]
  readonly bytes: number
}

interface Rewrite {
  readonly reader: SegmentReader
  /** Rows whose content the document held when the rewriting began. */
  readonly doomed: readonly string[]
  bytes: number
  /** Something in the document is in no row yet. */
  readonly needed: boolean
  /** All that the document held is written; what came since is in the backlog, or was. */
  isWhole: boolean
}

export interface StorageEvents {
  loaded(): void
  loadFailed(error: MeshError): void
  /** More is coming in. */
  fetching(): boolean
  /** The document as a whole may be written. */
  writable(): boolean
  /** Why no peer would take that in, nor we at the next start. */
  refusalOf(update: Uint8Array): string | undefined
  /** It holds what cannot be written, or would be refused. */
  unreadable(reason: string): void
}

export class Storage {
  readonly #desk: Desk
  readonly #doc: string
  readonly #replica: Replica
  readonly #pace: Pace
  readonly #events: StorageEvents
  /** Our rows that hold parts of what the document holds, with their sizes. */
  readonly #rows = new Map<string, number>()
  #rowsBytes = 0
  #small: SmallRow[] = []
  #smallBytes = 0
  /** Read and not yet applied. */
  #loading: Row[] = []
  #loadFrom: string | undefined
  #reading = false
  #applying = false
  #loaded = false
  readonly #backlog = new Backlog()
  #busy = false
  /** What was written last was of the backlog. */
  #wroteBacklog = false
  #rewrite: Rewrite | undefined
  /** The document holds what is neither in the rows nor in the backlog. */
  #rewriteNeeded = false
  /** What the whole took when it was last written anew: it is not written again for less than that. */
  #rewrittenBytes = 0
  #problem: MeshError | undefined
  #retryAtMs: number | undefined
  #retries = 0
  /** When the last large row was written, and how long that took. */
  #writtenAtMs = -Infinity
  #tookMs = 0
  #hurried = false
  #lastWallMs = 0
  #closed = false

  constructor(desk: Desk, doc: string, replica: Replica, pace: Pace, events: StorageEvents) {
    this.#desk = desk
    this.#doc = doc
    this.#replica = replica
    this.#pace = pace
    this.#events = events
  }

  get loaded(): boolean {
    return this.#loaded
  }

  /** Everything in the document is in the store. */
  get stored(): boolean {
    return this.settled && !this.#wholeWaits
  }

  /** Updates that it was given so far. */
  get heldUpdates(): number {
    return this.#backlog.added
  }

  /** How many of them are in the store; -1 while something in the document is in no update. */
  get storedUpdates(): number {
    return this.#loaded && !this.#wholeWaits ? this.#backlog.done : -1
  }

  /** Nothing that was handed to `save` waits. */
  get settled(): boolean {
    return this.#loaded && this.#backlog.isEmpty
  }

  get problem(): MeshError | undefined {
    return this.#problem
  }

  /** What the last attempt to write failed with, where no other is under way. */
  get failure(): MeshError | undefined {
    return this.#retryAtMs === undefined ? undefined : this.#problem
  }

  /** Too much waits to be stored: nothing more should be fetched. */
  get choked(): boolean {
    return this.#backlog.bytes > limits.maxUnstoredDocBytes
  }

  get deadlineMs(): number {
    if (!this.#loaded) return this.#loading.length > 0 && !this.#applying ? this.#desk.nowMs : Infinity
    const isUntidy = this.#smallIsMuch || (this.#wantsRewrite() && this.#mayRewrite)
    const waits = !this.#busy && (this.#backlog.waits || this.#rewrite !== undefined || isUntidy)
    return this.#retryAtMs ?? (waits ? this.#restUntilMs : Infinity)
  }

  /** Looked at anew each time: a transfer may have ended since, or people begun to talk. */
  get #restUntilMs(): number {
    if (this.#hurried) return -Infinity
    // Behind the backlog what is in the document alone waits for its turn.
    const waitsUntilMs = this.#backlog.waitsUntilMs(this.#events.fetching() && !this.#wholeWaits)
    return Math.max(this.#writtenAtMs + this.#pace.storeRestMs(this.#tookMs), waitsUntilMs)
  }

  /** Something in the document is in no row yet, nor in the backlog. */
  get #wholeWaits(): boolean {
    return this.#rewriteNeeded || this.#rewrite?.needed === true
  }

  /** What waits for something else is in no segment: the whole is not written meanwhile, unless it must be, at the end. */
  get #mayRewrite(): boolean {
    const isLast = this.#hurried && this.#rewriteNeeded
    return (isLast || !this.#replica.pending) && this.#events.writable()
  }

  load(): void {
    this.#loadFrom = docRange(this.#doc).from
    this.#readPage()
  }

  /**
   * These are in the document now and belong in the store.
   *
   * @param ofOthers they may wait for more: they are stored where they were written
   */
  save(updates: readonly Uint8Array[], { ofOthers = false } = {}): void {
    this.#backlog.add(updates, this.#desk.nowMs, !ofOthers)
    // The document itself is the buffer where the store takes nothing for long.
    if (this.#problem && this.choked) {
      this.#backlog.drop()
      this.#rewriteNeeded = true
    }
    this.#next()
  }

  /** The document holds what was never handed to `save`. */
  saveWhole(): void {
    this.#rewriteNeeded = true
    this.#next()
  }

  /** Somebody waits for it to be closed: no more rests. */
  hurry(): void {
    this.#hurried = true
    this.writeNow()
  }

  /** It stays open after all. */
  rest(): void {
    this.#hurried = false
  }

  /** What is gathered for a moment, or comes in, waits for no more of it; and a store that failed is tried at once. */
  writeNow(): void {
    this.#retryAtMs = undefined
    this.#backlog.press()
    this.#next()
  }

  tick(): void {
    if (!this.#loaded) return this.#applyNext()
    if (this.#retryAtMs !== undefined && this.#desk.nowMs < this.#retryAtMs) return
    this.#retryAtMs = undefined
    this.#next()
  }

  close(): void {
    this.#closed = true
    this.#rewrite?.reader.close()
    this.#rewrite = undefined
  }

  // ------------------------------------------------------------------------------------------ loading

  #readPage(): void {
    const from = this.#loadFrom!
    const range = { ...docRange(this.#doc), from, limit: pageRows }
    this.#reading = true
    const take = (rows: readonly Row[]): void => {
      this.#reading = false
      // The next page begins behind the last key; a space comes before all other characters of a key.
      this.#loadFrom = rows.length < pageRows ? undefined : `${rows.at(-1)!.key} `
      this.#loading.push(...rows)
      this.#applyNext()
    }
    this.#desk.read(this.#doc, range, take, (error) => this.#events.loadFailed(error))
  }

  /** One row a task: the program and the links get their turn in between. */
  #applyNext(): void {
    if (this.#applying || this.#reading) return
    const row = this.#loading.shift()
    if (!row) return this.#loadFrom === undefined ? this.#finishLoading() : this.#readPage()
    const updates = decodeRow(row)
    const scans = updates?.flatMap((update) => {
      const scan = scanUpdate(update)
      return scan.ok ? scan.value : []
    })
    if (!updates || !scans || scans.length < updates.length) return this.#setAside(row)
    this.#applying = true
    const bytes = row.value.length
    const startedMs = this.#desk.nowMs
    const busyMs = this.#pace.busyMs(bytes)
    if (busyMs !== undefined) this.#desk.effect({ type: 'busy', ms: busyMs })
    this.#desk.apply(this.#doc, updates, scans, (problem, partly) => {
      this.#applying = false
      // What of it is in the document is in no row once that is set aside.
      if (partly) this.#rewriteNeeded = true
      if (problem !== undefined) return this.#setAside(row)
      this.#pace.took(bytes, this.#desk.nowMs - startedMs)
      this.#know(row.key, updates, bytes)
      if (this.#loading.length === 0) this.#applyNext()
    })
  }

  /** It came whole from the disk, and yet holds no update: kept for whoever wants to look; the mesh has the content. */
  #setAside(row: Row): void {
    const text = `A record of the document “${this.#doc}” could not be read; it was set aside, and what is missing is fetched from the others.`
    this.#desk.emit({
      event: 'error',
      error: new MeshError('record-corrupt', text, { details: { key: row.key } }),
    })
    this.#desk.count('docRowsSetAside')
    const transaction = { put: [{ key: asideKey(row.key), value: row.value }], delete: [row.key] }
    // A failure leaves the row where it is: it is met again at the next start.
    this.#desk.commit(
      this.#doc,
      transaction,
      () => undefined,
      () => this.#desk.count('docRowsNotSetAside'),
    )
    this.#applyNext()
  }

  #finishLoading(): void {
    if (this.#loaded) return
    this.#loaded = true
    this.#events.loaded()
    this.#next()
  }

  // ------------------------------------------------------------------------------------------ writing

  /** The next thing to write, one at a time: news first, but where there always are any the rest goes along with every other row. */
  #next(): void {
    if (!this.#loaded || this.#busy || this.#closed || this.#retryAtMs !== undefined) return
    if (this.#desk.nowMs < this.#restUntilMs) return
    const updates = this.#backlog.waits ? this.#backlog.take() : []
    const isTurnOfRest =
      updates.length === 0 || (this.#wroteBacklog && !this.#backlog.waits && !this.#hurried)
    this.#wroteBacklog = !isTurnOfRest
    if (isTurnOfRest) this.#writeRest(updates)
    if (!this.#busy && updates.length > 0) this.#write({}, updates, () => undefined)
  }

  /**
   * What is in the document alone, and what only saves room. All that waits goes along: a segment may hold the deletion of
   * what an edit that waits has replaced.
   */
  #writeRest(updates: readonly Uint8Array[]): void {
    if (this.#rewrite) return this.#writeSegment(this.#rewrite, updates)
    if (this.#smallIsMuch) return this.#mergeSmall(updates)
    if (this.#wantsRewrite()) this.#startRewrite(updates)
  }

  #mergeSmall(along: readonly Uint8Array[]): void {
    const merged = [...this.#small]
    const updates = merged.flatMap((row) => row.updates)
    const put = inRows(updates).map((group) => this.#row(group))
    this.#write({ put, delete: merged.map(({ key }) => key) }, along, () => {
      this.#small = this.#small.slice(merged.length)
      this.#smallBytes = this.#small.reduce((sum, row) => sum + row.bytes, 0)
      for (const { key } of merged) this.#forget(key)
      for (const { key, value } of put) this.#count(key, value.length)
      this.#desk.count('docRowsMerged')
    })
  }

  get #smallIsMuch(): boolean {
    return this.#small.length > limits.maxSmallDocRows || this.#smallBytes > limits.maxDocSegmentBytes
  }

  /** Rows of many more bytes, or many more in number, than the document needs. */
  #wantsRewrite(): boolean {
    if (this.#rewriteNeeded) return true
    const sizeBytes = Math.max(this.#replica.sizeBytes, this.#rewrittenBytes)
    const segments = sizeBytes / limits.maxDocSegmentBytes
    return (
      this.#rowsBytes > 3 * sizeBytes + limits.maxDocSegmentBytes || this.#rows.size > 192 + 16 * segments
    )
  }

  #startRewrite(along: readonly Uint8Array[]): void {
    if (!this.#mayRewrite) return
    this.#rewrite = {
      reader: this.#replica.reader([]),
      doomed: this.#replica.pending ? [] : [...this.#rows.keys()],
      bytes: 0,
      needed: this.#rewriteNeeded,
      isWhole: false,
    }
    this.#rewriteNeeded = false
    this.#small = []
    this.#smallBytes = 0
    this.#writeSegment(this.#rewrite, along)
  }

  #writeSegment(rewrite: Rewrite, along: readonly Uint8Array[]): void {
    if (!this.#events.writable()) return this.#dropRewrite()
    let update: Uint8Array | undefined
    let refusal: string | undefined
    try {
      // Where edits come all the time there would be a little more each time.
      update = rewrite.isWhole ? undefined : rewrite.reader.next(limits.maxDocSegmentBytes)
    } catch (problem) {
      refusal = String(problem)
    }
    // What was handed in nobody has looked through yet.
    if (update && rewrite.needed) refusal = this.#events.refusalOf(update)
    if (refusal !== undefined) {
      this.#dropRewrite()
      return this.#events.unreadable(refusal)
    }
    if (update) {
      const row = this.#row([update])
      rewrite.bytes += row.value.length
      rewrite.isWhole = rewrite.reader.caughtUp
      return this.#write({ put: [row] }, along, () => this.#count(row.key, row.value.length))
    }
    this.#write({ delete: rewrite.doomed }, along, () => {
      for (const key of rewrite.doomed) this.#forget(key)
      rewrite.reader.close()
      this.#rewrite = undefined
      this.#rewrittenBytes = rewrite.bytes
      this.#desk.count('docsRewritten')
    })
  }

  /** One row at a time, mostly: what others store meanwhile, messages above all, waits for no more than that. */
  #write(
    { put = [], ...rest }: { put?: readonly Row[]; delete?: readonly string[] },
    updates: readonly Uint8Array[],
    done: () => void,
  ): void {
    this.#busy = true
    const startedMs = this.#desk.nowMs
    const row = updates.length > 0 ? this.#row(updates) : undefined
    const transaction = { put: row ? [...put, row] : put, ...rest }
    const bytes = transaction.put.reduce((sum, { value }) => sum + value.length, 0)
    const answer = (): void => {
      this.#busy = false
      if (bytes >= limits.minDocSegmentBytes) {
        this.#writtenAtMs = this.#desk.nowMs
        this.#tookMs = this.#desk.nowMs - startedMs
      }
      this.#problem = undefined
      this.#retries = 0
      done()
      if (row) {
        this.#know(row.key, updates, row.value.length)
        this.#backlog.stored()
      }
      this.#next()
    }
    this.#desk.commit(this.#doc, transaction, answer, (error) => this.#failed(error))
  }

  #failed(error: MeshError): void {
    this.#busy = false
    this.#backlog.putBack()
    this.#dropRewrite()
    this.#problem = error
    const pauseMs = Math.min(limits.docStoreRetryMaxMs, limits.docStoreRetryBaseMs * 2 ** this.#retries++)
    this.#retryAtMs = this.#desk.nowMs + pauseMs
  }

  /** Half of it is only rows too many. */
  #dropRewrite(): void {
    this.#rewrite?.reader.close()
    this.#rewriteNeeded ||= this.#rewrite?.needed ?? false
    this.#rewrite = undefined
  }

  // -------------------------------------------------------------------------------------------- rows

  #row(updates: readonly Uint8Array[]): Row {
    this.#lastWallMs = Math.max(this.#lastWallMs, this.#desk.now.wallMs)
    const key = docRowKey(this.#doc, this.#lastWallMs, this.#desk.writer, this.#desk.nextRow())
    return { key, value: encodeRow(updates) }
  }

  #know(key: string, updates: readonly Uint8Array[], bytes: number): void {
    this.#count(key, bytes)
    if (bytes >= smallRowBytes) return
    this.#small.push({ key, updates, bytes })
    this.#smallBytes += bytes
  }

  #count(key: string, bytes: number): void {
    // Whoever is loading reads in the order of the keys: what replaces a row must come behind it.
    this.#lastWallMs = Math.max(this.#lastWallMs, wallMsOfKey(key))
    this.#forget(key)
    this.#rows.set(key, bytes)
    this.#rowsBytes += bytes
  }

  #forget(key: string): void {
    this.#rowsBytes -= this.#rows.get(key) ?? 0
    this.#rows.delete(key)
  }
}
