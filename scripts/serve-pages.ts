// Serves the repository's sources to a browser, TypeScript included, for the pages of the tests: they import what they
// need as modules. Run as a program it prints its address and stays until it is told to stop.

import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createVite } from 'vite'

export interface PagesServer {
  /** Without a slash at its end. */
  readonly url: string
  close(): Promise<void>
}

/** @param port 0, the default: one of the system's choice */
export async function servePages(port = 0): Promise<PagesServer> {
  const cacheDir = `node_modules/.vite-pages/${process.pid}`
  const server = createServer()
  const vite = await createVite({
    appType: 'mpa',
    // Of its own, so that a development server running meanwhile is not disturbed.
    cacheDir,
    logLevel: 'warn',
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { entries: ['index.html', 'tests/e2e/pages/*.html'] },
  })
  server.on('request', (request, response) => vite.middlewares(request, response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  const got = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: `http://localhost:${got}`,
    close: async () => {
      await vite.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(cacheDir, { recursive: true, force: true })
    },
  }
}

if (import.meta.filename === process.argv[1]) {
  const { url, close } = await servePages()
  console.log(`pages at ${url}`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close())
}
