// A modal window on the browser's own <dialog>: it keeps the focus inside, closes with Escape or a press beside it,
// and gives the focus back. It begins at the element marked `data-first`.

import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

interface DialogProps {
  readonly title: string
  readonly testId: string
  /** It cannot be closed while this lasts. */
  readonly isBusy?: boolean
  readonly onClose: () => void
  readonly children: ComponentChildren
}

/** Shown for as long as it is drawn. */
export function Dialog({ title, testId, isBusy = false, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    const before = document.activeElement
    const dialog = element.current
    dialog?.showModal()
    dialog?.querySelector<HTMLElement>('[data-first]')?.focus()
    return () => {
      dialog?.close()
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  const close = () => {
    if (!isBusy) onClose()
  }
  const titleId = `${testId}-title`
  return (
    <dialog
      ref={element}
      class="dialog"
      data-testid={testId}
      aria-labelledby={titleId}
      // Else Chromium closes it at the second Escape, whatever is said to the first.
      closedby={isBusy ? 'none' : undefined}
      onCancel={(event) => {
        event.preventDefault()
        close()
      }}
      onClick={(event) => {
        // The second press of two, by habit, is still meant for what has opened it.
        if (event.target === element.current && event.detail < 2) close()
      }}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={titleId}>{title}</h2>
          <button type="button" class="icon-button" disabled={isBusy} onClick={close}>
            <svg viewBox="0 0 20 20" aria-hidden="true">
              <path d="M5 5l10 10M15 5L5 15" />
            </svg>
            <span class="visually-hidden">Close</span>
          </button>
        </header>
        {children}
      </div>
    </dialog>
  )
}
