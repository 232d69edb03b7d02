// What a hostile peer may send where documents are concerned: updates that are broken, that belong nowhere, that never
// end; claims that cost others time. It is counted and its link blamed; others stay equal, synced and small.

import { fc } from '../support/properties.ts'
import { createEncoder, toUint8Array, writeUint8, writeVarString, writeVarUint } from 'lib0/encoding'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { limits } from '../../core/base/limits.ts'
import { asideKey, docRange, docRowKey, encodeRow } from '../../core/docs/rows.ts'
import { DocsWorld, docsOf, stateOf, type DocsActor } from './docs-world.ts'

interface Cast {
  readonly world: DocsWorld
  readonly alice: DocsActor
  readonly bob: DocsActor
  /** Has the document open as everybody, and then says what no Skein peer says. */
  readonly mallory: DocsActor
}

/** Three who have the document open and are synced; from now on mallory does only what the story makes her do. */
function three(text = 'geese'): Cast {
  const world = new DocsWorld()
  const [alice, bob, mallory] = world.joinAll('alice', 'bob', 'mallory') as [DocsActor, DocsActor, DocsActor]
  for (const actor of [alice, bob, mallory]) actor.open('notes')
  world.settle()
  alice.write('notes', text)
  world.run(2_000)
  expect([alice, bob, mallory].map((each) => each.view('notes')?.state)).toEqual([
    'synced',
    'synced',
    'synced',
  ])
  world.filter = ({ from, to }) => from !== mallory && to !== mallory
  return { world, alice, bob, mallory }
}

/** The two honest ones are equal, go on working, and nothing waits in a document. */
function expectUnharmed({ world, alice, bob }: Cast, withoutMallory = true): void {
  bob.write('notes', 'still ')
  world.run(3_000)
  expect(alice.digest('notes')).toBe(bob.digest('notes'))
  expect(alice.text('notes')).toContain('still ')
  for (const each of [alice, bob]) {
    expect(each.opened.get('notes')!.replica.pending).toBe(false)
    if (withoutMallory) expect(each.view('notes')?.state).toBe('synced')
    else expect(each.view('notes')?.basedOn).toContain(each === alice ? bob.id : alice.id)
  }
}

let numbers = 0
const push = (updates: readonly Uint8Array[], number?: number) => ({
  type: 'docUpdates' as const,
  doc: 'notes',
  number: number ?? 1_000 + ++numbers,
  updates,
})

function updateOf(change: (doc: Y.Doc) => void, client = 77): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = client
  change(doc)
  return Y.encodeStateAsUpdate(doc)
}

/** An update that needs what nobody has. */
function orphan(i: number): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = 5_000 + i
  doc.getText('text').insert(0, 'x')
  const vector = Y.encodeStateVector(doc)
  doc.getText('text').insert(1, `orphan ${i}`)
  return Y.encodeStateAsUpdate(doc, vector)
}

/** One client with one deletion or insertion at a clock near the largest number. */
function farClock(kind: 'struct' | 'deletion'): Uint8Array {
  const encoder = createEncoder()
  if (kind === 'struct') {
    for (const number of [1, 1, 9, Number.MAX_SAFE_INTEGER - 1]) writeVarUint(encoder, number)
    writeUint8(encoder, 4)
    writeVarUint(encoder, 1)
    writeVarString(encoder, 'text')
    writeVarString(encoder, 'x')
    writeVarUint(encoder, 0)
  } else for (const number of [0, 1, 9, 1, 2 ** 47, 2 ** 47]) writeVarUint(encoder, number)
  return toUint8Array(encoder)
}

