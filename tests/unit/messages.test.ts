import { describe, expect, it } from 'vitest'
import type { PeerId, StoreId } from '../../core/base/ids.ts'
import { limits } from '../../core/base/limits.ts'
import type { MessageView } from '../../core/messages/messages.ts'
import {
  cursorOf,
  entryRow,
  keys,
  memberRow,
  readEntry,
  readRow,
  readTalkKey,
} from '../../core/messages/rows.ts'
import { MemoryRows } from '../../core/platform/shared/memory-store.ts'
import { encode } from '../../core/wire/codec.ts'
import { bodyText, failure, memberOf, type Packet, seal, trio, World } from './messages-world.ts'

const day = 24 * 60 * 60 * 1000
const [alice, bob, carol] = [memberOf('alice'), memberOf('bob'), memberOf('carol')]

describe('feeds and own sends', () => {
  it('MS1 every entry names the hash of the one before, without a hole', () => {
    const { world, a } = trio()
    for (let i = 0; i < 5; i++) a.send('@bob', `${i}`)
    world.settle()
    const entries = a.keysOf(`feed/${a.messages.storeId}/`)
    expect(entries.map((key) => Number(key.split('/')[2]))).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('MS2 a send resolves after its commit and is broadcast only then', () => {
    const { world, a, b } = trio()
    const request = a.send('@bob', 'hello')
    expect(a.sent.some(({ type }) => type === 'entries')).toBe(true)
    const spoken = a.sent.length
    a.work()
    expect(a.answer(request)).toBeUndefined()
    expect(a.sent.length).toBe(spoken)
    a.work()
    expect(a.answer(request)?.error).toBeUndefined()
    expect(a.sent.length).toBe(spoken + 1)
    world.settle()
    expect(b.texts()).toEqual(['hello'])
  })

  it('MS2 sends made while one is stored go into one transaction, in order', () => {
    const { world, a, b } = trio()
    const requests = Array.from({ length: 20 }, (_, i) => a.send('@bob', `${i}`))
    const before = a.commits.length
    world.settle()
    expect(requests.every((request) => a.answer(request) && !a.answer(request)?.error)).toBe(true)
    expect(b.texts()).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`))
    const appends = a.commits
      .slice(before)
      .filter(({ put }) => put?.some(({ key }) => key.startsWith('feed/')))
    expect(appends.length).toBe(2)
  })

  it('MS2 two tabs on one store number their messages one after the other', () => {
    const { world, a, b } = trio()
    const tab = world.add('alice', { rows: a.rows })
    world.settle()
    world.meet()
    world.settle()
    expect(tab.messages.storeId).toBe(a.messages.storeId)
    for (let i = 0; i < 5; i++) {
      a.send('@bob', `a${i}`)
      tab.send('@bob', `t${i}`)
    }
    world.settle((below) => below - 1)
    expect(b.texts().length).toBe(10)
    expect(b.texts().filter((text) => text.startsWith('a'))).toEqual(['a0', 'a1', 'a2', 'a3', 'a4'])
    expect(b.texts().filter((text) => text.startsWith('t'))).toEqual(['t0', 't1', 't2', 't3', 't4'])
    expect(a.texts().length).toBe(10)
    expect(tab.texts().length).toBe(10)
  })

  it('MS2 a full disk rejects exactly what was being written; later sends go on', () => {
    const { world, a, b } = trio()
    a.commitError = failure('storage-full')
    const lost = a.send('@bob', 'lost')
    world.settle()
    expect(a.answer(lost)?.error?.code).toBe('storage-full')
    a.commitError = undefined
    const kept = a.send('@bob', 'kept')
    world.settle()
    expect(a.answer(kept)?.error).toBeUndefined()
    expect(b.texts()).toEqual(['kept'])
    expect(a.history('@bob').map(bodyText)).toEqual(['kept'])
  })

  it('MS2 the same id twice is one message, also after a restart', () => {
    const { world, a, b } = trio()
    const first = a.send('@bob', 'once', { id: 'x' })
    const twin = a.send('@bob', 'once', { id: 'x' })
    world.settle()
    a.kill()
    const again = world.add('alice', { rows: a.rows })
    world.settle()
    world.meet()
    const third = again.send('@bob', 'once', { id: 'x' })
    world.advance(1000)
    expect([a.answer(first), a.answer(twin), again.answer(third)].every((each) => each && !each.error)).toBe(
      true,
    )
    expect(again.state(third)?.state).toBe('delivered')
    expect(b.texts()).toEqual(['once'])
    expect(again.keysOf('feed/').filter((key) => key.includes(a.messages.storeId)).length).toBe(2)
  })

  it('MS2 a tab killed the instant its send resolved: another tab of that store delivers it', () => {
    const { world, a, b } = trio()
    const tab = world.add('alice', { rows: a.rows })
    world.settle()
    world.meet()
    world.settle()
    world.cut(tab, b)
    const request = tab.send('@bob', 'last words')
    while (!tab.answer(request)) tab.work()
    world.packets = []
    tab.kill()
    world.advance(limits.receiptDelayMs)
    expect(a.texts()).toEqual(['last words'])
    world.advance(limits.antiEntropyIntervalMs + 1000)
    expect(b.texts()).toEqual(['last words'])
  })

  it('MS2 a tab frozen the instant its send resolved: another tab finds it before long', () => {
    const { world, a, b } = trio()
    const tab = world.add('alice', { rows: a.rows })
    world.settle()
    world.meet()
    world.settle()
    const request = tab.send('@bob', 'last words')
    while (!tab.answer(request)) tab.work()
    world.packets = []
    tab.alive = false
    world.advance(2 * limits.antiEntropyIntervalMs)
    expect(b.texts()).toEqual(['last words'])
  })

  it('MS2 joining twice in one breath resolves only once it is stored', () => {
    const { world, a } = trio()
    a.commitError = failure('storage-full')
    a.send('@bob', 'in the way')
    const requests = [a.room('general'), a.room('general')]
    world.settle()
    expect(requests.map((request) => a.answer(request)?.error?.code)).toEqual([
      'storage-full',
      'storage-full',
    ])
    expect(a.messages.rooms().get('general')).toBeUndefined()
  })
})

describe('receiving', () => {
  it('MS3 a later entry waits for the earlier, which is fetched', () => {
    const { world, a, b } = trio()
    a.send('@bob', 'one')
    a.work()
    a.work()
    world.packets = world.packets.filter(({ to }) => to !== b)
    a.send('@bob', 'two')
    world.settle()
    expect(b.texts()).toEqual(['one', 'two'])
  })

  it('MS3 an id that its author used before is stored and not shown', () => {
    const { world, a, b } = trio()
    a.send('@bob', 'first', { id: 'same' })
    world.settle()
    a.rows.delete(`id/${alice}/same`)
    a.send('@bob', 'second', { id: 'same' })
    world.advance(1000)
    expect(b.texts()).toEqual(['first'])
    expect(b.messages.digest).toBe(a.messages.digest)
  })

  it('MS3 a message that expired before it came is stored, acknowledged and not shown', () => {
    const { world, a, b, c } = trio()
    b.kill()
    a.send('#nowhere', 'gone soon', { ttlMs: 1000 })
    world.advance(2000)
    const back = world.add('bob', { rows: b.rows })
    world.settle()
    world.meet()
    world.advance(1000)
    expect(back.texts()).toEqual([])
    expect(back.messages.digest).toBe(c.messages.digest)
  })

  it('MS3 a clock that is far ahead is stored with a mark and not followed', () => {
    const { world, a, b } = trio()
    const real = world.now
    world.now = { ...real, wallMs: real.wallMs + 10 * limits.maxClockAheadMs }
    a.send('@bob', 'from the future')
    a.work()
    a.work()
    world.now = real
    world.settle()
    b.send('@alice', 'from now')
    world.settle()
    const [future, present] = b.emitted('message').map(({ message }) => message)
    expect(future?.clockAhead).toBe(true)
    expect(Number(present?.cursor.slice(0, 16))).toBe(real.wallMs)
  })

  it('MS3 an entry signed by another key than the feed’s is not taken', () => {
    const { world, a, b, c } = trio()
    const own = a.messages.storeId
    a.send('@bob', 'mine')
    world.settle()
    const before = b.messages.digest
    const raw = b.rows.range({ from: `feed/${own}/`, to: `feed/${own}0`, limit: 1, reverse: true })[0]!
    const last = readEntry(raw.value)!
    const header = { ...last.header, number: last.header.number + 1 }
    const forged = seal(carol, [{ header, body: last.entry.body }], last.hash)[0]!
    world.broadcast(c, { type: 'entries', entries: [forged.entry] })
    world.advance(1000)
    expect(b.messages.digest).toBe(before)
    expect(b.texts()).toEqual(['mine'])
    // The same entry by the right key is what comes next.
    const genuine = seal(
      alice,
      [{ header: { ...header, content: { ...header.content, id: 'other' } }, body: last.entry.body }],
      last.hash,
    )[0]!
    world.broadcast(c, { type: 'entries', entries: [genuine.entry] })
    world.settle()
    expect(b.texts()).toEqual(['mine', 'mine'])
  })
})

describe('coming to the same state', () => {
  it('MS4 a newcomer gets everything, in order', () => {
    const { world, a, b } = trio()
    a.room('general')
    world.settle()
    for (let i = 0; i < 300; i++) {
      a.send('#general', `${i}`)
      if (i % 100 === 0) world.settle()
    }
    world.settle()
    const d = world.add('dave')
    world.settle()
    world.meet()
    world.advance(2000)
    expect(d.history('#general').map(bodyText)).toEqual(Array.from({ length: 300 }, (_, i) => `${i}`))
    expect(d.messages.digest).toBe(b.messages.digest)
  })

  it('MS4 what a partition kept apart is exchanged when it heals', () => {
    const { world, a, b, c } = trio()
    world.cut(a, b)
    world.cut(a, c)
    world.settle()
    a.send('@bob', 'from alice')
    b.send('@alice', 'from bob')
    world.settle()
    world.heal()
    world.advance(1000)
    expect(a.texts().sort()).toEqual(['from alice', 'from bob'])
    expect(b.texts().sort()).toEqual(['from alice', 'from bob'])
    expect(a.messages.digest).toBe(b.messages.digest)
    expect(a.messages.digest).toBe(c.messages.digest)
  })

  it('MS4 one who knows delivers what its author, now gone, left behind', () => {
    const { world, a, b, c } = trio()
    b.kill()
    a.send('@bob', 'for later')
    world.settle()
    a.kill()
    const back = world.add('bob', { rows: b.rows })
    world.settle()
    world.meet()
    world.advance(1000)
    expect(back.texts()).toEqual(['for later'])
    expect(back.messages.digest).toBe(c.messages.digest)
  })

  it('MS4 a message for us is not taken without its body while its author may still have it', () => {
    const { world, a, b, c } = trio()
    b.kill()
    a.send('@bob', 'the whole of it')
    world.advance(1000)
    const [key] = c.keysOf(`feed/${a.messages.storeId}/`).slice(-1)
    const stored = readRow(entryRow, c.rows.get(key!))!
    c.rows.put(key!, encode(entryRow, { ...stored, entry: { ...stored.entry, body: undefined } }))
    const back = world.add('bob', { rows: b.rows })
    world.settle()
    world.cut(back, a)
    world.advance(1000)
    expect(a.messages.status().undelivered).toBe(1)
    expect(back.messages.digest).not.toBe(c.messages.digest)
    world.heal()
    world.advance(1000)
    expect(back.texts()).toEqual(['the whole of it'])
    expect(a.messages.status().undelivered).toBe(0)
  })

  it('MS4 a peer that does not answer is replaced by another after the timeout', () => {
    const { world, a, b, c } = trio()
    b.kill()
    a.send('@bob', 'important')
    world.settle()
    const back = world.add('bob', { rows: b.rows })
    world.settle()
    world.meet()
    // Whoever is asked first never hears of it.
    const asked = new Set<string>()
    for (let i = 0; i < 500; i++) {
      const isWant = (packet: Packet): boolean => packet.from === back && packet.bytes[0] === 18
      const want = world.packets.find(isWant)
      if (want) {
        asked.add(want.to.name)
        want.to.alive = false
        world.packets.splice(world.packets.indexOf(want), 1)
      } else if (!world.happen(() => 0)) break
    }
    expect(asked.size).toBe(1)
    expect(back.texts()).toEqual([])
    world.advance(limits.fetchTimeoutMs + 100)
    expect(back.texts()).toEqual(['important'])
    expect([a, c].filter(({ alive }) => alive).length).toBe(1)
  })

  it('MS4 a digest of somebody who is not here is not answered', () => {
    const { a } = trio()
    const before = a.sent.length
    for (let i = 0; i < 100; i++) {
      const from = i.toString(16).padStart(32, '0') as PeerId
      a.step({ type: 'payload', from, payload: { type: 'digest', digest: i } })
    }
    expect(a.sent).toHaveLength(before)
  })

  it('MS4 absurd vectors, wants and forks change nothing', () => {
    const { world, a, b } = trio()
    const store = a.messages.storeId
    const before = [...a.keysOf('feed/'), ...a.keysOf('meta/'), ...a.keysOf('ack/')]
    const hash = new Uint8Array(32).fill(7)
    const heads = Array.from({ length: 3000 }, (_, i) => {
      return {
        feed: i.toString(16).padStart(32, '0') as StoreId,
        number: Number.MAX_SAFE_INTEGER,
        hash,
        retired: 0,
      }
    })
    heads.push({ feed: store, number: 10 ** 9, hash, retired: 0 })
    const payloads = [
      { type: 'vector', member: bob, durable: true, whole: true, heads },
      { type: 'want', feed: store, after: 10 ** 12 },
      { type: 'want', feed: 'f'.repeat(32) as StoreId, after: 0 },
      { type: 'fork', feed: store, number: 1, hash },
      {
        type: 'vector',
        member: bob,
        durable: true,
        whole: false,
        heads: [{ feed: store, number: 1, hash, retired: 0 }],
      },
      { type: 'digest', digest: 5 },
    ] as const
    for (const payload of payloads) world.send(b, a.id, payload)
    world.advance(20_000)
    expect(a.messages.storeId).toBe(store)
    expect([...a.keysOf('feed/'), ...a.keysOf('meta/'), ...a.keysOf('ack/')]).toEqual(before)
    expect(a.messages.status().fetches).toBeLessThanOrEqual(limits.maxFetches)
    a.send('@bob', 'still here')
    world.settle()
    expect(b.texts()).toEqual(['still here'])
  })
})

describe('receipts and expiry', () => {
  it('MS5 the author learns who holds a message, and its outbox empties', () => {
    const { world, a, b } = trio()
    const request = a.send('@bob', 'hello')
    world.settle()
    expect(a.state(request)?.state).toBe('stored')
    expect(a.keysOf('outbox/').length).toBe(1)
    world.advance(limits.receiptDelayMs + 1)
    expect(a.state(request)).toMatchObject({ state: 'delivered', lacking: [] })
    expect([...a.state(request)!.deliveredTo]).toEqual([bob])
    expect(a.emitted('receipt').map(({ receipt }) => receipt.member)).toContain(bob)
    expect(a.keysOf('outbox/')).toEqual([])
    expect(b.texts()).toEqual(['hello'])
  })

  it('MS5 a message to several stays in the outbox until the last of them has it', () => {
    const { world, a, b, c } = trio()
    for (const peer of [a, b, c]) peer.room('general')
    world.advance(100)
    c.kill()
    const request = a.send('#general', 'hello')
    world.advance(100)
    expect(a.state(request)).toMatchObject({ state: 'stored', lacking: [carol] })
    expect(a.keysOf('outbox/').length).toBe(1)
    world.add('carol', { rows: c.rows })
    world.settle()
    world.meet()
    world.advance(1000)
    expect([...a.state(request)!.deliveredTo].sort()).toEqual([bob, carol].sort())
    expect(a.keysOf('outbox/')).toEqual([])
  })

  it('MS5 a receipt that names another entry than ours is none', () => {
    const { world, a, b } = trio()
    world.cut(a, b)
    const request = a.send('@bob', 'hello')
    world.settle()
    world.heal()
    world.packets = []
    const number = a.keysOf(`feed/${a.messages.storeId}/`).length
    const heads = [{ feed: a.messages.storeId, number, hash: new Uint8Array(32).fill(9), retired: 0 }]
    world.send(b, a.id, { type: 'vector', member: bob, durable: true, whole: false, heads })
    world.settle()
    expect(a.state(request)?.state).toBe('stored')
  })

  it('MS5 a receipt lost with the link is made good when it stands again', () => {
    const { world, a, b } = trio()
    const request = a.send('@bob', 'hello')
    world.settle()
    world.cut(a, b)
    world.advance(1000)
    expect(a.state(request)?.state).toBe('stored')
    expect(b.texts()).toEqual(['hello'])
    world.heal()
    world.settle()
    expect(a.state(request)?.state).toBe('delivered')
  })

  it('MS5 a receipt lost on the way is made good by comparing digests', () => {
    const { world, a } = trio()
    const request = a.send('@bob', 'hello')
    world.settle()
    world.now = { monotonicMs: world.now.monotonicMs + 40, wallMs: world.now.wallMs + 40 }
    for (const peer of world.peers) peer.step({ type: 'tick' })
    world.packets = []
    world.settle()
    expect(a.state(request)?.state).toBe('stored')
    world.advance(limits.antiEntropyIntervalMs + 100)
    expect(a.state(request)?.state).toBe('delivered')
  })

  it('MS5 nothing is acknowledged before it is durable', () => {
    const { world, a, b } = trio()
    b.commitError = failure('storage-full')
    const request = a.send('@bob', 'hello')
    world.advance(1000)
    expect(a.state(request)?.state).toBe('stored')
    expect(b.texts()).toEqual([])
    b.commitError = undefined
    world.advance(2 * limits.antiEntropyIntervalMs)
    expect(a.state(request)?.state).toBe('delivered')
    expect(b.texts()).toEqual(['hello'])
  })

  it('MS5 what runs out of time is reported once, with who lacks it', () => {
    const { world, a, b } = trio()
    b.kill()
    const request = a.send('@bob', 'hurry', { ttlMs: 60_000 })
    world.advance(59_000)
    expect(a.errors('expired')).toEqual([])
    world.advance(5_000)
    expect(a.errors('expired').map(({ details }) => details['lacking'])).toEqual([[bob]])
    expect(a.state(request)?.state).toBe('expired')
    expect(a.keysOf('outbox/')).toEqual([])
    a.kill()
    const again = world.add('alice', { rows: a.rows })
    world.advance(5_000)
    expect(again.errors('expired')).toEqual([])
    expect(again.history(bob)[0]?.state).toBe('expired')
  })

  it('MS5 what is owed survives a restart', () => {
    const { world, a, b } = trio()
    b.kill()
    a.send('@bob', 'later')
    world.settle()
    a.kill()
    const again = world.add('alice', { rows: a.rows })
    world.advance(100)
    expect(again.messages.status().undelivered).toBe(1)
    const back = world.add('bob', { rows: b.rows })
    world.settle()
    world.meet()
    world.advance(1000)
    expect(back.texts()).toEqual(['later'])
    expect(again.messages.status().undelivered).toBe(0)
  })
})

describe('addresses', () => {
  it('whoever went before its profile came keeps the name it had, and can be written to by it', () => {
    const world = new World()
    const [a, b] = [world.add('alice'), world.add('bob')]
    world.meet()
    b.kill()
    world.removed(b)
    expect(a.messages.members().get(bob)).toMatchObject({ name: 'bob', online: false })
    const request = a.send('@bob', 'hello')
    world.settle()
    expect(a.state(request)?.lacking).toEqual([bob])
  })

  it('MS6 a room reaches those who joined it; they are frozen at sending', () => {
    const { world, a, b, c } = trio()
    for (const peer of [a, b]) peer.room('general')
    world.advance(100)
    const request = a.send('#general', 'hi all')
    world.advance(100)
    expect([...a.state(request)!.deliveredTo]).toEqual([bob])
    expect(b.texts()).toEqual(['hi all'])
    expect(c.texts()).toEqual([])
    expect(c.history('#general').map(bodyText)).toEqual(['hi all'])
    expect(a.emitted('rooms').at(-1)?.rooms).toEqual([
      { name: 'general', members: [alice, bob].sort(), joined: true },
    ])
  })

  it('MS6 two bearers of a name both get the message', () => {
    const world = new World()
    const [a, b, c] = [
      world.add('alice'),
      world.add('sam', { member: 'bob' }),
      world.add('sam', { member: 'carol' }),
    ]
    world.settle()
    world.meet()
    world.advance(100)
    const request = a.send('@sam', 'which of you?')
    world.advance(100)
    expect([...a.state(request)!.deliveredTo].sort()).toEqual([bob, carol].sort())
    expect(b.texts()).toEqual(['which of you?'])
    expect(c.texts()).toEqual(['which of you?'])
  })

  it('MS6 a message to a name nobody bears waits, across a restart, for its bearer', () => {
    const world = new World()
    const a = world.add('alice')
    world.settle()
    const request = a.send('@zoe', 'welcome')
    world.settle()
    expect(a.state(request)?.state).toBe('waiting')
    expect(a.history('@zoe').map(({ state }) => state)).toEqual(['waiting'])
    a.kill()
    const again = world.add('alice', { rows: a.rows })
    const zoe = world.add('zoe')
    world.settle()
    world.meet()
    world.advance(1000)
    expect(zoe.texts()).toEqual(['welcome'])
    expect(again.texts()).toEqual(['welcome'])
    expect(again.keysOf('unbound/')).toEqual([])
    expect(again.messages.status()).toMatchObject({ waitingForName: 0, undelivered: 0 })
  })

  it('MS6 the program hears of a message that waited once, not again when it is sent', () => {
    const world = new World()
    const a = world.add('alice')
    world.settle()
    a.send('@zoe', 'welcome')
    world.settle()
    const zoe = world.add('zoe')
    world.settle()
    world.meet()
    world.advance(1000)
    expect(zoe.texts()).toEqual(['welcome'])
    expect(a.texts()).toEqual(['welcome'])
    expect(a.history('@zoe').map(({ state }) => state)).toEqual(['delivered'])
  })

  it('MS6 what waits is in the history page by page, as it was sent', () => {
    const { world, a } = trio()
    for (const text of ['0', '1', '2', '3', '4', '5', '6']) a.send('@zoe', text)
    world.settle()
    const pages: string[][] = []
    for (let page = a.history('@zoe', 3); page.length > 0; page = a.history('@zoe', 3, page[0]!.cursor))
      pages.push(page.map(bodyText))
    expect(pages).toEqual([['4', '5', '6'], ['1', '2', '3'], ['0']])
  })

  it('MS6 rooms that many made up cost no more than there are of them', () => {
    const rows = new MemoryRows()
    const roomsEach = 250
    const members = Array.from({ length: 200 }, (_, i) => memberOf(`nobody ${i}`))
    for (const [i, member] of members.entries()) {
      const rooms = Array.from({ length: roomsEach }, (_, j) => `room-${i}-${j}`)
      const place = { feed: '0'.repeat(32) as StoreId, number: 1, clockMs: 1, clockCounter: 0 }
      const profile = { name: 'nobody', kind: 'human' as const, rooms: [...rooms, 'all'], ...place }
      rows.put(keys.member(member), encode(memberRow, { profile, lastSeenAt: 1 }))
    }
    const a = new World().add('alice', { rows })
    const rooms = a.messages.rooms()
    expect(rooms.size).toBe(members.length * roomsEach + 1)
    expect(rooms.get('all')!.members).toEqual(members.toSorted())
    expect([...rooms.keys()]).toEqual([...rooms.keys()].toSorted())
  })

  it('MS6 much that waits goes out in the order it was sent, a bounded number of bodies at a time', () => {
    const world = new World()
    const a = world.add('alice')
    const sent = Array.from({ length: 300 }, (_, i) => `${i}`)
    for (const text of sent) a.send('@zoe', text)
    world.settle()
    const zoe = world.add('zoe')
    world.settle()
    let reads = 0
    a.readFails = (from) => {
      if (from.startsWith('unbound/')) reads++
      return false
    }
    world.meet()
    expect(reads).toBeLessThanOrEqual(64)
    world.advance(1000)
    expect(zoe.texts()).toEqual(sent)
    expect(a.messages.status()).toMatchObject({ waitingForName: 0, undelivered: 0 })
  })

  it('MS6 of what waits a page of history reads only what is on it', () => {
    const { world, a } = trio()
    for (const to of ['@zoe', '@yan'] as const) for (const text of ['0', '1', '2']) a.send(to, text)
    world.settle()
    const ranges = a.messages.historyRanges('@zoe', undefined, 2)
    const rows = ranges.flatMap((range) => a.rows.range(range))
    expect(rows.map(({ key }) => key.split('/')[0])).toEqual(['unbound', 'unbound'])
    expect(a.history('@zoe', 2).map(bodyText)).toEqual(['1', '2'])
  })

  it('MS6 unbound mail expires and that is reported', () => {
    const world = new World()
    const a = world.add('alice')
    world.settle()
    a.send('@zoe', 'welcome')
    world.settle()
    world.advance(limits.unboundTtlMs + 1000)
    expect(a.errors('expired').length).toBe(1)
    expect(a.keysOf('unbound/')).toEqual([])
  })

  it('MS6 unbound mail that expired and is sent again under its id waits, and is delivered', () => {
    const { world, a } = trio()
    a.send('@zoe', 'one', { id: 'greeting', ttlMs: 1000 })
    world.advance(5000)
    expect(a.errors('expired')).toHaveLength(1)
    const request = a.send('@zoe', 'two', { id: 'greeting' })
    world.settle()
    expect(a.state(request)?.state).toBe('waiting')
    const zoe = world.add('zoe')
    world.settle()
    world.meet()
    world.advance(1000)
    expect(zoe.texts()).toEqual(['two'])
    expect(a.state(request)?.state).toBe('delivered')
  })

  it('MS6 bound mail is not re-routed when somebody else takes the name', () => {
    const { world, a, b } = trio()
    b.kill()
    a.send('@bob', 'for the first bob')
    world.settle()
    const other = world.add('bob', { member: 'mallory' })
    world.settle()
    world.meet()
    world.advance(1000)
    expect(other.texts()).toEqual([])
    expect(a.messages.status().undelivered).toBe(1)
  })
})

describe('the inbox', () => {
  it('MS7 gives each message once, in order, and again after a restart until it is handled', () => {
    const { world, a, b } = trio()
    b.step({ type: 'inboxActive', active: true })
    for (let i = 0; i < 5; i++) a.send('@bob', `${i}`)
    world.settle()
    expect(b.inbox().map(({ message }) => bodyText(message))).toEqual(['0', '1', '2', '3', '4'])
    const done = b.handle(b.inbox()[0]!)
    world.settle()
    expect(b.answer(done)).toEqual({ value: undefined })
    b.kill()
    const again = world.add('bob', { rows: b.rows })
    again.step({ type: 'inboxActive', active: true })
    world.settle()
    expect(again.inbox().map(({ message }) => bodyText(message))).toEqual(['1', '2', '3', '4'])
  })

  it('MS7 another tab takes the inbox over where the first stopped', () => {
    const { world, a, b } = trio()
    const tab = world.add('bob', { rows: b.rows })
    world.settle()
    world.meet()
    world.settle()
    b.step({ type: 'inboxActive', active: true })
    for (let i = 0; i < 40; i++) a.send('@bob', `${i}`)
    world.settle()
    for (const item of b.inbox().slice(0, 35)) b.handle(item)
    world.settle()
    b.kill()
    tab.step({ type: 'inboxActive', active: true })
    a.send('@bob', 'new')
    world.settle()
    const texts = tab.inbox().map(({ message }) => bodyText(message))
    expect(texts).toEqual(['35', '36', '37', '38', '39', 'new'])
  })

  it('MS7 what a sibling handled meanwhile is not given, though it was read before', () => {
    const { world, a, b } = trio()
    const tab = world.add('bob', { rows: b.rows })
    world.settle()
    world.meet()
    world.settle()
    // Each takes the other for gone.
    for (const each of [b, tab]) each.step({ type: 'inboxActive', active: true })
    for (let i = 0; i < 3; i++) a.send('@bob', `${i}`)
    world.settle()
    const [first, second, third] = b.inbox()
    const given = (request: number): string | undefined => {
      const message = b.answer(request)?.value as MessageView | undefined
      return message && bodyText(message)
    }
    const before = b.giving(first!)
    world.settle()
    expect(given(before)).toBe('0')
    tab.handle(tab.inbox()[1]!)
    world.settle()
    const answers = [second, third].map((item) => b.giving(item!))
    world.settle()
    expect(answers.map(given)).toEqual([undefined, '2'])
    const late = b.giving(third!)
    b.step({ type: 'inboxActive', active: false })
    world.settle()
    expect(b.answer(late)).toEqual({ value: undefined })
  })

  it('MS7 an answer about a message that was handled, or of a turn that is over, gives nothing', () => {
    const { world, a, b } = trio()
    b.step({ type: 'inboxActive', active: true })
    for (let i = 0; i < 2; i++) a.send('@bob', `${i}`)
    world.settle()
    const [first, second] = b.inbox()
    // Asked before, answered after.
    const asked = b.giving(first!)
    b.handle(first!)
    const old = b.giving(second!)
    b.step({ type: 'inboxActive', active: false })
    b.step({ type: 'inboxActive', active: true })
    world.settle()
    expect([asked, old].map((request) => b.answer(request))).toEqual([
      { value: undefined },
      { value: undefined },
    ])
    expect(
      b
        .inbox()
        .slice(2)
        .map(({ message }) => bodyText(message)),
    ).toEqual(['1'])
  })

  it('MS7 retry gives it again later, with its attempt counted', () => {
    const { world, a, b } = trio()
    b.step({ type: 'inboxActive', active: true })
    a.send('@bob', 'hard')
    world.settle()
    b.retry(b.inbox()[0]!, 5_000)
    world.advance(4_000)
    expect(b.inbox().length).toBe(1)
    world.advance(2_000)
    expect(b.inbox().map(({ attempt }) => attempt)).toEqual([1, 2])
  })

  it('MS7 a room’s messages count from joining onward; one’s own do not, unless sent to oneself', () => {
    const { world, a, b } = trio()
    b.step({ type: 'inboxActive', active: true })
    a.room('general')
    world.settle()
    a.send('#general', 'before')
    world.settle()
    b.room('general')
    world.advance(10)
    a.send('#general', 'after')
    b.send('#general', 'mine')
    b.send('@bob', 'note to self')
    world.advance(100)
    expect(
      b
        .inbox()
        .map(({ message }) => bodyText(message))
        .sort(),
    ).toEqual(['after', 'note to self'])
    expect(a.history('#general').map(bodyText)).toEqual(b.history('#general').map(bodyText))
  })
})

describe('the inbox and what it is joined to', () => {
  it('MS7 a rename does not move the time of joining', () => {
    const { world, a, b, c } = trio()
    b.step({ type: 'inboxActive', active: true })
    world.cut(b, c)
    world.cut(b, a)
    b.room('general')
    world.advance(100)
    c.send('#general', 'written before the rename')
    world.advance(100)
    b.name = 'robert'
    b.step({ type: 'profile', name: b.name, kind: 'human' })
    world.advance(100)
    world.heal()
    world.advance(1000)
    expect(b.inbox().map(({ message }) => bodyText(message))).toEqual(['written before the rename'])
    expect(a.messages.members().get(bob)?.name).toBe('robert')
  })

  it('MS7 what was handled does not come again when its feed has to be fetched anew', () => {
    const { world, a, b } = trio()
    b.step({ type: 'inboxActive', active: true })
    a.send('@bob', 'once')
    world.settle()
    b.handle(b.inbox()[0]!)
    world.settle()
    b.kill()
    b.rows.delete(`head/${a.messages.storeId}`)
    const again = world.add('bob', { rows: b.rows })
    again.step({ type: 'inboxActive', active: true })
    world.settle()
    world.meet()
    world.advance(1000)
    expect(again.messages.digest).toBe(a.messages.digest)
    expect(again.inbox()).toEqual([])
  })
})

describe('retention', () => {
  it('MS10 old bodies go, then headers, and what is owed stays', () => {
    const { world, a, b, c } = trio()
    b.room('general')
    world.settle()
    b.send('#general', 'old news')
    world.advance(1000)
    c.kill()
    a.send('@carol', 'owed', { ttlMs: limits.maxTtlMs })
    world.settle()
    world.sleep(limits.retentionMs + day)
    expect(a.history('#general')).toEqual([])
    expect(a.history('@carol').map(bodyText)).toEqual(['owed'])
    world.sleep(limits.retentionMs + day)
    expect(b.history('@carol')).toEqual([])
    expect(a.history('@carol').map(bodyText)).toEqual(['owed'])
    expect(a.messages.digest).toBe(b.messages.digest)
  })

  it('MS10 who gives its messages for ever has them kept as long as the longest time to live', () => {
    const { world, a, b, c } = trio()
    const own = a.messages.storeId
    a.send('#general', 'for a month')
    world.settle()
    a.kill()
    const raw = b.rows.range({ from: `feed/${own}/`, to: `feed/${own}0`, limit: 1, reverse: true })[0]!
    const last = readEntry(raw.value)!
    const content = { ...last.header.content, id: 'other', expiresAt: Number.MAX_SAFE_INTEGER }
    const header = { ...last.header, number: last.header.number + 1, content }
    const forged = seal(alice, [{ header, body: last.entry.body }], last.hash)[0]!
    world.broadcast(c, { type: 'entries', entries: [forged.entry] })
    world.settle()
    const bodies = (): number =>
      b.keysOf('feed/').filter((key) => readEntry(b.rows.get(key))?.entry.body).length
    expect(bodies()).toBe(2)
    world.sleep(limits.retentionMs + day)
    expect(bodies()).toBe(1)
    world.sleep(limits.maxTtlMs)
    expect(bodies()).toBe(0)
  })

  it('MS10 what came while our clock was years behind is not given up when the clock is set', () => {
    const world = new World()
    const a = world.add('alice')
    a.send(bob, 'work')
    world.settle()
    const yearsMs = 3 * 365 * day
    world.now = { ...world.now, wallMs: world.now.wallMs - yearsMs }
    const b = world.add('bob')
    world.settle()
    world.meet()
    world.settle()
    expect(b.history(alice).map(bodyText)).toEqual(['work'])
    a.kill()
    world.now = { ...world.now, wallMs: world.now.wallMs + yearsMs }
    world.sleep(day)
    b.step({ type: 'inboxActive', active: true })
    world.settle()
    expect(b.inbox().map(({ message }) => bodyText(message))).toEqual(['work'])
    expect(b.history(alice).map(bodyText)).toEqual(['work'])
    world.sleep(limits.retentionMs + day)
    expect(b.history(alice)).toEqual([])
  })

  it('MS10 of a room the newest 10,000 are kept', () => {
    const world = new World()
    const a = world.add('alice')
    world.settle()
    const surplus = 200
    for (let i = 0; i < limits.retentionMessagesPerRoom + surplus; i++) a.send('#general', `${i}`)
    world.settle()
    world.sleep(day)
    const kept = a.history('#general', 2 * limits.retentionMessagesPerRoom).map(bodyText)
    expect(kept.length).toBe(limits.retentionMessagesPerRoom)
    expect(kept[0]).toBe(`${surplus}`)
  })

  it('MS10 what a clock far ahead says pushes out nothing of what others say', () => {
    const { world, a, b, c } = trio()
    const own = c.messages.storeId
    c.send('#general', 'from tomorrow')
    world.settle()
    c.kill()
    const last = readEntry(b.rows.get(b.keysOf(`feed/${own}/`).at(-1)!))!
    const content = { ...last.header.content, id: 'other' }
    const clockMs = last.header.clockMs + day
    const header = { ...last.header, number: last.header.number + 1, clockMs, content }
    const forged = seal(carol, [{ header, body: last.entry.body }], last.hash)[0]!
    world.broadcast(a, { type: 'entries', entries: [forged.entry] })
    world.settle()
    const key = b.keysOf('talk/#general/').at(-1)!
    const fill = (count: number): void => {
      for (let i = 0; i < count; i++) {
        const cursor = cursorOf({ ms: clockMs + 1 + i, counter: 0 }, own, 1000 + i)
        b.rows.put(keys.talk('#general', cursor), b.rows.get(key)!)
      }
    }
    fill(limits.retentionMessagesPerRoom - 1)
    a.send('#general', 'from today')
    world.settle()
    const texts = (): string[] => b.history('#general', 2 * limits.retentionMessagesPerRoom).map(bodyText)
    world.sleep(2 * 60 * 60 * 1000)
    expect(texts()).toEqual(['from tomorrow', 'from today', 'from tomorrow'])
    fill(limits.retentionMessagesPerRoom)
    world.sleep(2 * 60 * 60 * 1000)
    expect(texts()).toEqual(['from tomorrow', 'from today'])
  })

  it('MS10 what stands in the place of a lost message of another conversation is kept', () => {
    const world = new World()
    const a = world.add('alice')
    world.settle()
    a.send('#other', 'kept')
    world.settle()
    const [own] = a.keysOf('talk/#other/')
    const { feed, number } = readTalkKey(own!)!
    const place = (ms: number, n: number): void =>
      a.rows.put(keys.talk('#general', cursorOf({ ms, counter: 0 }, feed, n)), a.rows.get(own!)!)
    place(1, number)
    for (let i = 0; i < limits.retentionMessagesPerRoom; i++) place(2 + i, 1000 + i)
    world.sleep(day)
    expect(a.history('#other').map(bodyText)).toEqual(['kept'])
  })

  it('MS10 a newcomer records a gap where nobody has the beginning any more', () => {
    const { world, a, b, c } = trio()
    for (const peer of [b, c]) peer.kill()
    for (let i = 0; i < 3; i++) a.send('#general', `${i}`)
    world.settle()
    world.sleep(2 * limits.retentionMs + 2 * day)
    world.sleep(day)
    a.send('#general', 'fresh')
    world.settle()
    const d = world.add('dave')
    world.settle()
    world.meet()
    world.advance(2000)
    expect(d.emitted('gap').length).toBe(1)
    expect(d.history('#general').map(bodyText)).toEqual(['fresh'])
    expect(d.messages.digest).toBe(a.messages.digest)
  })
})
