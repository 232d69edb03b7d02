// `npm run dev`: what `npm start` serves, but straight from the sources and reloaded as they change. The app, Vite's
// reload channel and signaling share one port.

import { createServer, type RequestListener } from 'node:http'
import { createServer as createVite } from 'vite'
import { localUrl } from '../signaling/addresses.ts'
import { announceServer } from '../signaling/announce.ts'
import { portsToTry, readArguments, usage } from '../signaling/arguments.ts'
import { hasCode } from '../signaling/listen.ts'
import { createSignalingServer } from '../signaling/server.ts'
import { stopWithNpm } from './stop-with-npm.ts'

/** Listens on the first port that is free. @returns the one it got */
async function listenSomewhere(
  server: ReturnType<typeof createServer>,
  port: number,
  host: string,
): Promise<number> {
  for (const candidate of portsToTry(port)) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(candidate, host, () => {
          server.off('error', reject)
          resolve()
        })
      })
      const address = server.address()
      return typeof address === 'object' && address !== null ? address.port : candidate
    } catch (error) {
      if (!hasCode(error, 'EADDRINUSE')) throw error
    }
  }
  throw new Error('No free port was found.')
}

async function main(): Promise<number> {
  const read = readArguments(process.argv.slice(2), process.env)
  if (read.kind === 'help') {
    process.stdout.write(usage)
    return 0
  }
  if (read.kind === 'wrong' || read.options.tlsCert !== undefined) {
    console.error(
      read.kind === 'wrong' ? read.sentence : 'npm run dev speaks http only; npm start takes certificates.',
    )
    return 2
  }
  const { port, host } = read.options
  stopWithNpm()
  const server = createServer()
  const vite = await createVite({
    server: { middlewareMode: true, hmr: { server } },
    // Named, so that the first visit to an example is not interrupted by finding what it imports.
    optimizeDeps: { entries: ['examples/*.html'] },
  })
  const fallback: RequestListener = (request, response) => vite.middlewares(request, response)
  const signaling = await createSignalingServer({ server, fallback })
  const got = await listenSomewhere(server, port, host === 'localhost' ? '127.0.0.1' : host)
  if (port !== 0 && got !== port) console.error(`Port ${port} is taken; using ${got} instead.`)

  const url = localUrl('http', host, got)
  const { serverId } = signaling
  const retract = await announceServer({ url, pid: process.pid, port: got, startedAt: Date.now(), serverId })
  console.log(`Skein (development) is at ${url}`)
  await new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve)
  })
  await retract()
  await vite.close()
  await signaling.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  return 0
}

process.exitCode = await main()
