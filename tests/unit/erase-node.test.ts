// eraseMesh() in Node: what Skein put into a data directory goes, and nothing else.

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eraseMesh } from 'skein'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { loadDeviceKey } from '../../core/platform/node/device-key.ts'
import { openDiskStore } from '../../core/platform/node/disk.ts'
import { fillUp, mountSmallDisk } from '../contract/small-disk.ts'

let parent: string
let dataDir: string

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'skein-erase-'))
  dataDir = join(parent, 'alice')
})

afterEach(() => rm(parent, { recursive: true, force: true }))

async function fill(): Promise<{ close: () => Promise<void>; key: Uint8Array }> {
  const store = await openDiskStore(dataDir)
  await store.commit({ put: [{ key: 'talk/1', value: new Uint8Array([1]) }] })
  const { publicKey } = await loadDeviceKey(dataDir)
  return { close: () => store.close(), key: publicKey }
}

test('store, key and directory go; who comes back is somebody new', async () => {
  const first = await fill()
  await first.close()
  await eraseMesh({ mesh: 'acme', name: 'alice', dataDir })
  expect(await readdir(parent)).toEqual([])
  const second = await fill()
  expect(second.key).not.toEqual(first.key)
  await second.close()
})

test('while the directory is in use it refuses, and nothing is gone', async () => {
  const { close } = await fill()
  await expect(eraseMesh({ mesh: 'acme', name: 'alice', dataDir })).rejects.toMatchObject({
    code: 'data-dir-in-use',
  })
  await close()
  expect(await readdir(dataDir)).toEqual(expect.arrayContaining(['device-key.json', 'store']))
})

test('what a killed process left half done goes too', async () => {
  await (await fill()).close()
  await writeFile(join(dataDir, 'device-key.json.0b7e-4.new'), 'a key')
  await writeFile(join(dataDir, 'probe'), 'room?')
  await eraseMesh({ mesh: 'acme', name: 'alice', dataDir })
  expect(await readdir(parent)).toEqual([])
})

const small = mountSmallDisk()
afterAll(() => small?.remove())

// Mounting takes root.
if (small !== undefined) {
  test('a full disk is made free by it', async () => {
    const full = join(small.directory, 'alice')
    const store = await openDiskStore(full)
    for (let i = 0; i < 10; i++)
      await store.commit({ put: [{ key: `talk/${i}`, value: new Uint8Array(100_000).fill(i) }] })
    await store.close()
    await fillUp(small.directory, 0)
    await eraseMesh({ mesh: 'acme', name: 'alice', dataDir: full })
    expect(await readdir(small.directory)).toEqual(['filler'])
  })
}

test('a file that is not ours stays, and the directory with it', async () => {
  await (await fill()).close()
  await writeFile(join(dataDir, 'diary.txt'), 'mine')
  await eraseMesh({ mesh: 'acme', name: 'alice', dataDir })
  expect(await readdir(dataDir)).toEqual(['diary.txt'])
})

test('where there is nothing there is nothing to do', async () => {
  await eraseMesh({ mesh: 'acme', name: 'alice', dataDir })
  expect(await readdir(parent)).toEqual([])
})
