// The real signaling server as a child process, perhaps in a network namespace. It serves the tabs' page as well, and
// comes back under the same address.

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { endProcess } from '../../bench/support/processes.ts'

export interface ServerSettings {
  readonly host: string
  readonly webDir: string
  /** Of its own, so that no agent of the machine meets this server. */
  readonly registryDir: string
  /** Put in front of its command line. */
  readonly prefix: readonly string[]
}

export interface RealServer {
  /** Without a slash at its end. */
  readonly origin: string
  readonly webSocketUrl: string
  readonly pid: number
  kill(): Promise<void>
  /** After `kill()`. */
  restart(): Promise<void>
}

export async function startRealServer(settings: ServerSettings): Promise<RealServer> {
  let child = spawnServer(settings, '0')
  const { origin, port } = new URL(await whereIsIt(child))
  return {
    origin,
    webSocketUrl: origin.replace(/^http/, 'ws'),
    get pid() {
      return child.pid!
    },
    kill: () => endProcess(child),
    restart: async () => {
      child = spawnServer(settings, port)
      await whereIsIt(child)
    },
  }
}

function spawnServer({ host, webDir, registryDir, prefix }: ServerSettings, port: string): ChildProcess {
  const words = ['--import', 'tsx', 'signaling/main.ts', '--port', port, '--host', host, '--web', webDir]
  const [first, ...rest] = [...prefix, process.execPath, ...words]
  return spawn(first!, rest, {
    stdio: ['ignore', 'pipe', 'ignore'],
    // Ctrl-C is for the test, which ends it in its own way.
    detached: true,
    env: { ...process.env, SKEIN_REGISTRY_DIR: registryDir },
  })
}

const whereIsIt = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const url = /^Skein is at (\S+)$/.exec(line)?.[1]
      if (url !== undefined) resolve(url)
    })
    child.once('exit', (code) => reject(new Error(`The signaling server ended (${code}).`)))
  })