describe('updates', () => {
  const broken: readonly (readonly [string, Uint8Array])[] = [
    ['is empty', new Uint8Array()],
    ['is cut off', updateOf((doc) => doc.getText('text').insert(0, 'whole')).slice(0, -3)],
    ['is of encoding V2', Y.encodeStateAsUpdateV2(new Y.Doc()).fill(255, 1)],
    ['counts beyond the limit', farClock('struct')],
  ]
  test.each(broken)('one that %s: its sender is blamed and not listened to any more', (_what, update) => {
    const cast = three()
    const { world, alice, mallory } = cast
    world.say(mallory, alice, push([update]))
    world.say(mallory, cast.bob, push([update]))
    expect(alice.blamed).toHaveLength(1)
    expect(alice.count('docUpdatesMalformed')).toBe(1)
    world.say(mallory, alice, push([updateOf((doc) => doc.getText('text').insert(0, 'unheard'))]))
    expect(alice.text('notes')).not.toContain('unheard')
    expectUnharmed(cast)
  })

  test('mutated ones never throw, never stay pending, and break nothing', () => {
    const source = new Y.Doc()
    source.clientID = 77
    source.getText('text').insert(0, 'one two three')
    source.getText('text').delete(2, 3)
    source.getMap('map').set('key', { deep: [1, 'two', null] })
    const good = Y.encodeStateAsUpdate(source)
    const mutation = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(mutation, fc.nat(good.length), (changes, cut) => {
        const cast = three()
        const bad = good.slice(0, cut % 3 === 0 ? cut : good.length)
        for (const [at, byte] of changes) if (at < bad.length) bad[at] = byte
        for (const each of [cast.alice, cast.bob]) cast.world.say(cast.mallory, each, push([bad], 2_000))
        cast.world.run(10_000)
        const isListenedTo = cast.alice.blamed.length === 0
        expectUnharmed(cast, !isListenedTo)
      }),
      { numRuns: 40, seed: 11 },
    )
  })

  test('orphans by the thousand: none reaches the document, none is kept, nobody is asked in a loop', () => {
    const cast = three()
    const { world, alice, mallory } = cast
    const rows = alice.rows.range(docRange('notes')).length
    for (let i = 0; i < 5_000; i++) world.say(mallory, alice, push([orphan(i)]))
    expect(alice.opened.get('notes')!.replica.pending).toBe(false)
    expect(alice.rows.range(docRange('notes')).length).toBe(rows)
    expect(alice.count('docUpdatesOrphaned')).toBe(5_000)
    expect(alice.sentTo(mallory, 'docWant').length).toBeLessThan(5)
    expectUnharmed(cast, false)
  })

  test('a deletion of what nobody has is an orphan', () => {
    const cast = three()
    cast.world.say(cast.mallory, cast.alice, push([farClock('deletion')]))
    expect(cast.alice.count('docUpdatesOrphaned') + cast.alice.count('docUpdatesMalformed')).toBe(1)
    expectUnharmed(cast, false)
  })

  test('the same one again and again is neither applied nor stored again', () => {
    const cast = three()
    const { world, alice, mallory } = cast
    const update = updateOf((doc) => doc.getText('text').insert(0, 'again '))
    for (let i = 0; i < 1_000; i++) world.say(mallory, alice, push([update]))
    world.settle()
    expect(alice.text('notes').match(/again/g)).toHaveLength(1)
    expect(alice.rows.range(docRange('notes')).length).toBeLessThan(10)
  })

  test('somebody who passes on a forged name gets nobody cast out', () => {
    const cast = three()
    const { world, alice, bob } = cast
    world.say(bob, alice, push([new Uint8Array([255, 255])], 50), 0)
    expect(alice.blamed).toEqual([])
    world.run(10_000)
    expectUnharmed(cast)
  })

  test('cast out of one document is cast out of all', () => {
    const cast = three()
    const { world, alice, bob, mallory } = cast
    for (const each of [alice, bob]) each.open('tasks')
    world.settle()
    world.say(mallory, alice, docsOf([stateOf('tasks')]))
    expect(alice.view('tasks')?.state).toBe('syncing')
    world.say(mallory, alice, push([new Uint8Array()]))
    world.run(2_000)
    expect(alice.view('tasks')?.state).toBe('synced')
  })
})

