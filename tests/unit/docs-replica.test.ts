// The Yjs side of shared documents: segments, digest, size, and what goes in and out of a replica.

import { fc } from '../support/properties.ts'
import { createEncoder, toUint8Array, writeUint8, writeVarString, writeVarUint } from 'lib0/encoding'
import type { Encoder } from 'lib0/encoding'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { SegmentReader } from '../../core/docs/types.ts'
import { DocReplica } from '../../core/mesh-replica.ts'
import { createSegmentReader } from '../../core/mesh-segments.ts'

const roots = (doc: Y.Doc): readonly [Y.Text, Y.Map<unknown>, Y.Array<unknown>, Y.XmlFragment] => [
  doc.getText('text'),
  doc.getMap('map'),
  doc.getArray('list'),
  doc.getXmlFragment('xml'),
]

const contentOf = (doc: Y.Doc): unknown => [
  ...roots(doc).map((root) => root.toJSON() as unknown),
  doc.getText('text').toDelta(),
]

function newDoc(clientID: number, gc = true): Y.Doc {
  const doc = new Y.Doc({ gc })
  doc.clientID = clientID
  return doc
}

function cloneOf(doc: Y.Doc, clientID: number, gc = true): Y.Doc {
  const clone = newDoc(clientID, gc)
  Y.applyUpdate(clone, Y.encodeStateAsUpdate(doc))
  return clone
}

const vectorOf = (doc: Y.Doc): { client: number; clock: number }[] =>
  Array.from(Y.decodeStateVector(Y.encodeStateVector(doc)), ([client, clock]) => ({ client, clock }))

const hasPending = (doc: Y.Doc): boolean => doc.store.pendingStructs !== null || doc.store.pendingDs !== null

function freshDigest(doc: Y.Doc): string {
  const replica = new DocReplica(doc)
  const digest = Buffer.from(replica.digest()).toString('hex')
  replica.destroy()
  return digest
}

function expectEqual(a: Y.Doc, b: Y.Doc): void {
  expect(vectorOf(a)).toEqual(expect.arrayContaining(vectorOf(b)))
  expect(Y.equalSnapshots(Y.snapshot(a), Y.snapshot(b))).toBe(true)
  expect(freshDigest(a)).toBe(freshDigest(b))
  expect(contentOf(a)).toEqual(contentOf(b))
}

// Random edits: small numbers that say who does what and where, so that a failing run shrinks.

const texts = ['a', 'hello', 'Käse', '日本語', '🦊', 'x🦊y🐢', 'lorem ipsum dolor sit amet '.repeat(8)]
const values = [
  1,
  -7,
  1.5,
  true,
  null,
  'word',
  '🦊🐢',
  { a: [1, 'b'] },
  new Uint8Array(40),
  'long '.repeat(60),
]
const kinds = [
  'insert',
  'cut',
  'bold',
  'embed',
  'set',
  'unset',
  'nest',
  'push',
  'drop',
  'tag',
  'untag',
  'undo',
  'sync',
] as const

interface Step {
  readonly who: number
  readonly kind: (typeof kinds)[number]
  readonly at: number
  readonly pick: number
}

const step = fc.record({
  who: fc.nat(3),
  kind: fc.constantFrom(...kinds),
  at: fc.nat(999),
  pick: fc.nat(99),
})

const nested = [(): unknown => new Y.Map(), (): unknown => new Y.Array(), (): unknown => new Y.Text('new 🦊')]

/** The shared types of one kind that can be reached in the document, its root first. */
function typesIn<T>(doc: Y.Doc, kind: new () => T): T[] {
  const found: T[] = []
  const queue: unknown[] = [...roots(doc)]
  for (const type of queue) {
    if (type instanceof kind && !(type instanceof Y.XmlElement)) found.push(type)
    if (type instanceof Y.Map) queue.push(...type.values())
    if (type instanceof Y.Array) queue.push(...type.toArray())
  }
  return found
}

const pickFrom = <T>(all: readonly T[], number: number): T => all[number % all.length]!

class World {
  readonly docs: Y.Doc[]
  readonly #undo: Y.UndoManager

  constructor(gc: readonly boolean[]) {
    this.docs = gc.map((on, i) => newDoc(i + 1, on))
    this.#undo = new Y.UndoManager(this.docs[0]!.getText('text'), { captureTimeout: 0 })
  }

  do({ who, kind, at, pick }: Step): void {
    const doc = pickFrom(this.docs, who)
    if (kind === 'sync') return this.#sync(doc, pickFrom(this.docs, at), pick)
    if (kind === 'undo') return void (pick % 2 === 0 ? this.#undo.undo() : this.#undo.redo())
    edit(doc, kind, at, pick)
  }

  /** All, or by way of a state in between. */
  #sync(from: Y.Doc, to: Y.Doc, pick: number): void {
    if (from === to) return
    const update = Y.encodeStateAsUpdate(from, Y.encodeStateVector(to))
    Y.applyUpdate(to, update, pick % 2 === 0 ? 'sync' : null)
  }
}

/**
 * The place, or the one before it where it is between the two halves of a character: no editor cuts there, and Yjs, which puts
 * U+FFFD for each half, does so only where it sees the cut.
 */
function wholePlace(text: Y.Text, place: number): number {
  const units = text
    .toDelta()
    .map(({ insert }: { insert: unknown }) => (typeof insert === 'string' ? insert : ' '))
    .join('') as string
  const isCut = /[\uD800-\uDBFF]/.test(units.charAt(place - 1)) && /[\uDC00-\uDFFF]/.test(units.charAt(place))
  return isCut ? place - 1 : place
}

