import { describe, expect, test } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import { encode } from '../../core/wire/codec.ts'
import { linkMessage, type Payload } from '../../core/wire/messages.ts'
import { type Node, OverlayWorld } from './overlay-world.ts'

const news: Payload = { type: 'claim', role: 'news', epoch: 7, leader: 'f'.repeat(32) as never }
const isNews = (payload: Payload): boolean => payload.type === 'claim' && payload.role === 'news'
const newsAt = (node: Node): number => node.delivered().filter(isNews).length

const newsFrames = (world: OverlayWorld, sinceMs: number): number =>
  world
    .sentSince(sinceMs, 'broadcast')
    .filter(({ message }) => message.type === 'broadcast' && isNews(message.payload)).length

describe('a broadcast', () => {
  for (let count = 2; count <= 16; count++) {
    test(`OV1 costs exactly ${count - 1} frames in a full mesh of ${count}, offers and all`, () => {
      const world = new OverlayWorld()
      const nodes = world.mesh(count)
      const startMs = world.nowMs
      world.step(nodes[0]!, ({ overlay }) => overlay.broadcast(news))
      world.run(10_000)
      expect(newsFrames(world, startMs)).toBe(count - 1)
      expect(nodes.map(newsAt)).toEqual([0, ...Array<number>(count - 1).fill(1)])
    })
  }

  test('OV1 costs no more where one link is a second slower than all others', () => {
    const world = new OverlayWorld()
    const [first, second] = [world.add('1'), world.add('2')]
    world.connect(first, second, { latencyMs: 450 })
    const rest = ['3', '4'].map((name) => world.add(name))
    for (const node of rest) for (const other of [first, second]) world.connect(other, node)
    world.connect(rest[0]!, rest[1]!)
    world.run(10_000)
    const startMs = world.nowMs
    world.step(first, ({ overlay }) => overlay.broadcast(news))
    world.run(10_000)
    expect(newsFrames(world, startMs)).toBe(3)
  })

  test('OV2 reaches a peer without a direct link at once, through a neighbour', () => {
    const world = new OverlayWorld()
    const [alice, bob, carol] = world.mesh(3) as [Node, Node, Node]
    world.cut(alice, carol)
    world.drop(alice, carol)
    world.run(3000)
    const startMs = world.nowMs
    world.step(alice, ({ overlay }) => overlay.broadcast(news))
    expect(world.until(() => newsAt(carol) === 1)).toBeLessThan(10)
    world.run(5000)
    expect(newsFrames(world, startMs)).toBe(2)
    expect([newsAt(bob), newsAt(carol)]).toEqual([1, 1])
  })

  test('OV3 that was lost on the way is repaired by offers, and comes once', () => {
    const world = new OverlayWorld()
    const nodes = world.mesh(4)
    const [alice, , , dave] = nodes as [Node, Node, Node, Node]
    world.cut(alice, dave)
    world.step(alice, ({ overlay }) => overlay.broadcast(news))
    world.mend(alice, dave)
    expect(newsAt(dave)).toBe(0)
    world.until(() => newsAt(dave) === 1, 2 * limits.slowHeartbeatIntervalMs)
    world.run(10_000)
    expect(nodes.map(newsAt)).toEqual([0, 1, 1, 1])
    // Two neighbours offered it; one was asked.
    const pulls = world.sent.filter(({ from, message }) => from === '4' && message.type === 'pull')
    expect(pulls).toHaveLength(1)
  })

  test('OV3 is pulled from another neighbour where the first does not answer', () => {
    const world = new OverlayWorld()
    const [alice, bob, carol, dave] = world.mesh(4) as [Node, Node, Node, Node]
    world.cut(alice, dave)
    world.step(alice, ({ overlay }) => overlay.broadcast(news))
    world.mend(alice, dave)
    const asked = (): string | undefined =>
      world.sent.find(({ from, message }) => from === '4' && message.type === 'pull')?.to
    world.until(() => asked() !== undefined)
    const helper = asked() === '2' ? bob : carol
    world.cut(helper, dave)
    world.run(5)
    world.mend(helper, dave)
    world.until(() => newsAt(dave) === 1, limits.pullTimeoutMs + limits.slowHeartbeatIntervalMs)
  })

  test('OV4 made between the two hellos of a new link arrives over it afterwards', () => {
    const world = new OverlayWorld()
    const [alice, bob] = [world.add('1'), world.add('2')]
    world.connect(alice, bob, { latencyMs: 30 })
    world.step(alice, ({ overlay }) => overlay.broadcast(news))
    expect(world.until(() => newsAt(bob) === 1)).toBeLessThan(500)
  })

  test('OV5 longer than a link message is not sent: the far end would take it for an attack', () => {
    const world = new OverlayWorld()
    const [alice, bob] = world.mesh(2) as [Node, Node]
    const entry = {
      header: new Uint8Array(10),
      signature: new Uint8Array(64),
      body: new Uint8Array(1024 * 1024),
    }
    world.step(alice, ({ overlay }) => overlay.broadcast({ type: 'entries', entries: [entry, entry, entry] }))
    world.run(5000)
    expect(alice.overlay.counters()['refusedAsTooLong']).toBe(1)
    expect(bob.overlay.counters()['malformedFrames']).toBeUndefined()
  })

  test('OV5 keeps its lane: a heartbeat overtakes a megabyte', () => {
    const world = new OverlayWorld()
    const [alice, bob] = world.mesh(2) as [Node, Node]
    const link = alice.overlay.links.to(bob.id)!
    const body = new Uint8Array(limits.maxCastBytes)
    alice.overlay.at(world.nowMs)
    alice.overlay.broadcast({ type: 'cast', topic: 'x', body })
    alice.overlay.nextFrame(link.id)
    alice.overlay.unicast(bob.id, news)
    const frame = alice.overlay.nextFrame(link.id)!
    expect(frame.subarray(1)).toEqual(encode(linkMessage, { type: 'direct', payload: news }))
  })
})

