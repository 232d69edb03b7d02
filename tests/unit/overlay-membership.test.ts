import { describe, expect, test } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import { createRandom } from '../../core/base/random.ts'
import { expectNobodyLost, type Node, OverlayWorld, peerId, recordOf } from './overlay-world.ts'
import { Membership } from '../../core/overlay/membership.ts'

const ids = (node: Node): string[] => node.overlay.others().map(({ name }) => name)

function trio(): { world: OverlayWorld; alice: Node; bob: Node; carol: Node } {
  const world = new OverlayWorld()
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => {
    const node = world.add(name, { server: true })
    world.run(500)
    return node
  }) as [Node, Node, Node]
  world.run(5000)
  for (const node of [alice, bob, carol]) {
    expect(ids(node)).toHaveLength(2)
  }
  world.run(1000)
  return { world, alice, bob, carol }
}

describe('a peer that dies', () => {
  test('OV7 is gone within 200 ms for all, where one of them saw its lock or its socket', () => {
    for (const evidence of ['lock', 'socket'] as const) {
      const { world, alice, bob, carol } = trio()
      world.kill(alice)
      world.run(15)
      const startMs = world.nowMs
      world.step(bob, ({ overlay }) => overlay.witness(alice.id, evidence))
      world.until(() => ids(bob).length === 1 && ids(carol).length === 1, 200)
      expect(bob.leftAtMs(alice.id)! - startMs).toBeLessThanOrEqual(limits.minProbeTimeoutMs + 1)
      expect(carol.leftAtMs(alice.id)! - startMs).toBeLessThan(150)
      expect(bob.of('left')).toEqual([expect.objectContaining({ reason: 'failed' })])
    }
  })

  test('OV8 is gone by silence alone after about 2 s, for all', () => {
    for (let phaseMs = 0; phaseMs < 500; phaseMs += 50) {
      const { world, alice, bob, carol } = trio()
      world.run(phaseMs)
      world.kill(alice)
      const tookMs = world.until(() => ids(bob).length === 1 && ids(carol).length === 1)
      expect(tookMs).toBeGreaterThan(1000)
      expect(tookMs).toBeLessThan(2200)
    }
  })

  test('OV8 is gone after about 6 s where there is no direct link to it', () => {
    const { world, alice, bob, carol } = trio()
    world.cut(alice, carol)
    world.drop(alice, carol)
    world.run(3000)
    world.kill(carol)
    world.until(() => ids(bob).length === 1 && ids(alice).length === 1, 7000)
  })

  test('OV9 says goodbye and is gone at once, without a probe', () => {
    const { world, alice, bob, carol } = trio()
    const startMs = world.nowMs
    world.step(alice, ({ overlay }) => overlay.suspend())
    world.until(() => ids(bob).length === 1 && ids(carol).length === 1, 10)
    expect(bob.of('left')).toEqual([expect.objectContaining({ reason: 'left' })])
    expect(world.sentSince(startMs, 'ping').filter(({ to }) => to === 'alice')).toEqual([])
    expect(alice.overlay.others()).toEqual([])
    expect(alice.overlay.deadlineMs()).toBe(Infinity)
  })

  test('OV9 by a goodbye that a neighbour passes on', () => {
    const { world, alice, bob, carol } = trio()
    world.cut(alice, carol)
    world.drop(alice, carol)
    world.run(3000)
    expect(ids(carol)).toHaveLength(2)
    world.step(alice, ({ overlay }) => overlay.suspend())
    world.until(() => ids(bob).length === 1 && ids(carol).length === 1, 10)
  })
})

