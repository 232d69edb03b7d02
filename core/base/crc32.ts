// CRC-32 as in zip and Ethernet (ISO 3309; reflected polynomial 0xEDB88320; RFC 1952, section 8). It finds every
// single flipped bit and every burst of up to 32; it is no protection against malice, signatures are.

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0)
  return remainder
})

/** The checksum of `bytes`, 32 bits unsigned. To go on from an earlier part, pass that part's checksum. */
export function crc32(bytes: ArrayLike<number>, earlier = 0): number {
  let sum = ~earlier
  for (let i = 0; i < bytes.length; i++) sum = (sum >>> 8) ^ (table[(sum ^ (bytes[i] ?? 0)) & 0xff] ?? 0)
  return ~sum >>> 0
}
