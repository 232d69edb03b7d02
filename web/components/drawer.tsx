// A side of the page that is simply there on wide screens, and slides in on narrow ones. As a drawer it takes
// the focus, gives it back, and closes with Escape or the back gesture of a phone; closed it cannot be reached by
// keyboard or screen reader.

import { useSignal, type ReadonlySignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'

declare global {
  interface Window {
    /** Not in every browser. */
    readonly CloseWatcher?: new () => { onclose: (() => void) | null; destroy(): void }
  }
}

interface DrawerProps {
  readonly side: 'left' | 'right'
  readonly label: string
  readonly isDrawer: boolean
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly children: ComponentChildren
}

export function Drawer({ side, label, isDrawer, isOpen, onClose, children }: DrawerProps) {
  const element = useRef<HTMLDivElement>(null)
  const shown = isDrawer && isOpen
  // Before the next paint: by then what is behind the drawer has become inert and lost the focus to give back.
  useLayoutEffect(() => {
    if (!shown) return
    const before = document.activeElement
    const drawer = element.current
    drawer?.focus()
    const unwatch = onCloseRequest(onClose)
    return () => {
      unwatch()
      // Unless what was chosen in it has taken the focus already.
      const isLeft = document.activeElement === document.body || drawer?.contains(document.activeElement)
      if (isLeft && before instanceof HTMLElement) before.focus()
    }
  }, [shown])
  return (
    <div
      ref={element}
      class={`side side-${side}`}
      aria-label={label}
      tabIndex={-1}
      inert={isDrawer && !isOpen}
      role={shown ? 'dialog' : 'complementary'}
      aria-modal={shown}
      onClickCapture={(event) => {
        // The second press of two, by habit, is still meant for what has opened it.
        if (shown && event.detail > 1) event.stopPropagation()
      }}
    >
      {isDrawer && (
        <button type="button" class="icon-button drawer-close" onClick={onClose}>
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <path d="M5 5l10 10M15 5L5 15" />
          </svg>
          <span class="visually-hidden">Close</span>
        </button>
      )}
      {children}
    </div>
  )
}

/** Told when the person wants it closed: by Escape, and by Android's back gesture where the browser says so. */
function onCloseRequest(close: () => void): () => void {
  if (window.CloseWatcher) {
    const watcher = new window.CloseWatcher()
    watcher.onclose = close
    return () => watcher.destroy()
  }
  const onKey = (event: KeyboardEvent) => {
    // A dialog in front of it takes the key for itself.
    if (event.key === 'Escape' && !document.querySelector('dialog[open]')) close()
  }
  document.addEventListener('keydown', onKey)
  return () => document.removeEventListener('keydown', onKey)
}

/** Follows a media query. */
export function useMedia(query: string): ReadonlySignal<boolean> {
  const matches = useSignal(window.matchMedia(query).matches)
  useEffect(() => {
    const list = window.matchMedia(query)
    const follow = () => {
      matches.value = list.matches
    }
    follow()
    list.addEventListener('change', follow)
    return () => list.removeEventListener('change', follow)
  }, [query])
  return matches
}
