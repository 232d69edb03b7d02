// Runs one of the project's own tools as a child process, with its output going where ours goes.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** @returns the exit code; 1 if a signal ended it */
export function run(program: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: 'inherit', env: { ...process.env, ...env } })
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

/** Runs the command `name` of an installed package by Node itself, on every system alike. @returns the exit code */
export function runTool(
  name: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<number> {
  return run(process.execPath, [toolPath(name), ...words], env)
}

const packageOf: Readonly<Record<string, string>> = { tsc: 'typescript', playwright: '@playwright/test' }

function toolPath(name: string): string {
  const manifest = join(import.meta.dirname, '..', 'node_modules', packageOf[name] ?? name, 'package.json')
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: string | Record<string, string> }
  const path = typeof bin === 'string' ? bin : bin[name]
  if (path === undefined) throw new Error(`The package of '${name}' has no such command.`)
  return join(dirname(manifest), path)
}
