// WebRTC in Node: simple-peer on node-datachannel, an optional native package that is loaded when a mesh is joined
// and never before, so that nobody who only embeds the library needs it.

import { MeshError } from '../../base/errors.ts'
import type { Connector } from '../../base/ports.ts'
import { createSimplePeerConnector, type SimplePeerConnectorOptions } from '../shared/simple-peer-link.ts'
import type { PeerConnection, WebRtc } from '../shared/watched-connection.ts'

/** Rejects with `native-missing` where node-datachannel is not installed or has no build for this machine. */
export async function createNodeConnector(options: Omit<SimplePeerConnectorOptions, 'webrtc'>): Promise<Connector> {
  return createSimplePeerConnector({ ...options, webrtc: await loadNodeWebRtc() })
}

interface Description {
  readonly type: string
  readonly sdp: string
}

interface Polyfill {
  readonly RTCPeerConnection: new (configuration?: object) => PeerConnection & {
    createOffer(): Promise<Description>
    createAnswer(): Promise<Description>
    setRemoteDescription(description: Description): Promise<void>
  }
  readonly RTCSessionDescription: unknown
  readonly RTCIceCandidate: unknown
}

export async function loadNodeWebRtc(): Promise<WebRtc> {
  const polyfill = await importPolyfill()

  // simple-peer assigns to `offer.sdp`, which is read-only in the polyfill: hand out plain objects.
  // What comes in is changed in two places, see `fitForLibdatachannel`.
  class NodePeerConnection extends polyfill.RTCPeerConnection {
    override async createOffer(): Promise<Description> {
      const { type, sdp } = await super.createOffer()
      return { type, sdp }
    }

    override async createAnswer(): Promise<Description> {
      const { type, sdp } = await super.createAnswer()
      return { type, sdp }
    }

    override setRemoteDescription(description: Description): Promise<void> {
      return super.setRemoteDescription(fitForLibdatachannel(description))
    }
  }

  return {
    RTCPeerConnection: NodePeerConnection,
    RTCSessionDescription: polyfill.RTCSessionDescription,
    RTCIceCandidate: polyfill.RTCIceCandidate,
    // libdatachannel says `close` at once, with frames still under way.
    closeMeansFlushed: false,
  }
}

/**
 * Measured, two Node peers on one machine: of 40 attempts 5 failed and half took a second longer than the others.
 * - `end-of-candidates`: libdatachannel takes the candidates out first and adds them afterwards; in between, its ICE
 *   agent may find that no candidate will ever come, and fail. All candidates are trickled: the line says nothing.
 * - `setup`: an answerer is linked before the offerer has the answer, and as the DTLS client it speaks at once; the
 *   offerer drops that, and the repetition comes after a second. Told that the offerer is the client, it listens.
 */
const fitForLibdatachannel = ({ type, sdp }: Description): Description => ({
  type,
  sdp: sdp.replace(/a=end-of-candidates\r?\n/g, '').replace('a=setup:actpass', 'a=setup:active'),
})

async function importPolyfill(): Promise<Polyfill> {
  // A name in a variable, and the notes, keep bundlers from looking for the package.
  const name = 'node-datachannel/polyfill'
  try {
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ name)) as Polyfill
  } catch (cause) {
    throw new MeshError(
      'native-missing',
      'WebRTC in Node needs the package node-datachannel, which is not installed here or has no build for this machine. Run: npm install node-datachannel',
      { details: { package: 'node-datachannel', command: 'npm install node-datachannel' }, cause },
    )
  }
}
