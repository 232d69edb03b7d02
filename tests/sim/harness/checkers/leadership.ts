// One acts at a time among those that are together: an epoch is used once, duties of one role do not overlap, nobody acts
// after it was replaced. (promise 4, EL2, EL8, EL12)

import type { PeerId } from '../../../../core/base/ids.ts'
import { limits } from '../../../../core/base/limits.ts'
import type { Entry, Run } from '../history.ts'
import { Disturbance, graceMs } from './disturbance.ts'
import { acquaintedMs, Together } from './together.ts'
import { judged, type EntryOf, type FaultEntry, type Life, type Violation } from './violation.ts'

/** For a word to be on its way, and for whoever is woken to look at his clock. */
const underWayMs = 500

interface Duty {
  readonly run: Run
  readonly epoch: number
  readonly sinceMs: number
}

interface Still {
  readonly fromMs: number
  readonly toMs: number
}

export function checkLeadership(entries: readonly Entry[]): Violation[] {
  const judge = new Judge(entries)
  const violations = judged(judge, entries)
  judge.finish(entries.at(-1)?.atMs ?? 0)
  return violations
}

class Judge {
  readonly violations: Violation[] = []
  readonly #together: Together
  readonly #disturbance: Disturbance
  /** By role: the duties that run. */
  readonly #duties = new Map<string, Map<Run, Duty>>()
  /** By disk or mesh, role and epoch: who began a duty in it. */
  readonly #used = new Map<string, Run>()
  /** By role: the first token admitted of each epoch. */
  readonly #admitted = new Map<string, Map<number, EntryOf<'token'>>>()
  /** Who stands still, and since when; or woke just now. */
  readonly #still = new Map<string, number>()
  readonly #woke = new Map<string, Still>()
  readonly #told = new Set<string>()
  constructor(entries: readonly Entry[]) {
    this.#together = new Together(entries)
    this.#disturbance = new Disturbance(entries)
  }

  take(entry: Entry): void {
    switch (entry.type) {
      case 'faultBegins':
      case 'faultEnds':
        return this.#takeFault(entry)
      case 'dutyBegins':
        return this.#begins(entry)
      case 'dutyEnds':
        this.#ends(entry.role, entry.run, entry.atMs)
        return
      case 'tokenTaken':
        return this.#acts(entry)
      case 'token': {
        const epochs = this.#admitted.get(entry.role) ?? new Map<number, EntryOf<'token'>>()
        this.#admitted.set(entry.role, epochs)
        if (entry.admitted && !epochs.has(entry.epoch)) epochs.set(entry.epoch, entry)
        return
      }
      case 'leaving':
      case 'ended':
        for (const role of this.#duties.keys()) this.#ends(role, entry.run, entry.atMs)
    }
    this.#together.take(entry)
  }

  /** Duties that run to the end ran until then. */
  finish(atMs: number): void {
    for (const [role, running] of this.#duties)
      for (const run of [...running.keys()]) this.#ends(role, run, atMs)
  }

  #takeFault({ type, kind, touched, atMs }: FaultEntry): void {
    if (kind !== 'freeze' && kind !== 'suspend') return
    // The first of those touched is the one that stands still.
    const [name] = touched as readonly [string]
    const fromMs = this.#still.get(name)
    if (type === 'faultBegins') this.#still.set(name, fromMs ?? atMs)
    else if (fromMs !== undefined) {
      this.#still.delete(name)
      this.#woke.set(name, { fromMs, toMs: atMs })
    }
  }

  // ------------------------------------------------------------------------------------------ duties

  #begins({ run, role, epoch, atMs }: EntryOf<'dutyBegins'>): void {
    this.#usedOnce(run, role, epoch, atMs)
    const running = this.#duties.get(role) ?? new Map<Run, Duty>()
    this.#duties.set(role, running.set(run, { run, epoch, sinceMs: atMs }))
  }

