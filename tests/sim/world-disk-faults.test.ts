// What disks do to the processes on them: failing with an uncertain end, slow, cut off, replaced under a running
// process; and the two broken disks, by which a checker shows that it sees what must never be.

import { describe, expect, test } from 'vitest'
import { createCheckedStore } from '../../core/checked-store.ts'
import { createWorld } from '../../core/platform/sim/world.ts'
import { bytes } from './world-helpers.ts'

const put = (...keys: string[]) => ({ put: keys.map((key) => ({ key, value: bytes(1, 2, 3) })) })
const seeds = Array.from({ length: 60 }, (_, seed) => seed)

/** A process that dies in the middle of its second commit, of four rows; how many of them are there afterwards. */
async function crashInCommit(seed: number, tearing: boolean) {
  const world = createWorld({ seed })
  const alice = world.platform({ name: 'alice' })
  const disk = world.disk('alice')
  disk.tearing = tearing
  await world.finish(alice.store.commit(put('first')))
  void alice.store.commit(put('a', 'b', 'c', 'd'))
  alice.kill()
  return { rows: disk.keys().length - 1, torn: disk.bites.torn }
}

describe('a crash', () => {
  test('leaves a commit that was under way wholly there or wholly not', async () => {
    const rows = new Set<number>()
    for (const seed of seeds) rows.add((await crashInCommit(seed, false)).rows)
    expect([...rows].sort()).toEqual([0, 4])
  })

  test('BROKEN: a tearing disk leaves a part of it', async () => {
    const rows = new Set<number>()
    let torn = 0
    for (const seed of seeds) {
      const crash = await crashInCommit(seed, true)
      rows.add(crash.rows)
      torn += crash.torn
    }
    expect([...rows].sort()).toEqual([1, 2, 3, 4])
    expect(torn).toBeGreaterThan(10)
  })

  test('BROKEN: a forgetful disk takes back what it called done', async () => {
    const left = new Set<number>()
    let forgotten = 0
    for (const seed of seeds) {
      const world = createWorld({ seed })
      const alice = world.platform({ name: 'alice' })
      const disk = world.disk('alice')
      await world.finish(alice.store.commit(put('sure')))
      disk.forgetful = true
      for (const key of ['a', 'b', 'c']) await world.finish(alice.store.commit(put(key)))
      await world.finish(alice.store.commit({ delete: ['sure'] }))
      alice.kill()
      left.add(disk.keys().length)
      forgotten += disk.bites.forgotten
      expect(disk.keys()).toEqual(['a', 'b', 'c', 'sure'].filter((key) => disk.read(key) !== undefined))
    }
    expect([...left].sort()).toEqual([1, 2, 3, 4])
    expect(forgotten).toBeGreaterThan(10)
  })

  test('after a failed commit with an uncertain end may find it there, unless a later one was done', async () => {
    const outcomes = { landed: 0, not: 0 }
    for (const seed of seeds) {
      for (const later of [false, true]) {
        const world = createWorld({ seed })
        const alice = world.platform({ name: 'alice' })
        const disk = world.disk('alice')
        disk.uncertain = true
        disk.failing = 'storage-failed'
        await expect(world.finish(alice.store.commit(put('a', 'b')))).rejects.toMatchObject({
          code: 'storage-failed',
        })
        expect(await world.finish(alice.store.get(['a']))).toEqual([undefined])
        disk.failing = undefined
        if (later) await world.finish(alice.store.commit(put('later')))
        alice.kill()
        const keys = disk.keys().join('')
        if (later) expect(keys).toBe('later')
        else {
          expect(['', 'ab']).toContain(keys)
          outcomes[keys === 'ab' ? 'landed' : 'not'] += 1
        }
      }
    }
    expect(Math.min(outcomes.landed, outcomes.not)).toBeGreaterThan(10)
  })
})

