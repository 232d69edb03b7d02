// The inbox where things go wrong: a store that does not answer, rows that were damaged, tabs that were parted.

import { describe, expect, it } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import type { MessageView } from '../../core/messages/messages.ts'
import { bodyText, damage, failure, type Peer, trio, type World } from './messages-world.ts'

const read = (peer: Peer): void => peer.step({ type: 'inboxActive', active: true })
const given = (peer: Peer): string[] => peer.inbox().map(({ message }) => bodyText(message))

/** Another run of that one, which reads its inbox. */
function restarted(world: World, peer: Peer): Peer {
  peer.kill()
  const back = world.add(peer.name, { rows: peer.rows })
  read(back)
  world.advance(1000)
  return back
}

it('MS7 what waits is not in memory: it is read when it is given', () => {
  const { world, a, b } = trio()
  a.send('@bob', 'work')
  world.advance(1000)
  read(b)
  world.advance(1000)
  const [event] = b.emitted('inbox')
  expect(event!.items).toEqual([{ feed: a.messages.storeId, number: 2, attempt: 1, to: '@bob' }])
})

describe('asked for again', () => {
  it('MS7 it comes, also where a parted sibling asked before and is gone', () => {
    const { world, a, b } = trio()
    const two = world.add('bob', { rows: b.rows })
    world.settle()
    for (const tab of [b, two]) read(tab)
    world.meet()
    a.send('@bob', 'work')
    world.advance(2 * limits.antiEntropyIntervalMs)
    expect([b, two].map((tab) => given(tab).length)).toEqual([1, 1])
    two.retry(two.inbox()[0]!, 60_000)
    world.settle()
    two.kill()
    b.retry(b.inbox()[0]!, 1000)
    world.advance(5000)
    expect(b.inbox().map(({ attempt }) => attempt)).toEqual([1, 2])
  })

  it('MS7 it comes once, where another takes the inbox over meanwhile', () => {
    const { world, a, b } = trio()
    read(b)
    a.send('@bob', 'work')
    world.advance(1000)
    b.retry(b.inbox()[0]!, 5000)
    b.step({ type: 'inboxActive', active: false })
    read(b)
    world.advance(20_000)
    expect(given(b)).toEqual(['work', 'work'])
  })
})

describe('whoever dies of it', () => {
  /** Asks for it, as a loop of the program does. What it got: the attempt, and the text. */
  const take = (world: World, peer: Peer): unknown[] => {
    const item = peer.inbox().at(-1)!
    const request = peer.giving(item)
    world.advance(1000)
    const message = peer.answer(request)?.value as MessageView | undefined
    return [item.attempt, message && bodyText(message)]
  }

  it('MS7 can tell by the attempt, from the second run on', () => {
    const { world, a, b } = trio()
    read(b)
    a.send('@bob', 'poison')
    world.advance(1000)
    const seen = [take(world, b)]
    let run = b
    for (let i = 0; i < 3; i++) seen.push(take(world, (run = restarted(world, run))))
    expect(seen).toEqual([1, 1, 2, 3].map((attempt) => [attempt, 'poison']))
    run.retry(run.inbox().at(-1)!, 100)
    world.advance(1000)
    expect(run.inbox().at(-1)!.attempt).toBe(4)
    const last = restarted(world, run)
    expect(take(world, last)).toEqual([4, 'poison'])
    last.handle(last.inbox()[0]!)
    world.settle()
    expect(given(restarted(world, last))).toEqual([])
  })

  it('MS7 finds what it was not given, though it waited over some runs, at its first attempt', () => {
    const { world, a, b } = trio()
    for (const text of ['first', 'second']) a.send('@bob', text)
    world.advance(1000)
    let run = b
    for (let i = 0; i < 3; i++) run = restarted(world, run)
    expect(run.inbox().map(({ attempt }) => attempt)).toEqual([1, 1])
  })

  it('MS7 writes nothing more for what is given as it comes, and is counted once where its loop ends first', () => {
    const { world, a, b } = trio()
    read(b)
    a.send('@bob', 'work')
    world.advance(1000)
    const before = b.commits.length
    take(world, b)
    expect(b.commits.slice(before).flatMap(({ put }) => put ?? [])).toEqual([])
    const back = restarted(world, b)
    for (let i = 0; i < 3; i++) take(world, back)
    expect(restarted(world, back).inbox()[0]!.attempt).toBe(2)
  })

  it('MS7 is given it all the same where the store takes nothing', () => {
    const { world, a, b } = trio()
    a.send('@bob', 'work')
    world.advance(1000)
    const back = restarted(world, b)
    back.commitError = failure('storage-full')
    expect(take(world, back)).toEqual([1, 'work'])
  })

  it('MS7 is not given what a sibling handles in that moment', () => {
    const { world, a, b } = trio()
    a.send('@bob', 'work')
    world.advance(1000)
    read(b)
    world.settle()
    const request = b.giving(b.inbox()[0]!)
    // Its row is there when it is read, and gone when that it is given is to be written down.
    b.work()
    b.rows.delete(b.keysOf('inbox/')[0]!)
    world.advance(1000)
    expect(b.answer(request)).toEqual({ value: undefined })
    expect(given(restarted(world, b))).toEqual([])
  })
})

