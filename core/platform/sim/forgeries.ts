// What a hostile peer may send, by the name of the attack: bytes that are no message at all, and messages well formed
// in every detail that say what is not so. Only who holds a link can send them; whom they harm is the question.

import { toHex, type MemberId, type PeerId, type StoreId } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import { encode } from '../../wire/codec.ts'
import { noHash } from '../../wire/entries.ts'
import { linkMessage, type LinkMessage, type PeerRecord } from '../../wire/messages.ts'
import { documentAttacks, messageAttacks } from './forgeries-data.ts'
import { wayAttacks } from './forgeries-ways.ts'
import { claimAttacks, claimsOfOthers } from './forgeries-claims.ts'
import {
  anyOf,
  broadcast,
  direct,
  most,
  repeat,
  someBytes,
  someOther,
  vectorOf,
  type Attacks,
  type Forgery,
  type Knowledge,
} from './forgery-tools.ts'
import { lieKinds, type LieKind } from './lies.ts'

// --------------------------------------------------------------------------------------- frames as such

const chance = (k: Knowledge, frames: readonly Uint8Array[]): Uint8Array =>
  anyOf(k.random, frames) ?? someBytes(k.random, 20)

function flipped(k: Knowledge): Uint8Array {
  const frame = chance(k, k.sent).slice()
  for (let i = 1 + k.random.integer(8); i > 0; i--) {
    const at = k.random.integer(frame.length)
    frame[at] = (frame[at] ?? 0) ^ (1 << k.random.integer(8))
  }
  return frame
}

/** A first piece: 3 = bulk lane and first, then the length of the whole. */
function firstPiece(lengthBytes: number, frameBytes: number): Uint8Array {
  const frame = new Uint8Array(frameBytes)
  frame[0] = 3
  new DataView(frame.buffer).setUint32(1, lengthBytes)
  return frame
}

const frameAttacks = {
  garbage: (k) => [someBytes(k.random, 1 + k.random.integer(300))],
  'empty-frame': () => [new Uint8Array(0)],
  truncated: (k) => {
    const frame = chance(k, k.sent)
    return [frame.slice(0, 1 + k.random.integer(Math.max(1, frame.length - 1)))]
  },
  'bit-flip': (k) => [flipped(k)],
  'replay-own': (k) => repeat(1 + k.random.integer(5), () => chance(k, k.sent)),
  'replay-heard': (k) => repeat(1 + k.random.integer(5), () => chance(k, k.heard)),
  'oversize-frame': (k) => [someBytes(k.random, limits.maxFrameBytes + 1 + k.random.integer(4096))],
  'oversize-message': () => [firstPiece(limits.maxLinkMessageBytes + 1, limits.maxFrameBytes)],
  /** A long message begins, and another begins inside it. */
  'broken-pieces': (k) => [
    firstPiece(limits.maxLinkMessageBytes, limits.maxFrameBytes),
    firstPiece(1 + k.random.integer(2 ** 20), limits.maxFrameBytes),
  ],
  /** Well framed, but no message has this tag. */
  'unknown-tag': (k) => [Uint8Array.of(6, 200 + k.random.integer(50), ...someBytes(k.random, 8))],
} satisfies Attacks

const floods = {
  /** Far more than a link may bear. */
  'flood-garbage': (k) => repeat(80, () => Uint8Array.of(6, 250, ...someBytes(k.random, 8))),
  'flood-pings': (k) =>
    repeat(300, () => ({ type: 'ping' as const, nonce: k.random.integer(2 ** 32), offers: [] })),
  'flood-casts': (k) =>
    repeat(200, () => broadcast(k, { type: 'cast', topic: 'flood', body: someBytes(k.random, 512) })),
  'flood-records': (k) => {
    const ghost = (): PeerRecord => ({
      ...k.me,
      id: k.random.hexId() as PeerId,
      member: k.random.hexId() as MemberId,
    })
    return [direct({ type: 'records', records: repeat(limits.maxPeers, ghost) })]
  },
  'flood-feeds': (k) => {
    const head = () => ({
      feed: k.random.hexId() as StoreId,
      number: 1 + k.random.integer(9),
      hash: noHash,
      retired: 0,
    })
    return [vectorOf(k, k.me.member, repeat(300, head))]
  },
} satisfies Attacks

// ------------------------------------------------------------------------------------ who leads, who lives

