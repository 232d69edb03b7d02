// What is new to a person, across conversations, reloads and tabs, and when the browser tells them.

import { expect, type Locator } from '@playwright/test'
import { type Cast, test } from './support/fixtures.ts'
import { patience, untilAgree } from './support/participant.ts'
import type { Tab } from './support/tab.ts'

const roomBadge = (tab: Tab, room: string): Locator =>
  tab.page.locator(`[data-testid=room][data-room="${room}"]`).getByTestId('unread')

const directBadge = (tab: Tab, name: string): Locator =>
  tab.page.locator(`[data-testid=direct][data-name="${name}"]`).getByTestId('unread')

/** Alice and bob in #general and #plans; alice has #general open, bob #plans. */
async function twoInTwoRooms({ mesh, profile }: Cast) {
  const [alices, bobs] = await Promise.all([profile('alice'), profile('bob')])
  const [alice, bob] = [await alices.open({ mesh }), await bobs.open({ mesh })]
  await untilAgree([alice, bob])
  for (const tab of [alice, bob]) await tab.joinRoom('plans')
  await bob.untilInRoom('plans', ['alice', 'bob'])
  await bob.untilInRoom('general', ['alice', 'bob'])
  await alice.openRoom('general')
  return { alices, alice, bob }
}

/** Playwright makes every page believe that it has the focus; without that only the one in front has it. */
async function withRealFocus(tab: Tab) {
  const session = await tab.page.context().newCDPSession(tab.page)
  await session.send('Emulation.setFocusEmulationEnabled', { enabled: false })
  return {
    lookAway: async () => {
      await (await tab.page.context().newPage()).bringToFront()
      await tab.page.waitForFunction(() => !document.hasFocus())
    },
    lookBack: async () => {
      await tab.page.bringToFront()
      await tab.page.waitForFunction(() => document.hasFocus())
    },
  }
}

/** A headless browser never hides a page: the page is told that it is hidden, as the browser would tell it. */
async function setHidden(tab: Tab, hidden: boolean): Promise<void> {
  await tab.page.evaluate((isHidden) => {
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      get: () => (isHidden ? 'hidden' : 'visible'),
    })
    document.dispatchEvent(new Event('visibilitychange'))
  }, hidden)
}

test('news is counted per conversation and in the title, marked where it begins, and read by looking', async ({
  cast,
}) => {
  const { alice, bob } = await twoInTwoRooms(cast)
  await expect(alice.page).toHaveTitle('#general – Skein')
  await bob.write('seen before')
  await expect(roomBadge(alice, 'plans')).toHaveText(/^1/)
  await alice.openRoom('plans')
  await expect(roomBadge(alice, 'plans')).toHaveCount(0)
  await expect(alice.message('seen before')).toBeVisible()
  await expect(alice.page.getByTestId('new-line')).toHaveCount(0)
  await alice.openRoom('general')

  await bob.write('one')
  await bob.write('two')
  await bob.openDirect('alice')
  await bob.write('psst')
  await expect(roomBadge(alice, 'plans')).toHaveText(/^2/)
  await expect(directBadge(alice, 'bob')).toHaveText(/^1/)
  await expect(alice.page).toHaveTitle('(3) #general – Skein')

  await alice.openRoom('plans')
  await expect(alice.page).toHaveTitle('(1) #plans – Skein')
  const order = alice.page.locator('[data-testid=new-line], [data-testid=message-body]')
  await expect(order).toHaveText(['seen before', 'New', 'one', 'two'])
  await alice.write('mine')
  await expect(alice.page.getByTestId('new-line')).toHaveCount(0)

  // It opens at the first new message also where nothing is before that one.
  await bob.write('a long one\n'.repeat(60))
  await bob.write('the end')
  await expect(directBadge(alice, 'bob')).toHaveText(/^3/)
  await alice.openDirect('bob')
  await expect(alice.page.getByTestId('jump')).toHaveText(/^1 new message/)
  await expect(alice.message('psst')).toBeInViewport()
  await alice.page.getByTestId('jump').click()
  await expect(alice.message('the end')).toBeInViewport()
  await expect(alice.page.getByRole('log')).toBeFocused()

  await alice.openRoom('general')
  await bob.page.evaluate(async () => {
    await Promise.all(Array.from({ length: 100 }, (_, n) => window.mesh!.send('@alice', `line ${n}`)))
  })
  await expect(directBadge(alice, 'bob')).toHaveText(/^99\+/)
  await alice.page.reload()
  await alice.joined()
  await alice.openDirect('bob')
  await alice.page.getByTestId('load-earlier').press('Enter')
  await expect(alice.message('psst')).toBeAttached()
  await expect(alice.page.getByRole('log')).toBeFocused()
})

