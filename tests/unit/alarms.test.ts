// Many alarms on one timer.

import { expect, test } from 'vitest'
import { createAlarms } from '../../core/platform/shared/alarms.ts'

/** A timer as platforms have it: whole milliseconds, the rest cut off. */
function createFixture() {
  let nowMs = 0.25
  let due: { readonly atMs: number; tick(): void } | undefined
  let sets = 0
  const alarms = createAlarms(() => nowMs, {
    set: (delayMs, tick) => {
      if (++sets > 100) throw new Error('The timer is set again and again.')
      due = { atMs: nowMs + Math.trunc(delayMs), tick }
    },
    clear: () => (due = undefined),
  })
  return {
    alarms,
    sets: () => sets,
    /** Rings all timers until then. */
    run: (untilMs: number): void => {
      for (let next = due; next && next.atMs <= untilMs; next = due) {
        due = undefined
        nowMs = next.atMs
        next.tick()
      }
      nowMs = untilMs
    },
  }
}

test('an alarm at a fraction of a millisecond takes one timer', () => {
  const { alarms, sets, run } = createFixture()
  const rung: string[] = []
  alarms.add(9.9, () => rung.push('at 9.9'))
  run(20)
  expect(rung).toEqual(['at 9.9'])
  expect(sets()).toBe(1)
})

test('no alarm rings before its time; those due ring in the order of their times', () => {
  const { alarms, run } = createFixture()
  const rung: number[] = []
  for (const atMs of [30.5, 10.1, 20.7]) alarms.add(atMs, () => rung.push(atMs))
  run(20)
  expect(rung).toEqual([10.1])
  run(40)
  expect(rung).toEqual([10.1, 20.7, 30.5])
})

test('one that was called off does not ring, also not by one that rang with it', () => {
  const { alarms, run } = createFixture()
  const rung: string[] = []
  alarms.add(5, () => callOff())
  const callOff = alarms.add(6, () => rung.push('called off'))
  alarms.add(6, () => rung.push('kept'))
  run(10)
  expect(rung).toEqual(['kept'])
})
