// Names, titles and words as long as they may be, without a place to break them: what is beside them stays in reach.

import { expect } from '@playwright/test'
import { test } from './support/fixtures.ts'
import { patience } from './support/participant.ts'

test('long titles and names push nothing out of the page', async ({ cast }) => {
  const mesh = cast.mesh.padEnd(64, 'm')
  const alice = await (await cast.profile('alice')).open({ mesh, name: 'alice'.padEnd(32, 'w') })
  const { page } = alice
  const inView = (testId: string) => expect(page.getByTestId(testId)).toBeInViewport({ ratio: 1 })
  await alice.joinRoom('r'.repeat(64))
  await page.getByTestId('nav-notes').click()
  await page.getByTestId('new-note').click()
  await page.getByTestId('note-title').fill('L'.repeat(200))
  await page.getByTestId('note-title').press('Enter')
  await expect(page.getByTestId('note-item')).toHaveAttribute('data-title', 'L'.repeat(200))
  for (const testId of ['new-note', 'redo', 'note-export-json', 'note-delete']) await inView(testId)

  await page.setViewportSize({ width: 390, height: 844 })
  await page.getByTestId('note-back').click()
  for (const testId of ['new-note', 'notes-export-json']) await inView(testId)

  await page.setViewportSize({ width: 1280, height: 800 })
  for (const [open, dialog] of [
    ['invite-open', 'invite'],
    ['notify-open', 'notify-settings'],
    ['leave', 'leave-dialog'],
  ] as const) {
    await page.getByTestId(open).click()
    const box = page.getByTestId(dialog)
    if (dialog === 'leave-dialog') await page.getByTestId('leave-erase').click()
    await expect(box.getByRole('button', { name: 'Close' })).toBeInViewport({ ratio: 1 })
    const excess = await box.evaluate((element) => element.scrollWidth - element.clientWidth)
    expect(excess, dialog).toBe(0)
    await page.keyboard.press('Escape')
  }

  // A phone: sentences with long names in them.
  await page.setViewportSize({ width: 390, height: 844 })
  const untilNothingIsBeside = () =>
    expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth), patience).toBe(390)
  const bobs = await cast.profile('bob')
  const bob = await bobs.open({ mesh, name: 'W'.repeat(32) })
  await bob.write('I am here')
  const name = await bob.page.evaluate(() => window.mesh!.me.name)
  await page.evaluate((to) => window.mesh!.send(`@${to}`, 'before'), name)
  await page.locator('.top-bar button').first().click()
  await page.locator(`[data-testid=direct][data-name=${name}] button`).click()
  await bobs.quit()
  await expect(page.locator('#composer-hint')).toContainText('is away', patience)
  await alice.write('waits')
  await expect(alice.message('waits').getByTestId('message-status')).toContainText('waiting for W')
  await untilNothingIsBeside()
  await page.locator('.top-bar button').first().click()
  await page.getByTestId('direct-new').fill('M'.repeat(32))
  await page.getByTestId('direct-new').press('Enter')
  await expect(page.locator('#composer-hint')).toContainText('waits for M')
  await untilNothingIsBeside()
  await page.setViewportSize({ width: 1280, height: 800 })

  // A phone on its side with its keyboard up.
  await page.setViewportSize({ width: 844, height: 200 })
  await page.locator('[data-testid=room][data-room=general] button').click()
  const height = () => page.locator('.messages').evaluate((element) => element.clientHeight)
  await expect.poll(height).toBeGreaterThan(100)
  await page.getByTestId('composer').pressSequentially('still in reach')
  await inView('composer-send')
})
