// Signaling servers and their clients. The server knows who is on a topic, introduces a newcomer to a random few,
// carries signals to their addressee with the sender's name stamped on, and hints when a socket closed. The client
// reconnects by itself with jittered backoff.

import { MeshError } from '../../base/errors.ts'
import type { PeerId } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import type { Signaling, SignalingEvents, SignalingState } from '../../base/ports.ts'
import type { Cancel } from './clock.ts'
import { between, type Host } from './host.ts'
import type { Network } from './network.ts'
import { createWire, type WireEnd } from './wire.ts'

/** A newcomer is told of at most this many others (docs: the server's sample). */
const sampleSize = 8
/** A socket whose path is cut is noticed by its pings after this long. */
const socketFailsAfterMs = 30_000
const connectTimeoutMs = 5_000

type SocketItem =
  | { readonly type: 'join'; readonly topic: string; readonly me: PeerId }
  | { readonly type: 'refresh' }
  | { readonly type: 'send'; readonly to: PeerId; readonly data: string }
  | { readonly type: 'present'; readonly sample: readonly PeerId[]; readonly count: number }
  | { readonly type: 'signal'; readonly from: PeerId; readonly data: string }
  | { readonly type: 'absent'; readonly peer: PeerId }
  | { readonly type: 'socketClosed'; readonly peer: PeerId }

type Socket = WireEnd<SocketItem>

const post = (socket: Socket, item: SocketItem): void =>
  socket.send(item, JSON.stringify(item).length, `signaling ${item.type}`)

// ---------------------------------------------------------------------------------------------- server

export interface SimServer {
  readonly url: string
  readonly running: boolean
  /** Its process dies: every socket closes. */
  stop(): void
  /** Begins anew, knowing nobody. Servers run from the first. */
  start(): void
}

export interface ServerInternals extends SimServer {
  readonly host: Host
  accept(socket: Socket): void
}

export function createServer(url: string, network: Network, makeHost: () => Host): ServerInternals {
  let host = makeHost()
  let topics = new Map<string, Map<PeerId, Socket>>()

  const othersOf = (topic: string, me: PeerId): Map<PeerId, Socket> => {
    const others = new Map(topics.get(topic))
    others.delete(me)
    return others
  }
  const present = (socket: Socket, topic: string, me: PeerId): void => {
    const others = [...othersOf(topic, me).keys()]
    post(socket, { type: 'present', sample: network.random.sample(others, sampleSize), count: others.length })
  }
  const join = (socket: Socket, topic: string, me: PeerId): void => {
    const members = topics.get(topic) ?? new Map<PeerId, Socket>()
    topics.set(topic, members.set(me, socket))
    present(socket, topic, me)
  }
  const leave = (socket: Socket, topic: string, me: PeerId): void => {
    // A socket that was replaced by a newer one of the same peer says nothing about that peer.
    if (topics.get(topic)?.get(me) !== socket) return
    for (const other of othersOf(topic, me).values()) post(other, { type: 'socketClosed', peer: me })
    topics.get(topic)?.delete(me)
  }
  const carry = (socket: Socket, topic: string, from: PeerId, to: PeerId, data: string): void => {
    const addressee = othersOf(topic, from).get(to)
    if (addressee === undefined) post(socket, { type: 'absent', peer: to })
    else post(addressee, { type: 'signal', from, data })
  }

  return {
    url,
    get host() {
      return host
    },
    get running() {
      return host.alive
    },
    stop: () => {
      topics = new Map()
      host.die('down')
    },
    start: () => {
      if (!host.alive) host = makeHost()
    },
    accept: (socket) => {
      let joined: { readonly topic: string; readonly me: PeerId } | undefined
      socket.on = {
        item: (item) => {
          if (item.type === 'join') {
            joined = item
            join(socket, item.topic, item.me)
          } else if (joined !== undefined && item.type === 'refresh') present(socket, joined.topic, joined.me)
          else if (joined !== undefined && item.type === 'send')
            carry(socket, joined.topic, joined.me, item.to, item.data)
        },
        ended: () => {
          if (joined !== undefined) leave(socket, joined.topic, joined.me)
        },
      }
    },
  }
}

