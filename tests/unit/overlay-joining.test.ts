import { describe, expect, test } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import { expectNobodyLost, type Node, OverlayWorld, peerId, recordOf } from './overlay-world.ts'
import { Joining } from '../../core/overlay/joining.ts'

const place = (node: Node): number | undefined => node.seniority
const knows = (node: Node): number => node.overlay.others().length
const agree = (nodes: readonly Node[]): boolean => nodes.every((node) => knows(node) === nodes.length - 1)

describe('how a peer comes by its place', () => {
  test('OV17 the first to start, alone with the server, has place 1 as soon as the server answered', () => {
    const world = new OverlayWorld()
    const alice = world.add('alice', { server: true })
    expect(place(alice)).toBeUndefined()
    expect(world.until(() => place(alice) === 1)).toBeLessThan(10)
  })

  test('OV17 each further one is provisional until it met a peer of the mesh, and comes behind all it knows of', () => {
    const world = new OverlayWorld()
    const nodes: Node[] = []
    for (const name of ['carol', 'bob', 'alice']) {
      const node = world.add(name, { server: true })
      world.until(() => place(node) !== undefined, 1000)
      expect(nodes.length === 0 || node.overlay.links.neighbours().length > 0).toBe(true)
      nodes.push(node)
      world.run(2000)
    }
    expect(nodes.map(place)).toEqual([1, 2, 3])
  })

  test('OV17 of two at once one begins, and the other comes behind it', () => {
    const world = new OverlayWorld()
    const [alice, bob] = [world.add('alice', { server: true }), world.add('bob', { server: true })]
    world.run(1000)
    expect([place(alice), place(bob)].toSorted()).toEqual([1, 2])
  })

  test('OV17 of two at once who name one another, the lower id begins', () => {
    const world = new OverlayWorld()
    const [alice, bob] = [world.add('alice'), world.add('bob')].map((node) => {
      world.step(node, ({ overlay }) => overlay.expectIntroducer('tabs'))
      return node
    }) as [Node, Node]
    world.step(bob, ({ overlay }) => overlay.present('tabs', [alice.id]))
    world.step(alice, ({ overlay }) => overlay.present('tabs', [bob.id]))
    world.run(500)
    expect([place(alice), place(bob)]).toEqual([undefined, undefined])
    world.connect(alice, bob, { kind: 'tabs' })
    world.run(500)
    expect([place(alice), place(bob)]).toEqual([1, 2])
  })

  test('OV17 a server that does not answer holds nobody up for longer than discovery lasts', () => {
    const world = new OverlayWorld()
    world.stopServer()
    const alice = world.add('alice', { server: true })
    const tookMs = world.until(() => place(alice) === 1)
    expect(tookMs).toBeGreaterThanOrEqual(limits.discoveryTimeoutMs)
    expect(tookMs).toBeLessThan(limits.discoveryTimeoutMs + 10)
  })

  test('OV17 a peer that was named but is not there holds nobody up', () => {
    const world = new OverlayWorld()
    const alice = world.add('alice')
    world.step(alice, ({ overlay }) => overlay.expectIntroducer('server'))
    world.step(alice, ({ overlay }) => overlay.present('server', [peerId('bob'), peerId('carol')]))
    world.run(100)
    world.step(alice, ({ overlay }) => overlay.absent(peerId('bob')))
    expect(place(alice)).toBeUndefined()
    world.step(alice, ({ overlay }) => overlay.witness(peerId('carol'), 'socket'))
    expect(place(alice)).toBe(1)
  })

  test('OV17 nor one to whom no link can be made', () => {
    const world = new OverlayWorld()
    const [alice, bob] = [world.add('bob', { server: true }), world.add('alice')]
    bob.onServer = true
    world.cut(alice, bob)
    world.run(100)
    const carol = world.add('carol', { server: true })
    world.cut(carol, bob)
    world.until(() => place(carol) !== undefined, limits.introducedTimeoutMs + 1000)
  })

  test('OV17 a place is a number that can still be counted on from', () => {
    const joining = new Joining({ discoveryTimeoutMs: 1000 }, 0)
    const last = { ...recordOf('bob'), seniority: limits.maxSeniority }
    expect(joining.settle(peerId('alice'), [last], () => true, 0)).toBe(true)
    expect(joining.seniority).toBe(limits.maxSeniority)
  })
})

