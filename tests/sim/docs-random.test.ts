// Many seeds of trouble around shared documents: peers come, go, crash and freeze, tabs share stores, stores fail, the
// network parts and heals, and everybody edits. At every event: who says synced has what the others had, and they have
// what it had. When it is quiet again all are equal, synced and stored; what was called stored outlives every crash.
//
//   SKEIN_SEEDS=300 npx vitest run tests/sim/docs-random.test.ts

import { expect, test } from 'vitest'
import * as Y from 'yjs'
import type { DocHandle } from '../../core/api.ts'
import { createRandom, type Random } from '../../core/base/random.ts'
import { DocReplica } from '../../core/mesh-replica.ts'
import type { World } from '../../core/platform/sim/world.ts'
import { createMeshWorld, joinAs, server, type Actor } from './mesh-world.ts'

const seeds = Number(process.env['SKEIN_SEEDS'] ?? 30)
const firstSeed = Number(process.env['SKEIN_FIRST_SEED'] ?? 4000)

/** Two tabs of one browser, and three agents. */
const cast = [
  { name: 'alice', browser: 'firefox' },
  { name: 'alice-tab', browser: 'firefox' },
  { name: 'bob' },
  { name: 'carol' },
  { name: 'dave' },
] as const
type Name = (typeof cast)[number]['name']
const docNames = ['notes', 'tasks'] as const
type DocName = (typeof docNames)[number]

/** An edit takes so long at most: the slowest way, what is gathered before it goes out, and a few queued values. */
const underWayMs = 1_000
/** Claims are looked at when something changed, and so often in between. */
const lookEveryMs = 50

interface Copy {
  readonly handle: DocHandle
  readonly replica: DocReplica
  readonly undo: Y.UndoManager
  state: DocHandle['state']
  digest: string
  now: Y.Snapshot
  /** What it held, from when on; the newest last. */
  readonly history: { readonly atMs: number; readonly held: Y.Snapshot }[]
}

interface Player {
  readonly name: Name
  readonly disk: string
  actor: Actor | undefined
  frozen: boolean
  readonly copies: Map<DocName, Copy>
  /** Asked to be closed, which takes as long as the store does, and may fail. */
  readonly closing: Set<DocName>
  /** Since when it sees those who are there and nobody else. It takes a while to notice that somebody is gone, or back. */
  clearSinceMs: number
}

interface Story {
  readonly world: World
  readonly random: Random
  readonly players: readonly Player[]
  /** By disk and document: all that was called stored there. */
  readonly promised: Map<string, Y.Doc>
  readonly lost: string[]
  lookedAtMs: number
  /** Who reaches whom; empty: all do. */
  groups: readonly (readonly string[])[]
  /** When somebody opened or closed a document. */
  turnedAtMs: number
  edits: number
  promises: number
  claims: number
}

function isParted({ groups }: Story, a: Player, b: Player): boolean {
  const groupOf = ({ name }: Player): number => groups.findIndex((group) => group.includes(name))
  return groupOf(a) !== groupOf(b) && groupOf(a) >= 0 && groupOf(b) >= 0
}

const sees = (a: Player, b: Player): boolean => a.actor!.mesh.others.has(b.actor!.mesh.me.id)

const isUp = ({ actor, frozen }: Player): boolean => actor !== undefined && !frozen

// ---------------------------------------------------------------------------------------------- the checker

function includes(whole: Y.Snapshot, part: Y.Snapshot): boolean {
  for (const [client, clock] of part.sv) if ((whole.sv.get(client) ?? 0) < clock) return false
  for (const [client, ranges] of part.ds.clients) {
    for (const { clock, len } of ranges) {
      for (let at = clock; at < clock + len; at++)
        if (!Y.isDeleted(whole.ds, Y.createID(client, at))) return false
    }
  }
  return true
}

const digestOf = (replica: DocReplica): string => Buffer.from(replica.digest()).toString('hex')

/** True: there is something new to judge. */
function look(story: Story): boolean {
  const { world, players } = story
  let news = world.now >= story.lookedAtMs + lookEveryMs
  for (const { actor, copies } of players) {
    if (!actor) continue
    for (const copy of copies.values()) {
      const { state } = copy.handle
      if (state !== copy.state) news = true
      copy.state = state
      const digest = digestOf(copy.replica)
      if (digest === copy.digest) continue
      news = true
      copy.digest = digest
      copy.now = Y.snapshot(copy.handle.doc)
      copy.history.push({ atMs: world.now, held: copy.now })
    }
  }
  if (news) lookAround(story)
  return news
}

