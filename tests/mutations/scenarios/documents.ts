// Documents: equal, stored, and called synced only when they are.

import * as Y from 'yjs'
import type { DocHandle } from '../../../core/api.ts'
import type { World } from '../../../core/platform/sim/world.ts'
import { createMeshWorld, joinAs, joinInTurn, server, type Actor } from '../../sim/mesh-world.ts'
import { always, demand, eventually } from './complaint.ts'
import { Puppet } from './puppet.ts'
import type { Scenario } from './scenarios.ts'

const open = (world: World, { mesh }: Actor): Promise<DocHandle> => world.finish(mesh.doc('notes'))

const text = ({ doc }: DocHandle): Y.Text => doc.getText('text')

const rows = (world: World, disk: string): string[] =>
  world
    .disk(disk)
    .keys()
    .filter((key) => key.startsWith('doc/notes/'))

const areSynced =
  (...handles: readonly DocHandle[]) =>
  (): boolean =>
    handles.every(({ synced }) => synced) &&
    new Set(handles.map((handle) => text(handle).toJSON())).size === 1

export const documentScenarios: readonly Scenario[] = [
  {
    name: 'something is deleted on one side',
    play: async () => {
      const world = createMeshWorld(2401)
      const actors = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      const [alice, bob] = [await open(world, actors[0]), await open(world, actors[1])]
      text(alice).insert(0, 'grey geese')
      await eventually(world, 30_000, 'an edit does not arrive', areSynced(alice, bob))
      world.partition([['alice', server], ['bob']])
      const isAlone = (): boolean => actors.every(({ mesh }) => mesh.others.size === 0)
      await eventually(world, 60_000, 'they are not parted', isAlone)
      text(alice).delete(0, 5)
      world.heal()
      const isMet = (): boolean => actors.every(({ mesh }) => mesh.status().links.length === 1)
      await eventually(world, 60_000, 'they do not meet again', isMet)
      const isHonest = (): boolean => !(bob.synced && alice.synced) || areSynced(alice, bob)()
      await world.run(100)
      await always(world, 10_000, 'two copies are called synced and differ by a deletion', isHonest)
      await eventually(world, 30_000, 'a deletion does not arrive', areSynced(alice, bob))
    },
  },
  {
    name: 'something waits for what is not here',
    play: async () => {
      const world = createMeshWorld(2402)
      const actors = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      const [alice, bob] = [await open(world, actors[0]), await open(world, actors[1])]
      text(alice).insert(0, 'geese')
      await eventually(world, 30_000, 'an edit does not arrive', areSynced(alice, bob))
      const elsewhere = new Y.Doc()
      elsewhere.getText('text').insert(0, 'first')
      const before = Y.encodeStateVector(elsewhere)
      elsewhere.getText('text').insert(5, ', then second')
      Y.applyUpdate(alice.doc, Y.encodeStateAsUpdate(elsewhere, before))
      await world.run(2_000)
      demand(!alice.synced, 'a document is called synced while something in it waits for what is not here')
      Y.applyUpdate(alice.doc, Y.encodeStateAsUpdate(elsewhere))
      await eventually(world, 30_000, 'a document is never synced again', areSynced(alice, bob))
    },
  },
  {
    name: 'a newcomer opens a document',
    play: async () => {
      const world = createMeshWorld(2403)
      const actors = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      const alice = await open(world, actors[0])
      text(alice).insert(0, 'x'.repeat(400_000))
      // What is said of a copy is said of what was known: an edit is on its way for a moment.
      await world.run(1_000)
      const bob = await open(world, actors[1])
      const isHonest = (): boolean => {
        demand(bob.state !== 'alone', 'a peer says that it has a document alone before the others answered')
        return !bob.synced || text(bob).length === text(alice).length
      }
      await always(world, 5_000, 'a document is called synced before all of it is here', isHonest)
      demand(areSynced(alice, bob)(), 'a newcomer does not get a document')
    },
  },
  {
    name: 'somebody speaks for another',
    play: async () => {
      const world = createMeshWorld(2406)
      const actors = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      const [alice, bob] = [await open(world, actors[0]), await open(world, actors[1])]
      const { clientID } = bob.doc
      bob.awareness.setLocalState({ name: 'bob' })
      const shown = (): unknown => alice.awareness.getStates().get(clientID)?.['name']
      await eventually(world, 10_000, 'awareness does not arrive', () => shown() === 'bob')
      const puppet = await Puppet.join(world, 'puppet')
      const { id } = actors[0].mesh.me
      await puppet.link(world, id)
      const digest = new Uint8Array(16)
      const state = { doc: 'notes', order: 1, revision: 0, number: 0, digest, waitingFor: [], agreed: [] }
      puppet.direct(id, { type: 'docs', whole: true, ask: false, order: 2, open: [state], closed: [] })
      const states = [{ client: clientID, clock: 1_000, state: '{"name":"puppet"}' }]
      puppet.direct(id, { type: 'docAwareness', doc: 'notes', states })
      const complaint = 'a peer showed itself under the name of another'
      await always(world, 3_000, complaint, () => shown() === 'bob')
    },
  },
  {
    name: 'stored, then killed',
    play: async () => {
      const world = createMeshWorld(2404)
      const alice = await joinAs(world, 'alice', { signaling: [] })
      const handle = await open(world, alice)
      for (let i = 0; i < 5; i++) {
        const before = rows(world, 'alice').length
        text(handle).insert(0, `${i}`)
        await world.finish(handle.whenStored())
        demand(rows(world, 'alice').length > before, 'a document is called stored before it is')
      }
    },
  },
  {
    name: 'a document is written anew',
    play: async () => {
      const world = createMeshWorld(2405)
      const alice = await joinAs(world, 'alice', { signaling: [] })
      const handle = await open(world, alice)
      const map = handle.doc.getMap<string>('map')
      map.set('kept', 'for ever')
      await world.finish(handle.whenStored())
      const rewritten = (): number => alice.mesh.status().counters['docsRewritten'] ?? 0
      const isThere = (): boolean => rows(world, 'alice').length > 0
      for (let i = 0; i < 12 && rewritten() === 0; i++) {
        map.set('large', String(i % 10).repeat(100_000))
        const complaint = 'the rows of a document are gone before it is written anew'
        await always(world, 1_000, complaint, isThere)
      }
      demand(rewritten() > 0, 'a document is never written anew')
      const back = await joinAs(world, 'alice', { process: alice.process.restart() })
      const again = await open(world, back)
      demand(again.doc.getMap('map').get('kept') === 'for ever', 'what was stored is lost')
    },
  },
]
