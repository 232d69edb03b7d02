// The real signaling server as a child process, serving the built web app. It can be killed and started again on the
// same port, as the stories need it.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ensureWeb } from '../../../scripts/build.ts'

export interface SignalingProcess {
  /** Ends with a slash. The same after a restart. */
  readonly url: string
  /** The same for agents. */
  readonly webSocketUrl: string
  readonly port: number
  /** The registry of this server alone, so that no agent meets another test's server. */
  readonly registryDir: string
  /** @param webDir what it serves as the web app; the build of this project unless another one is named */
  start(webDir?: string): Promise<void>
  /** SIGKILL; resolves when the process is gone. Does nothing where none runs. */
  kill(): Promise<void>
  close(): Promise<void>
}

/** @param host where to listen; `localhost` unless a test is about other addresses */
export async function startServer(host = 'localhost'): Promise<SignalingProcess> {
  await ensureWeb()
  const registryDir = await mkdtemp(join(tmpdir(), 'skein-registry-'))
  let child: ChildProcess | undefined
  let url: URL | undefined

  const start = async (webDir = 'dist/web'): Promise<void> => {
    const port = url?.port ?? '0'
    const words = ['--import', 'tsx', 'signaling/main.ts', '--port', port, '--host', host, '--web', webDir]
    const started = spawn(process.execPath, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SKEIN_REGISTRY_DIR: registryDir },
    })
    child = started
    const said = new URL(await firstMatch(started, /^Skein is at (\S+)$/))
    if (url && url.port !== said.port)
      throw new Error(`The server came back on ${said.port}, not ${url.port}`)
    url = said
  }

  const kill = async (): Promise<void> => {
    const running = child
    child = undefined
    if (running) await endProcess(running)
  }

  await start()
  return {
    get url() {
      return url!.href
    },
    get webSocketUrl() {
      return url!.href.replace(/^http/, 'ws')
    },
    get port() {
      return Number(url!.port)
    },
    registryDir,
    start,
    kill,
    close: async () => {
      await kill()
      await rm(registryDir, { recursive: true, force: true })
    },
  }
}

export interface DevelopmentServer {
  /** Ends with a slash. */
  readonly url: string
  close(): Promise<void>
}

/** What `npm run dev` starts: pages straight from the sources, the examples among them, and signaling. */
export async function startDevelopmentServer(): Promise<DevelopmentServer> {
  const registryDir = await mkdtemp(join(tmpdir(), 'skein-registry-'))
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/dev.ts', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SKEIN_REGISTRY_DIR: registryDir },
  })
  const url = await firstMatch(child, /^Skein \(development\) is at (\S+)$/)
  return {
    url,
    close: async () => {
      await endProcess(child)
      await rm(registryDir, { recursive: true, force: true })
    },
  }
}

/** The first group of the first line on stdout that matches; rejects with what was said on stderr where it ends first. */
function firstMatch(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let complaint = ''
    child.stderr?.on('data', (bytes: Buffer) => (complaint += bytes.toString()))
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const found = pattern.exec(line)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('exit', (code) => reject(new Error(`The process ended (${code}): ${complaint}`)))
    child.once('error', reject)
  })
}

/** SIGKILLs a process of ours, by its pid, and waits until it is gone. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise((resolve) => {
    child.once('exit', resolve)
    child.kill('SIGKILL')
  })
}
