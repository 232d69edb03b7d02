// With no server at all the app opens, shows what is stored and takes what is written; it goes out when there is one.

import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

/** A copy of the built app in which every file of a build has another name, as after an upgrade. */
async function nextBuild(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'skein-next-build-'))
  await cp('dist/web', folder, { recursive: true })
  const assets = await readdir(join(folder, 'assets'))
  const paths = [...assets.map((name) => join('assets', name)), 'index.html', 'service-worker.js']
  for (const path of paths.filter((name) => /\.(js|css|html)$/.test(name))) {
    let text = await readFile(join(folder, path), 'utf8')
    for (const name of assets) text = text.replaceAll(name, `next-${name}`)
    await writeFile(join(folder, path), text)
  }
  for (const name of assets)
    await rename(join(folder, 'assets', name), join(folder, 'assets', `next-${name}`))
  return folder
}

test('a page from the cache keeps its parts when the server has a newer build; the next one is of that', async ({
  castWithOwnServer: cast,
}) => {
  const { mesh, server } = cast
  const alices = await cast.profile('alice')
  const alice = await alices.open({ mesh })
  await alice.untilServedOffline()
  await server.kill()
  await alice.page.reload()
  await alice.joined()

  const folder = await nextBuild()
  try {
    await server.start(folder)
    await alice.page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready
      const next = await new Promise<ServiceWorker>((resolve, reject) => {
        registration.addEventListener('updatefound', () => resolve(registration.installing!), { once: true })
        registration.update().catch(reject)
      })
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (next.state !== 'installing') resolve()
        }
        next.addEventListener('statechange', look)
        look()
      })
    })
    // The browser's own cache may keep its files beside the worker's, and may not.
    const session = await alice.page.context().newCDPSession(alice.page)
    await session.send('Network.clearBrowserCache')
    // The editor is a part that is loaded late.
    await alice.page.getByTestId('nav-notes').click()
    await alice.page.getByTestId('new-note').click()
    await expect(alice.page.getByTestId('note-editor')).toBeVisible()

    await alice.page.reload()
    await alice.joined()
    await expect(alice.page.locator('script[src*="next-"]')).toBeAttached()
    await expect(alice.page.getByTestId('note-editor')).toBeVisible()
    const caches = () => alice.page.evaluate(async () => (await window.caches.keys()).length)
    await expect.poll(caches).toBe(1)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