describe('a disk', () => {
  test('cuts values off, and a checksum sees it', async () => {
    const lengths = new Set<number | undefined>()
    for (const seed of seeds) {
      const world = createWorld({ seed })
      const alice = world.platform({ name: 'alice' })
      const damaged: string[] = []
      const store = createCheckedStore(alice.store, { onCorrupt: ({ key }) => damaged.push(key) })
      await world.finish(store.commit(put('a')))
      world.disk('alice').truncate('a')
      lengths.add(world.disk('alice').read('a')?.length)
      expect(await world.finish(store.get(['a']))).toEqual([undefined])
      expect(damaged).toEqual(['a'])
    }
    // 4 bytes of checksum and 3 of value, never the whole.
    expect([...lengths].sort()).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(() => createWorld({ seed: 1 }).disk('alice').truncate('b')).toThrow('no bytes')
  })

  test('is slow: commits take longer, reads of before do not wait for it', async () => {
    const world = createWorld({ seed: 1 })
    const { store } = world.platform({ name: 'alice' })
    world.disk('alice').slowMs = 700
    await world.finish(store.commit(put('a')))
    expect(world.now).toBeGreaterThan(700)
    const beganAtMs = world.now
    await world.finish(store.get(['a']))
    expect(world.now - beganAtMs).toBeLessThan(5)
  })

  test('wiped, put back or cloned onto under a running process is what that one finds next; its key stays', async () => {
    const world = createWorld({ seed: 1 })
    const [alice, bob] = [world.platform({ name: 'alice' }), world.platform({ name: 'bob' })]
    const disk = world.disk('alice')
    await world.finish(alice.store.commit(put('a')))
    const backup = disk.image()
    await world.finish(alice.store.commit({ ...put('b'), delete: ['a'] }))
    const key = alice.deviceKey.publicKey

    disk.restore(backup)
    expect(await world.finish(alice.store.get(['a', 'b']))).toEqual([bytes(1, 2, 3), undefined])
    disk.wipe({ deviceKey: true })
    const expecting = { expect: [{ key: 'a', value: bytes(1, 2, 3) }], ...put('c') }
    expect(await world.finish(alice.store.commit(expecting))).toEqual({ ok: false, found: [undefined] })
    expect(alice.deviceKey.publicKey).toEqual(key)

    await world.finish(bob.store.commit(put('bobs')))
    world.cloneDisk('bob', 'alice')
    expect(await world.finish(alice.store.get(['bobs']))).toEqual([bytes(1, 2, 3)])
    expect(alice.deviceKey.publicKey).toEqual(key)
    expect(alice.restart().deviceKey.publicKey).toEqual(bob.deviceKey.publicKey)
  })

  test('that skips commits keeps what came after them, and tells the next process until it has looked', async () => {
    const world = createWorld({ seed: 1 })
    const alice = world.platform({ name: 'alice' })
    const disk = world.disk('alice')
    const write = (key: string, value: number) => ({ put: [{ key, value: bytes(value) }] })
    await world.finish(alice.store.commit(write('a', 1)))
    await world.finish(alice.store.commit({ ...write('a', 2), delete: ['none'] }))
    await world.finish(alice.store.commit(write('b', 3)))
    await world.finish(alice.store.commit({ ...write('c', 4), delete: ['b'] }))
    alice.kill()
    expect(disk.skipCommits(1, 2).toSorted()).toEqual(['a', 'none'])
    expect([disk.read('a'), disk.read('b'), disk.read('c')]).toEqual([bytes(1), undefined, bytes(4)])
    // What had removed it removes nothing now, and what had written it never was.
    expect(disk.skipCommits(0, 1).toSorted()).toEqual(['b', 'c'])
    expect(disk.keys()).toEqual(['a'])

    const told: (string | undefined)[] = []
    const hear = (answer: Promise<unknown>) => (repaired: string | undefined) => {
      told.push(repaired)
      return answer
    }
    const next = alice.restart()
    next.store.onLoss?.(hear(Promise.reject(new Error('not now'))))
    await world.run(10)
    expect(disk.mayLack).toBe(true)
    next.store.onLoss?.(hear(Promise.resolve()))
    await world.run(10)
    next.store.onLoss?.(hear(Promise.resolve()))
    expect(told).toEqual([undefined, undefined])
  })
})
