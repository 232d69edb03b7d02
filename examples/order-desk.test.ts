// The order desk in a simulated world: `skein/testing`.

import { expect, test } from 'vitest'
import { createWorld, type TestProcess, type TestWorld } from 'skein/testing'
import { openOrderDesk, type OrderDesk } from './order-desk.ts'

async function openDesk(world: TestWorld, name: string): Promise<{ desk: OrderDesk; process: TestProcess }> {
  const { mesh, process } = await world.join({ mesh: 'shop', name })
  return { desk: await world.finish(openOrderDesk(mesh)), process }
}

// A seed is a run: each of them loses other frames at other moments.
test.each([1, 2, 3])('seed %i: an order placed while bob is down reaches him once', async (seed) => {
  const world = createWorld({ seed })
  const alice = await openDesk(world, 'alice')
  const bob = await openDesk(world, 'bob')
  await world.run(2_000)

  bob.process.kill()
  await world.finish(alice.desk.place('three apples'))
  await world.run(5_000)

  const again = await openDesk(world, 'bob') // the same name: the same disk
  await world.until(() => again.desk.orders.length > 0)
  await world.run(60_000) // a minute, in no time
  expect(again.desk.orders).toEqual(['three apples'])
})

test('the books are kept by one at a time, and another takes them over', async () => {
  const world = createWorld({ seed: 4 })
  const desks = [await openDesk(world, 'alice'), await openDesk(world, 'bob'), await openDesk(world, 'carol')]
  const keepers = () => desks.filter(({ desk, process }) => process.alive && desk.keepsBooks)
  await world.until(() => keepers().length === 1)

  keepers()[0]!.process.kill()
  await world.until(() => keepers().length === 1)

  // Parted, each side has one: no vote, no quorum. Joined again, one of them steps back.
  const [one, other] = desks.filter(({ process }) => process.alive)
  world.partition([[one!.process], [other!.process]])
  await world.until(() => keepers().length === 2)
  world.heal()
  await world.until(() => keepers().length === 1)
})

test('an order that cannot be stored is refused, not lost in silence', async () => {
  const world = createWorld({ seed: 5 })
  const { desk } = await openDesk(world, 'alice')
  world.disk('alice').failing = 'storage-full'
  await expect(world.finish(desk.place('a piano'))).rejects.toMatchObject({ code: 'storage-full' })
})
