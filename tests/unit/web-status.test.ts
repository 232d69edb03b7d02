// What the app says about the state of things: figures, troubles, invitations, and what erasing would lose.

import { MeshError, type MeshStatus, type PeerId } from 'skein'
import { describe, expect, test, vi } from 'vitest'
import { createApp } from '../../web/app.ts'
import { eraseWithPatience, untilAlone, whatIsAtStake } from '../../web/erasing.ts'
import { invitationLink, reachOf, readInvitation } from '../../web/invitation.ts'
import { createReadPositions } from '../../web/read-positions.ts'
import { createMemory } from '../../web/remembered.ts'
import { openSession } from '../../web/state.ts'
import { bytes, statusSections, statusText } from '../../web/status-report.ts'
import { createLinkHistory, troubleWithPeer, whatAwayMeans } from '../../web/trouble.ts'
import { asMesh, FakeMesh } from './web-fake-mesh.ts'
import { FakeAttention, fakeNotifications, fakeSiblings, shelfOn } from './web-fake-page.ts'

const doc = (change: Partial<MeshStatus['docs'][number]>): MeshStatus['docs'][number] => ({
  name: 'plan',
  state: 'synced',
  basedOn: [],
  progress: 1,
  stored: true,
  sizeBytes: 2048,
  problem: undefined,
  ...change,
})

describe('the status view', () => {
  function sectionsOf(mesh: FakeMesh) {
    const sections = statusSections({
      meshName: 'acme',
      me: mesh.me,
      peers: [...mesh.peers.values()],
      members: mesh.members,
      rooms: [{ joined: true }, { joined: false }],
      leader: { peer: mesh.leader, epoch: mesh.epoch },
      status: mesh.status(),
      signalingProblem: 'Refused.',
      site: { usageBytes: 3_500_000, quotaBytes: 10 * 2 ** 30 },
    })
    const valueOf = (section: string, label: string): string | undefined =>
      sections.find(({ id }) => id === section)?.lines.find((line) => line.label.startsWith(label))?.value
    return { sections, valueOf }
  }

  test('names links, leader, epoch, queues, storage, servers and documents', () => {
    const mesh = new FakeMesh('ada')
    const bob = mesh.arrive('bob', { link: 'webrtc' })
    mesh.elect(bob, 'elected')
    mesh.setStatus({
      signaling: [{ url: 'ws://signal.test/', state: 'closed' }],
      queues: { undelivered: 2, waitingForName: 1, inbox: 0, linkBytes: 2048 },
      docs: [
        doc({ basedOn: [bob.id] }),
        doc({ name: 'big', state: 'syncing', progress: 0.42 }),
        doc({ name: 'huge', problem: new MeshError('doc-over-limit', 'It is too large.') }),
      ],
    })
    const { valueOf } = sectionsOf(mesh)
    expect(valueOf('links', 'bob')).toBe('WebRTC, round trip under 1 ms, 0 B out, 0 B in, nothing waiting')
    expect(valueOf('mesh', 'Leader')).toMatch(/^bob /)
    expect(valueOf('mesh', 'Epoch')).toBe('1')
    expect(valueOf('mesh', 'This tab')).toMatch(/follows/)
    expect(valueOf('queues', 'Your messages')).toBe('2')
    expect(valueOf('queues', 'Waiting in links')).toBe('2 KiB')
    expect(valueOf('servers', 'Last problem')).toBe('Refused.')
    expect(valueOf('storage', 'Kept for good')).toMatch(/^not granted/)
    expect(valueOf('storage', 'Room left')).toBe('3.3 MiB of 10 GiB used by this site')
    expect(valueOf('documents', 'plan')).toMatch(/^synced with bob .*2 KiB, stored here$/)
    expect(valueOf('documents', 'big')).toMatch(/^syncing, 42 %/)
    expect(valueOf('documents', 'huge')).toMatch(/It is too large\.$/)
  })

  test('as text it has every line that is shown', () => {
    const { sections } = sectionsOf(new FakeMesh('ada'))
    const text = statusText(sections, '2026-11-21', 'Some browser')
    for (const { title, lines } of sections) {
      expect(text).toContain(title)
      for (const { label, value } of lines) expect(text).toContain(`${label}: ${value}`)
    }
  })

  test('sizes are short', () => {
    const sizes = [0, 1023, 1024, 3500, 2 ** 20, 150 * 2 ** 20, 2 ** 30]
    expect(sizes.map(bytes)).toEqual(['0 B', '1023 B', '1 KiB', '3.4 KiB', '1 MiB', '150 MiB', '1 GiB'])
  })
})

