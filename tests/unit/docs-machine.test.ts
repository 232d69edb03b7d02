// The docs machine alone: documents opened and closed, messages and rows lost on the way, stores that fail, and what it
// says meanwhile. Each story was a fault once.

import { describe, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { MeshError } from '../../core/base/errors.ts'
import { limits } from '../../core/base/limits.ts'
import { Document } from '../../core/docs/document.ts'
import { docRange } from '../../core/docs/rows.ts'
import type { DocView } from '../../core/docs/types.ts'
import { DocsWorld, type DocsActor } from './docs-world.ts'

const failing = new MeshError('storage-failed', 'The disk is broken.')

function two(): { world: DocsWorld; alice: DocsActor; bob: DocsActor } {
  const world = new DocsWorld()
  const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
  return { world, alice, bob }
}

/** Both have it open and are synced. */
function twoOpen(): ReturnType<typeof two> {
  const cast = two()
  for (const each of [cast.alice, cast.bob]) each.open('notes')
  cast.world.run(2_000)
  expect([cast.alice, cast.bob].map((each) => each.view('notes')?.state)).toEqual(['synced', 'synced'])
  return cast
}

const viewsOf = (actor: DocsActor, from = 0): DocView[] =>
  actor.events.slice(from).flatMap((event) => (event.event === 'doc' ? [event.view] : []))

const append = (actor: DocsActor, word: string): void =>
  actor.edit('notes', (doc) => doc.getText('text').insert(doc.getText('text').length, word))

/** Of two in a larger mesh: what one sees, `noDocuments` being what the other says of itself, `mute` what it says itself. */
const viewsOfTwo =
  (alice: DocsActor, bob: DocsActor) =>
  (actor: DocsActor, noDocuments: boolean, mute: boolean): void => {
    const { id, store } = actor === alice ? bob : alice
    const peers = [{ peer: id, store, neighbours: [], noDocuments }]
    actor.step({ type: 'live', peers, settled: true, store: actor.store, mute })
  }

/** How often documents are asked how they stand, and told the time, while two open so many of them. */
function looksWhileOpening(documents: number): number {
  const looks = (['show', 'tick'] as const).map((look) => vi.spyOn(Document.prototype, look))
  const { world, alice, bob } = two()
  for (let i = 0; i < documents; i++) {
    for (const each of [alice, bob]) each.open(`notes-${i}`)
    world.run(100)
  }
  world.run(2_000)
  for (const each of [alice, bob])
    expect([...each.views.values()].filter(({ state }) => state === 'synced')).toHaveLength(documents)
  const count = looks.reduce((sum, { mock }) => sum + mock.calls.length, 0)
  for (const look of looks) look.mockRestore()
  return count
}

describe('opening and closing', () => {
  test('what happens to one document is no work for all that are open', () => {
    expect(looksWhileOpening(80)).toBeLessThan(2.5 * looksWhileOpening(40))
  })

  test('a document that the other has long open is not called synced before it is here', () => {
    const { world, alice, bob } = two()
    alice.open('notes')
    world.settle()
    alice.write('notes', 'long ago')
    world.settle()
    const contents: string[] = []
    world.filter = ({ to }) => {
      if (to === bob && bob.view('notes')?.state !== 'syncing') contents.push(bob.text('notes'))
      return true
    }
    bob.open('notes')
    world.run(5_000)
    expect(viewsOf(bob).map(({ state }) => state)).not.toContain('alone')
    expect(contents.every((text) => text === 'long ago')).toBe(true)
    expect(bob.view('notes')?.state).toBe('synced')
  })

  test('DO1 who says of itself that it has no document is not asked, and asks nobody', () => {
    const world = new DocsWorld()
    const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
    world.run(100)
    const view = (actor: DocsActor, noDocuments: boolean, mute: boolean): void => {
      const others = [alice, bob, ...strangers].filter(({ id }) => id !== actor.id)
      const peers = others.map(({ id, store }) => ({ peer: id, store, neighbours: [], noDocuments }))
      actor.step({ type: 'live', peers, settled: true, store: actor.store, mute })
    }
    const strangers = [{ id: 'f'.repeat(32) as typeof alice.id, store: 'f'.repeat(32) }]
    const [stranger] = strangers as [{ id: typeof alice.id; store: string }]
    const asked = (actor: DocsActor): number => actor.sentTo(stranger as DocsActor, 'docs').length
    // Has none itself, and says so: asks nobody, whatever they have.
    view(bob, false, true)
    world.run(limits.docLinkPatienceMs + 2 * limits.docAskIntervalMs)
    expect(asked(bob)).toBe(0)
    // Opens one where the stranger has none: is alone at once.
    view(alice, true, false)
    alice.open('notes')
    world.run(limits.docLinkPatienceMs + 2 * limits.docAskIntervalMs)
    expect(asked(alice)).toBe(0)
    expect(alice.view('notes')?.state).toBe('alone')
    // It opens one as well, and says so: now its answer is waited for.
    view(alice, false, false)
    world.run(2 * limits.docAskIntervalMs)
    expect(asked(alice)).toBeGreaterThan(0)
    expect(alice.view('notes')?.state).toBe('syncing')
  })

  test('DO1 two that open one at the same moment, each of whom says to have none until then, find each other', () => {
    const world = new DocsWorld()
    const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
    world.run(2 * limits.docAskIntervalMs)
    const view = viewsOfTwo(alice, bob)
    for (const actor of [alice, bob]) view(actor, true, true)
    for (const actor of [alice, bob]) actor.open('notes')
    world.run(20)
    for (const actor of [alice, bob]) view(actor, false, false)
    // Over several hops words may be lost: they are asked again.
    world.filter = () => false
    world.run(50)
    world.filter = () => true
    world.run(2 * limits.docAskIntervalMs)
    append(alice, 'hi')
    world.run(100)
    expect(bob.text('notes')).toBe('hi')
    expect(alice.view('notes')).toMatchObject({ state: 'synced', basedOn: [bob.id] })
    expect(bob.view('notes')).toMatchObject({ state: 'synced', basedOn: [alice.id] })
  })

  test('DO1 who opened one as a link came up tells it to whom it passed over, though that one told what it has', () => {
    const world = new DocsWorld()
    const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
    world.run(100)
    const view = viewsOfTwo(alice, bob)
    view(alice, true, true)
    view(bob, true, true)
    bob.open('notes')
    world.run(100)
    world.link(alice, bob)
    // It is open before what bob says of his arrives.
    alice.open('notes')
    for (let task = alice.tasks.shift(); task; task = alice.tasks.shift()) task()
    world.run(20)
    view(alice, false, false)
    view(bob, false, false)
    world.run(2_000)
    append(bob, 'hi')
    world.run(100)
    expect(alice.text('notes')).toBe('hi')
    expect(bob.view('notes')).toMatchObject({ state: 'synced', basedOn: [alice.id] })
  })

  test('DO1 who was told of a document as it was opened does not ask for it again', () => {
    const world = new DocsWorld()
    const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
    world.run(100)
    const view = viewsOfTwo(alice, bob)
    view(bob, true, true)
    view(alice, true, true)
    alice.open('notes')
    view(bob, false, true)
    world.run(1_000)
    bob.open('notes')
    world.run(20)
    const asked = alice.sentTo(bob, 'docs').length
    view(alice, false, false)
    world.run(2_000)
    expect(alice.view('notes')).toMatchObject({ state: 'synced', basedOn: [bob.id] })
    expect(alice.sentTo(bob, 'docs').slice(asked)).toEqual([])
  })

  test('closed and opened again it is at no moment called alone while the other has it open', () => {
    const { world, alice, bob } = twoOpen()
    bob.close('notes')
    world.settle()
    const from = bob.events.length
    bob.open('notes')
    world.run(5_000)
    expect(viewsOf(bob, from).map(({ state }) => state)).toEqual(['syncing', 'synced'])
    expect(alice.view('notes')?.state).toBe('synced')
  })

  test('who did not hear that it was closed takes what comes after it was opened again', () => {
    const { world, alice, bob } = twoOpen()
    for (let i = 0; i < 5; i++) append(bob, String(i))
    world.run(100)
    world.filter = ({ payload }) => !(payload.type === 'docs' && payload.closed.length > 0)
    bob.close('notes')
    world.settle()
    bob.open('notes')
    append(bob, 'more')
    world.run(3_000)
    append(bob, ' and more')
    world.run(3_000)
    expect(alice.text('notes')).toBe('01234more and more')
    expect(alice.view('notes')?.state).toBe('synced')
  })

  test('closed while it loads and then cannot be loaded: both are answered', () => {
    const { world, alice } = two()
    alice.storing = false
    const opening = alice.open('notes')
    const closing = alice.close('notes')
    alice.readError = failing
    alice.storing = true
    world.run(1_000)
    expect(alice.answers.get(opening)?.error?.code).toBe('storage-failed')
    expect(alice.answers.get(closing)).toEqual({ value: undefined })
  })

  test('closed twice: the second does not close what was opened in between', () => {
    const { world, alice, bob } = twoOpen()
    append(alice, 'x')
    const answers = [alice.close('notes'), alice.close('notes')]
    world.settle()
    for (const answer of answers) expect(alice.answers.get(answer)).toEqual({ value: undefined })
    alice.open('notes')
    world.run(2_000)
    append(bob, 'y')
    world.run(100)
    expect(alice.text('notes')).toBe('xy')
  })

  test('DO7 what was written here is stored at once, small edits of others together a moment later, or when the page goes', () => {
    const world = new DocsWorld()
    const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
    for (const each of [alice, bob]) each.open('notes')
    world.run(1000)
    const countOf = (actor: DocsActor): number => actor.commits.length
    const before = [countOf(alice), countOf(bob)] as const
    for (const text of ['a', 'b']) {
      alice.write('notes', text)
      world.settle()
      world.run(limits.docUpdateIntervalMs)
    }
    expect(bob.text('notes')).toHaveLength(alice.text('notes').length)
    expect(countOf(alice)).toBeGreaterThan(before[0] + 1)
    expect(bob.view('notes')?.stored).toBe(false)
    world.run(limits.docGatherMs)
    expect(countOf(bob)).toBe(before[1] + 1)
    expect(bob.view('notes')?.stored).toBe(true)
    // Continued edits put nothing off for longer.
    alice.write('notes', 'd')
    world.settle()
    expect(countOf(bob)).toBe(before[1] + 1)
    bob.step({ type: 'suspend' })
    world.settle()
    expect(countOf(bob)).toBe(before[1] + 2)
    expect(bob.view('notes')?.stored).toBe(true)
  })

  test('what the store does not take is not closed, says so, and is stored later', () => {
    const { world, alice } = twoOpen()
    alice.commitError = failing
    append(alice, 'kept')
    const answer = alice.close('notes')
    world.run(500)
    expect(alice.answers.get(answer)?.error?.code).toBe('storage-failed')
    append(alice, ', too')
    alice.commitError = undefined
    world.run(limits.docStoreRetryMaxMs)
    expect(alice.view('notes')).toMatchObject({ stored: true, state: 'synced' })
    const again = alice.close('notes')
    world.settle()
    expect(alice.answers.get(again)).toEqual({ value: undefined })
  })

  test('DO7 a store that failed and works again is tried before closing is refused, and when the page goes', () => {
    for (const end of ['closed', 'suspended']) {
      const { world, alice } = twoOpen()
      alice.commitError = failing
      append(alice, 'kept')
      // By now it is tried again rarely.
      world.run(20_000)
      alice.commitError = undefined
      if (end === 'suspended') alice.step({ type: 'suspend' })
      const answer = end === 'closed' ? alice.close('notes') : undefined
      world.settle()
      expect(alice.view('notes')).toMatchObject({ stored: true, problem: undefined })
      if (answer !== undefined) expect(alice.answers.get(answer)).toEqual({ value: undefined })
    }
  })

  test('edits made and a document handed in before it is loaded are stored, sent and merged with what is there', () => {
    const { world, alice, bob } = two()
    bob.open('notes')
    bob.write('notes', 'theirs ')
    world.run(100)
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'brought ')
    alice.storing = false
    alice.open('notes', { doc })
    append(alice, 'early ')
    alice.storing = true
    world.run(3_000)
    for (const word of ['theirs', 'brought', 'early']) expect(bob.text('notes')).toContain(word)
    expect(alice.view('notes')).toMatchObject({ state: 'synced', stored: true })
    const { rows } = alice
    const later = new DocsWorld().join('later', { rows })
    later.open('notes')
    for (const task of later.tasks.splice(0)) task()
    later.step({ type: 'tick' })
    expect(later.text('notes').length).toBe(alice.text('notes').length)
  })

  test('nothing of a closed document is written any more, and no reader is left', () => {
    const { world, alice } = two()
    alice.open('notes')
    world.settle()
    const large = 'x'.repeat(500_000)
    for (let i = 0; i < 12; i++) {
      alice.edit('notes', (doc) => doc.getMap('map').set('large', `${large}${i}`))
      world.settle()
    }
    alice.edit('notes', (doc) => doc.getMap('map').set('large', large))
    for (let i = 0; i < 50 && !alice.view('notes')?.stored; i++) alice.tasks.shift()?.()
    expect(alice.view('notes')?.stored).toBe(true)
    alice.close('notes')
    const commits = alice.commits.length
    world.run(5_000)
    expect(alice.commits.length - commits).toBeLessThanOrEqual(1)
  })
})

