// Signaling from a page: the browser's own WebSocket, and its word that the network is back.

import type { Signaling } from '../../base/ports.ts'
import { createSignalingClient, type SignalingClientOptions } from '../shared/signaling-client.ts'

export function createBrowserSignaling(
  options: Omit<SignalingClientOptions, 'open' | 'onOnline'>,
): Signaling {
  return createSignalingClient({
    ...options,
    open: (url) => new WebSocket(url),
    onOnline: (listener) => {
      addEventListener('online', listener)
      return () => removeEventListener('online', listener)
    },
  })
}
