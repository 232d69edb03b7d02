// One segment as it is written: a valid Yjs update (encoding V1) that keeps to its size. Each client's structs go into
// a block of their own and the blocks are put together at the end, which V1 permits: no struct's form depends on
// another. Long texts and lists are cut between their characters and values; anything else goes out whole.

import {
  createEncoder,
  length,
  writeUint8,
  writeUint8Array,
  writeVarString,
  writeVarUint,
  writeVarUint8Array,
} from 'lib0/encoding'
import type { Encoder } from 'lib0/encoding'
import * as Y from 'yjs'
import { contentRef, itemOf } from './mesh-replica-size.ts'
import type { Struct } from './mesh-replica-size.ts'

/** Head of a block: two counters and a client. */
const blockHeadBytes = 16
/** Kept free before the structs of the first block for the heads of block and segment, and after them for the number of
 * deletions: 0, or there are more parts. */
const [headRoomBytes, tailRoomBytes] = [32, 1]
/** Head of a struct: its kind and two ids. */
const structHeadBytes = 32
/** Two counters. */
const rangeBytes = 14
/** A text or list is cut to fill a segment only if at least this part of it is still empty. chosen: fewer cuts. */
const worthCutting = 1 / 4
const maxUtf8BytesPerUnit = 3
/** From here on a text is worth a way of its own. chosen: below it lib0 takes none longer. */
const longTextUnits = 10_000
/** What lib0 puts before a text among values of any kind. */
const anyText = 119

interface Block {
  readonly client: number
  /** Of its first struct. Of no meaning for deletions. */
  readonly clock: number
  readonly encoder: Y.UpdateEncoderV1
  /** Where its structs begin in what the encoder holds. */
  from: number
  count: number
}

/** The first operations of a struct that fit: how many, and their content as it is encoded. */
interface Piece {
  readonly count: number
  readonly write: (encoder: Encoder) => void
}