describe('connection trouble', () => {
  function around(mesh: FakeMesh, unlinked: readonly { id: PeerId }[], waitedMs: number) {
    return {
      me: mesh.me,
      peers: [...mesh.peers.values()],
      links: mesh.links,
      members: mesh.members,
      unlinkedSince: new Map(unlinked.map(({ id }) => [id, 0])),
      now: waitedMs,
    }
  }

  test('a linked peer is no trouble, unless it is slow', () => {
    const mesh = new FakeMesh('ada')
    const bob = mesh.arrive('bob', { link: 'webrtc' })
    expect(troubleWithPeer(bob, around(mesh, [], 0))).toBeUndefined()
    mesh.links = mesh.links.map((link) => ({ ...link, rttMs: 2345 }))
    expect(troubleWithPeer(bob, around(mesh, [], 0))?.text).toMatch(/takes 2\.3 s/)
  })

  test('one that is not linked: which way messages go, for how long it was tried, what to do', () => {
    const mesh = new FakeMesh('ada')
    const bob = mesh.arrive('bob')
    mesh.arrive('carol', { link: 'webrtc' })
    const early = troubleWithPeer(bob, around(mesh, [bob], 3000))
    expect(early).toMatchObject({ serious: false, text: expect.stringMatching(/travel through carol/) })
    const late = troubleWithPeer(bob, around(mesh, [bob], 20_000))
    expect(late).toMatchObject({ serious: true })
    expect(late?.text).toMatch(/^No direct connection to bob: messages travel through carol\. .*20 s.*TURN/)
  })

  test('with no link at all messages wait here', () => {
    const mesh = new FakeMesh('ada')
    const bob = mesh.arrive('bob')
    expect(troubleWithPeer(bob, around(mesh, [bob], 0))?.text).toMatch(/waits on this device/)
  })

  test('in a large mesh it is how it should be', () => {
    const mesh = new FakeMesh('ada')
    const bob = mesh.arrive('bob')
    for (let n = 0; n < 16; n++) mesh.arrive(`peer${n}`, { link: 'webrtc' })
    expect(troubleWithPeer(bob, around(mesh, [bob], 60_000))).toMatchObject({
      serious: false,
      text: expect.stringMatching(/through the others/),
    })
  })

  test('it is remembered since when somebody is not linked', () => {
    const mesh = new FakeMesh('ada')
    const bob = mesh.arrive('bob')
    let now = 100
    const history = createLinkHistory(() => now)
    const look = () => history.update(mesh.me, [...mesh.peers.values()], mesh.links)
    look()
    now = 200
    look()
    expect(history.unlinkedSince.value.get(bob.id)).toBe(100)
    mesh.link(bob, 'webrtc')
    look()
    expect(history.unlinkedSince.value.size).toBe(0)
  })

  test('who is away: since when, and what becomes of messages', () => {
    const bob = { ...new FakeMesh('bob').memberNamed('bob')!, online: false, lastSeenAt: 0 }
    expect(whatAwayMeans(bob, 0, 5 * 60_000)).toMatch(
      /^bob was last seen 5 minutes ago\. What you send waits on this device and goes out when bob is back/,
    )
    expect(whatAwayMeans(bob, 2, 0)).toMatch(/2 messages of yours wait/)
    expect(whatAwayMeans({ ...bob, lastSeenAt: undefined }, 0, 0)).toMatch(/^This device never met bob/)
  })
})

describe('invitations', () => {
  test('the link brings whoever opens it into the mesh', () => {
    const link = invitationLink({ origin: 'https://skein.test', pathname: '/' }, 'acme')
    expect(link).toBe('https://skein.test/#mesh=acme')
    expect(readInvitation(new URL(link).hash)).toMatchObject({ mesh: 'acme', name: undefined })
  })

  test('who can open it', () => {
    const hosts: Record<ReturnType<typeof reachOf>, string[]> = {
      machine: ['localhost', '127.0.0.1', '127.9.9.9', '[::1]', 'app.localhost'],
      network: [
        '192.168.1.20',
        '10.0.0.1',
        '172.16.0.1',
        '172.31.9.9',
        'studio.local',
        'studio',
        '[fe80::1]',
        '[fd12::1]',
      ],
      anywhere: ['skein.example', '8.8.8.8', '172.32.0.1', '[2001:db8::1]', 'fcdog.example'],
    }
    for (const [reach, names] of Object.entries(hosts))
      for (const name of names) expect([name, reachOf(name)]).toEqual([name, reach])
  })
})

