// Who holds what of ours. A receipt is nothing but a member's version vector: whoever holds our feed up to a number
// holds every message up to there. What somebody lacks stays in the outbox until all have it or it expires; that
// is reported once. Receipts are gathered while one commit of them is under way.

import type { MemberId, MessageId, PeerId, StoreId } from '../base/ids.ts'
import { equalBytes } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Row } from '../base/ports.ts'
import type { VerifiedEntry } from '../wire/entries.ts'
import type { FeedHead } from '../wire/messages.ts'
import type { Expectation, Parts } from './desk.ts'
import type { OpenItem } from './outbox.ts'
import { ackRow, expiredRow, keys, outboxRow, readRow, row } from './rows.ts'
import type { SentState } from './types.ts'

interface Ack {
  number: number
  durable: boolean
  /** Up to there it took nothing: not even the author may have it any more. */
  skipped: number
  raw: Uint8Array | undefined
}

interface Sent {
  readonly id: MessageId
  readonly feed: StoreId
  readonly number: number
  readonly to: string
  /** Named addressees, this member left out. */
  readonly addressees: readonly MemberId[]
  readonly toMe: boolean
  /** Of its entry, where that was read: of two places the later one counts. */
  readonly clockMs: number
}

interface Claimed {
  readonly head: FeedHead
  readonly durable: boolean
}

/** Own messages remembered for `stateOf` after everybody has them, and hashes of own entries. chosen. */
const maxRemembered = 4096

export class Receipts {
  readonly #parts: Parts
  readonly #acks = new Map<StoreId, Map<MemberId, Ack>>()
  readonly #open = new Map<StoreId, Map<number, OpenItem>>()
  readonly #sent = new Map<MessageId, Sent>()
  readonly #byNumber = new Map<number, Sent>()
  readonly #expired = new Map<string, { id: MessageId; lacking: readonly MemberId[] }>()
  readonly #expiredIds = new Map<MessageId, readonly MemberId[]>()
  readonly #hashes = new Map<number, Uint8Array>()
  readonly #claimed = new Map<MemberId, Claimed>()
  #committing = false
  #nextExpiryMs = Number.POSITIVE_INFINITY
  readonly #expiring = new Set<OpenItem>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  // ------------------------------------------------------------------------------------------- what is known

  loadAck(feed: StoreId, member: MemberId, value: Uint8Array): void {
    const read = readRow(ackRow, value)
    if (read) this.#acksOf(feed).set(member, { ...read, raw: value })
  }

  loadExpired(feed: StoreId, number: number, value: Uint8Array): void {
    const read = readRow(expiredRow, value)
    if (!read) return
    this.#expired.set(keys.expired(feed, number), read)
    this.#expiredIds.set(read.id, read.lacking)
  }

  /** A sibling tab reported it. */
  followExpired(feed: StoreId, number: number, value: Uint8Array): void {
    if (this.expiredAt(feed, number)) return
    this.loadExpired(feed, number, value)
    const expired = this.#expired.get(keys.expired(feed, number))
    if (expired) this.#parts.desk.emit({ event: 'expired', ...expired })
  }

