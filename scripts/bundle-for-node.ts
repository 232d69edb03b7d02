// Bundles a Node program that embeds Skein, for tests that start it many times: hundreds of starts cannot wait for a
// compiler each.

import { rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'

export interface BundledProgram {
  readonly program: string
  /** With its folder. */
  remove(): void
}

const root = join(import.meta.dirname, '..')

/**
 * @param entry the program's source; it may import `skein`, which is the core as it stands
 * @param name of its folder, told apart by the process's id; among node_modules, where the program finds its packages
 * @param plugins may break it on purpose
 */
export async function bundleForNode(
  entry: string,
  name: string,
  plugins: Plugin[] = [],
): Promise<BundledProgram> {
  const folder = join(root, 'node_modules', '.skein-programs', `${name}-${process.pid}`)
  const program = join(folder, 'program.mjs')
  await mkdir(folder, { recursive: true })
  await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    packages: 'external',
    alias: { skein: join(root, 'core/node.ts') },
    outfile: program,
    logLevel: 'warning',
    plugins,
  })
  return { program, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
