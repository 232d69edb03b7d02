import { describe, expect, test } from 'vitest'
import type { PeerId } from '../../core/base/ids.ts'
import { limits } from '../../core/base/limits.ts'
import { watchesOf } from '../../core/overlay/watches.ts'
import type { Payload } from '../../core/wire/messages.ts'
import { type Node, OverlayWorld, peerId } from './overlay-world.ts'

const count = 18
const news: Payload = { type: 'claim', role: 'news', epoch: 7, leader: 'f'.repeat(32) as never }
const isNews = (payload: Payload): boolean => payload.type === 'claim' && payload.role === 'news'
const newsAt = (node: Node): number => node.delivered().filter(isNews).length
const sees = (node: Node, other: Node): boolean => node.overlay.others().some(({ id }) => id === other.id)

/** Peers `1` to `18` in a circle, each linked to the next few: nobody has a link to everybody, and none can be made. */
function circle(world: OverlayWorld, each = 3): Node[] {
  const nodes = Array.from({ length: count }, (_, i) => world.add(String(i + 1)))
  const isNear = (a: number, b: number): boolean => Math.min(b - a, count - (b - a)) <= each
  const pairs = nodes.flatMap((node, a) =>
    nodes.slice(a + 1).map((other, i) => [node, other, isNear(a, a + 1 + i)] as const),
  )
  // First of all, or they would link before it is their turn.
  for (const [node, other, near] of pairs) if (!near) world.cut(node, other)
  for (const node of nodes) {
    for (const [first, other, near] of pairs) if (first === node && near) world.connect(node, other)
    world.run(100)
  }
  world.run(20_000)
  for (const node of nodes) expect(node.overlay.others()).toHaveLength(count - 1)
  return nodes
}

const newsFrames = (world: OverlayWorld, sinceMs: number, type: 'broadcast' | 'unicast'): number =>
  world.sentSince(sinceMs, type).filter(({ message }) => 'payload' in message && isNews(message.payload))
    .length

const leftSince = (node: Node, sinceMs: number): PeerId[] =>
  node.effects.flatMap(({ atMs, effect }) =>
    atMs >= sinceMs && effect.type === 'left' ? [effect.record.id] : [],
  )

