// What is new in one conversation: messages by others that nobody on this device has seen. Counted from the history
// and from what arrives, against the position up to which it was read; so a reload changes nothing.

import { batch, signal, type ReadonlySignal } from '@preact/signals'
import type { MemberId, Message, MessageId } from 'skein'
import type { ReadPositions } from './read-positions.ts'

export interface Unread {
  /** At most `mostUnread`. */
  readonly count: ReadonlySignal<number>
  /** Where the line "New" stands: it stays after reading, until the conversation is left. */
  readonly first: ReadonlySignal<MessageId | undefined>
  /** A message has just come in. */
  arrived(message: Message): void
  /** These are in the history. */
  found(page: readonly Message[]): void
  /** Everything known, and everything up to `cursor`, was seen; `id` is of a message that has just come in. */
  read(cursor: string | undefined, id?: MessageId): void
  /** Another tab may have moved the position. */
  follow(): void
  clearLine(): void
}

/** The badge says "99+". */
const mostUnread = 100

export function createUnread(conversation: string, positions: ReadPositions, me: MemberId): Unread {
  const count = signal(0)
  const first = signal<MessageId | undefined>(undefined)
  /** Cursors by id. */
  const news = new Map<MessageId, string>()
  let firstCursor = ''

  const isNew = ({ id, from, cursor }: Pick<Message, 'id' | 'from' | 'cursor'>): boolean => {
    const position = positions.get(conversation)
    return from !== me && (!position || cursor > position.cursor || position.late.includes(id))
  }

  function add({ id, cursor }: Message): void {
    if (news.size === 0 || cursor < firstCursor) {
      first.value = id
      firstCursor = cursor
    }
    if (news.size < mostUnread) news.set(id, cursor)
  }

  const tally = (): void => {
    count.value = news.size
  }

  return {
    count,
    first,
    arrived: (message) =>
      batch(() => {
        if (message.from === me) return
        const position = positions.get(conversation)
        if (position && message.cursor <= position.cursor) {
          // Another tab has shown it before this one heard of it.
          if (positions.wasSeen(message.id)) return
          positions.addLate(conversation, message.id)
        }
        add(message)
        tally()
      }),
    found: (page) =>
      batch(() => {
        for (const message of page) if (isNew(message)) add(message)
        tally()
      }),
    read: (cursor = '', id) => {
      const newest = [cursor, ...news.values()].reduce((a, b) => (a > b ? a : b))
      const ids = id === undefined ? [...news.keys()] : [...news.keys(), id]
      if (newest !== '') positions.read(conversation, newest, ids)
      news.clear()
      tally()
    },
    follow: () => {
      const position = positions.get(conversation)
      if (!position) return
      for (const [id, cursor] of news)
        if (cursor <= position.cursor && !position.late.includes(id)) news.delete(id)
      tally()
    },
    clearLine: () => {
      first.value = undefined
    },
  }
}

/** As a badge shows it. */
export const badgeText = (count: number): string => (count >= mostUnread ? '99+' : String(count))

/** The page's title: how much is new, what is open, and what this is. */
export const titleWith = (count: number, open: string): string =>
  `${count > 0 ? `(${badgeText(count)}) ` : ''}${open} – Skein`
