import { describe, expect, test } from 'vitest'
import type { MemberId, PeerId } from '../../core/base/ids.ts'
import { limits } from '../../core/base/limits.ts'
import { createRandom } from '../../core/base/random.ts'
import { Membership } from '../../core/overlay/membership.ts'
import { Peer } from '../../core/peer.ts'
import { expectNobodyLost, type Node, OverlayWorld, recordOf } from './overlay-world.ts'

/** Everybody linked to everybody, alice leading: links to her beat fast, that of the others slowly. */
function trio(): { world: OverlayWorld; alice: Node; bob: Node; carol: Node } {
  const world = new OverlayWorld()
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => {
    const node = world.add(name, { server: true })
    world.run(500)
    return node
  }) as [Node, Node, Node]
  world.run(5000)
  world.run(2000)
  return { world, alice, bob, carol }
}

const announce = (world: OverlayWorld, node: Node, ms: number): void =>
  world.step(node, ({ overlay }) => overlay.announceBusy(ms))

const counter = (node: Node, name: string): number => node.overlay.counters()[name] ?? 0

/** Phases of the heartbeats at which the work begins. */
const phasesMs = [0, 260, 520, 780]

describe('a peer that works without listening', () => {
  test('OV29 is declared gone after 3 s where it did not say so', () => {
    const { world, alice, bob, carol } = trio()
    world.block(alice, 3000)
    world.run(2900)
    for (const node of [bob, carol]) expect(node.leftAtMs(alice.id)).toBeDefined()
  })

  test('OV29 and said so is suspected by nobody, suspects nobody and keeps its place', () => {
    for (const ms of [3000, limits.maxBusyMs]) {
      for (const phaseMs of phasesMs) {
        const { world, alice, bob, carol } = trio()
        const places = [alice, bob, carol].map((node) => node.seniority)
        // A leader, and one whose links beat slowly.
        for (const busy of [alice, carol]) {
          world.run(phaseMs)
          announce(world, busy, ms)
          world.block(busy, ms)
          world.run(ms + 5000)
        }
        expectNobodyLost([alice, bob, carol])
        for (const node of [alice, bob, carol]) {
          expect(counter(node, 'suspicions')).toBe(0)
          expect(counter(node, 'stalls')).toBe(0)
        }
        expect([alice, bob, carol].map((node) => node.seniority)).toEqual(places)
      }
    }
  })

  test('OV29 several times in a row, without reading what came in between, is not suspected', () => {
    const { world, alice, bob, carol } = trio()
    const work = (times: number): void => {
      announce(world, alice, 1500)
      if (times === 0) return
      // Behind nothing: what arrives meanwhile is read afterwards.
      world.after(1500, () => work(times - 1))
      world.block(alice, 1500)
    }
    work(3)
    world.run(15_000)
    expect(counter(bob, 'busyNotices')).toBe(4)
    expectNobodyLost([alice, bob, carol])
    expect([bob, carol].map((node) => counter(node, 'suspicions'))).toEqual([0, 0])
  })

  test('OV29 somewhat longer than it said is not suspected either', () => {
    const { world, alice, bob, carol } = trio()
    announce(world, alice, 2000)
    world.block(alice, 3000)
    world.run(10_000)
    expectNobodyLost([alice, bob, carol])
    expect([bob, carol].map((node) => counter(node, 'suspicions'))).toEqual([0, 0])
  })

  test('OV29 tells a link that comes up meanwhile how long it still is', () => {
    const world = new OverlayWorld()
    const [alice, bob] = [world.add('alice'), world.add('bob')]
    announce(world, alice, 4000)
    world.run(1000)
    world.connect(alice, bob, { latencyMs: 100 })
    world.block(alice, 3000)
    world.run(3100)
    // Whose hello it could not read is met afterwards.
    world.run(1000)
    expect(alice.overlay.others()).toHaveLength(1)
    expectNobodyLost([alice, bob])
    expect(world.sentSince(0, 'busy').map(({ message }) => message)).toEqual([{ type: 'busy', ms: 3000 }])
    expect(counter(bob, 'suspicions')).toBe(0)
  })

  test('OV29 says it once for as long as it holds, and never for longer than is allowed', () => {
    const { world, alice } = trio()
    const startMs = world.nowMs
    const said = (): number[] =>
      world
        .sentSince(startMs, 'busy')
        .flatMap(({ to, message }) => (to === 'bob' && message.type === 'busy' ? [message.ms] : []))
    announce(world, alice, 0)
    announce(world, alice, -5)
    expect(said()).toEqual([])
    announce(world, alice, 1000)
    announce(world, alice, 900.5)
    world.run(200)
    announce(world, alice, 800)
    expect(said()).toEqual([1000])
    announce(world, alice, 800.5)
    announce(world, alice, 60_000)
    expect(said()).toEqual([1000, 801, limits.maxBusyMs])
    expect(alice.overlay.busyUntilMs).toBe(world.nowMs + limits.maxBusyMs)
  })

  test('OV29 says it before all that waits in the bulk lane', () => {
    const { world, alice, bob } = trio()
    const link = alice.overlay.links.to(bob.id)!
    alice.overlay.at(world.nowMs)
    alice.overlay.unicast(bob.id, { type: 'cast', topic: 'x', body: new Uint8Array(limits.maxCastBytes) })
    alice.overlay.announceBusy(1000)
    expect([...alice.overlay.nextFrame(link.id)!]).toEqual([0b110, 9, 0xe8, 0x07])
  })

  test('OV29 says nothing while it is suspended', () => {
    const { world, alice } = trio()
    world.step(alice, ({ overlay }) => overlay.suspend())
    announce(world, alice, 1000)
    expect(alice.overlay.busyUntilMs).toBe(-Infinity)
    expect(world.sentSince(0, 'busy')).toEqual([])
  })
})

