// The signaling client: by itself on a clock and sockets of the test's, and against our real server.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { MeshError } from '../../core/base/errors.ts'
import type { PeerId } from '../../core/base/ids.ts'
import type { Clock, Signaling, SignalingEvents } from '../../core/base/ports.ts'
import { createNodeClock } from '../../core/platform/node/clock.ts'
import { createNodeSignaling } from '../../core/platform/node/signaling.ts'
import { createAlarms } from '../../core/platform/shared/alarms.ts'
import { createSignalingClient, type Socket } from '../../core/platform/shared/signaling-client.ts'
import { parseSignalingNotice } from '../../core/wire/signals.ts'
import { createSignalingServer } from '../../signaling/index.ts'
import { selfSignedCertificate } from './signaling-certificate.ts'

const alice = 'a'.repeat(32) as PeerId
const bob = 'b'.repeat(32) as PeerId

/** A clock that goes only when told to. */
function createTestClock(): Clock & { advance(ms: number): void } {
  let nowMs = 1000
  let ringAtMs = Infinity
  let ring = (): void => {}
  const alarms = createAlarms(() => nowMs, {
    set: (delayMs, tick) => {
      ringAtMs = nowMs + delayMs
      ring = tick
    },
    clear: () => {
      ringAtMs = Infinity
    },
  })
  return {
    now: () => ({ monotonicMs: nowMs, wallMs: nowMs }),
    alarm: alarms.add,
    advance: (ms) => {
      const endMs = nowMs + ms
      while (ringAtMs <= endMs) {
        nowMs = ringAtMs
        ringAtMs = Infinity
        ring()
      }
      nowMs = endMs
    },
  }
}

class TestSocket implements Socket {
  readyState = 0
  readonly sent: unknown[] = []
  closed = false
  readonly #listeners = new Map<string, ((event: never) => void)[]>()
  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener])
  }
  tell(type: 'open' | 'message' | 'close', event: object = {}): void {
    this.readyState = type === 'open' ? 1 : type === 'close' ? 3 : this.readyState
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never)
  }
  say(notice: unknown): void {
    this.tell('message', { data: typeof notice === 'string' ? notice : JSON.stringify(notice) })
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text))
  }
  close(): void {
    this.closed = true
  }
}

function setUp(random = 0.5) {
  const clock = createTestClock()
  const sockets: TestSocket[] = []
  const log: unknown[] = []
  let online = (): void => {}
  const client = createSignalingClient({
    url: 'ws://one',
    clock,
    random: () => random,
    open: () => {
      const socket = new TestSocket()
      sockets.push(socket)
      return socket
    },
    onOnline: (listener) => {
      online = listener
      return () => {
        online = () => {}
      }
    },
  })
  client.events = {
    state: (state, problem) => log.push(problem === undefined ? state : [state, problem.code]),
    present: (sample) => log.push(['present', sample]),
    signal: (from, data) => log.push(['signal', from, data]),
    absent: (peer) => log.push(['absent', peer]),
    socketClosed: (peer) => log.push(['socketClosed', peer]),
  }
  const last = (): TestSocket => sockets.at(-1) as TestSocket
  return { clock, sockets, log, client, last, online: () => online() }
}

async function open(world: ReturnType<typeof setUp>): Promise<TestSocket> {
  world.client.start('acme', alice)
  await Promise.resolve()
  world.last().tell('open')
  return world.last()
}

