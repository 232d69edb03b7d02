// The entry for pages: joinMesh() on WebRTC, BroadcastChannel, Web Locks and IndexedDB.

import type { Mesh, MeshOptions } from './api.ts'
import { MeshError } from './base/errors.ts'
import type { Platform } from './base/ports.ts'
import { createRandom } from './base/random.ts'
import { MeshHandle } from './mesh.ts'
import { checkOptions } from './options.ts'
import { createBrowserClock } from './platform/browser/clock.ts'
import { loadDeviceKey } from './platform/browser/device-key.ts'
import { eraseIndexedDbStore } from './platform/browser/erase.ts'
import { askForPersistence, openIndexedDbStore } from './platform/browser/indexeddb.ts'
import { onBrowserLifecycle } from './platform/browser/lifecycle.ts'
import { createBrowserSignaling } from './platform/browser/signaling.ts'
import { createBrowserTabs } from './platform/browser/tabs.ts'
import { createBrowserConnector } from './platform/browser/webrtc.ts'
import { createCrypto, makeEphemeralKey, makeSeed, requireSecureContext } from './platform/shared/crypto.ts'
import { createMemoryStore } from './platform/shared/memory-store.ts'
import { unlessAborted } from './waits.ts'

export * from './public.ts'

/**
 * Joins a mesh as this tab. Resolves once storage is open; the network is not awaited. Rejects with a `MeshError`:
 * `invalid-argument`, `insecure-context`, `storage-failed`, `storage-busy`, `aborted`.
 */
export async function joinMesh(options: MeshOptions): Promise<Mesh> {
  checkOptions(options)
  requirePage()
  requireSecureContext()
  return MeshHandle.unlessAborted(options.signal, () => open(options))
}

async function open(options: MeshOptions): Promise<MeshHandle> {
  const clock = createBrowserClock()
  const inMemory = options.store === 'memory'
  const opening = inMemory ? Promise.resolve(createMemoryStore()) : openIndexedDbStore(options.mesh)
  const [store, deviceKey, storagePersistent] = await Promise.all([
    opening,
    inMemory ? makeEphemeralKey() : loadDeviceKey(),
    inMemory ? undefined : askForPersistence(),
  ]).catch(async (problem: unknown) => {
    clock.close()
    const opened = await opening.catch(() => undefined)
    await opened?.close()
    throw problem
  })
  const seed = makeSeed()
  const random = createRandom(makeSeed())
  const { signaling } = options
  const namesNone = signaling === undefined || signaling === 'auto'
  const platform: Platform = {
    clock,
    crypto: createCrypto(),
    seed,
    store,
    deviceKey,
    connector: createBrowserConnector({ clock }),
    tabs: createBrowserTabs({ mesh: options.mesh, clock }),
    signaling: (url, { reconnectBaseMs, reconnectMaxMs }) =>
      createBrowserSignaling({
        url,
        clock,
        random: random.float,
        reconnectBaseMs,
        reconnectMaxMs,
        advice: namesNone && url === originServer() ? ownAddress : undefined,
      }),
    onLifecycle: onBrowserLifecycle,
    storagePersistent,
  }
  const servers = namesNone ? [originServer()] : signaling
  return MeshHandle.open({
    ...options,
    kind: options.kind ?? 'human',
    platform,
    isHidden: () => document.visibilityState === 'hidden',
    servers,
    onLeft: () => clock.close(),
  })
}

/**
 * Deletes what this browser profile holds of a mesh: messages, documents, everything not yet delivered. What others
 * hold stays with them; the profile's device key stays too, for all its meshes share it. Leave first, in every tab:
 * rejects with `storage-busy` while one is in the mesh (`details.tabs`), else with `invalid-argument`,
 * `insecure-context`, `storage-failed`, `aborted`.
 */
export async function eraseMesh(
  options: Pick<MeshOptions, 'mesh' | 'name' | 'dataDir' | 'signal'>,
): Promise<void> {
  checkOptions(options, 'eraseMesh()')
  requireSecureContext()
  await unlessAborted(options.signal, () => eraseIndexedDbStore(options.mesh))
}

/** Nothing of what was begun without one would end. */
function requirePage(): void {
  if (typeof document !== 'undefined') return
  throw new MeshError(
    'invalid-argument',
    'joinMesh() is for pages, and this is none: a worker has no WebRTC, and in Node the package’s own build for Node is to be loaded.',
  )
}

const ownAddress =
  'That is the address of this page: joinMesh() was given no other. Where something else than Skein serves the page, name a server by the option signaling.'

/** The server that served this page is a signaling server too. */
const originServer = (): string => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/`