// ---------------------------------------------------------------------------------------------- client

export function createSignaling(
  host: Host,
  url: string,
  network: Network,
  findServer: (url: string) => ServerInternals | undefined,
): Signaling {
  const { random } = network
  let events: SignalingEvents | undefined
  let session: { readonly topic: string; readonly me: PeerId } | undefined
  let socket: Socket | undefined
  let opened = false
  let failures = 0
  let cancelNext: Cancel = () => undefined

  const tell = (state: SignalingState, problem?: string): void =>
    events?.state(
      state,
      problem === undefined ? undefined : new MeshError('signaling-failed', `${url}: ${problem}`),
    )

  const connect = (): void => {
    cancelNext = host.after(0, `${url} connecting`, () => {
      tell('connecting')
      cancelNext = host.after(between(random, 3, 15), `${url} connects`, tryToOpen)
    })
  }

  const reaches = (server: ServerInternals): boolean =>
    network.reaches(host.name, server.host.name) && network.reaches(server.host.name, host.name)

  const tryToOpen = (): void => {
    const server = findServer(url)
    if (server === undefined) retry('no such host')
    else if (!reaches(server)) {
      cancelNext = host.after(connectTimeoutMs, `${url} connect times out`, () => retry('it does not answer'))
    } else if (!server.running) retry('it refused the connection')
    else open(server)
  }

  const open = (server: ServerInternals): void => {
    if (session === undefined) return
    const [near, far] = createWire<SocketItem>(host, server.host, {
      network,
      label: `socket ${host.name}-${url}`,
      overNetwork: true,
      latency: socketLatency(network),
      bytesPerMs: network.bytesPerMs,
      lowWaterBytes: Infinity,
      failAfterMs: socketFailsAfterMs,
      // With the latency of the hint this makes 10 to 30 ms from the death to the hint.
      deathNoticeMs: () => between(random, 8, 15),
    })
    server.accept(far)
    socket = near
    opened = true
    failures = 0
    near.on = { item: receive, ended: retry }
    tell('open')
    post(near, { type: 'join', ...session })
  }

  const receive = (item: SocketItem): void => {
    if (item.type === 'present') events?.present(item.sample, item.count)
    if (item.type === 'signal') events?.signal(item.from, item.data)
    if (item.type === 'absent') events?.absent(item.peer)
    if (item.type === 'socketClosed') events?.socketClosed(item.peer)
  }

  const retry = (problem: string): void => {
    socket = undefined
    opened = false
    tell('closed', problem)
    const pauseMs = Math.min(limits.reconnectMaxMs, limits.reconnectBaseMs * 2 ** failures++)
    // `tell` may have closed us.
    if (session !== undefined)
      cancelNext = host.after(between(random, pauseMs / 2, pauseMs), `${url} retry`, connect, 'alarm')
  }

  const close = (): void => {
    session = undefined
    cancelNext()
    socket?.close('the client closed the socket')
    socket = undefined
    opened = false
  }

  return {
    url,
    get events() {
      return events
    },
    set events(listener) {
      events = listener
    },
    start: (topic, me) => {
      close()
      session = { topic, me }
      failures = 0
      connect()
    },
    send: (to, data) => {
      if (!opened || socket === undefined || !host.alive) return false
      post(socket, { type: 'send', to, data })
      return true
    },
    refresh: () => {
      if (opened && socket !== undefined) post(socket, { type: 'refresh' })
    },
    close,
  }
}

const socketLatency = (network: Network): (() => number) => {
  const base = between(network.random, 2, 12)
  return () => between(network.random, base, 1.2 * base)
}
