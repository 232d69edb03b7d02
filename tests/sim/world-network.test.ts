// The simulated network: links, what a cut does to them, tabs of one browser, signaling servers.

import { describe, expect, test } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import { createWorld } from '../../core/platform/sim/world.ts'
import {
  alicesId,
  bobsId,
  bytes,
  carolsId,
  connect,
  dial,
  join,
  peerId,
  record,
  startTab,
} from './world-helpers.ts'

const seeds = [1, 2, 3, 4, 5, 6, 7, 8]

const pair = async (seed: number, options = {}) => {
  const world = createWorld({ seed, ...options })
  const [alice, bob] = [world.platform({ name: 'alice' }), world.platform({ name: 'bob' })]
  const { near, far } = await connect(world, [alice, alicesId], [bob, bobsId])
  return { world, alice, bob, near, far }
}

describe('links', () => {
  test('an offer and an answer make a link; each end names the other', async () => {
    const { near, far } = await pair(1)
    expect([near.kind, near.remote, far.remote]).toEqual(['webrtc', bobsId, alicesId])
  })

  test('frames arrive in order, those that came before anybody listened included, then the end', async () => {
    for (const seed of seeds) {
      const { world, near, far } = await pair(seed)
      const sent = Array.from({ length: 30 }, (_, i) => String(i))
      sent.slice(0, 15).forEach((_, i) => near.send(bytes(i)))
      await world.run(500)
      const heard = record(far)
      sent.slice(15).forEach((_, i) => near.send(bytes(15 + i)))
      near.close()
      near.send(bytes(99))
      await world.run(500)
      expect(heard).toEqual([...sent, 'down'])
    }
  })

  test('no event comes from inside a call, and none after close()', async () => {
    const { world, near, far } = await pair(1)
    near.send(bytes(1))
    await world.run(500)
    const heard = record(far)
    expect(heard).toEqual([])
    await world.run(0)
    expect(heard).toEqual(['1'])
    near.send(bytes(2))
    far.close()
    await world.run(500)
    expect(heard).toEqual(['1'])
  })

  test('a frame over the limit ends the link', async () => {
    const { world, near, far } = await pair(1)
    const [heardNear, heardFar] = [record(near), record(far)]
    near.send(new Uint8Array(limits.maxFrameBytes + 1))
    await world.run(500)
    expect([heardNear, heardFar]).toEqual([['down'], ['down']])
  })

  test('bufferedBytes falls with the bandwidth, and drained comes once at the half', async () => {
    const { world, near, far } = await pair(1, { network: { bytesPerMs: 1000 } })
    const heard = record(near)
    record(far)
    const frames = limits.maxBufferedBytes / limits.smallFrameBytes
    for (let i = 0; i < frames; i++) near.send(new Uint8Array(limits.smallFrameBytes))
    expect(near.bufferedBytes).toBe(limits.maxBufferedBytes)
    await world.run(100)
    expect(near.bufferedBytes).toBe(limits.maxBufferedBytes - 6 * limits.smallFrameBytes)
    await world.until(() => heard.length > 0)
    expect(near.bufferedBytes).toBe(limits.maxBufferedBytes / 2)
    await world.run(1000)
    expect([near.bufferedBytes, heard]).toEqual([0, ['drained']])
  })

  test('the receiver has bytes of its own', async () => {
    const { world, near, far } = await pair(1)
    const frame = bytes(1, 2, 3)
    let received = bytes()
    far.events = { frame: (got) => (received = got), drained: () => undefined, down: () => undefined }
    near.send(frame)
    await world.run(500)
    received[0] = 9
    expect(frame).toEqual(bytes(1, 2, 3))
  })

  test('a dial to a dead process fails, one given up says nothing, junk signals are dropped', async () => {
    const world = createWorld({ seed: 1 })
    const [alice, bob] = [world.platform({ name: 'alice' }), world.platform({ name: 'bob' })]
    const ends = dial([alice, alicesId], [bob, bobsId], 'dead')
    bob.kill()
    alice.connector.dial(carolsId, 'given-up')
    alice.connector.abandon(carolsId, 'given-up')
    alice.connector.signal(carolsId, 'junk', 'simulated answer x y')
    alice.connector.signal(carolsId, 'junk', '{"type":"offer"}')
    await world.run(20_000)
    expect(ends).toEqual({ near: undefined, far: undefined, failed: ['near dead'] })
  })
})

