// Signaling servers. A server knows who is on a topic, introduces a newcomer to a random few, carries signals to
// their addressee with the sender's name stamped on, and hints when a socket closed. It may also be down, slow, lie
// about who is there, bear false witness, or forget a client whose socket looks well.

import type { PeerId } from '../../base/ids.ts'
import type { Random } from '../../base/random.ts'
import type { Host } from './host.ts'
import type { Network } from './network.ts'
import type { WireEnd } from './wire.ts'

/** A newcomer is told of at most this many others (docs: the server's sample). */
const sampleSize = 8
/** A socket whose path is cut, or whose server forgot it, is noticed by its pings after this long. */
export const socketFailsAfterMs = 30_000

export type SocketItem =
  | { readonly type: 'join'; readonly topic: string; readonly me: PeerId }
  | { readonly type: 'refresh' }
  | { readonly type: 'send'; readonly to: PeerId; readonly data: string }
  | { readonly type: 'present'; readonly sample: readonly PeerId[] }
  | { readonly type: 'signal'; readonly from: PeerId; readonly data: string }
  | { readonly type: 'absent'; readonly peer: PeerId }
  | { readonly type: 'socketClosed'; readonly peer: PeerId }

export type Socket = WireEnd<SocketItem>

export const post = (socket: Socket, item: SocketItem): void =>
  socket.send(item, JSON.stringify(item).length, `signaling ${item.type}`)

/** How a server lies to those who ask who is there. */
export interface Lies {
  /** So many peers that never were are added to every sample. Default 0. */
  readonly ghosts?: number
  /** So many of those who are there are left out; the count says nothing of them. Default 0. */
  readonly hide?: number
  /** It takes all meshes for one: introduces peers of one to those of another, and carries their signals. */
  readonly mixes?: boolean
}

export interface SimServer {
  readonly url: string
  readonly running: boolean
  /** Its process dies: every socket closes. */
  stop(): void
  /** Begins anew, knowing nobody. Servers run from the first. */
  start(): void
  /** From now on it lies; without arguments it tells the truth again. */
  lie(lies?: Lies): void
  /** Tells everybody else that the socket of that process closed, which it did not. Returns how many it told. */
  accuse(process: string | { readonly name: string }): number
  /**
   * Drops a process's socket without a word: others no longer hear of it, nothing reaches it, and it notices after
   * 30 s. False where there is no such socket.
   */
  forget(process: string | { readonly name: string }): boolean
  /** Everything it is told takes it so long. 0: none, as at first. */
  slow(ms: number): void
}

/** A client's socket at the server. */
interface Client {
  readonly name: string
  readonly socket: Socket
  /** Breaks the socket; only the client hears of it, after so long. */
  readonly sever: (clientToldMs: number) => void
  joined: { readonly topic: string; readonly me: PeerId } | undefined
  forgotten: boolean
}

export interface ServerInternals extends SimServer {
  readonly host: Host
  accept(name: string, socket: Socket, sever: (clientToldMs: number) => void): void
}

export function createServer(
  url: string,
  network: Network,
  faults: Random,
  makeHost: () => Host,
): ServerInternals {
  let host = makeHost()
  let topics = new Map<string, Map<PeerId, Socket>>()
  let clients = new Set<Client>()
  let lies: Lies = {}
  let slowMs = 0
  let idleAtMs = 0

  const othersOf = (topic: string, me: PeerId): Map<PeerId, Socket> => {
    const members = lies.mixes ? [...topics.values()].flatMap((each) => [...each]) : topics.get(topic)
    const others = new Map(members)
    others.delete(me)
    return others
  }
  const present = (socket: Socket, topic: string, me: PeerId): void => {
    const { ghosts = 0, hide = 0 } = lies
    const others = [...othersOf(topic, me).keys()]
    const shown = hide === 0 ? others : faults.sample(others, Math.max(0, others.length - hide))
    for (let i = 0; i < ghosts; i++) shown.push(faults.hexId() as PeerId)
    post(socket, { type: 'present', sample: network.random.sample(shown, sampleSize) })
  }
  const join = (socket: Socket, topic: string, me: PeerId): void => {
    const members = topics.get(topic) ?? new Map<PeerId, Socket>()
    topics.set(topic, members.set(me, socket))
    present(socket, topic, me)
  }
  const tellOthers = (topic: string, me: PeerId, item: SocketItem): number => {
    const others = othersOf(topic, me)
    for (const other of others.values()) post(other, item)
    return others.size
  }
  const leave = (socket: Socket, topic: string, me: PeerId): void => {
    // A socket that was replaced by a newer one of the same peer says nothing about that peer.
    if (topics.get(topic)?.get(me) !== socket) return
    tellOthers(topic, me, { type: 'socketClosed', peer: me })
    topics.get(topic)?.delete(me)
  }
  const carry = (socket: Socket, topic: string, from: PeerId, to: PeerId, data: string): void => {
    const addressee = othersOf(topic, from).get(to)
    if (addressee === undefined) post(socket, { type: 'absent', peer: to })
    else post(addressee, { type: 'signal', from, data })
  }

  const take = (client: Client, item: SocketItem): void => {
    const { socket } = client
    if (client.forgotten) return
    if (item.type === 'join') {
      client.joined = item
      join(socket, item.topic, item.me)
      return
    }
    if (client.joined === undefined) return
    const { topic, me } = client.joined
    if (item.type === 'refresh') present(socket, topic, me)
    if (item.type === 'send') carry(socket, topic, me, item.to, item.data)
  }
  /** At once, or when a slow server comes to it; in their order in any case. */
  const inTurn = (what: string, act: () => void): void => {
    const { now } = network.timeline
    if (slowMs === 0 && idleAtMs <= now) {
      act()
      return
    }
    idleAtMs = Math.max(idleAtMs, now + slowMs)
    host.after(idleAtMs - now, `slowly ${what}`, act)
  }
  const clientsOf = (process: string | { readonly name: string }): Client[] => {
    const name = typeof process === 'string' ? process : process.name
    return [...clients].filter((client) => client.name === name && client.joined !== undefined)
  }

  return {
    url,
    get host() {
      return host
    },
    get running() {
      return host.alive
    },
    stop: () => {
      topics = new Map()
      clients = new Set()
      host.die('down')
    },
    start: () => {
      if (!host.alive) host = makeHost()
    },
    lie: (asked = {}) => {
      lies = asked
    },
    accuse: (process) => {
      let told = 0
      for (const { joined } of clientsOf(process)) {
        if (joined !== undefined)
          told += tellOthers(joined.topic, joined.me, { type: 'socketClosed', peer: joined.me })
      }
      return told
    },
    forget: (process) => {
      const found = clientsOf(process)
      for (const client of found) {
        const { joined, socket } = client
        client.forgotten = true
        clients.delete(client)
        if (joined !== undefined && topics.get(joined.topic)?.get(joined.me) === socket)
          topics.get(joined.topic)?.delete(joined.me)
        client.sever(socketFailsAfterMs)
      }
      return found.length > 0
    },
    slow: (ms) => {
      slowMs = ms
    },
    accept: (name, socket, sever) => {
      const client: Client = { name, socket, sever, joined: undefined, forgotten: false }
      clients.add(client)
      socket.on = {
        item: (item) => inTurn(item.type, () => take(client, item)),
        ended: () => {
          clients.delete(client)
          const { joined } = client
          if (joined !== undefined && !client.forgotten)
            inTurn('closes', () => leave(socket, joined.topic, joined.me))
        },
      }
    },
  }
}
