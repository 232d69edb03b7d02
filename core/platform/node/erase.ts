// Deletes what an agent keeps: the store, the key and the pid file of its data directory. Only what Skein put there:
// the directory itself goes only where nothing else is in it.

import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { diskError } from './disk-errors.ts'
import { openDiskStore } from './disk.ts'

/** Resolves once it is gone; where there was nothing, at once. Rejects with `data-dir-in-use` and `storage-failed`. */
export async function eraseDataDir(dataDir: string): Promise<void> {
  const found = await namesIn(dataDir)
  if (found.length === 0) return
  // Opening it shows that no other process has it open.
  if (found.includes('store')) await (await openDiskStore(dataDir)).close()
  try {
    for (const ours of ['store', 'device-key.json', 'pid', 'damaged'])
      await rm(join(dataDir, ours), { recursive: true, force: true })
    if ((await readdir(dataDir)).length === 0) await rmdir(dataDir)
  } catch (error) {
    throw diskError(error, dataDir)
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
