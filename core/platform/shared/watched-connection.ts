// The one place where we look behind simple-peer: it is handed a connection class of ours, through its public `wrtc`
// option. That class shows us the data channel (for `bufferedAmount` and its event, which simple-peer keeps to
// itself) and closes late: simple-peer closes channel and connection in one breath, which throws away what is still
// on its way to the far end.

import type { Clock } from '../../base/ports.ts'

/** What we use of an RTCDataChannel. */
export interface DataChannel {
  readonly readyState: string
  readonly bufferedAmount: number
  close(): void
  bufferedAmountLowThreshold: number
  addEventListener(type: 'bufferedamountlow' | 'close', listener: () => void): void
}

/** What we use of an RTCPeerConnection. */
export interface PeerConnection {
  readonly connectionState: string
  createDataChannel(label: string, options?: object): DataChannel
  close(): void
  addEventListener(type: 'connectionstatechange', listener: () => void): void
  addEventListener(type: 'datachannel', listener: (event: { readonly channel: DataChannel }) => void): void
}

/** A WebRTC implementation: the browser's own, or one for Node. */
export interface WebRtc {
  readonly RTCPeerConnection: new (configuration?: object) => PeerConnection
  readonly RTCSessionDescription: unknown
  readonly RTCIceCandidate: unknown
  /**
   * Whose `close()` still delivers what was sent before. The standard: the channel's, which says `close` when done.
   * libdatachannel: neither, so the connection stays open for a while after nothing is buffered (measured: of 96
   * links closed with 400 KB buffered, 13 lost the tail when the channel was closed at once, 55 when the connection
   * was, none after a pause).
   */
  readonly closesGracefully: 'channel' | 'never'
  /**
   * An initiator must be reached by the answerer before it reaches out itself: it keeps its candidates until it took
   * the answer, and the answerer keeps its own for a moment longer. See core/platform/node/webrtc.ts.
   */
  readonly answererFirst: boolean
}

/** How long a closed link may go on delivering what was sent before. chosen: many round trips; goodbyes are short. */
const lingerMs = 2000
/** How long it waits after that: what was handed over may still be under way, or unread at the far end. chosen. */
const settleMs = 200
/** How often a lingering connection looks whether all was handed to the network. chosen. */
const lookIntervalMs = 5

/** @param met is called with each data channel of the connection, ours or the far end's. */
export function watchConnection(webrtc: WebRtc, clock: Clock, met: (channel: DataChannel) => void): object {
  class WatchedConnection extends webrtc.RTCPeerConnection {
    #channel: DataChannel | undefined
    readonly #closeChannels: (() => void)[] = []
    #closing = false

    constructor(configuration?: object) {
      super(configuration)
      this.addEventListener('datachannel', (event: { readonly channel: DataChannel }) =>
        this.#meet(event.channel),
      )
    }

    override createDataChannel(label: string, options?: object): DataChannel {
      const channel = super.createDataChannel(label, options)
      this.#meet(channel)
      return channel
    }

    override close(): void {
      if (this.#closing) return
      this.#closing = true
      const channel = this.#channel
      const sending = channel?.readyState === 'open' || channel?.readyState === 'closing'
      if (channel !== undefined && sending && this.connectionState === 'connected') {
        this.#linger(channel)
        return
      }
      // libdatachannel forgets a channel that never opened, and the process would not exit for it.
      for (const closeChannel of this.#closeChannels) closeChannel()
      super.close()
    }

    #linger(channel: DataChannel): void {
      const untilMs = clock.now().monotonicMs + lingerMs
      let callOff = (): void => {}
      const finish = (): void => {
        callOff()
        super.close()
      }
      const look = (): void => {
        const nowMs = clock.now().monotonicMs
        if (nowMs >= untilMs) finish()
        else if (channel.bufferedAmount === 0)
          callOff = clock.alarm(Math.min(untilMs, nowMs + settleMs), finish)
        else callOff = clock.alarm(nowMs + lookIntervalMs, look)
      }
      if (webrtc.closesGracefully === 'never') look()
      else {
        callOff = clock.alarm(untilMs, finish)
        channel.addEventListener('close', finish)
      }
    }

    #meet(channel: DataChannel): void {
      this.#channel ??= channel
      // simple-peer closes the channel first; here that would throw away what is under way.
      if (webrtc.closesGracefully === 'never') {
        this.#closeChannels.push(channel.close.bind(channel))
        channel.close = () => {}
      }
      met(channel)
    }
  }

  return {
    RTCPeerConnection: WatchedConnection,
    RTCSessionDescription: webrtc.RTCSessionDescription,
    RTCIceCandidate: webrtc.RTCIceCandidate,
  }
}
