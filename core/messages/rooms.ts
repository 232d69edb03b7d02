// Who the members are: their last profiles (name, kind, rooms), who of them is alive, when each was last seen;
// and from that, whom an address means. Names are labels: several members may bear one.

import { compareTimes } from '../base/hlc.ts'
import { compareText, type Address, type MemberId, type PeerId, type StoreId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Row } from '../base/ports.ts'
import type { Desk, Expectation, Parts } from './desk.ts'
import {
  joinedRow,
  keys,
  memberRow,
  readRow,
  row,
  timeOf,
  type MemberRow,
  type ProfileRecord,
} from './rows.ts'
import type { LivePeer, MemberView, RoomView } from './types.ts'

interface Known {
  profile: ProfileRecord | undefined
  lastSeenAt: number
  /** What its last living peer said of itself: all there is to show of it until its profile is here. */
  seenAs: LivePeer | undefined
  /** The row as it is stored. */
  raw: Uint8Array | undefined
}

/** How stale a stored `lastSeenAt` may be before somebody alive is written down again. chosen. */
const seenGrainMs = 60 * 60 * 1000

export class Rooms {
  readonly #parts: Parts
  readonly #known = new Map<MemberId, Known>()
  readonly #seenByClock = new Map<MemberId, number>()
  /** room → since when; our own. */
  readonly joined = new Map<string, { readonly clockMs: number; readonly clockCounter: number }>()
  #live = new Map<PeerId, LivePeer>()
  #liveMembers = new Map<MemberId, LivePeer[]>()
  #changed = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get #desk(): Desk {
    return this.#parts.desk
  }

  load(member: MemberId, value: Uint8Array): void {
    const read = readRow(memberRow, value)
    if (read) this.#known.set(member, { ...read, seenAs: undefined, raw: value })
    this.#changed = true
  }

  // ------------------------------------------------------------------------------------------ the living

  get live(): ReadonlyMap<PeerId, LivePeer> {
    return this.#live
  }

  livePeersOf(member: MemberId): readonly LivePeer[] {
    return this.#liveMembers.get(member) ?? []
  }

  setLive(peers: readonly LivePeer[]): void {
    const before = this.#liveMembers
    this.#live = new Map(peers.map((peer) => [peer.peer, peer]))
    this.#liveMembers = new Map()
    for (const peer of peers) {
      const same = this.#liveMembers.get(peer.member)
      if (same) same.push(peer)
      else this.#liveMembers.set(peer.member, [peer])
    }
    const wallMs = this.#desk.now.wallMs
    for (const member of new Set([...before.keys(), ...this.#liveMembers.keys()])) {
      if (member === this.#desk.me.member) continue
      if (!this.#known.has(member) && this.#known.size >= limits.maxFeeds) continue
      const known = this.#entry(member)
      const stale = wallMs - known.lastSeenAt > seenGrainMs
      known.lastSeenAt = wallMs
      known.seenAs = this.#liveMembers.get(member)?.[0] ?? known.seenAs
      if (stale || !this.#liveMembers.has(member)) this.#writeSeen(member)
    }
    this.#changed = true
  }

  #entry(member: MemberId): Known {
    let known = this.#known.get(member)
    if (!known) {
      known = { profile: undefined, lastSeenAt: 0, seenAs: undefined, raw: undefined }
      this.#known.set(member, known)
    }
    return known
  }

  #writeSeen(member: MemberId): void {
    const known = this.#entry(member)
    const written = row(keys.member(member), memberRow, {
      profile: known.profile,
      lastSeenAt: known.lastSeenAt,
    })
    const expect = [this.expectation(member)]
    this.#desk.commit(
      { expect, put: [written] },
      {
        ok: () => void (known.raw = written.value),
        conflict: () => {},
        failed: () => this.#desk.count('seenNotStored'),
      },
    )
  }

  // -------------------------------------------------------------------------------------------- profiles

  profileOf(member: MemberId): ProfileRecord | undefined {
    return this.#known.get(member)?.profile
  }

  /** Does `next` replace `last`? Within a feed the later number, else the later time. */
  supersedes(next: ProfileRecord, last: ProfileRecord | undefined, predecessor?: StoreId): boolean {
    if (!last) return true
    if (last.feed === next.feed) return next.number >= last.number
    if (last.feed === predecessor) return true
    return (compareTimes(timeOf(next), timeOf(last)) || compareText(next.feed, last.feed)) > 0
  }

  /** The row that comes to hold `profile`, to go into the same commit as its entry. */
  profileRow(member: MemberId, profile: ProfileRecord): Row {
    const value: MemberRow = { profile, lastSeenAt: this.#known.get(member)?.lastSeenAt ?? 0 }
    return row(keys.member(member), memberRow, value)
  }

  /** That the member's row is as we know it; where a sibling tab changed it, what is newer in it is taken over. */
  expectation(member: MemberId): Expectation {
    const value = this.#known.get(member)?.raw
    return { key: keys.member(member), value, adopt: (found) => this.#adopt(member, found) }
  }

  #adopt(member: MemberId, found: Uint8Array | undefined): void {
    const known = this.#entry(member)
    known.raw = found
    const read = readRow(memberRow, found)
    if (!read) return
    known.lastSeenAt = Math.max(known.lastSeenAt, read.lastSeenAt)
    if (read.profile && this.supersedes(read.profile, known.profile)) {
      known.profile = read.profile
      // The entry may not be readable now, and the next profile of ours goes on from these rooms.
      if (member === this.#desk.me.member) this.#followRooms(read.profile)
    }
    this.#changed = true
  }

  /** A profile entry is durable here; `raw` is the member's row if it was written with it. */
  apply(member: MemberId, profile: ProfileRecord, predecessor: StoreId | undefined, raw?: Uint8Array): void {
    const known = this.#entry(member)
    if (raw) known.raw = raw
    if (!this.supersedes(profile, known.profile, predecessor)) return
    known.profile = profile
    if (member === this.#desk.me.member) this.#followRooms(profile)
    this.#changed = true
  }

  #followRooms(profile: ProfileRecord): void {
    for (const room of this.joined.keys()) if (!profile.rooms.includes(room)) this.joined.delete(room)
    for (const room of profile.rooms) {
      if (!this.joined.has(room)) {
        this.joined.set(room, { clockMs: profile.clockMs, clockCounter: profile.clockCounter })
      }
    }
  }

  /** Rows of members that were lost while nobody ran: their profiles are in their feeds. */
  recall(): void {
    for (const { id, head } of this.#parts.feeds.all()) {
      if (!head || head.profile === 0 || this.profileOf(head.member)) continue
      this.#parts.log.readOne(id, head.profile, (stored) => {
        if (stored?.header.content.type !== 'profile') return
        this.#parts.filing.tell({ entry: stored, mark: stored.mark }, undefined)
        this.#writeSeen(head.member)
      })
    }
  }

  /** Rooms of our profile whose rows were lost while nobody ran: joined with that profile, as far as anybody can tell. */
  rejoin(): void {
    const profile = this.profileOf(this.#desk.me.member)
    for (const room of profile?.rooms ?? []) {
      if (this.joined.has(room)) continue
      this.joined.set(room, { clockMs: profile!.clockMs, clockCounter: profile!.clockCounter })
      this.restoreJoined(room)
    }
  }

  /** Its row was set aside as corrupt: written again from memory. */
  restoreJoined(room: string): void {
    const since = this.joined.get(room)
    if (!since) return
    const written = row(keys.joined(room), joinedRow, since)
    const nothing = (): void => {}
    // Not where our profile says another thing by then. What is not written the next run joins anew.
    const expect = [
      this.expectation(this.#desk.me.member),
      { key: written.key, value: undefined, adopt: nothing },
    ]
    this.#desk.commit(
      { expect, put: [written] },
      { ok: nothing, conflict: nothing, failed: () => this.#desk.count('roomsNotStored') },
    )
  }

  /** The row of a member was set aside as corrupt: written again from memory at the next occasion. */
  forgetRaw(member: MemberId): void {
    const known = this.#known.get(member)
    if (!known) return
    known.raw = undefined
    this.#writeSeen(member)
  }

  /** An entry of that time came from its author: it was seen then. */
  noteClock(member: MemberId, clockMs: number): void {
    const at = Math.min(clockMs, this.#desk.now.wallMs)
    if (at <= (this.#seenByClock.get(member) ?? 0)) return
    const isNew = !this.#seenByClock.has(member)
    this.#seenByClock.set(member, at)
    if (isNew) this.#changed = true
  }

  // ------------------------------------------------------------------------------------------- addresses

  #lastSeen(member: MemberId): number {
    return Math.max(this.#known.get(member)?.lastSeenAt ?? 0, this.#seenByClock.get(member) ?? 0)
  }

  #isCurrent(member: MemberId): boolean {
    if (this.#liveMembers.has(member)) return true
    return this.#desk.now.wallMs - this.#lastSeen(member) <= limits.roomMemberSeenMs
  }

  /** Everybody known to be in a room, this member included where it joined. */
  membersOf(room: string): MemberId[] {
    const inRoom = [...this.#known].filter(([, { profile }]) => profile?.rooms.includes(room))
    return inRoom.map(([member]) => member).sort(compareText)
  }

  /** Members that bear a name: the living ones, or else the one seen last. Empty: nobody is known to. */
  bearers(name: string): MemberId[] {
    const me = this.#desk.me.member
    const bears = (member: MemberId): boolean => this.nameOf(member) === name
    const alive = [...this.#liveMembers].filter(
      ([member, peers]) => bears(member) || peers.some((peer) => peer.name === name),
    )
    const living = alive.map(([member]) => member)
    // A copy of this store may run under another name, and be the last to have said its profile.
    if ((bears(me) || this.#desk.me.name === name) && !living.includes(me)) living.push(me)
    if (living.length > 0) return living.sort(compareText)
    const past = [...this.#known.keys()].filter(bears)
    past.sort((a, b) => this.#lastSeen(b) - this.#lastSeen(a) || compareText(a, b))
    return past.slice(0, 1)
  }

  /** Whom an address means now; `undefined` where nobody bears the name. */
  resolve(address: Address): { readonly members: readonly MemberId[]; readonly count: number } | undefined {
    let members: MemberId[]
    if (address.startsWith('#')) {
      const me = this.#desk.me.member
      members = this.membersOf(address.slice(1)).filter((member) => member !== me && this.#isCurrent(member))
    } else if (address.startsWith('@')) {
      members = this.bearers(address.slice(1))
      if (members.length === 0) return undefined
    } else members = [address as MemberId]
    return { members: members.slice(0, limits.maxNamedAddressees), count: members.length }
  }

  // ----------------------------------------------------------------------------------------------- views

  nameOf(member: MemberId): string {
    const { profile, seenAs } = this.#known.get(member) ?? {}
    const peers = this.livePeersOf(member)
    const label =
      profile?.name ?? seenAs?.name ?? (member === this.#desk.me.member ? this.#desk.me.name : undefined)
    if (peers.length === 0 || peers.some((peer) => peer.name === label)) return label ?? member.slice(0, 8)
    if (member === this.#desk.me.member) return label ?? this.#desk.me.name
    return peers[0]!.name
  }

  members(): Map<MemberId, MemberView> {
    const me = this.#desk.me
    const everybody = new Set<MemberId>([me.member, ...this.#known.keys(), ...this.#seenByClock.keys()])
    const views = [...everybody].sort(compareText).map((id): MemberView => {
      const { profile, seenAs } = this.#known.get(id) ?? {}
      const kind = profile?.kind ?? seenAs?.kind ?? me.kind
      const online = id === me.member || this.#liveMembers.has(id)
      const lastSeenAt = this.#known.get(id)?.lastSeenAt
      return {
        id,
        name: this.nameOf(id),
        kind,
        online,
        lastSeenAt: lastSeenAt === 0 ? undefined : lastSeenAt,
      }
    })
    return new Map(views.map((view) => [view.id, view]))
  }

  rooms(): Map<string, RoomView> {
    const members = new Map<string, MemberId[]>([...this.joined.keys()].map((name) => [name, []]))
    // Through the members once: whoever makes up many that are in many rooms must not cost us their product.
    for (const [member, { profile }] of [...this.#known].sort(([a], [b]) => compareText(a, b))) {
      for (const room of new Set(profile?.rooms)) {
        const inRoom = members.get(room)
        if (inRoom) inRoom.push(member)
        else members.set(room, [member])
      }
    }
    const found = [...members].sort(([a], [b]) => compareText(a, b))
    return new Map(
      found.map(([name, inRoom]) => [name, { name, members: inRoom, joined: this.joined.has(name) }]),
    )
  }

  /** Says what changed in this step, once. */
  flush(): void {
    if (!this.#changed) return
    this.#changed = false
    this.#desk.emit({ event: 'members', members: [...this.members().values()] })
    this.#desk.emit({ event: 'rooms', rooms: [...this.rooms().values()] })
  }
}
