// Which signaling servers an agent uses that was given none: those of this machine, until its program names others.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { joinMesh, type Mesh } from 'skein'
import { createSignalingServer } from 'skein/signaling'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { announceServer } from '../../signaling/announce.ts'

vi.setConfig({ testTimeout: 30_000 })

const cleanups: (() => unknown)[] = []

beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'skein-servers-'))
  vi.stubEnv('SKEIN_REGISTRY_DIR', directory)
  cleanups.push(() => rm(directory, { recursive: true, force: true }))
})

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  vi.unstubAllEnvs()
})

async function joinAs(name: string): Promise<Mesh> {
  const mesh = await joinMesh({ mesh: 'acme', name, store: 'memory' })
  cleanups.push(() => mesh.leave())
  return mesh
}

const urlsOf = (mesh: Mesh): string[] => mesh.status().signaling.map(({ url }) => url)

test('a server that appears on this machine is used, but not where the program has named others, or none', async () => {
  const [named, without] = [await joinAs('ada'), await joinAs('bob')]
  const away = 'ws://127.0.0.1:1/'
  await named.configure({ signaling: [away] })
  await without.configure({ signaling: [] })
  // Joins last and looks last: by the time it has found the server, the others would have.
  const auto = await joinAs('eve')
  const server = await createSignalingServer({ port: 0 })
  cleanups.push(() => server.close())
  const { port } = server.address()!
  const { pid } = process
  const entry = {
    url: `http://localhost:${port}/`,
    pid,
    port,
    startedAt: Date.now(),
    serverId: server.serverId,
  }
  cleanups.push(await announceServer(entry))
  await vi.waitFor(() => expect(urlsOf(auto)).toEqual([`ws://localhost:${port}/`]), { timeout: 20_000 })
  expect(urlsOf(named)).toEqual([away])
  expect(urlsOf(without)).toEqual([])
})