export class Segment {
  readonly #maxBytes: number
  readonly #structs = new Map<number, Block>()
  readonly #deletions = new Map<number, Block>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get empty(): boolean {
    return this.#bytes === 0
  }

  /**
   * Adds the operations of that struct from `clock` on, as many as fit, but at least one where the segment is empty.
   * A client's must come in their order, without a hole.
   *
   * @returns the clock after those that were added.
   */
  add(struct: Struct, clock: number): number {
    const offset = clock - struct.id.clock
    const { client } = struct.id
    const block = this.#structs.get(client) ?? newBlock(client, clock)
    const room = this.#maxBytes - this.#bytes - (block.count === 0 ? blockHeadBytes : 0)
    // The first block mostly is the only one: then it is the segment, with its heads around it.
    if (this.empty) this.#giveBuffer(block)
    else if (atLeastBytes(struct) > room) return clock
    const added = isLong(struct, offset, room)
      ? this.#addPiece(block, struct, offset, room)
      : this.#addWhole(block, struct, offset, room)
    return clock + added
  }

  /** False: it does not fit. */
  addDeletion(client: number, from: number, to: number): boolean {
    const block = this.#deletions.get(client) ?? newBlock(client, 0)
    if (!this.empty && this.#bytes + blockHeadBytes + rangeBytes > this.#maxBytes) return false
    const { restEncoder } = block.encoder
    const before = length(restEncoder)
    writeVarUint(restEncoder, from)
    writeVarUint(restEncoder, to - from)
    this.#take(this.#deletions, block, length(restEncoder) - before)
    return true
  }

  /** Views one buffer. */
  toUint8Array(): Uint8Array {
    const [only] = this.#structs.values()
    if (only !== undefined && this.#structs.size === 1 && this.#deletions.size === 0) {
      const whole = withHeads(only)
      if (whole !== undefined) return whole
    }
    const parts: Uint8Array[] = []
    for (const [blocks, withClock] of [
      [this.#structs, true],
      [this.#deletions, false],
    ] as const) {
      let head = createEncoder()
      writeVarUint(head, blocks.size)
      for (const { client, clock, count, encoder, from } of blocks.values()) {
        if (withClock) writeVarUint(head, count)
        writeVarUint(head, client)
        writeVarUint(head, withClock ? clock : count)
        const [first = empty, ...others] = partsOf(encoder.restEncoder)
        parts.push(...partsOf(head), first.subarray(from), ...others)
        head = createEncoder()
      }
      parts.push(...partsOf(head))
    }
    return concatenate(parts)
  }

  #giveBuffer(block: Block): void {
    const { restEncoder } = block.encoder
    restEncoder.cbuf = new Uint8Array(headRoomBytes + this.#maxBytes + tailRoomBytes)
    restEncoder.cpos = headRoomBytes
    block.from = headRoomBytes
  }

  #addWhole(block: Block, struct: Struct, offset: number, room: number): number {
    const { restEncoder } = block.encoder
    const { bufs, cbuf, cpos } = restEncoder
    const filled = bufs.length
    const before = length(restEncoder)
    const text = longTextOf(struct)
    if (text === undefined) struct.write(block.encoder, offset)
    else writeWithContent(block.encoder, itemOf(struct)!, offset, () => writeAnyText(restEncoder, text))
    const bytes = length(restEncoder) - before
    if (bytes > room && !this.empty) {
      // Undone: a full buffer is never written to again, so all before is as it was.
      bufs.length = filled
      restEncoder.cbuf = cbuf
      restEncoder.cpos = cpos
      return 0
    }
    this.#take(this.#structs, block, bytes)
    return struct.length - offset
  }

  #addPiece(block: Block, item: Y.Item, offset: number, room: number): number {
    const piece = pieceOf(item, offset, Math.max(room - structHeadBytes, 1))
    const isCut = piece.count < item.length - offset
    if (!this.empty && (room <= structHeadBytes || (isCut && room < this.#maxBytes * worthCutting))) return 0
    const { restEncoder } = block.encoder
    const before = length(restEncoder)
    writeWithContent(block.encoder, item, offset, () => piece.write(restEncoder))
    this.#take(this.#structs, block, length(restEncoder) - before)
    return piece.count
  }

  #take(blocks: Map<number, Block>, block: Block, bytes: number): void {
    if (block.count === 0) {
      blocks.set(block.client, block)
      this.#bytes += blockHeadBytes
    }
    block.count++
    this.#bytes += bytes
  }
}

const newBlock = (client: number, clock: number): Block => ({
  client,
  clock,
  encoder: new Y.UpdateEncoderV1(),
  from: 0,
  count: 0,
})

/** A segment of one block, put together where it was written; undefined where it grew out of its buffer. */
function withHeads({ client, clock, count, encoder, from }: Block): Uint8Array | undefined {
  const { bufs, cbuf, cpos } = encoder.restEncoder
  const head = createEncoder()
  for (const number of [1, count, client, clock]) writeVarUint(head, number)
  const begin = from - head.cpos
  if (bufs.length + head.bufs.length > 0 || begin < 0 || cpos >= cbuf.length) return undefined
  cbuf.set(head.cbuf.subarray(0, head.cpos), begin)
  cbuf[cpos] = 0
  return cbuf.subarray(begin, cpos + 1)
}

/** Yjs writes its head; only the content is another. */
function writeWithContent(encoder: Y.UpdateEncoderV1, item: Y.Item, offset: number, write: () => void): void {
  const ref = item.content.getRef()
  const content = { getRef: () => ref, write }
  ;(Object.create(item, { content: { value: content } }) as Y.Item).write(encoder, offset)
}

/** The one value that it holds, where that is a text worth a way of its own. */
function longTextOf(struct: Struct): string | undefined {
  const item = struct.length === 1 ? itemOf(struct) : undefined
  if (item?.content.getRef() !== contentRef.any) return undefined
  const [value] = (item.content as Y.ContentAny).arr as unknown[]
  return typeof value === 'string' && value.length >= longTextUnits ? value : undefined
}

/** As lib0 writes a list of one text, but straight into the buffer; there it costs two copies more. */
function writeAnyText(encoder: Encoder, text: string): void {
  writeVarUint(encoder, 1)
  writeUint8(encoder, anyText)
  // Mostly ASCII; else it is shifted or written anew.
  const headBytes = varUintBytes(text.length)
  const from = encoder.cpos + headBytes
  const { read, written } =
    from < encoder.cbuf.length
      ? new TextEncoder().encodeInto(text, encoder.cbuf.subarray(from))
      : { read: 0, written: 0 }
  if (read < text.length || varUintBytes(written) !== headBytes) return writeVarString(encoder, text)
  writeVarUint(encoder, written)
  encoder.cpos += written
}

const varUintBytes = (value: number): number => Math.max(1, Math.ceil((32 - Math.clz32(value)) / 7))

/** It can be cut, and it may be too long for the room there is. */
function isLong(struct: Struct, offset: number, room: number): struct is Y.Item {
  const count = struct.length - offset
  if (count === 1) return false
  const ref = itemOf(struct)?.content.getRef()
  if (ref === contentRef.string) return count * maxUtf8BytesPerUnit + structHeadBytes > room
  return ref === contentRef.any || ref === contentRef.json
}

/** Spares the writing of one large value that cannot fit. */
function atLeastBytes(struct: Struct): number {
  const item = struct.length === 1 ? itemOf(struct) : undefined
  if (item?.content.getRef() !== contentRef.any) return 0
  return leastBytes((item.content as Y.ContentAny).arr[0])
}

/** As many of its operations as fit into `maxBytes`, but at least one. */
function pieceOf(item: Y.Item, offset: number, maxBytes: number): Piece {
  const content: unknown = item.content
  if (item.content.getRef() === contentRef.string) {
    return textPiece((content as Y.ContentString).str, offset, maxBytes)
  }
  return listPiece(item, (content as Y.ContentAny | Y.ContentJSON).arr, offset, maxBytes)
}

function textPiece(text: string, offset: number, maxBytes: number): Piece {
  let end = Math.min(offset + maxBytes, text.length)
  // A pair stays together: half of one cannot be written.
  if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end += end - offset > 1 ? -1 : 1
  const scratch = new Uint8Array(Math.max(maxBytes, 4))
  const { read, written } = new TextEncoder().encodeInto(text.slice(offset, end), scratch)
  return { count: read, write: (encoder) => writeVarUint8Array(encoder, scratch.subarray(0, written)) }
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00

function listPiece(item: Y.Item, values: readonly unknown[], offset: number, maxBytes: number): Piece {
  const scratch = new Y.UpdateEncoderV1()
  const isJson = item.content.getRef() === contentRef.json
  let count = 0
  let bytes = 0
  for (let i = offset; i < values.length; i++) {
    const value = values[i]
    if (count > 0 && bytes + leastBytes(value) > maxBytes) break
    const { restEncoder } = scratch
    const { cbuf, cpos } = restEncoder
    const filled = restEncoder.bufs.length
    if (isJson) scratch.writeString(value === undefined ? 'undefined' : JSON.stringify(value))
    else scratch.writeAny(value)
    bytes = length(restEncoder)
    if (count > 0 && bytes > maxBytes) {
      restEncoder.bufs.length = filled
      restEncoder.cbuf = cbuf
      restEncoder.cpos = cpos
      break
    }
    count++
  }
  return {
    count,
    write: (encoder) => {
      writeVarUint(encoder, count)
      for (const part of partsOf(scratch.restEncoder)) writeUint8Array(encoder, part)
    },
  }
}

/** Spares the writing of a value that cannot fit. */
function leastBytes(value: unknown): number {
  if (typeof value === 'string') return value.length
  return value instanceof Uint8Array ? value.length : 1
}

const partsOf = ({ bufs, cbuf, cpos }: Encoder): Uint8Array[] => [...bufs, cbuf.subarray(0, cpos)]

const empty = new Uint8Array(0)

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** Deleted ranges that wait to be written, by client. */
export class DeletedRanges {
  /** Pairs of first clock and the clock after the last. */
  readonly #clients = new Map<number, { ranges: (readonly [from: number, to: number])[]; sorted: boolean }>()

  /** Nothing where the range is empty. True: it does not just lengthen the one added before. */
  add(client: number, from: number, to: number): boolean {
    if (to <= from) return false
    let waiting = this.#clients.get(client)
    if (waiting === undefined) this.#clients.set(client, (waiting = { ranges: [], sorted: false }))
    const { ranges } = waiting
    const last = ranges.at(-1)
    const lengthens = !waiting.sorted && last !== undefined && last[0] <= from && from <= last[1]
    if (lengthens) ranges[ranges.length - 1] = [last[0], Math.max(last[1], to)]
    else ranges.push([from, to])
    waiting.sorted = false
    return !lengthens
  }

  /** As many as fit. False: there are more. */
  moveTo(segment: Segment): boolean {
    for (const [client, waiting] of this.#clients) {
      if (!waiting.sorted) {
        waiting.ranges = mergedBackwards(waiting.ranges)
        waiting.sorted = true
      }
      const { ranges } = waiting
      for (let range = ranges.at(-1); range !== undefined; range = ranges.at(-1)) {
        if (!segment.addDeletion(client, range[0], range[1])) return false
        ranges.pop()
      }
      this.#clients.delete(client)
    }
    return true
  }
}

/** Maximal ranges, the last one first: they are taken from the end. */
function mergedBackwards(ranges: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const merged: [number, number][] = []
  for (const [from, to] of [...ranges].sort((a, b) => b[1] - a[1])) {
    const last = merged.at(-1)
    if (last !== undefined && to >= last[0]) last[0] = Math.min(last[0], from)
    else merged.push([from, to])
  }
  return merged
}
