// What an update means to a document whose state is known, told from the update's scan alone: whether anything
// would be left pending, whether it is news, and what state a list of updates leads to.

import type { ClockOf, UpdateScan } from './update-scan.ts'

/**
 * True where a document whose state is `clockOf` would be left with pending structs or deletions by applying the
 * update: something comes before it, or is referred to, that is neither held nor in it; or it goes in circles.
 */
export function missingFor(scan: UpdateScan, clockOf: ClockOf): boolean {
  const plan = new Plan(scan, clockOf)
  return !plan.works() || scan.deletes.some(({ client, to }) => to > plan.heldAfter(client))
}

/**
 * `yes`: it has operations that are not held. `perhaps`: only deletions could be new, and clocks do not tell
 * which deletions are held. `no`: nothing in it is new.
 */
export function isNews(scan: UpdateScan, clockOf: ClockOf): 'yes' | 'perhaps' | 'no' {
  if (scan.ranges.some(({ client, to }) => to > clockOf(client))) return 'yes'
  return scan.deletes.length > 0 ? 'perhaps' : 'no'
}

/**
 * True where the document holds the beginning of a run and not its end. Such an update goes through Y.diffUpdate
 * with the document's vector before it is applied: where what is held was collected as garbage and the update was
 * written by somebody hostile, Yjs throws at a struct of which it holds a part.
 */
export function isPartlyHeld(scan: UpdateScan, clockOf: ClockOf): boolean {
  return scan.ranges.some(({ client, from, to }) => {
    const held = clockOf(client)
    return from < held && held < to
  })
}

/** The state that a list of updates leads to, one by one, before any is applied. */
export class Horizon {
  readonly #held: ClockOf
  readonly #taken = new Map<number, number>()

  /** `held` is asked again and again: the document must stay as it is for as long as this lives. */
  constructor(held: ClockOf) {
    this.#held = held
  }

  /** As `held`, with what was taken since. */
  readonly clockOf: ClockOf = (client) => this.#taken.get(client) ?? this.#held(client)

  /** Counts an update as applied; false, and nothing counted, where something is missing for it. */
  take(scan: UpdateScan): boolean {
    if (missingFor(scan, this.clockOf)) return false
    for (const { client, to } of scan.ranges) {
      if (to > this.clockOf(client)) this.#taken.set(client, to)
    }
    return true
  }
}

/** One client's needs, in the order in which they must be met. */
interface Track {
  /** Of the need that comes next, and behind the last, in `scan.needs`. */
  next: number
  end: number
  /** Behind its last run. */
  to: number
  /** Somebody's need is being sought here. */
  busy: boolean
}

/** Takes an update in as Yjs does, with nothing but clocks: whoever needs another client goes on there first. */
class Plan {
  readonly #needs: readonly number[]
  readonly #clockOf: ClockOf
  readonly #tracks = new Map<number, Track>()

  constructor(scan: UpdateScan, clockOf: ClockOf) {
    this.#needs = scan.needs
    this.#clockOf = clockOf
    let next = 0
    for (const { client, to } of scan.ranges) {
      const track = this.#tracks.get(client) ?? { next, end: next, to, busy: false }
      track.to = to
      while (this.#needs[next] === client) next += 4
      track.end = next
      this.#tracks.set(client, track)
    }
  }

  /** Whether every operation can be taken in. */
  works(): boolean {
    for (const track of this.#tracks.values()) if (!this.#follow(track)) return false
    return true
  }

  heldAfter(client: number): number {
    return Math.max(this.#clockOf(client), this.#tracks.get(client)?.to ?? 0)
  }

  /** Meets all needs of a track, and on the way those they rest on. Each need is left behind once: linear. */
  #follow(start: Track): boolean {
    const path = [{ track: start, until: Infinity }]
    for (let place = path.at(-1); place; place = path.at(-1)) {
      const { track, until } = place
      const at = this.#nextAt(track)
      if (at >= until) {
        track.busy = false
        path.pop()
        continue
      }
      const of = this.#needs[track.next + 2] ?? 0
      const clock = this.#needs[track.next + 3] ?? 0
      const other = this.#tracks.get(of)
      if (clock < this.#clockOf(of)) {
        track.next += 4
      } else if (!other || other === track || clock >= other.to) {
        // Not in the update. (Its own predecessor never is: a run begins where the update has a hole.)
        return false
      } else if (clock < this.#nextAt(other)) {
        track.next += 4
      } else if (other.busy) {
        // Somebody on the path waits for what waits for it.
        return false
      } else {
        track.busy = true
        path.push({ track: other, until: clock + 1 })
      }
    }
    return true
  }

  /** The operation that has the next need; what is before it can be taken in. Infinity: no more needs. */
  #nextAt(track: Track): number {
    return track.next < track.end ? (this.#needs[track.next + 1] ?? Infinity) : Infinity
  }
}
