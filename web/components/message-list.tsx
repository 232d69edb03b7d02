// The messages of one conversation. It opens at the first new one, else at the newest, and stays there unless the
// reader scrolled up; then it stands still and says how many came in.

import { useSignal } from '@preact/signals'
import { Fragment } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { Message } from 'skein'
import type { Conversation } from '../conversations.ts'
import type { Session } from '../state.ts'
import { count, dayOf, readersSentence, sameDay } from '../words.ts'
import { MessageRow } from './message-row.tsx'

interface MessageListProps {
  readonly session: Session
  readonly conversation: Conversation
}

/** So near to the end counts as being there; pixels. */
const nearEnd = 48

export function MessageList({ session, conversation }: MessageListProps) {
  const messages = conversation.messages.value
  const firstNew = conversation.unread.first.value
  const scroller = useRef<HTMLDivElement>(null)
  const missed = useStickyScroll(scroller, messages, session.me.value.member, firstNew)
  /** A button that goes leaves the focus in the list: here, and at the jump to the end. */
  const loadEarlier = async (button: HTMLElement): Promise<void> => {
    await conversation.loadEarlier()
    const { activeElement: focused, body } = document
    const goes = !conversation.hasEarlier.value
    if (goes && (focused === button || focused === body)) scroller.current?.focus({ preventScroll: true })
  }
  return (
    <div class="messages-frame">
      <div
        class="messages"
        ref={scroller}
        role="log"
        aria-label="Messages"
        aria-relevant="additions"
        aria-busy={messages === undefined}
        tabIndex={0}
      >
        {conversation.hasEarlier.value && (
          <button
            type="button"
            class="quiet-button load-earlier"
            data-testid="load-earlier"
            aria-disabled={conversation.loadingEarlier.value}
            onClick={(event) => void loadEarlier(event.currentTarget)}
          >
            {conversation.loadingEarlier.value ? 'Loading…' : 'Load earlier messages'}
          </button>
        )}
        {messages === undefined && <p class="quiet empty">Reading what is stored here…</p>}
        {messages?.length === 0 && <EmptyConversation session={session} conversation={conversation} />}
        {messages?.map((message, at) => {
          const before = messages[at - 1]
          const newDay = !before || !sameDay(before.sentAt, message.sentAt)
          return (
            <Fragment key={message.id}>
              {newDay && <p class="day">{dayOf(message.sentAt, session.minute.value)}</p>}
              {message.id === firstNew && (before || conversation.hasEarlier.value) && (
                <p class="new-line" data-testid="new-line">
                  New
                </p>
              )}
              <MessageRow
                session={session}
                message={message}
                continues={!newDay && message.id !== firstNew && continues(before, message)}
                endsRun={!continues(message, messages[at + 1])}
              />
            </Fragment>
          )
        })}
      </div>
      {missed.value > 0 && (
        <button
          type="button"
          class="jump"
          data-testid="jump"
          onClick={() => {
            if (!scroller.current) return
            scroller.current.scrollTop = scroller.current.scrollHeight
            scroller.current.focus({ preventScroll: true })
          }}
        >
          {count(missed.value, 'new message')} ↓
        </button>
      )}
    </div>
  )
}

function EmptyConversation({ session, conversation }: MessageListProps) {
  const { key } = conversation
  const isOutside = key.startsWith('#') && !session.rooms.value.find(({ name }) => `#${name}` === key)?.joined
  return (
    <div class="empty">
      <svg viewBox="0 0 96 56" aria-hidden="true">
        <path d="M40 16q4-4 8-1q4-3 8 1M26 28q4-4 8-1q4-3 8 1M54 28q4-4 8-1q4-3 8 1M12 40q4-4 8-1q4-3 8 1M68 40q4-4 8-1q4-3 8 1" />
      </svg>
      <p>{isOutside ? 'No messages here.' : 'No messages yet.'}</p>
      {!isOutside && <p class="quiet">{readersSentence(key, session.me.value.member)}</p>}
    </div>
  )
}

/** Keeps the end in view, or the reader's place; returns how many messages came in below. */
function useStickyScroll(
  scroller: { readonly current: HTMLDivElement | null },
  messages: readonly Message[] | undefined,
  me: Message['from'],
  firstNew: Message['id'] | undefined,
) {
  const missed = useSignal(0)
  const place = useRef({ atEnd: true, height: 0, top: 0, firstId: '', lastId: '' })

  useEffect(() => {
    const element = scroller.current
    if (!element) return
    let room = element.clientHeight
    const look = () => {
      // Of a frame in which the list became lower, too: nobody has scrolled away from the end by that.
      if (element.clientHeight !== room) return
      const atEnd = isAtEnd(element)
      Object.assign(place.current, { atEnd, top: element.scrollTop })
      if (atEnd) missed.value = 0
    }
    const stick = () => {
      room = element.clientHeight
      if (place.current.atEnd) element.scrollTop = element.scrollHeight
    }
    const resizes = new ResizeObserver(stick)
    resizes.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    return () => {
      resizes.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [])

  useLayoutEffect(() => {
    const element = scroller.current
    if (!element || !messages) return
    const before = place.current
    const first = messages[0]?.id ?? ''
    const last = messages.at(-1)
    const known = messages.findLastIndex((message) => message.id === before.lastId)
    const isMineAndNew = last?.from === me && last.id !== before.lastId && known >= 0
    if (before.atEnd || isMineAndNew) {
      element.scrollTop = element.scrollHeight
      if (before.lastId === '' && firstNew !== undefined) missed.value = showFirstNew(element, firstNew)
      before.atEnd = isAtEnd(element)
    } else {
      if (first !== before.firstId) element.scrollTop = before.top + (element.scrollHeight - before.height)
      if (known >= 0) missed.value += messages.length - 1 - known
    }
    Object.assign(before, {
      height: element.scrollHeight,
      top: element.scrollTop,
      firstId: first,
      lastId: last?.id ?? '',
    })
  }, [messages])

  return missed
}

const isAtEnd = (element: HTMLElement): boolean =>
  element.scrollHeight - element.scrollTop - element.clientHeight < nearEnd

/** Scrolls back to the first new message where it is above what is in view; returns how many are below the view then. */
function showFirstNew(element: HTMLElement, firstNew: Message['id']): number {
  const row = element.querySelector(`[data-message-id="${CSS.escape(firstNew)}"]`)
  const above = row ? element.getBoundingClientRect().top - row.getBoundingClientRect().top : 0
  if (above <= 0) return 0
  element.scrollTop -= above + element.clientHeight / 5
  const bottom = element.getBoundingClientRect().bottom
  return [...element.querySelectorAll('.message')].filter(
    (other) => other.getBoundingClientRect().top > bottom,
  ).length
}

const runMs = 5 * 60_000

/** Said by the same one in one go: the name is not written again. */
const continues = (before: Message | undefined, message: Message | undefined): boolean =>
  before !== undefined &&
  message !== undefined &&
  before.from === message.from &&
  Math.abs(message.sentAt - before.sentAt) < runMs
