// The browser's notifications as a port. On a computer the page shows them itself and gets the press; phones leave
// that to the service worker, which brings the tab back and tells it what was pressed.

import { attempt } from './remembered.ts'
import type { Notice, NotificationPort, Permission } from './notifications.ts'
import type { PressedNotice } from './pressed-notice.ts'

export function createBrowserNotifications(page: Window & typeof globalThis): NotificationPort {
  const supported = 'Notification' in page
  const shown = new Map<string, Notification>()
  const presses = new Map<string, () => void>()
  const permission = (): Permission => (supported ? page.Notification.permission : 'unsupported')
  const worker = attempt(() => page.navigator.serviceWorker) as ServiceWorkerContainer | undefined

  worker?.addEventListener('message', ({ data, ports }: MessageEvent<PressedNotice | undefined>) => {
    const press = data?.type === 'notice-pressed' ? presses.get(data.tag) : undefined
    if (!press) return
    ports[0]?.postMessage('mine')
    press()
  })

  const showAsPage = ({ tag, title, text }: Notice, onPress: () => void): void => {
    const notification = new page.Notification(title, { tag, body: text, icon: iconOf(page.document) })
    notification.onclick = () => {
      page.focus()
      onPress()
      notification.close()
    }
    shown.set(tag, notification)
  }

  const showAsWorker = async ({ tag, title, text }: Notice, onPress: () => void): Promise<void> => {
    presses.set(tag, onPress)
    const registration = await worker?.getRegistration()
    await registration?.showNotification(title, { tag, body: text, icon: iconOf(page.document) })
  }

  return {
    permission,
    ask: async () => (supported ? page.Notification.requestPermission() : 'unsupported'),
    show(notice, onPress) {
      try {
        showAsPage(notice, onPress)
      } catch {
        // Phones: the constructor throws. Where there is no worker either, the badge has to do.
        showAsWorker(notice, onPress).catch(() => undefined)
      }
    },
    close(tag) {
      shown.get(tag)?.close()
      shown.delete(tag)
      if (!presses.delete(tag)) return
      const closing = worker?.getRegistration().then(async (registration) => {
        for (const notification of (await registration?.getNotifications({ tag })) ?? []) notification.close()
      })
      closing?.catch(() => undefined)
    },
  }
}

const iconOf = (document: Document): string =>
  document.querySelector<HTMLLinkElement>('link[rel=icon]')?.href ?? ''
