// Who is told of what, by which tab, and when the person is asked.

import { describe, expect, test } from 'vitest'
import { createNotifications, isSpeaker, mentions, nobodyLooks } from '../../web/notifications.ts'
import { tellPress } from '../../web/pressed-notice.ts'
import { createReadPositions } from '../../web/read-positions.ts'
import { createMemory } from '../../web/remembered.ts'
import { openSession } from '../../web/state.ts'
import { asMesh, FakeMesh } from './web-fake-mesh.ts'
import { FakeAttention, fakeNotifications, shelfOn } from './web-fake-page.ts'

function enter(answer: 'granted' | 'denied' | 'default' = 'granted') {
  const mesh = new FakeMesh('ada')
  const bob = mesh.arrive('bob', { silent: true })
  mesh.roomMembers.set('general', new Set([mesh.me.member, bob.member]))
  const memory = createMemory(shelfOn(new Map()), undefined)
  const attention = new FakeAttention()
  const session = openSession({
    mesh: asMesh(mesh),
    meshName: 'acme',
    now: () => 0,
    attention,
    memory,
    positions: createReadPositions('acme', undefined, () => () => undefined),
  })
  const port = fakeNotifications(answer)
  const notifications = createNotifications({ session, port, memory })
  const setHidden = (hidden: boolean): void => {
    mesh.me = { ...mesh.me, hidden }
    mesh.peers.set(mesh.me.id, mesh.me)
    if (hidden) attention.lookAway()
    else attention.lookBack()
  }
  return {
    mesh,
    bob: { member: bob.member, name: 'bob' },
    session,
    port,
    notifications,
    setHidden,
    told: () => port.shown.map(({ notice }) => `${notice.title}: ${notice.text}`),
  }
}

describe('asking', () => {
  test('nothing is asked on joining; an offer stands ready after the first message that was missed', async () => {
    const { mesh, bob, port, notifications, setHidden } = enter()
    mesh.receive(bob, mesh.me.member, 'you are looking')
    expect(notifications.isOffered.value).toBe(false)
    setHidden(true)
    mesh.receive(bob, '#general', 'you are not')
    expect(notifications.isOffered.value).toBe(true)
    expect(port.asked).toBe(0)
    await notifications.turnOn()
    expect([port.asked, notifications.isOn.value, notifications.isOffered.value]).toEqual([1, true, false])
  })

  test('who declines the offer is not asked again', () => {
    const { mesh, bob, port, notifications, setHidden } = enter()
    setHidden(true)
    mesh.receive(bob, '#general', 'one')
    notifications.turnOff()
    mesh.receive(bob, '#general', 'two')
    expect([notifications.isOffered.value, port.asked]).toEqual([false, 0])
  })

  test('where the browser refuses, nothing is shown', async () => {
    const { mesh, bob, told, notifications, setHidden } = enter('denied')
    await notifications.turnOn()
    setHidden(true)
    mesh.receive(bob, mesh.me.member, 'psst')
    expect(notifications.permission.value).toBe('denied')
    expect(told()).toEqual([])
  })
})

describe('telling', () => {
  test('direct messages and mentions always, a room where its switch is on, never one’s own', async () => {
    const { mesh, bob, told, notifications, setHidden } = enter()
    await notifications.turnOn()
    setHidden(true)
    mesh.receive(bob, '#general', 'to nobody in particular')
    mesh.receive({ member: mesh.me.member, name: 'ada' }, '#general', '@ada, that is me')
    expect(told()).toEqual([])
    mesh.receive(bob, mesh.me.member, 'psst')
    mesh.receive(bob, '#general', 'what says @Ada?')
    notifications.setRoom('general', true)
    mesh.receive(bob, '#general', 'and now')
    expect(told()).toEqual(['bob: psst', 'bob in #general: what says @Ada?', 'bob in #general: and now'])
  })

  test('nothing while a tab of this browser is in view, and only the tab with the lowest id speaks', () => {
    const { mesh } = enter()
    const me = { ...mesh.me, hidden: true }
    const other = { ...mesh.arrive('ada', { silent: true, member: me.member }), hidden: true }
    const bob = mesh.memberNamed('bob')
    const stranger = [...mesh.peers.values()].find(({ member }) => member === bob?.id)!
    const [low, high] = me.id < other.id ? [me, other] : [other, me]
    expect([isSpeaker(low, [low, high, stranger]), isSpeaker(high, [low, high, stranger])]).toEqual([
      true,
      false,
    ])
    expect(nobodyLooks(me, [me, other, stranger])).toBe(true)
    expect(nobodyLooks(me, [me, { ...other, hidden: false }, stranger])).toBe(false)
  })

  test('a press opens the conversation; reading it takes the notification away', async () => {
    const { mesh, bob, session, port, notifications, setHidden } = enter()
    await notifications.turnOn()
    setHidden(true)
    mesh.receive(bob, mesh.me.member, 'psst')
    port.shown[0]?.press()
    expect(session.selected.value).toBe(bob.member)
    setHidden(false)
    expect(port.shown).toEqual([])
  })

  test('after leaving nothing is told', async () => {
    const { mesh, bob, told, notifications, setHidden } = enter()
    await notifications.turnOn()
    setHidden(true)
    notifications.close()
    mesh.receive(bob, mesh.me.member, 'psst')
    expect(told()).toEqual([])
  })
})

test('a press goes to all tabs and belongs to the one that showed the notification, not to the first', async () => {
  const told: string[] = []
  const tab = (...shown: string[]): Parameters<typeof tellPress>[0][number] => ({
    postMessage({ tag }, [port]) {
      told.push(tag)
      if (shown.includes(tag)) (port as MessagePort).postMessage('mine')
    },
  })
  const [other, mine] = [tab('#plans'), tab('#general')]
  expect(await tellPress([other, mine], '#general')).toBe(mine)
  expect(told).toEqual(['#general', '#general'])
  expect(await tellPress([], '#general')).toBeUndefined()
})

test('a mention is a whole name', () => {
  const yes = ['@ada', 'hi @ada!', '(@ADA)', '@adalbert and @ada', 'thanks @ada.']
  const no = ['ada', '@adalbert', 'mail@ada', '@ada-2', '@ad a', '']
  expect(yes.map((text) => mentions(text, 'ada'))).toEqual(yes.map(() => true))
  expect(no.map((text) => mentions(text, 'ada'))).toEqual(no.map(() => false))
})
