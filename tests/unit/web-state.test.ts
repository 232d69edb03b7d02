// A stay in a mesh as the app sees it, against a mesh that does what the test says.

import { describe, expect, test, vi } from 'vitest'
import { createApp, type AppEnvironment } from '../../web/app.ts'
import { withNewestPage } from '../../web/conversations.ts'
import { createMemory } from '../../web/remembered.ts'
import { createReadPositions } from '../../web/read-positions.ts'
import { openSession } from '../../web/state.ts'
import { asMesh, FakeMesh } from './web-fake-mesh.ts'
import { FakeAttention, fakeNotifications, fakeSiblings, shelfOn } from './web-fake-page.ts'

function enter(mesh = new FakeMesh('ada'), kept = new Map<string, string>(), now = () => 0) {
  const memory = createMemory(shelfOn(kept), shelfOn(kept))
  const session = openSession({
    mesh: asMesh(mesh),
    meshName: 'acme',
    now,
    attention: new FakeAttention(),
    memory,
    positions: createReadPositions('acme', shelfOn(kept), () => () => undefined),
  })
  const texts = (): string[] => session.events.lines.value.map((line) => line.text)
  const bodies = (): unknown[] | undefined =>
    session.conversations.value.get(session.selected.value)?.messages.value?.map((message) => message.body)
  return { mesh, session, texts, bodies }
}

describe('the event line', () => {
  test("a leader's end and who follows are one sentence, whichever comes first", () => {
    for (const order of ['peers first', 'leader first']) {
      const { mesh, texts } = enter()
      const bob = mesh.arrive('bob')
      const carol = mesh.arrive('carol')
      mesh.elect(bob, 'elected')
      if (order === 'peers first') mesh.depart(bob, 'failed')
      mesh.elect(carol, 'failed')
      if (order !== 'peers first') mesh.depart(bob, 'failed')
      expect(texts().filter((text) => text.includes('went away'))).toEqual([
        "bob's tab went away; carol leads now.",
      ])
    }
  })

  test('arrivals and departures are said of people, tabs and agents', () => {
    const { mesh, texts } = enter()
    const bob = mesh.arrive('bob')
    const second = mesh.arrive('bob')
    mesh.arrive('ada')
    const echo = mesh.arrive('echo', { kind: 'agent' })
    mesh.depart(second, 'left')
    mesh.depart(bob, 'left')
    mesh.depart(echo, 'failed')
    expect(texts()).toEqual([
      'bob is here.',
      'bob opened another tab.',
      'You opened another tab.',
      'The agent echo is here.',
      'bob closed a tab.',
      'bob left.',
      'The agent echo went away.',
    ])
  })

  test('who was there before us has not just come', () => {
    const mesh = new FakeMesh('ada')
    mesh.me = { ...mesh.me, seniority: undefined }
    const { texts } = enter(mesh)
    mesh.arrive('ada')
    expect(texts()).toEqual(['You have another tab open.'])
  })

  test('the server going and coming back is said once each, however often it is tried', () => {
    const { mesh, session, texts } = enter()
    for (const state of ['closed', 'connecting', 'closed', 'connecting', 'open'] as const) {
      const error = Object.assign(new Error('It is tried again.'), { code: 'signaling-failed' })
      if (state === 'closed') mesh.emit('error', error as never)
      mesh.setStatus({ signaling: [{ url: 'ws://signal.test/', state }] })
    }
    expect(session.signalingProblem.value).toBe('It is tried again.')
    expect(texts()).toEqual([
      'The signaling server cannot be reached; what you write is stored and goes out later.',
      'The signaling server is back.',
    ])
  })

  test('the same error again and again is one line with a count', () => {
    const { mesh, session } = enter()
    const error = Object.assign(new Error('No room.'), { code: 'storage-full' }) as never
    mesh.emit('error', error)
    mesh.emit('error', error)
    expect(session.events.lines.value).toMatchObject([{ text: 'Your storage is full: No room.', times: 2 }])
  })
})

test('what is said in minutes is drawn anew when one has passed, and not before', () => {
  let time = 59_000
  const { session } = enter(undefined, undefined, () => time)
  const seen: number[] = []
  session.minute.subscribe((minute) => void seen.push(minute))
  for (time of [59_999, 60_000, 119_999, 300_001]) session.refreshStatus()
  expect(seen).toEqual([0, 60_000, 300_000])
})

