// Shared documents between whole simulated peers: stored, fetched, merged, and honest about where they stand.

import { expect, test } from 'vitest'
import type * as Y from 'yjs'
import type { DocHandle } from '../../core/api.ts'
import { limits } from '../../core/base/limits.ts'
import type { World } from '../../core/platform/sim/world.ts'
import { DocReplica } from '../../core/mesh-replica.ts'
import { createMeshWorld, joinAs, joinInTurn, server, type Actor } from './mesh-world.ts'

const open = (world: World, { mesh }: Actor, name = 'notes', options?: Parameters<typeof mesh.doc>[1]) =>
  world.finish(mesh.doc(name, options))

const text = (handle: DocHandle): Y.Text => handle.doc.getText('text')

/** The same updates, whatever they look like. */
function fingerprint({ doc }: DocHandle): string {
  const replica = new DocReplica(doc)
  const digest = Buffer.from(replica.digest()).toString('hex')
  replica.destroy()
  return digest
}

const equal = (handles: readonly DocHandle[]): boolean => new Set(handles.map(fingerprint)).size === 1

const untilSynced = (world: World, handles: readonly DocHandle[], withinMs = 60_000): Promise<void> =>
  world.until(() => handles.every(({ synced }) => synced) && equal(handles), {
    withinMs,
    what: 'all are synced and equal',
  })

test('what one writes the others read, and everybody says synced', async () => {
  const world = createMeshWorld(301)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol'])
  const [alice, bob, carol] = [
    await open(world, actors[0]!),
    await open(world, actors[1]!),
    await open(world, actors[2]!),
  ]
  text(alice).insert(0, 'geese')
  text(bob).insert(0, 'grey ')
  await untilSynced(world, [alice, bob, carol])
  expect(text(carol).toJSON()).toContain('geese')
  expect(alice.basedOn).toEqual([actors[1]!.mesh.me.id, actors[2]!.mesh.me.id].sort())
  await world.finish(carol.whenStored())
})

test('alone says alone, and what was stored is there after a restart', async () => {
  const world = createMeshWorld(302)
  const actor = await joinAs(world, 'alice')
  const handle = await open(world, actor)
  await world.finish(handle.whenSynced())
  expect(handle.state).toBe('alone')
  expect(handle.synced).toBe(false)
  text(handle).insert(0, 'kept')
  expect(handle.stored).toBe(false)
  await world.finish(handle.whenStored())
  const again = await joinAs(world, 'alice', { process: actor.process.restart() })
  expect(text(await open(world, again)).toJSON()).toBe('kept')
})

test('an edit costs one frame for each other peer that has the document open, and none for those that have not', async () => {
  const world = createMeshWorld(303)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol', 'dave'])
  const handles = [
    await open(world, actors[0]!),
    await open(world, actors[1]!),
    await open(world, actors[2]!),
  ]
  await untilSynced(world, handles)
  await world.run(40_000)
  const sent = (): number =>
    actors.reduce((sum, { mesh }) => sum + (mesh.status().counters['multicastsSent'] ?? 0), 0)
  const before = sent()
  text(handles[0]!).insert(0, 'a')
  await untilSynced(world, handles)
  expect(sent() - before).toBe(2)
})

test('a value of 300 KiB and a burst of 2,000 edits arrive', async () => {
  const world = createMeshWorld(304)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol'])
  const handles: DocHandle[] = []
  for (const actor of actors) handles.push(await open(world, actor))
  handles[0]!.doc.getMap('values').set('large', 'x'.repeat(300 * 1024))
  await untilSynced(world, handles)
  for (let i = 0; i < 2000; i++) text(handles[1]!).insert(i, String(i % 10))
  await untilSynced(world, handles)
  expect(text(handles[2]!).length).toBe(2000)
  expect(handles[2]!.doc.getMap<string>('values').get('large')!.length).toBe(300 * 1024)
})

