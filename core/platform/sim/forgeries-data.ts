// Forged entries and documents: signed by the hostile peer's own key, where a signature is asked for, and wrong.

import type { MemberId, MessageId, StoreId } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import { encodeHeader, noHash, type Entry, type EntryContent } from '../../wire/entries.ts'
import { mixingHash } from './crypto.ts'
import {
  broadcast,
  direct,
  most,
  repeat,
  someBytes,
  someDoc,
  someFeed,
  vectorOf,
  type Attacks,
  type Forgery,
  type Knowledge,
} from './forgery-tools.ts'

const yearMs = 365 * 24 * 60 * 60 * 1000

// -------------------------------------------------------------------------------------------- entries

interface Draft {
  readonly feed: StoreId
  readonly number: number
  readonly previous: Uint8Array
  readonly clockMs: number
  readonly clockCounter?: number
  /** Addressees named; more than allowed where it is to be refused. */
  readonly addresseeCount?: number
  readonly addressees?: readonly MemberId[]
  readonly expiresAt?: number
  /** It has to be refused: whoever shows it is found out by its body (tests/sim/harness/checkers/forged.ts). */
  readonly never?: true
}

/** A message to everybody in #general, signed by the hostile peer's own key. */
function sign(k: Knowledge, draft: Draft): { entry: Entry; hash: Uint8Array } {
  const word = draft.never ? 'never' : 'forged'
  const body = Uint8Array.from([0, ...Array.from(`"${word} ${k.random.integer(1000)}"`, byteOf)])
  const content: EntryContent = {
    type: 'message',
    id: k.random.hexId() as MessageId,
    to: '#general',
    addressees: [...(draft.addressees ?? [])],
    addresseeCount: draft.addresseeCount ?? draft.addressees?.length ?? 0,
    replyTo: undefined,
    sentAt: draft.clockMs,
    expiresAt: draft.expiresAt ?? draft.clockMs + limits.defaultTtlMs,
    bodyHash: mixingHash(body),
    bodyBytes: body.length,
  }
  const { feed, number, previous, clockMs, clockCounter = 0 } = draft
  const author = k.key.publicKey
  const header = encodeHeader({ feed, number, previous, author, clockMs, clockCounter, content })
  return { entry: { header, signature: k.key.signNow(header), body }, hash: mixingHash(header) }
}

const byteOf = (ascii: string): number => ascii.charCodeAt(0)

/** Entries 1, 2 … of a feed that begins here, each by its draft. */
export function feedOf(
  k: Knowledge,
  drafts: readonly Partial<Draft>[],
  feed = k.random.hexId() as StoreId,
): Entry[] {
  const entries: Entry[] = []
  let previous: Uint8Array = noHash
  for (const [i, draft] of drafts.entries()) {
    const { entry, hash } = sign(k, { feed, number: i + 1, previous, clockMs: k.wallMs, ...draft })
    entries.push(entry)
    previous = hash
  }
  return entries
}

const entries = (k: Knowledge, made: readonly Entry[]): Forgery[] => [
  broadcast(k, { type: 'entries', entries: [...made] }),
]

// ------------------------------------------------------------------------------------ messages, documents

