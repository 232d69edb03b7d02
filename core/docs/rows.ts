// How documents are stored: each row holds Yjs updates (encoding V1), and a document is all its rows together, in any
// order. So rows are only ever added and, once another row holds what they held, removed: tabs that share a store
// cannot undo one another's writes. Keys: doc/<name>/<wall clock>-<writer>-<number>.

import type { Range, Row } from '../base/ports.ts'
import { limits } from '../base/limits.ts'
import { bytes, decode, encode, list, object } from '../wire/codec.ts'

const row = object({ updates: list(bytes(limits.maxDocBytes), 2 * limits.maxDocUpdates) })

export const docRowsPrefix = 'doc/'
/** Where rows go that hold no readable update; nothing reads them but whoever looks into the damage. */
const asidePrefix = 'doc-aside/'

export const docRange = (doc: string): Range => ({
  from: `${docRowsPrefix}${doc}/`,
  // The character after the slash.
  to: `${docRowsPrefix}${doc}0`,
})

export const docRowKey = (doc: string, wallMs: number, writer: string, number: number): string =>
  `${docRowsPrefix}${doc}/${pad(wallMs, 15)}-${writer}-${pad(number, 9)}`

export const asideKey = (key: string): string => asidePrefix + key.slice(docRowsPrefix.length)

/** The name of the document a row belongs to. */
export const docOfKey = (key: string): string => key.split('/')[1] ?? ''

export const encodeRow = (updates: readonly Uint8Array[]): Uint8Array => encode(row, { updates })

/** Undefined where the value is no row of ours. */
export function decodeRow({ value }: Row): readonly Uint8Array[] | undefined {
  const read = decode(row, value)
  return read.ok ? read.value.updates : undefined
}

const pad = (number: number, digits: number): string =>
  String(Math.max(0, Math.trunc(number))).padStart(digits, '0')
