// The signaling server is a convenience: killed in mid-conversation, nobody who is linked notices more than a line.

import { expect } from '@playwright/test'
import { test } from './support/fixtures.ts'
import {
  expectNobodyDeclaredGone,
  patience,
  reports,
  untilAgree,
  untilAllLinked,
} from './support/participant.ts'
import { startServer } from './support/server.ts'

test('chat goes on; a reopened tab joins through its sibling; newcomers join when it is back; nothing is restarted', async ({
  castWithOwnServer: cast,
}) => {
  const { mesh, server } = cast
  const alices = await cast.profile('alice')
  const alice = await alices.open({ mesh })
  await untilAgree([alice])
  const bob = await (await cast.profile('bob')).open({ mesh })
  const carol = await cast.agent('carol')
  await carol.joinRoom('general')
  const closing = await alices.open({ mesh })
  const before = await untilAgree([alice, bob, carol, closing])
  await alice.write('before')
  await expect(bob.message('before')).toBeVisible()
  await closing.untilServedOffline()
  const running = [alice, bob, carol]
  const ids = (await reports(running)).map(({ me }) => me)

  await untilAllLinked(running)
  await server.kill()
  await closing.close()
  await expect(alice.event(/signaling server cannot be reached/)).toBeVisible(patience)
  await alice.write('still here?')
  await expect(bob.message('still here?')).toBeVisible()
  await bob.write('still here')
  await expect(alice.message('still here')).toBeVisible()
  await expect(alice.message('still here?')).toHaveAttribute('data-state', 'delivered')
  await carol.send('#general', 'me too')
  await expect(alice.message('me too')).toBeVisible()
  expect(await untilAgree(running)).toEqual(before)

  // Reopened while the server is dead: its history is there, and links are negotiated through the sibling.
  const reopened = await alices.open({ mesh })
  await expect(reopened.page.getByTestId('message-body')).toHaveText([
    'before',
    'still here?',
    'still here',
    'me too',
  ])
  expect(await untilAgree([...running, reopened])).toEqual(before)
  const bobsId = (await bob.report()).me
  await expect(reopened.page.locator(`[data-testid=peer][data-peer-id="${bobsId}"]`)).toHaveAttribute(
    'data-link',
    'webrtc',
    patience,
  )
  await reopened.write('I am back')
  await expect(bob.message('I am back')).toBeVisible()

  await server.start()
  await expect(alice.event(/signaling server is back/)).toBeVisible(patience)
  const dave = await (await cast.profile('dave')).open({ mesh })
  expect(await untilAgree([...running, reopened, dave])).toEqual(before)
  await dave.write('new here')
  await expect(alice.message('new here')).toBeVisible()
  expect((await reports(running)).map(({ me }) => me)).toEqual(ids)
  await expectNobodyDeclaredGone([...running, reopened, dave])
})

test('the leader dies while the server is dead: those left agree on the next', async ({
  castWithOwnServer: cast,
}) => {
  const { mesh, server } = cast
  const alices = await cast.profile('alice')
  const alice = await alices.open({ mesh })
  await untilAgree([alice])
  const bob = await (await cast.profile('bob')).open({ mesh })
  const sibling = await alices.open({ mesh })
  const carol = await cast.agent('carol')
  const before = await untilAgree([alice, bob, sibling, carol])
  await untilAllLinked([alice, bob, sibling, carol])
  await server.kill()
  await expect.poll(async () => (await bob.report()).signaling, patience).not.toContain('open')
  await alice.crash()
  const after = await untilAgree([bob, sibling, carol], before.epoch)
  expect(after.leader).not.toBe(before.leader)
  await expectNobodyDeclaredGone([bob, sibling, carol])
})

test('another server is listed while running, and those who know only that one are met', async ({ cast }) => {
  const { mesh, server } = cast
  const alice = await (await cast.profile('alice')).open({ mesh })
  const other = await startServer()
  try {
    const bob = await cast.agent('bob', { signaling: [other.webSocketUrl] })
    await untilAgree([alice])
    await untilAgree([bob])
    await alice.page.evaluate(
      (signaling) => window.mesh!.configure({ signaling }),
      [server.webSocketUrl, other.webSocketUrl],
    )
    await untilAgree([alice, bob])
  } finally {
    await other.close()
  }
})
