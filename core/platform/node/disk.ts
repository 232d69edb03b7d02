// An agent's Store: LevelDB in `<dataDir>/store`, by way of classic-level. Every write is one batch with `sync: true`,
// so it is done when the log is on the disk. LevelDB locks its directory (one process), and one call at a time runs
// here, which makes read-compare-write atomic. After a failed write it is opened anew before the next.

import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { ClassicLevel } from 'classic-level'
import { MeshError } from '../../base/errors.ts'
import { equalBytes } from '../../base/ids.ts'
import type { Commit, CommitResult, Range, Row, Store } from '../../base/ports.ts'
import {
  hasDroppedRecords,
  hasZeroedLog,
  innermostMessage,
  isDamage,
  noteDamage,
  pointsNowhere,
  readNote,
  writeNote,
} from './disk-damage.ts'
import { diskError, hasRoom, levelCode } from './disk-errors.ts'
import { makeDirectory } from './make-directory.ts'
import { setDamagedTablesAside } from './disk-tables.ts'
import { syncDirectory } from './sync-directory.ts'

type Level = ClassicLevel<string, Uint8Array>
type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

/**
 * Opens (creates, with mode 0700) the data directory's store. Rejects with `data-dir-in-use` where another process
 * has it open, `native-missing` without classic-level, `storage-full` or `storage-failed` where the disk refuses.
 */
export async function openDiskStore(directory: string): Promise<Store> {
  // It is opened anew now and then, and the process may have gone elsewhere by then.
  const dataDir = resolve(directory)
  const { ClassicLevel } = await importClassicLevel('classic-level')
  try {
    await makeDirectory(dataDir)
  } catch (error) {
    throw diskError(error, dataDir)
  }
  const path = join(dataDir, 'store')
  const open = async (createIfMissing = true): Promise<Level> => {
    const level: Level = new ClassicLevel(path, { keyEncoding: 'utf8', valueEncoding: 'view' })
    try {
      await level.open({ createIfMissing })
    } catch (error) {
      throw levelCode(error) === 'LEVEL_LOCKED' ? await inUse(dataDir, error) : error
    }
    return level
  }
  const repair = async (problem: unknown): Promise<void> => {
    // It sets logs aside of which it could not write the tables.
    if (!(await hasRoom(dataDir))) throw diskError(new Error('No space left'), dataDir)
    await noteDamage(dataDir, repairedText(dataDir, problem))
    await ClassicLevel.repair(path)
  }
  const openOrRepair = async (): Promise<Level> => {
    let isAstray = false
    try {
      await setDamagedTablesAside(path)
      const zeroed = await hasZeroedLog(path)
      isAstray = await pointsNowhere(path)
      // Opening locks the directory, which repairing does not: who has it open may be about to write CURRENT.
      const level = await open(!isAstray)
      isAstray = false
      try {
        if (zeroed || (await hasDroppedRecords(path))) await noteDamage(dataDir, '')
      } catch (error) {
        await level.close() // it would stay locked for us
        throw error
      }
      return level
    } catch (problem) {
      const isInUse = problem instanceof MeshError
      isAstray &&= await pointsNowhere(path)
      if (isInUse || !(isAstray || isDamage(problem))) throw problem
      await repair(isAstray ? new Error('CURRENT names no manifest that is there') : problem)
      return open()
    }
  }
  const first = await openOrRepair().catch((error: unknown) => {
    throw diskError(error, dataDir)
  })
  const store = new DiskStore(dataDir, { open: openOrRepair, repair }, first)
  try {
    await syncDirectory(dataDir)
    await syncDirectory(dirname(dataDir))
  } catch (error) {
    await store.close()
    throw diskError(error, dataDir)
  }
  await writeFile(pidFile(dataDir), `${process.pid}\n`).catch(ignoredForItOnlyNamesUs)
  return store
}

/** What was lost is looked for when the mesh has been joined; see `onLoss` of the port. */
const repairedText = (dataDir: string, problem: unknown): string =>
  `The database in ${dataDir} was damaged (${innermostMessage(problem)}) and was repaired. What was lost is set aside in its folder "store/lost", and is fetched again where others have it.`

const ignoredForTheNoteStays = (): void => undefined

// A full disk must not keep an agent from reading what it has.
const ignoredForItOnlyNamesUs = (): void => undefined

/** A name that bundlers cannot see through: the package is native and optional. */
async function importClassicLevel(name: string): Promise<typeof import('classic-level')> {
  try {
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ name)) as typeof import('classic-level')
  } catch (cause) {
    throw new MeshError(
      'native-missing',
      'To store on disk Skein needs the package classic-level: run "npm install classic-level", or join with store: \'memory\'.',
      { details: { package: name, command: 'npm install classic-level' }, cause },
    )
  }
}

const pidFile = (dataDir: string): string => join(dataDir, 'pid')

async function inUse(dataDir: string, cause: unknown): Promise<MeshError> {
  const text = await readFile(pidFile(dataDir), 'utf8').catch(() => '')
  const pid = Number.parseInt(text, 10)
  const details = Number.isInteger(pid) ? { dataDir, pid } : { dataDir }
  const who = Number.isInteger(pid) ? `process ${pid}` : 'another process'
  return new MeshError(
    'data-dir-in-use',
    `The data directory ${dataDir} is in use by ${who}. Leave the mesh there or stop it, or choose another name or data directory.`,
    { details, cause },
  )
}

/** A row of this file's own: up to which damage somebody has looked for what is missing. No other begins like it. */
const lookedKey = 'looked'

interface Files {
  /** Opens it, repaired where it would not open otherwise. */
  readonly open: () => Promise<Level>
  readonly repair: (problem: unknown) => Promise<void>
}

