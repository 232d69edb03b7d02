// Small codecs that fit together: each writes a typed value with lib0's encoder and reads it back. Reading
// may meet anything; `decode` turns whatever is wrong into a Result, bounds every list and text before it is
// taken in, and refuses bytes left over.

import {
  createDecoder,
  hasContent,
  readUint8,
  readUint8Array,
  readVarInt,
  readVarString,
  readVarUint,
  type Decoder,
} from 'lib0/decoding'
import {
  createEncoder,
  toUint8Array,
  writeUint8,
  writeUint8Array,
  writeVarInt,
  writeVarString,
  writeVarUint,
  writeVarUint8Array,
  type Encoder,
} from 'lib0/encoding'
import { fail, ok, type Result } from '../base/errors.ts'
import { fromHex, toHex } from '../base/ids.ts'

export interface Codec<T> {
  write(encoder: Encoder, value: T): void
  /** Throws on bad bytes; only `decode` calls it. */
  read(decoder: Decoder): T
}

export type ValueOf<C> = C extends Codec<infer T> ? T : never

export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const encoder = createEncoder()
  codec.write(encoder, value)
  return toUint8Array(encoder)
}

/** The same in parts that follow one another: what is written with `bytesView` is not copied, only pointed at. */
export function encodeParts<T>(codec: Codec<T>, value: T): readonly Uint8Array[] {
  const encoder = createEncoder()
  codec.write(encoder, value)
  return [...encoder.bufs, encoder.cbuf.subarray(0, encoder.cpos)]
}

/** Never throws. The value holds no view into `bytes` but where `bytesView` says so: it may be kept without keeping a frame or a batch alive. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): Result<T> {
  try {
    const decoder = createDecoder(bytes)
    const value = codec.read(decoder)
    return hasContent(decoder) ? fail('bytes left over') : ok(value)
  } catch (problem) {
    return fail(problem instanceof Error ? problem.message : 'unreadable')
  }
}

function refuse(what: string): never {
  throw new RangeError(what)
}

/** lib0 lets the last byte go beyond 2^53, and endless zeros come out as NaN. */
function readSafe(value: number): number {
  return Number.isSafeInteger(value) ? value : refuse('not a safe integer')
}

/** An integer from 0 to 2^53-1, one byte for small ones. */
export const uint: Codec<number> = {
  write: writeVarUint,
  read: (decoder) => readSafe(readVarUint(decoder)),
}

export const uintUpTo = (max: number): Codec<number> => ({
  write: writeVarUint,
  read: (decoder) => {
    const value = uint.read(decoder)
    return value > max ? refuse('number too large') : value
  },
})

/** A safe integer of either sign. */
export const int: Codec<number> = {
  write: writeVarInt,
  // Adding 0 makes 0 of -0.
  read: (decoder) => readSafe(readVarInt(decoder)) + 0,
}

export const bool: Codec<boolean> = {
  write: (encoder, value) => writeUint8(encoder, value ? 1 : 0),
  read: (decoder) => {
    const byte = readUint8(decoder)
    return byte > 1 ? refuse('not a boolean') : byte === 1
  },
}

/** Text of at most `maxBytes` bytes of UTF-8, optionally of a form. */
export const text = <T extends string = string>(maxBytes: number, form?: RegExp): Codec<T> => ({
  write: writeVarString,
  read: (decoder) => {
    const start = decoder.pos
    if (uint.read(decoder) > maxBytes) refuse('text too long')
    decoder.pos = start
    const value = readVarString(decoder)
    return form && !form.test(value) ? refuse('text of the wrong form') : (value as T)
  },
})

/** Plain bytes of their own; `slice` of a Node Buffer would be a view. */
const copyOf = (view: Uint8Array): Uint8Array => new Uint8Array(view)

export const bytes = (maxBytes: number): Codec<Uint8Array> => ({
  write: writeVarUint8Array,
  read: (decoder) => {
    const length = uint.read(decoder)
    return length > maxBytes ? refuse('too many bytes') : copyOf(readUint8Array(decoder, length))
  },
})

