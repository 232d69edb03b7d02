// Stands between bytes from the network and Yjs. It walks an update (encoding V1) once, builds nothing of it, and
// says what it holds, what it needs and what it deletes; or refuses it, where applying would throw, lose part of
// it or hang. With that and a state vector one knows before applying whether anything would be left pending.
//
// An update is: a number of blocks, one a client, each a run of structs from a clock on; then the delete set.
// A struct's first byte is its kind (5 bits) and what follows it: origin, right origin, key.

import { fail, ok, type Result } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { refuse, UpdateReader } from './update-content.ts'
import { maxNesting, nestingOf, type Places, PlacesWriter } from './update-nesting.ts'

export { Horizon, isNews, isPartlyHeld, missingFor } from './update-order.ts'

/** Operations `from` … `to` - 1 of a client. */
export interface ClockRange {
  readonly client: number
  readonly from: number
  readonly to: number
}

export interface UpdateScan {
  /** Runs without a hole, by client in the update's order; ascending within a client, apart by at least one. */
  readonly ranges: readonly ClockRange[]
  /**
   * What must be held before: four numbers each, `client, at, of, clock`: operation `at` of `client` can be taken
   * in once operation `clock` of `of` is held. Grouped by client in the order of `ranges`, ascending by `at`; a
   * need that an earlier one of the same client covers is left out. A run's beginning needs its predecessor.
   */
  readonly needs: readonly number[]
  /** By client in the update's order; ascending and apart within a client. They may reach beyond `ranges`. */
  readonly deletes: readonly ClockRange[]
  /** Where structs stand; `nestingOf` reads it. */
  readonly places: Places
}

/** How many operations of a client are held without a hole; 0 for one never seen. */
export type ClockOf = (client: number) => number

/**
 * Subdocuments in one update. Each becomes a whole Y.Doc, of 1.7 KB in Node 20 where it took 7 bytes here. chosen:
 * about what 1 MiB of the smallest other structs becomes.
 */
export const maxSubdocuments = 16_384

const kindMask = 0b0001_1111
const hasKey = 0b0010_0000
const hasRightOrigin = 0b0100_0000
const hasOrigin = 0b1000_0000

const garbage = 0
const hole = 10

/** Array, map, text, XML element, XML fragment, XML hook, XML text: those with a name of their own. */
const namedTypes: readonly boolean[] = [false, false, false, true, false, true, false]

/**
 * What an update holds; or why it must not be given to Yjs. Never throws; time and memory grow with the bytes and
 * with nothing they claim. The scan keeps no view of `bytes`.
 */
export function scanUpdate(bytes: Uint8Array): Result<UpdateScan> {
  try {
    return ok(new Scanner(bytes).scan())
  } catch (problem) {
    return fail(problem instanceof Error ? problem.message : 'unreadable')
  }
}

class Scanner {
  readonly #reader: UpdateReader
  readonly #ranges: ClockRange[] = []
  readonly #needs: number[] = []
  readonly #deletes: ClockRange[] = []
  readonly #places = new PlacesWriter()
  /** The highest clock that the block under way already needs, by client. */
  readonly #needed = new Map<number, number>()
  #subdocuments = 0
  #client = 0
  #clock = 0
  /** What was referred to last. */
  #of = 0
  #ofClock = 0

  constructor(bytes: Uint8Array) {
    this.#reader = new UpdateReader(bytes)
  }

  scan(): UpdateScan {
    this.#blocks()
    this.#deleteSet()
    if (this.#reader.bytesLeft > 0) refuse('bytes left over')
    const scan: UpdateScan = {
      ranges: this.#ranges,
      needs: this.#needs,
      deletes: this.#deletes,
      places: this.#places.places(),
    }
    if (scan.places.inner > maxNesting) this.#checkNesting(scan)
    return scan
  }

  /** What it refers to outside itself may be deeper: whoever has the document looks again. */
  #checkNesting(scan: UpdateScan): void {
    const nothing = (): number => 0
    if (nestingOf(scan, nothing, nothing) > maxNesting) refuse('types nested too deep')
  }

