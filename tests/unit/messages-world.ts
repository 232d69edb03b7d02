// A small world for the messages machine: machines on shared or separate rows in memory, a network whose messages
// are delivered when the story says so, a cheap stand-in for signing, and one clock.

import {
  type Address,
  fromHex,
  type MemberId,
  type MessageId,
  type PeerId,
  type StoreId,
  toHex,
} from '../../core/base/ids.ts'
import { MeshError } from '../../core/base/errors.ts'
import type { Commit, CommitResult, Instant, Range, Row } from '../../core/base/ports.ts'
import { createRandom } from '../../core/base/random.ts'
import {
  type InboxItem,
  type LivePeer,
  messagePrefixes,
  Messages,
  type MessagesEffect,
  type MessagesEvent,
  type MessagesInput,
  type MessageView,
  type SentState,
} from '../../core/messages/messages.ts'
import { entryRow, keys, readRow } from '../../core/messages/rows.ts'
import { MemoryRows } from '../../core/platform/shared/memory-store.ts'
import { decodeHeader, encodeHeader, type Entry, type VerifiedEntry } from '../../core/wire/entries.ts'
import { decode, encode } from '../../core/wire/codec.ts'
import { payload as payloadCodec, type Payload } from '../../core/wire/messages.ts'

/** 32 bytes that differ where the input does; no more is asked of it here. */
function cheapHash(bytes: Uint8Array): Uint8Array {
  const hash = new Uint8Array(32)
  const view = new DataView(hash.buffer)
  let [a, b] = [0x811c9dc5, 0x9747b28c]
  for (let round = 0; round < 4; round++) {
    for (const byte of bytes) {
      a = Math.imul(a ^ byte, 0x01000193)
      b = Math.imul(b ^ (a >>> 15) ^ byte, 0x85ebca6b)
    }
    view.setUint32(8 * round, a >>> 0)
    view.setUint32(8 * round + 4, b >>> 0)
  }
  return hash
}

const seedOf = (text: string): Uint8Array => cheapHash(new TextEncoder().encode(text)).slice(0, 16)
export const memberOf = (name: string): MemberId => toHex(seedOf(`member ${name}`)) as MemberId
const keyOf = (member: MemberId): Uint8Array => {
  const key = new Uint8Array(32)
  key.set(fromHex(member))
  return key
}
const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const bodyText = (message: { body: Uint8Array }): string => new TextDecoder().decode(message.body)

function verified(entry: Entry): VerifiedEntry {
  const header = decodeHeader(entry.header)
  if (!header.ok) throw new Error(header.error)
  const author = toHex(header.value.author.subarray(0, 16)) as MemberId
  return { entry, header: header.value, hash: cheapHash(entry.header), author }
}

/** Signs as `member`, whoever that is. */
export function seal(
  member: MemberId,
  drafts: readonly { header: object; body: Uint8Array | undefined }[],
  previous: Uint8Array,
): VerifiedEntry[] {
  let last = previous
  return drafts.map(({ header, body }) => {
    const raw = encodeHeader({ ...header, author: keyOf(member), previous: last } as never)
    const entry = verified({ header: raw, signature: new Uint8Array(64), body })
    last = entry.hash
    return entry
  })
}

type Task = () => void
export interface Packet {
  readonly from: Peer
  readonly to: Peer
  readonly viaBroadcast: boolean
  readonly bytes: Uint8Array
}

/** With what it says, as it was when it was given. */
interface Given extends InboxItem {
  readonly message: { readonly body: Uint8Array }
}

/** One run of one program: dies with `kill`, and its rows stay. */
export class Peer {
  readonly id: PeerId
  readonly member: MemberId
  name: string
  readonly rows: MemoryRows
  readonly world: World
  readonly messages: Messages
  readonly events: MessagesEvent[] = []
  readonly answers = new Map<number, { value?: unknown; error?: MeshError }>()
  readonly sent: Payload[] = []
  /** Sealing and storing still to be done, in order; lost when it is killed. */
  readonly tasks: Task[] = []
  /** False: it stands still, or is dead and gone from the world. */
  alive = true
  /** What the next commits answer instead of writing. */
  commitError: MeshError | undefined
  /** Reads of ranges from there on are not answered: the store is busy. */
  readFails: (from: string) => boolean = () => false
  readsFailed = 0
  readonly commits: Commit[] = []
  #requests = 0
  readonly #given: Given[] = []

  constructor(world: World, name: string, rows: MemoryRows, label: string) {
    this.world = world
    this.name = name
    this.rows = rows
    this.member = memberOf(label)
    const random = createRandom(seedOf(`${label} ${world.runs++} ${world.seed}`))
    this.id = random.hexId() as PeerId
    this.messages = new Messages({
      me: { peer: this.id, member: this.member, name, kind: 'human' },
      newStoreId: () => random.hexId() as StoreId,
      random,
      durable: true,
    })
  }

