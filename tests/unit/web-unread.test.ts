// What counts as unread, across reloads and tabs: messages by others that nobody on this device has seen.

import type { Message } from 'skein'
import { describe, expect, test, vi } from 'vitest'
import { createReadPositions } from '../../web/read-positions.ts'
import { createMemory } from '../../web/remembered.ts'
import { openSession } from '../../web/state.ts'
import { badgeText, titleWith } from '../../web/unread.ts'
import { asMesh, FakeMesh } from './web-fake-mesh.ts'
import { FakeAttention, sharedShelf } from './web-fake-page.ts'

/** A tab of one browser; tabs of the same `device` share what they have read. */
function openTab(mesh: FakeMesh, device = sharedShelf()) {
  const { shelf, onChange } = device()
  const attention = new FakeAttention()
  const session = openSession({
    mesh: asMesh(mesh),
    meshName: 'acme',
    now: () => 0,
    attention,
    memory: createMemory(shelf, undefined),
    positions: createReadPositions('acme', shelf, onChange),
  })
  const of = (key: string) => session.conversations.value.get(key as never)
  return {
    session,
    attention,
    unread: (key: string) => of(key)?.unread.count.value ?? 0,
    firstNew: (key: string) => of(key)?.unread.first.value,
    shown: (key: string) => vi.waitFor(() => expect(of(key)?.messages.value).toBeDefined()),
  }
}

function acme() {
  const mesh = new FakeMesh('ada')
  const bob = mesh.arrive('bob', { silent: true })
  mesh.roomMembers.set('general', new Set([mesh.me.member, bob.member]))
  mesh.roomMembers.set('plans', new Set([mesh.me.member, bob.member]))
  return { mesh, bob: { member: bob.member, name: 'bob' } }
}

