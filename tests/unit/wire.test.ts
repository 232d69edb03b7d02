import { fc } from '../support/properties.ts'
import { createEncoder, toUint8Array, writeVarUint } from 'lib0/encoding'
import { describe, expect, test } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import { Joiner, type Lane, Splitter } from '../../core/wire/chunks.ts'
import {
  bool,
  bytes,
  type Codec,
  decode,
  encode,
  fixedBytes,
  hexId,
  int,
  list,
  object,
  oneOf,
  optional,
  text,
  uint,
  uintUpTo,
  union,
} from '../../core/wire/codec.ts'
import {
  claim,
  isBulk,
  linkMessage,
  type LinkMessage,
  type Payload,
  payload as payloadCodec,
  peerRecord,
} from '../../core/wire/messages.ts'
import { formatNegotiation, parseNegotiation } from '../../core/wire/negotiation.ts'
import { linkMessage as message } from './fuzz/values.ts'

describe('codecs', () => {
  test('WI1 what is written is read back', () => {
    fc.assert(
      fc.property(message, (value) => {
        expect(decode(linkMessage, encode(linkMessage, value))).toEqual({ ok: true, value })
      }),
      { numRuns: 300, seed: 1 },
    )
  })

  test('WI2 bytes that are cut short anywhere, or go on, are refused', () => {
    fc.assert(
      fc.property(message, fc.nat(), (value, at) => {
        const whole = encode(linkMessage, value)
        expect(decode(linkMessage, whole.subarray(0, at % whole.length)).ok).toBe(false)
        expect(decode(linkMessage, Uint8Array.of(...whole, 0)).ok).toBe(false)
      }),
      { numRuns: 300, seed: 1 },
    )
  })

  test('WI2 any bytes, and any message with bytes changed: a Result, in bounded time and size', () => {
    const changed = fc
      .tuple(message, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }))
      .map(([value, changes]) => {
        const raw = encode(linkMessage, value)
        for (const [at, byte] of changes) raw[at % raw.length] = byte
        return raw
      })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), changed), (raw) => {
        const read = decode(linkMessage, raw)
        // What was taken in says no more than the bytes did: nothing can be made to grow.
        if (read.ok) expect(encode(linkMessage, read.value).length).toBeLessThanOrEqual(raw.length)
      }),
      { numRuns: 3000, seed: 1 },
    )
  })

  test('WI3 a number beyond 2^53, one of endless zeros, and minus zero do not get in', () => {
    const beyond = Uint8Array.of(...Array<number>(7).fill(0xff), 0x7f)
    expect(decode(uint, beyond).ok).toBe(false)
    expect(decode(uint, Uint8Array.of(...Array<number>(400).fill(0x80), 0)).ok).toBe(false)
    expect(decode(int, Uint8Array.of(...Array<number>(400).fill(0x80), 0)).ok).toBe(false)
    expect(decode(int, Uint8Array.of(0x40))).toEqual({ ok: true, value: 0 })
    expect(decode(uint, encode(uint, Number.MAX_SAFE_INTEGER))).toEqual({
      ok: true,
      value: Number.MAX_SAFE_INTEGER,
    })
    expect(decode(uintUpTo(10), encode(uint, 10)).ok).toBe(true)
    expect(decode(uintUpTo(10), encode(uint, 11)).ok).toBe(false)
  })

  test('WI3 a count or length that lies is refused before anything is taken in', () => {
    const lie = (length: number): Uint8Array => {
      const encoder = createEncoder()
      writeVarUint(encoder, length)
      return toUint8Array(encoder)
    }
    const bounded: Codec<unknown>[] = [text(10), bytes(10), list(bool, 10)]
    for (const codec of bounded) {
      expect(decode(codec, lie(10)).ok).toBe(false)
      expect(decode(codec, lie(2 ** 40)).ok).toBe(false)
    }
    expect(decode(list(object({}), 10), lie(2 ** 52)).ok).toBe(false)
  })

  test('WI3 forms: booleans, words, texts, ids, tags', () => {
    expect(decode(bool, Uint8Array.of(2)).ok).toBe(false)
    expect(decode(oneOf('a', 'b'), Uint8Array.of(2)).ok).toBe(false)
    expect(decode(text(10, /^a+$/), encode(text(10), 'aab')).ok).toBe(false)
    expect(decode(text(3), encode(text(10), 'äöü')).ok).toBe(false)
    expect(decode(text(10), Uint8Array.of(2, 0xc3, 0x28)).ok).toBe(false)
    expect(decode(hexId(), new Uint8Array(15)).ok).toBe(false)
    expect(decode(optional(uint), Uint8Array.of(1)).ok).toBe(false)
    expect(decode(union({ a: [1, object({})] }), Uint8Array.of(2)).ok).toBe(false)
  })

  test('WI4 what was read keeps no frame alive, nor changes with it', () => {
    const codec = object({ body: bytes(100), hash: fixedBytes(4) })
    const value = { body: Uint8Array.of(1, 2, 3), hash: Uint8Array.of(4, 5, 6, 7) }
    const encoded = encode(codec, value)
    for (const source of [encoded, Buffer.from(encoded)]) {
      const read = decode(codec, source)
      source.fill(9)
      expect(read).toEqual({ ok: true, value })
      if (read.ok) expect(read.value.body.buffer.byteLength).toBe(3)
      encoded.set(encode(codec, value))
    }
  })

  test('WI5 a second implementation: these bytes are these messages', () => {
    const raw = (value: LinkMessage): string => Buffer.from(encode(linkMessage, value)).toString('hex')
    const [a, b] = ['aa'.repeat(16), 'bb'.repeat(16)] as never[]
    expect(raw({ type: 'ping', nonce: 300, offers: [] })).toBe('02ac0200')
    expect(raw({ type: 'pong', nonce: 1, offers: [{ origin: a!, sequence: 2 }] })).toBe(
      `030101${'aa'.repeat(16)}02`,
    )
    expect(raw({ type: 'direct', payload: { type: 'probe', nonce: 5 } })).toBe('080405')
    expect(
      raw({
        type: 'unicast',
        origin: a!,
        target: b!,
        sequence: 1,
        hops: 2,
        payload: { type: 'alive', nonce: 3, incarnation: 4 },
      }),
    ).toBe(`07${'aa'.repeat(16)}${'bb'.repeat(16)}0102050304`)
    expect(Buffer.from(encode(claim, { role: 'r', epoch: 129, leader: a! })).toString('hex')).toBe(
      `01728101${'aa'.repeat(16)}`,
    )
    expect(encode(peerRecord, { ...sample, id: a!, member: a!, store: b! }).length).toBe(
      16 * 3 + 1 + 1 + 6 + 1 + 1 + 1 + 1 + 2 + 1 + 1 + 1,
    )
  })

  test('WI5 a second implementation: documents, and being busy', () => {
    const raw = (payload: Payload): string => Buffer.from(encode(payloadCodec, payload)).toString('hex')
    const state = {
      doc: 'ab',
      order: 129,
      revision: 300,
      number: 4,
      digest: new Uint8Array(16).fill(0xdd),
      waitingFor: ['cc'.repeat(16) as never],
      agreed: [{ peer: 'ee'.repeat(16) as never, revision: 301 }],
    }
    const stateBytes = `0261628101ac0204${'dd'.repeat(16)}01${'cc'.repeat(16)}01${'ee'.repeat(16)}ad02`
    expect(raw({ type: 'docs', whole: true, ask: false, order: 5, open: [state], closed: ['c'] })).toBe(
      `2001000501${stateBytes}010163`,
    )
    const updates = [Uint8Array.of(0, 0), Uint8Array.of(7)]
    expect(raw({ type: 'docUpdates', doc: 'ab', number: 5, updates })).toBe('2102616205020200000107')
    const vector = [{ client: 2 ** 32, clock: 129 }]
    expect(raw({ type: 'docWant', transfer: 1, segmentBytes: 65_536, state, vector })).toBe(
      `2201808004${stateBytes}0180808080108101`,
    )
    expect(
      raw({
        type: 'docPiece',
        doc: 'ab',
        transfer: 1,
        segmentBytes: 3,
        offset: 2,
        totalBytes: 200,
        bytes: Uint8Array.of(9),
      }),
    ).toBe('23026162010302c8010109')
    expect(raw({ type: 'docEnd', transfer: 1, bytes: 2, state })).toBe(`240102${stateBytes}`)
    expect(raw({ type: 'docGot', doc: 'ab', transfer: 1, bytes: 2, segmentBytes: 3 })).toBe('25026162010203')
    const states = [
      { client: 8, clock: 1, state: '{}' },
      { client: 9, clock: 2, state: undefined },
    ]
    expect(raw({ type: 'docAwareness', doc: 'ab', states })).toBe('2602616202080101027b7d090200')
    expect(Buffer.from(encode(linkMessage, { type: 'busy', ms: 5000 })).toString('hex')).toBe('098827')
    expect(Buffer.from(encode(linkMessage, { type: 'beat' })).toString('hex')).toBe('0a')
  })

  test('WI3 documents: names, counts, clocks and sizes above their bounds do not get in', () => {
    const state = {
      doc: 'ab',
      order: 1,
      revision: 1,
      number: 1,
      digest: new Uint8Array(16),
      waitingFor: [],
      agreed: [],
    }
    const clock = limits.maxDocClock + 1
    const refused: LinkMessage[] = [
      { type: 'busy', ms: limits.maxBusyMs + 1 },
      ...(
        [
          { type: 'docs', whole: true, ask: true, order: 1, open: [], closed: ['a b'] },
          { type: 'docs', whole: true, ask: true, order: 1, open: [], closed: [''] },
          { type: 'docs', whole: true, ask: true, order: 1, open: [], closed: ['a'.repeat(65)] },
          { type: 'docs', whole: true, ask: true, order: 1, open: [], closed: Array<string>(257).fill('a') },
          { type: 'docWant', transfer: 1, segmentBytes: 1, state, vector: [{ client: 1, clock }] },
          {
            type: 'docPiece',
            doc: 'ab',
            transfer: 1,
            segmentBytes: 1,
            offset: 0,
            totalBytes: 1,
            bytes: new Uint8Array(limits.maxDocPieceBytes + 1),
          },
          {
            type: 'docUpdates',
            doc: 'ab',
            number: 1,
            updates: [new Uint8Array(limits.maxDocUpdatesBytes + 1)],
          },
          { type: 'docAwareness', doc: 'ab', states: [{ client: 1, clock, state: undefined }] },
          {
            type: 'docAwareness',
            doc: 'ab',
            states: [{ client: 1, clock: 1, state: 'x'.repeat(limits.maxAwarenessBytes + 1) }],
          },
          {
            type: 'docAwareness',
            doc: 'ab',
            states: Array.from({ length: limits.maxAwarenessClients + 1 }, (_, client) => ({
              client,
              clock: 1,
              state: undefined,
            })),
          },
        ] as const satisfies readonly Payload[]
      ).map((payload): LinkMessage => ({ type: 'direct', payload })),
    ]
    for (const message of refused) expect(decode(linkMessage, encode(linkMessage, message)).ok).toBe(false)
  })

  const sample = {
    incarnation: 1,
    durable: true,
    name: 'alice',
    kind: 'human',
    priority: -1,
    candidate: true,
    fit: true,
    seniority: 7,
    hidden: false,
    noDocuments: false,
    roles: [],
    neighbours: [],
  } as const
})

