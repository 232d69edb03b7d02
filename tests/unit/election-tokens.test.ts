// Fencing tokens: a resource takes acts in the order of (epoch, leader, number) and refuses whatever falls.

import { fc } from '../support/properties.ts'
import { describe, expect, test } from 'vitest'
import type { FencingToken as PublicToken } from '../../core/api.ts'
import type { PeerId } from '../../core/base/ids.ts'
import { compareTokens, Fence, type FencingToken } from '../../core/election/tokens.ts'
import { alice, bob } from './election-story.ts'

const token = (epoch: number, leader: PeerId, n: number, role = ''): FencingToken => ({
  role,
  epoch,
  leader,
  n,
})

describe('EL15 lower tokens are refused', () => {
  test('EL15 a deposed leader is refused once its successor acted, whatever number it counts', () => {
    const fence = new Fence('')
    expect(fence.admit(token(5, bob, 1))).toBe(true)
    expect(fence.admit(token(6, alice, 1))).toBe(true)
    expect(fence.admit(token(5, bob, 99))).toBe(false)
    expect(fence.highest).toEqual(token(6, alice, 1))
  })

  test('EL15 of two leaders of one epoch the higher peer id wins for good', () => {
    const fence = new Fence('')
    expect(fence.admit(token(5, alice, 7))).toBe(true)
    expect(fence.admit(token(5, bob, 1))).toBe(true)
    expect(fence.admit(token(5, alice, 8))).toBe(false)
  })

  test('EL15 a retried act passes again, an earlier one does not', () => {
    const fence = new Fence('', token(5, alice, 3))
    expect(fence.admit(token(5, alice, 3))).toBe(true)
    expect(fence.admit(token(5, alice, 2))).toBe(false)
  })

  test('EL15 tokens of another role and numbers that are none never pass', () => {
    const fence = new Fence('indexer')
    expect(fence.admit(token(5, alice, 1))).toBe(false)
    for (const bad of [NaN, Infinity, 1.5]) {
      expect(fence.admit(token(bad, alice, 1, 'indexer'))).toBe(false)
      expect(fence.admit(token(1, alice, bad, 'indexer'))).toBe(false)
    }
    expect(fence.highest).toBeUndefined()
  })

  test('EL15 what a fence admitted never falls', () => {
    const anyToken = fc.record({
      role: fc.constant(''),
      epoch: fc.integer({ min: 1, max: 4 }),
      leader: fc.constantFrom(alice, bob),
      n: fc.integer({ min: 1, max: 4 }),
    })
    fc.assert(
      fc.property(fc.array(anyToken), (tokens) => {
        const fence = new Fence('')
        const admitted = tokens.filter((x) => fence.admit(x))
        for (const [i, x] of admitted.entries()) {
          const before = admitted[i - 1]
          if (before) expect(compareTokens(before, x)).toBeLessThanOrEqual(0)
        }
      }),
    )
  })

  test('EL15 the token is the one the public types promise', () => {
    const ours: FencingToken = token(1, alice, 1)
    const theirs: PublicToken = ours
    const back: FencingToken = theirs
    expect(back).toBe(ours)
  })
})
