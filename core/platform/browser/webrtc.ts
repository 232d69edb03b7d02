// WebRTC in a page: simple-peer on the browser's own implementation. A browser that has it switched off still takes
// part through its sibling tabs; dialling then fails with a sentence that says why.

import type { Connector, ConnectorEvents } from '../../base/ports.ts'
import { createSimplePeerConnector, type SimplePeerConnectorOptions } from '../shared/simple-peer-link.ts'
import type { WebRtc } from '../shared/watched-connection.ts'

export function createBrowserConnector(options: Omit<SimplePeerConnectorOptions, 'webrtc'>): Connector {
  if (typeof RTCPeerConnection === 'undefined') return createMissingConnector()
  return createSimplePeerConnector({ ...options, webrtc: browserWebRtc() })
}

export const browserWebRtc = (): WebRtc => ({
  RTCPeerConnection,
  RTCSessionDescription,
  RTCIceCandidate,
  closesGracefully: 'channel',
  answererFirst: false,
})

function createMissingConnector(): Connector {
  const connector: Connector = {
    events: undefined as ConnectorEvents | undefined,
    dial: (remote, connection) => {
      queueMicrotask(() =>
        connector.events?.failed(remote, connection, 'WebRTC is switched off in this browser'),
      )
    },
    signal: () => {},
    abandon: () => {},
    configure: () => {},
    close: () => {
      connector.events = undefined
    },
  }
  return connector
}
