// Reads an update (Yjs encoding V1) from end to end before Yjs gets to see it: Yjs integrates while it reads, so a
// fault half way would leave half of it in the document, and some things it takes that break the document for good
// (structs without length, a clock out of reach, an item that hangs on its own future). Nothing is kept.

import {
  createDecoder,
  hasContent,
  readAny,
  readUint8,
  readVarString,
  readVarUint,
  readVarUint8Array,
} from 'lib0/decoding'
import type { Decoder } from 'lib0/decoding'
import { limits } from './base/limits.ts'
import { contentRef } from './mesh-replica-size.ts'

/** Flags beside the kind of a struct. */
const kindBits = 0b0001_1111
const hasKey = 0b0010_0000
const hasRightOrigin = 0b0100_0000
const hasOrigin = 0b1000_0000

/** Kinds of shared types; those two carry a name. */
const typeKinds = 7
const xmlElementKind = 3
const xmlHookKind = 5

/** Why the update cannot be read; undefined: it can, wholly. */
export function updateProblem(update: Uint8Array): string | undefined {
  try {
    const decoder = createDecoder(update)
    readStructs(decoder)
    readDeletions(decoder)
    // lib0 reads past the end of a view into what lies behind it: that shows here. So does an update of encoding V2.
    check(!hasContent(decoder), 'it does not end where it should')
    return undefined
  } catch (problem) {
    return problem instanceof Error ? problem.message : String(problem)
  }
}

function check(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise)
}

function readStructs(decoder: Decoder): void {
  const clients = readVarUint(decoder)
  for (let c = 0; c < clients; c++) {
    const structs = readVarUint(decoder)
    // Yjs makes room for all of them before it reads the first.
    check(structs <= decoder.arr.length - decoder.pos, 'it announces more structs than it can hold')
    const client = readVarUint(decoder)
    let clock = readVarUint(decoder)
    for (let s = 0; s < structs; s++) {
      const operations = readStruct(decoder, client, clock)
      check(operations > 0, 'it has a struct without length')
      clock += operations
      check(clock <= limits.maxDocClock, 'it counts too far')
    }
  }
}

function readDeletions(decoder: Decoder): void {
  const clients = readVarUint(decoder)
  for (let c = 0; c < clients; c++) {
    readVarUint(decoder)
    const ranges = readVarUint(decoder)
    for (let r = 0; r < ranges; r++) {
      const clock = readVarUint(decoder)
      const operations = readVarUint(decoder)
      check(operations > 0 && clock + operations <= limits.maxDocClock, 'it deletes what cannot be')
    }
  }
}

/** How many operations it has. */
function readStruct(decoder: Decoder, client: number, clock: number): number {
  const info = readUint8(decoder)
  const kind = info & kindBits
  if (kind === contentRef.gc || kind === contentRef.skip) return readVarUint(decoder)
  if ((info & hasOrigin) !== 0) readId(decoder, client, clock)
  if ((info & hasRightOrigin) !== 0) readId(decoder, client, clock)
  if ((info & (hasOrigin | hasRightOrigin)) === 0) {
    if (readVarUint(decoder) === 1) readVarString(decoder)
    else readId(decoder, client, clock)
    if ((info & hasKey) !== 0) readVarString(decoder)
  }
  return readContent(decoder, kind)
}

function readId(decoder: Decoder, client: number, clock: number): void {
  const idClient = readVarUint(decoder)
  const idClock = readVarUint(decoder)
  check(idClient !== client || idClock < clock, 'it has an item that hangs on its own future')
}

function readContent(decoder: Decoder, kind: number): number {
  switch (kind) {
    case contentRef.deleted:
      return readVarUint(decoder)
    case contentRef.json:
      return readMany(decoder, (value) => {
        const text = readVarString(value)
        if (text !== 'undefined') JSON.parse(text)
      })
    case contentRef.binary:
      readVarUint8Array(decoder)
      return 1
    case contentRef.string:
      return readVarString(decoder).length
    case contentRef.embed:
      JSON.parse(readVarString(decoder))
      return 1
    case contentRef.format:
      readVarString(decoder)
      JSON.parse(readVarString(decoder))
      return 1
    case contentRef.type:
      return readType(decoder)
    case contentRef.any:
      return readMany(decoder, readAny)
    case contentRef.doc: {
      readVarString(decoder)
      const options: unknown = readAny(decoder)
      check(typeof options === 'object' && options !== null, 'it has a subdocument without options')
      return 1
    }
    default:
      throw new Error('it has content of a kind that does not exist')
  }
}

function readMany(decoder: Decoder, read: (decoder: Decoder) => unknown): number {
  const count = readVarUint(decoder)
  check(count <= decoder.arr.length - decoder.pos, 'it announces more values than it can hold')
  for (let i = 0; i < count; i++) read(decoder)
  return count
}

function readType(decoder: Decoder): number {
  const kind = readVarUint(decoder)
  check(kind < typeKinds, 'it has a shared type of a kind that does not exist')
  if (kind === xmlElementKind || kind === xmlHookKind) readVarString(decoder)
  return 1
}
