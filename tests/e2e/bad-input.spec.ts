// What people and programs get wrong in a browser, and what a browser refuses: each is a code and a sentence, and
// what was stored stays readable.

import { networkInterfaces } from 'node:os'
import { expect } from '@playwright/test'
import { limits } from '../../core/base/limits.ts'
import { test } from './support/fixtures.ts'
import { patience, untilAgree } from './support/participant.ts'
import { startServer } from './support/server.ts'

test('names, rooms and bodies over their limits are refused with a code and a sentence', async ({ cast }) => {
  const alice = await (await cast.profile('alice')).open({ mesh: cast.mesh })
  const refusal = (what: string, value: unknown) =>
    alice.page.evaluate(
      async ([which, given]) => {
        const { mesh } = window
        const attempts: Record<string, () => unknown> = {
          address: () => mesh!.send(given as never, 'hello'),
          body: () => mesh!.send('#general', given as never),
          function: () => mesh!.send('#general', (() => undefined) as never),
          room: () => mesh!.room(given as never).join(),
        }
        try {
          await attempts[which as string]!()
          return { code: 'accepted', message: '' }
        } catch (error) {
          const { code, message } = error as { code: string; message: string }
          return { code, message }
        }
      },
      [what, value] as const,
    )
  const sentence = /^.{10,}\.$/s
  for (const [what, value, code] of [
    ['address', `@${'x'.repeat(limits.maxNameLength + 1)}`, 'invalid-argument'],
    ['address', '@two words', 'invalid-argument'],
    ['address', '', 'invalid-argument'],
    ['room', 'x'.repeat(limits.maxRoomNameLength + 1), 'invalid-argument'],
    ['body', 'x'.repeat(limits.maxBodyBytes), 'body-too-large'],
    ['function', undefined, 'body-not-json'],
  ] as const) {
    expect(await refusal(what, value), `${what} ${String(value).slice(0, 40)}`).toEqual({
      code,
      message: expect.stringMatching(sentence) as unknown,
    })
  }
  expect(await alice.history('#general')).toEqual([])
  await alice.page.getByTestId('room-new').fill('x'.repeat(limits.maxRoomNameLength + 1))
  await alice.page.getByTestId('room-new').press('Enter')
  await expect(alice.page.getByRole('alert')).toBeVisible()
})

test('the largest body that is allowed arrives', async ({ cast }) => {
  const { mesh } = cast
  const alice = await (await cast.profile('alice')).open({ mesh })
  const bob = await (await cast.profile('bob')).open({ mesh })
  await untilAgree([alice, bob])
  const text = 'x'.repeat(1024 * 1024 - 2)
  await alice.sendAll('@bob', [text])
  const [received] = await bob.history('@alice')
  expect(received?.body === text).toBe(true)
})

test('a bad name in the join form is refused with a sentence', async ({ cast }) => {
  const page = await (await cast.profile('alice')).context.newPage()
  await page.goto(cast.server.url)
  for (const name of ['', 'two words', 'x'.repeat(limits.maxNameLength + 1)]) {
    await page.getByTestId('join-name').fill(name)
    await page.getByTestId('join-submit').click()
    await expect(page.getByRole('alert')).toHaveText(/^.{10,}\.$/)
    expect(await page.evaluate(() => window.mesh)).toBe(undefined)
  }
})

test('a full storage: send() rejects with storage-full, the rest stays readable, and it goes on when there is room', async ({
  cast,
}) => {
  const { mesh, server } = cast
  const alices = await cast.profile('alice')
  // Chromium looks at the quota of a database in use only now and then: it is set before that is opened.
  const session = await alices.context.newCDPSession(alices.context.pages()[0]!)
  const { origin } = new URL(server.url)
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 4 * 1024 * 1024 })
  const alice = await alices.open({ mesh })
  await untilAgree([alice])
  await alice.write('before')
  await expect(alice.message('before')).toBeVisible()

  const codes: string[] = []
  while (codes.length < 20 && !codes.includes('storage-full'))
    codes.push(await alice.codeOfSendingNoise('#album', 500_000))
  expect(codes.at(-1)).toBe('storage-full')
  expect(await alice.history('#album')).toHaveLength(codes.length - 1)
  expect((await alice.history('#general')).map(({ body }) => body)).toEqual(['before'])
  const text = await alice.page.evaluate(() =>
    Array.from({ length: 400_000 }, () => Math.floor(36 * Math.random()).toString(36)).join(''),
  )
  await alice.write(text)
  await expect(alice.page.getByTestId('composer-problem')).toContainText('full')
  await expect(alice.page.getByTestId('composer')).toHaveValue(text)

  await session.send('Storage.overrideQuotaForOrigin', { origin })
  await expect(async () => {
    await alice.page.getByTestId('composer-send').click()
    await expect(alice.page.getByTestId('composer')).toHaveValue('', { timeout: 2000 })
  }).toPass(patience)
  await alice.page.reload()
  await alice.joined()
  // Of a long message the beginning is drawn.
  await expect(alice.page.getByTestId('message-body')).toHaveText(['before', text.slice(0, 10_000)])
  await alice.page.getByTestId('message-rest').click()
  await expect(alice.page.getByTestId('message-body')).toHaveText(['before', text])
})

test('a page from another address without https says what is missing and what to do', async ({ cast }) => {
  const address = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
  test.skip(address === undefined, 'this machine has no address but its own loopback')
  const server = await startServer('0.0.0.0')
  try {
    const page = await (await cast.profile('alice')).context.newPage()
    await page.goto(`http://${address}:${server.port}/#mesh=${cast.mesh}&name=alice`)
    await expect(page.getByTestId('insecure')).toHaveText(/^.{20,}\.$/)
    await expect(page.getByText(`http://localhost:${server.port}`).first()).toBeVisible()
    await expect(page.getByText('npm start --')).toContainText(`--port ${server.port} `)
    expect(await page.evaluate(() => window.mesh)).toBe(undefined)
  } finally {
    await server.close()
  }
})
