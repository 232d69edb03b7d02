// The Signaling port: a client of one signaling server (server.ts), which reconnects by itself with jittered backoff.

import { MeshError } from '../../base/errors.ts'
import type { PeerId } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import type { Signaling, SignalingEvents, SignalingState } from '../../base/ports.ts'
import type { Cancel } from './clock.ts'
import { between, type Host } from './host.ts'
import type { Network } from './network.ts'
import { post, socketFailsAfterMs, type ServerInternals, type Socket, type SocketItem } from './server.ts'
import { createWire } from './wire.ts'

const connectTimeoutMs = 5_000

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
    const [near, far, sever] = createWire<SocketItem>(host, server.host, {
      network,
      label: `socket ${host.name}-${url}`,
      overNetwork: true,
      latency: socketLatency(network),
      bytesPerMs: () => network.bytesPerMs,
      lowWaterBytes: Infinity,
      failAfterMs: socketFailsAfterMs,
      // With the latency of the hint this makes 10 to 30 ms from the death to the hint.
      deathNoticeMs: () => between(random, 8, 15),
    })
    server.accept(host.name, far, (toldMs) => sever([toldMs, undefined]))
    socket = near
    opened = true
    failures = 0
    near.on = { item: receive, ended: retry }
    tell('open')
    post(near, { type: 'join', ...session })
  }

  const receive = (item: SocketItem): void => {
    if (item.type === 'present') events?.present(item.sample)
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
      const open = socket
      if (!opened || open === undefined || !host.alive) return false
      host.effect('signal', (done) => {
        post(open, { type: 'send', to, data })
        done?.()
      })
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
  return () => between(network.random, base, 1.2 * base) + network.tailMs()
}
