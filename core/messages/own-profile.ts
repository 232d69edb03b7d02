// Our own profile: the name, kind and rooms that others know us by. Each change is an entry of the feed; the first
// entry of every feed is one, and a profile is renewed before it is so old that others could retire it.

import { MeshError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { ProfileContent } from '../wire/entries.ts'
import type { Parts } from './desk.ts'
import type { Kind } from './types.ts'

export interface QueuedProfile {
  readonly kind: 'profile'
  /** Programs that wait for it. */
  readonly requests: number[]
  readonly name?: string
  readonly as?: Kind
  readonly join?: string
  readonly leave?: string
}

/** Of all room names together, so that the entry's header stays below its 16 KiB. chosen. */
const maxRoomsBytes = 15 * 1024

export class OwnProfile {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** As it is stored. */
  current(): ProfileContent {
    const { desk, rooms } = this.#parts
    const { name, kind } = rooms.profileOf(desk.me.member) ?? desk.me
    return { type: 'profile', name, kind, rooms: [...rooms.joined.keys()].sort(), predecessor: undefined }
  }

  isOld(): boolean {
    const { desk, rooms } = this.#parts
    const last = rooms.profileOf(desk.me.member)
    return last !== undefined && desk.now.wallMs - last.clockMs > limits.retentionMs
  }

  /**
   * The profile after that change; `last` itself where nothing would be different.
   * @param first It begins a feed, and is written whatever it says.
   */
  next(change: QueuedProfile, last: ProfileContent, first: boolean): ProfileContent | MeshError {
    const rooms = new Set(last.rooms)
    if (change.leave !== undefined) rooms.delete(change.leave)
    if (change.join !== undefined) rooms.add(change.join)
    if (rooms.size > limits.maxRooms) {
      return new MeshError('invalid-argument', `A member joins at most ${limits.maxRooms} rooms.`)
    }
    const bytes = [...rooms].reduce((sum, room) => sum + room.length + 1, 0)
    if (bytes > maxRoomsBytes && change.join !== undefined) {
      const sentence = `The names of the rooms that a member joined take at most ${maxRoomsBytes} bytes together.`
      return new MeshError('invalid-argument', sentence)
    }
    const name = change.name ?? last.name
    const kind = change.as ?? last.kind
    const sameRooms = rooms.size === last.rooms.length && last.rooms.every((room) => rooms.has(room))
    if (!first && !this.isOld() && sameRooms && name === last.name && kind === last.kind) return last
    const predecessor = first ? this.#parts.outbox.predecessor : undefined
    return { type: 'profile', name, kind, rooms: [...rooms].sort(), predecessor }
  }
}
