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
  const complaints: string[] = []
  mesh.on('peers', ({ left }) => {
    for (const { peer, reason } of left) complaints.push(`${name} declared ${peer.name} gone (${reason})`)
  })
  mesh.on('error', ({ code, message }) => complaints.push(`${name}: ${code}: ${message}`))
  const handle = await mesh.doc('measured')
  handle.awareness.setLocalStateField('user', { name })
  return {
    doc: handle.doc,
    links: () => new Set(mesh.status().links.map(({ peer }) => peer)).size,
    synced: () => handle.synced,
    complaints: () => complaints,
  }
})
