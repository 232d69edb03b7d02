// Two processes that play seeds: one for each core of the machines this runs on. They run a bundle, which loads in a
// tenth of the time that the sources take.

import { fork, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { noCoverage } from './coverage.ts'
import type { Outcome } from './outcome.ts'
import type { Task } from './worker.ts'

const workers = 2

/** What a worker that died has to say. */
export const crashed = ({ seed, profile = '', peers = 0 }: Task, why: string): Outcome => ({
  seed,
  profile,
  peers,
  violations: [{ checker: 'crashed', atMs: 0, text: why }],
  traceHash: '',
  events: 0,
  virtualMs: 0,
  tookMs: 0,
  coverage: noCoverage,
})

/** Plays every task; `onOutcome` is told of each as it comes. A worker that dies is a violation of its task. */
export async function playAll(
  tasks: Iterable<Task>,
  onOutcome: (outcome: Outcome) => void,
  crashed: (task: Task, why: string) => Outcome,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'skein-sim-'))
  const bundle = join(folder, 'worker.mjs')
  const children: ChildProcess[] = []
  const queue = tasks[Symbol.iterator]()
  const serve = (): Promise<void> =>
    new Promise((resolve) => {
      const child = fork(bundle, { stdio: 'inherit', execArgv: ['--enable-source-maps'] })
      children.push(child)
      let task: Task | undefined
      const next = (): void => {
        const { done, value } = queue.next()
        task = done === true ? undefined : value
        if (task === undefined) child.disconnect()
        else child.send(task)
      }
      child.on('message', (outcome: Outcome) => {
        onOutcome(outcome)
        next()
      })
      child.on('exit', (code, signal) => {
        if (task === undefined) return resolve()
        onOutcome(crashed(task, `the worker ended (${signal ?? code})`))
        resolve(serve())
      })
      next()
    })
  try {
    await bundleWorker(bundle)
    await Promise.all(Array.from({ length: workers }, serve))
  } finally {
    for (const child of children) child.kill()
    await rm(folder, { recursive: true, force: true })
  }
}

async function bundleWorker(outfile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL('worker.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'warning',
    outfile,
  })
}
