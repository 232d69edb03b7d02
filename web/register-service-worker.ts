// The service worker makes the app open without a server. Only a built app has one, and only a secure page may.

import type { ActivationRequest } from './offline-policy.ts'

export function registerServiceWorker(): void {
  if (!import.meta.env.PROD || !window.isSecureContext || !('serviceWorker' in navigator)) return
  navigator.serviceWorker.register(`${import.meta.env.BASE_URL}service-worker.js`).then(
    (registration) => {
      askToActivate(registration)
      registration.addEventListener('updatefound', () => askOnceInstalled(registration))
    },
    (error: unknown) =>
      console.warn('Skein: without its service worker the app opens only while its server runs.', error),
  )
}

function askOnceInstalled(registration: ServiceWorkerRegistration): void {
  const worker = registration.installing
  worker?.addEventListener('statechange', () => {
    if (worker.state === 'installed') askToActivate(registration)
  })
}

/** The new worker takes over at once if this is the only tab, and of its build; else it waits until the tabs are closed. */
function askToActivate(registration: ServiceWorkerRegistration): void {
  const request: ActivationRequest = {
    type: 'activate-if-alone',
    script: new URL(import.meta.url).pathname,
  }
  if (registration.active) registration.waiting?.postMessage(request)
}
