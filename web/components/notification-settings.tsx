// Notifications: the quiet offer after a message was missed, and the switches.

import { useSignal } from '@preact/signals'
import type { Notifications } from '../notifications.ts'
import type { Session } from '../state.ts'
import { Dialog } from './dialog.tsx'

/** Asks nothing of the browser until it is pressed. */
export function NotificationOffer({ notifications }: { notifications: Notifications }) {
  if (!notifications.isOffered.value) return null
  return (
    <div class="offer" role="status" data-testid="notify-offer">
      <p>A message came while you looked elsewhere. Shall this browser tell you the next time?</p>
      <button
        type="button"
        class="quiet-button"
        data-testid="notify-accept"
        onClick={() => void notifications.turnOn()}
      >
        Yes, notify me
      </button>
      <button
        type="button"
        class="quiet-button"
        data-testid="notify-decline"
        onClick={() => notifications.turnOff()}
      >
        No
      </button>
    </div>
  )
}

interface SettingsProps {
  readonly session: Session
  readonly notifications: Notifications
  readonly onClose: () => void
}

export function NotificationSettings({ session, notifications, onClose }: SettingsProps) {
  const { permission, isOn, loudRooms } = notifications
  const busy = useSignal(false)
  const works = isOn.value && permission.value === 'granted'
  const joined = session.rooms.value.filter((room) => room.joined)
  return (
    <Dialog title="Notifications" testId="notify-settings" onClose={onClose}>
      <Switch
        testId="notify-switch"
        label="Tell me when I look elsewhere"
        hint="Direct messages, and messages that mention you"
        isOn={works}
        disabled={permission.value === 'unsupported' || busy.value}
        onChange={(on) => {
          if (!on) return notifications.turnOff()
          busy.value = true
          notifications
            .turnOn()
            .catch(session.report)
            .finally(() => {
              busy.value = false
            })
        }}
      />
      <PermissionNote notifications={notifications} name={session.me.value.name} />
      {joined.length > 0 && (
        <fieldset disabled={!works}>
          <legend>Every message of these rooms too</legend>
          {joined.map(({ name }) => (
            <Switch
              key={name}
              testId={`notify-room-${name}`}
              label={`#${name}`}
              isOn={loudRooms.value.has(name)}
              disabled={!works}
              onChange={(on) => notifications.setRoom(name, on)}
            />
          ))}
        </fieldset>
      )}
    </Dialog>
  )
}

function PermissionNote({ notifications, name }: { notifications: Notifications; name: string }) {
  switch (notifications.permission.value) {
    case 'denied':
      return (
        <p class="warning" role="status" data-testid="notify-denied">
          This browser does not let this site notify you. To allow it, press the icon at the left of the
          address, choose Notifications (or Site settings), and allow them; then switch this on.
        </p>
      )
    case 'unsupported':
      return <p class="quiet">This browser has no notifications.</p>
    case 'default':
    case 'granted':
      return (
        <p class="quiet">
          A mention is @{name} in a message. Nothing is shown while a tab of this mesh is in view, and only
          while one is open.
        </p>
      )
  }
}

interface SwitchProps {
  readonly testId: string
  readonly label: string
  readonly hint?: string
  readonly isOn: boolean
  readonly disabled: boolean
  readonly onChange: (on: boolean) => void
}

function Switch({ testId, label, hint, isOn, disabled, onChange }: SwitchProps) {
  return (
    <label class="switch">
      <input
        type="checkbox"
        role="switch"
        data-testid={testId}
        data-first
        checked={isOn}
        disabled={disabled}
        onChange={(event) => {
          const wanted = event.currentTarget.checked
          // It shows what is, and what is may not follow the press.
          event.currentTarget.checked = isOn
          onChange(wanted)
        }}
      />
      <span>
        {label}
        {hint !== undefined && <span class="hint">{hint}</span>}
      </span>
    </label>
  )
}
