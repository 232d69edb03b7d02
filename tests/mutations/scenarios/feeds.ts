// Feeds as others write them: in order, unbroken, signed; served by liars, acknowledged by liars, dated by broken clocks.

import { limits } from '../../../core/base/limits.ts'
import { encodeBody } from '../../../core/body.ts'
import type { World } from '../../../core/platform/sim/world.ts'
import { noHash, type VerifiedEntry } from '../../../core/wire/entries.ts'
import { consume, createMeshWorld, joinAs, joinInTurn, type Actor } from '../../sim/mesh-world.ts'
import { always, demand, eventually } from './complaint.ts'
import { Puppet } from './puppet.ts'
import type { Scenario } from './scenarios.ts'

/** Carol reads; a feed of an honest author is offered to her by a liar first. */
interface Served {
  readonly world: World
  readonly carol: Actor
  readonly author: Puppet
  readonly liar: Puppet
}

/** The author has written three messages to carol, and nobody has said so yet. */
async function beforeServing(seed: number): Promise<Served> {
  const world = createMeshWorld(seed)
  const carol = await joinAs(world, 'carol')
  consume(carol)
  const { id, member } = carol.mesh.me
  const author = await Puppet.join(world, 'author', 1)
  const liar = await Puppet.join(world, 'liar', 2)
  for (const puppet of [author, liar]) await puppet.link(world, id)
  await author.writeProfile()
  for (const text of ['one', 'two', 'three']) await author.write(world, member, [member], text)
  return { world, carol, author, liar }
}

/** The liar says first that it holds the feed, is asked, and answers only when the author has said so as well. */
async function serve({ world, carol, author, liar }: Served, lie: readonly VerifiedEntry[]): Promise<void> {
  const { id } = carol.mesh.me
  const asks = (puppet: Puppet): number => puppet.payloads('want').length
  liar.sayVector(id, { feed: author.feed })
  await world.until(() => asks(liar) > 0, { what: 'the liar is asked' })
  author.onMessage = (_, message) => {
    if (message.type !== 'direct' || message.payload.type !== 'want') return false
    const { feed, after } = message.payload
    const entries = author.feed.filter(({ header }) => header.number > after).map(({ entry }) => entry)
    author.direct(id, { type: 'found', feed, after, entries, more: false })
    return true
  }
  author.sayVector(id)
  await world.run(200)
  const [want] = liar.payloads('want')
  const entries = lie.map(({ entry }) => entry)
  liar.direct(id, { type: 'found', feed: want!.feed, after: want!.after, entries, more: false })
}

const withoutBody = (written: VerifiedEntry): VerifiedEntry => ({
  ...written,
  entry: { ...written.entry, body: undefined },
})

