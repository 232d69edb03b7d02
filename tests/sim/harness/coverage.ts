// What a run has been through: which faults were begun and made a difference, and which inputs, effects and events of
// the peers' machines came up. Counted around `Peer.step`, so that the core needs no switch for it.

import { Peer } from '../../../core/peer.ts'
import type { PeerEffect, PeerInput } from '../../../core/peer-io.ts'
import type { Entry } from './history.ts'

export interface Coverage {
  /** By kind: how many were begun, and how many made a difference. */
  readonly faults: Readonly<Record<string, readonly [begun: number, bit: number]>>
  readonly inputs: Readonly<Record<string, number>>
  readonly effects: Readonly<Record<string, number>>
  readonly events: Readonly<Record<string, number>>
  /** Greatest `status().counters` of one peer, summed over peers. */
  readonly counters: Readonly<Record<string, number>>
}

export const noCoverage: Coverage = { faults: {}, inputs: {}, effects: {}, events: {}, counters: {} }

export interface Counting {
  during<T>(run: () => Promise<T>): Promise<T>
  addHistory(entries: readonly Entry[]): void
  result(): Coverage
}

type Counts = Record<string, number>

const add = (counts: Counts, key: string, count = 1): void => {
  counts[key] = (counts[key] ?? 0) + count
}

export function createCoverage(): Counting {
  const [inputs, effects, events, counters]: Counts[] = [{}, {}, {}, {}]
  const faults: Record<string, [number, number]> = {}

  const count = (input: PeerInput, out: readonly PeerEffect[]): void => {
    add(inputs!, input.type)
    for (const effect of out) {
      if (effect.type === 'emit') add(events!, effect.event.event)
      else add(effects!, effect.type)
    }
  }

  return {
    during: async (run) => {
      const { step } = Peer.prototype
      Peer.prototype.step = function counted(input, now) {
        const out = step.call(this, input, now)
        count(input, out)
        return out
      }
      try {
        return await run()
      } finally {
        Peer.prototype.step = step
      }
    },
    addHistory: (entries) => {
      const latest = new Map<string, Extract<Entry, { type: 'observed' }>>()
      for (const entry of entries) {
        if (entry.type === 'faultBegins') (faults[entry.kind] ??= [0, 0])[0]++
        if (entry.type === 'faultBit') (faults[entry.kind] ??= [0, 0])[1]++
        if (entry.type === 'observed') latest.set(entry.run, entry)
      }
      for (const { figures } of latest.values()) {
        for (const [name, value] of Object.entries(figures))
          if (name.startsWith('counted ')) add(counters!, name.slice(8), value)
      }
    },
    result: () => ({ faults, inputs: inputs!, effects: effects!, events: events!, counters: counters! }),
  }
}

const sum = (a: Counts, b: Readonly<Counts>): Counts => {
  const all = { ...a }
  for (const [key, count] of Object.entries(b)) add(all, key, count)
  return all
}

export function addCoverage(a: Coverage, b: Coverage): Coverage {
  const faults: Record<string, readonly [number, number]> = { ...a.faults }
  for (const [kind, [begun, bit]] of Object.entries(b.faults)) {
    const [before, bitBefore] = faults[kind] ?? [0, 0]
    faults[kind] = [before + begun, bitBefore + bit]
  }
  return {
    faults,
    inputs: sum(a.inputs, b.inputs),
    effects: sum(a.effects, b.effects),
    events: sum(a.events, b.events),
    counters: sum(a.counters, b.counters),
  }
}

/** As a table for the terminal. */
export function describeCoverage({ faults, inputs, effects, events, counters }: Coverage): string {
  const lines = ['', 'faults (begun, made a difference)']
  for (const [kind, [begun, bit]] of sorted(faults)) lines.push(`  ${kind.padEnd(26)} ${begun} ${bit}`)
  for (const [title, counts] of Object.entries({ inputs, effects, events, counters })) {
    const zero = Object.entries(counts).filter(([, count]) => count === 0)
    const shown = sorted(counts).filter(([, count]) => count > 0)
    lines.push(`${title}: ${shown.map(([name, count]) => `${name} ${short(count)}`).join(' · ')}`)
    if (zero.length > 0) lines.push(`  never: ${zero.map(([name]) => name).join(', ')}`)
  }
  return lines.join('\n')
}

const sorted = <T>(record: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1))

const short = (count: number): string =>
  count < 10_000
    ? String(count)
    : count < 1e6
      ? `${Math.round(count / 1e3)}k`
      : `${(count / 1e6).toFixed(1)}M`
