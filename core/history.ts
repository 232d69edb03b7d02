// Reads a page of a conversation straight from the store; what it means the messages machine says.

import { compareText, type Address } from './base/ids.ts'
import type { Store } from './base/ports.ts'
import type { Messages } from './messages/messages.ts'
import type { MessageView } from './messages/types.ts'

/**
 * @returns The newest `limit` messages before the cursor `before`, oldest first; fewer only where there are no more.
 * @param onMissing An entry that the index names is not there: damaged, and to be fetched again.
 */
export async function readHistory(
  store: Pick<Store, 'range' | 'get'>,
  messages: Messages,
  to: Address,
  limit: number,
  before: string | undefined,
  onMissing: (key: string) => void,
): Promise<MessageView[]> {
  const found = new Map<string, MessageView>()
  let from = before
  for (;;) {
    const ranges = messages.historyRanges(to, from, limit)
    const rows = (await Promise.all(ranges.map((range) => store.range(range)))).flat()
    const { keys, earlier } = messages.historyKeys(rows, limit)
    const entries = await store.get(keys)
    keys.forEach((key, i) => entries[i] === undefined && onMissing(key))
    for (const view of messages.historyPage(to, rows, entries, from, limit)) found.set(view.cursor, view)
    const isFull = [...found.keys()].filter((cursor) => cursor >= (earlier ?? '')).length >= limit
    if (isFull || earlier === undefined) break
    from = earlier
  }
  return [...found.values()].sort((a, b) => compareText(a.cursor, b.cursor)).slice(-limit)
}
