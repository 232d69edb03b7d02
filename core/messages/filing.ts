// Turns entries into the rows of one commit: the entry, its place in conversations, its id, the inbox, the author's
// profile and the feed's new head. And once that is durable, tells the parts. The same telling serves entries that
// a sibling tab stored.

import { compareTimes, isAhead, merge, startOfTime } from '../base/hlc.ts'
import type { MemberId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Row } from '../base/ports.ts'
import type { ProfileContent, VerifiedEntry } from '../wire/entries.ts'
import type { Expectation, Parts } from './desk.ts'
import type { Feed } from './feeds.ts'
import {
  cursorOf,
  entryRow,
  headRow,
  idRow,
  inboxRow,
  isShown,
  joinedRow,
  keys,
  row,
  talkRow,
  timeOf,
  type HeadRow,
  type Mark,
  type ProfileRecord,
} from './rows.ts'

export interface ToFile {
  readonly entry: VerifiedEntry
  readonly mark: Mark
  /** It was stored before (its head was lost): its inbox row is not written again, and nobody is told of it again. */
  readonly again: boolean
  /** It comes from another place, where it was handled: no inbox row is written. */
  readonly isHandled?: boolean
}

export interface Filed {
  readonly head: HeadRow
  readonly headRaw: Uint8Array
  readonly put: Row[]
  readonly delete: string[]
  readonly expect: Expectation[]
  readonly items: readonly (ToFile & { readonly toInbox: boolean })[]
  readonly profileRows: ReadonlyMap<MemberId, Uint8Array>
}

const profileOf = (entry: VerifiedEntry, content: ProfileContent): ProfileRecord => {
  const { feed, number, clockMs, clockCounter } = entry.header
  const { name, kind, rooms } = content
  return { name, kind, rooms, feed, number, clockMs, clockCounter }
}

export class Filing {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** How a message that came in is to be stored. An id used twice is found out by the commit. */
  judge(entry: VerifiedEntry): Mark {
    const wallMs = this.#parts.desk.now.wallMs
    const { content } = entry.header
    const ahead = isAhead(timeOf(entry.header), wallMs)
    if (content.type === 'profile') return ahead ? 'clock-ahead' : 'none'
    const tooMany = content.addresseeCount < content.addressees.length
    if (tooMany || content.bodyBytes > limits.maxBodyBytes) return 'refused'
    // Clocks differ: what the author does not hold for expired yet must not be thrown away unseen here.
    if (content.expiresAt + limits.maxClockAheadMs <= wallMs) return 'expired'
    if (entry.entry.body === undefined) return 'bare'
    return ahead ? 'clock-ahead' : 'none'
  }

  /** Is it for us to be told of: by name, or as one of a room we joined before it was written? */
  isForMe(entry: VerifiedEntry): boolean {
    const { content } = entry.header
    if (content.type !== 'message') return false
    const me = this.#parts.desk.me.member
    const addressed = content.addressees.includes(me)
    if (entry.author === me) return addressed && !content.to.startsWith('#')
    if (addressed) return true
    const joined = content.to.startsWith('#') ? this.#parts.rooms.joined.get(content.to.slice(1)) : undefined
    return joined !== undefined && compareTimes(timeOf(entry.header), timeOf(joined)) >= 0
  }

  /** The conversations a message belongs to, as seen from here: its room, or the other member's id. */
  conversations(entry: VerifiedEntry): string[] {
    const { content } = entry.header
    if (content.type !== 'message') return []
    if (content.to.startsWith('#')) return [content.to]
    const me = this.#parts.desk.me.member
    if (entry.author !== me) return content.addressees.includes(me) ? [entry.author] : []
    const others = content.addressees.filter((member) => member !== me)
    return content.addressees.includes(me) ? [me, ...others] : others
  }

  talkKeys(entry: VerifiedEntry): string[] {
    const cursor = cursorOf(timeOf(entry.header), entry.header.feed, entry.header.number)
    return this.conversations(entry).map((conversation) => keys.talk(conversation, cursor))
  }

