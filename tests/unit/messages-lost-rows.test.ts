import { expect, it } from 'vitest'
import { MeshError } from '../../core/base/errors.ts'
import { limits } from '../../core/base/limits.ts'
import type { Range } from '../../core/base/ports.ts'
import { readHistory } from '../../core/history.ts'
import { bodyText, copyOf, damage, type Peer, World } from './messages-world.ts'

function pair(): { world: World; a: Peer; b: Peer } {
  const world = new World('lost rows')
  const [a, b] = [world.add('alice'), world.add('bob')]
  world.settle()
  world.meet()
  world.advance(1000)
  return { world, a, b }
}

const entryKey = (store: string, number: number): string =>
  `feed/${store}/${String(number).padStart(12, '0')}`
const noRoom = (): MeshError => new MeshError('storage-full', 'The disk is full.')

it('MS9 while a lost head cannot be written again nothing is written to that feed, least of all under an old number', () => {
  const { world, a, b } = pair()
  for (let i = 0; i < 3; i++) a.send('@bob', `${i}`)
  world.advance(1000)
  a.kill()
  const store = a.messages.storeId
  const before = a.keysOf(`feed/${store}/`).map((key) => a.rows.get(key))
  a.rows.delete(`head/${store}`)
  const again = world.add('alice', { rows: a.rows })
  again.commitError = noRoom()
  world.settle()
  const refused = again.send('@bob', 'no room')
  world.settle()
  expect(again.answer(refused)?.error?.code).toBe('storage-full')
  again.commitError = undefined
  world.meet()
  const request = again.send('@bob', 'more')
  world.advance(1000)
  expect(again.state(request)?.state).toBe('delivered')
  expect(again.messages.storeId).toBe(store)
  expect(
    a
      .keysOf(`feed/${store}/`)
      .slice(0, before.length)
      .map((key) => a.rows.get(key)),
  ).toEqual(before)
  expect(b.texts()).toEqual(['0', '1', '2', 'more'])
})

it('MS9 a message whose inbox row is damaged is given to the program, also where the store has no room for the row', () => {
  const { world, a, b } = pair()
  a.send('@bob', 'owed')
  world.advance(1000)
  b.kill()
  const [key] = b.keysOf('inbox/') as [string]
  for (const hasRoom of [true, false]) {
    const rows = copyOf(b.rows)
    const again = world.add('bob', { rows })
    world.settle()
    if (!hasRoom) again.commitError = noRoom()
    damage(again, key)
    again.step({ type: 'inboxActive', active: true })
    world.settle()
    expect(again.inbox().map(({ message }) => bodyText(message))).toEqual(['owed'])
    expect(again.rows.get(key) !== undefined).toBe(hasRoom)
    again.commitError = undefined
    again.handle(again.inbox()[0]!)
    world.settle()
    expect(again.keysOf('inbox/')).toEqual([])
    again.kill()
  }
})

it('MS9 what may have been lost before the first entry that is left is reported', () => {
  const { world, a } = pair()
  for (let i = 0; i < 3; i++) a.send('@bob', `${i}`)
  world.advance(1000)
  a.kill()
  const store = a.messages.storeId
  for (const key of [`head/${store}`, entryKey(store, 1), entryKey(store, 2)]) a.rows.delete(key)
  const again = world.add('alice', { rows: a.rows })
  world.settle()
  const [reported] = again.errors('record-corrupt')
  expect(reported?.details).toMatchObject({ feed: store, from: 1, to: 2 })
  expect(reported?.message).toContain('messages of ours that nobody had yet')
})

it('MS8 where all entries of the own feed are gone with its head, another feed begins', () => {
  const { world, a, b } = pair()
  a.send('@bob', 'one')
  world.advance(1000)
  a.kill()
  const store = a.messages.storeId
  for (const key of [`head/${store}`, ...a.keysOf(`feed/${store}/`)]) a.rows.delete(key)
  const again = world.add('alice', { rows: a.rows })
  world.settle()
  again.send('@bob', 'two')
  world.settle()
  expect(again.messages.storeId).not.toBe(store)
  expect(again.errors('store-forked').length).toBe(1)
  world.meet()
  world.advance(1000)
  expect(b.texts()).toEqual(['one', 'two'])
  expect(again.messages.digest).toBe(b.messages.digest)
})

