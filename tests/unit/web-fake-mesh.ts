// A Mesh of one peer with everybody else made up: what the app is tested against. It keeps messages in memory,
// in the order they came, and does what a test tells it to.

import type {
  Address,
  Body,
  DocHandle,
  LinkStatus,
  Member,
  MemberId,
  Mesh,
  MeshEvents,
  MeshStatus,
  Message,
} from 'skein'
import type { MessageId, Off, Peer, PeerId, PeersChange, Room, Sent } from 'skein'
import { FakeDocument } from './web-fake-document.ts'

const hex = (n: number): string =>
  (n * 2_654_435_761).toString(16).padStart(10, '0').slice(0, 6).padEnd(32, '0')

export class FakeMesh {
  readonly peers = new Map<PeerId, Peer>()
  readonly members = new Map<MemberId, Member>()
  readonly roomMembers = new Map<string, Set<MemberId>>()
  readonly messages: Message[] = []
  readonly documents = new Map<string, FakeDocument>()
  me: Peer
  leader: Peer | undefined
  epoch = 0
  left = false
  links: LinkStatus[] = []
  settled = true
  signaling: MeshStatus['signaling'] = [{ url: 'ws://signal.test/', state: 'open' }]
  queues: MeshStatus['queues'] = { undelivered: 0, waitingForName: 0, inbox: 0, linkBytes: 0 }
  docs: MeshStatus['docs'] = []
  /** Set: `send` waits for it, and rejects if it does. */
  gate: Promise<void> | undefined
  #listeners = new Map<string, Set<(x: never) => void>>()
  #next = 1

  constructor(name: string) {
    this.me = this.arrive(name, { silent: true })
  }

  emit<E extends keyof MeshEvents>(event: E, value: MeshEvents[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value as never)
  }

  /** A peer comes in; with `member` it is another tab of that one. */
  arrive(
    name: string,
    options: { member?: MemberId; kind?: Peer['kind']; link?: LinkStatus['kind']; silent?: boolean } = {},
  ): Peer {
    const n = this.#next++
    const member = options.member ?? this.memberNamed(name)?.id ?? (hex(n + 100) as MemberId)
    const peer: Peer = {
      id: hex(n) as PeerId,
      member,
      name,
      kind: options.kind ?? 'human',
      priority: 0,
      seniority: n,
      hidden: false,
    }
    this.peers.set(peer.id, peer)
    this.#setMember({ id: member, name, kind: peer.kind, online: true, lastSeenAt: Date.now() })
    if (options.link) this.link(peer, options.link)
    if (options.silent) return peer
    this.emit('peers', { joined: [peer], left: [], changed: [] })
    this.emit('members', [...this.members.values()])
    return peer
  }

  depart(peer: Peer, reason: PeersChange['left'][number]['reason']): void {
    this.peers.delete(peer.id)
    this.links = this.links.filter((link) => link.peer !== peer.id)
    const online = [...this.peers.values()].some((other) => other.member === peer.member)
    const member = this.members.get(peer.member)
    if (member) this.#setMember({ ...member, online, lastSeenAt: Date.now() })
    this.emit('peers', { joined: [], left: [{ peer, reason }], changed: [] })
    this.emit('members', [...this.members.values()])
    this.emit('links', this.links)
  }

  elect(leader: Peer | undefined, reason: MeshEvents['leader']['reason']): void {
    const previous = this.leader
    this.leader = leader
    this.epoch++
    this.emit('leader', { leader, previous, epoch: this.epoch, reason })
  }

  link(peer: Peer, kind: LinkStatus['kind']): void {
    const figures = { rttMs: 0.6 + this.links.length * 7, bytesSent: 0, bytesReceived: 0, queuedBytes: 0 }
    this.links = [...this.links, { peer: peer.id, kind, ...figures }]
    this.emit('links', this.links)
  }

  setStatus(change: Partial<Pick<MeshStatus, 'settled' | 'signaling' | 'queues' | 'docs'>>): void {
    Object.assign(this, change)
    this.emit('status', this.status())
  }

  memberNamed(name: string): Member | undefined {
    return [...this.members.values()].find((member) => member.name === name)
  }

