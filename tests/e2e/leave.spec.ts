// Leaving a mesh: for now, with everything kept, or for good, with everything on this device erased.

import { expect } from '@playwright/test'
import { type Cast, test } from './support/fixtures.ts'
import { focusedByPressing } from './support/focus.ts'
import { patience, untilAgree } from './support/participant.ts'
import type { Tab } from './support/tab.ts'

/** What is stored of the mesh in this browser: databases, and keys of Web Storage. */
const leftovers = (tab: Tab, mesh: string): Promise<string[]> =>
  tab.page.evaluate(async (name) => {
    const databases = (await indexedDB.databases()).map((database) => database.name ?? '')
    const keys = [localStorage, sessionStorage].flatMap((shelf) => Object.keys(shelf))
    return [...databases, ...keys].filter((text) => text.endsWith(`:${name}`)).toSorted()
  }, mesh)

async function erase({ page }: Tab, mesh: string): Promise<void> {
  await page.getByTestId('leave').click()
  await page.getByTestId('leave-erase').click()
  await expect(page.getByTestId('erase-confirm')).toBeDisabled()
  await page.getByTestId('erase-name').fill(mesh)
  await page.getByTestId('erase-confirm').click()
}

async function aliceAndBob({ mesh, profile }: Cast) {
  const [alices, bobs] = await Promise.all([profile('alice'), profile('bob')])
  const [alice, bob] = [await alices.open({ mesh }), await bobs.open({ mesh })]
  await untilAgree([alice, bob])
  await alice.untilInRoom('general', ['alice', 'bob'])
  return { alices, bobs, alice, bob }
}

test('who leaves is gone for the others, and finds everything again on coming back', async ({ cast }) => {
  const { alice, bob } = await aliceAndBob(cast)
  await alice.write('to be kept')
  await expect(bob.message('to be kept')).toBeVisible()
  await alice.page.getByTestId('leave').click()
  await alice.page.getByTestId('leave-confirm').click()
  await expect(alice.page.getByTestId('join-form')).toBeVisible()
  await expect(bob.page.getByTestId('away').locator('[data-name=alice]')).toBeVisible()
  await alice.page.getByTestId('join-submit').click()
  await expect(alice.message('to be kept')).toBeVisible()
})

test('erasing says what may be lost, takes the other tabs along, and leaves nothing of the mesh behind', async ({
  cast,
}) => {
  const { mesh } = cast
  const { alices, bobs, alice } = await aliceAndBob(cast)
  const second = await alices.open({ mesh })
  await expect(alice.peerRows()).toHaveCount(3)
  await bobs.quit()
  await expect(alice.page.getByTestId('away').locator('[data-name=bob]')).toBeVisible()
  await alice.write('never to arrive')
  await expect(alice.message('never to arrive')).toHaveAttribute('data-state', 'stored')
  expect(await leftovers(alice, mesh)).toContain(`skein:${mesh}`)

  await alice.page.getByTestId('leave').click()
  expect(await focusedByPressing(alice.page.getByTestId('leave-erase'))).toBe('erase-name')
  await expect(alice.page.getByTestId('erase-stakes')).toContainText(
    '1 message of yours has not reached everyone',
  )
  expect(await focusedByPressing(alice.page.getByRole('button', { name: 'Back' }))).toBe('leave-erase')
  await alice.page.keyboard.press('Escape')
  await expect(alice.page.getByTestId('leave-dialog')).toHaveCount(0)
  await expect(alice.page.getByTestId('leave')).toBeFocused()
  await expect(alice.message('never to arrive')).toBeVisible()

  await erase(alice, mesh)
  await expect(alice.page.getByTestId('notice')).toContainText(`holds nothing of ${mesh}`, patience)
  await expect(alice.page.getByTestId('join-name')).toBeFocused()
  await expect(second.page.getByTestId('notice')).toContainText('in another tab')
  for (const tab of [alice, second]) expect(await leftovers(tab, mesh)).toEqual([])

  await alice.page.getByTestId('join-mesh').fill(mesh)
  await alice.page.getByTestId('join-submit').click()
  await expect(alice.page.getByTestId('leader')).toHaveAttribute('data-peer-id', /./)
  await expect(alice.page.getByTestId('message')).toHaveCount(0)
})

test('nothing is erased while a frozen tab could still write; once it is awake it can be', async ({
  cast,
}) => {
  const { mesh } = cast
  const alices = await cast.profile('alice')
  const alice = await alices.open({ mesh })
  const second = await alices.open({ mesh })
  await untilAgree([alice, second])
  await alice.write('still here')
  const frozen = await second.freeze()
  await erase(alice, mesh)
  // What becomes of it is said, whoever wants the window closed meanwhile.
  for (let n = 0; n < 2; n++) await alice.page.keyboard.press('Escape')
  await expect(alice.page.getByTestId('erase-failed')).toContainText(
    'A tab of this browser is in the mesh',
    patience,
  )
  await expect(alice.page.getByRole('heading', { name: 'nothing is erased yet' })).toBeFocused()
  expect(await leftovers(alice, mesh)).toContain(`skein:${mesh}`)
  await frozen.wake()
  await expect(second.page.getByTestId('notice')).toContainText('in another tab', patience)
  await alice.page.getByRole('button', { name: 'Erase again' }).click()
  await expect(alice.page.getByTestId('notice')).toContainText(`holds nothing of ${mesh}`, patience)
  expect(await leftovers(alice, mesh)).toEqual([])
})
