// The faults of network, servers and processes really happen: what a test asks for is what the ports show.

import { describe, expect, test } from 'vitest'
import type { SimProcess } from '../../core/platform/sim/process.ts'
import { createWorld, type World } from '../../core/platform/sim/world.ts'
import { alicesId, bobsId, bytes, carolsId, connect, dial, join, record } from './world-helpers.ts'

const url = 'ws://signal.test'

async function linked(seed = 1) {
  const world = createWorld({ seed })
  const [alice, bob] = [world.platform({ name: 'alice' }), world.platform({ name: 'bob' })]
  const { near, far } = await connect(world, [alice, alicesId], [bob, bobsId])
  return { world, alice, bob, near, far, atAlice: record(near), atBob: record(far) }
}

/** Two clients that know of each other, and what they hear from here on. */
async function atServer(seed = 1) {
  const world = createWorld({ seed })
  const server = world.server(url)
  const clients = [
    ['alice', alicesId],
    ['bob', bobsId],
    ['carol', carolsId],
  ] as const
  const heard = clients.map(([name, id]) => {
    const client = world.platform({ name }).signaling(url)
    return { client, log: join(client, id) }
  })
  await world.run(100)
  for (const { log } of heard) log.length = 0
  const [alice, bob, carol] = heard
  return { world, server, alice: alice!, bob: bob!, carol: carol! }
}

describe('network', () => {
  test('a one-way cut swallows what goes that way only, until both ends give up', async () => {
    const { world, near, far, atAlice, atBob } = await linked()
    world.cut('alice', 'bob', { oneWay: true })
    near.send(bytes(1))
    far.send(bytes(2))
    await world.run(5_000)
    expect([atAlice, atBob]).toEqual([['2'], []])
    await world.run(11_001)
    expect([atAlice, atBob]).toEqual([['2', 'down'], ['down']])
  })

  test('a one-way cut that is healed in time lost nothing', async () => {
    const { world, near, atBob } = await linked()
    world.cut('alice', 'bob', { oneWay: true })
    near.send(bytes(1))
    near.send(bytes(2))
    await world.run(9_000)
    expect(atBob).toEqual([])
    world.heal('alice', 'bob')
    await world.run(1_000)
    expect(atBob).toEqual(['1', '2'])
  })

  test('a one-way cut lets nobody dial, and cuts sockets to servers off', async () => {
    const { world, alice, bob } = await atServer()
    world.cut(url, 'alice', { oneWay: true })
    alice.client.send(bobsId, 'hello')
    bob.client.send(alicesId, 'are you there')
    await world.run(1_000)
    expect([alice.log, bob.log]).toEqual([[], ['signal a hello']])
    await world.run(30_000)
    expect(alice.log).toContain('closed')
    expect(bob.log).toContain('socketClosed a')

    const plain = createWorld({ seed: 1 })
    plain.cut('bob', 'alice', { oneWay: true })
    const ends = dial(
      [plain.platform({ name: 'alice' }), alicesId],
      [plain.platform({ name: 'bob' }), bobsId],
    )
    await plain.run(15_000)
    expect(ends.failed).toEqual(expect.arrayContaining(['near c1']))
  })

  test('dropped links end at both ends within 25 ms, and what was on its way is lost', async () => {
    const { world, near, atAlice, atBob } = await linked()
    near.send(bytes(1))
    expect(world.dropLinks('alice', 'bob')).toBe(1)
    await world.run(25)
    expect([atAlice, atBob]).toEqual([['down'], ['down']])
    expect(world.dropLinks('alice', 'bob')).toBe(0)
  })

  test('a link dropped at one end is half open: the other speaks into the void for 16 s', async () => {
    const { world, near, far, atAlice, atBob } = await linked()
    near.send(bytes(1)) // on its way, and lost
    expect(world.dropLinks('alice', 'bob', { oneEnd: true })).toBe(1)
    await world.run(25)
    expect([atAlice, atBob]).toEqual([['down'], []])
    far.send(new Uint8Array(1000))
    await world.run(15_000)
    expect([atBob, far.bufferedBytes]).toEqual([[], 1000])
    await world.run(1_000)
    expect(atBob).toEqual(['down'])
  })

  test('shape() changes latency, bandwidth and tail of links that stand; the order is kept', async () => {
    const arrivals = async (shape: Parameters<World['shape']>[0]): Promise<number> => {
      const { world, near, atBob } = await linked()
      world.shape(shape)
      const beganAtMs = world.now
      for (let i = 0; i < 40; i++) near.send(Uint8Array.of(i, ...bytes(...Array(99).fill(0))))
      await world.until(() => atBob.length === 40)
      expect(atBob.map((frame) => Number(frame.split(' ')[0]))).toEqual([...Array(40).keys()])
      return world.now - beganAtMs
    }
    expect(await arrivals({})).toBeLessThan(35)
    expect(await arrivals({ latencyMs: { from: 300, to: 301 } })).toBeGreaterThan(300)
    expect(await arrivals({ bytesPerMs: 1 })).toBeGreaterThan(4_000)
    expect(await arrivals({ tail: { probability: 0.5, maxMs: 10_000 } })).toBeGreaterThan(2_000)
  })

  test('halves, one alone, a bridge, overlapping majorities and three ways can be made, and healed in pieces', () => {
    const names = ['alice', 'bob', 'carol', 'dave', 'erin']
    const reach = (make: (world: World) => void): string => {
      const world = createWorld({ seed: 1 })
      const processes = names.map((name) => world.platform({ name }))
      make(world)
      return processes
        .map((from) => processes.map((to) => (world.reaches(from, to) ? 1 : 0)).join(''))
        .join(' ')
    }
    expect(
      reach((world) =>
        world.partition([
          ['alice', 'bob'],
          ['carol', 'dave', 'erin'],
        ]),
      ),
    ).toBe('11000 11000 00111 00111 00111')
    expect(reach((world) => world.partition([['alice'], names.slice(1)]))).toBe(
      '10000 01111 01111 01111 01111',
    )
    expect(
      reach((world) =>
        world.partition([
          ['alice', 'bob'],
          ['dave', 'erin'],
        ]),
      ),
    ).toBe('11100 11100 11111 00111 00111')
    // Everybody sees itself and its neighbours on the ring: five majorities, none the same.
    const ring = (world: World): void =>
      names.forEach((name, i) => world.cut(name, names[(i + 2) % names.length]!))
    expect(reach(ring)).toBe('11001 11100 01110 00111 10011')
    const threeWays = (world: World): void => world.partition([['alice', 'bob'], ['carol'], ['dave', 'erin']])
    expect(reach(threeWays)).toBe('11000 11000 00100 00011 00011')
    const healedInPieces = (world: World): void => {
      threeWays(world)
      world.heal('bob', 'carol')
    }
    expect(reach(healedInPieces)).toBe('11000 11100 01100 00011 00011')
  })
})

