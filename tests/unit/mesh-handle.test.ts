// The handle a program holds, in the simulated world: what it does when the program calls it in the middle of its own
// work, throws at it, or hands it what it cannot take.

import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Awareness } from 'y-protocols/awareness'
import { Doc } from 'yjs'
import type { InboxMessage, Mesh } from 'skein'
import { createWorld, type TestWorld } from 'skein/testing'
import { MeshHandle } from '../../core/mesh.ts'
import type { SimServer } from '../../core/platform/sim/server.ts'
import { createWorld as createSimWorld } from '../../core/platform/sim/world.ts'

async function joinAlone(): Promise<{ world: TestWorld; mesh: Mesh }> {
  const world = createWorld({ seed: 1 })
  const { mesh } = await world.join({ mesh: 'acme', name: 'ada' })
  return { world, mesh }
}

/** The mesh is settled, and we lead it. */
const toLead = async ({ world, mesh }: { world: TestWorld; mesh: Mesh }): Promise<void> =>
  world.until(() => mesh.leader?.id === mesh.me.id)

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (problem: unknown) => (problem as { code?: unknown }).code ?? problem,
  )

test('leave() called by a listener that leaving itself calls is the same leave()', async () => {
  const { world, mesh } = await joinAlone()
  await toLead({ world, mesh })
  const within: Promise<void>[] = []
  mesh.on('leader', () => within.push(mesh.leave()))
  const leaving = mesh.leave()
  expect(within).toHaveLength(1)
  expect(within[0]).toBe(leaving)
  await world.finish(leaving)
})

test('a duty that is told to stop because the mesh is left can neither leave again nor take up another', async () => {
  const { world, mesh } = await joinAlone()
  const within: unknown[] = []
  mesh.lead(({ signal }) =>
    signal.addEventListener('abort', () => {
      within.push(mesh.leave())
      try {
        within.push(mesh.lead(() => undefined))
      } catch (problem) {
        within.push((problem as { code?: unknown }).code)
      }
    }),
  )
  await toLead({ world, mesh })
  await world.run(1)
  const leaving = mesh.leave()
  expect(within[0]).toBe(leaving)
  expect(within[1]).toBe('left')
  await world.finish(leaving)
})

test('an async listener that throws is reported as duty-failed, and ends no process', async () => {
  const { world, mesh } = await joinAlone()
  const unhandled: unknown[] = []
  const take = (problem: unknown): void => void unhandled.push(problem)
  process.on('unhandledRejection', take)
  onTestFinished(() => void process.off('unhandledRejection', take))
  const errors: string[] = []
  mesh.on('error', ({ code }) => errors.push(code))
  const listener: () => unknown = async () => {
    throw new Error('mine')
  }
  mesh.on('message', listener)
  await world.finish(mesh.send('@ada', 'hello'))
  await world.until(() => errors.length > 0)
  await new Promise(setImmediate)
  expect({ errors, unhandled }).toEqual({ errors: ['duty-failed'], unhandled: [] })
})

test('rooms that are no list are refused by inbox()', async () => {
  const { mesh } = await joinAlone()
  for (const rooms of ['general', null]) {
    expect(() => mesh.inbox({ rooms: rooms as never })).toThrow('Rooms are a list of names')
  }
})

test('leaving while a document is opened again is no error', async () => {
  const { world, mesh } = await joinAlone()
  const errors: string[] = []
  mesh.on('error', ({ code }) => errors.push(code))
  const before = await world.finish(mesh.doc('notes'))
  before.doc.getText('t').insert(0, 'hello')
  void before.close()
  const opening = codeOf(mesh.doc('notes'))
  await world.finish(mesh.leave())
  // Whichever was first.
  expect(['left', 'resolved']).toContain(await world.finish(opening))
  expect(errors).toEqual([])
})

