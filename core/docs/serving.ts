// Sends documents to those who asked. Nothing is prepared ahead: a piece is made when a link has room for nothing
// better, at most a window ahead of what the receiver has taken in. So a transfer costs one segment of memory, waits
// behind every message, and goes as fast as the receiver does.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { DocState, Payload, PayloadOf } from '../wire/messages.ts'
import { sameDigest } from './agreement.ts'
import type { Desk } from './desk.ts'
import type { Replica, SegmentReader } from './types.ts'

interface Serving {
  readonly peer: PeerId
  readonly doc: string
  readonly transfer: number
  readonly reader: SegmentReader
  readonly state: () => DocState
  readonly totalBytes: number
  segment: Uint8Array | undefined
  offset: number
  sentBytes: number
  takenBytes: number
  segmentBytes: number
  /** The asker already holds all there is. */
  readonly nothing: boolean
}

export class Servings {
  readonly #desk: Desk
  /** The one served least recently first. */
  #all: Serving[] = []

  constructor(desk: Desk) {
    this.#desk = desk
  }

  start(peer: PeerId, want: PayloadOf<'docWant'>, replica: Replica, state: () => DocState): void {
    const { doc } = want.state
    this.stop(peer, doc)
    if (this.#all.length >= limits.maxDocTransfers) this.#end(this.#all[0]!)
    const nothing = sameDigest(want.state.digest, replica.digest())
    const reader = replica.reader(nothing ? replica.vector() : want.vector)
    this.#all.push({
      peer,
      doc,
      transfer: want.transfer,
      reader,
      state,
      totalBytes: reader.totalBytes,
      segment: undefined,
      offset: 0,
      sentBytes: 0,
      takenBytes: 0,
      segmentBytes: clampSegment(want.segmentBytes),
      nothing,
    })
    this.#wake(peer)
  }

  got(peer: PeerId, { doc, transfer, bytes, segmentBytes }: PayloadOf<'docGot'>): void {
    const serving = this.#all.find((each) => each.peer === peer && each.doc === doc)
    if (serving?.transfer !== transfer) return
    serving.takenBytes = Math.max(serving.takenBytes, Math.min(bytes, serving.sentBytes))
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
      return this.#piece(serving)
    }
    return undefined
  }

  #piece(serving: Serving): Payload {
    serving.segment ??= serving.nothing ? undefined : serving.reader.next(serving.segmentBytes)
    const { segment, offset, doc, transfer } = serving
    if (!segment) {
      this.#end(serving)
      return { type: 'docEnd', transfer, bytes: serving.sentBytes, state: serving.state() }
    }
    const bytes = segment.subarray(offset, offset + limits.maxDocPieceBytes)
    serving.sentBytes += bytes.length
    serving.offset += bytes.length
    if (serving.offset === segment.length) {
      serving.segment = undefined
      serving.offset = 0
    }
    const totalBytes = Math.max(serving.totalBytes, serving.sentBytes)
    return { type: 'docPiece', doc, transfer, segmentBytes: segment.length, offset, totalBytes, bytes }
  }

  #mayGo(serving: Serving): boolean {
    const linked = this.#desk.linked.has(serving.peer)
    const { quiet, talking } = limits.docWindowBytes
    const nearBytes = this.#desk.talking ? talking : quiet
    const windowBytes = linked ? nearBytes : limits.distantDocWindowBytes
    return serving.sentBytes - serving.takenBytes < windowBytes
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
