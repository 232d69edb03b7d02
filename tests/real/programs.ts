// Bundles what real peers run: the agent's program, and a folder with the tab's page. Once for all peers of a run, since
// a test that starts many of them cannot wait for a compiler each time.

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { bundleForNode } from '../../scripts/bundle-for-node.ts'

export interface Programs {
  /** For Node. */
  readonly agent: string
  /** With an index.html, for `--web`. */
  readonly webDir: string
  remove(): void
}

export async function bundlePrograms(): Promise<Programs> {
  const { program: agent, remove } = await bundleForNode(
    join(import.meta.dirname, 'children/agent.ts'),
    'real',
  )
  const webDir = join(dirname(agent), 'web')
  await mkdir(webDir)
  await build({
    entryPoints: [join(import.meta.dirname, 'children/page.ts')],
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    alias: { skein: join(import.meta.dirname, '../../core/browser.ts') },
    outfile: join(webDir, 'page.js'),
    logLevel: 'warning',
  })
  const page =
    '<!doctype html><meta charset="utf-8" /><title>Skein</title><script type="module" src="/page.js"></script>'
  await writeFile(join(webDir, 'index.html'), page)
  return { agent, webDir, remove }
}