describe('death and cuts', () => {
  test('kill(): far ends hear nothing for 16 s, or at once where the system still closes them', async () => {
    for (const links of ['silent', 'down'] as const) {
      const { world, alice, near, far } = await pair(1)
      const heard = record(far)
      near.send(bytes(1))
      await world.run(100)
      alice.kill({ links })
      await world.run(100)
      expect(heard).toEqual(links === 'down' ? ['1', 'down'] : ['1'])
      await world.run(16_000)
      expect(heard).toEqual(['1', 'down'])
    }
  })

  test('a cut swallows frames in silence; healed in time, all arrive in order', async () => {
    for (const seed of seeds) {
      const { world, alice, bob, near, far } = await pair(seed)
      const [heardNear, heardFar] = [record(near), record(far)]
      const send = (...values: number[]): void => values.forEach((value) => near.send(bytes(value)))
      send(1, 2)
      world.cut(alice, bob)
      send(3, 4)
      await world.run(5000)
      expect([heardNear, heardFar]).toEqual([[], []])
      expect(near.bufferedBytes).toBe(2)
      world.heal(alice, bob)
      send(5)
      await world.run(3)
      world.cut(alice, bob)
      await world.run(2000)
      world.heal()
      send(6)
      await world.run(20_000)
      expect([heardNear, heardFar]).toEqual([[], ['1', '2', '3', '4', '5', '6']])
      expect(near.bufferedBytes).toBe(0)
    }
  })

  test('a cut that lasts brings both ends down, and new dials fail until it is healed', async () => {
    const { world, alice, bob, near, far } = await pair(1)
    const [heardNear, heardFar] = [record(near), record(far)]
    world.cut('alice', 'bob')
    await world.run(15_900)
    expect([heardNear, heardFar]).toEqual([[], []])
    await world.run(200)
    expect([heardNear, heardFar]).toEqual([['down'], ['down']])
    const failing = dial([alice, alicesId], [bob, bobsId], 'second')
    await world.run(20_000)
    expect(failing.failed).toEqual(['near second', 'far second'])
    world.heal()
    await connect(world, [alice, alicesId], [bob, bobsId])
  })

  test('a link to a process that died behind a cut goes down although the cut was healed', async () => {
    const { world, alice, bob, far } = await pair(1)
    const heard = record(far)
    world.cut(alice, bob)
    await world.run(1000)
    alice.kill({ links: 'down' })
    world.heal()
    await world.run(14_900)
    expect(heard).toEqual([])
    await world.run(200)
    expect(heard).toEqual(['down'])
  })

  test('an end that froze while the other gave up goes down when it wakes, although the cut was healed', async () => {
    for (const seed of seeds) {
      const { world, alice, bob, near, far } = await pair(seed)
      const [heardNear, heardFar] = [record(near), record(far)]
      bob.freeze()
      world.cut(alice, bob)
      await world.run(16_100)
      expect([heardNear, heardFar]).toEqual([['down'], []])
      world.heal()
      bob.wake()
      await world.run(1000)
      expect(heardFar).toEqual(['down'])
    }
  })

  test('a partition parts its groups; who is in none reaches everybody', async () => {
    const world = createWorld({ seed: 3 })
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => world.platform({ name })) as [
      ReturnType<typeof world.platform>,
      ReturnType<typeof world.platform>,
      ReturnType<typeof world.platform>,
    ]
    const toBob = await connect(world, [alice, alicesId], [bob, bobsId])
    const toCarol = await connect(world, [alice, alicesId], [carol, carolsId])
    const [bobHeard, carolHeard] = [record(toBob.far), record(toCarol.far)]
    world.partition([[alice], [bob]])
    toBob.near.send(bytes(1))
    toCarol.near.send(bytes(1))
    await world.run(1000)
    expect([bobHeard, carolHeard]).toEqual([[], ['1']])
    world.heal()
    await world.run(1000)
    expect(bobHeard).toEqual(['1'])
  })
})

