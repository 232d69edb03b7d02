// Enters a running server in this machine's registry, where agents look (core/platform/node/registry.ts), and takes
// it out again. The file appears whole or not at all: it is written beside its place and then renamed.

import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeDirectory } from '../core/platform/node/make-directory.ts'
import { isPrivateDirectory, type LocalServer, registryDirectories } from '../core/platform/node/registry.ts'

/**
 * Enters `server` in the first directory that can be used. Rejects with a sentence when none can, which leaves the
 * server itself unharmed.
 * @returns takes the entry out again; removes nothing when it is gone already
 */
export async function announceServer(
  server: LocalServer,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<() => Promise<void>> {
  const problems: string[] = []
  for (const directory of registryDirectories(environment)) {
    try {
      const path = await writeEntry(directory, server)
      return () => rm(path, { force: true })
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error))
    }
  }
  throw new Error(`No registry directory can be used (${problems.join('; ')}).`)
}

async function writeEntry(directory: string, server: LocalServer): Promise<string> {
  await makeDirectory(directory)
  if (!(await isPrivateDirectory(directory))) {
    throw new Error(`${directory} belongs to somebody else, or others may write to it`)
  }
  const path = join(directory, `${server.pid}.json`)
  const unfinished = `${path}.new`
  await writeFile(unfinished, `${JSON.stringify(server)}\n`, { mode: 0o600 })
  await rename(unfinished, path)
  return path
}
