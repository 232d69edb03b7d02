// What the app needs of a page, made up: storage, a person who looks or does not, notifications, other tabs.

import { signal } from '@preact/signals'
import type { Attention } from '../../web/attention.ts'
import type { Notice, NotificationPort, Permission } from '../../web/notifications.ts'
import type { Shelf } from '../../web/remembered.ts'
import type { PeerId } from 'skein'
import type { SiblingTabs } from '../../web/sibling-tabs.ts'

export function shelfOn(kept: Map<string, string>): Shelf {
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  }
}

/** Web Storage that tells the other tabs; `tab()` is one tab's view of it. */
export function sharedShelf(kept = new Map<string, string>()) {
  const tabs: { shelf: Shelf; listener: ((key: string | null) => void) | undefined }[] = []
  return () => {
    const tell = (key: string): void => {
      for (const tab of tabs) if (tab !== mine) tab.listener?.(key)
    }
    const mine: (typeof tabs)[number] = {
      listener: undefined,
      shelf: {
        getItem: (key) => kept.get(key) ?? null,
        setItem: (key, value) => {
          kept.set(key, value)
          tell(key)
        },
        removeItem: (key) => {
          kept.delete(key)
          tell(key)
        },
      },
    }
    tabs.push(mine)
    const onChange = (listener: (key: string | null) => void) => {
      mine.listener = listener
      return () => {
        mine.listener = undefined
      }
    }
    return { shelf: mine.shelf, onChange }
  }
}

export class FakeAttention implements Attention {
  readonly visible = signal(true)
  readonly watching = signal(true)

  lookAway(): void {
    this.watching.value = false
    this.visible.value = false
  }

  lookBack(): void {
    this.visible.value = true
    this.watching.value = true
  }
}

/** Grants what `answer` says. */
export function fakeNotifications(answer: Permission = 'granted') {
  let permission: Permission = 'default'
  const shown: { notice: Notice; press: () => void }[] = []
  const port = {
    shown,
    asked: 0,
    permission: () => permission,
    ask: () => {
      port.asked++
      permission = answer
      return Promise.resolve(permission)
    },
    show: (notice: Notice, press: () => void) => void shown.push({ notice, press }),
    close: (tag: string) => {
      for (const at of [...shown.keys()].reverse()) if (shown[at]?.notice.tag === tag) shown.splice(at, 1)
    },
  }
  return port satisfies NotificationPort
}

export function fakeSiblings(): SiblingTabs & { asked: string[]; ask: (mesh: string, by?: PeerId) => void } {
  const listeners = new Set<(mesh: string, by: PeerId) => void>()
  const asked: string[] = []
  return {
    asked,
    /** Another tab asks. */
    ask: (mesh, by = '' as PeerId) => listeners.forEach((listener) => listener(mesh, by)),
    askToLeave: (mesh) => void asked.push(mesh),
    onAskedToLeave: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
