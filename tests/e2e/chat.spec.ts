// Chat as people use it, through the app: rooms, direct messages, what became of a message, and somebody away.

import { expect } from '@playwright/test'
import { type Cast, test } from './support/fixtures.ts'
import { focusedByPressing } from './support/focus.ts'
import { patience, untilAgree } from './support/participant.ts'
import type { Tab } from './support/tab.ts'

async function aliceAndBob({ mesh, profile }: Cast): Promise<{ alice: Tab; bob: Tab }> {
  const [alices, bobs] = await Promise.all([profile('alice'), profile('bob')])
  const [alice, bob] = [await alices.open({ mesh }), await bobs.open({ mesh })]
  await untilAgree([alice, bob])
  return { alice, bob }
}

const expectDelivered = async (tab: Tab, text: string, to: string): Promise<void> => {
  const message = tab.message(text)
  await expect(message).toHaveAttribute('data-state', 'delivered', patience)
  await expect(message.getByTestId('message-status')).toHaveAttribute(
    'title',
    new RegExp(`delivered to .*${to}`),
  )
}

test('a message in #general shows stored → delivered to whom, also after a reload', async ({ cast }) => {
  const { alice, bob } = await aliceAndBob(cast)
  await alice.write('good morning')
  await expect(bob.message('good morning')).toBeVisible()
  await expectDelivered(alice, 'good morning', 'bob')
  await bob.write('morning, alice')
  await expectDelivered(bob, 'morning, alice', 'alice')

  for (const tab of [alice, bob]) {
    await tab.page.reload()
    await tab.joined()
    await expect(tab.page.getByTestId('message-body')).toHaveText(['good morning', 'morning, alice'])
  }
  await expectDelivered(alice, 'good morning', 'bob')
  await expectDelivered(bob, 'morning, alice', 'alice')
})

test('rooms are created, joined and left; what is written in one comes to its members only', async ({
  cast,
}) => {
  const { alice, bob } = await aliceAndBob(cast)
  await alice.joinRoom('plans')
  const atAlice = (room: string) => alice.page.locator(`[data-testid=room][data-room=${room}] button`)
  for (const room of ['general', 'plans']) expect(await focusedByPressing(atAlice(room))).toBe('composer')
  const atBob = bob.page.locator('[data-testid=room][data-room=plans]')
  await expect(atBob).toHaveAttribute('data-joined', 'false')
  await bob.openRoom('plans')
  await expect(bob.page.getByText('No messages here.')).toBeVisible()
  await bob.page.getByTestId('room-join').click()
  await expect(atBob).toHaveAttribute('data-joined', 'true')
  await expect(alice.page.getByText('you and bob', { exact: true })).toBeVisible()

  await alice.write('meet at noon')
  await expect(bob.message('meet at noon')).toBeVisible()
  await expectDelivered(alice, 'meet at noon', 'bob')

  await bob.page.getByTestId('room-leave').click()
  await expect(atBob).toHaveAttribute('data-joined', 'false')
  await expect(bob.page.getByTestId('room-join')).toBeFocused()
  await expect(alice.page.getByText('you', { exact: true }).first()).toBeVisible()
  await alice.write('make it one')
  const [, unseen] = await alice.history('#plans')
  // What alice writes arrives in the order in which she wrote it: once this is there, the other would be.
  const marker = await alice.send('@bob', 'a word to you')
  await expect.poll(async () => (await bob.report()).messages, patience).toContain(marker)
  expect((await bob.report()).messages).not.toContain(unseen?.id)
  await expect(bob.page.getByTestId('room-join')).toBeVisible()
})