describe('transfers', () => {
  /** Mallory says that she has more, and is asked for it; returns the number of the transfer. */
  function asked({ world, alice, mallory }: Cast): number {
    world.say(mallory, alice, docsOf([stateOf('notes', { revision: 1_000 })]))
    return alice.sentTo(mallory, 'docWant').at(-1)!.transfer
  }
  const piece = (transfer: number, told: object = {}) => ({
    type: 'docPiece' as const,
    doc: 'notes',
    transfer,
    segmentBytes: 100,
    offset: 0,
    totalBytes: 100,
    bytes: new Uint8Array(10),
    ...told,
  })
  const end = (transfer: number, told: object = {}) => ({
    type: 'docEnd' as const,
    transfer,
    bytes: 0,
    state: stateOf('notes', { revision: 1_000 }),
    ...told,
  })

  test.each([
    ['out of its place', [{}, { offset: 50 }]],
    ['of another segment', [{}, { offset: 10, segmentBytes: 200 }]],
    ['longer than its segment', [{ segmentBytes: 5 }]],
    ['without content', [{ bytes: new Uint8Array() }]],
  ])('a piece %s is blamed on its link', (_what, pieces) => {
    const cast = three()
    const transfer = asked(cast)
    for (const told of pieces) cast.world.say(cast.mallory, cast.alice, piece(transfer, told))
    expect(cast.alice.blamed).toHaveLength(1)
    expectUnharmed(cast, false)
  })

  test('a segment that is no update is blamed; one that needs what is not there ends the transfer', () => {
    const cast = three()
    const { world, alice, mallory } = cast
    const needy = orphan(1)
    world.say(mallory, alice, piece(asked(cast), { segmentBytes: needy.length, bytes: needy }))
    world.settle()
    expect(alice.count('docSegmentsOutOfOrder')).toBe(1)
    world.run(1_000)
    world.say(mallory, alice, piece(asked(cast), { segmentBytes: 10 }))
    world.settle()
    expect(alice.blamed).toHaveLength(1)
    expectUnharmed(cast)
  })

  test('pieces nobody asked for, and ends and receipts of nothing, are counted', () => {
    const cast = three()
    const { world, alice, mallory } = cast
    world.say(mallory, alice, piece(99))
    world.say(mallory, alice, end(99))
    world.say(mallory, alice, { type: 'docGot', doc: 'notes', transfer: 99, bytes: 2 ** 50, segmentBytes: 0 })
    world.say(mallory, alice, { type: 'docGot', doc: 'nowhere', transfer: 1, bytes: 1, segmentBytes: 1 })
    expect(alice.count('strayDocPieces')).toBe(2)
    expectUnharmed(cast)
  })

  test('an end without pieces of what was promised, or in the middle of one, agrees about nothing', () => {
    const cast = three()
    const { world, alice, mallory } = cast
    world.say(mallory, alice, end(asked(cast), { bytes: 5 }))
    expect(alice.view('notes')?.basedOn).not.toContain(mallory.id)
    world.run(1_000)
    const transfer = asked(cast)
    world.say(mallory, alice, piece(transfer))
    world.say(mallory, alice, end(transfer, { bytes: 10 }))
    expect(alice.view('notes')?.basedOn).not.toContain(mallory.id)
    expect(alice.count('docTransfersGivenUp')).toBe(2)
    expectUnharmed(cast, false)
  })

  test('a claimed size over the limit of the document is not waited for', () => {
    const cast = three()
    const { world, alice, mallory } = cast
    const transfer = asked(cast)
    world.say(mallory, alice, piece(transfer, { segmentBytes: 2 ** 40 }))
    expect(alice.view('notes')?.problem?.code).toBe('doc-over-limit')
    expectUnharmed(cast, false)
  })

  test('a segment that never ends gives way to somebody else who has what is missing', () => {
    const cast = three()
    const { world, alice, bob, mallory } = cast
    const transfer = asked(cast)
    // Larger than what is pushed: it can only be fetched.
    bob.edit('notes', (doc) => doc.getMap('map').set('large', 'x'.repeat(2 * limits.maxDocUpdatesBytes)))
    for (let i = 0; i < 40; i++) {
      const bytes = new Uint8Array(1)
      world.say(mallory, alice, piece(transfer, { segmentBytes: 1_000_000, offset: i, bytes }))
      world.run(1_000)
    }
    expect(alice.digest('notes')).toBe(bob.digest('notes'))
  })

  test('a transfer that brings the same for ever gives way, too, and costs no storage', () => {
    const cast = three()
    const { world, alice, bob, mallory } = cast
    const bytes = updateOf((doc) => doc.getText('text').insert(0, 'again '))
    const transfer = asked(cast)
    bob.edit('notes', (doc) => doc.getMap('map').set('large', 'x'.repeat(2 * limits.maxDocUpdatesBytes)))
    for (let i = 0; i < 350; i++) {
      world.say(mallory, alice, piece(transfer, { segmentBytes: bytes.length, bytes }))
      world.run(100)
    }
    expect(alice.digest('notes')).toBe(bob.digest('notes'))
    expect(alice.rows.range(docRange('notes')).length).toBeLessThan(20)
  })

  test('news at every moment makes nobody ask at every moment', () => {
    const cast = three()
    const { world, alice, mallory } = cast
    const before = alice.sentTo(mallory, 'docWant').length
    for (let i = 0; i < 10_000; i++) {
      const digest = Uint8Array.from({ length: 16 }, (_, at) => (i >> at) & 255)
      world.say(mallory, alice, docsOf([stateOf('notes', { revision: 2_000 + i, digest })]))
      const want = alice.sentTo(mallory, 'docWant').at(-1)
      const state = stateOf('notes', { revision: 2_000 + i, digest })
      if (want) world.say(mallory, alice, end(want.transfer, { state }))
      world.run(1)
    }
    // In ten seconds: with doubled pauses.
    expect(alice.sentTo(mallory, 'docWant').length - before).toBeLessThan(15)
    expectUnharmed(cast, false)
  })

  test('asking in a loop, with vectors of absurd size and clocks, is served and kept once', () => {
    const cast = three()
    const { world, alice, mallory } = cast
    const vector = Array.from({ length: 3_000 }, (_, i) => ({
      client: 2 ** 52 + i,
      clock: limits.maxDocClock,
    }))
    for (let i = 0; i < 40; i++) {
      const state = stateOf('notes', { revision: 1_000 })
      world.say(mallory, alice, {
        type: 'docWant',
        transfer: i,
        segmentBytes: i % 2 ? 0 : 2 ** 50,
        state,
        vector,
      })
    }
    expect(alice.sentTo(mallory, 'docEnd').length).toBeLessThanOrEqual(40)
    world.say(mallory, alice, {
      type: 'docGot',
      doc: 'notes',
      transfer: 39,
      bytes: 2 ** 52,
      segmentBytes: 2 ** 52,
    })
    expectUnharmed(cast, false)
  })

  test('who is not there is sent nothing, and costs those who are there nothing', () => {
    const cast = three('g'.repeat(3_000_000))
    const { world, alice } = cast
    // One hostile neighbour can ask in as many names as it makes up.
    const strangers = Array.from({ length: limits.maxDocTransfers }, (_, i) => {
      return { id: (i + 1).toString(16).padStart(32, 'f') } as DocsActor
    })
    for (const stranger of strangers) {
      const state = stateOf('notes', { revision: 1_000 })
      const want = { type: 'docWant', transfer: 1, segmentBytes: 2 ** 50, state, vector: [] } as const
      world.say(stranger, alice, want, 0)
    }
    expect(strangers.filter((stranger) => alice.sentTo(stranger, 'docPiece').length > 0)).toEqual([])
    expect(alice.count('docsOfStrangers')).toBe(limits.maxDocTransfers)
    expectUnharmed(cast)
  })
})

