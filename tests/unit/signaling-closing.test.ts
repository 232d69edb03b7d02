// The signaling server goes when it is told to, and stays when it is not, whatever those who connect to it do.

import { createServer, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { createSignalingServer, type SignalingOptions, type SignalingServer } from '../../signaling/index.ts'
import { selfSignedCertificate } from './signaling-certificate.ts'

vi.setConfig({ testTimeout: 30_000 })

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A connection that does nothing by itself, not even end. */
async function connectTo(server: SignalingServer): Promise<Socket> {
  const socket = connect({ port: server.address()!.port, host: '127.0.0.1', allowHalfOpen: true })
  cleanups.push(() => socket.destroy())
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

const askForWebSocket = [
  'GET / HTTP/1.1',
  'Host: here',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n')

const full: SignalingOptions = { limits: { maxConnections: 0 } }

test('a client that is turned away and resets its connection harms nobody', async () => {
  const server = await createSignalingServer(full)
  cleanups.push(() => server.close())
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
  server.handleUpgrade({ headers: {} } as IncomingMessage, socket, Buffer.alloc(0))
  expect(() => socket.emit('error', new Error('read ECONNRESET'))).not.toThrow()
})

test('a client that is turned away is let go, though it keeps its half of the connection open', async () => {
  const http = createServer()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => http.close())
  const server = await createSignalingServer({ ...full, server: http })
  const socket = await connectTo(server)
  let heard = ''
  socket.on('data', (part) => (heard += String(part)))
  socket.write(askForWebSocket)
  await vi.waitFor(() => expect(heard).toMatch(/^HTTP\/1.1 503/))
  const connections = () => new Promise((resolve) => http.getConnections((_, count) => resolve(count)))
  await vi.waitFor(async () => expect(await connections()).toBe(0))
})

test.each([
  ['plain', {}],
  ['TLS', { tls: selfSignedCertificate() }],
])('close() ends though somebody connected and never said a word: %s', async (_how, options) => {
  const server = await createSignalingServer({ port: 0, ...options })
  await connectTo(server)
  // By the time that another one is answered, the server has seen the first.
  const second = await connectTo(server)
  second.end()
  await new Promise((resolve) => second.once('close', resolve).resume())
  await server.close()
})

test('a server that cannot listen leaves no timer behind', async () => {
  const server = await createSignalingServer({ port: 0, host: '127.0.0.1' })
  cleanups.push(() => server.close())
  const set = vi.spyOn(globalThis, 'setInterval')
  const clear = vi.spyOn(globalThis, 'clearInterval')
  onTestFinished(() => void [set, clear].map((spy) => spy.mockRestore()))
  const { port } = server.address()!
  await expect(createSignalingServer({ port, host: '127.0.0.1' })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  })
  expect(clear.mock.calls).toEqual(set.mock.results.map(({ value }) => [value]))
})
