// What finding a browser takes, whichever it is: looking for an installed program, and asking the system for a package.

import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const installTimeoutMs = 5 * 60_000

/**
 * @param variable in the environment; a path in it goes before all
 * @param programs names to look for in the folders of `PATH`
 * @param paths whole paths, looked at last
 * @returns the first of them that may be executed
 */
export function findProgram(
  variable: string,
  programs: readonly string[],
  paths: readonly string[],
): string | undefined {
  const chosen = process.env[variable]
  if (chosen !== undefined && chosen !== '') return chosen
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const installed = programs.flatMap((program) => folders.map((folder) => join(folder, program)))
  return [...installed, ...paths].find(isExecutable)
}

export const isRoot = (): boolean => process.getuid?.() === 0

/** Asks Debian's package manager, where this is a Linux. Whether it could shows in what is found afterwards. */
export function installWithApt(name: string): void {
  if (process.platform !== 'linux') return
  const [program, ...before] = isRoot() ? ['apt-get'] : ['sudo', '-n', 'apt-get']
  runInstaller(program, [...before, 'update'])
  runInstaller(program, [...before, 'install', '-y', '--no-install-recommends', name])
}

/** A failure shows in what it prints, and in that the program is still not there. */
export function runInstaller(program: string, words: readonly string[]): void {
  spawnSync(program, words, {
    stdio: 'inherit',
    timeout: installTimeoutMs,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
