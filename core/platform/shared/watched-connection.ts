// The one place where we look behind simple-peer: it is handed a connection class of ours, through its public `wrtc`
// option. That class shows us the data channel (for `bufferedAmount` and its event, which simple-peer keeps to
// itself) and closes late: simple-peer closes channel and connection in one breath, which throws away what is still
// on its way to the far end.

import type { Clock } from '../../base/ports.ts'

/** What we use of an RTCDataChannel. */
export interface DataChannel {
  readonly readyState: string
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
  /** A channel's `close` event says that all it sent has arrived (the standard). Else the far end's hanging up does. */
  readonly closeMeansFlushed: boolean
}

/** How long a closed link may go on delivering what was sent before. chosen: many round trips; goodbyes are short. */
const lingerMs = 2000

/** @param met is called with each data channel of the connection, ours or the far end's. */
export function watchConnection(webrtc: WebRtc, clock: Clock, met: (channel: DataChannel) => void): object {
  class WatchedConnection extends webrtc.RTCPeerConnection {
    #channel: DataChannel | undefined
    #closing = false

    constructor(configuration?: object) {
      super(configuration)
      this.addEventListener('datachannel', (event: { readonly channel: DataChannel }) => this.#meet(event.channel))
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
      if (channel === undefined || !sending || this.connectionState !== 'connected') {
        super.close()
        return
      }
      let done = false
      const finish = (): void => {
        if (done) return
        done = true
        callOff()
        super.close()
      }
      const callOff = clock.alarm(clock.now().monotonicMs + lingerMs, finish)
      this.addEventListener('connectionstatechange', () => {
        if (this.connectionState !== 'connected') finish()
      })
      if (webrtc.closeMeansFlushed) channel.addEventListener('close', finish)
    }

    #meet(channel: DataChannel): void {
      this.#channel ??= channel
      met(channel)
    }
  }

  return {
    RTCPeerConnection: WatchedConnection,
    RTCSessionDescription: webrtc.RTCSessionDescription,
    RTCIceCandidate: webrtc.RTCIceCandidate,
  }
}
