// The benchmarks' pages as people would serve theirs: built by Vite with the settings of the web app, so that what is
// measured is what is shipped, for Skein and for whatever stands beside it.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { build, preview } from 'vite'
import { type Ending, temporaryFolder } from './processes.ts'

const folder = 'bench/pages'

/** Builds and serves them until the ending. @returns the address, without a slash at its end */
export async function serveBuiltPages(ending: Ending): Promise<string> {
  const outDir = temporaryFolder(ending, 'pages')
  const pages = readdirSync(folder).filter((name) => name.endsWith('.html'))
  await build({
    logLevel: 'warn',
    publicDir: false,
    build: {
      outDir,
      sourcemap: false,
      reportCompressedSize: false,
      rolldownOptions: { input: pages.map((name) => join(folder, name)) },
    },
  })
  const server = await preview({
    configFile: false,
    logLevel: 'warn',
    build: { outDir },
    preview: { port: 0, host: '127.0.0.1' },
  })
  ending.add(() => server.close())
  const address = server.httpServer.address()
  if (typeof address !== 'object' || address === null) throw new Error('The server of the pages has no port.')
  return `http://localhost:${address.port}`
}
