// Starts workers, hears what they say, and ends them: now, or at a random instant.

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Plugin } from 'esbuild'
import { type BundledProgram, bundleForNode } from '../../../scripts/bundle-for-node.ts'
import type { WorkerLine, WorkerSettings } from './witness.ts'

/** To begin writing, to stop, to say what the history is. */
export type Word = 'write' | 'rest' | 'tell'

export class WorkerProcess {
  readonly #child: ChildProcess
  readonly #closed: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  #complaints = ''

  constructor(
    program: string,
    settings: WorkerSettings,
    hear: (line: WorkerLine) => void,
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.#child = spawn(process.execPath, [program, JSON.stringify(settings)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    })
    this.#child.stderr!.on('data', (bytes: Buffer) => (this.#complaints += bytes.toString()))
    // A word to a process that was just killed; its end says so as well.
    this.#child.stdin!.on('error', (error) => (this.#complaints += String(error)))
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      const whole = parsed(line)
      if (whole !== undefined) hear(whole)
    })
    this.#closed = new Promise((resolve) =>
      this.#child.once('close', (code, signal) => resolve({ code, signal })),
    )
  }

  say(word: Word): void {
    this.#child.stdin!.write(`${word}\n`)
  }

  /** SIGKILL. Resolves once it is gone and all it said was heard; rejects if it had ended before, by itself. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    const { code, signal } = await this.#closed
    if (signal !== 'SIGKILL') throw new Error(`It ended by itself (${code ?? signal}): ${this.#complaints}`)
  }
}

/** The last line may have been cut off by the kill: then it was never said. */
function parsed(line: string): WorkerLine | undefined {
  try {
    return JSON.parse(line) as WorkerLine
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** What a hook may take that bundles: seconds, and on a busy machine a minute. */
export const bundlingMs = 300_000

/** Bundles the worker; `plugins` may break it on purpose. */
export function bundleWorker(name: string, plugins: Plugin[] = []): Promise<BundledProgram> {
  return bundleForNode(join(import.meta.dirname, '../children/worker.ts'), `disks-${name}`, plugins)
}