describe('meshes that meet', () => {
  test('OV18 a lone peer yields to a mesh: it never ranks first, not for a moment', () => {
    const world = new OverlayWorld()
    world.stopServer()
    const lone = world.add('alice', { server: true })
    world.run(5000)
    expect(place(lone)).toBe(1)
    world.startServer()
    world.kill(lone)
    // A mesh of its own, elsewhere, meanwhile.
    const elsewhere = new OverlayWorld()
    const alice = elsewhere.add('alice')
    elsewhere.run(5000)
    expect(place(alice)).toBe(1)
    const [bob, carol] = [elsewhere.add('bob', { server: true }), elsewhere.add('carol', { server: true })]
    elsewhere.run(5000)
    const before = [place(bob), place(carol)]
    elsewhere.connect(alice, bob)
    elsewhere.connect(alice, carol)
    elsewhere.run(5000)
    expect([place(bob), place(carol)]).toEqual(before)
    expect(place(alice)).toBe(3)
    for (const node of [bob, carol]) {
      const seen = [...node.of('joined'), ...node.of('changed')].flatMap(({ record }) =>
        record.id === alice.id ? [record.seniority] : [],
      )
      expect(seen).not.toContain(1)
    }
  })

  test('OV18 but not to those who have their place from it', () => {
    const joining = new Joining({ discoveryTimeoutMs: 1000 }, 0)
    joining.settle(peerId('alice'), [], () => true, 1000)
    const [bob, carol] = [recordOf('bob'), recordOf('carol')]
    // Both links came up while we were alone, and each end said so: bob had no place yet.
    expect(joining.meet([bob], false, true)).toBe(false)
    expect(joining.meet([carol], false, true)).toBe(false)
    // Carol got hers from ours meanwhile: her hello, of before, is what counts.
    expect(joining.seniority).toBe(1)
    // Of a link that came up later we said that we had met somebody.
    expect(joining.meet([{ ...bob, seniority: 2 }], false, false)).toBe(false)
    expect(joining.meet([{ ...bob, seniority: 2 }], false, true)).toBe(true)
    expect(joining.meet([{ ...bob, seniority: 5 }], false, true)).toBe(false)
    expect(joining.seniority).toBe(3)
  })

  test('OV18 and to what is left of one', () => {
    const world = new OverlayWorld()
    const [bob, carol] = [world.add('bob', { server: true }), world.add('carol', { server: true })]
    world.run(5000)
    world.step(bob, ({ overlay }) => overlay.suspend())
    world.run(1000)
    const alice = world.add('alice')
    world.run(5000)
    expect(place(alice)).toBe(1)
    world.connect(alice, carol)
    world.run(1000)
    expect([place(carol), place(alice)]).toEqual([2, 3])
  })

  test('OV18 two lone peers keep their places, and their ids decide', () => {
    const world = new OverlayWorld()
    const [alice, bob] = [world.add('alice'), world.add('bob')]
    world.run(5000)
    world.connect(alice, bob)
    world.run(1000)
    expect([place(alice), place(bob)]).toEqual([1, 1])
    expect([knows(alice), knows(bob)]).toEqual([1, 1])
  })

  test('OV19 a partition heals by itself, and costs nobody his place, not even one that was cut off alone', () => {
    for (const cutOff of [1, 2]) {
      const world = new OverlayWorld()
      const nodes = ['alice', 'bob', 'carol', 'dave'].map((name) => {
        const node = world.add(name, { server: true })
        world.run(1000)
        return node
      })
      world.until(() => agree(nodes) && nodes.every(({ overlay }) => overlay.links.size === 3))
      const before = nodes.map(place)
      const pairs = nodes.slice(0, cutOff).flatMap((a) => nodes.slice(cutOff).map((b) => [a, b] as const))
      for (const [a, b] of pairs) world.cut(a, b)
      // The server is cut in two as well.
      world.stopServer()
      world.run(30_000)
      expect(nodes.map(knows)).toEqual(nodes.map((_, i) => (i < cutOff ? cutOff : 4 - cutOff) - 1))
      for (const [a, b] of pairs) world.mend(a, b)
      world.startServer()
      world.until(() => agree(nodes), 60_000)
      expect(nodes.map(place)).toEqual(before)
    }
  })

  test('OV19 a short cut is bridged without anybody being lost', () => {
    const world = new OverlayWorld()
    const nodes = ['alice', 'bob', 'carol'].map((name) => {
      const node = world.add(name, { server: true })
      world.run(1000)
      return node
    }) as [Node, Node, Node]
    world.cut(nodes[0], nodes[1])
    world.run(1000)
    world.mend(nodes[0], nodes[1])
    world.run(5000)
    expectNobodyLost(nodes)
  })
})