function edit(doc: Y.Doc, kind: Step['kind'], at: number, pick: number): void {
  const text = pickFrom(typesIn(doc, Y.Text), pick)
  const map = pickFrom(typesIn(doc, Y.Map<unknown>), pick)
  const list = pickFrom(typesIn(doc, Y.Array<unknown>), pick)
  const xml = doc.getXmlFragment('xml')
  const key = `key ${at % 5}`
  const place = wholePlace(text, at % (text.length + 1))
  const end = Math.min(place + 1 + (pick % 9), text.length)
  const count = wholePlace(text, end) - place
  switch (kind) {
    case 'insert':
      return text.insert(place, pickFrom(texts, pick))
    case 'cut':
      return void (count > 0 && text.delete(place, count))
    case 'bold':
      return void (count > 0 && text.format(place, count, { bold: pick % 3 === 0 ? null : pick % 2 }))
    case 'embed':
      return text.insertEmbed(place, { picture: pick })
    case 'set':
      return void map.set(key, pickFrom(values, pick))
    case 'unset':
      return map.delete(key)
    case 'nest': {
      const type = pickFrom(nested, at)()
      return void (pick % 2 === 0 ? map.set(key, type) : list.insert(at % (list.length + 1), [type]))
    }
    case 'push':
      return list.insert(
        at % (list.length + 1),
        Array.from({ length: 1 + (at % 7) }, (_, i) => pickFrom(values, pick + i)),
      )
    case 'drop':
      return void (list.length > 0 && list.delete(at % list.length, 1))
    case 'tag': {
      const element = new Y.XmlElement('p')
      xml.insert(at % (xml.length + 1), [element])
      element.setAttribute(key, 'value')
      return element.insert(0, [new Y.XmlText('in it')])
    }
    case 'untag':
      return void (xml.length > 0 && xml.delete(at % xml.length, 1))
  }
}

/** Applies what the reader gives; nothing of it may have to wait for anything else. */
function transfer(
  reader: SegmentReader,
  to: Y.Doc,
  maxBytes: number,
  between?: (round: number) => void,
): number {
  let round = 0
  for (let update = reader.next(maxBytes); update !== undefined; update = reader.next(maxBytes)) {
    Y.applyUpdate(to, update)
    expect(hasPending(to)).toBe(false)
    between?.(round)
    round++
    expect(round).toBeLessThan(100_000)
  }
  return round
}

/** Formatting that arrives makes Yjs tidy up where it arrived: edits of the receiver, which go back. */
function transferBack(from: Y.Doc, to: Y.Doc): void {
  for (let round = 0; round < 4 && !Y.equalSnapshots(Y.snapshot(from), Y.snapshot(to)); round++) {
    transfer(createSegmentReader(from, vectorOf(to)), to, 1e6)
    transfer(createSegmentReader(to, vectorOf(from)), from, 1e6)
  }
}

function expectDeliversAll(source: Y.Doc, target: Y.Doc): void {
  const [given, here] = [Y.snapshot(source), Y.snapshot(target)]
  for (const [client, clock] of given.sv) expect(here.sv.get(client)).toBeGreaterThanOrEqual(clock)
  // Adding all that was given changes nothing: it is all there.
  expect(Y.equalDeleteSets(Y.mergeDeleteSets([given.ds, here.ds]), here.ds)).toBe(true)
}

const gcs = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 })
const sizes = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 200, max: 5000 }))
const runs = { numRuns: 80 }