describe('tabs', () => {
  const twoTabs = async (seed: number) => {
    const world = createWorld({ seed })
    const alice = world.platform({ name: 'alice', browser: 'firefox' })
    const bob = world.platform({ name: 'bob', browser: 'firefox' })
    const first = startTab(alice.tabs, alicesId)
    await world.run(100)
    const second = startTab(bob.tabs, bobsId)
    await world.run(100)
    return { world, alice, bob, first, second }
  }

  test('tabs of one browser find and link each other; others do not see them', async () => {
    const { world, first, second } = await twoTabs(1)
    const stranger = startTab(world.platform({ name: 'carol', browser: 'chromium' }).tabs, carolsId)
    await world.run(100)
    expect(first.heard).toEqual(['settled ', 'linked b'])
    expect([...second.heard].sort()).toEqual(['linked a', 'settled a'])
    expect(stranger.heard).toEqual(['settled '])
    expect(world.platform({ name: 'dave' }).tabs).toBeUndefined()
    const link = first.links.get(bobsId)
    const heard = record(second.links.get(alicesId) as never)
    world.partition([['alice'], ['bob']])
    link?.send(bytes(1))
    await world.run(10)
    expect([link?.kind, heard]).toEqual(['tabs', ['1']])
  })

  test('a killed tab, even a frozen one, is gone after 10 to 30 ms; a frozen one alone is not', async () => {
    for (const seed of seeds) {
      const { world, bob, first } = await twoTabs(seed)
      const heard = record(first.links.get(bobsId) as never)
      bob.freeze()
      await world.run(60_000)
      expect(first.heard).not.toContain('gone b')
      bob.kill()
      const diedAtMs = world.now
      await world.until(() => first.heard.includes('gone b'))
      expect(world.now - diedAtMs).toBeGreaterThanOrEqual(10)
      expect(world.now - diedAtMs).toBeLessThanOrEqual(30)
      await world.run(1)
      expect(heard).toEqual(['down'])
    }
  })

  test('suspend() lets go with what was sent before; resume() looks again', async () => {
    const { world, first, second } = await twoTabs(2)
    const heard = record(first.links.get(bobsId) as never)
    second.links.get(alicesId)?.send(bytes(7))
    second.tabs.suspend()
    await world.run(100)
    expect([first.heard.at(-1), heard]).toEqual(['gone b', ['7', 'down']])
    second.heard.length = 0
    second.tabs.resume()
    await world.run(100)
    expect([...second.heard].sort()).toEqual(['linked a', 'settled a'])
    expect(first.heard.at(-1)).toBe('linked b')
  })
})

