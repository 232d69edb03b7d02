// The leader goes, in every way a leader can go. Those left agree on the same new one with a higher epoch, exactly
// one duty runs among them, and nobody alive is declared gone. Among those left are a tab of the same browser, a tab
// of another browser over WebRTC, and an agent.

import { expect } from '@playwright/test'
import type { Agent } from './support/agent-process.ts'
import { goBackThroughCache } from './support/back-forward-cache.ts'
import { type Cast, test } from './support/fixtures.ts'
import {
  type Agreement,
  expectFencedActs,
  expectNobodyDeclaredGone,
  type Participant,
  patience,
  reports,
  untilAgree,
  untilLedBy,
  untilOneDuty,
} from './support/participant.ts'
import type { Profile } from './support/profile.ts'
import type { Tab } from './support/tab.ts'

interface Flock {
  readonly browser: Profile
  /** Arrived first, so it leads. */
  readonly leader: Tab
  readonly sibling: Tab
  readonly bob: Tab
  readonly carol: Agent
  readonly before: Agreement
}

async function flockLedByATab({ mesh, profile, agent }: Cast): Promise<Flock> {
  const [browser, bobs] = await Promise.all([profile('alice'), profile('bob')])
  const leader = await browser.open({ mesh })
  await untilAgree([leader])
  const sibling = await browser.open({ mesh })
  await untilAgree([leader, sibling])
  const [bob, carol] = await Promise.all([bobs.open({ mesh }), agent('carol')])
  const everybody = [leader, sibling, bob, carol]
  for (const one of everybody) await one.lead()
  const before = await untilLedBy(leader, everybody)
  await untilOneDuty(everybody)
  // Where the first one stood still, on a machine with other work, the second has come to lead.
  const [leads, follows] =
    before.leader === (await sibling.report()).me ? [sibling, leader] : [leader, sibling]
  expect((await leads.report()).me).toBe(before.leader)
  return { browser, leader: leads, sibling: follows, bob, carol, before }
}

/** What holds for those left, whatever became of the leader. `successor`: who has to lead, where that is asked. */
async function expectSuccession(
  survivors: readonly Participant[],
  before: Agreement,
  successor?: Participant,
): Promise<Agreement> {
  const after = successor
    ? await untilLedBy(successor, survivors, before.epoch)
    : await untilAgree(survivors, before.epoch)
  expect(after.leader).not.toBe(before.leader)
  await untilOneDuty(survivors)
  await expectNobodyDeclaredGone(survivors)
  expectFencedActs(await reports(survivors))
  return after
}

/** Whoever comes back is a newcomer. Its old claim may make the leader raise its epoch, and never changes the leader. */
function expectSameLeader(now: Agreement, before: Agreement): void {
  expect(now.leader).toBe(before.leader)
  expect(now.epoch).toBeGreaterThanOrEqual(before.epoch)
}

test('its tab is closed', async ({ cast }) => {
  const { leader, sibling, bob, carol, before } = await flockLedByATab(cast)
  await leader.close()
  await expectSuccession([sibling, bob, carol], before, sibling)
  await expect(bob.event(/leads now|lead now/).last()).toBeVisible()
})

test('its renderer crashes', async ({ cast }) => {
  const { leader, sibling, bob, carol, before } = await flockLedByATab(cast)
  await leader.crash()
  await expectSuccession([sibling, bob, carol], before, sibling)
})

test('its browser is SIGKILLed', async ({ cast }) => {
  const { browser, bob, carol, before } = await flockLedByATab(cast)
  await browser.kill()
  await expectSuccession([bob, carol], before)
})

test('it is an agent and is SIGKILLed', async ({ cast }) => {
  const { mesh } = cast
  const leader = await cast.agent('carol')
  await untilAgree([leader])
  const alices = await cast.profile('alice')
  const alice = await alices.open({ mesh })
  await untilAgree([leader, alice])
  const survivors = [alice, await alices.open({ mesh }), await cast.agent('dave')]
  for (const one of [leader, ...survivors]) await one.lead()
  const before = await untilLedBy(leader, [leader, ...survivors])
  await untilOneDuty([leader, ...survivors])
  await leader.kill()
  const after = await expectSuccession(survivors, before, alice)
  await leader.restart()
  expectSameLeader(await untilAgree([leader, ...survivors]), after)
})

