// Bodies between programs and bytes: one byte says which encoding, the rest is it. 0: JSON in UTF-8; 1: bytes.

import type { Body, Json } from './api.ts'
import { MeshError } from './base/errors.ts'
import { limits } from './base/limits.ts'

const jsonTag = 0
const bytesTag = 1
/** Deeper values are refused: they would overflow somebody's stack. chosen. */
const maxDepth = 200

/** @throws MeshError `body-not-json` or `body-too-large`. */
export function encodeBody(body: Body, maxBytes: number = limits.maxBodyBytes): Uint8Array {
  const bytes = body instanceof Uint8Array ? tagged(bytesTag, body) : tagged(jsonTag, encodeJson(body))
  if (bytes.length <= maxBytes) return bytes
  const size = `${bytes.length - 1} bytes`
  throw new MeshError(
    'body-too-large',
    `This body takes ${size} and may take ${maxBytes - 1}. Send it in parts, or send a reference to it.`,
  )
}

/** Never throws: what is no JSON after all is handed over as bytes. */
export function decodeBody(bytes: Uint8Array): Body {
  const content = bytes.slice(1)
  if (bytes[0] !== jsonTag) return content
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content)) as Json
  } catch {
    return content
  }
}

function tagged(tag: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + content.length)
  bytes[0] = tag
  bytes.set(content, 1)
  return bytes
}

function encodeJson(value: unknown): Uint8Array {
  let problem: Problem | undefined
  try {
    problem = whyNotJson(value, 0)
    if (problem === undefined) return new TextEncoder().encode(JSON.stringify(value))
  } catch (cause) {
    // A getter or a proxy of the program's.
    throw new MeshError('body-not-json', `This body cannot be read: ${String(cause)}.`, { cause })
  }
  const where = problem.path.length === 0 ? '' : ` at “${problem.path.join('.').slice(0, 80)}”`
  throw new MeshError(
    'body-not-json',
    `This body is neither JSON nor bytes: it ${problem.what}${where}. Send texts, finite numbers, true, false, null, plain objects and arrays of these, or a Uint8Array.`,
  )
}

interface Problem {
  readonly what: string
  /** The keys that lead there. */
  readonly path: string[]
}

/** JSON.stringify would change such values in silence. */
function whyNotJson(value: unknown, depth: number): Problem | undefined {
  const problem = (what: string): Problem => ({ what, path: [] })
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : problem(`holds ${value}`)
  if (typeof value !== 'object')
    return problem(`holds ${value === undefined ? 'undefined' : `a ${typeof value}`}`)
  if (depth > maxDepth) return problem('refers to itself or is nested too deeply')
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) {
    if (Object.getPrototypeOf(value) !== null) return problem('holds an object that is not a plain one')
  }
  // Of an array also those that were left out.
  for (const key of Array.isArray(value) ? value.keys() : Object.keys(value)) {
    const found = whyNotJson((value as Readonly<Record<string | number, unknown>>)[key], depth + 1)
    found?.path.unshift(String(key))
    if (found !== undefined) return found
  }
  return undefined
}
