// Values of everything that is written on the wire or to a store, for properties and for fuzzing.

import fc from 'fast-check'
import { limits } from '../../../core/base/limits.ts'
import type { DocState, LinkMessage, Payload, PeerRecord } from '../../../core/wire/messages.ts'
import { encodeHeader, type Entry, type EntryContent } from '../../../core/wire/entries.ts'

export const hex = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((raw) => Buffer.from(raw).toString('hex') as never)
const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/)
export const topic = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)
const messageId = topic.map((text) => text as never)
const safe = fc.maxSafeNat()
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const incarnation = fc.integer({ min: 0, max: limits.maxIncarnation })
const someBytes = fc.uint8Array({ maxLength: 40 })
const roleName = fc.string({ maxLength: 30 })
const kind = fc.constantFrom('human', 'agent')
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })
const address = fc.oneof(
  name.map((text) => `@${text}`),
  topic.map((text) => `#${text}`),
  hex,
)

const record = fc.record({
  id: hex,
  incarnation,
  member: hex,
  store: hex,
  durable: fc.boolean(),
  name,
  kind,
  // Adding 0 makes 0 of -0.
  priority: fc.maxSafeInteger().map((value) => value + 0),
  candidate: fc.boolean(),
  fit: fc.boolean(),
  seniority: maybe(fc.integer({ min: 0, max: limits.maxSeniority })),
  hidden: fc.boolean(),
  noDocuments: fc.boolean(),
  roles: fc.array(fc.record({ role: roleName, priority: fc.integer() }), { maxLength: 3 }),
  neighbours: fc.array(hex, { maxLength: 15 }),
}) as fc.Arbitrary<PeerRecord>

const content = fc.oneof(
  fc.record({
    type: fc.constant('message'),
    id: messageId,
    to: address,
    addressees: fc.array(hex, { maxLength: 4 }),
    addresseeCount: safe,
    replyTo: maybe(messageId),
    sentAt: safe,
    expiresAt: safe,
    bodyHash: hash,
    bodyBytes: safe,
  }),
  fc.record({
    type: fc.constant('profile'),
    name,
    kind,
    rooms: fc.array(topic, { maxLength: 4 }),
    predecessor: maybe(hex),
  }),
) as fc.Arbitrary<EntryContent>

export const header = fc
  .record({
    feed: hex,
    number: safe.filter((number) => number >= 1),
    previous: hash,
    author: hash,
    clockMs: safe,
    clockCounter: fc.integer({ min: 0, max: 0xffff }),
    content,
  })
  .map((value) => encodeHeader(value as never))

export const entry: fc.Arbitrary<Entry> = fc.record({
  header,
  signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
  body: maybe(someBytes),
})

const docState = fc.record({
  doc: topic,
  order: safe,
  revision: safe,
  number: safe,
  digest: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  waitingFor: fc.array(hex, { maxLength: 3 }),
  agreed: fc.array(fc.record({ peer: hex, revision: safe }), { maxLength: 3 }),
}) as fc.Arbitrary<DocState>
const docClock = fc.integer({ min: 0, max: limits.maxDocClock })
const head = fc.record({ feed: hex, number: safe, hash, retired: safe })

/** Every payload there is; the compiler misses none. */
const payloads: { readonly [T in Payload['type']]: fc.Arbitrary<object> } = {
  record: fc.record({ record }),
  gone: fc.record({ peer: hex, incarnation, reason: fc.constantFrom('left', 'failed') }),
  suspect: fc.record({ peer: hex, incarnation, silence: fc.boolean() }),
  probe: fc.record({ nonce: safe }),
  alive: fc.record({ nonce: safe, incarnation }),
  claim: fc.record({ role: roleName, epoch: safe, leader: hex }),
  yielded: fc.record({ role: roleName, epoch: safe }),
  signal: fc.record({ data: fc.string({ maxLength: 200 }) }),
  cast: fc.record({ topic: roleName, body: someBytes }),
  records: fc.record({ records: fc.array(record, { maxLength: 3 }) }),
  viewDigest: fc.record({ digest: safe }),
  roster: fc.record({
    ask: fc.boolean(),
    peers: fc.array(fc.record({ id: hex, incarnation }), { maxLength: 5 }),
  }),
  entries: fc.record({ entries: fc.array(entry, { maxLength: 3 }) }),
  vector: fc.record({
    member: hex,
    durable: fc.boolean(),
    whole: fc.boolean(),
    heads: fc.array(head, { maxLength: 5 }),
  }),
  want: fc.record({ feed: hex, after: safe }),
  found: fc.record({
    feed: hex,
    after: safe,
    entries: fc.array(entry, { maxLength: 3 }),
    more: fc.boolean(),
  }),
  digest: fc.record({ digest: safe }),
  fork: fc.record({ feed: hex, number: safe, hash }),
  docs: fc.record({
    whole: fc.boolean(),
    ask: fc.boolean(),
    order: safe,
    open: fc.array(docState, { maxLength: 3 }),
    closed: fc.array(topic, { maxLength: 3 }),
  }),
  docUpdates: fc.record({ doc: topic, number: safe, updates: fc.array(someBytes, { maxLength: 4 }) }),
  docWant: fc.record({
    transfer: safe,
    segmentBytes: safe,
    state: docState,
    vector: fc.array(fc.record({ client: safe, clock: docClock }), { maxLength: 5 }),
  }),
  docPiece: fc.record({
    doc: topic,
    transfer: safe,
    segmentBytes: safe,
    offset: safe,
    totalBytes: safe,
    bytes: someBytes,
  }),
  docEnd: fc.record({ transfer: safe, bytes: safe, state: docState }),
  docGot: fc.record({ doc: topic, transfer: safe, bytes: safe, segmentBytes: safe }),
  docAwareness: fc.record({
    doc: topic,
    states: fc.array(
      fc.record({
        client: safe,
        clock: fc.integer({ min: 0, max: limits.maxAwarenessClock }),
        state: maybe(fc.json()),
      }),
      { maxLength: limits.maxAwarenessClients },
    ),
  }),
}