class DiskStore implements Store {
  readonly durable = true
  readonly #dataDir: string
  readonly #files: Files
  /** Undefined where reopening failed; the next call tries again. */
  #level: Level | undefined
  /**
   * Set by a write that failed: what makes it undone. LevelDB must not be written to any more before it was opened
   * anew, for its log may end in a torn record, and what came after that would be lost on the next start.
   */
  #undo: Operation[] | undefined
  #closed = false
  #last: Promise<unknown> = Promise.resolve()

  /** What LevelDB said when it met damage in the open database: it is repaired before it is used again. */
  #damage: unknown
  #look: ((repaired: string | undefined) => Promise<unknown>) | undefined

  constructor(dataDir: string, files: Files, level: Level) {
    this.#dataDir = dataDir
    this.#files = files
    this.#level = level
  }

  onLoss(look: (repaired: string | undefined) => Promise<unknown>): void {
    this.#look = look
    this.#lookForLosses().catch(ignoredForTheNoteStays)
  }

  commit(commit: Commit): Promise<CommitResult> {
    return this.#inTurn(async () => {
      if (this.#undo !== undefined) await this.#recover(this.#undo)
      return this.#mending((level) => this.#write(level, commit))
    })
  }

  get(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return this.#inTurn(() => this.#mending((level) => read(level, keys)))
  }

  range({ from, to, limit, reverse = false }: Range): Promise<Row[]> {
    const options = { gte: from, lt: to, reverse, ...(limit === undefined ? {} : { limit }) }
    return this.#inTurn(() =>
      this.#mending(async (level) => {
        const rows = await level.iterator(options).all()
        return rows.map(([key, value]) => ({ key, value: plain(value) }))
      }),
    )
  }

  async close(): Promise<void> {
    const closing = this.#inTurn(async () => this.#level?.close())
    this.#closed = true
    await closing
  }

  /** One call at a time, in call order, whatever became of those before. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new MeshError('storage-failed', 'This store was closed.'))
    const turn = this.#last.then(work).catch((error: unknown) => {
      throw diskError(error, this.#dataDir)
    })
    this.#last = turn.catch(() => undefined) // its caller has the error
    return turn
  }

  async #opened(): Promise<Level> {
    if (this.#damage !== undefined) await this.#repair()
    this.#level ??= await this.#files.open()
    return this.#level
  }

  /** A block that cannot be read is damage: the database is repaired, and the work is done again. */
  async #mending<T>(work: (level: Level) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#opened())
    } catch (error) {
      if (!isDamage(error)) throw error
      this.#damage = error
      if (this.#undo !== undefined) throw error // it was written to: recovering comes first
      return work(await this.#opened())
    }
  }

  async #repair(): Promise<void> {
    await this.#shut()
    await this.#files.repair(this.#damage)
    this.#damage = undefined
    this.#lookForLosses().catch(ignoredForTheNoteStays)
  }

  async #shut(): Promise<void> {
    const stale = this.#level
    this.#level = undefined
    await stale?.close()
  }

  /** Once for each damage; again where the row that says so is not there: what was found then may be lost like it. */
  async #lookForLosses(): Promise<void> {
    const note = await readNote(this.#dataDir)
    if (note === undefined || this.#look === undefined) return
    const looked = { key: lookedKey, value: new TextEncoder().encode(note.id) }
    const [found] = await this.get([lookedKey])
    if (sameValue(found, looked.value)) return
    await this.#look(note.text === '' ? undefined : note.text)
    await this.commit({ put: [looked] })
    const isLatest = (await readNote(this.#dataDir))?.id === note.id
    if (isLatest && note.text !== '') await writeNote(this.#dataDir, { ...note, text: '' })
  }

  async #write(level: Level, { expect = [], put = [], delete: remove = [] }: Commit): Promise<CommitResult> {
    const found = await read(
      level,
      expect.map(({ key }) => key),
    )
    if (!expect.every(({ value }, i) => sameValue(value, found[i]))) return { ok: false, found }
    const operations: Operation[] = [
      ...remove.map((key) => ({ type: 'del' as const, key })),
      ...put.map(({ key, value }) => ({ type: 'put' as const, key, value })),
    ]
    if (operations.length === 0) return { ok: true }
    try {
      await level.batch(operations, { sync: true })
    } catch (error) {
      this.#undo = []
      this.#undo = await undoing(level, operations)
      throw error
    }
    return { ok: true }
  }

  /**
   * Opens the database anew after a failed write and takes back what of that write may have reached the log. As long
   * as the disk has no room to open it, it stays as it is, for reading.
   */
  async #recover(undo: Operation[]): Promise<void> {
    if (!(await hasRoom(this.#dataDir))) {
      throw new MeshError(
        'storage-full',
        `There is still no room on the disk that holds ${this.#dataDir}. What was stored before stays readable.`,
      )
    }
    await this.#shut()
    const level = await this.#opened()
    await level.batch(undo, { sync: true })
    this.#undo = undefined
  }
}

async function read(level: Level, keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
  if (keys.length === 0) return []
  const found = await level.getMany([...keys])
  return found.map((value) => (value === undefined ? undefined : plain(value)))
}

/** What puts the keys of a write back to what they hold now. */
async function undoing(level: Level, operations: readonly Operation[]): Promise<Operation[]> {
  const keys = [...new Set(operations.map(({ key }) => key))]
  const values = await read(level, keys)
  return keys.map((key, i) => {
    const value = values[i]
    return value === undefined ? { type: 'del', key } : { type: 'put', key, value }
  })
}

/** Node's Buffers are bytes with other manners (`slice` shares, `toString` decodes); the port speaks of plain ones. */
const plain = (value: Uint8Array): Uint8Array =>
  new Uint8Array(value.buffer, value.byteOffset, value.byteLength)

const sameValue = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b)
