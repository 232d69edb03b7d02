// Who is with whom: since when two runs see each other and have a link to each other, without a break. Fed with a history,
// entry by entry.

import type { PeerId } from '../../../../core/base/ids.ts'
import type { Entry, Run } from '../history.ts'
import { livesIn, type Life } from './violation.ts'

/** Together for so long, two have told each other what they know. */
export const acquaintedMs = 5_000

interface Company {
  readonly life: Life
  /** By peer, since when. */
  readonly seen: Map<PeerId, number>
  links: Map<PeerId, number>
}

export class Together {
  readonly #lives: ReadonlyMap<Run, Life>
  readonly #companies = new Map<Run, Company>()
  readonly #runs = new Map<PeerId, Run>()

  constructor(entries: readonly Entry[]) {
    this.#lives = livesIn(entries)
  }

  take(entry: Entry): void {
    if (entry.type === 'joined') {
      const life = this.#lives.get(entry.run)!
      this.#runs.set(life.peer, entry.run)
      this.#companies.set(entry.run, { life, seen: new Map(), links: new Map() })
    }
    // Who leaves is gone for those that judge him.
    if (entry.type === 'ended' || entry.type === 'leaving') this.#companies.delete(entry.run)
    if (entry.type !== 'peerJoined' && entry.type !== 'peerLeft' && entry.type !== 'links') return
    const company = this.#companies.get(entry.run)
    if (company === undefined) return
    const { atMs } = entry
    if (entry.type === 'peerJoined') company.seen.set(entry.peer, company.seen.get(entry.peer) ?? atMs)
    else if (entry.type === 'peerLeft') company.seen.delete(entry.peer)
    else company.links = new Map(entry.peers.map((peer) => [peer, company.links.get(peer) ?? atMs]))
  }

  /** Those that live now. */
  get runs(): Iterable<Run> {
    return this.#companies.keys()
  }

  life(run: Run): Life | undefined {
    return this.#companies.get(run)?.life
  }

  runOf(peer: PeerId): Run | undefined {
    return this.#runs.get(peer)
  }

  /** A process is at it that has not left. */
  lives(peer: PeerId): boolean {
    const run = this.#runs.get(peer)
    return run !== undefined && this.#companies.has(run)
  }

  /** A process was at it, and is not any more. */
  isDead(peer: PeerId): boolean {
    return this.#runs.has(peer) && !this.lives(peer)
  }

  /** Whom a run sees. */
  seenBy(run: Run): PeerId[] {
    return [...(this.#companies.get(run)?.seen.keys() ?? [])]
  }

  sees(run: Run, peer: PeerId): boolean {
    return this.#companies.get(run)?.seen.has(peer) ?? false
  }

  /** Since when without a break; undefined: it does not. */
  seesSinceMs(run: Run, peer: PeerId): number | undefined {
    return this.#companies.get(run)?.seen.get(peer)
  }

  /** A run has a link to that peer, as it says itself. */
  hasLink(run: Run, peer: PeerId): boolean {
    return this.#companies.get(run)?.links.has(peer) ?? false
  }

  /** Since when they see and have links to each other; undefined: they do not. */
  sinceMs(a: Run, b: Run): number | undefined {
    const [one, other] = [this.#companies.get(a), this.#companies.get(b)]
    if (one === undefined || other === undefined) return undefined
    const { peer: mine } = one.life
    const { peer: theirs } = other.life
    const since = [one.seen.get(theirs), one.links.get(theirs), other.seen.get(mine), other.links.get(mine)]
    return since.reduce<number | undefined>(
      (latest, each) => (latest === undefined || each === undefined ? undefined : Math.max(latest, each)),
      0,
    )
  }
}