const standings = {
  'claim-max': (k) => [broadcast(k, { type: 'claim', role: '', epoch: most, leader: k.me.id })],
  'claim-jump': (k) => {
    const claim = { role: '', epoch: k.epoch + limits.maxEpochJump, leader: k.me.id }
    return [broadcast(k, { type: 'claim', ...claim }), direct({ type: 'claim', ...claim })]
  },
  /** Higher than the leader's, and well within bounds; but nobody elected it. */
  'claim-next': (k) => {
    const claim = { role: '', epoch: k.epoch + 1 + k.random.integer(5), leader: k.me.id }
    return [broadcast(k, { type: 'claim', ...claim }), direct({ type: 'claim', ...claim })]
  },
  'claim-for-other': (k) => [
    broadcast(k, { type: 'claim', role: '', epoch: k.epoch + 1, leader: someOther(k).id }),
  ],
  yielded: () => [direct({ type: 'yielded', role: '', epoch: most })],
  'record-max': (k) => {
    const record = {
      ...k.me,
      incarnation: limits.maxIncarnation,
      priority: most,
      seniority: limits.maxSeniority,
    }
    return [broadcast(k, { type: 'record', record })]
  },
  'records-of-others': (k) => {
    const records = k.others.map((each) => ({ ...each, incarnation: limits.maxIncarnation, fit: false }))
    return [direct({ type: 'records', records })]
  },
  'gone-false': (k) => {
    const { id: peer, incarnation } = someOther(k)
    return [broadcast(k, { type: 'gone', peer, incarnation, reason: 'failed' })]
  },
  /** A goodbye is believed of whoever says it of itself. */
  'left-false': (k) =>
    k.others.map(({ id: peer, incarnation }) =>
      broadcast(k, { type: 'gone', peer, incarnation, reason: 'left' }),
    ),
  /** Of all whom it ever heard of, the dead included. */
  'records-old': (k) => [
    direct({ type: 'records', records: k.others.slice(0, limits.maxPeers) }),
    ...k.others.map((record) => broadcast(k, { type: 'record', record })),
  ],
  'suspect-all': (k) =>
    [k.victim, ...k.others].map(({ id: peer, incarnation }) =>
      broadcast(k, { type: 'suspect', peer, incarnation, silence: true }),
    ),
  'alive-max': () => [direct({ type: 'alive', nonce: most, incarnation: limits.maxIncarnation })],
  'pong-false': (k) =>
    repeat(5, () => ({ type: 'pong' as const, nonce: k.random.integer(2 ** 32), offers: [] })),
  busy: () => repeat(20, () => ({ type: 'busy' as const, ms: limits.maxBusyMs })),
  'hello-again': (k) => [helloOf(k, k.me)],
  'pull-unknown': (k) => [
    {
      type: 'pull',
      ids: repeat(limits.maxOffersPerPing, (i) => ({ origin: k.victim.id, sequence: most - i })),
    },
  ],
  'offers-false': (k) => [
    {
      type: 'ping',
      nonce: 1,
      offers: repeat(limits.maxOffersPerPing, (i) => ({ origin: someOther(k).id, sequence: most - i })),
    },
  ],
  'sequence-max': (k) => [
    {
      type: 'broadcast',
      origin: k.me.id,
      sequence: most,
      payload: { type: 'cast', topic: 'x', body: noHash },
    },
  ],
  'signal-garbage': (k) => [
    direct({ type: 'signal', data: toHex(someBytes(k.random, 40)) }),
    direct({
      type: 'signal',
      data: `{"type":"signal","connection":"${k.random.hexId()}","data":"simulated offer"}`,
    }),
  ],
} satisfies Attacks

const helloOf = (k: Knowledge, record: PeerRecord): LinkMessage => {
  const claims = [{ role: '', epoch: most, leader: record.id }]
  return { type: 'hello', version: 1, topic: k.topic, record, lone: false, view: [], claims, digest: 0 }
}

/** In the name of somebody else: without a mesh secret nothing on a link says who first said it. */
const impersonations = {
  'hello-of-other': (k) => [helloOf(k, someOther(k))],
  'record-of-other': (k) => {
    const other = someOther(k)
    const record = { ...other, incarnation: limits.maxIncarnation, fit: false, hidden: true }
    return [broadcast(k, { type: 'record', record }, other.id)]
  },
  'goodbye-of-other': (k) => {
    const { id: peer, incarnation } = someOther(k)
    return [broadcast(k, { type: 'gone', peer, incarnation, reason: 'left' }, peer)]
  },
  'claim-of-other': (k) => {
    const { id: leader } = someOther(k)
    return [broadcast(k, { type: 'claim', role: '', epoch: k.epoch + 1_000, leader }, leader)]
  },
  'acknowledge-for-other': (k) => {
    const heads = k.feeds.slice(0, 16).map((feed) => ({ feed, number: most, hash: noHash, retired: 0 }))
    const other = someOther(k)
    return [
      broadcast(k, { type: 'vector', member: other.member, durable: true, whole: false, heads }, other.id),
    ]
  },
} satisfies Attacks

const attacks = {
  ...frameAttacks,
  ...floods,
  ...standings,
  ...impersonations,
  ...messageAttacks,
  ...documentAttacks,
  ...wayAttacks,
  ...claimAttacks,
}

export type ForgeryKind = keyof typeof attacks

export type AttackKind = ForgeryKind | LieKind

export const attackKinds: readonly AttackKind[] = [...(Object.keys(attacks) as ForgeryKind[]), ...lieKinds]

/** Those by which it speaks in another's name. */
export const impersonationKinds: ReadonlySet<AttackKind> = new Set([
  ...(Object.keys(impersonations) as (keyof typeof impersonations)[]),
  ...claimsOfOthers,
])

export const forge = (kind: ForgeryKind, knowledge: Knowledge): Forgery[] => attacks[kind](knowledge)

export const isFrame = (forgery: Forgery): forgery is Uint8Array => forgery instanceof Uint8Array

export const encodeForgery = (message: LinkMessage): Uint8Array => encode(linkMessage, message)
