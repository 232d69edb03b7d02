// What a message says, as text, and how much of it is drawn before somebody asks for the rest.

import type { Body } from 'skein'
import { count } from './words.ts'

/**
 * Of a longer body only the beginning is drawn. chosen; measured: one array of 500,000 numbers, put out line by line,
 * held the tabs of everybody in the room for 20 s, again after each reload.
 */
const mostCharacters = 10_000

/** The body as text; what is neither a string nor bytes as JSON. Long JSON is not laid out in lines. */
export function textOf(body: Body): string {
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array) return `${count(body.byteLength, 'byte')} of data`
  try {
    const compact = JSON.stringify(body)
    return compact.length > mostCharacters ? compact : JSON.stringify(body, null, 2)
  } catch {
    // A hostile peer may nest deeper than any stack is.
    return 'Data that is nested too deep to be shown'
  }
}

/** What is drawn of it at first; no character is cut in two. */
export const beginningOf = (text: string): string =>
  text.length > mostCharacters ? text.slice(0, mostCharacters).replace(/[\ud800-\udbff]$/, '') : text
