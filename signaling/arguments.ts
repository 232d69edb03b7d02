// What the signaling server program was asked to do: flags and environment to checked options, or a sentence that
// says what is wrong with them. Pure.

import { parseArgs } from 'node:util'

export interface ServerArguments {
  /** 0: one of the system's choice. */
  readonly port: number
  readonly host: string
  readonly tlsCert: string | undefined
  readonly tlsKey: string | undefined
  readonly web: string | undefined
}

export type ReadArguments =
  | { readonly kind: 'run'; readonly options: ServerArguments }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly sentence: string }

const defaultPort = 4444
/** Ports tried when the one asked for is taken: the agents' and people's habit of looking near 4444. */
const lastNearbyPort = 4463

export const usage = `Usage: npm start -- [--port N] [--host ADDRESS] [--tls-cert FILE --tls-key FILE] [--web DIR]

Introduces the peers of a mesh to one another and serves the web app.

  --port N         port to listen on (default ${defaultPort}, or PORT from the environment; 0: any free one);
                   if it is taken, the next free one in ${defaultPort}-${lastNearbyPort}, then any free one
  --host ADDRESS   address to listen on (default localhost: this machine only; 0.0.0.0: every network)
  --tls-cert FILE  certificate, PEM: speak https and wss
  --tls-key FILE   its private key, PEM
  --web DIR        the built web app
  --help           this text
`

/** Reads `argv`, the arguments after the program's name. */
export function readArguments(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ReadArguments {
  let values: Partial<Record<'port' | 'host' | 'tls-cert' | 'tls-key' | 'web', string>> & { help?: boolean }
  try {
    const text = { type: 'string' } as const
    const options = { port: text, host: text, 'tls-cert': text, 'tls-key': text, web: text }
    values = parseArgs({ args: [...argv], options: { ...options, help: { type: 'boolean' } } }).values
  } catch (error) {
    return wrong(error instanceof Error ? (error.message.split('. ', 1)[0] ?? '') : String(error))
  }
  if (values.help === true) return { kind: 'help' }
  const fromEnvironment = environment['PORT'] === '' ? undefined : environment['PORT']
  const port = values.port ?? fromEnvironment ?? String(defaultPort)
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
    return wrong(
      `${values.port === undefined ? 'PORT' : '--port'} must be a number from 0 to 65535, not "${port}"`,
    )
  }
  if (values.host === '') return wrong('--host must be an address or a name')
  if ((values['tls-cert'] === undefined) !== (values['tls-key'] === undefined)) {
    return wrong('--tls-cert and --tls-key go together: one was given without the other')
  }
  const { host = 'localhost', web } = values
  return {
    kind: 'run',
    options: { port: Number(port), host, tlsCert: values['tls-cert'], tlsKey: values['tls-key'], web },
  }
}

const wrong = (problem: string): ReadArguments => ({ kind: 'wrong', sentence: `${problem}.` })

/** The ports to try, in order; the last is 0, which cannot be taken. */
export function portsToTry(port: number): number[] {
  if (port === 0) return [0]
  const nearby = Array.from({ length: lastNearbyPort - defaultPort + 1 }, (_, i) => defaultPort + i)
  const later = nearby.filter((candidate) => candidate > port)
  const earlier = nearby.filter((candidate) => candidate < port)
  return [port, ...later, ...earlier, 0]
}
