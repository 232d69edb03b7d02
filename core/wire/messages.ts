// What peers say to one another. A link carries `LinkMessage`s; a broadcast or unicast carries a `Payload`
// within. Tags are part of the wire format: add, never reuse.

import { nameForm, type MemberId, type PeerId, type StoreId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import {
  bool,
  bytes,
  fixedBytes,
  hexId,
  int,
  list,
  object,
  oneOf,
  optional,
  text,
  uint,
  uintUpTo,
  union,
  type ValueOf,
} from './codec.ts'
import { entryCodec } from './entries.ts'

export const protocolVersion = 1

const peerId = hexId<PeerId>()
const storeId = hexId<StoreId>()
const name = text(limits.maxNameLength, nameForm)
const roleName = text(128)
const incarnation = uintUpTo(limits.maxIncarnation)

/** What a peer says of itself. The higher incarnation wins; only the peer itself raises it. */
export const peerRecord = object({
  id: peerId,
  incarnation,
  member: hexId<MemberId>(),
  store: storeId,
  /** Its storage outlives it. */
  durable: bool,
  name,
  kind: oneOf<'human' | 'agent'>('human', 'agent'),
  priority: int,
  candidate: bool,
  /** Resigned, holding back or without storage: ranks behind all that are fit. */
  fit: bool,
  /** Undefined: provisional. */
  seniority: optional(uintUpTo(limits.maxSeniority)),
  hidden: bool,
  /** Other roles it stands for, with its priority in each. */
  roles: list(object({ role: roleName, priority: int }), 64),
  /** Peers it has a link to. */
  neighbours: list(peerId, 64),
})
export type PeerRecord = ValueOf<typeof peerRecord>

export const claim = object({ role: roleName, epoch: uint, leader: peerId })
export type Claim = ValueOf<typeof claim>

/** Feed → highest number held without a hole, the hash there, and how many at the start are retired. */
export const feedHead = object({ feed: storeId, number: uint, hash: fixedBytes(32), retired: uint })
export type FeedHead = ValueOf<typeof feedHead>

const broadcastId = object({ origin: peerId, sequence: uint })
export type BroadcastId = ValueOf<typeof broadcastId>

export const payload = union({
  record: [1, object({ record: peerRecord })],
  /** That peer is gone: its own goodbye, or the verdict of a watcher. */
  gone: [2, object({ peer: peerId, incarnation, reason: oneOf<'left' | 'failed'>('left', 'failed') })],
  /** Evidence against that peer; whoever has a path to it probes. */
  suspect: [3, object({ peer: peerId, incarnation })],
  probe: [4, object({ nonce: uint })],
  alive: [5, object({ nonce: uint, incarnation })],
  claim: [6, claim],
  yielded: [7, object({ role: roleName, epoch: uint })],
  /** WebRTC negotiation carried by the mesh itself. */
  signal: [8, object({ data: text(limits.maxSignalBytes) })],
  cast: [9, object({ topic: text(128), body: bytes(limits.maxCastBytes + 1) })],

  /** New entries, as they are written. */
  entries: [16, object({ entries: list(entryCodec, limits.maxAppendBatch) })],
  /** What the sender's store holds: all of it, or what changed. Durable before it is said. */
  vector: [
    17,
    object({
      member: hexId<MemberId>(),
      durable: bool,
      whole: bool,
      heads: list(feedHead, limits.maxFeeds),
    }),
  ],
  /** Send me that feed from the entry after `after` on. */
  want: [18, object({ feed: storeId, after: uint })],
  /** The answer: entries in order from `after` + 1, or, where those are retired, from a later one on. */
  found: [19, object({ feed: storeId, after: uint, entries: list(entryCodec, 1024), more: bool })],
  /** Hash over the sender's vector. */
  digest: [20, object({ digest: uint })],
  /** Your feed holds another entry at that number than the one I was sent. */
  fork: [21, object({ feed: storeId, number: uint, hash: fixedBytes(32) })],
})
export type Payload = ValueOf<typeof payload>
export type PayloadOf<T extends Payload['type']> = Extract<Payload, { type: T }>

export const linkMessage = union({
  /** First on every link, from both ends. */
  hello: [
    1,
    object({
      version: uint,
      topic: text(64),
      record: peerRecord,
      /** It began a mesh by itself and has met nobody since: it yields to a mesh that it meets. */
      lone: bool,
      /** Everybody else the sender knows to be alive. */
      view: list(peerRecord, limits.maxPeers),
      claims: list(claim, 64),
      digest: uint,
    }),
  ],
  ping: [2, object({ nonce: uint, offers: list(broadcastId, limits.maxOffersPerPing) })],
  pong: [3, object({ nonce: uint, offers: list(broadcastId, limits.maxOffersPerPing) })],
  broadcast: [5, object({ origin: peerId, sequence: uint, payload })],
  /** Send me those broadcasts again, which I was offered and have not seen. */
  pull: [6, object({ ids: list(broadcastId, limits.maxOffersPerPing) })],
  unicast: [7, object({ origin: peerId, target: peerId, sequence: uint, hops: uint, payload })],
  /** For the neighbour itself. */
  direct: [8, object({ payload })],
})
export type LinkMessage = ValueOf<typeof linkMessage>
export type LinkMessageOf<T extends LinkMessage['type']> = Extract<LinkMessage, { type: T }>

/** Large or many: they must never delay a heartbeat. */
export const isBulk = (message: LinkMessage): boolean => {
  const carried = 'payload' in message ? message.payload.type : undefined
  return (
    carried === 'entries' ||
    carried === 'found' ||
    carried === 'want' ||
    carried === 'vector' ||
    carried === 'cast'
  )
}
