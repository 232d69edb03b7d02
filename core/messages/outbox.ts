// What we write ourselves: queued, drafted, signed as a chain, committed with the head compared, and only then
// spoken of. One append is under way at a time; where a sibling tab was faster its entries are followed first and
// ours are numbered and signed again. A failed append rejects its own requests and nothing else.

import { MeshError } from '../base/errors.ts'
import { tick } from '../base/hlc.ts'
import type { Address, MemberId, MessageId, StoreId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Row } from '../base/ports.ts'
import { noHash, type EntryContent, type VerifiedEntry } from '../wire/entries.ts'
import type { Expectation, Parts } from './desk.ts'
import type { Feed } from './feeds.ts'
import type { ToFile } from './filing.ts'
import {
  idRow,
  inboxRow,
  keys,
  outboxRow,
  readRow,
  row,
  storeRow,
  type OutboxRow,
  type StoredEntry,
} from './rows.ts'
import type { QueuedProfile } from './own-profile.ts'
import type { Draft, Kind, MessagesInput } from './types.ts'

export interface QueuedMessage {
  readonly kind: 'message'
  readonly requests: number[]
  readonly id: MessageId
  readonly to: Address
  readonly body: Uint8Array
  readonly bodyHash: Uint8Array
  readonly replyTo: MessageId | undefined
  readonly sentAt: number
  readonly expiresAt: number
  /** It waited for somebody to bear the name: that row, which this append replaces. */
  readonly unbound?: Uint8Array
  /** Written before into a feed we had to give up: from there it moves here, for those who lack it. */
  readonly moved?: { readonly from: OpenItem; readonly talkKeys: readonly string[]; readonly toMe: boolean }
  /** Written before, and lost here: somebody gave it back (parted.ts). Whom it was for was decided then. */
  readonly frozen?: { readonly addressees: readonly MemberId[]; readonly addresseeCount: number }
}

type Queued = QueuedMessage | QueuedProfile

/** A message that stood in a feed, to be written into ours under the same id; nobody waits for it. */
export const writtenBefore = (
  { id, to, replyTo, sentAt, expiresAt, bodyHash }: Extract<EntryContent, { type: 'message' }>,
  body: Uint8Array,
): QueuedMessage => ({ kind: 'message', requests: [], id, to, body, bodyHash, replyTo, sentAt, expiresAt })

/** An own message that somebody lacks. */
export interface OpenItem {
  readonly feed: StoreId
  readonly number: number
  readonly row: OutboxRow
}

interface Planned {
  readonly queued: Queued
  readonly draft: Draft
}

const maxBatchBytes = 1024 * 1024
/** What a header takes at most besides a long list of rooms or addressees. chosen. */
const headerBytes = 512
/** After a failed append of our own, what no program waits for is tried again this much later. chosen. */
const retryMs = 5_000

