// With no server at all the app opens, shows what is stored and takes what is written; it goes out when there is one.

import { expect } from '@playwright/test'
import { test } from './support/fixtures.ts'
import { patience, untilAgree } from './support/participant.ts'

test('opens without a server, shows its history, queues messages, and delivers them when it is back', async ({
  castWithOwnServer: cast,
}) => {
  const { mesh, server } = cast
  const alices = await cast.profile('alice')
  const bobs = await cast.profile('bob')
  const [alice, bob] = [await alices.open({ mesh }), await bobs.open({ mesh })]
  await untilAgree([alice, bob])
  await alice.write('while there was a server')
  await expect(alice.message('while there was a server')).toHaveAttribute('data-state', 'delivered', patience)
  await alice.untilServedOffline()

  await server.kill()
  await alices.quit()
  await bobs.quit()
  await alices.relaunch()
  const offline = await alices.open({ mesh })
  await expect(offline.message('while there was a server')).toHaveAttribute('data-state', 'delivered')
  await offline.write('while there was none')
  const queued = offline.message('while there was none')
  await expect(queued).toHaveAttribute('data-state', 'stored')
  await expect(queued.getByTestId('message-status')).toContainText('waiting for bob')
  // Alone, and says so: it does not wait for a leader that cannot come.
  await untilAgree([offline])
  await offline.page.reload()
  await offline.joined()
  await expect(queued).toHaveAttribute('data-state', 'stored')

  await server.start()
  await bobs.relaunch()
  const returned = await bobs.open({ mesh })
  await expect(returned.message('while there was none')).toBeVisible(patience)
  await expect(queued).toHaveAttribute('data-state', 'delivered', patience)
})
