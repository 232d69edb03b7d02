// The entry for pages: joinMesh() on WebRTC, BroadcastChannel, Web Locks and IndexedDB.

import type { Mesh, MeshOptions } from './api.ts'
import type { Platform, Store } from './base/ports.ts'
import { createRandom } from './base/random.ts'
import { MeshHandle } from './mesh.ts'
import { checkOptions, fullTiming } from './options.ts'
import { createBrowserClock } from './platform/browser/clock.ts'
import { loadDeviceKey } from './platform/browser/device-key.ts'
import { askForPersistence, openIndexedDbStore } from './platform/browser/indexeddb.ts'
import { watchLifecycle } from './platform/browser/lifecycle.ts'
import { createTabs } from './platform/browser/tabs.ts'
import { createBrowserConnector } from './platform/browser/webrtc.ts'
import { createCrypto, makeSeed, requireSecureContext } from './platform/shared/crypto.ts'
import { createMemoryStore } from './platform/shared/memory-store.ts'
import { createSignalingClient } from './platform/shared/signaling-client.ts'

export * from './public.ts'

/**
 * Joins a mesh as this tab. Resolves once storage is open; the network is not awaited. Rejects with a `MeshError`:
 * `invalid-argument`, `insecure-context`, `storage-failed`, `storage-busy`.
 */
export async function joinMesh(options: MeshOptions): Promise<Mesh> {
  checkOptions(options)
  requireSecureContext()
  const timing = fullTiming(options.timing)
  const clock = createBrowserClock()
  const [store, deviceKey, storagePersistent] = await Promise.all([openStore(options), loadDeviceKey(), persist(options)])
  const seed = makeSeed()
  const random = createRandom(makeSeed())
  const platform: Platform = {
    clock,
    crypto: createCrypto(),
    seed,
    store,
    deviceKey,
    connector: createBrowserConnector({ clock }),
    tabs: createTabs({ mesh: options.mesh, clock }),
    signaling: (url) => createSignalingClient({ url, clock, random, timing, WebSocket }),
    onLifecycle: watchLifecycle,
    storagePersistent,
  }
  const { signaling } = options
  const servers = signaling === undefined || signaling === 'auto' ? [originServer()] : signaling
  const hidden = document.visibilityState === 'hidden'
  return MeshHandle.open({ ...options, kind: options.kind ?? 'human', platform, hidden, servers })
}

const openStore = (options: MeshOptions): Promise<Store> =>
  options.store === 'memory' ? Promise.resolve(createMemoryStore()) : openIndexedDbStore(options.mesh)

const persist = (options: MeshOptions): Promise<boolean | undefined> =>
  options.store === 'memory' ? Promise.resolve(undefined) : askForPersistence()

/** The server that served this page is a signaling server too. */
const originServer = (): string => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/`