  #acksOf(feed: StoreId): Map<MemberId, Ack> {
    let acks = this.#acks.get(feed)
    if (!acks) this.#acks.set(feed, (acks = new Map()))
    return acks
  }

  /** An own message that somebody lacks, as its outbox row says. */
  open(item: OpenItem): void {
    let items = this.#open.get(item.feed)
    if (!items) this.#open.set(item.feed, (items = new Map()))
    items.set(item.number, item)
    this.#nextExpiryMs = Math.min(this.#nextExpiryMs, item.row.expiresAt)
    const { id, to, addressees } = item.row
    // A sibling tab may have moved it out of a feed that was given up.
    if (this.#sent.get(id)?.feed !== item.feed) {
      this.#remember({ id, feed: item.feed, number: item.number, to, addressees, toMe: false, clockMs: 0 })
    }
  }

  /** An entry of ours is durable. */
  wrote(entry: VerifiedEntry): void {
    const { content, feed, number, clockMs } = entry.header
    if (feed === this.#parts.outbox.storeId) this.rememberHash(number, entry.hash)
    if (content.type !== 'message') return
    const known = this.#sent.get(content.id)
    if (known && known.feed !== feed && known.clockMs > clockMs) return
    this.sentAnew(content.id)
    const me = this.#parts.desk.me.member
    const addressees = content.addressees.filter((member) => member !== me)
    this.#remember({
      id: content.id,
      feed,
      number,
      to: content.to,
      addressees,
      toMe: content.addressees.includes(me),
      clockMs,
    })
  }

  #remember(sent: Sent): void {
    this.#sent.set(sent.id, sent)
    if (sent.feed === this.#parts.outbox.storeId) this.#byNumber.set(sent.number, sent)
    // Twice as many are looked at as came; what is open goes to the end.
    for (let looked = 0; this.#sent.size > maxRemembered && looked < 2; looked++) {
      const [id, old] = this.#sent.entries().next().value!
      this.#sent.delete(id)
      if (this.isOpen(old.feed, old.number)) this.#sent.set(id, old)
      else if (this.#byNumber.get(old.number) === old) this.#byNumber.delete(old.number)
    }
  }

  rememberHash(number: number, hash: Uint8Array): void {
    this.#hashes.set(number, hash)
    if (this.#hashes.size > maxRemembered) {
      for (const first of this.#hashes.keys()) {
        this.#hashes.delete(first)
        break
      }
    }
  }

  /** Our own feed became another one: its numbers mean other entries. */
  startOver(): void {
    this.#hashes.clear()
    this.#byNumber.clear()
    this.#claimed.clear()
    // What a sibling wrote there before we followed.
    for (const sent of this.#sent.values())
      if (sent.feed === this.#parts.outbox.storeId) this.#byNumber.set(sent.number, sent)
  }

  hashAt(number: number): Uint8Array | undefined {
    return this.#hashes.get(number)
  }

  isOpen(feed: StoreId, number: number): boolean {
    return this.#open.get(feed)?.has(number) ?? false
  }

  openItems(): OpenItem[] {
    return [...this.#open.values()].flatMap((items) => [...items.values()])
  }

  openCount(): number {
    let count = 0
    for (const items of this.#open.values()) count += items.size
    return count
  }

  /** The highest number of that feed that somebody is known to hold, or to lack. */
  highest(feed: StoreId): number {
    const held = [...(this.#acks.get(feed)?.values() ?? [])].map(({ number }) => number)
    return Math.max(0, ...held, ...(this.#open.get(feed)?.keys() ?? []))
  }

  forget(item: OpenItem): void {
    const items = this.#open.get(item.feed)
    items?.delete(item.number)
    if (items?.size === 0) this.#open.delete(item.feed)
  }

  lacking(item: OpenItem): MemberId[] {
    const acks = this.#acks.get(item.feed)
    return item.row.addressees.filter((member) => (acks?.get(member)?.number ?? 0) < item.number)
  }

  holds(feed: StoreId, number: number, member: MemberId): boolean {
    return (this.#acks.get(feed)?.get(member)?.number ?? 0) >= number
  }

  /** Members known to hold an own message: of its addressees, and of its room. */
  deliveredTo(sent: Omit<Sent, 'id' | 'clockMs'>): Set<MemberId> {
    const { desk, rooms } = this.#parts
    const delivered = new Set<MemberId>(sent.toMe ? [desk.me.member] : [])
    for (const member of sent.addressees)
      if (this.holds(sent.feed, sent.number, member)) delivered.add(member)
    if (!sent.to.startsWith('#')) return delivered
    const room = sent.to.slice(1)
    for (const [member, ack] of this.#acks.get(sent.feed) ?? []) {
      const isHeld = ack.number >= sent.number && sent.number > ack.skipped
      if (isHeld && rooms.profileOf(member)?.rooms.includes(room)) delivered.add(member)
    }
    return delivered
  }

  expiredAt(feed: StoreId, number: number): boolean {
    return this.#expired.has(keys.expired(feed, number))
  }

  /** Undefined where the message is not ours, or everybody has had it for long. */
  stateOf(id: MessageId): SentState | undefined {
    const sent = this.#sent.get(id)
    const expired = this.#expiredIds.get(id)
    if (!sent && !expired) return undefined
    const deliveredTo = sent ? this.deliveredTo(sent) : new Set<MemberId>()
    if (expired) return { id, deliveredTo, lacking: expired, state: 'expired' }
    const lacking = sent!.addressees.filter((member) => !deliveredTo.has(member))
    return { id, deliveredTo, lacking, state: lacking.length === 0 ? 'delivered' : 'stored' }
  }

  // ------------------------------------------------------------------------------------------- receipts

  /** A member's store holds our feed as far as `head` says. */
  acknowledge(from: PeerId, member: MemberId, durable: boolean, head: FeedHead): void {
    const { feeds, forks, outbox, log } = this.#parts
    const own = feeds.get(outbox.storeId)
    if (head.feed !== outbox.storeId || member === this.#parts.desk.me.member || head.number === 0) return
    const held = own?.head
    if (!held || head.number > held.number) return forks.suspect(from, head.number)
    const known = head.number === held.number ? held.hash : this.#hashes.get(head.number)
    if (known) {
      if (equalBytes(known, head.hash)) this.#claim(member, durable, head)
      else forks.suspect(from, head.number)
      return
    }
    if (head.number <= held.retired || this.holds(own.id, head.number, member)) return
    log.readOne(own.id, head.number, (stored) => {
      if (!stored || stored.header.feed !== outbox.storeId) return
      this.rememberHash(head.number, stored.hash)
      if (equalBytes(stored.hash, head.hash)) this.#claim(member, durable, head)
      else forks.suspect(from, head.number)
    })
  }

  #claim(member: MemberId, durable: boolean, head: FeedHead): void {
    const before = this.#acks.get(head.feed)?.get(member)?.number ?? 0
    if (head.number <= before || head.number <= (this.#claimed.get(member)?.head.number ?? 0)) return
    if (head.retired > before && this.#lacksBetween(head.feed, member, before, head.retired)) return
    this.#claimed.set(member, { head, durable })
    this.settle()
  }

  /** What a member skipped because it was retired elsewhere, it does not hold. */
  #lacksBetween(feed: StoreId, member: MemberId, after: number, to: number): boolean {
    for (const [number, item] of this.#open.get(feed) ?? []) {
      if (number > after && number <= to && item.row.addressees.includes(member)) return true
    }
    return false
  }

  /** Stores the receipts gathered, and lets go of what nobody lacks any more. Called with every comparison of digests, too. */
  settle(): void {
    if (this.#committing) return
    const feed = this.#parts.outbox.storeId
    const claimed = [...this.#claimed].filter(([, { head }]) => head.feed === feed)
    this.#claimed.clear()
    const acks = this.#acksOf(feed)
    const expect: Expectation[] = []
    const put: Row[] = []
    const reaching = claimed.map(([member, { head, durable }]) => {
      const before = acks.get(member)
      const skipped = head.retired > (before?.number ?? 0) ? head.retired : (before?.skipped ?? 0)
      const ack = { number: head.number, durable, skipped }
      const written = row(keys.ack(feed, member), ackRow, ack)
      expect.push(this.#expectation(feed, member))
      put.push(written)
      return { member, ack: { ...ack, raw: written.value } }
    })
    const reached = new Map(claimed.map(([member, { head }]) => [member, head.number]))
    const done = [...(this.#open.get(feed)?.values() ?? [])].filter((item) =>
      item.row.addressees.every(
        (member) => Math.max(acks.get(member)?.number ?? 0, reached.get(member) ?? 0) >= item.number,
      ),
    )
    if (claimed.length === 0 && done.length === 0) return
    this.#committing = true
    const next = (): void => {
      this.#committing = false
      if (this.#claimed.size > 0) this.settle()
    }
    this.#parts.desk.commit(
      { expect, put, delete: done.map(({ number }) => keys.outbox(feed, number)) },
      {
        ok: () => {
          for (const { member, ack } of reaching) this.#advance(feed, member, ack)
          for (const item of done) this.forget(item)
          next()
        },
        conflict: () => {
          for (const [member, { head, durable }] of claimed) {
            if (!this.holds(feed, head.number, member) && !this.#claimed.has(member)) {
              this.#claimed.set(member, { head, durable })
            }
          }
          next()
        },
        // Said again with the next vector.
        failed: () => {
          this.#parts.desk.count('receiptsNotStored')
          next()
        },
      },
    )
  }

  #expectation(feed: StoreId, member: MemberId): Expectation {
    const value = this.#acks.get(feed)?.get(member)?.raw
    return { key: keys.ack(feed, member), value, adopt: (found) => this.adopt(feed, member, found) }
  }

  /** A sibling tab wrote that row. */
  adopt(feed: StoreId, member: MemberId, found: Uint8Array | undefined): void {
    const read = readRow(ackRow, found)
    const acks = this.#acksOf(feed)
    const known = acks.get(member)
    if (read && read.number > (known?.number ?? 0)) this.#advance(feed, member, { ...read, raw: found })
    else if (known) known.raw = found
    for (const item of [...(this.#open.get(feed)?.values() ?? [])]) {
      if (this.lacking(item).length === 0) this.forget(item)
    }
  }

  #advance(feed: StoreId, member: MemberId, ack: Ack): void {
    const before = this.#acks.get(feed)?.get(member)?.number ?? 0
    this.#acksOf(feed).set(member, ack)
    if (feed !== this.#parts.outbox.storeId) return
    const first = Math.max(before + 1, ack.number - maxRemembered)
    for (let number = first; number <= ack.number; number++) {
      const sent = this.#byNumber.get(number)
      if (!sent) continue
      const deliveredTo = this.deliveredTo(sent)
      if (!deliveredTo.has(member)) continue
      const receipt = { id: sent.id, member, deliveredTo, volatile: !ack.durable }
      this.#parts.desk.emit({ event: 'receipt', receipt })
    }
  }

  // ------------------------------------------------------------------------------------------- expiry

  get nextExpiryMs(): number {
    return this.#nextExpiryMs
  }

  /** Reports what ran out of time before everybody had it. */
  expire(): void {
    const wallMs = this.#parts.desk.now.wallMs
    if (wallMs < this.#nextExpiryMs) return
    this.#nextExpiryMs = Number.POSITIVE_INFINITY
    for (const item of this.openItems()) {
      if (item.row.expiresAt > wallMs) this.#nextExpiryMs = Math.min(this.#nextExpiryMs, item.row.expiresAt)
      else if (!this.#expiring.has(item)) this.#expireOne(item)
    }
  }

  /** @param hasRow Its outbox row is there, as it should be. */
  #expireOne(item: OpenItem, hasRow = true): void {
    const { desk } = this.#parts
    const { id } = item.row
    const lacking = this.lacking(item)
    if (lacking.length === 0) return
    this.#expiring.add(item)
    const key = keys.expired(item.feed, item.number)
    const open = row(keys.outbox(item.feed, item.number), outboxRow, item.row)
    let reported: readonly MemberId[] | undefined
    let isSettled = false
    const close = (toWhom: readonly MemberId[]): void => {
      this.#expiring.delete(item)
      this.forget(item)
      this.#expired.set(key, { id, lacking: toWhom })
      this.#expiredIds.set(id, toWhom)
      desk.emit({ event: 'expired', id, lacking: toWhom })
    }
    const later = (): void => {
      this.#expiring.delete(item)
      this.#nextExpiryMs = Math.min(this.#nextExpiryMs, desk.now.wallMs + limits.antiEntropyIntervalMs)
    }
    desk.commit(
      {
        expect: [
          {
            key,
            value: undefined,
            adopt: (found) => void (reported = readRow(expiredRow, found)?.lacking ?? lacking),
          },
          {
            key: open.key,
            value: hasRow ? open.value : undefined,
            adopt: (found) => void (isSettled = found === undefined),
          },
          // A sibling tab may have heard from those who have it while we stood still, or could not store it.
          ...lacking.map((member) => this.#expectation(item.feed, member)),
        ],
        put: [row(key, expiredRow, { id, lacking })],
        delete: [open.key],
      },
      {
        ok: () => {
          close(lacking)
          this.reportExpired(id, item.row.to, lacking)
        },
        conflict: () => {
          if (reported) return close(reported)
          this.#expiring.delete(item)
          const left = this.lacking(item)
          if (left.length === 0) this.forget(item)
          // Fewer than we thought, or its row was lost without a trace.
          else if (left.length < lacking.length || isSettled) this.#expireOne(item, hasRow && !isSettled)
          else later()
        },
        failed: later,
      },
    )
  }

  reportExpired(id: MessageId, to: string, lacking: readonly MemberId[]): void {
    const sentence = `The message ${id} to ${to} expired before every addressee had it.`
    this.#parts.desk.report('expired', sentence, { id, lacking })
  }

  /** A message that never found anybody bearing its name. */
  noteExpired(id: MessageId): void {
    this.#expiredIds.set(id, [])
  }

  /** It is written, or waits: the one that waited under this id before, and expired, says nothing of it. */
  sentAnew(id: MessageId): void {
    if (this.#expiredIds.get(id)?.length === 0) this.#expiredIds.delete(id)
  }
}