describe('segments of a document', () => {
  it('bring a replica that stands anywhere up to the source, in any size, each needing only those before it', () => {
    fc.assert(
      fc.property(gcs, fc.array(step, { maxLength: 80 }), fc.nat(80), sizes, (gc, steps, cut, maxBytes) => {
        const world = new World(gc)
        const source = world.docs[0]!
        let target = newDoc(77, gc[3]!)
        steps.forEach((one, i) => {
          world.do(one)
          if (i === cut) target = cloneOf(source, 77, gc[3]!)
        })
        const replica = new DocReplica(target)
        let tidied = false
        replica.onLocalUpdate(() => (tidied = true))
        const reader = createSegmentReader(source, vectorOf(target))
        for (let update = reader.next(maxBytes); update !== undefined; update = reader.next(maxBytes)) {
          expect(replica.apply([update], 'mesh')).toEqual({ outcome: 'applied' })
          expect(replica.pending).toBe(false)
        }
        expectDeliversAll(source, target)
        if (tidied) transferBack(source, target)
        expectEqual(source, target)
        replica.destroy()
      }),
      runs,
    )
  })

  it('bring two replicas together that both have something the other lacks', () => {
    fc.assert(
      fc.property(gcs, fc.array(step, { maxLength: 80 }), sizes, (gc, steps, maxBytes) => {
        const world = new World(gc)
        for (const one of steps) world.do(one)
        const [a, b] = [world.docs[0]!, world.docs[1]!]
        const [there, back] = [createSegmentReader(a, vectorOf(b)), createSegmentReader(b, vectorOf(a))]
        transfer(there, b, maxBytes)
        expectDeliversAll(a, b)
        transfer(back, a, maxBytes)
        transferBack(a, b)
        expectEqual(a, b)
      }),
      runs,
    )
  })

  it('take in what is edited, deleted and received at the source while it is read', () => {
    fc.assert(
      fc.property(
        gcs,
        fc.array(step, { minLength: 5, maxLength: 60 }),
        fc.array(step, { minLength: 5, maxLength: 60 }),
        fc.integer({ min: 1, max: 400 }),
        (gc, before, meanwhile, maxBytes) => {
          const world = new World(gc)
          for (const one of before) world.do(one)
          const source = world.docs[0]!
          // Ahead of the source in what another wrote.
          const target = cloneOf(world.docs[1]!, 77, gc[3]!)
          const reader = createSegmentReader(source, vectorOf(target))
          const rest = [...meanwhile]
          transfer(reader, target, maxBytes, () => {
            for (const one of rest.splice(0, 2)) world.do(one)
          })
          expectDeliversAll(source, target)
          transferBack(source, target)
          expectEqual(source, target)
        },
      ),
      runs,
    )
  })

  it('go on from wherever a transfer broke off, with a new reader and at another peer', () => {
    fc.assert(
      fc.property(
        gcs,
        fc.array(step, { minLength: 20, maxLength: 80 }),
        fc.integer({ min: 1, max: 300 }),
        fc.nat(9),
        (gc, steps, maxBytes, stay) => {
          const world = new World(gc)
          for (const one of steps) world.do(one)
          const sources = world.docs.slice(0, 2)
          Y.applyUpdate(sources[0]!, Y.encodeStateAsUpdate(sources[1]!))
          Y.applyUpdate(sources[1]!, Y.encodeStateAsUpdate(sources[0]!))
          const target = newDoc(77)
          const clocks = (): number => vectorOf(target).reduce((sum, { clock }) => sum + clock, 0)
          const all = vectorOf(sources[0]!).reduce((sum, { clock }) => sum + clock, 0)
          for (let round = 0; clocks() < all; round++) {
            const had = clocks()
            const reader = createSegmentReader(sources[round % 2]!, vectorOf(target))
            for (let i = 0; i <= stay; i++) {
              const update = reader.next(maxBytes)
              if (update !== undefined) Y.applyUpdate(target, update)
              expect(hasPending(target)).toBe(false)
            }
            reader.close()
            expect(clocks()).toBeGreaterThan(had)
          }
          for (const source of sources) transfer(createSegmentReader(source, vectorOf(target)), target, 1e6)
          for (const source of sources) expectDeliversAll(source, target)
        },
      ),
      runs,
    )
  })

  it('carry a lone deletion, though the vectors are equal', () => {
    for (const gc of [true, false]) {
      const source = newDoc(1, gc)
      source.getText('text').insert(0, 'hello world')
      source.getMap('map').set('key', new Y.Map([['inner', 'value']]))
      const target = cloneOf(source, 2)
      source.getText('text').delete(3, 4)
      source.getMap('map').delete('key')
      expect(vectorOf(source)).toEqual(vectorOf(target))
      expect(freshDigest(source)).not.toBe(freshDigest(target))
      expect(transfer(createSegmentReader(source, vectorOf(target)), target, 1000)).toBe(1)
      expectEqual(source, target)
    }
  })

  it('are none where nothing was ever deleted and nothing is lacking', () => {
    const source = newDoc(1)
    source.getText('text').insert(0, 'hello')
    const reader = createSegmentReader(source, vectorOf(source))
    expect(reader.next(1000)).toBeUndefined()
    const empty = createSegmentReader(newDoc(2), [])
    expect(empty.totalBytes).toBeGreaterThan(0)
    expect(empty.next(1000)).toBeUndefined()
  })

  it('give a deletion that came in through a third while the source was behind the reader', () => {
    const author = newDoc(1, false)
    author.getArray('list').push([new Y.Array()])
    const source = cloneOf(author, 2)
    ;(author.getArray('list').get(0) as Y.Array<string>).push(['a', 'b', 'c'])
    const target = cloneOf(author, 3)
    author.getArray('list').delete(0, 1)
    const collected = cloneOf(author, 4, true)
    const reader = createSegmentReader(source, vectorOf(target))
    // It comes as GC: no event of Yjs tells that it is deleted.
    Y.applyUpdate(source, Y.encodeStateAsUpdate(collected, Y.encodeStateVector(source)))
    transfer(reader, target, 1000)
    expectEqual(source, target)
  })

  it('put first what others need: the item a struct lies in, and its neighbours on both sides', () => {
    const needs: Record<string, (alice: Y.Doc, bob: Y.Doc, meet: () => void) => void> = {
      'what it lies in': (alice, bob, meet) => {
        alice.getMap('map').set('key', new Y.Map())
        meet()
        ;(bob.getMap('map').get('key') as Y.Map<string>).set('inner', 'value')
      },
      'what is before it': (alice, bob, meet) => {
        alice.getText('text').insert(0, 'hello')
        meet()
        bob.getText('text').insert(5, ' world')
      },
      'what is after it': (alice, bob, meet) => {
        alice.getText('text').insert(0, 'world')
        meet()
        bob.getText('text').insert(0, 'hello ')
      },
      'each other in turn': (alice, bob, meet) => {
        for (let i = 0; i < 50; i++) {
          const author = i % 2 === 0 ? alice : bob
          author.getText('text').insert(Math.floor(i / 2), 'x')
          meet()
        }
      },
    }
    for (const [name, write] of Object.entries(needs)) {
      // Whoever comes first by number.
      for (const [aliceId, bobId] of [
        [1, 2],
        [2, 1],
      ] as const) {
        const [alice, bob] = [newDoc(aliceId), newDoc(bobId)]
        const meet = (): void => {
          Y.applyUpdate(bob, Y.encodeStateAsUpdate(alice))
          Y.applyUpdate(alice, Y.encodeStateAsUpdate(bob))
        }
        write(alice, bob, meet)
        const carol = newDoc(3)
        expect(transfer(createSegmentReader(bob, []), carol, 1), name).toBeGreaterThan(1)
        expectEqual(bob, carol)
      }
    }
  })

  it('keep to their size: small items are packed, long texts and lists are cut, one large value goes alone', () => {
    const source = newDoc(1)
    const maxBytes = 10_000
    for (let i = 0; i < 3000; i++) source.getMap('map').set(`key ${i}`, `value ${i}`)
    source.getText('text').insert(0, 'Käse 🦊 '.repeat(20_000))
    source.getArray('list').push(Array.from({ length: 300 }, (_, i) => `${i} `.repeat(500)))
    const large = 'x'.repeat(5 * 1024 * 1024)
    source.getMap('map').set('large', large)
    source.getMap('map').set('after', 'it')
    const target = newDoc(2)
    const reader = createSegmentReader(source, [])
    const lengths: number[] = []
    for (let update = reader.next(maxBytes); update !== undefined; update = reader.next(maxBytes)) {
      Y.applyUpdate(target, update)
      expect(hasPending(target)).toBe(false)
      lengths.push(update.length)
    }
    const over = lengths.filter((length) => length > maxBytes)
    expect(over).toHaveLength(1)
    expect(over[0]).toBeGreaterThan(large.length)
    expect(over[0]).toBeLessThan(large.length + 100)
    const total = lengths.reduce((sum, length) => sum + length, 0)
    const packed = lengths.filter((length) => length > maxBytes * 0.7).length
    expect(packed).toBeGreaterThan(lengths.length - 5)
    expect(reader.totalBytes / total).toBeGreaterThan(0.95)
    expect(reader.totalBytes / total).toBeLessThan(1.05)
    expectEqual(source, target)
  })

  it('are as good as the whole: together no larger by much, and the receiver merges what was cut', () => {
    const source = newDoc(1)
    source.getText('text').insert(0, 'lorem '.repeat(100_000))
    const target = newDoc(2)
    expect(transfer(createSegmentReader(source, []), target, 32 * 1024)).toBeGreaterThan(15)
    expect(target.store.clients.get(1)).toHaveLength(1)
    expect(Buffer.compare(Y.encodeStateAsUpdate(target), Y.encodeStateAsUpdate(source))).toBe(0)
  })

  it('split deletions as well', () => {
    const source = newDoc(1)
    source.getText('text').insert(0, 'ab'.repeat(5000))
    const target = cloneOf(source, 2)
    source.transact(() => {
      for (let i = 9998; i >= 0; i -= 2) source.getText('text').delete(i, 1)
    })
    const reader = createSegmentReader(source, vectorOf(target))
    const lengths: number[] = []
    for (let update = reader.next(500); update !== undefined; update = reader.next(500)) {
      lengths.push(update.length)
      Y.applyUpdate(target, update)
    }
    expect(Math.max(...lengths)).toBeLessThanOrEqual(500)
    expect(lengths.length).toBeGreaterThan(20)
    expectEqual(source, target)
  })

  it('stop listening once they are closed or read to the end', () => {
    const source = newDoc(1)
    source.getText('text').insert(0, 'hello')
    const observers = (): number => source._observers.get('beforeTransaction')?.size ?? 0
    const open = createSegmentReader(source, [])
    const read = createSegmentReader(source, [])
    expect(observers()).toBe(2)
    transfer(read, newDoc(2), 1000)
    expect(observers()).toBe(1)
    open.close()
    open.close()
    expect(observers()).toBe(0)
    expect(open.next(1000)).toBeUndefined()
  })

  it('rest on parts of Yjs that are still there', () => {
    const doc = newDoc(5)
    doc.getText('text').insert(0, 'hello')
    doc.getMap('map').set('key', 'value')
    doc.getText('text').delete(0, 1)
    const structs = doc.store.clients.get(5)!
    expect(structs.map(({ id, length, deleted }) => [id.client, id.clock, length, deleted])).toEqual([
      [5, 0, 1, true],
      [5, 1, 4, false],
      [5, 5, 1, false],
    ])
    expect(Y.findIndexSS(structs, 3)).toBe(1)
    expect((structs as Y.Item[]).map(({ content }) => content.getRef())).toEqual([1, 4, 8])
    const encoder = new Y.UpdateEncoderV1()
    ;(structs[1] as Y.Item).write(encoder, 2)
    // String with an origin, the id of that, the rest of the text.
    expect([...toUint8Array(encoder.restEncoder)]).toEqual([0b1000_0100, 5, 2, 2, 108, 111])
    expect(encoder.restEncoder).toMatchObject({ cpos: 6, bufs: [] })
    expect(doc.store).toMatchObject({ pendingStructs: null, pendingDs: null })
    expect(doc._transaction).toBeNull()
    let seen: Y.Transaction | undefined
    doc.once('beforeTransaction', (transaction) => (seen = transaction))
    doc.getText('text').delete(0, 1)
    expect(seen?.deleteSet.clients.get(5)).toMatchObject([{ clock: 1, len: 1 }])
    expect(seen?.beforeState.get(5)).toBe(6)
  })
})

