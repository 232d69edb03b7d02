// Leaves the mesh: for now, with everything kept on this device, or for good. The second asks for the mesh's name.

import { useSignal, type Signal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { whatIsAtStake } from '../erasing.ts'
import type { Session } from '../state.ts'
import { Dialog } from './dialog.tsx'

interface LeaveDialogProps {
  readonly session: Session
  readonly onLeave: () => void
  /** Resolves with a sentence where it was refused. */
  readonly onErase: () => Promise<string | undefined>
  readonly onClose: () => void
}

export function LeaveDialog({ session, onLeave, onErase, onClose }: LeaveDialogProps) {
  const choice = useSignal<'leave' | 'erase'>('leave')
  const isErasing = choice.value === 'erase'
  const busy = useSignal(false)
  const eraseChoice = useRef<HTMLButtonElement>(null)
  const wasErasing = useRef(false)
  // Before anything else can be pressed: an effect after the next frame comes late for a quick hand.
  useLayoutEffect(() => {
    if (wasErasing.current && !isErasing) eraseChoice.current?.focus()
    wasErasing.current = isErasing
  }, [isErasing])
  return (
    <Dialog title={`Leave ${session.meshName}`} testId="leave-dialog" isBusy={busy.value} onClose={onClose}>
      {isErasing ? (
        <EraseForm
          session={session}
          busy={busy}
          onErase={onErase}
          onBack={() => {
            choice.value = 'leave'
          }}
        />
      ) : (
        <>
          <p>
            Everything stays on this device: what others have not got yet goes out when you come back. Other
            tabs stay in the mesh.
          </p>
          <div class="actions">
            <button type="button" class="primary" data-testid="leave-confirm" data-first onClick={onLeave}>
              Leave
            </button>
            <button
              ref={eraseChoice}
              type="button"
              class="quiet-button"
              data-testid="leave-erase"
              onClick={() => {
                choice.value = 'erase'
              }}
            >
              Leave and erase what this device holds…
            </button>
          </div>
        </>
      )}
    </Dialog>
  )
}

interface EraseFormProps {
  readonly session: Session
  /** It has begun: what becomes of it is said here. */
  readonly busy: Signal<boolean>
  readonly onErase: () => Promise<string | undefined>
  readonly onBack: () => void
}

function EraseForm({ session, busy, onErase, onBack }: EraseFormProps) {
  const typed = useSignal('')
  const refused = useSignal<string | undefined>(undefined)
  const field = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => field.current?.focus(), [])
  const { meshName } = session
  const stakes = whatIsAtStake(session.status.value)
  const siblings = session.peers.value.filter(
    ({ id, member }) => member === session.me.value.member && id !== session.me.value.id,
  ).length
  const matches = typed.value.trim() === meshName
  const submit = async (): Promise<void> => {
    if (!matches || busy.value) return
    busy.value = true
    try {
      refused.value = await onErase()
    } finally {
      busy.value = false
      // Its button could not keep the focus.
      field.current?.focus()
    }
  }
  return (
    <form
      class="erase-form"
      onSubmit={(event) => {
        event.preventDefault()
        submit().catch(session.report)
      }}
    >
      <p>
        Messages, notes and tasks of {meshName} are deleted from this browser. What others hold stays with
        them. The key that says who you are stays too: your other meshes use it.
      </p>
      {siblings > 0 && (
        <p>
          Your other {siblings === 1 ? 'tab' : `${siblings} tabs`} in {meshName} will leave too.
        </p>
      )}
      <div class={stakes.length > 0 ? 'warning' : 'quiet'} data-testid="erase-stakes">
        {stakes.length === 0 ? (
          <p>Every message of yours has reached those it is for.</p>
        ) : (
          stakes.map((sentence) => <p key={sentence}>{sentence}</p>)
        )}
      </div>
      <p class="quiet">A note that nobody else ever opened is only on this device.</p>
      <div class="field">
        <label for="erase-name">
          Type <strong>{meshName}</strong> to go on
        </label>
        <input
          ref={field}
          id="erase-name"
          data-testid="erase-name"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          value={typed.value}
          onInput={(event) => {
            typed.value = event.currentTarget.value
          }}
        />
      </div>
      {refused.value !== undefined && (
        <p class="problem" role="alert" data-testid="erase-refused">
          {refused.value}
        </p>
      )}
      <div class="actions">
        <button
          type="submit"
          class="primary danger"
          data-testid="erase-confirm"
          disabled={!matches || busy.value}
        >
          {busy.value ? 'Leaving…' : 'Leave and erase'}
        </button>
        <button type="button" class="quiet-button" onClick={onBack} disabled={busy.value}>
          Back
        </button>
      </div>
    </form>
  )
}
