import { describe, expect, it } from 'vitest'
import { compareTimes, isAhead, merge, startOfTime, tick } from '../../core/base/hlc.ts'
import { limits } from '../../core/base/limits.ts'

const wallMs = 1_700_000_000_000

describe('the hybrid clock', () => {
  it('follows the wall clock where that is ahead', () => {
    expect(tick(startOfTime, wallMs)).toEqual({ ms: wallMs, counter: 0 })
  })

  it('counts events within a millisecond, and goes on when the wall clock stands still or runs back', () => {
    let time = tick(startOfTime, wallMs)
    for (let i = 0; i < 5; i++) {
      const next = tick(time, wallMs - i)
      expect(compareTimes(next, time)).toBeGreaterThan(0)
      time = next
    }
    expect(time).toEqual({ ms: wallMs, counter: 5 })
  })

  it('carries a full counter into the millisecond', () => {
    expect(tick({ ms: wallMs, counter: 0xffff }, wallMs)).toEqual({ ms: wallMs + 1, counter: 0 })
  })

  it('puts what is written after reading behind what was read', () => {
    const remote = { ms: wallMs + 5_000, counter: 7 }
    const mine = tick(merge(startOfTime, remote, wallMs), wallMs)
    expect(compareTimes(mine, remote)).toBeGreaterThan(0)
  })

  it('never takes over a clock that is too far ahead', () => {
    const remote = { ms: wallMs + limits.maxClockAheadMs + 1, counter: 0 }
    expect(isAhead(remote, wallMs)).toBe(true)
    expect(merge(startOfTime, remote, wallMs)).toBe(startOfTime)
    expect(isAhead({ ms: wallMs + limits.maxClockAheadMs, counter: 0 }, wallMs)).toBe(false)
  })

  it('gives up its own lead when the wall clock was set back by more than that', () => {
    expect(tick({ ms: wallMs + limits.maxClockAheadMs + 1, counter: 3 }, wallMs)).toEqual({
      ms: wallMs,
      counter: 0,
    })
  })
})
