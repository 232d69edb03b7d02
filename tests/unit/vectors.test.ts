// Version vectors: their digests tell them apart and nothing else, and meeting is a merge: in whatever order peers
// meet, and however often, all end with the greatest of each feed, and nobody's vector ever falls.

import { fc } from '../support/properties.ts'
import { expect, test } from 'vitest'
import type { StoreId } from '../../core/base/ids.ts'
import { Feeds } from '../../core/messages/feeds.ts'
import { headRow, prefixRange, readRow } from '../../core/messages/rows.ts'
import { noHash } from '../../core/wire/entries.ts'
import { World, type Peer } from './messages-world.ts'

const feedOf = (n: number): StoreId => n.toString(16).padStart(32, '0') as StoreId
const hashOf = (n: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? n : 7))

/** Feed → number and hash, as steps that set one of them; a later step for a feed holds. */
type Steps = readonly { readonly feed: number; readonly number: number; readonly hash: number }[]
const steps: fc.Arbitrary<Steps> = fc.array(
  fc.record({ feed: fc.nat(5), number: fc.nat(4), hash: fc.nat(2) }),
  { maxLength: 12 },
)

function digestAfter(all: Steps): number {
  const feeds = new Feeds({ outbox: { storeId: feedOf(99) } } as never)
  for (const { feed, number, hash } of all)
    feeds.show(feeds.open(feedOf(feed))!, number, number === 0 ? noHash : hashOf(hash))
  return feeds.digest
}

/** What the steps end with: one text for one vector. */
function vectorAfter(all: Steps): string {
  const heads = new Map<number, string>()
  for (const { feed, number, hash } of all) {
    if (number === 0) heads.delete(feed)
    else heads.set(feed, `${feed} ${number} ${hash}`)
  }
  return [...heads.values()].toSorted().join(', ')
}

test('MS4 digests are equal exactly where vectors are, whatever way led there', () => {
  const seen = { equal: 0, different: 0 }
  fc.assert(
    fc.property(steps, steps, (a, b) => {
      const isEqual = vectorAfter(a) === vectorAfter(b)
      expect(digestAfter(a) === digestAfter(b)).toBe(isEqual)
      seen[isEqual ? 'equal' : 'different']++
      // The same end, by another way.
      const last = a.filter(({ feed }, i) => !a.slice(i + 1).some((later) => later.feed === feed))
      expect(digestAfter([...b, ...resets, ...last.toReversed()])).toBe(digestAfter(a))
    }),
    { numRuns: 3000 },
  )
  expect(Math.min(seen.equal, seen.different)).toBeGreaterThan(10)
})
const resets: Steps = Array.from({ length: 6 }, (_, feed) => ({ feed, number: 0, hash: 0 }))

/** As its heads are stored. */
const vectorOf = ({ rows }: Peer): ReadonlyMap<string, number> =>
  new Map(
    rows.range(prefixRange('head/')).map(({ key, value }) => [key, readRow(headRow, value)?.number ?? -1]),
  )

test('MS4 meeting is a merge: commutative, associative, idempotent, and never takes anything back', () => {
  const meetings = fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { minLength: 1, maxLength: 6 })
  const writes = fc.array(fc.nat(3), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(writes, meetings, (counts, pairs) => {
      const world = new World()
      const peers = ['alice', 'bob', 'carol'].map((name) => world.add(name))
      const apart = (): void => {
        for (const a of peers) for (const b of peers) if (a !== b) world.cut(a, b)
      }
      apart()
      for (const [i, peer] of peers.entries()) {
        for (let n = 0; n < counts[i]!; n++) peer.send('#general', `${n}`)
        world.settle()
      }
      const own = peers.map((peer) => vectorOf(peer))
      const held = peers.map((_, i) => new Set([i]))
      const isMerge = (i: number): void => {
        const expected = new Map([...held[i]!].flatMap((of) => [...own[of]!]))
        expect(vectorOf(peers[i]!)).toEqual(expected)
      }
      for (const [a, b] of pairs) {
        if (a === b) continue
        apart()
        world.cuts.delete(`${peers[a]!.id} ${peers[b]!.id}`)
        world.cuts.delete(`${peers[b]!.id} ${peers[a]!.id}`)
        world.meet()
        world.advance(2_000)
        const both = new Set([...held[a]!, ...held[b]!])
        held[a] = both
        held[b] = new Set(both)
        isMerge(a)
        isMerge(b)
        expect(peers[a]!.messages.digest).toBe(peers[b]!.messages.digest)
      }
      for (const i of peers.keys()) isMerge(i)
    }),
    { numRuns: 60 },
  )
})