describe('a unicast', () => {
  /** A chain 1 - 2 - … - count, where only neighbours can reach one another. */
  function chain(count: number): { world: OverlayWorld; nodes: Node[] } {
    const world = new OverlayWorld()
    const nodes = Array.from({ length: count }, (_, i) => world.add(String(i + 1)))
    for (const [i, node] of nodes.entries()) {
      for (const far of nodes.slice(i + 2)) world.cut(node, far)
      if (i > 0) world.connect(nodes[i - 1]!, node)
    }
    world.run(4000)
    return { world, nodes }
  }

  test('OV6 finds its way over several hops, and follows the way by which a broadcast came', () => {
    const { world, nodes } = chain(5)
    const [alice, erin] = [nodes[0]!, nodes[4]!]
    world.step(erin, ({ overlay }) => overlay.broadcast({ ...news, role: 'other' } as Payload))
    world.run(100)
    const startMs = world.nowMs
    world.step(alice, ({ overlay }) => overlay.unicast(erin.id, news))
    world.run(50)
    expect(newsAt(erin)).toBe(1)
    const frames = world.sentSince(startMs, 'unicast')
    expect(
      frames.filter(({ message }) => message.type === 'unicast' && isNews(message.payload)),
    ).toHaveLength(4)
  })

  test('OV6 floods where no way is known, and comes once', () => {
    const world = new OverlayWorld()
    const nodes = world.mesh(5)
    const outsider = world.add('erin')
    world.connect(nodes[4]!, outsider)
    for (const node of nodes.slice(0, 4)) world.cut(node, outsider)
    // Before anything of it was heard further off.
    world.step(nodes[0]!, ({ overlay }) => overlay.unicast(outsider.id, news))
    world.run(100)
    expect(newsAt(outsider)).toBe(1)
    expect(nodes.map(newsAt)).toEqual([0, 0, 0, 0, 0])
  })

  test('OV6 ends after its hops, and goes round no ring', () => {
    const { world, nodes } = chain(limits.maxHops + 3)
    world.step(nodes[0]!, ({ overlay }) => overlay.unicast(nodes.at(-1)!.id, news))
    world.run(1000)
    expect(newsAt(nodes.at(-1)!)).toBe(0)
    const outOfHops = nodes.map((node) => node.overlay.counters()['unicastsOutOfHops'] ?? 0)
    expect(outOfHops.reduce((sum, each) => sum + each)).toBeGreaterThan(0)

    const ring = new OverlayWorld()
    const peers = ring.mesh(6)
    const startMs = ring.nowMs
    ring.step(peers[0]!, ({ overlay }) => overlay.unicast('d'.repeat(32) as never, news))
    ring.run(1000)
    // Everybody passes a stranger's unicast on once.
    expect(ring.sentSince(startMs, 'unicast').length).toBeLessThanOrEqual(6 * 5)
  })
})
