// What programs do to a mesh that no story tells: readers that come and go at once, calls after leaving, numbers that
// are none, disks that are full, servers that die. Each was a failing run before it was a rule.

import { expect, test } from 'vitest'
import { MeshError } from '../../core/base/errors.ts'
import { MeshHandle } from '../../core/mesh.ts'
import {
  agreedLeader,
  consume,
  createMeshWorld,
  joinAs,
  joinInTurn,
  leadAll,
  server,
  untilFullMesh,
  type Actor,
} from './mesh-world.ts'

const codeOf = (problem: unknown): string => (problem as MeshError).code
const failed = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'fulfilled',
    (problem: unknown) => codeOf(problem),
  )

// ------------------------------------------------------------------------------------------- inbox and roles

test('a loop that is given up at once leaves the inbox to the other tab', async () => {
  const world = createMeshWorld(201)
  const tabs = await joinInTurn(world, ['alice', 'alice2'], { browser: 'chrome' })
  const bob = await joinAs(world, 'bob')
  await untilFullMesh(world, [...tabs, bob])
  const off = new AbortController()
  const loop = tabs[0]!.mesh.inbox({ signal: off.signal })
  off.abort()
  expect(await loop.next()).toEqual({ done: true, value: undefined })
  const again = tabs[0]!.mesh.inbox()
  await again.return!()
  await world.run(5_000)
  consume(tabs[1]!)
  await world.finish(bob.mesh.send(tabs[0]!.mesh.me.member, 'for whoever reads'))
  await world.until(() => tabs[1]!.inbox.length === 1, { withinMs: 10_000, what: 'the reading tab gets it' })
})

test('a role that is given up at once is led by nobody', async () => {
  const world = createMeshWorld(202)
  const [alice, bob] = await joinInTurn(world, ['alice', 'bob'])
  await alice!.mesh.lead('indexer', () => expect.unreachable()).stop()
  await world.run(5_000)
  let runs = 0
  bob!.mesh.lead('indexer', () => void runs++)
  await world.run(5_000)
  expect(runs).toBe(1)
})

test('a role taken up again at once is led', async () => {
  const world = createMeshWorld(203)
  const [alice] = await joinInTurn(world, ['alice', 'bob'])
  await alice!.mesh.lead('indexer', () => undefined).stop()
  let runs = 0
  const second = alice!.mesh.lead('indexer', () => void runs++)
  await world.run(5_000)
  expect([runs, second.active]).toEqual([1, true])
})

test('one peer stands for a bounded number of roles, also when it asks for them all at once', async () => {
  const world = createMeshWorld(204)
  const [alice, bob] = await joinInTurn(world, ['alice', 'bob'])
  let refused = 0
  for (let i = 0; i < 100; i++) {
    try {
      alice!.mesh.lead(`role-${i}`, () => undefined)
    } catch (problem) {
      expect(codeOf(problem)).toBe('invalid-argument')
      refused++
    }
  }
  consume(alice!)
  await world.run(5_000)
  expect(refused).toBe(37)
  expect(bob!.errors).toEqual([])
  expect(alice!.mesh.status().links.length).toBe(1)
})

test('a leader that was frozen does not call its duty active', async () => {
  const world = createMeshWorld(205)
  const [alice, bob] = await joinInTurn(world, ['alice', 'bob'])
  const running = alice!.mesh.lead(() => undefined)
  await world.run(1_000)
  expect(running.active).toBe(true)
  alice!.process.freeze()
  await world.until(() => bob!.mesh.leader?.name === 'bob', { withinMs: 10_000, what: 'bob leads' })
  // The program's own timer fires before anything of ours.
  expect(running.active).toBe(false)
  alice!.process.wake()
  await world.run(5_000)
})

test('retry refuses a delay that is no number of milliseconds', async () => {
  const world = createMeshWorld(206)
  const [alice, bob] = await joinInTurn(world, ['alice', 'bob'])
  await world.finish(alice!.mesh.send('@bob', 'job'))
  const message = (await world.finish(bob!.mesh.inbox().next())).value!
  for (const delayMs of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
    expect(await failed(message.retry({ delayMs }))).toBe('invalid-argument')
  }
})

test('history refuses a limit that is no count', async () => {
  const world = createMeshWorld(207)
  const alice = await joinAs(world, 'alice')
  for (const limit of [0, -1, 1.5, Number.NaN]) {
    expect(await failed(alice.mesh.history('#general', { limit }))).toBe('invalid-argument')
  }
})

// ------------------------------------------------------------------------------------------- leaving

