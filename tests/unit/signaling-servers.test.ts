// Several signaling servers at once: which of them carries a signal, what is said of those that are away, and one
// server listed by two addresses.

import { afterEach, describe, expect, test, vi } from 'vitest'
import { MeshError } from '../../core/base/errors.ts'
import type { PeerId } from '../../core/base/ids.ts'
import type { Platform, Signaling, SignalingEvents } from '../../core/base/ports.ts'
import { fullTiming } from '../../core/options.ts'
import type { PeerInput } from '../../core/peer-io.ts'
import { createNodeClock } from '../../core/platform/node/clock.ts'
import { createNodeSignaling } from '../../core/platform/node/signaling.ts'
import { SignalingServers } from '../../core/signaling-servers.ts'
import { createSignalingServer } from '../../signaling/index.ts'

const alice = 'a'.repeat(32) as PeerId
const bob = 'b'.repeat(32) as PeerId
const topic = 'c'.repeat(32)

interface TestClient extends Signaling {
  readonly sent: string[]
  running: boolean
}

const createTestClient = (): TestClient => {
  const client: TestClient = {
    events: undefined,
    sent: [],
    running: false,
    start: () => void (client.running = true),
    send: (_to, data) => client.sent.push(data) > 0,
    refresh: () => undefined,
    close: () => void (client.running = false),
  }
  return client
}

function createServers(signaling: Platform['signaling']) {
  const inputs: PeerInput[] = []
  const errors: MeshError[] = []
  const servers = new SignalingServers({
    platform: { signaling } as Platform,
    topic,
    me: () => alice,
    input: (input) => inputs.push(input),
    onChange: () => undefined,
    onError: (error) => errors.push(error),
  })
  return { servers, inputs, errors }
}

const problem = (message: string, details = {}): MeshError =>
  new MeshError('signaling-failed', message, { details })

