// Starts the app: reads and wipes the address's fragment, joins or asks, draws, and registers the service
// worker. The one place of the app that touches `window` outside a component.

import { render } from 'preact'
import { eraseMesh, joinMesh, type Mesh } from 'skein'
import { asksToMove, createApp } from './app.ts'
import { watchAttention } from './attention.ts'
import { createBrowserNotifications } from './browser-notifications.ts'
import { AppView } from './components/app-view.tsx'
import { takeInvitation } from './invitation.ts'
import { createReadPositions } from './read-positions.ts'
import { registerServiceWorker } from './register-service-worker.ts'
import { createMemory, shelfOf } from './remembered.ts'
import { createSiblingTabs } from './sibling-tabs.ts'

declare global {
  interface Window {
    /** The page's mesh, from the moment it has joined: for the console, for other programs in the page, for tests. */
    mesh?: Mesh | undefined
  }
}

// Named, though the library would take it by itself: its error then need not advise whoever reads it to name one.
const ownServer = `${window.location.origin.replace(/^http/, 'ws')}/`

const device = shelfOf(() => window.localStorage)

const app = createApp({
  joinMesh: (options) => joinMesh({ ...options, signaling: [ownServer] }),
  eraseMesh,
  memory: createMemory(
    device,
    shelfOf(() => window.sessionStorage),
  ),
  positionsOf: (mesh) =>
    createReadPositions(mesh, device, (listener) => {
      const changed = ({ key }: StorageEvent): void => listener(key)
      window.addEventListener('storage', changed)
      return () => window.removeEventListener('storage', changed)
    }),
  now: () => Date.now(),
  attention: watchAttention(window),
  notifications: createBrowserNotifications(window),
  siblings: createSiblingTabs(),
  publish: (mesh) => {
    window.mesh = mesh
  },
})

const root = document.getElementById('app')
if (!root) throw new Error('index.html has no element #app')
void app.start(takeInvitation(window))
// What index.html says until here.
root.replaceChildren()
render(<AppView app={app} />, root)
registerServiceWorker()

// A new invitation pasted into the address bar does not load the page by itself; it is read on loading.
window.addEventListener('hashchange', () => {
  if (asksToMove(window.location.hash)) window.location.reload()
})