function lookAround(story: Story): void {
  const { world, players } = story
  story.lookedAtMs = world.now
  for (const player of players.filter(isUp)) {
    const there = players.filter((each) => each !== player && isUp(each) && !isParted(story, player, each))
    const { others } = player.actor!.mesh
    const linked = player.actor!.mesh.status().links
    const isClear =
      others.size === there.length &&
      there.every(({ actor }) => others.has(actor!.mesh.me.id)) &&
      linked.length === there.length
    if (!isClear) player.clearSinceMs = Infinity
    else if (player.clearSinceMs === Infinity) player.clearSinceMs = world.now
  }
}

function heldBefore(copy: Copy, atMs: number): Y.Snapshot | undefined {
  return copy.history.findLast((each) => each.atMs <= atMs)?.held
}

/** Nobody claims what is not so. */
function check(story: Story): void {
  if (story.lost.length > 0) expect.fail(story.lost.join())
  if (!look(story)) return
  const { world, players, turnedAtMs } = story
  const isClear = ({ clearSinceMs }: Player): boolean => world.now > clearSinceMs + underWayMs
  for (const doc of docNames) {
    for (const player of players.filter(isUp).filter(isClear)) {
      const copy = player.copies.get(doc)
      if (!copy || copy.handle.state === 'syncing') continue
      const others = players.filter(
        (each) => each !== player && isUp(each) && each.copies.has(doc) && sees(player, each),
      )
      const isClosing = players.some(({ closing }) => closing.has(doc))
      const told = (what: string): string =>
        `${player.name} says ${copy.handle.state} of ${doc} at ${world.now}: ${what} (seed ${world.seed})\n${describe(story, doc)}`
      if (copy.handle.state === 'alone' && world.now > turnedAtMs + underWayMs) {
        if (others.length > 0) expect.fail(told('others have it open'))
      }
      if (copy.handle.state === 'synced') {
        if (copy.handle.basedOn.length === 0) expect.fail(told('based on nobody'))
        const isTurning = world.now <= turnedAtMs + underWayMs || isClosing
        if (others.length === 0 && !isTurning) expect.fail(told('nobody has it'))
        for (const other of others.filter(isClear)) checkPair(story, copy, other, doc, told)
      }
    }
  }
}

function describe({ players, groups }: Story, doc: DocName): string {
  const lines = players.map(({ name, actor, frozen, copies }) => {
    const copy = copies.get(doc)
    const sees = actor ? [...actor.mesh.others.values()].map((peer) => peer.name).join() : ''
    const links = actor
      ? actor.mesh
          .status()
          .links.map((link) => actor.mesh.peers.get(link.peer)?.name)
          .join()
      : ''
    const based = copy?.handle.basedOn.map((peer) => actor!.mesh.peers.get(peer)?.name).join()
    const text = copy?.handle.doc.getText('text').toJSON().slice(0, 60)
    return `${name} ${frozen ? 'frozen' : ''} sees [${sees}] links [${links}] ${copy?.handle.state} on [${based}] ${copy?.digest.slice(0, 6)} ${text}`
  })
  return [JSON.stringify(groups), ...lines].join('\n')
}

function checkPair(
  story: Story,
  copy: Copy,
  other: Player,
  doc: DocName,
  told: (what: string) => string,
): void {
  if (!copy.handle.basedOn.includes(other.actor!.mesh.me.id)) return
  const theirs = other.copies.get(doc)!
  const before = story.world.now - underWayMs
  const [theyHeld, weHeld] = [heldBefore(theirs, before), heldBefore(copy, before)]
  story.claims++
  if (theyHeld && !includes(copy.now, theyHeld)) expect.fail(told(`it lacks what ${other.name} has`))
  // What somebody else told us it told them, too; where there is no link between those two, that may take longer.
  const areLinked = story.players.filter(isUp).every(({ clearSinceMs }) => before > clearSinceMs)
  if (areLinked && weHeld && !includes(theirs.now, weHeld))
    expect.fail(told(`${other.name} lacks what it has`))
}

async function runChecked(story: Story, ms: number): Promise<void> {
  const { world } = story
  let over = false
  world.at(world.now + ms, 'a while is over', () => {
    over = true
  })
  const passes = (): boolean => {
    check(story)
    return over
  }
  await world.until(passes, { withinMs: ms + 1, what: 'time passes' })
}

// ------------------------------------------------------------------------------------------------ the acts