describe('with two servers', () => {
  const clients = new Map<string, TestClient>()
  const make = (url: string): Signaling => {
    const client = createTestClient()
    clients.set(url, client)
    return client
  }
  const start = () => {
    const world = createServers(make)
    world.servers.configure(['ws://one', 'ws://two'], fullTiming())
    const [one, two] = ['ws://one', 'ws://two'].map((url) => clients.get(url)!) as [TestClient, TestClient]
    const eventsOf = (client: TestClient): SignalingEvents => client.events!
    return { ...world, one, two, eventsOf }
  }

  test('a signal goes through the one that knows the addressee, and through the other when that one died', () => {
    const { servers, inputs, one, two, eventsOf } = start()
    eventsOf(one).state('open')
    eventsOf(two).state('open')
    eventsOf(one).present([bob])
    servers.send(bob, 'first')
    eventsOf(one).state('closed', problem('it died'))
    servers.send(bob, 'second')
    expect([one.sent, two.sent]).toEqual([['first'], ['second']])
    // What a dead server once named does not keep the living one from being believed.
    eventsOf(two).absent(bob)
    expect(inputs.at(-1)).toEqual({ type: 'absent', peer: bob })
  })

  test('of servers that do not know each other, the first that says absent is not believed before the others', () => {
    const { servers, inputs, one, two, eventsOf } = start()
    eventsOf(one).state('open')
    eventsOf(two).state('open')
    const isAbsent = (): boolean => inputs.some((input) => input.type === 'absent')
    servers.send(bob, 'offer')
    expect([one.sent, two.sent]).toEqual([['offer'], ['offer']])
    eventsOf(one).absent(bob)
    eventsOf(one).absent(bob)
    expect(isAbsent()).toBe(false)
    eventsOf(two).absent(bob)
    expect(isAbsent()).toBe(true)
    inputs.length = 0
    servers.send(bob, 'offer')
    eventsOf(two).state('closed', problem('it died'))
    eventsOf(one).absent(bob)
    expect(isAbsent()).toBe(true)
  })

  test('a socket that closes at one leaves a peer that the other names within reach', () => {
    const { inputs, one, two, eventsOf } = start()
    for (const client of [one, two]) {
      eventsOf(client).state('open')
      eventsOf(client).present([bob])
    }
    eventsOf(one).socketClosed(bob)
    expect(inputs.at(-1)).toEqual({ type: 'witness', peer: bob, evidence: 'socket', elsewhere: true })
    eventsOf(two).socketClosed(bob)
    expect(inputs.at(-1)).toEqual({ type: 'witness', peer: bob, evidence: 'socket', elsewhere: false })
  })

  test('of a server that names ever new peers the latest are kept', () => {
    const { servers, one, two, eventsOf } = start()
    eventsOf(one).state('open')
    eventsOf(two).state('open')
    const named = Array.from({ length: 3000 }, (_, i) => i.toString(16).padStart(32, '0') as PeerId)
    for (const peer of named) eventsOf(one).present([peer])
    servers.send(named.at(-1)!, 'to the last')
    servers.send(named[0]!, 'to one forgotten')
    expect([one.sent, two.sent]).toEqual([['to the last', 'to one forgotten'], ['to one forgotten']])
  })

  test('the same problem is said once, until the server answers', () => {
    const { errors, one, eventsOf } = start()
    for (let i = 0; i < 5; i++) eventsOf(one).state('closed', problem('it cannot be reached'))
    eventsOf(one).state('open')
    for (let i = 0; i < 5; i++) eventsOf(one).state('closed', problem('it cannot be reached'))
    expect(errors.length).toBe(1)
    eventsOf(one).state('open')
    eventsOf(one).present([])
    eventsOf(one).state('closed', problem('it cannot be reached'))
    expect(errors.length).toBe(2)
  })

  test('one that was replaced by the other stands by until that one is lost', () => {
    const { one, two, eventsOf } = start()
    eventsOf(one).state('open')
    eventsOf(two).state('open')
    eventsOf(one).state('closed', problem('it replaced us', { replaced: true }))
    expect([one.running, two.running]).toEqual([false, true])
    eventsOf(two).state('closed', problem('it died'))
    expect([one.running, two.running]).toEqual([true, true])
  })

  test('closed, all are said to be closed, and go on with start', () => {
    const { servers, one, two, eventsOf } = start()
    eventsOf(one).state('open')
    servers.close()
    expect(servers.states().map(({ state }) => state)).toEqual(['closed', 'closed'])
    servers.start()
    expect([one.running, two.running]).toEqual([true, true])
  })
})

describe('against our server', () => {
  const clean: (() => void | Promise<void>)[] = []
  afterEach(async () => {
    for (const step of clean.splice(0).reverse()) await step()
  })

  test('one server listed by two addresses ends as one connection, not as two that replace each other', async () => {
    const server = await createSignalingServer({ port: 0, host: '127.0.0.1' })
    clean.push(() => server.close())
    const clock = createNodeClock()
    const { servers, errors } = createServers((url) =>
      createNodeSignaling({
        url,
        clock,
        random: () => 0.5,
        reconnectBaseMs: 5,
        reconnectMaxMs: 10,
      }),
    )
    clean.push(() => servers.close())
    const port = server.address()?.port ?? 0
    const urls = [`ws://127.0.0.1:${port}`, `ws://127.0.0.1:${port}/`]
    servers.configure(urls, fullTiming())
    const states = (): string =>
      servers
        .states()
        .map(({ state }) => state)
        .sort()
        .join(' ')
    await vi.waitFor(() => expect(states()).toBe('closed open'), { timeout: 10_000, interval: 5 })
    const settled = errors.length
    // Many times the pause after which either would come back.
    const untilMs = clock.now().monotonicMs + 300
    await vi.waitFor(() => expect(clock.now().monotonicMs).toBeGreaterThan(untilMs), { timeout: 10_000 })
    expect([states(), errors.length]).toEqual(['closed open', settled])
    expect(settled).toBeLessThanOrEqual(2)
  })
})
