import { describe, expect, test } from 'vitest'
import type { PeerId } from '../../core/base/ids.ts'
import { limits } from '../../core/base/limits.ts'
import { createRandom } from '../../core/base/random.ts'
import { Negotiations } from '../../core/overlay/negotiations.ts'
import { Topology, type TopologyAction, type TopologyView } from '../../core/overlay/topology.ts'
import { expectNobodyLost, type Node, OverlayWorld, peerId } from './overlay-world.ts'

const [alice, bob, carol] = [peerId('alice'), peerId('bob'), peerId('carol')]

/** Ids of peers that are told of, above that of alice. */
const strangers = (count: number, letter = 'c'): PeerId[] =>
  Array.from({ length: count }, (_, i) => `${letter}${String(i).padStart(31, '0')}` as PeerId)

function seekerOf(
  me: typeof alice,
  seed = 0,
): {
  topology: Topology
  tick: (nowMs: number, view?: Partial<TopologyView>) => TopologyAction[]
} {
  const topology = new Topology(me, createRandom(new Uint8Array(16).fill(seed)))
  const tick = (nowMs: number, view: Partial<TopologyView> = {}): TopologyAction[] =>
    topology.tick({
      inView: () => false,
      isLinked: () => false,
      linkedPeers: 0,
      isClose: () => false,
      nowMs,
      ...view,
    })
  return { topology, tick }
}

