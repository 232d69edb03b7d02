// What a hostile peer says: messages of the right form that are not true, and frames of the wrong one.

import type { MessageId, StoreId } from '../../core/base/ids.ts'
import { mixingHash } from '../../core/platform/sim/crypto.ts'
import { decodeHeader, encodeHeader, noHash, type Entry } from '../../core/wire/entries.ts'
import type { LinkMessage, Payload, PeerRecord } from '../../core/wire/messages.ts'
import type { MeshStage } from './mesh-stage.ts'

type Forgery = readonly [form: RegExp, make: (stage: MeshStage, ...words: string[]) => Payload]

const recordOf = (stage: MeshStage, name: string): PeerRecord => {
  const record = stage.names.records.get(stage.peerId(name))
  if (!record) throw new Error(`no record of ${name} was ever seen`)
  return record
}

const feedOf = (stage: MeshStage, name: string): StoreId => stage.names.storeNamed(name) as StoreId

const payloads: readonly Forgery[] = [
  [
    /^claim of (\S+), epoch (\d+)$/,
    (stage, leader, epoch) => ({
      type: 'claim',
      role: '',
      epoch: Number(epoch),
      leader: stage.peerId(leader!),
    }),
  ],
  [
    /^gone: (\S+)(?: \((left|failed)\))?$/,
    (stage, who, reason) => ({
      type: 'gone',
      peer: stage.peerId(who!),
      incarnation: recordOf(stage, who!).incarnation,
      reason: reason === 'left' ? 'left' : 'failed',
    }),
  ],
  [
    /^suspect (\S+)$/,
    (stage, who) => ({
      type: 'suspect',
      peer: stage.peerId(who!),
      incarnation: recordOf(stage, who!).incarnation,
      silence: false,
    }),
  ],
  [
    /^record of (\S+)(?: of incarnation \+(\d+))?(?: at place (\d+))?$/,
    (stage, who, ahead, place) => {
      const record = recordOf(stage, who!)
      return {
        type: 'record',
        record: {
          ...record,
          incarnation: record.incarnation + Number(ahead || 0),
          ...(place && { seniority: Number(place) }),
        },
      }
    },
  ],
  [
    /^want of (\S+) after (\d+)$/,
    (stage, who, after) => ({ type: 'want', feed: feedOf(stage, who!), after: Number(after) }),
  ],
  [
    /^vector of (\S+) with (\d+) entries of (\S+)$/,
    (stage, member, number, who) => ({
      type: 'vector',
      member: stage.player(member!).mesh.me.member,
      durable: true,
      whole: false,
      heads: [{ feed: feedOf(stage, who!), number: Number(number), hash: noHash, retired: 0 }],
    }),
  ],
  [
    /^docUpdates of (\w+), a broken one$/,
    (_, doc) => ({ type: 'docUpdates', doc: doc!, number: 1, updates: [Uint8Array.of(9, 9, 9)] }),
  ],
  // The answer to a nonce that nobody waits for.
  [/^an old answer$/, () => ({ type: 'alive', nonce: 1, incarnation: 1 })],
  [/^digest$/, () => ({ type: 'digest', digest: 1 })],
]

/** What honest peers say to all: said to one neighbour only, as if the rest of it were on its way. */
const toAll: ReadonlySet<Payload['type']> = new Set(['gone', 'suspect'] as const)

/** A message of that peer to its neighbour, as the words say. */
export function forge(stage: MeshStage, from: string, to: string, words: string): LinkMessage {
  if (words === 'hello of another mesh') {
    return {
      type: 'hello',
      version: 1,
      topic: 'elsewhere',
      record: recordOf(stage, from),
      lone: false,
      view: [],
      claims: [],
      digest: 0,
    }
  }
  const [, leaving] = /^goodbye of (\S+)$/.exec(words) ?? []
  if (leaving !== undefined) {
    const { id: origin, incarnation } = recordOf(stage, leaving)
    const payload = { type: 'gone', peer: origin, incarnation, reason: 'left' } as const
    return { type: 'broadcast', origin, sequence: 900_000 + stage.lines.length, payload }
  }
  const [, busyMs] = /^busy for (\d+) ms$/.exec(words) ?? []
  if (busyMs !== undefined) return { type: 'busy', ms: Number(busyMs) }
  for (const [form, make] of payloads) {
    const match = form.exec(words)
    if (!match) continue
    const payload = make(stage, ...match.slice(1).map((each) => each ?? ''))
    if (!toAll.has(payload.type)) return { type: 'direct', payload }
    return { type: 'broadcast', origin: stage.peerId(from), sequence: 900_000 + stage.lines.length, payload }
  }
  throw new Error(`nobody knows how to say to ${to}: ${words}`)
}

/**
 * The next entry of `author`'s feed, which `author` never wrote: `unsigned`, or signed with its key and of a chain of
 * its own (`astray`).
 */
export async function forgeEntry(
  stage: MeshStage,
  author: string,
  how: 'unsigned' | 'astray',
): Promise<Entry> {
  const last = stage.names.entries.get(feedOf(stage, author))
  const read = last && decodeHeader(last.header)
  if (!read?.ok || read.value.content.type !== 'message')
    throw new Error(`no message of ${author} was ever sent`)
  const { content, number } = read.value
  const header = encodeHeader({
    ...read.value,
    number: number + 1,
    previous: how === 'astray' ? new Uint8Array(32).fill(7) : mixingHash(last!.header),
    content: { ...content, id: 'forged' as MessageId },
  })
  const { deviceKey } = stage.player(author).tapped
  const signature = how === 'astray' ? await stage.world.finish(deviceKey.sign(header)) : new Uint8Array(64)
  return { header, signature, body: last!.body }
}

/** A frame that no honest peer sends. */
export function forgedFrame(what: string): Uint8Array {
  const frames: Readonly<Record<string, Uint8Array>> = {
    'an unknown header': Uint8Array.of(255, 1),
    'no beginning': Uint8Array.of(0, 1),
    'an unknown message': Uint8Array.of(6, 250),
    'a claim of an endless number': Uint8Array.of(6, 8, 6, 0, ...Array<number>(9).fill(255)),
  }
  const frame = frames[what]
  if (!frame) throw new Error(`nobody knows a frame with ${what}`)
  return frame
}
