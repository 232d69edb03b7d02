// Who is there, as a program sees it: peers, members, rooms, the leader. Told what the machines say, it keeps the
// objects and tells the program what changed. What a getter returns is never altered: a change makes it anew.

import type { Member, MeshEvents, Peer, Room } from './api.ts'
import type { MemberId, PeerId } from './base/ids.ts'
import type { Emitter } from './emitter.ts'
import { samePeer, toPeer } from './mesh-views.ts'
import type { MemberView, RoomView } from './messages/types.ts'
import type { PeerEvent } from './peer-io.ts'
import type { PeerRecord } from './wire/messages.ts'

type PeerNews = Extract<PeerEvent, { event: 'joined' | 'changed' | 'left' }>
type LeaderNews = Extract<PeerEvent, { event: 'leader' }>

type ChangeRoom = (
  room: string,
  join: boolean,
  options: { signal?: AbortSignal } | undefined,
) => Promise<void>

export class Company {
  readonly #events: Emitter<MeshEvents>
  readonly #changeRoom: ChangeRoom
  #peers = new Map<PeerId, Peer>()
  #members: ReadonlyMap<MemberId, Member> = new Map()
  #rooms: ReadonlyMap<string, Room> = new Map()
  #leader: PeerId | undefined
  #epoch = 0
  /** The leader may be gone from the view by the time that it is somebody's predecessor. */
  #lastLeader: Peer | undefined

  /** @param changeRoom joins or leaves a room; resolves once that is stored */
  constructor(events: Emitter<MeshEvents>, changeRoom: ChangeRoom) {
    this.#events = events
    this.#changeRoom = changeRoom
  }

  get peers(): ReadonlyMap<PeerId, Peer> {
    return this.#peers
  }

  get members(): ReadonlyMap<MemberId, Member> {
    return this.#members
  }

  get rooms(): ReadonlyMap<string, Room> {
    return this.#rooms
  }

  get leader(): Peer | undefined {
    return this.#leader === undefined ? undefined : this.#peers.get(this.#leader)
  }

  get epoch(): number {
    return this.#epoch
  }

  /** Known, or as it is before anybody has been there. */
  room(name: string): Room {
    return this.#rooms.get(name) ?? this.#makeRoom({ name, members: [], joined: false })
  }

  takeSelf(record: PeerRecord): void {
    const peer = toPeer(record)
    const before = this.#peers.get(peer.id)
    this.#peers = new Map(this.#peers).set(peer.id, peer)
    if (before && !samePeer(before, peer))
      this.#events.emit('peers', { joined: [], left: [], changed: [peer] })
  }

  takePeer(news: PeerNews): void {
    const peer = toPeer(news.record)
    const peers = new Map(this.#peers)
    const before = peers.get(peer.id)
    const leaves = news.event === 'left'
    if (leaves) peers.delete(peer.id)
    else peers.set(peer.id, peer)
    this.#peers = peers
    if (news.event === 'changed' && before && samePeer(before, peer)) return
    this.#events.emit('peers', {
      joined: news.event === 'joined' ? [peer] : [],
      changed: news.event === 'changed' ? [peer] : [],
      left: leaves ? [{ peer, reason: news.reason }] : [],
    })
  }

  /** @param leaving this peer leaves: to the elections that looks like a stall, and either way it leads no more */
  takeLeader({ leader: id, previous: before, epoch, reason }: LeaderNews, leaving: boolean): void {
    const previous = before === undefined ? undefined : this.#known(before)
    this.#leader = id
    this.#epoch = epoch
    const { leader } = this
    if (leader) this.#lastLeader = leader
    this.#events.emit('leader', { leader, previous, epoch, reason: leaving ? 'left' : reason })
  }

  takeMembers(members: readonly MemberView[]): void {
    const list: Member[] = members.map((member) => ({ ...member }))
    this.#members = new Map(list.map((member) => [member.id, member]))
    this.#events.emit('members', list)
  }

  takeRooms(rooms: readonly RoomView[]): void {
    this.#rooms = new Map(rooms.map((room) => [room.name, this.#makeRoom(room)]))
    this.#events.emit('rooms', [...this.#rooms.values()])
  }

  #known(id: PeerId): Peer | undefined {
    return this.#peers.get(id) ?? (this.#lastLeader?.id === id ? this.#lastLeader : undefined)
  }

  #makeRoom({ name, members, joined }: RoomView): Room {
    return {
      name,
      joined,
      members: members.flatMap((id) => this.#members.get(id) ?? []),
      join: (options) => this.#changeRoom(name, true, options),
      leave: (options) => this.#changeRoom(name, false, options),
    }
  }
}
