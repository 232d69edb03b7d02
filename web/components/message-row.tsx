// One message. What a peer wrote is only ever put into text nodes.

import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { Body, Message } from 'skein'
import { beginningOf, textOf } from '../body-text.ts'
import { piecesOf } from '../links-in-text.ts'
import type { Session } from '../state.ts'
import { deliverySentence, labelOf, momentOf } from '../words.ts'
import { toneOf } from './tone.ts'

interface MessageRowProps {
  readonly session: Session
  readonly message: Message
  /** The one before was by the same author: no name. */
  readonly continues: boolean
  /** The next one is not: the state of delivery is spelled out. */
  readonly endsRun: boolean
}

// It reads signals, so @preact/signals draws it again only when one of them or of its properties changed.
export function MessageRow({ session, message, continues, endsRun }: MessageRowProps) {
  const mine = message.from === session.me.value.member
  const author = session.members.value.has(message.from)
    ? labelOf(message.from, session.members.value)
    : message.fromName
  return (
    <article
      class={`message${mine ? ' mine' : ''}${continues ? ' continues' : ''}`}
      data-testid="message"
      data-message-id={message.id}
      data-state={message.state}
      data-from={message.from}
    >
      <header class={continues ? 'visually-hidden' : 'message-head'}>
        <span class="author ellipsis" data-tone={toneOf(message.from)} title={message.from}>
          {mine ? `${author} (you)` : author}
        </span>
        <Time at={message.sentAt} />
        {message.clockAhead && (
          <span class="note" title="The author's clock was over a minute ahead of ours.">
            clock ahead
          </span>
        )}
      </header>
      <BodyView body={message.body} />
      {mine && <DeliveryStatus session={session} message={message} spelledOut={endsRun} />}
    </article>
  )
}

function Time({ at }: { at: number }) {
  const moment = momentOf(at)
  return (
    moment && (
      <time dateTime={moment.attribute} title={moment.whole}>
        {moment.shown}
      </time>
    )
  )
}

function BodyView({ body }: { body: Body }) {
  const isWhole = useSignal(false)
  const whole = useMemo(() => textOf(body), [body])
  const beginning = beginningOf(whole)
  const text = isWhole.value ? whole : beginning
  return (
    <>
      <BodyText body={body} text={text} />
      {beginning !== whole && (
        <button
          type="button"
          class="quiet-button"
          data-testid="message-rest"
          aria-expanded={isWhole.value}
          onClick={() => {
            isWhole.value = !isWhole.value
          }}
        >
          {isWhole.value ? 'Show less' : `Show all ${whole.length.toLocaleString()} characters`}
        </button>
      )}
    </>
  )
}

function BodyText({ body, text }: { body: Body; text: string }) {
  if (typeof body === 'string')
    return (
      <p class="message-body" data-testid="message-body" dir="auto">
        {piecesOf(text).map((piece) =>
          piece.kind === 'text' ? (
            piece.text
          ) : (
            <a href={piece.href} target="_blank" rel="noopener noreferrer">
              {piece.text}
            </a>
          ),
        )}
      </p>
    )
  if (body instanceof Uint8Array)
    return (
      <p class="message-body quiet" data-testid="message-body">
        {text}
      </p>
    )
  return (
    <pre class="message-body" data-testid="message-body" tabIndex={0}>
      {text}
    </pre>
  )
}

interface DeliveryStatusProps {
  readonly session: Session
  readonly message: Message
  readonly spelledOut: boolean
}

/** Where one's own message is; a press spells out every name. */
function DeliveryStatus({ session, message, spelledOut }: DeliveryStatusProps) {
  const expanded = useSignal(false)
  const me = session.me.value.member
  const members = session.members.value
  const full = deliverySentence(message, me, members, 64)
  const words = expanded.value ? full : deliverySentence(message, me, members)
  const isShown = spelledOut || expanded.value || message.state !== 'delivered'
  return (
    <button
      type="button"
      class="message-status"
      data-testid="message-status"
      data-state={message.state}
      aria-expanded={expanded.value}
      title={full}
      onClick={() => {
        expanded.value = !expanded.value
      }}
    >
      <StateMark state={message.state} />
      <span class={isShown ? undefined : 'visually-hidden'}>{words}</span>
    </button>
  )
}

/** One wing: stored here. Two: with everyone it is for. */
function StateMark({ state }: { state: Message['state'] }) {
  const path = {
    waiting: 'M2 6h.01M7 6h.01M12 6h.01',
    stored: 'M2 7q2.5-3 5-.5q2.5-2.5 5 .5',
    delivered: 'M1 5q2.5-3 5-.5q2.5-2.5 5 .5M4 10q2.5-3 5-.5q2.5-2.5 5 .5',
    expired: 'M3 3l8 6M11 3l-8 6',
  }[state]
  return (
    <svg viewBox="0 0 15 12" aria-hidden="true">
      <path d={path} />
    </svg>
  )
}
