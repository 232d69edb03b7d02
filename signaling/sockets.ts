// Runs the hub on real WebSockets: frames in, effects out, and a probe at steady intervals. Holds the sockets of the
// server and bounds what each may make it keep.

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import type { Hub, HubEffect, SocketId } from './hub.ts'
import type { SignalingLimits } from './limits.ts'

export interface Sockets {
  /** Takes over a socket that asked to become a WebSocket; refuses with 503 while full or draining. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Refuses whoever comes, closes all sockets with 1001, and cuts off whoever does not answer in time. */
  drain(): Promise<void>
  readonly draining: boolean
  readonly connections: number
  readonly tooSlow: number
  readonly turnedAway: number
  readonly failures: number
}

const goingAway = 1001
/** RFC 6455, 5.5: a close frame has at most 125 bytes, two of them the code. */
const maxCloseReasonBytes = 123

export function createSockets(hub: Hub, limits: SignalingLimits): Sockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: limits.maxFrameBytes,
    perMessageDeflate: false,
    clientTracking: false,
  })
  const sockets = new Map<SocketId, WebSocket>()
  let lastId = 0
  let draining = false
  let drained = (): void => {}
  const counters = { tooSlow: 0, turnedAway: 0, failures: 0 }

  const send = (to: readonly SocketId[], text: string): void => {
    for (const id of to) {
      const socket = sockets.get(id)
      // While we drain all are closing, so nobody is told that the others are gone: they are not, we are.
      if (socket?.readyState !== WebSocket.OPEN) continue
      socket.send(text)
      if (socket.bufferedAmount <= limits.maxUnsentBytes) continue
      counters.tooSlow += 1
      socket.terminate()
    }
  }

  const carryOut = (effects: readonly HubEffect[]): void => {
    for (const effect of effects) {
      if (effect.type === 'send') send(effect.to, JSON.stringify(effect.message))
      else if (effect.type === 'close')
        sockets.get(effect.socket)?.close(effect.code, fitCloseReason(effect.reason))
      else if (effect.type === 'probe') sockets.get(effect.socket)?.ping()
      else sockets.get(effect.socket)?.terminate()
    }
  }

  const accept = (socket: WebSocket): void => {
    const id = ++lastId
    sockets.set(id, socket)
    hub.connected(id, performance.now())
    // A stock server reads JSON from binary frames too.
    socket.on('message', (data: RawData) => carryOut(hub.message(id, data.toString(), performance.now())))
    socket.on('pong', () => hub.alive(id))
    // `ws` has closed the socket with the fitting code (1009 too large, 1007 no UTF-8, 1002 no WebSocket) already.
    socket.on('error', () => (counters.failures += 1))
    socket.on('close', () => {
      sockets.delete(id)
      carryOut(hub.disconnected(id))
      if (sockets.size === 0) drained()
    })
  }

  const probing = setInterval(() => carryOut(hub.tick(performance.now())), limits.probeIntervalMs)
  // Whoever listens keeps the process running; looking at sockets that are not there should not.
  probing.unref()

  const drain = (): Promise<void> => {
    draining = true
    clearInterval(probing)
    for (const socket of sockets.values()) socket.close(goingAway, 'The server is shutting down.')
    if (sockets.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const cutOff = setTimeout(() => {
        for (const socket of sockets.values()) socket.terminate()
      }, limits.drainTimeoutMs)
      drained = () => {
        clearTimeout(cutOff)
        resolve()
      }
    })
  }
  let drainingDone: Promise<void> | undefined

  return {
    upgrade: (request, socket, head) => {
      if (draining || sockets.size >= limits.maxConnections) {
        counters.turnedAway += 1
        // Node has taken its own listener off: an error nobody hears would end the process.
        socket.on('error', () => (counters.failures += 1))
        // A client may keep its half open for ever.
        socket.once('finish', () => socket.destroy())
        socket.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
        return
      }
      server.handleUpgrade(request, socket, head, accept)
    },
    drain: () => (drainingDone ??= drain()),
    get draining() {
      return draining
    },
    get connections() {
      return sockets.size
    },
    get tooSlow() {
      return counters.tooSlow
    },
    get turnedAway() {
      return counters.turnedAway
    },
    get failures() {
      return counters.failures
    },
  }
}

function fitCloseReason(reason: string): string {
  return Buffer.byteLength(reason) <= maxCloseReasonBytes ? reason : reason.slice(0, maxCloseReasonBytes / 3)
}
