// A stock y-webrtc client: tells when another's presence came (their connection works then) and when the other was
// noticed to be gone, by either of the two events that a program would listen for.

import { WebrtcProvider } from 'y-webrtc'
import * as Y from 'yjs'

export interface StockNews {
  readonly atMs: number
  readonly what: 'met' | 'gone'
  readonly by: 'peers' | 'awareness'
}

const tell = (what: StockNews['what'], by: StockNews['by']): void =>
  void window.tellBenchmark({ atMs: Date.now(), what, by } satisfies StockNews)

const words = new URLSearchParams(location.search)
// No STUN: host candidates suffice on one machine.
const provider = new WebrtcProvider(words.get('room')!, new Y.Doc(), {
  signaling: [words.get('signaling')!],
  peerOpts: { config: { iceServers: [] } },
})
provider.awareness.setLocalStateField('name', 'alice')
provider.on('peers', ({ removed }: { removed: string[] }) => {
  if (removed.length > 0) tell('gone', 'peers')
})
provider.awareness.on('change', ({ added, removed }: { added: number[]; removed: number[] }) => {
  const others = added.filter((id) => id !== provider.awareness.clientID)
  if (others.length > 0) tell('met', 'awareness')
  if (removed.length > 0) tell('gone', 'awareness')
})