export const messageAttacks = {
  'clock-year-ahead': (k) => entries(k, feedOf(k, [{ clockMs: k.wallMs + yearMs }])),
  'clock-max': (k) => entries(k, feedOf(k, [{ clockMs: most - limits.defaultTtlMs, clockCounter: 0xffff }])),
  'refused-mid-feed': (k) => entries(k, feedOf(k, [{}, { expiresAt: most, addresseeCount: most }, {}])),
  'hole-in-feed': (k) => {
    const [first, , third] = feedOf(k, [{}, {}, { never: true }])
    return first === undefined || third === undefined ? [] : entries(k, [first, third])
  },
  'forked-feed': (k) => {
    const feed = k.random.hexId() as StoreId
    const made = repeat(2, () => sign(k, { feed, number: 1, previous: noHash, clockMs: k.wallMs }).entry)
    return made.flatMap((entry) => entries(k, [entry]))
  },
  'bad-signature': (k) =>
    entries(
      k,
      feedOf(k, [{ never: true }]).map((entry) => ({ ...entry, signature: someBytes(k.random, 64) })),
    ),
  /** The second does not name the first. */
  'broken-chain': (k) => entries(k, feedOf(k, [{}, { previous: someBytes(k.random, 32), never: true }])),
  /** Its time ran out long ago, whatever clock one believes in. */
  'expired-entry': (k) => {
    const clockMs = k.wallMs - 5 * yearMs
    return entries(k, feedOf(k, [{ clockMs, expiresAt: clockMs + 1_000, never: true }]))
  },
  /** Goes on in a feed of the victim's, with a key that never wrote there. */
  'entry-in-foreign-feed': (k) => {
    const { entry } = sign(k, {
      feed: k.victim.store,
      number: 1 + k.random.integer(9),
      previous: noHash,
      clockMs: k.wallMs,
      never: true,
    })
    return entries(k, [entry])
  },
  /** Fits where a feed of another's ends; only the signature is by somebody else. */
  'continue-foreign-feed': (k) =>
    [k.victim, ...k.others].flatMap(({ store: feed }) => {
      const head = k.heads.get(feed)
      if (head === undefined || feed === k.me.store) return []
      const { number, hash: previous } = head
      const draft = { feed, number: number + 1, previous, clockMs: k.wallMs, never: true } as const
      return entries(k, [sign(k, draft).entry])
    }),
  'found-unasked': (k) => [
    direct({ type: 'found', feed: someFeed(k), after: 0, entries: feedOf(k, [{}, {}]), more: true }),
  ],
  'vector-max': (k) => [
    vectorOf(
      k,
      k.me.member,
      [someFeed(k), k.me.store, k.random.hexId() as StoreId].map((feed) => ({
        feed,
        number: most,
        hash: someBytes(k.random, 32),
        retired: most,
      })),
    ),
  ],
  'acknowledge-unsent': (k) => [
    vectorOf(k, k.me.member, [{ feed: k.victim.store, number: 1_000_000, hash: noHash, retired: 0 }]),
  ],
  'want-max': (k) => [
    direct({ type: 'want', feed: k.victim.store, after: most }),
    direct({ type: 'want', feed: k.random.hexId() as StoreId, after: 0 }),
  ],
  'fork-false': (k) => [
    direct({ type: 'fork', feed: k.victim.store, number: 1, hash: someBytes(k.random, 32) }),
  ],
  'digest-false': (k) => [direct({ type: 'digest', digest: k.random.integer(2 ** 32) })],
} satisfies Attacks

const stateOf = (k: Knowledge) => ({
  doc: someDoc(k),
  order: most,
  revision: most,
  number: most,
  digest: someBytes(k.random, 16),
  waitingFor: [k.victim.id],
  agreed: [{ peer: k.victim.id, revision: most }],
})

export const documentAttacks = {
  /** Speaks for others that show themselves in the document. */
  'awareness-of-others': (k) => {
    const states = k.clients.map((client) => ({
      client,
      clock: limits.maxAwarenessClock,
      state: '{"user":"forged"}',
    }))
    return [direct({ type: 'docAwareness', doc: someDoc(k), states })]
  },
  'docs-max': (k) => [
    direct({ type: 'docs', whole: true, ask: true, order: most, open: [stateOf(k)], closed: [] }),
  ],
  'docs-closed': (k) => [
    direct({ type: 'docs', whole: false, ask: true, order: most, open: [], closed: [...k.docs] }),
  ],
  'update-garbage': (k) => [
    direct({ type: 'docUpdates', doc: someDoc(k), number: most, updates: [someBytes(k.random, 60)] }),
  ],
  /** A struct of a client nobody knows, at a clock that its beginning never came for. */
  'update-clock-max': (k) => {
    const clock = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f]
    const update = Uint8Array.of(1, 1, 1 + k.random.integer(100), ...clock, 4, 1, 1, 0x74, 1, 0x78, 0)
    return [direct({ type: 'docUpdates', doc: someDoc(k), number: 1, updates: [update] })]
  },
  'piece-unasked': (k) => {
    const piece = {
      transfer: most,
      segmentBytes: 100,
      offset: 0,
      totalBytes: most,
      bytes: someBytes(k.random, 100),
    }
    return [direct({ type: 'docPiece', doc: someDoc(k), ...piece })]
  },
  'end-unasked': (k) => [
    direct({ type: 'docEnd', transfer: k.random.integer(9), bytes: most, state: stateOf(k) }),
  ],
  'want-everything': (k) => [
    direct({ type: 'docWant', transfer: most, segmentBytes: most, state: stateOf(k), vector: [] }),
  ],
  'awareness-max': (k) => {
    const states = [
      { client: most, clock: limits.maxAwarenessClock, state: '{"user":"forged"}' },
      { client: k.random.integer(2 ** 32), clock: limits.maxAwarenessClock, state: '[not JSON' },
      { client: 0, clock: 0, state: undefined },
    ]
    return [direct({ type: 'docAwareness', doc: someDoc(k), states })]
  },
} satisfies Attacks