export const feedScenarios: readonly Scenario[] = [
  {
    name: 'a feed comes in disorder',
    play: async () => {
      const world = createMeshWorld(2101)
      const bob = await joinAs(world, 'bob')
      consume(bob)
      const { id, member } = bob.mesh.me
      const author = await Puppet.join(world, 'author')
      await author.link(world, id)
      const profile = await author.writeProfile()
      const [first, second] = [
        await author.write(world, member, [member], 'first'),
        await author.write(world, member, [member], 'second'),
      ]
      author.sayEntries(id, [profile, second])
      const complaint = 'a later message was given before an earlier one of its feed'
      await always(world, 2_000, complaint, () => bob.inbox.length === 0)
      author.sayEntries(id, [first])
      await eventually(world, 5_000, 'a feed does not go on', () => bob.inbox.join() === 'first,second')
    },
  },
  {
    name: 'a feed is forged',
    play: async () => {
      const world = createMeshWorld(2102)
      const bob = await joinAs(world, 'bob')
      consume(bob)
      const { id, member } = bob.mesh.me
      const author = await Puppet.join(world, 'author')
      await author.link(world, id)
      author.sayEntries(id, [await author.writeProfile()])
      await world.run(1_000)
      const [genuine] = await forge(world, author, bob, 'unsigned', author.feed.at(-1)!.hash)
      const signature = genuine!.entry.signature.map((byte, i) => (i === 40 ? byte ^ 1 : byte))
      author.sayEntries(id, [{ ...genuine!, entry: { ...genuine!.entry, signature } }])
      const isSigned = (): boolean => !bob.inbox.includes('unsigned')
      await always(world, 1_000, 'an entry was taken that its author did not sign', isSigned)
      author.sayEntries(id, await forge(world, author, bob, 'unchained', noHash))
      const isChained = (): boolean => !bob.inbox.includes('unchained')
      await always(world, 1_000, 'an entry was taken that does not continue its feed', isChained)
      author.sayEntries(id, [await author.write(world, member, [member], 'genuine')])
      await eventually(world, 5_000, 'a feed does not go on', () => bob.inbox.join() === 'genuine')
    },
  },
  {
    name: 'a feed is continued by another',
    play: async () => {
      const world = createMeshWorld(2107)
      const bob = await joinAs(world, 'bob')
      consume(bob)
      const { id, member } = bob.mesh.me
      const [author, thief] = [await Puppet.join(world, 'author', 1), await Puppet.join(world, 'thief', 2)]
      for (const puppet of [author, thief]) await puppet.link(world, id)
      const profile = await author.writeProfile()
      author.sayEntries(id, [profile])
      await world.run(1_000)
      const { header } = await thief.write(world, member, [member], 'stolen')
      const place = { feed: author.record.store, number: 2 }
      const stolen = await thief.sign(header.content, encodeBody('stolen'), profile.hash, place)
      thief.sayEntries(id, [stolen])
      const isHis = (): boolean => bob.inbox.length === 0
      await always(world, 2_000, 'a feed was continued by another member', isHis)
    },
  },
  {
    name: 'a message comes too late',
    play: async () => {
      const world = createMeshWorld(2108)
      const bob = await joinAs(world, 'bob')
      consume(bob)
      const { id, member } = bob.mesh.me
      const author = await Puppet.join(world, 'author')
      await author.link(world, id)
      const entries = [
        await author.writeProfile(),
        await author.write(world, member, [member], 'stale', { ttlMs: 1_000 }),
        await author.write(world, member, [member], 'fresh'),
      ]
      // Clocks differ: for a minute after its time a message is given all the same.
      await world.run(2 * limits.maxClockAheadMs)
      author.sayEntries(id, entries)
      await eventually(world, 5_000, 'a feed does not go on', () => bob.inbox.includes('fresh'))
      demand(!bob.inbox.includes('stale'), 'a message was given after its time had run out')
    },
  },
  {
    name: 'a stranger gives up the beginning of a feed',
    play: async () => {
      const served = await beforeServing(2103)
      await serve(served, served.author.feed.slice(-1))
      const { world, carol } = served
      const isWhole = (): boolean => carol.inbox.join() === 'one,two,three'
      const complaint = 'what a reachable peer still holds was given up at the word of another'
      await eventually(world, 10_000, complaint, isWhole)
    },
  },
  {
    name: 'a stranger has pruned the bodies',
    play: async () => {
      const served = await beforeServing(2104)
      await serve(served, served.author.feed.map(withoutBody))
      const { world, carol } = served
      const isWhole = (): boolean => carol.inbox.join() === 'one,two,three'
      const complaint = 'a message was taken without the body that a reachable peer still holds'
      await eventually(world, 10_000, complaint, isWhole)
    },
  },
  {
    name: 'a receipt for another entry',
    play: async () => {
      const world = createMeshWorld(2105)
      const alice = await joinAs(world, 'alice')
      const { id } = alice.mesh.me
      const addressee = await Puppet.join(world, 'addressee')
      await addressee.link(world, id)
      const sent = await world.finish(alice.mesh.send(addressee.member, 'is it you?'))
      await world.until(() => addressee.payloads('entries').length > 0, { what: 'the entry comes' })
      const entries = addressee.payloads('entries').flatMap((payload) => payload.entries)
      const hash = await addressee.process.crypto.sha256(entries.at(-1)!.header)
      const feed = alice.mesh.status().storage.storeId
      const say = (hashSaid: Uint8Array): void => {
        const head = { feed, number: 2, hash: hashSaid, retired: 0 }
        const { member } = addressee
        addressee.direct(id, { type: 'vector', member, durable: true, whole: false, heads: [head] })
      }
      say(hash.map((byte) => byte ^ 1))
      const isOpen = (): boolean => sent.deliveredTo.size === 0
      await always(world, 3_000, 'a message counts as delivered to whoever holds another one', isOpen)
      say(hash)
      await eventually(world, 5_000, 'a receipt is not taken', () => sent.deliveredTo.size === 1)
    },
  },
  {
    name: 'a clock an hour ahead',
    play: async () => {
      const world = createMeshWorld(2106)
      const [alice] = (await joinInTurn(world, ['alice'])) as [Actor]
      const ahead = world.platform({ name: 'bob', wallSkewMs: 3_600_000 })
      const bob = await joinAs(world, 'bob', { process: ahead })
      await world.until(() => alice.mesh.others.size === 1 && alice.mesh.status().links.length === 1)
      await world.finish(bob.mesh.send(alice.mesh.me.member, 'from the future'))
      await world.run(1_000)
      await world.finish(alice.mesh.send(bob.mesh.me.member, 'from now'))
      const page = await world.finish(alice.mesh.history(bob.mesh.me.member))
      demand(page.length === 2, 'a message is missing')
      const future = page.find(({ body }) => body === 'from the future')!
      demand(future.clockAhead === true, 'a clock an hour ahead is not marked')
      demand(page[0]!.body === 'from now', 'a clock an hour ahead moved ours')
    },
  },
]

/** The next entry of the author's feed as it might be, which he does not count as written. */
async function forge(
  world: World,
  author: Puppet,
  { mesh }: Actor,
  text: string,
  previous: Uint8Array,
): Promise<VerifiedEntry[]> {
  const { member } = mesh.me
  const written = await author.write(world, member, [member], text)
  author.unwrite()
  return [await author.sign(written.header.content, encodeBody(text), previous)]
}
