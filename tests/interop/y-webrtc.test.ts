// Stock y-webrtc 10.3 clients, unchanged, through our signaling server: they find each other, connect over WebRTC and
// edit one document; and the frames of the stock server, one by one.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createSignalingServer, type SignalingServer } from '../../signaling/index.ts'

vi.setConfig({ testTimeout: 60_000 })

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(port = 0): Promise<{ server: SignalingServer; url: string; port: number }> {
  const server = await createSignalingServer({ port })
  cleanups.push(() => server.close())
  const got = server.address()?.port ?? 0
  return { server, url: `ws://localhost:${got}`, port: got }
}

interface StockPeer {
  set(key: string, value: string): void
  /** Waits until its document is this. */
  has(map: Record<string, string>): Promise<void>
}

function stockPeer(url: string, room: string, ...password: string[]): StockPeer {
  const path = fileURLToPath(new URL('y-webrtc-peer.ts', import.meta.url))
  const child: ChildProcess = fork(path, [url, room, ...password], { execArgv: ['--import', 'tsx'] })
  const ended = once(child, 'close')
  cleanups.push(() => {
    child.kill('SIGKILL')
    return ended
  })
  let map: unknown
  child.on('message', (message: { map: unknown }) => (map = message.map))
  return {
    set: (key, value) => void child.send({ set: [key, value] }),
    has: (expected) => vi.waitFor(() => expect(map).toEqual(expected), { timeout: 30_000, interval: 50 }),
  }
}

// With a password a stock client encrypts each signal on its own, and they overtake one another: now and then (about one
// run in ten, measured) its link never forms, whatever the server does. Each attempt is two new clients.
describe('two stock clients', { retry: 3 }, () => {
  test.each([
    ['in the open', []],
    ['with a password', ['sesame']],
  ])('SG7 find each other through our server and edit one document, %s', async (_, password) => {
    const { server, url } = await start()
    const [alice, bob] = [stockPeer(url, 'doc', ...password), stockPeer(url, 'doc', ...password)]
    await Promise.all([alice.has({}), bob.has({})])
    alice.set('goose', 'alice')
    bob.set('gander', 'bob')
    await Promise.all([alice, bob].map((peer) => peer.has({ goose: 'alice', gander: 'bob' })))
    await server.close()
    alice.set('after', 'the server is gone')
    await bob.has({ goose: 'alice', gander: 'bob', after: 'the server is gone' })
  })

  test('SG7 come back by themselves when the server does, and meet a newcomer', async () => {
    const { server, url, port } = await start()
    const alice = stockPeer(url, 'doc')
    await alice.has({})
    alice.set('goose', 'alice')
    await server.close()
    await start(port)
    await stockPeer(url, 'doc').has({ goose: 'alice' })
  })
})

describe('the stock frames', () => {
  async function client(url: string): Promise<{ say(message: unknown): void; next(): Promise<unknown> }> {
    const socket = new WebSocket(url)
    cleanups.push(async () => socket.terminate())
    const heard: string[] = []
    socket.on('message', (data) => heard.push(String(data)))
    await once(socket, 'open')
    return {
      say: (message) => socket.send(JSON.stringify(message)),
      next: () =>
        vi.waitFor(() => {
          const text = heard.shift()
          if (text === undefined) throw new Error('Nothing was heard')
          return JSON.parse(text) as unknown
        }, 5000),
    }
  }

  test('SG7 announce and signal reach all subscribers, the sender too, with `clients` and all they came with', async () => {
    const { url } = await start()
    const [alice, bob] = [await client(url), await client(url)]
    for (const each of [alice, bob]) {
      each.say({ type: 'subscribe', topics: ['doc'] })
      each.say({ type: 'ping' })
      expect(await each.next()).toEqual({ type: 'pong' })
    }
    const announce = { type: 'publish', topic: 'doc', data: { type: 'announce', from: 'alice' } }
    alice.say(announce)
    for (const each of [alice, bob]) expect(await each.next()).toEqual({ ...announce, clients: 2 })
    const data = {
      type: 'signal',
      from: 'bob',
      to: 'alice',
      token: 1.5,
      signal: { type: 'offer', sdp: 'v=0\r\n' },
    }
    bob.say({ type: 'publish', topic: 'doc', data, future: { field: true } })
    for (const each of [alice, bob]) {
      expect(await each.next()).toEqual({
        type: 'publish',
        topic: 'doc',
        data,
        future: { field: true },
        clients: 2,
      })
    }
    alice.say({ type: 'unsubscribe', topics: ['doc'] })
    alice.say(announce)
    alice.say({ type: 'ping' })
    expect(await alice.next()).toEqual({ type: 'pong' })
    expect(await bob.next()).toEqual({ ...announce, clients: 1 })
  })
})
