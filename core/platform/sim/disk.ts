// What a browser profile or data directory holds: rows and a device key. It outlives its processes. Tests reach
// in here to do to it what real disks suffer: bits flip, it is cloned, put back from a backup, wiped, full, slow, or a
// liar. Processes that run meanwhile find the new rows at their next transaction, and keep their device key.

import type { Commit, CommitResult, Range, Row } from '../../base/ports.ts'
import type { Random } from '../../base/random.ts'
import { MemoryRows } from '../shared/memory-store.ts'

/** A copy of all that a disk holds, as a backup would have it. */
interface DiskImage {
  readonly rows: readonly Row[]
  readonly deviceSecret: Uint8Array
  readonly mayLack: boolean
}

export interface SimDisk {
  readonly name: string
  /** Transactions that were completed. */
  readonly commits: number
  /** What every commit fails with (`storage-full`: only those that put something); `undefined`: none does. */
  failing: 'storage-full' | 'storage-failed' | undefined
  /**
   * With `failing: 'storage-failed'`: the last commit that failed is there after all, by the seed, if its process
   * dies before a later commit is done. So it is where the sync failed after the write: what is undone when the
   * database is opened anew (platform/node/disk.ts) is not undone by a process that has died. Default false.
   */
  uncertain: boolean
  /** Commits take so much longer. Default 0. */
  slowMs: number
  /**
   * BROKEN, to show that checkers see it: a crash leaves a part of the commit that was under way, as on a disk without
   * atomic batches. Default false.
   */
  tearing: boolean
  /**
   * BROKEN, to show that checkers see it: it says that a commit is durable before it is; a crash takes back, by the
   * seed, some of the last few that were called done. Default false.
   */
  forgetful: boolean
  /** Told of every commit right after it was done, and of the process that did it. */
  watch: ((commit: Commit, by: string) => void) | undefined
  /** How often a crash left a torn commit, took commits back, or made a failed one happen. */
  readonly bites: { readonly torn: number; readonly forgotten: number; readonly landed: number }
  /** In order. */
  keys(): string[]
  /** The stored bytes as they are, a wrapper's checksum included. */
  read(key: string): Uint8Array | undefined
  write(key: string, value: Uint8Array): void
  remove(key: string): void
  /** Flips one bit of a row, chosen by the seed. */
  corrupt(key: string): void
  /** Cuts a row's value off, at a place chosen by the seed. */
  truncate(key: string): void
  /**
   * Some of the latest commits never were, what came after them stays: LevelDB passes over damaged records of its log.
   * The next process is told that something may be lost (`Store.onLoss`), and not what; not even that where the log only
   * ends earlier (`age` 0), as after any crash. To be called while none runs.
   * @param age How many commits came after the last of them; 0: it is the latest. @returns keys that hold something else now.
   */
  skipCommits(age: number, count: number): string[]
  /** Nobody has looked through it since commits were skipped; or that somebody has is lost again. */
  readonly mayLack: boolean
  image(): DiskImage
  /** Puts everything back as it was then: an older backup, or another disk's content. Key included. */
  restore(image: DiskImage): void
  /** Takes all rows away; with `deviceKey: true` the key as well, as when a user clears the site's data. */
  wipe(options?: { deviceKey?: boolean }): void
}

/** What the store port does with it. */
export interface DiskInternals extends SimDisk {
  /** Somebody has looked through it. */
  looked(): void
  readonly deviceSecret: Uint8Array
  apply(commit: Commit, by: string): CommitResult
  /** The commit failed; see `uncertain`. */
  failed(commit: Commit, host: string): void
  /** A process died; `underWay` is the commit it was in the middle of, where that did not happen. */
  crash(host: string, underWay: Commit | undefined): void
  range(range: Range): Row[]
}

/** A forgetful disk takes back at most so many commits. */
const mostForgotten = 5
/** As many of the latest commits can be skipped; of a real log it is what 4 MB hold. */
const mostSkipped = 200
/** In the log: that somebody has looked through the disk is written down like anything else. No row is called so. */
const lookedKey = ''

/** Every key: they are ASCII. */
const everything: Range = { from: '', to: '\u{80}' }

