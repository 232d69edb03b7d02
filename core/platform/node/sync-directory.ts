// A new file is durable only once the directory that names it is.

import { open } from 'node:fs/promises'

/** Fsyncs a directory. On Windows it cannot be opened, and its entries are journalled. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