describe('a peer that lives', () => {
  test('OV10 is not deposed by a false witness, nor by a lost link', () => {
    const { world, alice, bob, carol } = trio()
    world.step(bob, ({ overlay }) => overlay.witness(alice.id, 'socket'))
    world.run(5000)
    world.drop(alice, bob)
    world.run(10_000)
    expectNobodyLost([alice, bob, carol])
    expect(bob.overlay.counters()['falseSuspicions']).toBeGreaterThanOrEqual(2)
  })

  test('OV10 is not deposed by the verdict of one that cannot reach it', () => {
    const { world, alice, bob, carol } = trio()
    world.step(bob, ({ overlay }) =>
      overlay.broadcast({ type: 'gone', peer: alice.id, incarnation: 99, reason: 'failed' }),
    )
    world.run(3000)
    expectNobodyLost([alice, bob, carol])
    // It answered with an incarnation above the one it was said to have died with.
    expect(carol.overlay.others().find(({ id }) => id === alice.id)!.incarnation).toBeGreaterThan(99)
  })

  test('OV8 whom one finds silent, and whose link to those who are told is dead as well, is reached by others', () => {
    // Found in tests/networks: each of those who were told declared it gone, though the teller was answered.
    const { world, alice, bob, carol } = trio()
    const dave = world.add('dave', { server: true })
    world.run(6000)
    const all = [alice, bob, carol, dave]
    for (const suspect of all) {
      const others = all.filter((node) => node !== suspect)
      for (const helper of others) {
        for (const cutOff of others) if (cutOff !== helper) world.cut(suspect, cutOff)
        world.run(20_000)
        expectNobodyLost(all)
        world.mendAll()
        world.until(() => all.every((node) => node.overlay.links.neighbours().length === 3), 60_000)
        world.run(5000)
      }
    }
  })

  test('OV11 whose link is dead, in both directions and without a word, is reached by others: the link goes', () => {
    const { world, alice, bob, carol } = trio()
    world.cut(alice, bob)
    world.run(20_000)
    expectNobodyLost([alice, bob, carol])
    expect(bob.overlay.links.to(alice.id)).toBeUndefined()
    world.mend(alice, bob)
    world.until(
      () => bob.overlay.links.to(alice.id) !== undefined && alice.overlay.links.to(bob.id) !== undefined,
      60_000,
    )
    expectNobodyLost([alice, bob, carol])
  })

  test('OV12 is never declared gone on machines whose timers are 100 to 300 ms late now and then', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const world = new OverlayWorld()
      const nodes = world.mesh(5)
      const random = createRandom(Uint8Array.of(seed, ...Array<number>(15).fill(7)))
      for (let i = 0; i < 300; i++) {
        world.block(nodes[random.integer(nodes.length)]!, 100 + random.integer(200))
        world.run(random.integer(200))
      }
      expectNobodyLost(nodes)
    }
  })

  test('OV12 is not accused by a watcher that was itself standing still', () => {
    const { world, alice, bob, carol } = trio()
    for (const ms of [400, 900, 1200, 1400]) {
      world.block(bob, ms)
      world.run(6000)
      expect(bob.of('left')).toEqual([])
    }
    expectNobodyLost([alice, carol])
  })

  test('OV12 but a machine that is always late still notices a death', () => {
    const { world, alice, bob, carol } = trio()
    world.kill(alice)
    world.kill(carol)
    // 150 ms late at every deadline of its own.
    for (let i = 0; i < 60 && ids(bob).length > 0; i++) {
      world.until(() => world.nowMs >= bob.deadlineMs - 1, 2000)
      world.block(bob, 150)
      world.run(152)
    }
    expect(ids(bob)).toEqual([])
  })
})

describe('a peer that stood still itself', () => {
  test('OV13 steps down, asks all anew, and takes the last place', () => {
    const { world, alice, bob, carol } = trio()
    const before = [bob, carol].map((node) => node.seniority)
    world.block(alice, 4000)
    world.run(3900)
    expect(ids(bob)).toEqual(['carol'])
    world.run(10_000)
    expect(alice.of('self').some(({ record }) => record.seniority === undefined)).toBe(true)
    expect(alice.overlay.counters()['stalls']).toBe(1)
    world.until(() => [alice, bob, carol].every((node) => ids(node).length === 2), 60_000)
    expect([bob, carol].map((node) => node.seniority)).toEqual(before)
    expect(alice.seniority).toBeGreaterThan(Math.max(...(before as number[])))
  })

  test('OV13 whoever died while it stood still is not waited for once somebody says so', () => {
    const { world, alice, bob, carol } = trio()
    world.block(alice, 12_000)
    world.kill(carol)
    world.run(11_900)
    expect(ids(bob)).toEqual([])
    world.until(() => ids(alice).includes('bob'), 10_000)
    const metAtMs = world.nowMs
    world.until(() => ids(alice).join() === 'bob', 60_000)
    expect(world.nowMs - metAtMs).toBeLessThan(limits.introducedTimeoutMs / 3)
  })

  test('OV13 and all others with it: somebody begins again', () => {
    const { world, alice, bob, carol } = trio()
    for (const node of [alice, bob, carol]) world.block(node, 5000)
    world.run(15_000)
    for (const node of [alice, bob, carol]) {
      expect(ids(node)).toHaveLength(2)
      expect(node.seniority).toBeDefined()
    }
  })

  test('OV14 a page that comes back from standing still knows nothing, and is taken in again', () => {
    const { world, alice, bob, carol } = trio()
    world.step(alice, ({ overlay }) => overlay.suspend())
    alice.onServer = false
    world.run(3000)
    world.step(alice, ({ overlay }) => overlay.resumed())
    expect(alice.seniority).toBeUndefined()
    world.joinServer(alice)
    world.until(() => [alice, bob, carol].every((node) => ids(node).length === 2), 5000)
    world.run(3000)
    expect(alice.seniority).toBeGreaterThan(Math.max(bob.seniority!, carol.seniority!))
  })

  test('OV14 … soon, also if it was about to make a link when it went: that dial is over', () => {
    const world = new OverlayWorld()
    const bob = world.add('bob', { server: true })
    world.run(5000)
    const alice = world.add('alice', { server: true })
    world.until(() => alice.of('dial').length > 0, 1000)
    world.step(alice, ({ overlay }) => overlay.suspend())
    expect(alice.of('abandon')).toEqual([expect.objectContaining({ peer: bob.id })])
    alice.onServer = false
    world.run(1000)
    world.step(alice, ({ overlay }) => overlay.resumed())
    world.joinServer(alice)
    world.until(() => alice.overlay.links.to(bob.id) !== undefined, 1000)
    world.run(1000)
    expect(alice.seniority).toBe(2)
  })
})