/** Its next run writes to another feed, where nothing counts as delivered that was not; the whole of both comes to `b`. */
function beginsAnew(world: World, a: Peer, b: Peer): Peer {
  const again = world.add('alice', { rows: a.rows })
  world.settle()
  const request = again.send('@bob', 'more')
  world.settle()
  expect(again.messages.storeId).not.toBe(a.messages.storeId)
  expect(again.state(request)?.state).toBe('stored')
  world.meet()
  world.advance(2 * limits.antiEntropyIntervalMs)
  expect(again.state(request)?.state).toBe('delivered')
  expect(b.texts()).toEqual(['0', '1', '2', 'more'])
  return again
}

it('MS8 where the head of the own feed is gone and its last entries with it, as receipts tell, another feed begins', () => {
  const { world, a, b } = pair()
  for (let i = 0; i < 3; i++) a.send('@bob', `${i}`)
  world.advance(1000)
  a.kill()
  const store = a.messages.storeId
  a.rows.delete(`head/${store}`)
  for (const number of [3, 4]) a.rows.delete(entryKey(store, number))
  const again = beginsAnew(world, a, b)
  expect(again.history('@bob').map(bodyText).sort()).toEqual(['0', '1', '2', 'more'])
})

/** Three messages are delivered; `older`: the row of the head as it was after the first. */
function withOlderHead() {
  const { world, a, b } = pair()
  a.send('@bob', '0')
  world.advance(1000)
  const store = a.messages.storeId
  const older = a.rows.get(`head/${store}`)!
  for (let i = 1; i < 3; i++) a.send('@bob', `${i}`)
  world.advance(1000)
  return { world, a, b, store, older }
}

it('MS8 so it is where an older row of the head has come to light', () => {
  const { world, a, b, store, older } = withOlderHead()
  a.kill()
  a.rows.put(`head/${store}`, older)
  for (const number of [3, 4]) a.rows.delete(entryKey(store, number))
  beginsAnew(world, a, b)
})

it('MS9 an older row of the own head is written anew: at the start off the entries, while running from memory', () => {
  const { world, a, b, store, older } = withOlderHead()
  a.rows.put(`head/${store}`, older)
  a.send('@bob', '3')
  world.advance(1000)
  a.kill()
  a.rows.put(`head/${store}`, older)
  const again = world.add('alice', { rows: a.rows })
  world.settle()
  world.meet()
  const request = again.send('@bob', '4')
  world.advance(limits.antiEntropyIntervalMs)
  expect(again.messages.storeId).toBe(store)
  expect(again.state(request)?.state).toBe('delivered')
  expect(a.keysOf(`feed/${store}/`).length).toBe(6)
  expect(b.texts()).toEqual(['0', '1', '2', '3', '4'])
})

it('MS1 the row that names a store is written with its first entry, where there was no room for it at the start', () => {
  const world = new World('no room')
  const a = world.add('alice')
  a.commitError = noRoom()
  world.settle()
  a.commitError = undefined
  a.send('@alice', 'to myself')
  world.settle()
  const store = a.messages.storeId
  expect(a.keysOf('meta/')).toEqual(['meta/store'])
  a.kill()
  expect(world.add('alice', { rows: a.rows }).messages.storeId).toBe(store)
})

it('MS8 a store whose name was lost says that it goes on under another, and names the one before', () => {
  const { world, a, b } = pair()
  world.cut(a, b)
  a.send('@bob', 'owed')
  world.settle()
  a.kill()
  a.rows.delete('meta/store')
  const again = world.add('alice', { rows: a.rows })
  world.settle()
  const [said] = again.errors('store-forked')
  expect(said?.details).toEqual({ store: again.messages.storeId, predecessor: a.messages.storeId })
  world.meet()
  world.advance(1000)
  expect(b.texts()).toEqual(['owed'])
  expect(again.messages.status().undelivered).toBe(0)
})

it('MS8 a new feed that was begun by a run that died right then is spoken of by the next, once', () => {
  const { world, a } = pair()
  const backup = a.rows.range({ from: '', to: '~' })
  a.send('@bob', 'newer')
  world.advance(1000)
  a.kill()
  const rows = a.rows
  for (const { key } of rows.range({ from: '', to: '~' })) rows.delete(key)
  for (const { key, value } of backup) rows.put(key, value)
  const restored = world.add('alice', { rows })
  while (restored.work());
  world.meet()
  // Up to the commit that names the new feed.
  const name = rows.get('meta/store')!
  for (let i = 0; i < 10_000 && rows.holds('meta/store', name); i++) world.happen(() => 0)
  expect(rows.holds('meta/store', name)).toBe(false)
  restored.kill()
  const runs = [world.add('alice', { rows })]
  world.settle()
  runs[0]!.kill()
  runs.push(world.add('alice', { rows }))
  world.settle()
  expect(runs.map((run) => run.errors('store-forked').length)).toEqual([1, 0])
})