describe('announcements', () => {
  test('256 names at a time, new ones each time, are not kept', () => {
    const cast = three()
    const { world, alice, mallory } = cast
    for (let round = 0; round < 40; round++) {
      const open = Array.from({ length: limits.maxDocs }, (_, i) => stateOf(`doc-${round}-${i}`))
      world.say(mallory, alice, docsOf(open, { ask: round % 2 === 0 }))
    }
    // Each is answered once with what is asked, and no more.
    expect(alice.sentTo(mallory, 'docs').length).toBeLessThan(40)
    expectUnharmed(cast)
  })

  test('open and closed in turn: the others compare at a pace of their own', () => {
    const cast = three()
    const { world, alice, bob, mallory } = cast
    const before = alice.sentTo(bob, 'docs').length
    for (let i = 0; i < 1_000; i++) {
      world.say(mallory, alice, docsOf([stateOf('notes', { revision: i + 10 })]))
      world.say(mallory, alice, docsOf([], { closed: ['notes'] }))
      world.run(1)
    }
    expect(alice.sentTo(bob, 'docs').length - before).toBeLessThan(200)
    world.run(5_000)
    expectUnharmed(cast)
  })
})

describe('awareness', () => {
  const states = (list: readonly object[]) => ({
    type: 'docAwareness' as const,
    doc: 'notes',
    states: list.map((each) => ({ client: 1, clock: 1, state: '{}', ...each })),
  })
  const shown = (actor: DocsActor): unknown[] =>
    actor.events.flatMap((event) => (event.event === 'docAwareness' ? event.states : []))

  test.each([
    ['that is no JSON', [{ state: '{' }]],
    ['that is no object', [{ state: '5' }]],
    ['that is null', [{ state: 'null' }]],
    ['that is thousands of lists deep', [{ state: '['.repeat(7_000) + ']'.repeat(7_000) }]],
    ['that is thousands of objects deep', [{ state: '{"a":'.repeat(2_500) + '1' + '}'.repeat(2_500) }]],
  ])('a state %s is refused', (_what, list) => {
    const cast = three()
    cast.world.say(cast.mallory, cast.alice, states(list))
    expect(shown(cast.alice)).toEqual([])
    expect(cast.alice.count('awarenessRefused')).toBe(1)
    expectUnharmed(cast)
  })

  test('nobody speaks for our clients, for those of others, or jumps ahead', () => {
    const cast = three()
    const { world, alice, bob, mallory } = cast
    alice.step({ type: 'awareDoc', doc: 'notes', states: [{ client: 7, clock: 1, state: '{}' }] })
    alice.step({ type: 'awareDoc', doc: 'notes', states: [{ client: 7, clock: 2, state: undefined }] })
    world.run(100)
    world.say(bob, alice, states([{ client: 8, clock: 5 }]))
    const before = shown(alice).length
    world.say(
      mallory,
      alice,
      states([
        { client: 7, clock: 9 },
        { client: 8, clock: 9 },
        { client: 8, clock: 6, state: undefined },
      ]),
    )
    world.say(bob, alice, states([{ client: 8, clock: 6 + limits.maxAwarenessClockJump }]))
    expect(shown(alice).length).toBe(before)
    expect(alice.count('awarenessRefused')).toBe(4)
  })

  test('clients without number, and of somebody who is not there, are not kept', () => {
    const cast = three()
    const { world, alice, mallory } = cast
    for (let i = 0; i < 1_000; i++) world.say(mallory, alice, states([{ client: 100 + i }]))
    expect(shown(alice)).toHaveLength(limits.maxAwarenessClients)
    const stranger = world.join('stranger')
    world.kill(stranger)
    world.say(stranger, alice, states([{ client: 5_000 }]))
    expect(shown(alice)).toHaveLength(limits.maxAwarenessClients)
    world.kill(mallory)
    const gone = shown(alice).slice(limits.maxAwarenessClients)
    expect(gone).toHaveLength(limits.maxAwarenessClients)
  })
})

