// Signaling from Node: the WebSocket of `ws` (Node 20 has none of its own).

import { WebSocket } from 'ws'
import { limits } from '../../base/limits.ts'
import type { Signaling } from '../../base/ports.ts'
import { createSignalingClient, type SignalingClientOptions } from '../shared/signaling-client.ts'

export function createNodeSignaling(options: Omit<SignalingClientOptions, 'open' | 'onOnline'>): Signaling {
  return createSignalingClient({
    ...options,
    open: (url) => {
      const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 4 * limits.maxSignalBytes })
      return {
        get readyState() {
          return socket.readyState
        },
        send: (text) => socket.send(text),
        close: () => socket.close(),
        terminate: () => socket.terminate(),
        addEventListener: socket.addEventListener.bind(socket) as never,
      }
    },
  })
}
