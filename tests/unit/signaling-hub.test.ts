// The hub of the signaling server, told as stories: who connects, what they send, and what must come of it. No
// socket, no clock: time is a number that the story moves.

import { describe, expect, test } from 'vitest'
import type { PeerId } from '../../core/base/ids.ts'
import { createRandom } from '../../core/base/random.ts'
import { createHub, type Hub, type HubEffect } from '../../signaling/hub.ts'
import { type SignalingLimits, signalingLimits } from '../../signaling/limits.ts'

const peer = (digit: string): PeerId => digit.repeat(32) as PeerId
const alice = { socket: 1, peer: peer('a') }
const bob = { socket: 2, peer: peer('b') }
const carol = { socket: 3, peer: peer('c') }
const numbered = (n: number): PeerId => n.toString(16).padStart(32, '0') as PeerId
const topic = 'acme'

interface Story {
  readonly hub: Hub
  connect(...sockets: number[]): void
  /** Lets a socket say something; what comes of it, in the order of carrying out. */
  say(socket: number, message: unknown, now?: number): readonly HubEffect[]
  join(who: { socket: number; peer: PeerId }, name?: string): readonly HubEffect[]
}

function story(limits: Partial<SignalingLimits> = {}): Story {
  const random = createRandom(new Uint8Array(16)).float
  const hub = createHub({ serverId: 'server', limits: { ...signalingLimits, ...limits }, random })
  const say = (socket: number, message: unknown, now = 0): readonly HubEffect[] =>
    hub.message(socket, typeof message === 'string' ? message : JSON.stringify(message), now)
  return {
    hub,
    say,
    connect: (...sockets) => sockets.forEach((socket) => hub.connected(socket, 0)),
    join: (who, name = topic) => say(who.socket, { type: 'join', topic: name, peer: who.peer }),
  }
}

/** What `socket` is sent by these effects. */
const heardBy = (socket: number, effects: readonly HubEffect[]): unknown[] =>
  effects.flatMap((effect) => (effect.type === 'send' && effect.to.includes(socket) ? [effect.message] : []))

const closes = (effects: readonly HubEffect[]): unknown[] =>
  effects.flatMap((effect) => (effect.type === 'close' ? [{ socket: effect.socket, code: effect.code }] : []))

describe('joining', () => {
  test('SG1 the first to join is told that nobody is here, the second meets the first', () => {
    const { connect, join } = story()
    connect(alice.socket, bob.socket)
    expect(join(alice)).toEqual([
      { type: 'send', to: [1], message: { type: 'joined', topic, serverId: 'server', peers: [], count: 0 } },
    ])
    expect(join(bob)).toEqual([
      {
        type: 'send',
        to: [2],
        message: { type: 'joined', topic, serverId: 'server', peers: [alice.peer], count: 1 },
      },
    ])
  })

  test('SG1 a joiner of a large topic is told of a few others, all different, never of itself, and of how many there are', () => {
    const { hub, connect, join } = story()
    for (let n = 1; n <= 50; n++) {
      connect(n)
      join({ socket: n, peer: numbered(n) })
    }
    const met = new Set<PeerId>()
    for (let again = 0; again < 40; again++) {
      const [answer] = heardBy(
        50,
        hub.message(50, JSON.stringify({ type: 'join', topic, peer: numbered(50) }), again * 1000),
      )
      const { peers, count } = answer as { peers: PeerId[]; count: number }
      expect(count).toBe(49)
      expect(new Set(peers).size).toBe(signalingLimits.maxSample)
      expect(peers).not.toContain(numbered(50))
      for (const each of peers) met.add(each)
    }
    expect(met.size).toBe(49)
  })

  test('SG1 joining again changes nothing and brings a fresh sample', () => {
    const { hub, connect, join } = story()
    connect(alice.socket, bob.socket)
    join(alice)
    join(bob)
    const effects = join(alice)
    expect(effects).toHaveLength(1)
    expect(heardBy(1, effects)).toEqual([
      { type: 'joined', topic, serverId: 'server', peers: [bob.peer], count: 1 },
    ])
    expect(hub.size).toEqual({ sockets: 2, topics: 1, peers: 2 })
  })

  test('SG1 topics are apart: a joiner of one hears nothing of another', () => {
    const { connect, join } = story()
    connect(alice.socket, bob.socket)
    join(alice, 'acme')
    expect(heardBy(2, join(bob, 'other'))).toMatchObject([{ peers: [], count: 0 }])
  })

  test('SG1 one socket speaks for one peer in a topic', () => {
    const { connect, join } = story()
    connect(alice.socket)
    join(alice)
    const effects = join({ socket: alice.socket, peer: bob.peer })
    expect(heardBy(1, effects)).toMatchObject([{ type: 'error', code: 'malformed' }])
    expect(closes(effects)).toEqual([{ socket: 1, code: 1008 }])
  })

  test('SG1 the last to go takes the topic along: nothing is kept for nobody', () => {
    const { hub, say, connect, join } = story()
    connect(alice.socket, bob.socket)
    join(alice)
    say(bob.socket, { type: 'subscribe', topics: [topic, 'other'] })
    expect(hub.size).toEqual({ sockets: 2, topics: 2, peers: 1 })
    say(bob.socket, { type: 'unsubscribe', topics: ['other'] })
    hub.disconnected(alice.socket)
    hub.disconnected(bob.socket)
    expect(hub.size).toEqual({ sockets: 0, topics: 0, peers: 0 })
  })
})

