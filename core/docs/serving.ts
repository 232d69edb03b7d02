// Sends documents to those who asked. Nothing is prepared ahead: a piece is made when a link has room for nothing
// better, at most a window ahead of what the receiver has taken in. So a transfer costs one segment of memory, waits
// behind every message, and goes as fast as the receiver does.

import { equalBytes, type PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { DocState, Payload, PayloadOf } from '../wire/messages.ts'
import type { Desk } from './desk.ts'
import type { Replica, SegmentReader } from './types.ts'

/** A document, to whoever sends it. */
export interface Served {
  readonly replica: Replica
  state(): DocState
  /** It holds what cannot be written. */
  unreadable(reason: string): void
}

interface Serving {
  readonly peer: PeerId
  readonly doc: string
  readonly document: Served
  readonly transfer: number
  readonly reader: SegmentReader
  readonly totalBytes: number
  segment: Uint8Array | undefined
  offset: number
  sentBytes: number
  takenBytes: number
  segmentBytes: number
  /** How far it may run ahead while nobody talks, and when that was last looked at. */
  windowBytes: number
  windowAtMs: number
  /** What the asker holds. Compared when the first piece goes out: until then more may be written here. */
  readonly digest: Uint8Array
}

export class Servings {
  readonly #desk: Desk
  /** The one served least recently first. */
  #all: Serving[] = []

  constructor(desk: Desk) {
    this.#desk = desk
  }

  start(peer: PeerId, want: PayloadOf<'docWant'>, document: Served): void {
    const { doc } = want.state
    this.stop(peer, doc)
    if (this.#all.length >= limits.maxDocTransfers) this.#end(this.#all[0]!)
    const reader = document.replica.reader(want.vector)
    this.#all.push({
      peer,
      doc,
      document,
      transfer: want.transfer,
      reader,
      totalBytes: reader.totalBytes,
      segment: undefined,
      offset: 0,
      sentBytes: 0,
      takenBytes: 0,
      segmentBytes: clampSegment(want.segmentBytes),
      windowBytes: limits.docWindowBytes.first,
      windowAtMs: this.#desk.nowMs,
      digest: want.state.digest,
    })
    this.#wake(peer)
  }

  got(peer: PeerId, { doc, transfer, bytes, segmentBytes }: PayloadOf<'docGot'>): void {
    const serving = this.#all.find((each) => each.peer === peer && each.doc === doc)
    if (serving?.transfer !== transfer) return
    const takenBytes = Math.max(serving.takenBytes, Math.min(bytes, serving.sentBytes))
    this.#fitWindow(serving, takenBytes - serving.takenBytes)
    serving.takenBytes = takenBytes
    serving.segmentBytes = clampSegment(segmentBytes)
    this.#wake(peer)
  }

  /** Of one peer, or of a document that is closed. */
  stop(peer: PeerId | undefined, doc: string | undefined): void {
    for (const serving of [...this.#all]) {
      if ((peer ?? serving.peer) === serving.peer && (doc ?? serving.doc) === serving.doc) this.#end(serving)
    }
  }

  /** What to send to it next, where its link has room for nothing better. */
  next(peer: PeerId): Payload | undefined {
    for (const serving of this.#all) {
      if (serving.peer !== peer || !this.#mayGo(serving)) continue
      // Several documents to one peer take turns.
      this.#all = [...this.#all.filter((each) => each !== serving), serving]
      const piece = this.#piece(serving)
      if (piece) return piece
    }
    return undefined
  }

  #piece(serving: Serving): Payload | undefined {
    try {
      serving.segment ??= this.#nextSegment(serving)
    } catch (problem) {
      this.#end(serving)
      serving.document.unreadable(String(problem))
      return undefined
    }
    const { segment, offset, doc, transfer } = serving
    if (!segment) {
      this.#end(serving)
      return { type: 'docEnd', transfer, bytes: serving.sentBytes, state: serving.document.state() }
    }
    const restBytes = segment.length - offset
    // Of about equal size: each costs its own.
    const pieceBytes = Math.ceil(restBytes / Math.ceil(restBytes / limits.maxDocPieceBytes))
    const bytes = segment.subarray(offset, offset + pieceBytes)
    serving.sentBytes += bytes.length
    serving.offset += bytes.length
    if (serving.offset === segment.length) {
      serving.segment = undefined
      serving.offset = 0
    }
    const totalBytes = Math.max(serving.totalBytes, serving.sentBytes)
    return { type: 'docPiece', doc, transfer, segmentBytes: segment.length, offset, totalBytes, bytes }
  }

  /** None where the asker holds all there is by now: the reader would give it the deletions once more. */
  #nextSegment(serving: Serving): Uint8Array | undefined {
    const isEqual = serving.sentBytes === 0 && equalBytes(serving.digest, serving.document.replica.digest())
    return isEqual ? undefined : serving.reader.next(serving.segmentBytes)
  }

  #mayGo(serving: Serving): boolean {
    const linked = this.#desk.linked.has(serving.peer)
    const nearBytes = this.#desk.talking ? limits.docWindowBytes.talking : serving.windowBytes
    const windowBytes = linked ? nearBytes : limits.distantDocWindowBytes
    return serving.sentBytes - serving.takenBytes < windowBytes
  }

  /** What it takes in within `docWindowMs`, as far as one can see; by half at a time where that is less. */
  #fitWindow(serving: Serving, takenBytes: number): void {
    const { nowMs } = this.#desk
    const tookMs = Math.max(nowMs - serving.windowAtMs, 1)
    const { first, quiet } = limits.docWindowBytes
    const soonBytes = (takenBytes / tookMs) * limits.docWindowMs
    serving.windowBytes = Math.min(quiet, Math.max(first, serving.windowBytes / 2, soonBytes))
    serving.windowAtMs = nowMs
  }

  #wake(peer: PeerId): void {
    if (this.#desk.linked.has(peer)) return this.#desk.effect({ type: 'piecesReady', peer })
    for (let piece = this.next(peer); piece; piece = this.next(peer)) this.#desk.sendTo(peer, piece)
  }

  #end(serving: Serving): void {
    serving.reader.close()
    this.#all = this.#all.filter((each) => each !== serving)
  }
}

const clampSegment = (bytes: number): number =>
  Math.min(limits.maxDocSegmentBytes, Math.max(limits.minDocSegmentBytes, bytes))
