// Two tabs on one store: what one of them did while the other stood still, or could not read.

import { describe, expect, it } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import {
  bodyText,
  copyOf,
  damage,
  failure,
  memberOf,
  type Peer,
  trio,
  twoBehind,
  type World,
} from './messages-world.ts'

const hour = 60 * 60 * 1000
const day = 24 * hour

/** Another tab of that one. */
function sibling(world: World, of: Peer): Peer {
  const tab = world.add(of.name, { rows: of.rows })
  world.settle()
  world.meet()
  world.advance(1000)
  return tab
}

describe('what a message of ours came to', () => {
  it('MS5 is not called expired by a tab that stood still while a sibling stored the receipt', () => {
    const { world, a, b } = trio()
    b.kill()
    const two = sibling(world, a)
    const request = a.send('@bob', 'hello', { ttlMs: hour })
    world.advance(1000)
    expect(two.messages.status().undelivered).toBe(1)
    two.alive = false
    world.add('bob', { rows: b.rows })
    world.settle()
    world.meet()
    world.advance(2000)
    expect(a.state(request)?.state).toBe('delivered')
    world.advance(2 * hour)
    two.alive = true
    two.step({ type: 'tick' })
    world.advance(60_000)
    expect(two.errors('expired')).toEqual([])
    expect(a.keysOf('expired/')).toEqual([])
    const { id } = a.state(request)!
    expect(two.messages.sentState(id)?.state).toBe('delivered')
    expect(two.messages.status().undelivered).toBe(0)
  })

  it.each(['that tab', 'its sibling'])(
    'MS5 is said to lack nobody who has it, as a sibling stored, by %s',
    (by) => {
      const { world, a, b, c } = trio()
      for (const peer of [b, c]) peer.room('general')
      world.settle()
      const two = sibling(world, a)
      c.kill()
      const request = two.send('#general', 'hello', { ttlMs: hour })
      world.settle()
      two.alive = false
      world.advance(1000)
      expect(a.keysOf('ack/').filter((key) => key.includes(b.member))).toHaveLength(1)
      if (by === 'that tab') a.kill()
      world.advance(2 * hour)
      two.alive = true
      two.step({ type: 'tick' })
      world.advance(60_000)
      expect(two.state(request)).toMatchObject({ state: 'expired', lacking: [c.member] })
      const [error] = (by === 'that tab' ? two : a).errors('expired')
      expect(error?.details).toMatchObject({ lacking: [c.member] })
    },
  )

  it('MS5 is called expired, also where its outbox row was lost without a trace', () => {
    const { world, a, b } = trio()
    b.kill()
    const request = a.send('@bob', 'hello', { ttlMs: hour })
    world.advance(1000)
    for (const key of a.keysOf('outbox/')) a.rows.delete(key)
    world.advance(2 * hour)
    expect(a.errors('expired')).toHaveLength(1)
    expect(a.state(request)?.state).toBe('expired')
  })

  it('MS8 is heard by the tab that sent it, also where a sibling moved it to a new feed', () => {
    const { world, b, tabs } = twoBehind()
    const [first, second] = tabs
    const request = second.send('@bob', 'from the second tab')
    world.advance(2 * limits.antiEntropyIntervalMs)
    for (const pair of [`${first.id} ${b.id}`, `${b.id} ${first.id}`]) world.cuts.delete(pair)
    world.meet()
    world.advance(10 * limits.antiEntropyIntervalMs)
    expect(b.texts().toSorted()).toEqual(['from the second tab', 'newer'])
    world.heal()
    world.advance(10 * limits.antiEntropyIntervalMs)
    expect([first, second].map((tab) => tab.messages.status().undelivered)).toEqual([0, 0])
    expect(second.state(request)?.state).toBe('delivered')
  })

  it('MS8 is heard by the tab that sent it, also where it was moved and delivered while that one stood still', () => {
    const { world, b, tabs } = twoBehind()
    const [first, second] = tabs
    const request = second.send('@bob', 'from the second tab')
    world.advance(2 * limits.antiEntropyIntervalMs)
    second.alive = false
    for (const pair of [`${first.id} ${b.id}`, `${b.id} ${first.id}`]) world.cuts.delete(pair)
    world.meet()
    world.advance(3000)
    expect(first.errors('store-forked')).toHaveLength(1)
    expect(b.texts()).toContain('from the second tab')
    second.alive = true
    // It hears of the new feed from its sibling before it looks which one is theirs.
    world.meet()
    world.advance(3000)
    expect(second.messages.storeId).not.toBe(first.messages.storeId)
    world.heal()
    world.advance(3 * limits.antiEntropyIntervalMs)
    expect(second.messages.storeId).toBe(first.messages.storeId)
    expect(second.state(request)?.state).toBe('delivered')
    const heard = second.emitted('receipt').map(({ receipt }) => receipt)
    const { id } = second.state(request)!
    expect(heard.filter((receipt) => receipt.id === id)).toMatchObject([{ member: b.member }])
  })

  it('MS6 is not lost sight of where a sibling found its addressee, and it expired, while its tab stood still', () => {
    const { world, a } = trio()
    const two = sibling(world, a)
    const request = a.send('@zoe', 'hello', { ttlMs: hour })
    world.advance(2 * limits.antiEntropyIntervalMs)
    a.alive = false
    const zoe = world.add('zoe')
    world.settle()
    world.meet()
    while (two.work());
    zoe.kill()
    world.advance(2 * hour)
    expect(two.errors('expired')).toHaveLength(1)
    a.alive = true
    a.step({ type: 'tick' })
    const states = new Set<string | undefined>()
    do states.add(a.state(request)?.state)
    while (a.work())
    world.advance(2 * limits.antiEntropyIntervalMs)
    states.add(a.state(request)?.state)
    expect([...states]).toEqual(['waiting', 'expired'])
    expect(a.emitted('expired')).toHaveLength(1)
  })

  it('MS6 goes out in order, and expires, however much of it a sibling left waiting for a name', () => {
    const { world, a } = trio()
    const two = sibling(world, a)
    const texts = Array.from({ length: 150 }, (_, i) => `text ${i}`)
    texts.forEach((text, i) => two.send('@zoe', text, { id: `id-${(37 * i) % 150}` }))
    two.send('@yan', 'short', { id: 'id-zz', ttlMs: hour })
    world.settle()
    two.kill()
    world.advance(2 * hour)
    expect(a.errors('expired').map(({ details }) => details?.['id'])).toEqual(['id-zz'])
    const zoe = world.add('zoe')
    world.settle()
    world.meet()
    world.advance(10_000)
    expect(zoe.texts()).toEqual(texts)
  })

  it('MS5 MS8 is delivered, though one of an older feed under its number was sent again', () => {
    const { world, a, b, c } = trio()
    a.send('@bob', 'once', { id: 'once' })
    world.advance(1000)
    const backup = copyOf(a.rows)
    a.send('@bob', 'newer')
    world.advance(1000)
    for (const peer of [a, c]) peer.kill()
    const forked = world.add('alice', { rows: backup })
    world.settle()
    world.meet()
    world.advance(2 * limits.antiEntropyIntervalMs)
    expect(forked.errors('store-forked')).toHaveLength(1)
    forked.kill()
    const again = world.add('alice', { rows: backup })
    world.settle()
    world.meet()
    world.advance(1000)
    const request = again.send('@bob', 'the first message of the new feed')
    world.settle()
    world.cut(again, b)
    again.send('@bob', 'once', { id: 'once' })
    again.send('@bob', 'another')
    world.settle()
    b.commitError = failure('storage-full')
    world.heal()
    world.advance(2 * limits.antiEntropyIntervalMs)
    expect(b.texts()).toEqual(['once', 'newer', 'the first message of the new feed'])
    expect(again.state(request)?.state).toBe('delivered')
  })

  it('MS5 is forgotten some day once it is delivered, though an older one is still owed', () => {
    const { world, a, c } = trio()
    c.kill()
    a.send('@carol', 'owed for long')
    world.settle()
    const requests: number[] = []
    for (const burst of [4500, 500]) {
      for (let i = 0; i < burst; i++) requests.push(a.send('@bob', `${i}`))
      world.advance(1000)
    }
    // 4096 are remembered, whatever became of them.
    expect(requests.filter((request) => a.state(request)).length).toBeLessThanOrEqual(4096)
    expect(a.messages.status().undelivered).toBe(1)
  })
})