describe('servers', () => {
  test('a lying server names peers that never were and leaves out those that are', async () => {
    const { world, server, alice } = await atServer()
    server.lie({ ghosts: 3 })
    alice.client.refresh()
    await world.run(100)
    server.lie({ hide: 5 })
    alice.client.refresh()
    await world.run(100)
    server.lie()
    alice.client.refresh()
    await world.run(100)
    expect(alice.log).toEqual(['present 5', 'present 0', 'present 2'])
  })

  test('false witness: everybody else hears that a socket closed which is open', async () => {
    const { world, server, alice, bob, carol } = await atServer()
    expect(server.accuse('bob')).toBe(2)
    await world.run(100)
    expect([alice.log, bob.log, carol.log]).toEqual([['socketClosed b'], [], ['socketClosed b']])
    alice.client.send(bobsId, 'still there?')
    await world.run(100)
    expect(bob.log).toEqual(['signal a still there?'])
  })

  test('a forgotten client is heard of no more and hears nothing, notices after 30 s and comes back', async () => {
    const { world, server, alice, bob } = await atServer()
    expect(server.forget('bob')).toBe(true)
    expect(server.forget('bob')).toBe(false)
    expect(bob.client.send(alicesId, 'into the void')).toBe(true)
    alice.client.send(bobsId, 'hello')
    await world.run(29_000)
    expect([alice.log, bob.log]).toEqual([['absent b'], []])
    await world.run(3_000)
    expect(bob.log).toEqual(['closed', 'connecting', 'open', 'present 2'])
  })

  test('what a slow server had not come to yet is forgotten with the client', async () => {
    const { world, server, alice, bob } = await atServer()
    server.slow(1_000)
    bob.client.send(alicesId, 'too late')
    await world.run(500)
    server.forget('bob')
    await world.run(5_000)
    expect(alice.log).toEqual([])
  })

  test('a slow server answers late, in order', async () => {
    const { world, server, alice, bob } = await atServer()
    server.slow(3_000)
    alice.client.send(bobsId, 'one')
    alice.client.send(bobsId, 'two')
    await world.run(2_500)
    expect(bob.log).toEqual([])
    server.slow(0)
    alice.client.send(bobsId, 'three')
    await world.run(4_000)
    expect(bob.log).toEqual(['signal a one', 'signal a two', 'signal a three'])
  })
})