  #setMember(member: Member): void {
    this.members.set(member.id, member)
  }

  /** A message is stored here; `silent` leaves out the event, as for history from before. */
  receive(
    from: { member: MemberId; name: string },
    to: Address,
    body: Body,
    options: { sentAt?: number; silent?: boolean; id?: string } = {},
  ): Message {
    const n = this.#next++
    const addressees = this.#addresseesOf(to, from.member)
    const message: Message = {
      id: (options.id ?? `m${n}`) as MessageId,
      from: from.member,
      fromName: from.name,
      to,
      body,
      sentAt: options.sentAt ?? Date.now(),
      deliveredTo: new Set(),
      addressees,
      state: to.startsWith('@') && addressees.length === 0 ? 'waiting' : 'stored',
      cursor: `c${String(n).padStart(6, '0')}`,
    }
    this.messages.push(message)
    if (!options.silent) this.emit('message', message)
    return message
  }

  deliver(id: string, members: MemberId[]): void {
    const at = this.messages.findIndex((message) => message.id === id)
    const before = this.messages[at]
    if (!before) return
    const deliveredTo = new Set([...before.deliveredTo, ...members])
    const state = before.addressees.every((member) => deliveredTo.has(member)) ? 'delivered' : 'stored'
    this.messages[at] = { ...before, deliveredTo, state }
    for (const member of members)
      this.emit('receipt', { id: before.id, member, deliveredTo, volatile: false })
  }

  replace(id: string, change: Partial<Message>): void {
    const at = this.messages.findIndex((message) => message.id === id)
    const before = this.messages[at]
    if (before) this.messages[at] = { ...before, ...change }
  }

  #addresseesOf(to: Address, from: MemberId): MemberId[] {
    if (to.startsWith('#')) return [...(this.roomMembers.get(to.slice(1)) ?? [])].filter((id) => id !== from)
    if (!to.startsWith('@')) return [to as MemberId]
    return [...this.members.values()].filter((member) => `@${member.name}` === to).map(({ id }) => id)
  }

  // ------------------------------------------------------------------------------------ as a Mesh

  on(event: string, listener: (x: never) => void): Off {
    const listeners = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  get rooms(): ReadonlyMap<string, Room> {
    return new Map([...this.roomMembers.keys()].map((name) => [name, this.room(name)]))
  }

  room(name: string): Room {
    const ids = this.roomMembers.get(name) ?? new Set()
    const change = (into: Set<MemberId>): Promise<void> => {
      this.roomMembers.set(name, into)
      this.emit('rooms', [...this.rooms.values()])
      return Promise.resolve()
    }
    return {
      name,
      members: [...ids].flatMap((id) => this.members.get(id) ?? []),
      joined: ids.has(this.me.member),
      join: () => change(new Set([...ids, this.me.member])),
      leave: () => change(new Set([...ids].filter((id) => id !== this.me.member))),
    }
  }

  async send(to: Address, body: Body): Promise<Sent> {
    await this.gate
    const message = this.receive({ member: this.me.member, name: this.me.name }, to, body)
    return { id: message.id, deliveredTo: message.deliveredTo, delivered: () => Promise.resolve() }
  }

  history(to: Address, options: { limit?: number; before?: string } = {}): Promise<Message[]> {
    const me = this.me.member
    const all = this.messages.filter((message) =>
      to.startsWith('#') || to.startsWith('@')
        ? message.to === to
        : !message.to.startsWith('#') &&
          (message.from === me ? message.addressees.includes(to as MemberId) : message.from === to),
    )
    const end =
      options.before === undefined ? all.length : all.findIndex(({ cursor }) => cursor === options.before)
    return Promise.resolve(all.slice(Math.max(0, end - (options.limit ?? 100)), end))
  }

  status(): MeshStatus {
    return {
      settled: this.settled,
      links: this.links,
      signaling: this.signaling,
      storage: {
        kind: 'durable',
        persistent: false,
        storeId: hex(9) as MeshStatus['storage']['storeId'],
        full: false,
      },
      queues: this.queues,
      docs: this.docs,
      load: { lagMs: 0 },
      counters: {},
    }
  }

  /** One handle a name; a closed one is opened anew, with what it held. */
  doc(name: string): Promise<DocHandle> {
    const before = this.documents.get(name)
    const handle = before && !before.closed ? before : new FakeDocument(name, before?.doc)
    this.documents.set(name, handle)
    return Promise.resolve(handle)
  }

  leave(): Promise<void> {
    this.left = true
    return Promise.resolve()
  }
}

/** The fake as the app sees it: only what the app uses is there. */
export const asMesh = (fake: FakeMesh): Mesh => fake as unknown as Mesh
