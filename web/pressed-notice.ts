// A press on a notification that the service worker showed: told to all tabs of the app, answered by the one it is of.
// Another may be in another mesh.

/** What the service worker tells the tabs. */
export interface PressedNotice {
  readonly type: 'notice-pressed'
  readonly tag: string
}

interface Tab {
  postMessage(message: PressedNotice, transfer: Transferable[]): void
}

/** chosen: a tab in the background takes a moment to wake; the browser lets a worker focus one for some seconds. */
const patienceMs = 500

/** Tells all of them; the one that answers, or undefined. */
export function tellPress<T extends Tab>(tabs: readonly T[], tag: string): Promise<T | undefined> {
  return new Promise((resolve) => {
    const ports: MessagePort[] = []
    const settle = (tab?: T): void => {
      clearTimeout(timer)
      for (const port of ports) port.close()
      resolve(tab)
    }
    const timer = setTimeout(settle, patienceMs)
    if (tabs.length === 0) settle()
    for (const tab of tabs) {
      const { port1, port2 } = new MessageChannel()
      ports.push(port1)
      port1.onmessage = () => settle(tab)
      tab.postMessage({ type: 'notice-pressed', tag }, [port2])
    }
  })
}
