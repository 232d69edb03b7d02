// Bundles what real peers run: the agent's program, and a folder with the tab's page. Once for all peers of a run, since
// a test that starts many of them cannot wait for a compiler each time.

import { rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build, type BuildOptions } from 'esbuild'

export interface Programs {
  /** For Node. */
  readonly agent: string
  /** With an index.html, for `--web`. */
  readonly webDir: string
  remove(): void
}

const root = join(import.meta.dirname, '../..')
const core = (entry: string): Record<string, string> => ({ skein: join(root, 'core', entry) })

export async function bundlePrograms(): Promise<Programs> {
  // Among node_modules, where the agent finds its packages.
  const folder = join(root, 'node_modules', '.skein-real', String(process.pid))
  const [agent, webDir] = [join(folder, 'agent.mjs'), join(folder, 'web')]
  await mkdir(webDir, { recursive: true })
  const common: BuildOptions = { bundle: true, format: 'esm', logLevel: 'warning' }
  await build({
    ...common,
    entryPoints: [join(import.meta.dirname, 'children/agent.ts')],
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    alias: core('node.ts'),
    outfile: agent,
  })
  await build({
    ...common,
    entryPoints: [join(import.meta.dirname, 'children/page.ts')],
    platform: 'browser',
    target: 'es2022',
    alias: core('browser.ts'),
    outfile: join(webDir, 'page.js'),
  })
  const page =
    '<!doctype html><meta charset="utf-8" /><title>Skein</title><script type="module" src="/page.js"></script>'
  await writeFile(join(webDir, 'index.html'), page)
  return { agent, webDir, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
