// In a larger mesh most of what a peer knows of the others came over several hops, each of which may have failed: somebody who
// was cut off for a moment would see a dead peer for ever, or never see one that came. So every peer compares its view with that of
// one neighbour, drawn by lot, every few seconds: first a digest; where that differs, who is in it and under which incarnation; and
// then each tells the other what it lacks (anti-entropy after Demers and others, PODC 1987).

import { limits } from '../base/limits.ts'
import type { PayloadOf, PeerRecord } from '../wire/messages.ts'
import type { Context } from './context.ts'
import type { Delivery } from './delivery.ts'
import { excerpt } from './excerpt.ts'
import type { LinkState } from './links.ts'

export class Rosters {
  readonly #context: Context
  readonly #delivery: Delivery
  #nextAtMs = Number.POSITIVE_INFINITY
  /** When a link last carried our answer that may be long, to a digest and to a roster. */
  readonly #askedAtMs = new WeakMap<LinkState, number>()
  readonly #answeredAtMs = new WeakMap<LinkState, number>()
  /** A record never changes: what it says is hashed once. */
  readonly #hashes = new WeakMap<PeerRecord, number>()

  constructor(context: Context, delivery: Delivery) {
    this.#context = context
    this.#delivery = delivery
  }

  tick(): void {
    const { nowMs, isPartial, links, options } = this.#context
    if (!isPartial) {
      this.#nextAtMs = Number.POSITIVE_INFINITY
      return
    }
    // Not all at one time.
    if (this.#nextAtMs === Number.POSITIVE_INFINITY) this.#nextAtMs = nowMs + this.#pauseMs()
    if (nowMs < this.#nextAtMs) return
    this.#nextAtMs = nowMs + this.#pauseMs()
    const [link] = options.random.sample(links.neighbours(), 1)
    if (link) this.#tell(link, { type: 'viewDigest', digest: this.#digest() })
  }

  takeDigest(link: LinkState, digest: number): void {
    if (digest === this.#digest() || !this.#mayAnswer(link, this.#askedAtMs)) return
    this.#tell(link, this.#roster(true))
  }

  /** Tells that neighbour what it lacks of what we know; and, where it asked, what we know. */
  takeRoster(link: LinkState, { peers, ask }: PayloadOf<'roster'>): void {
    if (!this.#mayAnswer(link, this.#answeredAtMs)) return
    const { membership } = this.#context
    const theirs = new Map(peers.map(({ id, incarnation }) => [id, incarnation]))
    const news = this.#everybody().filter(
      ({ id, incarnation }) => id !== link.remote && incarnation > (theirs.get(id) ?? -1),
    )
    if (news.length > 0) this.#tell(link, { type: 'records', records: excerpt(this.#context, news) })
    for (const gone of membership.goneAmong(peers)) this.#tell(link, gone)
    if (ask) this.#tell(link, this.#roster(false))
  }

  #mayAnswer(link: LinkState, lastAtMs: WeakMap<LinkState, number>): boolean {
    const { nowMs } = this.#context
    const mayAtMs = (lastAtMs.get(link) ?? Number.NEGATIVE_INFINITY) + limits.rosterAnswerIntervalMs
    if (nowMs < mayAtMs) this.#context.count('rostersIgnored')
    else lastAtMs.set(link, nowMs)
    return nowMs >= mayAtMs
  }

  #roster(ask: boolean): PayloadOf<'roster'> {
    this.#context.count('rostersSent')
    const peers = this.#everybody().map(({ id, incarnation }) => ({ id, incarnation }))
    return { type: 'roster', ask, peers: peers.slice(0, limits.maxPeers) }
  }

  /** Of who is there, and the last word of each. */
  #digest(): number {
    let sum = 0
    for (const record of this.#everybody()) sum = (sum + this.#hash(record)) >>> 0
    return sum
  }

  #hash(record: PeerRecord): number {
    let hash = this.#hashes.get(record)
    if (hash === undefined) {
      hash = fnv(`${record.id} ${record.incarnation}`)
      this.#hashes.set(record, hash)
    }
    return hash
  }

  #everybody(): PeerRecord[] {
    return [this.#context.self, ...this.#context.membership.records()]
  }

  #tell(link: LinkState, payload: PayloadOf<'viewDigest' | 'roster' | 'records' | 'gone'>): void {
    this.#delivery.send(link, { type: 'direct', payload })
  }

  #pauseMs(): number {
    return limits.rosterIntervalMs * (0.5 + this.#context.options.random.float())
  }
}

/** FNV-1a over the units of a text: for finding differences, not for hiding them. */
function fnv(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
