// Serves the built web app: a handful of files, each read whole and kept, from one directory and nowhere else. What the build
// gave a hash in its name may be kept for ever; all else, index.html and the service worker above all, is asked for
// again each time. A navigation to an unknown path gets index.html, an unknown file gets 404. What is text goes out
// compressed to whoever takes it so: a third of the bytes, for those who open the app on a slow network.

import { readFile, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
}

// Scripts come from here only, so that text from a peer can never become code. Signaling servers may be anywhere.
const contentSecurityPolicy = [
  "default-src 'self'",
  "script-src 'self'",
  "worker-src 'self' blob:",
  "img-src 'self' data: blob:",
  'connect-src * ws: wss:',
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const isText = (type: string): boolean => /^text\/|^application\/(json|manifest\+json)|^image\/svg/.test(type)

/** Below this there is nothing to gain: it is one packet in any case. */
const leastCompressedBytes = 1024

/** Of too many files, or of former ones, those read first are not kept. chosen: the web app has 2 MB, both ways. */
const maxKeptBytes = 64 * 1024 * 1024

interface Found {
  readonly file: string
  readonly bytes: number
  /** Changes with the file; with the time of its change, which nobody can set: packages and images have all their files of one age. */
  readonly tag: string
}

/** @returns true if it answered the request; false if there is no such file */
export type StaticFiles = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

/** @param directory the built web app; files may change while it is served */
export function createStaticFiles(directory: string): StaticFiles {
  const bodies = new Bodies()
  return async (request, response) => {
    const path = readPath(request.url ?? '/')
    if (path === undefined) return false
    const found = await findFile(directory, path)
    if (found !== undefined) return await answer(request, response, path, found, bodies)
    const home = isNavigation(request, path) ? await findFile(directory, '/index.html') : undefined
    return home !== undefined && (await answer(request, response, '/index.html', home, bodies))
  }
}

/**
 * The path of a URL, decoded; a directory stands for its index.html. `undefined` for what names no file of ours:
 * broken escapes, a backslash or NUL, and names that begin with a dot, `..` among them.
 */
function readPath(url: string): string | undefined {
  const encoded = url.split(/[?#]/, 1)[0] ?? '/'
  let path: string
  try {
    path = decodeURIComponent(encoded)
  } catch {
    return undefined
  }
  if (!path.startsWith('/') || /[\\\0]/.test(path) || /\/\./.test(path)) return undefined
  return path.endsWith('/') ? `${path}index.html` : path
}

async function findFile(directory: string, path: string): Promise<Found | undefined> {
  const file = join(directory, path)
  try {
    const stats = await stat(file)
    if (!stats.isFile()) return undefined
    return { file, bytes: stats.size, tag: `${stats.size}-${Math.round(stats.ctimeMs)}` }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  found: Found,
  bodies: Bodies,
): Promise<boolean> {
  const type = contentTypes[extname(path).toLowerCase()] ?? 'application/octet-stream'
  const isCompressed = isText(type) && found.bytes >= leastCompressedBytes && takesGzip(request)
  const tag = isCompressed ? `"${found.tag}-gzip"` : `"${found.tag}"`
  response.setHeader('etag', tag)
  if (isText(type)) response.setHeader('vary', 'accept-encoding')
  response.setHeader('cache-control', isHashed(path) ? 'public, max-age=31536000, immutable' : 'no-cache')
  response.setHeader('content-security-policy', contentSecurityPolicy)
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('referrer-policy', 'no-referrer')
  if (holds(request, tag)) {
    response.writeHead(304).end()
    return true
  }
  const body = await bodies.of(found, tag, isCompressed)
  if (isCompressed) response.setHeader('content-encoding', 'gzip')
  response.writeHead(200, { 'content-type': type, 'content-length': body.byteLength })
  response.end(request.method === 'HEAD' ? undefined : body)
  return true
}

/** The header lists what the client has; a proxy on the way may have made a tag a weak one. */
const holds = (request: IncomingMessage, tag: string): boolean =>
  (request.headers['if-none-match'] ?? '')
    .split(',')
    .map((held) => held.trim().replace(/^W\//, ''))
    .some((held) => held === tag || held === '*')

/** The header lists what is taken, each with its weight; `q=0` is a refusal. */
const takesGzip = (request: IncomingMessage): boolean =>
  /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(request.headers['accept-encoding'] ?? '')

/**
 * Each file is read, and compressed, once for as long as it stays as it is: all answers share its bytes. One packet holds a
 * thousand requests, and a client that reads no answer has each of them wait here.
 */
class Bodies {
  /** By tag and file, those read first coming first. */
  readonly #kept = new Map<string, { readonly body: Promise<Buffer>; bytes: number }>()
  #keptBytes = 0

  of({ file }: Found, tag: string, isCompressed: boolean): Promise<Buffer> {
    const key = `${tag} ${file}`
    const known = this.#kept.get(key)
    if (known !== undefined) return known.body
    const read = readFile(file)
    const body = isCompressed ? read.then((bytes) => promisify(gzip)(bytes)) : read
    const kept = { body, bytes: 0 }
    this.#kept.set(key, kept)
    body.then(
      ({ byteLength }) => {
        kept.bytes = byteLength
        this.#keptBytes += byteLength
        this.#makeRoom()
      },
      () => this.#kept.delete(key),
    )
    return body
  }

  #makeRoom(): void {
    for (const [key, { bytes }] of this.#kept) {
      if (this.#keptBytes <= maxKeptBytes) return
      if (bytes === 0) continue
      this.#kept.delete(key)
      this.#keptBytes -= bytes
    }
  }
}

/** Vite puts a hash of eight characters or more before the extension of all it writes under assets/. */
const isHashed = (path: string): boolean => /^\/assets\/.*-[A-Za-z0-9_-]{8,}\.\w+$/.test(path)

/** A person opening a page, not a page asking for one of its files. */
function isNavigation(request: IncomingMessage, path: string): boolean {
  if (extname(path) !== '' && !path.endsWith('/index.html')) return false
  const mode = request.headers['sec-fetch-mode']
  return mode === undefined ? (request.headers.accept ?? '').includes('text/html') : mode === 'navigate'
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(String(error.code))
