// Puts the signaling server together: the hub, its sockets, the HTTP side, and a port of its own or somebody else's
// server. Holds no rule of its own; those are in hub.ts.

import { randomBytes } from 'node:crypto'
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { MeshError } from '../core/base/errors.ts'
import { toHex } from '../core/base/ids.ts'
import { refuseUnknownOptions } from '../core/base/option-names.ts'
import { createRandom } from '../core/base/random.ts'
import { withoutUndefined } from '../core/base/without-undefined.ts'
import { createRequestListener, type ShellStatus } from './http.ts'
import { createHub } from './hub.ts'
import { type SignalingLimits, signalingLimits } from './limits.ts'
import { listen } from './listen.ts'
import { createSockets, type Sockets } from './sockets.ts'
import { readVersion } from './version.ts'

export interface SignalingOptions {
  /** Listen on this port; 0 for one of the system's choice. With neither `port` nor `server` nothing is listened on. */
  readonly port?: number
  /** Which address to listen on. Default `localhost`: both loopback addresses. */
  readonly host?: string
  /** PEM texts; with them it speaks https and wss. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer }
  /**
   * Use this HTTP server instead: its upgrades become signaling sockets, and where it has no request listener of its
   * own it gets ours too. Upgrades that ask for a subprotocol are left to its other listeners, if it has any.
   */
  readonly server?: Server
  readonly limits?: Partial<SignalingLimits>
  /** Directory of the built web app. */
  readonly webDir?: string
  /** Answers what neither `/health`, `/metrics` nor `/ready` is, in place of `webDir`. */
  readonly fallback?: RequestListener
}

export interface SignalingServer {
  /** 32 hex digits, new at every start. */
  readonly serverId: string
  /** Where it listens; `null` where it does not, or no longer. */
  address(): AddressInfo | null
  /** For an HTTP server that routes its upgrades itself. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** For an HTTP server that routes its requests itself. */
  handleRequest: RequestListener
  /** Refuses new sockets, `/ready` says 503, and closes the open ones with 1001. Resolves when all are closed. */
  drain(): Promise<void>
  /** Drains, then stops listening. A `server` that was passed in stays open. */
  close(): Promise<void>
}

/**
 * Resolves once it listens. Rejects with Node's error, `EADDRINUSE` among them, if it cannot; with a `MeshError`
 * `invalid-argument` for `bus` and `auth`, which are not there yet, and for options it does not know.
 */
export async function createSignalingServer(options: SignalingOptions = {}): Promise<SignalingServer> {
  if (options.server !== undefined && options.port !== undefined) {
    throw new TypeError('Pass either a port or a server to createSignalingServer, not both.')
  }
  refuseWhatIsToCome(options)
  refuseUnknownOptions('createSignalingServer()', options, optionNames)
  if ((options.host ?? options.tls) !== undefined && options.port === undefined)
    throw new TypeError(
      'createSignalingServer() listens on a host, or with tls, only where it is given a port.',
    )
  refuseUnknownOptions('limits', options.limits ?? {}, Object.keys(signalingLimits))
  const serverId = toHex(randomBytes(16))
  const limits = { ...signalingLimits, ...withoutUndefined(options.limits ?? {}) }
  const hub = createHub({ serverId, limits, random: createRandom(randomBytes(16)).float })
  const sockets = createSockets(hub, limits)
  const listening: Server[] = []
  const connections = new Set<Socket>()
  const failures = { requests: 0 }
  const handleRequest = createRequestListener({
    hub,
    status: describe(serverId, await readVersion(), sockets, options.server ?? listening, failures),
    webDir: options.webDir,
    fallback: options.fallback,
    failed: () => (failures.requests += 1),
  })

  const createServer = (): Server => {
    const server = options.tls === undefined ? createHttpServer() : createHttpsServer(options.tls)
    server.on('request', handleRequest)
    // Those that never say a word too: over TLS, `closeAllConnections` knows none before its handshake.
    server.on('connection', (socket: Socket) => {
      connections.add(socket)
      socket.once('close', () => connections.delete(socket))
    })
    return server.on('upgrade', sockets.upgrade)
  }
  let detach = (): void => {}
  if (options.server !== undefined) detach = attach(options.server, sockets, handleRequest)
  if (options.port !== undefined) {
    const opening = listen(createServer, options.port, options.host ?? 'localhost')
    // Whoever tries one port after the other leaves no timer behind at each.
    opening.catch(() => sockets.drain())
    listening.push(...(await opening))
  }

  return {
    serverId,
    address: () => addressOf(options.server ?? listening[0]),
    handleUpgrade: sockets.upgrade,
    handleRequest,
    drain: sockets.drain,
    close: async () => {
      await sockets.drain()
      detach()
      const closed = Promise.all(listening.splice(0).map(closeServer))
      for (const socket of connections) socket.destroy()
      await closed
    },
  }
}

const optionNames: readonly (keyof SignalingOptions)[] = [
  'port',
  'host',
  'tls',
  'server',
  'limits',
  'webDir',
  'fallback',
]

/** Whoever gives one relies on it: left out in silence, the server would stand alone, or be open to all. */
function refuseWhatIsToCome(
  options: SignalingOptions & { readonly bus?: unknown; readonly auth?: unknown },
): void {
  if (options.auth !== undefined)
    throw new MeshError(
      'invalid-argument',
      'The signaling server cannot ask its clients who they are yet: whoever reaches it can use it. Leave auth out.',
    )
  if (options.bus !== undefined)
    throw new MeshError(
      'invalid-argument',
      'Signaling servers cannot be joined by a bus yet: give peers the addresses of all of them. Leave bus out.',
    )
}

function attach(server: Server, sockets: Sockets, handleRequest: RequestListener): () => void {
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const isOthers =
      request.headers['sec-websocket-protocol'] !== undefined && server.listenerCount('upgrade') > 1
    if (!isOthers) sockets.upgrade(request, socket, head)
  }
  if (server.listenerCount('request') === 0) server.on('request', handleRequest)
  server.on('upgrade', upgrade)
  return () => server.off('upgrade', upgrade).off('request', handleRequest)
}

function describe(
  serverId: string,
  version: string,
  sockets: Sockets,
  servers: Server | readonly Server[],
  failures: { readonly requests: number },
): ShellStatus {
  const startedAt = performance.now()
  return {
    serverId,
    version,
    port: () => addressOf('listen' in servers ? servers : servers[0])?.port ?? 0,
    get draining() {
      return sockets.draining
    },
    get connections() {
      return sockets.connections
    },
    uptimeSeconds: () => (performance.now() - startedAt) / 1000,
    get tooSlow() {
      return sockets.tooSlow
    },
    get turnedAway() {
      return sockets.turnedAway
    },
    get failures() {
      return sockets.failures + failures.requests
    },
  }
}

function addressOf(server: Server | undefined): AddressInfo | null {
  const address = server?.address()
  return typeof address === 'object' ? (address ?? null) : null
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)))
  })
}
