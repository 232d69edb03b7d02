// Starts the app: reads and wipes the address's fragment, joins or asks, draws, and registers the service
// worker. The one place of the app that touches `window` outside a component.

import { render } from 'preact'
import { joinMesh, type Mesh } from 'skein'
import { asksToMove, createApp } from './app.ts'
import { AppView } from './components/app-view.tsx'
import { takeInvitation } from './invitation.ts'
import { registerServiceWorker } from './register-service-worker.ts'
import { createMemory, shelfOf } from './remembered.ts'

declare global {
  interface Window {
    /** The page's mesh, from the moment it has joined: for the console, for other programs in the page, for tests. */
    mesh?: Mesh | undefined
  }
}

const app = createApp({
  joinMesh,
  memory: createMemory(
    shelfOf(() => window.localStorage),
    shelfOf(() => window.sessionStorage),
  ),
  now: () => Date.now(),
  isVisible: () => document.visibilityState === 'visible',
  publish: (mesh) => {
    window.mesh = mesh
  },
})

const root = document.getElementById('app')
if (!root) throw new Error('index.html has no element #app')
void app.start(takeInvitation(window))
render(<AppView app={app} />, root)
registerServiceWorker()

// A new invitation pasted into the address bar does not load the page by itself; it is read on loading.
window.addEventListener('hashchange', () => {
  if (asksToMove(window.location.hash)) window.location.reload()
})
