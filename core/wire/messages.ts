// What peers say to one another. A link carries `LinkMessage`s; a broadcast or unicast carries a `Payload`
// within. Tags are part of the wire format: add, never reuse.

import { nameForm, topicForm, type MemberId, type PeerId, type StoreId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import {
  bool,
  bytes,
  bytesView,
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
  type Codec,
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
const spokenRecord = object({
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
  /** And whether it has documents, see below. */
  hidden: uintUpTo(3),
  /** Other roles it stands for, with its priority in each. */
  roles: list(object({ role: roleName, priority: int }), 64),
  /** Peers it has a link to. */
  neighbours: list(peerId, 64),
})
type SpokenRecord = ValueOf<typeof spokenRecord>
export type PeerRecord = Omit<SpokenRecord, 'hidden'> & {
  readonly hidden: boolean
  /** No document is open there, and nobody need ask. Said in larger meshes only. */
  readonly noDocuments: boolean
}

export const peerRecord: Codec<PeerRecord> = {
  write: (encoder, { noDocuments, ...record }) =>
    spokenRecord.write(encoder, { ...record, hidden: Number(record.hidden) + 2 * Number(noDocuments) }),
  read: (decoder) => {
    const record = spokenRecord.read(decoder)
    return { ...record, hidden: record.hidden % 2 === 1, noDocuments: record.hidden >= 2 }
  },
}

export const claim = object({ role: roleName, epoch: uint, leader: peerId })
export type Claim = ValueOf<typeof claim>

/** Feed → highest number held without a hole, the hash there, and how many at the start are retired. */
export const feedHead = object({ feed: storeId, number: uint, hash: fixedBytes(32), retired: uint })
export type FeedHead = ValueOf<typeof feedHead>

const broadcastId = object({ origin: peerId, sequence: uint })
export type BroadcastId = ValueOf<typeof broadcastId>

const docName = text(limits.maxRoomNameLength, topicForm)
/** Hash over a document's vector and its deletions. */
const docDigest = fixedBytes(16)
/** Client id of Yjs (below 2^53) → how many of its operations are held, from the first on without a hole. */
export const docVector = list(
  object({ client: uint, clock: uintUpTo(limits.maxDocClock) }),
  limits.maxDocClients,
)
export type DocVector = ValueOf<typeof docVector>

/** What a peer says of a document it has opened. */
const docState = object({
  doc: docName,
  /** Rises with every word of the sender about its documents: one that was under way for long counts for nothing. */
  order: uint,
  /** Rises with every change of the sender's replica. */
  revision: uint,
  /** Of the last `docUpdates` the sender made. */
  number: uint,
  digest: docDigest,
  /** Peers that have something the sender still lacks. */
  waitingFor: list(peerId, limits.maxHoldersTold),
  /** Up to which of their revisions the sender lacks nothing of theirs. */
  agreed: list(object({ peer: peerId, revision: uint }), limits.maxHoldersTold),
})
export type DocState = ValueOf<typeof docState>

export const payload = union({
  record: [1, object({ record: peerRecord })],
  /** That peer is gone: its own goodbye, or the verdict of a watcher. */
  gone: [2, object({ peer: peerId, incarnation, reason: oneOf<'left' | 'failed'>('left', 'failed') })],
  /** Evidence against that peer; whoever has a path to it probes. */
  suspect: [
    3,
    object({
      peer: peerId,
      incarnation,
      /** Nothing but its silence speaks against it. */
      silence: bool,
    }),
  ],
  probe: [4, object({ nonce: uint })],
  alive: [5, object({ nonce: uint, incarnation })],
  claim: [6, claim],
  yielded: [7, object({ role: roleName, epoch: uint })],
  /** WebRTC negotiation carried by the mesh itself. */
  signal: [8, object({ data: text(limits.maxSignalBytes) })],
  cast: [9, object({ topic: text(128), body: bytes(limits.maxCastBytes + 1) })],
  /** Peers that were news to the sender, as each spoke of itself. */
  records: [10, object({ records: list(peerRecord, limits.maxPeers) })],
  /** Sum over the sender's view; and who is in it. `ask`: tell me yours. Between neighbours in larger meshes. */
  viewDigest: [11, object({ digest: uint })],
  roster: [
    12,
    object({
      ask: bool,
      peers: list(object({ id: peerId, incarnation }), limits.maxPeers + 1),
    }),
  ],

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

  /** The documents the sender has open. `whole`: no others are; `ask`: tell me yours. */
  docs: [
    32,
    object({
      whole: bool,
      ask: bool,
      /** As in a state, for what is not open. */
      order: uint,
      open: list(docState, limits.maxDocs),
      closed: list(docName, limits.maxDocs),
    }),
  ],
  /** Local edits of the sender, in order; `number` counts these messages. */
  docUpdates: [
    33,
    object({
      doc: docName,
      number: uint,
      updates: list(bytes(limits.maxDocUpdatesBytes), limits.maxDocUpdates),
    }),
  ],
  /** Send me what I lack, in segments of about `segmentBytes`. A second one ends the first. */
  docWant: [
    34,
    object({
      transfer: uint,
      segmentBytes: uint,
      state: docState,
      vector: docVector,
    }),
  ],
  /** A piece of a segment. A segment is a Yjs update (V1) that needs nothing but what came before it. */
  docPiece: [
    35,
    object({
      doc: docName,
      transfer: uint,
      /** Of the whole segment, and where this piece stands in it. */
      segmentBytes: uint,
      offset: uint,
      /** Estimated size of the whole transfer. */
      totalBytes: uint,
      bytes: bytesView(limits.maxDocPieceBytes),
    }),
  ],
  /** All was sent, so many bytes of segments: this is what the sender held when the last one was made. */
  docEnd: [36, object({ transfer: uint, bytes: uint, state: docState })],
  /** Bytes of that transfer that were taken in so far, and how large the next segments should be. */
  docGot: [37, object({ doc: docName, transfer: uint, bytes: uint, segmentBytes: uint })],
  /** What the sender's clients are doing right now (y-protocols' awareness). No state: it is gone. */
  docAwareness: [
    38,
    object({
      doc: docName,
      states: list(
        object({
          client: uint,
          clock: uintUpTo(limits.maxAwarenessClock),
          state: optional(text(limits.maxAwarenessBytes)),
        }),
        limits.maxAwarenessClients,
      ),
    }),
  ],
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
  /** I am about to work without listening, for at most so long. */
  busy: [9, object({ ms: uintUpTo(limits.maxBusyMs) })],
  /** A sign of life where nothing else was to be said; not answered. */
  beat: [10, object({})],
  /** How the sender takes the broadcasts of others from you: all of it, the ids, or nothing, having them from elsewhere. */
  share: [11, object({ as: oneOf<'whole' | 'ids' | 'nothing'>('whole', 'ids', 'nothing') })],
})
export type LinkMessage = ValueOf<typeof linkMessage>
export type LinkMessageOf<T extends LinkMessage['type']> = Extract<LinkMessage, { type: T }>

/** Large or many: they must never delay a heartbeat. */
const bulkPayloads: ReadonlySet<Payload['type']> = new Set([
  'entries',
  'found',
  'want',
  'vector',
  'cast',
  'docs',
  'docUpdates',
  'docWant',
  'docPiece',
  'docEnd',
  // Behind the news that its sender has opened the document.
  'docAwareness',
] as const)

export const isBulk = (message: LinkMessage): boolean =>
  'payload' in message && bulkPayloads.has(message.payload.type)
