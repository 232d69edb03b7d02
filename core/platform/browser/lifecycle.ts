// What the browser does to a page, in the mesh's words. `freeze` and `pagehide` are the last chance to act before the
// page stands still or goes; `resume` and a `pageshow` out of the back/forward cache say that it runs again.

import type { LifecycleEvent } from '../../base/ports.ts'

/** See `Platform.onLifecycle`. Events are told synchronously, from inside the browser's own. */
export function onBrowserLifecycle(listener: (event: LifecycleEvent) => void): () => void {
  // Two events may announce one standstill (freeze follows pagehide into the cache): told once.
  let suspended = false
  const suspend = (): void => {
    if (suspended) return
    suspended = true
    listener({ type: 'suspend' })
  }
  const resume = (): void => {
    if (!suspended) return
    suspended = false
    listener({ type: 'resume' })
  }
  const show = (event: PageTransitionEvent): void => {
    if (event.persisted) resume()
  }
  // A frozen page that stays in the cache wakes by `resume` first and by `pageshow` then; in the cache it is hidden.
  const visibility = (): void =>
    listener({ type: 'visibility', hidden: document.visibilityState === 'hidden' })

  const off = new AbortController()
  const { signal } = off
  window.addEventListener('pagehide', suspend, { signal })
  window.addEventListener('pageshow', show, { signal })
  document.addEventListener('freeze', suspend, { signal })
  document.addEventListener('resume', resume, { signal })
  document.addEventListener('visibilitychange', visibility, { signal })
  return () => off.abort()
}
