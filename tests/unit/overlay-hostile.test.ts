import { fc } from '../support/properties.ts'
import { describe, expect, test } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import { encode } from '../../core/wire/codec.ts'
import { Splitter } from '../../core/wire/chunks.ts'
import { linkMessage, protocolVersion, type LinkMessage, type PeerRecord } from '../../core/wire/messages.ts'
import { formatNegotiation } from '../../core/wire/negotiation.ts'
import { type Node, OverlayWorld, peerId, recordOf } from './overlay-world.ts'

const framesOf = (message: LinkMessage, lane: 0 | 1 = 0): Uint8Array[] => {
  const splitter = new Splitter(lane, encode(linkMessage, message))
  const frames: Uint8Array[] = []
  for (let frame = splitter.next(); frame; frame = splitter.next()) frames.push(frame)
  return frames
}

const hello = (record: PeerRecord, more: Partial<LinkMessage & { type: 'hello' }> = {}): LinkMessage => ({
  type: 'hello',
  version: protocolVersion,
  topic: 'mesh',
  record,
  lone: false,
  view: [],
  claims: [],
  digest: 0,
  ...more,
})

const linkId = 777
const mallory = recordOf('erin')

/** Two honest peers, and a link to a hostile one that the test plays itself. */
function besieged(greeted = true): {
  world: OverlayWorld
  alice: Node
  bob: Node
  send: (...frames: Uint8Array[]) => void
} {
  const world = new OverlayWorld()
  const [alice, bob] = world.mesh(2) as [Node, Node]
  world.step(alice, ({ overlay }) => overlay.linkUp(linkId, mallory.id, 'webrtc'))
  const send = (...frames: Uint8Array[]): void => {
    for (const frame of frames) world.step(alice, ({ overlay }) => overlay.frame(linkId, frame))
  }
  if (greeted) send(...framesOf(hello({ ...mallory, seniority: 9 })))
  world.run(100)
  return { world, alice, bob, send }
}

/** What honest peers believe of one another. */
const beliefs = ({ overlay }: Node): unknown =>
  overlay
    .others()
    .filter(({ id }) => id !== mallory.id)
    .map(({ id, seniority, name }) => ({ id, seniority, name }))

const isLinked = (node: Node): boolean => node.overlay.links.get(linkId) !== undefined

