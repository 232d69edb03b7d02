// When a message is told to somebody who looks elsewhere, and by which tab. Direct messages and mentions always, other
// messages of a room where its switch is on; never while a tab of this mesh is in view in this browser; and only by
// one of its tabs. Asking for permission is left to the person: an offer stands ready after the first message they missed.

import { computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals'
import type { MemberId, Message, Peer } from 'skein'
import type { ConversationKey } from './conversations.ts'
import type { Memory } from './remembered.ts'
import type { Session } from './state.ts'
import { conversationsOf } from './conversations.ts'
import { labelOf } from './words.ts'

export type Permission = 'default' | 'granted' | 'denied' | 'unsupported'

export interface Notice {
  /** One at a time bears it: a newer one takes its place, without a sound. */
  readonly tag: string
  readonly title: string
  readonly text: string
}

/** The browser's notifications. */
export interface NotificationPort {
  permission(): Permission
  /** Only in answer to a press. */
  ask(): Promise<Permission>
  show(notice: Notice, onPress: () => void): void
  close(tag: string): void
}

export interface Notifications {
  readonly permission: ReadonlySignal<Permission>
  /** The person's switch; it works only together with `permission`. */
  readonly isOn: ReadonlySignal<boolean>
  /** A message was missed and the person was never asked: a quiet offer is due. */
  readonly isOffered: ReadonlySignal<boolean>
  readonly loudRooms: ReadonlySignal<ReadonlySet<string>>
  /** Asks the browser where it has not been asked. Call it in answer to a press. */
  turnOn(): Promise<void>
  turnOff(): void
  setRoom(room: string, loud: boolean): void
  close(): void
}

export interface NotificationOptions {
  readonly session: Session
  readonly port: NotificationPort
  readonly memory: Pick<Memory, 'notifications' | 'keepNotifications' | 'loudRooms' | 'keepLoudRooms'>
}

export function createNotifications({ session, port, memory }: NotificationOptions): Notifications {
  const { mesh, meshName } = session
  const permission = signal(port.permission())
  const choice = signal(memory.notifications())
  const missed = signal(false)
  const loudRooms = signal<ReadonlySet<string>>(new Set(memory.loudRooms(meshName)))
  const tagOf = (key: ConversationKey): string => `skein:${meshName}:${key}`

  function tell(message: Message): void {
    const kind = kindOf(message, mesh.me)
    if (kind === undefined || !nobodyLooks(mesh.me, mesh.peers.values())) return
    missed.value = true
    if (!isSpeaker(mesh.me, mesh.peers.values())) return
    // Another tab of this browser may have been asked, or may have changed a switch, meanwhile.
    permission.value = port.permission()
    choice.value = memory.notifications()
    if (choice.value !== 'on' || permission.value !== 'granted') return
    if (kind === 'room' && !memory.loudRooms(meshName).includes(message.to.slice(1))) return
    const [key] = conversationsOf(message, mesh.me.member)
    if (key !== undefined)
      port.show({ tag: tagOf(key), ...noticeFor(message, kind, session.members.value) }, () =>
        session.select(key),
      )
  }

  const told = mesh.on('message', tell)
  const offRead = effect(() => {
    for (const { key, unread } of session.conversations.value.values())
      if (unread.count.value === 0) port.close(tagOf(key))
  })
  const offLook = effect(() => {
    if (!session.attention.visible.value) return
    untracked(() => {
      permission.value = port.permission()
      choice.value = memory.notifications()
      loudRooms.value = new Set(memory.loudRooms(meshName))
    })
  })

  const choose = (next: 'on' | 'off'): void => {
    memory.keepNotifications(next)
    choice.value = next
  }

  return {
    permission,
    isOn: computed(() => choice.value === 'on'),
    isOffered: computed(() => missed.value && choice.value === undefined && permission.value === 'default'),
    loudRooms,
    async turnOn() {
      if (permission.value === 'default') permission.value = await port.ask()
      // Closing the browser's question without an answer is an answer for now.
      choose(permission.value === 'default' ? 'off' : 'on')
    },
    turnOff: () => choose('off'),
    setRoom(room, loud) {
      const next = new Set(memory.loudRooms(meshName))
      if (loud) next.add(room)
      else next.delete(room)
      memory.keepLoudRooms(meshName, [...next])
      loudRooms.value = next
    },
    close() {
      told()
      offRead()
      offLook()
    },
  }
}

export type NewsKind = 'direct' | 'mention' | 'room'

/** Undefined: one's own. */
function kindOf(message: Pick<Message, 'from' | 'to' | 'body'>, me: Peer): NewsKind | undefined {
  if (message.from === me.member) return undefined
  if (!message.to.startsWith('#')) return 'direct'
  return typeof message.body === 'string' && mentions(message.body, me.name) ? 'mention' : 'room'
}

/** `@ada` in the text, in any case, and not as a part of `@adalbert`. */
export function mentions(text: string, name: string): boolean {
  const wanted = `@${name.toLowerCase()}`
  const here = text.toLowerCase()
  const partOfName = /[a-z0-9_-]/
  for (let at = here.indexOf(wanted); at >= 0; at = here.indexOf(wanted, at + 1)) {
    const [before, after] = [here[at - 1], here[at + wanted.length]]
    if (
      (before === undefined || !partOfName.test(before)) &&
      (after === undefined || !partOfName.test(after))
    )
      return true
  }
  return false
}

const ownTabs = (me: Peer, peers: Iterable<Peer>): Peer[] =>
  [...peers].filter(({ member }) => member === me.member)

/** None of this member's tabs is in view. */
export const nobodyLooks = (me: Peer, peers: Iterable<Peer>): boolean =>
  ownTabs(me, peers).every(({ hidden }) => hidden)

/** This tab has the lowest id of the member's: the one that speaks for all. */
export const isSpeaker = (me: Peer, peers: Iterable<Peer>): boolean =>
  ownTabs(me, peers).every(({ id }) => me.id <= id)

/** What is read on a lock screen: one line of it. chosen. */
const mostLetters = 140

function noticeFor(
  message: Message,
  kind: NewsKind,
  members: ReadonlyMap<MemberId, unknown> & Parameters<typeof labelOf>[1],
): Pick<Notice, 'title' | 'text'> {
  const author = members.has(message.from) ? labelOf(message.from, members) : message.fromName
  const text = typeof message.body === 'string' ? message.body.trim() : 'sent data'
  return {
    title: kind === 'direct' ? author : `${author} in ${message.to}`,
    text: text.length > mostLetters ? `${text.slice(0, mostLetters - 1)}…` : text,
  }
}