test.each([0, 1, 2, 3, 4, 5])(
  'what is written into a document %i ms after leave() began is stored, or not called so',
  async (delayMs) => {
    const { world, mesh } = await joinAlone()
    const handle = await world.finish(mesh.doc('notes'))
    handle.doc.getText('t').insert(0, 'early')
    const leaving = mesh.leave()
    await world.run(delayMs)
    handle.doc.getText('t').insert(0, 'late and ')
    const outcome = await world.finish(codeOf(handle.whenStored()))
    await world.finish(leaving)
    const again = await world.join({ mesh: 'acme', name: 'ada' })
    const { doc } = await world.finish(again.mesh.doc('notes'))
    const text = doc.getText('t').toString()
    expect([
      ['resolved', 'late and early'],
      ['left', 'early'],
      ['left', 'late and early'],
    ]).toContainEqual([outcome, text])
  },
)

test.each([0, 1, 2, 3, 4, 5])(
  'a document whose opening leave() overtakes after %i ms is not given, or stores what is written',
  async (delayMs) => {
    const { world, mesh } = await joinAlone()
    const stored = mesh.doc('notes').then((handle) => {
      handle.doc.getText('t').insert(0, 'late')
      return handle.whenStored()
    })
    await world.run(delayMs)
    const leaving = mesh.leave()
    const outcome = await world.finish(codeOf(stored))
    await world.finish(leaving)
    const again = await world.join({ mesh: 'acme', name: 'ada' })
    const { doc } = await world.finish(again.mesh.doc('notes'))
    expect([
      ['resolved', 'late'],
      ['left', ''],
      ['left', 'late'],
    ]).toContainEqual([outcome, doc.getText('t').toString()])
  },
)

test('a page that is shown while its storage opens is not taken for hidden', async () => {
  const world = createSimWorld({ seed: 1 })
  const platform = world.platform({ name: 'ada' })
  let hidden = true
  const page = { kind: 'human', isHidden: () => hidden, servers: [] } as const
  const range = platform.store.range.bind(platform.store)
  vi.spyOn(platform.store, 'range').mockImplementation((asked) => {
    hidden = false
    return range(asked)
  })
  const mesh = await world.finish(MeshHandle.open({ mesh: 'acme', name: 'ada', platform, ...page }))
  expect(mesh.me.hidden).toBe(false)
})

test('history() goes on before the cursor of a message, and refuses what is none', async () => {
  const { world, mesh } = await joinAlone()
  await world.finish(mesh.send('@ada', 'first'))
  await world.finish(mesh.send('@ada', 'second'))
  await world.finish(mesh.send('@nobody-yet', 'third'))
  const [, second] = await world.finish(mesh.history('@ada'))
  const earlier = await world.finish(mesh.history('@ada', { before: second!.cursor }))
  expect(earlier.map(({ body }) => body)).toEqual(['first'])
  const [waiting] = await world.finish(mesh.history('@nobody-yet'))
  expect(await world.finish(mesh.history('@nobody-yet', { before: waiting!.cursor }))).toEqual([])
  for (const before of ['garbage', 'abc', '', null]) {
    const page = mesh.history('@ada', { before: before as never })
    expect(await world.finish(codeOf(page))).toBe('invalid-argument')
  }
})

test('history() that is overtaken by leave() says that the mesh was left, not that the storage failed', async () => {
  const { world, mesh } = await joinAlone()
  await world.finish(mesh.send('@ada', 'first'))
  const page = codeOf(mesh.history('@ada'))
  await world.finish(mesh.leave())
  expect(await page).toBe('left')
})

test('a duty that is no function is refused, and not begun again and again', async () => {
  const { mesh } = await joinAlone()
  expect(() => mesh.lead('indexer', undefined as never)).toThrow('is no duty')
})

test('a listener to an event that there is not is refused, and one that is no function', async () => {
  const { world, mesh } = await joinAlone()
  const note = await world.finish(mesh.doc('note'))
  const refused = (act: () => unknown, sentence: RegExp): void =>
    expect(act).toThrow(
      expect.objectContaining({ code: 'invalid-argument', message: expect.stringMatching(sentence) }),
    )
  refused(() => mesh.on('messages' as never, () => {}), /no event “messages”: use peers, .*message,/)
  refused(() => mesh.on('toString' as never, () => {}), /no event “toString”/)
  refused(() => mesh.on('message', undefined as never), /undefined is no listener/)
  refused(() => mesh.onCast('typing', undefined as never), /undefined is no listener/)
  refused(() => note.on('synced' as never, () => {}), /no event “synced”: use state, stored, progress/)
  refused(() => note.on('state', 'synced' as never), /“synced” is no listener/)
})