  start(): void {
    const all = messagePrefixes.flatMap((prefix) => this.rows.range({ from: prefix, to: `${prefix}~` }))
    this.step({ type: 'loaded', rows: all })
    this.step({ type: 'profile', name: this.name, kind: 'human' })
  }

  step(input: MessagesInput): void {
    if (!this.alive) return
    for (const effect of this.messages.step(input, this.world.now)) this.#carryOut(effect)
  }

  #carryOut(effect: MessagesEffect): void {
    switch (effect.type) {
      case 'seal': {
        const { seal: slip, drafts, previous } = effect
        return void this.tasks.push(() =>
          this.step({ type: 'sealed', seal: slip, entries: seal(this.member, drafts, previous) }),
        )
      }
      case 'commit': {
        const { commit, transaction } = effect
        return void this.tasks.push(() => this.#commit(commit, transaction))
      }
      case 'read': {
        const { read, ranges } = effect
        if (ranges.some(({ from }) => this.readFails(from))) {
          this.readsFailed++
          const error = new MeshError('storage-busy', 'The store is busy.')
          return void this.tasks.push(() => this.step({ type: 'readFailed', read, error }))
        }
        return void this.tasks.push(() => {
          const rows = ranges.flatMap((range: Range): Row[] => this.rows.range(range))
          this.step({ type: 'rows', read, rows })
        })
      }
      case 'sendTo':
        this.sent.push(effect.payload)
        return this.world.send(this, effect.peer, effect.payload)
      case 'broadcast':
        this.sent.push(effect.payload)
        return this.world.broadcast(this, effect.payload)
      case 'resolve':
        return void this.answers.set(effect.request, { value: effect.value })
      case 'reject':
        return void this.answers.set(effect.request, { error: effect.error })
      case 'emit':
        if (effect.event.event === 'inbox')
          this.#given.push(...effect.event.items.map((item) => this.#read(item)))
        return void this.events.push(effect.event)
    }
  }

  #commit(commit: number, transaction: Commit): void {
    if (this.commitError) return this.step({ type: 'commitFailed', commit, error: this.commitError })
    this.commits.push(transaction)
    const { expect = [], put = [], delete: doomed = [] } = transaction
    let result: CommitResult = { ok: true }
    if (expect.some(({ key, value }) => !this.rows.holds(key, value))) {
      result = { ok: false, found: expect.map(({ key }) => this.rows.get(key)) }
    } else {
      for (const key of doomed) this.rows.delete(key)
      for (const { key, value } of put) this.rows.put(key, value)
    }
    this.step({ type: 'committed', commit, result })
  }

  /** Runs one piece of work, if there is one. */
  work(): boolean {
    const task = this.tasks.shift()
    task?.()
    return task !== undefined
  }

  kill(): void {
    this.alive = false
    this.tasks.length = 0
    this.world.removed(this)
  }

  // ------------------------------------------------------------------------------------- as a program would

  send(to: Address, text: string, options: { id?: string; ttlMs?: number } = {}): number {
    const request = ++this.#requests
    const body = textBytes(text)
    const id = (options.id ?? `m-${this.name}-${this.world.ids++}`) as MessageId
    const ttl = options.ttlMs === undefined ? {} : { ttlMs: options.ttlMs }
    this.step({ type: 'send', request, id, to, body, bodyHash: cheapHash(body), ...ttl })
    return request
  }

  room(room: string, join = true): number {
    const request = ++this.#requests
    this.step({ type: 'room', request, room, join })
    return request
  }

  /** Answered with whether it is to be given. */
  giving(item: InboxItem): number {
    const request = ++this.#requests
    this.step({ type: 'giving', request, feed: item.feed, number: item.number })
    return request
  }

  handle(item: InboxItem): number {
    const request = ++this.#requests
    this.step({ type: 'handled', request, feed: item.feed, number: item.number })
    return request
  }

  retry(item: InboxItem, delayMs: number): number {
    const request = ++this.#requests
    this.step({ type: 'retry', request, feed: item.feed, number: item.number, delayMs })
    return request
  }

  answer(request: number): { value?: unknown; error?: MeshError } | undefined {
    return this.answers.get(request)
  }

  state(request: number): SentState | undefined {
    const value = this.answers.get(request)?.value as SentState | undefined
    return value && this.messages.sentState(value.id)
  }

  emitted<E extends MessagesEvent['event']>(event: E): Extract<MessagesEvent, { event: E }>[] {
    return this.events.filter((each): each is Extract<MessagesEvent, { event: E }> => each.event === event)
  }

  errors(code: string): MeshError[] {
    return this.emitted('error').flatMap(({ error }) => (error.code === code ? [error] : []))
  }

  inbox(): readonly Given[] {
    return this.#given
  }

  #read(item: InboxItem): Given {
    const stored = readRow(entryRow, this.rows.get(keys.entry(item.feed, item.number)))
    return { ...item, message: { body: stored?.entry.body ?? new Uint8Array() } }
  }

  texts(): string[] {
    return this.emitted('message').map(({ message }) => bodyText(message))
  }

  history(address: Address, limit = 1000, before?: string): MessageView[] {
    const rows = this.messages
      .historyRanges(address, before, limit)
      .flatMap((range) => this.rows.range(range))
    const entries = this.messages.historyKeys(rows, limit).keys.map((key) => this.rows.get(key))
    return [...this.messages.historyPage(address, rows, entries, before, limit)]
  }

  /** The store keeps the entry without its body, as after retention. */
  trim(key: string): void {
    const stored = readRow(entryRow, this.rows.get(key))!
    const row = { ...stored, entry: { ...stored.entry, body: undefined } }
    this.rows.put(key, encode(entryRow, row))
  }

  keysOf(prefix: string): string[] {
    return this.rows.range({ from: prefix, to: `${prefix}~` }).map(({ key }) => key)
  }
}

