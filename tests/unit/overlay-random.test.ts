// Many worlds, by seed: peers come, die, say goodbye, stand still, lose links and are cut off from one another.
// Whatever happened, once it is quiet all the living know each other, are linked, and agree on their places.

import { expect, test } from 'vitest'
import { createRandom, type Random } from '../../core/base/random.ts'
import { type Node, OverlayWorld } from './overlay-world.ts'

const seeds = 40

/** What can be asserted at any moment. */
function expectSane(world: OverlayWorld): void {
  for (const node of world.nodes.values()) {
    expect(node.overlay.counters()['malformedFrames']).toBeUndefined()
    expect(node.overlay.deadlineMs()).toBeGreaterThanOrEqual(0)
  }
}

const living = (world: OverlayWorld): Node[] => [...world.nodes.values()].filter((node) => node.alive)

/** Stands still; every other time it said so before, though not always for long enough. */
function work(world: OverlayWorld, node: Node, ms: number): void {
  if (ms % 2 === 0) world.step(node, ({ overlay }) => overlay.announceBusy(0.7 * ms))
  world.block(node, ms)
}

function mishap(world: OverlayWorld, random: Random): void {
  const nodes = living(world)
  const [a, b] = random.sample(nodes, 2)
  const dice = random.integer(12)
  if (dice < 3 && world.nodes.size < 10) world.add(String(world.nodes.size + 1), { server: true })
  else if (!a || !b) return
  else if (dice === 3 && nodes.length > 2) world.kill(a)
  else if (dice === 4 && nodes.length > 2) {
    world.step(a, ({ overlay }) => overlay.suspend())
    world.kill(a)
  } else if (dice === 5) world.drop(a, b)
  else if (dice === 6) world.cut(a, b)
  else if (dice === 7) world.mend(a, b)
  else if (dice === 8) work(world, a, random.integer(4000))
  else if (dice === 9) world.step(a, ({ overlay }) => overlay.witness(b.id, 'socket'))
  else if (dice === 10 && world.serverUp) world.stopServer()
  else if (dice === 10) world.startServer()
  else world.connect(a, b, { latencyMs: random.integer(60), kind: 'webrtc' })
}

const places = (node: Node): string =>
  JSON.stringify(
    [node.overlay.self, ...node.overlay.others()]
      .map(({ id, seniority }) => [id, seniority])
      .toSorted(([x], [y]) => (x! < y! ? -1 : 1)),
  )

/** Everybody knows everybody, over exactly one link each, and all tell the same places. */
function isWhole(nodes: readonly Node[]): boolean {
  const first = nodes[0]!
  return nodes.every(
    (node) =>
      node.overlay.settled &&
      node.overlay.others().length === nodes.length - 1 &&
      node.overlay.links.size === nodes.length - 1 &&
      node.overlay.links.neighbours().length === nodes.length - 1 &&
      places(node) === places(first),
  )
}

test(`OV26 whatever happened, the living find together again (${seeds} seeds)`, () => {
  for (let seed = 1; seed <= seeds; seed++) {
    const random = createRandom(Uint8Array.of(seed & 255, seed >> 8, ...Array<number>(14).fill(5)))
    const world = new OverlayWorld()
    try {
      world.lossTears = true
      for (let i = 0; i < 3; i++) world.add(String(i + 1), { server: true })
      for (let i = 0; i < 40; i++) {
        mishap(world, random)
        world.run(random.integer(1500))
        expectSane(world)
      }
      world.mendAll()
      world.startServer()
      // Until links that were torn just now are known to be.
      world.run(5000)
      world.until(() => isWhole(living(world)), 120_000)
      // And it is at rest: nothing changes any more.
      world.run(5000)
      expect(isWhole(living(world))).toBe(true)
    } catch (problem) {
      const state = living(world).map(
        (node) =>
          `${node.name}: ${places(node)} links ${node.overlay.links
            .every()
            .map((l) => `${l.remote.slice(-1)}${l.greeted ? '' : '?'}`)
            .join()}`,
      )
      throw new Error([`seed ${seed}`, String(problem), ...state].join('\n'), { cause: problem })
    }
  }
}, 120_000)
