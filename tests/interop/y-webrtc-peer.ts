// A stock y-webrtc client in a process of its own (the package keeps its rooms in module state: two clients of one
// room cannot share a process). Node gets the globals that browsers have. Speaks with its parent over IPC.
// Arguments: signaling URL, room, password or nothing.

import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { loadNodeWebRtc } from '../../core/platform/node/webrtc.ts'

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

// As our own peers have it, with libdatachannel's faults worked around: about one attempt in ten came to nothing.
const { RTCPeerConnection, RTCIceCandidate, RTCSessionDescription } = await loadNodeWebRtc()
Object.assign(globalThis, { WebSocket, RTCPeerConnection, RTCIceCandidate, RTCSessionDescription })
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