test('an Awareness of another Y.Doc is refused: the others would see cursors of nobody', async () => {
  const { mesh } = await joinAlone()
  const awareness = new Awareness(new Doc())
  onTestFinished(() => awareness.destroy())
  await expect(mesh.doc('note', { doc: new Doc(), awareness })).rejects.toMatchObject({
    code: 'invalid-argument',
    message: expect.stringContaining('not of another one'),
  })
})

test('a document that is none of Yjs’ is refused in a sentence', async () => {
  const { mesh } = await joinAlone()
  for (const options of [{ doc: null }, { doc: new Doc().getText('text') }, { awareness: {} }]) {
    await expect(mesh.doc('note', options as never)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(/^The option (doc takes a Y\.Doc|awareness takes an Awareness)/),
    })
  }
  await expect(mesh.configure(undefined as never)).resolves.toBeUndefined()
})

test.each([
  [undefined, 'holds undefined'],
  [{ lunch: [{ at: new Date() }] }, 'holds an object that is not a plain one at “lunch.0.at”'],
  // oxlint-disable-next-line no-sparse-arrays
  [[1, , 2], 'holds undefined at “1”'],
  [{ sum: NaN }, 'holds NaN at “sum”'],
])('a body that is no JSON is refused with what is wrong with it, and where: %j', async (body, what) => {
  const { mesh } = await joinAlone()
  const message = expect.stringContaining(`neither JSON nor bytes: it ${what}. Send `)
  await expect(mesh.send('@ada', body as never)).rejects.toMatchObject({ code: 'body-not-json', message })
})

test('a body that throws when it is read is refused as no JSON, with what it threw', async () => {
  const { mesh } = await joinAlone()
  const cause = new Error('lazy, and gone')
  const body = {
    get lunch(): string {
      throw cause
    },
  }
  const refused = { code: 'body-not-json', message: expect.stringContaining('lazy, and gone'), cause }
  await expect(mesh.send('@ada', body)).rejects.toMatchObject(refused)
  expect(() => mesh.cast('lunch', body)).toThrow(expect.objectContaining(refused))
})

test('options that are none, and signals that cannot be listened to, are refused before anything is done', async () => {
  const { world, mesh } = await joinAlone()
  await toLead({ world, mesh })
  const sent = await world.finish(mesh.send('@nobody-yet', 'hello'))
  await world.finish(mesh.send('@ada', 'hello'))
  const loop = mesh.inbox()
  const { value: message } = await world.finish(loop.next())
  const notes = await world.finish(mesh.doc('notes'))
  const calls: Readonly<Record<string, (options: never) => unknown>> = {
    send: (options) => mesh.send('@ada', 'x', options),
    delivered: (options) => sent.delivered(options),
    inbox: (options) => mesh.inbox(options),
    history: (options) => mesh.history('@ada', options),
    cast: (options) => mesh.cast('t', 'x', options),
    doc: (options) => mesh.doc('other', options),
    lead: (options) => mesh.lead('role', () => undefined, options),
    configure: (options) => mesh.configure(options),
    retry: (options) => message!.retry(options),
    whenSynced: (options) => notes.whenSynced(options),
    whenStored: (options) => notes.whenStored(options),
    close: (options) => notes.close(options),
    handled: (options) => message!.handled(options),
    reply: (options) => message!.reply('x', options),
    join: (options) => mesh.room('lunch').join(options),
    leaveRoom: (options) => mesh.room('lunch').leave(options),
    leave: (options) => mesh.leave(options),
  }
  const refusals: string[] = []
  for (const [name, call] of Object.entries(calls)) {
    for (const options of [null, 3, { signal: new AbortController() }]) {
      const code = await world.finish(codeOf((async () => call(options as never))()))
      if (code !== 'invalid-argument') refusals.push(`${name}: ${String(code)}`)
    }
  }
  for (const wrong of [{ doc: {} }, { awareness: 'me' }]) {
    expect(await world.finish(codeOf(mesh.doc('third', wrong as never)))).toBe('invalid-argument')
  }
  expect(refusals).toEqual([])
  // A loop with such a signal kept leave() from ever coming to its end.
  await world.finish(mesh.leave())
})

