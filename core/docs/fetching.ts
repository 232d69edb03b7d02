// Fetches what a document lacks from one peer at a time: asks with our vector, puts the pieces of each segment
// together, applies one segment a task, acknowledges what was taken in. Nothing is kept of a transfer but what was
// applied: whoever continues it, with whatever peer, asks with the vector as it is then.

import { equalBytes, type PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { DocState, PayloadOf } from '../wire/messages.ts'
import type { Desk } from './desk.ts'
import type { Pace } from './pace.ts'
import type { Replica } from './types.ts'
import { isNews, missingFor, scanUpdate, type UpdateScan } from './update-scan.ts'

/** What may have come and not be applied yet. */
const mostAheadBytes = limits.docWindowBytes.quiet + limits.maxDocSegmentBytes

interface Transfer {
  readonly from: PeerId
  /** By which its last piece came straight. */
  link: number | undefined
  readonly transfer: number
  totalBytes: number
  /** Pieces of the segment that is coming in. */
  pieces: Uint8Array[]
  piecesBytes: number
  segmentBytes: number
  /** Whole segments not yet applied. */
  readonly ready: Uint8Array[]
  readyBytes: number
  receivedBytes: number
  toldBytes: number
  progressAtMs: number
  /** The sender has sent all: it held this. */
  end: DocState | undefined
  /** The way to the sender is gone: what came whole is still applied. */
  lost: boolean
  /** It brought something that was not here, and when last (or when it began). */
  news: boolean
  newsAtMs: number
}

export interface FetchingEvents {
  /** How our copy stands, about to be told to that peer. */
  state(peer: PeerId): DocState
  /** More may be taken in: the store keeps up. */
  ready(): boolean
  /** Somebody else could be asked instead. */
  hasOther(than: PeerId): boolean
  /** Puts an update of that peer's that needs nothing else into the document. */
  apply(
    from: PeerId,
    update: Uint8Array,
    scan: UpdateScan,
    applied: (problem: string | undefined) => void,
  ): void
  /** `end`: nothing of what the sender held is missing now. */
  finished(from: PeerId, end: DocState | undefined, news: boolean): void
  malformed(from: PeerId, link: number | undefined, reason: string): void
  /** It may grow by that. */
  fits(update: Uint8Array, scan: UpdateScan): boolean
  /** So much does not fit, whatever it holds. */
  tooLarge(bytes: number): void
  overLimit(from: PeerId): void
}

export class Fetching {
  readonly #desk: Desk
  readonly #doc: string
  readonly #replica: Replica
  readonly #pace: Pace
  readonly #maxBytes: number
  readonly #events: FetchingEvents
  #current: Transfer | undefined
  #applying = false
  /** The program and other traffic get their turn until then. */
  #restUntilMs = 0
  #lastTransfer = 0

  constructor(
    desk: Desk,
    doc: string,
    replica: Replica,
    pace: Pace,
    maxBytes: number,
    events: FetchingEvents,
  ) {
    this.#desk = desk
    this.#doc = doc
    this.#replica = replica
    this.#pace = pace
    this.#maxBytes = maxBytes
    this.#events = events
  }

  get busy(): boolean {
    return this.#current !== undefined
  }

  /** Bytes taken in, and the sender's estimate of all. */
  get progress(): { readonly receivedBytes: number; readonly totalBytes: number } {
    const { receivedBytes = 0, totalBytes = 0 } = this.#current ?? {}
    return { receivedBytes: Math.min(receivedBytes, totalBytes), totalBytes }
  }

  get deadlineMs(): number {
    const current = this.#current
    if (!current || this.#applying) return Infinity
    if (current.ready.length > 0) return this.#events.ready() ? this.#restUntilMs : Infinity
    return Math.min(this.#tellAtMs(current), current.progressAtMs + limits.docTransferTimeoutMs)
  }

  /** It goes on and on and brings nothing, while somebody else has what is missing. */
  #wastesTime(current: Transfer): boolean {
    const isLong = this.#desk.nowMs >= current.newsAtMs + limits.docTransferPatienceMs
    return isLong && this.#events.hasOther(current.from)
  }

  start(from: PeerId): void {
    const transfer = ++this.#lastTransfer
    this.#current = {
      from,
      link: undefined,
      transfer,
      totalBytes: 0,
      pieces: [],
      piecesBytes: 0,
      segmentBytes: 0,
      ready: [],
      readyBytes: 0,
      receivedBytes: 0,
      toldBytes: 0,
      progressAtMs: this.#desk.nowMs,
      end: undefined,
      lost: false,
      news: false,
      newsAtMs: this.#desk.nowMs,
    }
    this.#desk.sendTo(from, {
      type: 'docWant',
      transfer,
      segmentBytes: this.#pace.segmentBytes,
      state: this.#events.state(from),
      vector: this.#replica.vector(),
    })
    this.#desk.count('docTransfers')
  }

  piece(from: PeerId, link: number | undefined, piece: PayloadOf<'docPiece'>): void {
    const current = this.#expected(from, piece.transfer)
    if (!current) return
    const { bytes, offset, segmentBytes, totalBytes } = piece
    if (offset !== current.piecesBytes || (offset > 0 && segmentBytes !== current.segmentBytes)) {
      // Over several hops, or where a link was replaced by another, pieces may get lost or overtake one another; on one
      // and the same link they cannot.
      this.#desk.count('docPiecesOutOfPlace')
      if (link !== undefined && link === current.link) {
        this.#desk.effect({ type: 'blame', link, reason: 'a piece of a document out of its place' })
      }
      return this.#give(current)
    }
    if (bytes.length === 0 || offset + bytes.length > segmentBytes) {
      return this.#events.malformed(from, link, 'pieces of a document that do not add up')
    }
    // What a sender has under way is looked into in any case: it may be deletions.
    const roomBytes = Math.max(this.#maxBytes - this.#replica.sizeBytes, mostAheadBytes)
    const aheadBytes = current.readyBytes + segmentBytes
    if (aheadBytes > roomBytes) {
      this.#events.tooLarge(aheadBytes)
      return this.#overLimit(current)
    }
    current.link = link
    current.segmentBytes = segmentBytes
    current.pieces.push(bytes)
    current.piecesBytes += bytes.length
    current.receivedBytes += bytes.length
    current.totalBytes = Math.max(totalBytes, current.receivedBytes, 1)
    current.progressAtMs = this.#desk.nowMs
    if (this.#wastesTime(current)) return this.#give(current)
    if (current.piecesBytes === segmentBytes) {
      current.ready.push(joined(current.pieces, segmentBytes))
      current.readyBytes += segmentBytes
      current.pieces = []
      current.piecesBytes = 0
      // In this task, where nothing has been applied yet: an alarm would cost as much as a small segment.
      this.tick()
    }
    if (this.#current === current) this.#tell(current)
  }

  ended(from: PeerId, end: PayloadOf<'docEnd'>): void {
    const current = this.#expected(from, end.transfer)
    if (!current) return
    // Something of it was lost on the way.
    if (end.bytes !== current.receivedBytes || current.piecesBytes > 0) return this.#give(current)
    current.end = end.state
    current.progressAtMs = this.#desk.nowMs
    this.#finishWhenApplied(current)
  }

  /** What asked for it did not go out. */
  refused(peer: PeerId, transfer: number): void {
    const current = this.#current
    if (current?.from === peer && current.transfer === transfer) this.#give(current)
  }

  /** No way to it any more. */
  gone(peer: PeerId): void {
    const current = this.#current
    if (current?.from !== peer) return
    current.lost = true
    this.#finishWhenApplied(current)
  }

  /** Forgets the transfer under way, whoever sends it or only if it is that peer. */
  drop(from?: PeerId): void {
    if (from === undefined || this.#current?.from === from) this.#current = undefined
  }

  tick(): void {
    const current = this.#current
    if (!current || this.#applying) return
    if (current.ready.length > 0) {
      const mayGoOn = this.#desk.nowMs >= this.#restUntilMs && this.#events.ready()
      return mayGoOn ? this.#applyNext(current) : undefined
    }
    if (this.#desk.nowMs >= this.#tellAtMs(current)) this.#tell(current, true)
    const isSilent = this.#desk.nowMs >= current.progressAtMs + limits.docTransferTimeoutMs
    if (isSilent) this.#give(current)
  }

  #applyNext(current: Transfer): void {
    const update = current.ready.shift()!
    const scan = scanUpdate(update)
    if (!scan.ok)
      return this.#events.malformed(current.from, current.link, `a segment of a document: ${scan.error}`)
    const news = isNews(scan.value, (client) => this.#replica.clockOf(client))
    if (news === 'no') return this.#took(current, update, false)
    if (missingFor(scan.value, (client) => this.#replica.clockOf(client))) {
      this.#desk.count('docSegmentsOutOfOrder')
      return this.#give(current)
    }
    if (!this.#events.fits(update, scan.value)) return this.#overLimit(current)
    const before = news === 'yes' ? undefined : this.#replica.digest()
    const busyMs = this.#pace.busyMs(update.length)
    if (busyMs !== undefined) this.#desk.effect({ type: 'busy', ms: busyMs })
    const startedMs = this.#desk.nowMs
    this.#applying = true
    this.#events.apply(current.from, update, scan.value, (problem) => {
      this.#applying = false
      if (problem !== undefined)
        return this.#events.malformed(current.from, current.link, `a segment of a document: ${problem}`)
      const tookMs = this.#desk.nowMs - startedMs
      this.#pace.took(update.length, tookMs)
      this.#restUntilMs = this.#desk.nowMs + this.#pace.applyRestMs(tookMs)
      this.#took(current, update, !before || !equalBytes(before, this.#replica.digest()))
    })
  }

  #took(current: Transfer, update: Uint8Array, isNew: boolean): void {
    current.readyBytes -= update.length
    current.progressAtMs = this.#desk.nowMs
    if (isNew) {
      current.news = true
      current.newsAtMs = this.#desk.nowMs
    }
    if (this.#current !== current) return
    this.#tell(current)
    this.#finishWhenApplied(current)
  }

  #finishWhenApplied(current: Transfer): void {
    if (this.#applying || current.ready.length > 0 || !(current.end || current.lost)) return
    this.#current = undefined
    this.#events.finished(current.from, current.end, current.news)
  }

  #overLimit(current: Transfer): void {
    this.drop()
    this.#events.overLimit(current.from)
  }

  /** It does not go on. */
  #give(current: Transfer): void {
    if (this.#current !== current) return
    this.#current = undefined
    this.#desk.count('docTransfersGivenUp')
    this.#events.finished(current.from, undefined, current.news)
  }

  /** Lets the sender go on. A segment larger than the window counts as it comes. */
  #tell(current: Transfer, now = false): void {
    const takenBytes = current.receivedBytes - current.readyBytes
    const { least, most } = limits.docAckBytes
    const dueBytes = this.#desk.talking ? least : Math.min(most, Math.max(least, takenBytes / 8))
    const isDue = takenBytes - current.toldBytes >= dueBytes
    const distant = !this.#desk.linked.has(current.from)
    if (current.lost || current.end || !(isDue || now || distant)) return
    if (takenBytes <= current.toldBytes) return
    current.toldBytes = takenBytes
    this.#desk.sendTo(current.from, {
      type: 'docGot',
      doc: this.#doc,
      transfer: current.transfer,
      bytes: takenBytes,
      segmentBytes: this.#pace.segmentBytes,
    })
  }

  /** When to let it go on though little was taken in: nothing comes any more, so its window may be smaller than ours. */
  #tellAtMs(current: Transfer): number {
    const isTold = current.receivedBytes - current.readyBytes <= current.toldBytes
    return isTold || current.end || current.lost ? Infinity : current.progressAtMs + limits.docAckPatienceMs
  }

  #expected(from: PeerId, transfer: number): Transfer | undefined {
    const current = this.#current
    if (current?.from === from && current.transfer === transfer && !current.end && !current.lost)
      return current
    // Of a transfer that was given up.
    this.#desk.count('strayDocPieces')
    return undefined
  }
}

function joined(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!
  const whole = new Uint8Array(bytes)
  let offset = 0
  for (const piece of pieces) {
    whole.set(piece, offset)
    offset += piece.length
  }
  return whole
}
