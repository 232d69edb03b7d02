// Documents where a link has no room for what is to be said: whoever could not say it knows, and says it later.

import { expect, test } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import { createMeshWorld, joinInTurn } from './mesh-world.ts'

test('DO4 what could not be asked for, for want of room, is asked for as soon as there is some', async () => {
  const world = createMeshWorld(4711)
  const [alice, bob] = await joinInTurn(world, ['alice', 'bob'])
  const [hers, his] = await world.finish(Promise.all([alice!.mesh.doc('notes'), bob!.mesh.doc('notes')]))
  await world.until(() => hers.synced && his.synced, { withinMs: 10_000, what: 'both are synced' })
  const count = (counter: string): number => alice!.mesh.status().counters[counter] ?? 0
  const before = count('docTransfers')
  // Too large to be pushed: it is announced.
  his.doc.getMap('map').set('large', 'x'.repeat(100 * 1024))
  // Her lane is full whenever she may hear of it.
  while (count('docTransfers') === before) {
    for (const bytes of [100 * 1024, 1024, 1]) {
      const refused = count('refusedByFullLane')
      while (count('refusedByFullLane') === refused) alice!.mesh.cast('filling', 'x'.repeat(bytes))
    }
    await world.run(1)
  }
  await world.until(() => hers.synced && his.synced, {
    withinMs: limits.docTransferTimeoutMs - 1_000,
    what: 'both are synced again',
  })
  expect(hers.doc.getMap('map').has('large')).toBe(true)
})