it('MS8 what stands behind a lost entry of ours moves to the new feed as well, addressed to somebody or not', () => {
  const world = new World('stranded')
  const a = world.add('alice')
  world.settle()
  a.room('general')
  for (let i = 0; i < 3; i++) a.send('#general', `${i}`)
  world.settle()
  const b = world.add('bob')
  world.settle()
  damage(a, entryKey(a.messages.storeId, 1))
  world.settle()
  world.meet()
  world.advance(2 * limits.antiEntropyIntervalMs)
  b.room('general')
  world.settle()
  expect(a.errors('store-forked').length).toBe(1)
  expect(b.history('#general').map(bodyText)).toEqual(['0', '1', '2'])
  expect(a.history('#general').map(bodyText)).toEqual(['0', '1', '2'])
})

it('MS6 a message that waits for a name is written again where its row was damaged', () => {
  const { world, a } = pair()
  a.send('@carol', 'waits')
  world.settle()
  const [key] = a.keysOf('unbound/')
  damage(a, key!)
  world.settle()
  expect(a.keysOf('unbound/')).toEqual([key])
  const carol = world.add('carol')
  world.settle()
  world.meet()
  world.advance(1000)
  expect(carol.texts()).toEqual(['waits'])
  expect(a.messages.status().waitingForName).toBe(0)
})

it('MS6 one whose row is gone without a trace is found by a look through the store', () => {
  const { world, a } = pair()
  a.send('@carol', 'waits')
  world.settle()
  const [key] = a.keysOf('unbound/')
  a.rows.delete(key!)
  a.step({ type: 'audit', request: 99 })
  world.settle()
  expect(a.keysOf('unbound/')).toEqual([key])
})

it('MS4 digests are compared at once where an end of an old feed was given up', () => {
  const world = new World('copies')
  const a = world.add('alice')
  world.settle()
  const copy = a.rows.range({ from: '', to: '~' })
  for (let i = 0; i < 5; i++) a.send('#general', `${i}`)
  world.settle()
  const other = world.add('bob', { member: 'alice' })
  other.kill()
  for (const { key } of other.rows.range({ from: '', to: '~' })) other.rows.delete(key)
  for (const { key, value } of copy) other.rows.put(key, value)
  const b = world.add('bob', { rows: other.rows, member: 'alice' })
  world.settle()
  world.meet()
  world.advance(2_000)
  expect(b.history('#general').map(bodyText)).toEqual(['0', '1', '2', '3', '4'])
})

it('MS9 many lost entries come back with one question', () => {
  const { world, a, b } = pair()
  for (let i = 0; i < 40; i++) a.send('@bob', `${i}`)
  world.advance(1000)
  const lost = [3, 4, 5, 9, 10, 20, 21, 22, 30, 38].map((number) => entryKey(a.messages.storeId, number))
  for (const key of lost) b.rows.delete(key)
  b.sent.length = 0
  b.step({ type: 'audit', request: 4711 })
  world.settle()
  world.advance(2000)
  expect(b.history('@alice').map(bodyText)).toEqual(Array.from({ length: 40 }, (_, i) => `${i}`))
  expect(b.messages.digest).toBe(a.messages.digest)
  expect(b.keysOf('hole/')).toEqual([])
  // One may be under way while it is still being looked for what is missing.
  expect(b.sent.filter(({ type }) => type === 'want').length).toBeLessThanOrEqual(3)
})

it('MS9 an entry that is found missing while later ones are being stored is fetched as well', () => {
  const { world, a, b } = pair()
  for (let i = 0; i < 5; i++) a.send('@bob', `${i}`)
  world.advance(1000)
  a.send('@bob', 'later')
  while (a.work());
  for (const packet of world.packets.splice(0)) world.deliver(packet)
  // Its commit is under way.
  expect(b.tasks.length).toBe(1)
  damage(b, entryKey(a.messages.storeId, 3))
  world.settle()
  world.advance(2000)
  expect(b.keysOf('hole/')).toEqual([])
  expect(b.history('@alice').map(bodyText)).toEqual(['0', '1', '2', '3', '4', 'later'])
})

