// Who is not fit to lead makes room for one who is: nobody leads hidden for minutes, and no mesh is without a leader because
// the next in line cannot store an epoch. (EL3, EL13)

import { limits } from '../../../../core/base/limits.ts'
import type { Entry, Run } from '../history.ts'
import { Disturbance, graceMs } from './disturbance.ts'
import { acquaintedMs, Together } from './together.ts'
import { judged, type EntryOf, type FaultEntry, type Life, type Violation } from './violation.ts'

/** To notice that the store does not take an epoch, to say so, and for the next to claim. */
const vacantMs = 15_000
/** Whose store works again says so after this long at most. */
const fitAgainMs = 60_000
const resignsWithinMs = limits.hiddenResignMs + 15_000

export const checkFitness = (entries: readonly Entry[]): Violation[] => judged(new Judge(entries), entries)

class Judge {
  readonly violations: Violation[] = []
  readonly #together: Together
  readonly #disturbance: Disturbance
  /** By process: hidden since. */
  readonly #hidden = new Map<string, number>()
  /** Processes that were hidden or stood still, or had a slow disk: they may hold back for minutes. */
  readonly #heldBack = new Set<string>()
  /** By process: faults under way that fail its writes, and when the last of them ended. */
  readonly #failing = new Map<string, { readonly faults: Set<number>; endedMs: number }>()
  /** Faults under way that make a disk slow, and when the last of them ended. */
  readonly #slow = new Set<number>()
  #slowUntilMs = -Infinity
  /** By run: what it said last of who leads. */
  readonly #told = new Map<Run, EntryOf<'leader'>>()

  constructor(entries: readonly Entry[]) {
    this.#together = new Together(entries)
    this.#disturbance = new Disturbance(entries)
  }

  take(entry: Entry): void {
    switch (entry.type) {
      case 'faultBegins':
      case 'faultEnds':
        return this.#takeFault(entry)
      case 'leader':
        this.#vacant(entry.run, entry.atMs)
        this.#told.set(entry.run, entry)
        return
      case 'tokenTaken':
        if (entry.role === '') this.#leads(entry.run, entry.atMs)
        return
      case 'ended':
      case 'leaving':
        this.#told.delete(entry.run)
    }
    this.#together.take(entry)
  }

  #takeFault({ type, kind, touched, atMs, fault }: FaultEntry): void {
    if (kind === 'slowDisk' && type === 'faultBegins') this.#slow.add(fault)
    if (type === 'faultEnds' && this.#slow.delete(fault)) this.#slowUntilMs = atMs
    if (/^(freeze|suspend|hide|slowDisk)/.test(kind)) for (const name of touched) this.#heldBack.add(name)
    if (kind.startsWith('storage'))
      for (const name of touched) {
        const failing = this.#failing.get(name) ?? { faults: new Set(), endedMs: atMs }
        this.#failing.set(name, failing)
        failing.endedMs = atMs
        if (type === 'faultBegins') failing.faults.add(fault)
        else failing.faults.delete(fault)
      }
    if (kind !== 'hide') return
    const [name] = touched as readonly [string]
    if (type === 'faultEnds') this.#hidden.delete(name)
    else if (!this.#hidden.has(name)) this.#hidden.set(name, atMs)
  }

  #leads(run: Run, atMs: number): void {
    const life = this.#together.life(run)
    const sinceMs = life && this.#hidden.get(life.name)
    if (
      life === undefined ||
      sinceMs === undefined ||
      atMs < sinceMs + resignsWithinMs ||
      life.fromMs > sinceMs
    )
      return
    const priority = this.#told.get(run)?.own?.priority
    for (const other of this.#together.runs) {
      const theirs = this.#together.life(other)!
      const withMs = this.#together.sinceMs(run, other)
      if (other === run || !this.#isFit(theirs, atMs) || this.#told.get(other)?.own?.priority !== priority)
        continue
      if (withMs === undefined || atMs - withMs < acquaintedMs) continue
      const hiddenS = Math.round((atMs - sinceMs) / 1_000)
      this.#tell('hidden', atMs, `${run} leads hidden for ${hiddenS} s, though ${other} is fit and visible`)
    }
  }

  /** How long was that run without a leader, though it could have led itself? */
  #vacant(run: Run, atMs: number): void {
    const told = this.#told.get(run)
    const life = this.#together.life(run)
    if (told === undefined || told.leader !== undefined || life === undefined) return
    if (atMs < told.atMs + vacantMs || told.own?.seniority === undefined || !this.#isFit(life, told.atMs))
      return
    if (this.#disturbance.touches(life.name, atMs, graceMs + atMs - told.atMs)) return
    // Priority ranks before fitness (EL1): whoever has more of it is waited for, fit or not.
    if ([...this.#told.values()].some(({ own }) => (own?.priority ?? 0) > (told.own?.priority ?? 0))) return
    // Whoever is next and has a slow disk is waited for: it does take the epoch (README of core/election, limits).
    if (this.#slow.size > 0 || this.#slowUntilMs >= told.atMs) return
    const forS = Math.round((atMs - told.atMs) / 1_000)
    this.#tell('vacant', atMs, `${run} had no leader for ${forS} s, and was fit to lead itself`)
  }

  #isFit({ name, volatile, mayLead }: Life, sinceMs: number): boolean {
    const failing = this.#failing.get(name)
    const isFailing =
      failing !== undefined && (failing.faults.size > 0 || sinceMs < failing.endedMs + fitAgainMs)
    return !volatile && mayLead !== false && !this.#heldBack.has(name) && !isFailing
  }

  #tell(checker: string, atMs: number, text: string): void {
    if (this.violations.length === 0) this.violations.push({ checker, atMs, text })
  }
}
