// Serves the built web app: a handful of files, each read whole, from one directory and nowhere else. What the build
// gave a hash in its name may be kept for ever; all else, index.html and the service worker above all, is asked for
// again each time. A navigation to an unknown path gets index.html, an unknown file gets 404.

import { readFile, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'

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

/** @returns true if it answered the request; false if there is no such file */
export type StaticFiles = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

/** @param directory the built web app; files may change while it is served */
export function createStaticFiles(directory: string): StaticFiles {
  return async (request, response) => {
    const path = readPath(request.url ?? '/')
    if (path === undefined) return false
    const found = await findFile(directory, path)
    if (found !== undefined) return await answer(request, response, path, found)
    const home = isNavigation(request, path) ? await findFile(directory, '/index.html') : undefined
    return home !== undefined && (await answer(request, response, '/index.html', home))
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

async function findFile(directory: string, path: string): Promise<{ file: string; tag: string } | undefined> {
  const file = join(directory, path)
  try {
    const stats = await stat(file)
    return stats.isFile() ? { file, tag: `"${stats.size}-${Math.round(stats.mtimeMs)}"` } : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  { file, tag }: { file: string; tag: string },
): Promise<boolean> {
  response.setHeader('etag', tag)
  response.setHeader('cache-control', isHashed(path) ? 'public, max-age=31536000, immutable' : 'no-cache')
  response.setHeader('content-security-policy', contentSecurityPolicy)
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('referrer-policy', 'no-referrer')
  if (request.headers['if-none-match'] === tag) {
    response.writeHead(304).end()
    return true
  }
  const body = await readFile(file)
  const type = contentTypes[extname(path).toLowerCase()] ?? 'application/octet-stream'
  response.writeHead(200, { 'content-type': type, 'content-length': body.byteLength })
  response.end(request.method === 'HEAD' ? undefined : body)
  return true
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
