// Tabs killed at every step of what takes several: putting many small rows into one, writing a whole document anew,
// sending it and receiving it. What was called stored is there afterwards, and a transfer goes on where it was.

import { expect, test } from 'vitest'
import type { DocHandle } from '../../core/api.ts'
import { limits } from '../../core/base/limits.ts'
import type { Commit, CommitResult, Store } from '../../core/base/ports.ts'
import type { SimProcess } from '../../core/platform/sim/process.ts'
import type { World } from '../../core/platform/sim/world.ts'
import { createMeshWorld, joinAs, joinInTurn, type Actor } from './mesh-world.ts'

const open = (world: World, { mesh }: Actor): Promise<DocHandle> => world.finish(mesh.doc('notes'))
const values = ({ doc }: DocHandle) => doc.getMap<string>('values')

type DiskImage = ReturnType<ReturnType<World['disk']>['image']>

/** Before the k-th write begins, while it is under way, or when it is durable and nobody has heard of it. */
type Moment = 'before' | 'during' | 'after'

/** A process that dies at one of its writes of documents. */
function dyingAt(
  process: SimProcess,
  k: number,
  moment: Moment,
): { process: SimProcess; writes: () => number } {
  let writes = 0
  const never = new Promise<never>(() => undefined)
  const { store } = process
  const commit = (asked: Commit): Promise<CommitResult> => {
    const isDoc = [...(asked.put ?? []).map(({ key }) => key), ...(asked.delete ?? [])].some((key) =>
      key.startsWith('doc/'),
    )
    if (!isDoc || ++writes !== k) return store.commit(asked)
    if (moment === 'before') {
      process.kill()
      return never
    }
    const done = store.commit(asked)
    if (moment === 'during') process.kill()
    return done.then(() => {
      process.kill()
      return never
    })
  }
  const dying: Store = {
    durable: store.durable,
    commit,
    get: store.get,
    range: store.range,
    close: store.close,
  }
  return { process: Object.create(process, { store: { value: dying } }) as SimProcess, writes: () => writes }
}

/** Writes one value after the other, each stored before the next; notes which were. Ends when its process does. */
async function write(
  handle: DocHandle,
  keys: readonly string[],
  value: string,
  stored: Set<string>,
): Promise<void> {
  for (const key of keys) {
    values(handle).set(key, `${key} ${value}`)
    await handle.whenStored()
    stored.add(key)
  }
}

