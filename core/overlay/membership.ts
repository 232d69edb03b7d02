// Who is alive. Holds what every peer says of itself, and the suspicions: evidence never deposes by itself, it
// starts a probe with a nonce of its own on every path; only an answer to that nonce, or a higher incarnation,
// refutes. After SWIM (Das, Gupta, Motivala, DSN 2002) and Lifeguard (Dadgar, Phillips, Currey, DSN 2018): a
// watcher that ran late probes again instead of accusing.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { PeerRecord } from '../wire/messages.ts'
import type { RoundTrip } from './links.ts'

export type Evidence = 'lock' | 'socket' | 'link-down' | 'word' | 'silence'
export type GoneReason = 'left' | 'failed'

interface Suspicion {
  nonce: number
  readonly incarnation: number
  deadlineMs: number
  readonly timeoutMs: number
}

interface Known {
  record: PeerRecord
  /** Last sign of life that came from the peer itself, over whatever way. */
  heardAtMs: number
}

/** What the overlay does about a suspicion that began or whose time ran out. */
export type Verdict =
  | { readonly type: 'probe'; readonly peer: PeerId; readonly nonce: number; readonly spread: boolean }
  | { readonly type: 'gone'; readonly peer: PeerId; readonly record: PeerRecord }

export class Membership {
  readonly #known = new Map<PeerId, Known>()
  readonly #suspicions = new Map<PeerId, Suspicion>()
  /** Peers that are gone, and up to which incarnation. */
  readonly #gone = new Map<PeerId, number>()
  readonly #newNonce: () => number
  /** How late our own deadlines were lately: halves every second. */
  #lagMs = 0
  #lagAtMs = 0
  falseSuspicions = 0

  constructor(newNonce: () => number) {
    this.#newNonce = newNonce
  }

  get size(): number {
    return this.#known.size
  }

  get(peer: PeerId): PeerRecord | undefined {
    return this.#known.get(peer)?.record
  }

  records(): PeerRecord[] {
    return [...this.#known.values()].map((known) => known.record)
  }

  isSuspected(peer: PeerId): boolean {
    return this.#suspicions.has(peer)
  }

  /** Takes in what a peer says of itself, straight or through others. `false`: nothing new. */
  learn(record: PeerRecord, nowMs: number): 'joined' | 'changed' | false {
    const known = this.#known.get(record.id)
    if (known) {
      if (record.incarnation <= known.record.incarnation) return false
      this.#known.set(record.id, { record, heardAtMs: known.heardAtMs })
      const suspicion = this.#suspicions.get(record.id)
      if (suspicion && record.incarnation > suspicion.incarnation) this.#clear(record.id)
      return 'changed'
    }
    if (record.incarnation <= (this.#gone.get(record.id) ?? -1)) return false
    if (this.#known.size >= limits.maxPeers) return false
    this.#gone.delete(record.id)
    this.#known.set(record.id, { record, heardAtMs: nowMs })
    return 'joined'
  }

  /** Something that only the peer itself can have sent just now. Does not refute a suspicion. */
  heard(peer: PeerId, nowMs: number): void {
    const known = this.#known.get(peer)
    if (known) known.heardAtMs = nowMs
  }

  heardAtMs(peer: PeerId): number | undefined {
    return this.#known.get(peer)?.heardAtMs
  }

  /** An answer to a probe. */
  alive(peer: PeerId, nonce: number): void {
    if (this.#suspicions.get(peer)?.nonce !== nonce) return
    this.falseSuspicions++
    this.#clear(peer)
  }

  /** Removes it at once: its own goodbye. */
  depose(peer: PeerId, incarnation: number): PeerRecord | undefined {
    const known = this.#known.get(peer)
    if (known && known.record.incarnation > incarnation) return undefined
    this.#bury(peer, incarnation)
    return known?.record
  }

  /** Begins a suspicion; undefined where one runs, or nothing is known of that peer. */
  suspect(
    peer: PeerId,
    evidence: Evidence,
    roundTrip: RoundTrip | undefined,
    nowMs: number,
  ): Verdict | undefined {
    const known = this.#known.get(peer)
    if (!known || this.#suspicions.has(peer)) return undefined
    const nonce = this.#newNonce()
    const timeoutMs = this.#probeTimeoutMs(evidence, roundTrip, nowMs)
    const { incarnation } = known.record
    this.#suspicions.set(peer, { nonce, incarnation, timeoutMs, deadlineMs: nowMs + timeoutMs })
    return { type: 'probe', peer, nonce, spread: evidence !== 'word' }
  }

  /** Looks at the suspicions whose time has come. */
  tick(nowMs: number): Verdict[] {
    const verdicts: Verdict[] = []
    for (const [peer, suspicion] of this.#suspicions) {
      if (nowMs < suspicion.deadlineMs) continue
      const lateMs = nowMs - suspicion.deadlineMs
      this.noteLag(lateMs, nowMs)
      if (lateMs > limits.lateWatcherMs) {
        suspicion.nonce = this.#newNonce()
        suspicion.deadlineMs = nowMs + suspicion.timeoutMs
        verdicts.push({ type: 'probe', peer, nonce: suspicion.nonce, spread: false })
        continue
      }
      const record = this.#known.get(peer)!.record
      this.#bury(peer, record.incarnation)
      verdicts.push({ type: 'gone', peer, record })
    }
    return verdicts
  }

  deadlineMs(): number {
    return Math.min(...[...this.#suspicions.values()].map((suspicion) => suspicion.deadlineMs))
  }

  /** Our own clock rang this late. */
  noteLag(lateMs: number, nowMs: number): void {
    this.#lagMs = Math.max(this.#lag(nowMs), lateMs)
    this.#lagAtMs = nowMs
  }

  #lag(nowMs: number): number {
    return this.#lagMs * 0.5 ** ((nowMs - this.#lagAtMs) / 1000)
  }

  #probeTimeoutMs(evidence: Evidence, roundTrip: RoundTrip | undefined, nowMs: number): number {
    const floor = evidence === 'silence' ? limits.minSilentProbeTimeoutMs : limits.minProbeTimeoutMs
    const trip = roundTrip ? roundTrip.smoothedMs + 4 * roundTrip.variationMs : floor
    return Math.min(limits.maxProbeTimeoutMs, Math.max(floor, trip + 3 * this.#lag(nowMs)))
  }

  #clear(peer: PeerId): void {
    this.#suspicions.delete(peer)
  }

  #bury(peer: PeerId, incarnation: number): void {
    this.#known.delete(peer)
    this.#suspicions.delete(peer)
    this.#gone.delete(peer)
    this.#gone.set(peer, incarnation)
    if (this.#gone.size > limits.maxSeenIds) this.#gone.delete(this.#gone.keys().next().value!)
  }
}
