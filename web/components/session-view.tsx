// The app once it is in a mesh: conversations on the left, the one that is open in the middle, the flock on the
// right. On narrow screens the sides become drawers.

import { useSignal, useSignalEffect, type Signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { count, statusSentence } from '../words.ts'
import type { Session } from '../state.ts'
import { ConversationList } from './conversation-list.tsx'
import { ConversationView } from './conversation-view.tsx'
import { Drawer, useNarrow } from './drawer.tsx'
import { Announcer, EventList } from './event-list.tsx'
import { ConnectionDetails } from './connection-details.tsx'
import { LeaderLine } from './leader-line.tsx'
import { PeopleList } from './people-list.tsx'
import { Formation } from './formation.tsx'
import { Wordmark } from './wordmark.tsx'

type Side = 'conversations' | 'flock'

export function SessionView({ session, onLeave }: { session: Session; onLeave: () => void }) {
  const open = useSignal<Side | undefined>(undefined)
  const main = useRef<HTMLElement>(null)
  const narrow = useNarrow('(max-width: 47.99rem)')
  const medium = useNarrow('(max-width: 69.99rem)')
  const isModal = (open.value === 'conversations' && narrow.value) || (open.value === 'flock' && medium.value)
  useSessionEffects(session)
  const close = () => {
    open.value = undefined
  }
  return (
    <div class="app">
      <a
        class="skip-link"
        href="#conversation"
        onClick={(event) => {
          event.preventDefault()
          main.current?.focus()
        }}
      >
        Skip to the conversation
      </a>
      <Drawer
        side="left"
        label="Conversations"
        isDrawer={narrow.value}
        isOpen={open.value === 'conversations'}
        onClose={close}
      >
        <header class="side-head">
          <Wordmark />
          <span class="mesh-name" title="The mesh you are in">
            {session.meshName}
          </span>
        </header>
        <ConversationList session={session} onSelected={close} />
        <footer class="side-foot">
          <span class="ellipsis">
            You are <strong>{session.me.value.name}</strong>
          </span>
          <button type="button" class="quiet-button" onClick={onLeave} data-testid="leave">
            Leave
          </button>
        </footer>
      </Drawer>
      <main class="main" id="conversation" ref={main} tabIndex={-1} inert={isModal}>
        <TopBar session={session} open={open} narrow={narrow.value} medium={medium.value} />
        <ConversationView session={session} />
      </main>
      <Drawer
        side="right"
        label="The flock and what happened"
        isDrawer={medium.value}
        isOpen={open.value === 'flock'}
        onClose={close}
      >
        <div class="flock">
          <Formation session={session} />
          <LeaderLine session={session} />
          <PeopleList session={session} onSelected={close} />
        </div>
        <EventList session={session} />
        <ConnectionDetails session={session} />
      </Drawer>
      {isModal && <div class="backdrop" aria-hidden="true" onClick={close} />}
      <Announcer session={session} />
    </div>
  )
}

interface TopBarProps {
  readonly session: Session
  readonly open: Signal<Side | undefined>
  readonly narrow: boolean
  readonly medium: boolean
}

function TopBar({ session, open, narrow, medium }: TopBarProps) {
  const others = session.peers.value.length - 1
  const unread = unreadIn(session)
  return (
    <div class="top-bar">
      {narrow && (
        <DrawerButton open={open} side="conversations" icon="M3 5.5h14M3 10h14M3 14.5h9">
          <span class="visually-hidden">Conversations</span>
          {unread > 0 && <span class="badge">{unread > 99 ? '99+' : unread}</span>}
        </DrawerButton>
      )}
      <p class="status-line" data-testid="status-line" data-settled={session.status.value.settled}>
        {statusSentence(session.status.value, others)}
      </p>
      {medium && (
        <DrawerButton
          open={open}
          side="flock"
          icon="M2.5 8q3.5-3 7.5-.5q4-2.5 7.5.5M1.5 15q2-2 4-.5q2-1.5 4 .5M10.5 15q2-2 4-.5q2-1.5 4 .5"
        >
          <span class="visually-hidden">Who is here, and what happened: {count(others + 1, 'peer')}</span>
          <span aria-hidden="true">{others + 1}</span>
        </DrawerButton>
      )}
    </div>
  )
}

interface DrawerButtonProps {
  readonly open: Signal<Side | undefined>
  readonly side: Side
  /** Path of a 20×20 picture. */
  readonly icon: string
  readonly children: ComponentChildren
}

function DrawerButton({ open, side, icon, children }: DrawerButtonProps) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-expanded={open.value === side}
      onClick={() => {
        open.value = side
      }}
    >
      <svg viewBox="0 0 20 20" aria-hidden="true">
        <path d={icon} />
      </svg>
      {children}
    </button>
  )
}

const unreadIn = (session: Session): number =>
  [...session.conversations.value.values()].reduce((sum, { unread }) => sum + unread.value, 0)

/** Reads what is on screen as read when the page is looked at again, and asks for figures that change silently. */
function useSessionEffects(session: Session): void {
  useSignalEffect(() => {
    const unread = unreadIn(session)
    document.title = `${unread > 0 ? `(${unread}) ` : ''}${session.meshName} · Skein`
  })
  useEffect(() => {
    const seen = () => {
      if (document.visibilityState === 'visible')
        session.conversations.value.get(session.selected.value)?.markRead()
    }
    document.addEventListener('visibilitychange', seen)
    const timer = setInterval(() => session.refreshStatus(), 2000)
    return () => {
      document.removeEventListener('visibilitychange', seen)
      clearInterval(timer)
      document.title = 'Skein'
    }
  }, [session])
}
