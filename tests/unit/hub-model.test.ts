// The signaling hub against a model that is a list of who joined what: nobody hears of a topic that he is not in, a
// signal reaches its addressee and nobody else, and what the hub counts is what is there.

import { fc } from '../support/properties.ts'
import { expect, test } from 'vitest'
import type { PeerId } from '../../core/base/ids.ts'
import { createHub, type Hub, type HubEffect, type SocketId } from '../../signaling/hub.ts'
import { signalingLimits } from '../../signaling/limits.ts'

const topics = ['a', 'b'] as const
type Topic = (typeof topics)[number]
const peerOf = (digit: number): PeerId => String(digit).repeat(32) as PeerId

/** Socket → topic → the peer it speaks for there. */
type Model = Map<SocketId, Map<Topic, PeerId>>
interface Real {
  /** How often signals ended in which way. */
  readonly seen: Record<'refused' | 'delivered' | 'absent', number>
  readonly hub: Hub
  nowMs: number
}

const members = (model: Model, topic: Topic): [SocketId, PeerId][] =>
  [...model].flatMap(([socket, joined]) => {
    const peer = joined.get(topic)
    return peer === undefined ? [] : [[socket, peer] as [SocketId, PeerId]]
  })

/** What every effect must keep, whatever was asked. Sockets that the hub closes leave the model. */
function judge(model: Model, effects: readonly HubEffect[], asker: SocketId): void {
  for (const effect of effects) {
    if (effect.type !== 'send') continue
    const message = effect.message as { type: string; topic?: Topic; peers?: PeerId[] }
    for (const to of effect.to) {
      expect(model.has(to)).toBe(true)
      const isTold = message.type === 'signal' || message.type === 'closed'
      if (isTold) expect(model.get(to)!.has(message.topic!)).toBe(true)
      else expect(message.type === 'error' || to === asker).toBe(true)
    }
    if (message.type === 'joined') {
      const there = members(model, message.topic!).map(([, peer]) => peer)
      expect(message.peers!.every((peer) => there.includes(peer))).toBe(true)
      expect(message.peers!.length).toBeLessThanOrEqual(signalingLimits.maxSample)
    }
  }
  for (const effect of effects)
    if (effect.type === 'close' || effect.type === 'terminate') model.delete(effect.socket)
}

function compareSizes(model: Model, { hub }: Real): void {
  const joined = [...model.values()].flatMap((each) => [...each.keys()])
  expect(hub.size).toEqual({
    sockets: model.size,
    topics: new Set(joined).size,
    peers: joined.length,
  })
}

abstract class Act implements fc.Command<Model, Real> {
  readonly socket: SocketId
  constructor(socket: SocketId) {
    this.socket = socket
  }
  check(model: Readonly<Model>): boolean {
    return model.has(this.socket)
  }
  run(model: Model, real: Real): void {
    this.play(model, real)
    compareSizes(model, real)
  }
  abstract play(model: Model, real: Real): void
  say(real: Real, message: object): readonly HubEffect[] {
    // Far apart in time: the rate limit is another test's.
    real.nowMs += 1000
    return real.hub.message(this.socket, JSON.stringify(message), real.nowMs)
  }
}

class Connect extends Act {
  override check = (model: Readonly<Model>): boolean => !model.has(this.socket)
  play(model: Model, { hub, nowMs }: Real): void {
    hub.connected(this.socket, nowMs)
    model.set(this.socket, new Map())
  }
  override toString = (): string => `connect ${this.socket}`
}

class Join extends Act {
  readonly topic: Topic
  readonly peer: PeerId
  constructor(socket: SocketId, topic: Topic, peer: PeerId) {
    super(socket)
    this.topic = topic
    this.peer = peer
  }
  play(model: Model, real: Real): void {
    const before = model.get(this.socket)!.get(this.topic)
    const older = members(model, this.topic).find(
      ([socket, peer]) => peer === this.peer && socket !== this.socket,
    )
    const effects = this.say(real, { type: 'join', topic: this.topic, peer: this.peer })
    // One socket speaks for one peer in a topic; a newer socket of the same peer replaces the older one.
    const isTaken = before === undefined || before === this.peer
    if (isTaken) {
      model.get(this.socket)!.set(this.topic, this.peer)
      if (older) model.get(older[0])!.delete(this.topic)
      expect(effects.some((each) => each.type === 'close' && each.socket === this.socket)).toBe(false)
    }
    judge(model, effects, this.socket)
    if (older) expect(model.has(older[0])).toBe(!isTaken)
  }
  override toString = (): string => `${this.socket} joins ${this.topic} as ${this.peer[0]}`
}