describe('signals', () => {
  test('SG2 a signal goes to its addressee only, stamped with the peer its socket joined as', () => {
    const { say, connect, join } = story()
    connect(alice.socket, bob.socket, carol.socket)
    join(alice)
    join(bob)
    join(carol)
    const data = { sdp: 'v=0', nested: [1, { two: null }] }
    expect(say(1, { type: 'signal', topic, to: bob.peer, from: carol.peer, data })).toEqual([
      { type: 'send', to: [2], message: { type: 'signal', topic, from: alice.peer, data } },
    ])
  })

  test('SG2 whoever has not joined the topic cannot signal in it', () => {
    const { say, connect, join } = story()
    connect(alice.socket, bob.socket)
    join(alice, 'other')
    join(bob)
    const effects = say(1, { type: 'signal', topic, to: bob.peer, data: 1 })
    expect(heardBy(2, effects)).toEqual([])
    expect(heardBy(1, effects)).toMatchObject([{ type: 'error', code: 'not-joined' }])
  })

  test('SG3 a signal to somebody who is not there is answered: absent', () => {
    const { hub, say, connect, join } = story()
    connect(alice.socket, bob.socket)
    join(alice)
    join(bob)
    const signal = { type: 'signal', topic, to: bob.peer, data: 'offer' }
    expect(heardBy(2, say(1, signal))).toHaveLength(1)
    hub.disconnected(bob.socket)
    expect(say(1, signal)).toEqual([
      { type: 'send', to: [1], message: { type: 'absent', topic, peer: bob.peer } },
    ])
  })
})

describe('going', () => {
  test('SG4 when a socket closes the others are told so, as a hint', () => {
    const { hub, connect, join } = story()
    connect(alice.socket, bob.socket, carol.socket)
    join(alice)
    join(bob)
    join(carol, 'other')
    expect(hub.disconnected(alice.socket)).toEqual([
      { type: 'send', to: [2], message: { type: 'closed', topic, peer: alice.peer, reason: 'closed' } },
    ])
  })

  test('SG4 a goodbye is told apart from a closed socket, and is told once', () => {
    const { hub, say, connect, join } = story()
    connect(alice.socket, bob.socket)
    join(alice)
    join(bob)
    expect(heardBy(2, say(1, { type: 'leave', topic }))).toEqual([
      { type: 'closed', topic, peer: alice.peer, reason: 'left' },
    ])
    expect(say(1, { type: 'leave', topic })).toEqual([])
    expect(hub.disconnected(alice.socket)).toEqual([])
  })

  test('SG4 in a large topic a bounded number of different others is told', () => {
    const { hub, connect, join } = story()
    for (let n = 1; n <= 100; n++) {
      connect(n)
      join({ socket: n, peer: numbered(n) })
    }
    const [effect, ...rest] = hub.disconnected(7)
    expect(rest).toEqual([])
    const to = effect?.type === 'send' ? effect.to : []
    expect(new Set(to).size).toBe(signalingLimits.maxHintReceivers)
    expect(to).not.toContain(7)
  })

  test('SG5 a peer that comes back on a newer socket replaces the old one, and nobody is told that it had gone', () => {
    const { hub, say, connect, join } = story()
    connect(alice.socket, bob.socket, 9)
    join(alice)
    join(bob)
    const effects = join({ socket: 9, peer: alice.peer })
    expect(heardBy(9, effects)).toMatchObject([{ type: 'joined', peers: [bob.peer], count: 1 }])
    expect(heardBy(1, effects)).toMatchObject([{ type: 'error', code: 'replaced' }])
    expect(closes(effects)).toEqual([{ socket: 1, code: 1008 }])
    expect(heardBy(2, effects)).toEqual([])
    expect(hub.disconnected(alice.socket)).toEqual([])
    expect(say(2, { type: 'signal', topic, to: alice.peer, data: 1 })).toMatchObject([{ to: [9] }])
    expect(hub.size).toEqual({ sockets: 2, topics: 1, peers: 2 })
  })

  test('SG6 a socket without a sign of life from one round to the next is dead, and the others are told', () => {
    const { hub, connect, join } = story()
    connect(alice.socket, bob.socket)
    join(alice)
    join(bob)
    expect(hub.tick(10_000)).toEqual([
      { type: 'probe', socket: 1 },
      { type: 'probe', socket: 2 },
    ])
    hub.alive(bob.socket)
    expect(hub.tick(20_000)).toEqual([
      { type: 'terminate', socket: 1 },
      { type: 'send', to: [2], message: { type: 'closed', topic, peer: alice.peer, reason: 'closed' } },
      { type: 'probe', socket: 2 },
    ])
    expect(hub.counters.dead).toBe(1)
  })

  test('SG6 a server that stood still itself accuses nobody', () => {
    const { hub, connect } = story()
    connect(alice.socket)
    hub.tick(10_000)
    expect(hub.tick(60_000)).toEqual([{ type: 'probe', socket: 1 }])
    expect(hub.tick(70_000)).toEqual([{ type: 'terminate', socket: 1 }])
  })
})