  #usedOnce(run: Run, role: string, epoch: number, atMs: number): void {
    const life = this.#together.life(run)
    if (life === undefined) return
    const key = `${role} ${epoch}`
    const before = this.#used.get(key)
    this.#used.set(key, run)
    if (before === undefined || before === run) return
    if (!this.#areClose(run, before, atMs, graceMs)) return
    this.#tell(
      'epochs',
      atMs,
      `${run} leads '${role}' in epoch ${epoch}, in which ${before} did, and they are linked`,
    )
  }

  #ends(role: string, run: Run, atMs: number): void {
    const running = this.#duties.get(role)
    const mine = running?.get(run)
    if (mine === undefined) return
    running!.delete(run)
    for (const other of running!.values()) this.#overlaps(role, mine, other, atMs)
  }

  /** Two that are together and undisturbed hand over: the second begins when the first is over, or out of time. */
  #overlaps(role: string, a: Duty, b: Duty, atMs: number): void {
    const fromMs = Math.max(a.sinceMs, b.sinceMs)
    const allowedMs = this.#areClose(a.run, b.run, fromMs, graceMs)
      ? underWayMs / 100
      : limits.handoverTimeoutMs + underWayMs
    if (atMs - fromMs <= allowedMs || !this.#areClose(a.run, b.run, fromMs, acquaintedMs)) return
    this.#tell(
      'overlap',
      atMs,
      `'${role}' was run by ${a.run} in epoch ${a.epoch} and ${b.run} in ${b.epoch} for ${Math.round(atMs - fromMs)} ms together`,
    )
  }

  /** Does nobody go on that was replaced: not among those that are together, and not after a stall? */
  #acts({ run, role, epoch, atMs }: EntryOf<'tokenTaken'>): void {
    const life = this.#together.life(run)
    if (life === undefined) return
    for (const [higher, token] of this.#admitted.get(role) ?? []) {
      // What is so far above was forged, and is believed by whom it leads only in time (EL6).
      if (higher <= epoch || higher - epoch > limits.maxEpochJump / 4 || token.run === run) continue
      const still = this.#stillness(life, atMs)
      // Whoever came back from it as a newcomer, and met nobody, may lead anew.
      const sinceMs = this.#duties.get(role)?.get(run)?.sinceMs ?? Infinity
      const stoodStill = still !== undefined && token.atMs > still.fromMs && sinceMs < still.fromMs
      const isLate = token.atMs < atMs - limits.handoverTimeoutMs - underWayMs
      if (!stoodStill && !(isLate && this.#areClose(run, token.run, atMs, acquaintedMs))) continue
      this.#tell(
        'acts late',
        atMs,
        `${run} acts as '${role}' in epoch ${epoch}, after ${token.run} did in ${higher}`,
      )
    }
  }

  /** Of whoever wakes just now: from when on it stood still, if for so long that its own clock must show it. */
  #stillness({ name, fromMs }: Life, atMs: number): Still | undefined {
    const since = this.#still.get(name)
    const still = since === undefined ? this.#woke.get(name) : { fromMs: since, toMs: atMs }
    if (still === undefined || still.fromMs < fromMs || atMs - still.toMs > underWayMs) return undefined
    return still.toMs - still.fromMs > 2 * limits.stallMs ? still : undefined
  }

  // -------------------------------------------------------------------------------------------- tools

  /**
   * Together for a while, and nothing was done to either for `quietMs`; and nobody that either sees takes a dead peer for a
   * live one, whom it may elect, nor does one alone see somebody it has no link to (of one in another part of the mesh that
   * has lost its server, each lets go in its own time): duties may overlap while views differ (EL16).
   */
  #areClose(a: Run, b: Run, atMs: number, quietMs: number): boolean {
    const sinceMs = this.#together.sinceMs(a, b)
    if (sinceMs === undefined || atMs - sinceMs < Math.min(acquaintedMs, quietMs)) return false
    if (this.#seesAlone(a, b) || this.#seesAlone(b, a)) return false
    return [a, b].every((run) => {
      const seen = this.#together.seenBy(run).map((peer) => this.#together.runOf(peer))
      const views = [run, ...seen.filter((other) => other !== undefined)]
      if (views.some((each) => this.#together.seenBy(each).some((peer) => !this.#together.lives(peer))))
        return false
      const life = this.#together.life(run)!
      return !this.#disturbance.touches(life.name, atMs, quietMs)
    })
  }

  /** Knows somebody by hearsay alone whom the other does not: it may follow that one for as long as it takes to find out. */
  #seesAlone(run: Run, other: Run): boolean {
    const isLinked = (peer: PeerId): boolean => this.#together.hasLink(run, peer)
    const others = this.#together.seenBy(run).filter((peer) => this.#together.runOf(peer) !== other)
    return others.some((peer) => !isLinked(peer) && !this.#together.sees(other, peer))
  }

  #tell(checker: string, atMs: number, text: string): void {
    if (this.#told.has(text)) return
    this.#told.add(text)
    this.violations.push({ checker, atMs, text })
  }
}