describe('getting links', () => {
  test('OV20 the lower id dials, the higher knocks, and knocks again with growing pauses', () => {
    const lower = seekerOf(alice)
    lower.topology.seek(bob, 0)
    expect(lower.tick(0)).toEqual([
      { type: 'dial', peer: bob, connection: expect.stringMatching(/^[0-9a-f]{32}$/) },
    ])
    expect(lower.tick(1000)).toEqual([])

    const higher = seekerOf(bob)
    higher.topology.seek(alice, 0)
    const knocks: number[] = []
    for (let nowMs = 0; nowMs < 10_000; nowMs += 10) if (higher.tick(nowMs).length > 0) knocks.push(nowMs)
    expect(knocks[0]).toBe(0)
    expect(knocks.length).toBeGreaterThan(4)
    expect(knocks.length).toBeLessThan(9)
    const pauses = knocks.slice(1).map((atMs, i) => atMs - knocks[i]!)
    expect(pauses.at(-1)!).toBeGreaterThan(4 * pauses[0]!)
  })

  test('OV20 a dial that fails is made again under a new name; one of another name is not ours', () => {
    const { topology, tick } = seekerOf(alice)
    topology.seek(bob, 0)
    const [first] = tick(0)
    const connection = first?.type === 'dial' ? first.connection : ''
    topology.failed(bob, 'f'.repeat(32), 100)
    expect(tick(2000)).toEqual([])
    topology.failed(bob, connection, 2000)
    expect(topology.failures(bob)).toBe(1)
    expect(tick(2000)).toEqual([])
    const [second] = tick(2000 + limits.redialBaseMs)
    expect(second).toEqual({ type: 'dial', peer: bob, connection: expect.any(String) })
    expect(second).not.toEqual(first)
  })

  test('OV20 where too many are sought, who was lost longest ago gives way to those that are there', () => {
    const { topology, tick } = seekerOf(alice)
    for (const peer of strangers(limits.maxSought)) topology.seek(peer, 0, { pause: true, lost: true })
    topology.seek(bob, 0, { again: true })
    expect(tick(0)).toEqual([expect.objectContaining({ type: 'dial', peer: bob })])
  })

  test('OV20 an introducer that names ever new peers leaves room for those whom another names', () => {
    const { topology, tick } = seekerOf(alice)
    for (const peer of strangers(2 * limits.maxSought)) topology.seek(peer, 0, { named: true, by: 'hostile' })
    topology.seek(bob, 0, { named: true, by: 'honest' })
    const dialled = new Set<string>()
    for (let nowMs = 0; nowMs < 600_000 && !dialled.has(bob); nowMs += 100)
      for (const action of tick(nowMs)) if (action.type === 'dial') dialled.add(action.peer)
    expect(dialled).toContain(bob)
  })

  test('OV20 a dial of which nothing more is heard is abandoned, and made again', () => {
    const { topology, tick } = seekerOf(alice)
    topology.seek(bob, 0)
    const [dial] = tick(0, { inView: () => true })
    expect(topology.deadlineMs()).toBeGreaterThan(limits.dialTimeoutMs)
    const givenUpAtMs = topology.deadlineMs()
    expect(tick(givenUpAtMs, { inView: () => true })).toEqual([{ ...dial, type: 'abandon' }])
    expect(tick(givenUpAtMs + 1000, { inView: () => true })).toEqual([
      expect.objectContaining({ type: 'dial' }),
    ])
  })

  test('OV20 a knock ends a pause, but starts no second dial', () => {
    const { topology, tick } = seekerOf(alice)
    topology.seek(bob, 0, { pause: true })
    expect(tick(0)).toEqual([])
    topology.knocked(bob, 1)
    expect(tick(1)).toEqual([expect.objectContaining({ type: 'dial' })])
    topology.knocked(bob, 2)
    expect(tick(2)).toEqual([])
  })

  test('OV20 who knocks is dialled by one that has all the links it wants, up to a second bound', () => {
    const sought = seekerOf(alice)
    sought.topology.seek(bob, 0)
    const inView = (): boolean => true
    expect(sought.tick(0, { inView, linkedPeers: limits.maxLinks })).toEqual([])
    const atMs = limits.knockDelayMs / 2
    sought.topology.knocked(bob, atMs)
    expect(sought.tick(atMs, { inView, linkedPeers: limits.maxAnsweredLinks })).toEqual([])
    sought.topology.knocked(bob, 2 * atMs)
    expect(sought.tick(2 * atMs, { inView, linkedPeers: limits.maxAnsweredLinks - 1 })).toEqual([
      expect.objectContaining({ type: 'dial', peer: bob }),
    ])
  })

  test('OV20 a link that went down before its hello does not end the search', () => {
    const { topology, tick } = seekerOf(alice)
    topology.seek(bob, 0)
    tick(0)
    expect(tick(100, { isLinked: () => true })).toEqual([])
    topology.dropped(bob, 200)
    expect(tick(200 + limits.redialBaseMs)).toEqual([expect.objectContaining({ type: 'dial' })])
  })

  test('OV20 who is not in the view is sought for a while, who is in it for as long as it lives', () => {
    const { topology, tick } = seekerOf(bob)
    topology.seek(alice, 0)
    expect(tick(limits.rememberLostMs, { inView: () => true })).toHaveLength(1)
    expect(tick(2 * limits.rememberLostMs)).toEqual([])
    expect(topology.deadlineMs()).toBe(Infinity)
  })

  test('OV20 dials a few at once: the next when one is over, or had its head start, and not all the same first', () => {
    const others = strangers(9)
    const seeking = (seed: number): ReturnType<typeof seekerOf> => {
      const seeker = seekerOf(alice, seed)
      for (const peer of others) seeker.topology.seek(peer, 0)
      return seeker
    }
    const { topology, tick: tickAt } = seeking(0)
    const tick = (nowMs: number): TopologyAction[] => tickAt(nowMs, { isClose: () => true })
    const first = tick(0)
    expect(first).toHaveLength(limits.maxDialsAtOnce)
    expect(tick(10)).toEqual([])
    expect(topology.deadlineMs()).toBe(limits.dialHeadStartMs)
    // Linked, failed: its place is free.
    topology.linked(first[0]!.peer)
    expect(topology.deadlineMs()).toBeLessThanOrEqual(20)
    expect(tick(20)).toHaveLength(1)
    const [, failing] = first
    if (failing?.type === 'dial') topology.failed(failing.peer, failing.connection, 30)
    expect(tick(30)).toHaveLength(1)
    // Those that take longer keep nobody waiting for ever.
    expect(tick(30 + limits.dialHeadStartMs)).toHaveLength(limits.maxDialsAtOnce)
    const firsts = new Set(Array.from({ length: 10 }, (_, seed) => seeking(seed).tick(0)[0]!.peer))
    expect(firsts.size).toBeGreaterThan(2)
  })

  test('OV34 the first links at once, the rest at leisure, one after the other', () => {
    const { topology, tick } = seekerOf(alice)
    const others = strangers(6)
    for (const peer of others) topology.seek(peer, 0)
    const first = tick(0)
    expect(first).toHaveLength(limits.firstLinks)
    for (const action of first) if (action.type === 'dial') topology.answered(action.peer, action.connection)
    // Until they stand, nothing is begun beside them, however long they take, up to a limit.
    expect(tick(limits.linkPatienceMs - 1)).toEqual([])
    for (const { peer } of first) topology.linked(peer)
    const linkedPeers = first.length
    let nowMs = limits.linkPatienceMs - 1
    expect(tick(nowMs, { linkedPeers })).toEqual([])
    const sinceMs = nowMs
    while (tick(nowMs, { linkedPeers }).length === 0) nowMs = topology.deadlineMs()
    expect(nowMs - sinceMs).toBeGreaterThanOrEqual(limits.leisureMs / 2)
    expect(nowMs - sinceMs).toBeLessThanOrEqual(limits.leisureMs)
    // One is under way, and gets its head start; then comes the next.
    expect(tick(nowMs + 1, { linkedPeers })).toEqual([])
    expect(tick(nowMs + limits.dialHeadStartMs, { linkedPeers })).toHaveLength(1)
  })

  test('OV34 first links that do not form in time keep nobody from trying others', () => {
    const { topology, tick } = seekerOf(alice)
    for (const peer of strangers(6)) topology.seek(peer, 0)
    expect(tick(0)).toHaveLength(limits.firstLinks)
    const dialled: number[] = []
    for (let nowMs = 0; nowMs < 2 * limits.linkPatienceMs; nowMs += 10)
      for (const { type } of tick(nowMs)) if (type === 'dial') dialled.push(nowMs)
    expect(dialled.length).toBeGreaterThanOrEqual(limits.firstLinks)
  })

  test('OV34 who is knocked at dials at once, as do those on whom a failover hangs', () => {
    const { topology, tick } = seekerOf(alice)
    topology.seek(bob, 0)
    topology.seek(carol, 0)
    const enough = { linkedPeers: limits.smallMesh, inView: () => true }
    expect(tick(0, enough)).toEqual([])
    topology.knocked(bob, 10)
    expect(tick(10, enough)).toEqual([expect.objectContaining({ type: 'dial', peer: bob })])
    const urgent = topology.deadlineMs()
    expect(tick(urgent, { ...enough, isClose: (peer) => peer === carol })).toEqual([
      expect.objectContaining({ type: 'dial', peer: carol }),
    ])
  })

  test('OV34 a link that was lost is made again at once', () => {
    const { topology, tick } = seekerOf(alice)
    topology.seek(bob, 0, { again: true })
    expect(tick(0, { linkedPeers: limits.smallMesh, inView: () => true })).toHaveLength(1)
  })

  test('OV34 who loses its links does not wait for leisure, neither to dial nor to knock', () => {
    for (const me of [alice, carol]) {
      const { topology, tick } = seekerOf(me)
      const others = ['b', 'd'].flatMap((letter) => strangers(3, letter))
      for (const peer of others) topology.seek(peer, 0)
      expect(tick(0, { linkedPeers: 5, inView: () => true })).toEqual([])
      expect(tick(10, { linkedPeers: 0, inView: () => true })).toHaveLength(limits.firstLinks)
    }
  })

  test('OV34 names that somebody makes up one after the other put the rest off for a while only', () => {
    const { topology, tick } = seekerOf(alice)
    topology.seek(bob, 0)
    topology.seek(carol, 0)
    const [first] = tick(0)
    topology.linked(first!.peer)
    const rest = first!.peer === bob ? carol : bob
    const madeUp = strangers(600, 'd')
    let dialledAtMs = Infinity
    for (let nowMs = 400; nowMs < 60_000 && dialledAtMs === Infinity; nowMs += 400) {
      topology.knocked(madeUp[nowMs / 400]!, nowMs)
      const view = { linkedPeers: 1, inView: (peer: PeerId) => peer === bob || peer === carol }
      if (tick(nowMs, view).some(({ peer }) => peer === rest)) dialledAtMs = nowMs
    }
    expect(dialledAtMs).toBeLessThan(60_000)
  })

  test('OV34 in a small mesh the rest follow sooner', () => {
    const restAtMs = (peers: number): number => {
      const { topology, tick } = seekerOf(alice)
      const others = strangers(peers)
      for (const peer of others) topology.seek(peer, 0)
      for (const { peer } of tick(0)) topology.linked(peer)
      const linkedPeers = limits.firstLinks
      let nowMs = 0
      while (tick(nowMs, { linkedPeers }).length === 0) nowMs = topology.deadlineMs()
      return nowMs
    }
    expect(restAtMs(limits.smallMesh)).toBeLessThanOrEqual(limits.smallLeisureMs)
    expect(restAtMs(limits.smallMesh)).toBeGreaterThanOrEqual(limits.smallLeisureMs / 2)
    expect(restAtMs(limits.smallMesh + 2)).toBeGreaterThanOrEqual(limits.leisureMs / 2)
  })

  test('OV34 a link to one that came later is none to those who were there before: one of them is linked to all the same', () => {
    const { topology, tick } = seekerOf(alice)
    const before = strangers(6)
    for (const peer of before) topology.seek(peer, 0, { named: true })
    const later = { linkedPeers: 2, isLinked: () => false }
    expect(tick(0, later)).toHaveLength(limits.firstLinks)
    // That one is under way; afterwards it stands, or others bring word of one.
    expect(tick(10, later)).toEqual([])
    const { tick: tickOfOther, topology: other } = seekerOf(alice)
    for (const peer of before) other.seek(peer, 0, { named: true })
    expect(tickOfOther(0, { linkedPeers: 2, inView: (peer) => peer === before[3] })).toEqual([])
  })

  test('OV34 what was named and comes to nothing is followed up soon, though somebody who came later has linked to us', () => {
    const { topology, tick } = seekerOf(alice)
    const [dead, alive] = [bob, carol]
    for (const peer of [dead, alive]) topology.seek(peer, 0, { named: true })
    const [first] = tick(0)
    const other = first!.peer === dead ? alive : dead
    const newcomer = { linkedPeers: 1 }
    let nowMs = 10
    let found = tick(nowMs, newcomer)
    while (found.length === 0) {
      nowMs = topology.deadlineMs()
      found = tick(nowMs, newcomer)
    }
    expect(found).toEqual([expect.objectContaining({ peer: other })])
    expect(nowMs).toBe(limits.signalPatienceMs)
  })

  test('OV34 who is not there any more, or was named before we came back as a newcomer, counts for nothing', () => {
    for (const end of ['forget', 'clear'] as const) {
      const { topology, tick } = seekerOf(alice)
      const others = strangers(6)
      topology.seek(bob, 0, { named: true })
      if (end === 'forget') topology.forget(bob)
      else topology.clear()
      for (const peer of others) topology.seek(peer, 0, { named: true })
      const view = {
        linkedPeers: 1,
        inView: (peer: PeerId) => peer === bob,
        isLinked: (peer: PeerId) => peer === bob,
      }
      expect(tick(0, view)).toHaveLength(limits.firstLinks)
    }
  })

  test('OV34 another is tried beside one that says nothing, sooner than beside one that has answered', () => {
    const secondAtMs = (answers: boolean): number => {
      const { topology, tick } = seekerOf(alice)
      for (const peer of strangers(6)) topology.seek(peer, 0, { named: true })
      const [first] = tick(0)
      if (answers && first?.type === 'dial') topology.answered(first.peer, first.connection)
      let nowMs = 0
      while (tick(nowMs).length === 0) nowMs = topology.deadlineMs()
      return nowMs
    }
    expect(secondAtMs(false)).toBeLessThanOrEqual(2 * limits.signalPatienceMs)
    expect(secondAtMs(true)).toBeGreaterThanOrEqual(limits.linkPatienceMs)
    expect(secondAtMs(true)).toBeLessThanOrEqual(limits.linkPatienceMs + limits.signalPatienceMs)
  })

  test('OV20 never more links than the limit, and never more peers sought', () => {
    const { topology, tick } = seekerOf(alice)
    for (const peer of strangers(limits.maxSought + 100)) topology.seek(peer, 0)
    let linkedPeers = 5
    const dialled = new Set<string>()
    // All links come up at once.
    for (let nowMs = 0; nowMs < 60_000; nowMs += 100) {
      for (const { peer } of tick(nowMs, { linkedPeers, inView: () => true })) {
        expect(dialled.has(peer)).toBe(false)
        dialled.add(peer)
        topology.linked(peer)
        linkedPeers++
      }
    }
    expect(dialled.size).toBe(limits.maxLinks - 5)
    expect(topology.failures(carol)).toBe(0)
  })

  test('OV22 who has all the links it wants still looks for one of those it lost, now and then', () => {
    const lost = Array.from({ length: 20 }, (_, i) => peerId(String(100 + i)))
    const { topology, tick } = seekerOf(alice)
    const linkedPeers = limits.maxLinks + 5
    for (const peer of lost) topology.seek(peer, 0, { pause: true })
    const found: string[] = []
    const minutes = 2
    for (let nowMs = 0; nowMs < minutes * 60_000; nowMs += 250)
      for (const action of tick(nowMs, { linkedPeers }))
        if (action.type !== 'abandon') found.push(action.peer)
    const most = (minutes * 60_000) / (limits.lookForLostMs / 2)
    expect(found.length).toBeGreaterThan(most / 3)
    expect(found.length).toBeLessThanOrEqual(most)
    // Not the same one each time.
    expect(new Set(found).size).toBeGreaterThan(found.length / 3)
  })

  test('OV22 of those in the view nobody is dialled by who has all the links it wants, nor anybody by who has far too many', () => {
    const { topology, tick } = seekerOf(alice)
    topology.seek(bob, 0)
    for (let nowMs = 0; nowMs < 60_000; nowMs += 250) {
      expect(tick(nowMs, { linkedPeers: limits.maxLinks, inView: () => true })).toEqual([])
      expect(tick(nowMs, { linkedPeers: limits.maxAnsweredLinks })).toEqual([])
    }
  })
})