export function createDisk(name: string, random: Random): DiskInternals {
  const newSecret = (): Uint8Array => Uint8Array.from({ length: 32 }, () => random.integer(256))
  let rows = new MemoryRows()
  let deviceSecret = newSecret()
  let commits = 0
  let forgetful = false
  /** What the last commit that failed would have written, and whose it was. */
  let doubtful: { readonly commit: Commit; readonly host: string } | undefined
  /** What undoes the last commits, the newest last; kept by a forgetful disk only. */
  let undoing: (() => void)[] = []
  let mayLack = false
  const bites = { torn: 0, forgotten: 0, landed: 0 }
  /** The latest commits: of each row that they wrote or removed, what it was before. */
  let log: Map<string, Uint8Array | undefined>[] = []

  const holds = ({ expect = [] }: Commit): boolean => expect.every(({ key, value }) => rows.holds(key, value))
  const write = ({ put = [], delete: removed = [] }: Commit): void => {
    for (const key of removed) rows.delete(key)
    for (const { key, value } of put) rows.put(key, value)
  }
  /** What puts the rows that the commit touches back to what they are now. */
  const undo = ({ put = [], delete: removed = [] }: Commit): (() => void) => {
    const before = [...removed, ...put.map(({ key }) => key)].map((key) => ({ key, value: rows.get(key) }))
    return () => {
      for (const { key, value } of before) {
        if (value === undefined) rows.delete(key)
        else rows.put(key, value)
      }
    }
  }
  /** Each of its rows by itself got there or not; not all of them, and not none. */
  const tear = (commit: Commit): void => {
    const { put = [], delete: removed = [] } = commit
    const operations = put.length + removed.length
    if (operations < 2 || !holds(commit)) return
    const done = 1 + random.integer(operations - 1)
    write({ delete: removed.slice(0, done), put: put.slice(0, Math.max(0, done - removed.length)) })
    bites.torn++
  }
  const forget = (): void => {
    for (let i = random.integer(undoing.length + 1); i > 0; i--) {
      log.pop()
      undoing.pop()?.()
      bites.forgotten++
    }
    undoing = []
  }
  const replaced = (): void => {
    doubtful = undefined
    undoing = []
    log = []
  }
  const note = ({ put = [], delete: removed = [] }: Commit): void => {
    const touched = [...removed, ...put.map(({ key }) => key)]
    log = [...log, new Map(touched.map((key) => [key, rows.get(key)]))].slice(-mostSkipped)
  }
  const valueAt = (key: string, what: string): Uint8Array => {
    const value = rows.get(key)
    if (value === undefined || value.length === 0)
      throw new Error(`disk ${name} has no bytes at ${key} to ${what}`)
    return value
  }

  const skipCommits = (age: number, count: number): string[] => {
    const end = Math.max(0, log.length - age)
    const first = Math.max(0, end - count)
    const skipped = log.splice(first, end - first)
    const changed = new Set<string>()
    for (const befores of skipped.toReversed()) {
      for (const [key, before] of befores) {
        const later = log.slice(first).find((each) => each.has(key))
        if (later) later.set(key, before)
        else if (key === lookedKey) mayLack = true
        else if (before === undefined) rows.delete(key)
        else rows.put(key, before)
        if (!later && key !== lookedKey) changed.add(key)
      }
    }
    mayLack ||= skipped.length > 0 && age > 0
    return [...changed]
  }

  const disk: DiskInternals = {
    name,
    failing: undefined,
    uncertain: false,
    slowMs: 0,
    tearing: false,
    watch: undefined,
    get deviceSecret() {
      return deviceSecret
    },
    get commits() {
      return commits
    },
    get forgetful() {
      return forgetful
    },
    set forgetful(on) {
      forgetful = on
      undoing = []
    },
    bites,
    keys: () => rows.range(everything).map(({ key }) => key),
    read: (key) => rows.get(key),
    write: (key, value) => rows.put(key, value),
    remove: (key) => rows.delete(key),
    corrupt: (key) => {
      const value = valueAt(key, 'corrupt')
      const at = random.integer(value.length)
      value[at] = (value[at] ?? 0) ^ (1 << random.integer(8))
      rows.put(key, value)
    },
    get mayLack() {
      return mayLack
    },
    looked: () => {
      if (!mayLack) return
      mayLack = false
      log = [...log, new Map([[lookedKey, undefined]])].slice(-mostSkipped)
    },
    skipCommits,
    truncate: (key) => {
      const value = valueAt(key, 'truncate')
      rows.put(key, value.slice(0, random.integer(value.length)))
    },
    image: () => ({
      rows: rows.range(everything),
      deviceSecret: deviceSecret.slice(),
      mayLack: disk.mayLack,
    }),
    restore: (image) => {
      replaced()
      rows = new MemoryRows()
      for (const { key, value } of image.rows) rows.put(key, value)
      deviceSecret = image.deviceSecret.slice()
      mayLack = image.mayLack
    },
    wipe: (options) => {
      replaced()
      rows = new MemoryRows()
      mayLack = false
      if (options?.deviceKey === true) deviceSecret = newSecret()
    },
    apply: (commit, by) => {
      if (!holds(commit)) {
        return { ok: false, found: (commit.expect ?? []).map(({ key }) => rows.get(key)) }
      }
      if (forgetful) undoing = [...undoing, undo(commit)].slice(-mostForgotten)
      note(commit)
      write(commit)
      doubtful = undefined
      commits++
      disk.watch?.(commit, by)
      return { ok: true }
    },
    failed: (commit, host) => {
      if (disk.uncertain && holds(commit)) doubtful = { commit, host }
    },
    crash: (host, underWay) => {
      if (forgetful) forget()
      if (disk.tearing && underWay !== undefined) tear(underWay)
      if (doubtful?.host === host && random.integer(2) === 0 && holds(doubtful.commit)) {
        note(doubtful.commit)
        write(doubtful.commit)
        bites.landed++
      }
      if (doubtful?.host === host) doubtful = undefined
    },
    range: (range) => rows.range(range),
  }
  return disk
}
