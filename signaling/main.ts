// The signaling server as a program: reads its arguments, finds a free port, enters itself where agents look, says
// on stdout where it is (everything else goes to stderr), and goes in good order when it is told to.

import { readFile, stat } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { findLocalServers } from '../core/platform/node/registry.ts'
import { insecureWarning, localUrl, remoteUrls } from './addresses.ts'
import { announceServer } from './announce.ts'
import { portsToTry, readArguments, type ServerArguments, usage } from './arguments.ts'
import { hasCode } from './listen.ts'
import { createSignalingServer, type SignalingOptions, type SignalingServer } from './server.ts'

const exitFailed = 1
const exitUsage = 2

const say = (line: string): boolean => process.stderr.write(`${line}\n`)

async function main(): Promise<number> {
  const read = readArguments(process.argv.slice(2), process.env)
  if (read.kind === 'help') {
    process.stdout.write(usage)
    return 0
  }
  if (read.kind === 'wrong') {
    say(`${read.sentence} --help shows what there is.`)
    return exitUsage
  }
  const settings = await readFiles(read.options)
  if (typeof settings === 'string') {
    say(settings)
    return exitUsage
  }
  const told = toldToStop()
  const others = await findLocalServers()
  const server = await listenSomewhere(read.options, settings)
  if (typeof server === 'string') {
    say(server)
    return exitFailed
  }
  const retract = await introduce(read.options, server)
  for (const other of others)
    say(`Another Skein server runs on this machine: ${other.url} (process ${other.pid})`)
  const signal = await told
  say(`${signal}: closing.`)
  await retract().catch((error: unknown) => say(`The registry still names this server: ${messageOf(error)}`))
  await server.close()
  return 0
}

/** The files the options name, read; or a sentence about the one that cannot be. */
async function readFiles({ tlsCert, tlsKey, web }: ServerArguments): Promise<SignalingOptions | string> {
  const settings: { webDir?: string; tls?: { cert: Buffer; key: Buffer } } = {}
  try {
    if (tlsCert !== undefined && tlsKey !== undefined) {
      settings.tls = { cert: await readFile(tlsCert), key: await readFile(tlsKey) }
    }
    if (web !== undefined) {
      await stat(join(web, 'index.html'))
      settings.webDir = web
    }
    return settings
  } catch (error) {
    return `A file that the options name cannot be read: ${messageOf(error)}.`
  }
}

async function listenSomewhere(
  { port, host }: ServerArguments,
  settings: SignalingOptions,
): Promise<SignalingServer | string> {
  for (const candidate of portsToTry(port)) {
    try {
      const server = await createSignalingServer({ ...settings, host, port: candidate })
      const got = server.address()?.port
      if (candidate !== port) say(`Port ${port} is taken by another program; using ${got} instead.`)
      return server
    } catch (error) {
      if (!hasCode(error, 'EADDRINUSE'))
        return `Cannot listen on port ${candidate} of ${host}: ${messageOf(error)}.`
    }
  }
  return 'No free port was found.'
}

/** Says where the server is, to people and to the machine's registry. @returns takes it out of the registry */
async function introduce(
  { host, tlsCert }: ServerArguments,
  server: SignalingServer,
): Promise<() => Promise<void>> {
  const port = server.address()?.port ?? 0
  const scheme = tlsCert === undefined ? 'http' : 'https'
  const url = localUrl(scheme, host, port)
  const entry = { url, pid: process.pid, port, startedAt: Date.now(), serverId: server.serverId }
  const retract = await announceServer(entry).catch((error: unknown) => {
    say(`Agents on this machine will not find this server by themselves: ${messageOf(error)}`)
    return async () => {}
  })
  process.stdout.write(`Skein is at ${url}\n`)
  const remote = remoteUrls(scheme, host, port, networkInterfaces())
  for (const address of remote) say(`For other machines: ${address}`)
  if (remote.length > 0 && scheme === 'http') say(insecureWarning)
  return retract
}

/**
 * Resolves with the first signal that asks us to stop. Later ones change nothing: a terminal sends Ctrl-C to us and to
 * npm, which passes it on, and closing takes no longer than `drainTimeoutMs` anyway.
 */
function toldToStop(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, resolve)
  })
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

process.exitCode = await main().catch((error: unknown) => {
  say(`The signaling server failed: ${messageOf(error)}`)
  return exitFailed
})
