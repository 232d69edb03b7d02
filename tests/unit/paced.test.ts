// What is costly and asked for often, and what a program is told of storage that fails.

import { beforeEach, describe, expect, test } from 'vitest'
import { MeshError } from '../../core/base/errors.ts'
import type { Clock } from '../../core/base/ports.ts'
import { Paced } from '../../core/paced.ts'
import { StorageTrouble } from '../../core/storage-trouble.ts'

describe('Paced', () => {
  let nowMs: number
  let alarms: { atMs: number; ring: () => void }[]
  let runs: number[]
  let paced: Paced

  const clock: Clock = {
    now: () => ({ monotonicMs: nowMs, wallMs: nowMs }),
    alarm: (atMs, ring) => {
      const alarm = { atMs, ring }
      alarms.push(alarm)
      return () => void (alarms = alarms.filter((each) => each !== alarm))
    },
  }
  const passTo = (ms: number): void => {
    nowMs = ms
    const due = alarms.filter(({ atMs }) => atMs <= nowMs)
    alarms = alarms.filter((alarm) => !due.includes(alarm))
    for (const { ring } of due) ring()
  }

  beforeEach(() => {
    nowMs = 0
    alarms = []
    runs = []
    paced = new Paced(clock, 100, () => runs.push(nowMs))
  })

  test('runs at once, then once for all that fell due within the interval', () => {
    for (let i = 0; i < 5; i++) paced.due()
    expect(runs).toEqual([0])
    passTo(99)
    expect(runs).toEqual([0])
    passTo(100)
    expect(runs).toEqual([0, 100])
    passTo(1000)
    expect(runs).toEqual([0, 100])
    paced.due()
    expect(runs).toEqual([0, 100, 1000])
  })

  test('once stopped it neither runs nor waits', () => {
    paced.due()
    paced.due()
    paced.stop()
    expect(alarms).toEqual([])
    paced.due()
    passTo(1000)
    expect(runs).toEqual([0])
  })
})

describe('StorageTrouble', () => {
  const full = new MeshError('storage-full', 'no room')
  const busy = new MeshError('storage-busy', 'held by another tab')

  test('the same failure is news once, until a write succeeds', () => {
    const trouble = new StorageTrouble()
    expect([trouble.isNews(full), trouble.isNews(full), trouble.isNews(busy)]).toEqual([true, false, true])
    trouble.written(undefined)
    expect(trouble.isNews(busy)).toBe(true)
  })

  test('a storage that fails in two ways by turns is news once for each, and again after it worked', () => {
    const trouble = new StorageTrouble()
    const news = () => [full, busy, full, busy].map((problem) => trouble.isNews(problem))
    expect(news()).toEqual([true, true, false, false])
    trouble.written(undefined)
    expect(news()).toEqual([true, true, false, false])
  })

  test('other errors are always news', () => {
    const trouble = new StorageTrouble()
    const left = new MeshError('left', 'left')
    expect([trouble.isNews(left), trouble.isNews(left)]).toEqual([true, true])
  })

  test('full from the first write that found no room until one that succeeds, whatever fails between', () => {
    const trouble = new StorageTrouble()
    expect([trouble.written(busy), trouble.full]).toEqual([false, false])
    expect([trouble.written(full), trouble.full]).toEqual([true, true])
    expect([trouble.written(busy), trouble.full]).toEqual([false, true])
    expect([trouble.written(undefined), trouble.full]).toEqual([true, false])
  })
})
