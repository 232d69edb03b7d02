// Who may lead: nobody that is still provisional, nobody that came when another led, nobody that ranks below one that is
// there too; and where two meshes become one, in an epoch above both. (EL1, EL4, EL7, OV17, OV18)

import type { PeerId } from '../../../../core/base/ids.ts'
import { limits } from '../../../../core/base/limits.ts'
import type { Entry, Rank, Run } from '../history.ts'
import { Disturbance, graceMs } from './disturbance.ts'
import { acquaintedMs, Together } from './together.ts'
import { judged, type EntryOf, type Life, type Violation } from './violation.ts'

/** An epoch above both sides takes a round of claims and a write; a new leader may have to wait for a handover first. */
const mergedWithinMs = 3 * limits.handoverTimeoutMs
/** Whoever comes alone to a mesh yields when they meet, or never. */
const yieldsWithinMs = 30_000

/** What is known of a run that lives. */
interface Known {
  /** The last that it told. */
  leader: PeerId | undefined
  epoch: number
  own: Rank | undefined
  /** It saw somebody, ever. */
  met: boolean
  /** When it led first: it is a candidate. Infinity: never. */
  ledAtMs: number
  /** It led before it had met anybody. */
  beganAlone: boolean
  /** It came alone to these at that time: they had a leader. */
  came: { readonly atMs: number; readonly leader: Run } | undefined
}

interface OwnClaim {
  readonly epoch: number
  readonly atMs: number
  /** Made against another claim, of one that it may have heard of through others only. */
  readonly merged: boolean
  readonly seen: readonly PeerId[]
}

interface Merging {
  readonly winner: Run
  readonly loser: Run
  readonly epoch: number
  dueMs: number
}

export const checkStanding = (entries: readonly Entry[]): Violation[] => judged(new Judge(entries), entries)

class Judge {
  readonly violations: Violation[] = []
  readonly #together: Together
  readonly #disturbance: Disturbance
  readonly #known = new Map<Run, Known>()
  /** Processes that may be less fit than others for a while. */
  readonly #mayBeUnfit = new Set<string>()
  /** Since when a run leads the mesh without a break. */
  readonly #leadingSinceMs = new Map<Run, number>()
  /** By run: its own claims, and whom it saw then. */
  readonly #claims = new Map<Run, OwnClaim>()
  #merging: Merging[] = []

  constructor(entries: readonly Entry[]) {
    this.#together = new Together(entries)
    this.#disturbance = new Disturbance(entries)
  }