describe('a signal ends the waiting', () => {
  /** A message that waits to be handled, an open document, and then a disk that takes its time. */
  async function onSlowDisk(): Promise<{
    world: TestWorld
    mesh: Mesh
    calls: Record<string, (options?: { signal: AbortSignal }) => Promise<unknown>>
  }> {
    const { world, mesh } = await joinAlone()
    await toLead({ world, mesh })
    for (const body of ['one', 'two']) await world.finish(mesh.send('@ada', body))
    const loop = mesh.inbox()
    const { value: one } = await world.finish(loop.next())
    const { value: two } = await world.finish(loop.next())
    const notes = await world.finish(mesh.doc('notes'))
    world.disk('ada').slowMs = 60_000
    const calls = {
      join: (options?: { signal: AbortSignal }) => mesh.room('lunch').join(options),
      handled: (options?: { signal: AbortSignal }) => one!.handled(options),
      retry: (options?: { signal: AbortSignal }) => two!.retry(options),
      reply: (options?: { signal: AbortSignal }) => one!.reply('thanks', options),
      close: async (options?: { signal: AbortSignal }) => {
        notes.doc.getText('t').insert(0, 'x')
        await notes.close(options)
      },
      leave: (options?: { signal: AbortSignal }) => {
        notes.doc.getText('t').insert(0, 'x')
        return mesh.leave(options)
      },
    }
    return { world, mesh, calls }
  }

  test.each(['join', 'handled', 'retry', 'close', 'leave'])(
    'of %s(), which goes on all the same',
    async (name) => {
      const { world, calls } = await onSlowDisk()
      const call = calls[name]!
      const controller = new AbortController()
      const asked = codeOf(call({ signal: controller.signal }))
      await world.run(100)
      controller.abort()
      expect(await world.finish(asked, { withinMs: 100 })).toBe('aborted')
      // It was asked for: whoever asks again is answered when the disk is done with it.
      world.disk('ada').slowMs = 0
      expect(await world.finish(codeOf(call()))).toBe('resolved')
    },
  )

  test('that has fired before the call: nothing is asked for', async () => {
    const { world, mesh, calls } = await onSlowDisk()
    world.disk('ada').slowMs = 0
    for (const call of Object.values(calls))
      expect(await world.finish(codeOf(call({ signal: AbortSignal.abort() })))).toBe('aborted')
    expect(await world.finish(codeOf(mesh.history('@ada', { signal: AbortSignal.abort() })))).toBe('aborted')
    await world.run(1000)
    expect(mesh.room('lunch').joined).toBe(false)
    expect(mesh.status().queues.inbox).toBe(2)
    expect(await world.finish(mesh.history('@ada'))).toHaveLength(2)
  })

  test('of joining, also where that has begun: what opens too late is closed again', async () => {
    const world = createWorld({ seed: 1 })
    const first = await world.join({ mesh: 'acme', name: 'ada' })
    await world.finish(first.mesh.send('@bob', 'for later'))
    await world.finish(first.mesh.leave())
    const controller = new AbortController()
    const options = { mesh: 'acme', name: 'ada', signal: controller.signal }
    const joining = codeOf(world.join(options))
    controller.abort()
    expect(await joining).toBe('aborted')
    expect(await codeOf(world.join(options))).toBe('aborted')
    await world.run(30_000)
    // Nobody of that name lives any more.
    const { mesh } = await world.join({ mesh: 'acme', name: 'ada' })
    expect(mesh.status().queues.waitingForName).toBe(1)
  })
})

