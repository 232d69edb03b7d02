// The power goes: a disk is left with what had been synced, and with as much of the rest as chance would have it.
// power-loss.c kept the journal this is read from.
//
// What a disk keeps: a synced file is there up to the length it had, with its name and with all that was done to
// names before (the journals of ext4, XFS and btrfs keep the order of such operations). Of the later ones the first
// few may have been kept; of later bytes the first few, or zeros in their place. Bytes of a sync that failed are lost,
// whatever later syncs said: the kernel has dropped their pages.

import { execFileSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  rmSync,
  truncateSync,
  statSync,
  renameSync,
  readFileSync,
  openSync,
  writeSync,
  closeSync,
} from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Random } from '../../../core/base/random.ts'

/** The compiled preload library; undefined where there is no C compiler or the system knows no LD_PRELOAD. */
export async function buildPreload(): Promise<
  { readonly library: string; remove(): Promise<void> } | undefined
> {
  if (process.platform !== 'linux') return undefined
  const folder = await mkdtemp(join(tmpdir(), 'skein-preload-'))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  const library = join(folder, 'power-loss.so')
  const source = join(import.meta.dirname, '../power-loss.c')
  try {
    execFileSync('cc', [
      '-shared',
      '-fPIC',
      '-O1',
      '-Wall',
      '-Werror',
      '-o',
      library,
      source,
      '-ldl',
      '-lpthread',
    ])
    return { library, remove }
  } catch (error) {
    await remove()
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined
    throw error
  }
}

/** One life of a data directory on a disk that may lose its power. */
export class FrailDisk {
  readonly environment: Readonly<Record<string, string>>
  readonly #folder: string

  /** @param delayMs every sync takes up to so much longer */
  static async under(dataDir: string, library: string, delayMs = 0): Promise<FrailDisk> {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    const folder = await mkdtemp(join(dirname(dataDir), 'journal-'))
    return new FrailDisk(dataDir, folder, library, delayMs)
  }

  private constructor(dataDir: string, folder: string, library: string, delayMs: number) {
    this.#folder = folder
    this.environment = {
      LD_PRELOAD: library,
      SKEIN_DISK_ROOT: dataDir,
      SKEIN_DISK_JOURNAL: folder,
      SKEIN_DISK_DELAY_MS: String(delayMs),
    }
  }

  /** From now on every sync fails with EIO. */
  async fail(): Promise<void> {
    await writeFile(join(this.#folder, 'fail'), '')
  }

  async heal(): Promise<void> {
    await rm(join(this.#folder, 'fail'))
  }

  /** Once the program is dead: takes away what was not durable. Answers with how much that was. */
  async losePower(random: Random): Promise<Loss> {
    const loss = takeAway(readJournal(join(this.#folder, 'journal')), random)
    await rm(this.#folder, { recursive: true })
    return loss
  }
}

export interface Loss {
  readonly bytes: number
  readonly operations: number
}

type Step = readonly [what: string, path: string, ...rest: string[]]

/** A program that was killed before it did anything has no journal. */
function readJournal(path: string): Step[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => line.split('\t') as unknown as Step)
}

/** What is durable of a file that was made under the watch. */
interface Content {
  length: number
  /** Where a failed sync dropped bytes. */
  readonly lost: [from: number, to: number][]
}

function takeAway(steps: readonly Step[], random: Random): Loss {
  const lastSync = steps.findLastIndex(([what]) => what === 'synced')
  const open = steps.slice(lastSync + 1).filter(([what]) => what !== 'refused')
  const undone = open.slice(random.integer(open.length + 1)).toReversed()
  const contents = contentsOf(steps)
  let bytes = 0
  for (const [path, content] of contents) bytes += cut(path, content, random)
  for (const step of undone) undo(step)
  return { bytes, operations: undone.length }
}

/** Follows each file under the names it had. */
function contentsOf(steps: readonly Step[]): Map<string, Content> {
  const contents = new Map<string, Content>()
  for (const [what, path, rest = ''] of steps) {
    const content = contents.get(path)
    if (what === 'made') contents.set(path, { length: 0, lost: [] })
    else if (what === 'removed') contents.delete(path)
    else if (content === undefined) continue
    else if (what === 'synced') content.length = Math.max(content.length, Number(rest))
    else if (what === 'refused') content.lost.push([content.length, Number(rest)])
    else {
      contents.set(rest, content)
      if (what === 'moved') contents.delete(path)
    }
  }
  return contents
}

/** Answers with how many bytes are gone. */
function cut(path: string, { length, lost }: Content, random: Random): number {
  if (!existsSync(path)) return 0
  const { size } = statSync(path)
  // Bytes that a failed sync dropped and a later one did not: they are behind `length`, and cut off below.
  for (const [from, to] of lost) if (to <= length) zero(path, from, to)
  const survives = length + (random.integer(2) === 0 ? 0 : random.integer(size - length + 1))
  truncateSync(path, survives)
  // The new length may be on the disk, and the bytes not.
  if (random.integer(3) === 0) truncateSync(path, survives + random.integer(size - survives + 1))
  return size - survives
}

function zero(path: string, from: number, to: number): void {
  const file = openSync(path, 'r+')
  writeSync(file, new Uint8Array(to - from), 0, to - from, from)
  closeSync(file)
}

/** The kill may have come between the note and the deed: then there is nothing to undo. */
function undo([what, path, second = '-', third = '-']: Step): void {
  if (what === 'made') {
    rmSync(path, { force: true })
    putBack(second, path)
  } else if (what === 'linked') {
    rmSync(second, { force: true })
  } else if (what === 'removed') {
    if (!existsSync(path)) putBack(second, path)
  } else if (what === 'moved' && !existsSync(path)) {
    renameSync(second, path)
    putBack(third, second)
  }
}

function putBack(kept: string, path: string): void {
  if (kept !== '-' && existsSync(kept)) linkSync(kept, path)
}