describe('processes', () => {
  const put = (key: string) => ({ put: [{ key, value: bytes(1) }] })

  test('killed before a commit nothing of it happened; after it, it is durable and unanswered', async () => {
    for (let seed = 0; seed < 20; seed++) {
      for (const when of ['before', 'after'] as const) {
        const world = createWorld({ seed })
        const alice = world.platform({ name: 'alice' })
        const plan = alice.killAt({ effect: 'commit', n: 2, when })
        const answers: string[] = []
        for (const key of ['a', 'b', 'c']) {
          void alice.store.commit(put(key)).then(() => answers.push(key))
          await world.run(10)
        }
        expect([plan.fired, alice.alive]).toEqual([true, false])
        expect(answers).toEqual(['a'])
        expect(world.disk('alice').keys()).toEqual(when === 'before' ? ['a'] : ['a', 'b'])
      }
    }
  })

  test('killed before a frame it never arrives; after it, it does, and nothing follows', async () => {
    for (const when of ['before', 'after'] as const) {
      const { world, alice, near, atBob } = await linked()
      alice.killAt({ effect: 'send', n: 2, when, links: 'down' })
      near.send(bytes(1))
      near.send(bytes(2))
      near.send(bytes(3))
      await world.run(100)
      expect(alice.alive).toBe(false)
      expect(atBob).toEqual(when === 'before' ? ['1', 'down'] : ['1', '2', 'down'])
    }
  })

  test('killed before or after a signal, a dial, a read, or whatever comes first', async () => {
    const { world, alice, bob } = await atServer()
    const [process] = world.processes as SimProcess[]
    const plan = process!.killAt({ effect: 'signal', when: 'after' })
    alice.client.send(bobsId, 'last words')
    alice.client.send(bobsId, 'from the grave')
    await world.run(100)
    expect([plan.fired, bob.log]).toEqual([true, ['signal a last words', 'socketClosed a']])

    const other = createWorld({ seed: 1 })
    const [reader, dialler, called] = ['alice', 'bob', 'carol'].map((name) => other.platform({ name }))
    reader!.killAt({ effect: 'any', when: 'before' })
    dialler!.killAt({ effect: 'dial', when: 'before' })
    let answered = false
    void reader!.store.get(['a']).then(() => (answered = true))
    const ends = dial([dialler!, bobsId], [called!, carolsId])
    await other.run(20_000)
    expect([answered, reader!.alive, dialler!.alive, ends.far]).toEqual([false, false, false, undefined])
  })

  test('a plan that was called off kills nobody', async () => {
    const world = createWorld({ seed: 1 })
    const alice = world.platform({ name: 'alice' })
    const plan = alice.killAt({ effect: 'commit', when: 'before' })
    plan.cancel()
    await world.finish(alice.store.commit(put('a')))
    expect([plan.fired, alice.alive]).toEqual([false, true])
  })

  test('the wall clock jumps for all tabs of a browser and stays so after a restart; alarms do not care', async () => {
    const world = createWorld({ seed: 1 })
    const [alice, tab, bob] = [
      world.platform({ name: 'alice', browser: 'firefox' }),
      world.platform({ name: 'alice-tab', browser: 'firefox' }),
      world.platform({ name: 'bob' }),
    ]
    const yearMs = 365 * 24 * 3600 * 1000
    let rungAtMs = 0
    alice.clock.alarm(1_000, () => (rungAtMs = alice.clock.now().monotonicMs))
    alice.jumpClock(-yearMs)
    await world.run(1_500)
    expect(rungAtMs).toBe(1_000)
    const aheadOfBob = (process: SimProcess): number => process.clock.now().wallMs - bob.clock.now().wallMs
    expect([alice, tab, tab.restart()].map(aheadOfBob)).toEqual([-yearMs, -yearMs, -yearMs])
    alice.jumpClock(2 * yearMs)
    expect(aheadOfBob(alice)).toBe(yearMs)
  })

  test('a clock that drifts counts faster or slower, and alarms ring by it, never early', async () => {
    for (const driftRate of [1.02, 0.98, 1.000_05]) {
      const world = createWorld({ seed: 1 })
      const bob = world.platform({ name: 'bob' })
      const alice = world.platform({ name: 'alice', driftRate })
      const rung: number[] = []
      for (const at of [0.1, 333.3, 1_000, 9_999.999_999])
        alice.clock.alarm(at, () => rung.push(alice.clock.now().monotonicMs - at))
      await world.run(10_300)
      expect(alice.clock.now().monotonicMs).toBeCloseTo(10_300 * driftRate, 3)
      expect(alice.clock.now().wallMs - bob.clock.now().wallMs).toBeCloseTo(10_300 * (driftRate - 1), 3)
      expect(rung).toHaveLength(4)
      expect(Math.min(...rung)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...rung)).toBeLessThan(0.001)
    }
  })
})
