// CRC-32 as in zip and Ethernet (ISO 3309; reflected polynomial 0xEDB88320; RFC 1952, section 8). It finds every
// single flipped bit and every burst of up to 32; it is no protection against malice, signatures are. Eight bytes at a
// time ("slicing by 8", Kounavis and Berry, ISCC 2005): rows of documents are large.

const slices = 8

/** Table k: what a byte does to the sum once k more bytes went by. One after the other in one array. */
const tables = makeTables()

function makeTables(): Uint32Array {
  const made = new Uint32Array(slices * 256)
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte
    for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0)
    made[byte] = remainder
  }
  for (let i = 256; i < made.length; i++) {
    const before = made[i - 256]!
    made[i] = (before >>> 8) ^ made[before & 0xff]!
  }
  return made
}

/** The checksum of `bytes`, 32 bits unsigned. To go on from an earlier part, pass that part's checksum. */
export function crc32(bytes: Uint8Array, earlier = 0): number {
  const table = tables
  let sum = ~earlier
  let i = 0
  for (const end = bytes.length - (bytes.length % slices); i < end; i += slices) {
    sum ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    sum =
      table[1792 + (sum & 0xff)]! ^
      table[1536 + ((sum >>> 8) & 0xff)]! ^
      table[1280 + ((sum >>> 16) & 0xff)]! ^
      table[1024 + (sum >>> 24)]! ^
      table[768 + bytes[i + 4]!]! ^
      table[512 + bytes[i + 5]!]! ^
      table[256 + bytes[i + 6]!]! ^
      table[bytes[i + 7]!]!
  }
  for (; i < bytes.length; i++) sum = (sum >>> 8) ^ table[(sum ^ bytes[i]!) & 0xff]!
  return ~sum >>> 0
}
