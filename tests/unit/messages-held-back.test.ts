// What is held back for something that comes late or never: it must not hold back anything else.

import { describe, expect, it } from 'vitest'
import type { StoreId } from '../../core/base/ids.ts'
import { limits } from '../../core/base/limits.ts'
import type { Parts } from '../../core/messages/desk.ts'
import { Feeds } from '../../core/messages/feeds.ts'
import { type Peer, trio, type World } from './messages-world.ts'

const day = 24 * 60 * 60 * 1000
const big = 'x'.repeat(limits.maxBodyBytes)

/** Nothing but some 8 MiB of one feed, in pieces large and small, while something of it is missing. */
function fill(world: World, author: Peer): void {
  for (let i = 0; i < 8 + 40; i++) {
    author.send('#general', i < 8 ? big : big.slice(0, 50_000))
    world.settle()
  }
}

describe('an entry that does not come', () => {
  it('MS3 who withholds one, and goes on, makes nobody deaf to the others', () => {
    const { world, a, b, c } = trio()
    const eve = world.add('eve')
    world.settle()
    for (const other of [b, c]) world.cut(eve, other)
    world.meet()
    world.advance(1000)
    const [send, broadcast] = [world.send.bind(world), world.broadcast.bind(world)]
    world.send = (from, id, payload) => {
      if (from !== eve || payload.type !== 'found') send(from, id, payload)
    }
    let said = 0
    world.broadcast = (from, payload) => {
      if (from !== eve || said++ > 0) broadcast(from, payload)
    }
    eve.send('#general', 'withheld')
    world.settle()
    fill(world, eve)
    expect(a.messages.status().heldBack).toBeGreaterThan(6)
    const request = b.send('@alice', big.slice(0, 60_000))
    world.advance(2 * limits.antiEntropyIntervalMs)
    expect(b.state(request)?.state).toBe('delivered')
  })
})

describe('a message of a room whose body was given up', () => {
  /** Alice was away for long when it was written: it does not name her. */
  function away(seed?: string) {
    const { world, a, b, c } = trio(seed)
    for (const peer of [a, b, c]) peer.room('busy')
    world.advance(1000)
    a.kill()
    world.sleep(limits.roomMemberSeenMs + day)
    b.send('#busy', 'one of ten thousand and one')
    world.settle()
    const key = b.keysOf(`feed/${b.messages.storeId}/`).at(-1)!
    const back = (): Peer => {
      const peer = world.add('alice', { rows: a.rows })
      world.settle()
      world.meet()
      world.advance(60_000)
      return peer
    }
    return { world, b, c, key, back }
  }

  it('MS10 does not hold back what its author wrote after it', () => {
    const { world, b, c, key, back } = away()
    for (const peer of [b, c]) peer.trim(key)
    const alice = back()
    const urgent = b.send('@alice', 'urgent')
    world.advance(2 * limits.antiEntropyIntervalMs)
    expect(alice.texts()).toEqual(['urgent'])
    expect(b.state(urgent)?.state).toBe('delivered')
  })

  it('MS10 is not taken without it while another may still have it, whoever is asked first', () => {
    for (const seed of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const { c, key, back } = away(seed)
      c.trim(key)
      expect(back().texts()).toEqual(['one of ten thousand and one'])
    }
  })
})

describe('a message to a name that nobody bears yet', () => {
  it('MS6 comes before what is sent to that name later', () => {
    const { world, a } = trio()
    const first = a.send('@dave', 'first')
    world.advance(1000)
    expect(a.state(first)?.state).toBe('waiting')
    const dave = world.add('dave')
    world.settle()
    world.meet()
    // What waits is being read when this is sent.
    a.send('@dave', 'second')
    world.advance(10_000)
    expect(dave.texts()).toEqual(['first', 'second'])
    expect(a.messages.status().undelivered).toBe(0)
  })

  it('MS6 also where its row was still being written when somebody with that name came', () => {
    const { world, a } = trio()
    const dave = world.add('dave')
    while (dave.work());
    a.send('@dave', 'first')
    world.meet()
    expect(a.messages.resolve('@dave')).toEqual([dave.member])
    a.send('@dave', 'second')
    world.advance(10_000)
    expect(dave.texts()).toEqual(['first', 'second'])
    expect(a.messages.status()).toMatchObject({ undelivered: 0, waitingForName: 0 })
  })
})

describe('one store too many', () => {
  it('MS3 is not taken in, and that is said once', () => {
    const said: string[] = []
    const desk = { report: (code: string) => said.push(code) }
    const idOf = (i: number): StoreId => i.toString(16).padStart(32, '0') as StoreId
    const own = idOf(2 ** 32)
    const feeds = new Feeds({ desk, outbox: { storeId: own } } as unknown as Parts)
    for (let i = 0; i < limits.maxFeeds; i++) expect(feeds.open(idOf(i))).toBeDefined()
    expect(said).toEqual([])
    for (const more of [1, 2, 2]) expect(feeds.open(idOf(limits.maxFeeds + more))).toBeUndefined()
    expect(said).toEqual(['storage-full'])
    expect(feeds.open(own)).toBeDefined()
  })
})