describe('stock y-webrtc', () => {
  test('SG7 a publish reaches all subscribers, the sender too, with the number of subscribers and every field it came with', () => {
    const { say, connect } = story()
    connect(1, 2, 3)
    say(1, { type: 'subscribe', topics: ['doc'] })
    say(2, { type: 'subscribe', topics: ['doc', 'other'] })
    const message = {
      type: 'publish',
      topic: 'doc',
      data: { type: 'announce', from: 'x' },
      later: [1],
      clients: 77,
    }
    expect(say(1, message)).toEqual([{ type: 'send', to: [1, 2], message: { ...message, clients: 2 } }])
  })

  test('SG7 a publisher need not be subscribed, and a topic without subscribers swallows what is published', () => {
    const { say, connect } = story()
    connect(1, 2)
    say(1, { type: 'subscribe', topics: ['doc'] })
    expect(say(2, { type: 'publish', topic: 'doc', data: 1 })).toMatchObject([
      { to: [1], message: { clients: 1 } },
    ])
    expect(say(2, { type: 'publish', topic: 'nobody', data: 1 })).toEqual([])
  })

  test('SG7 after unsubscribe nothing comes any more; a ping is answered with a pong', () => {
    const { say, connect } = story()
    connect(1)
    say(1, { type: 'subscribe', topics: ['doc'] })
    say(1, { type: 'unsubscribe', topics: ['doc', 'never-subscribed'] })
    expect(say(1, { type: 'publish', topic: 'doc', data: 1 })).toEqual([])
    expect(say(1, { type: 'ping' })).toEqual([{ type: 'send', to: [1], message: { type: 'pong' } }])
    expect(say(1, { type: 'subscribe' })).toEqual([])
  })

  test('SG7 stock clients and ours share a topic name without hearing each other', () => {
    const { say, connect, join } = story()
    connect(1, 2)
    join(alice)
    say(2, { type: 'subscribe', topics: [topic] })
    expect(heardBy(1, say(2, { type: 'publish', topic, data: 1 }))).toEqual([])
    expect(heardBy(2, join(alice))).toEqual([])
  })
})

