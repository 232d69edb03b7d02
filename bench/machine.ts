// On what the figures were measured. No names and no paths: results are made to be shown.

import { spawnSync } from 'node:child_process'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { findChromium } from '../scripts/find-chromium.ts'

export interface Machine {
  readonly date: string
  readonly platform: string
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly node: string
  readonly chromium: string
}

export function describeMachine(): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    chromium: chromiumVersion(),
  }
}

export const machineLine = (machine: Machine): string =>
  `${machine.date} · ${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, ${machine.platform}` +
  ` · Node ${machine.node} · Chromium ${machine.chromium}`

function chromiumVersion(): string {
  const program = findChromium()
  if (program === undefined) return 'none'
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  return /[\d.]+/.exec(stdout)?.[0] ?? 'unknown'
}
