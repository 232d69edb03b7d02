import { describe, expect, test } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import { encode } from '../../core/wire/codec.ts'
import { linkMessage, type Payload } from '../../core/wire/messages.ts'
import { type Node, OverlayWorld, peerId } from './overlay-world.ts'

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
    world.until(() => newsAt(dave) === 1, 2 * limits.offerIntervalMs)
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
    world.until(() => newsAt(dave) === 1, limits.pullTimeoutMs + limits.offerIntervalMs)
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

const piece = (size: number, offset = 0): Payload => ({
  type: 'docPiece',
  doc: 'notes',
  transfer: 1,
  segmentBytes: size,
  offset,
  totalBytes: size,
  bytes: new Uint8Array(size),
})

describe('a multicast', () => {
  test('OV27 goes to whom it is for, each by one frame over its own link, and to nobody else', () => {
    const world = new OverlayWorld()
    const nodes = world.mesh(5)
    const [alice, bob, carol] = nodes as [Node, Node, Node]
    const startMs = world.nowMs
    world.step(alice, ({ overlay }) => expect(overlay.multicast([bob.id, carol.id], news)).toEqual([]))
    // Until it would have been offered and pulled.
    world.run(10_000)
    expect(nodes.map(newsAt)).toEqual([0, 1, 1, 0, 0])
    const frames = world.sentSince(startMs, 'direct').filter(({ from }) => from === alice.name)
    expect(frames.map(({ to }) => to)).toEqual([bob.name, carol.name])
    expect(alice.overlay.counters()['multicastsSent']).toBe(2)
    expect(world.sentSince(startMs, 'pull')).toEqual([])
    expect(
      world.sent.every(
        ({ atMs, message }) =>
          atMs < startMs ||
          !('offers' in message && message.offers.some(({ origin }) => origin === alice.id)),
      ),
    ).toBe(true)
  })

  test('OV27 reaches a peer without a link by way of a neighbour', () => {
    const world = new OverlayWorld()
    const [alice, bob, carol] = world.mesh(3) as [Node, Node, Node]
    world.cut(alice, carol)
    world.drop(alice, carol)
    world.run(3000)
    world.step(alice, ({ overlay }) => expect(overlay.multicast([bob.id, carol.id], news)).toEqual([]))
    world.run(50)
    expect([newsAt(bob), newsAt(carol)]).toEqual([1, 1])
    expect(carol.of('deliver').at(-1)).toMatchObject({ from: alice.id, link: undefined })
  })

  test('OV27 names those it did not go out to: a full lane, no way at all, too long a message', () => {
    const world = new OverlayWorld()
    const [alice, bob, carol] = world.mesh(3) as [Node, Node, Node]
    const lone = world.add('dave')
    world.step(lone, ({ overlay }) => expect(overlay.multicast([bob.id], news)).toEqual([bob.id]))
    expect(lone.overlay.counters()['multicastsSent']).toBeUndefined()

    const body = new Uint8Array(limits.maxCastBytes)
    alice.overlay.at(world.nowMs)
    // Nothing is pulled meanwhile; the bulk lane to bob fills.
    while (alice.overlay.multicast([bob.id], { type: 'cast', topic: 'x', body }).length === 0);
    const sent = alice.overlay.counters()['multicastsSent']!
    const more: Payload = { type: 'cast', topic: 'x', body }
    expect(alice.overlay.multicast([bob.id, carol.id], more)).toEqual([bob.id])
    expect(alice.overlay.counters()['multicastsSent']).toBe(sent + 1)
    // The other lane has room.
    expect(alice.overlay.multicast([bob.id, carol.id], news)).toEqual([])

    const entry = { header: new Uint8Array(1), signature: new Uint8Array(64), body: new Uint8Array(2 ** 20) }
    const long: Payload = { type: 'entries', entries: [entry, entry, entry] }
    expect(alice.overlay.multicast([carol.id], long)).toEqual([carol.id])
  })
})

