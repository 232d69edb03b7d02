// A stock y-webrtc client in a process of its own (the package keeps its rooms in module state: two clients of one
// room cannot share a process). Node gets the globals that browsers have. Speaks with its parent over IPC.
// Arguments: signaling URL, room, password or nothing.

import {
  RTCPeerConnection as NativePeerConnection,
  RTCIceCandidate,
  RTCSessionDescription,
} from 'node-datachannel/polyfill'
import { WebSocket } from 'ws'
import * as Y from 'yjs'

interface Provider {
  on(event: 'peers', listener: () => void): void
}
interface YWebrtc {
  readonly WebrtcProvider: new (
    room: string,
    doc: Y.Doc,
    options: { signaling: string[]; password: string | null; peerOpts: object },
  ) => Provider
}

/** simple-peer writes to `offer.sdp`, which this implementation makes read-only: it gets plain objects. */
class PeerConnection extends NativePeerConnection {
  override async createOffer(): Promise<RTCSessionDescription> {
    const { type, sdp } = await super.createOffer()
    return { type, sdp } as RTCSessionDescription
  }

  override async createAnswer(): Promise<RTCSessionDescription> {
    const { type, sdp } = await super.createAnswer()
    return { type, sdp } as RTCSessionDescription
  }
}

Object.assign(globalThis, {
  WebSocket,
  RTCPeerConnection: PeerConnection,
  RTCIceCandidate,
  RTCSessionDescription,
})
const { WebrtcProvider } = (await import('y-webrtc')) as unknown as YWebrtc

const [url = '', room = '', password] = process.argv.slice(2)
const doc = new Y.Doc()
const map = doc.getMap('map')
const tell = (): void => void process.send?.({ map: map.toJSON() })
doc.on('update', tell)
process.on('message', (message: { set: [string, string] }) => map.set(...message.set))
// No STUN: host candidates suffice on one machine.
const provider = new WebrtcProvider(room, doc, {
  signaling: [url],
  password: password ?? null,
  peerOpts: { config: { iceServers: [] } },
})
provider.on('peers', tell)
tell()