test('leaving flushes: messages being sent are stored and go out before the goodbye', async () => {
  const world = createMeshWorld(208)
  const [alice, bob] = await joinInTurn(world, ['alice', 'bob'])
  consume(bob!)
  const body = (i: number): string => `${i} ${'x'.repeat(60_000)}`
  const sends = Array.from({ length: 40 }, (_, i) => failed(alice!.mesh.send('@bob', body(i))))
  await world.finish(alice!.mesh.leave())
  expect(await world.finish(Promise.all(sends))).toEqual(sends.map(() => 'fulfilled'))
  await world.run(5_000)
  expect(bob!.inbox.length).toBe(40)
})

test('after leaving every call says so, every loop ends, and no socket is opened', async () => {
  const world = createMeshWorld(209)
  const [alice] = await joinInTurn(world, ['alice', 'bob'])
  const { mesh } = alice!
  const running = mesh.lead(() => undefined)
  const waiting = mesh.inbox().next()
  const sent = await world.finish(mesh.send('@nobody', 1))
  const delivered = failed(sent.delivered())
  await world.run(1_000)
  await world.finish(mesh.leave())
  await world.finish(running.stopped)
  expect(await world.finish(waiting)).toEqual({ done: true, value: undefined })
  expect(await world.finish(delivered)).toBe('left')
  expect(await world.finish(failed(mesh.send('@bob', 1)))).toBe('left')
  expect(await world.finish(failed(mesh.history('@bob')))).toBe('left')
  expect(await world.finish(failed(mesh.room('general').join()))).toBe('left')
  expect(await world.finish(failed(mesh.configure({ signaling: ['ws://other.test'] })))).toBe('left')
  expect(await world.finish(mesh.inbox().next())).toEqual({ done: true, value: undefined })
  expect(() => mesh.lead('indexer', () => undefined)).toThrow(/left/)
  expect(mesh.status().signaling.every(({ state }) => state === 'closed')).toBe(true)
  mesh.cast('topic', 1)
  await world.run(5_000)
  expect(alice!.errors).toEqual([])
})

test('leaving from inside an event, and twice, is one leaving', async () => {
  const world = createMeshWorld(210)
  const [alice, bob] = await joinInTurn(world, ['alice', 'bob'])
  let left: Promise<void> | undefined
  alice!.mesh.on('message', () => {
    left = alice!.mesh.leave()
    throw new Error('a listener of the program')
  })
  await world.finish(bob!.mesh.send('@alice', 'go'))
  await world.until(() => left !== undefined, { withinMs: 10_000 })
  await world.finish(Promise.all([left, alice!.mesh.leave()]))
  await world.until(() => bob!.mesh.others.size === 0, { withinMs: 10_000, what: 'bob hears the goodbye' })
  expect(bob!.left.map(({ reason }) => reason)).toEqual(['left'])
})

test('a peer that breaks a rule of its own stops its duties and ends its loops', async () => {
  const world = createMeshWorld(211)
  const [alice] = await joinInTurn(world, ['alice', 'bob'])
  const { mesh, process } = alice!
  let signal: AbortSignal | undefined
  let token: (() => unknown) | undefined
  mesh.lead((duty) => {
    signal = duty.signal
    token = () => duty.token()
  })
  const waiting = mesh.inbox().next()
  await world.run(1_000)
  expect(signal?.aborted).toBe(false)
  const { now } = process.clock
  const went = { back: true }
  process.clock.now = () => ({ ...now(), ...(went.back && { monotonicMs: 0 }) })
  await world.run(2_000)
  went.back = false
  expect(alice!.errors.map(({ code }) => code)).toEqual(['left'])
  expect(signal?.aborted).toBe(true)
  expect(() => token!()).toThrow(/lead/)
  expect(await world.finish(waiting)).toEqual({ done: true, value: undefined })
  // Its storage is given back, so that the program can join again.
  expect(await world.finish(failed(process.store.get(['x'])))).toBe('storage-failed')
})

test('a mesh that cannot be opened gives back what it had opened', async () => {
  const world = createMeshWorld(212)
  const process = world.platform({ name: 'alice' })
  const range = process.store.range
  process.store.range = () => Promise.reject(Object.assign(new Error('no'), { code: 'storage-failed' }))
  let gaveBack = 0
  const opening = MeshHandle.open({
    mesh: 'test',
    name: 'alice',
    kind: 'agent',
    platform: process,
    servers: [server],
    onLeft: () => void gaveBack++,
  })
  expect(await world.finish(failed(opening))).toBe('storage-failed')
  process.store.range = range
  expect(gaveBack).toBe(1)
  expect(await world.finish(failed(process.store.get(['x'])))).toBe('storage-failed')
})

// ------------------------------------------------------------------------------------------- storage

