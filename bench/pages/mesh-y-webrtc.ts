// A tab that shares a document by stock y-webrtc, under measurement.

import { WebrtcProvider } from 'y-webrtc'
import { Doc } from 'yjs'
import { countFrames } from '../mesh/frames.ts'
import { type Contender, createMeter } from '../mesh/meter.ts'

interface StockRoom {
  readonly webrtcConns: ReadonlyMap<string, { readonly connected: boolean }>
}

const words = new URLSearchParams(location.search)

window.meter = createMeter(countFrames(), (name): Promise<Contender> => {
  const doc = new Doc()
  // No STUN: host candidates suffice on one machine. Its own cap of 20 to 35 links, drawn at random, is above 16.
  const provider = new WebrtcProvider(words.get('mesh')!, doc, {
    signaling: [words.get('signaling')!],
    peerOpts: { config: { iceServers: [] } },
  })
  provider.awareness.setLocalStateField('user', { name })
  return Promise.resolve({
    doc,
    links: () => {
      const room = provider.room as StockRoom | null
      return [...(room?.webrtcConns.values() ?? [])].filter(({ connected }) => connected).length
    },
    synced: () => (provider.room as { synced?: boolean } | null)?.synced,
    complaints: () => [],
  })
})
