// The HTTP side of the signaling server: how it is (/health), whether to send it new clients (/ready), its counters
// (/metrics), and the web app for everything else.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Hub } from './hub.ts'
import { createStaticFiles } from './static-files.ts'

/** What the shell knows and the hub does not. */
export interface ShellStatus {
  readonly serverId: string
  readonly version: string
  /** 0 until it listens, or where somebody else's server does. */
  port(): number
  readonly draining: boolean
  /** Open sockets, those still shaking hands goodbye included. */
  readonly connections: number
  uptimeSeconds(): number
  /** Clients cut off because they did not read what they were sent. */
  readonly tooSlow: number
  /** Upgrades refused because the server was full or draining. */
  readonly turnedAway: number
  /** Failures of a socket or a request, each of which ended with it. */
  readonly failures: number
}

export interface HttpOptions {
  readonly hub: Hub
  readonly status: ShellStatus
  readonly webDir: string | undefined
  readonly fallback: RequestListener | undefined
  failed(error: unknown): void
}

const noWebApp = 'This is a Skein signaling server. It serves no web app.\n'

export function createRequestListener({
  hub,
  status,
  webDir,
  fallback,
  failed,
}: HttpOptions): RequestListener {
  const files = webDir === undefined ? undefined : createStaticFiles(webDir)

  const serveRest = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (fallback !== undefined) return fallback(request, response)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return text(response, 405, 'Only GET and HEAD are understood here.\n')
    }
    if (files === undefined) return text(response, 404, noWebApp)
    if (!(await files(request, response))) text(response, 404, 'There is no such file.\n')
  }

  return (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0]
    if (path === '/health') return json(response, 200, health(hub, status))
    if (path === '/metrics')
      return text(response, 200, metrics(hub, status), 'text/plain; version=0.0.4; charset=utf-8')
    if (path === '/ready') {
      return text(response, status.draining ? 503 : 200, status.draining ? 'draining\n' : 'ready\n')
    }
    serveRest(request, response).catch((error: unknown) => {
      failed(error)
      if (response.headersSent) response.destroy()
      else text(response, 500, 'The server could not read this file.\n')
    })
  }
}

function health(hub: Hub, status: ShellStatus): Readonly<Record<string, unknown>> {
  const memory = process.memoryUsage()
  const { topics } = hub.size
  return {
    ok: true,
    status: status.draining ? 'draining' : 'ok',
    serverId: status.serverId,
    uptimeSeconds: Math.round(status.uptimeSeconds()),
    connections: status.connections,
    topics,
    bus: { kind: 'memory', connected: true, subscriptions: topics },
    memory: { rssBytes: memory.rss, heapUsedBytes: memory.heapUsed },
    version: status.version,
    pid: process.pid,
    port: status.port(),
  }
}

/** Prometheus text, format 0.0.4. */
function metrics(hub: Hub, status: ShellStatus): string {
  const { counters, size } = hub
  const lines: string[] = []
  const metric = (
    name: string,
    type: 'counter' | 'gauge',
    help: string,
    samples: readonly [string, number][],
  ): void => {
    const full = `skein_signaling_${name}`
    lines.push(`# HELP ${full} ${help}`, `# TYPE ${full} ${type}`)
    for (const [labels, value] of samples) lines.push(`${full}${labels} ${value}`)
  }
  const by = (label: string, counts: Readonly<Record<string, number>>): [string, number][] =>
    Object.entries(counts).map(([value, count]) => [`{${label}="${value}"}`, count])

  metric('connections', 'gauge', 'Open sockets.', [['', status.connections]])
  metric('topics', 'gauge', 'Topics with a peer or a subscriber.', [['', size.topics]])
  metric('peers', 'gauge', 'Peers joined, counted once in each topic.', [['', size.peers]])
  metric('received_total', 'counter', 'Messages taken.', by('type', counters.received))
  metric('sent_total', 'counter', 'Messages handed out.', [['', counters.sent]])
  metric('refused_total', 'counter', 'Sockets closed for what they sent.', by('code', counters.refused))
  metric('dead_total', 'counter', 'Sockets that gave no sign of life.', [['', counters.dead]])
  metric('too_slow_total', 'counter', 'Clients that did not read.', [['', status.tooSlow]])
  metric('turned_away_total', 'counter', 'Clients refused while full or draining.', [['', status.turnedAway]])
  metric('failures_total', 'counter', 'Sockets and requests that failed.', [['', status.failures]])
  metric('uptime_seconds', 'gauge', 'Time since the start.', [['', Math.round(status.uptimeSeconds())]])
  metric('memory_bytes', 'gauge', 'Resident memory.', [['', process.memoryUsage().rss]])
  return `${lines.join('\n')}\n`
}

function json(response: ServerResponse, code: number, value: unknown): void {
  text(response, code, `${JSON.stringify(value)}\n`, 'application/json; charset=utf-8')
}

function text(
  response: ServerResponse,
  code: number,
  body: string,
  contentType = 'text/plain; charset=utf-8',
): void {
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('cache-control', 'no-store')
  response.writeHead(code, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}
