// Who is alive. Holds what every peer says of itself, and the suspicions: evidence never deposes by itself, it
// starts a probe with a nonce of its own on every path; only an answer to that nonce, or the peer's own higher
// incarnation, refutes. After SWIM (Das, Gupta, Motivala, DSN 2002) and Lifeguard (Dadgar, Phillips, Currey, DSN 2018): a
// watcher that ran late probes again instead of accusing.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { PayloadOf, PeerRecord } from '../wire/messages.ts'
import type { RoundTrip } from './links.ts'

export type Evidence =
  | 'own-stall'
  | 'lock'
  | 'socket'
  | 'link-down'
  /** A neighbour's: it has evidence of its own, or hears nothing on a link it watches. */
  | 'word'
  | 'word-of-silence'
  /** On a link of ours; of one we have no link to. */
  | 'silence'
  | 'distant-silence'
/** For us alone to look into: the others look already, or would gain nothing. */
const keptToOurselves: ReadonlySet<Evidence> = new Set([
  'own-stall',
  'word',
  'word-of-silence',
  'distant-silence',
])
const silences: ReadonlySet<Evidence> = new Set(['word-of-silence', 'silence', 'distant-silence'])
const hearsay: ReadonlySet<Evidence> = new Set(['word', 'word-of-silence'])
/** What shows that a process ended, and nothing else. */
const deaths: ReadonlySet<Evidence> = new Set(['lock', 'socket', 'word'])
export type GoneReason = 'left' | 'failed'
/** Who says it: the peer itself, over its own link, in its hello or later; or somebody else. */
export type Source = 'hello' | 'own' | 'hearsay'

interface Suspicion {
  readonly evidence: Evidence
  /** Of every probe of this suspicion: an answer to any of them was given after it began. */
  readonly nonces: Set<number>
  deadlineMs: number
  readonly timeoutMs: number
  /** However long the peer says that it is busy, the answer is not waited for beyond this, and its time to travel. */
  readonly putOffUntilMs: number
  /** How often we were too late to judge. */
  late: number
  /** Neighbours were asked to carry the probe, too. */
  askedAround: boolean
  /** Somebody else looked into it, and took it for gone. */
  confirmed: boolean
  /** A higher incarnation came; it may have been under way when the suspicion began. */
  renewed: boolean
}

interface Known {
  record: PeerRecord
  /** Last sign of life that came from the peer itself, over whatever way. */
  heardAtMs: number
  /** Until then it announced not to listen. */
  busyUntilMs: number
  /** Something came from it, over whatever way: it is more than what others say. */
  isMet: boolean
}

/** What the overlay does about a suspicion that began or whose time ran out. */
export type Verdict =
  | {
      readonly type: 'probe'
      readonly peer: PeerId
      readonly nonce: number
      /** What to tell the others it is suspected for, if anything. */
      readonly spread: 'witness' | 'silence' | undefined
      /** Neighbours are asked to carry the probe too; where all were told of a silence, they ask for themselves. */
      readonly indirect: boolean
    }
  | {
      readonly type: 'gone'
      readonly peer: PeerId
      readonly record: PeerRecord
      /** Others had it from us, not we from them. */
      readonly spread: boolean
      /** Something came from it once; else it may never have been. */
      readonly isMet: boolean
    }

export class Membership {
  readonly #known = new Map<PeerId, Known>()
  readonly #suspicions = new Map<PeerId, Suspicion>()
  /** Peers that are gone, and up to which incarnation. */
  readonly #gone = new Map<PeerId, number>()
  readonly #newNonce: () => number
  /** How late our own deadlines were lately: halves every second. */
  #lagMs = 0
  #lagAtMs = 0
  /** By then we have read what came while our own clock was late: nobody is silent before. */
  catchesUpAtMs = 0
  #catchUps = 0
  falseSuspicions = 0
  /** Changes whenever somebody comes, goes, is suspected or no longer is. */
  revision = 0
  #changes = 0