export function copyOf(rows: MemoryRows): MemoryRows {
  const copy = new MemoryRows()
  for (const { key, value } of rows.range({ from: '', to: '~' })) copy.put(key, value)
  return copy
}

export class World {
  now: Instant = { monotonicMs: 0, wallMs: 1_700_000_000_000 }
  readonly seed: string
  runs = 0
  ids = 0
  peers: Peer[] = []
  packets: Packet[] = []
  /** Pairs that cannot reach one another, both ways: `a b`. */
  readonly cuts = new Set<string>()

  constructor(seed = 'world') {
    this.seed = seed
  }

  /** Starts a run. Give the rows of an earlier one to come back, and `member` where the name is not who it is. */
  add(name: string, options: { rows?: MemoryRows; member?: string } = {}): Peer {
    const peer = new Peer(this, name, options.rows ?? new MemoryRows(), options.member ?? name)
    this.peers.push(peer)
    peer.start()
    return peer
  }

  /** Introduces everybody to everybody they can reach. Call after `add`, `cut` and `heal`. */
  meet(): void {
    const links = this.#links
    for (const peer of this.peers) this.#tellLive(peer)
    for (const a of this.peers) {
      for (const b of this.peers) {
        if (a.id >= b.id) continue
        const key = `${a.id} ${b.id}`
        const up = this.reaches(a, b)
        if (up === links.has(key)) continue
        if (up) {
          links.add(key)
          const [digestA, digestB] = [a.messages.digest, b.messages.digest]
          a.step({ type: 'linked', peer: b.id, digest: digestB })
          b.step({ type: 'linked', peer: a.id, digest: digestA })
        } else {
          links.delete(key)
          this.packets = this.packets.filter(
            ({ from, to }) => !((from === a && to === b) || (from === b && to === a)),
          )
          a.step({ type: 'unlinked', peer: b.id })
          b.step({ type: 'unlinked', peer: a.id })
        }
      }
    }
  }

  readonly #links = new Set<string>()

