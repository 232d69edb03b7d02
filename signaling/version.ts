// The version of the package this code was shipped in, wherever the build put the file.

import { readFile } from 'node:fs/promises'

/** `unknown` where the code was bundled into another program. */
export async function readVersion(): Promise<string> {
  for (const up of ['..', '../..', '../../..']) {
    const found = await readPackage(new URL(`${up}/package.json`, import.meta.url))
    if (found.name === 'skein' && typeof found.version === 'string') return found.version
  }
  return 'unknown'
}

async function readPackage(url: URL): Promise<{ name?: unknown; version?: unknown }> {
  try {
    return JSON.parse(await readFile(url, 'utf8')) as { name?: unknown; version?: unknown }
  } catch {
    // No package.json on this level: the next one up is looked at.
    return {}
  }
}
