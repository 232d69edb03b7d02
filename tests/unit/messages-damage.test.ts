import { describe, expect, it } from 'vitest'
import { MeshError } from '../../core/base/errors.ts'
import { limits } from '../../core/base/limits.ts'
import type { MemoryRows } from '../../core/platform/shared/memory-store.ts'
import { readEntry } from '../../core/messages/rows.ts'
import {
  bodyText,
  copyOf,
  damage,
  memberOf,
  type Peer,
  seal,
  trio,
  twoBehind,
  type World,
} from './messages-world.ts'

const bob = memberOf('bob')

/** Its owner dies, and lives on with what there was before. */
function putBack(world: World, owner: Peer, backup: MemoryRows): Peer {
  owner.kill()
  const restored = world.add(owner.name, { rows: backup })
  world.settle()
  return restored
}

const entryKey = (peer: Peer, number: number): string =>
  `feed/${peer.messages.storeId}/${String(number).padStart(12, '0')}`

describe('forks', () => {
  it('MS8 a store that went back in time starts a new feed and loses nothing it still has', () => {
    const { world, a, b, c } = trio('damage')
    a.send('@bob', 'one')
    world.advance(1000)
    const backup = copyOf(a.rows)
    a.send('@bob', 'two')
    a.send('@carol', 'three')
    world.advance(1000)
    const old = a.messages.storeId
    const restored = putBack(world, a, backup)
    restored.send('@bob', 'written while alone')
    world.settle()
    world.meet()
    world.advance(2 * limits.antiEntropyIntervalMs)
    expect(restored.messages.storeId).not.toBe(old)
    expect(restored.errors('store-forked').length).toBe(1)
    expect(b.texts()).toEqual(['one', 'two', 'written while alone'])
    expect(restored.history(bob).map(bodyText).sort()).toEqual(['one', 'two', 'written while alone'])
    world.advance(2 * limits.antiEntropyIntervalMs)
    expect(restored.messages.status().undelivered).toBe(0)
    expect(restored.messages.digest).toBe(b.messages.digest)
    expect(restored.messages.digest).toBe(c.messages.digest)
  })

  it('MS8 a restored store that wrote nothing meanwhile also goes on elsewhere', () => {
    const { world, a, b } = trio('damage')
    const backup = copyOf(a.rows)
    a.send('@bob', 'newer')
    world.advance(1000)
    const restored = putBack(world, a, backup)
    world.meet()
    world.advance(1000)
    expect(restored.errors('store-forked').length).toBe(1)
    expect(restored.texts()).toContain('newer')
    const request = restored.send('@bob', 'after')
    world.advance(1000)
    expect(b.texts()).toEqual(['newer', 'after'])
    expect(restored.state(request)?.state).toBe('delivered')
    expect(restored.messages.digest).toBe(b.messages.digest)
  })

  it('MS8 an end of ours that is damaged does not keep us from the end that others have', () => {
    const { world, a, b, c } = trio('damage')
    const backup = copyOf(a.rows)
    for (const text of ['one', 'two', 'three']) a.send('@bob', text)
    world.advance(1000)
    const restored = putBack(world, a, backup)
    for (const text of ['mine', 'lost', 'mine, too']) restored.send('#empty', text)
    world.settle()
    damage(restored, entryKey(restored, 3))
    world.settle()
    world.meet()
    world.advance(4 * limits.antiEntropyIntervalMs)
    expect(restored.errors('store-forked').length).toBe(1)
    expect(restored.messages.digest).toBe(b.messages.digest)
    expect(restored.messages.digest).toBe(c.messages.digest)
    expect(restored.history(bob).map(bodyText)).toEqual(['one', 'two', 'three'])
    expect(restored.history('#empty').map(bodyText)).toEqual(['mine', 'mine, too'])
    expect(restored.keysOf('hole/')).toEqual([])
  })

  it('MS8 what was lost of an end that was given up is not reported anew by whoever looks for it', () => {
    const { world, a } = trio('damage')
    const backup = copyOf(a.rows)
    for (const text of ['one', 'two', 'three']) a.send('@bob', text)
    world.advance(1000)
    const restored = putBack(world, a, backup)
    for (const text of ['mine', 'lost', 'four', 'five', 'lost too']) restored.send('#empty', text)
    world.settle()
    const lost = [entryKey(restored, 3), entryKey(restored, 6)]
    for (const key of lost) damage(restored, key)
    world.settle()
    world.meet()
    world.advance(4 * limits.antiEntropyIntervalMs)
    expect(restored.history(bob).map(bodyText)).toEqual(['one', 'two', 'three'])
    // Their places in the conversation are left, and name them.
    restored.step({ type: 'corrupt', key: lost[1]! })
    world.settle()
    expect(restored.errors('record-corrupt').length).toBe(2)
  })

  it('MS8 … nor where it is the last entry that is damaged', () => {
    const { world, a, b, c } = trio('damage')
    const backup = copyOf(a.rows)
    a.send('@bob', 'one')
    world.advance(1000)
    const restored = putBack(world, a, backup)
    restored.send('#empty', 'lost')
    world.settle()
    damage(restored, entryKey(restored, 2))
    world.settle()
    world.meet()
    world.advance(4 * limits.antiEntropyIntervalMs)
    expect(restored.messages.digest).toBe(b.messages.digest)
    expect(restored.messages.digest).toBe(c.messages.digest)
    expect(restored.history(bob).map(bodyText)).toEqual(['one'])
    expect(restored.keysOf('hole/')).toEqual([])
  })

  it.each([
    ['what is lost of it is still owed', '@carol'],
    ['nothing can be stored', '#empty'],
  ] as const)('MS8 while %s theirs is not asked for again and again', (_, to) => {
    const { world, a, c } = trio('damage')
    const backup = copyOf(a.rows)
    for (const text of ['one', 'two', 'three']) a.send('@bob', text)
    world.advance(1000)
    c.kill()
    const restored = putBack(world, a, backup)
    for (const text of ['lost', 'mine', 'mine, too']) restored.send(to, text)
    world.settle()
    damage(restored, entryKey(restored, 2))
    world.settle()
    world.meet()
    while (restored.errors('store-forked').length === 0 && world.happen(() => 0));
    if (to === '#empty') restored.commitError = new MeshError('storage-full', 'The disk is full.')
    world.advance(4 * limits.antiEntropyIntervalMs)
    expect(restored.sent.filter(({ type }) => type === 'want').length).toBeLessThan(20)
    restored.commitError = undefined
    world.advance(4 * limits.antiEntropyIntervalMs)
    expect(restored.history(bob).map(bodyText)).toEqual(to === '#empty' ? ['one', 'two', 'three'] : [])
  })

  it('MS8 where two copies part is found, however large the entries before that', () => {
    const { world, a, b, c } = trio('damage')
    for (let i = 0; i < 6; i++) a.send('@bob', `${i}`.padEnd(100_000, '.'))
    world.advance(1000)
    const backup = copyOf(a.rows)
    for (const text of ['one', 'two', 'three']) a.send('@bob', text)
    world.advance(1000)
    const restored = putBack(world, a, backup)
    restored.send('#empty', 'mine')
    world.settle()
    world.meet()
    world.advance(4 * limits.antiEntropyIntervalMs)
    expect(restored.messages.digest).toBe(b.messages.digest)
    expect(restored.messages.digest).toBe(c.messages.digest)
    expect(restored.history(bob).slice(6).map(bodyText)).toEqual(['one', 'two', 'three'])
    expect(restored.history('#empty').map(bodyText)).toEqual(['mine'])
  })

  it('MS8 what stands before the end that others keep stays where it is, however large', () => {
    const { world, a } = trio('damage')
    for (let i = 0; i < 6; i++) a.send('@bob', `${i}`.padEnd(100_000, '.'))
    world.advance(1000)
    const backup = copyOf(a.rows)
    a.send('@bob', 'other')
    world.advance(1000)
    const restored = putBack(world, a, backup)
    for (const text of ['mine', 'mine, too']) restored.send('#empty', text)
    world.settle()
    world.meet()
    world.advance(4 * limits.antiEntropyIntervalMs)
    expect(restored.history(bob).map((message) => bodyText(message).replaceAll('.', ''))).toEqual([
      ...['0', '1', '2', '3', '4', '5'],
      'other',
    ])
    // Its profile, the other end, and ours.
    expect(restored.keysOf(`feed/${restored.messages.storeId}/`).length).toBe(4)
  })

  it('MS8 who could not look at the end that others keep hears of it again', () => {
    const { world, a, b, c } = trio('damage')
    a.send('@bob', 'one')
    world.advance(1000)
    const backup = copyOf(a.rows)
    a.send('@bob', 'two')
    a.send('@carol', 'three')
    world.advance(1000)
    const restored = putBack(world, a, backup)
    // With a hole it does not know yet what it holds, when it meets them.
    damage(restored, entryKey(restored, 2))
    for (const text of ['four', 'five', 'six']) restored.send('@bob', text)
    world.settle()
    world.meet()
    world.advance(4 * limits.antiEntropyIntervalMs)
    expect(restored.errors('store-forked').length).toBe(1)
    expect(b.texts().sort()).toEqual(['five', 'four', 'one', 'six', 'two'])
    expect(c.texts()).toEqual(['three'])
    expect(restored.history(bob).map(bodyText).sort()).toEqual(['five', 'four', 'one', 'six', 'two'])
    expect(restored.messages.status().undelivered).toBe(0)
  })

  it('MS8 what others hold of the old feed says nothing of the new one', () => {
    const { world, a, b, c } = trio('damage')
    for (let i = 0; i < 5; i++) a.send('@bob', `before ${i}`)
    world.advance(1000)
    b.kill()
    c.kill()
    const lost = entryKey(a, 3)
    world.add('dave')
    world.settle()
    world.meet()
    const old = a.messages.storeId
    damage(a, lost)
    for (let i = 0; i < 10 && a.messages.storeId === old; i++) world.advance(limits.antiEntropyIntervalMs)
    expect(a.messages.storeId).not.toBe(old)
    const request = a.send('@bob', 'after')
    world.advance(1000)
    expect(a.state(request)?.state).toBe('stored')
    const back = world.add('bob', { rows: b.rows })
    world.settle()
    world.meet()
    world.advance(limits.antiEntropyIntervalMs)
    expect(back.texts()).toContain('after')
    expect(a.state(request)?.state).toBe('delivered')
    expect(a.messages.status().undelivered).toBe(0)
  })

  it('MS8 what the old feed still owed is sent under the new one', () => {
    const { world, a, b, c } = trio('damage')
    b.kill()
    a.send('@bob', 'owed')
    world.advance(1000)
    const backup = copyOf(a.rows)
    a.send('@carol', 'newer')
    world.advance(1000)
    const restored = putBack(world, a, backup)
    world.meet()
    world.advance(1000)
    expect(restored.errors('store-forked').length).toBe(1)
    expect(restored.keysOf(`outbox/${a.messages.storeId}`)).toEqual([])
    expect(restored.keysOf(`outbox/${restored.messages.storeId}`).length).toBe(1)
    c.kill()
    const back = world.add('bob', { rows: b.rows })
    world.settle()
    world.meet()
    world.advance(2000)
    expect(back.texts()).toEqual(['owed'])
    expect(restored.messages.status().undelivered).toBe(0)
    expect(restored.history(bob).map(bodyText)).toEqual(['owed'])
  })

  it('MS7 MS8 what one said to oneself moves along, and comes once', () => {
    const { world, a, b, c } = trio('backup')
    const backup = copyOf(a.rows)
    for (const text of ['newer', 'and newer']) a.send('@bob', text)
    world.advance(1000)
    for (const peer of [a, c]) peer.kill()
    const again = world.add('alice', { rows: backup })
    world.cut(again, b)
    again.step({ type: 'inboxActive', active: true })
    world.settle()
    for (const text of ['handled', 'given', 'asked for']) again.send('@alice', text)
    world.advance(1000)
    expect(again.inbox().map(({ message }) => bodyText(message))).toEqual(['handled', 'given', 'asked for'])
    const [handled, given, asked] = again.inbox()
    again.handle(handled!)
    const first = again.giving(given!)
    world.settle()
    expect(again.answer(first)?.value).toBeDefined()
    world.heal()
    world.advance(10 * limits.antiEntropyIntervalMs)
    expect(again.errors('store-forked')).toHaveLength(1)
    expect(given!.feed).not.toBe(again.messages.storeId)
    expect(again.history('@alice').map(bodyText)).toEqual(['handled', 'given', 'asked for'])
    // The program has one of them, and is only now to be given the other.
    again.handle(given!)
    const second = again.giving(asked!)
    world.settle()
    expect(again.answer(second)?.value).toBeUndefined()
    expect(
      again
        .inbox()
        .slice(3)
        .map(({ message }) => bodyText(message)),
    ).toEqual(['asked for'])
    again.handle(again.inbox()[3]!)
    world.settle()
    expect(again.keysOf('inbox/')).toEqual([])
  })

  it('MS9 a message that moved is not shown at its old place again because the damage of that row shows only now', () => {
    const { world, a, b } = trio('damage')
    b.kill()
    a.send('@bob', 'owed')
    world.advance(1000)
    const [talk] = a.keysOf('talk/')
    const backup = copyOf(a.rows)
    a.send('@carol', 'newer')
    world.advance(1000)
    const restored = putBack(world, a, backup)
    damage(restored, talk!)
    world.settle()
    expect(restored.history(bob).map(bodyText)).toEqual(['owed'])
    world.meet()
    world.advance(1000)
    expect(restored.messages.storeId).not.toBe(a.messages.storeId)
    restored.step({ type: 'corrupt', key: talk! })
    world.settle()
    expect(restored.history(bob).map(bodyText)).toEqual(['owed'])
  })

  it('MS9 a damaged place in a conversation is written again, also where the row of its id is gone', () => {
    const { world, a } = trio('damage')
    a.send('@bob', 'one')
    world.advance(1000)
    for (const key of a.keysOf('id/')) a.rows.delete(key)
    damage(a, a.keysOf('talk/')[0]!)
    world.settle()
    expect(a.history(bob).map(bodyText)).toEqual(['one'])
    expect(a.keysOf('id/').length).toBe(1)
  })

  it('MS7 MS8 a copy in the new feed is told and given once, where the row of its id was lost before it came', () => {
    const { world, a, b, c } = trio('damage')
    for (const peer of [a, b, c]) peer.room('r')
    c.step({ type: 'inboxActive', active: true })
    world.advance(1000)
    b.kill()
    a.send('#r', 'owed', { id: 'owed' })
    world.advance(1000)
    expect(c.inbox().length).toBe(1)
    c.handle(c.inbox()[0]!)
    const backup = copyOf(a.rows)
    a.send('@carol', 'newer')
    world.advance(1000)
    a.kill()
    c.rows.delete(`id/${a.member}/owed`)
    const restored = world.add('alice', { rows: backup })
    world.settle()
    world.meet()
    world.advance(1000)
    expect(c.keysOf(`id/${a.member}/owed`).length).toBe(1)
    expect(c.rows.get(`feed/${restored.messages.storeId}/000000000002`)).toBeDefined()
    expect(c.texts()).toEqual(['owed', 'newer'])
    expect(c.inbox().map(({ message }) => bodyText(message))).toEqual(['owed', 'newer'])
    expect(c.keysOf('inbox/').length).toBe(1)
  })

  it('MS8 a profile copied and used twice at the same time: both are heard', () => {
    const { world, a, b } = trio('damage')
    const clone = world.add('alice', { rows: copyOf(a.rows) })
    world.settle()
    world.cut(clone, a)
    world.cut(clone, b)
    clone.send('@bob', 'from the copy')
    a.send('@bob', 'from the original')
    world.advance(100)
    world.heal()
    world.advance(4 * limits.antiEntropyIntervalMs)
    expect(b.texts().sort()).toEqual(['from the copy', 'from the original'])
    clone.send('@bob', 'again from the copy')
    a.send('@bob', 'again from the original')
    world.advance(1000)
    expect(b.texts().length).toBe(4)
    expect(clone.messages.storeId).not.toBe(a.messages.storeId)
    expect(clone.messages.status().undelivered).toBe(0)
    expect(a.messages.status().undelivered).toBe(0)
  })

  it('MS8 a sibling tab follows to the new feed', () => {
    const { world, a, b } = trio('damage')
    const backup = copyOf(a.rows)
    a.send('@bob', 'newer')
    world.advance(1000)
    a.kill()
    const first = world.add('alice', { rows: backup })
    const second = world.add('alice', { rows: backup })
    world.settle()
    world.meet()
    world.advance(1000)
    second.send('@bob', 'from the second tab')
    first.send('@bob', 'from the first tab')
    world.advance(2 * limits.antiEntropyIntervalMs)
    expect(second.messages.storeId).toBe(first.messages.storeId)
    expect(first.errors('store-forked').length + second.errors('store-forked').length).toBe(1)
    expect(b.texts().sort()).toEqual(['from the first tab', 'from the second tab', 'newer'])
  })

  it('MS6 MS8 a tab that reads what its sibling wrote into a feed before it follows to that feed waits no longer for its addressee', () => {
    const { world, b, tabs } = twoBehind()
    const [first, second] = tabs
    first.send('@dave', 'waits')
    world.advance(limits.antiEntropyIntervalMs)
    expect([first, second].map(({ messages }) => messages.status().waitingForName)).toEqual([1, 1])
    const dave = world.add('dave')
    for (const tab of [first, second]) world.cuts.add(`${tab.id} ${dave.id}`).add(`${dave.id} ${tab.id}`)
    const meet = (other: Peer): void => {
      world.cuts.delete(`${first.id} ${other.id}`)
      world.cuts.delete(`${other.id} ${first.id}`)
      world.meet()
      world.settle()
    }
    // The first alone meets who knows that their feed went on elsewhere: it begins a new one, and writes there.
    meet(b)
    meet(dave)
    expect(dave.texts()).toEqual(['waits'])
    expect(second.messages.storeId).not.toBe(first.messages.storeId)
    world.heal()
    world.advance(2 * limits.antiEntropyIntervalMs)
    expect(second.messages.storeId).toBe(first.messages.storeId)
    expect([first, second].map(({ messages }) => messages.status().waitingForName)).toEqual([0, 0])
  })

  it('MS8 a wiped store is a new one and gets its own history back', () => {
    const { world, a, b } = trio('damage')
    a.send('@bob', 'before')
    world.advance(1000)
    a.kill()
    const wiped = world.add('alice')
    world.settle()
    world.meet()
    world.advance(1000)
    expect(wiped.history(bob).map(bodyText)).toEqual(['before'])
    wiped.send('@bob', 'after')
    world.advance(1000)
    expect(b.texts()).toEqual(['before', 'after'])
  })

  it('MS8 a message another tab has just written is no fork', () => {
    const { world, a, b } = trio('damage')
    const tab = world.add('alice', { rows: a.rows })
    world.settle()
    world.meet()
    world.settle()
    const store = a.messages.storeId
    tab.send('@bob', 'fast')
    // Bob has it and says so before Alice's first tab hears of it.
    while (tab.work());
    world.packets = world.packets.filter(({ to }) => to === b)
    world.advance(1000)
    expect(b.texts()).toEqual(['fast'])
    expect(a.messages.storeId).toBe(store)
    expect(a.errors('store-forked')).toEqual([])
    expect(a.texts()).toEqual(['fast'])
  })
})