describe('leaving for good', () => {
  test('says what may be lost', () => {
    const none = { undelivered: 0, waitingForName: 0, inbox: 0, linkBytes: 0 }
    const bob = 'b'.repeat(32) as PeerId
    expect(whatIsAtStake({ queues: none, docs: [doc({ basedOn: [bob] })] })).toEqual([])
    expect(whatIsAtStake({ queues: none, docs: [doc({ state: 'alone', sizeBytes: 2 })] })).toEqual([])
    const sentences = whatIsAtStake({
      queues: { ...none, undelivered: 1, waitingForName: 2 },
      docs: [
        doc({ state: 'alone' }),
        doc({ name: 'tasks', state: 'syncing' }),
        doc({ name: 'safe', basedOn: [bob] }),
      ],
    })
    expect(sentences).toHaveLength(3)
    expect(sentences[0]).toMatch(/^1 message of yours has not/)
    expect(sentences[1]).toMatch(/^2 messages wait/)
    expect(sentences[2]).toMatch(/all of 1 note and the tasks\./)
  })

  function appIn(
    mesh: FakeMesh,
    eraseMesh: () => Promise<void>,
    joinMesh = () => Promise.resolve(asMesh(mesh)),
  ) {
    const kept = new Map<string, string>()
    const siblings = fakeSiblings()
    const app = createApp({
      joinMesh,
      eraseMesh,
      memory: createMemory(shelfOn(kept), undefined),
      positionsOf: (name) => createReadPositions(name, shelfOn(kept), () => () => undefined),
      now: () => 0,
      attention: new FakeAttention(),
      notifications: fakeNotifications(),
      siblings,
      publish: () => undefined,
    })
    return { app, siblings, kept }
  }

  test('leaves before it erases, and forgets what the app remembered of the mesh', async () => {
    const mesh = new FakeMesh('ada')
    const steps: string[] = []
    const { app, siblings, kept } = appIn(mesh, () => {
      steps.push(mesh.left ? 'erased after leaving' : 'erased too early')
      return Promise.resolve()
    })
    await app.join('acme', 'ada')
    mesh.receive({ member: mesh.arrive('bob').member, name: 'bob' }, '#general', 'hello')
    expect([...kept.keys()].filter((key) => key.endsWith(':acme'))).not.toEqual([])
    expect(await app.erase()).toBeUndefined()
    expect(steps).toEqual(['erased after leaving'])
    expect(siblings.asked).toEqual(['acme'])
    expect(app.screen.value).toMatchObject({ type: 'ask', notice: expect.stringMatching(/nothing of acme/) })
    expect([...kept.keys()].filter((key) => key.endsWith(':acme'))).toEqual([])
  })

  test('where erasing fails it says why, and can be tried again', async () => {
    const outcomes = [Promise.reject(new MeshError('storage-failed', 'The disk is gone.')), Promise.resolve()]
    outcomes[0]?.catch(() => undefined)
    const { app } = appIn(new FakeMesh('ada'), () => outcomes.shift()!)
    await app.join('acme', 'ada')
    await app.erase()
    expect(app.screen.value).toMatchObject({
      type: 'erase-failed',
      sentence: 'Your storage failed: The disk is gone.',
    })
    await app.eraseAgain()
    expect(app.screen.value).toMatchObject({ type: 'ask' })
  })

  test('where leaving fails it says so, does not say goodbye for ever, and can be tried again', async () => {
    const mesh = new FakeMesh('ada')
    mesh.leave = () => Promise.reject(new MeshError('storage-failed', 'The disk is gone.'))
    const erased: string[] = []
    const { app } = appIn(mesh, async () => void erased.push('acme'))
    await app.join('acme', 'ada')
    await app.erase()
    expect(app.screen.value).toMatchObject({
      type: 'erase-failed',
      sentence: 'Your storage failed: The disk is gone.',
    })
    expect(erased).toEqual([])
    await app.eraseAgain()
    expect(erased).toEqual(['acme'])
  })

  test('a tab that is asked to leave this mesh leaves and says why; another mesh is not its concern', async () => {
    const mesh = new FakeMesh('ada')
    const { app, siblings } = appIn(mesh, () => Promise.resolve())
    await app.join('acme', 'ada')
    siblings.ask('other')
    expect(app.screen.value.type).toBe('session')
    siblings.ask('acme')
    await vi.waitFor(() => expect(mesh.left).toBe(true))
    expect(app.screen.value).toMatchObject({ type: 'ask', notice: expect.stringMatching(/in another tab/) })
  })

  test('a tab that is still joining when another one erases does not stay in the mesh', async () => {
    const mesh = new FakeMesh('ada')
    let open = (): void => undefined
    const opening = new Promise<void>((resolve) => (open = resolve))
    const { app, siblings } = appIn(
      mesh,
      () => Promise.resolve(),
      () => opening.then(() => asMesh(mesh)),
    )
    const joining = app.join('acme', 'ada')
    siblings.ask('other')
    expect(app.screen.value.type).toBe('opening')
    siblings.ask('acme')
    open()
    await joining
    expect(mesh.left).toBe(true)
    expect(app.screen.value).toMatchObject({ type: 'ask', notice: expect.stringMatching(/in another tab/) })
  })

  test('erasing again asks tabs that were opened meanwhile to leave', async () => {
    const outcomes = [Promise.reject(new MeshError('storage-failed', 'The disk is gone.')), Promise.resolve()]
    outcomes[0]?.catch(() => undefined)
    const { app, siblings } = appIn(new FakeMesh('ada'), () => outcomes.shift()!)
    await app.join('acme', 'ada')
    await app.erase()
    expect(siblings.asked).toEqual(['acme'])
    await app.eraseAgain()
    expect(siblings.asked).toEqual(['acme', 'acme'])
  })

  test('of two tabs that erase at once one leaves and the other erases', async () => {
    const mesh = new FakeMesh('ada')
    const erased: string[] = []
    const { app, siblings } = appIn(mesh, async () => void erased.push('acme'))
    await app.join('acme', 'ada')
    const other = mesh.arrive('ada', { member: mesh.me.member })
    const first = app.erase()
    siblings.ask('acme', 'ffff' as PeerId)
    expect(app.screen.value.type).toBe('session')
    mesh.depart(other, 'left')
    await first
    expect(erased).toEqual(['acme'])
  })

  test('a tab that was about to erase leaves it to the other one, and stays where it is then', async () => {
    const mesh = new FakeMesh('ada')
    const erased: string[] = []
    const { app, siblings } = appIn(mesh, async () => void erased.push('acme'))
    await app.join('acme', 'ada')
    mesh.arrive('ada', { member: mesh.me.member })
    vi.useFakeTimers()
    try {
      const second = app.erase()
      siblings.ask('acme', '0000' as PeerId)
      expect(app.screen.value).toMatchObject({ type: 'ask', notice: expect.stringMatching(/in another tab/) })
      await vi.runAllTimersAsync()
      expect(await second).toBeUndefined()
      expect(app.screen.value.type).toBe('ask')
      expect(erased).toEqual([])
    } finally {
      vi.useRealTimers()
    }
  })

  test('waits for the other tabs, and refuses where one stays', async () => {
    const mesh = new FakeMesh('ada')
    const session = openSession({
      mesh: asMesh(mesh),
      meshName: 'acme',
      now: () => 0,
      attention: new FakeAttention(),
      memory: createMemory(undefined, undefined),
      positions: createReadPositions('acme', undefined, () => () => undefined),
    })
    const other = mesh.arrive('ada', { member: mesh.me.member })
    expect(await untilAlone(session, 5)).toBe(false)
    const alone = untilAlone(session)
    mesh.depart(other, 'left')
    expect(await alone).toBe(true)
  })

  test('a store that is still busy is tried again, any other failure is not', async () => {
    let attempts = 0
    const busy = () => Promise.reject(new MeshError('storage-busy', 'Held.'))
    await eraseWithPatience(() => (++attempts < 2 ? busy() : Promise.resolve()))
    expect(attempts).toBe(2)
    attempts = 0
    const broken = eraseWithPatience(() => {
      attempts++
      return Promise.reject(new MeshError('storage-failed', 'Broken.'))
    })
    await expect(broken).rejects.toMatchObject({ code: 'storage-failed' })
    expect(attempts).toBe(1)
  })
})