  #tellLive(peer: Peer): void {
    const others = this.peers.filter((other) => other !== peer && this.reaches(peer, other))
    const peers = others.map((other): LivePeer => {
      const { id, member, name, messages } = other
      return { peer: id, member, store: messages.storeId, name, kind: 'human', durable: true }
    })
    peer.step({ type: 'live', peers })
  }

  reaches(a: Peer, b: Peer): boolean {
    return a.alive && b.alive && !this.cuts.has(`${a.id} ${b.id}`)
  }

  cut(a: Peer, b: Peer): void {
    this.cuts.add(`${a.id} ${b.id}`).add(`${b.id} ${a.id}`)
    this.meet()
  }

  heal(): void {
    this.cuts.clear()
    this.meet()
  }

  removed(peer: Peer): void {
    this.packets = this.packets.filter(({ to }) => to !== peer)
    this.peers = this.peers.filter((each) => each !== peer)
    for (const other of this.peers) {
      const key = other.id < peer.id ? `${other.id} ${peer.id}` : `${peer.id} ${other.id}`
      if (this.#links.delete(key)) other.step({ type: 'unlinked', peer: peer.id })
      this.#tellLive(other)
    }
  }

  send(from: Peer, id: PeerId, payload: Payload): void {
    const to = this.peers.find((peer) => peer.id === id)
    if (to && this.reaches(from, to))
      this.packets.push({ from, to, viaBroadcast: false, bytes: encode(payloadCodec, payload) })
  }

  broadcast(from: Peer, payload: Payload): void {
    const bytes = encode(payloadCodec, payload)
    for (const to of this.peers)
      if (to !== from && this.reaches(from, to)) this.packets.push({ from, to, viaBroadcast: true, bytes })
  }

  deliver(packet: Packet): void {
    const { from, to } = packet
    const read = decode(payloadCodec, packet.bytes)
    if (!read.ok) throw new Error(read.error)
    const payload = read.value
    if (payload.type === 'entries' || payload.type === 'found') {
      const answer = payload.type === 'found' ? { feed: payload.feed, after: payload.after } : {}
      const entries = payload.entries.map(verified)
      to.step({ type: 'entries', from: from.id, entries, rejected: 0, ...answer })
    } else if (
      payload.type === 'vector' ||
      payload.type === 'want' ||
      payload.type === 'digest' ||
      payload.type === 'fork'
    ) {
      to.step({ type: 'payload', from: from.id, payload })
    } else throw new Error(`unexpected ${payload.type}`)
  }

  /** One thing that can happen; `choose` below the given number says which. False: the world is at rest. */
  happen(choose: (below: number) => number): boolean {
    const awake = this.peers.filter((peer) => peer.alive)
    const busy = awake.filter((peer) => peer.tasks.length > 0)
    const senders = new Map<string, Packet>()
    // Order is kept between two peers, as on a link.
    for (const packet of this.packets) {
      const key = `${packet.from.id} ${packet.to.id} ${packet.viaBroadcast}`
      if (!senders.has(key)) senders.set(key, packet)
    }
    const next = [...senders.values()]
    if (busy.length + next.length === 0) return false
    const choice = choose(busy.length + next.length)
    const worker = busy[choice]
    if (worker) worker.work()
    else {
      const packet = next[choice - busy.length]!
      this.packets.splice(this.packets.indexOf(packet), 1)
      this.deliver(packet)
    }
    return true
  }

  /** Until nothing more happens at this instant. */
  settle(choose: (below: number) => number = () => 0): void {
    for (let i = 0; i < 200_000; i++) if (!this.happen(choose)) return
    throw new Error('the world does not come to rest')
  }

  /** Everybody sleeps for so long and then looks at the clock: for stories of days and months. */
  sleep(ms: number): void {
    this.settle()
    this.now = { monotonicMs: this.now.monotonicMs + ms, wallMs: this.now.wallMs + ms }
    for (const peer of this.peers) peer.step({ type: 'tick' })
    this.settle()
  }

  /** Lets time pass, ringing every deadline on the way. */
  advance(ms: number, choose?: (below: number) => number): void {
    const end = this.now.monotonicMs + ms
    for (let i = 0; i < 100_000; i++) {
      this.settle(choose)
      const awake = this.peers.filter((peer) => peer.alive)
      const deadlines = awake.map(({ messages }) => messages.deadlineMs ?? Number.POSITIVE_INFINITY)
      const next = Math.max(this.now.monotonicMs, Math.min(end, ...deadlines))
      const passed = next - this.now.monotonicMs
      this.now = { monotonicMs: next, wallMs: this.now.wallMs + passed }
      const due = awake.filter(({ messages }) => (messages.deadlineMs ?? Number.POSITIVE_INFINITY) <= next)
      for (const peer of due) peer.step({ type: 'tick' })
      if (due.length === 0 && next >= end) return this.settle(choose)
    }
    throw new Error('time does not pass: a deadline is never met')
  }
}

export const failure = (code: 'storage-full' | 'storage-failed'): MeshError =>
  new MeshError(code, 'The disk is full.')

/** Alice, Bob and Carol, linked and acquainted. */
export function trio(seed?: string): { world: World; a: Peer; b: Peer; c: Peer } {
  const world = new World(seed)
  const [a, b, c] = [world.add('alice'), world.add('bob'), world.add('carol')]
  world.settle()
  world.meet()
  world.advance(1000)
  return { world, a, b, c }
}

/** Two tabs of alice on a copy of her store that has fallen behind what Bob holds, and Bob out of their reach. */
export function twoBehind(): { world: World; b: Peer; tabs: readonly [Peer, Peer] } {
  const { world, a, b, c } = trio('damage')
  const backup = copyOf(a.rows)
  a.send('@bob', 'newer')
  world.advance(1000)
  for (const peer of [a, c]) peer.kill()
  const tabs = [world.add('alice', { rows: backup }), world.add('alice', { rows: backup })] as const
  for (const tab of tabs) world.cut(tab, b)
  world.settle()
  world.meet()
  return { world, b, tabs }
}

/** As the checked store does: the row is gone, and that is said. */
export function damage(peer: Peer, key: string): void {
  if (peer.rows.get(key) === undefined) throw new Error(`there is no row ${key}`)
  peer.rows.delete(key)
  peer.step({ type: 'corrupt', key })
}
