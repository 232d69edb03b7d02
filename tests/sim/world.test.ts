// The simulated world itself: clock, processes, crypto and the sameness of runs. Links, tabs and servers are in
// world-network.test.ts, disks in world-disk.test.ts.

import { describe, expect, test } from 'vitest'
import { deviceKeyOf, mixingHash } from '../../core/platform/sim/crypto.ts'
import { createWorld } from '../../core/platform/sim/world.ts'
import { alicesId, bobsId, bytes, connect, join, record, startTab } from './world-helpers.ts'

describe('clock', () => {
  test('alarms ring in the order of their time, equal ones in the order of setting, and promises go on between', async () => {
    const world = createWorld({ seed: 1 })
    const { clock } = world.platform({ name: 'alice' })
    const heard: string[] = []
    clock.alarm(20, () => heard.push(`third at ${clock.now().monotonicMs}`))
    clock.alarm(10, () => {
      heard.push('first')
      void Promise.resolve()
        .then(() => undefined)
        .then(() => heard.push('what the first promised'))
    })
    clock.alarm(10, () => heard.push('second'))
    clock.alarm(5, () => heard.push('called off'))()
    await world.run(15)
    expect(heard).toEqual(['first', 'what the first promised', 'second'])
    await world.run(15)
    expect(heard.at(-1)).toBe('third at 20')
    expect(world.now).toBe(30)
  })

  test('each process has a monotonic clock of its own and a wall clock that may be off', async () => {
    const world = createWorld({ seed: 1 })
    const alice = world.platform({ name: 'alice' })
    await world.run(1000)
    const bob = world.platform({ name: 'bob', wallSkewMs: -250 })
    await world.run(500)
    expect(alice.clock.now().monotonicMs).toBe(1500)
    expect(bob.clock.now().monotonicMs).toBe(500)
    expect(alice.clock.now().wallMs - bob.clock.now().wallMs).toBe(250)
  })

  test('until() stops at the condition, and says seed and trace when it never holds', async () => {
    const world = createWorld({ seed: 'lost' })
    const { clock } = world.platform({ name: 'alice' })
    let rung = false
    clock.alarm(700, () => (rung = true))
    await world.until(() => rung)
    expect(world.now).toBe(700)
    await expect(world.until(() => false, { withinMs: 100, what: 'the impossible' })).rejects.toThrow(
      /the impossible did not come true within 100 ms \(seed lost.*\n[\s\S]*alice alarm/,
    )
    expect(world.now).toBe(800)
  })

  test('an error thrown in an event comes out of run()', async () => {
    const world = createWorld({ seed: 1 })
    world.platform({ name: 'alice' }).clock.alarm(1, () => {
      throw new Error('a broken rule')
    })
    await expect(world.run(10)).rejects.toThrow('a broken rule')
  })

  test('two runs at once are refused', async () => {
    const world = createWorld({ seed: 1 })
    const first = world.run(10)
    await expect(world.run(10)).rejects.toThrow('already running')
    await first
  })
})

describe('processes', () => {
  test('a killed process hears nothing any more; its name is free again and its clock begins anew', async () => {
    const world = createWorld({ seed: 1 })
    const alice = world.platform({ name: 'alice' })
    expect(() => world.platform({ name: 'alice' })).toThrow('running already')
    let rung = 0
    alice.clock.alarm(10, () => rung++)
    alice.kill()
    alice.clock.alarm(20, () => rung++)
    await world.run(100)
    expect([alice.alive, rung]).toEqual([false, 0])
    const again = alice.restart()
    expect(again.clock.now().monotonicMs).toBe(0)
    expect(again.seed).not.toEqual(alice.seed)
    expect(world.processes).toEqual([again])
  })

  test('a frozen process holds its events until it wakes; alarms come first or last, by the seed', async () => {
    const orders = new Set<string>()
    for (let seed = 0; seed < 16; seed++) {
      const world = createWorld({ seed })
      const [alice, bob] = [world.platform({ name: 'alice' }), world.platform({ name: 'bob' })]
      const { near, far } = await connect(world, [bob, bobsId], [alice, alicesId])
      const heard = record(far)
      const ring = (): number =>
        heard.push(`alarm at ${alice.clock.now().monotonicMs >= 3000 ? 'waking' : 'its time'}`)
      alice.clock.alarm(world.now + 500, ring)
      alice.freeze()
      near.send(bytes(1))
      near.send(bytes(2))
      await world.run(3000)
      expect(heard).toEqual([])
      alice.wake()
      await world.run(1000)
      orders.add(heard.join(', '))
    }
    expect([...orders].sort()).toEqual(['1, 2, alarm at waking', 'alarm at waking, 1, 2'])
  })

  test('suspend() tells it and then freezes it; resume() tells it before all that was held', async () => {
    const world = createWorld({ seed: 1 })
    const alice = world.platform({ name: 'alice', browser: 'firefox' })
    const heard: string[] = []
    const stop = alice.onLifecycle((event) => heard.push(event.type))
    alice.clock.alarm(100, () => heard.push('alarm'))
    alice.suspend()
    await world.run(50)
    expect([heard, alice.frozen]).toEqual([['suspend'], true])
    await world.run(1000)
    alice.resume()
    alice.hide()
    await world.run(10)
    expect(heard).toEqual(['suspend', 'resume', 'alarm', 'visibility'])
    stop()
    alice.show()
    await world.run(10)
    expect(heard).toHaveLength(4)
  })
})

describe('crypto', () => {
  test('a signature fits its key and its bytes, and no other', async () => {
    const world = createWorld({ seed: 1 })
    const { deviceKey: alice, crypto } = world.platform({ name: 'alice' })
    const { deviceKey: bob } = world.platform({ name: 'bob' })
    const signature = await alice.sign(bytes(1, 2, 3))
    expect([alice.publicKey.length, signature.length]).toEqual([32, 64])
    expect(await crypto.verify(alice.publicKey, signature, bytes(1, 2, 3))).toBe(true)
    expect(await crypto.verify(alice.publicKey, signature, bytes(1, 2, 4))).toBe(false)
    expect(await crypto.verify(bob.publicKey, signature, bytes(1, 2, 3))).toBe(false)
    expect(await crypto.verify(alice.publicKey, await bob.sign(bytes(1, 2, 3)), bytes(1, 2, 3))).toBe(false)
    for (let bit = 0; bit < 8 * signature.length; bit++) {
      const forged = signature.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
      expect(await crypto.verify(alice.publicKey, forged, bytes(1, 2, 3))).toBe(false)
    }
  })

  test('even who knows how signatures are made needs the secret', async () => {
    const { deviceKey, crypto } = createWorld({ seed: 1 }).platform({ name: 'alice' })
    const guess = new Uint8Array(32).fill(7)
    const proof = mixingHash(guess, bytes(1))
    const mask = mixingHash(deviceKey.publicKey, proof)
    const forged = Uint8Array.from([...guess.map((byte, i) => byte ^ (mask[i] ?? 0)), ...proof])
    expect(await crypto.verify(deviceKey.publicKey, forged, bytes(1))).toBe(false)
    expect(
      await crypto.verify(deviceKeyOf(guess).publicKey, await deviceKeyOf(guess).sign(bytes(1)), bytes(1)),
    ).toBe(true)
  })

  test('the hash spreads: 40,000 short inputs share no 48-bit prefix, and half the bits turn with one', async () => {
    const { crypto } = createWorld({ seed: 1 }).platform()
    const prefixes = new Set<string>()
    for (let i = 0; i < 40_000; i++) {
      const hash = await crypto.sha256(bytes(i & 255, i >> 8, 7))
      prefixes.add(hash.subarray(0, 6).join())
    }
    expect(prefixes.size).toBe(40_000)
    const [a, b] = [await crypto.sha256(bytes(1, 2, 3, 4, 5)), await crypto.sha256(bytes(1, 2, 3, 4, 4))]
    const turned = a.reduce(
      (sum, byte, i) => sum + (byte ^ (b[i] ?? 0)).toString(2).replaceAll('0', '').length,
      0,
    )
    expect(turned).toBeGreaterThan(90)
    expect(turned).toBeLessThan(166)
    expect(await crypto.sha256(bytes())).not.toEqual(await crypto.sha256(bytes(0)))
  })
})

describe('one seed, one run', () => {
  /** A bit of everything. */
  const live = async (seed: number) => {
    const world = createWorld({ seed })
    world.server('wss://one')
    const alice = world.platform({ name: 'alice', browser: 'firefox' })
    const bob = world.platform({ name: 'bob', browser: 'firefox' })
    const carol = world.platform({ name: 'carol' })
    const heard = [startTab(alice.tabs, alicesId).heard, startTab(bob.tabs, bobsId).heard]
    heard.push(join(alice.signaling('wss://one'), alicesId), join(carol.signaling('wss://one'), bobsId))
    const { near, far } = await connect(world, [alice, alicesId], [carol, bobsId])
    heard.push(record(far))
    for (let i = 0; i < 20; i++) near.send(bytes(i))
    for (let i = 0; i < 5; i++) void alice.store.commit({ put: [{ key: `k${i}`, value: bytes(i) }] })
    world.at(world.now + 3, 'alice dies', () => alice.kill())
    await world.run(20_000)
    return { hash: world.trace.hash, lines: world.trace.lines, heard, keys: world.disk('firefox').keys() }
  }

  test('the same seed gives the same trace, another seed another', async () => {
    const [first, second, other] = [await live(7), await live(7), await live(8)]
    expect(second).toEqual(first)
    expect(first.hash).toMatch(/^[0-9a-f]{16}$/)
    expect(other.hash).not.toBe(first.hash)
  })

  test('the hash covers lines that are no longer kept, and a listener hears them all', async () => {
    const heard: string[] = []
    const world = createWorld({ seed: 1, maxTraceLines: 5, onTrace: (line) => heard.push(line) })
    const { clock } = world.platform({ name: 'alice' })
    for (let i = 0; i < 50; i++) clock.alarm(i, () => undefined)
    await world.run(100)
    expect(heard).toHaveLength(51)
    expect(world.trace.count).toBe(51)
    expect(world.trace.lines.length).toBeLessThanOrEqual(10)
    expect(world.trace.lines.at(-1)).toBe(heard.at(-1))
  })
})
