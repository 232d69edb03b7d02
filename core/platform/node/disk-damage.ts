// What can be known of a LevelDB that was damaged. It refuses to open, or to read a block: then its own repair saves
// what is whole. Or it opens and has dropped records of its log in silence: that is in its LOG, and zeros, which it
// passes over without a word, are seen in the log itself. A note in the data directory keeps it in mind; that somebody has
// looked for what is missing is a row of the database: where that one is lost again, so may be all that was mended.

import { open, readdir, readFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { goneMeanwhile, levelCode } from './disk-errors.ts'
import { syncDirectory } from './sync-directory.ts'

const blockBytes = 32 * 1024
/** Checksum, length and type of a record of the log. */
const headerBytes = 7

/** What LevelDB says where a file that it needs is gone or garbled. */
const garbled = /No such file or directory|\.ldb: Invalid argument/

export const isDamage = (error: unknown): boolean => {
  const code = levelCode(error)
  return code === 'LEVEL_CORRUPTION' || (code === 'LEVEL_IO_ERROR' && garbled.test(innermostMessage(error)))
}

/**
 * CURRENT names no manifest that is there. To be asked before LevelDB opens it: that would begin an empty database where
 * CURRENT is gone, and of a garbled name it repeats what the system says, which may be anything.
 */
export async function pointsNowhere(store: string): Promise<boolean> {
  const files: readonly string[] = await readdir(store).catch(() => [])
  if (!files.includes('CURRENT')) return files.some((file) => /\.(ldb|log)$/.test(file))
  const named = await readFile(join(store, 'CURRENT'), 'latin1')
  return !named.endsWith('\n') || !files.includes(named.slice(0, -1))
}

export function innermostMessage(error: unknown): string {
  const { cause, message } = (error ?? {}) as { cause?: unknown; message?: string }
  return cause === undefined ? String(message) : innermostMessage(cause)
}

/** To be asked before LevelDB opens it: the logs are gone afterwards. */
export async function hasZeroedLog(store: string): Promise<boolean> {
  const files = await readdir(store).catch(() => [])
  const logs = files.filter((file) => file.endsWith('.log'))
  const contents = await Promise.all(logs.map((file) => readFile(join(store, file)).catch(goneMeanwhile)))
  return contents.some((log) => log !== undefined && hasZeroedPart(log))
}

/** Records behind a header of zeros: in an intact log nothing comes after one but zeros. */
function hasZeroedPart(log: Uint8Array): boolean {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength)
  for (let block = 0; block < log.length; block += blockBytes) {
    const end = Math.min(block + blockBytes, log.length)
    for (let at = block; at + headerBytes <= end;) {
      const length = view.getUint16(at + 4, true)
      if (length === 0 && log[at + 6] === 0) return log.subarray(at).some((byte) => byte !== 0)
      at += headerBytes + length
    }
  }
  return false
}

/** To be asked after LevelDB has opened it. A record cut off by a crash is dropped as well: that alone is no damage. */
export async function hasDroppedRecords(store: string): Promise<boolean> {
  const told = await readFile(join(store, 'LOG'), 'utf8').catch(() => '')
  return /: dropping \d+ bytes/.test(told)
}

const notePath = (dataDir: string): string => join(dataDir, 'damaged')

export interface Note {
  /** Other for each damage. */
  readonly id: string
  /** What was done about it; `''`: it was only noticed, or that was said. */
  readonly text: string
}

export async function readNote(dataDir: string): Promise<Note | undefined> {
  try {
    const [id = '', ...text] = (await readFile(notePath(dataDir), 'utf8')).split('\n')
    return { id, text: text.join('\n') }
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined
    throw error
  }
}

/** There is damage. Durable when it returns. What was noted before and not said yet is still to be said. */
export async function noteDamage(dataDir: string, text: string): Promise<void> {
  const unsaid = (await readNote(dataDir))?.text ?? ''
  await writeNote(dataDir, { id: randomUUID(), text: text || unsaid })
}

/** Durable when it returns. */
export async function writeNote(dataDir: string, { id, text }: Note): Promise<void> {
  const file = await open(notePath(dataDir), 'w', 0o600)
  try {
    await file.writeFile(`${id}\n${text}`)
    await file.sync()
  } finally {
    await file.close()
  }
  await syncDirectory(dataDir)
}
