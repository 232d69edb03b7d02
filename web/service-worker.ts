// Opens the app with no server at all. A build's files are cached together when its worker is installed and
// never changed afterwards, so that index.html and the files it names always belong together.

import { type ActivationRequest, cacheName, cachePrefix, planFor } from './offline-policy.ts'
import { tellPress } from './pressed-notice.ts'

/** Put in by the build: every file of the app as an absolute path, `index.html` among them. */
declare const __PRECACHE__: readonly string[]
declare const self: ServiceWorkerGlobalScope

/** A server that takes longer than this to begin answering is not waited for. chosen: a slow phone's patience. */
const pageTimeoutMs = 2000

const base = new URL(self.registration.scope).pathname
const files = __PRECACHE__
const assets = new Set(files)
const name = cacheName(files)
const indexPath = `${base}index.html`

self.addEventListener('install', (event) => {
  event.waitUntil(precache())
})

self.addEventListener('activate', (event) => {
  event.waitUntil(dropOldCaches().then(() => self.clients.claim()))
})

// A new build waits for the tabs of the old one to close, unless the only tab is of the new one and asks. One that came from
// the cache may be of the old one, and loads some of its parts later.
self.addEventListener('message', (event) => {
  const { type, script } = event.data as Partial<ActivationRequest>
  if (type === 'activate-if-alone' && script !== undefined && assets.has(script))
    event.waitUntil(activateIfAlone())
})

self.addEventListener('fetch', (event) => {
  const plan = planFor(event.request, self.location.origin, base, assets)
  if (plan === 'page') event.respondWith(page(event.request))
  if (plan === 'asset') event.respondWith(asset(event.request))
})

// A notification that the page could not show by itself (phones) was pressed: back to its tab, which knows the rest.
self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(openTab(event.notification.tag))
})

async function openTab(tag: string): Promise<void> {
  const windows = await self.clients.matchAll({ type: 'window' })
  const tab = (await tellPress(windows, tag)) ?? windows[0]
  if (tab) await tab.focus()
  else await self.clients.openWindow(base)
}

async function precache(): Promise<void> {
  const cache = await caches.open(name)
  await cache.addAll([...assets].map((path) => new Request(path, { cache: 'reload' })))
}

async function dropOldCaches(): Promise<void> {
  const old = (await caches.keys()).filter((key) => key.startsWith(cachePrefix) && key !== name)
  await Promise.all(old.map((key) => caches.delete(key)))
}

async function activateIfAlone(): Promise<void> {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  if (windows.length <= 1) await self.skipWaiting()
}

async function page(request: Request): Promise<Response> {
  const fresh = await fetchSoon(request)
  if (fresh !== undefined && fresh.status < 500) return fresh
  return (await cached(indexPath)) ?? fresh ?? Response.error()
}

/** The network's answer, or undefined where it fails or keeps us waiting. */
function fetchSoon(request: Request): Promise<Response | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, pageTimeoutMs, undefined)
    const settle = (response: Response | undefined): void => {
      clearTimeout(timer)
      resolve(response)
    }
    fetch(request).then(settle, () => settle(undefined))
  })
}

async function asset(request: Request): Promise<Response> {
  return (await cached(new URL(request.url).pathname)) ?? fetch(request)
}

async function cached(path: string): Promise<Response | undefined> {
  const cache = await caches.open(name)
  return cache.match(path)
}
