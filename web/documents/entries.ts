// Reading and writing entries of a shared Y.Map that anybody may have written, by hand or by a program: an entry is
// a Y.Map or a plain object, and any of its fields may be missing or of another kind.

import * as Y from 'yjs'

export type Fields = Readonly<Record<string, unknown>>

/** Longest title shown and written; a line, not a page. */
export const longestTitle = 200

/** What an entry holds, or undefined where it is no entry at all. */
export function fieldsOf(entry: unknown): Fields | undefined {
  const plain: unknown = entry instanceof Y.Map ? entry.toJSON() : entry
  return typeof plain === 'object' && plain !== null && !Array.isArray(plain) ? { ...plain } : undefined
}

/** Changes one field and leaves the others to whoever changes them at the same time. */
export function setField(entries: Y.Map<unknown>, id: string, field: string, value: unknown): void {
  const entry = entries.get(id)
  if (entry instanceof Y.Map) {
    if (entry.get(field) !== value) entry.set(field, value)
  } else {
    const fields = fieldsOf(entry)
    if (fields) entries.set(id, { ...fields, [field]: value })
  }
}

export const newEntry = (fields: Fields): Y.Map<unknown> => new Y.Map(Object.entries(fields))

/** One line without characters that hide, reorder or break the text around it, or are cut in two. */
export const asLine = (text: unknown): string =>
  typeof text === 'string'
    ? text
        .slice(0, 4 * longestTitle)
        .replace(/[\s\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
        .replace(/[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g, '')
        .trim()
        .slice(0, longestTitle)
        .replace(/[\ud800-\udbff]$/, '')
    : ''

/** Milliseconds since 1970; 0 where there is no such date. */
export const asTime = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= 8.64e15 ? value : 0
