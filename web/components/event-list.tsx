// What happened, in plain words: the whole list, the newest line above the text box, and the same for screen
// readers.

import { useEffect, useRef } from 'preact/hooks'
import type { EventLine } from '../event-log.ts'
import type { Session } from '../state.ts'

export function EventList({ session }: { session: Session }) {
  const lines = session.events.lines.value
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => {
    if (list.current) list.current.scrollTop = list.current.scrollHeight
  }, [lines])
  return (
    <section class="happened" aria-labelledby="events-title">
      <h2 id="events-title">What happened</h2>
      <ol class="events" data-testid="events" ref={list} tabIndex={0}>
        {lines.map((line) => (
          <li key={line.id} data-testid="event" data-tone={line.tone}>
            <Line line={line} />
          </li>
        ))}
      </ol>
      {lines.length === 0 && <p class="quiet">Nothing yet.</p>}
    </section>
  )
}

/** For eyes only: the announcer reads it out. */
export function LatestEvent({ session }: { session: Session }) {
  const line = session.events.lines.value.at(-1)
  if (!line) return null
  return (
    <p class="latest-event" aria-hidden="true" data-tone={line.tone}>
      <Line key={line.id} line={line} />
    </p>
  )
}

/** Always in the page, so that screen readers hear of it wherever the person is. */
export function Announcer({ session }: { session: Session }) {
  return (
    <p class="visually-hidden" role="status" aria-live="polite">
      {session.events.lines.value.at(-1)?.text}
    </p>
  )
}

function Line({ line }: { line: EventLine }) {
  const at = new Date(line.at)
  return (
    <>
      <time dateTime={at.toISOString()}>
        {at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}
      </time>
      <span>
        {line.text}
        {line.times > 1 && ` (${line.times} times)`}
      </span>
    </>
  )
}
