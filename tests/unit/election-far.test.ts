// What a forgery leaves behind: several machines on one bus, in a mesh whose epochs somebody drove far up before it left.

import { expect, test } from 'vitest'
import type { PeerId } from '../../core/base/ids.ts'
import { limits } from '../../core/base/limits.ts'
import { Election } from '../../core/election/election.ts'
import type { ElectionEffect } from '../../core/election/protocol.ts'
import { alice, bob, carol, dave } from './election-story.ts'

/** Machines that hear each other at once. */
class Bus {
  now = 1000
  readonly at = new Map<PeerId, Election>()
  readonly duty = new Map<PeerId, number>()
  #queue: (() => void)[] = []
  join(peer: PeerId, persistedEpoch: number): void {
    this.at.set(peer, new Election({ role: '', me: peer, persistedEpoch }))
    // Hellos: everybody tells the newcomer its claim, and hears his.
    for (const [other, election] of this.at) {
      const claim = election.claimNow()
      if (other !== peer && claim)
        this.#queue.push(() => this.step(peer, { type: 'claim', claim, from: other, viewFollows: true }))
    }
  }
  step(peer: PeerId, input: Parameters<Election['step']>[0]): void {
    const election = this.at.get(peer)
    if (election) for (const effect of election.step(input, this.now)) this.#do(peer, effect)
  }
  #do(me: PeerId, effect: ElectionEffect): void {
    const queue = (run: () => void): void => void this.#queue.push(run)
    if (effect.type === 'persistEpoch')
      queue(() => this.step(me, { type: 'epochPersisted', epoch: effect.epoch }))
    if (effect.type === 'broadcastClaim')
      for (const to of this.at.keys())
        if (to !== me) queue(() => this.step(to, { type: 'claim', claim: effect.claim, from: me }))
    if (effect.type === 'sendClaim')
      queue(() => this.step(effect.to, { type: 'claim', claim: effect.claim, from: me }))
    if (effect.type === 'sendYield')
      queue(() => this.step(effect.to, { type: 'yielded', leader: me, epoch: effect.epoch }))
    if (effect.type === 'dutyStarts') this.duty.set(me, effect.epoch)
    if (effect.type === 'dutyStops') this.duty.delete(me)
  }
  /** In order of rank. */
  view(...rank: PeerId[]): void {
    const candidates = rank.map((peer, i) => ({ peer, priority: 0, fit: true, seniority: i + 1 }))
    for (const peer of this.at.keys())
      this.#queue.push(() => this.step(peer, { type: 'view', candidates, live: rank }))
    this.drain()
  }
  leaders(): (PeerId | undefined)[] {
    return [...new Set([...this.at.values()].map(({ leader }) => leader))]
  }
  drain(): void {
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) next()
  }
  run(ms: number): void {
    for (const end = this.now + ms; this.now < end; this.now += 250) {
      for (const peer of this.at.keys()) this.step(peer, { type: 'tick' })
      this.drain()
    }
  }
}

function forgedMesh(): Bus {
  const bus = new Bus()
  bus.join(alice, 0)
  bus.view(alice)
  bus.join(bob, 0)
  bus.view(alice, bob)
  bus.run(3000)
  expect(bus.at.get(bob)!.leader).toBe(alice)
  // carol is hostile: she comes with a higher priority, leads for 25 s, claims twice as far as is believed, and leaves.
  bus.view(carol, alice, bob)
  for (let i = 1; i <= 2; i++) {
    const epoch = bus.at.get(alice)!.highestEpochSeen + limits.maxFarEpochJump
    for (const to of [alice, bob])
      bus.step(to, { type: 'claim', claim: { role: '', epoch, leader: carol }, from: carol })
    bus.run(limits.farClaimPatienceMs + 1000)
    expect(bus.at.get(alice)!.leader).toBe(carol)
  }
  bus.view(alice, bob)
  bus.run(5000)
  expect(bus.at.get(bob)!.leader).toBe(alice)
  return bus
}

test('EL6 a newcomer follows the leader of a mesh in which somebody, long gone, claimed far ahead twice', () => {
  const bus = forgedMesh()
  bus.join(dave, 0)
  bus.view(alice, bob, dave)
  bus.run(60_000)
  expect(bus.at.get(dave)!.leader).toBe(alice)
})

test('EL6 … and if he ranks first, he leads, and nobody else', () => {
  const bus = forgedMesh()
  bus.join(dave, 0)
  bus.view(dave, alice, bob)
  bus.run(60_000)
  expect(bus.leaders()).toEqual([dave])
  expect(bus.duty.size).toBe(1)
})

test('EL6 … also when all but one are gone who know of it', () => {
  const bus = forgedMesh()
  bus.join(dave, 0)
  bus.view(dave, bob)
  bus.at.delete(alice)
  bus.run(60_000)
  expect(bus.leaders()).toEqual([dave])
})
