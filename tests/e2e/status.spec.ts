// How the mesh stands, as a person can look it up: the status view, what trouble with somebody means, and invitations.

import { expect, type Locator } from '@playwright/test'
import { test } from './support/fixtures.ts'
import { patience, untilAgree } from './support/participant.ts'
import type { Tab } from './support/tab.ts'

const line = (tab: Tab, section: string, label: string | RegExp): Locator =>
  tab.page
    .locator(`[data-testid=status-section][data-section=${section}]`)
    .getByTestId('status-line-item')
    .filter({ hasText: label })

test('the status view shows links, epochs, queues and storage as they are, and changes with them', async ({
  cast,
}) => {
  const { mesh } = cast
  const bobs = await cast.profile('bob')
  const alices = await cast.profile('alice')
  const alice = await alices.open({ mesh })
  const { leader, epoch } = await untilAgree([alice, await bobs.open({ mesh })])
  await alice.untilInRoom('general', ['alice', 'bob'])
  const { page } = alice
  await page.getByTestId('status-open').click()
  await expect(page.getByTestId('status-view')).toBeVisible()
  await expect(page).toHaveTitle('Status – Skein')
  await expect(line(alice, 'links', 'bob')).toContainText('WebRTC')
  await expect(line(alice, 'links', 'bob')).toContainText(/round trip (under )?\d+ ms/, patience)
  await expect(line(alice, 'mesh', 'Leader')).toContainText(leader.slice(0, 8))
  await expect(line(alice, 'mesh', 'Epoch')).toContainText(String(epoch))
  await expect(line(alice, 'servers', 'ws://')).toContainText('connected')
  await expect(line(alice, 'storage', 'Kept for good')).toContainText(/granted/)
  await expect(line(alice, 'storage', 'Room left')).toContainText('used by this site')
  await expect(line(alice, 'queues', 'somebody lacks')).toContainText('0')
  await expect(page.locator('[data-section=counters]')).not.toHaveAttribute('open')

  const second = await alices.open({ mesh })
  await expect(line(alice, 'links', 'your other tab')).toContainText('same browser')
  await second.close()
  await expect(line(alice, 'links', 'your other tab')).toHaveCount(0)

  await bobs.quit()
  await expect(line(alice, 'links', 'bob')).toHaveCount(0)
  await alice.send('#general', 'for later')
  await expect(line(alice, 'queues', 'somebody lacks')).toContainText('1')

  await alices.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: cast.server.url })
  await page.getByTestId('status-copy').click()
  await expect(page.getByTestId('status-copy')).toHaveText('Copied')
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  expect(copied).toContain(`Mesh: ${mesh}`)
  expect(copied).toContain('Your messages that somebody lacks: 1')

  await page.goBack({ waitUntil: 'commit' })
  await expect(page.getByTestId('status-view')).toHaveCount(0)
  await expect(alice.message('for later')).toBeVisible()
})

test('the list of people says what it means that somebody is away', async ({ cast }) => {
  const { mesh } = cast
  const bobs = await cast.profile('bob')
  const alice = await (await cast.profile('alice')).open({ mesh })
  await untilAgree([alice, await bobs.open({ mesh })])
  await alice.untilInRoom('general', ['alice', 'bob'])
  await expect(alice.page.getByTestId('trouble')).toHaveCount(0)
  await bobs.quit()
  const trouble = alice.page.getByTestId('away').getByTestId('trouble')
  await expect(trouble).toHaveAttribute('data-serious', 'false')
  await alice.write('are you there?')
  await expect(trouble.locator('summary')).toHaveText('1 message waiting')
  await trouble.locator('summary').click()
  await expect(trouble).toContainText('1 message of yours waits on this device and goes out when bob is back')
})

test('an invitation is a link and a picture of it; localhost says that other devices cannot open it', async ({
  cast,
}) => {
  const alices = await cast.profile('alice')
  const alice = await alices.open({ mesh: cast.mesh })
  await alice.page.getByTestId('invite-open').click()
  const link = await alice.page.getByTestId('invite-link').inputValue()
  expect(link).toBe(`${cast.server.url}#mesh=${cast.mesh}`)
  await expect(alice.page.getByTestId('invite-qr')).toBeVisible()
  await expect(alice.page.getByTestId('invite-reach')).toHaveAttribute('data-reach', 'machine')
  await alices.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: cast.server.url })
  await alice.page.getByTestId('invite-copy').click()
  await expect(alice.page.getByTestId('invite-copy')).toHaveText('Copied')
  expect(await alice.page.evaluate(() => navigator.clipboard.readText())).toBe(link)
  await alice.page.keyboard.press('Escape')
  await expect(alice.page.getByTestId('invite')).toHaveCount(0)

  const bobs = await cast.profile('bob')
  const page = await bobs.context.newPage()
  await page.goto(link)
  await page.getByTestId('join-name').fill('bob')
  await page.getByTestId('join-submit').click()
  await expect(alice.page.locator('[data-testid=peer][data-name=bob]')).toBeVisible(patience)
})