test('both sides of a partition edit; when it heals all are equal, and nobody says synced before', async () => {
  const world = createMeshWorld(305)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol', 'dave'])
  const handles: DocHandle[] = []
  for (const actor of actors) handles.push(await open(world, actor))
  const [alice, bob, carol, dave] = handles as [DocHandle, DocHandle, DocHandle, DocHandle]
  text(alice).insert(0, 'shared ')
  await untilSynced(world, handles)
  world.partition([
    ['alice', 'bob', server],
    ['carol', 'dave'],
  ])
  await world.until(() => actors.every(({ mesh }) => mesh.others.size === 1), {
    withinMs: 60_000,
    what: 'two halves',
  })
  text(bob).insert(0, 'left ')
  text(dave).insert(0, 'right ')
  text(carol).delete(0, 3)
  await untilSynced(world, [alice, bob])
  await untilSynced(world, [carol, dave])
  expect(equal([alice, carol])).toBe(false)
  world.heal()
  // At no moment does somebody who sees all four call himself synced while a difference remains.
  const honest = (): boolean => {
    for (const [i, handle] of handles.entries()) {
      const seesAll = actors[i]!.mesh.others.size === 3
      if (seesAll && handle.synced && handle.basedOn.length === 3) expect(equal(handles)).toBe(true)
    }
    return handles.every(({ synced }) => synced) && actors.every(({ mesh }) => mesh.others.size === 3)
  }
  await world.until(honest, { withinMs: 120_000, what: 'all four are synced again' })
  expect(equal(handles)).toBe(true)
})

test('a document whose only difference is a delete ends equal', async () => {
  const world = createMeshWorld(306)
  const actors = await joinInTurn(world, ['alice', 'bob'])
  const handles = [await open(world, actors[0]!), await open(world, actors[1]!)]
  text(handles[0]!).insert(0, 'one two three')
  await untilSynced(world, handles)
  world.partition([['alice', server], ['bob']])
  await world.until(() => actors.every(({ mesh }) => mesh.others.size === 0), {
    withinMs: 60_000,
    what: 'apart',
  })
  text(handles[0]!).delete(0, 4)
  await world.run(5_000)
  world.heal()
  await world.until(() => actors.every(({ mesh }) => mesh.others.size === 1), {
    withinMs: 60_000,
    what: 'together',
  })
  await untilSynced(world, handles)
  expect(text(handles[1]!).toJSON()).toBe('two three')
})

/** About `megabytes` in values of 40 KiB. */
function fill({ doc }: DocHandle, megabytes: number): void {
  const values = doc.getMap<string>('values')
  const count = Math.round((megabytes * 1024) / 40)
  for (let i = 0; i < count; i++) values.set(`key ${i}`, String(i % 10).repeat(40 * 1024))
}

test('a newcomer fetches a large document, sees how far it is, and does not say synced before it has all', async () => {
  const world = createMeshWorld(307)
  const alice = await joinAs(world, 'alice')
  const full = await open(world, alice)
  fill(full, 8)
  await world.finish(full.whenStored())
  const bob = await joinAs(world, 'bob')
  const copy = await open(world, bob)
  const progress: number[] = []
  copy.on('progress', (share) => progress.push(share))
  await world.until(
    () => {
      if (copy.synced) expect(equal([full, copy])).toBe(true)
      return copy.synced && full.synced
    },
    { withinMs: 120_000, what: 'bob has it' },
  )
  expect(progress.length).toBeGreaterThan(5)
  expect(progress.every((share, i) => i === 0 || share >= progress[i - 1]! || share === 1)).toBe(true)
  expect([...alice.left, ...bob.left]).toEqual([])
  await world.finish(copy.whenStored())
})

test('DO14 while somebody talks a document takes its time, and when all are quiet it does not', async () => {
  const tookMs: number[] = []
  for (const talks of ['nobody', 'alice', 'bob']) {
    const world = createMeshWorld(316)
    const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
    const full = await open(world, alice)
    fill(full, 4)
    await world.finish(full.whenStored())
    await world.run(5_000)
    const said: Promise<unknown>[] = []
    let talking = true
    const talk = (): void => {
      if (!talking) return
      said.push((talks === 'alice' ? alice : bob).mesh.send('#general', 'a line'))
      world.at(world.now + 100, 'talk', talk)
    }
    if (talks !== 'nobody') talk()
    const beganMs = world.now
    await untilSynced(world, [full, await open(world, bob)])
    tookMs.push(world.now - beganMs)
    talking = false
    await world.finish(Promise.all(said))
  }
  const [quiet = 0, ...talking] = tookMs
  for (const ms of talking) expect(ms).toBeGreaterThan(2 * quiet)
})

