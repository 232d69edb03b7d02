// What of a document waits to be stored: for how long, and what a write that failed changes about that.

import { describe, expect, test } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import { Backlog } from '../../core/docs/backlog.ts'

const bytes = (length: number, fill = 0): Uint8Array => new Uint8Array(length).fill(fill)
const small = bytes(10)
const large = bytes(limits.minDocSegmentBytes)
const row = bytes(limits.maxDocSegmentBytes)

describe('until when it waits', () => {
  test('DO7 small things wait a moment for more, large ones do not, and while more comes in all wait longer', () => {
    const backlog = new Backlog()
    expect(backlog.waitsUntilMs(false)).toBe(-Infinity)
    backlog.add([small], 100, false)
    backlog.add([small], 110, false)
    expect(backlog.waitsUntilMs(false)).toBe(100 + limits.docGatherMs)
    expect(backlog.waitsUntilMs(true)).toBe(100 + limits.docStoreDelayMs)
    backlog.add([large], 120, false)
    expect(backlog.waitsUntilMs(false)).toBe(-Infinity)
    expect(backlog.waitsUntilMs(true)).toBe(100 + limits.docStoreDelayMs)
    backlog.add([bytes(limits.docStoreBehindBytes)], 130, false)
    expect(backlog.waitsUntilMs(true)).toBe(-Infinity)
  })

  test('DO7 what is urgent takes along what came before it, and nothing that comes later', () => {
    const backlog = new Backlog()
    backlog.add([row, row], 0, false)
    backlog.add([small], 10, true)
    backlog.add([row], 20, false)
    for (let rows = 0; backlog.waitsUntilMs(true) === -Infinity; rows++) {
      expect(rows).toBeLessThan(4)
      backlog.take()
      backlog.stored()
    }
    expect(backlog.waitsUntilMs(true)).toBe(20 + limits.docStoreDelayMs)
    expect(backlog.bytes).toBe(row.length)
  })

  test.each(['edited here', 'pressed while it was written'])(
    'DO7 what a write failed to store waits for nothing more if it was %s',
    (how) => {
      const backlog = new Backlog()
      backlog.add([large], 0, how === 'edited here')
      backlog.take()
      backlog.press()
      backlog.putBack()
      expect(backlog.waitsUntilMs(true)).toBe(-Infinity)
    },
  )
})

describe('what is in it', () => {
  test('DO7 a write that failed changes neither the order nor the size', () => {
    const backlog = new Backlog()
    const updates = [1, 2, 3].map((fill) => bytes(limits.maxDocSegmentBytes, fill))
    backlog.add(updates, 0, false)
    expect(backlog.take()[0]).toBe(updates[0])
    expect(backlog.isEmpty).toBe(false)
    backlog.putBack()
    expect(backlog.bytes).toBe(3 * row.length)
    for (const update of updates) {
      expect(backlog.waits).toBe(true)
      expect(backlog.take()[0]).toBe(update)
      backlog.stored()
    }
    expect([backlog.waits, backlog.isEmpty, backlog.bytes]).toEqual([false, true, 0])
  })

  test('DO7 what is dropped is not what is being written', () => {
    const backlog = new Backlog()
    backlog.add([row, small], 0, false)
    backlog.take()
    backlog.drop()
    expect([backlog.waits, backlog.isEmpty, backlog.bytes]).toEqual([false, false, row.length])
    backlog.stored()
    expect([backlog.isEmpty, backlog.bytes]).toEqual([true, 0])
  })
})
