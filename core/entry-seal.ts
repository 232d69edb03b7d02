// Signing and verifying entries: between the wire's bytes and what the machines may see.

import { fail, ok, type Result } from './base/errors.ts'
import { equalBytes, memberIdFromHash, type MemberId } from './base/ids.ts'
import type { Crypto, DeviceKey } from './base/ports.ts'
import type { Draft } from './messages/types.ts'
import { decodeHeader, encodeHeader, type Entry, type VerifiedEntry } from './wire/entries.ts'

/** Signs drafts as one chain: each names the hash of the one before, the first names `previous`. */
export async function sealChain(
  crypto: Crypto,
  deviceKey: DeviceKey,
  author: MemberId,
  drafts: readonly Draft[],
  previous: Uint8Array,
): Promise<VerifiedEntry[]> {
  const sealed: VerifiedEntry[] = []
  for (const { body, ...draft } of drafts) {
    const header = { ...draft.header, author: deviceKey.publicKey, previous: sealed.at(-1)?.hash ?? previous }
    const bytes = encodeHeader(header)
    const [hash, signature] = await Promise.all([crypto.sha256(bytes), deviceKey.sign(bytes)])
    sealed.push({ entry: { header: bytes, signature, body }, header, hash, author })
  }
  return sealed
}

/** Checks all that can be checked without knowing the feed: form, signature, hash of the body. */
export async function openEntry(crypto: Crypto, entry: Entry): Promise<Result<VerifiedEntry>> {
  const read = decodeHeader(entry.header)
  if (!read.ok) return read
  const header = read.value
  const [genuine, hash, key] = await Promise.all([
    crypto.verify(header.author, entry.signature, entry.header),
    crypto.sha256(entry.header),
    crypto.sha256(header.author),
  ])
  if (!genuine) return fail('the signature is not its author’s')
  if (entry.body !== undefined && !(await bodyFits(crypto, header.content, entry.body))) {
    return fail('the body is not the one that was signed')
  }
  return ok({ entry, header, hash, author: memberIdFromHash(key) })
}

async function bodyFits(
  crypto: Crypto,
  content: VerifiedEntry['header']['content'],
  body: Uint8Array,
): Promise<boolean> {
  if (content.type !== 'message' || content.bodyBytes !== body.length) return false
  return equalBytes(await crypto.sha256(body), content.bodyHash)
}
