// A tab that shares a document by Skein, under measurement.

import { joinMesh } from 'skein'
import { countFrames } from '../mesh/frames.ts'
import { type Contender, createMeter } from '../mesh/meter.ts'

import { LinkState } from '../../core/overlay/links.ts'
import { decode } from '../../core/wire/codec.ts'
import { linkMessage } from '../../core/wire/messages.ts'
const kinds: Record<string, number> = {}
const original = LinkState.prototype.enqueue
LinkState.prototype.enqueue = function (message) {
  const read = decode(linkMessage, message.bytes)
  if (read.ok) { const m = read.value as never as { type: string; payload?: { type: string } }; const k = m.payload ? `${m.type}/${m.payload.type}` : m.type; kinds[k] = (kinds[k] ?? 0) + 1 }
  return original.call(this, message)
}
;(window as never as { kinds: unknown }).kinds = kinds
declare global {
  interface Window {
    meter: import('../mesh/meter.ts').Meter
  }
}

const words = new URLSearchParams(location.search)

window.meter = createMeter(countFrames(), async (name): Promise<Contender> => {
  const mesh = await joinMesh({ mesh: words.get('mesh')!, name, signaling: [words.get('signaling')!] })
  ;(window as never as { zz: unknown }).zz = mesh
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