const typed = (kinds: Readonly<Record<string, fc.Arbitrary<object>>>): fc.Arbitrary<object>[] =>
  Object.entries(kinds).map(([type, value]) => value.map((fields) => ({ type, ...fields })))

export const payload = fc.oneof(...typed(payloads)) as fc.Arbitrary<Payload>

const broadcastIds = fc.array(fc.record({ origin: hex, sequence: safe }), { maxLength: 10 })
const messages: { readonly [T in LinkMessage['type']]: fc.Arbitrary<object> } = {
  hello: fc.record({
    version: safe,
    topic: fc.string({ maxLength: 16 }),
    record,
    lone: fc.boolean(),
    view: fc.array(record, { maxLength: 4 }),
    claims: fc.array(fc.record({ role: roleName, epoch: safe, leader: hex }), { maxLength: 3 }),
    digest: safe,
  }),
  ping: fc.record({ nonce: safe, offers: broadcastIds }),
  pong: fc.record({ nonce: safe, offers: broadcastIds }),
  broadcast: fc.record({ origin: hex, sequence: safe, payload }),
  pull: fc.record({ ids: broadcastIds }),
  unicast: fc.record({ origin: hex, target: hex, sequence: safe, hops: safe, payload }),
  direct: fc.record({ payload }),
  busy: fc.record({ ms: fc.integer({ min: 0, max: limits.maxBusyMs }) }),
  beat: fc.constant({}),
  share: fc.record({ as: fc.constantFrom('whole', 'ids', 'nothing') }),
}
export const linkMessage = fc.oneof(
  { arbitrary: fc.oneof(...typed(messages)), weight: 1 },
  { arbitrary: payload.map((each) => ({ type: 'direct', payload: each })), weight: 1 },
) as fc.Arbitrary<LinkMessage>

// ------------------------------------------------------------------------------------------- rows of the store

const places = { feed: hex, number: safe, clockMs: safe, clockCounter: safe }
const mark = fc.constantFrom('none', 'refused', 'duplicate', 'expired', 'bare', 'clock-ahead')
/** By the name of its codec in core/messages/rows.ts. */
export const rows = {
  storeRow: fc.record({ store: hex, predecessor: maybe(hex) }),
  headRow: fc.record({
    member: hex,
    number: safe,
    hash,
    retired: safe,
    pruned: safe,
    profile: safe,
    clockMs: safe,
    clockCounter: safe,
  }),
  entryRow: fc.record({ entry, hash, author: hex, receivedAtMs: safe, mark }),
  idRow: fc.record({ feed: hex, number: safe }),
  inboxRow: fc.record({ attempt: safe }),
  outboxRow: fc.record({
    id: messageId,
    to: address,
    addressees: fc.array(hex, { maxLength: 4 }),
    addresseeCount: safe,
    hash,
    expiresAt: safe,
  }),
  expiredRow: fc.record({ id: messageId, lacking: fc.array(hex, { maxLength: 4 }) }),
  ackRow: fc.record({ number: safe, durable: fc.boolean(), skipped: safe }),
  holeRow: fc.record({ atMs: safe }),
  joinedRow: fc.record({ clockMs: safe, clockCounter: safe }),
  unboundRow: fc.record({
    id: messageId,
    to: address,
    body: someBytes,
    bodyHash: hash,
    replyTo: maybe(messageId),
    sentAt: safe,
    expiresAt: safe,
    order: safe,
  }),
  memberRow: fc.record({
    profile: maybe(fc.record({ name, kind, rooms: fc.array(topic, { maxLength: 3 }), ...places })),
    lastSeenAt: safe,
  }),
} as const
