// What stands between the network and Yjs: whatever passes the scan can be applied, and what the scan says about
// an update is what Yjs makes of it.

import { fc } from '../support/properties.ts'
import * as Y from 'yjs'
import { describe, expect, test } from 'vitest'
import { DocReplica } from '../../core/mesh-replica.ts'
import { maxNesting, nestingOf } from '../../core/docs/update-nesting.ts'
import {
  type ClockOf,
  Horizon,
  isNews,
  isPartlyHeld,
  missingFor,
  scanUpdate,
  type UpdateScan,
} from '../../core/docs/update-scan.ts'
import {
  bytesOf,
  deepDoc,
  lawlessUpdates,
  many,
  levelIn,
  mutate,
  mutations,
  play,
  refusal,
  scanned,
  step,
  steps,
  sync,
  updatesOf,
  type Part,
} from './docs-update-samples.ts'

const clocksOf = (doc: Y.Doc): ClockOf => {
  const vector = Y.decodeStateVector(Y.encodeStateVector(doc))
  return (client) => vector.get(client) ?? 0
}
const nothing: ClockOf = () => 0
const leftPending = (doc: Y.Doc): boolean => doc.store.pendingStructs !== null || doc.store.pendingDs !== null

function copyOf(doc: Y.Doc): Y.Doc {
  const copy = new Y.Doc()
  sync(copy, doc)
  return copy
}

/** What Yjs reads in an update, in the scan's words. */
function asYjsReads(update: Uint8Array): Pick<UpdateScan, 'ranges' | 'deletes'> {
  const { structs, ds } = Y.decodeUpdate(update)
  const real = structs.filter((struct) => !(struct instanceof Y.Skip))
  const ranges: { client: number; from: number; to: number }[] = []
  for (const { id, length } of real) {
    const last = ranges.at(-1)
    if (last?.client === id.client && last.to === id.clock) last.to += length
    else ranges.push({ client: id.client, from: id.clock, to: id.clock + length })
  }
  const deletes = [...ds.clients].flatMap(([client, items]) =>
    items.map(({ clock, len }) => ({ client, from: clock, to: clock + len })),
  )
  return { ranges, deletes }
}