describe('what a sibling stored', () => {
  it('MS2 is told, and in order, though the store did not answer for a moment', () => {
    const { world, a, b } = trio()
    const two = sibling(world, b)
    two.step({ type: 'inboxActive', active: true })
    world.advance(1000)
    world.cut(two, a)
    two.readFails = (from) => from.startsWith('inbox/')
    a.send('@bob', 'work')
    world.advance(limits.antiEntropyIntervalMs)
    expect(two.readsFailed).toBeGreaterThan(0)
    two.readFails = () => false
    world.heal()
    a.send('@bob', 'more work')
    world.advance(4 * limits.storageBusyMs)
    expect(two.inbox().map(({ message }) => bodyText(message))).toEqual(['work', 'more work'])
    expect(two.texts()).toEqual(['work', 'more work'])
  })

  it('MS7 is told and given, also of our own feed, though the store did not answer for a moment', () => {
    const { world, a, b } = trio()
    const two = sibling(world, a)
    a.step({ type: 'inboxActive', active: true })
    world.settle()
    world.cut(a, two)
    b.kill()
    a.readFails = (from) => from.startsWith('inbox/')
    two.send('@alice', 'note')
    two.send('@bob', 'owed', { ttlMs: hour })
    world.advance(limits.antiEntropyIntervalMs)
    expect(a.readsFailed).toBeGreaterThan(0)
    a.readFails = () => false
    two.kill()
    world.advance(limits.storageBusyMs)
    expect(a.inbox().map(({ message }) => bodyText(message))).toEqual(['note'])
    expect(a.texts()).toEqual(['note', 'owed'])
    world.advance(2 * hour)
    expect(a.errors('expired')).toHaveLength(1)
  })

  it('MS7 is not left again with the next room, though the store did not answer for a moment', () => {
    const { world, a, b } = trio()
    const two = sibling(world, a)
    world.cut(a, two)
    two.room('garden')
    world.settle()
    a.readFails = (from) => from.startsWith('inbox/')
    a.room('kitchen')
    world.settle()
    expect(a.readsFailed).toBeGreaterThan(0)
    a.readFails = () => false
    world.heal()
    world.advance(2 * limits.antiEntropyIntervalMs)
    for (const { messages } of [a, two, b]) {
      const rooms = [...messages.rooms().values()].filter(({ members }) => members.includes(a.member))
      expect(rooms.map(({ name }) => name)).toEqual(['garden', 'kitchen'])
    }
    for (const { messages } of [a, two]) expect(messages.rooms().get('garden')?.joined).toBe(true)
  })

  it('MS10 or retired is served and mended by the other as by itself', () => {
    const { world, a, b, c } = trio()
    c.kill()
    for (let i = 0; i < 5; i++) b.send('@alice', `${i}`)
    b.room('general')
    world.advance(1000)
    const two = sibling(world, a)
    const feed = `feed/${b.messages.storeId}/`
    b.kill()
    for (let i = 0; i < 36; i++) world.sleep(2 * day)
    const left = a.keysOf(feed).length
    expect(left).toBeLessThan(6)
    for (const [tab, other] of [
      [a, two],
      [two, a],
    ] as const) {
      const dave = world.add('dave')
      world.settle()
      world.cut(other, dave)
      world.advance(3 * limits.antiEntropyIntervalMs)
      expect(dave.keysOf(feed).length).toBe(left)
      expect(tab.messages.status().counters['holesNotStored']).toBeUndefined()
      dave.kill()
    }
  })
})

