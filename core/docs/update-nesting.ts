// How deep the types of an update lie inside each other. Yjs deletes and collects by recursion, and tells every
// ancestor of every type that changed: types nested by the thousand overflow its stack, or fill the memory. An
// item names its parent only where it has no neighbour, so its place is found by following neighbours.

import type { ClockOf, UpdateScan } from './update-scan.ts'

/** Types inside types. chosen: deleting overflows the stack at about 2,500 maps in Node 20; ours is a tenth. */
export const maxNesting = 256

/** Runs of structs in one and the same parent, or in none. */
export interface Places {
  /**
   * Five numbers a run: `client, from, of, clock, deeper`: from operation `from` of `client` on, to the client's
   * next run: beside (`deeper` 0) or inside (1) operation `clock` of `of`; `of` -1: in a type at the root.
   * Ascending within a client, clients as in `UpdateScan.ranges`. Holes are passed over: what is in one must be held.
   */
  readonly runs: readonly number[]
  /** How many runs are inside something: the update cannot nest deeper than that. */
  readonly inner: number
}

const atRoot = -1
const width = 5

/** Takes the structs down in their order; those that continue a run cost nothing. */
export class PlacesWriter {
  readonly #runs: number[] = []
  #client = -1
  #from = 0
  #atRoot = false
  #inner = 0

  atRoot(client: number, clock: number): void {
    if (client !== this.#client || !this.#atRoot) this.#push(client, clock, atRoot, 0, 0)
  }

  beside(client: number, clock: number, of: number, ofClock: number): void {
    const continues = client === this.#client && of === client && ofClock >= this.#from
    if (!continues) this.#push(client, clock, of, ofClock, 0)
  }

  inside(client: number, clock: number, of: number, ofClock: number): void {
    this.#inner += 1
    this.#push(client, clock, of, ofClock, 1)
  }

  places(): Places {
    return { runs: this.#runs, inner: this.#inner }
  }

  #push(client: number, from: number, of: number, clock: number, deeper: number): void {
    this.#client = client
    this.#from = from
    this.#atRoot = of === atRoot
    this.#runs.push(client, from, of, clock, deeper)
  }
}

/**
 * How deep the deepest struct of an update would lie in a document whose state is `clockOf`, where it lies in a
 * type of the update; 0 at the root; Infinity where structs lie in each other in a circle. `levelOf`: how deep an
 * operation that the document holds lies; asked only for those and for operations that nobody here holds, where
 * any answer will do (the update is missing something).
 */
export function nestingOf(
  scan: UpdateScan,
  clockOf: ClockOf,
  levelOf: (client: number, clock: number) => number,
): number {
  return scan.places.inner === 0 ? 0 : new Levels(scan, clockOf, levelOf).deepest()
}

const unknown = -1
const sought = -2

class Levels {
  readonly #runs: readonly number[]
  readonly #clockOf: ClockOf
  readonly #levelOf: (client: number, clock: number) => number
  /** Of each client: its first run, the one behind its last, and the clock behind that. */
  readonly #clients = new Map<number, { readonly first: number; end: number; to: number }>()
  readonly #levels: Int32Array

  constructor(scan: UpdateScan, clockOf: ClockOf, levelOf: (client: number, clock: number) => number) {
    this.#runs = scan.places.runs
    this.#clockOf = clockOf
    this.#levelOf = levelOf
    this.#levels = new Int32Array(this.#runs.length / width).fill(unknown)
    for (let run = 0; run < this.#levels.length; run += 1) {
      const known = this.#clients.get(this.#at(run, 0))
      if (known) known.end = run + 1
      else this.#clients.set(this.#at(run, 0), { first: run, end: run + 1, to: 0 })
    }
    for (const { client, to } of scan.ranges) {
      const known = this.#clients.get(client)
      if (known) known.to = to
    }
  }

  deepest(): number {
    let deepest = 0
    for (let run = 0; run < this.#levels.length; run += 1) {
      if (this.#levels[run] === unknown && !this.#find(run)) return Infinity
      deepest = Math.max(deepest, this.#levels[run] ?? 0)
    }
    return deepest
  }

  /** Follows a run from neighbour to neighbour to one that is known, and back; false: in a circle. */
  #find(start: number): boolean {
    const path = [start]
    for (let run = path.at(-1); run !== undefined; run = path.at(-1)) {
      const next = this.#target(run)
      const level = next < 0 ? this.#outside(run) : (this.#levels[next] ?? 0)
      if (level === sought) return false
      if (level === unknown) {
        this.#levels[run] = sought
        path.push(next)
      } else {
        this.#levels[run] = level + this.#at(run, 4)
        path.pop()
      }
    }
    return true
  }

  /** The run of the update on whose place this one's depends; -1: none. */
  #target(run: number): number {
    const of = this.#at(run, 2)
    const clock = this.#at(run, 3)
    const there = this.#clients.get(of)
    // What is held stays as it is, whatever the update says about it.
    if (of < 0 || !there || clock >= there.to || clock < this.#clockOf(of)) return -1
    return this.#search(there.first, there.end, clock)
  }

  #outside(run: number): number {
    const of = this.#at(run, 2)
    return of < 0 ? 0 : Math.max(0, this.#levelOf(of, this.#at(run, 3)))
  }

  /** The last run that begins at or before the clock; -1: none does. */
  #search(first: number, end: number, clock: number): number {
    let low = first
    let high = end
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#at(middle, 1) <= clock) low = middle + 1
      else high = middle
    }
    return low > first ? low - 1 : -1
  }

  #at(run: number, field: number): number {
    return this.#runs[run * width + field] ?? 0
  }
}