describe('what Yjs writes', () => {
  test('is read as Yjs reads it: ranges and deletions', () => {
    const property = fc.property(steps, fc.nat(4), (story, pick) => {
      for (const update of updatesOf(play(story), pick)) {
        const scan = scanned(update)
        const { ranges, deletes } = scan
        expect({ ranges, deletes }).toEqual(asYjsReads(update))
        const { to } = Y.parseUpdateMeta(update)
        for (const { client, to: end } of ranges) expect(end).toBeLessThanOrEqual(to.get(client)!)
      }
    })
    fc.assert(property, { numRuns: 60 })
  })

  test('leaves something pending exactly where missingFor says so', () => {
    const seen = new Set<boolean>()
    const property = fc.property(steps, fc.nat(4), (story, pick) => {
      const played = play(story)
      for (const update of updatesOf(played, pick)) {
        const scan = scanned(update)
        for (const base of [new Y.Doc(), ...played.docs]) {
          const doc = copyOf(base)
          const missing = missingFor(scan, clocksOf(doc))
          Y.applyUpdate(doc, update)
          expect(leftPending(doc)).toBe(missing)
          seen.add(missing)
        }
      }
    })
    fc.assert(property, { numRuns: 40 })
    expect(seen).toEqual(new Set([true, false]))
  })

  test('is news exactly where it has operations that are not held', () => {
    const property = fc.property(steps, (story) => {
      const played = play(story)
      for (const update of updatesOf(played, 0)) {
        const scan = scanned(update)
        for (const doc of played.docs) {
          const news = isNews(scan, clocksOf(doc))
          const before = Y.encodeStateAsUpdate(copyOf(doc))
          const after = copyOf(doc)
          Y.applyUpdate(after, update)
          if (news === 'no') expect(Y.encodeStateAsUpdate(after)).toEqual(before)
          if (news === 'yes') expect(scan.ranges.length).toBeGreaterThan(0)
          if (news === 'perhaps') expect(Y.encodeStateVector(after)).toEqual(Y.encodeStateVector(doc))
        }
      }
    })
    fc.assert(property, { numRuns: 20 })
    expect(isNews(scanned(Y.encodeStateAsUpdate(deepDoc(3))), nothing)).toBe('yes')
    expect(isNews(scanned(bytesOf(0, 0)), nothing)).toBe('no')
  })

  test('is refused as soon as its encoding is V2', () => {
    const property = fc.property(steps, (story) => {
      for (const update of updatesOf(play(story), 0)) {
        expect(scanUpdate(Y.convertUpdateFormatV1ToV2(update)).ok).toBe(false)
      }
    })
    fc.assert(property, { numRuns: 60 })
  })

  test('is missing something where clients wait for each other, whoever else waits for them', () => {
    const waits = (client: number, of: number): Part[] => [1, client, 0, { byte: 0x84 }, of, 0, 'a']
    for (const order of [
      [waits(7, 9), waits(8, 9), waits(9, 8)],
      [waits(9, 8), waits(8, 9), waits(7, 9)],
    ]) {
      const update = bytesOf(3, ...order, 0)
      const doc = new Y.Doc()
      Y.applyUpdate(doc, update)
      expect(leftPending(doc)).toBe(true)
      expect(missingFor(scanned(update), nothing)).toBe(true)
    }
  })

  test('a horizon takes updates in their order, and never one for which something is missing', () => {
    const property = fc.property(steps, fc.func(fc.nat()), (story, order) => {
      const played = play(story)
      // As sent: what one person undoes may rest on what another sent earlier.
      const sent = new Horizon(nothing)
      for (const update of played.updates) expect(sent.take(scanned(update))).toBe(true)
      const shuffled = played.updates.toSorted((one, other) => order(one.length) - order(other.length))
      const horizon = new Horizon(nothing)
      const taken = shuffled.filter((update) => horizon.take(scanned(update)))
      const doc = new Y.Doc()
      for (const update of taken) {
        Y.applyUpdate(doc, update)
        expect(leftPending(doc)).toBe(false)
      }
      for (const [client, clock] of Y.decodeStateVector(Y.encodeStateVector(doc))) {
        expect(horizon.clockOf(client)).toBe(clock)
      }
    })
    fc.assert(property, { numRuns: 60 })
  })
})

