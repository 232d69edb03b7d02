// What peers say to one another, in words: one line for each message, with names in place of ids and without the
// numbers that mean nothing to a reader.

import type { PeerId } from '../../core/base/ids.ts'
import { decodeHeader, type Entry } from '../../core/wire/entries.ts'
import type { BroadcastId, DocState, LinkMessage, Payload, PeerRecord } from '../../core/wire/messages.ts'

/** Names for ids of peers, members and stores, as far as they are known. */
export class Names {
  readonly #peers = new Map<string, string>()
  readonly #members = new Map<string, string>()
  readonly #stores = new Map<string, string>()
  readonly #storesOf = new Map<string, number>()
  /** The newest record of each peer. */
  readonly records = new Map<PeerId, PeerRecord>()
  /** The last entry of each feed that its author said on a link. */
  readonly entries = new Map<string, Entry>()

  learn(record: PeerRecord): void {
    this.#peers.set(record.id, record.name)
    // Of several tabs of one member, the first.
    if (!this.#members.has(record.member)) this.#members.set(record.member, record.name)
    const known = this.records.get(record.id)
    if (!known || known.incarnation < record.incarnation) this.records.set(record.id, record)
    if (this.#stores.has(record.store)) return
    const count = (this.#storesOf.get(record.name) ?? 0) + 1
    this.#storesOf.set(record.name, count)
    this.#stores.set(record.store, count === 1 ? record.name : `${record.name} (feed ${count})`)
  }

  learnEntry(entry: Entry, sender: string): void {
    const read = decodeHeader(entry.header)
    if (read.ok && this.store(read.value.feed) === sender) this.entries.set(read.value.feed, entry)
  }

  peer = (id: string): string => this.#peers.get(id) ?? `?${id.slice(0, 4)}`
  member = (id: string): string => this.#members.get(id) ?? `?${id.slice(0, 4)}`
  store = (id: string): string => this.#stores.get(id) ?? `?${id.slice(0, 4)}`
  peerNamed = (name: string): PeerId | undefined =>
    [...this.#peers].findLast(([, each]) => each === name)?.[0] as PeerId | undefined
  storeNamed = (name: string): string | undefined => [...this.#stores].find(([, each]) => each === name)?.[0]
}

/** The kind of a line about it: the type of its payload, or its own. */
export const kindOf = (message: LinkMessage): string =>
  'payload' in message ? message.payload.type : message.type

export function inWords(message: LinkMessage, sender: string, names: Names): string {
  const by = (origin: string): string => (names.peer(origin) === sender ? '' : `, from ${names.peer(origin)}`)
  switch (message.type) {
    case 'hello':
      return `hello${message.lone ? ', lone' : ''}, knows ${listOf(message.view.map(({ name }) => name))}`
    case 'ping':
    case 'pong':
      return `${message.type}${offers(message.offers, names)}`
    case 'pull':
      return `pull${offers(message.ids, names)}`
    case 'broadcast':
      return `to all${by(message.origin)}: ${payloadInWords(message.payload, names)}`
    case 'unicast':
      return `to ${names.peer(message.target)}${by(message.origin)}: ${payloadInWords(message.payload, names)}`
    case 'direct':
      return payloadInWords(message.payload, names)
    case 'busy':
      return 'busy'
    case 'beat':
      return 'beat'
    case 'share':
      return `share ${message.as}`
  }
}

const listOf = (words: readonly string[]): string =>
  words.length === 0 ? 'nobody' : words.toSorted().join(' and ')

const offers = (ids: readonly BroadcastId[], names: Names): string =>
  ids.length === 0 ? '' : ` for ${listOf([...new Set(ids.map(({ origin }) => `${names.peer(origin)}'s`))])}`

function payloadInWords(payload: Payload, names: Names): string {
  switch (payload.type) {
    case 'record':
      return `record ${recordInWords(payload.record)}`
    case 'records':
      return payload.records.length > 6
        ? `records of ${payload.records.length} peers`
        : `records of ${listOf(payload.records.map(({ name }) => name))}`
    case 'viewDigest':
      return 'viewDigest'
    case 'roster':
      return `roster${payload.ask ? ', asks' : ''}`
    case 'gone':
      return `gone: ${names.peer(payload.peer)} (${payload.reason})`
    case 'suspect':
      return `suspect ${names.peer(payload.peer)}${payload.silence ? ', silent' : ''}`
    case 'claim':
      return `claim of ${names.peer(payload.leader)}, epoch ${payload.epoch}${roleInWords(payload.role, names)}`
    case 'yielded':
      return `yielded epoch ${payload.epoch}${roleInWords(payload.role, names)}`
    case 'signal':
      return payload.data.includes('knock') ? 'signal: knock' : 'signal'
    case 'cast':
      return `cast ${payload.topic}`
    case 'entries':
      return `entries ${entriesInWords(payload.entries, names)}`
    case 'vector': {
      const heads = payload.heads.map(({ feed, number }) => `${names.store(feed)} ${number}`)
      return `vector ${payload.whole ? 'whole: ' : ''}${listOf(heads)}`
    }
    case 'want':
      return `want ${names.store(payload.feed)} after ${payload.after}`
    case 'found':
      return `found ${entriesInWords(payload.entries, names)}${payload.more ? ' and more' : ''}`
    case 'fork':
      return `fork of ${names.store(payload.feed)} at ${payload.number}`
    case 'docs': {
      const open = payload.open.map((state) => stateInWords(state, names))
      const closed = payload.closed.map((name) => `${name} closed`)
      return `docs ${listOf([...open, ...closed])}${payload.ask ? '; and yours?' : ''}`
    }
    case 'docUpdates':
      return `docUpdates ${payload.doc}`
    case 'docWant':
      return `docWant ${payload.state.doc}${payload.vector.length === 0 ? ' from the beginning' : ''}`
    case 'docPiece':
      return `docPiece ${payload.doc}`
    case 'docEnd':
      return `docEnd ${payload.state.doc}`
    case 'docGot':
      return `docGot ${payload.doc}`
    case 'docAwareness':
      return `docAwareness ${payload.doc}: ${payload.states.map(({ state }) => state ?? 'gone').join(', ')}`
    case 'probe':
    case 'alive':
    case 'digest':
      return payload.type
  }
}

function recordInWords({
  name,
  seniority,
  fit,
  candidate,
  hidden,
  priority,
  neighbours,
}: PeerRecord): string {
  const words = [
    `of ${name}`,
    seniority === undefined ? 'no place yet' : `place ${seniority}`,
    ...(candidate ? [] : ['no candidate']),
    ...(fit ? [] : ['unfit']),
    ...(hidden ? ['hidden'] : []),
    ...(priority === 0 ? [] : [`priority ${priority}`]),
    `${neighbours.length} links`,
  ]
  return words.join(', ')
}

/** A member's inbox is a role too; its name holds an id. */
const roleInWords = (role: string, names: Names): string =>
  role === '' ? '' : ` as ${role.replace(/[0-9a-f]{32}/, (id) => names.member(id))}`

const stateInWords = ({ doc, agreed, waitingFor }: DocState, names: Names): string =>
  [
    doc,
    ...(agreed.length === 0 ? [] : [`agreed with ${listOf(agreed.map(({ peer }) => names.peer(peer)))}`]),
    ...(waitingFor.length === 0 ? [] : [`waiting for ${listOf(waitingFor.map((peer) => names.peer(peer)))}`]),
  ].join(' ')

function entriesInWords(entries: readonly Entry[], names: Names): string {
  const places = entries.map(({ header }) => {
    const read = decodeHeader(header)
    return read.ok ? `${names.store(read.value.feed)} ${read.value.number}` : 'unreadable'
  })
  return places.length > 3 ? `${places[0]} to ${places.at(-1)}` : listOf(places)
}