describe('the rules of suspicion', () => {
  const alice = recordOf('alice')
  function suspected(): { membership: Membership; nonce: number } {
    let nonce = 0
    const membership = new Membership(() => ++nonce)
    membership.learn({ ...alice, incarnation: 5 }, 'hello', 0)
    membership.suspect(alice.id, 'lock', undefined, 0)
    return { membership, nonce }
  }

  test('OV15 an answer to a nonce of this suspicion refutes; anything else heard does not', () => {
    const { membership, nonce } = suspected()
    membership.heard(alice.id, 50)
    expect(membership.alive(alice.id, 999)).toBe(false)
    expect(membership.isSuspected(alice.id)).toBe(true)
    expect(membership.alive(alice.id, nonce)).toBe(true)
    expect(membership.tick(1000)).toEqual([])
    expect(membership.get(alice.id)).toBeDefined()
  })

  test('OV15 a higher incarnation that may be older than the doubt only buys time; a second one refutes', () => {
    const { membership } = suspected()
    membership.learn({ ...alice, incarnation: 6 }, 'hearsay', 100)
    expect(membership.tick(limits.minProbeTimeoutMs)).toEqual([])
    expect(membership.isSuspected(alice.id)).toBe(true)
    membership.learn({ ...alice, incarnation: 7 }, 'hearsay', 150)
    expect(membership.isSuspected(alice.id)).toBe(false)

    const dead = suspected().membership
    dead.learn({ ...alice, incarnation: 6 }, 'hearsay', 100)
    expect(dead.tick(100 + limits.minProbeTimeoutMs)).toEqual([expect.objectContaining({ type: 'gone' })])
  })

  test('OV15 an answer to the first probe counts after a late watcher probed again', () => {
    const { membership, nonce } = suspected()
    const lateMs = limits.minProbeTimeoutMs + limits.lateWatcherMs + 1
    expect(membership.tick(lateMs)).toEqual([expect.objectContaining({ type: 'probe' })])
    expect(membership.alive(alice.id, nonce)).toBe(true)
  })

  test('OV12 the probe of a watcher that was late lately waits longer, for a while', () => {
    const timeoutMs = (afterMs: number): number => {
      const membership = new Membership(() => 1)
      membership.learn(alice, 'hello', 0)
      membership.noteLag(200, 0)
      membership.suspect(alice.id, 'lock', undefined, afterMs)
      return membership.deadlineMs() - afterMs
    }
    expect(timeoutMs(0)).toBe(limits.minProbeTimeoutMs + 3 * 200)
    expect(timeoutMs(10_000)).toBeLessThan(limits.minProbeTimeoutMs + 10)
  })

  test('OV16 hearsay does not raise the dead; a hello of its own, or a higher incarnation, does', () => {
    const { membership } = suspected()
    membership.tick(limits.minProbeTimeoutMs)
    expect(membership.get(alice.id)).toBeUndefined()
    expect(membership.learn({ ...alice, incarnation: 5 }, 'hearsay', 500)).toBe(false)
    expect(membership.learn({ ...alice, incarnation: 6 }, 'hearsay', 500)).toBe('joined')
    membership.depose(alice.id, 6)
    expect(membership.learn({ ...alice, incarnation: 6 }, 'hello', 500)).toBe('joined')
  })

  test('OV16 a view full of hearsay has room for those we meet', () => {
    const membership = new Membership(() => 1)
    for (let i = 0; i < limits.maxPeers + 10; i++) membership.learn(recordOf(String(i)), 'hearsay', 0)
    expect(membership.size).toBe(limits.maxPeers)
    expect(membership.learn({ ...alice, id: peerId('alice') }, 'hello', 0)).toBe('joined')
  })
})