test('a reload keeps the counts, and what came while no tab was open is new', async ({ cast }) => {
  const { alices, alice, bob } = await twoInTwoRooms(cast)
  await bob.write('unread')
  await expect(roomBadge(alice, 'plans')).toHaveText(/^1/)
  await alice.page.getByTestId('composer').fill('half a thought')
  await alice.page.reload()
  await alice.joined()
  await expect(alice.page.getByTestId('composer')).toHaveValue('half a thought')
  await expect(roomBadge(alice, 'plans')).toHaveText(/^1/)
  await alice.close()
  await bob.write('meanwhile')
  const again = await alices.open({ mesh: cast.mesh })
  await expect(roomBadge(again, 'plans')).toHaveText(/^2/, patience)
  await again.openRoom('plans')
  await expect(again.message('meanwhile')).toBeVisible()
  await again.page.reload()
  await again.joined()
  await expect(again.page).toHaveTitle('#plans – Skein')
  await again.openRoom('general')
  await again.page.reload()
  await again.joined()
  await expect(again.page.getByTestId('leader')).toHaveAttribute('data-peer-id', /./)
  await expect(again.page).toHaveTitle('#general – Skein')
})

test('tabs of one browser share what was read; a tab that is not in front reads nothing', async ({
  cast,
}) => {
  const { alices, alice, bob } = await twoInTwoRooms(cast)
  const second = await alices.open({ mesh: cast.mesh })
  await untilAgree([alice, bob, second])
  await bob.write('to both tabs')
  for (const tab of [alice, second]) await expect(roomBadge(tab, 'plans')).toHaveText(/^1/)
  await second.openRoom('plans')
  await expect(roomBadge(alice, 'plans')).toHaveCount(0)
  await expect(alice.page).toHaveTitle('#general – Skein')
  await second.close()

  const focus = await withRealFocus(alice)
  await focus.lookAway()
  await bob.openRoom('general')
  await bob.write('behind another window')
  await expect(alice.page).toHaveTitle('(1) #general – Skein')
  await focus.lookBack()
  await expect(alice.page).toHaveTitle('#general – Skein')
  await expect(alice.page.getByTestId('message-body')).toHaveText(['behind another window'])
})

test('notifications are offered after the first message that was missed, and then told by one tab', async ({
  cast,
}) => {
  const { alices, alice, bob } = await twoInTwoRooms(cast)
  const second = await alices.open({ mesh: cast.mesh })
  const tabs = [alice, second]
  await untilAgree([alice, bob, second])
  for (const { page } of tabs)
    await page.evaluate(() => {
      const Real = window.Notification
      const told: Notification[] = []
      window.Notification = class extends Real {
        constructor(title: string, options?: NotificationOptions) {
          super(title, options)
          told.push(this)
        }
      }
      Object.assign(window, { told })
    })
  const told = async (): Promise<string[]> => {
    const all = tabs.map(({ page }) =>
      page.evaluate(() => (window as unknown as { told: Notification[] }).told.map(({ title }) => title)),
    )
    return (await Promise.all(all)).flat()
  }

  await bob.openDirect('alice')
  await bob.write('you are looking')
  for (const tab of tabs) await expect(directBadge(tab, 'bob')).toHaveText(/^1/)
  for (const { page } of tabs) await expect(page.getByTestId('notify-offer')).toHaveCount(0)

  const hideAll = async (hidden: boolean): Promise<void> => {
    for (const tab of tabs) await setHidden(tab, hidden)
    for (const { page } of tabs)
      await expect
        .poll(
          () => page.evaluate(() => [...window.mesh!.peers.values()].filter((peer) => peer.hidden).length),
          patience,
        )
        .toBe(hidden ? 2 : 0)
  }
  await hideAll(true)
  await bob.write('you are not')
  for (const tab of tabs) await expect(directBadge(tab, 'bob')).toHaveText(/^2/)
  await hideAll(false)
  expect(await told()).toEqual([])
  await expect(alice.page.getByTestId('notify-offer')).toBeVisible()
  await alices.context.grantPermissions(['notifications'], { origin: cast.server.url })
  await alice.page.getByTestId('notify-open').click()
  await alice.page.getByTestId('notify-switch').click()
  await expect(alice.page.getByTestId('notify-switch')).toBeChecked()
  await alice.page.keyboard.press('Escape')
  await expect(alice.page.getByTestId('notify-offer')).toHaveCount(0)

  await hideAll(true)
  await bob.write('now you are told')
  await expect.poll(told, patience).toEqual(['bob'])
  await bob.openRoom('plans')
  await bob.write('not in a room')
  await bob.write('unless it is for @alice')
  await expect.poll(told, patience).toEqual(expect.arrayContaining(['bob', 'bob in #plans']))
  expect(await told()).toHaveLength(2)

  const speaker = (await alice.report()).me < (await second.report()).me ? alice : second
  await speaker.page.evaluate(() =>
    (window as unknown as { told: Notification[] }).told[0]!.dispatchEvent(new Event('click')),
  )
  await expect(speaker.page.locator('.conversation-head h1')).toHaveText('bob')
})
