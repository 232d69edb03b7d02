// What every Link and Connector must do, whoever fills the port: run by vitest over WebRTC in Node and the
// simulator's links, by Playwright over WebRTC and BroadcastChannel in a real browser. Framework-free: a case fails
// by throwing. Time passes only through the harness, so that it may be virtual.

import type { PeerId } from '../../core/base/ids.ts'
import { limits } from '../../core/base/limits.ts'
import type { Connector, ConnectorEvents, Link } from '../../core/base/ports.ts'

export const near = '1'.repeat(32) as PeerId
export const far = '2'.repeat(32) as PeerId

export interface LinkHarness {
  /** Links two peers; nobody listens yet. */
  link(): Promise<LinkPair>
  /** Two connectors that have not met, of peers `near` and `far`. Absent where links are not dialled. */
  readonly connectors?: (options: { dialTimeoutMs: number }) => Promise<{ near: Connector; far: Connector }>
  /** Resolves when `met` is true; rejects, naming `what`, when that takes too long. */
  until(what: string, met: () => boolean): Promise<void>
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>
}

export interface LinkPair {
  readonly near: Link
  readonly far: Link
  /** Ends the far end without a word. Absent where the harness cannot. */
  readonly vanish?: () => void
}

export interface LinkCase {
  readonly id: string
  readonly title: string
  readonly needs?: 'connectors' | 'vanish'
  run(harness: LinkHarness): Promise<void>
}

/** Writes down what a link tells. */
interface Ear {
  readonly frames: Uint8Array[]
  readonly downs: string[]
  drained: number
  /** A call into the link is on the stack: nothing may be told now. */
  calling: boolean
}

function hear(link: Link): Ear {
  const ear: Ear = { frames: [], downs: [], drained: 0, calling: true }
  const check = (): void => {
    if (ear.calling) throw new Error('an event came from inside a call')
    if (ear.downs.length > 0) throw new Error('an event came after down')
  }
  link.events = {
    frame: (bytes) => {
      check()
      ear.frames.push(bytes)
    },
    drained: () => {
      check()
      ear.drained++
    },
    down: (reason) => {
      check()
      ear.downs.push(reason)
    },
  }
  ear.calling = false
  return ear
}

function call(ear: Ear, act: () => void): void {
  ear.calling = true
  act()
  ear.calling = false
}

function expect(met: boolean, what: string): void {
  if (!met) throw new Error(`expected: ${what}`)
}