test.each(['close', 'leave'] as const)(
  'after %s() a document is neither called synced nor, where it may still change, stored',
  async (end) => {
    const world = createWorld({ seed: 1 })
    const { mesh } = await world.join({ mesh: 'acme', name: 'ada' })
    const { mesh: other } = await world.join({ mesh: 'acme', name: 'bob' })
    const doc = new Doc()
    const mine = await world.finish(mesh.doc('mine', { doc }))
    const ours = await world.finish(mesh.doc('ours'))
    for (const name of ['mine', 'ours']) await world.finish(other.doc(name))
    doc.getText('t').insert(0, 'kept')
    await world.until(() => [mine, ours].every(({ synced, stored }) => synced && stored))
    const states: string[] = []
    mine.on('state', (state) => states.push(state))

    if (end === 'leave') await world.finish(mesh.leave())
    else for (const each of [mine, ours]) await world.finish(each.close())
    doc.getText('t').insert(0, 'not ')
    expect([mine, ours].map(({ state, basedOn, stored }) => ({ state, basedOn, stored }))).toEqual([
      { state: 'alone', basedOn: [], stored: false },
      { state: 'alone', basedOn: [], stored: true },
    ])
    expect(states).toEqual([])
  },
)

test('servers that are named anew while a peer looks for its mesh do not have it begin one of its own', async () => {
  const { world, mesh: ada } = await joinAlone()
  await toLead({ world, mesh: ada })
  const lost = { mesh: 'acme', name: 'bob', signaling: ['ws://nowhere.test'] }
  const { mesh: bob } = await world.join(lost)
  const leaders: unknown[] = []
  bob.on('leader', ({ leader }) => leaders.push(leader?.name))
  await bob.configure({ signaling: ['ws://signaling.test'] })
  await world.until(() => bob.others.size === 1 && bob.status().settled)
  await world.run(5000)
  expect(leaders).toEqual(['ada'])
})

test('a newcomer begins no mesh of its own because the other lost its socket at one of two servers', async () => {
  const signaling = ['ws://one.test', 'ws://two.test']
  for (let seed = 1; seed <= 5; seed++) {
    const world = createWorld({ seed })
    const [one] = signaling.map((url) => world.server(url)) as SimServer[]
    const { mesh: ada } = await world.join({ mesh: 'acme', name: 'ada', signaling })
    await toLead({ world, mesh: ada })
    const { mesh: bob } = await world.join({ mesh: 'acme', name: 'bob', signaling })
    const leaders: unknown[] = []
    bob.on('leader', ({ leader }) => leaders.push(leader?.name))
    await world.until(() => bob.status().signaling.every(({ state }) => state === 'open'))
    while (bob.others.size === 0) {
      one!.accuse('ada')
      await world.run(10)
    }
    await world.run(5000)
    expect(leaders, `seed ${seed}`).toEqual(['ada'])
  }
})

test('configure() refuses what is of the wrong type, and changes nothing then', async () => {
  const { mesh } = await joinAlone()
  const before = mesh.status().signaling
  const wrong = [
    { timing: 5 },
    { timing: null },
    { timing: { heartbeatMs: 500 } },
    { signaling: null },
    { signaling: '' },
    { iceServers: null },
    { iceServers: false },
    { priority: null },
  ]
  for (const options of wrong) {
    const configuring = mesh.configure({ signaling: [], ...options } as never)
    await expect(configuring, JSON.stringify(options)).rejects.toMatchObject({ code: 'invalid-argument' })
  }
  expect(mesh.status().signaling).toEqual(before)
})

test('the id of a peer is no address, and that of a member no peer: nobody would ever get it', async () => {
  const world = createWorld({ seed: 1 })
  const { mesh: ada } = await world.join({ mesh: 'acme', name: 'ada' })
  const { mesh: bob } = await world.join({ mesh: 'acme', name: 'bob' })
  await world.until(() => ada.others.size === 1 && ada.members.size === 2)
  for (const { id, member } of [ada.me, bob.me]) {
    const refused = { code: 'invalid-argument', message: expect.stringContaining('is a peer') }
    await expect(world.finish(ada.send(id as never, 'hello'))).rejects.toMatchObject(refused)
    await expect(world.finish(ada.history(id as never))).rejects.toMatchObject(refused)
    expect(() => ada.cast('typing', true, { to: member as never })).toThrow('is no peer')
    ada.cast('typing', true, { to: id })
    await world.finish((await world.finish(ada.send(member, 'hello'))).delivered())
  }
})