describe('what nobody should write', () => {
  test('mutated, cut, spliced: never throws, and what passes can be applied to an empty document', () => {
    let passed = 0
    const property = fc.property(steps, fc.nat(4), mutations, (story, pick, changes) => {
      const updates = updatesOf(play(story), pick)
      for (const change of updates.length > 0 ? changes : []) {
        const update = mutate(updates, change)
        const scan = scanUpdate(update)
        if (!scan.ok) continue
        passed += 1
        const doc = new Y.Doc()
        Y.applyUpdate(doc, update)
        expect(leftPending(doc)).toBe(missingFor(scan.value, nothing))
      }
    })
    fc.assert(property, { numRuns: 250 })
    expect(passed).toBeGreaterThan(200)
  })

  test('random bytes: never throws, and what passes can be applied', () => {
    const byte = fc.oneof(fc.nat(12), fc.nat(255))
    const property = fc.property(fc.array(byte, { maxLength: 24 }), (bytes) => {
      const update = Uint8Array.from(bytes)
      if (scanUpdate(update).ok) Y.applyUpdate(new Y.Doc(), update)
    })
    fc.assert(property, { numRuns: 20_000 })
  })

  test('within the grammar and outside every law: applied to a document that has content, or known to be missing something', () => {
    let passed = 0
    const list = fc.array(lawlessUpdates, { minLength: 1, maxLength: 8 })
    const property = fc.property(list, fc.array(step, { maxLength: 12 }), (list, story) => {
      const doc = new Y.Doc()
      for (const part of play(story, [0, 1, 2]).docs) sync(doc, part)
      const replica = new DocReplica(doc)
      for (const update of list) {
        const scan = scanUpdate(update)
        if (!scan.ok) continue
        if (missingFor(scan.value, clocksOf(doc))) {
          const fresh = new Y.Doc()
          if (missingFor(scan.value, nothing)) Y.applyUpdate(fresh, update)
          expect(leftPending(fresh)).toBe(missingFor(scan.value, nothing))
          continue
        }
        passed += 1
        const applied = replica.apply([update], 'mesh')
        // Else Yjs threw; then it would tell of no change ever after.
        const isRefused = applied.outcome === 'unreadable' && applied.problem.startsWith('it gives a key')
        expect([applied, doc._transactionCleanups]).toEqual([
          isRefused ? applied : { outcome: 'applied' },
          [],
        ])
        expect(leftPending(doc)).toBe(false)
        expect(scanUpdate(Y.encodeStateAsUpdate(doc)).ok).toBe(true)
      }
    })
    fc.assert(property, { numRuns: 2000 })
    expect(passed).toBeGreaterThan(400)
  })

  test('Yjs throws at a struct of which it holds a part, collected as garbage; isPartlyHeld tells', () => {
    // Two characters inside a type that is then deleted: they end as garbage of length 2.
    const doc = new Y.Doc({ guid: 'x' })
    doc.clientID = 5
    const inner = new Y.Array()
    doc.getMap('map').set('inner', inner)
    inner.insert(0, ['a', 'b'])
    doc.getMap('map').delete('inner')
    const update = bytesOf(1, 2, 5, 1, 0, 1, 4, 1, 'text', 'three', 0)
    const scan = scanned(update)
    expect([isPartlyHeld(scan, nothing), isPartlyHeld(scan, clocksOf(doc))]).toEqual([false, true])
    expect(() => Y.applyUpdate(copyOf(doc), update)).toThrow()
    Y.applyUpdate(doc, Y.diffUpdate(update, Y.encodeStateVector(doc)))
    expect(clocksOf(doc)(5)).toBe(7)
    expect(isPartlyHeld(scan, clocksOf(doc))).toBe(false)
  })
})

describe('nesting', () => {
  test('as deep as allowed passes; one deeper is refused; Yjs would overflow its stack at ten times that', () => {
    expect(nestingOf(scanned(Y.encodeStateAsUpdate(deepDoc(maxNesting + 1))), nothing, nothing)).toBe(
      maxNesting,
    )
    const tooDeep = scanUpdate(Y.encodeStateAsUpdate(deepDoc(maxNesting + 2)))
    expect(tooDeep).toEqual({ ok: false, error: 'types nested too deep' })
  })

  test('of every struct is what Yjs makes of it, on top of what the document holds', () => {
    const property = fc.property(steps, fc.nat(4), (story, pick) => {
      const played = play(story)
      for (const update of updatesOf(played, pick)) {
        const scan = scanned(update)
        for (const base of [new Y.Doc(), ...played.docs]) {
          const doc = copyOf(base)
          if (scan.places.inner === 0 || missingFor(scan, clocksOf(doc))) continue
          const nesting = nestingOf(scan, clocksOf(doc), (client, clock) => levelIn(doc, client, clock))
          Y.applyUpdate(doc, update)
          const levels = scan.ranges.flatMap(({ client, from, to }) =>
            Array.from({ length: to - from }, (_, index) => levelIn(doc, client, from + index)),
          )
          // What was deleted meanwhile is counted as well, though it is gone.
          expect(nesting).toBeGreaterThanOrEqual(Math.max(...levels, 0))
          expect(nesting).toBeLessThanOrEqual(6)
        }
      }
    })
    fc.assert(property, { numRuns: 30 })
  })

  test('grows over several updates, and lies about what is held do not hide it', () => {
    const doc = deepDoc(10)
    const level = (client: number, clock: number): number => levelIn(doc, client, clock)
    // Client 6 puts a map into the innermost one, which is operation 9 of client 5.
    const inside = scanned(bytesOf(1, 1, 6, 0, { byte: 0x27 }, 0, 5, 9, 'key', 1, 0))
    expect(nestingOf(inside, clocksOf(doc), level)).toBe(10)
    // … and says that operation 9 is at the root, which it is not.
    const lie = scanned(bytesOf(2, 1, 6, 0, { byte: 0x27 }, 0, 5, 9, 'key', 1, 1, 5, 9, 7, 1, 'map', 1, 0))
    expect(nestingOf(lie, clocksOf(doc), level)).toBe(10)
    // At the root, inside that, at the root again; then beside the second, and inside that.
    const key: Part = { byte: 0x27 }
    const atRoot: Part = [key, 1, 'text', 'key', 1]
    const back: Part = [key, 0, 6, 0, 'key', 1, atRoot, { byte: 0x87 }, 6, 1, 1, key, 0, 6, 3, 'key', 1]
    expect(nestingOf(scanned(bytesOf(1, 5, 6, 0, atRoot, back, 0)), nothing, nothing)).toBe(2)
    // Two that lie in each other.
    const circle = scanned(bytesOf(2, 1, 6, 0, 7, 0, 8, 0, 1, 1, 8, 0, 7, 0, 6, 0, 1, 0))
    expect(nestingOf(circle, nothing, nothing)).toBe(Infinity)
    expect(missingFor(circle, nothing)).toBe(true)
  })
})

