// What a browser profile or data directory holds: rows and a device key. It outlives its processes. Tests reach
// in here to do to it what real disks suffer: bits flip, it is cloned, put back from a backup, wiped, or full.

import type { Commit, CommitResult, Range, Row } from '../../base/ports.ts'
import type { Random } from '../../base/random.ts'
import { MemoryRows } from '../shared/memory-store.ts'

/** A copy of all that a disk holds, as a backup would have it. */
interface DiskImage {
  readonly rows: readonly Row[]
  readonly deviceSecret: Uint8Array
}

export interface SimDisk {
  readonly name: string
  /** Transactions that were completed. */
  readonly commits: number
  /** What every commit fails with (`storage-full`: only those that put something); `undefined`: none does. */
  failing: 'storage-full' | 'storage-failed' | undefined
  /** In order. */
  keys(): string[]
  /** The stored bytes as they are, a wrapper's checksum included. */
  read(key: string): Uint8Array | undefined
  write(key: string, value: Uint8Array): void
  remove(key: string): void
  /** Flips one bit of a row, chosen by the seed. */
  corrupt(key: string): void
  image(): DiskImage
  /** Puts everything back as it was then: an older backup, or another disk's content. Key included. */
  restore(image: DiskImage): void
  /** Takes all rows away; with `deviceKey: true` the key as well, as when a user clears the site's data. */
  wipe(options?: { deviceKey?: boolean }): void
}

/** What the store port does with it. */
export interface DiskInternals extends SimDisk {
  readonly deviceSecret: Uint8Array
  apply(commit: Commit): CommitResult
  range(range: Range): Row[]
}

/** Every key: they are ASCII. */
const everything: Range = { from: '', to: '\u{80}' }

export function createDisk(name: string, random: Random): DiskInternals {
  const newSecret = (): Uint8Array => Uint8Array.from({ length: 32 }, () => random.integer(256))
  let rows = new MemoryRows()
  let deviceSecret = newSecret()
  let commits = 0
  let failing: SimDisk['failing']

  return {
    name,
    get deviceSecret() {
      return deviceSecret
    },
    get commits() {
      return commits
    },
    get failing() {
      return failing
    },
    set failing(code) {
      failing = code
    },
    keys: () => rows.range(everything).map(({ key }) => key),
    read: (key) => rows.get(key),
    write: (key, value) => rows.put(key, value),
    remove: (key) => rows.delete(key),
    corrupt: (key) => {
      const value = rows.get(key)
      if (value === undefined || value.length === 0)
        throw new Error(`disk ${name} has no bytes at ${key} to corrupt`)
      const at = random.integer(value.length)
      value[at] = (value[at] ?? 0) ^ (1 << random.integer(8))
      rows.put(key, value)
    },
    image: () => ({ rows: rows.range(everything), deviceSecret: deviceSecret.slice() }),
    restore: (image) => {
      rows = new MemoryRows()
      for (const { key, value } of image.rows) rows.put(key, value)
      deviceSecret = image.deviceSecret.slice()
    },
    wipe: (options) => {
      rows = new MemoryRows()
      if (options?.deviceKey === true) deviceSecret = newSecret()
    },
    apply: (commit) => {
      const expected = commit.expect ?? []
      if (!expected.every(({ key, value }) => rows.holds(key, value))) {
        return { ok: false, found: expected.map(({ key }) => rows.get(key)) }
      }
      for (const key of commit.delete ?? []) rows.delete(key)
      for (const { key, value } of commit.put ?? []) rows.put(key, value)
      commits++
      return { ok: true }
    },
    range: (range) => rows.range(range),
  }
}