test('the sender dies in the middle: another goes on where it was', async () => {
  const world = createMeshWorld(308)
  const actors = await joinInTurn(world, ['alice', 'bob'])
  const full = [await open(world, actors[0]!), await open(world, actors[1]!)]
  fill(full[0]!, 6)
  await untilSynced(world, full)
  const carol = await joinAs(world, 'carol')
  const copy = await open(world, carol)
  const size = (): number => copy.doc.getMap('values').size
  await world.until(() => size() > 40, { withinMs: 60_000, what: 'carol has a good part' })
  const before = size()
  const source = carol.mesh.status().links.toSorted((a, b) => b.bytesReceived - a.bytesReceived)[0]!.peer
  const [dying, other] = actors[0]!.mesh.me.id === source ? [actors[0]!, full[1]!] : [actors[1]!, full[0]!]
  dying.process.kill()
  await untilSynced(world, [other, copy])
  const received = carol.mesh.status().links.reduce((sum, link) => sum + link.bytesReceived, 0)
  expect(before).toBeGreaterThan(40)
  expect(received).toBeLessThan(6 * 1024 * 1024)
})

test('the receiver dies in the middle: it goes on from what it had stored, all that came up to a second before', async () => {
  const world = createMeshWorld(309)
  const bytesPerMs = 2_000
  world.shape({ bytesPerMs })
  const alice = await joinAs(world, 'alice')
  const full = await open(world, alice)
  fill(full, 8)
  const bob = await joinAs(world, 'bob')
  const copy = await open(world, bob)
  const size = (): number => copy.doc.getMap('values').size
  await world.until(() => size() > 120, { withinMs: 60_000, what: 'bob has a good part' })
  const lateBytes = bytesPerMs * (limits.docStoreDelayMs + 500)
  const atLeast = size() - lateBytes / (40 * 1024)
  const again = await joinAs(world, 'bob', { process: bob.process.restart() })
  const resumed = await open(world, again)
  expect(atLeast).toBeGreaterThan(30)
  expect(resumed.doc.getMap('values').size).toBeGreaterThan(atLeast)
  await untilSynced(world, [full, resumed])
})

test('over its limit a document is neither sent nor called synced, says so, and recovers', async () => {
  const world = createMeshWorld(310)
  const actors = await joinInTurn(world, ['alice', 'bob'])
  const small = { maxBytes: 200 * 1024 }
  const handles = [
    await open(world, actors[0]!, 'notes', small),
    await open(world, actors[1]!, 'notes', small),
  ]
  await untilSynced(world, handles)
  const values = handles[0]!.doc.getMap<string>('values')
  values.set('large', 'x'.repeat(300 * 1024))
  await world.run(1_000)
  expect(handles[0]!.problem?.code).toBe('doc-over-limit')
  expect(handles[0]!.synced).toBe(false)
  expect(actors[0]!.errors.map(({ code }) => code)).toContain('doc-over-limit')
  expect(handles[1]!.doc.getMap('values').size).toBe(0)
  await expect(world.finish(handles[0]!.whenStored())).rejects.toMatchObject({ code: 'doc-over-limit' })
  values.set('large', 'small')
  await untilSynced(world, handles)
  expect(handles[1]!.doc.getMap('values').get('large')).toBe('small')
  await world.finish(handles[0]!.whenStored())
})

test('who has a smaller limit than the others refuses, says so, and goes on with the rest', async () => {
  const world = createMeshWorld(311)
  const actors = await joinInTurn(world, ['alice', 'bob'])
  const large = await open(world, actors[0]!)
  const small = await open(world, actors[1]!, 'notes', { maxBytes: 100 * 1024 })
  await untilSynced(world, [large, small])
  large.doc.getMap('values').set('large', 'x'.repeat(300 * 1024))
  await world.until(() => small.problem?.code === 'doc-over-limit', { withinMs: 10_000, what: 'bob says so' })
  expect(small.synced).toBe(false)
  expect(small.doc.getMap('values').size).toBe(0)
})

test('awareness: cursors come at once, go with their tab, and cost nothing when idle', async () => {
  const world = createMeshWorld(312)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol'])
  const handles: DocHandle[] = []
  for (const actor of actors) handles.push(await open(world, actor))
  const [alice, bob, carol] = handles as [DocHandle, DocHandle, DocHandle]
  alice.awareness.setLocalStateField('user', { name: 'alice' })
  const seen = ({ awareness }: DocHandle): unknown[] =>
    [...awareness.getStates()].filter(([id]) => id !== awareness.clientID).map(([, state]) => state)
  await world.until(() => [bob, carol].every((each) => JSON.stringify(seen(each)).includes('alice')), {
    withinMs: 10_000,
    what: 'alice is seen',
  })
  await world.run(60_000)
  const sent = (): number =>
    actors.reduce((sum, { mesh }) => sum + (mesh.status().counters['multicastsSent'] ?? 0), 0)
  const before = sent()
  await world.run(60_000)
  expect(sent()).toBe(before)
  expect(JSON.stringify(seen(bob))).toContain('alice')
  actors[0]!.process.kill()
  await world.until(() => !JSON.stringify(seen(bob)).includes('alice'), {
    withinMs: 10_000,
    what: 'alice is gone',
  })
})