describe('those who wait for a busy peer', () => {
  test('OV29 notice its death after the time it announced and the usual time', () => {
    for (const phaseMs of phasesMs) {
      for (const ms of [200, 3000, limits.maxBusyMs]) {
        const { world, alice, bob, carol } = trio()
        world.run(phaseMs)
        announce(world, alice, ms)
        world.kill(alice)
        const tookMs = world.until(() => [bob, carol].every((node) => node.leftAtMs(alice.id) !== undefined))
        expect(tookMs).toBeGreaterThan(ms)
        expect(tookMs).toBeLessThan(ms + 2200)
      }
    }
  })

  test('OV29 believe its goodbye at once', () => {
    const { world, alice, bob, carol } = trio()
    announce(world, alice, 3000)
    world.run(1000)
    world.step(alice, ({ overlay }) => overlay.suspend())
    world.run(10)
    for (const node of [bob, carol]) {
      expect(node.of('left')).toEqual([expect.objectContaining({ reason: 'left' })])
    }
  })

  test('OV29 wait for its answer where there is evidence against it, from before the notice or after it', () => {
    for (const evidenceFirst of [true, false]) {
      for (const dies of [true, false]) {
        const { world, alice, bob, carol } = trio()
        const accuse = (): void => world.step(bob, ({ overlay }) => overlay.witness(alice.id, 'socket'))
        // The probe is under way to it when it begins.
        if (evidenceFirst) accuse()
        announce(world, alice, 3000)
        world.block(alice, 3000)
        if (dies) world.kill(alice)
        world.run(500)
        if (!evidenceFirst) accuse()
        world.run(2490)
        expectNobodyLost([bob, carol])
        world.run(limits.minProbeTimeoutMs + 20)
        expect(bob.leftAtMs(alice.id) !== undefined).toBe(dies)
        world.run(5000)
        expect(carol.leftAtMs(alice.id) !== undefined).toBe(dies)
        expect(counter(bob, 'falseSuspicions')).toBe(dies ? 0 : 1)
      }
    }
  })

  test('OV29 ask it no more often than any other, and come to rest in between', () => {
    const { world, alice, bob, carol } = trio()
    const startMs = world.nowMs
    announce(world, alice, limits.maxBusyMs)
    world.block(alice, limits.maxBusyMs)
    let steps = 0
    while (world.nowMs < startMs + limits.maxBusyMs) {
      const dueMs = Math.min(bob.deadlineMs, carol.deadlineMs)
      expect(dueMs).toBeGreaterThan(world.nowMs)
      world.run(dueMs - world.nowMs)
      steps++
    }
    expect(steps).toBeLessThan(60)
    const pings = world.sentSince(startMs, 'ping').filter(({ to }) => to === 'alice')
    expect(pings.length).toBeLessThanOrEqual(2 * (limits.maxBusyMs / limits.heartbeatIntervalMs))
    expect(alice.of('left')).toEqual([])
  })

  test('OV29 take no round trip from what was asked meanwhile: its next death shows as soon as any', () => {
    for (const busy of ['alice', 'bob']) {
      const { world, alice, bob, carol } = trio()
      const [worker, other] = busy === 'alice' ? [alice, bob] : [bob, alice]
      // Asked before, answered meanwhile, read afterwards.
      world.step(worker, ({ overlay }) => overlay.witness(other.id, 'lock'))
      announce(world, worker, 3000)
      world.block(worker, 3000)
      world.run(5000)
      expectNobodyLost([alice, bob, carol])
      for (const [from, to] of [
        [worker, other],
        [other, worker],
        [carol, worker],
      ] as const) {
        const { roundTrip } = from.overlay.links.to(to.id)!
        if (roundTrip) expect(roundTrip.smoothedMs).toBeLessThan(50)
      }
      world.run(10_000)
      world.kill(worker)
      const startMs = world.nowMs
      world.step(other, ({ overlay }) => overlay.witness(worker.id, 'lock'))
      world.until(() => other.leftAtMs(worker.id) !== undefined, 1000)
      expect(other.leftAtMs(worker.id)! - startMs).toBeLessThanOrEqual(limits.minProbeTimeoutMs + 10)
    }
  })

  test('OV29 without a link to it lose nobody', () => {
    const { world, alice, bob, carol } = trio()
    world.cut(alice, carol)
    world.drop(alice, carol)
    world.run(5000)
    announce(world, alice, 3000)
    world.block(alice, 3000)
    world.run(8000)
    expectNobodyLost([alice, bob, carol])
  })

  test('OV29 put a doubt off once: it has to be answered in the end, whatever is announced', () => {
    const alice = recordOf('alice')
    const membership = new Membership(() => 1)
    membership.learn(alice, 'hello', 0)
    membership.suspect(alice.id, 'lock', undefined, 0)
    for (let nowMs = 0; nowMs <= limits.maxBusyMs; nowMs += 100) {
      membership.busy(alice.id, nowMs + limits.maxBusyMs)
      expect(membership.tick(nowMs)).toEqual([])
    }
    const lastMs = limits.maxBusyMs + limits.minProbeTimeoutMs
    expect(membership.deadlineMs()).toBe(lastMs)
    expect(membership.tick(lastMs)).toEqual([expect.objectContaining({ type: 'gone', peer: alice.id })])
  })

  test('OV29 are not held by one who says nothing but that: a doubt ends it, and so does the end of its notices', () => {
    for (const witness of [true, false]) {
      const { world, alice, bob, carol } = trio()
      const link = alice.overlay.links.to(bob.id)!
      alice.overlay.nextFrame(link.id)
      world.kill(alice)
      // What it sends is made here: it answers nobody.
      const bobsLink = bob.overlay.links.to(alice.id)!.id
      const notice = Uint8Array.of(0b110, 9, 0x88, 0x27)
      const untilMs = world.nowMs + 30_000
      if (witness) world.step(bob, ({ overlay }) => overlay.witness(alice.id, 'lock'))
      while (world.nowMs < untilMs && bob.leftAtMs(alice.id) === undefined) {
        world.step(bob, ({ overlay }) => overlay.frame(bobsLink, notice))
        world.run(200)
      }
      expect(counter(bob, 'busyNotices')).toBeGreaterThan(10)
      const goneAtMs = (): number => bob.leftAtMs(alice.id)! - untilMs + 30_000
      if (witness) expect(goneAtMs()).toBeLessThan(limits.maxBusyMs + 1000)
      // A frame is a sign of life, this one too.
      else expect(bob.leftAtMs(alice.id)).toBeGreaterThanOrEqual(carol.leftAtMs(alice.id)!)
      world.until(() => bob.leftAtMs(alice.id) !== undefined, limits.maxBusyMs + 2200)
    }
  })

  test('OV29 a longer time than is allowed is malformed', () => {
    const { world, alice, bob } = trio()
    const bobsLink = bob.overlay.links.to(alice.id)!.id
    // 5001 ms
    world.step(bob, ({ overlay }) => overlay.frame(bobsLink, Uint8Array.of(0b110, 9, 0x89, 0x27)))
    expect(counter(bob, 'malformedFrames')).toBe(1)
    expect(counter(bob, 'busyNotices')).toBe(0)
  })
})

