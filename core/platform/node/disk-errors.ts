// What the disk's errors mean to the rest of Skein, and whether a full disk has room again.

import { open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MeshError } from '../../base/errors.ts'

/** LevelDB passes on the system's words, not its error numbers. EDQUOT and EFBIG are limits of a person's own. */
const noRoom = /ENOSPC|EDQUOT|EFBIG|No space left|[Qq]uota exceeded|File too large/

/** Room wanted over what LevelDB's log needs when it is opened anew: its manifest and a new log. chosen. */
const spareBytes = 256 * 1024

/** classic-level wraps the error that tells: `LEVEL_LOCKED`, `LEVEL_CORRUPTION`, `LEVEL_IO_ERROR` … */
export function levelCode(error: unknown): string | undefined {
  const { code, cause } = (error ?? {}) as { code?: string; cause?: unknown }
  return cause === undefined ? code : levelCode(cause)
}

function innermost(error: unknown): unknown {
  const { cause } = (error ?? {}) as { cause?: unknown }
  return cause === undefined ? error : innermost(cause)
}

/** For files looked at before LevelDB has locked them: another process that has them open may remove one at any time. */
export function goneMeanwhile(error: unknown): undefined {
  if ((error as { code?: unknown } | undefined)?.code !== 'ENOENT') throw error
}

export function diskError(error: unknown, dataDir: string): MeshError {
  if (error instanceof MeshError) return error
  const cause = innermost(error)
  const message = cause instanceof Error ? cause.message : String(cause)
  if (noRoom.test(message)) {
    return new MeshError(
      'storage-full',
      `There is no room left on the disk that holds ${dataDir}. Nothing was written; what was stored before stays readable.`,
      { cause: error },
    )
  }
  if (levelCode(error) === 'LEVEL_CORRUPTION') {
    return new MeshError(
      'storage-failed',
      `The database in ${dataDir} is damaged (${message}). Restore the directory from a backup, or move its folder "store" away to start with an empty one.`,
      { cause: error },
    )
  }
  return new MeshError('storage-failed', `The disk failed in ${dataDir} (${message}). Nothing was written.`, {
    cause: error,
  })
}

/**
 * Whether LevelDB could be opened anew in `dataDir`: it writes its log once more as a table then. Found out by writing
 * as much, which counts quotas and limits in, and not only what the file system says is free.
 */
export async function hasRoom(dataDir: string): Promise<boolean> {
  const probe = join(dataDir, 'probe')
  try {
    const bytes = (await logBytes(join(dataDir, 'store'))) + spareBytes
    const file = await open(probe, 'w', 0o600)
    try {
      await file.writeFile(Buffer.alloc(bytes))
      await file.sync()
    } finally {
      await file.close()
    }
    return true
  } catch (error) {
    const failure = diskError(error, dataDir)
    if (failure.code === 'storage-full') return false
    throw failure
  } finally {
    await rm(probe, { force: true })
  }
}

async function logBytes(directory: string): Promise<number> {
  const logs = (await readdir(directory)).filter((file) => file.endsWith('.log'))
  const sizes = await Promise.all(logs.map(async (file) => (await stat(join(directory, file))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