  constructor(newNonce: () => number) {
    this.#newNonce = newNonce
  }

  get size(): number {
    return this.#known.size
  }

  /** Changes whenever anything is learned of anybody. */
  get news(): number {
    return this.revision + this.#changes
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

  /** Up to which incarnation that peer is gone. */
  goneAs(peer: PeerId): number | undefined {
    return this.#gone.get(peer)
  }

  /** What to tell somebody who takes these for alive: who of them is gone, a bounded number. */
  goneAmong(peers: readonly Pick<PeerRecord, 'id' | 'incarnation'>[]): PayloadOf<'gone'>[] {
    return peers
      .flatMap(({ id, incarnation }): PayloadOf<'gone'>[] => {
        const goneAs = this.#known.has(id) ? undefined : this.#gone.get(id)
        if (goneAs === undefined || goneAs < incarnation) return []
        return [{ type: 'gone', peer: id, incarnation: goneAs, reason: 'failed' }]
      })
      .slice(0, limits.maxOffersPerPing)
  }

  /**
   * Takes in what a peer says of itself. `false`: nothing new. By hearsay nobody comes back from the dead under
   * the incarnation that died; by its hello, on a link to it, it lives, and there is always room for it. What it says
   * over its own link also ends what others made up.
   */
  learn(record: PeerRecord, source: Source, nowMs: number): 'joined' | 'changed' | false {
    const known = this.#known.get(record.id)
    if (known) {
      const isNewer = record.incarnation > known.record.incarnation
      if (!isNewer && (source === 'hearsay' || !isMadeUp(known.record, record))) return false
      // Nobody could put that right but over a link of their own, and whoever has none would pass it on to those again.
      if (source === 'hearsay' && isFarAhead(record.incarnation, known.record.incarnation)) return false
      known.record = record
      this.#changes++
      if (source !== 'hearsay') known.isMet = true
      if (isNewer) this.#renew(record.id, nowMs)
      return 'changed'
    }
    const isHello = source === 'hello'
    if (!isHello && record.incarnation <= (this.#gone.get(record.id) ?? -1)) return false
    if (this.#known.size >= limits.maxPeers + (isHello ? limits.maxOpenLinks : 0)) return false
    this.#gone.delete(record.id)
    const isMet = source !== 'hearsay'
    this.#known.set(record.id, { record, heardAtMs: nowMs, busyUntilMs: Number.NEGATIVE_INFINITY, isMet })
    this.revision++
    return 'joined'
  }

  /** Something that only the peer itself can have sent just now. Does not refute a suspicion. */
  heard(peer: PeerId, nowMs: number): void {
    const known = this.#known.get(peer)
    if (!known) return
    known.heardAtMs = nowMs
    known.isMet = true
  }

  /** Of whom nothing came after that. */
  silentSince(atMs: number): PeerId[] {
    const silent: PeerId[] = []
    for (const [peer, { heardAtMs }] of this.#known) if (heardAtMs <= atMs) silent.push(peer)
    return silent
  }

  heardAtMs(peer: PeerId): number | undefined {
    return this.#known.get(peer)?.heardAtMs
  }

  /**
   * It announced not to listen until then: an answer to a probe may come after that. However often it says so, a
   * suspicion is put off for at most `limits.maxBusyMs` from its beginning.
   */
  busy(peer: PeerId, untilMs: number): void {
    const known = this.#known.get(peer)
    if (!known) return
    known.busyUntilMs = Math.max(known.busyUntilMs, untilMs)
    const suspicion = this.#suspicions.get(peer)
    if (suspicion) this.#putOff(peer, suspicion, suspicion.deadlineMs)
  }

  /** A new way to a suspected peer: the nonce to ask it with. Undefined: it is not suspected. */
  askAgain(peer: PeerId): number | undefined {
    const suspicion = this.#suspicions.get(peer)
    if (!suspicion) return undefined
    const nonce = this.#newNonce()
    suspicion.nonces.add(nonce)
    return nonce
  }

  /** An answer to a probe. True: it ended a suspicion. */
  alive(peer: PeerId, nonce: number): boolean {
    if (!this.#suspicions.get(peer)?.nonces.has(nonce)) return false
    this.#refuted(peer)
    return true
  }

  /** Removes it at once: its own goodbye. One far ahead of all that is known of that peer was made up. */
  depose(peer: PeerId, incarnation: number): PeerRecord | undefined {
    const known = this.#known.get(peer)
    if (known && known.record.incarnation > incarnation) return undefined
    const before = known?.record.incarnation ?? this.#gone.get(peer) ?? 0
    if (isFarAhead(incarnation, before)) return undefined
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
    const suspicion: Suspicion = {
      evidence,
      nonces: new Set([nonce]),
      timeoutMs,
      deadlineMs: 0,
      putOffUntilMs: nowMs + limits.maxBusyMs,
      late: 0,
      askedAround: evidence !== 'word-of-silence',
      confirmed: false,
      renewed: false,
    }
    this.#putOff(peer, suspicion, nowMs + timeoutMs)
    this.#suspicions.set(peer, suspicion)
    this.revision++
    // A link may end for many reasons, and whoever has one to that peer too sees for itself.
    const told = deaths.has(evidence) ? 'witness' : 'silence'
    return {
      type: 'probe',
      peer,
      nonce,
      spread: keptToOurselves.has(evidence) ? undefined : told,
      indirect: suspicion.askedAround,
    }
  }

  /**
   * Another's verdict: who has heard nothing over its own link either need not ask around.
   * @param told The incarnation for which a neighbour says so to us alone: who doubts that peer because of a stall of its own
   *   gives it no more time than any other evidence gives.
   */
  confirm(peer: PeerId, told: number | undefined, nowMs: number): void {
    const suspicion = this.#suspicions.get(peer)
    if (!suspicion) return
    suspicion.confirmed = true
    const isLast = told !== undefined && told >= this.#known.get(peer)!.record.incarnation
    if (suspicion.evidence === 'own-stall' && isLast)
      this.#putOff(peer, suspicion, Math.min(suspicion.deadlineMs, nowMs + limits.maxProbeTimeoutMs))
    if (suspicion.evidence === 'word-of-silence' && suspicion.askedAround)
      suspicion.deadlineMs = Math.min(suspicion.deadlineMs, nowMs)
  }

  /** Looks at the suspicions whose time has come. */
  tick(nowMs: number): Verdict[] {
    const verdicts: Verdict[] = []
    for (const [peer, suspicion] of this.#suspicions) {
      if (nowMs < suspicion.deadlineMs) continue
      const lateMs = nowMs - suspicion.deadlineMs
      this.noteLag(lateMs, nowMs)
      const isLate = lateMs > limits.lateWatcherMs && suspicion.late < limits.maxLateProbes
      // Our link to it may carry one way only.
      const asksAround = !suspicion.askedAround && !suspicion.confirmed
      if (isLate || asksAround) {
        const nonce = this.#newNonce()
        if (isLate) suspicion.late++
        suspicion.askedAround = true
        suspicion.nonces.add(nonce)
        suspicion.deadlineMs = nowMs + suspicion.timeoutMs
        verdicts.push({ type: 'probe', peer, nonce, spread: undefined, indirect: true })
        continue
      }
      const { record, isMet } = this.#known.get(peer)!
      this.#bury(peer, record.incarnation)
      // In a larger mesh many come to it at one time.
      const isTold = suspicion.confirmed && this.#known.size > limits.maxLinks
      const spread = isMet && !isTold && !hearsay.has(suspicion.evidence)
      verdicts.push({ type: 'gone', peer, record, spread, isMet })
    }
    return verdicts
  }

  deadlineMs(): number {
    return Math.min(...[...this.#suspicions.values()].map((suspicion) => suspicion.deadlineMs))
  }

  /** Forgets everybody, the dead as well: we come back as a newcomer who knows nothing. */
  clear(): void {
    this.#known.clear()
    this.#suspicions.clear()
    this.#gone.clear()
    this.revision++
  }

  /** Our own clock rang this late. */
  noteLag(lateMs: number, nowMs: number): void {
    this.#lagMs = Math.max(this.lagMs(nowMs), lateMs)
    this.#lagAtMs = nowMs
    // Small lateness is every clock's, and would put off every silence a little, again and again.
    if (lateMs < limits.lateWatcherMs) return
    // Nor more than a few times in a row, lest a machine that is always late never notices a death.
    this.#catchUps = nowMs < this.catchesUpAtMs + limits.calmMs ? this.#catchUps + 1 : 1
    if (this.#catchUps > limits.maxLateProbes) return
    const catchUpMs = Math.min(limits.maxProbeTimeoutMs, 2 * lateMs)
    this.catchesUpAtMs = Math.max(this.catchesUpAtMs, nowMs + catchUpMs)
  }

  /** How much we mistrust our own watch. */
  lagMs(nowMs: number): number {
    return this.#lagMs * 0.5 ** ((nowMs - this.#lagAtMs) / 1000)
  }

  /** Its next deadline, later where the peer is busy. */
  #putOff(peer: PeerId, suspicion: Suspicion, deadlineMs: number): void {
    const listensAtMs = Math.min(this.#known.get(peer)!.busyUntilMs, suspicion.putOffUntilMs)
    suspicion.deadlineMs = Math.max(deadlineMs, listensAtMs + suspicion.timeoutMs)
  }

  #probeTimeoutMs(evidence: Evidence, roundTrip: RoundTrip | undefined, nowMs: number): number {
    if (evidence === 'own-stall') return limits.introducedTimeoutMs
    const floor = silences.has(evidence) ? limits.minSilentProbeTimeoutMs : limits.minProbeTimeoutMs
    // Unknown: a link that has only just come up, most likely with many others, all at work.
    const unknownMs = deaths.has(evidence) ? floor : limits.maxProbeTimeoutMs
    const trip = roundTrip ? roundTrip.smoothedMs + 4 * roundTrip.variationMs : unknownMs
    const oneMs = Math.min(limits.maxProbeTimeoutMs, Math.max(floor, trip + 3 * this.lagMs(nowMs)))
    // Where many are in doubt at once, the doubts themselves keep everybody busy; or it is us who does not hear.
    const crowd = Math.max(0, this.#suspicions.size - limits.calmSuspicions)
    return Math.min(limits.maxCrowdedProbeTimeoutMs, oneMs * (1 + crowd))
  }

  /** A first higher incarnation may be older than the doubt, so it only buys time; a second one refutes. */
  #renew(peer: PeerId, nowMs: number): void {
    const suspicion = this.#suspicions.get(peer)
    if (!suspicion) return
    if (suspicion.renewed) return this.#refuted(peer)
    suspicion.renewed = true
    suspicion.deadlineMs = Math.max(suspicion.deadlineMs, nowMs + suspicion.timeoutMs)
  }

  #refuted(peer: PeerId): void {
    this.falseSuspicions++
    this.revision++
    this.#suspicions.delete(peer)
  }

  #bury(peer: PeerId, incarnation: number): void {
    this.revision++
    this.#known.delete(peer)
    this.#suspicions.delete(peer)
    this.#gone.delete(peer)
    this.#gone.set(peer, incarnation)
    if (this.#gone.size > limits.maxSeenIds) this.#gone.delete(this.#gone.keys().next().value!)
  }
}

/** Against what the peer itself says now: no honest news is that far ahead, nor says something else in the same breath. */
function isMadeUp(held: PeerRecord, own: PeerRecord): boolean {
  if (held.incarnation > own.incarnation) return isFarAhead(held.incarnation, own.incarnation)
  return JSON.stringify(held) !== JSON.stringify(own)
}

/** Of two incarnations of one peer: so far ahead is no honest news. */
export const isFarAhead = (incarnation: number, of: number): boolean =>
  incarnation > of + limits.maxIncarnationJump