describe('the store', () => {
  test('a row is read once, however often the clock rings meanwhile', () => {
    const { world, alice } = two()
    alice.open('notes')
    world.settle()
    for (let i = 0; i < 20; i++) {
      append(alice, String(i % 10))
      world.run(20)
    }
    const { rows } = alice
    const later = new DocsWorld()
    const again = later.join('again', { rows })
    again.storing = false
    again.open('notes')
    for (let i = 0; i < 10; i++) again.step({ type: 'tick' })
    expect(again.tasks).toHaveLength(1)
    again.storing = true
    later.run(1_000)
    expect(again.text('notes')).toBe(alice.text('notes'))
    const commits = again.commits.length
    later.run(60_000)
    expect(again.commits.length).toBe(commits)
  })

  test('a clock that is set back overwrites no row, and what is loaded later comes behind', () => {
    const { world, alice } = two()
    alice.open('notes')
    world.settle()
    append(alice, 'one ')
    world.settle()
    alice.close('notes')
    world.settle()
    alice.open('notes')
    world.settle()
    append(alice, 'two ')
    world.settle()
    const keys = alice.rows.range(docRange('notes')).map(({ key }) => key)
    expect(keys).toHaveLength(2)
    const other = new DocsWorld()
    // Its wall clock is as it was before.
    const again = other.join('again', { rows: alice.rows })
    again.open('notes')
    other.settle()
    append(again, 'three')
    other.settle()
    const after = again.rows.range(docRange('notes')).map(({ key }) => key)
    expect(after.slice(0, 2)).toEqual(keys)
    expect(again.text('notes')).toBe('one two three')
  })

  test('a store that fails for long costs no memory, and has all of it afterwards', () => {
    const { world, alice, bob } = twoOpen()
    alice.commitError = failing
    const large = 'x'.repeat(limits.maxUnstoredDocBytes / 4)
    for (let i = 0; i < 12; i++) {
      alice.edit('notes', (doc) => doc.getMap('map').set(`key ${i}`, large))
      world.run(300)
    }
    expect(alice.view('notes')).toMatchObject({ stored: false, problem: { code: 'storage-failed' } })
    alice.commitError = undefined
    world.run(2 * limits.docStoreRetryMaxMs)
    expect(alice.view('notes')).toMatchObject({ stored: true, state: 'synced' })
    const again = new DocsWorld()
    const later = again.join('later', { rows: alice.rows })
    later.open('notes')
    again.run(1_000)
    expect(later.digest('notes')).toBe(bob.digest('notes'))
  })
})