test('a disk that is full at the start refuses sends, says so once, and serves again when there is room', async () => {
  const world = createMeshWorld(213)
  const disk = world.disk('alice')
  disk.failing = 'storage-full'
  const alice = await joinAs(world, 'alice')
  expect(await world.finish(failed(alice.mesh.send('#general', 1)))).toBe('storage-full')
  expect(await world.finish(failed(alice.mesh.room('general').join()))).toBe('storage-full')
  await world.run(120_000)
  expect(alice.mesh.status().storage.full).toBe(true)
  expect(alice.errors.map(({ code }) => code)).toEqual(['storage-full'])
  disk.failing = undefined
  await world.run(30_000)
  await world.finish(alice.mesh.send('@bob', 'kept'))
  expect(alice.mesh.status().storage.full).toBe(false)
  const back = await joinAs(world, 'alice', { process: alice.process.restart() })
  const bob = await joinAs(world, 'bob')
  consume(bob)
  await world.until(() => bob.inbox.length === 1, { withinMs: 30_000, what: 'bob has it' })
  expect((await world.finish(back.mesh.history('@bob'))).map(({ body }) => body)).toEqual(['kept'])
})

test('mail to a name nobody bears expires in every tab that waits for it', async () => {
  const world = createMeshWorld(214)
  const tabs = await joinInTurn(world, ['alice', 'alice2'], { browser: 'chrome' })
  const sent: string[] = []
  for (const { mesh } of tabs) {
    const one = await world.finish(mesh.send('@nobody', mesh.me.name, { ttlMs: 10_000 }))
    void failed(one.delivered()).then((code) => sent.push(code))
  }
  // Both tabs know of both messages, as after a restart; the one that is quicker reports each.
  const third = await joinAs(world, 'alice3', { browser: 'chrome' })
  await untilFullMesh(world, [...tabs, third])
  await world.run(60_000)
  expect(sent).toEqual(['expired', 'expired'])
  const reports = [...tabs, third].flatMap(({ errors }) => errors.map(({ code }) => code))
  expect(reports).toEqual(['expired', 'expired'])
})

test('a member joins no more rooms than its profile can carry', async () => {
  const world = createMeshWorld(215)
  const [alice, bob] = await joinInTurn(world, ['alice', 'bob'])
  const name = (i: number): string => `${i}`.padStart(64, 'r')
  const codes: string[] = []
  for (let i = 0; i < 260; i++) codes.push(await world.finish(failed(alice!.mesh.room(name(i)).join())))
  await world.finish(alice!.mesh.send('@bob', 'still here'))
  consume(bob!)
  await world.until(() => bob!.inbox.length === 1, { withinMs: 30_000, what: 'bob hears' })
  expect(bob!.errors).toEqual([])
  const refused = codes.filter((code) => code !== 'fulfilled')
  expect(refused.length).toBeGreaterThan(3)
  expect(new Set(refused)).toEqual(new Set(['invalid-argument']))
})

// ------------------------------------------------------------------------------------------- signaling

test('a signaling server that stays away is reported once, and again after it was back', async () => {
  const world = createMeshWorld(216)
  world.server(server).stop()
  const alice = await joinAs(world, 'alice')
  const reports = (): number => alice.errors.filter(({ code }) => code === 'signaling-failed').length
  await world.run(300_000)
  expect(reports()).toBe(1)
  world.server(server).start()
  await world.run(30_000)
  world.server(server).stop()
  await world.run(300_000)
  expect(reports()).toBeLessThanOrEqual(3) // it went; it cannot be reached
})

test('timing that was configured before stays when other timing is', async () => {
  const world = createMeshWorld(218)
  const alice: Actor = await joinAs(world, 'alice')
  await world.finish(alice.mesh.configure({ timing: { silenceTimeoutMs: 1_000 } }))
  // At least twice the heartbeat: with the silence of 1,500 ms that it began with this would do.
  for (const leftOut of [{}, { silenceTimeoutMs: undefined as never }]) {
    const timing = { heartbeatIntervalMs: 700, ...leftOut }
    expect(await failed(alice.mesh.configure({ timing }))).toBe('invalid-argument')
  }
})

test('a loop begun while the storage cannot be read is served when it can', async () => {
  const world = createMeshWorld(219)
  const [alice, bob] = await joinInTurn(world, ['alice', 'bob'])
  const { store } = bob!.process
  const { get } = store
  store.get = () => Promise.reject(new MeshError('storage-busy', 'Another tab is frozen.'))
  consume(bob!)
  await world.run(1_000)
  store.get = get
  await world.finish(alice!.mesh.send('@bob', 'patience'))
  await world.until(() => bob!.inbox.length === 1, { withinMs: 20_000, what: 'bob reads it' })
  expect(bob!.errors.map(({ code }) => code)).toEqual(['storage-busy'])
})

