// The box to write in. Enter sends, Shift+Enter begins a line (on touch screens Enter does); the text stays until it is
// stored.

import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { sends, type Draft } from '../draft.ts'
import { useMedia } from './drawer.tsx'
import { isTyping } from './typing.ts'

interface ComposerProps {
  /** It comes while its conversation is on the screen: the room was joined only now. */
  readonly isLate: boolean
  readonly draft: Draft
  readonly label: string
  /** What will become of the message, where that is worth saying. */
  readonly hint: string | undefined
}

export function Composer({ isLate, draft, label, hint }: ComposerProps) {
  const box = useRef<HTMLTextAreaElement>(null)
  const problem = draft.problem.value
  const text = draft.text.value
  const isSoftKeyboard = useMedia('(pointer: coarse)').value
  useEffect(() => {
    if (box.current) fitHeight(box.current)
  }, [text])
  // At once: later it would take the focus from where somebody has begun to type meanwhile.
  useLayoutEffect(() => {
    if (isLate && isTyping()) return
    if (window.matchMedia('(hover: hover)').matches) box.current?.focus({ preventScroll: true })
  }, [])
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        draft.submit()
        box.current?.focus()
      }}
    >
      {problem !== undefined ? (
        <p class="problem" role="alert" data-testid="composer-problem">
          Not sent. {problem}
        </p>
      ) : (
        hint !== undefined && (
          <p class="hint" id="composer-hint">
            {hint}
          </p>
        )
      )}
      <textarea
        ref={box}
        data-testid="composer"
        aria-label={label}
        aria-describedby={hint !== undefined && problem === undefined ? 'composer-hint' : undefined}
        aria-invalid={problem !== undefined}
        placeholder={label}
        rows={1}
        dir="auto"
        enterkeyhint={isSoftKeyboard ? 'enter' : 'send'}
        value={text}
        onInput={(event) => draft.edit(event.currentTarget.value, event.data)}
        onKeyDown={(event) => {
          if (!sends(event, isSoftKeyboard)) return
          event.preventDefault()
          draft.submit()
        }}
      />
      <button type="submit" class="primary send" data-testid="composer-send" aria-busy={draft.sending.value}>
        <svg viewBox="0 0 20 20" aria-hidden="true">
          <path d="M3 10h13M11 5l5 5l-5 5" />
        </svg>
        <span class="visually-hidden">{draft.sending.value ? 'Storing…' : 'Send'}</span>
      </button>
    </form>
  )
}

function fitHeight(box: HTMLTextAreaElement): void {
  box.style.height = 'auto'
  box.style.height = `${box.scrollHeight + 2}px`
}