describe('signaling', () => {
  const url = 'wss://one'

  test('a joiner hears of at most 8 others; signals go to their addressee', async () => {
    const world = createWorld({ seed: 1 })
    world.server(url)
    const everyone = Array.from({ length: 12 }, (_, i) => {
      const id = peerId('0123456789ab'[i] ?? '')
      const signaling = world.platform({ name: `peer-${i}` }).signaling(url)
      return { id, signaling, heard: join(signaling, id) }
    })
    const [first, second, third] = everyone
    await world.run(200)
    const counts = everyone.map(({ heard }) =>
      Number(heard.find((line) => line.startsWith('present'))?.split(' ')[1]),
    )
    expect([...counts].sort((a, b) => a - b)).toEqual(everyone.map((_, i) => Math.min(i, 8)))
    first?.signaling.refresh()
    expect(first?.signaling.send(peerId('1'), 'hello')).toBe(true)
    expect(first?.signaling.send(peerId('e'), 'hello')).toBe(true)
    await world.run(200)
    expect(first?.heard.slice(-2)).toEqual(['present 8', 'absent e'])
    expect(second?.heard.at(-1)).toBe('signal 0 hello')
    expect(third?.heard.some((line) => line.startsWith('signal'))).toBe(false)
  })

  test('topics are kept apart', async () => {
    const world = createWorld({ seed: 1 })
    world.server(url)
    join(world.platform({ name: 'alice' }).signaling(url), alicesId, 'acme')
    await world.run(200)
    const heard = join(world.platform({ name: 'bob' }).signaling(url), bobsId, 'other')
    await world.run(200)
    expect(heard).toEqual(['connecting', 'open', 'present 0'])
  })

  test('a death is hinted within 10 to 30 ms, a partition only after 30 s', async () => {
    for (const seed of seeds) {
      const world = createWorld({ seed })
      world.server(url)
      const alice = world.platform({ name: 'alice' })
      const bob = world.platform({ name: 'bob' })
      const carol = world.platform({ name: 'carol' })
      join(alice.signaling(url), alicesId)
      const carolHeard = join(carol.signaling(url), carolsId)
      const heard = join(bob.signaling(url), bobsId)
      await world.run(200)
      alice.kill()
      const diedAtMs = world.now
      await world.until(() => heard.includes('socketClosed a'))
      expect(world.now - diedAtMs).toBeGreaterThanOrEqual(10)
      expect(world.now - diedAtMs).toBeLessThanOrEqual(30)
      world.partition([[carol], [url, bob]])
      await world.run(29_900)
      expect(heard).not.toContain('socketClosed c')
      await world.run(200)
      expect(heard).toContain('socketClosed c')
      expect(carolHeard).toContain('closed')
      world.heal()
      await world.run(20_000)
      expect(carolHeard.slice(-2)).toEqual(['open', 'present 1'])
    }
  })

  test('a stopped server closes its sockets and is found again when it is back', async () => {
    const world = createWorld({ seed: 1 })
    const server = world.server(url)
    const signaling = world.platform({ name: 'alice' }).signaling(url)
    const heard = join(signaling, alicesId)
    await world.run(200)
    server.stop()
    await world.run(5000)
    expect(heard.slice(0, 6)).toEqual(['connecting', 'open', 'present 0', 'closed', 'connecting', 'closed'])
    expect([server.running, signaling.send(bobsId, 'x')]).toEqual([false, false])
    server.start()
    await world.run(15_000)
    expect(heard.slice(-2)).toEqual(['open', 'present 0'])
    signaling.close()
    heard.length = 0
    await world.run(60_000)
    expect(heard).toEqual([])
  })

  test('a client that froze while the server gave its socket up connects again, although the cut was healed', async () => {
    const world = createWorld({ seed: 1 })
    world.server(url)
    const alice = world.platform({ name: 'alice' })
    const heard = join(alice.signaling(url), alicesId)
    await world.run(100)
    alice.freeze()
    world.cut('alice', url)
    await world.run(30_100)
    world.heal()
    alice.wake()
    heard.length = 0
    await world.until(() => heard.includes('open'))
    expect(heard[0]).toBe('closed')
  })

  test('a peer that reconnects before its old socket is missed is not called gone', async () => {
    const world = createWorld({ seed: 1 })
    world.server(url)
    const alice = world.platform({ name: 'alice' })
    const heard = join(world.platform({ name: 'bob' }).signaling(url), bobsId)
    const first = alice.signaling(url)
    join(first, alicesId)
    await world.run(200)
    join(alice.signaling(url), alicesId)
    await world.run(200)
    first.close()
    await world.run(200)
    expect(heard).not.toContain('socketClosed a')
  })
})
