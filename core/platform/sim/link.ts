// Two ends of a wire as the Link port. Each frame is handed over as bytes of its own, and the trace carries a
// checksum of every frame.

import type { PeerId } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import type { Link, LinkKind } from '../../base/ports.ts'
import { createLinkInbox } from '../shared/link-inbox.ts'
import { createWire, type WireEnd, type WireOptions } from './wire.ts'
import type { Host } from './host.ts'
import { linkFailsAfterMs, type Network } from './network.ts'

type EndOfLink = { readonly host: Host; readonly remote: PeerId }

/** `fail` ends it like `close`, but this end hears of it as well. */
export interface SimLink extends Link {
  fail(reason: string): void
  /** Sends any bytes, too many or none: what a hostile peer's browser would let it do. */
  sendAnything(frame: Uint8Array): void
}

/** A link between two hosts; `a` and `b` each name the peer at the far end. */
export function createLinkPair(
  network: Network,
  kind: LinkKind,
  a: EndOfLink,
  b: EndOfLink,
): [SimLink, SimLink] {
  const overNetwork = kind !== 'tabs'
  const options: WireOptions = {
    network,
    label: `${kind} ${a.host.name}-${b.host.name}`,
    overNetwork,
    latency: overNetwork ? network.latency() : () => 0.2 + network.random.integer(800) / 1000,
    // A BroadcastChannel has no queue that can be seen.
    bytesPerMs: () => (overNetwork ? network.bytesPerMs : Infinity),
    lowWaterBytes: limits.maxBufferedBytes / 2,
    failAfterMs: linkFailsAfterMs,
    // The tabs port itself tells of dead tabs.
    deathNoticeMs: (death) => (overNetwork && death === 'down' ? 5 + network.random.integer(20) : undefined),
  }
  const [endA, endB, sever] = createWire<Uint8Array>(a.host, b.host, options)
  if (overNetwork) {
    const standing = (): boolean => endA.open && endB.open
    network.addLink({ ends: [a.host.name, b.host.name], standing, sever })
  }
  return [linkOver(endA, kind, a), linkOver(endB, kind, b)]
}

function linkOver(wire: WireEnd<Uint8Array>, kind: LinkKind, { host, remote }: EndOfLink): SimLink {
  const inbox = createLinkInbox()
  const sendAnything = (frame: Uint8Array): void =>
    wire.send(frame, frame.length, `frame ${frame.length} ${checksum(frame)}`)
  wire.on = {
    item: (frame) => {
      if (!inbox.frame(frame.slice())) wire.fail('nobody took the frames')
    },
    drained: () => inbox.drained(),
    ended: (reason) => inbox.down(reason),
  }
  return {
    kind,
    remote,
    get bufferedBytes() {
      return wire.bufferedBytes
    },
    bufferLimitBytes: limits.maxBufferedBytes,
    get events() {
      return inbox.events
    },
    set events(listener) {
      inbox.events = listener
    },
    sendAnything,
    send: (frame) => {
      if (frame.length > 0 && frame.length <= limits.maxFrameBytes) {
        host.effect('send', (done) => {
          sendAnything(frame)
          done?.()
        })
      } else wire.fail(`a frame of ${frame.length} bytes cannot be sent`)
    },
    close: () => {
      inbox.shut()
      wire.close('closed by the far end')
    },
    fail: (reason) => wire.fail(reason),
  }
}

/** 32 bits in hex, for the trace; four bytes at a time. */
function checksum(bytes: Uint8Array): string {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const whole = bytes.length & ~3
  let sum = 0x811c9dc5 ^ bytes.length
  for (let i = 0; i < whole; i += 4) {
    sum = Math.imul(sum ^ words.getUint32(i), 0x01000193)
    sum ^= sum >>> 15
  }
  for (let i = whole; i < bytes.length; i++) sum = Math.imul(sum ^ words.getUint8(i), 0x01000193)
  return (sum >>> 0).toString(16)
}
