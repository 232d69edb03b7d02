// Reads a page of a conversation straight from the store; what it means the messages machine says.

import type { Address } from './base/ids.ts'
import type { Store } from './base/ports.ts'
import type { Messages } from './messages/messages.ts'
import type { MessageView } from './messages/types.ts'

/**
 * @returns At most `limit` messages before the cursor `before`, oldest first.
 * @param onMissing An entry that the index names is not there: damaged, and to be fetched again.
 */
export async function readHistory(
  store: Store,
  messages: Messages,
  to: Address,
  limit: number,
  before: string | undefined,
  onMissing: (key: string) => void,
): Promise<MessageView[]> {
  const ranges = messages.historyRanges(to, before, limit)
  const rows = (await Promise.all(ranges.map((range) => store.range(range)))).flat()
  const keys = messages.historyKeys(rows, limit)
  const entries = await store.get(keys)
  keys.forEach((key, i) => entries[i] === undefined && onMissing(key))
  return messages.historyPage(to, rows, entries, before, limit)
}
