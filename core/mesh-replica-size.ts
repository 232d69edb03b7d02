// How large parts of a document are in encoding V1, counted without encoding them: the same forms that Yjs writes,
// walked once. Exact up to a few bytes a struct (the lengths of numbers are assumed where looking would cost more).

import type * as Y from 'yjs'

export type Struct = Y.Item | Y.GC

/** `getRef()` of the contents, which is also their number in the encoding. Compared instead of classes, so that a
 * second copy of Yjs in the program does no harm here. */
export const contentRef = {
  gc: 0,
  deleted: 1,
  json: 2,
  binary: 3,
  string: 4,
  embed: 5,
  format: 6,
  type: 7,
  any: 8,
  doc: 9,
  skip: 10,
} as const

/** The item that a struct is; undefined: its content and place are forgotten (GC). */
export function itemOf(struct: Struct): Y.Item | undefined {
  return (struct as Y.Item).content === undefined ? undefined : (struct as Y.Item)
}

/** Its operations are deleted and the encoded struct says so by itself. */
export function isBareDeletion(struct: Struct): boolean {
  const item = itemOf(struct)
  return item === undefined || item.content.getRef() === contentRef.deleted
}

const shortString = 64
const windowUnits = 16_384
const encoder = new TextEncoder()

/** Length of the string in UTF-8. */
function utf8Bytes(text: string): number {
  if (text.length <= shortString) return utf8BytesOfShort(text)
  const scratch = new Uint8Array(Math.min(text.length, windowUnits) * 3)
  let bytes = 0
  for (let at = 0; at < text.length; at += windowUnits) {
    // A pair cut in two counts 6 instead of 4: too rare to matter.
    bytes += encoder.encodeInto(text.slice(at, at + windowUnits), scratch).written
  }
  return bytes
}

function utf8BytesOfShort(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    // Each half of a pair: 2 of its 4 bytes.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2
  }
  return bytes
}

function varUintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest >= 128; rest /= 128) bytes++
  return bytes
}

const idBytes = (id: Y.ID): number => varUintBytes(id.client) + varUintBytes(id.clock)
const prefixed = (bytes: number): number => bytes + varUintBytes(bytes)

/** A value as lib0 writes it. As deep as that, too: what lies deeper could neither have been written nor read. */
function valueBytes(value: unknown): number {
  if (typeof value === 'string') return 1 + prefixed(utf8Bytes(value))
  if (typeof value === 'number') return 1 + numberBytes(value)
  if (typeof value === 'bigint') return 9
  if (typeof value !== 'object' || value === null) return 1
  if (value instanceof Uint8Array) return 1 + prefixed(value.length)
  if (Array.isArray(value)) return 1 + listBytes(value, 0, valueBytes)
  const keys = Object.keys(value)
  let bytes = 1 + varUintBytes(keys.length)
  for (const key of keys)
    bytes += prefixed(utf8Bytes(key)) + valueBytes((value as Record<string, unknown>)[key])
  return bytes
}

function numberBytes(value: number): number {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) return varUintBytes(Math.abs(value) * 2)
  return Math.fround(value) === value ? 4 : 8
}

function listBytes(values: readonly unknown[], from: number, bytesOf: (value: unknown) => number): number {
  let bytes = varUintBytes(values.length - from)
  for (let i = from; i < values.length; i++) bytes += bytesOf(values[i])
  return bytes
}

const jsonBytes = (value: unknown): number => prefixed(utf8Bytes(JSON.stringify(value) ?? ''))

/** What the item holds, from its operation number `offset` on. Nothing where it cannot be written: not told from here. */
export function contentBytes(item: Y.Item, offset = 0): number {
  try {
    return writableBytes(item, offset)
  } catch {
    return 0
  }
}

function writableBytes(item: Y.Item, offset: number): number {
  const content: unknown = item.content
  switch (item.content.getRef()) {
    case contentRef.string: {
      const { str } = content as Y.ContentString
      return prefixed(utf8Bytes(offset === 0 ? str : str.slice(offset)))
    }
    case contentRef.any:
      return listBytes((content as Y.ContentAny).arr, offset, valueBytes)
    case contentRef.json:
      return listBytes((content as Y.ContentJSON).arr, offset, jsonBytes)
    case contentRef.binary:
      return prefixed((content as Y.ContentBinary).content.length)
    case contentRef.embed:
      return jsonBytes((content as Y.ContentEmbed).embed)
    case contentRef.format: {
      const { key, value } = content as Y.ContentFormat
      return prefixed(utf8Bytes(key)) + jsonBytes(value)
    }
    case contentRef.type: {
      const { nodeName } = (content as Y.ContentType).type as { nodeName?: string }
      return 1 + (nodeName === undefined ? 0 : prefixed(utf8Bytes(nodeName)))
    }
    case contentRef.doc: {
      const { doc, opts } = content as Y.ContentDoc & { opts: unknown }
      return prefixed(utf8Bytes(doc.guid)) + valueBytes(opts)
    }
    default:
      return varUintBytes(item.length - offset)
  }
}

/** Counts structs of one document. Made anew for each walk: it remembers how long the names of its roots are. */
export class StructSizes {
  readonly #rootBytes = new Map<unknown, number>()

  constructor(doc: Y.Doc) {
    for (const [name, type] of doc.share) this.#rootBytes.set(type, prefixed(utf8Bytes(name)))
  }

  /** The struct as it is encoded, from its operation number `offset` on. */
  bytesOf(struct: Struct, offset = 0): number {
    const item = itemOf(struct)
    if (item === undefined) return 1 + varUintBytes(struct.length)
    return 1 + this.#placeBytes(item, offset) + contentBytes(item, offset)
  }

  #placeBytes(item: Y.Item, offset: number): number {
    const origin = offset > 0 ? item.id : item.origin
    let bytes = origin === null ? 0 : idBytes(origin)
    if (item.rightOrigin !== null) bytes += idBytes(item.rightOrigin)
    if (bytes > 0) return bytes
    const { parent, parentSub } = item
    const parentItem = (parent as Y.AbstractType<unknown>)._item
    bytes = 1 + (parentItem ? idBytes(parentItem.id) : (this.#rootBytes.get(parent) ?? 0))
    return bytes + (parentSub === null ? 0 : prefixed(utf8Bytes(parentSub)))
  }
}

/** About what `encodeStateAsUpdate` of the document would be long, what waits for others left out. */
export function documentBytes(doc: Y.Doc): number {
  const sizes = new StructSizes(doc)
  let bytes = 2
  for (const [client, structs] of doc.store.clients) {
    bytes += 2 * varUintBytes(client) + 6
    let deletedAfter = false
    for (const struct of structs) {
      bytes += sizes.bytesOf(struct)
      if (struct.deleted && !deletedAfter)
        bytes += varUintBytes(struct.id.clock) + varUintBytes(struct.length)
      deletedAfter = struct.deleted
    }
  }
  return bytes
}