describe('signaling client', () => {
  test('joins its topic, tells who is there, carries signals', async () => {
    const world = setUp()
    world.client.start('acme', alice)
    expect(world.client.send(bob, 'early')).toBe(false)
    expect(world.log).toEqual([])
    await Promise.resolve()
    const socket = world.last()
    socket.tell('open')
    expect(socket.sent).toEqual([{ type: 'join', topic: 'acme', peer: alice }])
    socket.say({ type: 'joined', topic: 'acme', serverId: 's', peers: [bob, alice], count: 2 })
    expect(world.client.send(bob, 'hi')).toBe(true)
    expect(socket.sent.at(-1)).toEqual({ type: 'signal', topic: 'acme', to: bob, data: 'hi' })
    socket.say({ type: 'signal', topic: 'acme', from: bob, data: 'ho' })
    socket.say({ type: 'signal', topic: 'other', from: bob, data: 'not ours' })
    socket.say({ type: 'absent', topic: 'acme', peer: bob })
    socket.say({ type: 'closed', topic: 'acme', peer: bob, reason: 'closed' })
    expect(world.log).toEqual([
      'connecting',
      'open',
      ['present', [bob]],
      ['signal', bob, 'ho'],
      ['absent', bob],
      ['socketClosed', bob],
    ])
    world.client.refresh()
    expect(socket.sent.at(-1)).toEqual({ type: 'join', topic: 'acme', peer: alice })
  })

  test('an advice about its address is given with each failure until it was reached once', async () => {
    const clock = createTestClock()
    const sentences: (string | undefined)[] = []
    let socket = new TestSocket()
    const open = (): Socket => (socket = new TestSocket())
    const advice = 'Is it the page’s?'
    const client = createSignalingClient({ url: 'ws://one', clock, random: () => 0, open, advice })
    client.events = {
      state: (_state, problem) => problem && sentences.push(problem.message),
      present: () => {},
      signal: () => {},
      absent: () => {},
      socketClosed: () => {},
    }
    client.start('acme', alice)
    clock.advance(16_000)
    socket.tell('close', { code: 1006, reason: '' })
    clock.advance(1_000)
    socket.tell('open')
    socket.tell('close', { code: 1006, reason: '' })
    expect(sentences).toEqual([
      'The signaling server ws://one does not answer. It is tried again. Is it the page’s?',
      'The signaling server ws://one cannot be reached. It is tried again. Is it the page’s?',
      'The signaling server ws://one closed the connection (code 1006). It is tried again.',
    ])
  })

  test('comes back with growing, jittered pauses, and at once when the network is back', async () => {
    const world = setUp(0)
    world.client.start('acme', alice)
    // random 0: half of 250, 500, 1000 … 10,000 ms.
    for (const pauseMs of [125, 250, 500, 1000, 2000, 4000, 5000, 5000]) {
      const tries = world.sockets.length
      world.last().tell('close', { code: 1006, reason: '' })
      world.clock.advance(pauseMs - 1)
      expect(world.sockets).toHaveLength(tries)
      world.clock.advance(1)
      expect(world.sockets).toHaveLength(tries + 1)
    }
    world.last().tell('close', { code: 1006, reason: '' })
    const tries = world.sockets.length
    world.online()
    expect(world.sockets).toHaveLength(tries + 1)
    expect(world.log.filter((line) => Array.isArray(line))).toHaveLength(9)
  })

  test('back on a network, a connection that does not answer within 5 s is given up; one that answers stays', async () => {
    const world = setUp()
    const stale = await open(world)
    const pings = (socket: TestSocket): number =>
      socket.sent.filter((message) => (message as { type: string }).type === 'ping').length
    world.clock.advance(1000)
    world.online()
    world.online()
    expect(pings(stale)).toBe(2)
    world.clock.advance(4999)
    expect(stale.closed).toBe(false)
    world.clock.advance(1)
    expect(stale.closed).toBe(true)
    expect(world.log.at(-1)).toEqual(['closed', 'signaling-failed'])
    world.clock.advance(250)
    const socket = world.last()
    socket.tell('open')
    world.online()
    socket.say({ type: 'pong' })
    world.clock.advance(10_000)
    socket.say({ type: 'pong' })
    world.clock.advance(29_999)
    expect([world.sockets.length, socket.closed]).toEqual([2, false])
    world.online()
    world.client.close()
    world.clock.advance(60_000)
    expect(world.sockets).toHaveLength(2)
  })

  test('a connection that stood makes the next pause a first one; one that was refused at once does not', async () => {
    const world = setUp(0)
    let socket = await open(world)
    socket.tell('close', { code: 1008, reason: 'no' })
    world.clock.advance(125)
    socket = world.last()
    socket.tell('open')
    socket.tell('close', { code: 1008, reason: 'no' })
    world.clock.advance(125)
    expect(world.sockets).toHaveLength(2)
    world.clock.advance(125)
    socket = world.last()
    socket.tell('open')
    world.clock.advance(10_000)
    socket.tell('close', { code: 1001, reason: '' })
    world.clock.advance(125)
    expect(world.sockets).toHaveLength(4)
  })

  test('pings every 15 s, and gives up a socket that was silent for 30 s', async () => {
    const world = setUp()
    const socket = await open(world)
    world.clock.advance(15_000)
    expect(socket.sent.at(-1)).toEqual({ type: 'ping' })
    socket.say({ type: 'pong' })
    world.clock.advance(29_999)
    expect(socket.closed).toBe(false)
    world.clock.advance(15_001)
    expect(socket.closed).toBe(true)
    expect(world.log.at(-1)).toEqual(['closed', 'signaling-failed'])
    socket.say({ type: 'signal', topic: 'acme', from: bob, data: 'late' })
    expect(world.log.at(-1)).toEqual(['closed', 'signaling-failed'])
  })

  test('a server that takes the connection and never answers is given up after 15 s, and tried again', async () => {
    const world = setUp()
    world.client.start('acme', alice)
    const mute = world.last()
    world.clock.advance(14_999)
    expect(mute.closed).toBe(false)
    world.clock.advance(1)
    expect(mute.closed).toBe(true)
    expect(world.log.at(-1)).toEqual(['closed', 'signaling-failed'])
    world.clock.advance(250)
    world.last().tell('open')
    world.clock.advance(15_000)
    expect(world.log.at(-1)).toBe('open')
    expect(world.sockets).toHaveLength(2)
  })

  test('what a server should not send is reported once and ignored', async () => {
    const world = setUp()
    const socket = await open(world)
    for (const text of ['', 'x', '[]', '{}', '{"type":"joined","topic":"acme","peers":["x"],"count":1}'])
      socket.say(text)
    socket.tell('message', { data: new ArrayBuffer(4) })
    expect(world.log).toEqual(['connecting', 'open', ['open', 'signaling-failed']])
    socket.say({ type: 'error', code: 'too-fast', reason: 'Slow down.' })
    expect(world.log.at(-1)).toEqual(['open', 'signaling-failed'])
  })

  test('a server that refuses without end, each time for another reason, is reported once for each connection', async () => {
    const world = setUp()
    const socket = await open(world)
    world.log.length = 0
    for (let i = 0; i < 1000; i++) socket.say({ type: 'error', code: 'too-fast', reason: `Reason ${i}` })
    expect(world.log).toEqual([['open', 'signaling-failed']])
    socket.tell('close', { code: 1008, reason: '' })
    world.clock.advance(1000)
    world.last().tell('open')
    world.last().say({ type: 'error', code: 'too-fast', reason: 'Again.' })
    expect(world.log.at(-1)).toEqual(['open', 'signaling-failed'])
  })

  test('begun again while it runs, it keeps one socket', async () => {
    const world = setUp()
    world.client.start('acme', alice)
    const [early] = world.sockets
    // A server added while the page was put aside is begun again with the others when the page comes back.
    const socket = await open(world)
    expect(early!.closed).toBe(true)
    early!.tell('open')
    expect(early!.sent).toEqual([])
    expect(world.log).toEqual(['connecting', 'open'])
    const next = await open(world)
    expect([socket.closed, next.closed]).toEqual([true, false])
    expect(world.client.send(bob, 'hi')).toBe(true)
    expect(next.sent.at(-1)).toEqual({ type: 'signal', topic: 'acme', to: bob, data: 'hi' })
    world.clock.advance(15_000)
    expect(next.sent.filter((message) => (message as { type: string }).type === 'ping')).toHaveLength(1)
  })

  test('close leaves, says nothing more, and start begins again', async () => {
    const world = setUp()
    const socket = await open(world)
    const told = world.log.length
    world.client.close()
    expect(socket.sent.at(-1)).toEqual({ type: 'leave', topic: 'acme' })
    expect(socket.closed).toBe(true)
    socket.tell('close', { code: 1000, reason: '' })
    world.clock.advance(60_000)
    world.online()
    expect(world.sockets).toHaveLength(1)
    expect(world.log).toHaveLength(told)
    await open(world)
    expect(world.log.slice(told)).toEqual(['connecting', 'open'])
  })
})