async function enter(story: Story, player: Player): Promise<void> {
  const { name } = player
  const role = cast.find((each) => each.name === name)!
  const before = story.world.processes.find((process) => process.name === name)
  const options = 'browser' in role ? { browser: role.browser } : {}
  player.actor = await joinAs(story.world, name, before ? { ...options, process: before.restart() } : options)
  player.frozen = false
  player.copies.clear()
  player.closing.clear()
  player.clearSinceMs = Infinity
}

function open(story: Story, player: Player, doc: DocName): void {
  const { actor } = player
  const ready = (handle: DocHandle): void => {
    if (player.actor !== actor || player.copies.has(doc)) return
    const replica = new DocReplica(handle.doc)
    const now = Y.snapshot(handle.doc)
    const scope = [handle.doc.getText('text'), handle.doc.getMap('map')]
    const copy: Copy = {
      handle,
      replica,
      undo: new Y.UndoManager(scope, { captureTimeout: 0 }),
      state: handle.state,
      digest: digestOf(replica),
      now,
      history: [{ atMs: story.world.now, held: now }],
    }
    player.copies.set(doc, copy)
    story.turnedAtMs = story.world.now
    checkKept(story, player, doc, copy)
  }
  actor!.mesh.doc(doc).then(ready, () => undefined)
}

/** All that was ever called stored on that disk is in what was loaded from it. */
function checkKept(story: Story, { name, disk }: Player, doc: DocName, copy: Copy): void {
  const { promised, world } = story
  const kept = promised.get(`${disk} ${doc}`)
  if (kept && !includes(copy.now, Y.snapshot(kept))) {
    story.lost.push(`${name} lost of ${doc} what was stored (seed ${world.seed}, at ${world.now})`)
  }
}

function close(story: Story, player: Player, doc: DocName): void {
  const copy = player.copies.get(doc)!
  const { actor } = player
  const end = (isClosed: boolean): void => {
    if (player.actor !== actor) return
    player.closing.delete(doc)
    story.turnedAtMs = story.world.now
    if (isClosed) copy.replica.destroy()
    // It stays open where the store does not take what is in it.
    else player.copies.set(doc, copy)
  }
  player.copies.delete(doc)
  player.closing.add(doc)
  story.turnedAtMs = story.world.now
  copy.handle.close().then(
    () => end(true),
    () => end(false),
  )
}

function edit(story: Story, { handle, undo }: Copy): void {
  const { random } = story
  const text = handle.doc.getText('text')
  const map = handle.doc.getMap<string>('map')
  const dice = random.float()
  const number = story.edits++
  if (dice < 0.45) text.insert(random.integer(text.length + 1), `${number} `)
  else if (dice < 0.6) text.delete(random.integer(text.length + 1), 0)
  else if (dice < 0.7 && text.length > 4) text.delete(random.integer(text.length - 3), 3)
  else if (dice < 0.85) map.set(`key ${random.integer(5)}`, `${number}`)
  else if (dice < 0.9) map.delete(`key ${random.integer(5)}`)
  else if (dice < 0.95) undo.undo()
  else map.set('large', String(number % 10).repeat(20_000 + random.integer(60_000)))
}

/** Remembers what it holds now once that is called stored. */
function ask(story: Story, player: Player, doc: DocName): void {
  const { handle } = player.copies.get(doc)!
  const update = Y.encodeStateAsUpdate(handle.doc)
  const key = `${player.disk} ${doc}`
  const keep = (): void => {
    const kept = story.promised.get(key) ?? new Y.Doc()
    Y.applyUpdate(kept, update)
    story.promised.set(key, kept)
    story.promises++
  }
  handle.whenStored().then(keep, () => undefined)
}

async function act(story: Story): Promise<void> {
  const { random, players } = story
  const player = players[random.integer(players.length)]!
  if (!player.actor) return enter(story, player)
  if (player.frozen) {
    player.actor.process.wake()
    player.frozen = false
    player.clearSinceMs = Infinity
    return
  }
  const doc = docNames[random.float() < 0.7 ? 0 : 1]
  const copy = player.copies.get(doc)
  const dice = random.float()
  if (!copy) return open(story, player, doc)
  if (dice < 0.7) {
    const count = random.float() < 0.9 ? 1 : 1 + random.integer(40)
    for (let i = 0; i < count; i++) edit(story, copy)
    if (random.float() < 0.4) ask(story, player, doc)
    return
  }
  if (dice < 0.76) return close(story, player, doc)
  return trouble(story, player)
}

