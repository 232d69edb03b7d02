// The client of one signaling server: joins one topic, carries signals, comes back by itself. It pauses longer after
// each failure, by chance, so that a thousand peers do not return to a restarted server in one instant; it asks for
// a sign of life and gives a silent socket up, because a dead network does not close sockets.

import { MeshError } from '../../base/errors.ts'
import type { PeerId } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import type { Clock, Signaling, SignalingEvents, SignalingState } from '../../base/ports.ts'
import { formatSignalingRequest, parseSignalingNotice, type SignalingRequest } from '../../wire/signals.ts'

/** As y-webrtc has it: a ping each 15 s, over after 30 s of silence. */
const pingIntervalMs = 15_000
const silenceLimitMs = 30_000
/** A server that is stopped takes connections still, and answers none. chosen: as long as between two pings. */
const connectLimitMs = 15_000
/** Back on a network, an open connection may be one of the former network's: it answers within this. chosen: of a slow line. */
const probeLimitMs = 5000
/** A closed socket that does not end its handshake is cut after this. chosen. */
const cutAfterMs = 1000

/** What we use of a WebSocket: the browser's, or that of `ws`. */
export interface Socket {
  readonly readyState: number
  send(text: string): void
  close(): void
  /** `ws` only: ends it without a handshake. */
  terminate?(): void
  addEventListener(type: 'open', listener: () => void): void
  /** `error` tells why; `ws` only, a browser keeps that to itself. */
  addEventListener(type: 'error', listener: (event: { readonly error?: unknown }) => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void
}

export interface SignalingClientOptions {
  readonly url: string
  readonly clock: Clock
  /** Opens a socket; throws for a URL that is none. */
  readonly open: (url: string) => Socket
  /** A float in [0, 1), for the pauses. */
  readonly random: () => number
  readonly reconnectBaseMs?: number
  readonly reconnectMaxMs?: number
  /** Said with every failure until it was reached for the first time: what may be wrong with the address. */
  readonly advice?: string | undefined
  /** Calls `listener` when the device is back on a network; returns how to stop. */
  readonly onOnline?: (listener: () => void) => () => void
}

const openState = 1

export function createSignalingClient(options: SignalingClientOptions): Signaling {
  const { url, clock, random } = options
  const baseMs = options.reconnectBaseMs ?? limits.reconnectBaseMs
  const maxMs = options.reconnectMaxMs ?? limits.reconnectMaxMs
  let events: SignalingEvents | undefined
  let state: SignalingState = 'closed'
  let session: { readonly topic: string; readonly me: PeerId } | undefined
  let socket: Socket | undefined
  let failures = 0
  let { advice } = options
  let heardAtMs = 0
  let openedAtMs = 0
  /** Of this connection, what it said was reported once: a server may send any number of them. */
  let malformed = false
  let refused = false
  let callOffRetry = (): void => {}
  /** Of a connection that is not open yet, the end of patience with it; of an open one, the next ping. */
  let callOffWatch = (): void => {}
  let stopOnline = (): void => {}

  const nowMs = (): number => clock.now().monotonicMs
  const after = (delayMs: number, ring: () => void): (() => void) => clock.alarm(nowMs() + delayMs, ring)
  const failure = (sentence: string, cause?: unknown, details?: Record<string, unknown>): MeshError =>
    new MeshError(
      'signaling-failed',
      `The signaling server ${url} ${sentence}${advice ? ` ${advice}` : ''}`,
      {
        details: { url, ...details },
        cause,
      },
    )

  const enter = (next: SignalingState, problem?: MeshError): void => {
    state = next
    events?.state(next, problem)
  }

  const request = (message: SignalingRequest): boolean => {
    if (socket?.readyState !== openState || state !== 'open') return false
    socket.send(formatSignalingRequest(message))
    return true
  }

  const connect = (): void => {
    callOffRetry()
    if (session === undefined) return
    let opened: Socket
    try {
      opened = options.open(url)
    } catch (cause) {
      // A URL that is none stays none: not tried again until the next `start`.
      queueMicrotask(() => enter('closed', failure(`cannot be reached: ${describeRefusal(cause)}.`, cause)))
      return
    }
    socket = opened
    malformed = refused = false
    callOffWatch = after(connectLimitMs, () => lose(failure('does not answer. It is tried again.')))
    queueMicrotask(() => {
      if (socket === opened && state === 'closed') enter('connecting')
    })
    // Listeners stay on a socket that was given up (an error nobody hears would end a Node process); they do nothing.
    let reason: unknown
    opened.addEventListener('error', ({ error }) => (reason = error))
    opened.addEventListener('open', () => socket === opened && onOpen())
    opened.addEventListener('message', (event) => socket === opened && onMessage(event.data))
    opened.addEventListener('close', (event) => {
      if (socket === opened) lose(failure(describeClose(state, event, reason), reason))
    })
  }

  const onOpen = (): void => {
    if (session === undefined) return
    callOffWatch()
    advice = undefined
    openedAtMs = heardAtMs = nowMs()
    enter('open')
    request({ type: 'join', topic: session.topic, peer: session.me })
    ping()
  }

  const ping = (): void => {
    callOffWatch = after(pingIntervalMs, () => {
      if (nowMs() - heardAtMs >= silenceLimitMs) {
        lose(failure(`was silent for ${silenceLimitMs / 1000} s. It is tried again.`))
        return
      }
      request({ type: 'ping' })
      ping()
    })
  }

  const probe = (): void => {
    callOffWatch()
    heardAtMs = Number.NEGATIVE_INFINITY
    request({ type: 'ping' })
    callOffWatch = after(probeLimitMs, () => {
      if (heardAtMs > Number.NEGATIVE_INFINITY) ping()
      else lose(failure(`did not answer within ${probeLimitMs / 1000} s. It is tried again.`))
    })
  }

  const onMessage = (data: unknown): void => {
    heardAtMs = nowMs()
    const notice =
      typeof data === 'string' ? parseSignalingNotice(data) : { ok: false as const, error: 'not text' }
    if (!notice.ok) {
      if (malformed) return
      malformed = true
      events?.state(state, failure(`sent a message that was ignored: ${notice.error}.`))
      return
    }
    const { value } = notice
    if (value.type === 'pong') return
    if (value.type === 'error' && value.code === 'replaced') {
      const sentence = 'is used by another connection of this peer: is it listed by two addresses?'
      lose(failure(sentence, undefined, { replaced: true }))
      return
    }
    if (value.type === 'error') {
      if (refused) return
      refused = true
      events?.state(state, failure(`refused a message: ${value.reason} (${value.code})`))
      return
    }
    if (value.topic !== session?.topic) return
    if (value.type === 'joined') events?.present(value.peers.filter((peer) => peer !== session?.me))
    else if (value.type === 'signal') events?.signal(value.from, value.data)
    else if (value.type === 'absent') events?.absent(value.peer)
    else events?.socketClosed(value.peer)
  }

  /** Gives the socket up and tries again later. */
  const lose = (problem: MeshError): void => {
    // One that stood long enough was a success: the next failure is a first one.
    if (state === 'open' && nowMs() - openedAtMs >= maxMs) failures = 0
    drop()
    enter('closed', problem)
    if (session === undefined) return
    const pauseMs = Math.min(maxMs, baseMs * 2 ** Math.min(failures, 30))
    failures++
    callOffRetry = after(pauseMs * (0.5 + random() / 2), connect)
  }

  const drop = (): void => {
    callOffWatch()
    const dropped = socket
    socket = undefined
    if (dropped === undefined) return
    dropped.close()
    if (dropped.terminate === undefined) return
    const callOffCut = after(cutAfterMs, () => dropped.terminate?.())
    dropped.addEventListener('close', callOffCut)
  }

  const close = (): void => {
    if (session !== undefined) request({ type: 'leave', topic: session.topic })
    session = undefined
    stopOnline()
    stopOnline = () => {}
    callOffRetry()
    drop()
    state = 'closed'
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
      stopOnline =
        options.onOnline?.(() => {
          failures = 0
          if (socket === undefined) connect()
          else if (state === 'open') probe()
        }) ?? (() => {})
      connect()
    },
    send: (to, data) => session !== undefined && request({ type: 'signal', topic: session.topic, to, data }),
    refresh: () => {
      if (session !== undefined) request({ type: 'join', topic: session.topic, peer: session.me })
    },
    close,
  }
}

/** A browser opens none to `ws://` from a page that came by https, nor to the ports of other services. */
function describeRefusal(cause: unknown): string {
  const { name, message } = (cause ?? {}) as { readonly name?: string; readonly message?: string }
  return name === 'SecurityError'
    ? `the browser does not allow it here (${message}). A page that came by https needs an address that begins with wss://`
    : 'its address is not a WebSocket URL'
}

function describeClose(
  state: SignalingState,
  event: { readonly code: number; readonly reason: string },
  cause: unknown,
): string {
  if (state !== 'open') {
    // Where none of several addresses was reached, Node has a code and no message.
    const { message, code } = (cause ?? {}) as { readonly message?: string; readonly code?: string }
    const why = message || code
    return `cannot be reached${why ? ` (${why})` : ''}. It is tried again.`
  }
  const reason = event.reason === '' ? `code ${event.code}` : event.reason
  return `closed the connection (${reason}). It is tried again.`
}