describe('unread counts', () => {
  test('only messages by others count, and only while the conversation is not looked at', async () => {
    const { mesh, bob } = acme()
    const { session, attention, unread } = openTab(mesh)
    mesh.receive(bob, '#general', 'seen')
    mesh.receive(bob, '#plans', 'elsewhere')
    await mesh.send('#plans', 'one of mine')
    expect([unread('#general'), unread('#plans')]).toEqual([0, 1])
    attention.watching.value = false
    mesh.receive(bob, '#general', 'the window is not in front')
    expect(unread('#general')).toBe(1)
    attention.watching.value = true
    expect(unread('#general')).toBe(0)
    session.show({ type: 'status' })
    mesh.receive(bob, '#general', 'behind the status view')
    expect(unread('#general')).toBe(1)
    session.select('#general')
    expect(unread('#general')).toBe(0)
  })

  test('after a reload the count is what it was, with what came in meanwhile', async () => {
    const { mesh, bob } = acme()
    const device = sharedShelf()
    const before = openTab(mesh, device)
    mesh.receive(bob, '#plans', 'one')
    before.session.select('#plans')
    await before.shown('#plans')
    before.session.select('#general')
    mesh.receive(bob, '#plans', 'two')
    before.session.close()
    const second = mesh.messages.at(-1)!
    mesh.receive(bob, '#plans', 'three', { silent: true })
    mesh.receive(bob, mesh.me.member, 'psst', { silent: true })

    const after = openTab(mesh, device)
    await vi.waitFor(() => expect(after.unread('#plans')).toBe(2))
    await vi.waitFor(() => expect(after.unread(bob.member)).toBe(1))
    expect(after.firstNew('#plans')).toBe(second.id)
  })

  test('what one tab reads is read in the others', async () => {
    const { mesh, bob } = acme()
    const device = sharedShelf()
    const [one, two] = [openTab(mesh, device), openTab(mesh, device)]
    for (const tab of [one, two]) tab.session.select('#general')
    mesh.receive(bob, '#plans', 'news')
    expect([one.unread('#plans'), two.unread('#plans')]).toEqual([1, 1])
    two.session.select('#plans')
    await vi.waitFor(() => expect([one.unread('#plans'), two.unread('#plans')]).toEqual([0, 0]))
  })

  test('what one tab has read before another one heard of it is not new there', async () => {
    const { mesh, bob } = acme()
    const slowMesh = new FakeMesh('ada')
    slowMesh.arrive('bob', { silent: true })
    for (const name of ['general', 'plans']) slowMesh.roomMembers.set(name, mesh.roomMembers.get(name)!)
    const device = sharedShelf()
    const [one, slow] = [openTab(mesh, device), openTab(slowMesh, device)]
    const hear = (messages: readonly Message[]) => {
      for (const message of messages) {
        slowMesh.messages.push(message)
        slowMesh.emit('message', message)
      }
    }
    const unopened = [mesh.receive(bob, '#plans', 'one'), mesh.receive(bob, '#plans', 'two')]
    one.session.select('#plans')
    await one.shown('#plans')
    const open = [mesh.receive(bob, '#plans', 'three'), mesh.receive(bob, '#plans', 'four')]
    one.session.select('#general')
    hear([...unopened, ...open])
    expect([one.unread('#plans'), slow.unread('#plans')]).toEqual([0, 0])
    one.session.close()
    const after = openTab(mesh, device)
    await after.shown('#general')
    expect(after.unread('#plans')).toBe(0)
  })

  test('a message that belongs before what was read is new all the same, also after a reload', async () => {
    const { mesh, bob } = acme()
    const device = sharedShelf()
    const before = openTab(mesh, device)
    const late = mesh.receive(bob, '#plans', 'late', { silent: true })
    mesh.messages.pop()
    mesh.receive(bob, '#plans', 'read')
    before.session.select('#plans')
    await before.shown('#plans')
    before.session.select('#general')
    mesh.messages.unshift(late)
    mesh.emit('message', late)
    expect(before.unread('#plans')).toBe(1)
    before.session.close()

    const after = openTab(mesh, device)
    await vi.waitFor(() => expect(after.unread('#plans')).toBe(1))
    after.session.select('#plans')
    expect(after.unread('#plans')).toBe(0)
  })

  test('the line "New" stays while the conversation is open and goes when it is left', async () => {
    const { mesh, bob } = acme()
    const { session, firstNew } = openTab(mesh)
    const first = mesh.receive(bob, '#plans', 'one')
    mesh.receive(bob, '#plans', 'two')
    session.select('#plans')
    expect(firstNew('#plans')).toBe(first.id)
    session.select('#general')
    expect(firstNew('#plans')).toBeUndefined()
  })

  test('a room that is left has no news', async () => {
    const { mesh, bob } = acme()
    const { session, unread } = openTab(mesh)
    mesh.receive(bob, '#plans', 'one')
    await session.leaveRoom('plans')
    expect(unread('#plans')).toBe(0)
  })

  test('a hundred and more are "99+", and are all read at once', async () => {
    const { mesh, bob } = acme()
    const device = sharedShelf()
    const before = openTab(mesh, device)
    for (let n = 0; n < 150; n++) mesh.receive(bob, '#plans', n)
    expect(badgeText(before.unread('#plans'))).toBe('99+')
    before.session.select('#plans')
    await before.shown('#plans')
    before.session.close()
    const after = openTab(mesh, device)
    await after.shown('#general')
    expect(after.unread('#plans')).toBe(0)
  })
})

describe('read positions', () => {
  test('a position never moves back, whichever tab writes last', () => {
    const device = sharedShelf()
    const [one, two] = [device(), device()].map(({ shelf, onChange }) =>
      createReadPositions('acme', shelf, onChange),
    )
    one?.read('#general', 'c5')
    two?.read('#general', 'c3')
    expect(one?.get('#general')?.cursor).toBe('c5')
    expect(two?.get('#general')?.cursor).toBe('c5')
  })

  test('what somebody else wrote into storage is no position', () => {
    for (const garbage of ['', '[]', 'null', '{"#general":7}', '{"#general":{"cursor":1}}', '{']) {
      const { shelf, onChange } = sharedShelf(new Map([['skein-app:read:acme', garbage]]))()
      const positions = createReadPositions('acme', shelf, onChange)
      expect(positions.get('#general')).toBeUndefined()
      positions.read('#general', 'c1')
      expect(positions.get('#general')).toEqual({ cursor: 'c1', late: [] })
    }
  })

  test('a browser that stores nothing remembers as long as the tab lives', () => {
    const positions = createReadPositions('acme', undefined, () => () => undefined)
    positions.read('#general', 'c1')
    expect(positions.get('#general')?.cursor).toBe('c1')
  })
})

test('the title says how much is new and what is open', () => {
  expect(titleWith(3, '#general')).toBe('(3) #general – Skein')
  expect(titleWith(0, 'bob')).toBe('bob – Skein')
})
