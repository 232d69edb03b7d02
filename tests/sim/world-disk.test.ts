// The simulated disks: atomic commits that survive their process or never happened, sharing, and what tests do to them.

import { describe, expect, test } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import { createWorld } from '../../core/platform/sim/world.ts'
import { bytes } from './world-helpers.ts'

const put = (key: string, ...values: number[]) => ({ put: [{ key, value: bytes(...values) }] })

describe('store', () => {
  test('commits compare, put and delete as one, and take time', async () => {
    const world = createWorld({ seed: 1 })
    const { store } = world.platform({ name: 'alice' })
    expect(store.durable).toBe(true)
    const beganAtMs = world.now
    expect(await world.finish(store.commit({ ...put('a', 1), delete: ['gone'] }))).toEqual({ ok: true })
    expect(world.now).toBeGreaterThan(beganAtMs)
    const refused = {
      expect: [
        { key: 'a', value: bytes(2) },
        { key: 'b', value: undefined },
      ],
      ...put('b', 1),
    }
    expect(await world.finish(store.commit(refused))).toEqual({ ok: false, found: [bytes(1), undefined] })
    await world.finish(
      store.commit({
        expect: [{ key: 'a', value: bytes(1) }],
        put: [...put('b', 2).put, ...put('c', 3).put],
        delete: ['a'],
      }),
    )
    expect(await world.finish(store.get(['a', 'b']))).toEqual([undefined, bytes(2)])
    const range = { from: 'a', to: 'z', limit: 1 }
    expect(await world.finish(store.range(range))).toEqual([{ key: 'b', value: bytes(2) }])
    expect(await world.finish(store.range({ ...range, reverse: true }))).toEqual([
      { key: 'c', value: bytes(3) },
    ])
  })

  test('commits run in call order, and tabs of one browser share them', async () => {
    const world = createWorld({ seed: 1 })
    const alice = world.platform({ name: 'alice', browser: 'firefox' })
    const bob = world.platform({ name: 'bob', browser: 'firefox' })
    const done: string[] = []
    void alice.store.commit(put('a', 1)).then(() => done.push('first'))
    void bob.store
      .commit({ expect: [{ key: 'a', value: bytes(1) }], ...put('a', 2) })
      .then(({ ok }) => done.push(`second ${ok}`))
    await world.until(() => done.length === 2)
    expect(done).toEqual(['first', 'second true'])
    expect(await world.finish(alice.store.get(['a']))).toEqual([bytes(2)])
    expect(alice.deviceKey.publicKey).toEqual(bob.deviceKey.publicKey)
  })

  test('what a caller changes afterwards changes nothing', async () => {
    const world = createWorld({ seed: 1 })
    const { store } = world.platform({ name: 'alice' })
    const value = bytes(1)
    const stored = store.commit({ put: [{ key: 'a', value }] })
    value[0] = 9
    await world.finish(stored)
    const [read] = await world.finish(store.get(['a']))
    if (read !== undefined) read[0] = 8
    expect(world.disk('alice').read('a')).toEqual(bytes(1))
  })

  test('rows survive kill and restart; of the commits under way some first ones happened, by the seed', async () => {
    const outcomes = new Set<number>()
    for (let seed = 0; seed < 60; seed++) {
      const world = createWorld({ seed })
      const alice = world.platform({ name: 'alice' })
      let told = 0
      for (let i = 0; i < 4; i++)
        void alice.store.commit({ put: [...put(`a${i}`, 1).put, ...put(`b${i}`, 1).put] }).then(() => told++)
      await world.run(2)
      alice.kill()
      const again = alice.restart()
      const rows = await world.finish(again.store.range({ from: 'a', to: 'c' }))
      const stored = rows.length / 2
      expect(rows.map(({ key }) => key)).toEqual(
        ['a', 'b'].flatMap((name) => Array.from({ length: stored }, (_, i) => `${name}${i}`)),
      )
      expect(stored).toBeGreaterThanOrEqual(told)
      outcomes.add(stored)
      await world.run(100)
      expect(world.disk('alice').keys()).toHaveLength(rows.length)
    }
    expect([...outcomes].sort()).toEqual([0, 1, 2, 3, 4])
  })

  test('a commit may be durable although its process died before it heard', async () => {
    let happened = 0
    for (let seed = 0; seed < 40; seed++) {
      const world = createWorld({ seed })
      const alice = world.platform({ name: 'alice' })
      let told = false
      void alice.store.commit(put('a', 1)).then(() => (told = true))
      await world.until(() => world.disk('alice').keys().length === 1)
      alice.kill()
      await world.run(100)
      if (!told) happened++
    }
    expect(happened).toBe(40)
  })

  test('a tab frozen inside its transaction blocks its siblings, by the seed, until it wakes', async () => {
    const outcomes = new Set<string>()
    for (let seed = 0; seed < 12; seed++) {
      const world = createWorld({ seed })
      const alice = world.platform({ name: 'alice', browser: 'firefox' })
      const bob = world.platform({ name: 'bob', browser: 'firefox' })
      let alicesCommit = 'pending'
      void alice.store.commit(put('a', 1)).then(() => (alicesCommit = 'done'))
      alice.freeze()
      const outcome = bob.store.commit(put('b', 1)).then(
        () => 'done',
        (error: { code: string }) => error.code,
      )
      outcomes.add(await world.finish(outcome))
      expect(world.now).toBeLessThan(limits.storageBusyMs + 100)
      expect(alicesCommit).toBe('pending')
      alice.wake()
      await world.run(100)
      expect(alicesCommit).toBe('done')
      await world.finish(bob.store.commit(put('c', 1)))
    }
    expect([...outcomes].sort()).toEqual(['done', 'storage-busy'])
  })

  test('killing a tab frozen inside its transaction frees the siblings', async () => {
    for (let seed = 0; seed < 12; seed++) {
      const world = createWorld({ seed })
      const alice = world.platform({ name: 'alice', browser: 'firefox' })
      const bob = world.platform({ name: 'bob', browser: 'firefox' })
      void alice.store.commit(put('a', 1))
      alice.freeze()
      const stored = bob.store.commit(put('b', 1))
      await world.run(1000)
      const read = bob.store.get(['z'])
      await world.run(1000)
      alice.kill()
      expect(await world.finish(stored)).toEqual({ ok: true })
      expect(await world.finish(read)).toEqual([undefined])
    }
  })

  test('memory is not durable, shared by nobody, and gone after a restart', async () => {
    const world = createWorld({ seed: 1 })
    const alice = world.platform({ name: 'alice', browser: 'firefox', store: 'memory' })
    const bob = world.platform({ name: 'bob', browser: 'firefox', store: 'memory' })
    await world.finish(alice.store.commit(put('a', 1)))
    expect(await world.finish(bob.store.get(['a']))).toEqual([undefined])
    expect([alice.store.durable, alice.storagePersistent]).toEqual([false, undefined])
    expect(await world.finish(alice.restart().store.get(['a']))).toEqual([undefined])
    expect(world.disk('firefox').keys()).toEqual([])
  })

  test('close() lets what was asked finish and refuses the rest', async () => {
    const world = createWorld({ seed: 1 })
    const { store } = world.platform({ name: 'alice' })
    let stored = false
    void store.commit(put('a', 1)).then(() => (stored = true))
    await world.finish(store.close())
    expect(stored).toBe(true)
    await expect(store.commit(put('b', 1))).rejects.toMatchObject({ code: 'storage-failed' })
    await expect(store.get(['a'])).rejects.toMatchObject({ code: 'storage-failed' })
  })
})

