// The hash by which two replicas see that they are equal: over the vector and over what is deleted, for equal
// vectors can hide a lost deletion. Only maximal deleted ranges count, so forgetting content (GC) changes nothing.
//
// A client's operations are cut into blocks of a fixed number of clocks, and a block is looked at again only if
// something in it was deleted: an edit in a document of a million structs costs one block, not a walk over all.

import { createEncoder, length, toUint8Array, writeUint8Array, writeVarUint } from 'lib0/encoding'
import type { Encoder } from 'lib0/encoding'
import { digest as sha256 } from 'lib0/hash/sha256'
import { findIndexSS } from 'yjs'
import type { Doc as YDoc } from 'yjs'
import type { Struct } from './mesh-replica-size.ts'
import { TransactionWatch } from './mesh-transactions.ts'

/** A walk over so many operations is nothing one feels. chosen. */
const blockClocks = 4096
/** A client with more operations than its blocks could hold is hashed as one: bounds what a made-up clock costs. chosen. */
const maxBlocks = 2 ** 14
/** Deletions shorter than this go into the hash as they are. chosen: hashing them first would cost more. */
const plainBytes = 48
const digestBytes = 16

interface ClientPart {
  /** Of the client when it was last looked at. */
  clock: number
  /** What is deleted, by block; undefined: nothing. */
  readonly blocks: (Uint8Array | undefined)[]
  readonly stale: Set<number>
  /** What it adds to the whole. */
  bytes: Uint8Array
}

export class DocDigest {
  readonly #doc: YDoc
  readonly #watch: TransactionWatch
  readonly #parts = new Map<number, ClientPart>()
  /** All clients, in order. */
  #order: number[] = []
  #value: Uint8Array | undefined

  constructor(doc: YDoc) {
    this.#doc = doc
    this.#watch = new TransactionWatch(doc, ({ deleteSet }) => {
      this.#value = undefined
      for (const [client, ranges] of deleteSet.clients) {
        const part = this.#parts.get(client)
        if (part === undefined) continue
        for (const { clock, len } of ranges) markStale(part, clock, Math.min(clock + len, part.clock))
      }
    })
  }

  /** 16 bytes. Costs a pass over the clients, and a walk over those blocks of theirs in which something changed. */
  value(): Uint8Array {
    this.#watch.flush()
    this.#value ??= this.#digest()
    return this.#value
  }

  close(): void {
    this.#watch.close()
  }

  #digest(): Uint8Array {
    for (const [client, structs] of this.#doc.store.clients) this.#refresh(client, structs)
    if (this.#order.length !== this.#parts.size) this.#order = [...this.#parts.keys()].sort((a, b) => a - b)
    const encoder = createEncoder()
    for (const client of this.#order) writeUint8Array(encoder, this.#parts.get(client)!.bytes)
    return hash(encoder)
  }

  #refresh(client: number, structs: readonly Struct[]): void {
    const clock = clockAfter(structs)
    let part = this.#parts.get(client)
    if (part === undefined) {
      part = { clock: 0, blocks: [], stale: new Set(), bytes: new Uint8Array() }
      this.#parts.set(client, part)
    }
    if (clock === part.clock && part.stale.size === 0) return
    const known = part.clock
    part.clock = clock
    if (isWhole(part)) {
      part.blocks[0] = deletedIn(structs, 0, clock)
      part.blocks.length = 1
    } else {
      markStale(part, known, clock)
      for (const block of part.stale) {
        const from = block * blockClocks
        part.blocks[block] = deletedIn(structs, from, Math.min(from + blockClocks, clock))
      }
    }
    part.stale.clear()
    part.bytes = partBytes(client, part)
  }
}

export function clockAfter(structs: readonly Struct[] | undefined): number {
  const last = structs?.at(-1)
  return last === undefined ? 0 : last.id.clock + last.length
}

const isWhole = (part: ClientPart): boolean => part.clock > blockClocks * maxBlocks

function markStale(part: ClientPart, from: number, to: number): void {
  if (isWhole(part)) return void part.stale.add(0)
  for (let block = Math.floor(from / blockClocks); block * blockClocks < to; block++) part.stale.add(block)
}

/** Maximal deleted ranges between two clocks (as a hash where they are many); undefined where there is none. */
function deletedIn(structs: readonly Struct[], from: number, to: number): Uint8Array | undefined {
  let encoder: Encoder | undefined
  let start = -1
  const endRange = (end: number): void => {
    if (start < 0) return
    encoder ??= createEncoder()
    writeVarUint(encoder, start - from)
    writeVarUint(encoder, end - start)
    start = -1
  }
  for (let i = findIndexSS(structs as Struct[], from); i < structs.length; i++) {
    const { id, deleted } = structs[i]!
    if (id.clock >= to) break
    if (!deleted) endRange(id.clock)
    else if (start < 0) start = Math.max(id.clock, from)
  }
  endRange(to)
  if (encoder === undefined) return undefined
  const plain = length(encoder) < plainBytes
  // The first byte keeps the two forms apart.
  return Uint8Array.of(plain ? 0 : 1, ...(plain ? toUint8Array(encoder) : hash(encoder)))
}

function partBytes(client: number, part: ClientPart): Uint8Array {
  const deleted = createEncoder()
  part.blocks.forEach((bytes, block) => {
    if (bytes === undefined) return
    writeVarUint(deleted, block)
    writeVarUint(deleted, bytes.length)
    writeUint8Array(deleted, bytes)
  })
  const encoder = createEncoder()
  writeVarUint(encoder, client)
  writeVarUint(encoder, part.clock)
  const some = length(deleted) > 0
  writeVarUint(encoder, some ? 1 : 0)
  if (some) writeUint8Array(encoder, hash(deleted))
  return toUint8Array(encoder)
}

const hash = (encoder: Encoder): Uint8Array => sha256(toUint8Array(encoder)).slice(0, digestBytes)
