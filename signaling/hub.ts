// Decides everything the signaling server does: who is in which topic, where a message goes, who is refused and who
// is dead. A pure state machine: inputs come with the time, effects are returned in the order they must be carried
// out, and it knows no socket, no timer and no clock. The shell is server.ts; the rules SG1... are in README.md.

import type { PeerId } from '../core/base/ids.ts'
import type { SignalingLimits } from './limits.ts'
import {
  type ClientMessage,
  isRefusal,
  readClientMessage,
  type Refusal,
  type RefusalCode,
  refusalCodes,
  type ServerMessage,
} from './protocol.ts'
import { createTokenBucket, type TokenBucket } from './rate.ts'
import { createRoster, type Roster } from './roster.ts'

/** Given by the shell, never used twice. */
export type SocketId = number

export type HubEffect =
  /** One message to each of `to`; serialised once. A socket that closed meanwhile is skipped. */
  | { readonly type: 'send'; readonly to: readonly SocketId[]; readonly message: ServerMessage }
  /** Close with this WebSocket code; the hub has forgotten the socket already. */
  | { readonly type: 'close'; readonly socket: SocketId; readonly code: number; readonly reason: string }
  /** Ask for a sign of life (a WebSocket ping); the answer comes back as `alive`. */
  | { readonly type: 'probe'; readonly socket: SocketId }
  /** Cut off without a word: nobody is there to read one. The hub has forgotten the socket already. */
  | { readonly type: 'terminate'; readonly socket: SocketId }

interface HubCounters {
  /** Messages taken, by type. */
  readonly received: Record<ClientMessage['type'], number>
  /** Copies handed out. */
  readonly sent: number
  /** Sockets closed for what they sent, by reason. */
  readonly refused: Record<RefusalCode, number>
  /** Sockets that gave no sign of life. */
  readonly dead: number
}

export interface Hub {
  connected(socket: SocketId, now: number): void
  /** A text frame. `now` in milliseconds, from any origin. */
  message(socket: SocketId, text: string, now: number): readonly HubEffect[]
  alive(socket: SocketId): void
  /** The socket closed, for whatever reason. Does nothing for one the hub closed itself. */
  disconnected(socket: SocketId): readonly HubEffect[]
  /** Call every `probeIntervalMs`. */
  tick(now: number): readonly HubEffect[]
  readonly size: { readonly sockets: number; readonly topics: number; readonly peers: number }
  readonly counters: HubCounters
}

export interface HubOptions {
  /** Told to joiners, so that a client notices when two of its URLs lead to one server. */
  readonly serverId: string
  readonly limits: SignalingLimits
  /** A float in [0, 1). */
  readonly random: () => number
}

interface Client {
  readonly bucket: TokenBucket
  readonly subscribed: Set<string>
  /** Topic → the peer this socket speaks for there. */
  readonly joined: Map<string, PeerId>
  heardSinceProbe: boolean
}

interface Topic {
  readonly subscribers: Set<SocketId>
  readonly roster: Roster
}

const policyViolation = 1008
const messageTooBig = 1009