describe('the digest of a document', () => {
  it('is equal exactly where vector and deletions are, whoever collected garbage', () => {
    let equal = 0
    fc.assert(
      fc.property(gcs, fc.array(step, { maxLength: 30 }), fc.boolean(), (gc, steps, meet) => {
        const world = new World(gc)
        for (const one of steps) world.do(one)
        if (meet) {
          for (const from of world.docs) {
            for (const to of world.docs) Y.applyUpdate(to, Y.encodeStateAsUpdate(from))
          }
        }
        for (const a of world.docs) {
          for (const b of world.docs) {
            const same = Y.equalSnapshots(Y.snapshot(a), Y.snapshot(b))
            if (same && a !== b) equal++
            expect(freshDigest(a) === freshDigest(b)).toBe(same)
          }
        }
      }),
      { numRuns: 100 },
    )
    expect(equal).toBeGreaterThan(100)
  })

  it('is the same after any edits as if it were made anew', () => {
    fc.assert(
      fc.property(gcs, fc.array(step, { maxLength: 60 }), (gc, steps) => {
        const world = new World(gc)
        const replicas = world.docs.map((doc) => new DocReplica(doc))
        for (const one of steps) {
          world.do(one)
          replicas.forEach((replica, i) => {
            // Not at every step: several changes at a time, too.
            if ((one.at + i) % 3 !== 0) return
            expect(Buffer.from(replica.digest()).toString('hex')).toBe(freshDigest(world.docs[i]!))
          })
        }
      }),
      { numRuns: 100 },
    )
  })

  it('holds across many blocks, and where one range grows over all of them', () => {
    const alice = newDoc(1)
    const text = alice.getText('text')
    text.insert(0, 'lorem ipsum '.repeat(5000))
    const bob = cloneOf(alice, 2, false)
    const [a, b] = [new DocReplica(alice), new DocReplica(bob)]
    const seen = new Set<string>()
    for (const [at, count] of [
      [0, 1],
      [4095, 1],
      [4094, 3],
      [40_000, 5000],
      [8000, 30_000],
      [0, 20_000],
    ] as const) {
      expect(b.digest()).toEqual(a.digest())
      text.delete(at, count)
      expect(b.digest()).not.toEqual(a.digest())
      transfer(a.reader(b.vector()), bob, 1e6)
      expect(Buffer.from(a.digest()).toString('hex')).toBe(freshDigest(alice))
      seen.add(freshDigest(bob))
    }
    expect(b.digest()).toEqual(a.digest())
    expect(seen.size).toBe(6)
  })

  it('takes its time within bounds where a clock was made up', () => {
    const [alice, bob] = [newDoc(1), newDoc(2)]
    const a = new DocReplica(alice)
    const far = struct(9, 0, (encoder) => {
      writeUint8(encoder, 0)
      writeVarUint(encoder, 2 ** 47)
    })
    expect(a.apply([far], 'mesh')).toEqual({ outcome: 'applied' })
    Y.applyUpdate(bob, far)
    expect(Buffer.from(a.digest()).toString('hex')).toBe(freshDigest(bob))
    const more = struct(9, 2 ** 47, (encoder) => {
      writeUint8(encoder, 0b0000_0100)
      writeVarUint(encoder, 1)
      writeVarString(encoder, 'text')
      writeVarString(encoder, 'ab')
    })
    a.apply([more], 'mesh')
    expect(Buffer.from(a.digest()).toString('hex')).not.toBe(freshDigest(bob))
    Y.applyUpdate(bob, more)
    expect(Buffer.from(a.digest()).toString('hex')).toBe(freshDigest(bob))
    alice.getText('text').delete(0, 1)
    expect(Buffer.from(a.digest()).toString('hex')).not.toBe(freshDigest(bob))
    expect(Buffer.from(a.digest()).toString('hex')).toBe(freshDigest(alice))
  })

  it('sees a change though a listener of the program threw on it', () => {
    const doc = newDoc(1)
    doc.getText('text').insert(0, 'hello')
    doc.on('beforeObserverCalls', () => {
      throw new Error('of the program')
    })
    const replica = new DocReplica(doc)
    const before = replica.digest()
    expect(() => doc.getText('text').delete(0, 1)).toThrow('of the program')
    expect(replica.digest()).not.toEqual(before)
  })

  it('may be asked for in the middle of a transaction', () => {
    const doc = newDoc(1)
    doc.getText('text').insert(0, 'hello')
    const replica = new DocReplica(doc)
    replica.digest()
    doc.transact(() => {
      doc.getText('text').delete(0, 1)
      expect(Buffer.from(replica.digest()).toString('hex')).toBe(freshDigest(doc))
      doc.getText('text').delete(2, 1)
    })
    expect(Buffer.from(replica.digest()).toString('hex')).toBe(freshDigest(doc))
  })
})

