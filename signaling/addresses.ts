// Where people and programs reach a server, and what to tell them about it. Pure.

import type { NetworkInterfaceInfo } from 'node:os'

type Scheme = 'http' | 'https'

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/
/** Where a server at `localhost` is; one on another address of the loopback is not. */
const local = /^(localhost|127\.0\.0\.1|::1)$/
const everywhere = /^(0\.0\.0\.0|::)$/

const isLoopback = (host: string): boolean => loopback.test(host)

/** The URL for this machine's own browsers and agents. */
export function localUrl(scheme: Scheme, host: string, port: number): string {
  return url(scheme, local.test(host) || everywhere.test(host) ? 'localhost' : host, port)
}

/** URLs for other machines; none where the server listens to this machine only. */
export function remoteUrls(
  scheme: Scheme,
  host: string,
  port: number,
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>,
): string[] {
  if (isLoopback(host)) return []
  if (!everywhere.test(host)) return [url(scheme, host, port)]
  const addresses = Object.values(interfaces).flatMap((list) => list ?? [])
  return addresses.filter((a) => !a.internal && a.family === 'IPv4').map((a) => url(scheme, a.address, port))
}

export const insecureWarning =
  'Browsers on other machines treat a page from a plain http address as insecure: it has no Web Locks, no ' +
  'WebCrypto and no service worker, so it cannot join a mesh. Use --tls-cert FILE and --tls-key FILE to serve https.'

const url = (scheme: Scheme, host: string, port: number): string =>
  `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}/`