describe('a store that does not answer for a moment', () => {
  it('MS7 does not turn the order round', () => {
    const { world, a, b } = trio()
    for (let i = 0; i < 40; i++) a.send('@bob', `${i}`)
    world.advance(1000)
    let reads = 0
    b.readFails = (from) => from.startsWith('inbox/') && ++reads === 2
    read(b)
    a.send('@bob', '40')
    world.settle()
    expect(b.readsFailed).toBe(1)
    a.send('@bob', '41')
    world.advance(4 * limits.storageBusyMs)
    expect(given(b)).toEqual(Array.from({ length: 42 }, (_, i) => `${i}`))
  })

  it('MS7 lets what is about to be given wait for it, and no longer than its turn', () => {
    const { world, a, b } = trio()
    read(b)
    for (const text of ['work', 'more work']) a.send('@bob', text)
    world.advance(1000)
    b.readFails = (from) => from.startsWith('inbox/')
    const requests = b.inbox().map((item) => b.giving(item))
    world.advance(limits.storageBusyMs)
    expect(requests.map((request) => b.answer(request))).toEqual([undefined, undefined])
    b.readFails = () => false
    world.advance(2 * limits.storageBusyMs)
    expect(requests.map((request) => bodyText(b.answer(request)!.value as MessageView))).toEqual([
      'work',
      'more work',
    ])
    b.readFails = () => true
    const late = b.giving(b.inbox()[0]!)
    world.settle()
    b.step({ type: 'inboxActive', active: false })
    expect(b.answer(late)).toEqual({ value: undefined })
  })

  it('MS7 keeps nothing from being given that was damaged', () => {
    const { world, a, b } = trio()
    a.send('@bob', 'work')
    world.advance(1000)
    const key = b.keysOf('inbox/')[0]!
    b.rows.delete(key)
    b.readFails = (from) => from.startsWith('feed/')
    b.step({ type: 'corrupt', key })
    world.settle()
    expect(b.readsFailed).toBe(1)
    b.readFails = () => false
    world.advance(2 * limits.antiEntropyIntervalMs)
    expect(given(restarted(world, b))).toEqual(['work'])
  })

  it('MS9 keeps nothing from being given that was fetched again', () => {
    const { world, a, b } = trio()
    a.send('@bob', 'work')
    world.advance(1000)
    const key = b.keysOf(`feed/${a.messages.storeId}/`).at(-1)!
    world.cut(b, a)
    damage(b, key)
    world.settle()
    read(b)
    world.settle()
    b.readFails = (from) => from.startsWith('inbox/')
    world.heal()
    world.advance(1000)
    expect(b.readsFailed).toBeGreaterThan(0)
    b.readFails = () => false
    world.advance(2 * limits.storageBusyMs)
    expect(given(b)).toEqual(['work'])
  })
})

describe('damage', () => {
  it('MS7 brings nothing back that was handled while it was mended', () => {
    const { world, a, b } = trio()
    read(b)
    a.send('@bob', 'work')
    world.advance(1000)
    const key = b.keysOf('inbox/')[0]!
    damage(b, key)
    const request = b.handle(b.inbox()[0]!)
    world.settle()
    expect(b.answer(request)).toEqual({ value: undefined })
    expect(given(restarted(world, b))).toEqual([])
  })

  it('MS9 is not made good with an entry that lacks its body while its author has that', () => {
    const { world, a, b, c } = trio()
    a.send('@bob', 'the whole of it')
    world.advance(1000)
    const key = b.keysOf(`feed/${a.messages.storeId}/`).at(-1)!
    c.trim(key)
    world.cut(b, a)
    damage(b, key)
    world.advance(2 * limits.antiEntropyIntervalMs)
    world.heal()
    world.advance(2 * limits.antiEntropyIntervalMs)
    read(b)
    world.advance(1000)
    expect(given(b)).toEqual(['the whole of it'])
  })
})