/** An update of one struct. */
function struct(client: number, clock: number, write: (encoder: Encoder) => void): Uint8Array {
  const encoder = createEncoder()
  for (const head of [1, 1, client, clock]) writeVarUint(encoder, head)
  write(encoder)
  writeVarUint(encoder, 0)
  return toUint8Array(encoder)
}

const bytesOf = (doc: Y.Doc): number => Y.encodeStateAsUpdate(doc).length

function expectSize(replica: DocReplica, doc: Y.Doc): void {
  expect(replica.sizeBytes / bytesOf(doc)).toBeGreaterThan(0.9)
  expect(replica.sizeBytes / bytesOf(doc)).toBeLessThan(1.1)
}

describe('the size of a document', () => {
  const large: Record<string, (doc: Y.Doc) => void> = {
    'a typed text': (doc) => {
      doc.getText('text').insert(0, 'x'.repeat(100_000))
      for (let i = 0; i < 10_000; i++) doc.getText('text').insert(doc.getText('text').length, 'y')
    },
    'a text in Chinese': (doc) => doc.getText('text').insert(0, '日本語'.repeat(20_000)),
    'short words typed at random': (doc) => {
      for (let i = 0; i < 5000; i++) doc.getText('text').insert((i * 7919) % (i + 1), 'wörd🦊')
    },
    'a map of numbers and objects': (doc) => {
      for (let i = 0; i < 5000; i++)
        doc.getMap('map').set(`key ${i}`, i % 2 ? i * 1.5 : { name: `n${i}`, done: false })
    },
    'one key set again and again': (doc) => {
      doc.getMap('map').set('large', new Uint8Array(120_000))
      for (let i = 0; i < 3000; i++) doc.getMap('map').set('key', 'some value '.repeat(5))
    },
    'a list of nested types': (doc) => {
      for (let i = 0; i < 4000; i++) doc.getArray('list').push([new Y.Map([['title', `task ${i}`]])])
    },
    'elements with attributes': (doc) => {
      for (let i = 0; i < 2000; i++) edit(doc, 'tag', i, i)
    },
    'formatted text': (doc) => {
      doc.getText('text').insert(0, 'lorem ipsum '.repeat(5000))
      for (let i = 0; i < 1000; i++) doc.getText('text').format(i * 12, 5, { bold: true })
    },
    'large values, most of them deleted': (doc) => {
      doc.getArray('list').push(Array.from({ length: 40 }, () => new Uint8Array(50_000)))
      doc.getArray('list').delete(3, 35)
    },
  }

  for (const [name, fill] of Object.entries(large)) {
    it(`is right within a tenth, kept up to date or measured: ${name}`, () => {
      for (const gc of [true, false]) {
        const doc = newDoc(4_000_000_000, gc)
        const replica = new DocReplica(doc)
        fill(doc)
        expect(bytesOf(doc)).toBeGreaterThan(100_000)
        expectSize(replica, doc)
        expectSize(new DocReplica(doc), doc)
      }
    })
  }

  it('is right within a tenth at every stage of a transfer', () => {
    const source = newDoc(1)
    large['elements with attributes']!(source)
    large['a map of numbers and objects']!(source)
    large['large values, most of them deleted']!(source)
    large['a text in Chinese']!(source)
    const doc = newDoc(2)
    const replica = new DocReplica(doc)
    transfer(createSegmentReader(source, []), doc, 500_000, () => expectSize(replica, doc))
  })

  it('does not grow with what is here already', () => {
    const source = newDoc(1)
    large['a map of numbers and objects']!(source)
    large['large values, most of them deleted']!(source)
    const update = Y.encodeStateAsUpdate(source)
    const doc = newDoc(2)
    const replica = new DocReplica(doc)
    for (let i = 0; i < 20; i++) {
      replica.apply([update], 'mesh')
      expectSize(replica, doc)
    }
  })

  it('counts what waits for others', () => {
    const source = newDoc(1)
    source.getText('text').insert(0, 'hello')
    const before = Y.encodeStateVector(source)
    source.getText('text').insert(5, 'x'.repeat(1000))
    const replica = new DocReplica(newDoc(2))
    expect(replica.apply([Y.encodeStateAsUpdate(source, before)], 'mesh')).toEqual({ outcome: 'applied' })
    expect(replica.pending).toBe(true)
    expect(replica.sizeBytes).toBeGreaterThan(1000)
    replica.apply([Y.encodeStateAsUpdate(source)], 'mesh')
    expect(replica.pending).toBe(false)
  })
})