test('notices of a server are bounded', () => {
  const big = 'x'.repeat(49 * 1024)
  expect(parseSignalingNotice(JSON.stringify({ type: 'signal', topic: 't', from: bob, data: big })).ok).toBe(
    false,
  )
  expect(parseSignalingNotice(`"${'x'.repeat(100 * 1024)}"`).ok).toBe(false)
  const peers = Array.from({ length: 300 }, () => bob)
  expect(parseSignalingNotice(JSON.stringify({ type: 'joined', topic: 't', peers, count: 300 })).ok).toBe(
    false,
  )
})

describe('signaling client against our server', () => {
  const closing: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  function join(url: string, me: PeerId) {
    const log: unknown[] = []
    const problems: MeshError[] = []
    const client: Signaling = createNodeSignaling({
      url,
      clock: createNodeClock(),
      random: Math.random,
      reconnectBaseMs: 20,
    })
    client.events = {
      state: (state, problem) => {
        log.push(state)
        if (problem !== undefined) problems.push(problem)
      },
      present: (sample) => log.push(['present', ...sample]),
      signal: (from, data) => log.push(['signal', from, data]),
      absent: (peer) => log.push(['absent', peer]),
      socketClosed: (peer) => log.push(['socketClosed', peer]),
    }
    client.start('acme', me)
    closing.push(() => client.close())
    return { client, log, problems }
  }

  test('two clients meet, signal, part, and come back to a restarted server', async () => {
    const first = await createSignalingServer({ port: 0 })
    const port = first.address()?.port ?? 0
    const url = `ws://localhost:${port}/`
    const a = join(url, alice)
    await vi.waitFor(() => expect(a.log).toEqual(['connecting', 'open', ['present']]))
    const b = join(url, bob)
    await vi.waitFor(() => expect(b.log).toContainEqual(['present', alice]))
    expect(b.client.send(alice, 'x'.repeat(40_000))).toBe(true)
    await vi.waitFor(() => expect(a.log).toContainEqual(['signal', bob, 'x'.repeat(40_000)]))
    b.client.close()
    await vi.waitFor(() => expect(a.log).toContainEqual(['socketClosed', bob]))
    a.client.send(bob, 'gone?')
    await vi.waitFor(() => expect(a.log).toContainEqual(['absent', bob]))
    await first.close()
    await vi.waitFor(() => expect(a.log).toContain('closed'))
    expect(a.problems.at(-1)?.code).toBe('signaling-failed')
    const second = await createSignalingServer({ port })
    closing.unshift(() => second.close())
    const before = a.log.length
    await vi.waitFor(() => expect(a.log.slice(before)).toContainEqual(['present']), { timeout: 10_000 })
  })

  test('why a server cannot be reached is said: its certificate, that nobody is there, that it is no signaling server', async () => {
    const trusted = await createSignalingServer({ port: 0, tls: selfSignedCertificate() })
    closing.unshift(() => trusted.close())
    const plain = createServer((_request, response) => response.end())
    await new Promise<void>((resolve) => plain.listen(0, 'localhost', resolve))
    closing.unshift(() => plain.close())
    const nobody = await createSignalingServer({ port: 0 })
    const port = nobody.address()?.port ?? 0
    await nobody.close()
    for (const [url, why] of [
      [`wss://localhost:${trusted.address()?.port}/`, /self-signed certificate/],
      [`ws://localhost:${port}/`, /ECONNREFUSED/],
      [`ws://localhost:${(plain.address() as AddressInfo).port}/`, /Unexpected server response: 200/],
    ] as const) {
      const { problems } = join(url, alice)
      await vi.waitFor(() => expect(problems[0]?.message).toMatch(why))
      expect(problems[0]?.message).toMatch(/ cannot be reached \(.+\)\. It is tried again\.$/)
      expect(problems[0]?.cause).toBeInstanceOf(Error)
    }
  })

  test('an address that the browser refuses to connect to is not called none', async () => {
    const why = 'An insecure WebSocket connection may not be initiated from a page loaded over HTTPS.'
    const client = createSignalingClient({
      url: 'ws://192.0.2.1:4444/',
      clock: createTestClock(),
      random: () => 0.5,
      open: () => {
        throw new DOMException(why, 'SecurityError')
      },
    })
    const problems: (string | undefined)[] = []
    client.events = {
      state: (_state, problem) => problems.push(problem?.message),
    } as Partial<SignalingEvents> as SignalingEvents
    client.start('acme', alice)
    await vi.waitFor(() => expect(problems).toHaveLength(1))
    expect(problems[0]).toContain(why)
    expect(problems[0]).toContain('wss://')
  })

  test('an address that is none is said, and not tried for ever', async () => {
    const { log, problems } = join('nonsense', alice)
    await vi.waitFor(() => expect(log).toEqual(['closed']))
    expect(problems[0]?.message).toMatch(/not a WebSocket URL/)
  })
})
