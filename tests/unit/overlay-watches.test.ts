import { describe, expect, test } from 'vitest'
import type { PeerId } from '../../core/base/ids.ts'
import { limits } from '../../core/base/limits.ts'
import { watchesOf } from '../../core/overlay/watches.ts'
import { expectNobodyLost, type Node, OverlayWorld, peerId } from './overlay-world.ts'

const names = ['alice', 'bob', 'carol', 'dave', 'erin'] as const
const ids = names.map(peerId)
const { heartbeatIntervalMs, secondHeartbeatIntervalMs, slowHeartbeatIntervalMs } = limits

/** Who watches whom, and how often it expects to hear: `bob alice` → 500. */
function watching(
  successions: readonly (readonly PeerId[])[],
  suspected: readonly PeerId[] = [],
): Record<string, number> {
  const nameOf = (id: PeerId): string => names[ids.indexOf(id)]!
  const all: Record<string, number> = {}
  const beats: Record<string, number> = {}
  for (const me of ids) {
    const ringsOf = new Map(ids.filter((id) => id !== me).map((id) => [id, ids]))
    const isSuspected = (peer: PeerId): boolean => suspected.includes(peer)
    for (const [peer, watch] of watchesOf({ me, ringsOf, successions, isSuspected, heartbeatIntervalMs })) {
      if (watch.expectMs < Infinity) all[`${nameOf(me)} ${nameOf(peer)}`] = watch.expectMs
      if (watch.beatMs < Infinity) beats[`${nameOf(peer)} ${nameOf(me)}`] = watch.beatMs
    }
  }
  expect(beats).toEqual(all)
  return all
}

describe('who watches whom', () => {
  const ring = {
    'bob alice': slowHeartbeatIntervalMs,
    'carol bob': slowHeartbeatIntervalMs,
    'dave carol': slowHeartbeatIntervalMs,
    'erin dave': slowHeartbeatIntervalMs,
    'alice erin': slowHeartbeatIntervalMs,
  }
  const [alice, bob, carol, dave, erin] = ids as [PeerId, PeerId, PeerId, PeerId, PeerId]

  test('OV31 everybody by the next in the ring, a leader by those that would follow', () => {
    expect(watching([])).toEqual(ring)
    expect(watching([[carol, alice, erin, bob]])).toEqual({
      ...ring,
      'alice carol': heartbeatIntervalMs,
      'erin carol': secondHeartbeatIntervalMs,
    })
    // Of two roles the closer watch holds.
    const two = watching([
      [carol, alice, erin],
      [carol, erin, dave],
    ])
    expect(two).toMatchObject({ 'alice carol': heartbeatIntervalMs, 'erin carol': heartbeatIntervalMs })
    expect(watching([[dave]])).toEqual(ring)
  })

  test('OV32 whoever would lead if those in doubt are gone is watched as a leader, and they as before', () => {
    expect(watching([[alice, bob, carol, dave, erin]], [alice])).toEqual({
      ...ring,
      'bob alice': heartbeatIntervalMs,
      'carol alice': secondHeartbeatIntervalMs,
      'carol bob': heartbeatIntervalMs,
      'dave bob': secondHeartbeatIntervalMs,
    })
  })
})