export class Outbox {
  readonly #parts: Parts
  /** What was found under the ids of messages to be written, where it was not what was expected and says nothing. */
  readonly #foundIds = new WeakMap<QueuedMessage, Uint8Array | undefined>()
  /** The same of inbox rows, where what we said to ourselves moves. */
  readonly #foundInbox = new WeakMap<QueuedMessage, Uint8Array | undefined>()
  #storeId: StoreId | undefined
  #predecessor: StoreId | undefined
  /** `meta/store` as it is stored; undefined until it is. */
  storeRaw: Uint8Array | undefined
  #queue: Queued[] = []
  /** The messages by id, from `add` until written or given up. */
  readonly #queuedMessages = new Map<MessageId, QueuedMessage>()
  #appending = false
  #retryAtMs: number | undefined
  /** Held back until the own head is known for sure. */
  ready = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get storeId(): StoreId {
    return (this.#storeId ??= this.#parts.desk.newStoreId())
  }

  /** @param raw `meta/store` as it is stored; undefined: it has to be written, as `storeRow` says. */
  setStore(store: StoreId, raw: Uint8Array | undefined, predecessor = this.#predecessor): void {
    this.#storeId = store
    this.storeRaw = raw
    this.#predecessor = raw ? readRow(storeRow, raw)?.predecessor : predecessor
  }

  get predecessor(): StoreId | undefined {
    return this.#predecessor
  }

  get storeRow(): Row {
    return row(keys.store, storeRow, { store: this.storeId, predecessor: this.#predecessor })
  }

  get queued(): number {
    return this.#queue.length
  }

  get deadlineMs(): number | undefined {
    return this.#retryAtMs
  }

  tick(): void {
    if (this.#retryAtMs === undefined || this.#parts.desk.now.monotonicMs < this.#retryAtMs) return
    this.#retryAtMs = undefined
    this.#parts.unbound.bind()
    this.#parts.oldFeeds.moveOld()
    this.pump()
  }

  /** An outbox row read from the store. */
  load(feed: StoreId, number: number, value: Uint8Array): void {
    const read = readRow(outboxRow, value)
    if (read) this.#parts.receipts.open({ feed, number, row: read })
    else this.#parts.desk.count('unreadableRows')
  }

  /** Our own entry that a sibling wrote. It may have moved it, into a feed that is not ours yet. */
  remember(stored: StoredEntry): void {
    const { content } = stored.header
    this.#parts.receipts.wrote(stored)
    // Its outbox row, if it is there, is known by now: from here on the receipts say how far it has come.
    if (content.type === 'message') this.#parts.unbound.forget(content.id)
  }

  // ----------------------------------------------------------------------------------------------- requests

  send(input: Extract<MessagesInput, { type: 'send' }>): void {
    const { desk, unbound } = this.#parts
    const { request, id, to, body, bodyHash, replyTo } = input
    if (body.length > limits.maxBodyBytes) {
      return desk.reject(request, new MeshError('body-too-large', 'A body has at most 1 MiB.'))
    }
    const twin = this.#queuedMessages.get(id)
    if (twin) return void twin.requests.push(request)
    const ttlMs = Math.min(input.ttlMs ?? limits.defaultTtlMs, limits.maxTtlMs)
    const sentAt = Math.max(0, Math.floor(desk.now.wallMs))
    const expiresAt = sentAt + Math.max(0, Math.ceil(ttlMs))
    const message = {
      kind: 'message' as const,
      requests: [request],
      id,
      to,
      body,
      bodyHash,
      replyTo,
      sentAt,
      expiresAt,
    }
    // What waits for that name goes first.
    if (this.#parts.rooms.resolve(to) === undefined || unbound.waitsFor(to)) return unbound.keep(message)
    this.add(message)
  }

  add(queued: Queued): void {
    const twin = queued.kind === 'message' ? this.#queuedMessages.get(queued.id) : undefined
    // Two of one id in a batch would both find it unused.
    if (twin) return void twin.requests.push(...queued.requests)
    this.#queue.push(queued)
    if (queued.kind === 'message') this.#queuedMessages.set(queued.id, queued)
    this.pump()
  }

  setProfile(name: string, as: Kind): void {
    this.add({ kind: 'profile', requests: [], name, as })
  }

  room(request: number, room: string, join: boolean): void {
    this.add({ kind: 'profile', requests: [request], ...(join ? { join: room } : { leave: room }) })
  }

  #forget(queued: Queued): void {
    if (queued.kind === 'message' && this.#queuedMessages.get(queued.id) === queued) {
      this.#queuedMessages.delete(queued.id)
    }
  }

  /** From when it is asked for until it is written, the append under way included. */
  isQueued(id: MessageId): boolean {
    return this.#queuedMessages.has(id)
  }

  // ----------------------------------------------------------------------------------------------- the append

  /** Begins the next append, if none is under way. */
  pump(): void {
    if (this.#appending || !this.ready || this.#queue.length === 0) return
    const feed = this.#parts.feeds.open(this.storeId)!
    if (feed.busy) return this.#parts.lostHeads.wanted(feed)
    const planned = this.#plan(feed)
    if (planned.length === 0) return
    this.#appending = true
    feed.busy = true
    this.#parts.desk.seal(
      planned.map(({ draft }) => draft),
      feed.head?.hash ?? noHash,
      (entries) => this.#commit(feed, planned, entries),
      (error) => this.#failed(feed, planned, error),
    )
  }

  #plan(feed: Feed): Planned[] {
    const planned: Planned[] = []
    let number = (feed.head?.number ?? 0) + 1
    let bytes = 0
    let profile = this.#parts.ownProfile.current()
    let profileInBatch: QueuedProfile | undefined
    if (number === 1 && this.#queue[0]?.kind !== 'profile')
      this.#queue.unshift({ kind: 'profile', requests: [] })
    while (planned.length < limits.maxAppendBatch) {
      const queued = this.#queue[0]
      if (!queued) break
      const size =
        headerBytes + (queued.kind === 'message' ? queued.body.length + 16 * limits.maxNamedAddressees : 4096)
      if (planned.length > 0 && bytes + size > maxBatchBytes) break
      this.#queue.shift()
      let content: EntryContent | undefined
      if (this.#isHereNow(queued)) this.#resolve(queued)
      else if (queued.kind === 'message') content = this.#messageContent(queued)
      else {
        const next = this.#parts.ownProfile.next(queued, profile, number === 1)
        if (next instanceof MeshError) this.#reject(queued, next)
        else if (next !== profile) {
          profile = next
          profileInBatch = queued
          content = next
        } else if (profileInBatch) profileInBatch.requests.push(...queued.requests)
        else this.#resolve(queued)
      }
      if (!content) {
        this.#forget(queued)
        continue
      }
      bytes += size
      planned.push({ queued, draft: this.#draft(feed.id, number++, content, queued) })
    }
    return planned
  }

  /** It was to move here from what turned out to be this very feed: a sibling tab began it, and moved it before. */
  #isHereNow(queued: Queued): boolean {
    if (queued.kind !== 'message' || queued.moved?.from.feed !== this.storeId) return false
    this.#parts.oldFeeds.notMoved(queued.moved.from)
    return true
  }

  #draft(feed: StoreId, number: number, content: EntryContent, queued: Queued): Draft {
    const { desk } = this.#parts
    desk.clock = tick(desk.clock, desk.now.wallMs)
    const header = { feed, number, clockMs: desk.clock.ms, clockCounter: desk.clock.counter, content }
    return { header, body: queued.kind === 'message' ? queued.body : undefined }
  }

  /** Undefined where the message no longer has to be written: it went to wait for its addressee. */
  #messageContent(queued: QueuedMessage): EntryContent | undefined {
    const { id, to, replyTo, sentAt, expiresAt, body, bodyHash, moved, frozen } = queued
    let addressees: readonly MemberId[]
    let addresseeCount: number
    if (moved) {
      const lacking = this.#parts.receipts.lacking(moved.from)
      const others = lacking.length > 0 ? lacking : moved.from.row.addressees
      addressees = moved.toMe ? [...others, this.#parts.desk.me.member] : others
      addresseeCount = moved.from.row.addresseeCount
    } else if (frozen) {
      addressees = frozen.addressees
      addresseeCount = frozen.addresseeCount
    } else {
      const found = this.#parts.rooms.resolve(to)
      if (!found) {
        if (!queued.unbound) this.#parts.unbound.keep(queued)
        return undefined
      }
      addressees = found.members
      addresseeCount = found.count
    }
    const bodyBytes = body.length
    return {
      type: 'message',
      id,
      to,
      addressees,
      addresseeCount,
      replyTo,
      sentAt,
      expiresAt,
      bodyHash,
      bodyBytes,
    }
  }

  #commit(feed: Feed, planned: readonly Planned[], entries: readonly VerifiedEntry[]): void {
    const { desk, filing, forks, log, unbound } = this.#parts
    const first = entries[0]
    const followsHead =
      first?.header.feed === this.storeId && first.header.number === (feed.head?.number ?? 0) + 1
    if (!followsHead || entries.length !== planned.length) return this.#again(feed, planned)
    const settled = new Set<QueuedMessage>()
    const expect: Expectation[] = [forks.storeExpectation(), log.headExpectation(feed)]
    const put: Row[] = []
    const doomed: string[] = []
    const open: OpenItem[] = []
    // No entry without the row that says whose feed this is: a restart would begin another one.
    const unnamed = this.storeRaw === undefined ? this.storeRow : undefined
    if (unnamed) put.push(unnamed)
    for (const [i, { queued }] of planned.entries()) {
      if (queued.kind !== 'message') continue
      const item = this.openItem(entries[i]!)
      if (item) {
        open.push(item)
        put.push(row(keys.outbox(item.feed, item.number), outboxRow, item.row))
      }
      expect.push(
        this.#idExpectation(queued, settled),
        unbound.expectation(queued, () => settled.add(queued)),
      )
      if (queued.unbound) doomed.push(keys.unbound(queued.id))
      if (queued.moved)
        doomed.push(keys.outbox(queued.moved.from.feed, queued.moved.from.number), ...queued.moved.talkKeys)
    }
    const toFile = entries.map((entry, i): ToFile => {
      const { queued } = planned[i]!
      return { entry, mark: 'none', again: false, isHandled: this.#wasHandled(queued, expect, doomed) }
    })
    const filed = filing.file(feed, toFile, false)
    desk.commit(
      {
        expect: [...expect, ...filed.expect],
        put: [...put, ...filed.put],
        delete: [...doomed, ...filed.delete],
      },
      {
        ok: () => {
          feed.busy = false
          this.#appending = false
          if (unnamed) forks.named(unnamed.value)
          this.#parts.feeds.setHead(feed, filed.head, filed.headRaw)
          for (const item of open) this.#parts.receipts.open(item)
          for (const { queued } of planned) {
            this.#forget(queued)
            if (queued.kind === 'message') this.#bound(queued)
          }
          desk.broadcast({ type: 'entries', entries: entries.map(({ entry }) => entry) })
          for (const entry of entries) this.#parts.receipts.wrote(entry)
          for (const item of filed.items) {
            filing.tell(item, item.toInbox ? 1 : undefined, filed.profileRows.get(item.entry.author))
          }
          for (const { queued } of planned) this.#resolve(queued)
          desk.count('entriesWritten', entries.length)
          unbound.bindNext()
          this.pump()
        },
        conflict: () => {
          for (const queued of settled) this.#forget(queued)
          unbound.bindNext()
          this.#again(
            feed,
            planned.filter(({ queued }) => !settled.has(queued as QueuedMessage)),
          )
        },
        failed: (error) => this.#failed(feed, planned, error),
      },
    )
  }

  /** What the outbox keeps of an own message; undefined where nobody else is addressed. */
  openItem(entry: VerifiedEntry): OpenItem | undefined {
    const { header, hash } = entry
    const { content } = header
    if (content.type !== 'message') return undefined
    const me = this.#parts.desk.me.member
    const addressees = content.addressees.filter((member) => member !== me)
    if (addressees.length === 0) return undefined
    const { id, to, addresseeCount, expiresAt } = content
    return {
      feed: header.feed,
      number: header.number,
      row: { id, to, addressees, addresseeCount, hash, expiresAt },
    }
  }

  /** That nobody used this id before; where somebody did, the request resolves to that message. */
  #idExpectation(queued: QueuedMessage, settled: Set<QueuedMessage>): Expectation {
    const { desk } = this.#parts
    const { moved } = queued
    const old = moved && row('', idRow, { feed: moved.from.feed, number: moved.from.number }).value
    const before = this.#foundIds.has(queued) ? this.#foundIds.get(queued) : old
    const adopt = (found: Uint8Array | undefined): void => {
      const place = readRow(idRow, found)
      // The row was damaged, or says another place there: it is written anew.
      if (!place || (moved && place.feed === moved.from.feed)) return void this.#foundIds.set(queued, found)
      settled.add(queued)
      if (moved) this.#parts.oldFeeds.moved(moved.from)
      this.#parts.unbound.isWritten(queued)
      for (const request of queued.requests) this.#resolveTo(request, queued.id, place.feed, place.number)
    }
    return { key: keys.id(desk.me.member, queued.id), value: before, adopt }
  }

  /** What moves was said to ourselves too, and its inbox row is gone: it does not come again. One that is there moves along. */
  #wasHandled(queued: Queued, expect: Expectation[], doomed: string[]): boolean {
    if (queued.kind !== 'message' || !queued.moved?.toMe) return false
    const key = keys.inbox(queued.moved.from.feed, queued.moved.from.number)
    const found = this.#foundInbox
    const value = found.has(queued) ? found.get(queued) : row(key, inboxRow, { attempt: 1 }).value
    expect.push({ key, value, adopt: (other) => void found.set(queued, other) })
    if (value) doomed.push(key)
    return value === undefined
  }

  #resolveTo(request: number, id: MessageId, feed: StoreId, number: number): void {
    const { desk, log, receipts } = this.#parts
    if (receipts.stateOf(id)) return desk.resolve(request, receipts.stateOf(id))
    const resolve = (): void => desk.resolve(request, receipts.stateOf(id))
    const then = (stored: StoredEntry | undefined): void => {
      if (stored) receipts.wrote(stored)
      resolve()
    }
    // That the id is known says that the message is stored, readable now or not.
    log.readOne(feed, number, then, resolve)
  }

  #bound(queued: QueuedMessage): void {
    if (queued.unbound) this.#parts.unbound.forget(queued.id)
    if (queued.moved) this.#parts.oldFeeds.moved(queued.moved.from)
  }

