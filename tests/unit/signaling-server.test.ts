// The signaling server over real sockets: the hub's rules hold on the wire, HTTP says how it is, and the program
// starts, finds a port, enters itself in the registry and goes in good order.

import { mkdtemp, mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { createServer, get, request } from 'node:http'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createSignalingServer, type SignalingOptions, type SignalingServer } from '../../signaling/index.ts'

const alice = 'a'.repeat(32)
const bob = 'b'.repeat(32)
vi.setConfig({ testTimeout: 30_000 })

const cleanups: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(
  options: SignalingOptions = { port: 0 },
): Promise<{ server: SignalingServer; url: string }> {
  const server = await createSignalingServer(options)
  cleanups.push(() => server.close())
  return { server, url: `http://localhost:${server.address()?.port}` }
}

interface Client {
  readonly socket: WebSocket
  readonly heard: Record<string, unknown>[]
  say(message: unknown): void
  /** The next message of a type that was not looked at before. */
  hear(type: string): Promise<Record<string, unknown>>
  readonly closed: Promise<{ code: number; reason: string }>
}

async function connect(url: string): Promise<Client> {
  const socket = new WebSocket(url.replace('http', 'ws'))
  const heard: Record<string, unknown>[] = []
  socket.on('message', (data) => heard.push(JSON.parse(String(data)) as Record<string, unknown>))
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
  cleanups.push(async () => socket.terminate())
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const looked = new Set<unknown>()
  return {
    socket,
    heard,
    closed,
    say: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    hear: (type) =>
      vi.waitFor(() => {
        const found = heard.find((message) => message['type'] === type && !looked.has(message))
        if (found === undefined) throw new Error(`Nothing of type ${type} was heard`)
        looked.add(found)
        return found
      }, 5000),
  }
}

/** A request as it is on the wire: `fetch` would tidy the path up. */
function getRaw(
  url: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string; headers: Record<string, unknown> }> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    get({ hostname, port, path, headers, agent: false }, (response) => {
      let body = ''
      response.on('data', (part) => (body += String(part)))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }))
    }).on('error', reject)
  })
}

