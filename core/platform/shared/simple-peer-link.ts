// WebRTC links, in browsers and in Node: simple-peer with a data channel and nothing else, behind the Connector and
// Link ports. An attempt lives under the id its initiator chose until it fails, is abandoned, runs out of time or
// becomes a link; its signals travel as opaque text, a few in one, because signaling servers count messages.

/// <reference path="./simple-peer-min.d.ts" />
import SimplePeer from 'simple-peer/simplepeer.min.js'
import { assert } from '../../base/errors.ts'
import type { PeerId } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import type { Clock, Connector, ConnectorEvents, IceServer, Link } from '../../base/ports.ts'
import { createLinkInbox, type LinkInbox } from './link-inbox.ts'
import { LinkRoom } from './link-room.ts'
import { isDescription, isOfNoUse, readSignals, writeSignals, type PeerSignal } from './peer-signals.ts'
import { watchConnection, type DataChannel, type WebRtc } from './watched-connection.ts'

/** Candidates found within this are sent together. chosen: Chromium finds its host candidates within it. */
const gatherSignalsMs = 10

/** How long an answerer keeps its candidates for an initiator that wants to be reached first. chosen: an exchange of
 * signals; only where the initiator cannot be reached (NAT) does it cost time. */
const headStartMs = 100

/** Answers under way at once; a flood of offers ends here. chosen: twice a full mesh that starts all at once. */
const maxAnswering = 32

/** Addresses of a far end that are taken: each is called at, whoever it belongs to. chosen: a machine with dozens, by several servers. */
const maxCandidates = 256

export interface SimplePeerConnectorOptions {
  readonly clock: Clock
  readonly webrtc: WebRtc
  /** Default none: host candidates suffice on one network. */
  readonly iceServers?: readonly IceServer[]
  /** Default `limits.dialTimeoutMs`. */
  readonly dialTimeoutMs?: number
}

/** One way to a remote peer, from its first signal to the end of its link. */
interface Attempt {
  readonly remote: PeerId
  readonly connection: string
  readonly initiator: boolean
  readonly peer: SimplePeer
  readonly inbox: LinkInbox
  readonly room: LinkRoom
  channel: DataChannel | undefined
  linked: boolean
  /** Our description was sent. A far end without it could do nothing with our candidates. */
  spoken: boolean
  /** The far end's description was taken: each end gives one, further ones are dropped. */
  described: boolean
  /** An answerer that was asked to reach out first. */
  reachesFirst: boolean
  /** The far end's addresses that were taken. */
  candidates: number
  unsent: PeerSignal[]
  problem: string | undefined
  callOffTimeout: () => void
  callOffSignals: (() => void) | undefined
}