test('its tab navigates away, and comes back', async ({ cast }) => {
  const { leader, sibling, bob, carol, before } = await flockLedByATab(cast)
  await leader.navigateAway('about:blank')
  const after = await expectSuccession([sibling, bob, carol], before, sibling)

  await leader.goBack()
  await leader.joined()
  const everybody = [leader, sibling, bob, carol]
  expectSameLeader(await untilAgree(everybody), after)
  await untilOneDuty(everybody)
  expectFencedActs(await reports(everybody))
})

test('its tab navigates away into the back/forward cache, and comes out when another leads', async ({
  cast,
}) => {
  const { mesh } = cast
  // Chromium keeps only pages that have no WebRTC connection, and no sibling that speaks to them.
  const alice = await (await cast.profile('alice')).open({ mesh })
  await alice.lead()
  const before = await untilAgree([alice])
  await untilOneDuty([alice])
  const { me } = await alice.report()
  // When the service worker takes over the pages that are there, the browser drops those in the cache.
  await alice.untilServedOffline()
  await alice.navigateAway('about:blank')
  const bob = await (await cast.profile('bob')).open({ mesh })
  await bob.lead()
  const after = await untilAgree([bob])
  await untilOneDuty([bob])

  const wokenAtMs = Date.now()
  await goBackThroughCache(alice.page)
  expectSameLeader(await untilAgree([alice, bob]), after)
  await untilOneDuty([alice, bob])
  const { acts, me: still } = await alice.report()
  expect(still, 'the very page that went').toBe(me)
  expect(acts.filter(({ epoch }) => epoch === before.epoch).map(({ what }) => what)).toContain('aborted')
  expect(acts.filter(({ atMs }) => atMs >= wokenAtMs)).toEqual([])
  const { left } = await bob.report()
  expect(left).toEqual([])
})

test('its tab is frozen, and woken when another leads: it acts on nothing before it has stepped down', async ({
  cast,
}) => {
  const { leader, sibling, bob, carol, before } = await flockLedByATab(cast)
  const frozen = await leader.freeze()
  const after = await expectSuccession([sibling, bob, carol], before)

  const wokenAtMs = await frozen.wake()
  const everybody = [leader, sibling, bob, carol]
  expectSameLeader(await untilAgree(everybody), after)
  await untilOneDuty(everybody)
  const { acts } = await leader.report()
  const later = acts.filter(({ atMs }) => atMs >= wokenAtMs)
  expect(later.length, 'its duty did run again').toBeGreaterThan(0)
  expect(later.filter(({ what }) => what === 'acted' || what === 'started')).toEqual([])
  expectFencedActs(await reports(everybody))
  await expectNobodyDeclaredGone([sibling, bob, carol])
})

test('a tab that does not lead is frozen and woken: the leader stays', async ({ cast }) => {
  const { leader, sibling, bob, carol, before } = await flockLedByATab(cast)
  const frozen = await bob.freeze()
  const { me } = await leader.report()
  await expect
    .poll(async () => (await reports([leader, sibling, carol])).map(({ peers }) => peers.length), patience)
    .toEqual([3, 3, 3])
  await frozen.wake()
  expectSameLeader(await untilAgree([leader, sibling, bob, carol]), { leader: me, epoch: before.epoch })
})

test('one after another: every leader in turn, down to the last', async ({ cast }) => {
  const { mesh } = cast
  const browsers = await Promise.all([cast.profile('alice'), cast.profile('bob')])
  const flock: Tab[] = []
  for (const browser of [browsers[0], browsers[0], browsers[1], browsers[1]]) {
    flock.push(await browser!.open({ mesh }))
    await untilAgree(flock)
  }
  for (const tab of flock) await tab.lead()
  let now = await untilAgree(flock)
  for (const end of ['crash', 'close', 'crash'] as const) {
    await untilOneDuty(flock)
    await flock.shift()![end]()
    now = await expectSuccession(flock, now, flock[0])
  }
})
