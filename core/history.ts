// Reads a page of a conversation straight from the store; what it means the messages machine says.

import type { Address } from './base/ids.ts'
import type { Store } from './base/ports.ts'
import type { Messages } from './messages/messages.ts'
import type { MessageView } from './messages/types.ts'

/** @returns At most `limit` messages before the cursor `before`, oldest first. */
export async function readHistory(
  store: Store,
  messages: Messages,
  to: Address,
  limit: number,
  before: string | undefined,
): Promise<MessageView[]> {
  const ranges = messages.historyRanges(to, before, limit)
  const rows = (await Promise.all(ranges.map((range) => store.range(range)))).flat()
  const entries = await store.get(messages.historyKeys(rows, limit))
  return messages.historyPage(to, rows, entries, limit)
}
