// The entry for Node: joinMesh() on node-datachannel, ws and classic-level.

import { homedir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Mesh, MeshOptions } from './api.ts'
import type { Clock, DeviceKey, Platform, Store } from './base/ports.ts'
import { createRandom } from './base/random.ts'
import { limits } from './base/limits.ts'
import { MeshHandle } from './mesh.ts'
import { checkOptions } from './options.ts'
import { createNodeClock } from './platform/node/clock.ts'
import { loadDeviceKey } from './platform/node/device-key.ts'
import { openDiskStore } from './platform/node/disk.ts'
import { eraseDataDir } from './platform/node/erase.ts'
import { findLocalServers } from './platform/node/registry.ts'
import { createNodeSignaling } from './platform/node/signaling.ts'
import { createNodeConnector } from './platform/node/webrtc.ts'
import { createCrypto, makeEphemeralKey, makeSeed } from './platform/shared/crypto.ts'
import { createMemoryStore } from './platform/shared/memory-store.ts'
import { unlessAborted } from './waits.ts'

export * from './public.ts'

/**
 * Joins a mesh as this process. Resolves once storage is open; the network is not awaited. The process stays alive
 * until `leave()`. Rejects with a `MeshError`: `invalid-argument`, `data-dir-in-use`, `native-missing`,
 * `storage-failed`, `aborted`.
 */
export async function joinMesh(options: MeshOptions): Promise<Mesh> {
  checkOptions(options)
  return MeshHandle.unlessAborted(options.signal, () => open(options))
}

async function open(options: MeshOptions): Promise<MeshHandle> {
  const clock = createNodeClock()
  const random = createRandom(makeSeed())
  const connector = await createNodeConnector({ clock })
  const { signaling } = options
  const auto = signaling === undefined || signaling === 'auto'
  // A registry that cannot be read keeps nobody from joining: it is looked at again.
  const servers = auto ? await localServers().catch(() => []) : signaling
  const { store, deviceKey } = await openStorage(options)
  const platform: Platform = {
    clock,
    crypto: createCrypto(),
    crc32,
    seed: makeSeed(),
    store,
    deviceKey,
    connector,
    tabs: undefined,
    signaling: (url, { reconnectBaseMs, reconnectMaxMs }) =>
      createNodeSignaling({ url, clock, random: random.float, reconnectBaseMs, reconnectMaxMs }),
    onLifecycle: () => () => undefined,
    storagePersistent: store.durable ? true : undefined,
  }
  let stopScan = (): void => undefined
  const mesh = await MeshHandle.open({
    ...options,
    kind: options.kind ?? 'agent',
    platform,
    servers,
    onServersNamed: () => stopScan(),
    onLeft: () => stopScan(),
  })
  if (auto) stopScan = scan(mesh, clock, servers)
  return mesh
}

async function openStorage(options: MeshOptions): Promise<{ store: Store; deviceKey: DeviceKey }> {
  if (options.store === 'memory') return { store: createMemoryStore(), deviceKey: await makeEphemeralKey() }
  const dataDir = dataDirOf(options)
  const store = await openDiskStore(dataDir)
  try {
    return { store, deviceKey: await loadDeviceKey(dataDir) }
  } catch (problem) {
    await store.close()
    throw problem
  }
}

const dataDirOf = ({ dataDir, mesh, name }: Pick<MeshOptions, 'mesh' | 'name' | 'dataDir'>): string =>
  dataDir ?? join(homedir(), '.skein', mesh, name)

/**
 * Deletes what this agent holds of a mesh: messages, documents, everything not yet delivered, and its device key, so
 * that it comes back as a new member. What others hold stays with them. Leave first: rejects with `data-dir-in-use`
 * while a process has the data directory open, else with `invalid-argument`, `storage-failed`, `aborted`.
 */
export async function eraseMesh(
  options: Pick<MeshOptions, 'mesh' | 'name' | 'dataDir' | 'signal'>,
): Promise<void> {
  checkOptions(options, 'eraseMesh()')
  await unlessAborted(options.signal, () => eraseDataDir(dataDirOf(options)))
}

const localServers = async (): Promise<string[]> =>
  (await findLocalServers()).map(({ url }) => url.replace(/^http/, 'ws'))

/** Servers come and go on this machine: keeps looking while none of those in use answers, until the program names some. */
function scan(mesh: MeshHandle, clock: Clock, first: readonly string[]): () => void {
  let known = first
  let stopped = false
  let cancel = (): void => undefined
  const look = async (): Promise<void> => {
    const isOpen = mesh.status().signaling.some(({ state }) => state === 'open')
    if (isOpen) return
    const found = await localServers()
    if (stopped || found.every((url) => known.includes(url))) return
    MeshHandle.useServers(mesh, found)
    known = found
  }
  // Also where the registry could not be read: it may be later.
  const lookAgain = (): void => void (stopped || later())
  const later = (): void => {
    cancel = clock.alarm(clock.now().monotonicMs + limits.serverScanIntervalMs, () => {
      look().then(lookAgain, lookAgain)
    })
  }
  later()
  return () => {
    stopped = true
    cancel()
  }
}