describe('sockets', () => {
  test('SG1 SG2 SG4 two peers meet, signal each other, and one learns at once that the other is gone', async () => {
    const { server, url } = await start()
    const [a, b] = [await connect(url), await connect(url)]
    a.say({ type: 'join', topic: 'acme', peer: alice })
    expect(await a.hear('joined')).toMatchObject({ peers: [], count: 0, serverId: server.serverId })
    b.say({ type: 'join', topic: 'acme', peer: bob })
    expect(await b.hear('joined')).toMatchObject({ peers: [alice], count: 1 })
    b.say({ type: 'signal', topic: 'acme', to: alice, data: { offer: '🪿' } })
    expect(await a.hear('signal')).toEqual({
      type: 'signal',
      topic: 'acme',
      from: bob,
      data: { offer: '🪿' },
    })
    b.socket.terminate()
    expect(await a.hear('closed')).toEqual({ type: 'closed', topic: 'acme', peer: bob, reason: 'closed' })
  })

  test('SG5 a reconnect before the old socket is known to be dead is heard by nobody', async () => {
    const { url } = await start()
    const [a, old, b] = [await connect(url), await connect(url), await connect(url)]
    a.say({ type: 'join', topic: 'acme', peer: alice })
    await a.hear('joined')
    old.say({ type: 'join', topic: 'acme', peer: bob })
    await old.hear('joined')
    b.say({ type: 'join', topic: 'acme', peer: bob })
    await b.hear('joined')
    expect(await old.closed).toMatchObject({ code: 1008 })
    expect(await old.hear('error')).toMatchObject({ code: 'replaced' })
    b.say({ type: 'signal', topic: 'acme', to: alice, data: 1 })
    await a.hear('signal')
    expect(a.heard.map((message) => message['type'])).toEqual(['joined', 'signal'])
  })

  test('SG6 a client that answers no probe is cut off and its peers are told', async () => {
    const { url } = await start({ port: 0, limits: { probeIntervalMs: 50 } })
    const a = await connect(url)
    const mute = new WebSocket(url.replace('http', 'ws'), { autoPong: false })
    const cut = new Promise<number>((resolve) => mute.on('close', resolve))
    await new Promise((resolve) => mute.once('open', resolve))
    a.say({ type: 'join', topic: 'acme', peer: alice })
    await a.hear('joined')
    mute.send(JSON.stringify({ type: 'join', topic: 'acme', peer: bob }))
    expect(await a.hear('closed')).toMatchObject({ peer: bob, reason: 'closed' })
    expect(await cut).toBe(1006)
    expect(a.socket.readyState).toBe(WebSocket.OPEN)
  })

  test('SG8 malformed input gets a reason, then 1008; the server and the others carry on', async () => {
    const { url } = await start()
    const [a, bad] = [await connect(url), await connect(url)]
    bad.say('no json')
    expect(await bad.closed).toEqual({ code: 1008, reason: 'A message must be JSON text.' })
    expect(await bad.hear('error')).toMatchObject({
      code: 'malformed',
      reason: 'A message must be JSON text.',
    })
    const binary = await connect(url)
    binary.socket.send(new Uint8Array([0xff, 0x00, 0xfe]))
    expect(await binary.closed).toMatchObject({ code: 1008 })
    a.say({ type: 'ping' })
    await a.hear('pong')
  })

  test('SG8 bytes that are no WebSocket frame end that socket only', async () => {
    const { url } = await start()
    const [a, bad] = [await connect(url), await connect(url)]
    const raw = bad.socket as unknown as { _socket: { write(data: Buffer): void } }
    raw._socket.write(Buffer.from('ffffffffffffffffffffffff', 'hex'))
    expect(await bad.closed).toMatchObject({ code: 1002 })
    a.say({ type: 'ping' })
    await a.hear('pong')
  })

  test('SG9 a message over the limit gets a reason and 1009, a vast one 1009 at once', async () => {
    const { url } = await start()
    const [large, vast] = [await connect(url), await connect(url)]
    large.say({ type: 'publish', topic: 'acme', data: 'x'.repeat(64 * 1024) })
    expect(await large.closed).toMatchObject({ code: 1009 })
    expect(await large.hear('error')).toMatchObject({ code: 'too-large' })
    vast.say({ type: 'publish', topic: 'acme', data: 'x'.repeat(4 * 1024 * 1024) })
    expect(await vast.closed).toMatchObject({ code: 1009 })
  })

  test('SG10 a flood is cut off with a reason', async () => {
    const { url } = await start()
    const flood = await connect(url)
    for (let n = 0; n < 1000; n++) flood.say({ type: 'ping' })
    expect(await flood.closed).toMatchObject({ code: 1008 })
    expect(await flood.hear('error')).toMatchObject({ code: 'too-fast' })
    expect(flood.heard.length).toBeLessThan(500)
  })

  test('SG12 a client that does not read what it is sent is cut off before it costs much memory', async () => {
    const { url } = await start({
      port: 0,
      limits: { maxUnsentBytes: 1024 * 1024, messagesPerSecond: 1e6, messageBurst: 1e6 },
    })
    const [sleeper, speaker] = [await connect(url), await connect(url)]
    sleeper.say({ type: 'subscribe', topics: ['acme'] })
    sleeper.say({ type: 'ping' })
    await sleeper.hear('pong')
    sleeper.socket.pause()
    const message = { type: 'publish', topic: 'acme', data: 'x'.repeat(60 * 1024) }
    await vi.waitFor(async () => {
      for (let n = 0; n < 50; n++) speaker.say(message)
      expect((await getRaw(url, '/metrics')).body).toContain('skein_signaling_too_slow_total 1')
    }, 20_000)
    speaker.say({ type: 'ping' })
    await speaker.hear('pong')
  })

  test('a limit that is undefined is left out', async () => {
    const { url } = await start({ port: 0, limits: { messageBurst: undefined as never } })
    const client = await connect(url)
    for (let n = 0; n < 1000; n++) client.say({ type: 'ping' })
    await client.closed
  })

  test('SG12 a full server turns newcomers away with 503', async () => {
    const { url } = await start({ port: 0, limits: { maxConnections: 1 } })
    const first = await connect(url)
    await expect(connect(url)).rejects.toThrow('503')
    first.socket.close()
    await first.closed
    await vi.waitFor(() => connect(url), 5000)
  })
})

