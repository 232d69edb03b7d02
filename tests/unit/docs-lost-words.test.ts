// What was said of a document and did not come, or was overtaken by what happened: nobody waits for it for ever. Each
// was found by a seed whose schedule shows it no more (it hung on a few milliseconds), or takes too long to play.

import { expect, test } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import { docsOf, DocsWorld, stateOf, type DocsActor } from './docs-world.ts'

const digest = new Uint8Array(16).fill(7)
const statesOf = (actors: readonly DocsActor[]): (string | undefined)[] =>
  actors.map((actor) => actor.view('notes')?.state)

/** Alice has documents open; mallory says to have more of each, and gives it to nobody. */
function aliceWaits(...docs: string[]): { world: DocsWorld; alice: DocsActor; mallory: DocsActor } {
  const world = new DocsWorld()
  const [alice, mallory] = world.joinAll('alice', 'mallory') as [DocsActor, DocsActor]
  for (const doc of docs) alice.open(doc)
  world.run(1_000)
  world.filter = ({ to }) => to !== mallory
  world.say(mallory, alice, docsOf(docs.map((doc) => stateOf(doc, { revision: 9, digest }))))
  world.settle()
  expect(statesOf([alice])).toEqual(['syncing'])
  return { world, alice, mallory }
}

// Seed 4001653.
test('DO6 who heard that we wait for somebody before we knew of its copy hears it too when we no longer do', () => {
  const { world, alice, mallory } = aliceWaits('notes')
  const { filter } = world
  world.filter = () => false
  const bob = world.join('bob')
  bob.open('notes')
  world.settle()
  world.unlink(alice, bob)
  world.filter = filter
  world.link(alice, bob)
  // Both have said how they stand; before either hears it, the one alice waits for is gone.
  expect(alice.sentTo(bob, 'docs').at(-1)?.open[0]?.waitingFor).toEqual([mallory.id])
  world.kill(mallory)
  world.run(2 * limits.docAskIntervalMs)
  expect(statesOf([alice, bob])).toEqual(['synced', 'synced'])
})

// Seed 1746197469: as views came together again, what others had passed on came behind what came over a new link.
test.each(['opened a document', 'closed a document'])(
  'DO1 what others pass on from before a peer %s counts for nothing when it comes after that',
  (what) => {
    const world = new DocsWorld()
    const [alice, bob] = world.joinAll('alice', 'bob', 'carol') as [DocsActor, DocsActor]
    alice.open('notes')
    if (what === 'closed a document') bob.open('notes')
    world.run(1_000)
    const late = bob.sentTo(alice, 'docs')
    if (what === 'opened a document') bob.open('notes')
    else bob.close('notes')
    world.run(1_000)
    // However late it is: over his link nobody but he can have said what is newer.
    world.run(2 * limits.maxDocWordDelayMs)
    for (const word of late) world.say(bob, alice, word, 0)
    world.run(10)
    expect(alice.view('notes')?.state).toBe(what === 'opened a document' ? 'synced' : 'alone')
    expect(alice.count('docsLate')).toBe(late.length)
  },
)

test('DO1 what others forge in a peer’s name does not make it dumb over its own link', () => {
  const world = new DocsWorld()
  const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
  for (const actor of [alice, bob]) actor.open('notes')
  world.run(1_000)
  world.say(bob, alice, docsOf([], { closed: ['notes'], order: Number.MAX_SAFE_INTEGER }), 0)
  expect(alice.view('notes')?.state).toBe('alone')
  bob.write('notes', 'still here')
  world.run(limits.antiEntropyIntervalMs + 1_000)
  expect([alice.text('notes'), ...statesOf([alice, bob])]).toEqual(['still here', 'synced', 'synced'])
})

test('DO1 nor for good where there is no link', () => {
  const world = new DocsWorld()
  const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
  world.unlink(alice, bob)
  for (const actor of [alice, bob]) actor.open('notes')
  world.run(5_000)
  world.say(bob, alice, docsOf([], { closed: ['notes'], order: Number.MAX_SAFE_INTEGER }), 0)
  expect(alice.view('notes')?.state).toBe('alone')
  world.run(limits.maxDocWordDelayMs)
  bob.write('notes', 'still here')
  world.run(limits.antiEntropyIntervalMs + 1_000)
  expect([alice.text('notes'), ...statesOf([alice, bob])]).toEqual(['still here', 'synced', 'synced'])
})