  #resolve(queued: Queued): void {
    const { desk, receipts } = this.#parts
    if (queued.kind === 'message') {
      for (const request of queued.requests) desk.resolve(request, receipts.stateOf(queued.id))
    } else for (const request of queued.requests) desk.resolve(request)
  }

  #reject(queued: Queued, error: MeshError): void {
    const { desk } = this.#parts
    for (const request of queued.requests) desk.reject(request, error)
    if (queued.kind === 'message' && queued.moved) this.#parts.oldFeeds.notMoved(queued.moved.from)
    if (queued.kind === 'message' && queued.frozen) this.#parts.parted.notWritten()
    const nobodyWaits = queued.requests.length === 0
    if (nobodyWaits) {
      desk.count('writesPostponed')
      if (queued.kind === 'profile') this.#queue.push(queued)
      this.#retryAtMs ??= desk.now.monotonicMs + retryMs
    }
  }

  #again(feed: Feed, planned: readonly Planned[]): void {
    this.#appending = false
    this.#queue.unshift(...planned.map(({ queued }) => queued))
    this.#parts.log.settle(feed)
    this.pump()
  }

  #failed(feed: Feed, planned: readonly Planned[], error: MeshError): void {
    feed.busy = false
    this.#appending = false
    for (const { queued } of planned) {
      this.#forget(queued)
      this.#reject(queued, error)
    }
    this.#parts.desk.count('writesFailed')
    if (this.#retryAtMs === undefined || this.#queue.some((queued) => queued.kind === 'message')) this.pump()
  }

  /** Nothing can be written to our feed now: what waits is rejected, or tried again where no program waits. */
  refuse(error: MeshError): void {
    const refused = this.#queue
    this.#queue = []
    for (const queued of refused) {
      this.#forget(queued)
      this.#reject(queued, error)
    }
  }

  /** Writes an outbox row again that was lost. */
  restore(item: OpenItem, failed: () => void): void {
    const { desk, receipts } = this.#parts
    const written = row(keys.outbox(item.feed, item.number), outboxRow, item.row)
    const wasOpen = receipts.isOpen(item.feed, item.number)
    const ok = (): void => {
      // Meanwhile all had it, or it moved or expired.
      if (wasOpen && !receipts.isOpen(item.feed, item.number))
        return desk.commit(
          { expect: [], delete: [written.key] },
          { ok: () => {}, conflict: () => {}, failed },
        )
      receipts.open(item)
      receipts.settle()
    }
    desk.commit({ expect: [], put: [written] }, { ok, conflict: () => {}, failed })
  }
}