describe('work', () => {
  /** Bytes looked at while scanning. */
  function readsOf(update: Uint8Array): number {
    let reads = 0
    const counted = new Proxy(update, {
      get(target, key) {
        if (key !== 'length') reads += 1
        return Reflect.get(target, key)
      },
    })
    scanUpdate(counted)
    return reads
  }

  test('looks at each byte a few times, whatever is in it', () => {
    const shapes: Part[][] = [
      [1, 5000, 5, 0, many(5000, [4, 1, 't', 'a']), 0],
      [1, 1, 5, 0, 5, 1, 't', `[${'"a\\u0041",'.repeat(3000)}1]`, 0],
      [1, 1, 5, 0, 8, 1, 't', 9000, many(9000, 126), 0],
      [1, 1, 5, 0, 4, 1, 't', '日本🦁'.repeat(3000), 0],
      [9000, Array.from({ length: 9000 }, (_, client): Part => [1, client, 0, 0, 1]), 0],
      [0, 1, 5, 9000, Array.from({ length: 9000 }, (_, index): Part => [index * 2, 1])],
      many(5000, 1),
    ]
    for (const shape of shapes) {
      const update = bytesOf(...shape)
      expect(readsOf(update)).toBeLessThan(8 * update.length)
    }
    expect(shapes.slice(0, -1).map((shape) => refusal(...shape))).toEqual(Array(6).fill(undefined))
  })

  test('missingFor follows each need once, however clients wait for each other', () => {
    // 6 and 8 take turns: each operation rests on the other's last one; 300 more wait for the last of all.
    const turns = 2000
    const inTurn = (other: number, first: number): Part[] =>
      Array.from({ length: turns }, (_, index): Part =>
        index === 0 && first === 0 ? [4, 1, 't', 'a'] : [{ byte: 0x84 }, other, index - 1 + first, 'a'],
      )
    const waiting = Array.from({ length: 300 }, (_, index): Part => [
      1,
      100 + index,
      0,
      { byte: 0x84 },
      8,
      turns - 1,
      'a',
    ])
    const update = bytesOf(302, waiting, turns, 6, 0, inTurn(8, 0), turns, 8, 0, inTurn(6, 1), 0)
    const scan = scanned(update)
    let asked = 0
    const count: ClockOf = () => {
      asked += 1
      return 0
    }
    expect(missingFor(scan, count)).toBe(false)
    expect(asked).toBeLessThan(4 * (scan.needs.length / 4 + scan.ranges.length))
    const doc = new Y.Doc()
    Y.applyUpdate(doc, update)
    expect(leftPending(doc)).toBe(false)
  })
})
