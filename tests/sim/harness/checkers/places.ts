// By what a message is known, and where it stands.

import type { MemberId } from '../../../../core/base/ids.ts'

export const messageKey = (from: MemberId, id: string): string => `${from} ${id}`

/** Where a message stands: its feed, and its number there. Undefined while it waits for somebody to bear the name. */
export function placeOf(cursor: string): { feed: string; number: number } | undefined {
  const [, feed, digits] = cursor.split('/')
  const number = Number(digits ?? 0)
  return feed === undefined || number === 0 ? undefined : { feed, number }
}
