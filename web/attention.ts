// Whether the person is looking. A page may be in view without having the focus: then it needs no notification,
// but what arrives in it is not read yet.

import { signal, type ReadonlySignal } from '@preact/signals'

export interface Attention {
  /** The page is in view. */
  readonly visible: ReadonlySignal<boolean>
  /** It is in view and has the focus: what it shows counts as read. */
  readonly watching: ReadonlySignal<boolean>
}

/** Follows the page it is in, for as long as that lives. */
export function watchAttention(page: Window): Attention {
  const { document } = page
  const isVisible = (): boolean => document.visibilityState === 'visible'
  const visible = signal(isVisible())
  const watching = signal(isVisible() && document.hasFocus())
  const look = (): void => {
    visible.value = isVisible()
    watching.value = isVisible() && document.hasFocus()
  }
  document.addEventListener('visibilitychange', look)
  page.addEventListener('focus', look)
  page.addEventListener('blur', look)
  return { visible, watching }
}