const named = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix} ${i}`)

/** A disk on which so many values were written, in a row each; with `slots` each replaces the one so many before. */
async function diskWith(count: number, value: string, slots = Infinity): Promise<DiskImage> {
  const world = createMeshWorld(`disk of ${count}`.length)
  const actor = await joinAs(world, 'alice', { browser: 'chromium' })
  const handle = await open(world, actor)
  for (let i = 0; i < count; i++) {
    values(handle).set(`old ${i % slots}`, value)
    await world.finish(handle.whenStored())
  }
  return world.disk('chromium').image()
}

const merging = diskWith(limits.maxSmallDocRows - 2, 'small')
const large = 'x'.repeat(500_000)
const rewriting = diskWith(10, large, 3)

const moments: readonly Moment[] = ['before', 'during', 'after']
const stories = [
  {
    what: 'small rows are put into one',
    image: merging,
    value: 'small',
    old: limits.maxSmallDocRows - 2,
    done: 'docRowsMerged',
  },
  { what: 'the whole is written anew', image: rewriting, value: large, old: 3, done: 'docsRewritten' },
] as const

test.each(stories)('$what: it is done, and less is left', async ({ image, value, old, done }) => {
  const world = createMeshWorld(400)
  world.disk('chromium').restore(await image)
  // Either fewer rows or fewer bytes, whichever it is about.
  const weight = (): number => {
    const disk = world.disk('chromium')
    const rows = disk.keys().filter((key) => key.startsWith('doc/'))
    return rows.reduce((sum, key) => sum + 4096 + disk.read(key)!.length, 0)
  }
  const before = weight()
  const alice = await joinAs(world, 'alice', { browser: 'chromium' })
  const handle = await open(world, alice)
  expect(values(handle).size).toBe(old)
  for (let i = 0; i < 4; i++) {
    values(handle).set('old 0', `${i} ${value}`)
    await world.finish(handle.whenStored())
  }
  await world.run(1_000)
  expect(alice.mesh.status().counters[done]).toBeGreaterThan(0)
  expect(weight()).toBeLessThan(before)
})

const steps = [1, 2, 3, 4, 5, 6, 7]
const cases = stories.flatMap((story) =>
  moments.flatMap((moment) => steps.map((k) => [story.what, moment, k, story] as const)),
)

test.each(cases)('%s: killed %s write %i', async (_what, moment, k, { image, value, old }) => {
  const world = createMeshWorld(401 + k)
  world.disk('chromium').restore(await image)
  const process = world.platform({ name: 'alice', browser: 'chromium' })
  const dying = dyingAt(process, k, moment)
  const alice = await joinAs(world, 'alice', { browser: 'chromium', process: dying.process })
  const sibling = await joinAs(world, 'sibling', { browser: 'chromium' })
  const [mine, theirs] = [await open(world, alice), await open(world, sibling)]
  const stored = new Set<string>()
  const slots = value === large ? ['old 0', 'old 1', 'old 2'] : named('new', 10)
  void write(mine, [...slots, ...slots, ...slots], value, stored)
  const others = new Set<string>()
  void write(theirs, named('sibling', 6), 'small', others)
  await world.until(() => !process.alive && others.size === 6, { withinMs: 60_000, what: 'alice dies' })
  expect(dying.writes()).toBe(k)
  await world.run(5_000)
  sibling.process.kill()
  const again = await open(world, await joinAs(world, 'again', { browser: 'chromium' }))
  for (const key of [...stored, ...others]) expect(values(again).get(key)?.startsWith(key)).toBe(true)
  for (const key of named('old', old)) expect(values(again).has(key)).toBe(true)
  expect(again.stored).toBe(true)
  await world.finish(again.whenStored())
})

// ------------------------------------------------------------------------------------------------- transfers

const valueBytes = 40 * 1024
const count = 75
const allBytes = count * valueBytes

function fill(handle: DocHandle): void {
  for (let i = 0; i < count; i++) values(handle).set(`key ${i}`, String(i % 10).repeat(valueBytes))
}

const received = ({ mesh }: Actor): number =>
  mesh.status().links.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0)

/** A network on which the transfer takes some six seconds: what comes in is stored a second later. */
const slow = { bytesPerMs: 500 }

/** Runs until so many pieces have come in; how many values must be stored by then. */
async function untilPieces(world: World, copy: DocHandle, pieces: number): Promise<number> {
  let [seen, progress] = [0, copy.progress]
  const sizes: { atMs: number; size: number }[] = []
  await world.until(
    () => {
      if (copy.progress !== progress) seen++
      progress = copy.progress
      const size = values(copy).size
      if (size !== sizes.at(-1)?.size) sizes.push({ atMs: world.now, size })
      return seen >= pieces || copy.synced
    },
    { withinMs: 60_000, what: `${pieces} pieces came` },
  )
  const storedMs = world.now - limits.docStoreDelayMs - 200
  return sizes.findLast(({ atMs }) => atMs <= storedMs)?.size ?? 0
}

const pieces = [1, 2, 5, 9, 16, 22, 28, 34, 40, 45]
/** Before the 20th nothing is a second old. */
const piecesAtTheReceiver = [1, 9, 20, 24, 28, 31, 34, 37, 40, 45]

test.each(piecesAtTheReceiver)(
  'the receiver dies after piece %i: what it had stored is not sent again',
  async (k) => {
    const world = createMeshWorld(450 + k)
    world.shape(slow)
    const alice = await joinAs(world, 'alice')
    const full = await open(world, alice)
    fill(full)
    await world.finish(full.whenStored())
    const bob = await joinAs(world, 'bob')
    const copy = await open(world, bob)
    const stored = await untilPieces(world, copy, k)
    if (k >= 28) expect(stored).toBeGreaterThan(10)
    const again = await joinAs(world, 'bob', { process: bob.process.restart() })
    const resumed = await open(world, again)
    expect(values(resumed).size).toBeGreaterThanOrEqual(stored)
    const missing = allBytes - values(resumed).size * valueBytes
    await world.until(() => resumed.synced && resumed.stored, { withinMs: 60_000, what: 'bob has it all' })
    expect(values(resumed).toJSON()).toEqual(values(full).toJSON())
    expect(received(again)).toBeLessThan(missing * 1.05 + 100_000)
  },
)

test.each(pieces)('the sender dies after piece %i: another goes on from there', async (k) => {
  const world = createMeshWorld(500 + k)
  const actors = await joinInTurn(world, ['alice', 'bob'])
  const full = [await open(world, actors[0]!), await open(world, actors[1]!)]
  fill(full[0]!)
  await world.until(() => full.every(({ synced }) => synced), { withinMs: 60_000, what: 'both have it' })
  const carol = await joinAs(world, 'carol')
  const copy = await open(world, carol)
  await untilPieces(world, copy, k)
  const links = carol.mesh.status().links.toSorted((a, b) => b.bytesReceived - a.bytesReceived)
  const sender = actors.findIndex(({ mesh }) => mesh.me.id === links[0]!.peer)
  const before = links[0]!.bytesReceived
  actors[sender]!.process.kill(k % 2 === 0 ? { links: 'down' } : {})
  const other = full[1 - sender]!
  await world.until(() => copy.synced && copy.basedOn.length === 1 && copy.stored, {
    withinMs: 60_000,
    what: 'carol has it all',
  })
  expect(values(copy).toJSON()).toEqual(values(other).toJSON())
  // What was under way of one segment, at most.
  expect(before + received(carol)).toBeLessThan(allBytes * 1.05 + limits.maxDocSegmentBytes + 100_000)
})

test('the receiver dies and its sibling, who shares the store, goes on', async () => {
  const world = createMeshWorld(560)
  world.shape(slow)
  const alice = await joinAs(world, 'alice')
  const full = await open(world, alice)
  fill(full)
  const tabs = [
    await joinAs(world, 'tab-1', { browser: 'chromium' }),
    await joinAs(world, 'tab-2', { browser: 'chromium' }),
  ]
  const first = await open(world, tabs[0]!)
  const stored = await untilPieces(world, first, 30)
  expect(stored).toBeGreaterThan(10)
  tabs[0]!.process.kill()
  const second = await open(world, tabs[1]!)
  expect(values(second).size).toBeGreaterThanOrEqual(stored)
  await world.until(() => second.synced, { withinMs: 60_000, what: 'the sibling has it all' })
  expect(values(second).toJSON()).toEqual(values(full).toJSON())
})
