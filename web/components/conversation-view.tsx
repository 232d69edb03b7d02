// The open conversation: who is in it, its messages, and the box to write in.

import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { Member } from 'skein'
import type { Session } from '../state.ts'
import { ago, inARow, labelOf, sentencesOnName, titleOf } from '../words.ts'
import { Composer } from './composer.tsx'
import { LatestEvent } from './event-list.tsx'
import { MessageList } from './message-list.tsx'

export function ConversationView({ session }: { session: Session }) {
  const key = session.selected.value
  const openedAs = session.openedAs.value
  const shownAs = useRef<string>(undefined)
  useLayoutEffect(() => {
    shownAs.current = openedAs
  })
  const conversation = session.conversations.value.get(key)
  if (!conversation) return null
  const room = key.startsWith('#') ? session.rooms.value.find(({ name }) => `#${name}` === key) : undefined
  const mayWrite = !key.startsWith('#') || room?.joined === true
  return (
    <>
      <ConversationHead session={session} />
      <MessageList key={`messages ${key}`} session={session} conversation={conversation} />
      <LatestEvent session={session} />
      {mayWrite ? (
        <Composer
          key={`composer ${openedAs}`}
          isLate={shownAs.current === openedAs}
          draft={conversation.draft}
          label={placeholderFor(session)}
          hint={hintFor(session)}
        />
      ) : (
        <JoinRoom key={key} session={session} name={key.slice(1)} />
      )}
    </>
  )
}

function ConversationHead({ session }: { session: Session }) {
  const key = session.selected.value
  const room = session.rooms.value.find(({ name }) => `#${name}` === key)
  const title = titleOf(key, session.members.value)
  return (
    <header class="conversation-head">
      <h1 class="ellipsis" title={title}>
        {title}
      </h1>
      <p class="quiet ellipsis">{subtitleFor(session)}</p>
      {room?.joined && (
        <button
          type="button"
          class="quiet-button"
          data-testid="room-leave"
          onClick={() => void session.leaveRoom(room.name).catch(session.report)}
        >
          Leave room
        </button>
      )}
    </header>
  )
}

function JoinRoom({ session, name }: { session: Session; name: string }) {
  const busy = useSignal(false)
  const button = useRef<HTMLButtonElement>(null)
  // Whoever pressed "Leave room" has lost that button.
  useEffect(() => {
    if (document.activeElement === document.body) button.current?.focus()
  }, [])
  return (
    <div class="join-room">
      <p>You are not in this room: what is written in it does not come to you.</p>
      <button
        ref={button}
        type="button"
        class="primary"
        data-testid="room-join"
        disabled={busy.value}
        onClick={() => {
          busy.value = true
          void session
            .joinRoom(name)
            .catch(session.report)
            .finally(() => {
              busy.value = false
            })
        }}
      >
        Join #{name}
      </button>
    </div>
  )
}

function subtitleFor(session: Session): string {
  const key = session.selected.value
  const members = session.members.value
  if (key.startsWith('#')) {
    const inIt = session.rooms.value.find(({ name }) => `#${name}` === key)?.members ?? []
    if (inIt.length === 0) return 'Nobody is in this room'
    const me = session.me.value.member
    const names = inIt.filter(({ id }) => id !== me).map(({ id }) => labelOf(id, members))
    const withMe = inIt.some(({ id }) => id === me) ? ['you', ...names] : names
    return inARow(withMe, 6)
  }
  if (key.startsWith('@')) return sentencesOnName(key, members).who
  const member = members.get(key as Member['id'])
  if (!member) return ''
  if (member.id === session.me.value.member) return 'A note to yourself'
  const whoIs = member.kind === 'agent' ? 'An agent' : 'A person'
  return member.online
    ? `${whoIs}, here now`
    : `${whoIs}, away; last seen ${lastSeen(member, session.minute.value)}`
}

const lastSeen = (member: Member, now: number): string =>
  member.lastSeenAt === undefined ? 'by others only' : ago(member.lastSeenAt, now)

function placeholderFor(session: Session): string {
  const key = session.selected.value
  return `Write to ${titleOf(key, session.members.value)}`
}

/** What will become of a message where nobody can take it now. */
function hintFor(session: Session): string | undefined {
  const key = session.selected.value
  if (key.startsWith('@')) return sentencesOnName(key, session.members.value).hint
  if (key.startsWith('#')) {
    const inIt = session.rooms.value.find(({ name }) => `#${name}` === key)?.members ?? []
    const me = session.me.value.member
    const anybody = inIt.some((member) => member.id !== me && member.online)
    return anybody
      ? undefined
      : 'Nobody else of this room is here now. What you write is stored and arrives later.'
  }
  const member = session.members.value.get(key as Member['id'])
  if (!member || member.online || member.id === session.me.value.member) return undefined
  return `${member.name} is away. What you write is stored here and arrives when ${member.name} is back.`
}