test('a tab put aside and brought back: mail sent meanwhile comes once, duties and inbox go over and stay single', async () => {
  for (let seed = 300; seed < 306; seed++) {
    const world = createMeshWorld(seed)
    const tabs = await joinInTurn(world, ['alice', 'alice2'], { browser: 'chrome' })
    const bob = await joinAs(world, 'bob')
    const actors = [...tabs, bob]
    await untilFullMesh(world, actors)
    const duties = leadAll(actors)
    for (const tab of tabs) consume(tab)
    await world.run(3_000)
    const to = tabs[0]!.mesh.me.member
    const sends: Promise<unknown>[] = []
    for (let i = 0; i < 20; i++) sends.push(bob.mesh.send(to, `b${i}`))
    // In flight while the page is put aside.
    for (let i = 0; i < 10; i++) sends.push(tabs[0]!.mesh.send('@bob', `a${i}`))
    tabs[0]!.process.suspend()
    await world.run(seed % 2 ? 200 : 30_000)
    duties.running.delete('alice') // its abort listener ran before it was frozen, or it has no turn to act
    for (let i = 20; i < 30; i++) sends.push(bob.mesh.send(to, `b${i}`))
    await world.run(seed % 3 ? 0 : 20_000)
    tabs[0]!.process.resume()
    await world.finish(Promise.all(sends))
    await world.until(() => tabs[0]!.inbox.length + tabs[1]!.inbox.length >= 30, {
      withinMs: 60_000,
      what: 'all read',
    })
    await untilFullMesh(world, actors)
    await world.run(10_000)
    expect([...tabs[0]!.inbox, ...tabs[1]!.inbox].sort()).toEqual(
      Array.from({ length: 30 }, (_, i) => `b${i}`).sort(),
    )
    expect(agreedLeader(actors)).toBeDefined()
    expect([...duties.running]).toEqual([agreedLeader(actors)])
    expect(duties.most).toBe(1)
    const history = (await world.finish(bob.mesh.history('@alice'))).map(({ body }) => body)
    expect(history.filter((body) => String(body).startsWith('a'))).toEqual(
      Array.from({ length: 10 }, (_, i) => `a${i}`),
    )
    expect(
      actors
        .flatMap(({ errors }) => errors.map(({ code }) => code))
        .filter((code) => code !== 'storage-busy'),
    ).toEqual([])
  }
}, 120_000)

test('messages sent without waiting are stored in the order of the calls, however long each takes to hash', async () => {
  const world = createMeshWorld(220)
  const process = world.platform({ name: 'alice' })
  const { crypto, clock } = process
  const sha256 = async (bytes: Uint8Array): Promise<Uint8Array> => {
    // Large bodies take longer.
    await new Promise<void>((done) => clock.alarm(clock.now().monotonicMs + bytes.length / 100, done))
    return crypto.sha256(bytes)
  }
  const alice = await joinAs(world, 'alice', { process: { ...process, crypto: { ...crypto, sha256 } } })
  const bodies = ['x'.repeat(10_000), 'small', 'y'.repeat(5_000), 'also small']
  await world.finish(Promise.all(bodies.map((body) => alice.mesh.send('#general', body))))
  const history = await world.finish(alice.mesh.history('#general'))
  expect(history.map(({ body }) => body)).toEqual(bodies)
})

test('mail that waited for a name counts as delivered only when its bearer has it, whichever tab sent it off', async () => {
  for (let seed = 320; seed < 340; seed++) {
    const world = createMeshWorld(seed)
    const alice = await joinAs(world, 'alice', { browser: 'chrome' })
    const early: unknown[] = []
    const done: unknown[] = []
    for (let i = 0; i < 10; i++) {
      const sent = await world.finish(alice.mesh.send('@bob', i))
      void sent.delivered().then(() => (sent.deliveredTo.size === 1 ? done : early).push(i))
    }
    // These know of the mail too, and each of the three tries to send it off.
    const others = [
      await joinAs(world, 'alice2', { browser: 'chrome' }),
      await joinAs(world, 'alice3', { browser: 'chrome' }),
    ]
    await untilFullMesh(world, [alice, ...others])
    const bob = await joinAs(world, 'bob')
    consume(bob)
    await world.until(() => done.length + early.length === 10, { withinMs: 30_000, what: 'all delivered' })
    expect(early).toEqual([])
    await world.until(() => bob.inbox.length === 10, { withinMs: 30_000, what: 'bob has all' })
    expect([alice, ...others].map(({ mesh }) => mesh.status().queues.waitingForName)).toEqual([0, 0, 0])
  }
})