describe('HTTP', () => {
  test('SG13 /health says how it is, field by field', async () => {
    const { server, url } = await start()
    const client = await connect(url)
    client.say({ type: 'join', topic: 'acme', peer: alice })
    await client.hear('joined')
    const response = await fetch(`${url}/health`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(await response.json()).toEqual({
      ok: true,
      status: 'ok',
      serverId: server.serverId,
      uptimeSeconds: expect.any(Number),
      connections: 1,
      topics: 1,
      bus: { kind: 'memory', connected: true, subscriptions: 1 },
      memory: { rssBytes: expect.any(Number), heapUsedBytes: expect.any(Number) },
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      pid: process.pid,
      port: server.address()?.port,
    })
  })

  test('SG13 /metrics counts what was taken, handed out and refused, as Prometheus reads it', async () => {
    const { url } = await start()
    const client = await connect(url)
    client.say({ type: 'ping' })
    await client.hear('pong')
    client.say('no json')
    await client.closed
    const { body } = await getRaw(url, '/metrics')
    expect(body).toContain('skein_signaling_received_total{type="ping"} 1\n')
    expect(body).toContain('skein_signaling_refused_total{code="malformed"} 1\n')
    expect(body).toContain('skein_signaling_sent_total 2\n')
    for (const line of body.trim().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[\w-]+"\})? \d+)$/)
  })

  test('SG14 a draining server is not ready, closes its sockets with 1001 and accuses no peer', async () => {
    const { server, url } = await start()
    expect((await getRaw(url, '/ready')).status).toBe(200)
    const [a, b] = [await connect(url), await connect(url)]
    a.say({ type: 'join', topic: 'acme', peer: alice })
    await a.hear('joined')
    b.say({ type: 'join', topic: 'acme', peer: bob })
    await b.hear('joined')
    await server.drain()
    expect(await a.closed).toMatchObject({ code: 1001 })
    expect(await b.closed).toMatchObject({ code: 1001 })
    expect([...a.heard, ...b.heard].map((message) => message['type'])).toEqual(['joined', 'joined'])
    expect((await getRaw(url, '/ready')).status).toBe(503)
    expect(JSON.parse((await getRaw(url, '/health')).body)).toMatchObject({ status: 'draining' })
    await expect(connect(url)).rejects.toThrow('503')
    await server.close()
    await expect(getRaw(url, '/ready')).rejects.toThrow('ECONNREFUSED')
  })

  test('SG14 a client that does not answer the goodbye is cut off', async () => {
    const { server, url } = await start({ port: 0, limits: { drainTimeoutMs: 50 } })
    const deaf = await connect(url)
    deaf.socket.pause()
    await server.close()
    deaf.socket.resume()
    await deaf.closed
  })

  test('SG15 without a web app it says so; what is no GET is refused', async () => {
    const { url } = await start()
    expect(await getRaw(url, '/')).toMatchObject({ status: 404, body: expect.stringContaining('no web app') })
    expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(405)
  })
})

describe('the web app', () => {
  async function startWithApp(): Promise<string> {
    const root = await mkdtemp(join(tmpdir(), 'skein-web-'))
    cleanups.push(() => rm(root, { recursive: true }))
    await mkdir(join(root, 'app/assets'), { recursive: true })
    await mkdir(join(root, 'app-secret'))
    await writeFile(join(root, 'app/index.html'), '<title>Skein</title>')
    await writeFile(join(root, 'app/sw.js'), 'worker')
    await writeFile(join(root, 'app/assets/main-Ab3_x9Qz.js'), 'script')
    await writeFile(join(root, 'app/.env'), 'secret')
    await writeFile(join(root, 'secret.txt'), 'secret')
    await writeFile(join(root, 'app-secret/secret.txt'), 'secret')
    return (await start({ port: 0, webDir: join(root, 'app') })).url
  }

  test('SG15 files come with their type; only those with a hash in their name may be kept', async () => {
    const url = await startWithApp()
    const home = await fetch(`${url}/`)
    expect(await home.text()).toBe('<title>Skein</title>')
    expect(home.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(home.headers.get('cache-control')).toBe('no-cache')
    const policy = home.headers.get('content-security-policy')
    for (const rule of ["script-src 'self'", "worker-src 'self' blob:", 'connect-src *'])
      expect(policy).toContain(rule)
    const script = await fetch(`${url}/assets/main-Ab3_x9Qz.js?v=1`)
    expect(script.headers.get('content-type')).toContain('text/javascript')
    expect(script.headers.get('cache-control')).toContain('immutable')
    const worker = await fetch(`${url}/sw.js`)
    expect(worker.headers.get('cache-control')).toBe('no-cache')
    const again = await fetch(`${url}/sw.js`, {
      headers: { 'if-none-match': worker.headers.get('etag') ?? '' },
    })
    expect(again.status).toBe(304)
    const head = await fetch(`${url}/sw.js`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '6', ''])
  })

  test('SG15 what is text goes out compressed to whoever takes it so, as the file is by then', async () => {
    const root = await mkdtemp(join(tmpdir(), 'skein-web-'))
    cleanups.push(() => rm(root, { recursive: true }))
    const file = join(root, 'main.js')
    const [first, second] = ['first geese '.repeat(2000), 'second geese '.repeat(2000)]
    await writeFile(file, first)
    const { url } = await start({ port: 0, webDir: root })
    const ask = async (headers: Record<string, string>) => {
      const answer = await fetch(`${url}/main.js`, { headers })
      const of = (name: string): string | null => answer.headers.get(name)
      const bytes = Number(of('content-length'))
      return { text: await answer.text(), encoding: of('content-encoding'), tag: of('etag'), bytes, answer }
    }
    for (const taken of ['gzip', 'br, GZIP;q=0.5', 'deflate, gzip']) {
      const { text, encoding, bytes, answer } = await ask({ 'accept-encoding': taken })
      expect({ text, encoding }).toEqual({ text: first, encoding: 'gzip' })
      expect(bytes).toBeLessThan(first.length / 10)
      expect(answer.headers.get('vary')).toBe('accept-encoding')
    }
    for (const refused of ['identity', 'gzip;q=0', 'gzip; q=0.0, br']) {
      expect(await ask({ 'accept-encoding': refused })).toMatchObject({
        text: first,
        encoding: null,
        bytes: first.length,
      })
    }
    const { tag } = await ask({ 'accept-encoding': 'gzip' })
    expect(tag).not.toBe((await ask({ 'accept-encoding': 'identity' })).tag)
    const asBefore = { 'accept-encoding': 'gzip', 'if-none-match': tag ?? '' }
    expect((await ask(asBefore)).answer.status).toBe(304)
    await writeFile(file, second)
    expect(await ask(asBefore)).toMatchObject({ text: second, encoding: 'gzip' })
  })

  test('SG15 a file put in the place of another of its size and age is served, and not the one before', async () => {
    const root = await mkdtemp(join(tmpdir(), 'skein-web-'))
    cleanups.push(() => rm(root, { recursive: true }))
    const file = join(root, 'index.html')
    // As packages and images have it that set all times to one, so that they can be built again alike.
    const put = async (name: string): Promise<void> => {
      await writeFile(`${file}.new`, `<script src="/assets/main-${name}.js"></script>${' '.repeat(2000)}`)
      await utimes(`${file}.new`, 1, 1)
      await rename(`${file}.new`, file)
    }
    await put('AAAAAAAA')
    const { url } = await start({ port: 0, webDir: root })
    const encodings = ['gzip', 'identity']
    const tags = await Promise.all(
      encodings.map(async (taken) =>
        (await fetch(url, { headers: { 'accept-encoding': taken } })).headers.get('etag'),
      ),
    )
    await put('BBBBBBBB')
    for (const [i, taken] of encodings.entries()) {
      const headers = { 'accept-encoding': taken, 'if-none-match': tags[i] ?? '' }
      const answer = await fetch(url, { headers })
      expect([taken, answer.status]).toEqual([taken, 200])
      expect(await answer.text()).toContain('BBBBBBBB')
    }
  })

  test('SG15 who has the file is told so, also where a proxy made its tag a weak one', async () => {
    const url = await startWithApp()
    const tag = (await fetch(`${url}/sw.js`)).headers.get('etag') ?? ''
    for (const held of [tag, `W/${tag}`, `"other", ${tag}`, '*'])
      expect([held, (await fetch(`${url}/sw.js`, { headers: { 'if-none-match': held } })).status]).toEqual([
        held,
        304,
      ])
    for (const held of ['"other"', tag.slice(1, -1), ''])
      expect([held, (await fetch(`${url}/sw.js`, { headers: { 'if-none-match': held } })).status]).toEqual([
        held,
        200,
      ])
  })

  test('SG15 who asks for a file hundreds of times at once costs the memory of one', async () => {
    const root = await mkdtemp(join(tmpdir(), 'skein-web-'))
    cleanups.push(() => rm(root, { recursive: true }))
    const [requests, bytes] = [200, 1024 * 1024]
    await writeFile(join(root, 'main.js'), 'g'.repeat(bytes))
    const { url } = await start({ port: 0, webDir: root })
    const { port } = new URL(url)
    for (const taken of ['identity', 'gzip']) {
      const before = process.memoryUsage().arrayBuffers
      const socket = createConnection({ host: '127.0.0.1', port: Number(port) })
      cleanups.push(async () => socket.destroy())
      // All in one packet.
      const one = `GET /main.js HTTP/1.1\r\nhost: here\r\naccept-encoding: ${taken}\r\n\r\n`
      socket.write(one.repeat(requests - 1) + one.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'))
      let most = 0
      const look = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)), 1)
      const answers = await new Promise<number>((resolve, reject) => {
        let heard = 0
        socket.on('data', (part) => (heard += String(part).split('HTTP/1.1 200 OK').length - 1))
        socket.on('error', reject).on('end', () => resolve(heard))
      })
      clearInterval(look)
      expect([taken, answers]).toEqual([taken, requests])
      expect([taken, most < (bytes * requests) / 4]).toEqual([taken, true])
    }
  })

  test('SG15 a navigation to an unknown path opens the app, an unknown file is 404', async () => {
    const url = await startWithApp()
    const navigation = { 'sec-fetch-mode': 'navigate' }
    expect(await getRaw(url, '/rooms/general', navigation)).toMatchObject({
      status: 200,
      body: '<title>Skein</title>',
    })
    expect((await getRaw(url, '/rooms/', { accept: 'text/html' })).status).toBe(200)
    expect((await getRaw(url, '/rooms/general')).status).toBe(404)
    expect((await getRaw(url, '/assets/gone.js', navigation)).status).toBe(404)
    expect((await getRaw(url, '/assets')).status).toBe(404)
  })

  test.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/../../secret.txt',
    '/../app-secret/secret.txt',
    '/..%5csecret.txt',
    '/.env',
    '/%2eenv',
    '/sw.js%00.html',
    '/%',
    '/%ff',
    '//etc/passwd',
    'http://elsewhere/secret.txt',
    `/${'a'.repeat(5000)}`,
  ])('SG15 %s leads to nothing', async (path) => {
    const url = await startWithApp()
    expect((await getRaw(url, path)).status).toBe(404)
    expect((await getRaw(url, '/sw.js')).body).toBe('worker')
  })
})