describe('a hostile peer', () => {
  const malformed: Record<string, Uint8Array> = {
    garbage: Uint8Array.from({ length: 200 }, (_, i) => (i * 37 + 11) % 256),
    'an empty frame': new Uint8Array(0),
    'an oversized frame': new Uint8Array(limits.maxFrameBytes + 1).fill(6),
    'a truncated message': framesOf({ type: 'ping', nonce: 7, offers: [] })[0]!.subarray(0, 3),
    'an unknown type': Uint8Array.of(6, 99),
    'a control message in the bulk lane': framesOf({ type: 'ping', nonce: 7, offers: [] }, 1)[0]!,
    'a second hello': framesOf(hello(mallory))[0]!,
  }
  for (const [what, frame] of Object.entries(malformed)) {
    test(`OV24 that sends ${what}: counted, the third closes the link, nothing else changes`, () => {
      const { world, alice, bob, send } = besieged()
      const before = [beliefs(alice), beliefs(bob)]
      for (let i = 1; i <= 3; i++) {
        expect(isLinked(alice)).toBe(true)
        send(frame)
        expect(alice.overlay.counters()['malformedFrames']).toBe(i)
      }
      expect(isLinked(alice)).toBe(false)
      expect(alice.of('misbehaved')).toHaveLength(1)
      expect(alice.of('closeLink').at(-1)).toMatchObject({ link: linkId })
      world.run(3000)
      expect([beliefs(alice), beliefs(bob)]).toEqual(before)
      expect(alice.overlay.links.size).toBe(1)
      expect(alice.of('dial')).toEqual([])
    })
  }

  test('OV24 whose hello is of another mesh, version or peer is refused at once', () => {
    for (const wrong of [
      hello(mallory, { topic: 'other' }),
      hello(mallory, { version: protocolVersion + 1 }),
      hello(recordOf('carol')),
    ]) {
      const { alice, send } = besieged(false)
      send(...framesOf(wrong))
      expect(isLinked(alice)).toBe(false)
      expect(alice.overlay.others()).toHaveLength(1)
    }
  })

  test('OV24 that speaks before its hello is not heard', () => {
    const { alice, send } = besieged(false)
    const suspect = framesOf({
      type: 'direct',
      payload: { type: 'suspect', peer: peerId('2'), incarnation: 1, silence: false },
    })
    for (let i = 0; i < 3; i++) send(...suspect)
    expect(isLinked(alice)).toBe(false)
    expect(alice.overlay.counters()['suspicions']).toBeUndefined()
  })

  test('OV24 that never says hello is closed after a while', () => {
    const { world, alice } = besieged(false)
    world.run(limits.dialTimeoutMs + 1000)
    expect(isLinked(alice)).toBe(false)
  })

  test('OV25 cannot push anybody out of what numbers can hold', () => {
    for (const change of [
      { seniority: limits.maxSeniority + 1 },
      { seniority: Number.MAX_SAFE_INTEGER },
      { incarnation: limits.maxIncarnation + 1 },
      { incarnation: Number.MAX_SAFE_INTEGER },
    ]) {
      const { alice, send } = besieged(false)
      for (let i = 0; i < 3; i++) send(...framesOf(hello({ ...mallory, ...change })))
      expect(isLinked(alice)).toBe(false)
      expect(alice.overlay.others()).toHaveLength(1)
    }
    const { world, alice, bob, send } = besieged()
    const incarnation = limits.maxIncarnation
    send(
      ...framesOf({
        type: 'broadcast',
        origin: mallory.id,
        sequence: 1,
        payload: { type: 'gone', peer: alice.id, incarnation, reason: 'failed' },
      }),
    )
    send(
      ...framesOf({
        type: 'broadcast',
        origin: mallory.id,
        sequence: 2,
        payload: { type: 'suspect', peer: bob.id, incarnation, silence: false },
      }),
    )
    world.run(3000)
    for (const node of [alice, bob]) {
      expect(node.overlay.self.incarnation).toBeLessThanOrEqual(limits.maxIncarnation)
      expect(node.overlay.counters()['malformedFrames']).toBeUndefined()
      expect(node.of('left').filter(({ record }) => record.id !== mallory.id)).toEqual([])
    }
  })

  test('OV25 that puts words into our mouth is answered above them', () => {
    const { world, alice, bob, send } = besieged()
    const forged = { ...alice.overlay.self, incarnation: 1000, priority: -5 }
    send(
      ...framesOf({
        type: 'broadcast',
        origin: mallory.id,
        sequence: 1,
        payload: { type: 'record', record: forged },
      }),
    )
    world.run(100)
    const seen = bob.overlay.others().find(({ id }) => id === alice.id)!
    expect(seen.priority).toBe(0)
    expect(seen.incarnation).toBeGreaterThan(1000)
  })

  test('OV25 that names hundreds of peers that are not: they fade, and nothing grows beyond its limit', () => {
    const { world, alice, send } = besieged(false)
    const view = Array.from({ length: limits.maxPeers }, (_, i) => recordOf(String(1000 + i)))
    send(...framesOf(hello(mallory, { view })))
    expect(alice.overlay.others().length).toBeLessThanOrEqual(limits.maxPeers + 2)
    world.run(30_000)
    expect(alice.overlay.others()).toHaveLength(1)
  })

  test('OV20 that knocks in hundreds of invented names does not keep a lost link from being made again', () => {
    const { world, alice, bob, send } = besieged()
    const carol = world.add('carol')
    for (const node of [alice, bob]) world.connect(node, carol)
    world.run(3000)
    for (let i = 0; i < limits.maxSought + 50; i++) {
      const payload = { type: 'signal', data: formatNegotiation({ type: 'knock' }) } as const
      const [origin, target] = [peerId(String(1000 + i)), alice.id]
      send(...framesOf({ type: 'unicast', origin, target, sequence: 1, hops: 0, payload }))
    }
    world.drop(alice, bob)
    world.until(() => alice.overlay.links.to(bob.id) !== undefined, 60_000)
  })

  test('OV25 that makes up hundreds of long records: hellos go out all the same, with whom we have links to', () => {
    const { world, alice, bob, send } = besieged()
    const roles = Array.from({ length: 64 }, (_, i) => ({ role: String(i).padEnd(128, 'x'), priority: 0 }))
    const ghosts = Array.from({ length: 254 }, (_, i) => ({ ...mallory, id: peerId(String(i)), roles }))
    for (const records of [ghosts.slice(0, 127), ghosts.slice(127)])
      send(...framesOf({ type: 'direct', payload: { type: 'records', records } }))
    expect(alice.overlay.others().length).toBeGreaterThan(250)
    const carol = world.add('carol')
    world.connect(alice, carol)
    world.until(() => carol.overlay.links.to(alice.id) !== undefined, 1000)
    expect(carol.overlay.others().map(({ id }) => id)).toContain(bob.id)
    expect(alice.overlay.counters()['refusedAsTooLong']).toBeUndefined()
  })

  test('OV35 that broadcasts in the name of another under its next numbers: its own word over its link is heard', () => {
    const { world, alice, bob, send } = besieged()
    const payload = { type: 'cast', topic: 'x', body: Uint8Array.of(0) } as const
    for (let sequence = 1; sequence < 200; sequence++)
      send(...framesOf({ type: 'broadcast', origin: bob.id, sequence, payload }, 1))
    const heard = alice.delivered().length
    world.step(bob, ({ overlay }) => overlay.updateSelf({ fit: false }))
    world.run(1000)
    expect(alice.overlay.others().find(({ id }) => id === bob.id)?.fit).toBe(false)
    // A copy of what we have is none the less a copy, whoever brings it.
    const own = { type: 'broadcast', origin: mallory.id, sequence: 1, payload } as const
    send(...framesOf(own, 1), ...framesOf(own, 1))
    expect(alice.delivered().length).toBe(heard + 1)
  })

  test('OV35 that says what others are under numbers far ahead of theirs: nobody believes it, with a link to them or without', () => {
    const { world, alice, bob, send } = besieged()
    const carol = world.add('carol')
    world.connect(bob, carol)
    world.until(() => alice.overlay.others().some(({ id }) => id === carol.id), 5000)
    const { maxIncarnation: incarnation } = limits
    for (const record of alice.overlay.others()) {
      const forged = { ...record, incarnation, fit: false }
      const payload = { type: 'record', record: forged } as const
      send(...framesOf({ type: 'direct', payload: { type: 'records', records: [forged] } }))
      send(...framesOf({ type: 'broadcast', origin: record.id, sequence: 1_000, payload }, 1))
    }
    const others = alice.overlay.others().filter(({ id }) => id !== mallory.id)
    expect(others.map(({ id, fit }) => [id, fit])).toEqual(
      [bob.id, carol.id].toSorted().map((id) => [id, true]),
    )
    // What they say next is news all the same.
    world.step(carol, ({ overlay }) => overlay.updateSelf({ priority: 7 }))
    world.until(
      () => alice.overlay.others().some(({ id, priority }) => id === carol.id && priority === 7),
      5000,
    )
  })

  test('OV35 … however much it says after that, so that what it made up is kept no longer', () => {
    const { world, alice, bob, send } = besieged()
    const payload = { type: 'cast', topic: 'x', body: Uint8Array.of(0) } as const
    for (let sequence = 1; sequence < 200; sequence++)
      send(...framesOf({ type: 'broadcast', origin: bob.id, sequence, payload }, 1))
    const body = new Uint8Array(limits.maxCastBytes)
    const floods = Math.ceil(limits.maxRecentBroadcastBytes / body.length)
    for (let sequence = 1; sequence <= floods; sequence++)
      send(...framesOf({ type: 'broadcast', origin: mallory.id, sequence, payload: { ...payload, body } }, 1))
    world.step(bob, ({ overlay }) => overlay.updateSelf({ fit: false }))
    world.run(1000)
    expect(alice.overlay.others().find(({ id }) => id === bob.id)?.fit).toBe(false)
  })

  test('OV3 that offers what it does not have, again and again, leaves room for those who do', () => {
    const { world, alice, bob, send } = besieged()
    const carol = world.add('carol')
    for (const node of [alice, bob]) world.connect(node, carol)
    world.run(6000)
    const numbers = world.sent.flatMap(({ message }) =>
      message.type === 'broadcast' && message.origin === bob.id ? [message.sequence] : [],
    )
    const next = { origin: bob.id, sequence: Math.max(...numbers) + 1 }
    const offers = Array.from({ length: limits.maxOffersPerPing }, () => next)
    send(...framesOf({ type: 'ping', nonce: 7, offers }))
    const payload = { type: 'cast', topic: 'x', body: Uint8Array.of(0) } as const
    world.cut(alice, bob)
    world.step(bob, ({ overlay }) => overlay.broadcast(payload))
    world.run(500)
    world.mend(alice, bob)
    expect(alice.delivered()).toEqual([])
    world.until(() => alice.delivered().length > 0, 15_000)
  })

  test('OV25 any frames at all: no throw, no word about the others believed, at most three taken ill', () => {
    const bytes = fc.uint8Array({ minLength: 0, maxLength: 300 })
    const mutated = fc
      .tuple(
        fc.constantFrom<LinkMessage>(
          { type: 'ping', nonce: 5, offers: [{ origin: mallory.id, sequence: 3 }] },
          hello(mallory, { view: [recordOf('carol')] }),
          { type: 'direct', payload: { type: 'probe', nonce: 9 } },
          { type: 'busy', ms: 300 },
          { type: 'pull', ids: [{ origin: peerId('1'), sequence: 1 }] },
        ),
        fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }),
      )
      .map(([message, changes]) => {
        const frame = framesOf(message)[0]!
        for (const [at, value] of changes) if (at < frame.length) frame[at] = value
        return frame
      })
    fc.assert(
      fc.property(fc.array(fc.oneof(bytes, mutated), { maxLength: 12 }), (frames) => {
        const { alice, send } = besieged()
        send(...frames)
        const ill = alice.overlay.counters()['malformedFrames'] ?? 0
        expect(ill).toBeLessThanOrEqual(limits.maxMalformedFrames)
        expect(isLinked(alice)).toBe(ill < limits.maxMalformedFrames)
        expect(alice.overlay.others().some(({ id }) => id === peerId('2'))).toBe(true)
      }),
      { numRuns: 200, seed: 2 },
    )
  })
})
