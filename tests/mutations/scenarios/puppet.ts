// A peer on strings: it opens links and speaks the wire format, and says what the story wants it to say, when the story
// wants it. By itself it only greets and answers pings. Its id is lower than any other, so it is the one that dials.

import type { StoreId, MemberId, MessageId, PeerId } from '../../../core/base/ids.ts'
import { memberIdFromHash, toHex } from '../../../core/base/ids.ts'
import type { Link, Signaling } from '../../../core/base/ports.ts'
import { encodeBody } from '../../../core/body.ts'
import { sealChain } from '../../../core/entry-seal.ts'
import type { Draft } from '../../../core/messages/types.ts'
import type { SimProcess } from '../../../core/platform/sim/process.ts'
import type { World } from '../../../core/platform/sim/world.ts'
import { Joiner, Splitter } from '../../../core/wire/chunks.ts'
import { decode, encode } from '../../../core/wire/codec.ts'
import { noHash, type EntryContent, type VerifiedEntry } from '../../../core/wire/entries.ts'
import {
  isBulk,
  linkMessage,
  type Claim,
  type LinkMessage,
  type LinkMessageOf,
  type Payload,
  type PeerRecord,
} from '../../../core/wire/messages.ts'
import { formatNegotiation, parseNegotiation } from '../../../core/wire/negotiation.ts'
import { server } from '../../sim/mesh-world.ts'

type Content = Extract<EntryContent, { type: 'message' }>

export class Puppet {
  readonly id: PeerId
  readonly process: SimProcess
  readonly member: MemberId
  record: PeerRecord
  /** The mesh that its hello names. */
  topic: string
  /** What its hello says of who leads. */
  claims: readonly Claim[] = []
  /** Everything it heard on its links, oldest first. */
  readonly heard: { readonly from: PeerId; readonly message: LinkMessage }[] = []
  /** Takes a message in the story's way; true: the puppet does nothing about it. */
  onMessage: (from: PeerId, message: LinkMessage) => boolean = () => false
  readonly #links = new Map<PeerId, Link>()
  readonly #signaling: Signaling
  readonly #chain: VerifiedEntry[] = []
  #isAtServer = false
  #dials = 0
  #sequence = 0

  static async join(world: World, name: string, number = 1): Promise<Puppet> {
    const process = world.platform({ name, store: 'memory' })
    const { crypto, deviceKey } = process
    const topic = await crypto.sha256(new TextEncoder().encode('skein/1/test'))
    const member = memberIdFromHash(await crypto.sha256(deviceKey.publicKey))
    const puppet = new Puppet(process, name, number, member, toHex(topic.subarray(0, 16)))
    puppet.#signaling.start(puppet.topic, puppet.id)
    await world.until(() => puppet.#isAtServer, { what: `${name} is at the server` })
    return puppet
  }

  private constructor(process: SimProcess, name: string, number: number, member: MemberId, topic: string) {
    this.process = process
    this.topic = topic
    this.id = number.toString(16).padStart(32, '0') as PeerId
    this.member = member
    this.record = {
      id: this.id,
      incarnation: 1,
      member,
      store: 'f'.repeat(31).concat(number.toString(16)) as StoreId,
      durable: true,
      name,
      kind: 'agent',
      priority: 0,
      candidate: true,
      fit: true,
      seniority: 90 + number,
      hidden: false,
      noDocuments: false,
      roles: [],
      neighbours: [],
    }
    this.#signaling = process.signaling(server)
    this.#signaling.events = {
      state: () => undefined,
      present: () => {
        this.#isAtServer = true
      },
      signal: (from, data) => {
        const parsed = parseNegotiation(data)
        if (!parsed.ok || parsed.value.type !== 'signal') return
        process.connector.signal(from, parsed.value.connection, parsed.value.data)
      },
      absent: () => undefined,
      socketClosed: () => undefined,
    }
    process.connector.events = {
      signal: (to, connection, data) =>
        void this.#signaling.send(to, formatNegotiation({ type: 'signal', connection, data })),
      linked: (link) => this.#linked(link),
      failed: () => undefined,
    }
  }

