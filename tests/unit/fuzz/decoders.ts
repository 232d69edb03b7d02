// Everything that reads bytes or text from outside, with well-formed samples, what it makes of bytes, and how far what
// it makes may exceed them. A reader that is new belongs in here.

import fc from 'fast-check'
import * as Y from 'yjs'
import { encodeBody, decodeBody } from '../../../core/body.ts'
import { decodeRow, encodeRow } from '../../../core/docs/rows.ts'
import { scanUpdate } from '../../../core/docs/update-scan.ts'
import {
  ackRow,
  entryRow,
  expiredRow,
  headRow,
  holeRow,
  idRow,
  inboxRow,
  joinedRow,
  memberRow,
  outboxRow,
  storeRow,
  unboundRow,
} from '../../../core/messages/rows.ts'
import { readSignals } from '../../../core/platform/shared/peer-signals.ts'
import { Joiner, Splitter } from '../../../core/wire/chunks.ts'
import { decode, encode, type Codec } from '../../../core/wire/codec.ts'
import { decodeHeader, entryCodec } from '../../../core/wire/entries.ts'
import * as wire from '../../../core/wire/messages.ts'
import { formatNegotiation, parseNegotiation } from '../../../core/wire/negotiation.ts'
import { parseSignalingNotice } from '../../../core/wire/signals.ts'
import { createHub } from '../../../signaling/hub.ts'
import { signalingLimits } from '../../../signaling/limits.ts'
import { readClientMessage } from '../../../signaling/protocol.ts'
import { play, steps } from '../docs-update-samples.ts'
import * as values from './values.ts'

export interface Decoder {
  readonly name: string
  /** Well-formed inputs. */
  readonly samples: fc.Arbitrary<Uint8Array>
  /** What came of it; undefined where it was refused. Throws only where the decoder is broken. */
  readonly run: (bytes: Uint8Array) => unknown
  /** What it makes weighs at most so many times the input's bytes, and `slack` (64). */
  readonly growth: number
  readonly slack?: number
  /** Looks at each byte at most so often on the average (and 64 times); undefined: it reads text. */
  readonly looks?: number
  /** A well-formed input that is cut short anywhere, or goes on, is refused. */
  readonly whole?: true
  /** A codec: what was read is written again, no longer than it was. */
  readonly codec?: Codec<unknown>
  /** What it writes. */
  readonly values?: fc.Arbitrary<unknown>
}

const utf8 = new TextEncoder()
const decoder = new TextDecoder()

function hasSafeNumbers(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return true
  return Object.values(value).every(hasSafeNumbers)
}

/** Whatever a codec reads. */
const ofCodec = <T>(name: string, codec: Codec<T>, value: fc.Arbitrary<unknown>, growth = 6): Decoder => ({
  name,
  samples: value.map((each) => encode(codec, each as T)),
  run: (bytes) => {
    const read = decode(codec, bytes)
    if (!read.ok) return undefined
    const again = encode(codec, read.value)
    if (again.length > bytes.length) throw new Error(`${bytes.length} bytes grew to ${again.length}`)
    if (!hasSafeNumbers(read.value)) throw new Error('a number that is not safe got in')
    return read.value
  },
  growth,
  looks: 4,
  whole: true,
  codec: codec as Codec<unknown>,
  values: value,
})

const ofText = (
  name: string,
  samples: fc.Arbitrary<string>,
  run: (text: string) => unknown,
  growth = 4,
): Decoder => ({
  name,
  samples: samples.map((text) => utf8.encode(text)),
  run: (bytes) => run(decoder.decode(bytes)),
  growth,
})

const json = (value: fc.Arbitrary<unknown>): fc.Arbitrary<string> => value.map((each) => JSON.stringify(each))
const result = <T>(read: { readonly ok: true; readonly value: T } | { readonly ok: false }): T | undefined =>
  read.ok ? read.value : undefined

const negotiation = fc.oneof(
  fc.constant(formatNegotiation({ type: 'knock' })),
  fc
    .tuple(values.hex, fc.string({ maxLength: 60 }))
    .map(([connection, data]) => formatNegotiation({ type: 'signal', connection, data })),
)

const candidate = {
  candidate: fc.string(),
  sdpMid: fc.constantFrom('0', null),
  sdpMLineIndex: fc.constantFrom(0, null),
}
const peerSignals = json(
  fc.array(
    fc.oneof(
      fc.record({
        type: fc.constantFrom('offer', 'answer'),
        sdp: fc.constant('v=0\r\nm=application 9 UDP\r\n'),
      }),
      fc.record({ type: fc.constant('candidate'), candidate: fc.record(candidate) }),
    ),
    { maxLength: 5 },
  ),
)

