// Rooms and direct conversations, and the two small forms that begin one.

import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import type { ConversationKey } from '../conversations.ts'
import { errorSentence } from '../event-sentences.ts'
import { problemWithName, problemWithTopic, withoutMark } from '../names.ts'
import type { Session } from '../state.ts'
import { badgeText } from '../unread.ts'
import { bearersOf, labelOf } from '../words.ts'

interface ListProps {
  readonly session: Session
  readonly onSelected: () => void
}

export function ConversationList({ session, onSelected }: ListProps) {
  return (
    <nav class="conversations" aria-label="Rooms and direct conversations">
      <RoomList session={session} onSelected={onSelected} />
      <DirectList session={session} onSelected={onSelected} />
    </nav>
  )
}

function RoomList({ session, onSelected }: ListProps) {
  return (
    <section aria-labelledby="rooms-title">
      <h2 id="rooms-title">Rooms</h2>
      <ul data-testid="rooms">
        {session.rooms.value.map((room) => (
          <li key={room.name} data-testid="room" data-room={room.name} data-joined={room.joined}>
            <Entry session={session} to={`#${room.name}`} onSelected={onSelected} quiet={!room.joined}>
              <span aria-hidden="true" class="mark">
                #
              </span>
              <span class="ellipsis">{room.name}</span>
              {!room.joined && <span class="note">not joined</span>}
            </Entry>
          </li>
        ))}
      </ul>
      <SmallForm
        testId="room-new"
        label="Create or join a room"
        placeholder="Create or join a room"
        problemWith={(text) => problemWithTopic(text, 'room')}
        submit={async (text) => {
          await session.joinRoom(text)
          onSelected()
        }}
      />
    </section>
  )
}

function DirectList({ session, onSelected }: ListProps) {
  const members = session.members.value
  const me = session.me.value.member
  const conversations = session.conversations.value
  const known = [...members.values()].filter(({ id }) => id !== me || conversations.has(me))
  known.sort(
    (a, b) => Number(b.online) - Number(a.online) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  )
  const unbound = [...conversations.keys()].filter((key) => key.startsWith('@'))
  return (
    <section aria-labelledby="direct-title">
      <h2 id="direct-title">Direct</h2>
      <ul data-testid="directs">
        {known.map((member) => (
          <li key={member.id} data-testid="direct" data-member={member.id} data-name={member.name}>
            <Entry session={session} to={member.id} onSelected={onSelected} quiet={!member.online}>
              <span aria-hidden="true" class={member.online ? 'dot online' : 'dot'} />
              <span class="ellipsis">{labelOf(member.id, members)}</span>
              {!member.online && <span class="note">away</span>}
              {member.id === me && <span class="note">you</span>}
            </Entry>
          </li>
        ))}
        {unbound.map((key) => (
          <NameItem key={key} session={session} to={key} onSelected={onSelected} />
        ))}
      </ul>
      <SmallForm
        testId="direct-new"
        label="Write to anybody by name"
        placeholder="Write to @name"
        problemWith={problemWithName}
        submit={async (text) => {
          session.select(`@${text}`)
          onSelected()
        }}
      />
    </section>
  )
}

/** A name that nobody has borne yet, or that several bear. */
function NameItem({ session, to, onSelected }: ListProps & { readonly to: ConversationKey }) {
  const bearers = bearersOf(to, session.members.value)
  const online = bearers.some((member) => member.online)
  return (
    <li data-testid="direct" data-name={to.slice(1)}>
      <Entry session={session} to={to} onSelected={onSelected} quiet={!online}>
        <span aria-hidden="true" class={online ? 'dot online' : 'dot'} />
        <span class="ellipsis">{to.slice(1)}</span>
        <span class="note">{bearers.length === 0 ? 'not seen yet' : `all ${bearers.length}`}</span>
      </Entry>
    </li>
  )
}

interface EntryProps {
  readonly session: Session
  readonly to: ConversationKey
  readonly quiet: boolean
  readonly onSelected: () => void
  readonly children: ComponentChildren
}

function Entry({ session, to, quiet, onSelected, children }: EntryProps) {
  const unread = session.conversations.value.get(to)?.unread.count.value ?? 0
  const isOpen = session.view.value.type === 'conversation' && session.selected.value === to
  return (
    <button
      type="button"
      class={quiet ? 'entry quiet' : 'entry'}
      aria-current={isOpen ? 'page' : undefined}
      onClick={() => {
        session.select(to)
        onSelected()
      }}
    >
      {children}
      {unread > 0 && (
        <span class="badge" data-testid="unread">
          {badgeText(unread)}
          <span class="visually-hidden"> new</span>
        </span>
      )}
    </button>
  )
}

interface SmallFormProps {
  readonly testId: string
  readonly label: string
  readonly placeholder: string
  readonly problemWith: (text: string) => string | undefined
  readonly submit: (text: string) => Promise<void>
}

/** One line and Enter. What was typed stays until it was taken. */
function SmallForm({ testId, label, placeholder, problemWith, submit }: SmallFormProps) {
  const text = useSignal('')
  const problem = useSignal<string | undefined>(undefined)
  const take = async (): Promise<void> => {
    const typed = text.value
    const value = withoutMark(typed)
    problem.value = problemWith(value)
    if (problem.value !== undefined) return
    try {
      await submit(value)
      // Unless the next one is being typed already.
      if (text.value === typed) text.value = ''
    } catch (error) {
      problem.value = errorSentence(error)
    }
  }
  return (
    <form
      class="small-form"
      onSubmit={(event) => {
        event.preventDefault()
        void take()
      }}
    >
      <input
        data-testid={testId}
        aria-label={label}
        placeholder={placeholder}
        value={text.value}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        aria-invalid={problem.value !== undefined}
        onInput={(event) => {
          text.value = event.currentTarget.value
          problem.value = undefined
        }}
      />
      <button type="submit" class="icon-button" data-testid={`${testId}-submit`}>
        <svg viewBox="0 0 20 20" aria-hidden="true">
          <path d="M10 4v12M4 10h12" />
        </svg>
        <span class="visually-hidden">{label}</span>
      </button>
      {problem.value !== undefined && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
    </form>
  )
}
