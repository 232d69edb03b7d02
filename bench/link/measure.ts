// What both ways of linking two ends in one program are measured by: our port over simple-peer, and a bare
// RTCPeerConnection with its RTCDataChannel. Runs in a page and in Node alike.

import type { PeerId } from '../../core/base/ids.ts'
import { limits } from '../../core/base/limits.ts'
import type { Clock, Connector, Link } from '../../core/base/ports.ts'
import { createSimplePeerConnector } from '../../core/platform/shared/simple-peer-link.ts'
import type { WebRtc } from '../../core/platform/shared/watched-connection.ts'

const alice = '1'.repeat(32) as PeerId
const bob = '2'.repeat(32) as PeerId

const roundTrips = 500
const roundTripBytes = 1024
const streamBytes = 50_000_000
/** A link that has not formed by then never will. */
const patienceMs = 8000

/** One end of a link, whatever made it. */
interface Pipe {
  frame: (bytes: Uint8Array) => void
  drained: () => void
  send(bytes: Uint8Array): void
  buffered(): number
}

interface Pair {
  readonly near: Pipe
  readonly far: Pipe
  close(): void
}

export type Way = 'ours' | 'bare'

export interface LinkFigures {
  readonly way: Way
  /** Each connection that formed, ms. */
  readonly connectMs: readonly number[]
  /** Connections that did not form. */
  readonly failed: number
  readonly roundTripMs: readonly number[]
  readonly megabytesPerSecond: number
}

/** The standard's constructors, as far as the bare way needs them. */
export type BareConnection = new (configuration: { iceServers: [] }) => RTCPeerConnection

export interface Surroundings {
  readonly clock: Clock
  readonly webrtc: WebRtc
  readonly BareConnection: BareConnection
}

export async function measure(
  way: Way,
  surroundings: Surroundings,
  connections: number,
): Promise<LinkFigures> {
  const make = way === 'ours' ? linkOurs : linkBare
  const connectMs: number[] = []
  let failed = 0
  for (let i = 0; i < connections; i++) {
    const startMs = performance.now()
    const pair = await make(surroundings)
    if (pair === undefined) failed++
    else connectMs.push(performance.now() - startMs)
    pair?.close()
    await pause(50)
  }
  let pair = await make(surroundings)
  while (pair === undefined) pair = await make(surroundings)
  const roundTripMs = await bounce(pair)
  const megabytesPerSecond = await stream(pair)
  pair.close()
  return { way, connectMs, failed, roundTripMs, megabytesPerSecond }
}

async function bounce({ near, far }: Pair): Promise<number[]> {
  const times: number[] = []
  far.frame = (bytes) => far.send(bytes)
  const bytes = new Uint8Array(roundTripBytes)
  for (let i = 0; i < roundTrips; i++) {
    const startMs = performance.now()
    const back = new Promise<void>((resolve) => {
      near.frame = () => resolve()
    })
    near.send(bytes)
    await back
    times.push(performance.now() - startMs)
  }
  return times
}

async function stream({ near, far }: Pair): Promise<number> {
  const frame = new Uint8Array(limits.smallFrameBytes)
  let received = 0
  const startMs = performance.now()
  const done = new Promise<void>((resolve) => {
    far.frame = (bytes) => {
      received += bytes.length
      if (received >= streamBytes) resolve()
    }
  })
  for (let sent = 0; sent < streamBytes; sent += frame.length) {
    if (near.buffered() + frame.length > limits.maxBufferedBytes) {
      await new Promise<void>((resolve) => {
        near.drained = resolve
      })
    }
    near.send(frame)
  }
  await done
  return received / 1000 / (performance.now() - startMs)
}

function linkOurs({ clock, webrtc }: Surroundings): Promise<Pair | undefined> {
  const ends = [alice, bob].map(() => createSimplePeerConnector({ clock, webrtc, dialTimeoutMs: patienceMs }))
  const [near, far] = ends as [Connector, Connector]
  const close = (): void => ends.forEach((end) => end.close())
  return new Promise((resolve) => {
    const links: { near?: Link; far?: Link } = {}
    const linked = (): void => {
      if (links.near !== undefined && links.far !== undefined) {
        resolve({ near: pipeOf(links.near), far: pipeOf(links.far), close })
      }
    }
    const failed = (): void => {
      close()
      resolve(undefined)
    }
    near.events = {
      signal: (_to, id, data) => queueMicrotask(() => far.signal(alice, id, data)),
      linked: (link) => {
        links.near = link
        linked()
      },
      failed,
    }
    far.events = {
      signal: (_to, id, data) => queueMicrotask(() => near.signal(bob, id, data)),
      linked: (link) => {
        links.far = link
        linked()
      },
      failed,
    }
    near.dial(bob, '0'.repeat(32))
  })
}

function pipeOf(link: Link): Pipe {
  const pipe: Pipe = {
    frame: () => {},
    drained: () => {},
    send: (bytes) => link.send(bytes),
    buffered: () => link.bufferedBytes,
  }
  link.events = { frame: (bytes) => pipe.frame(bytes), drained: () => pipe.drained(), down: () => {} }
  return pipe
}

/** As an example in a textbook has it: both descriptions, and each candidate as it is found. */
async function linkBare({ BareConnection }: Surroundings): Promise<Pair | undefined> {
  const [near, far] = [new BareConnection({ iceServers: [] }), new BareConnection({ iceServers: [] })]
  const close = (): void => {
    near.close()
    far.close()
  }
  carryCandidates(near, far)
  carryCandidates(far, near)
  const nearChannel = near.createDataChannel('bench')
  const opened = Promise.all([
    new Promise((resolve) => nearChannel.addEventListener('open', resolve)),
    new Promise<RTCDataChannel>((resolve) =>
      far.addEventListener('datachannel', ({ channel }) => resolve(channel)),
    ),
  ])
  const late = Symbol('late')
  try {
    const offer = await near.createOffer()
    await near.setLocalDescription(offer)
    await far.setRemoteDescription(offer)
    const answer = await far.createAnswer()
    await far.setLocalDescription(answer)
    await near.setRemoteDescription(answer)
    const met = await Promise.race([opened, pause(patienceMs).then(() => late)])
    if (Array.isArray(met)) return { near: pipeOn(nearChannel), far: pipeOn(met[1]), close }
    close()
    return undefined
  } catch {
    // Refused by the implementation: it counts as failed, like one that never opened.
    close()
    return undefined
  }
}

/** Candidates found before the far end has a description wait for it. */
function carryCandidates(from: RTCPeerConnection, to: RTCPeerConnection): void {
  const carry = async (candidate: RTCIceCandidate): Promise<void> => {
    while (to.remoteDescription?.type === undefined && to.connectionState === 'new') await pause(1)
    await to.addIceCandidate(candidate).catch(() => undefined)
  }
  from.addEventListener('icecandidate', ({ candidate }) => {
    if (candidate !== null) void carry(candidate)
  })
}

function pipeOn(channel: RTCDataChannel): Pipe {
  channel.binaryType = 'arraybuffer'
  channel.bufferedAmountLowThreshold = limits.maxBufferedBytes / 2
  const pipe: Pipe = {
    frame: () => {},
    drained: () => {},
    send: (bytes) => channel.send(bytes as Uint8Array<ArrayBuffer>),
    buffered: () => channel.bufferedAmount,
  }
  channel.addEventListener('message', ({ data }) => pipe.frame(new Uint8Array(data as ArrayBuffer)))
  channel.addEventListener('bufferedamountlow', () => pipe.drained())
  return pipe
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
