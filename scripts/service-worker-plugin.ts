// Builds the service worker as one file at the app's root and tells it which files the build made. In development a
// worker that unregisters itself stands in, because one left by a built app on this port would go on serving that.

import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Plugin, ResolvedConfig } from 'vite'

const fileName = 'service-worker.js'

const unregister = `self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', () => self.registration.unregister())
`

/** @param entry the worker's source; it finds the built files, as absolute paths, in the constant `__PRECACHE__` */
export function serviceWorker(entry: string): Plugin {
  let config: ResolvedConfig
  return {
    name: 'skein-service-worker',
    configResolved(resolved) {
      config = resolved
    },
    configureServer(server) {
      server.middlewares.use(`${config.base}${fileName}`, (_request, response) => {
        response.setHeader('content-type', 'text/javascript')
        response.end(unregister)
      })
    },
    generateBundle: {
      order: 'post',
      async handler(_options, bundle) {
        const contents = new Map<string, string | Uint8Array>()
        for (const [name, file] of Object.entries(bundle)) {
          if (!name.endsWith('.map')) contents.set(name, file.type === 'chunk' ? file.code : file.source)
        }
        for (const name of await filesIn(config.publicDir)) {
          contents.set(name, await readFile(join(config.publicDir, name)))
        }
        const source = await bundleWorker(entry, config.base, contents)
        this.emitFile({ type: 'asset', fileName, source })
      },
    },
  }
}

async function bundleWorker(
  entry: string,
  base: string,
  contents: ReadonlyMap<string, string | Uint8Array>,
): Promise<string> {
  const names = [...contents.keys()].toSorted()
  const hash = createHash('sha256')
  for (const name of names) hash.update(`${name}\0`).update(contents.get(name) ?? '')
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    define: { __PRECACHE__: JSON.stringify(names.map((name) => `${base}${name}`)) },
    // A browser installs a worker anew only if its bytes differ, and index.html has no hash in its name.
    banner: { js: `// build ${hash.digest('hex').slice(0, 16)}` },
  })
  return result.outputFiles[0]?.text ?? ''
}

/** @returns paths relative to `folder`; none if there is no such folder */
async function filesIn(folder: string): Promise<string[]> {
  if (folder === '') return []
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(folder.length + 1)
          .replaceAll('\\', '/'),
      )
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