describe('what happens to disks', () => {
  test('a full disk refuses to put, keeps what it has readable, and still deletes', async () => {
    const world = createWorld({ seed: 1 })
    const { store } = world.platform({ name: 'alice' })
    const disk = world.disk('alice')
    await world.finish(store.commit(put('a', 1)))
    disk.failing = 'storage-full'
    await expect(world.finish(store.commit({ ...put('b', 1), delete: ['a'] }))).rejects.toMatchObject({
      code: 'storage-full',
    })
    expect(await world.finish(store.get(['a', 'b']))).toEqual([bytes(1), undefined])
    await world.finish(store.commit({ delete: ['a'] }))
    disk.failing = 'storage-failed'
    await expect(world.finish(store.commit({ delete: ['a'] }))).rejects.toMatchObject({
      code: 'storage-failed',
    })
    disk.failing = undefined
    await world.finish(store.commit(put('b', 1)))
    expect(disk.commits).toBe(3)
  })

  test('a disk can be corrupted, cloned, put back and wiped; the key goes with the disk', async () => {
    const world = createWorld({ seed: 1 })
    const alice = world.platform({ name: 'alice' })
    const disk = world.disk('alice')
    await world.finish(alice.store.commit(put('a', 1, 2, 3)))
    const backup = disk.image()
    disk.corrupt('a')
    expect(disk.read('a')).not.toEqual(bytes(1, 2, 3))
    world.cloneDisk('alice', 'mallory')
    const mallory = world.platform({ name: 'mallory' })
    expect(mallory.deviceKey.publicKey).toEqual(alice.deviceKey.publicKey)
    expect(await world.finish(mallory.store.get(['a']))).toEqual([disk.read('a')])
    disk.restore(backup)
    expect(await world.finish(alice.store.get(['a']))).toEqual([bytes(1, 2, 3)])
    expect(mallory.seed).not.toEqual(alice.seed)
    disk.wipe()
    const wiped = alice.restart()
    expect(await world.finish(wiped.store.get(['a']))).toEqual([undefined])
    expect(wiped.deviceKey.publicKey).toEqual(alice.deviceKey.publicKey)
    disk.wipe({ deviceKey: true })
    expect(wiped.restart().deviceKey.publicKey).not.toEqual(alice.deviceKey.publicKey)
  })
})