  /** Opens a link to that peer, who may still be on its way to the server; resolves when both have said hello. */
  async link(world: World, to: PeerId): Promise<void> {
    const greeted = (): boolean =>
      this.heard.some(({ from, message }) => from === to && message.type === 'hello')
    for (let attempt = 0; attempt < 10 && !greeted(); attempt++) {
      this.process.connector.dial(to, toHex(new Uint8Array(16).fill(++this.#dials)))
      await world.run(500)
    }
    await world.until(greeted, { withinMs: 10_000, what: `${this.record.name} has a link` })
  }

  isLinked(to: PeerId): boolean {
    return this.#links.has(to)
  }

  #linked(link: Link): void {
    const joiner = new Joiner()
    this.#links.set(link.remote, link)
    link.events = {
      frame: (bytes) => {
        const joined = joiner.push(bytes)
        if (!joined.ok || !joined.value) return
        const read = decode(linkMessage, joined.value.message)
        if (read.ok) this.#take(link.remote, read.value)
      },
      drained: () => undefined,
      down: () => this.#links.delete(link.remote),
    }
    const { record } = this
    this.say(link.remote, {
      type: 'hello',
      version: 1,
      topic: this.topic,
      record,
      lone: false,
      view: [],
      claims: this.claims,
      digest: 0,
    })
  }

  #take(from: PeerId, message: LinkMessage): void {
    this.heard.push({ from, message })
    if (this.onMessage(from, message)) return
    if (message.type === 'ping') this.say(from, { type: 'pong', nonce: message.nonce, offers: [] })
  }

  // --------------------------------------------------------------------------------------- what it says

  say(to: PeerId, message: LinkMessage): void {
    const splitter = new Splitter(isBulk(message) ? 1 : 0, encode(linkMessage, message))
    for (let frame = splitter.next(); frame; frame = splitter.next()) this.sayBytes(to, frame)
  }

  sayBytes(to: PeerId, frame: Uint8Array): void {
    this.#links.get(to)?.send(frame)
  }

  direct(to: PeerId, payload: Payload): void {
    this.say(to, { type: 'direct', payload })
  }

  /** Over its link to that peer, who passes it on. */
  broadcast(by: PeerId, payload: Payload): LinkMessageOf<'broadcast'> {
    const message = { type: 'broadcast', origin: this.id, sequence: ++this.#sequence, payload } as const
    this.say(by, message)
    return message
  }

  /** Its socket at the server closes, as if its process had died. */
  closeSocket(): void {
    this.#signaling.close()
  }

  // --------------------------------------------------------------------------------------- what it heard

  /** Messages of a kind that came from that peer. */
  heardOf<T extends LinkMessage['type']>(from: PeerId, type: T): LinkMessageOf<T>[] {
    return this.heard.flatMap(({ from: who, message }) =>
      who === from && message.type === type ? [message as LinkMessageOf<T>] : [],
    )
  }

  /** Payloads of a kind, however they came. */
  payloads<T extends Payload['type']>(type: T): Extract<Payload, { type: T }>[] {
    return this.heard.flatMap(({ message }) =>
      'payload' in message && message.payload.type === type
        ? [message.payload as Extract<Payload, { type: T }>]
        : [],
    )
  }

  // --------------------------------------------------------------------------------------- what it wrote

  /** The feed it writes, its profile included. */
  get feed(): readonly VerifiedEntry[] {
    return this.#chain
  }

  async writeProfile(): Promise<VerifiedEntry> {
    const { name, kind } = this.record
    return this.#write({ type: 'profile', name, kind, rooms: [], predecessor: undefined }, undefined)
  }

  /** Signs the next message of its feed; nobody hears of it yet. */
  async write(
    world: World,
    to: Content['to'],
    addressees: readonly MemberId[],
    text: string,
    { ttlMs = 86_400_000 } = {},
  ): Promise<VerifiedEntry> {
    const body = encodeBody(text)
    const sentAt = this.process.clock.now().wallMs
    return this.#write(
      {
        type: 'message',
        id: `${this.record.name}-${this.#chain.length}-${Math.floor(world.now)}` as MessageId,
        to,
        addressees,
        addresseeCount: addressees.length,
        replyTo: undefined,
        sentAt: Math.floor(sentAt),
        expiresAt: Math.floor(sentAt) + ttlMs,
        bodyHash: await this.process.crypto.sha256(body),
        bodyBytes: body.length,
      },
      body,
    )
  }

  async #write(content: EntryContent, body: Uint8Array | undefined): Promise<VerifiedEntry> {
    const previous = this.#chain.at(-1)?.hash ?? noHash
    const entry = await this.sign(content, body, previous)
    this.#chain.push(entry)
    return entry
  }

  /** Takes the last entry back, as if it had never been written. */
  unwrite(): void {
    this.#chain.pop()
  }

  /** An entry with the next number of its feed, which it does not count as written. */
  async sign(
    content: EntryContent,
    body: Uint8Array | undefined,
    previous: Uint8Array,
    { feed = this.record.store, number = this.#chain.length + 1 } = {},
  ): Promise<VerifiedEntry> {
    const { crypto, deviceKey, clock } = this.process
    const header = {
      feed,
      number,
      clockMs: Math.floor(clock.now().wallMs),
      clockCounter: number,
      content,
    }
    const draft: Draft = { header, body }
    const [entry] = await sealChain(crypto, deviceKey, this.member, [draft], previous)
    return entry!
  }

  /** Says that it holds its own feed up to the end. */
  sayVector(to: PeerId, { feed = this.feed, whole = false } = {}): void {
    const last = feed.at(-1)!
    const head = { feed: last.header.feed, number: last.header.number, hash: last.hash, retired: 0 }
    this.direct(to, { type: 'vector', member: this.member, durable: true, whole, heads: [head] })
  }

  sayEntries(to: PeerId, entries: readonly VerifiedEntry[]): void {
    this.broadcast(to, { type: 'entries', entries: entries.map(({ entry }) => entry) })
  }
}