export function createHub({ serverId, limits, random }: HubOptions): Hub {
  const clients = new Map<SocketId, Client>()
  const topics = new Map<string, Topic>()
  let peers = 0
  let tickedAt: number | undefined
  const counters = {
    received: { subscribe: 0, unsubscribe: 0, publish: 0, ping: 0, join: 0, leave: 0, signal: 0 },
    sent: 0,
    refused: Object.fromEntries(refusalCodes.map((code) => [code, 0])) as Record<RefusalCode, number>,
    dead: 0,
  }

  const send = (to: readonly SocketId[], message: ServerMessage): HubEffect[] => {
    if (to.length === 0) return []
    counters.sent += to.length
    return [{ type: 'send', to, message }]
  }

  const openTopic = (name: string): Topic => {
    const topic = topics.get(name) ?? { subscribers: new Set(), roster: createRoster(random) }
    topics.set(name, topic)
    return topic
  }

  const closeTopicIfEmpty = (name: string, topic: Topic): void => {
    if (topic.subscribers.size === 0 && topic.roster.size === 0) topics.delete(name)
  }

  /** Takes `peer` out of the topic and tells a bounded, random few of the others. */
  const depart = (name: string, peer: PeerId, reason: 'closed' | 'left'): HubEffect[] => {
    const topic = topics.get(name)
    if (topic === undefined) return []
    topic.roster.delete(peer)
    peers -= 1
    const witnesses = topic.roster.sample(limits.maxHintReceivers, peer)
    const sockets = witnesses.map((witness) => topic.roster.socketOf(witness)).filter((s) => s !== undefined)
    closeTopicIfEmpty(name, topic)
    return send(sockets, { type: 'closed', topic: name, peer, reason })
  }

  const unsubscribe = (id: SocketId, client: Client, name: string): void => {
    const topic = topics.get(name)
    if (!client.subscribed.delete(name) || topic === undefined) return
    topic.subscribers.delete(id)
    closeTopicIfEmpty(name, topic)
  }

  const forget = (id: SocketId): HubEffect[] => {
    const client = clients.get(id)
    if (client === undefined) return []
    clients.delete(id)
    for (const name of [...client.subscribed]) unsubscribe(id, client, name)
    return [...client.joined].flatMap(([name, peer]) => depart(name, peer, 'closed'))
  }

  const refuse = (id: SocketId, { code, reason }: Refusal): HubEffect[] => {
    counters.refused[code] += 1
    const closeCode = code === 'too-large' ? messageTooBig : policyViolation
    return [
      ...send([id], { type: 'error', code, reason }),
      { type: 'close', socket: id, code: closeCode, reason },
      ...forget(id),
    ]
  }

  const hasRoomFor = (client: Client, names: readonly string[]): boolean =>
    new Set([...client.subscribed, ...client.joined.keys(), ...names]).size <= limits.maxTopicsPerSocket

  const tooManyTopics: Refusal = {
    code: 'too-many-topics',
    reason: `A socket may be in at most ${limits.maxTopicsPerSocket} topics.`,
  }

  const join = (id: SocketId, client: Client, name: string, peer: PeerId): HubEffect[] => {
    const known = client.joined.get(name)
    if (known !== undefined && known !== peer) {
      return refuse(id, {
        code: 'malformed',
        reason: 'A socket speaks for one peer in a topic: leave first.',
      })
    }
    if (!hasRoomFor(client, [name])) return refuse(id, tooManyTopics)
    const { roster } = openTopic(name)
    const before = roster.socketOf(peer)
    if (before === undefined) peers += 1
    roster.set(peer, id)
    client.joined.set(name, peer)
    const count = roster.size - 1
    const answer: ServerMessage = {
      type: 'joined',
      topic: name,
      serverId,
      peers: roster.sample(limits.maxSample, peer),
      count,
    }
    return [...send([id], answer), ...(before === undefined || before === id ? [] : replace(before, name))]
  }

  /** The peer joined again on a newer socket: the old one goes, and nobody is told that the peer had gone. */
  const replace = (old: SocketId, name: string): HubEffect[] => {
    clients.get(old)?.joined.delete(name)
    return refuse(old, { code: 'replaced', reason: 'This peer joined on a newer socket.' })
  }

  const signal = (id: SocketId, client: Client, name: string, to: PeerId, data: unknown): HubEffect[] => {
    const from = client.joined.get(name)
    if (from === undefined) {
      return refuse(id, { code: 'not-joined', reason: 'Join the topic before you send signals in it.' })
    }
    const socket = topics.get(name)?.roster.socketOf(to)
    if (socket === undefined) return send([id], { type: 'absent', topic: name, peer: to })
    return send([socket], { type: 'signal', topic: name, from, data })
  }

  const leave = (client: Client, name: string): HubEffect[] => {
    const peer = client.joined.get(name)
    if (peer === undefined) return []
    client.joined.delete(name)
    return depart(name, peer, 'left')
  }

  const subscribe = (id: SocketId, client: Client, names: readonly string[]): HubEffect[] => {
    if (!hasRoomFor(client, names)) return refuse(id, tooManyTopics)
    for (const name of names) {
      client.subscribed.add(name)
      openTopic(name).subscribers.add(id)
    }
    return []
  }

  const publish = (name: string, message: Readonly<Record<string, unknown>>): HubEffect[] => {
    const subscribers = topics.get(name)?.subscribers ?? new Set()
    return send([...subscribers], { ...message, clients: subscribers.size })
  }

  const handle = (id: SocketId, client: Client, message: ClientMessage): HubEffect[] => {
    counters.received[message.type] += 1
    switch (message.type) {
      case 'ping':
        return send([id], { type: 'pong' })
      case 'subscribe':
        return subscribe(id, client, message.topics)
      case 'unsubscribe':
        for (const name of message.topics) unsubscribe(id, client, name)
        return []
      case 'publish':
        return publish(message.topic, message.message)
      case 'join':
        return join(id, client, message.topic, message.peer)
      case 'leave':
        return leave(client, message.topic)
      case 'signal':
        return signal(id, client, message.topic, message.to, message.data)
    }
  }

  /** One round over all sockets: those silent since the last are dead, unless it was us who stood still. */
  const tick = (now: number): HubEffect[] => {
    const elapsed = now - (tickedAt ?? now)
    const punctual = elapsed <= limits.probeIntervalMs + limits.lateProbeMs
    tickedAt = now
    return [...clients].flatMap(([id, client]): HubEffect[] => {
      if (punctual && !client.heardSinceProbe) {
        counters.dead += 1
        return [{ type: 'terminate', socket: id }, ...forget(id)]
      }
      client.heardSinceProbe = false
      return [{ type: 'probe', socket: id }]
    })
  }

  return {
    connected: (id, now) => {
      const bucket = createTokenBucket(limits.messagesPerSecond, limits.messageBurst, now)
      clients.set(id, { bucket, subscribed: new Set(), joined: new Map(), heardSinceProbe: true })
    },
    message: (id, text, now) => {
      const client = clients.get(id)
      if (client === undefined) return []
      client.heardSinceProbe = true
      if (!client.bucket.take(now)) {
        const reason = `At most ${limits.messagesPerSecond} messages a second, ${limits.messageBurst} at once.`
        return refuse(id, { code: 'too-fast', reason })
      }
      const read = readClientMessage(text, limits)
      return isRefusal(read) ? refuse(id, read) : handle(id, client, read)
    },
    alive: (id) => {
      const client = clients.get(id)
      if (client !== undefined) client.heardSinceProbe = true
    },
    disconnected: forget,
    tick,
    get size() {
      return { sockets: clients.size, topics: topics.size, peers }
    },
    counters,
  }
}
