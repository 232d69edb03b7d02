// The hybrid clock against a model: whatever happens to the wall clock and whatever others say, what it gives out goes
// forward, stays near the wall clock, and takes over nothing that is more than a minute ahead.

import { fc } from '../support/properties.ts'
import { expect, test } from 'vitest'
import { compareTimes, type HybridTime, isAhead, merge, startOfTime, tick } from '../../core/base/hlc.ts'
import { limits } from '../../core/base/limits.ts'

interface Model {
  wallMs: number
  /** The greatest that was ever believable: wall clocks seen, and what was read within bounds. */
  highest: HybridTime
}
interface Real {
  last: HybridTime
}

const later = (a: HybridTime, b: HybridTime): HybridTime => (compareTimes(a, b) >= 0 ? a : b)

class Write implements fc.Command<Model, Real> {
  check = (): boolean => true
  run(model: Model, real: Real): void {
    const before = real.last
    real.last = tick(before, model.wallMs)
    // Only where the wall clock was set back by more than the bound does it give its lead up.
    if (!isAhead(before, model.wallMs)) expect(compareTimes(real.last, before)).toBeGreaterThan(0)
    expect(real.last.ms).toBeGreaterThanOrEqual(Math.floor(model.wallMs))
    expect(real.last.ms).toBeLessThanOrEqual(model.wallMs + limits.maxClockAheadMs + 1)
    expect(real.last.counter).toBeLessThanOrEqual(0xffff)
    expect(real.last.ms).toBeLessThanOrEqual(Math.max(model.highest.ms + 1, model.wallMs))
    model.highest = later(model.highest, real.last)
  }
  toString = (): string => 'write'
}

class Read implements fc.Command<Model, Real> {
  readonly aheadMs: number
  readonly counter: number
  constructor(aheadMs: number, counter: number) {
    this.aheadMs = aheadMs
    this.counter = counter
  }
  check = (): boolean => true
  run(model: Model, real: Real): void {
    const remote = { ms: Math.max(0, Math.floor(model.wallMs) + this.aheadMs), counter: this.counter }
    const before = real.last
    real.last = merge(before, remote, model.wallMs)
    if (this.aheadMs > limits.maxClockAheadMs) expect(real.last).toBe(before)
    else {
      expect(real.last).toEqual(later(before, remote))
      model.highest = later(model.highest, remote)
    }
    expect(compareTimes(real.last, before)).toBeGreaterThanOrEqual(0)
    expect(merge(real.last, remote, model.wallMs)).toBe(real.last)
  }
  toString = (): string => `read ${this.aheadMs} ms ahead, ${this.counter}`
}

class Pass implements fc.Command<Model, Real> {
  readonly ms: number
  constructor(ms: number) {
    this.ms = ms
  }
  check = (): boolean => true
  run(model: Model): void {
    model.wallMs = Math.max(0, model.wallMs + this.ms)
  }
  toString = (): string => `wall clock ${this.ms} ms on`
}

const minute = limits.maxClockAheadMs
const commands = [
  fc.constant(new Write()),
  fc
    .tuple(
      fc.oneof(fc.integer({ min: -minute, max: minute }), fc.constantFrom(minute, minute + 1, 1e12)),
      fc.integer({ min: 0, max: 0xffff }),
    )
    .map(([ahead, counter]) => new Read(ahead, counter)),
  fc
    .oneof(
      fc.integer({ min: 0, max: 1000 }),
      fc.integer({ min: -3 * minute, max: 3 * minute }),
      fc.double({ min: 0, max: 2, noNaN: true }),
    )
    .map((ms) => new Pass(ms)),
]

test('whatever the wall clock does and whatever is read, what is written goes forward and stays within a minute', () => {
  fc.assert(
    fc.property(fc.commands(commands, { maxCommands: 60, size: 'max' }), (all) => {
      fc.modelRun(
        () => ({ model: { wallMs: 1_700_000_000_000, highest: startOfTime }, real: { last: startOfTime } }),
        all,
      )
    }),
    { numRuns: 500 },
  )
})

test('what is read merges alike in any order, once or many times', () => {
  const time = fc.record({ ms: fc.integer({ min: 0, max: 3 * minute }), counter: fc.nat(3) })
  const wallMs = minute
  fc.assert(
    fc.property(fc.array(time, { maxLength: 8 }), fc.nat(), (all, turn) => {
      const read = (times: readonly HybridTime[]): HybridTime =>
        times.reduce((last, each) => merge(last, each, wallMs), startOfTime)
      const at = turn % Math.max(1, all.length)
      const turned = [...all.slice(at), ...all.slice(0, at)].toReversed()
      expect(read(turned)).toEqual(read(all))
      expect(read([...all, ...turned])).toEqual(read(all))
    }),
  )
})