describe('conversations', () => {
  test('a message appears where the history puts it, and a receipt changes its state', async () => {
    const { mesh, session, bodies } = enter()
    const bob = mesh.arrive('bob')
    mesh.roomMembers.set('general', new Set([mesh.me.member, bob.member]))
    await session.joinRoom('general')
    await mesh.send('#general', 'hello')
    await vi.waitFor(() => expect(bodies()).toEqual(['hello']))
    const [message] = mesh.messages
    mesh.deliver(message!.id, [bob.member])
    expect(session.conversations.value.get('#general')?.messages.value?.[0]?.state).toBe('delivered')
  })

  test('news elsewhere is counted until it is looked at; one’s own words are not news', async () => {
    const { mesh, session } = enter()
    const bob = mesh.arrive('bob')
    mesh.receive({ member: bob.member, name: 'bob' }, mesh.me.member, 'psst')
    await mesh.send(bob.member, 'yes?')
    const unread = () => session.conversations.value.get(bob.member)?.unread.count.value
    expect(unread()).toBe(1)
    session.select(bob.member)
    expect(unread()).toBe(0)
  })

  test('notes to oneself are found again after a reload, and are no news', async () => {
    const { mesh, session } = enter()
    const me = mesh.me.member
    await mesh.send(mesh.arrive('bob').member, 'yes?')
    session.close()
    expect(enter(mesh).session.conversations.value.has(me)).toBe(false)
    await mesh.send(me, 'buy rope')
    const { session: after } = enter(mesh)
    await vi.waitFor(() => expect(after.conversations.value.has(me)).toBe(true))
    expect(after.conversations.value.get(me)?.unread.count.value).toBe(0)
  })

  test('a late message that belongs before the newest page is shown in its place', async () => {
    const { mesh, session, bodies } = enter()
    const bob = { member: mesh.arrive('bob').member, name: 'bob' }
    for (let n = 0; n < 150; n++) mesh.receive(bob, '#general', n, { silent: true })
    session.select('#general')
    await vi.waitFor(() => expect(bodies()).toHaveLength(100))
    await session.conversations.value.get('#general')?.loadEarlier()
    expect(bodies()).toEqual(Array.from({ length: 150 }, (_, n) => n))
    const late = mesh.receive(bob, '#general', 'late', { silent: true })
    mesh.messages.splice(20, 0, mesh.messages.pop()!)
    mesh.emit('message', late)
    await vi.waitFor(() => expect(bodies()?.[20]).toBe('late'))
    expect(bodies()).toHaveLength(151)
  })

  test('a name nobody bore becomes its bearer’s conversation at first sight, the draft with it', async () => {
    const { mesh, session, bodies } = enter()
    session.select('@zoe')
    await mesh.send('@zoe', 'welcome')
    await vi.waitFor(() => expect(bodies()).toEqual(['welcome']))
    session.conversations.value.get('@zoe')?.draft.edit('and more')
    const zoe = mesh.arrive('zoe', { silent: true })
    mesh.replace(mesh.messages[0]!.id, { addressees: [zoe.member], state: 'stored' })
    mesh.emit('members', [...mesh.members.values()])
    expect(session.selected.value).toBe(zoe.member)
    expect(session.conversations.value.has('@zoe')).toBe(false)
    expect(session.conversations.value.get(zoe.member)?.draft.text.value).toBe('and more')
    await vi.waitFor(() => expect(bodies()).toEqual(['welcome']))
  })

  test('what is being sent to a name as its bearer comes does not stay in the box; refused, it does', async () => {
    for (const refused of [false, true]) {
      const { mesh, session } = enter()
      session.select('@zoe')
      let open = (_error?: Error): void => undefined
      mesh.gate = new Promise((resolve, reject) => (open = (error) => (error ? reject(error) : resolve())))
      const { draft } = session.conversations.value.get('@zoe')!
      draft.edit('welcome')
      draft.submit()
      draft.edit('welcome and', ' and')
      const zoe = mesh.arrive('zoe')
      const box = () => session.conversations.value.get(zoe.member)?.draft
      expect(session.selected.value).toBe(zoe.member)
      expect(box()?.text.value).toBe('')
      open(refused ? new Error('Full.') : undefined)
      await vi.waitFor(() => expect(box()?.text.value).toBe(refused ? 'welcome and' : ' and'))
      expect(box()?.sending.value).toBe(false)
    }
  })

  test('somebody written to who comes in leaves the person at what they look at', () => {
    const { mesh, session } = enter()
    session.select('@zoe')
    session.show({ type: 'tasks' })
    const zoe = mesh.arrive('zoe')
    expect(session.view.value).toEqual({ type: 'tasks' })
    expect(session.selected.value).toBe(zoe.member)
  })

  test('names written to and not yet known are listed again after a reload, until somebody bears them', () => {
    const kept = new Map<string, string>()
    const { mesh, session } = enter(new FakeMesh('ada'), kept)
    session.select('@zoe')
    session.select('@yann')
    session.close()
    const after = enter(mesh, kept)
    expect([...after.session.conversations.value.keys()]).toEqual(['@zoe', '@yann'])
    const zoe = mesh.arrive('zoe')
    after.session.close()
    expect([...enter(mesh, kept).session.conversations.value.keys()]).not.toContain('@zoe')
    expect(after.session.conversations.value.has(zoe.member)).toBe(true)
  })

  test('a reload leads back to the conversation that was open, with all that was begun in it and in others', async () => {
    const kept = new Map<string, string>()
    const { mesh, session } = enter(new FakeMesh('ada'), kept)
    const bob = mesh.arrive('bob')
    await session.joinRoom('plans')
    session.conversations.value.get('#plans')?.draft.edit('We might')
    session.select('@zoe')
    session.conversations.value.get('@zoe')?.draft.edit('Dear zoe')
    session.select(bob.member)
    session.close()
    const zoe = mesh.arrive('zoe')
    const { session: after } = enter(mesh, kept)
    expect(after.selected.value).toBe(bob.member)
    const draft = (key: string) => after.conversations.value.get(key as never)?.draft
    expect([draft('#plans')?.text.value, draft(zoe.member)?.text.value]).toEqual(['We might', 'Dear zoe'])
    draft('#plans')?.submit()
    await vi.waitFor(() => expect(draft('#plans')?.text.value).toBe(''))
    after.close()
    const again = enter(mesh, kept).session.conversations.value
    expect(again.get('#plans')?.draft.text.value ?? '').toBe('')
  })

  test('a name that one tab has written to is not forgotten by another tab, and is once somebody bears it', () => {
    const kept = new Map<string, string>()
    const [one, two] = [enter(new FakeMesh('ada'), kept), enter(new FakeMesh('ada'), kept)]
    one.session.select('@zoe')
    two.session.select('@yan')
    const keys = (): string[] =>
      [...enter(new FakeMesh('ada'), kept).session.conversations.value.keys()].filter((key) =>
        key.startsWith('@'),
      )
    expect(keys().toSorted()).toEqual(['@yan', '@zoe'])
    one.mesh.arrive('zoe')
    expect(keys()).toEqual(['@yan'])
  })

  test('what could not be read is not said to be nothing, and is read when something comes', async () => {
    const { mesh, session, bodies, texts } = enter()
    await vi.waitFor(() => expect(bodies()).toEqual([]))
    const bob = mesh.arrive('bob')
    mesh.receive(bob, '#plans', 'before', { silent: true })
    const { history } = mesh
    mesh.history = () => Promise.reject(new Error('the disk sleeps'))
    session.select('#plans')
    await vi.waitFor(() => expect(texts().join()).toContain('the disk sleeps'))
    expect(bodies()).toBeUndefined()
    mesh.history = history
    mesh.receive(bob, '#plans', 'now')
    await vi.waitFor(() => expect(bodies()).toEqual(['before', 'now']))
  })

  test('what could not be read is read again a moment later, though nothing comes; the failure is said once', async () => {
    const { mesh, session, bodies } = enter()
    await vi.waitFor(() => expect(bodies()).toEqual([]))
    mesh.receive(mesh.arrive('bob'), '#plans', 'before', { silent: true })
    const { history } = mesh
    let refusals = 0
    mesh.history = () => {
      refusals++
      return Promise.reject(new Error('the disk sleeps'))
    }
    session.select('#plans')
    for (let tries = 1; tries <= 3; tries++) {
      await vi.waitFor(() => expect(refusals).toBe(tries))
      // Its end is a matter of microtasks.
      await new Promise((resolve) => setTimeout(resolve, 0))
      session.refreshStatus()
    }
    const said = session.events.lines.value.filter(({ text }) => text.includes('the disk sleeps'))
    expect(said).toMatchObject([{ times: 1 }])
    mesh.history = history
    await vi.waitFor(() => {
      session.refreshStatus()
      expect(bodies()).toEqual(['before'])
    })
  })

  test('what is new is counted a moment later where it could not be read at first', async () => {
    const mesh = new FakeMesh('ada')
    const bob = mesh.arrive('bob')
    mesh.receive(bob, mesh.me.member, 'psst', { silent: true })
    const { history } = mesh
    mesh.history = () => Promise.reject(new Error('the disk sleeps'))
    const { session, texts } = enter(mesh)
    await vi.waitFor(() => expect(texts().join()).toContain('the disk sleeps'))
    mesh.history = history
    await vi.waitFor(() => {
      session.refreshStatus()
      expect(session.conversations.value.get(bob.member)?.unread.count.value).toBe(1)
    })
  })

  test('a failure between two readings shows no message twice', async () => {
    const { mesh, session, bodies, texts } = enter()
    await vi.waitFor(() => expect(bodies()).toEqual([]))
    const bob = mesh.arrive('bob')
    for (let n = 0; n < 100; n++) mesh.receive(bob, '#general', n, { silent: true })
    session.select('#general')
    await vi.waitFor(() => expect(bodies()?.length).toBe(100))
    const history = mesh.history.bind(mesh)
    let calls = 0
    mesh.history = (to, options) =>
      ++calls === 3 ? Promise.reject(new Error('the disk sleeps')) : history(to, options)
    const late = mesh.receive(bob, '#general', 'late', { silent: true })
    mesh.messages.unshift(mesh.messages.pop()!)
    mesh.emit('message', late)
    mesh.receive(bob, '#general', 'new')
    await vi.waitFor(() => expect(texts().join()).toContain('the disk sleeps'))
    expect(bodies()?.filter((body) => body === 'new')).toEqual(['new'])
  })

  test('a reload keeps the task that was begun', () => {
    const kept = new Map<string, string>()
    const { mesh, session } = enter(new FakeMesh('ada'), kept)
    session.newTask.value = 'Buy milk'
    const after = enter(mesh, kept).session
    expect(after.newTask.value).toBe('Buy milk')
    expect([...after.conversations.value.keys()]).toEqual(['#general'])
    after.newTask.value = ''
    expect(enter(mesh, kept).session.newTask.value).toBe('')
  })

  test('a reload keeps the title that is being rewritten', () => {
    const kept = new Map<string, string>()
    const { mesh, session } = enter(new FakeMesh('ada'), kept)
    session.titleDraft.value = { of: 'note abc', text: 'Better pl' }
    const after = enter(mesh, kept).session
    expect(after.titleDraft.value).toEqual({ of: 'note abc', text: 'Better pl' })
    expect([...after.conversations.value.keys()]).toEqual(['#general'])
    after.titleDraft.value = undefined
    expect(enter(mesh, kept).session.titleDraft.value).toBeUndefined()
  })

  test('what was open and begun in a store that was lost is not asked for again', () => {
    const kept = new Map<string, string>()
    const { mesh, session } = enter(new FakeMesh('ada'), kept)
    const bob = mesh.arrive('bob')
    session.select(bob.member)
    session.conversations.value.get(bob.member)?.draft.edit('psst')
    session.close()
    const after = enter(new FakeMesh('ada'), kept).session
    expect(after.selected.value).toBe('#general')
    expect([...after.conversations.value.keys()]).toEqual(['#general'])
  })

  test('messages that did not change stay the same objects', () => {
    const mesh = new FakeMesh('ada')
    const one = mesh.receive({ member: mesh.me.member, name: 'ada' }, '#general', 1)
    const [kept] = withNewestPage([one], [{ ...one }])
    expect(kept).toBe(one)
  })
})

