// A disk that is soon full, for the tests that need one.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { open, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system of 8 MiB, or nothing where we may not mount one. */
export function mountSmallDisk(): { directory: string; remove(): void } | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'skein-small-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', directory], { stdio: 'ignore' })
    return {
      directory,
      remove: () => {
        execFileSync('umount', ['--lazy', directory])
        rmSync(directory, { recursive: true })
      },
    }
  } catch {
    rmSync(directory, { recursive: true })
    return undefined
  }
}

/** Writes a file until the disk is full but for `spareBytes`; returns how to remove it. */
export async function fillUp(directory: string, spareBytes = 700 * 1024): Promise<() => Promise<void>> {
  const path = join(directory, 'filler')
  const file = await open(path, 'w')
  const written = await writeUntilFull((chunk) => file.appendFile(chunk))
  await file.close()
  await truncate(path, Math.max(0, written - spareBytes))
  return () => rm(path)
}

async function writeUntilFull(write: (chunk: Uint8Array) => Promise<void>): Promise<number> {
  const chunk = new Uint8Array(4096)
  for (let written = 0; ; written += chunk.length) {
    try {
      await write(chunk)
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOSPC') throw error
      return written
    }
  }
}