test('DO1 what was under way by way of others while both were gone for a moment is no answer to either', () => {
  const world = new DocsWorld()
  const cast = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
  const [alice, bob] = cast
  world.unlink(alice, bob)
  world.run(5_000)
  const old = cast.map(() => docsOf([], { whole: true, order: 1 }))
  const see = (actor: DocsActor, others: readonly DocsActor[]): void => {
    const peers = others.map(({ id, store }) => ({ peer: id, store, neighbours: [], noDocuments: false }))
    actor.step({ type: 'live', peers, settled: true, store: actor.store, mute: false })
  }
  for (const actor of cast) see(actor, [])
  for (const actor of cast) actor.open('notes')
  world.run(1_000)
  see(alice, [bob])
  see(bob, [alice])
  world.say(bob, alice, old[0]!, 0)
  world.say(alice, bob, old[1]!, 0)
  world.run(limits.docLinkPatienceMs + 1_000)
  expect(statesOf(cast)).toEqual(['synced', 'synced'])
})

test('DO2 a number made up in a peer’s name does not make its next edits old', () => {
  const world = new DocsWorld()
  const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
  for (const actor of [alice, bob]) actor.open('notes')
  world.run(1_000)
  // What she then asks bob for takes its time.
  world.filter = ({ payload }) => payload.type !== 'docEnd'
  const made = { type: 'docUpdates' as const, doc: 'notes', number: Number.MAX_SAFE_INTEGER, updates: [] }
  world.say(bob, alice, made, 0)
  world.run(100)
  bob.write('notes', 'still here')
  world.run(100)
  expect(alice.text('notes')).toBe('still here')
  world.filter = () => true
  world.run(2 * limits.docTransferTimeoutMs)
  expect(statesOf([alice, bob])).toEqual(['synced', 'synced'])
})

// Of the same mend: another way to stop waiting.
test('DO6 who was told that we wait for somebody hears it when that one is not listened to any more', () => {
  const { world, alice, mallory } = aliceWaits('notes', 'tasks')
  const bob = world.join('bob')
  bob.open('notes')
  world.run(1_000)
  expect(statesOf([alice, bob])).toEqual(['syncing', 'syncing'])
  const malformed = {
    type: 'docUpdates' as const,
    doc: 'tasks',
    number: 1,
    updates: [new Uint8Array([1, 2])],
  }
  world.say(mallory, alice, malformed)
  expect(alice.blamed).toHaveLength(1)
  world.run(2 * limits.docAskIntervalMs)
  expect(statesOf([alice, bob])).toEqual(['synced', 'synced'])
})

// Seed 500985, of 19 peers: in smaller meshes everybody has links to all.
test('DO11 awareness that was lost by way of others is said again within half a minute, and over a link nothing is', () => {
  const world = new DocsWorld()
  const cast = world.joinAll('alice', 'bob', 'carol') as [DocsActor, DocsActor, DocsActor]
  const [alice, bob, carol] = cast
  for (const actor of cast) actor.open('notes')
  world.unlink(alice, bob)
  world.run(2_000)
  const shownTo = (actor: DocsActor): unknown[] =>
    actor.events.flatMap((event) => (event.event === 'docAwareness' ? event.states : []))
  const cursor = { client: 7, clock: 1, state: '{"at":1}' }
  world.filter = ({ detour, payload }) => !(detour && payload.type === 'docAwareness')
  alice.step({ type: 'awareDoc', doc: 'notes', states: [cursor] })
  world.run(1_000)
  expect([bob, carol].map(shownTo)).toEqual([[], [cursor]])
  world.filter = () => true
  world.run(limits.antiEntropyIntervalMs)
  expect([bob, carol].map(shownTo)).toEqual([[cursor], [cursor]])
  expect(alice.sentTo(carol, 'docAwareness')).toHaveLength(1)
})

test('DO11 that somebody shows nothing any more is said again where it was lost: by way of others, with a link, or for want of room', () => {
  const cursor = { client: 7, clock: 1, state: '{"at":1}' }
  const gone = { client: 7, clock: 2, state: undefined }
  for (const lost of ['by way of others', 'with a link', 'for want of room']) {
    const world = new DocsWorld()
    const [alice, bob] = world.joinAll('alice', 'bob', 'carol') as [DocsActor, DocsActor]
    for (const actor of [alice, bob]) actor.open('notes')
    world.run(2_000)
    const say = (state: typeof cursor | typeof gone): void =>
      alice.step({ type: 'awareDoc', doc: 'notes', states: [state] })
    say(cursor)
    world.run(1_000)
    if (lost === 'by way of others') world.unlink(alice, bob)
    world.filter = ({ payload }) => lost !== 'by way of others' || payload.type !== 'docAwareness'
    if (lost === 'for want of room') alice.refusing.add(bob.id)
    say(gone)
    if (lost === 'with a link') {
      world.unlink(alice, bob)
      world.link(alice, bob)
    }
    world.run(10)
    world.filter = () => true
    alice.refusing.clear()
    world.run(limits.antiEntropyIntervalMs)
    const shown = bob.events.flatMap((event) => (event.event === 'docAwareness' ? event.states : []))
    expect([lost, shown.at(-1)]).toEqual([lost, gone])
  }
})
