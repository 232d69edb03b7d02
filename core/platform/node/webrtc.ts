// WebRTC in Node: simple-peer on node-datachannel, an optional native package that is loaded when a mesh is joined
// and never before, so that nobody who only embeds the library needs it.

import { MeshError } from '../../base/errors.ts'
import type { Connector } from '../../base/ports.ts'
import { createSimplePeerConnector, type SimplePeerConnectorOptions } from '../shared/simple-peer-link.ts'
import type { PeerConnection, WebRtc } from '../shared/watched-connection.ts'

/** Rejects with `native-missing` where node-datachannel is not installed or has no build for this machine. */
export async function createNodeConnector(
  options: Omit<SimplePeerConnectorOptions, 'webrtc'>,
): Promise<Connector> {
  return createSimplePeerConnector({ ...options, webrtc: await loadNodeWebRtc() })
}

interface Description {
  readonly type: string
  readonly sdp: string
}

interface PolyfillConnection extends PeerConnection {
  get localDescription(): Description
  createOffer(): Promise<Description>
  createAnswer(): Promise<Description>
}

interface Polyfill {
  readonly RTCPeerConnection: new (configuration?: object) => PolyfillConnection
  readonly RTCSessionDescription: unknown
  readonly RTCIceCandidate: unknown
}

export async function loadNodeWebRtc(): Promise<WebRtc> {
  const polyfill = await importPolyfill()

  // simple-peer assigns to `offer.sdp`, which is read-only in the polyfill: hand out plain objects.
  class NodePeerConnection extends polyfill.RTCPeerConnection {
    override async createOffer(): Promise<Description> {
      const { type, sdp } = await super.createOffer()
      return { type, sdp }
    }

    override async createAnswer(): Promise<Description> {
      const { type, sdp } = await super.createAnswer()
      return { type, sdp }
    }

    // The polyfill adds candidates to what was created before.
    override get localDescription(): Description {
      return fitForFarEnd(super.localDescription)
    }
  }

  return {
    RTCPeerConnection: NodePeerConnection,
    RTCSessionDescription: polyfill.RTCSessionDescription,
    RTCIceCandidate: polyfill.RTCIceCandidate,
    closesGracefully: 'never',
    // Two races of libdatachannel, measured between two Node peers on one machine.
    // - It takes the answer in two steps; a DTLS handshake that ends between them is refused, as the fingerprint is
    //   not known yet (1 of 10 attempts). So nobody may reach an initiator before it took the answer.
    // - The end that is connected first drops nothing, the other drops the first DTLS message, which comes again
    //   after 1 s (every second attempt). So the answerer connects first, and the initiator speaks first.
    answererFirst: true,
  }
}

/** Candidates go their own way (trickle), and an initiator begins the DTLS handshake. */
const fitForFarEnd = ({ type, sdp }: Description): Description => ({
  type,
  sdp: sdp
    .replace(/a=(candidate:.*|end-of-candidates)\r?\n/g, '')
    .replace('a=setup:actpass', 'a=setup:active'),
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