  #blocks(): void {
    const clients = new Set<number>()
    for (let left = this.#reader.count(); left > 0; left -= 1) {
      const count = this.#reader.count()
      this.#client = this.#reader.uint()
      this.#clock = this.#reader.uint()
      if (count === 0) refuse('empty block')
      // Yjs would keep the last and drop the others.
      if (clients.has(this.#client)) refuse('two blocks of one client')
      clients.add(this.#client)
      if (this.#needed.size > 0) this.#needed.clear()
      this.#block(count)
    }
  }

  #block(count: number): void {
    let from: number | undefined
    for (let left = count; left > 0; left -= 1) {
      const info = this.#reader.byte()
      if (info === hole) {
        this.#endRun(from)
        from = undefined
        this.#advance(this.#length())
      } else {
        from ??= this.#beginRun()
        this.#advance(info === garbage ? this.#length() : this.#item(info))
      }
    }
    this.#endRun(from)
  }

  #beginRun(): number {
    if (this.#clock > 0) this.#needs.push(this.#client, this.#clock, this.#client, this.#clock - 1)
    return this.#clock
  }

  #endRun(from: number | undefined): void {
    if (from !== undefined) this.#ranges.push({ client: this.#client, from, to: this.#clock })
  }

  #advance(length: number): void {
    this.#clock += length
    if (this.#clock > limits.maxDocClock) refuse('clock too large')
  }

  /** How many operations something is; Yjs has none of 0 and cannot find its way around one. */
  #length(): number {
    return this.#reader.uint() || refuse('length of 0')
  }

  /** Its length. */
  #item(info: number): number {
    const reader = this.#reader
    const first = (info & hasOrigin) !== 0
    const second = (info & hasRightOrigin) !== 0
    if (first) this.#beside()
    if (second) {
      if (first) this.#reference()
      else this.#beside()
    }
    if (!first && !second) {
      this.#parent()
      if ((info & hasKey) !== 0) reader.text()
    }
    return this.#content(info & kindMask)
  }

  /** A type at the document's root by its name, or one inside the document by its id. */
  #parent(): void {
    const kind = this.#reader.uint()
    if (kind === 1) {
      this.#reader.text()
      this.#places.atRoot(this.#client, this.#clock)
    } else if (kind === 0) {
      this.#reference()
      this.#places.inside(this.#client, this.#clock, this.#of, this.#ofClock)
    } else refuse('unknown kind of parent')
  }

  /** A neighbour, whose parent is also the item's. */
  #beside(): void {
    this.#reference()
    this.#places.beside(this.#client, this.#clock, this.#of, this.#ofClock)
  }

  #reference(): void {
    const of = this.#reader.uint()
    const clock = this.#reader.uint()
    this.#of = of
    this.#ofClock = clock
    if (clock >= limits.maxDocClock) refuse('clock too large')
    if (of === this.#client) {
      // What is before it in its own run is always there; Yjs looks for the rest without asking and throws.
      if (clock >= this.#clock) refuse('refers to itself or to what comes after it')
      return
    }
    const needed = this.#needed.get(of)
    if (needed !== undefined && needed >= clock) return
    this.#needed.set(of, clock)
    this.#needs.push(this.#client, this.#clock, of, clock)
  }

  /** Skips an item's content; its length. */
  #content(kind: number): number {
    const reader = this.#reader
    switch (kind) {
      case 1: // deleted
        return this.#length()
      case 2:
        return this.#jsonValues()
      case 3: // bytes
        reader.skip(reader.uint())
        return 1
      case 4:
        return reader.text() || refuse('length of 0')
      case 5: // embed
        reader.json()
        return 1
      case 6: // format
        reader.text()
        reader.json()
        return 1
      case 7:
        return this.#type()
      case 8:
        return this.#anyValues()
      case 9:
        return this.#subdocument()
      default:
        return refuse('unknown kind of struct')
    }
  }

  #jsonValues(): number {
    const length = this.#reader.count()
    for (let left = length; left > 0; left -= 1) this.#reader.jsonOrUndefined()
    return length || refuse('length of 0')
  }

  #anyValues(): number {
    const length = this.#reader.count()
    for (let left = length; left > 0; left -= 1) this.#reader.any()
    return length || refuse('length of 0')
  }

  #type(): number {
    const named = namedTypes[this.#reader.uint()] ?? refuse('unknown type')
    if (named) this.#reader.text()
    return 1
  }

  /** Its options become those of a Y.Doc: with a foreign `guid` or `gcFilter` it could not be written again. */
  #subdocument(): number {
    this.#subdocuments += 1
    if (this.#subdocuments > maxSubdocuments) refuse('too many subdocuments')
    const reader = this.#reader
    reader.text()
    reader.options()
    return 1
  }

  #deleteSet(): void {
    const clients = new Set<number>()
    for (let left = this.#reader.count(); left > 0; left -= 1) {
      const client = this.#reader.uint()
      if (clients.has(client)) refuse('two lists of deletions of one client')
      clients.add(client)
      this.#deletionsOf(client)
    }
  }

  #deletionsOf(client: number): void {
    const count = this.#reader.count()
    if (count === 0) refuse('empty list of deletions')
    let last = 0
    for (let left = count; left > 0; left -= 1) {
      const from = this.#reader.uint()
      const to = from + this.#length()
      // Yjs writes them in order, and what is not it would keep pending in a form it cannot read.
      if (from < last) refuse('deletions out of order')
      if (to > limits.maxDocClock) refuse('clock too large')
      last = to
      this.#deletes.push({ client, from, to })
    }
  }
}
