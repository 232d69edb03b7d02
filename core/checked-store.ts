// Wraps any Store so that damage on its way to or from the disk is found: each value is stored behind a CRC-32 over
// its key and itself. A row that does not match is moved to `aside/<key>`, reported once, and from then on its key
// is absent: the mesh fetches the record again. `aside/` is ours: keys that begin so are not seen through this store.

import { crc32 as portableCrc32 } from './base/crc32.ts'
import { assert, MeshError } from './base/errors.ts'
import { equalBytes } from './base/ids.ts'
import type { Commit, CommitResult, Range, Row, Store } from './base/ports.ts'

export const asidePrefix = 'aside/'
const asideEnd = 'aside0'
/** Names the row set aside last, from then until `mended`: a process may die before it has mended what that broke. */
const unmendedKey = asidePrefix
/** Rows kept for whoever wants to look into the damage; beyond them a bad row is only removed. chosen. */
const maxAsideRows = 1000
/** Rows looked at a time while counting, so that large ones are not all in memory. chosen. */
const countingStep = 16
/** A row that others change under our hands is looked at this often, then left for the next read. chosen. */
const maxAttempts = 8
const checksumBytes = 4

export interface CheckedStoreEvents {
  /** The row was damaged; its key is absent now. Once for each damaged row. */
  onCorrupt(row: { readonly key: string }): void
}

export interface CheckedStore extends Store {
  /** Something was set aside, by an earlier run too, and nobody has said `mended` since: what to say it with. */
  unmended(): Promise<Uint8Array | undefined>
  /** All that `seen` stands for is mended, or known to be lost. Changes nothing where more was set aside meanwhile. */
  mended(seen: Uint8Array): Promise<void>
}

/**
 * The same promises as `inner`, except: a commit that meets a damaged row is tried again behind those called meanwhile.
 *
 * @param crc32 the platform's own, where it has one: rows of documents are large.
 */
export function createCheckedStore(
  inner: Store,
  events: CheckedStoreEvents,
  crc32: typeof portableCrc32 = portableCrc32,
): CheckedStore {
  const { seal, unseal } = createSeals(crc32)
  const aside = createAside(inner, events)

  /** What `key` holds, given the raw bytes just read from it. */
  const open = async (key: string, raw: Uint8Array | undefined): Promise<Uint8Array | undefined> => {
    let found = raw
    for (let attempt = 0; attempt < maxAttempts && found !== undefined; attempt++) {
      const value = unseal(key, found)
      if (value !== undefined) return value
      found = await aside.replace(key, found)
    }
    return undefined
  }

  /** The same for reads: a damaged row reads as absent even where it cannot be moved (no room, no lock). */
  const read = async (key: string, raw: Uint8Array | undefined): Promise<Uint8Array | undefined> => {
    try {
      return await open(key, raw)
    } catch (error) {
      if (error instanceof MeshError) return undefined
      throw error
    }
  }

  const commit = async (asked: Commit): Promise<CommitResult> => {
    const sealed = sealCommit(asked, seal)
    const expect = asked.expect ?? []
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const result = await inner.commit(sealed)
      if (result.ok) return result
      const found = await Promise.all(expect.map(({ key }, i) => open(key, result.found[i])))
      if (!expect.every(({ value }, i) => sameValue(value, found[i]))) return { ok: false, found }
      // Only damaged rows stood in the way, and they are gone now.
    }
    throw new MeshError('storage-failed', 'A damaged row could not be moved out of the way of a write.')
  }

  const range = async ({ from, to, limit = Infinity, reverse = false }: Range): Promise<Row[]> => {
    const rows: Row[] = []
    if (limit <= 0) return rows
    let rest = { from, to }
    for (;;) {
      const wanted = limit - rows.length
      const raw = await inner.range({ ...rest, reverse, ...(wanted === Infinity ? {} : { limit: wanted }) })
      for (const row of raw) {
        if (isAside(row.key)) continue
        const value = await read(row.key, row.value)
        if (value !== undefined) rows.push({ key: row.key, value })
      }
      const last = raw.at(-1)?.key
      // Rows that were left out made room for as many more.
      if (last === undefined || raw.length < wanted || rows.length >= limit) return rows
      rest = reverse ? { from, to: last } : { from: `${last}\0`, to }
      if (isAside(last)) rest = reverse ? { from, to: asidePrefix } : { from: asideEnd, to }
      if (rest.from >= rest.to) return rows
    }
  }

  return {
    durable: inner.durable,
    commit,
    get: async (keys) => {
      const raw = await inner.get(keys)
      return Promise.all(keys.map(async (key, i) => (isAside(key) ? undefined : read(key, raw[i]))))
    },
    range,
    unmended: async () => (await inner.get([unmendedKey]))[0],
    mended: async (seen) => {
      await inner.commit({ expect: [{ key: unmendedKey, value: seen }], delete: [unmendedKey] })
    },
    close: () => inner.close(),
  }
}