  take(entry: Entry): void {
    this.#checkMerging(entry.atMs)
    if (entry.type === 'faultBegins' && /^(freeze|suspend|hide|storage|slowDisk)/.test(entry.kind))
      for (const name of entry.touched) this.#mayBeUnfit.add(name)
    if (entry.type === 'leader') this.#leads(entry)
    if (entry.type === 'peerJoined') this.#meets(entry.run, entry.peer, entry.atMs)
    if (entry.type === 'joined')
      this.#known.set(entry.run, {
        leader: undefined,
        epoch: 0,
        own: undefined,
        met: false,
        ledAtMs: Infinity,
        beganAlone: false,
        came: undefined,
      })
    if (entry.type === 'ended' || entry.type === 'leaving') {
      this.#known.delete(entry.run)
      this.#leadingSinceMs.delete(entry.run)
    }
    this.#together.take(entry)
  }

  #meets(run: Run, peer: PeerId, atMs: number): void {
    const known = this.#known.get(run)
    if (known === undefined || known.met) return
    known.met = true
    const other = this.#together.runOf(peer)
    const theirs = other === undefined ? undefined : this.#known.get(other)
    const leader = theirs?.leader === undefined ? undefined : this.#together.runOf(theirs.leader)
    if (!known.beganAlone || other === undefined || leader === undefined || leader === run) return
    // A mesh of some standing, and no two that began alone as well and have just met.
    const sinceMs = this.#together.sinceMs(other, leader)
    if (sinceMs !== undefined && atMs - sinceMs > 2 * acquaintedMs) known.came = { atMs, leader }
  }

  #leads(entry: EntryOf<'leader'>): void {
    const { run, leader, epoch, atMs, rank, own } = entry
    const life = this.#together.life(run)
    const known = this.#known.get(run)
    if (life === undefined || known === undefined) return
    if (rank !== undefined && rank.seniority === undefined)
      this.#tell('provisional', atMs, `${run} is led by ${leader?.slice(0, 6)}, which has no seniority yet`)
    const ledUntilNow = known.leader === life.peer
    known.leader = leader
    known.epoch = epoch
    known.own = own
    if (leader !== life.peer) {
      this.#leadingSinceMs.delete(run)
      this.#settlesIn(entry, known)
      this.#follows(entry, ledUntilNow)
    } else {
      known.ledAtMs = Math.min(known.ledAtMs, atMs)
      if (!known.met) known.beganAlone = true
      const merged = entry.reason === 'merged'
      this.#claims.set(run, { epoch, atMs, merged, seen: this.#together.seenBy(run) })
      if (!this.#leadingSinceMs.has(run)) this.#newcomer(entry, life)
      this.#leadingSinceMs.set(run, this.#leadingSinceMs.get(run) ?? atMs)
    }
    this.#outranked(entry)
  }

  /** It has yielded, or the leader of those whom it came to stood still: it may lead them later. */
  #settlesIn({ run, leader, reason }: EntryOf<'leader'>, known: Known): void {
    if (known.came !== undefined && leader === this.#together.life(known.came.leader)?.peer)
      known.came = undefined
    if (reason !== 'stalled') return
    for (const other of this.#known.values()) if (other.came?.leader === run) other.came = undefined
  }

  /** OV17: who came into an undisturbed mesh that was led does not lead while that leader lives. */
  #newcomer({ run, epoch, rank, atMs }: EntryOf<'leader'>, life: Life): void {
    for (const [other, sinceMs] of this.#leadingSinceMs) {
      const before = this.#together.life(other)
      const theirs = this.#known.get(other)?.own
      if (before === undefined || life.fromMs < sinceMs || !this.#isFit(before)) continue
      if ((rank?.priority ?? 0) > (theirs?.priority ?? 0)) continue
      const isQuiet = [life, before].every(({ name }) => !this.#disturbance.touches(name, atMs, Infinity))
      if (!isQuiet || this.#together.sinceMs(run, other) === undefined) continue
      this.#tell(
        'newcomer',
        atMs,
        `${run} leads in epoch ${epoch}, though ${other} led when it came, and lives`,
      )
    }
  }

  /** EL1, EL4: a peer follows nobody who ranks below somebody whom it sees, and who is fit and would lead. */
  #outranked({ run, leader, rank, atMs }: EntryOf<'leader'>): void {
    if (leader === undefined || rank?.seniority === undefined) return
    for (const [other, { own, ledAtMs }] of this.#known) {
      const life = this.#together.life(other)
      if (other === run || life === undefined || life.peer === leader || !this.#isFit(life)) continue
      // Where all are new its place, or what it claims, may still be on its way.
      if (atMs - ledAtMs < acquaintedMs) continue
      if (own?.seniority === undefined || own.priority < rank.priority) continue
      if (own.priority === rank.priority && own.seniority >= rank.seniority) continue
      const sinceMs = this.#together.sinceMs(run, other)
      if (sinceMs === undefined || atMs - sinceMs < acquaintedMs) continue
      const names = [life.name, this.#together.life(run)!.name]
      if (names.some((name) => this.#disturbance.touches(name, atMs, graceMs))) continue
      const text = `${run} follows ${this.#together.runOf(leader) ?? leader.slice(0, 6)}, which ranks below ${other}`
      this.#tell('rank', atMs, text)
    }
  }

  /** EL7, OV18: somebody follows another. */
  #follows({ run, leader, epoch, atMs }: EntryOf<'leader'>, ledUntilNow: boolean): void {
    const winner = leader === undefined ? undefined : this.#together.runOf(leader)
    if (winner === undefined) return
    const came = this.#known.get(winner)?.came
    if (came !== undefined && atMs - came.atMs < yieldsWithinMs) this.#yields(winner, run, came.leader, atMs)
    const [theirs, mine] = [this.#claims.get(winner), this.#claims.get(run)]
    const life = this.#together.life(run)
    if (!ledUntilNow || theirs === undefined || mine === undefined || life === undefined) return
    // Each claimed when it did not know of the other, and not all by itself: what a lone peer claims is void.
    if (theirs.epoch !== epoch || mine.seen.includes(leader!) || theirs.seen.includes(life.peer)) return
    if (theirs.merged && theirs.atMs > mine.atMs && theirs.epoch > mine.epoch) return
    if (mine.seen.length === 0 || Math.abs(theirs.epoch - mine.epoch) > limits.maxEpochJump / 4) return
    this.#merging.push({ winner, loser: run, epoch, dueMs: atMs + mergedWithinMs })
  }

  #yields(lone: Run, follower: Run, leader: Run, atMs: number): void {
    const [before, after] = [this.#known.get(leader), this.#known.get(lone)]
    const life = this.#together.life(leader)
    if (life === undefined || !this.#isFit(life) || !this.#together.sees(follower, life.peer)) return
    if ((after?.own?.priority ?? 0) > (before?.own?.priority ?? 0)) return
    this.#tell('lone', atMs, `${follower} follows ${lone}, which came alone to the mesh of ${leader}`)
  }

  #checkMerging(nowMs: number): void {
    if (this.#merging.length === 0) return
    for (const merging of this.#merging) {
      const { winner, loser, epoch } = merging
      if (merging.dueMs > nowMs) continue
      // It may elect somebody of whose death it has not heard: until then it claims nothing.
      if (this.#together.seenBy(winner).some((peer) => this.#together.isDead(peer)))
        merging.dueMs = nowMs + mergedWithinMs
      if (merging.dueMs > nowMs) continue
      const life = this.#together.life(winner)
      const [first, second] = [this.#known.get(winner), this.#known.get(loser)]
      if (life === undefined || first?.epoch !== epoch || second?.epoch !== epoch) continue
      if (first.leader !== life.peer || second.leader !== life.peer) continue
      // Whoever stood still came back as a newcomer, and claims nothing any more.
      if ([winner, loser].some((run) => !this.#isFit(this.#together.life(run)!))) continue
      const sinceMs = this.#together.sinceMs(winner, loser)
      const names = [life.name, this.#together.life(loser)!.name]
      if (sinceMs === undefined || nowMs - sinceMs < mergedWithinMs) continue
      if (names.some((name) => this.#disturbance.touches(name, nowMs, acquaintedMs))) continue
      this.#tell(
        'merged',
        nowMs,
        `${loser} led apart, and follows ${winner} in the epoch it had before, ${epoch}`,
      )
    }
    this.#merging = this.#merging.filter(({ dueMs }) => dueMs > nowMs)
  }

  /** Nothing was done to it that costs rank, and what it writes outlives it. */
  #isFit({ name, volatile }: Life): boolean {
    return !volatile && !this.#mayBeUnfit.has(name)
  }

  #tell(checker: string, atMs: number, text: string): void {
    if (this.violations.some((each) => each.text === text)) return
    this.violations.push({ checker, atMs, text })
  }
}