describe('a mesh of more peers than a peer keeps links', () => {
  test('OV37 a broadcast reaches everybody at once and once, over a few links of each', () => {
    const world = new OverlayWorld()
    const nodes = circle(world)
    for (const origin of [nodes[0]!, nodes[10]!]) {
      const startMs = world.nowMs
      const before = nodes.map(newsAt)
      world.step(origin, ({ overlay }) => overlay.broadcast(news))
      world.run(limits.offerDelayMs / 2)
      expect(nodes.map((node, i) => newsAt(node) - before[i]!)).toEqual(
        nodes.map((node) => Number(node !== origin)),
      )
      // Each link has two ends, and was drawn by one of them at least: with all six it would be five a peer.
      expect(newsFrames(world, startMs, 'broadcast')).toBeLessThanOrEqual(
        (2 * limits.broadcastSources - 1) * count + 1,
      )
      world.run(10_000)
    }
  })

  test('OV37 who loses those it takes broadcasts from takes them from others', () => {
    const world = new OverlayWorld()
    const nodes = circle(world)
    const [far, last] = [nodes[9]!, nodes[0]!]
    const sources = last.overlay.links.neighbours().filter(({ asked }) => asked === 'whole')
    expect(sources).toHaveLength(limits.broadcastSources)
    for (const { remote } of sources) {
      const source = nodes.find(({ id }) => id === remote)!
      world.cut(last, source)
      world.drop(last, source)
    }
    world.run(2 * limits.heartbeatIntervalMs)
    const now = last.overlay.links.neighbours().filter(({ asked }) => asked === 'whole')
    expect(now).toHaveLength(limits.broadcastSources)
    for (const { remote } of now) expect(sources.some((each) => each.remote === remote)).toBe(false)
    world.step(far, ({ overlay }) => overlay.broadcast(news))
    world.run(limits.offerDelayMs / 2)
    expect(newsAt(last)).toBe(1)
  })

  test('OV37 what was lost on both ways is offered by others', () => {
    const world = new OverlayWorld()
    const nodes = circle(world)
    const isOffered = (node: Node): boolean =>
      node.overlay.links.neighbours().some((link) => link.isSpared && link.asked === 'ids')
    const at = nodes.findIndex(isOffered)
    const [last, far] = [nodes[at]!, nodes[(at + 9) % count]!]
    const links = last.overlay.links.neighbours()
    const givers = links.filter((link) => !link.isSpared).map(({ remote }) => remote)
    const lost = nodes.filter(({ id }) => givers.includes(id))
    expect(lost.length).toBeLessThan(links.length)
    for (const each of lost) world.cut(last, each)
    world.step(far, ({ overlay }) => overlay.broadcast(news))
    world.run(200)
    expect(newsAt(last)).toBe(0)
    for (const each of lost) world.mend(last, each)
    world.until(() => newsAt(last) === 1, limits.offerDelayMs + 2 * limits.offerIntervalMs)
  })

  test('OV6 a unicast goes the shortest way that the view tells, in one copy', () => {
    const world = new OverlayWorld()
    const [near, , , , , , , , , far] = circle(world) as [Node, ...Node[]]
    const startMs = world.nowMs
    world.step(near, ({ overlay }) => overlay.unicast(far!.id, news))
    world.run(200)
    expect(newsAt(far!)).toBe(1)
    expect(newsFrames(world, startMs, 'unicast')).toBe(3)
  })

  test('OV6 a unicast to a peer that nobody has a link to does not go over every link', () => {
    const world = new OverlayWorld()
    const nodes = circle(world)
    const startMs = world.nowMs
    world.step(nodes[0]!, ({ overlay }) => overlay.unicast(peerId('999'), news))
    world.run(1000)
    const sent = newsFrames(world, startMs, 'unicast')
    expect(sent).toBeGreaterThan(0)
    expect(sent).toBeLessThanOrEqual(limits.blindUnicasts * limits.maxHops)
  })

  test.each([
    [1, 2, 3],
    [15, 16, 17],
  ])(
    'OV7 a peer that no neighbour has a link to is asked by way of all: neighbours %i, %i and %i fell silent',
    (...silent) => {
      const world = new OverlayWorld()
      const nodes = circle(world)
      const [near, far] = [nodes[0]!, nodes[9]!]
      for (const i of silent) world.cut(near, nodes[i]!)
      world.step(near, ({ overlay }) => overlay.witness(far.id, 'socket'))
      expect(near.overlay.counters()['suspicions']).toBe(1)
      world.run(1_400)
      expect(near.leftAtMs(far.id)).toBeUndefined()
      expect(near.overlay.counters()['falseSuspicions']).toBe(1)
    },
  )

  test('OV38 who was cut off while somebody left hears of it from the view of a neighbour', () => {
    const world = new OverlayWorld()
    const nodes = circle(world)
    const [alone, leaving] = [nodes[0]!, nodes[9]!]
    const others = nodes.filter((node) => node !== alone)
    const near = others.filter(({ id }) => alone.overlay.links.to(id) !== undefined)
    for (const other of near) world.cut(alone, other)
    world.step(leaving, ({ overlay }) => overlay.suspend())
    world.kill(leaving)
    // Its neighbours watch it for longer than this; what they offered meanwhile is lost.
    world.run(4000)
    for (const other of near) world.mend(alone, other)
    expect(others.filter((node) => node !== leaving && sees(node, leaving))).toEqual([])
    expect(sees(alone, leaving)).toBe(true)
    world.until(() => !sees(alone, leaving), 3 * limits.rosterIntervalMs)
    expect(alone.overlay.counters()['rostersSent']).toBeGreaterThan(0)
  })

  test('OV38 equal views cost one frame a peer and interval, and nobody is asked', () => {
    const world = new OverlayWorld()
    const nodes = circle(world)
    world.run(3 * limits.rosterIntervalMs)
    const startMs = world.nowMs
    world.run(5 * limits.rosterIntervalMs)
    const direct = world.sentSince(startMs, 'direct')
    expect(new Set(direct.map(({ message }) => 'payload' in message && message.payload.type))).toEqual(
      new Set(['viewDigest']),
    )
    expect(direct.length).toBeLessThan(8 * count)
    expect(nodes.flatMap((node) => leftSince(node, startMs))).toEqual([])
  })

  test('OV38 a neighbour that asks for the view again and again is not answered each time', () => {
    const world = new OverlayWorld()
    const [asker, asked] = circle(world) as [Node, Node]
    const startMs = world.nowMs
    for (let i = 0; i < 10; i++)
      world.step(asker, ({ overlay }) => overlay.unicast(asked.id, { type: 'roster', ask: true, peers: [] }))
    world.run(200)
    const answers = world
      .sentSince(startMs, 'direct')
      .filter(
        ({ from, message }) =>
          from === asked.name && 'payload' in message && message.payload.type === 'records',
      )
    expect(answers).toHaveLength(1)
    expect(asked.overlay.counters()['rostersIgnored']).toBe(9)
  })

  test('OV38 nor is one that says again and again that its view is another', () => {
    const world = new OverlayWorld()
    const [asker, asked] = circle(world) as [Node, Node]
    const before = asked.overlay.counters()['rostersSent'] ?? 0
    for (let i = 0; i < 10; i++)
      world.step(asker, ({ overlay }) => overlay.unicast(asked.id, { type: 'viewDigest', digest: i }))
    world.run(200)
    expect(asked.overlay.counters()['rostersSent']).toBe(before + 1)
  })

  test('OV39 each is watched by the next of its links, as its own record and theirs have them', () => {
    const [alice, bob, carol, dave] = ['alice', 'bob', 'carol', 'dave'].map(peerId) as [
      PeerId,
      PeerId,
      PeerId,
      PeerId,
    ]
    const watchedBy = (me: PeerId, links: ReadonlyMap<PeerId, readonly PeerId[]>) =>
      [
        ...watchesOf({
          me,
          ringsOf: new Map(links.get(me)!.map((peer) => [peer, links.get(peer)!])),
          successions: [],
          isSuspected: () => false,
          heartbeatIntervalMs: 500,
        }),
      ]
        .filter(([, { expectMs }]) => expectMs < Infinity)
        .map(([peer]) => peer)
    // Carol's next link is dave, whoever else lives; so bob does not watch her, nor dave bob, who has alice and carol.
    const links = new Map([
      [alice, [bob, dave]],
      [bob, [alice, carol]],
      [carol, [bob, dave]],
      [dave, [alice, carol]],
    ])
    expect(watchedBy(dave, links)).toEqual([carol])
    expect(watchedBy(carol, links)).toEqual([bob])
    expect(watchedBy(alice, links)).toEqual([dave])
  })

  test('OV39 one that falls silent is gone for all within 8 s and a few hops', () => {
    const world = new OverlayWorld()
    const nodes = circle(world)
    const dead = nodes[12]!
    const startMs = world.nowMs
    world.kill(dead)
    const others = nodes.filter((node) => node !== dead)
    world.until(() => others.every((node) => !sees(node, dead)), 9_500)
    for (const node of others) expect(leftSince(node, startMs)).toEqual([dead.id])
  })

  test('OV39 nor is one waited for longer whose watcher fell silent with it than until the next one watches', () => {
    const world = new OverlayWorld()
    const nodes = circle(world)
    const both = [nodes[12]!, nodes[13]!]
    for (const node of both) world.kill(node)
    const others = nodes.filter((node) => !both.includes(node))
    world.until(() => others.every((node) => both.every((dead) => !sees(node, dead))), 13_000)
  })

  test('OV9 a goodbye counts over its own link, though another brought it before', () => {
    const world = new OverlayWorld()
    const nodes = circle(world)
    const leaving = nodes[5]!
    // Slower than the way over others.
    const far = world.add('25')
    world.connect(far, leaving, { latencyMs: 300 })
    world.connect(far, nodes[6]!)
    world.run(5_000)
    world.step(leaving, ({ overlay }) => overlay.suspend())
    world.until(() => !sees(far, leaving), 600)
    expect(far.of('left').map(({ reason }) => reason)).toEqual(['left'])
  })
})