class Leave extends Act {
  readonly topic: Topic
  constructor(socket: SocketId, topic: Topic) {
    super(socket)
    this.topic = topic
  }
  play(model: Model, real: Real): void {
    const peer = model.get(this.socket)!.get(this.topic)
    const effects = this.say(real, { type: 'leave', topic: this.topic })
    model.get(this.socket)!.delete(this.topic)
    const told = effects.flatMap((each) => (each.type === 'send' ? each.to : []))
    // Few are there, so all of them are told; nobody where nobody left.
    expect(told.toSorted()).toEqual(
      peer === undefined
        ? []
        : members(model, this.topic)
            .map(([socket]) => socket)
            .toSorted(),
    )
    judge(model, effects, this.socket)
  }
  override toString = (): string => `${this.socket} leaves ${this.topic}`
}

class Signal extends Act {
  readonly topic: Topic
  readonly to: PeerId
  constructor(socket: SocketId, topic: Topic, to: PeerId) {
    super(socket)
    this.topic = topic
    this.to = to
  }
  play(model: Model, real: Real): void {
    const from = model.get(this.socket)!.get(this.topic)
    const addressee = members(model, this.topic).find(([, peer]) => peer === this.to)
    const effects = this.say(real, {
      type: 'signal',
      topic: this.topic,
      to: this.to,
      data: 'x',
      from: 'forged',
    })
    const signals = effects.flatMap((each) =>
      each.type === 'send' && 'type' in each.message && each.message.type === 'signal' ? [each] : [],
    )
    real.seen[from === undefined ? 'refused' : addressee ? 'delivered' : 'absent']++
    if (from === undefined) expect(signals).toEqual([])
    else if (addressee) {
      expect(signals).toEqual([
        { type: 'send', to: [addressee[0]], message: { type: 'signal', topic: this.topic, from, data: 'x' } },
      ])
    } else
      expect(effects).toEqual([
        { type: 'send', to: [this.socket], message: { type: 'absent', topic: this.topic, peer: this.to } },
      ])
    judge(model, effects, this.socket)
  }
  override toString = (): string => `${this.socket} signals to ${this.to[0]} in ${this.topic}`
}

class Disconnect extends Act {
  play(model: Model, { hub }: Real): void {
    model.delete(this.socket)
    judge(model, hub.disconnected(this.socket), this.socket)
    expect(hub.disconnected(this.socket)).toEqual([])
  }
  override toString = (): string => `${this.socket} disconnects`
}

const socket = fc.integer({ min: 1, max: 4 })
const topic = fc.constantFrom(...topics)
const peer = fc.integer({ min: 1, max: 4 }).map(peerOf)
const connect = socket.map((each) => new Connect(each))
const joinAsItself = fc.tuple(socket, topic).map(([each, of]) => new Join(each, of, peerOf(each)))
const signal = fc.tuple(socket, topic, peer).map((all) => new Signal(...all))
/** Most sockets speak for one peer: what is refused closes its socket, and then little happens. */
const commands = [
  ...[connect, connect, connect, joinAsItself, joinAsItself, joinAsItself, signal, signal],
  fc.tuple(socket, topic, peer).map((all) => new Join(...all)),
  fc.tuple(socket, topic).map((all) => new Leave(...all)),
  socket.map((each) => new Disconnect(each)),
]

test('SG2 whoever comes, goes and signals: nobody hears of a topic that he is not in, and nothing is kept of who left', () => {
  const seen = { refused: 0, delivered: 0, absent: 0 }
  fc.assert(
    fc.property(fc.commands(commands, { maxCommands: 60, size: 'max' }), (all) => {
      const hub = createHub({ serverId: 's', limits: signalingLimits, random: () => 0.5 })
      const model: Model = new Map()
      fc.modelRun(() => ({ model, real: { hub, seen, nowMs: 0 } }), all)
      for (const each of model.keys()) hub.disconnected(each)
      expect(hub.size).toEqual({ sockets: 0, topics: 0, peers: 0 })
    }),
    { numRuns: 300 },
  )
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(20)
})
