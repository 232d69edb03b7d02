// Child processes of a benchmark: each is ended by its pid, also when the benchmark is interrupted.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface Ending {
  /**
   * Runs `end` when the benchmark is over, last one first; where it is interrupted, `atExit`, which cannot wait.
   * Returns how to run `end` now instead.
   */
  add(end: () => Promise<void> | void, atExit?: () => void): () => Promise<void>
  all(): Promise<void>
}

export function createEnding(): Ending {
  const ends = new Map<() => Promise<void> | void, (() => void) | undefined>()
  const run = async (end: () => Promise<void> | void): Promise<void> => {
    if (ends.delete(end)) await end()
  }
  const interrupted = (): void => {
    for (const atExit of [...ends.values()].toReversed()) atExit?.()
  }
  process.once('exit', interrupted)
  return {
    add: (end, atExit) => {
      ends.set(end, atExit)
      return () => run(end)
    },
    all: async () => {
      for (const end of [...ends.keys()].toReversed()) {
        await run(end).catch((error: unknown) => process.stderr.write(`While ending: ${String(error)}\n`))
      }
      process.off('exit', interrupted)
    },
  }
}

/** A folder that is deleted at the end. */
export function temporaryFolder(ending: Ending, label: string): string {
  const folder = mkdtempSync(join(tmpdir(), `skein-bench-${label}-`))
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  ending.add(remove, remove)
  return folder
}

/** SIGKILL by pid; resolves when it is gone. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise((resolve) => {
    child.once('exit', resolve)
    child.kill('SIGKILL')
  })
}

/** Starts the signaling server as people do, on a port of the system's choice. @returns its WebSocket address */
export async function startServer(ending: Ending): Promise<string> {
  const words = ['--import', 'tsx', 'signaling/main.ts', '--port', '0', '--host', 'localhost']
  const child = spawn(process.execPath, words, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SKEIN_REGISTRY_DIR: temporaryFolder(ending, 'registry') },
  })
  ending.add(
    () => endProcess(child),
    () => void child.kill('SIGKILL'),
  )
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const found = /^Skein is at (\S+)$/.exec(line)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('exit', (code) => reject(new Error(`The signaling server ended (${code}).`)))
  })
  return url.replace(/^http/, 'ws')
}