describe('pieces of a document', () => {
  test('OV28 wait for an idle link: behind everything else, and one at a time', () => {
    const world = new OverlayWorld()
    const [alice, bob] = world.mesh(2) as [Node, Node]
    const { overlay } = alice
    const link = overlay.links.to(bob.id)!.id
    overlay.at(world.nowMs)
    overlay.unicast(bob.id, news)
    expect(overlay.enqueueDirect(link, piece(10))).toBe(false)
    expect(overlay.nextFrame(link)).toBeDefined()
    overlay.unicast(bob.id, { type: 'cast', topic: 'x', body: new Uint8Array(limits.maxFrameBytes) })
    overlay.nextFrame(link)
    expect(overlay.enqueueDirect(link, piece(10))).toBe(false)
    while (overlay.nextFrame(link));
    overlay.takeEffects()

    expect(overlay.enqueueDirect(link, piece(limits.maxDocPieceBytes))).toBe(true)
    expect(overlay.takeEffects()).toEqual([])
    expect(overlay.enqueueDirect(link, piece(10))).toBe(false)
    overlay.nextFrame(link)
    expect(overlay.enqueueDirect(link, piece(10))).toBe(false)
    // What comes meanwhile in the control lane goes before what is left of the piece.
    overlay.unicast(bob.id, news)
    expect(overlay.nextFrame(link)!.subarray(1)).toEqual(
      encode(linkMessage, { type: 'direct', payload: news }),
    )
    while (overlay.nextFrame(link));
    expect(overlay.enqueueDirect(link, piece(10))).toBe(true)
  })

  test('OV28 that a driver pulls arrive whole and in order', () => {
    const world = new OverlayWorld()
    const [alice, bob] = world.mesh(2) as [Node, Node]
    const link = alice.overlay.links.to(bob.id)!.id
    for (let i = 0; i < 3; i++) {
      alice.overlay.enqueueDirect(link, piece(limits.maxDocPieceBytes, i))
      for (let frame = alice.overlay.nextFrame(link); frame; frame = alice.overlay.nextFrame(link)) {
        world.transmit(alice, link, frame)
      }
    }
    world.run(100)
    const came = bob.of('deliver').slice(-3)
    expect(came.map(({ payload }) => payload.type === 'docPiece' && payload.offset)).toEqual([0, 1, 2])
    expect(came[0]).toMatchObject({ from: alice.id, link: bob.overlay.links.to(alice.id)!.id })
  })

  test('OV28 go over the link in use only, once it is greeted', () => {
    const world = new OverlayWorld()
    const [alice, bob] = [world.add('alice'), world.add('bob')]
    world.connect(alice, bob, { latencyMs: 20 })
    const first = alice.overlay.links.anyTo(bob.id)!.id
    expect(alice.overlay.enqueueDirect(first, piece(10))).toBe(false)
    world.run(1000)
    expect(alice.overlay.enqueueDirect(first, piece(10))).toBe(true)
    while (alice.overlay.nextFrame(first));
    // Until the lower peer closes the older one, bob has two.
    world.connect(alice, bob, { latencyMs: 20 })
    world.until(() => bob.overlay.links.size === 2 && bob.overlay.links.every().every((link) => link.greeted))
    const used = bob.overlay.links.to(alice.id)!.id
    const unused = bob.overlay.links.every().find(({ id }) => id !== used)!.id
    expect(bob.overlay.enqueueDirect(unused, piece(10))).toBe(false)
    expect(bob.overlay.enqueueDirect(used, piece(10))).toBe(true)
    expect(bob.overlay.enqueueDirect(9999, piece(10))).toBe(false)
  })

  test('OV28 are pulled when the driver is told to', () => {
    const world = new OverlayWorld()
    const [alice, bob] = world.mesh(2) as [Node, Node]
    alice.overlay.wake(bob.id)
    alice.overlay.wake(peerId('erin'))
    const link = alice.overlay.links.to(bob.id)!.id
    expect(alice.overlay.takeEffects()).toEqual([{ type: 'writable', link }])
  })
})