describe('embedding', () => {
  test('SG16 it rides on a server of the caller, and leaves it open', async () => {
    const own = createServer((_, response) => response.end('own'))
    await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve))
    cleanups.push(() => new Promise((resolve) => own.close(resolve)))
    const { server, url } = await start({ server: own })
    const client = await connect(url.replace('localhost', '127.0.0.1'))
    client.say({ type: 'ping' })
    await client.hear('pong')
    await server.close()
    expect(await client.closed).toMatchObject({ code: 1001 })
    expect((await getRaw(url.replace('localhost', '127.0.0.1'), '/')).body).toBe('own')
  })

  test('SG16 upgrades to a subprotocol are left to the server’s other listeners', async () => {
    const own = createServer()
    await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve))
    cleanups.push(() => new Promise((resolve) => own.close(resolve)))
    own.on('upgrade', (incoming, socket) => {
      if (incoming.headers['sec-websocket-protocol'] !== undefined) socket.end('HTTP/1.1 418 Teapot\r\n\r\n')
    })
    const { url } = await start({ server: own, fallback: (_, response) => response.end('fallback') })
    const local = url.replace('localhost', '127.0.0.1')
    const other = new WebSocket(local.replace('http', 'ws'), 'vite-hmr')
    expect(await new Promise((resolve) => other.on('error', (error) => resolve(error.message)))).toContain(
      '418',
    )
    const client = await connect(local)
    client.say({ type: 'ping' })
    await client.hear('pong')
    expect((await getRaw(local, '/anything')).body).toBe('fallback')
    expect((await getRaw(local, '/health')).status).toBe(200)
  })

  test('SG16 it works behind handleUpgrade and handleRequest alone, and says no to both a port and a server', async () => {
    const { server } = await start({})
    const own = createServer((incoming, response) => server.handleRequest(incoming, response))
    own.on('upgrade', (incoming, socket, head) => server.handleUpgrade(incoming, socket, head))
    await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve))
    cleanups.push(() => new Promise((resolve) => own.close(resolve)))
    const { port } = own.address() as { port: number }
    const client = await connect(`http://127.0.0.1:${port}/some/path`)
    client.say({ type: 'ping' })
    await client.hear('pong')
    expect(server.address()).toBeNull()
    await expect(createSignalingServer({ port: 0, server: own })).rejects.toThrow('not both')
    await expect(createSignalingServer({ host: '0.0.0.0' })).rejects.toThrow('only where it is given a port')
    await expect(createSignalingServer({ server: own, tls: { cert: '', key: '' } })).rejects.toThrow('a port')
  })

  test.each(['bus', 'auth'])('SG16 the option %s, which is not there yet, is refused', async (option) => {
    const starting = createSignalingServer({ port: 0, [option]: {} } as SignalingOptions)
    cleanups.push(async () => (await starting.catch(() => undefined))?.close())
    await expect(starting).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(option),
    })
    await start({ port: 0, [option]: undefined } as SignalingOptions)
  })

  test.each([
    [{ ports: 0 }, 'did you mean port?'],
    [{ limits: { maxConnection: 5 } }, 'did you mean maxConnections?'],
  ])('an option of an unknown name is refused: %j', async (options, advice) => {
    const starting = createSignalingServer(options as SignalingOptions)
    cleanups.push(async () => (await starting.catch(() => undefined))?.close())
    await expect(starting).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(advice),
    })
  })

  test('SG17 a taken port is told with Node’s own error; localhost means both loopback addresses', async () => {
    const { url } = await start()
    const port = Number(new URL(url).port)
    await expect(createSignalingServer({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await expect(createSignalingServer({ port, host: '127.0.0.1' })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
    await new Promise<void>((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path: '/health', agent: false }, (response) => {
        response.resume().on('end', resolve)
      })
      asked.on('error', reject).end()
    })
  })
})