export function createSimplePeerConnector(options: SimplePeerConnectorOptions): Connector {
  const { clock, webrtc } = options
  const dialTimeoutMs = options.dialTimeoutMs ?? limits.dialTimeoutMs
  const attempts = new Map<string, Attempt>()
  let iceServers = options.iceServers ?? []
  let events: ConnectorEvents | undefined

  const key = (remote: PeerId, connection: string): string => `${remote} ${connection}`
  const after = (delayMs: number, ring: () => void): (() => void) =>
    clock.alarm(clock.now().monotonicMs + delayMs, ring)

  const begin = (remote: PeerId, connection: string, initiator: boolean): Attempt => {
    let attempt: Attempt | undefined = undefined
    let early: DataChannel | undefined
    const peer = new SimplePeer({
      initiator,
      trickle: true,
      // Means nothing with trickle on, but its timer (5 s if unset) would keep Node from exiting.
      iceCompleteTimeout: 1,
      config: { iceServers: iceServers.map(copyIceServer) },
      wrtc: watchConnection(webrtc, clock, (channel) => {
        // simple-peer makes the initiator's channel inside its constructor.
        if (attempt === undefined) early = channel
        else if (attempt.channel === undefined) attempt.channel = channel
        else finish(attempt, 'the far end opened a second data channel')
      }),
    })
    const made: Attempt = {
      remote,
      connection,
      initiator,
      peer,
      inbox: createLinkInbox(),
      room: new LinkRoom(),
      channel: early,
      linked: false,
      spoken: false,
      described: false,
      reachesFirst: false,
      candidates: 0,
      unsent: [],
      problem: undefined,
      callOffTimeout: after(dialTimeoutMs, () => finish(made, `no link within ${dialTimeoutMs / 1000} s`)),
      callOffSignals: undefined,
    }
    attempt = made
    attempts.set(key(remote, connection), made)
    // 'data' first: simple-peer keeps frames apart only while somebody listens.
    peer.on('data', (bytes) => receive(made, bytes))
    peer.on('signal', (signal) => gather(made, signal as PeerSignal))
    peer.on('connect', () => connected(made))
    peer.on('error', (error) => {
      made.problem = error.message
    })
    peer.on('close', () => finish(made, made.problem ?? 'the far end closed the connection'))
    return made
  }

  const receive = (attempt: Attempt, bytes: Uint8Array): void => {
    // A plain view: the Buffer that simple-peer gives slices and prints differently.
    const kept = attempt.inbox.frame(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    if (!kept) finish(attempt, 'frames came faster than they were taken')
  }

  const connected = (attempt: Attempt): void => {
    if (!isKnown(attempt) || attempt.channel === undefined) return
    attempt.callOffTimeout()
    attempt.linked = true
    const { channel, room, inbox } = attempt
    channel.bufferedAmountLowThreshold = room.limitBytes / 2
    channel.addEventListener('bufferedamountlow', () => {
      room.drained(channel.bufferedAmount, clock.now().monotonicMs)
      channel.bufferedAmountLowThreshold = room.limitBytes / 2
      inbox.drained()
    })
    const nowMs = (): number => clock.now().monotonicMs
    events?.linked(createLink(attempt, nowMs, end, finish))
  }

  const gather = (attempt: Attempt, signal: PeerSignal): void => {
    if (!isKnown(attempt)) return
    if (!isDescription(signal)) {
      if (isOfNoUse(signal)) return
      attempt.unsent.push(signal)
      sendLater(attempt)
      return
    }
    const asksToBeReached = attempt.initiator && webrtc.answererFirst
    tell(attempt, [asksToBeReached ? { ...signal, answererFirst: true } : signal])
    attempt.spoken = true
    sendLater(attempt)
  }

  /** Sends, together, the candidates found until then. */
  const sendLater = (attempt: Attempt): void => {
    const waitsForAnswer = attempt.initiator && webrtc.answererFirst && !attempt.described
    if (!attempt.spoken || waitsForAnswer || attempt.unsent.length === 0) return
    attempt.callOffSignals ??= after(attempt.reachesFirst ? headStartMs : gatherSignalsMs, () => {
      attempt.callOffSignals = undefined
      tell(attempt, attempt.unsent.splice(0))
    })
  }

  const tell = (attempt: Attempt, signals: readonly PeerSignal[]): void => {
    for (const text of writeSignals(signals)) events?.signal(attempt.remote, attempt.connection, text)
  }

  const isKnown = (attempt: Attempt): boolean =>
    attempts.get(key(attempt.remote, attempt.connection)) === attempt

  /** Ends it on our side. False if it had ended before. */
  const end = (attempt: Attempt): boolean => {
    if (!isKnown(attempt)) return false
    attempts.delete(key(attempt.remote, attempt.connection))
    attempt.callOffTimeout()
    attempt.callOffSignals?.()
    attempt.peer.destroy()
    return true
  }

  /** Ends it and says so, later. */
  const finish = (attempt: Attempt, reason: string): void => {
    if (!end(attempt)) return
    if (attempt.linked) attempt.inbox.down(reason)
    else queueMicrotask(() => events?.failed(attempt.remote, attempt.connection, reason))
  }

  const answer = (remote: PeerId, connection: string): Attempt | undefined => {
    const waiting = [...attempts.values()].filter((other) => !other.initiator && !other.linked)
    // An initiator that offers anew has given its former attempt up.
    const former = waiting.find((other) => other.remote === remote)
    if (former !== undefined) finish(former, 'the far end began anew')
    else if (waiting.length >= maxAnswering) return undefined
    return begin(remote, connection, false)
  }

  const take = (attempt: Attempt, signal: PeerSignal): void => {
    if (isDescription(signal)) {
      if (attempt.described || signal.type !== (attempt.initiator ? 'answer' : 'offer')) return
      attempt.described = true
      attempt.reachesFirst = signal.answererFirst === true
    } else if (++attempt.candidates > maxCandidates) return
    try {
      attempt.peer.signal(signal)
      if (isDescription(signal)) sendLater(attempt)
    } catch (error) {
      finish(attempt, `a signal was refused: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  return {
    get events() {
      return events
    },
    set events(listener) {
      events = listener
    },
    dial: (remote, connection) => {
      assert(!attempts.has(key(remote, connection)), 'each attempt has an id of its own')
      begin(remote, connection, true)
    },
    signal: (remote, connection, data) => {
      const signals = readSignals(data)
      const offers = signals.some((signal) => signal.type === 'offer')
      const attempt =
        attempts.get(key(remote, connection)) ?? (offers ? answer(remote, connection) : undefined)
      if (attempt !== undefined) for (const signal of signals) take(attempt, signal)
    },
    abandon: (remote, connection) => {
      const attempt = attempts.get(key(remote, connection))
      if (attempt !== undefined && !attempt.linked) end(attempt)
    },
    configure: (changed) => {
      iceServers = changed.iceServers
    },
    close: () => {
      events = undefined
      for (const attempt of [...attempts.values()]) {
        attempt.inbox.shut()
        end(attempt)
      }
    },
  }
}

function createLink(
  attempt: Attempt,
  nowMs: () => number,
  end: (attempt: Attempt) => boolean,
  finish: (attempt: Attempt, reason: string) => void,
): Link {
  const { peer, inbox, room } = attempt
  return {
    kind: 'webrtc',
    remote: attempt.remote,
    get bufferedBytes() {
      return peer.bufferSize
    },
    get bufferLimitBytes() {
      return room.limitBytes
    },
    get events() {
      return inbox.events
    },
    set events(listener) {
      inbox.events = listener
    },
    send: (frame) => {
      assert(frame.length >= 1 && frame.length <= limits.maxFrameBytes, 'a frame is 1 byte to 64 KiB long')
      if (!inbox.open) return
      try {
        room.handed(frame.length, peer.bufferSize, nowMs())
        peer.send(frame)
      } catch (error) {
        finish(attempt, `sending failed: ${error instanceof Error ? error.message : String(error)}`)
      }
    },
    close: () => {
      inbox.shut()
      end(attempt)
    },
  }
}

/** Implementations change the object they are given. */
const copyIceServer = (server: IceServer): object => ({
  ...server,
  urls: typeof server.urls === 'string' ? server.urls : [...server.urls],
})
