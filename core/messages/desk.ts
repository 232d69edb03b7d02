// The desk of the messages machine: what all its parts share. It hands out numbered slips for what the driver
// must do (commit, read, seal) and keeps what is to happen when the answer comes; it holds the time of this step
// and the hybrid clock. The parts speak to one another through `Parts`, never to the world.

import { MeshError, type MeshErrorCode } from '../base/errors.ts'
import { startOfTime, type HybridTime } from '../base/hlc.ts'
import { equalBytes, type MemberId, type PeerId, type StoreId } from '../base/ids.ts'
import type { CommitResult, Instant, Range, Row } from '../base/ports.ts'
import type { Random } from '../base/random.ts'
import type { VerifiedEntry } from '../wire/entries.ts'
import type { Payload } from '../wire/messages.ts'
import type { Feeds } from './feeds.ts'
import type { Filing } from './filing.ts'
import type { Forks } from './forks.ts'
import type { History } from './history.ts'
import type { Holes } from './holes.ts'
import type { Inbox } from './inbox.ts'
import type { Log } from './log.ts'
import type { LostHeads } from './lost-heads.ts'
import type { Outbox } from './outbox.ts'
import type { OldFeeds } from './old-feeds.ts'
import type { OwnProfile } from './own-profile.ts'
import type { Parted } from './parted.ts'
import type { Receipts } from './receipts.ts'
import type { Retention } from './retention.ts'
import type { Rooms } from './rooms.ts'
import type { Serving } from './serving.ts'
import type { Sync } from './sync.ts'
import type { Draft, Kind, MessagesEffect, MessagesEvent } from './types.ts'
import type { Unbound } from './unbound.ts'

/** The parts of one machine, each under its name. */
export interface Parts {
  readonly desk: Desk
  readonly feeds: Feeds
  readonly filing: Filing
  readonly log: Log
  readonly holes: Holes
  readonly lostHeads: LostHeads
  readonly outbox: Outbox
  readonly ownProfile: OwnProfile
  readonly oldFeeds: OldFeeds
  readonly parted: Parted
  readonly receipts: Receipts
  readonly unbound: Unbound
  readonly inbox: Inbox
  readonly rooms: Rooms
  readonly sync: Sync
  readonly serving: Serving
  readonly forks: Forks
  readonly retention: Retention
  readonly history: History
}

export interface Me {
  readonly peer: PeerId
  readonly member: MemberId
  readonly name: string
  readonly kind: Kind
}

/** A row compared inside a transaction, and what to learn where it holds something else. */
export interface Expectation {
  readonly key: string
  readonly value: Uint8Array | undefined
  readonly adopt: (found: Uint8Array | undefined) => void
}

interface Transaction {
  readonly expect: readonly Expectation[]
  readonly put?: readonly Row[]
  readonly delete?: readonly string[]
}

interface CommitAnswers {
  readonly ok: () => void
  /** Comes after every `adopt` that applied: try again with what was learnt, or let it be. */
  readonly conflict: () => void
  readonly failed: (error: MeshError) => void
}

interface Slip<T> {
  readonly answer: (value: T) => void
  readonly failed: (error: MeshError) => void
}

const sameValue = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b)

export class Desk {
  readonly me: Me
  readonly durable: boolean
  readonly random: Random
  readonly newStoreId: () => StoreId
  now: Instant = { monotonicMs: 0, wallMs: 0 }
  clock: HybridTime = startOfTime
  readonly counters: Record<string, number> = {}
  #effects: MessagesEffect[] = []
  #lastSlip = 0
  readonly #commits = new Map<number, Slip<CommitResult>>()
  readonly #reads = new Map<number, Slip<readonly Row[]>>()
  readonly #seals = new Map<number, Slip<readonly VerifiedEntry[]>>()

  constructor(options: { me: Me; durable: boolean; random: Random; newStoreId: () => StoreId }) {
    this.me = options.me
    this.durable = options.durable
    this.random = options.random
    this.newStoreId = options.newStoreId
  }

  takeEffects(): MessagesEffect[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  count(what: string, by = 1): void {
    this.counters[what] = (this.counters[what] ?? 0) + by
  }

  commit(transaction: Transaction, answers: CommitAnswers): void {
    const commit = ++this.#lastSlip
    const { expect, put = [], delete: doomed = [] } = transaction
    const answer = (result: CommitResult): void => {
      if (result.ok) return answers.ok()
      this.count('commitConflicts')
      for (const [i, { value, adopt }] of expect.entries()) {
        const found = result.found[i]
        if (!sameValue(value, found)) adopt(found)
      }
      answers.conflict()
    }
    this.#commits.set(commit, { answer, failed: answers.failed })
    const compared = expect.map(({ key, value }) => ({ key, value }))
    this.#effects.push({ type: 'commit', commit, transaction: { expect: compared, put, delete: doomed } })
  }

  /** @param failed Called instead of `then` where the store could not answer; nothing is known then. */
  read(ranges: readonly Range[], then: (rows: readonly Row[]) => void, failed?: () => void): void {
    const read = ++this.#lastSlip
    const onFailure = (): void => {
      this.count('readsFailed')
      failed?.()
    }
    this.#reads.set(read, { answer: then, failed: onFailure })
    this.#effects.push({ type: 'read', read, ranges })
  }

  seal(
    drafts: readonly Draft[],
    previous: Uint8Array,
    then: (entries: readonly VerifiedEntry[]) => void,
    failed: (error: MeshError) => void,
  ): void {
    const seal = ++this.#lastSlip
    this.#seals.set(seal, { answer: then, failed })
    this.#effects.push({ type: 'seal', seal, drafts, previous })
  }

  // Each answer is taken once; one that nobody waits for is counted and dropped.
  committed = (slip: number, result: CommitResult): void => this.#take(this.#commits, slip)?.answer(result)
  commitFailed = (slip: number, error: MeshError): void => this.#take(this.#commits, slip)?.failed(error)
  rows = (slip: number, rows: readonly Row[]): void => this.#take(this.#reads, slip)?.answer(rows)
  readFailed = (slip: number, error: MeshError): void => this.#take(this.#reads, slip)?.failed(error)
  sealed = (slip: number, entries: readonly VerifiedEntry[]): void =>
    this.#take(this.#seals, slip)?.answer(entries)
  sealFailed = (slip: number, error: MeshError): void => this.#take(this.#seals, slip)?.failed(error)

  #take<T>(slips: Map<number, Slip<T>>, slip: number): Slip<T> | undefined {
    const found = slips.get(slip)
    if (!found) this.count('strayAnswers')
    slips.delete(slip)
    return found
  }

  sendTo(peer: PeerId, payload: Payload): void {
    this.#effects.push({ type: 'sendTo', peer, payload })
  }

  broadcast(payload: Payload): void {
    this.#effects.push({ type: 'broadcast', payload })
  }

  resolve(request: number, value?: unknown): void {
    this.#effects.push({ type: 'resolve', request, value })
  }

  reject(request: number, error: MeshError): void {
    this.#effects.push({ type: 'reject', request, error })
  }

  emit(event: MessagesEvent): void {
    this.#effects.push({ type: 'emit', event })
  }

  report(code: MeshErrorCode, message: string, details?: Record<string, unknown>): void {
    this.emit({ event: 'error', error: new MeshError(code, message, details ? { details } : undefined) })
  }
}
