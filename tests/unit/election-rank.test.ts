// The order of candidates: total, and the same however the candidates are listed.

import { fc } from '../support/properties.ts'
import { describe, expect, test } from 'vitest'
import type { PeerId } from '../../core/base/ids.ts'
import { compareRank, elect, type Candidate } from '../../core/election/rank.ts'
import { alice, bob, candidate, carol } from './election-story.ts'

const anyCandidate: fc.Arbitrary<Candidate> = fc.record({
  peer: fc.stringMatching(/^[0-9a-f]{32}$/).map((text) => text as PeerId),
  priority: fc.integer({ min: -2, max: 2 }),
  fit: fc.boolean(),
  seniority: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
})
const anyCandidates = fc.uniqueArray(anyCandidate, { selector: (x) => x.peer, maxLength: 8 })

describe('EL1 the leader is the first by priority, fitness, seniority, peer id', () => {
  test('EL1 each criterion decides only where those before it are equal', () => {
    const first = (...candidates: Candidate[]) => elect(candidates)?.peer
    expect(first(candidate(alice), candidate(bob, { priority: 1, fit: false }))).toBe(bob)
    expect(first(candidate(alice, { fit: false }), candidate(bob))).toBe(bob)
    expect(first(candidate(alice, { seniority: 3 }), candidate(bob, { seniority: 2 }))).toBe(bob)
    expect(first(candidate(bob, { seniority: 2 }), candidate(alice, { seniority: 2 }))).toBe(alice)
  })

  test('EL1 an unfit one leads where nobody fit stands', () => {
    expect(elect([candidate(alice, { fit: false })])?.peer).toBe(alice)
  })

  test('EL1 a provisional one never leads', () => {
    expect(elect([candidate(alice, { seniority: undefined, priority: 9 })])).toBeUndefined()
    expect(elect([candidate(alice, { seniority: undefined, priority: 9 }), candidate(carol)])?.peer).toBe(
      carol,
    )
    expect(elect([])).toBeUndefined()
  })

  test('EL1 two peers with the same view elect the same leader, however it is listed', () => {
    fc.assert(
      fc.property(
        anyCandidates.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
        ),
        ([listed, shuffled]) => elect(listed)?.peer === elect(shuffled)?.peer,
      ),
    )
  })

  test('EL1 the order is total: antisymmetric, transitive, and 0 only for the same peer', () => {
    fc.assert(
      fc.property(anyCandidate, anyCandidate, anyCandidate, (a, b, c) => {
        expect(Math.sign(compareRank(a, b))).toBe(0 - Math.sign(compareRank(b, a)))
        if (compareRank(a, b) < 0 && compareRank(b, c) < 0) expect(compareRank(a, c)).toBeLessThan(0)
        if (a.peer !== b.peer) expect(compareRank(a, b)).not.toBe(0)
      }),
    )
  })

  test('EL1 nobody that may lead ranks before the one elected', () => {
    fc.assert(
      fc.property(anyCandidates, (all) => {
        const leader = elect(all)
        const settled = all.filter((x) => x.seniority !== undefined)
        expect(leader === undefined).toBe(settled.length === 0)
        for (const other of settled) if (leader) expect(compareRank(leader, other)).toBeLessThanOrEqual(0)
      }),
    )
  })
})