describe('chunks', () => {
  const framesOf = (
    lane: Lane,
    body: Uint8Array | readonly Uint8Array[],
    maxBytes?: number,
  ): Uint8Array[] => {
    const splitter = new Splitter(lane, body)
    const frames: Uint8Array[] = []
    for (let frame = splitter.next(maxBytes); frame; frame = splitter.next(maxBytes)) frames.push(frame)
    return frames
  }
  const filled = (length: number, seed = 1): Uint8Array =>
    Uint8Array.from({ length }, (_, i) => (i * 31 + seed) % 251)
  const full = limits.smallFrameBytes

  test.each([limits.smallFrameBytes, limits.maxFrameBytes])(
    'WI6 messages of any size come through whole, in frames of at most %i bytes',
    (full) => {
      const sizes = [
        1,
        2,
        full - 6,
        full - 5,
        full - 4,
        full - 1,
        full,
        full + 1,
        2 * full - 6,
        2 * full - 5,
        3 * full,
        limits.maxLinkMessageBytes,
      ]
      for (const size of sizes) {
        const frames = framesOf(0, filled(size), full)
        expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThanOrEqual(full)
        const joiner = new Joiner()
        const results = frames.map((frame) => joiner.push(frame))
        expect(results.slice(0, -1).every((result) => result.ok && result.value === undefined)).toBe(true)
        const last = results.at(-1)!
        expect(last.ok && last.value?.lane).toBe(0)
        expect(last.ok && Buffer.compare(last.value!.message, filled(size))).toBe(0)
      }
    },
  )

  test('WI6 a message in parts makes the frames of the whole, and a line may slow down within it', () => {
    const whole = filled(5 * limits.maxFrameBytes)
    const cuts = [0, 1, 40, 40, limits.maxFrameBytes + 7, whole.length]
    const parts = cuts.slice(1).map((cut, i) => whole.subarray(cuts[i], cut))
    for (const maxBytes of [limits.smallFrameBytes, limits.maxFrameBytes]) {
      expect(framesOf(1, parts, maxBytes)).toEqual(framesOf(1, whole, maxBytes))
    }
    const [splitter, joiner] = [new Splitter(1, parts), new Joiner()]
    let message: Uint8Array | undefined
    for (let frame = splitter.next(limits.maxFrameBytes); frame; frame = splitter.next()) {
      const result = joiner.push(frame)
      expect(result.ok).toBe(true)
      message = result.ok ? result.value?.message : undefined
    }
    expect(Buffer.compare(message!, whole)).toBe(0)
  })

  test('WI6 two lanes, in any order between them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom<Lane>(0, 1), fc.integer({ min: 1, max: 5 * full })), {
          maxLength: 6,
        }),
        fc.array(fc.boolean(), { maxLength: 40 }),
        (messages, order) => {
          const lanes: [Uint8Array[], Uint8Array[]] = [[], []]
          for (const [lane, size] of messages) lanes[lane].push(...framesOf(lane, filled(size, size)))
          const joiner = new Joiner()
          const came: [Lane, number][] = []
          for (let i = 0; lanes[0].length + lanes[1].length > 0; i++) {
            const first = (order[i % Math.max(1, order.length)] ?? true) ? 0 : 1
            const frame = lanes[first].shift() ?? lanes[1 - first]!.shift()!
            const result = joiner.push(frame)
            expect(result.ok).toBe(true)
            if (result.ok && result.value) {
              const { lane, message } = result.value
              expect(Buffer.compare(message, filled(message.length, message.length))).toBe(0)
              came.push([lane, message.length])
            }
          }
          for (const lane of [0, 1]) {
            expect(came.filter(([of]) => of === lane)).toEqual(messages.filter(([of]) => of === lane))
          }
        },
      ),
      { numRuns: 60, seed: 3 },
    )
  })

  test('WI7 hostile frames are refused, each with a reason', () => {
    const start = (length: number): Uint8Array => {
      const frame = new Uint8Array(full)
      frame[0] = 2
      new DataView(frame.buffer).setUint32(1, length)
      return frame
    }
    const refused: Record<string, readonly Uint8Array[]> = {
      'frame of a wrong size': [new Uint8Array(0)],
      'unknown frame header': [Uint8Array.of(8, 1)],
      'empty message': [Uint8Array.of(6)],
      'message too long': [start(limits.maxLinkMessageBytes + 1)],
      'length does not fit the pieces': [start(full - 5)],
      'a first piece that is not full': [start(3 * full).subarray(0, 100)],
      'a message began inside another': [start(3 * full), start(3 * full)],
      'a piece without its beginning': [Uint8Array.of(0, 1)],
      'pieces do not add up': [start(3 * full), Uint8Array.of(4, 1)],
    }
    for (const [reason, frames] of Object.entries(refused)) {
      const joiner = new Joiner()
      const results = frames.map((frame) => joiner.push(frame))
      expect(results.at(-1)).toEqual({ ok: false, error: reason })
    }
  })

  test('WI7 any frames: a Result each, and never more held than one message a lane', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 }), (frames) => {
        const joiner = new Joiner()
        for (const frame of frames) {
          const result = joiner.push(frame)
          if (result.ok && result.value) expect(result.value.message.length).toBeLessThan(40)
        }
      }),
      { numRuns: 500, seed: 4 },
    )
  })
})