function trouble(story: Story, player: Player): void {
  const { world, random, players } = story
  const dice = random.float()
  if (dice < 0.15) {
    world.disk(player.disk).failing = random.float() < 0.5 ? 'storage-full' : 'storage-failed'
    return
  }
  if (dice < 0.35) {
    world.disk(player.disk).failing = undefined
    return
  }
  if (dice < 0.55) {
    player.actor!.process.kill(random.float() < 0.5 ? { links: 'down' } : {})
    player.actor = undefined
    player.copies.clear()
  } else if (dice < 0.65) {
    player.actor!.process.freeze()
    player.frozen = true
  } else if (dice < 0.78) {
    // Tabs of one browser are on the same side: they have one network.
    const disks = random.sample([...new Set(players.map(({ disk }) => disk)), server], 9)
    const at = 1 + random.integer(disks.length)
    const named = (disk: string): string[] =>
      disk === server ? [server] : players.filter((each) => each.disk === disk).map(({ name }) => name)
    story.groups = [disks.slice(0, at), disks.slice(at)]
      .map((group) => group.flatMap(named))
      .filter((group) => group.length > 0)
    world.partition(story.groups)
  } else if (dice < 0.94) {
    story.groups = []
    world.heal()
  } else if (dice < 0.97) world.server(server).stop()
  else world.server(server).start()
}

// ------------------------------------------------------------------------------------------------ the story

async function calm(story: Story): Promise<void> {
  const { world, players } = story
  world.heal()
  story.groups = []
  world.server(server).start()
  for (const player of players) {
    world.disk(player.disk).failing = undefined
    if (player.frozen) player.actor!.process.wake()
    player.frozen = false
    if (!player.actor) await enter(story, player)
  }
  for (const player of players)
    for (const doc of docNames) if (!player.copies.has(doc)) open(story, player, doc)
  const rests = (): boolean => {
    check(story)
    return docNames.every((doc) => {
      const copies = players.flatMap(({ copies }) => copies.get(doc) ?? [])
      const equal = new Set(copies.map(({ digest }) => digest)).size === 1
      const isDone = ({ handle }: Copy): boolean =>
        handle.synced && handle.stored && handle.basedOn.length === players.length - 1
      return copies.length === players.length && equal && copies.every(isDone)
    })
  }
  const reopen = (): void => {
    for (const player of players)
      for (const doc of docNames) if (!player.copies.has(doc)) open(story, player, doc)
  }
  // A document whose closing was under way is opened again.
  await runChecked(story, 6_000)
  reopen()
  await world.until(rests, { withinMs: 120_000, what: 'all are equal, synced and stored' })
  const queued = players.flatMap(({ actor }) => actor!.mesh.status().links.map((link) => link.queuedBytes))
  expect(Math.max(...queued)).toBe(0)
}

async function play(seed: number): Promise<Story> {
  const world = createMeshWorld(seed)
  const random = createRandom(new Uint8Array(16).fill(seed % 251).map((byte, i) => byte ^ (seed >> i)))
  const players = cast.map((role): Player => ({
    name: role.name,
    disk: 'browser' in role ? role.browser : role.name,
    actor: undefined,
    frozen: false,
    copies: new Map(),
    closing: new Set(),
    clearSinceMs: Infinity,
  }))
  const promised = new Map<string, Y.Doc>()
  const begin = { groups: [], lookedAtMs: 0, turnedAtMs: 0, edits: 0, promises: 0, claims: 0 }
  const story: Story = { world, random, players, promised, lost: [], ...begin }
  for (const player of players.slice(0, 3 + random.integer(3))) {
    await enter(story, player)
    open(story, player, 'notes')
  }
  await runChecked(story, 2_000)
  for (let i = 0; i < 60; i++) {
    await act(story)
    await runChecked(story, random.float() < 0.06 ? 6_000 : 150)
  }
  await calm(story)
  for (const { actor } of players) actor!.process.kill()
  for (const player of players) {
    await enter(story, player)
    for (const doc of docNames) open(story, player, doc)
    await world.run(500)
  }
  for (const { copies } of players) expect(copies.size).toBe(docNames.length)
  expect(story.lost).toEqual([])
  expect(story.promises).toBeGreaterThan(0)
  return story
}

test.each(Array.from({ length: seeds }, (_, i) => firstSeed + i))('seed %i ends well', async (seed) => {
  await play(seed)
})

test('the checker had something to check, and the same seed is the same run', async () => {
  const [one, two] = [await play(firstSeed), await play(firstSeed)]
  expect(one.claims).toBeGreaterThan(1_000)
  expect(two.world.trace.hash).toBe(one.world.trace.hash)
})