const clientMessage = json(
  fc.oneof(
    fc.record({ type: fc.constant('join'), topic: values.topic, peer: values.hex }),
    fc.record({ type: fc.constant('leave'), topic: values.topic }),
    fc.record({ type: fc.constant('signal'), topic: values.topic, to: values.hex, data: fc.jsonValue() }),
    fc.record({ type: fc.constantFrom('subscribe', 'unsubscribe'), topics: fc.array(values.topic) }),
    fc.record({ type: fc.constant('publish'), topic: values.topic, data: fc.jsonValue() }),
    fc.record({ type: fc.constant('ping') }),
  ),
)

const notice = json(
  fc.oneof(
    fc.record({
      type: fc.constant('joined'),
      topic: values.topic,
      serverId: values.hex,
      peers: fc.array(values.hex),
      count: fc.nat(),
    }),
    fc.record({ type: fc.constant('signal'), topic: values.topic, from: values.hex, data: fc.string() }),
    fc.record({ type: fc.constant('absent'), topic: values.topic, peer: values.hex }),
    fc.record({
      type: fc.constant('closed'),
      topic: values.topic,
      peer: values.hex,
      reason: fc.constant('left'),
    }),
    fc.record({ type: fc.constant('error'), code: fc.constant('too-fast'), reason: fc.string() }),
  ),
)

/** A hub with three peers, one message, and everybody gone again: nothing of it stays. */
function atTheHub(text: string): unknown {
  const hub = createHub({ serverId: 's', limits: signalingLimits, random: () => 0.5 })
  for (const socket of [1, 2, 3]) hub.connected(socket, 0)
  const join = (peer: string): string => JSON.stringify({ type: 'join', topic: 'a', peer: peer.repeat(32) })
  hub.message(1, join('a'), 0)
  hub.message(2, join('b'), 0)
  const effects = hub.message(3, text, 0)
  for (const socket of [1, 2, 3]) hub.disconnected(socket)
  const { sockets, topics, peers } = hub.size
  if (sockets + topics + peers > 0) throw new Error('the hub keeps what nobody is in')
  return effects
}

/** Frames of two messages, one in each lane, taken in turn. */
function joined(bytes: Uint8Array): unknown {
  const joiner = new Joiner()
  const found: unknown[] = []
  // The first byte of each part says how long it is.
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + (bytes[at] ?? 0)
    const read = joiner.push(bytes.subarray(at + 1, end))
    if (read.ok && read.value) found.push(read.value.message)
    at = end
  }
  return found
}

const frames = fc
  .array(fc.tuple(fc.constantFrom<0 | 1>(0, 1), fc.uint8Array({ minLength: 1, maxLength: 60 })))
  .map((all) => {
    const parts = all.flatMap(([lane, message]) => {
      const frame = new Splitter(lane, message).next()!
      return [frame.length, ...frame]
    })
    return Uint8Array.from(parts)
  })

const updates = steps.map((story) => {
  const { updates: all, docs } = play(story)
  return all.at(-1) ?? Y.encodeStateAsUpdate(docs[0]!)
})

const rowCodecs: { readonly [K in keyof typeof values.rows]: Codec<unknown> } = {
  storeRow,
  headRow,
  entryRow,
  idRow,
  inboxRow,
  outboxRow,
  expiredRow,
  ackRow,
  holeRow,
  joinedRow,
  unboundRow,
  memberRow,
}
const rowKinds = Object.keys(values.rows) as (keyof typeof values.rows)[]

export const decoders: readonly Decoder[] = [
  ofCodec('linkMessage', wire.linkMessage, values.linkMessage),
  ofCodec('payload', wire.payload, values.payload),
  ofCodec('entry', entryCodec, values.entry),
  {
    name: 'header',
    samples: values.header,
    run: (bytes) => result(decodeHeader(bytes)),
    growth: 6,
    looks: 4,
    whole: true,
  },
  { name: 'frames', samples: frames, run: joined, growth: 4, looks: 4 },
  ...rowKinds.map((kind) => ofCodec(kind, rowCodecs[kind], values.rows[kind])),
  {
    name: 'docRow',
    samples: fc.array(fc.uint8Array({ maxLength: 60 })).map(encodeRow),
    run: (value) => decodeRow({ key: 'doc/notes/1', value }),
    growth: 4,
    looks: 4,
    whole: true,
  },
  {
    name: 'docUpdate',
    samples: updates,
    run: (bytes) => result(scanUpdate(bytes)),
    growth: 16,
    looks: 8,
    whole: true,
  },
  {
    name: 'body',
    samples: fc.oneof(fc.jsonValue(), fc.uint8Array()).map((body) => encodeBody(body as never)),
    run: decodeBody,
    growth: 4,
  },
  ofText('negotiation', negotiation, (text) => result(parseNegotiation(text))),
  ofText('peerSignals', peerSignals, readSignals),
  ofText('signalingNotice', notice, (text) => result(parseSignalingNotice(text))),
  {
    ...ofText('clientMessage', clientMessage, (text) => readClientMessage(text, signalingLimits), 8),
    slack: 200,
  },
  // A refusal is a sentence, told to the sender, and a notice to the others.
  { ...ofText('hub', clientMessage, atTheHub, 16), slack: 400 },
]
