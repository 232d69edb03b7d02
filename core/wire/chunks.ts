// A link takes frames of at most 64 KiB, on a slow line of 16 KiB; messages may be longer and travel in two lanes. A
// frame is one byte of header and a piece of one message; the pieces of a message follow one another within their lane, and the
// first piece of several says how long the whole is. So two messages at most are ever being put together.
//
//   bit 0  lane (0 control, 1 bulk)     bit 1  first piece     bit 2  last piece     others must be 0
//   first and not last: 4 bytes, big-endian, length of the whole message

import { fail, ok, type Result } from '../base/errors.ts'
import { limits } from '../base/limits.ts'

export type Lane = 0 | 1
const first = 2
const last = 4

/** The frames of one message, made one at a time, so that a long one costs no second copy of itself. */
export class Splitter {
  readonly lane: Lane
  readonly #parts: readonly Uint8Array[]
  readonly #bytes: number
  #offset = 0
  /** Of which part comes next, and from where in it. */
  #part = 0
  #partOffset = 0

  /** @param message whole, or in parts that follow one another. They must not change before all went out. */
  constructor(lane: Lane, message: Uint8Array | readonly Uint8Array[]) {
    this.lane = lane
    this.#parts = message instanceof Uint8Array ? [message] : message
    this.#bytes = this.#parts.reduce((sum, part) => sum + part.length, 0)
  }

  get remainingBytes(): number {
    return this.#bytes - this.#offset
  }

  get started(): boolean {
    return this.#offset > 0
  }

  /**
   * The next frame, or undefined when all went out.
   *
   * @param maxBytes of the frame, from `limits.smallFrameBytes` to `limits.maxFrameBytes`
   */
  next(maxBytes: number = limits.smallFrameBytes): Uint8Array | undefined {
    if (this.started && this.remainingBytes === 0) return undefined
    const isFirst = !this.started
    const isLast = this.remainingBytes + 1 <= maxBytes
    const headerBytes = isFirst && !isLast ? 5 : 1
    const size = Math.min(this.remainingBytes, maxBytes - headerBytes)
    const frame = new Uint8Array(headerBytes + size)
    frame[0] = this.lane | (isFirst ? first : 0) | (isLast ? last : 0)
    if (headerBytes === 5) new DataView(frame.buffer).setUint32(1, this.#bytes)
    this.#fill(frame, headerBytes)
    this.#offset += size
    return frame
  }

  #fill(frame: Uint8Array, from: number): void {
    for (let at = from; at < frame.length;) {
      const part = this.#parts[this.#part]!
      const piece = part.subarray(this.#partOffset, this.#partOffset + frame.length - at)
      frame.set(piece, at)
      at += piece.length
      this.#partOffset += piece.length
      if (this.#partOffset < part.length) continue
      this.#part++
      this.#partOffset = 0
    }
  }
}

interface Partial {
  readonly bytes: Uint8Array
  filled: number
}

/** Puts frames together again. Holds at most one unfinished message a lane, each within `limits.maxLinkMessageBytes`. */
export class Joiner {
  #partial: (Partial | undefined)[] = [undefined, undefined]

  /** A whole message, undefined while one is incomplete, or what is wrong with the frame. */
  push(frame: Uint8Array): Result<{ message: Uint8Array; lane: Lane } | undefined> {
    if (frame.length < 1 || frame.length > limits.maxFrameBytes) return fail('frame of a wrong size')
    const header = frame[0]!
    if (header > 7) return fail('unknown frame header')
    const lane = (header & 1) as Lane
    if ((header & first) !== 0) return this.#start(lane, header, frame)
    return this.#continue(lane, header, frame)
  }

  #start(
    lane: Lane,
    header: number,
    frame: Uint8Array,
  ): Result<{ message: Uint8Array; lane: Lane } | undefined> {
    if (this.#partial[lane]) return fail('a message began inside another')
    if ((header & last) !== 0) {
      return frame.length > 1 ? ok({ message: frame.subarray(1), lane }) : fail('empty message')
    }
    if (frame.length < limits.smallFrameBytes) return fail('a first piece that is not full')
    const length = new DataView(frame.buffer, frame.byteOffset).getUint32(1)
    if (length > limits.maxLinkMessageBytes) return fail('message too long')
    if (length <= frame.length - 5) return fail('length does not fit the pieces')
    const partial = { bytes: new Uint8Array(length), filled: frame.length - 5 }
    partial.bytes.set(frame.subarray(5))
    this.#partial[lane] = partial
    return ok(undefined)
  }

  #continue(
    lane: Lane,
    header: number,
    frame: Uint8Array,
  ): Result<{ message: Uint8Array; lane: Lane } | undefined> {
    const partial = this.#partial[lane]
    if (!partial) return fail('a piece without its beginning')
    const piece = frame.subarray(1)
    const filled = partial.filled + piece.length
    const isLast = (header & last) !== 0
    if (piece.length === 0 || filled > partial.bytes.length || isLast !== (filled === partial.bytes.length)) {
      return fail('pieces do not add up')
    }
    partial.bytes.set(piece, partial.filled)
    partial.filled = filled
    if (!isLast) return ok(undefined)
    this.#partial[lane] = undefined
    return ok({ message: partial.bytes, lane })
  }
}
