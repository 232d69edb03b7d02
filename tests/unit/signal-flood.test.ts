// What the far end of an attempt may make a peer do by its signals.

import { expect, test, vi } from 'vitest'
import type { PeerId } from '../../core/base/ids.ts'
import type { Link } from '../../core/base/ports.ts'
import { createNodeClock } from '../../core/platform/node/clock.ts'
import { loadNodeWebRtc } from '../../core/platform/node/webrtc.ts'
import { createSimplePeerConnector } from '../../core/platform/shared/simple-peer-link.ts'

const alice = 'a'.repeat(32) as PeerId
const bob = 'b'.repeat(32) as PeerId
const connection = '1'.repeat(32)
vi.setConfig({ testTimeout: 30_000 })

test('of the addresses that a far end names, a bounded number is tried, also once it has its link', async () => {
  const webrtc = await loadNodeWebRtc()
  const clock = createNodeClock()
  let tried = 0
  class CountingConnection extends webrtc.RTCPeerConnection {
    addIceCandidate(candidate: unknown): Promise<void> {
      tried++
      const { addIceCandidate } = webrtc.RTCPeerConnection.prototype as unknown as {
        addIceCandidate(candidate: unknown): Promise<void>
      }
      return addIceCandidate.call(this, candidate)
    }
  }
  const hostile = createSimplePeerConnector({ clock, webrtc })
  const honest = createSimplePeerConnector({
    clock,
    webrtc: { ...webrtc, RTCPeerConnection: CountingConnection },
  })
  const links: Link[] = []
  const flood = (): void => {
    for (let text = 0; text < 20; text++) {
      const candidates = Array.from({ length: 50 }, (_, i) => ({
        type: 'candidate',
        candidate: {
          candidate: `candidate:1 1 udp 2122260223 127.0.0.1 ${10_000 + text * 50 + i} typ host`,
          sdpMid: '0',
          sdpMLineIndex: 0,
        },
      }))
      honest.signal(alice, connection, JSON.stringify(candidates))
    }
  }
  hostile.events = {
    signal: (_peer, id, data) => queueMicrotask(() => honest.signal(alice, id, data)),
    linked: (link) => links.push(link),
    failed: () => undefined,
  }
  honest.events = {
    signal: (_peer, id, data) => queueMicrotask(() => hostile.signal(bob, id, data)),
    linked: (link) => links.push(link),
    failed: () => undefined,
  }
  try {
    hostile.dial(bob, connection)
    await vi.waitFor(() => expect(links).toHaveLength(2), 20_000)
    flood()
    expect(tried).toBe(256)
    // What is not wanted does not harm the link.
    const frames = vi.fn()
    links[1]!.events = { frame: frames, drained: () => undefined, down: () => undefined }
    links[0]!.send(new Uint8Array([1]))
    await vi.waitFor(() => expect(frames).toHaveBeenCalledOnce(), 5000)
  } finally {
    hostile.close()
    honest.close()
  }
})