describe('signs of life', () => {
  test('OV31 go one way, and an idle link to nobody in particular is left alone', () => {
    const world = new OverlayWorld()
    const nodes = world.mesh(6)
    const startMs = world.nowMs
    world.run(30_000)
    const beats = world.sentSince(startMs, 'beat')
    const of = (from: string, to: string): number =>
      beats.filter((beat) => beat.from === from && beat.to === to).length
    // 1 leads; 2 is its first successor and its watcher in the ring, 3 its second.
    expect(of('1', '2')).toBeGreaterThanOrEqual(59)
    expect(of('1', '3')).toBeGreaterThanOrEqual(29)
    expect([of('2', '3'), of('5', '6'), of('6', '1')]).toEqual([6, 6, 6])
    expect([of('2', '1'), of('3', '5'), of('1', '5')]).toEqual([0, 0, 0])
    expect(world.sent.filter(({ atMs, message }) => atMs > startMs && message.type !== 'beat')).toEqual([])
    for (const node of nodes) expect(node.overlay.counters()['suspicions']).toBeUndefined()
  })

  test('OV31 those that would follow a leader time their links to it early, so that a young one is not waited for longer', () => {
    const world = new OverlayWorld()
    const nodes = ['1', '2', '3', '4'].map((name) => world.add(name))
    const [alice, bob, carol, dave] = nodes as [Node, Node, Node, Node]
    for (const [i, node] of nodes.entries()) for (const other of nodes.slice(0, i)) world.connect(other, node)
    const succession = nodes.map(({ id }) => id)
    world.run(100)
    for (const node of nodes) world.step(node, ({ overlay }) => overlay.setSuccessions([succession]))
    world.run(limits.closePingDelayMs)
    const tripOf = (from: Node, to: Node) => from.overlay.links.to(to.id)?.roundTrip
    expect([tripOf(bob, alice), tripOf(carol, alice)]).not.toContain(undefined)
    expect([tripOf(dave, alice), tripOf(dave, bob)]).toEqual([undefined, undefined])
    const early = tripOf(bob, alice)
    world.run(limits.firstPingDelayMs)
    // Measured again when the other links stand too.
    expect(tripOf(bob, alice)).not.toBe(early)
  })

  test('OV32 one that is not sent is asked for, and the answer will do', () => {
    const world = new OverlayWorld()
    const [alice, bob] = world.mesh(3) as [Node, Node, Node]
    // It knows of no successor, and sends nothing of its own accord to bob.
    world.step(alice, ({ overlay }) => overlay.setSuccessions([]))
    const startMs = world.nowMs
    world.run(20_000)
    expect(world.sentSince(startMs, 'ping').filter(({ from }) => from === bob.name).length).toBeGreaterThan(
      10,
    )
    expect(bob.overlay.counters()['suspicions']).toBeUndefined()
    expectNobodyLost([alice, bob])
  })

  test.each([0, 100, 300, 1000, 2500, 6000])(
    'OV39 who has a link to few, and falls silent %i ms after it came, is gone for all within 8 s and a few hops',
    (ms) => {
      const world = new OverlayWorld()
      // One has a link to everybody, the others none to one another.
      const nodes = ['1', '2', '3', '4', '5'].map((name) => world.add(name))
      for (const [i, node] of nodes.entries()) for (const other of nodes.slice(i + 1)) world.cut(node, other)
      for (const node of nodes.slice(1)) {
        world.mend(nodes[0]!, node)
        world.connect(nodes[0]!, node)
      }
      world.until(() => nodes.every((node) => node.overlay.others().length === 4))
      world.run(ms)
      for (const [i, dead] of nodes.slice(1, 4).entries()) {
        world.kill(dead)
        const living = nodes.filter((node) => node.alive)
        world.until(() => living.every((node) => node.leftAtMs(dead.id) !== undefined), 8500)
        for (const node of living) expect(node.of('left')).toHaveLength(i + 1)
      }
    },
  )

  test('OV31 a link on which somebody spoke, and nothing came, is found dead', () => {
    const world = new OverlayWorld()
    const nodes = world.mesh(6)
    const [, bob, , dave] = nodes as [Node, Node, Node, Node, Node, Node]
    world.cut(bob, dave)
    const payload = { type: 'cast', topic: 'x', body: new Uint8Array(1) } as const
    world.step(bob, ({ overlay }) => overlay.unicast(dave.id, payload))
    const tookMs = world.until(() => bob.overlay.links.to(dave.id) === undefined, 20_000)
    expect(tookMs).toBeGreaterThan(limits.answerPatienceMs)
    expectNobodyLost(nodes)
  })
})

describe('what is told of a peer', () => {
  test('OV33 which links came up, to neighbours alone, together; what others act on, to all', () => {
    const world = new OverlayWorld()
    const nodes = world.mesh(5)
    const newcomer = world.add('6')
    const startMs = world.nowMs
    for (const node of nodes) world.connect(node, newcomer)
    world.run(3000)
    const told = world
      .sentSince(startMs, 'direct')
      .filter(
        ({ from, message }) =>
          from === '6' && message.type === 'direct' && message.payload.type === 'records',
      )
    expect(told).toHaveLength(5)
    // Its place, once to each; nobody passes it on to one that has it.
    const records = world
      .sentSince(startMs, 'broadcast')
      .filter(({ message }) => message.type === 'broadcast' && message.payload.type === 'record')
    expect(records.filter(({ from }) => from === '6').length).toBeLessThanOrEqual(5)
    for (const node of nodes) {
      expect(node.overlay.others().find(({ id }) => id === newcomer.id)?.neighbours).toHaveLength(5)
    }
  })

  test('OV33 a peer that was news, to those that have no link to it, over as many hops as it takes', () => {
    const world = new OverlayWorld()
    const [first, second, third] = ['1', '2', '3'].map((name) => world.add(name)) as [Node, Node, Node]
    world.connect(first, second)
    world.connect(second, third)
    world.cut(first, third)
    world.run(3000)
    const fourth = world.add('4')
    for (const node of [first, second]) world.cut(node, fourth)
    world.connect(third, fourth)
    world.until(() => first.overlay.others().some(({ id }) => id === fourth.id), 4 * limits.rumourDelayMs)
  })
})

describe('a link that ends because its far end took us for gone', () => {
  test('OV9 says nothing about the far end', () => {
    const world = new OverlayWorld()
    const nodes = world.mesh(3)
    const [alice, bob] = nodes as [Node, Node, Node]
    const gone = { type: 'gone', peer: bob.id, incarnation: 1, reason: 'failed' } as const
    world.step(alice, ({ overlay }) => overlay.unicast(bob.id, gone))
    world.run(20)
    world.drop(alice, bob)
    world.run(3000)
    expect(bob.overlay.counters()['suspicionsByLinkDown']).toBeUndefined()
    expectNobodyLost(nodes)
  })
})
