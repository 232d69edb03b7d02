// Node's own `recursive` asks for ever where the system says "no such directory" in one that is there, as /proc does.

import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes the directory, and those above it, with mode 0700; does nothing where it is there. Rejects with the system's error. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    const isThere = await stat(path).then(
      (stats) => stats.isDirectory(),
      () => false,
    )
    if (isThere) return
    const above = dirname(path)
    if ((error as { code?: unknown }).code !== 'ENOENT' || above === path) throw error
    await makeDirectory(above)
    await mkdir(path, { mode: 0o700 }).catch(refuseUnlessMadeMeanwhile)
  }
}

function refuseUnlessMadeMeanwhile(error: unknown): void {
  if ((error as { code?: unknown }).code !== 'EEXIST') throw error
}
