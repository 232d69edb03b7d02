// A tab and three agents in three places of a real network, and what networks do to them. Nothing here waits for a
// time: each story waits for what must come about. The history of them all is judged at the end, by the checkers that
// judge simulated runs.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { calmDown, judge } from '../real/verdict.ts'
import { Story } from './support/story.ts'
import { findHindrance } from './support/tools.ts'
import { World } from './support/world.ts'

const hindrance = findHindrance()
if (hindrance !== undefined) console.log(`skipped: tests/networks/networks.test.ts: ${hindrance}`)

/** Of a story, ms: for a machine that is slow, not for one that fails. */
const timeout = 180_000
/** The larger takes 33 s at 256 kbit/s. */
const largeDocBytes = process.env['SKEIN_LONG'] === undefined ? 300_000 : 1_000_000

describe('real networks', { timeout, skip: hindrance !== undefined }, () => {
  let world: World
  let story: Story

  beforeAll(async () => {
    world = await World.create()
  }, timeout)
  beforeEach(async () => {
    // Whatever a story before left behind is no matter of the next one.
    if (world.history.length > 0) await world.company.untilAgree(world.all)
    story = new Story(world)
  }, timeout)
  afterEach(() => world.heal())
  afterAll(() => world?.close(), timeout)

  test('a tab and agents in three places meet, each with a link to each', async () => {
    const { all, company } = world
    await world.joinAll()
    await company.untilAgree(all, { linked: true })
    await story.untilHandled(await story.write(all, 5, 'hello'), all)
    await story.untilSameDoc(all)
    expect(story.declaredGone).toEqual([])
  })

  test('signaling answers nobody: links that stand carry everything, and who wants to join does when it is back', async () => {
    const { all, company, network, south } = world
    await world.disturb('no signaling', [], 'the hub is silent', () => network.hub.silence())
    const erin = await world.addAgent('erin', south)
    await story.converse(all, 3)
    expect(story.declaredGone).toEqual([])
    await company.until(async () =>
      (await erin.conduct.standing()).signaling.includes('open') ? 'silence' : undefined,
    )
    world.heal()
    await company.untilAgree([...all, erin])
    await erin.conduct.leave()
    await company.untilAgree(all)
  })

  test('of a hundred packets eight are lost: everything arrives, and nobody is gone', async () => {
    const { all, network } = world
    await world.disturb('loss', all, '8 % everywhere', () =>
      network.places.forEach((place) => place.lose(0.08)),
    )
    await story.converse(all, 6)
    expect(story.declaredGone).toEqual([])
  })

  test('packets are late and overtake each other: everything arrives, and nobody is gone', async () => {
    const { all, network } = world
    const delays = { leastMs: 20, meanMs: 30, tailPermille: 20, tailMs: 600 }
    await world.disturb('delays', all, JSON.stringify(delays), () => network.delay(delays))
    await story.converse(all, 6)
    expect(story.declaredGone).toEqual([])
  })

  test('256 kbit/s: a large document and a conversation go through one line, and nobody is gone', async () => {
    const { all, company, west } = world
    const { alice, bob, carol } = world.cast
    const readers = [alice, bob, carol]
    await world.disturb('slow', all, 'the west has 256 kbit/s', () => west.slow(256))
    await Promise.all(readers.map(({ conduct }) => conduct.openDoc('large')))
    await alice.conduct.writeDoc('large', 'x'.repeat(largeDocBytes))
    await story.converse(all, 3)
    await company.untilSameDoc(readers, 'large', largeDocBytes)
    expect(story.declaredGone).toEqual([])
  })

  test('OV11 a line carries one way only: everything arrives by way of others, and nobody is gone', async () => {
    const { all, south, west } = world
    const { bob, carol, dave } = world.cast
    await world.disturb('one way', [bob, carol, dave], 'the south is deaf to the west', () =>
      south.deafTo(west),
    )
    await story.converse(all, 4)
    expect(story.declaredGone).toEqual([])
  })

  test('EL7 three places fall apart and come together: a leader in each, then one in a higher epoch, and all that was written', async () => {
    const { all, company, north, west } = world
    const { alice, bob, carol, dave } = world.cast
    const before = await company.untilAgree(all)
    // Of one the cable is pulled, which its machine sees; that the other is cut off nobody is told.
    await world.disturb('partition', all, 'the north is unplugged, the west is cut off', () => {
      north.unplug()
      west.cut()
    })
    const parts = [[alice], [bob], [carol, dave]]
    const agreements = await Promise.all(parts.map((part) => company.untilAgree(part)))
    expect(new Set(agreements.map(({ leader }) => leader)).size).toBe(3)
    const ids = (await Promise.all(parts.map((part) => story.write(part, 10, 'apart')))).flat()
    await Promise.all(parts.map((part) => story.untilSameDoc(part)))
    world.heal()
    const above = Math.max(before.epoch, ...agreements.map(({ epoch }) => epoch))
    await company.untilAgree(all, { above })
    await story.untilHandled(ids, all)
    await story.untilSameDoc(all)
  })

  test('the history of all of it keeps every promise', async () => {
    const { all, company, history } = world
    await calmDown(company, history, all)
    expect(judge(history)).toEqual([])
  })
})