  /** @param jump Entries up to the one before the first are given up: nobody reachable has them. */
  file(feed: Feed, toFile: readonly ToFile[], jump: boolean): Filed {
    const put: Row[] = []
    const doomed: string[] = []
    const profiles = new Map<MemberId, ProfileRecord>()
    const items = toFile.map((item) => {
      const isNew = !item.again && item.isHandled !== true
      const toInbox = isNew && isShown(item.mark) && this.isForMe(item.entry)
      put.push(...this.#entryRows(item, toInbox))
      const { content } = item.entry.header
      if (content.type === 'profile') profiles.set(item.entry.author, profileOf(item.entry, content))
      return { ...item, toInbox }
    })
    const first = toFile[0]!.entry
    const retired = jump ? first.header.number - 1 : (feed.head?.retired ?? 0)
    const head = this.#head(feed, toFile, retired)
    const headRaw = row(keys.head(feed.id), headRow, head)
    put.push(headRaw)
    const expect: Expectation[] = []
    const profileRows = new Map<MemberId, Uint8Array>()
    for (const [member, profile] of profiles) {
      const content = toFile.find(({ entry }) => entry.header.number === profile.number)!.entry.header.content
      const predecessor = content.type === 'profile' ? content.predecessor : undefined
      const last = this.#parts.rooms.profileOf(member)
      if (last && !this.#parts.rooms.supersedes(profile, last, predecessor)) continue
      const written = this.#parts.rooms.profileRow(member, profile)
      put.push(written)
      profileRows.set(member, written.value)
      expect.push(this.#parts.rooms.expectation(member))
      if (member === this.#parts.desk.me.member) this.#joinedRows(profile, put, doomed)
    }
    return { head, headRaw: headRaw.value, put, delete: doomed, expect, items, profileRows }
  }

  #entryRows({ entry, mark }: ToFile, toInbox: boolean): Row[] {
    const { feed, number, content } = entry.header
    const receivedAtMs = Math.max(0, Math.floor(this.#parts.desk.now.wallMs))
    const { entry: carried, hash, author } = entry
    const rows = [
      row(keys.entry(feed, number), entryRow, { entry: carried, hash, author, receivedAtMs, mark }),
    ]
    if (content.type !== 'message') return rows
    if (mark !== 'duplicate' && mark !== 'refused')
      rows.push(row(keys.id(author, content.id), idRow, { feed, number }))
    if (isShown(mark)) for (const key of this.talkKeys(entry)) rows.push(talkRow(key, mark))
    if (toInbox) rows.push(row(keys.inbox(feed, number), inboxRow, { attempt: 1 }))
    return rows
  }

  #head(feed: Feed, toFile: readonly ToFile[], retired: number): HeadRow {
    const last = toFile.at(-1)!.entry
    let clock = feed.head ? timeOf(feed.head) : startOfTime
    let profile = feed.head?.profile ?? 0
    for (const { entry } of toFile) {
      clock = merge(clock, timeOf(entry.header), this.#parts.desk.now.wallMs)
      if (entry.header.content.type === 'profile') profile = entry.header.number
    }
    return {
      member: last.author,
      number: last.header.number,
      hash: last.hash,
      retired,
      pruned: Math.max(retired, feed.head?.pruned ?? 0),
      profile,
      clockMs: clock.ms,
      clockCounter: clock.counter,
    }
  }

  #joinedRows(profile: ProfileRecord, put: Row[], doomed: string[]): void {
    const { joined } = this.#parts.rooms
    const { clockMs, clockCounter } = profile
    for (const room of profile.rooms) {
      if (!joined.has(room)) put.push(row(keys.joined(room), joinedRow, { clockMs, clockCounter }))
    }
    for (const room of joined.keys()) if (!profile.rooms.includes(room)) doomed.push(keys.joined(room))
  }

  /**
   * An entry is durable here, by us or by a sibling tab: everybody who cares hears of it.
   * @param attempt Of its inbox row, where it has one. @param memberRaw The author's row, where it was written along.
   */
  tell(
    item: { entry: VerifiedEntry; mark: Mark; again?: boolean },
    attempt: number | undefined,
    memberRaw?: Uint8Array,
  ): void {
    const { desk, rooms, inbox, history } = this.#parts
    const { entry, mark } = item
    const { header, author } = entry
    desk.clock = merge(desk.clock, timeOf(header), desk.now.wallMs)
    rooms.noteClock(author, header.clockMs)
    if (header.content.type === 'profile') {
      const { predecessor } = header.content
      rooms.apply(author, profileOf(entry, header.content), predecessor, memberRaw)
      return
    }
    if (!isShown(mark)) {
      desk.count(`marked-${mark}`)
      return
    }
    if (item.again !== true) history.announce(entry, mark)
    if (attempt !== undefined) inbox.stored(entry, mark, attempt)
  }
}
