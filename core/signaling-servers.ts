// The signaling servers in use, and which peers each of them has named: a signal goes through those that know its
// addressee, and a peer is absent only when none knows it any more and none that was asked is left to answer.

import type { Timing } from './api.ts'
import type { MeshError } from './base/errors.ts'
import type { PeerId } from './base/ids.ts'
import { limits } from './base/limits.ts'
import type { Platform, Signaling, SignalingState } from './base/ports.ts'
import type { PeerInput } from './peer-io.ts'

/** Peers kept as named by one server: it may name ever new ones. chosen: several meshes of the largest. */
const maxNamed = 4 * limits.maxPeers

interface Server {
  readonly client: Signaling
  state: SignalingState
  /** Peers this server named, or that spoke to us through it, since it was last open: the latest, the last one last. */
  readonly present: Set<PeerId>
  /** The last problem reported since it answered: it comes again at every attempt. */
  reported: string | undefined
  /** Another address leads to the same server: left alone while these, of which it is one, are open. */
  standsBy: ReadonlySet<Server> | undefined
}

export interface SignalingServersOptions {
  readonly platform: Platform
  readonly topic: string
  readonly me: () => PeerId
  readonly input: (input: PeerInput) => void
  readonly onChange: () => void
  readonly onError: (error: MeshError) => void
}

export class SignalingServers {
  readonly #options: SignalingServersOptions
  readonly #servers = new Map<string, Server>()
  /** Who got the last signal to that peer, and has not said that it is absent; of the latest peers. */
  readonly #asked = new Map<PeerId, Set<Server>>()

  constructor(options: SignalingServersOptions) {
    this.#options = options
  }

  states(): { readonly url: string; readonly state: SignalingState }[] {
    return [...this.#servers].map(([url, { state }]) => ({ url, state }))
  }

  /** Uses these from now on. */
  configure(urls: readonly string[], timing: Timing): void {
    const former = [...this.#servers].filter(([url]) => !urls.includes(url))
    for (const [url] of former) this.#servers.delete(url)
    for (const url of urls) if (!this.#servers.has(url)) this.#add(url, timing)
    this.#wakeStandBys()
    // Last: where nobody else is left to ask, a peer that has met nobody yet begins a mesh by itself.
    for (const [url, { client }] of former) {
      client.close()
      this.#options.input({ type: 'dismissIntroducer', introducer: url })
    }
    this.#options.onChange()
  }

  /** Through the servers that know of that peer; where none does, through all. */
  send(to: PeerId, data: string): void {
    const servers = [...this.#servers.values()].filter(({ state }) => state === 'open')
    const knowing = servers.filter((server) => server.present.has(to))
    const asked = knowing.length > 0 ? knowing : servers
    this.#asked.delete(to)
    this.#asked.set(to, new Set(asked))
    if (this.#asked.size > maxNamed) this.#asked.delete(this.#asked.keys().next().value!)
    for (const { client } of asked) client.send(to, data)
  }

  refresh(): void {
    for (const { client } of this.#servers.values()) client.refresh()
  }

  start(): void {
    for (const server of this.#servers.values()) {
      server.standsBy = undefined
      server.client.start(this.#options.topic, this.#options.me())
    }
  }

  close(): void {
    for (const server of this.#servers.values()) this.#close(server)
  }

  #close(server: Server): void {
    server.client.close()
    server.state = 'closed'
    server.present.clear()
  }

  #add(url: string, timing: Timing): void {
    const { platform, input } = this.#options
    const client = platform.signaling(url, timing)
    const server: Server = {
      client,
      state: 'connecting',
      present: new Set(),
      reported: undefined,
      standsBy: undefined,
    }
    this.#servers.set(url, server)
    input({ type: 'expectIntroducer', introducer: url })
    client.events = {
      state: (state, problem) => this.#changed(url, server, state, problem),
      present: (peers) => {
        server.reported = undefined
        for (const peer of peers) remember(server, peer)
        input({ type: 'present', introducer: url, peers })
      },
      signal: (from, data) => {
        remember(server, from)
        input({ type: 'negotiation', from, data })
      },
      absent: (peer) => {
        server.present.delete(peer)
        const asked = this.#asked.get(peer)
        asked?.delete(server)
        const elsewhere = [...this.#servers.values()].some(
          (other) => other.present.has(peer) || (other.state === 'open' && asked?.has(other)),
        )
        if (!elsewhere) input({ type: 'absent', peer })
      },
      socketClosed: (peer) => {
        server.present.delete(peer)
        const elsewhere = [...this.#servers.values()].some(({ present }) => present.has(peer))
        input({ type: 'witness', peer, evidence: 'socket', elsewhere })
      },
    }
    client.start(this.#options.topic, this.#options.me())
  }

  #changed(url: string, server: Server, state: SignalingState, problem: MeshError | undefined): void {
    const { input, onChange, onError } = this.#options
    server.state = state
    if (state !== 'open') server.present.clear()
    if (problem && problem.message !== server.reported) {
      server.reported = problem.message
      onError(problem)
    }
    const others = [...this.#servers.values()].filter((other) => other !== server && other.state === 'open')
    if (problem?.details['replaced'] === true && others.length > 0) {
      // Two addresses of one server: the two sockets would replace each other for ever.
      this.#close(server)
      server.standsBy = new Set(others)
      input({ type: 'dismissIntroducer', introducer: url })
    } else if (state === 'closed') this.#wakeStandBys(server)
    onChange()
  }

  /** @param closed Those that stand by for it, or all. */
  #wakeStandBys(closed?: Server): void {
    for (const [url, server] of this.#servers) {
      if (!server.standsBy || (closed && !server.standsBy.has(closed))) continue
      server.standsBy = undefined
      this.#options.input({ type: 'expectIntroducer', introducer: url })
      server.client.start(this.#options.topic, this.#options.me())
    }
  }
}

/** Whoever is forgotten is sought through all servers. */
function remember({ present }: Server, peer: PeerId): void {
  present.delete(peer)
  present.add(peer)
  if (present.size <= maxNamed) return
  const [oldest] = present
  present.delete(oldest!)
}