describe('links that come and go', () => {
  function pair(): { world: OverlayWorld; nodes: [Node, Node] } {
    const world = new OverlayWorld()
    const nodes = ['alice', 'bob'].map((name) => {
      const node = world.add(name, { server: true })
      world.run(1000)
      return node
    }) as [Node, Node]
    for (const node of nodes) expect(node.overlay.links.size).toBe(1)
    return { world, nodes }
  }

  test('OV21 of two links of one kind one stays, in whatever order each end meets them', () => {
    for (const [first, second] of [
      [2, 2],
      [2, 40],
      [40, 2],
    ] as const) {
      const world = new OverlayWorld()
      const nodes = [world.add('alice'), world.add('bob')] as const
      world.connect(...nodes, { latencyMs: first, backMs: second, kind: 'webrtc' })
      world.connect(...nodes, { latencyMs: second, backMs: first, kind: 'webrtc' })
      world.run(5000)
      for (const node of nodes) {
        expect(node.overlay.links.size).toBe(1)
        expect(node.of('unlinked')).toEqual([])
      }
      expectNobodyLost(nodes)
    }
  })

  test('OV21 tabs of one browser drop the WebRTC link they no longer need, and never want it back', () => {
    const { world, nodes } = pair()
    world.connect(...nodes, { kind: 'tabs' })
    world.run(10_000)
    for (const node of nodes) {
      expect(node.overlay.links.every().map((link) => link.kind)).toEqual(['tabs'])
      expect(node.of('unlinked')).toEqual([])
    }
    world.connect(...nodes, { kind: 'webrtc' })
    world.run(10_000)
    for (const node of nodes) expect(node.overlay.links.every().map((link) => link.kind)).toEqual(['tabs'])
  })

  test('OV21 an old link of which only one end knows is closed by its silence, and nobody is lost', () => {
    const world = new OverlayWorld()
    const nodes = [world.add('alice'), world.add('bob')] as const
    world.connect(...nodes)
    world.run(1000)
    // alice sees it go down, bob does not; then a new one forms.
    const [id] = [...nodes[0].links.keys()]
    nodes[0].links.delete(id!)
    world.connect(...nodes)
    world.step(nodes[0], ({ overlay }) => overlay.linkDown(id!))
    world.run(8000)
    for (const node of nodes) expect(node.overlay.links.size).toBe(1)
    expectNobodyLost(nodes)
  })

  test('OV22 a link that is up in another way ends the dial under way', () => {
    const { world, nodes } = pair()
    const [alice, bob] = nodes
    alice.effects.length = 0
    world.drop(alice, bob)
    // The signals are lost, so that the dial hangs.
    world.stopServer()
    world.until(() => alice.dials.size > 0, 5000)
    world.connect(alice, bob, { kind: 'tabs' })
    world.run(100)
    expect(alice.of('abandon')).toEqual([{ type: 'abandon', peer: bob.id, connection: expect.any(String) }])
    expect(alice.dials.size).toBe(0)
  })

  test('OV22 a dial to a peer that says goodbye is abandoned', () => {
    const world = new OverlayWorld()
    const nodes = world.mesh(3)
    const [first, second, third] = nodes as [Node, Node, Node]
    world.cut(first, third)
    world.drop(first, third)
    world.until(() => first.dials.size > 0, 5000)
    world.step(third, ({ overlay }) => overlay.suspend())
    world.run(100)
    expect(first.of('abandon').map(({ peer }) => peer)).toEqual([third.id])
    expect(second.of('left')).toHaveLength(1)
  })

  test('OV22 a link that goes down before its hello came is made again', () => {
    const world = new OverlayWorld()
    const node = world.add('alice')
    world.step(node, ({ overlay }) => overlay.present('server', [bob]))
    world.until(() => node.of('dial').length === 1, 10)
    world.step(node, ({ overlay }) => overlay.linkUp(1, bob, 'webrtc'))
    world.run(2000)
    expect(node.of('dial')).toHaveLength(1)
    world.step(node, ({ overlay }) => overlay.linkDown(1))
    world.until(() => node.of('dial').length === 2, 1000)
  })

  test('OV22 a lost peer is looked for, and found when it is back, without any server telling', () => {
    const { world, nodes } = pair()
    const [alice, bob] = nodes
    world.cut(alice, bob)
    world.drop(alice, bob)
    world.run(10_000)
    expect(alice.overlay.others()).toEqual([])
    world.mend(alice, bob)
    world.until(() => alice.overlay.others().length === 1 && bob.overlay.others().length === 1, 60_000)
  })

  test('OV34 two that die while the mesh forms take nobody else along, and those left find one another', () => {
    for (const afterMs of [50, 200, 500, 1000, 2000]) {
      const world = new OverlayWorld()
      const nodes = Array.from({ length: 8 }, (_, i) => world.add(String(i + 1), { server: true }))
      world.run(afterMs)
      // On these two most others rest.
      const dead = nodes.toSorted((a, b) => b.overlay.links.size - a.overlay.links.size).slice(0, 2)
      const living = nodes.filter((node) => !dead.includes(node))
      for (const node of dead) world.kill(node)
      for (const node of dead) for (const other of living) world.drop(other, node)
      const known = (node: Node): PeerId[] => node.overlay.others().map(({ id }) => id)
      const ids = living.map(({ id }) => id).toSorted()
      world.until(() => living.every((node) => known(node).length === living.length - 1))
      world.until(() => living.every(({ overlay }) => overlay.links.size === living.length - 1))
      for (const node of living) {
        expect([...known(node), node.id].toSorted()).toEqual(ids)
        for (const id of ids) expect(node.leftAtMs(id)).toBeUndefined()
      }
    }
  })

  test('OV23 signals go through the mesh where there is a path, and through the servers else', () => {
    const world = new OverlayWorld()
    const [first, , third] = world.mesh(3) as [Node, Node, Node]
    world.drop(first, third)
    world.run(2000)
    expect(first.overlay.links.to(third.id)?.kind).toBe('webrtc')
    expect(first.of('signalOut')).toEqual([])
    expect(third.of('signalOut')).toEqual([])
  })

  test('OV23 once the way through the mesh led nowhere, both are tried', () => {
    const world = new OverlayWorld()
    const [first, second, third] = world.mesh(3) as [Node, Node, Node]
    world.cut(first, third)
    world.drop(first, third)
    world.until(() => first.of('signalOut').length > 0, 60_000)
    expectNobodyLost([first, second, third])
  })

  test('OV23 who carries the offers stands still, unnoticed: they go to the servers too, and nobody living is declared gone', () => {
    for (const names of ['1234', '4321', '2413'].map((text) => text.split(''))) {
      for (let afterMs = 250; afterMs <= 900; afterMs += 50) {
        const world = new OverlayWorld()
        const [first, ...others] = names.map((name) => {
          const node = world.add(name, { server: true })
          if (name === names[0]) world.run(500)
          return node
        }) as [Node, Node, Node, Node]
        world.run(afterMs)
        // Somebody is linked to nobody but this one, and it is to be carrying an offer to or from that peer.
        const carrier = others.reduce((a, b) => (b.overlay.links.size > a.overlay.links.size ? b : a))
        world.block(carrier, 30_000)
        const living = [first, ...others].filter((node) => node !== carrier)
        world.run(15_000)
        for (const node of living) {
          const others = living.filter((other) => other !== node).map(({ id }) => id)
          for (const id of others) expect(node.overlay.links.to(id)).toBeDefined()
          for (const id of others) expect(node.leftAtMs(id)).toBeUndefined()
        }
      }
    }
  })

  /** Three or more with links to one another and to the server; the one between the first and the last breaks. */
  function meshOfServer(count: number): { world: OverlayWorld; ends: [Node, Node]; carriers: Node[] } {
    const world = new OverlayWorld()
    const nodes = world.mesh(count)
    for (const node of nodes) world.joinServer(node)
    world.run(1000)
    const ends: [Node, Node] = [nodes[0]!, nodes.at(-1)!]
    return { world, ends, carriers: nodes.slice(1, -1) }
  }

  /** So soon that nobody waited for a dial to end by itself; and nobody was told gone. */
  function expectLinkSoon(world: OverlayWorld, [first, last]: [Node, Node]): void {
    const isLinked = (): boolean => first.overlay.links.to(last.id) !== undefined
    world.until(isLinked, 3 * limits.answerSignalMs)
    world.run(15_000)
    expect([first.leftAtMs(last.id), last.leftAtMs(first.id)]).toEqual([undefined, undefined])
  }

  test('OV23 who carries them stands still between offer and answer: the answer goes to the servers too', () => {
    const { world, ends, carriers } = meshOfServer(3)
    world.drop(...ends)
    world.until(() => ends[1].of('connectorSignal').length > 0)
    world.block(carriers[0]!, 60_000)
    expectLinkSoon(world, ends)
  })

  test('OV23 one of two carriers stands still: whatever it swallowed goes to the servers too', () => {
    for (const which of [0, 1]) {
      for (let restMs = 0; restMs < 400; restMs += 40) {
        const { world, ends, carriers } = meshOfServer(4)
        world.run(restMs)
        world.drop(...ends)
        world.block(carriers[which]!, 60_000)
        expectLinkSoon(world, ends)
      }
    }
  })

  test('OV23 what had gone through the mesh alone goes to the servers before what follows it', () => {
    const { world, ends, carriers } = meshOfServer(3)
    const [first, last] = ends
    world.drop(...ends)
    world.until(() => first.of('dial').length > 0)
    world.block(carriers[0]!, 60_000)
    world.run(10)
    const { connection } = first.of('dial').at(-1)!
    world.step(first, ({ overlay }) => overlay.witness(carriers[0]!.id, 'socket'))
    world.step(first, ({ overlay }) => overlay.connectorSignal(last.id, connection, 'candidate'))
    const sent = first.of('signalOut').map(({ data }) => (JSON.parse(data) as { data?: string }).data)
    expect(sent).toEqual(['offer', 'candidate'])
  })

  test('OV23 the far end takes a dead link for alive, and answers over it: then also through the servers', () => {
    const { world, ends } = meshOfServer(3)
    const [first, last] = ends
    world.dropUnnoticed(first, last)
    expectLinkSoon(world, ends)
    expect(last.overlay.links.size).toBe(2)
  })

  test('OV23 an answer to an earlier dial is none to this one', () => {
    const { topology, tick } = seekerOf(alice)
    topology.seek(bob, 0)
    const [first] = tick(0)
    expect(first?.type).toBe('dial')
    topology.answered(bob, 'f'.repeat(32))
    const connection = first?.type === 'dial' ? first.connection : ''
    expect(topology.isUnanswered(bob, connection)).toBe(true)
    topology.answered(bob, connection)
    expect(topology.isUnanswered(bob, connection)).toBe(false)
  })

  test('OV23 negotiations that are remembered are a bounded number, and none for longer than a link may take', () => {
    const negotiations = new Negotiations()
    const isKept = (i: number): boolean => negotiations.distrust(bob, String(i)).length > 0
    const open = (i: number, nowMs: number): void => {
      negotiations.open(bob, String(i), nowMs)
      negotiations.entrust(bob, String(i), 'offer')
    }
    for (let i = 0; i <= limits.maxNegotiations; i++) open(i, 0)
    expect([isKept(0), isKept(1), isKept(limits.maxNegotiations)]).toEqual([false, true, true])
    open(2, 0)
    open(-1, limits.dialTimeoutMs)
    expect([isKept(2), isKept(-1)]).toEqual([false, true])
  })

  test('OV23 a link is refused when far too many are open', () => {
    const world = new OverlayWorld()
    const node = world.add('alice')
    for (let i = 0; i < limits.maxOpenLinks + 5; i++) {
      world.step(node, ({ overlay }) => overlay.linkUp(1000 + i, peerId(String(i)), 'webrtc'))
    }
    expect(node.overlay.links.size).toBe(limits.maxOpenLinks)
    expect(node.of('closeLink')).toHaveLength(5)
  })
})