describe('rows on the disk', () => {
  test('one that is no update is set aside and reported, and the document comes back from the mesh', () => {
    const world = new DocsWorld()
    const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
    const key = docRowKey('notes', 1_600_000_000_000, 'feedbeef', 1)
    const noRow = docRowKey('notes', 1_600_000_000_000, 'feedbeef', 2)
    bob.rows.put(key, encodeRow([new Uint8Array([1, 2, 3])]))
    bob.rows.put(noRow, new Uint8Array([250, 1]))
    alice.open('notes')
    alice.write('notes', 'whole')
    bob.open('notes')
    world.run(2_000)
    expect(bob.text('notes')).toBe('whole')
    expect(bob.view('notes')).toMatchObject({ state: 'synced', stored: true })
    expect(bob.errors()).toEqual(['record-corrupt', 'record-corrupt'])
    for (const each of [key, noRow]) {
      expect(bob.rows.get(each)).toBeUndefined()
      expect(bob.rows.get(asideKey(each))).toBeDefined()
    }
  })

  test('a lost row in the middle: what hangs on it waits, nothing is called synced, and the mesh has it', () => {
    const world = new DocsWorld()
    const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
    for (const each of [alice, bob]) each.open('notes')
    world.settle()
    for (const word of ['one', 'two', 'three']) {
      alice.edit('notes', (doc) => doc.getText('text').insert(doc.getText('text').length, word))
      world.run(50)
    }
    const { rows } = bob
    world.kill(bob)
    const second = rows.range(docRange('notes'))[1]!
    rows.delete(second.key)
    const alone = new DocsWorld()
    const lonely = alone.join('lonely', { rows })
    lonely.open('notes')
    alone.run(1_000)
    expect(lonely.view('notes')?.state).not.toBe('synced')
    const again = world.join('bob', { rows })
    again.open('notes')
    world.run(2_000)
    expect(again.text('notes')).toBe('onetwothree')
    expect(again.view('notes')?.state).toBe('synced')
    expect(again.opened.get('notes')!.replica.pending).toBe(false)
  })
})