test('every call refuses options of unknown names, and does nothing then', async () => {
  const { world, mesh } = await joinAlone()
  const note = await world.finish(mesh.doc('note'))
  const sent = await world.finish(mesh.send('@ada', 'hello'))
  const inbox = mesh.inbox()
  const { value: message } = (await world.finish(inbox.next())) as { value: InboxMessage }
  const wrong = { signall: new AbortController().signal } as never
  const calls: readonly [string, () => unknown][] = [
    ['send()', () => mesh.send('@ada', 'hello', { ttl: 5 } as never)],
    ['send()', () => mesh.send('@ada', 'hello', wrong)],
    ['delivered()', () => sent.delivered(wrong)],
    ['inbox()', () => mesh.inbox({ room: 'general' } as never)],
    ['history()', () => mesh.history('@ada', { limits: 5 } as never)],
    ['cast()', () => mesh.cast('typing', true, { from: mesh.me.id } as never)],
    ['doc()', () => mesh.doc('another', { maxbytes: 5 } as never)],
    ['lead()', () => mesh.lead('books', () => undefined, { prio: 5 } as never)],
    ['lead(duty)', () => mesh.lead((() => undefined) as never, { priority: 5 } as never)],
    ['configure()', () => mesh.configure({ signaling: [], ice: [] } as never)],
    ['leave()', () => mesh.leave(wrong)],
    ['room.join()', () => mesh.room('general').join(wrong)],
    ['room.leave()', () => mesh.room('general').leave(wrong)],
    ['handled()', () => message.handled(wrong)],
    ['retry()', () => message.retry({ delay: 5 } as never)],
    ['reply()', () => message.reply('hi', { replyTo: sent.id } as never)],
    ['whenSynced()', () => note.whenSynced(wrong)],
    ['whenStored()', () => note.whenStored(wrong)],
    ['close()', () => note.close(wrong)],
  ]
  for (const [name, call] of calls) {
    const calling = world.finish((async () => call())())
    await expect(calling, name).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(`There is no option “\\w+” of ${name.replaceAll(/[()]/g, '\\$&')}: `),
    })
  }
  expect(mesh.status()).toMatchObject({ signaling: [{}], docs: [{ name: 'note' }], queues: { inbox: 1 } })
  expect(mesh.room('general').joined).toBe(false)
  await world.finish(mesh.send('@ada', 'hello', { ttlMs: undefined, signal: undefined } as never))
})

test('status() says how late a program came to its work, for a while', async () => {
  const world = createWorld({ seed: 1 })
  const { mesh, process } = await world.join({ mesh: 'acme', name: 'ada' })
  const { mesh: bob } = await world.join({ mesh: 'acme', name: 'bob' })
  await world.until(() => mesh.others.size === 1 && bob.others.size === 1)
  await world.run(5000)
  expect(mesh.status().load).toEqual({ lagMs: 0 })
  process.freeze()
  await world.run(1000)
  process.wake()
  await world.run(1)
  const { lagMs } = mesh.status().load
  expect(lagMs).toBeGreaterThan(300)
  expect(lagMs).toBeLessThanOrEqual(1000)
  expect(bob.status().load.lagMs).toBe(0)
  await world.run(1000)
  expect(mesh.status().load.lagMs).toBeLessThanOrEqual(lagMs / 2 + 1)
  await world.run(20_000)
  expect(mesh.status().load).toEqual({ lagMs: 0 })
})

test('configure() changes how long a peer that finds nobody waits, while it waits', async () => {
  const world = createWorld({ seed: 1 })
  const nowhere = ['ws://nowhere.test']
  const timing = { discoveryTimeoutMs: 600_000 }
  const { mesh } = await world.join({ mesh: 'acme', name: 'ada', signaling: nowhere, timing })
  await world.run(10_000)
  expect(mesh.status().settled).toBe(false)
  await mesh.configure({ timing: { discoveryTimeoutMs: 11_000 } })
  await world.until(() => mesh.status().settled)
  expect(world.now).toBeLessThan(12_000)
})
