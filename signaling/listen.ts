// Opens the port. `localhost` means both loopback addresses, since a browser may try either: with only one of them
// ours, another program on the other would get our visitors.

import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Other programs may hold the port on the second address only; a fresh one is then drawn this often. chosen. */
const maxDraws = 5

/**
 * Servers listening on `port` of `host`, one for each address. Rejects with Node's error (`EADDRINUSE` when any of the
 * addresses is taken) with none of them left open.
 * @param port 0 for one of the system's choice
 */
export async function listen(createServer: () => Server, port: number, host: string): Promise<Server[]> {
  if (host !== 'localhost') return [await open(createServer(), port, host)]
  for (let draw = 1; ; draw++) {
    const first = await open(createServer(), port, '127.0.0.1')
    try {
      return [first, await open(createServer(), portOf(first), '::1')]
    } catch (error) {
      // A machine without IPv6 has one loopback address, and nobody else can be on the other.
      if (hasCode(error, 'EADDRNOTAVAIL', 'EAFNOSUPPORT')) return [first]
      first.close()
      if (port !== 0 || draw === maxDraws || !hasCode(error, 'EADDRINUSE')) throw error
    }
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

export const hasCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code))

function open(server: Server, port: number, host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}