describe('corruption', () => {
  it('MS9 a damaged entry is reported, fetched again, and the vector recovers', () => {
    const { world, a, b } = trio('damage')
    for (let i = 0; i < 5; i++) a.send('@bob', `${i}`)
    world.advance(1000)
    const digest = b.messages.digest
    damage(b, entryKey(a, 3))
    world.settle()
    expect(b.errors('record-corrupt').length).toBe(1)
    expect(b.messages.digest).not.toBe(digest)
    world.advance(2 * limits.antiEntropyIntervalMs)
    expect(b.messages.digest).toBe(digest)
    expect(b.history(a.member).map(bodyText)).toEqual(['0', '1', '2', '3', '4'])
    expect(b.texts().length).toBe(5)
    expect(b.keysOf('hole/')).toEqual([])
  })

  it('MS9 so is one of our own, the last one too, and two in a row', () => {
    const { world, a, b } = trio('damage')
    for (let i = 0; i < 5; i++) a.send('@bob', `${i}`)
    world.advance(1000)
    const [digest, store] = [a.messages.digest, a.messages.storeId]
    for (const number of [3, 4, 6]) damage(a, entryKey(a, number))
    world.advance(3 * limits.antiEntropyIntervalMs)
    expect(a.messages.storeId).toBe(store)
    expect(a.messages.digest).toBe(digest)
    expect(a.history(bob).map(bodyText)).toEqual(['0', '1', '2', '3', '4'])
    a.send('@bob', 'on')
    world.settle()
    expect(b.texts().at(-1)).toBe('on')
  })

  it('MS9 nothing else than what was there fills a hole', () => {
    const { world, a, b } = trio('damage')
    for (let i = 0; i < 3; i++) a.send('@bob', `${i}`)
    world.advance(1000)
    const digest = b.messages.digest
    const before = readEntry(b.rows.get(entryKey(a, 2)))!
    const lost = readEntry(b.rows.get(entryKey(a, 3)))!
    damage(b, entryKey(a, 3))
    world.settle()
    const header = { ...lost.header, clockMs: lost.header.clockMs + 1 }
    const other = seal(a.member, [{ header, body: lost.entry.body }], before.hash)[0]!
    world.broadcast(a, { type: 'entries', entries: [other.entry] })
    world.settle()
    expect(b.keysOf('hole/').length).toBe(1)
    world.advance(2 * limits.antiEntropyIntervalMs)
    expect(b.messages.digest).toBe(digest)
  })

  it('MS9 what had arrived in time is shown again, though its time has run out when it is fetched anew', () => {
    const { world, a, b } = trio('damage')
    a.send('@bob', 'in time', { ttlMs: 60_000 })
    world.advance(1000)
    expect(b.texts()).toEqual(['in time'])
    world.advance(10 * 60_000)
    damage(b, entryKey(a, 2))
    world.advance(2 * limits.antiEntropyIntervalMs)
    expect(b.keysOf('hole/')).toEqual([])
    expect(b.history(memberOf('alice')).map(bodyText)).toEqual(['in time'])
  })

  it('MS9 a hole is remembered across a restart', () => {
    const { world, a, b } = trio('damage')
    for (let i = 0; i < 3; i++) a.send('@bob', `${i}`)
    world.advance(1000)
    const digest = b.messages.digest
    damage(b, entryKey(a, 2))
    world.settle()
    b.kill()
    const again = world.add('bob', { rows: b.rows })
    world.settle()
    expect(again.messages.digest).not.toBe(digest)
    world.meet()
    world.advance(2 * limits.antiEntropyIntervalMs)
    expect(again.messages.digest).toBe(digest)
  })

  it('MS9 a damaged head is read off the entries, while running and at the start', () => {
    const { world, a, b } = trio('damage')
    for (let i = 0; i < 3; i++) a.send('@bob', `${i}`)
    world.advance(1000)
    const digest = a.messages.digest
    damage(a, `head/${a.messages.storeId}`)
    damage(b, `head/${a.messages.storeId}`)
    world.settle()
    a.kill()
    a.rows.delete(`head/${a.messages.storeId}`)
    const again = world.add('alice', { rows: a.rows })
    world.settle()
    again.step({ type: 'corrupt', key: `head/${a.messages.storeId}` })
    world.meet()
    const request = again.send('@bob', 'more')
    world.advance(1000)
    expect(digest).not.toBe(again.messages.digest)
    expect(again.messages.storeId).toBe(a.messages.storeId)
    expect(again.state(request)?.state).toBe('delivered')
    expect(b.texts()).toEqual(['0', '1', '2', 'more'])
    expect(b.messages.digest).toBe(again.messages.digest)
  })

  it('MS9 what is owed to nobody any more is not written again where its damage shows in that moment', () => {
    const { world, a, b } = trio('damage')
    a.send('@bob', 'one')
    world.settle()
    const [owed] = a.keysOf('outbox/')
    world.now = { ...world.now, monotonicMs: world.now.monotonicMs + limits.receiptDelayMs }
    b.step({ type: 'tick' })
    world.deliver(world.packets.find(({ to }) => to === a)!)
    // The receipt is being stored.
    expect(a.tasks.length).toBe(1)
    damage(a, owed!)
    world.settle()
    expect(a.messages.status().undelivered).toBe(0)
    expect(a.keysOf('outbox/')).toEqual([])
  })

  it('MS5 a row that owes what all have goes with the next comparison, and without a hurry where the disk refuses', () => {
    const { world, a } = trio('damage')
    a.send('@bob', 'one')
    world.settle()
    const [key] = a.keysOf('outbox/')
    const value = a.rows.get(key!)!
    world.advance(1000)
    a.kill()
    // As a kill may leave it between two writes.
    a.rows.put(key!, value)
    const back = world.add('alice', { rows: a.rows })
    world.settle()
    world.meet()
    back.commitError = new MeshError('storage-full', 'no room')
    const tried = back.commits.length
    world.advance(2 * limits.antiEntropyIntervalMs)
    expect(back.commits.length - tried).toBeLessThan(20)
    back.kill()
    const later = world.add('alice', { rows: a.rows })
    world.settle()
    world.meet()
    world.advance(limits.antiEntropyIntervalMs)
    expect(later.keysOf('outbox/')).toEqual([])
    expect(later.messages.status().undelivered).toBe(0)
  })

  it.each(['while it ran', 'between two runs'])(
    'MS5 MS9 a message whose expiry was damaged, %s, is still expired, and not reported again',
    (when) => {
      const { world, a, b } = trio('damage')
      b.kill()
      a.send('@bob', 'too late', { id: 'late', ttlMs: 1000 })
      world.advance(60_000)
      expect(a.errors('expired')).toHaveLength(1)
      const [key] = a.keysOf('expired/')
      if (when === 'while it ran') damage(a, key!)
      world.advance(1000)
      a.kill()
      if (when !== 'while it ran') a.rows.delete(key!)
      const again = world.add('alice', { rows: a.rows })
      if (when !== 'while it ran') again.step({ type: 'corrupt', key: key! })
      world.advance(1000)
      expect(again.keysOf('expired/')).toEqual([key])
      expect(again.history(b.member).map(({ state }) => state)).toEqual(['expired'])
      const request = again.send('@bob', 'too late', { id: 'late' })
      world.advance(1000)
      expect(again.state(request)).toMatchObject({ state: 'expired', lacking: [b.member] })
      expect(again.errors('expired')).toEqual([])
    },
  )

  it('MS9 damaged rows about the store, receipts, members and the outbox are made good', () => {
    const { world, a, b } = trio('damage')
    a.send('@bob', 'one')
    world.advance(1000)
    world.cut(a, b)
    a.send('@bob', 'two')
    world.settle()
    const store = a.messages.storeId
    for (const key of ['meta/store', ...a.keysOf('outbox/'), ...a.keysOf('ack/'), ...a.keysOf('member/')])
      damage(a, key)
    world.settle()
    a.kill()
    const again = world.add('alice', { rows: a.rows })
    world.settle()
    expect(again.messages.storeId).toBe(store)
    expect(again.messages.status().undelivered).toBe(1)
    expect(again.messages.members().get(bob)?.name).toBe('bob')
    world.meet()
    world.advance(1000)
    expect(b.texts()).toEqual(['one', 'two'])
    expect(again.messages.status().undelivered).toBe(0)
  })

  it.each(['while it ran', 'between two runs'])(
    'MS9 a room is not left because its row was damaged %s',
    (when) => {
      const { world, a, b } = trio('damage')
      for (const peer of [a, b]) peer.room('garden')
      world.advance(1000)
      if (when === 'while it ran') damage(a, 'joined/garden')
      else a.rows.delete('joined/garden')
      world.settle()
      a.kill()
      const again = world.add('alice', { rows: a.rows })
      world.settle()
      world.meet()
      expect(again.messages.rooms().get('garden')?.joined).toBe(true)
      expect(again.keysOf('joined/')).toEqual(['joined/garden'])
      again.room('kitchen')
      world.advance(1000)
      expect(b.messages.rooms().get('garden')?.members).toContain(a.member)
    },
  )

  it('MS9 a member whose row was damaged between two runs keeps its name and its rooms', () => {
    const { world, a, b } = trio('damage')
    b.room('garden')
    world.advance(1000)
    for (const peer of [a, b]) peer.kill()
    a.rows.delete(`member/${bob}`)
    const again = world.add('alice', { rows: a.rows })
    world.settle()
    expect(again.messages.members().get(bob)?.name).toBe('bob')
    expect(again.messages.rooms().get('garden')?.members).toEqual([bob])
    expect(again.keysOf('member/')).toContain(`member/${bob}`)
  })
})