/** The same without a copy, for what is nearly all of its message and is put somewhere else soon. */
export const bytesView = (maxBytes: number): Codec<Uint8Array> => ({
  write: (encoder, value) => {
    writeVarUint(encoder, value.length)
    // As lib0 does it itself when a buffer is full; one of no length would never grow.
    encoder.bufs.push(encoder.cbuf.subarray(0, encoder.cpos), value)
    encoder.cbuf = new Uint8Array(64)
    encoder.cpos = 0
  },
  read: (decoder) => {
    const length = uint.read(decoder)
    return length > maxBytes ? refuse('too many bytes') : readUint8Array(decoder, length)
  },
})

export const fixedBytes = (length: number): Codec<Uint8Array> => ({
  write: writeUint8Array,
  read: (decoder) => {
    const value = readUint8Array(decoder, length)
    return value.length === length ? copyOf(value) : refuse('bytes missing')
  },
})

/** 16 bytes as 32 hex digits: every id. */
export const hexId = <T extends string>(): Codec<T> => ({
  write: (encoder, value) => writeUint8Array(encoder, fromHex(value)),
  read: (decoder) => {
    const raw = readUint8Array(decoder, 16)
    return raw.length === 16 ? (toHex(raw) as T) : refuse('bytes missing')
  },
})

export const list = <T>(item: Codec<T>, maxItems: number): Codec<readonly T[]> => ({
  write: (encoder, values) => {
    writeVarUint(encoder, values.length)
    for (const value of values) item.write(encoder, value)
  },
  read: (decoder) => {
    const count = uint.read(decoder)
    if (count > maxItems) refuse('list too long')
    const values: T[] = []
    for (let i = 0; i < count; i++) values.push(item.read(decoder))
    return values
  },
})

export const optional = <T>(item: Codec<T>): Codec<T | undefined> => ({
  write: (encoder, value) => {
    bool.write(encoder, value !== undefined)
    if (value !== undefined) item.write(encoder, value)
  },
  read: (decoder) => (bool.read(decoder) ? item.read(decoder) : undefined),
})

/** One of a fixed list of words, as its index. Words are only ever added at the end. */
export const oneOf = <T extends string>(...words: readonly T[]): Codec<T> => ({
  write: (encoder, value) => writeUint8(encoder, words.indexOf(value)),
  read: (decoder) => words[readUint8(decoder)] ?? refuse('unknown word'),
})

type Fields = Readonly<Record<string, Codec<unknown>>>
type ObjectOf<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> }

/** The fields in the order they are written here. */
export const object = <F extends Fields>(fields: F): Codec<ObjectOf<F>> => ({
  write: (encoder, value) => {
    for (const name in fields) fields[name]!.write(encoder, value[name])
  },
  read: (decoder) => {
    const value: Record<string, unknown> = {}
    for (const name in fields) value[name] = fields[name]!.read(decoder)
    return value as ObjectOf<F>
  },
})

type Variants = Readonly<Record<string, readonly [tag: number, codec: Codec<unknown>]>>
type UnionOf<V extends Variants> = {
  [K in keyof V]: { readonly type: K } & ValueOf<V[K][1]>
}[keyof V]

/** One byte of tag, then the variant. Tags are never reused; an unknown one is refused. */
export const union = <V extends Variants>(variants: V): Codec<UnionOf<V>> => {
  const byTag = new Map(Object.entries(variants).map(([type, [tag, codec]]) => [tag, { type, codec }]))
  return {
    write: (encoder, value) => {
      const [tag, codec] = variants[value.type as string]!
      writeUint8(encoder, tag)
      codec.write(encoder, value)
    },
    read: (decoder) => {
      const variant = byTag.get(readUint8(decoder)) ?? refuse('unknown type')
      return { type: variant.type, ...(variant.codec.read(decoder) as object) } as UnionOf<V>
    },
  }
}