describe('the network', () => {
  test('an edit for which there was no room is not called arrived, and arrives', () => {
    const { world, alice, bob } = twoOpen()
    alice.refusing.add(bob.id)
    append(alice, 'x')
    world.settle()
    expect(alice.view('notes')?.state).toBe('syncing')
    alice.refusing.clear()
    world.run(3_000)
    expect(bob.text('notes')).toBe('x')
    expect(alice.view('notes')?.state).toBe('synced')
  })

  test('DO4 what there was no room to ask for is asked for soon', () => {
    const { world, alice, bob } = twoOpen()
    alice.refusing.add(bob.id)
    bob.edit('notes', (doc) => doc.getMap('map').set('large', 'x'.repeat(100 * 1024)))
    world.run(200)
    expect(alice.sentTo(bob, 'docWant').length).toBeGreaterThan(0)
    alice.refusing.clear()
    world.run(2_000)
    expect([alice, bob].map((each) => each.view('notes')?.state)).toEqual(['synced', 'synced'])
  })

  test('DO11 awareness for which one has no room is told that one again each second, and the others once', () => {
    const world = new DocsWorld()
    const [alice, bob, carol] = world.joinAll('alice', 'bob', 'carol') as [DocsActor, DocsActor, DocsActor]
    for (const each of [alice, bob, carol]) each.open('notes')
    world.run(2_000)
    alice.refusing.add(bob.id)
    const cursor = { client: 7, clock: 1, state: '{"at":1}' }
    alice.step({ type: 'awareDoc', doc: 'notes', states: [cursor] })
    world.run(5_000)
    expect(alice.sentTo(carol, 'docAwareness')).toHaveLength(1)
    expect(alice.sentTo(bob, 'docAwareness').length).toBeLessThan(8)
    alice.refusing.clear()
    world.run(2_000)
    const shown = bob.events.flatMap((event) => (event.event === 'docAwareness' ? event.states : []))
    expect(shown).toEqual([cursor])
  })

  test('an edit that was under way on a link that ended arrives soon, though its sender was never gone', () => {
    const { world, alice, bob } = twoOpen()
    append(alice, 'x')
    world.unlink(alice, bob)
    world.settle()
    expect([alice, bob].map((each) => each.view('notes')?.state)).toEqual(['syncing', 'syncing'])
    world.run(3_000)
    expect(bob.text('notes')).toBe('x')
    expect([alice, bob].map((each) => each.view('notes')?.state)).toEqual(['synced', 'synced'])
  })

  test.each([
    ['a segment', (segment: number) => segment === 2],
    ['a piece', (segment: number, offset: number) => segment === 1 && offset > 0],
  ])('%s that is lost on the way leaves nobody synced without it', (_what, lost) => {
    const { world, alice, bob } = two()
    alice.open('notes')
    world.settle()
    for (let i = 0; i < 20; i++) {
      alice.edit('notes', (doc) => {
        doc.clientID = 500 + i
        doc.getMap('map').set(`key ${i}`, 'x'.repeat(40_000))
      })
    }
    let segments = 0
    world.filter = ({ payload }) => {
      if (payload.type === 'docPiece' && payload.offset === 0) segments++
      return payload.type !== 'docPiece' || !lost(segments, payload.offset)
    }
    bob.open('notes')
    world.run(20_000)
    expect(segments).toBeGreaterThan(2)
    expect(bob.digest('notes')).toBe(alice.digest('notes'))
    expect(bob.view('notes')?.state).toBe('synced')
  })

  test('a link that takes over in the middle of a transfer makes nobody an enemy', () => {
    const { world, alice, bob } = two()
    alice.open('notes')
    alice.edit('notes', (doc) => doc.getMap('map').set('large', 'x'.repeat(400_000)))
    bob.open('notes')
    for (let i = 0; i < 1_000 && !bob.view('notes')?.receivedBytes; i++) {
      for (const each of [alice, bob]) each.tasks.shift()?.()
      if (bob.docs.deadlineMs <= world.nowMs) bob.step({ type: 'tick' })
      world.deliver()
    }
    expect(bob.view('notes')?.receivedBytes).toBeGreaterThan(0)
    // Two pieces go down with the old link, the others come by the new one.
    const isPiece = ({ payload }: { payload: { type: string } }): boolean => payload.type === 'docPiece'
    const rest = world.packets.filter(isPiece)
    expect(rest.length).toBeGreaterThan(3)
    for (const packet of rest) world.packets.splice(world.packets.indexOf(packet), 1)
    for (const { from, to, payload } of rest.slice(2)) world.say(from, to, payload, 2)
    world.run(10_000)
    expect(bob.blamed).toEqual([])
    expect(bob.digest('notes')).toBe(alice.digest('notes'))
    expect(bob.view('notes')?.state).toBe('synced')
  })

  test('DO15 while links are being made what came in is passed on to who has none to its giver, once', () => {
    const world = new DocsWorld()
    const [alice, bob, carol] = world.joinAll('alice', 'bob', 'carol') as [DocsActor, DocsActor, DocsActor]
    for (const each of [alice, bob, carol]) each.open('notes')
    world.run(100)
    append(alice, 'all linked; ')
    world.settle()
    expect(bob.sentTo(carol, 'docUpdates')).toEqual([])
    world.unlink(alice, carol)
    const live = [alice, carol].map(({ id, store }) => ({
      peer: id,
      store,
      neighbours: [bob.id],
      noDocuments: false,
    }))
    bob.step({ type: 'live', peers: live, settled: true, store: bob.store, mute: false })
    world.filter = ({ detour }) => !detour
    append(alice, 'by way of bob; ')
    world.run(limits.docUpdateIntervalMs)
    alice.edit('notes', (doc) => doc.getText('text').delete(0, 3))
    world.run(limits.docUpdateIntervalMs)
    expect(carol.text('notes')).toBe(alice.text('notes'))
    expect(bob.sentTo(carol, 'docUpdates').map(({ number }) => number)).toEqual([0, 0])
    expect(bob.sentTo(alice, 'docUpdates')).toEqual([])
    // What came twice goes no further, not even deletions.
    const [, deletion] = bob.sentTo(carol, 'docUpdates')
    world.say(alice, bob, deletion!)
    expect(bob.sentTo(carol, 'docUpdates')).toHaveLength(2)
    // Links that have not come by then are not waited for: unicasts reach it.
    world.run(limits.docFormingMs)
    world.filter = () => true
    append(alice, 'round about')
    world.settle()
    expect(carol.text('notes')).toBe(alice.text('notes'))
    expect(bob.sentTo(carol, 'docUpdates')).toHaveLength(2)
  })

  test('what one tells some and not others before it dies, all have before they say synced', () => {
    const world = new DocsWorld()
    const [alice, bob, carol] = world.joinAll('alice', 'bob', 'carol') as [DocsActor, DocsActor, DocsActor]
    for (const each of [alice, bob, carol]) each.open('notes')
    world.run(2_000)
    world.filter = ({ from, to }) => !(from === carol && to === bob)
    append(carol, 'last words')
    world.settle()
    world.kill(carol)
    const honest = (): void => {
      if (alice.view('notes')?.state === 'synced') expect(bob.text('notes')).toBe(alice.text('notes'))
    }
    for (let i = 0; i < 300; i++) {
      honest()
      if (!world.deliver()) world.run(1)
    }
    world.run(3_000)
    expect(bob.text('notes')).toBe('last words')
    expect([alice, bob].map((each) => each.view('notes')?.state)).toEqual(['synced', 'synced'])
  })

  test('nothing is kept of those who are gone, and nothing asks without end', () => {
    const { world, alice } = twoOpen()
    for (let i = 0; i < 20; i++) {
      const guest = world.join(`guest ${i}`)
      guest.open('notes')
      world.run(100)
      world.kill(guest)
      world.run(100)
    }
    world.run(5_000)
    expect(alice.view('notes')?.basedOn).toHaveLength(1)
    const sent = alice.sent.length
    world.run(120_000)
    expect(alice.sent.length).toBe(sent)
    expect(alice.docs.deadlineMs).toBe(Infinity)
  })
})
