// What a program holds of a message it has sent.

import { expect, it } from 'vitest'
import type { MessageId } from '../../core/base/ids.ts'
import type { SentState } from '../../core/messages/messages.ts'
import { Sends } from '../../core/sends.ts'

const stored = (id: MessageId): SentState => ({ id, deliveredTo: new Set(), lacking: [], state: 'stored' })

it('receipts that come together are looked at once by each promise', async () => {
  const done = new Set<MessageId>()
  let looks = 0
  const sends = new Sends((id) => {
    looks++
    return done.has(id) ? { ...stored(id), state: 'delivered' } : stored(id)
  })
  const ids = Array.from({ length: 100 }, (_, i) => `m-${i}` as MessageId)
  const all = Promise.all(ids.map((id) => sends.sent(id).delivered()))
  await Promise.resolve()
  const before = looks
  for (const id of ids) {
    done.add(id)
    sends.look()
  }
  await all
  expect(looks - before).toBeLessThanOrEqual(2 * ids.length)
})