describe('what nobody should send', () => {
  test.each([
    ['no JSON', 'garbage'],
    ['nothing', ''],
    ['a cut-off object', '{"type":"ping"'],
    ['a number', '42'],
    ['null', 'null'],
    ['a list', '[{"type":"ping"}]'],
    ['no type', '{}'],
    ['an unknown type', '{"type":"shout"}'],
    ['a type that every object has', '{"type":"constructor"}'],
    ['topics that are no list', '{"type":"subscribe","topics":"doc"}'],
    ['a topic that is no text', '{"type":"subscribe","topics":[7]}'],
    ['an empty topic', '{"type":"publish","topic":"","data":1}'],
    ['a topic that is too long', JSON.stringify({ type: 'leave', topic: 'x'.repeat(1025) })],
    ['a peer id in capitals', JSON.stringify({ type: 'join', topic, peer: 'A'.repeat(32) })],
    ['a peer id that is too short', JSON.stringify({ type: 'join', topic, peer: 'a'.repeat(31) })],
    ['a signal to nobody', JSON.stringify({ type: 'signal', topic, data: 1 })],
    ['a signal without data', JSON.stringify({ type: 'signal', topic, to: 'b'.repeat(32) })],
    [
      'brackets without end',
      `{"type":"publish","topic":"doc","data":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
    ],
  ])('SG8 %s is answered with a reason, then the socket is closed', (_, text) => {
    const { hub, say, connect, join } = story()
    connect(alice.socket, bob.socket)
    join(bob)
    const effects = say(alice.socket, text)
    expect(effects).toEqual([
      {
        type: 'send',
        to: [1],
        message: { type: 'error', code: 'malformed', reason: expect.stringMatching(/^\S.*\.$/) },
      },
      { type: 'close', socket: 1, code: 1008, reason: expect.any(String) },
    ])
    expect(hub.size).toEqual({ sockets: 1, topics: 1, peers: 1 })
    expect(say(alice.socket, { type: 'ping' })).toEqual([])
    expect(hub.counters.refused.malformed).toBe(1)
  })

  test('SG8 brackets inside a text are no nesting', () => {
    const { say, connect } = story()
    connect(1)
    say(1, { type: 'subscribe', topics: ['doc'] })
    const data = `${'['.repeat(1000)}"\\"${'{'.repeat(1000)}`
    expect(say(1, { type: 'publish', topic: 'doc', data })).toMatchObject([{ message: { data } }])
  })

  test('SG8 a field named __proto__ travels on as a field and changes no object of ours', () => {
    const { say, connect } = story()
    connect(1)
    say(1, { type: 'subscribe', topics: ['doc'] })
    const [effect] = say(1, '{"type":"publish","topic":"doc","__proto__":{"polluted":true}}')
    const message = effect?.type === 'send' ? JSON.stringify(effect.message) : ''
    expect(message).toBe('{"type":"publish","topic":"doc","__proto__":{"polluted":true},"clients":1}')
    expect('polluted' in {}).toBe(false)
  })

  test('SG9 a message of exactly the limit is taken, one byte more is refused with 1009, counted in UTF-8', () => {
    const limit = signalingLimits.maxMessageBytes
    const filled = (filler: string, bytes: number): string => {
      const frame = (data: string): string => `{"type":"publish","topic":"doc","data":"${data}"}`
      const room = bytes - Buffer.byteLength(frame(''))
      const size = Buffer.byteLength(filler)
      return frame(filler.repeat(Math.floor(room / size)) + 'x'.repeat(room % size))
    }
    for (const filler of ['x', 'é', '€', '🪿']) {
      const { say, connect } = story()
      connect(1)
      expect(Buffer.byteLength(filled(filler, limit))).toBe(limit)
      expect(say(1, filled(filler, limit)), filler).toEqual([])
      const effects = say(1, filled(filler, limit + 1))
      expect(heardBy(1, effects), filler).toMatchObject([{ type: 'error', code: 'too-large' }])
      expect(closes(effects)).toEqual([{ socket: 1, code: 1009 }])
    }
  })

  test('SG10 a burst is taken, then as many a second as the limit says; whoever sends more is closed', () => {
    const { messageBurst, messagesPerSecond } = signalingLimits
    const { say, connect } = story()
    connect(1)
    const ping = { type: 'ping' }
    const answered = (now: number): boolean =>
      heardBy(1, say(1, ping, now)).some((m) => (m as { type: string }).type === 'pong')
    for (let n = 0; n < messageBurst; n++) expect(answered(0)).toBe(true)
    for (let n = 0; n < messagesPerSecond; n++) expect(answered(1000)).toBe(true)
    const effects = say(1, ping, 1000)
    expect(heardBy(1, effects)).toMatchObject([{ type: 'error', code: 'too-fast' }])
    expect(closes(effects)).toEqual([{ socket: 1, code: 1008 }])
  })

  test('SG10 a long silence earns no more than one burst', () => {
    const { hub, say, connect } = story()
    connect(1)
    for (let n = 0; n < signalingLimits.messageBurst; n++) say(1, { type: 'ping' }, 3_600_000)
    expect(hub.size.sockets).toBe(1)
    say(1, { type: 'ping' }, 3_600_000)
    expect(hub.size.sockets).toBe(0)
  })

  test('SG11 joined and subscribed topics count together; one too many closes the socket, and its peers are told', () => {
    const { say, connect, join } = story()
    connect(alice.socket, bob.socket)
    join(alice)
    join(bob)
    const seven = ['1', '2', '3', '4', '5', '6', '7']
    expect(say(1, { type: 'subscribe', topics: seven })).toEqual([])
    expect(say(1, { type: 'subscribe', topics: [...seven, topic] })).toEqual([])
    const effects = join(alice, '9')
    expect(heardBy(1, effects)).toMatchObject([{ type: 'error', code: 'too-many-topics' }])
    expect(closes(effects)).toEqual([{ socket: 1, code: 1008 }])
    expect(heardBy(2, effects)).toMatchObject([{ type: 'closed', peer: alice.peer, reason: 'closed' }])
  })
})