describe('our own clock', () => {
  /** A peer alone that leads its mesh; its clock is stepped by the test. */
  function leader(): { peer: Peer; stepAt: (ms: number) => void } {
    const id = 'a'.repeat(32)
    const at = (ms: number): { monotonicMs: number; wallMs: number } => ({
      monotonicMs: ms,
      wallMs: 1_700_000_000_000 + ms,
    })
    const peer = new Peer({
      id: id as PeerId,
      member: id as MemberId,
      name: 'alice',
      kind: 'human',
      priority: 0,
      candidate: true,
      hidden: false,
      durable: true,
      topic: 'mesh',
      random: createRandom(new Uint8Array(16)),
      timing: limits,
      rows: [],
      epoch: 0,
      now: at(0),
    })
    let lastMs = 0
    const stepAt = (ms: number): void => {
      lastMs = Math.max(lastMs, ms)
      for (const effect of peer.step({ type: 'tick' }, at(lastMs))) {
        if (effect.type === 'persistEpoch') {
          peer.step({ type: 'epochPersisted', role: effect.role, epoch: effect.epoch }, at(lastMs))
        }
      }
    }
    for (let ms = 0; ms <= 5000; ms += 50) stepAt(ms)
    expect(peer.overlay.settled).toBe(true)
    expect(peer.overlay.self.fit).toBe(true)
    return { peer, stepAt }
  }
  const standing = (peer: Peer): unknown => ({
    stalls: peer.overlay.counters()['stalls'] ?? 0,
    fit: peer.overlay.self.fit,
  })

  test('OV30 that rings late after an announced time is no stall, nor a reason to resign', () => {
    const { peer, stepAt } = leader()
    peer.overlay.announceBusy(3000)
    stepAt(8000 + limits.lateResignMs - 200)
    expect(standing(peer)).toEqual({ stalls: 0, fit: true })
  })

  test('OV30 that rings as late without one, or much later than announced, is', () => {
    const unannounced = leader()
    unannounced.stepAt(8000)
    expect(standing(unannounced.peer)).toEqual({ stalls: 1, fit: false })

    const longer = leader()
    longer.peer.overlay.announceBusy(3000)
    longer.stepAt(8000 + limits.stallMs)
    expect(standing(longer.peer)).toEqual({ stalls: 1, fit: false })

    const over = leader()
    over.peer.overlay.announceBusy(1000)
    for (let ms = 5000; ms <= 6500; ms += 50) over.stepAt(ms)
    over.stepAt(9500)
    expect(standing(over.peer)).toEqual({ stalls: 1, fit: false })
  })
})