/** A frame whose every byte depends on its number and place. */
function frameOf(number: number, length: number): Uint8Array {
  const frame = new Uint8Array(length)
  for (let i = 0; i < length; i++) frame[i] = (number * 31 + i * 7 + (i >> 8)) & 0xff
  if (length >= 4) new DataView(frame.buffer).setUint32(0, number)
  return frame
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

function expectFrames(ear: Ear, sent: readonly Uint8Array[]): void {
  expect(ear.frames.length === sent.length, `${sent.length} frames, not ${ear.frames.length}`)
  sent.forEach((frame, i) =>
    expect(sameBytes(frame, ear.frames[i] as Uint8Array), `frame ${i} as it was sent`),
  )
}

/** Sends all, waiting for `drained` as the core does where the buffer is full. Returns the greatest `bufferedBytes` seen. */
async function sendAll(
  harness: LinkHarness,
  link: Link,
  ear: Ear,
  frames: readonly Uint8Array[],
): Promise<number> {
  let greatest = 0
  for (const frame of frames) {
    if (link.bufferedBytes >= link.bufferLimitBytes) {
      const drained = ear.drained
      await harness.until('drained', () => ear.drained > drained)
    }
    call(ear, () => link.send(frame))
    greatest = Math.max(greatest, link.bufferedBytes)
  }
  return greatest
}

const linkCases: readonly LinkCase[] = [
  {
    id: 'LK1',
    title: 'frames arrive in the order they were sent, both ways at once',
    run: async (harness) => {
      const pair = await harness.link()
      const [nearEar, farEar] = [hear(pair.near), hear(pair.far)]
      const sent = Array.from({ length: 1000 }, (_, i) => frameOf(i, 8 + (i % 90)))
      for (const frame of sent) {
        call(nearEar, () => pair.near.send(frame))
        call(farEar, () => pair.far.send(frame))
      }
      await harness.until('all frames', () => nearEar.frames.length >= 1000 && farEar.frames.length >= 1000)
      expectFrames(nearEar, sent)
      expectFrames(farEar, sent)
    },
  },
  {
    id: 'LK2',
    title: 'every size from 1 byte to 64 KiB arrives whole, views into larger buffers too',
    run: async (harness) => {
      const pair = await harness.link()
      const [nearEar, farEar] = [hear(pair.near), hear(pair.far)]
      const lengths = new Set([limits.maxFrameBytes, limits.maxFrameBytes - 1])
      for (let length = 1; length <= limits.maxFrameBytes; length += length < 300 ? 1 : 61)
        lengths.add(length)
      const sent = [...lengths].map((length, i) => {
        const around = new Uint8Array(length + 20).fill(0xee)
        around.set(frameOf(i, length), 10)
        return around.subarray(10, 10 + length)
      })
      await sendAll(harness, pair.near, nearEar, sent)
      await harness.until('all sizes', () => farEar.frames.length >= sent.length)
      expectFrames(farEar, sent)
    },
  },
  {
    id: 'LK3',
    title: '5 MB get through as the buffer drains, and the buffer stays small',
    run: async (harness) => {
      const pair = await harness.link()
      const [nearEar, farEar] = [hear(pair.near), hear(pair.far)]
      const sent = Array.from({ length: 320 }, (_, i) => frameOf(i, limits.maxFrameBytes))
      const greatest = await sendAll(harness, pair.near, nearEar, sent)
      await harness.until('5 MB', () => farEar.frames.length >= sent.length)
      expectFrames(farEar, sent)
      const most = limits.maxBufferedBytes + limits.maxFrameBytes
      expect(greatest <= most, `at most 256 KiB and a frame in the buffer, not ${greatest}`)
      const room = pair.near.bufferLimitBytes
      expect(
        room > 0 && room <= limits.maxBufferedBytes,
        `room in the buffer, and no more than 256 KiB: ${room}`,
      )
      // A link that buffers nothing (BroadcastChannel) has nothing to drain.
      expect(greatest <= limits.maxBufferedBytes / 2 || nearEar.drained > 0, 'drained to be told')
      await harness.until('an empty buffer', () => pair.near.bufferedBytes === 0)
    },
  },
  {
    id: 'LK4',
    title: 'frames that come before anybody listens are kept, and told in order, later',
    run: async (harness) => {
      const pair = await harness.link()
      const nearEar = hear(pair.near)
      const sent = Array.from({ length: 200 }, (_, i) => frameOf(i, 1000))
      for (const frame of sent.slice(0, 100)) call(nearEar, () => pair.near.send(frame))
      await harness.pass(300)
      // hear() fails if anything is told while it sets `events`.
      const farEar = hear(pair.far)
      for (const frame of sent.slice(100)) call(nearEar, () => pair.near.send(frame))
      await harness.until('all frames', () => farEar.frames.length >= 200)
      expectFrames(farEar, sent)
    },
  },
  {
    id: 'LK5',
    title: 'close: the far end gets what was sent before, then down, once; the near end hears nothing more',
    run: async (harness) => {
      const pair = await harness.link()
      const [nearEar, farEar] = [hear(pair.near), hear(pair.far)]
      const sent = Array.from({ length: 20 }, (_, i) => frameOf(i, limits.maxFrameBytes))
      for (const frame of sent) call(nearEar, () => pair.near.send(frame))
      call(nearEar, () => pair.near.close())
      await harness.until('down', () => farEar.downs.length > 0)
      expectFrames(farEar, sent)
      call(farEar, () => pair.far.send(frameOf(0, 100)))
      await harness.pass(100)
      expect(farEar.downs.length === 1, 'down to be told once')
      expect(nearEar.downs.length === 0 && nearEar.frames.length === 0, 'silence after close()')
    },
  },
  {
    id: 'LK6',
    title: 'nothing throws on a link that ended: send, close, close again',
    run: async (harness) => {
      const pair = await harness.link()
      const [nearEar, farEar] = [hear(pair.near), hear(pair.far)]
      call(nearEar, () => pair.near.close())
      call(nearEar, () => pair.near.send(frameOf(0, 10)))
      call(nearEar, () => pair.near.close())
      await harness.until('down', () => farEar.downs.length > 0)
      call(farEar, () => pair.far.send(frameOf(0, 10)))
      call(farEar, () => pair.far.close())
      expect(pair.far.bufferedBytes === 0, 'nothing to wait in a link that ended')
    },
  },
  {
    id: 'LK7',
    title: 'a far end that vanishes brings the link down, or leaves that to the pings',
    needs: 'vanish',
    run: async (harness) => {
      const pair = await harness.link()
      const nearEar = hear(pair.near)
      pair.vanish?.()
      await harness.until('down', () => nearEar.downs.length > 0)
      call(nearEar, () => pair.near.send(frameOf(0, 10)))
      expect(nearEar.downs.length === 1, 'down to be told once')
    },
  },
  {
    id: 'LK8',
    title: 'each end names the other, and its kind',
    run: async (harness) => {
      const pair = await harness.link()
      expect(pair.near.remote === far && pair.far.remote === near, 'the peers at the far ends')
      expect(pair.near.kind === pair.far.kind, 'one kind')
      expect(pair.near.bufferedBytes === 0, 'an empty buffer')
    },
  },
]

/** Carries signals between two connectors, and writes down what they tell. */
interface Wired {
  near: Connector
  far: Connector
  readonly links: { near?: Link; far?: Link }
  readonly failures: { end: 'near' | 'far'; connection: string; reason: string }[]
  readonly carried: { from: PeerId; connection: string; data: string }[]
  cut: boolean
  calling: boolean
}

async function wire(harness: LinkHarness, dialTimeoutMs = 10_000): Promise<Wired> {
  if (harness.connectors === undefined) throw new Error('this harness has no connectors')
  const ends = await harness.connectors({ dialTimeoutMs })
  const wired: Wired = { ...ends, links: {}, failures: [], carried: [], cut: false, calling: false }
  const eventsOf = (end: 'near' | 'far', me: PeerId, other: Connector): ConnectorEvents => {
    const check = (): void => expect(!wired.calling, 'no event from inside a call')
    return {
      signal: (_remote, connection, data) => {
        check()
        wired.carried.push({ from: me, connection, data })
        expect(new TextEncoder().encode(data).length <= limits.maxSignalBytes, 'a signal within its limit')
        if (!wired.cut) queueMicrotask(() => other.signal(me, connection, data))
      },
      linked: (link) => {
        check()
        expect(wired.links[end] === undefined, 'one link')
        wired.links[end] = link
      },
      failed: (_remote, connection, reason) => {
        check()
        wired.failures.push({ end, connection, reason })
      },
    }
  }
  ends.near.events = eventsOf('near', near, ends.far)
  ends.far.events = eventsOf('far', far, ends.near)
  return wired
}

const during = (wired: Wired, act: () => void): void => {
  wired.calling = true
  act()
  wired.calling = false
}

/** Dials once and resolves to the two ends. For harnesses whose links are dialled. */
export async function dialLink(harness: Pick<LinkHarness, 'connectors' | 'until'>): Promise<LinkPair> {
  const wired = await wire(harness as LinkHarness)
  wired.near.dial(far, 'f'.repeat(32))
  await harness.until('a link', () => wired.links.near !== undefined && wired.links.far !== undefined)
  return { near: wired.links.near as Link, far: wired.links.far as Link }
}

const attempt = (n: number): string => n.toString(16).padStart(32, '0')

const connectorCases: readonly LinkCase[] = [
  {
    id: 'CN1',
    title: 'a dial links both ends under its id, and nothing fails',
    needs: 'connectors',
    run: async (harness) => {
      const wired = await wire(harness)
      during(wired, () => wired.near.dial(far, attempt(1)))
      await harness.until('both ends', () => wired.links.near !== undefined && wired.links.far !== undefined)
      expect(
        wired.carried.every(({ connection }) => connection === attempt(1)),
        'the id on each signal',
      )
      expect(wired.failures.length === 0, 'no failure')
    },
  },
  {
    id: 'CN2',
    title: 'signals of unknown attempts, and garbage, are ignored',
    needs: 'connectors',
    run: async (harness) => {
      const wired = await wire(harness)
      const candidate = {
        candidate: 'candidate:1 1 udp 1 127.0.0.1 9 typ host',
        sdpMid: '0',
        sdpMLineIndex: 0,
      }
      const hostile = [
        '',
        'garbage',
        '{}',
        '[]',
        'null',
        '[null,1,"x"]',
        '[{"type":"offer"}]',
        '[{"type":"offer","sdp":7}]',
        '[{"type":"offer","sdp":"v=0"}]',
        '[{"type":"renegotiate","renegotiate":true}]',
        '[{"type":"transceiverRequest","transceiverRequest":{"kind":"video"}}]',
        JSON.stringify([{ type: 'answer', sdp: 'v=0' }]),
        JSON.stringify([{ type: 'candidate', candidate }]),
        'x'.repeat(limits.maxSignalBytes + 1),
      ]
      during(wired, () => hostile.forEach((data, i) => wired.near.signal(far, attempt(100 + i), data)))
      await harness.pass(200)
      expect(wired.links.near === undefined && wired.carried.length === 0, 'no answer')
      // The same, aimed at an attempt under way: it links all the same.
      wired.near.dial(far, attempt(1))
      during(wired, () => {
        for (const data of hostile.slice(0, 11)) wired.near.signal(far, attempt(1), data)
      })
      await harness.until('both ends', () => wired.links.near !== undefined && wired.links.far !== undefined)
    },
  },
  {
    id: 'CN3',
    title: 'an attempt whose signals go nowhere fails, once, on the end that waits',
    needs: 'connectors',
    run: async (harness) => {
      const wired = await wire(harness, 300)
      wired.cut = true
      during(wired, () => wired.near.dial(far, attempt(1)))
      await harness.until('failed', () => wired.failures.length > 0)
      await harness.pass(400)
      expect(wired.failures.length === 1, 'one failure')
      const [failure] = wired.failures
      expect(failure?.end === 'near' && failure.connection === attempt(1), 'the dial to have failed')
    },
  },
  {
    id: 'CN4',
    title: 'an abandoned attempt tells nothing, and its late signals are ignored',
    needs: 'connectors',
    run: async (harness) => {
      const wired = await wire(harness)
      during(wired, () => {
        wired.near.dial(far, attempt(1))
        wired.near.abandon(far, attempt(1))
        wired.near.abandon(far, attempt(2))
      })
      await harness.pass(500)
      expect(
        wired.failures.every(({ end }) => end === 'far'),
        'no word at the near end',
      )
      expect(wired.links.near === undefined && wired.links.far === undefined, 'no link')
      // The peers can still link, under another id.
      wired.near.dial(far, attempt(3))
      await harness.until('both ends', () => wired.links.near !== undefined && wired.links.far !== undefined)
    },
  },
  {
    id: 'CN5',
    title: 'copies of signals do no harm, while linking and afterwards',
    needs: 'connectors',
    run: async (harness) => {
      const wired = await wire(harness)
      const again = (): void => {
        for (const { from, connection, data } of [...wired.carried]) {
          ;(from === near ? wired.far : wired.near).signal(from, connection, data)
        }
      }
      wired.near.dial(far, attempt(1))
      await harness.until('an offer', () => wired.carried.length > 0)
      during(wired, again)
      await harness.until('both ends', () => wired.links.near !== undefined && wired.links.far !== undefined)
      const [nearEar, farEar] = [hear(wired.links.near as Link), hear(wired.links.far as Link)]
      during(wired, again)
      call(nearEar, () => wired.links.near?.send(frameOf(1, 100)))
      await harness.until('a frame', () => farEar.frames.length === 1)
      await harness.pass(200)
      expect(nearEar.downs.length === 0 && farEar.downs.length === 0, 'the link to stand')
    },
  },
  {
    id: 'CN6',
    title: 'a closed connector tells nothing more, of attempts under way neither',
    needs: 'connectors',
    run: async (harness) => {
      const wired = await wire(harness)
      wired.near.dial(far, attempt(1))
      await harness.until('both ends', () => wired.links.near !== undefined && wired.links.far !== undefined)
      const [nearEar, farEar] = [hear(wired.links.near as Link), hear(wired.links.far as Link)]
      wired.near.dial(far, attempt(2))
      call(nearEar, () => wired.links.near?.close())
      during(wired, () => wired.near.close())
      await harness.until('down', () => farEar.downs.length > 0)
      await harness.pass(300)
      expect(nearEar.downs.length === 0, 'silence after close()')
      expect(
        wired.failures.every(({ end }) => end === 'far'),
        'no word of the dial',
      )
    },
  },
  {
    id: 'CN7',
    title: 'configure takes effect from the next attempt on and disturbs no link',
    needs: 'connectors',
    run: async (harness) => {
      const wired = await wire(harness)
      wired.near.configure({ iceServers: [{ urls: ['stun:127.0.0.1:9'] }] })
      wired.near.dial(far, attempt(1))
      await harness.until('both ends', () => wired.links.near !== undefined && wired.links.far !== undefined)
      const farEar = hear(wired.links.far as Link)
      wired.near.configure({ iceServers: [] })
      wired.links.near?.send(frameOf(1, 100))
      await harness.until('a frame', () => farEar.frames.length === 1)
    },
  },
]

export const linkContract: readonly LinkCase[] = [...linkCases, ...connectorCases]