describe('lanes', () => {
  test('WI8 what is large or many goes in the bulk lane, everything else before it', () => {
    expect(isBulk({ type: 'ping', nonce: 1, offers: [] })).toBe(false)
    expect(isBulk({ type: 'direct', payload: { type: 'probe', nonce: 1 } })).toBe(false)
    expect(isBulk({ type: 'busy', ms: 1 })).toBe(false)
    const state = {
      doc: 'a',
      order: 1,
      revision: 1,
      number: 1,
      digest: new Uint8Array(16),
      waitingFor: [],
      agreed: [],
    }
    const bulk: Record<string, readonly Payload[]> = {
      true: [
        { type: 'cast', topic: '', body: new Uint8Array() },
        { type: 'docs', whole: true, ask: true, order: 1, open: [state], closed: [] },
        { type: 'docUpdates', doc: 'a', number: 1, updates: [] },
        { type: 'docWant', transfer: 1, segmentBytes: 1, state, vector: [] },
        // Behind the last piece: it speaks of it.
        { type: 'docEnd', transfer: 1, bytes: 2, state },
        { type: 'docAwareness', doc: 'a', states: [] },
      ],
      false: [{ type: 'docGot', doc: 'a', transfer: 1, bytes: 1, segmentBytes: 1 }],
    }
    for (const [expected, payloads] of Object.entries(bulk)) {
      for (const payload of payloads)
        expect([payload.type, String(isBulk({ type: 'direct', payload }))]).toEqual([payload.type, expected])
    }
  })
})

describe('negotiations', () => {
  test('WI9 are read back', () => {
    const signal = { type: 'signal', connection: 'a'.repeat(32), data: '[{"type":"offer"}]' } as const
    expect(parseNegotiation(formatNegotiation(signal))).toEqual({ ok: true, value: signal })
    expect(parseNegotiation(formatNegotiation({ type: 'knock' }))).toEqual({
      ok: true,
      value: { type: 'knock' },
    })
  })

  test('WI9 anything else is refused, never thrown', () => {
    const bad = [
      '',
      '{',
      'null',
      '5',
      '"knock"',
      '[]',
      '{"type":"x"}',
      '{"type":"signal","connection":"x","data":""}',
      '{"type":"signal","connection":1}',
      '['.repeat(20_000),
      'x'.repeat(limits.maxSignalBytes + 1),
    ]
    for (const data of bad) expect(parseNegotiation(data).ok).toBe(false)
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (data) => {
        parseNegotiation(data)
      }),
      { numRuns: 300, seed: 5 },
    )
  })
})