describe('a damaged end of an old feed of ours that a sibling gave up', () => {
  it.each([
    ['as long as', 3, 3],
    ['longer than', 5, 3],
    ['shorter than', 3, 6],
  ])('MS8 MS9 is not known any more where the other end is %s it', (_, theirs, ours) => {
    const { world, a, b, c } = trio('damage')
    const backup = copyOf(a.rows)
    const texts = ['one', 'two', 'three', 'four', 'five'].slice(0, theirs)
    for (const text of texts) a.send('@bob', text)
    world.advance(1000)
    a.kill()
    const tabs = [world.add('alice', { rows: backup }), world.add('alice', { rows: backup })] as const
    for (const tab of tabs) for (const other of [b, c]) world.cut(tab, other)
    const mine = ['mine', 'lost', 'mine, too', 'four', 'five', 'six'].slice(0, ours)
    for (const text of mine) tabs[0].send('#empty', text)
    world.advance(1000)
    damage(tabs[0], `feed/${tabs[0].messages.storeId}/000000000003`)
    world.advance(1000)
    world.heal()
    world.advance(4 * limits.antiEntropyIntervalMs)
    for (const { messages } of [...tabs, c]) expect(messages.digest).toBe(b.messages.digest)
    expect(tabs[0].history(memberOf('bob')).map(bodyText)).toEqual(texts)
    expect(tabs[0].history('#empty').map(bodyText)).toEqual(mine.filter((text) => text !== 'lost'))
    expect(tabs[0].keysOf('hole/')).toEqual([])
  })
})
