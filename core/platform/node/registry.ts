// How agents find the signaling servers of this machine: each server keeps a small file in a directory that only its
// user can write to, and whoever looks believes a file only when the server it names answers by the same id. Decides
// where that directory is, whom it trusts and when a file is stale; the server's side is signaling/announce.ts.

import { lstat, readdir, readFile, rm } from 'node:fs/promises'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** One running server, as its file names it. */
export interface LocalServer {
  /** Where it is for programs on this machine, e.g. `http://localhost:4444/`. */
  readonly url: string
  readonly pid: number
  readonly port: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Random, new at every start. */
  readonly serverId: string
}

type Environment = Readonly<Record<string, string | undefined>>

const maxEntryBytes = 4096
const maxHealthBytes = 64 * 1024
/** How long a server may take to say who it is: one on this machine needs a few. */
const healthTimeoutMs = 1000

/**
 * Where servers are entered, best first. `SKEIN_REGISTRY_DIR`, when set, is the only one. A server enters itself in
 * the first it can use and a reader looks in all, since the two may be started with different environments.
 */
export function registryDirectories(environment: Environment = process.env): string[] {
  const chosen = environment['SKEIN_REGISTRY_DIR']
  if (chosen !== undefined && chosen !== '') return [chosen]
  const user = process.getuid?.() ?? userInfo().username
  const runtime = environment['XDG_RUNTIME_DIR'] || (process.platform === 'linux' ? `/run/user/${user}` : '')
  const directories = [join(tmpdir(), `skein-${user}`, 'servers')]
  if (runtime !== '') directories.unshift(join(runtime, 'skein', 'servers'))
  return directories
}

/**
 * True if `directory` is a directory of ours that nobody else can write to. The temporary directory is shared: a
 * stranger may have made one of this name to lead our agents to a server of theirs.
 */
export async function isPrivateDirectory(directory: string): Promise<boolean> {
  try {
    const stats = await lstat(directory)
    if (!stats.isDirectory()) return false
    const user = process.getuid?.()
    return user === undefined || (stats.uid === user && (stats.mode & 0o022) === 0)
  } catch {
    // Missing, or not ours to look at: either way no place for our files.
    return false
  }
}

/**
 * The servers of this user that run on this machine, oldest first, so that all agents settle on the same one. Each
 * has answered just now. Files left by dead servers are removed on the way. Never rejects for what it finds there.
 */
export async function findLocalServers(environment: Environment = process.env): Promise<LocalServer[]> {
  const found = await Promise.all(registryDirectories(environment).map(readDirectory))
  const byId = new Map(found.flat().map((server) => [server.serverId, server]))
  return [...byId.values()].sort((a, b) => a.startedAt - b.startedAt || a.pid - b.pid)
}

async function readDirectory(directory: string): Promise<LocalServer[]> {
  if (!(await isPrivateDirectory(directory))) return []
  const names = (await readdir(directory)).filter((name) => /^\d+\.json$/.test(name))
  const servers = await Promise.all(names.map((name) => checkEntry(join(directory, name))))
  return servers.filter((server) => server !== undefined)
}

async function checkEntry(path: string): Promise<LocalServer | undefined> {
  const server = await readEntry(path)
  const verdict = server !== undefined && isRunning(server.pid) ? await askHealth(server) : 'stale'
  if (verdict === 'running') return server
  // A server too busy to answer in time keeps its file: it may answer the next time.
  if (verdict === 'stale') await rm(path, { force: true }).catch(ignoredForNobodyIsThere)
  return undefined
}

/** What cannot be removed, a directory for one, is looked at again the next time. */
const ignoredForNobodyIsThere = (): void => undefined

async function readEntry(path: string): Promise<LocalServer | undefined> {
  try {
    const stats = await lstat(path)
    if (!stats.isFile() || stats.size > maxEntryBytes) return undefined
    return parseEntry(await readFile(path, 'utf8'))
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function parseEntry(text: string): LocalServer | undefined {
  const value = parseJson(text)
  const { url, pid, port, startedAt, serverId } = value
  if (typeof url !== 'string' || typeof serverId !== 'string' || serverId === '') return undefined
  if (!isCount(pid) || !isCount(port) || !isCount(startedAt)) return undefined
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return undefined
  return { url, pid, port, startedAt, serverId }
}

/** An object with nothing in it where `text` is not a JSON object. */
function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

function askHealth(server: LocalServer): Promise<'running' | 'stale' | 'silent'> {
  return new Promise((resolve) => {
    const url = new URL('health', server.url)
    const request = url.protocol === 'https:' ? requestHttps : requestHttp
    const signal = AbortSignal.timeout(healthTimeoutMs)
    // The certificate is not looked at: a server of one's own may well have signed it itself, nothing is told to
    // it, and what it must know (the id) was written where only this user can write.
    const asked = request(url, { agent: false, signal, rejectUnauthorized: false }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        body += part
        if (body.length > maxHealthBytes) response.destroy()
      })
      response.on('error', () => resolve('silent'))
      response.on('close', () =>
        resolve(parseJson(body)['serverId'] === server.serverId ? 'running' : 'stale'),
      )
    })
    asked.on('error', (error) => resolve(isRefused(error) ? 'stale' : 'silent'))
    asked.end()
  })
}

/**
 * Nobody listens there. Other failures (no network in here, no file descriptor left) are our own, and tell nothing of the server.
 * Of a name with several addresses each has an error of its own.
 */
const isRefused = (error: unknown): boolean =>
  errorCode(error) === 'ECONNREFUSED' || (error instanceof AggregateError && error.errors.some(isRefused))

const errorCode = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined
const isMissing = (error: unknown): boolean => errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR'
