// A tab that shares a document by Skein, under measurement.

import { joinMesh } from 'skein'
import { countFrames } from '../mesh/frames.ts'
import { type Contender, createMeter } from '../mesh/meter.ts'

declare global {
  interface Window {
    meter: import('../mesh/meter.ts').Meter
  }
}

const words = new URLSearchParams(location.search)

window.meter = createMeter(countFrames(), async (name): Promise<Contender> => {
  const mesh = await joinMesh({ mesh: words.get('mesh')!, name, signaling: [words.get('signaling')!] })
  const departures: string[] = []
  mesh.on('peers', ({ left }) => {
    for (const { peer, reason } of left) departures.push(`${name} declared ${peer.name} gone (${reason})`)
  })
  const handle = await mesh.doc('measured')
  handle.awareness.setLocalStateField('user', { name })
  return {
    doc: handle.doc,
    links: () => new Set(mesh.status().links.map(({ peer }) => peer)).size,
    synced: () => handle.synced,
    complaints: () => departures,
  }
})
