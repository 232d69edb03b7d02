// Checks LevelDB's tables before it opens them. It does not do so itself: it reads blocks without their checksums,
// and where a damaged one has its keys out of order it ends the whole process, at each start anew. A table: blocks,
// each with its type and CRC-32C behind it; two of them say where the others are, and the footer where those two
// are. Every bit of it is covered, but for the padding of the footer.

import { mkdir, readdir, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { goneMeanwhile } from './disk-errors.ts'

/** A younger table may still be being written, by another process that has the directory open. chosen. */
const settledMs = 10_000
const footerBytes = 48
const trailerBytes = 5
const magic = 0xdb4775248b80fb57n
/** A table holds 2 MiB, or one row more; no index expands to this. */
const maxIndexBytes = 16 * 1024 * 1024

/**
 * Moves damaged tables to the folder `lost`, as LevelDB's own repair does. It will not open then, since it misses
 * them, and its repair goes on without.
 */
export async function setDamagedTablesAside(store: string): Promise<void> {
  const files = await readdir(store).catch(() => [])
  for (const file of files.filter((each) => each.endsWith('.ldb'))) {
    const found = await stat(join(store, file)).catch(goneMeanwhile)
    if (found === undefined || found.mtimeMs > Date.now() - settledMs) continue
    const table = await readFile(join(store, file)).catch(goneMeanwhile)
    if (table === undefined || isWholeTable(table)) continue
    await mkdir(join(store, 'lost'), { recursive: true })
    await rename(join(store, file), join(store, 'lost', file))
  }
}

export function isWholeTable(table: Buffer): boolean {
  try {
    const footer = table.subarray(table.length - footerBytes)
    if (table.length < footerBytes || footer.readBigUInt64LE(footerBytes - 8) !== magic) return false
    const reader = new Reader(footer)
    // Of the filter (which keys are not in here: a wrong one hides rows), and of the rows.
    const lists = [reader.handle(), reader.handle()]
    if (!lists.every((list) => isWholeBlock(table, list))) return false
    const blocks = lists.flatMap((list) => handlesIn(contentOf(table, list)))
    return blocks.every((block) => isWholeBlock(table, block))
  } catch (error) {
    if (error instanceof RangeError) return false // something points outside
    throw error
  }
}

interface Handle {
  readonly offset: number
  readonly size: number
}

class Reader {
  at = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  varint(): number {
    let value = 0
    for (let scale = 1; scale < 2 ** 49; scale *= 128) {
      const byte = this.#bytes.readUInt8(this.at++)
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new RangeError('a number too long')
  }

  handle(): Handle {
    return { offset: this.varint(), size: this.varint() }
  }
}

function isWholeBlock(table: Buffer, { offset, size }: Handle): boolean {
  const end = offset + size
  if (end + trailerBytes > table.length) return false
  return unmasked(table.readUInt32LE(end + 1)) === crc32c(table.subarray(offset, end + 1))
}

/** Of a block whose checksum fits. */
function contentOf(table: Buffer, { offset, size }: Handle): Buffer {
  const stored = table.subarray(offset, offset + size)
  return table[offset + size] === 1 ? expand(stored) : stored
}

/** The values of a block that lists others: its entries are key prefixes shared, key bytes, value bytes, and at its end the restarts. */
function handlesIn(index: Buffer): Handle[] {
  const restarts = index.readUInt32LE(index.length - 4)
  const end = index.length - 4 * (restarts + 1)
  const reader = new Reader(index)
  const handles: Handle[] = []
  while (reader.at < end) {
    reader.varint()
    const keyBytes = reader.varint()
    const valueBytes = reader.varint()
    const valueAt = reader.at + keyBytes
    reader.at = valueAt
    handles.push(reader.handle())
    reader.at = valueAt + valueBytes
  }
  return handles
}

/** Snappy: a length, then literals and copies of what came before. */
function expand(packed: Buffer): Buffer {
  const reader = new Reader(packed)
  const length = reader.varint()
  if (length > maxIndexBytes) throw new RangeError('an index too large')
  const out = Buffer.alloc(length)
  let filled = 0
  while (reader.at < packed.length) {
    const tag = packed.readUInt8(reader.at++)
    const kind = tag & 3
    if (kind === 0) {
      const extra = Math.max(0, (tag >> 2) - 59)
      const count = 1 + (extra === 0 ? tag >> 2 : packed.readUIntLE(reader.at, extra))
      reader.at += extra
      filled += packed.copy(out, filled, reader.at, reader.at + count)
      reader.at += count
      continue
    }
    const count = kind === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2)
    const low = packed.readUIntLE(reader.at, kind === 3 ? 4 : kind)
    const distance = kind === 1 ? ((tag >> 5) << 8) + low : low
    reader.at += kind === 3 ? 4 : kind
    for (let i = 0; i < count; i++, filled++) out.writeUInt8(out.readUInt8(filled - distance), filled)
  }
  return out
}

const unmasked = (masked: number): number => {
  const rotated = (masked - 0xa282ead8) >>> 0
  return ((rotated >>> 17) | (rotated << 15)) >>> 0
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (let i = 0; i < bytes.length; i++) crc = crcTable[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}