describe('joining', () => {
  function appWith(change: Partial<AppEnvironment> = {}, shelf = new Map<string, string>()) {
    const meshes: FakeMesh[] = []
    const published: unknown[] = []
    const app = createApp({
      joinMesh: ({ name }) => {
        meshes.push(new FakeMesh(name))
        return Promise.resolve(asMesh(meshes.at(-1)!))
      },
      memory: createMemory(shelfOn(shelf), undefined),
      eraseMesh: () => Promise.resolve(),
      positionsOf: (mesh) => createReadPositions(mesh, shelfOn(shelf), () => () => undefined),
      now: () => 0,
      attention: new FakeAttention(),
      notifications: fakeNotifications(),
      siblings: fakeSiblings(),
      publish: (mesh) => published.push(mesh),
      ...change,
    })
    return { app, meshes, published, shelf }
  }

  test('an invitation with a name joins at once, into #general on the first visit only', async () => {
    const { app, meshes, published, shelf } = appWith()
    await app.start({ mesh: 'acme', name: 'ada', hasSecret: false })
    expect(app.screen.value.type).toBe('session')
    expect(published).toEqual([meshes[0]])
    expect(meshes[0]?.room('general').joined).toBe(true)
    const again = appWith({}, shelf)
    await again.app.start(undefined)
    expect(again.app.screen.value.type).toBe('session')
    expect(again.meshes[0]?.room('general').joined).toBe(false)
  })

  test('a first visit to an address of notes or tasks stays there', async () => {
    const { app, meshes } = appWith()
    app.screen.subscribe((screen) => {
      if (screen.type === 'session') screen.session.show({ type: 'tasks' })
    })
    await app.join('acme', 'ada')
    expect(meshes[0]?.room('general').joined).toBe(true)
    const screen = app.screen.value
    expect(screen.type === 'session' && screen.session.view.value).toEqual({ type: 'tasks' })
  })

  test('without a name it asks, with the mesh filled in', async () => {
    const { app } = appWith()
    await app.start({ mesh: 'acme', name: undefined, hasSecret: false })
    expect(app.screen.value).toEqual({ type: 'ask', mesh: 'acme', name: '' })
  })

  test('a link whose end is missing asks for the mesh and joins none', async () => {
    const { app, meshes } = appWith()
    await app.start({ mesh: '', name: 'ada', hasSecret: false })
    expect(app.screen.value).toMatchObject({
      type: 'ask',
      mesh: '',
      name: 'ada',
      meshProblem: expect.stringMatching(/which mesh/),
    })
    expect(meshes).toEqual([])
  })

  test('a link that bears a secret joins no open mesh unasked', async () => {
    const { app, meshes } = appWith()
    await app.start({ mesh: 'acme', name: 'ada', hasSecret: true })
    expect(app.screen.value).toMatchObject({
      type: 'ask',
      mesh: 'acme',
      name: 'ada',
      meshProblem: expect.stringMatching(/no mesh secrets yet/),
    })
    expect(meshes).toEqual([])
    await app.join('acme', 'ada')
    expect(app.screen.value.type).toBe('session')
  })

  test('a bad name gets a sentence and no mesh', async () => {
    const { app, meshes } = appWith()
    await app.start({ mesh: 'acme', name: 'ada lovelace', hasSecret: false })
    expect(app.screen.value).toMatchObject({ type: 'ask', nameProblem: expect.stringMatching(/letters/) })
    expect(meshes).toEqual([])
  })

  test('an insecure page, and storage that will not open, are said on a screen of their own', async () => {
    const refuse = (code: string) => () => Promise.reject(Object.assign(new Error('Why.'), { code }))
    const insecure = appWith({ joinMesh: refuse('insecure-context') })
    await insecure.app.join('acme', 'ada')
    expect(insecure.app.screen.value).toEqual({ type: 'insecure', sentence: 'Why.' })
    const busy = appWith({ joinMesh: refuse('storage-busy') })
    await busy.app.join('acme', 'ada')
    expect(busy.app.screen.value).toMatchObject({
      type: 'failed',
      sentence: 'Your storage does not answer: Why.',
    })
    busy.app.askAgain()
    expect(busy.app.screen.value).toEqual({ type: 'ask', mesh: 'acme', name: 'ada' })
  })

  test('who leaves on purpose is asked the next time; who only closed the tab is not', async () => {
    const { app, meshes, published, shelf } = appWith()
    await app.start({ mesh: 'acme', name: 'ada', hasSecret: false })
    await app.leave()
    expect(meshes[0]?.left).toBe(true)
    expect(published.at(-1)).toBeUndefined()
    const again = appWith({}, shelf)
    await again.app.start(undefined)
    expect(again.app.screen.value).toEqual({ type: 'ask', mesh: 'acme', name: 'ada' })
  })

  test('a browser that refuses to remember is only a browser that forgets', async () => {
    const broken = () => {
      throw new Error('denied')
    }
    const memory = createMemory({ getItem: broken, setItem: broken, removeItem: broken }, undefined)
    const { app } = appWith({ memory })
    await app.start({ mesh: 'acme', name: 'ada', hasSecret: false })
    expect(app.screen.value.type).toBe('session')
  })
})
