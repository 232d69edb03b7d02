// When a living tab gives its rank away, and when it may have it back.

import { describe, expect, test } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import { Fitness, fitterLives } from '../../core/election/resign.ts'
import { alice, bob, candidate } from './election-story.ts'

const fitness = (options = {}) => new Fitness({ durable: true, hidden: false, nowMs: 0, ...options })

describe('EL13 a tab resigns, and holds back', () => {
  test('EL13 being hidden alone changes nothing, however long', () => {
    const tab = fitness()
    tab.step({ type: 'visibility', hidden: true }, 0)
    expect(tab.deadlineMs).toBeUndefined()
    tab.step({ type: 'tick' }, 10 * limits.hiddenResignMs)
    expect(tab.fit).toBe(true)
  })

  test('EL13 hidden for five minutes while a fitter peer lives, it resigns', () => {
    const tab = fitness()
    tab.step({ type: 'view', fitterLives: true }, 0)
    tab.step({ type: 'visibility', hidden: true }, 1000)
    expect(tab.deadlineMs).toBe(1000 + limits.hiddenResignMs)
    expect(tab.step({ type: 'tick' }, 999 + limits.hiddenResignMs)).toBe(false)
    expect(tab.step({ type: 'tick' }, 1000 + limits.hiddenResignMs)).toBe(true)
    expect(tab.fit).toBe(false)
  })

  test('EL13 a fitter peer that comes later makes one hidden for long resign at once', () => {
    const tab = fitness({ hidden: true })
    tab.step({ type: 'tick' }, 2 * limits.hiddenResignMs)
    expect(tab.step({ type: 'view', fitterLives: true }, 2 * limits.hiddenResignMs)).toBe(true)
  })

  test('EL13 a glance at the window does not bring the leadership back: five minutes of holding back', () => {
    const tab = fitness({ hidden: true })
    tab.step({ type: 'view', fitterLives: true }, limits.hiddenResignMs)
    const shownMs = limits.hiddenResignMs + 1000
    tab.step({ type: 'visibility', hidden: false }, shownMs)
    expect(tab.fit).toBe(false)
    expect(tab.deadlineMs).toBe(shownMs + limits.holdBackMs)
    expect(tab.step({ type: 'tick' }, shownMs + limits.holdBackMs)).toBe(true)
    expect(tab.deadlineMs).toBeUndefined()
  })

  test('EL13 it stays resigned while hidden, also when the fitter peer has gone', () => {
    const tab = fitness({ hidden: true })
    tab.step({ type: 'view', fitterLives: true }, limits.hiddenResignMs)
    tab.step({ type: 'view', fitterLives: false }, 5 * limits.hiddenResignMs)
    expect(tab.fit).toBe(false)
  })

  test('EL13 two windows looked at in turn for ten minutes change nothing', () => {
    const windows = [fitness(), fitness({ hidden: true })]
    for (const tab of windows) tab.step({ type: 'view', fitterLives: true }, 0)
    let changes = 0
    for (let nowMs = 30_000; nowMs <= 600_000; nowMs += 30_000) {
      for (const [i, tab] of windows.entries()) {
        if (tab.step({ type: 'visibility', hidden: (nowMs / 30_000) % 2 === i }, nowMs)) changes++
      }
    }
    expect(changes).toBe(0)
  })

  test('EL13 one that ran over a second late holds back for five minutes from the last time', () => {
    const tab = fitness()
    expect(tab.step({ type: 'late', lateMs: limits.lateResignMs }, 0)).toBe(false)
    expect(tab.step({ type: 'late', lateMs: limits.lateResignMs + 1 }, 0)).toBe(true)
    tab.step({ type: 'late', lateMs: 5000 }, 60_000)
    tab.step({ type: 'tick' }, limits.holdBackMs)
    expect(tab.fit).toBe(false)
    expect(tab.step({ type: 'tick' }, 60_000 + limits.holdBackMs)).toBe(true)
  })

  test('EL13 a suspended one is unfit at once, and holds back after it woke', () => {
    const tab = fitness()
    expect(tab.step({ type: 'suspend' }, 0)).toBe(true)
    tab.step({ type: 'resume' }, 3_600_000)
    expect(tab.fit).toBe(false)
    expect(tab.step({ type: 'tick' }, 3_600_000 + limits.holdBackMs)).toBe(true)
    expect(tab.step({ type: 'resume' }, 3_700_000 + limits.holdBackMs)).toBe(false)
  })

  test('EL13 without durable storage it is unfit, for as long as that lasts', () => {
    expect(fitness({ durable: false }).fit).toBe(false)
    const tab = fitness()
    expect(tab.step({ type: 'storage', durable: false }, 0)).toBe(true)
    expect(tab.step({ type: 'storage', durable: true }, 1)).toBe(true)
    expect(tab.fit).toBe(true)
  })

  test('EL13 fitter is who would really take over: fit, visible, settled, of the same priority', () => {
    const me = { ...candidate(alice), hidden: true }
    const fitter = (changes: object) =>
      fitterLives(alice, [me, { ...candidate(bob), hidden: false, ...changes }])
    expect(fitter({})).toBe(true)
    expect(fitter({ hidden: true })).toBe(false)
    expect(fitter({ fit: false })).toBe(false)
    expect(fitter({ seniority: undefined })).toBe(false)
    expect(fitter({ priority: -1 })).toBe(false)
    expect(fitter({ priority: 1 })).toBe(false)
    expect(fitterLives(alice, [{ ...candidate(bob), hidden: false }])).toBe(false)
  })
})
