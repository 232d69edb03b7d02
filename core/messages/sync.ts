// Bringing stores to the same state. Digests are compared when a link comes up and every so often; where they
// differ, whole vectors are exchanged; whoever is behind asks one peer per feed for what it lacks, oldest first, and
// another where that one fails. What became durable here is said to its author within moments: the receipt.

import { compareText, equalBytes, toHex, type PeerId, type StoreId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { VerifiedEntry } from '../wire/entries.ts'
import type { FeedHead, PayloadOf } from '../wire/messages.ts'
import { Comparisons } from './comparisons.ts'
import type { Parts } from './desk.ts'
import type { Feed } from './feeds.ts'
import { maxNumber } from './rows.ts'

interface Fetch {
  readonly peer: PeerId
  readonly after: number
  readonly deadlineMs: number
}

/** Failed fetches after which nothing a peer said it has is believed until it says so again. chosen. */
const maxFailures = 3

export class Sync {
  readonly #parts: Parts
  readonly #neighbours = new Set<PeerId>()
  /** feed → who said that it holds more of it than we do. */
  readonly #ahead = new Map<StoreId, Map<PeerId, FeedHead>>()
  readonly #fetches = new Map<StoreId, Fetch>()
  readonly #failures = new Map<PeerId, number>()
  /** Feeds that moved and were not spoken of yet. */
  readonly #news = new Set<StoreId>()
  /** Those of them that neighbours may lack as well, told a little later and together. */
  readonly #toSpread = new Set<StoreId>()
  /** The digest at which a peer was last sent our whole vector. */
  readonly #told = new Map<PeerId, number>()
  readonly #comparisons: Comparisons
  #comparesAnew = false
  #newsAtMs: number | undefined
  #spreadAtMs: number | undefined
  #compareAtMs: number | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.#comparisons = new Comparisons(parts.desk.me.peer)
  }

  get fetchCount(): number {
    return this.#fetches.size
  }

  get deadlineMs(): number | undefined {
    const times = [...this.#fetches.values()].map(({ deadlineMs }) => deadlineMs)
    if (this.#newsAtMs !== undefined) times.push(this.#newsAtMs)
    if (this.#spreadAtMs !== undefined) times.push(this.#spreadAtMs)
    if (this.#compareAtMs !== undefined) times.push(this.#compareAtMs)
    return times.length > 0 ? Math.min(...times) : undefined
  }

  start(): void {
    this.#compareAtMs = this.#parts.desk.now.monotonicMs + limits.antiEntropyIntervalMs
  }

  // ------------------------------------------------------------------------------------------- who is there

  linked(peer: PeerId, digest: number): void {
    this.#neighbours.add(peer)
    this.#failures.delete(peer)
    this.#comparisons.heard(peer, digest)
    if (digest !== this.#parts.feeds.digest) this.#sendWhole(peer)
    else this.#holdsAllOfOurs(peer)
  }

  unlinked(peer: PeerId): void {
    this.#neighbours.delete(peer)
    this.#told.delete(peer)
    this.#comparisons.forget(peer)
    if (!this.#parts.rooms.live.has(peer)) this.#lose(peer)
    else this.#abandon(peer)
  }

  /** Peers that are no longer alive have nothing to give. */
  livesChanged(gone: readonly PeerId[]): void {
    for (const peer of gone) if (!this.#neighbours.has(peer)) this.#lose(peer)
  }

  #lose(peer: PeerId): void {
    for (const heads of this.#ahead.values()) heads.delete(peer)
    this.#failures.delete(peer)
    this.#parts.serving.forget(peer)
    this.#told.delete(peer)
    this.#abandon(peer)
  }

  #abandon(peer: PeerId): void {
    for (const [feed, fetch] of this.#fetches) if (fetch.peer === peer) this.#fetches.delete(feed)
    this.wake()
  }

  /** Whether more of a feed than we hold can be had from somebody here. */
  canAsk(feed: StoreId): 'nobody is here' | 'nobody has it' | 'somebody has it' {
    if (this.#neighbours.size === 0) return 'nobody is here'
    return (this.#ahead.get(feed)?.size ?? 0) > 0 ? 'somebody has it' : 'nobody has it'
  }

  /** Somebody else than that peer says to have more of the feed than we. */
  canAskBeside(peer: PeerId, feed: StoreId): boolean {
    return [...(this.#ahead.get(feed)?.keys() ?? [])].some((other) => other !== peer)
  }

  isHere(peer: PeerId): boolean {
    return this.#neighbours.has(peer) || this.#parts.rooms.live.has(peer)
  }

  // ------------------------------------------------------------------------------------------- vectors

  #sendVector(peer: PeerId, heads: readonly FeedHead[], whole: boolean): void {
    const { desk } = this.#parts
    const { durable, me } = desk
    desk.sendTo(peer, {
      type: 'vector',
      member: me.member,
      durable,
      whole,
      heads: heads.slice(0, limits.maxFeeds),
    })
  }

  #sendWhole(peer: PeerId): void {
    const { feeds } = this.#parts
    this.#told.set(peer, feeds.digest)
    this.#sendVector(peer, feeds.vector(), true)
  }

  onDigest(from: PeerId, digest: number): void {
    const { desk, feeds, rooms } = this.#parts
    // Whoever hands it on says from whom it is: nothing is sent, or kept, for somebody made up.
    if (!this.isHere(from)) return desk.count('digestsOfStrangers')
    const isAgain = !this.#neighbours.has(from) || this.#comparisons.heard(from, digest)
    if (digest !== feeds.digest) {
      this.#comparisons.contradicted(from)
      return this.#sendWhole(from)
    }
    this.#holdsAllOfOurs(from)
    if (!isAgain) return
    // It asked, or asked again, because a receipt of ours may have been lost on the way.
    const store = rooms.live.get(from)?.store
    const feed = store === undefined ? undefined : feeds.get(store)
    if (feed && feed.visible.number > 0) this.#sendVector(from, [feeds.headOf(feed)], false)
  }

  /** Equal digests: that peer holds exactly what we hold, our own feed included. */
  #holdsAllOfOurs(peer: PeerId): void {
    const { feeds, outbox, receipts, rooms } = this.#parts
    const live = rooms.live.get(peer)
    const own = feeds.get(outbox.storeId)
    if (live && own) receipts.acknowledge(peer, live.member, live.durable, feeds.headOf(own))
  }

  onVector(from: PeerId, vector: PayloadOf<'vector'>): void {
    const { outbox, log, rooms, desk } = this.#parts
    if (!this.isHere(from)) return desk.count('vectorsOfStrangers')
    if (vector.whole) this.#comparisons.contradicted(from)
    // A sibling tab stores into the same place: what it has is there already.
    if (rooms.live.get(from)?.store === outbox.storeId) log.refresh(() => this.#compare(from, vector))
    else this.#compare(from, vector)
  }

  #compare(from: PeerId, vector: PayloadOf<'vector'>): void {
    const { feeds, outbox, receipts, rooms, desk } = this.#parts
    const member = rooms.live.get(from)?.member ?? vector.member
    const mentioned = new Map(vector.heads.map((head) => [head.feed, head]))
    if (vector.whole) for (const [feed, heads] of this.#ahead) if (!mentioned.has(feed)) heads.delete(from)
    for (const head of mentioned.values()) {
      if (head.feed === outbox.storeId) {
        if (member === desk.me.member && head.number > 0) this.#parts.forks.compareOwn(from, head)
        else receipts.acknowledge(from, member, vector.durable, head)
      }
      this.heard(from, head)
    }
    if (vector.whole && this.#told.get(from) !== feeds.digest) {
      const behind = feeds.vector().filter(({ feed, number }) => (mentioned.get(feed)?.number ?? 0) < number)
      if (behind.length > 0) {
        this.#told.set(from, feeds.digest)
        this.#sendVector(from, behind, false)
      }
    }
    this.wake()
  }

  /** That peer holds a feed up to there. */
  heard(from: PeerId, head: FeedHead): void {
    this.noteAhead(from, head)
    this.#parts.parted.heard(from, head)
  }

  /** Kept only as long as it is more than we hold. */
  noteAhead(from: PeerId, head: FeedHead): void {
    const { feeds, outbox } = this.#parts
    const feed = feeds.get(head.feed)
    const held = feed?.visible.number ?? 0
    const top = feed?.head?.number ?? 0
    // Of our own feed only what we lost can be fetched; more than we wrote is a matter for forks.ts.
    const isOurs = head.feed === outbox.storeId
    const wanted = head.number > held && head.number <= maxNumber && (!isOurs || held < top)
    if (wanted && this.isHere(from)) {
      let heads = this.#ahead.get(head.feed)
      if (!heads) {
        if (this.#ahead.size >= limits.maxFeeds) return
        this.#ahead.set(head.feed, (heads = new Map()))
      }
      heads.set(from, head)
    } else this.#ahead.get(head.feed)?.delete(from)
    if (feed && !isOurs && head.number === held && held === top && held > 0)
      this.#compareHash(from, feed, head)
  }

  /** Two copies of a feed that parted at its end. Of our own old ones, the greater hash prevails everywhere. */
  #compareHash(from: PeerId, feed: Feed, head: FeedHead): void {
    if (equalBytes(head.hash, feed.visible.hash)) return
    this.#parts.desk.count('divergingHeads')
    const isMine = feed.head?.member === this.#parts.desk.me.member
    if (isMine && compareText(toHex(head.hash), toHex(feed.visible.hash)) > 0)
      this.#parts.oldFeeds.realign(feed, from)
  }

  // ------------------------------------------------------------------------------------------- news

  /** A feed's vector moved; it is durable. */
  moved(feed: Feed, viaSync: boolean): void {
    const nowMs = this.#parts.desk.now.monotonicMs
    this.#news.add(feed.id)
    this.#newsAtMs ??= nowMs + limits.receiptDelayMs
    if (viaSync) {
      this.#toSpread.add(feed.id)
      this.#spreadAtMs ??= nowMs + limits.spreadDelayMs
    }
    this.wake()
  }

  #spreadNews(): void {
    const { feeds, rooms, desk } = this.#parts
    this.#newsAtMs = undefined
    const forPeer = new Map<PeerId, FeedHead[]>()
    for (const id of this.#news) {
      const feed = feeds.get(id)
      if (!feed || feed.visible.number === 0) continue
      const targets = new Set<PeerId>()
      const author = feed.head?.member
      for (const peer of rooms.live.values()) {
        if (peer.store === id || (peer.member === author && author !== desk.me.member)) targets.add(peer.peer)
      }
      for (const peer of targets) {
        const heads = forPeer.get(peer)
        if (heads) heads.push(feeds.headOf(feed))
        else forPeer.set(peer, [feeds.headOf(feed)])
      }
    }
    this.#news.clear()
    for (const [peer, heads] of forPeer) this.#sendVector(peer, heads, false)
  }

  /** Neighbours may lack what we did not have from its author. */
  #spread(): void {
    const { feeds } = this.#parts
    this.#spreadAtMs = undefined
    const moved = [...this.#toSpread].flatMap((id) => feeds.get(id) ?? [])
    this.#toSpread.clear()
    const heads = moved.filter(({ visible }) => visible.number > 0).map((feed) => feeds.headOf(feed))
    if (heads.length === 0) return
    for (const peer of this.#neighbours) {
      // Who said that it holds exactly what we hold lacks nothing.
      if (!this.#comparisons.holds(peer, feeds.digest)) this.#sendVector(peer, heads, false)
    }
  }

  /** Digests are compared at the next tick, with all: what we hold of which feed means something else now. */
  compareSoon(): void {
    this.#comparesAnew = true
    this.#compareAtMs = this.#parts.desk.now.monotonicMs
  }

  compareWithin(ms: number): void {
    this.#compareAtMs = Math.min(this.#compareAtMs ?? Infinity, this.#parts.desk.now.monotonicMs + ms)
  }

  #compareAll(): void {
    const { desk, feeds, receipts, rooms, log } = this.#parts
    this.#compareAtMs = desk.now.monotonicMs + limits.antiEntropyIntervalMs
    const peers = new Set(this.#neighbours)
    const lacking = new Set(receipts.openItems().flatMap((item) => receipts.lacking(item)))
    const lackingPeers = new Set(
      [...lacking].flatMap((member) => rooms.livePeersOf(member).map(({ peer }) => peer)),
    )
    for (const peer of lackingPeers) peers.add(peer)
    for (const peer of peers) {
      const mayWait = this.#neighbours.has(peer) && !lackingPeers.has(peer) && !this.#comparesAnew
      if (mayWait && this.#comparisons.skips(peer, feeds.digest)) continue
      if (this.#neighbours.has(peer)) this.#comparisons.said(peer, feeds.digest)
      desk.sendTo(peer, { type: 'digest', digest: feeds.digest })
    }
    this.#comparesAnew = false
    for (const feed of feeds.all()) log.pump(feed)
    this.#failures.clear()
    receipts.settle()
    this.#parts.holes.retry()
    this.#parts.holes.leaveOwnHole()
    this.#parts.oldFeeds.leaveHoles()
    this.#parts.lostHeads.retry()
    this.#parts.forks.refreshStore()
  }

  tick(): void {
    const nowMs = this.#parts.desk.now.monotonicMs
    for (const [feed, fetch] of this.#fetches) {
      if (fetch.deadlineMs > nowMs) continue
      this.#fetches.delete(feed)
      this.#fail(fetch.peer, feed)
    }
    if (this.#newsAtMs !== undefined && nowMs >= this.#newsAtMs) this.#spreadNews()
    if (this.#spreadAtMs !== undefined && nowMs >= this.#spreadAtMs) this.#spread()
    if (this.#compareAtMs !== undefined && nowMs >= this.#compareAtMs) this.#compareAll()
    this.wake()
  }

  // ------------------------------------------------------------------------------------------- fetching

  #fail(peer: PeerId, feed: StoreId): void {
    this.#parts.desk.count('fetchesFailed')
    const failures = (this.#failures.get(peer) ?? 0) + 1
    this.#failures.set(peer, failures)
    this.#ahead.get(feed)?.delete(peer)
    // It promises what it does not give: until it says it anew, others are asked.
    if (failures >= maxFailures) for (const heads of this.#ahead.values()) heads.delete(peer)
  }

  /** What that peer has of the feed does not help us; until it says more, others are asked. */
  unserved(peer: PeerId, feed: StoreId): void {
    this.#ahead.get(feed)?.delete(peer)
  }

  /** That peer's answer about a feed is under way. */
  asks(peer: PeerId, feed: StoreId): boolean {
    return this.#fetches.get(feed)?.peer === peer
  }

  /** Asks for a feed from there on, whatever the vectors say: for proof of a fork, or to find where two copies part. */
  probe(peer: PeerId, feed: StoreId, after: number): void {
    if (this.#fetches.has(feed)) return
    this.#want(peer, feed, Math.max(0, after))
  }

  #want(peer: PeerId, feed: StoreId, after: number): void {
    const { desk } = this.#parts
    this.#fetches.set(feed, { peer, after, deadlineMs: desk.now.monotonicMs + limits.fetchTimeoutMs })
    desk.sendTo(peer, { type: 'want', feed, after })
  }

  /** Starts what fetches may be started. */
  wake(): void {
    const { feeds, holes, oldFeeds } = this.#parts
    for (const [id, heads] of this.#ahead) {
      const feed = feeds.get(id)
      if (feed && (holes.isLooking(feed) || oldFeeds.isRealigning(id))) continue
      const held = feed?.visible.number ?? 0
      for (const [peer, head] of heads) if (head.number <= held) heads.delete(peer)
      if (heads.size === 0) this.#ahead.delete(id)
      else if (!this.#fetches.has(id) && !feed?.busy && this.#fetches.size < limits.maxFetches) {
        const peer = this.#choose(heads, held)
        if (peer !== undefined) this.#want(peer, id, held)
      }
    }
  }

  /** Whoever still has the very next entry, has failed us least and is not already busy with us. */
  #choose(heads: ReadonlyMap<PeerId, FeedHead>, held: number): PeerId | undefined {
    const busy = new Map<PeerId, number>()
    for (const { peer } of this.#fetches.values()) busy.set(peer, (busy.get(peer) ?? 0) + 1)
    const failures = (peer: PeerId): number => this.#failures.get(peer) ?? 0
    const able = [...heads].filter(([peer]) => failures(peer) === 0 || !busy.has(peer))
    able.sort(([a, headA], [b, headB]) => {
      const lacks = Number(headA.retired > held) - Number(headB.retired > held)
      const load = (busy.get(a) ?? 0) - (busy.get(b) ?? 0)
      return lacks || failures(a) - failures(b) || load || compareText(a, b)
    })
    return able[0]?.[0]
  }

  /** An answer to a `want`. */
  onFound(
    from: PeerId,
    answer: { feed: StoreId; after: number },
    entries: readonly VerifiedEntry[],
    rejected: number,
  ): void {
    const { feeds, forks, holes, oldFeeds, outbox, log, parted } = this.#parts
    const fetch = this.#fetches.get(answer.feed)
    const asked = fetch?.peer === from && fetch.after === answer.after
    if (asked) this.#fetches.delete(answer.feed)
    const usable = entries.filter(({ header }) => header.feed === answer.feed && header.number > answer.after)
    if (rejected > 0 || usable.length < entries.length) this.#fail(from, answer.feed)
    if (usable.length === 0 || !asked) {
      if (asked) this.unserved(from, answer.feed)
      return this.wake()
    }
    if (answer.feed === outbox.storeId) {
      forks.ownEntries(from, usable)
      return this.wake()
    }
    if (oldFeeds.answered(from, answer.feed, usable)) return this.wake()
    if (parted.answered(from, answer.feed, usable)) return this.wake()
    const before = feeds.get(answer.feed)
    const held = before?.visible.number ?? 0
    // A later start is believed only where nobody reachable says that it still has the very next one.
    const first = Math.min(...usable.map(({ header }) => header.number))
    const others = [...(this.#ahead.get(answer.feed)?.values() ?? [])]
    const jump =
      first > answer.after + 1 && answer.after === held && others.every(({ retired }) => retired > held)
    log.incoming(from, true, usable, jump)
    const after = feeds.get(answer.feed)
    const isAtWork = after !== undefined && (after.busy || holes.isLooking(after))
    if (!isAtWork && (after?.visible.number ?? 0) === held) this.unserved(from, answer.feed)
    this.wake()
  }
}
