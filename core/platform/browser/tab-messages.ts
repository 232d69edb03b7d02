// What the tabs of one browser profile say on their BroadcastChannel. Every message names its sender by peer id and
// by a key: `session.count`, where the session is new after each standstill and the count rises with each link that
// ended. A link is named by the keys of both ends, so that nothing meant for an older one is taken for this one.

import { isPeerId, type PeerId } from '../../base/ids.ts'

export interface TabKey {
  readonly session: number
  readonly count: number
}

export type TabMessage =
  /** I am here: link with me. To everybody, or to one (`to`) after a link ended. */
  | { readonly type: 'hello'; readonly from: PeerId; readonly key: TabKey; readonly to?: PeerId }
  /** The answer: linked. */
  | AddressedTabMessage<'welcome'>
  | (AddressedTabMessage<'frame'> & { readonly frame: Uint8Array })
  /** This link ends; both live on. */
  | AddressedTabMessage<'close'>
  /** This session ends. */
  | { readonly type: 'bye'; readonly from: PeerId; readonly key: TabKey }

interface AddressedTabMessage<Type extends string> {
  readonly type: Type
  readonly from: PeerId
  readonly key: TabKey
  readonly to: PeerId
  readonly toKey: TabKey
}

export const sameKey = (a: TabKey, b: TabKey): boolean => a.session === b.session && a.count === b.count

/** The message, if it has the form of one. Any page of this origin may post here. */
export function readTabMessage(data: unknown): TabMessage | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const { type, from, key, to, toKey, frame } = data as Partial<Record<string, unknown>>
  if (!isPeerId(from) || !isKey(key)) return undefined
  if (type === 'bye') return { type, from, key }
  if (type === 'hello') {
    if (to === undefined) return { type, from, key }
    return isPeerId(to) ? { type, from, key, to } : undefined
  }
  if (!isPeerId(to) || !isKey(toKey)) return undefined
  if (type === 'welcome' || type === 'close') return { type, from, key, to, toKey }
  return type === 'frame' && frame instanceof Uint8Array ? { type, from, key, to, toKey, frame } : undefined
}

function isKey(value: unknown): value is TabKey {
  if (typeof value !== 'object' || value === null) return false
  const { session, count } = value as Partial<Record<string, unknown>>
  return Number.isSafeInteger(session) && Number.isSafeInteger(count)
}
