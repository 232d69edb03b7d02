// Deletes what an agent keeps: the store, the key and the pid file of its data directory. Only what Skein put there:
// the directory itself goes only where nothing else is in it.

import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { MeshError } from '../../base/errors.ts'
import { diskError } from './disk-errors.ts'
import { openDiskStore } from './disk.ts'

/** A process that was killed may have left a key that was not given its name yet, or what it tried the disk with. */
const ours = /^(store|device-key\.json(\.[\da-f-]+\.new)?|pid|damaged|probe)$/

/** Resolves once it is gone; where there was nothing, at once. Rejects with `data-dir-in-use` and `storage-failed`. */
export async function eraseDataDir(dataDir: string): Promise<void> {
  const found = await namesIn(dataDir)
  if (found.length === 0) return
  if (found.includes('store')) await refuseIfInUse(dataDir)
  try {
    for (const name of await readdir(dataDir))
      if (ours.test(name)) await rm(join(dataDir, name), { recursive: true, force: true })
    if ((await readdir(dataDir)).length === 0) await rmdir(dataDir)
  } catch (error) {
    throw diskError(error, dataDir)
  }
}

/** Opening it shows that no other process has it open, also where it then lacks room. */
async function refuseIfInUse(dataDir: string): Promise<void> {
  try {
    await (await openDiskStore(dataDir)).close()
  } catch (problem) {
    if (!(problem instanceof MeshError && problem.code === 'storage-full')) throw problem
  }
}

async function namesIn(dataDir: string): Promise<string[]> {
  try {
    return await readdir(dataDir)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw diskError(error, dataDir)
  }
}