it('MS9 a look at the store that could not write down what is lost does not call itself done, and the loss is made up', () => {
  const { world, a, b } = pair()
  for (let i = 0; i < 5; i++) a.send('@bob', `${i}`)
  world.advance(1000)
  b.rows.delete(entryKey(a.messages.storeId, 3))
  b.commitError = noRoom()
  b.step({ type: 'audit', request: 4711 })
  world.settle()
  expect(b.answer(4711)?.error?.code).toBe('storage-failed')
  b.commitError = undefined
  world.advance(2 * limits.antiEntropyIntervalMs)
  expect(b.history('@alice').map(bodyText)).toEqual(['0', '1', '2', '3', '4'])
  b.step({ type: 'audit', request: 4712 })
  world.settle()
  expect(b.answer(4712)).toEqual({ value: undefined })
})

it('MS8 of two ends of a feed of ours whoever keeps one gets what the other carries, and so do we', () => {
  const world = new World('two ends')
  const [a, b, c] = [world.add('alice'), world.add('bob'), world.add('carol')]
  world.settle()
  world.meet()
  for (const each of [a, b, c]) each.room('general')
  world.advance(1000)
  const backup = copyOf(a.rows)
  world.cut(a, c)
  world.cut(b, c)
  a.send('#general', 'bob has this')
  world.advance(1000)
  a.kill()
  const restored = world.add('alice', { rows: backup })
  world.settle()
  world.cut(restored, b)
  // Theirs is the longer one, and prevails.
  for (const text of ['carol has this', 'and this']) restored.send('#general', text)
  world.advance(1000)
  world.heal()
  world.advance(3 * limits.antiEntropyIntervalMs)
  const all = ['and this', 'bob has this', 'carol has this']
  for (const each of [restored, b, c]) expect(each.history('#general').map(bodyText).sort()).toEqual(all)
  expect(b.texts()).toEqual(['bob has this', 'carol has this', 'and this'])
  expect(restored.messages.status().undelivered).toBe(0)
})

it('MS8 MS9 an entry of ours that was lost, where a copy of this store wrote another under its number: a new feed begins', () => {
  const world = new World('lost in a copy')
  const [a, b] = [world.add('alice'), world.add('bob')]
  world.settle()
  world.meet()
  world.advance(1000)
  const copy = world.add('alice', { rows: copyOf(a.rows) })
  world.settle()
  for (const other of [a, b]) world.cut(copy, other)
  a.send('@bob', 'from the original')
  copy.send('@bob', 'lost here')
  world.advance(100)
  damage(copy, entryKey(copy.messages.storeId, 2))
  world.settle()
  expect(copy.messages.storeId).toBe(a.messages.storeId)
  world.heal()
  world.advance(2 * limits.antiEntropyIntervalMs)
  expect(copy.messages.storeId).not.toBe(a.messages.storeId)
  copy.send('@bob', 'from the copy')
  world.advance(2 * limits.antiEntropyIntervalMs)
  expect(b.texts()).toEqual(['from the original', 'from the copy'])
  // Nobody else ever had the lost one: it counts as undelivered until it expires.
  expect(copy.messages.status().undelivered).toBe(1)
})

it('MS9 a page of history is full, and the one before it begins where it ends, though some of what would be on it is lost', async () => {
  const { world, a, b } = pair()
  b.kill()
  for (let i = 0; i < 8; i++) a.send('@bob', `${i}`)
  world.settle()
  // The first entry says who alice is.
  for (const lost of [3, 5, 7]) damage(a, entryKey(a.messages.storeId, lost + 2))
  world.settle()
  const store = {
    range: (range: Range) => Promise.resolve(a.rows.range(range)),
    get: (keys: readonly string[]) => Promise.resolve(keys.map((key) => a.rows.get(key))),
  }
  const page = (before?: string) => readHistory(store, a.messages, b.member, 2, before, () => {})
  const pages = [await page()]
  while (pages[0]!.length === 2) pages.unshift(await page(pages[0]![0]!.cursor))
  expect(pages.map((views) => views.map(bodyText))).toEqual([['0'], ['1', '2'], ['4', '6']])
})
