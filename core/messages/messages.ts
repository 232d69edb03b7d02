// The messages machine: feeds, their log, what is still owed to whom, the inbox, rooms, and bringing stores to the
// same state. This file only takes inputs to the parts and gives their effects out; README.md has the rules MS1 …
// MS11 and says which part keeps which.

import type { Address, MemberId, MessageId, StoreId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { merge } from '../base/hlc.ts'
import type { Instant, Range, Row } from '../base/ports.ts'
import type { Random } from '../base/random.ts'
import { Audit } from './audit.ts'
import { Desk, type Me, type Parts } from './desk.ts'
import { Feeds } from './feeds.ts'
import { Filing } from './filing.ts'
import { Forks } from './forks.ts'
import { History } from './history.ts'
import { Holes } from './holes.ts'
import { Inbox } from './inbox.ts'
import { Log } from './log.ts'
import { LostHeads } from './lost-heads.ts'
import { OldFeeds } from './old-feeds.ts'
import { Outbox } from './outbox.ts'
import { OwnProfile } from './own-profile.ts'
import { Parted } from './parted.ts'
import { Receipts } from './receipts.ts'
import { Retention } from './retention.ts'
import { Rooms } from './rooms.ts'
import { headRow, joinedRow, keys, readPlace, readRow, storeRow, timeOf } from './rows.ts'
import { Serving } from './serving.ts'
import { Sync } from './sync.ts'
import type {
  LivePeer,
  MemberView,
  MessagesEffect,
  MessagesInput,
  MessagesPayload,
  MessagesStatus,
  MessageView,
  PageKeys,
  RoomView,
  SentState,
} from './types.ts'
import { Unbound } from './unbound.ts'

export { messagePrefixes } from './rows.ts'
export type {
  InboxItem,
  LivePeer,
  MemberView,
  MessagesEffect,
  MessagesEvent,
  MessagesInput,
  MessageView,
  RoomView,
  SentState,
} from './types.ts'

interface MessagesOptions {
  readonly me: Me
  /** Drawn from the seeded generator. */
  readonly newStoreId: () => StoreId
  readonly random: Random
  /** False for a store in memory. */
  readonly durable: boolean
}

export class Messages {
  readonly #parts: Parts
  #loaded = false

  constructor(options: MessagesOptions) {
    const parts = {} as { -readonly [K in keyof Parts]: Parts[K] }
    parts.desk = new Desk(options)
    parts.feeds = new Feeds(parts)
    parts.filing = new Filing(parts)
    parts.log = new Log(parts)
    parts.holes = new Holes(parts)
    parts.lostHeads = new LostHeads(parts)
    parts.outbox = new Outbox(parts)
    parts.ownProfile = new OwnProfile(parts)
    parts.oldFeeds = new OldFeeds(parts)
    parts.parted = new Parted(parts)
    parts.receipts = new Receipts(parts)
    parts.unbound = new Unbound(parts)
    parts.inbox = new Inbox(parts)
    parts.rooms = new Rooms(parts)
    parts.sync = new Sync(parts)
    parts.serving = new Serving(parts)
    parts.forks = new Forks(parts)
    parts.retention = new Retention(parts)
    parts.history = new History(parts)
    this.#parts = parts
  }

  /** Takes one input and returns what to do, in this order. */
  step(input: MessagesInput, now: Instant): MessagesEffect[] {
    const { desk, rooms } = this.#parts
    desk.now = now
    this.#take(input)
    rooms.flush()
    return desk.takeEffects()
  }

  #take(input: MessagesInput): void {
    const { desk, outbox, inbox, sync, log, holes } = this.#parts
    switch (input.type) {
      case 'loaded':
        return this.#load(input.rows)
      case 'live':
        return this.#live(input.peers)
      case 'linked':
        return sync.linked(input.peer, input.digest)
      case 'unlinked':
        return sync.unlinked(input.peer)
      case 'payload':
        return this.#payload(input.from, input.payload)
      case 'entries': {
        const { from, feed, after, entries, rejected } = input
        if (rejected > 0) desk.count('entriesRejected', rejected)
        if (feed === undefined || after === undefined) return log.incoming(from, false, entries)
        return sync.onFound(from, { feed, after }, entries, rejected)
      }
      case 'send':
        return outbox.send(input)
      case 'profile':
        return outbox.setProfile(input.name, input.kind)
      case 'room':
        return outbox.room(input.request, input.room, input.join)
      case 'inboxActive':
        return inbox.setActive(input.active)
      case 'giving':
        return inbox.giving(input.request, input.feed, input.number)
      case 'handled':
        return inbox.handled(input.request, input.feed, input.number)
      case 'retry':
        return inbox.retry(input.request, input.feed, input.number, input.delayMs)
      case 'sealed':
        return desk.sealed(input.seal, input.entries)
      case 'sealFailed':
        return desk.sealFailed(input.seal, input.error)
      case 'committed':
        return desk.committed(input.commit, input.result)
      case 'commitFailed':
        return desk.commitFailed(input.commit, input.error)
      case 'rows':
        return desk.rows(input.read, input.rows)
      case 'readFailed':
        return desk.readFailed(input.read, input.error)
      case 'corrupt':
        return holes.corrupt(input.key)
      case 'audit':
        return new Audit(this.#parts).begin(input.request)
      case 'tick':
        return this.#tick()
    }
  }

  #payload(from: LivePeer['peer'], payload: MessagesPayload): void {
    const { sync, serving, forks } = this.#parts
    switch (payload.type) {
      case 'vector':
        return sync.onVector(from, payload)
      case 'want':
        return serving.onWant(from, payload)
      case 'digest':
        return sync.onDigest(from, payload.digest)
      case 'fork':
        return forks.onFork(from, payload)
    }
  }

  #live(peers: readonly LivePeer[]): void {
    const { desk, rooms, sync, outbox, unbound, forks } = this.#parts
    const others = peers.filter(({ peer }) => peer !== desk.me.peer).slice(0, limits.maxPeers)
    const before = rooms.live
    rooms.setLive(others)
    const gone = [...before.values()].filter(({ peer }) => !rooms.live.has(peer))
    sync.livesChanged(gone.map(({ peer }) => peer))
    // A tab that died may have stored what it could no longer say.
    if (gone.some(({ store }) => store === outbox.storeId)) forks.refreshStore()
    unbound.bind()
  }

  #tick(): void {
    if (!this.#loaded) return
    const { receipts, unbound, log, inbox, sync, retention, outbox } = this.#parts
    receipts.expire()
    unbound.expire()
    log.tick()
    inbox.tick()
    outbox.tick()
    sync.tick()
    retention.tick()
  }

  // ------------------------------------------------------------------------------------------- the start

  #load(rows: readonly Row[]): void {
    const { outbox, sync, retention, receipts } = this.#parts
    this.#loaded = true
    const meta = rows.find(({ key }) => key === keys.store)
    const store = readRow(storeRow, meta?.value)
    if (store) outbox.setStore(store.store, meta?.value)
    for (const { key, value } of rows)
      if (key.startsWith('head/')) this.#loadHead(key.slice(5) as StoreId, value)
    for (const each of rows) this.#loadRow(each)
    this.#parts.rooms.rejoin()
    this.#parts.rooms.recall()
    const own = this.#parts.feeds.open(outbox.storeId)!
    if (own.head) receipts.rememberHash(own.head.number, own.head.hash)
    sync.start()
    retention.start()
    this.#openStore(store !== undefined)
  }

  #loadHead(id: StoreId, value: Uint8Array): void {
    const { desk, feeds, rooms } = this.#parts
    const head = readRow(headRow, value)
    const feed = feeds.open(id)
    if (!feed) return
    if (!head) return this.#parts.lostHeads.rebuild(feed)
    feeds.setHead(feed, head, value)
    desk.clock = merge(desk.clock, timeOf(head), desk.now.wallMs)
    rooms.noteClock(head.member, head.clockMs)
  }

  #loadRow({ key, value }: Row): void {
    const { holes, outbox, receipts, rooms, unbound } = this.#parts
    const [kind, id = '', last = ''] = key.split('/')
    const place = readPlace(key)
    if (kind === 'member') rooms.load(id as MemberId, value)
    else if (kind === 'joined') {
      const since = readRow(joinedRow, value)
      if (since) rooms.joined.set(id, since)
    } else if (kind === 'ack') receipts.loadAck(id as StoreId, last as MemberId, value)
    else if (kind === 'unbound') unbound.load(id as MessageId, value)
    else if (kind === 'outbox' && place) outbox.load(place.feed, place.number, value)
    else if (kind === 'expired' && place) receipts.loadExpired(place.feed, place.number, value)
    else if (kind === 'hole' && place) holes.load(place.feed, place.number)
  }

  /** Nothing is written to our feed before its name and its head are known for sure. */
  #openStore(known: boolean): void {
    const { feeds, outbox, forks, lostHeads, oldFeeds, receipts, unbound } = this.#parts
    const go = (): void => {
      outbox.ready = true
      unbound.bind()
      oldFeeds.moveOld()
      outbox.pump()
    }
    if (!known) return forks.beginStore(go)
    const own = feeds.open(outbox.storeId)!
    forks.opened(own)
    // The row may have been lost in an earlier run, or an older one have come to light: then the entries themselves say
    // where the feed ends.
    if (!own.head || own.head.number < receipts.highest(own.id)) lostHeads.rebuild(own)
    go()
  }

  // ------------------------------------------------------------------------------------------- what it says

  /** When to step with `tick` at the latest; monotonic milliseconds. */
  get deadlineMs(): number | undefined {
    if (!this.#loaded) return undefined
    const { desk, receipts, unbound, log, inbox, sync, retention, outbox } = this.#parts
    const { monotonicMs, wallMs } = desk.now
    const expiryMs = Math.min(receipts.nextExpiryMs, unbound.nextExpiryMs)
    const expiry = monotonicMs + Math.max(0, expiryMs - wallMs)
    const others = [
      log.deadlineMs,
      inbox.deadlineMs,
      sync.deadlineMs,
      retention.deadlineMs,
      outbox.deadlineMs,
    ]
    const next = Math.min(expiry, ...others.map((deadline) => deadline ?? Number.POSITIVE_INFINITY))
    return Number.isFinite(next) ? next : undefined
  }

  /** The feed we write; changes when a sibling tab named the store first, or a copy was found (`store-forked`). */
  get storeId(): StoreId {
    return this.#parts.outbox.storeId
  }

  /** Over our version vector; equal on peers that hold the same. */
  get digest(): number {
    return this.#parts.feeds.digest
  }

  status(): MessagesStatus {
    const { desk, receipts, unbound, inbox, feeds, sync } = this.#parts
    return {
      undelivered: receipts.openCount(),
      waitingForName: unbound.size,
      inbox: inbox.size,
      feeds: feeds.size,
      fetches: sync.fetchCount,
      heldBack: feeds.waitingCount,
      counters: desk.counters,
    }
  }

  members(): ReadonlyMap<MemberId, MemberView> {
    return this.#parts.rooms.members()
  }

  rooms(): ReadonlyMap<string, RoomView> {
    return this.#parts.rooms.rooms()
  }

  /** Whom an address means now; undefined where nobody bears the name. */
  resolve(address: Address): readonly MemberId[] | undefined {
    return this.#parts.rooms.resolve(address)?.members
  }

  /** How far an own message has come; undefined for one that is not ours or was delivered long ago. */
  sentState(id: MessageId): SentState | undefined {
    return this.#parts.receipts.stateOf(id) ?? this.#parts.unbound.stateOf(id)
  }

  /** Step 1 of reading a conversation: the ranges to read; their rows follow one another in this order. */
  historyRanges(address: Address, before: string | undefined, limit: number): readonly Range[] {
    return this.#parts.history.ranges(address, before, limit)
  }

  /**
   * Step 2: the keys of the entries to get, from the rows of step 1. Some of them may be lost: from `earlier` on (undefined: there
   * is nothing more) the three steps give what makes the page full.
   */
  historyKeys(rows: readonly Row[], limit: number): PageKeys {
    return this.#parts.history.entryKeys(rows, limit)
  }

  /** Step 3: the page, oldest first. `entries`: what the store has under the keys of step 2, in their order. */
  historyPage(
    address: Address,
    rows: readonly Row[],
    entries: readonly (Uint8Array | undefined)[],
    before: string | undefined,
    limit: number,
  ): MessageView[] {
    return this.#parts.history.page(address, rows, entries, before, limit)
  }
}