describe('a replica', () => {
  it('knows its clocks', () => {
    const doc = newDoc(7)
    const replica = new DocReplica(doc)
    expect(replica.vector()).toEqual([])
    expect(replica.clockOf(7)).toBe(0)
    doc.getText('text').insert(0, 'hello')
    replica.apply([struct(3, 0, (encoder) => [0, 9].forEach((n) => writeVarUint(encoder, n)))], 'mesh')
    expect(replica.vector()).toEqual([
      { client: 3, clock: 9 },
      { client: 7, clock: 5 },
    ])
    expect(replica.clockOf(7)).toBe(5)
  })

  it('lets no value of a key stand that Yjs could split: what deletes a part of it would silence the document for good', () => {
    const doc = newDoc(2)
    const inner = new Y.Map<unknown>()
    const outer = doc.getMap<unknown>('map')
    for (const value of [0, 1, 2, inner]) outer.set('key', value)
    inner.set('inside', 0)
    const replica = new DocReplica(doc)
    const told: Uint8Array[] = []
    replica.onLocalUpdate((update) => told.push(update))
    // Client 1 puts “abc” after the value of “inside”, which is operation 4 of client 2, and an array into the middle of it.
    const text = [0x84, 2, 4, 3, 0x61, 0x62, 0x63]
    const array = [0x87, 1, 0, 0]
    const split = replica.apply([Uint8Array.of(1, 2, 1, 0, ...text, ...array, 0)], 'mesh')
    expect(split).toMatchObject({ outcome: 'unreadable', partly: true })
    expect(inner.toJSON()).toEqual({})
    // Deletes operation 3 of client 2: the inner map, with all that is in it.
    expect(replica.apply([Uint8Array.of(0, 1, 2, 1, 3, 1)], 'mesh')).toEqual({ outcome: 'applied' })
    expect(doc._transactionCleanups).toEqual([])
    outer.set('key', 3)
    expect([told.length > 0, outer.toJSON()]).toEqual([true, { key: 3 }])
  })

  it.each([300, 2000])(
    'takes in segments of %i bytes of what an undo manager keeps: values of one key, and later that they are deleted',
    (bytes) => {
      const [alice, bob, carol] = [newDoc(1), newDoc(2), newDoc(3)]
      const map = alice.getMap<unknown>('map')
      const undo = new Y.UndoManager(map, { captureTimeout: 0 })
      map.set('key', 'first')
      Y.applyUpdate(carol, Y.encodeStateAsUpdate(alice))
      map.set('key', 'second')
      // Two of one key at once: hers goes in between.
      carol.getMap('map').set('key', 'hers')
      Y.applyUpdate(alice, Y.encodeStateAsUpdate(carol))
      map.delete('key')
      for (let other = 0; other < 20; other++) map.set(`other ${other}`, 'x'.repeat(100))
      const replica = new DocReplica(bob)
      const outcomes = new Set<string>()
      const reader = createSegmentReader(alice, [])
      for (let next = reader.next(bytes); next; next = reader.next(bytes))
        outcomes.add(replica.apply([next], 'mesh').outcome)
      expect([...outcomes]).toEqual(['applied'])
      expectEqual(alice, bob)
      undo.undo()
      replica.apply([Y.encodeStateAsUpdate(alice, Y.encodeStateVector(bob))], 'mesh')
      expectEqual(alice, bob)
    },
  )

  it('goes on telling of edits where Yjs threw as it tidied up', () => {
    const doc = newDoc(2)
    const replica = new DocReplica(doc)
    const told: Uint8Array[] = []
    replica.onLocalUpdate((update) => told.push(update))
    let threw = false
    doc.gcFilter = () => {
      if (threw) return true
      threw = true
      throw new Error('collecting')
    }
    const [alice, list] = [newDoc(1), doc.getArray('list')]
    alice.getArray('list').insert(0, [1, 2])
    alice.getArray('list').delete(0, 1)
    expect(replica.apply([Y.encodeStateAsUpdate(alice)], 'mesh').outcome).toBe('observer-threw')
    list.insert(0, [3])
    expect([told.length, list.toJSON()]).toEqual([1, [3, 2]])
  })

  it('tells of edits of the program and not of what it was made to apply', () => {
    const [alice, bob] = [newDoc(1), newDoc(2)]
    alice.getText('text').insert(0, 'hello')
    const replica = new DocReplica(bob)
    const told: Uint8Array[] = []
    const off = replica.onLocalUpdate((update) => told.push(update))
    // With another that wants updates, Yjs hands them to all.
    let others = 0
    bob.on('update', () => others++)
    const seen: [unknown, boolean][] = []
    bob.on('afterTransaction', ({ origin, local }) => seen.push([origin, local]))
    replica.apply([Y.encodeStateAsUpdate(alice)], 'mesh')
    expect(told).toHaveLength(0)
    bob.getText('text').insert(5, ' world')
    // The same origin, and yet an edit of the program.
    bob.transact(() => bob.getText('text').insert(11, '!'), 'mesh')
    expect(seen).toEqual([
      ['mesh', false],
      [null, true],
      ['mesh', true],
    ])
    expect(told).toHaveLength(2)
    expect(others).toBe(3)
    Y.applyUpdate(alice, Y.mergeUpdates(told))
    expect(alice.getText('text').toJSON()).toBe('hello world!')
    off()
    bob.getText('text').insert(0, 'x')
    expect(told).toHaveLength(2)
  })

  it('tells of what an observer changes because of an update; Yjs tidies up nothing of what others wrote', () => {
    const [alice, bob] = [newDoc(1), newDoc(2)]
    alice.getText('text').insert(0, 'hello')
    const replica = new DocReplica(bob)
    const told: Uint8Array[] = []
    replica.onLocalUpdate((update) => told.push(update))
    bob.getMap('map').observe(() => {
      if (bob.getMap('map').has('answer')) return
      bob.getMap('map').set('answer', 42)
    })
    alice.getMap('map').set('question', '?')
    replica.apply([Y.encodeStateAsUpdate(alice)], 'mesh')
    expect(told).toHaveLength(1)
    Y.applyUpdate(alice, told[0]!)
    expect(alice.getMap('map').get('answer')).toBe(42)
    // Both make it bold: one pair of marks is too much.
    bob.getText('text').format(0, 5, { bold: true })
    alice.getText('text').format(0, 5, { bold: true })
    told.length = 0
    replica.apply([Y.encodeStateAsUpdate(alice)], 'mesh')
    expect(told).toEqual([])
    expect(bob.getText('text').toDelta()).toEqual([{ insert: 'hello', attributes: { bold: true } }])
  })

  it('has nothing encoded that it just applied, and everything that the program changes, nested or not', () => {
    const [alice, bob] = [newDoc(1), newDoc(2)]
    alice.getMap('map').set('question', '?')
    const replica = new DocReplica(bob)
    const told: Uint8Array[] = []
    replica.onLocalUpdate((update) => told.push(update))
    const wanted: boolean[] = []
    bob.on('afterTransactionCleanup', () => wanted.push(bob._observers.has('update')))
    bob.getMap('map').observe(() => {
      if (bob.getMap('map').has('answer')) return
      bob.getMap('map').set('answer', 42)
      replica.apply([struct(3, 0, (encoder) => [0, 9].forEach((n) => writeVarUint(encoder, n)))], 'mesh')
    })
    replica.apply([Y.encodeStateAsUpdate(alice)], 'mesh')
    expect(wanted).toEqual([false, true, false])
    expect(told).toHaveLength(1)
    bob.getText('text').insert(0, 'x')
    expect(wanted).toHaveLength(4)
    expect(told).toHaveLength(2)
  })

  it('applies many updates in one transaction', () => {
    const alice = newDoc(1)
    const updates: Uint8Array[] = []
    alice.on('update', (update) => updates.push(update))
    for (let i = 0; i < 500; i++) alice.getText('text').insert((i * 31) % (i + 1), 'x')
    const bob = newDoc(2)
    let transactions = 0
    bob.on('afterTransaction', () => transactions++)
    const replica = new DocReplica(bob)
    replica.apply([...updates].reverse(), 'mesh')
    expect(transactions).toBe(1)
    expectEqual(alice, bob)
  })

  it('becomes part of a transaction of the program, whose local update then has it all', () => {
    const [alice, bob] = [newDoc(1), newDoc(2)]
    alice.getText('text').insert(0, 'hello')
    const replica = new DocReplica(bob)
    const told: Uint8Array[] = []
    replica.onLocalUpdate((update) => told.push(update))
    bob.transact(() => {
      bob.getMap('map').set('mine', 1)
      replica.apply([Y.encodeStateAsUpdate(alice)], 'mesh')
    })
    expect(told).toHaveLength(1)
    const carol = newDoc(3)
    Y.applyUpdate(carol, told[0]!)
    expectEqual(bob, carol)
  })

  it('says so where an observer threw: the update is in', () => {
    const [alice, bob] = [newDoc(1), newDoc(2)]
    alice.getText('text').insert(0, 'hello')
    const replica = new DocReplica(bob)
    bob.getText('text').observe(() => {
      throw new Error('of the program')
    })
    expect(replica.apply([Y.encodeStateAsUpdate(alice)], 'mesh')).toMatchObject({
      outcome: 'observer-threw',
      error: { message: 'of the program' },
    })
    expectEqual(alice, bob)
    const told: Uint8Array[] = []
    replica.onLocalUpdate((update) => told.push(update))
    expect(() => bob.getText('text').insert(0, 'x')).toThrow('of the program')
    expect(told).toHaveLength(1)
  })

  it('tells what an observer wrote meanwhile, though another listener throws as Yjs tidies up', () => {
    const [alice, bob] = [newDoc(1), newDoc(2)]
    alice.getMap('map').set('asked', 1)
    const update = Y.encodeStateAsUpdate(alice)
    const replica = new DocReplica(bob)
    const told: Uint8Array[] = []
    replica.onLocalUpdate((each) => told.push(each))
    bob.getMap('map').observe(({ keysChanged }) => {
      if (keysChanged.has('asked')) bob.getMap('map').set('answered', 2)
    })
    bob.once('update', () => {
      throw new Error('of the program')
    })
    expect(replica.apply([update], 'mesh')).toMatchObject({ outcome: 'observer-threw' })
    replica.mend()
    for (const each of told) Y.applyUpdate(alice, each)
    expectEqual(alice, bob)
    expect(alice.getMap('map').get('answered')).toBe(2)
    bob.getMap('map').set('later', 3)
    expect(told).toHaveLength(2)
  })

  it('takes in nothing of a batch in which one update cannot be read', () => {
    const alice = newDoc(1)
    alice.getText('text').insert(0, 'hello')
    alice.getMap('map').set('key', { a: 1 })
    const good = Y.encodeStateAsUpdate(alice)
    const bob = newDoc(2)
    const replica = new DocReplica(bob)
    const bad: Record<string, Uint8Array> = {
      'cut off': good.subarray(0, good.length - 1),
      'too long': Uint8Array.of(...good, 0),
      'of encoding V2': Y.encodeStateAsUpdateV2(alice),
      empty: new Uint8Array(),
      'without length': struct(1, 0, (encoder) => [0, 0].forEach((n) => writeVarUint(encoder, n))),
      'at the last clock': struct(1, 2 ** 53 - 2, (encoder) =>
        [0, 1].forEach((n) => writeVarUint(encoder, n)),
      ),
      'hanging on itself': struct(1, 0, (encoder) => {
        for (const n of [0b1000_0001, 1, 0, 1]) writeVarUint(encoder, n)
      }),
      'of many structs': Uint8Array.of(1, 0xff, 0xff, 0xff, 0x7f, 1, 0, 0),
      'no text': struct(1, 0, (encoder) => {
        for (const n of [4, 1, 1, 65, 2, 0xff, 0xfe]) writeUint8(encoder, n)
      }),
    }
    for (const [name, update] of Object.entries(bad)) {
      const applied = replica.apply([good, update], 'mesh')
      expect(applied, name).toMatchObject({
        outcome: 'unreadable',
        partly: false,
        problem: expect.stringMatching(/./),
      })
      expect(bob.store.clients.size, name).toBe(0)
    }
    expect(replica.apply([good], 'mesh')).toEqual({ outcome: 'applied' })
    // A piece of a frame: what lies behind it is no part of it.
    const frame = Uint8Array.of(...good, ...good)
    expect(replica.apply([frame.subarray(0, good.length)], 'mesh')).toEqual({ outcome: 'applied' })
    expect(replica.apply([frame.subarray(0, good.length - 3)], 'mesh')).toMatchObject({
      outcome: 'unreadable',
    })
  })

  it('stays whole whatever bytes it is given, and can be read and hashed afterwards', () => {
    const outcomes = { applied: 0, unreadable: 0, partly: 0 }
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 10, maxLength: 40 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (steps, flips) => {
          const world = new World([true, true, true, false])
          for (const one of steps) world.do(one)
          const bytes = Y.encodeStateAsUpdate(world.docs[1]!)
          for (const [at, value] of flips) bytes[at % bytes.length] = value
          const doc = world.docs[2]!
          const replica = new DocReplica(doc)
          const before = freshDigest(doc)
          const applied = replica.apply([bytes], 'mesh')
          if (applied.outcome === 'unreadable' && !applied.partly) {
            outcomes.unreadable++
            expect(freshDigest(doc)).toBe(before)
          } else if (applied.outcome === 'unreadable') outcomes.partly++
          else outcomes.applied++
          expect(Buffer.from(replica.digest()).toString('hex')).toBe(freshDigest(doc))
          const target = newDoc(50)
          transfer(createSegmentReader(doc, []), target, 200)
          expectDeliversAll(doc, target)
        },
      ),
      { numRuns: 200 },
    )
    expect(outcomes.applied).toBeGreaterThan(5)
    expect(outcomes.unreadable).toBeGreaterThan(50)
  })

  it('listens to nothing once it is destroyed', () => {
    const doc = newDoc(1)
    const count = (): number => [...doc._observers.values()].reduce((sum, set) => sum + set.size, 0)
    const before = count()
    const replica = new DocReplica(doc)
    const reader = replica.reader([])
    let told = 0
    replica.onLocalUpdate(() => told++)
    expect(count()).toBeGreaterThan(before)
    replica.destroy()
    expect(count()).toBe(before)
    doc.getText('text').insert(0, 'hello')
    expect(told).toBe(0)
    expect(reader.next(1000)).toBeUndefined()
  })
})
