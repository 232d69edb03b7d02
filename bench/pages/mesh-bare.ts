// A tab that does nothing but connect to the others, one RTCPeerConnection each: what a full mesh costs before any
// library does anything. As fast as it can be told: signals go by the stock messages of the same signaling server.

import { Doc } from 'yjs'
import { countFrames } from '../mesh/frames.ts'
import { type Contender, createMeter } from '../mesh/meter.ts'

type Signal =
  | { readonly what: 'hello' }
  | { readonly what: 'description'; readonly description: RTCSessionDescriptionInit }
  | { readonly what: 'candidates'; readonly candidates: readonly RTCIceCandidateInit[] }

interface Published {
  readonly data?: { readonly from: string; readonly to?: string; readonly signal: Signal }
}

/** Candidates found within this go together. */
const gatherMs = 10

const words = new URLSearchParams(location.search)
const topic = words.get('mesh')!

window.meter = createMeter(countFrames(), (name): Promise<Contender> => {
  const doc = new Doc()
  const socket = new WebSocket(words.get('signaling')!)
  const connections = new Map<string, RTCPeerConnection>()
  const early = new Map<string, RTCIceCandidateInit[]>()
  let opened = 0

  const publish = (signal: Signal, to?: string): void =>
    socket.send(JSON.stringify({ type: 'publish', topic, data: { from: name, to, signal } }))

  const watch = (remote: string, channel: RTCDataChannel): void => {
    channel.addEventListener('open', () => {
      opened++
      // In place of what the far end would have written.
      doc.getMap('entries').set(remote, 1)
    })
  }

  const connect = (remote: string): RTCPeerConnection => {
    const connection = new RTCPeerConnection({ iceServers: [] })
    connections.set(remote, connection)
    let found: RTCIceCandidateInit[] = []
    connection.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate === null) return
      if (found.length === 0) {
        setTimeout(() => {
          publish({ what: 'candidates', candidates: found }, remote)
          found = []
        }, gatherMs)
      }
      found.push(candidate.toJSON())
    })
    connection.addEventListener('datachannel', ({ channel }) => watch(remote, channel))
    return connection
  }

  const describe = async (remote: string, connection: RTCPeerConnection): Promise<void> => {
    await connection.setLocalDescription()
    const { type, sdp } = connection.localDescription!
    publish({ what: 'description', description: { type, sdp } }, remote)
  }

  const meet = async (remote: string): Promise<void> => {
    if (connections.has(remote)) return
    const connection = connect(remote)
    watch(remote, connection.createDataChannel('bare'))
    await describe(remote, connection)
  }

  const takeDescription = async (remote: string, description: RTCSessionDescriptionInit): Promise<void> => {
    const connection = description.type === 'offer' ? connect(remote) : connections.get(remote)!
    await connection.setRemoteDescription(description)
    if (description.type === 'offer') await describe(remote, connection)
    for (const candidate of early.get(remote) ?? []) await connection.addIceCandidate(candidate)
    early.delete(remote)
  }

  const takeCandidates = async (
    remote: string,
    candidates: readonly RTCIceCandidateInit[],
  ): Promise<void> => {
    const connection = connections.get(remote)
    if (connection?.remoteDescription) {
      for (const candidate of candidates) await connection.addIceCandidate(candidate)
    } else early.set(remote, [...(early.get(remote) ?? []), ...candidates])
  }

  const take = async (remote: string, signal: Signal, isForAll: boolean): Promise<void> => {
    if (signal.what === 'description') return takeDescription(remote, signal.description)
    if (signal.what === 'candidates') return takeCandidates(remote, signal.candidates)
    // The lower name dials; the higher one answers a greeting of all with one to the newcomer alone.
    if (name < remote) await meet(remote)
    else if (isForAll) publish({ what: 'hello' }, remote)
  }

  socket.addEventListener('message', ({ data }) => {
    const { data: published } = JSON.parse(data as string) as Published
    if (published === undefined || published.from === name) return
    if (published.to !== undefined && published.to !== name) return
    void take(published.from, published.signal, published.to === undefined)
  })
  socket.addEventListener('open', () => {
    socket.send(JSON.stringify({ type: 'subscribe', topics: [topic] }))
    publish({ what: 'hello' })
  })
  return Promise.resolve({ doc, links: () => opened, synced: () => undefined, complaints: () => [] })
})
