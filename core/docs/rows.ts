// How documents are stored: each row holds Yjs updates (encoding V1), and a document is all its rows together, in any
// order. So rows are only ever added and, once another row holds what they held, removed: tabs that share a store
// cannot undo one another's writes. Keys: doc/<name>/<wall clock>-<writer>-<number>.

import type { Range, Row } from '../base/ports.ts'
import { limits } from '../base/limits.ts'
import { bytes, decode, encode, list, object, uint } from '../wire/codec.ts'

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

/** When it was written, as far as its writer knew. */
export const wallMsOfKey = (key: string): number => Number.parseInt(key.split('/')[2] ?? '', 10) || 0

export const asideKey = (key: string): string => asidePrefix + key.slice(docRowsPrefix.length)

/** The name of the document a row belongs to. */
export const docOfKey = (key: string): string => key.split('/')[1] ?? ''

/** Rows' worth of updates, in their order: each of about a segment, a larger update alone. */
export function inRows(updates: readonly Uint8Array[]): Uint8Array[][] {
  const rows: Uint8Array[][] = []
  let group: Uint8Array[] = []
  let bytes = 0
  for (const update of updates) {
    const full = bytes + update.length > limits.maxDocSegmentBytes || group.length === limits.maxDocUpdates
    if (full && group.length > 0) {
      rows.push(group)
      group = []
      bytes = 0
    }
    group.push(update)
    bytes += update.length
  }
  if (group.length > 0) rows.push(group)
  return rows
}

/** As the codec writes it, without copies on the way: rows are large. */
export function encodeRow(updates: readonly Uint8Array[]): Uint8Array {
  const heads = [updates.length, ...updates.map(({ length }) => length)].map((number) => encode(uint, number))
  const bytes = [...heads, ...updates].reduce((sum, part) => sum + part.length, 0)
  const value = new Uint8Array(bytes)
  let offset = 0
  const add = (part: Uint8Array): void => {
    value.set(part, offset)
    offset += part.length
  }
  add(heads[0]!)
  for (const [i, update] of updates.entries()) {
    add(heads[i + 1]!)
    add(update)
  }
  return value
}

/** Undefined where the value is no row of ours. */
export function decodeRow({ value }: Row): readonly Uint8Array[] | undefined {
  const read = decode(row, value)
  return read.ok ? read.value.updates : undefined
}

const pad = (number: number, digits: number): string =>
  String(Math.max(0, Math.trunc(number))).padStart(digits, '0')
