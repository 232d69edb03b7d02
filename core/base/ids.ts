// The names things go by. Every id is a branded string so that a peer cannot be passed where a member is
// meant; all are lowercase hex, so that comparing the strings compares the bytes.

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** One live run: a tab or an agent process. 128 random bits, new at every start. 32 hex digits. */
export type PeerId = Branded<'PeerId'>
/** Who it is, across restarts: the first 128 bits of SHA-256 over its device's public key. 32 hex digits. */
export type MemberId = Branded<'MemberId'>
/** One durable database, and the feed written through it. 128 random bits. 32 hex digits. */
export type StoreId = Branded<'StoreId'>
/** One message, the same wherever it is seen. Random unless the sender chose it: 1-64 of `[A-Za-z0-9_-]`. */
export type MessageId = Branded<'MessageId'>

/** Whom a message is for: a name (`@ada`), a room (`#general`), or one member by id. */
export type Address = `@${string}` | `#${string}` | MemberId

const hexId = /^[0-9a-f]{32}$/
/** Names of members and peers. */
export const nameForm = /^[A-Za-z0-9_-]{1,32}$/
/** Names of meshes and rooms. */
export const topicForm = /^[A-Za-z0-9_-]{1,64}$/
export const messageIdForm = /^[A-Za-z0-9_-]{1,64}$/

export const isHexId = (value: unknown): value is string => typeof value === 'string' && hexId.test(value)
export const isPeerId = (value: unknown): value is PeerId => isHexId(value)
export const isMemberId = (value: unknown): value is MemberId => isHexId(value)
export const isMessageId = (value: unknown): value is MessageId =>
  typeof value === 'string' && messageIdForm.test(value)

/** Of each byte its two digits: ids are read and written with every message. */
const hexOf: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Hex of `bytes`, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i++) text += hexOf[bytes[i]!]!
  return text
}

/** Who a public key makes its owner. @param hash SHA-256 of the key. */
export const memberIdFromHash = (hash: Uint8Array): MemberId => toHex(hash.subarray(0, 16)) as MemberId

/** The bytes that `text` (hex of even length) spells. */
export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = (digit(text.charCodeAt(2 * i)) << 4) | digit(text.charCodeAt(2 * i + 1))
  return bytes
}

/** 0 to 9 are 0x30 to 0x39, the letters 0x41 and 0x61 onward. */
const digit = (code: number): number => (code & 0xf) + (code >= 0x41 ? 9 : 0)

/** Orders strings by their UTF-16 units: the order of ids, of store keys, and of every tie-break. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