/** Where damaged rows go. */
function createAside(inner: Store, events: CheckedStoreEvents) {
  /** Rows set aside, as far as we know: sibling tabs add to them too, so the bound may be passed by a few. */
  let rows = 0
  let counting: Promise<void> | undefined
  /** Keys whose damaged row was reported and could not be moved (a full disk); bounded. */
  const stuck = new Set<string>()

  const count = async (): Promise<void> => {
    let found = 0
    for (let from = `${unmendedKey}\0`; found < maxAsideRows;) {
      const page = await inner.range({ from, to: asideEnd, limit: countingStep })
      found += page.length
      const last = page.at(-1)
      if (last === undefined || page.length < countingStep) break
      from = `${last.key}\0`
    }
    rows += found
  }

  const report = (key: string): void => {
    if (!stuck.has(key)) events.onCorrupt({ key })
  }

  /** Moves it, or only removes it; refused if the row is no longer what it was. */
  const move = async (key: string, raw: Uint8Array): Promise<CommitResult> => {
    counting ??= count().catch((error: unknown) => {
      counting = undefined // tried again with the next damaged row
      throw error
    })
    await counting
    const keep = rows < maxAsideRows
    if (keep) rows += 1
    let moved = false
    try {
      const put = [{ key: unmendedKey, value: asBytes(key) }]
      if (keep) put.push({ key: asidePrefix + key, value: raw })
      const result = await inner.commit({ expect: [{ key, value: raw }], put, delete: [key] })
      moved = result.ok
      return result
    } finally {
      if (keep && !moved) rows -= 1
    }
  }

  return {
    /**
     * Sets the damaged row aside; answers with what the key holds afterwards: nothing, unless others wrote it.
     * Rejects where the move cannot be written; the row is reported nevertheless.
     */
    async replace(key: string, raw: Uint8Array): Promise<Uint8Array | undefined> {
      try {
        const result = await move(key, raw)
        if (!result.ok) return result.found[0]
        report(key)
        stuck.delete(key)
        return undefined
      } catch (error) {
        report(key)
        if (stuck.size < maxAsideRows) stuck.add(key)
        throw error
      }
    },
  }
}

const isAside = (key: string): boolean => key.startsWith(asidePrefix)

const sameValue = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b)

/** Keys are ASCII, so a character is a byte; none is 0. */
function asBytes(key: string, more = 0): Uint8Array {
  const bytes = new Uint8Array(key.length + more)
  for (let i = 0; i < key.length; i++) bytes[i] = key.charCodeAt(i)
  return bytes
}

function createSeals(crc32: typeof portableCrc32) {
  /** A zero parts key and value. */
  const checksum = (key: string, value: Uint8Array): number => crc32(value, crc32(asBytes(key, 1)))

  return {
    seal: (key: string, value: Uint8Array): Uint8Array => {
      assert(!isAside(key), `keys beginning with ${asidePrefix} are not for use: ${key}`)
      const sealed = new Uint8Array(checksumBytes + value.length)
      new DataView(sealed.buffer).setUint32(0, checksum(key, value))
      sealed.set(value, checksumBytes)
      return sealed
    },
    unseal: (key: string, sealed: Uint8Array): Uint8Array | undefined => {
      if (sealed.length < checksumBytes) return undefined
      const value = sealed.subarray(checksumBytes)
      const expected = new DataView(sealed.buffer, sealed.byteOffset, checksumBytes).getUint32(0)
      return checksum(key, value) === expected ? value : undefined
    },
  }
}

const sealCommit = (
  { expect, put, delete: remove }: Commit,
  seal: (key: string, value: Uint8Array) => Uint8Array,
): Commit => ({
  ...(expect && {
    expect: expect.map(({ key, value }) => ({ key, value: value === undefined ? value : seal(key, value) })),
  }),
  ...(put && { put: put.map(({ key, value }) => ({ key, value: seal(key, value) })) }),
  ...(remove && { delete: remove }),
})
