// The app once it is in a mesh: conversations on the left, the one that is open in the middle, the flock on the
// right. On narrow screens the sides become drawers.

import { useSignal, useSignalEffect, type Signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import {
  createDocumentsDoor,
  DocumentsMain,
  DocumentsNav,
  type DocumentsDoor,
} from '../documents/documents-door.tsx'
import type { Notifications } from '../notifications.ts'
import { hashOfView, viewOfHash } from '../route.ts'
import type { Session } from '../state.ts'
import { badgeText, titleWith } from '../unread.ts'
import { count, statusSentence, titleOf } from '../words.ts'
import { ConversationList } from './conversation-list.tsx'
import { ConversationView } from './conversation-view.tsx'
import { Drawer, useMedia } from './drawer.tsx'
import { Announcer, EventList } from './event-list.tsx'
import { InviteDialog } from './invite-dialog.tsx'
import { LeaderLine } from './leader-line.tsx'
import { LeaveDialog } from './leave-dialog.tsx'
import { NotificationOffer, NotificationSettings } from './notification-settings.tsx'
import { PeopleList } from './people-list.tsx'
import { Formation } from './formation.tsx'
import { StatusView } from './status-view.tsx'
import { Wordmark } from './wordmark.tsx'

type Side = 'conversations' | 'flock'
type OpenDialog = 'invite' | 'notifications' | 'leave'

interface SessionViewProps {
  readonly session: Session
  readonly notifications: Notifications
  readonly onLeave: () => void
  readonly onErase: () => Promise<string | undefined>
}

export function SessionView({ session, notifications, onLeave, onErase }: SessionViewProps) {
  const dialog = useSignal<OpenDialog | undefined>(undefined)
  const open = useSignal<Side | undefined>(undefined)
  const main = useRef<HTMLElement>(null)
  const narrow = useMedia('(max-width: 47.99rem)')
  const medium = useMedia('(max-width: 69.99rem)')
  const isModal = (open.value === 'conversations' && narrow.value) || (open.value === 'flock' && medium.value)
  useSessionEffects(session)
  useViewInAddress(session)
  const door = useMemo(() => createDocumentsDoor(session), [session])
  useEffect(() => () => door.close(), [door])
  const close = () => {
    open.value = undefined
  }
  const closeDialog = () => {
    dialog.value = undefined
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
          <button
            type="button"
            class="quiet-button"
            data-testid="invite-open"
            onClick={() => {
              dialog.value = 'invite'
            }}
          >
            Invite
          </button>
          <span class="mesh-name" title="The mesh you are in">
            {session.meshName}
          </span>
        </header>
        <DocumentsNav session={session} door={door} onSelected={close} />
        <ConversationList session={session} onSelected={close} />
        <footer class="side-foot">
          <span class="ellipsis">
            You are <strong>{session.me.value.name}</strong>
          </span>
          <span class="foot-actions">
            <FootButton
              testId="notify-open"
              label="Notifications"
              icon="M5 14h10c-1-1-1.500-2-1.500-5a3.500 3.500 0 0 0-7 0c0 3-.5 4-1.500 5zM8.500 16.500q1.500 1 3 0"
              onPress={() => {
                dialog.value = 'notifications'
              }}
            />
            <FootButton
              testId="status-open"
              label="Status"
              icon="M2.500 11h3l2-6l4 10l2-4h4"
              isCurrent={session.view.value.type === 'status'}
              onPress={() => {
                session.show({ type: 'status' })
                close()
              }}
            />
            <button
              type="button"
              class="quiet-button"
              data-testid="leave"
              onClick={() => {
                dialog.value = 'leave'
              }}
            >
              Leave
            </button>
          </span>
        </footer>
      </Drawer>
      <main class="main" id="conversation" ref={main} tabIndex={-1} inert={isModal}>
        <TopBar session={session} open={open} narrow={narrow.value} medium={medium.value} />
        <NotificationOffer notifications={notifications} />
        <MainPane session={session} door={door} />
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
        <footer class="side-foot">
          <button
            type="button"
            class="quiet-button"
            onClick={() => {
              session.show({ type: 'status' })
              close()
            }}
          >
            Connection and storage
          </button>
        </footer>
      </Drawer>
      {isModal && (
        <div class="backdrop" aria-hidden="true" onClick={(event) => event.detail < 2 && close()} />
      )}
      <Announcer session={session} />
      {dialog.value === 'invite' && <InviteDialog meshName={session.meshName} onClose={closeDialog} />}
      {dialog.value === 'notifications' && (
        <NotificationSettings session={session} notifications={notifications} onClose={closeDialog} />
      )}
      {dialog.value === 'leave' && (
        <LeaveDialog session={session} onLeave={onLeave} onErase={onErase} onClose={closeDialog} />
      )}
    </div>
  )
}

function MainPane({ session, door }: { session: Session; door: DocumentsDoor }) {
  const view = session.view.value
  switch (view.type) {
    case 'conversation':
      return <ConversationView session={session} />
    case 'status':
      return <StatusView session={session} />
    case 'notes':
    case 'tasks':
      return <DocumentsMain session={session} door={door} view={view} />
  }
}

interface FootButtonProps {
  readonly testId: string
  readonly label: string
  /** Path of a 20×20 picture. */
  readonly icon: string
  readonly isCurrent?: boolean
  readonly onPress: () => void
}

function FootButton({ testId, label, icon, isCurrent = false, onPress }: FootButtonProps) {
  return (
    <button
      type="button"
      class="icon-button"
      title={label}
      data-testid={testId}
      aria-current={isCurrent ? 'page' : undefined}
      onClick={onPress}
    >
      <svg viewBox="0 0 20 20" aria-hidden="true">
        <path d={icon} />
      </svg>
      <span class="visually-hidden">{label}</span>
    </button>
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
          {unread > 0 && <span class="badge">{badgeText(unread)}</span>}
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
  [...session.conversations.value.values()].reduce((sum, { unread }) => sum + unread.count.value, 0)

/** Says in the title, and on the app's icon, how much is new; asks for figures that change silently. */
function useSessionEffects(session: Session): void {
  useSignalEffect(() => {
    const unread = unreadIn(session)
    document.title = titleWith(unread, nameOfView(session))
    showAppBadge(unread)
  })
  useEffect(() => {
    const timer = setInterval(() => session.refreshStatus(), 2000)
    return () => {
      clearInterval(timer)
      document.title = 'Skein'
      showAppBadge(0)
    }
  }, [session])
}

function nameOfView(session: Session): string {
  const view = session.view.value
  switch (view.type) {
    case 'conversation':
      return titleOf(session.selected.value, session.members.value)
    case 'status':
      return 'Status'
    case 'notes':
      return 'Notes'
    case 'tasks':
      return 'Tasks'
  }
}

function showAppBadge(unread: number): void {
  if (typeof navigator.setAppBadge !== 'function') return
  const done = unread > 0 ? navigator.setAppBadge(unread) : navigator.clearAppBadge()
  // Refused where the app is not installed: the title has the number too.
  done.catch(() => undefined)
}

/** The address follows the view, and the browser's back button closes it. */
function useViewInAddress(session: Session): void {
  // At once: later it would take back what somebody has pressed meanwhile.
  useLayoutEffect(() => {
    const follow = () => session.show(viewOfHash(window.location.hash))
    follow()
    window.addEventListener('popstate', follow)
    return () => {
      window.removeEventListener('popstate', follow)
      // What was open is of this mesh: the next one knows nothing of it.
      window.history.replaceState(null, '', plainAddress())
    }
  }, [session])
  useSignalEffect(() => {
    const hash = hashOfView(session.view.value)
    if (window.location.hash === hash) return
    window.history.pushState(null, '', `${plainAddress()}${hash}`)
  })
}

const plainAddress = (): string => window.location.pathname + window.location.search