test('tabs of one browser share a store; whoever opens the document next has what either wrote', async () => {
  const world = createMeshWorld(313)
  const tabs = [
    await joinAs(world, 'tab-1', { browser: 'firefox' }),
    await joinAs(world, 'tab-2', { browser: 'firefox' }),
  ]
  const handles = [await open(world, tabs[0]!), await open(world, tabs[1]!)]
  await untilSynced(world, handles)
  text(handles[0]!).insert(0, 'one ')
  text(handles[1]!).insert(0, 'two ')
  await untilSynced(world, handles)
  for (const handle of handles) await world.finish(handle.whenStored())
  for (const tab of tabs) tab.process.kill()
  const next = await joinAs(world, 'tab-3', { browser: 'firefox' })
  const handle = await open(world, next)
  expect(text(handle).toJSON()).toContain('one ')
  expect(text(handle).toJSON()).toContain('two ')
})

test('closed, a document is stored and no longer followed; opened again it catches up', async () => {
  const world = createMeshWorld(314)
  const actors = await joinInTurn(world, ['alice', 'bob'])
  const alice = await open(world, actors[0]!)
  const bob = await open(world, actors[1]!)
  text(bob).insert(0, 'before ')
  await world.finish(bob.close())
  text(alice).insert(0, 'after ')
  await world.until(() => alice.state === 'alone', { withinMs: 10_000, what: 'alice is alone with it' })
  const again = await open(world, actors[1]!)
  expect(text(again).toJSON()).toBe('before ')
  await untilSynced(world, [alice, again])
  expect(text(again).toJSON()).toContain('after ')
})

test('a value that no peer would take in is refused where it was written, and harms nobody else', async () => {
  const world = createMeshWorld(315)
  const actors = await joinInTurn(world, ['alice', 'bob'])
  const alice = await open(world, actors[0]!)
  const bob = await open(world, actors[1]!)
  await untilSynced(world, [alice, bob])
  let deep: unknown[] = []
  for (let i = 0; i < 300; i++) deep = [deep]
  alice.doc.getMap<unknown>('values').set('deep', deep)
  await world.run(2_000)
  expect(alice.problem?.code).toBe('invalid-argument')
  expect(actors[0]!.errors.map(({ code }) => code)).toContain('invalid-argument')
  await expect(world.finish(alice.whenStored())).rejects.toMatchObject({ code: 'invalid-argument' })
  expect(bob.state).toBe('alone')
  expect(actors[1]!.mesh.status().counters['malformedFrames'] ?? 0).toBe(0)
})

test('DO13 a row damaged on the disk is set aside and reported, and the document comes back from the mesh', async () => {
  const world = createMeshWorld(316)
  const actors = await joinInTurn(world, ['alice', 'bob'])
  const alice = await open(world, actors[0]!)
  const bob = await open(world, actors[1]!)
  for (const word of ['one ', 'two ', 'three ', 'four ']) {
    text(bob).insert(text(bob).length, word)
    await world.finish(bob.whenStored())
  }
  await untilSynced(world, [alice, bob])
  const [, second] = world
    .disk('bob')
    .keys()
    .filter((key) => key.startsWith('doc/notes/'))
  actors[1]!.process.kill()
  world.disk('bob').corrupt(second!)
  const back = await joinAs(world, 'bob', { process: actors[1]!.process.restart() })
  const again = await open(world, back)
  expect(back.errors.map(({ code }) => code)).toContain('record-corrupt')
  await untilSynced(world, [alice, again])
  expect(text(again).toJSON()).toBe('one two three four ')
  await world.finish(again.whenStored())
  back.process.kill()
  world.processes.find(({ name }) => name === 'alice')!.kill()
  const alone = await joinAs(world, 'bob', { process: back.process.restart() })
  expect(text(await open(world, alone)).toJSON()).toBe('one two three four ')
})