test('a direct message reaches its addressee and nobody else', async ({ cast }) => {
  const { alice, bob } = await aliceAndBob(cast)
  const carol = await (await cast.profile('carol')).open({ mesh: cast.mesh })
  await untilAgree([alice, bob, carol])
  await alice.openDirect('bob')
  await alice.write('only for you')
  await expectDelivered(alice, 'only for you', 'bob')
  await bob.openDirect('alice')
  await expect(bob.message('only for you')).toBeVisible()
  await bob.write('and back')
  await expect(alice.message('and back')).toBeVisible()

  const [secret] = await alice.history('@bob')
  const marker = await alice.send('#general', 'for everybody')
  await expect.poll(async () => (await carol.report()).messages, patience).toContain(marker)
  expect((await carol.report()).messages).not.toContain(secret?.id)
})

test('a message to somebody away says so, waits, and arrives in order when they are back', async ({
  cast,
}) => {
  const { mesh } = cast
  const bobs = await cast.profile('bob')
  const alice = await (await cast.profile('alice')).open({ mesh })
  await untilAgree([alice, await bobs.open({ mesh })])
  await alice.untilInRoom('general', ['alice', 'bob'])
  await bobs.quit()
  await expect(alice.page.getByTestId('away').locator('[data-name=bob]')).toBeVisible()

  await alice.write('are you there?')
  await alice.write('I will wait')
  await expect(alice.message('I will wait')).toHaveAttribute('data-state', 'stored')
  await expect(alice.message('I will wait').getByTestId('message-status')).toContainText('waiting for bob')
  await alice.openDirect('bob')
  await alice.write('a private word')

  await bobs.relaunch()
  const bob = await bobs.open({ mesh })
  await expect(bob.page.getByTestId('message-body')).toHaveText(['are you there?', 'I will wait'])
  await bob.openDirect('alice')
  await expect(bob.message('a private word')).toBeVisible()
  await expectDelivered(alice, 'a private word', 'bob')
  await alice.openRoom('general')
  await expectDelivered(alice, 'I will wait', 'bob')
})

test('what is written while alone waits for a name nobody bears yet, and for whoever comes', async ({
  cast,
}) => {
  const { mesh } = cast
  const alice = await (await cast.profile('alice')).open({ mesh })
  await untilAgree([alice])
  await alice.write('anybody?')
  await alice.page.getByTestId('direct-new').fill('bob')
  await alice.page.getByTestId('direct-new').press('Enter')
  await alice.write('welcome, bob')
  await expect(alice.message('welcome, bob')).toHaveAttribute('data-state', 'waiting')

  const bob = await (await cast.profile('bob')).open({ mesh })
  await expect(bob.message('anybody?')).toBeVisible()
  await bob.openDirect('alice')
  await expect(bob.message('welcome, bob')).toBeVisible()
  await expectDelivered(alice, 'welcome, bob', 'bob')
})

test('text from peers is only ever text', async ({ cast }) => {
  const { alice, bob } = await aliceAndBob(cast)
  const hostile = [
    '<img src="/nothing" onerror="window.hacked = true">',
    '<script>window.hacked = true</script>',
    '<b onclick="window.hacked = true">bold</b>',
    '<a href="javascript:window.hacked = true">press me</a>',
    'javascript:window.hacked=true',
  ]
  for (const text of hostile) await alice.write(text)
  await expect(bob.page.getByTestId('message-body')).toHaveText(hostile)
  await expect(bob.page.locator('[data-testid=message-body] :is(img, script, b, a)')).toHaveCount(0)
  expect(await bob.page.evaluate(() => 'hacked' in window)).toBe(false)
})

test('a member that answers from Node is a member like any other', async ({ cast }) => {
  const alice = await (await cast.profile('alice')).open({ mesh: cast.mesh })
  const bob = await cast.agent('bob')
  await bob.joinRoom('general')
  await untilAgree([alice, bob])
  await expect(alice.page.getByText('you and bob', { exact: true })).toBeVisible()
  await alice.write('hello, machine')
  await expectDelivered(alice, 'hello, machine', 'bob')
  await bob.send('#general', 'hello, human')
  await expect(alice.message('hello, human')).toBeVisible()
})
