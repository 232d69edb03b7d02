// Where the focus goes at once. Whoever types on after a press does not wait for the next frame: what takes the focus
// later takes it from where he types.

import type { Locator } from '@playwright/test'

/** Presses the button, and says by its test id what has the focus as soon as anything was drawn anew for that. */
export const focusedByPressing = (button: Locator): Promise<string | null | undefined> =>
  button.evaluate(async (element) => {
    const drawn = new Promise<void>((resolve) => {
      new MutationObserver((_, observer) => {
        observer.disconnect()
        resolve()
      }).observe(document.body, { childList: true, subtree: true })
    })
    if (element instanceof HTMLElement) element.click()
    await drawn
    return document.activeElement?.getAttribute('data-testid')
  })
