// Makes the pictures in docs/images from the real app: three Chromium profiles (one with two tabs) and an agent in one
// mesh, a short conversation, one member that has gone. Run it after a change of the app's looks:
//
//   node --import tsx scripts/screenshots.ts

import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { joinMesh } from 'skein'
import { patience, untilAgree } from '../tests/e2e/support/participant.ts'
import { Profile } from '../tests/e2e/support/profile.ts'
import { startServer } from '../tests/e2e/support/server.ts'
import type { Tab } from '../tests/e2e/support/tab.ts'

const folder = 'docs/images'
const meshName = 'harbour'
const phone = { width: 390, height: 780 }
const desktop = { width: 1320, height: 820 }

const ends: (() => Promise<unknown>)[] = []

async function main(): Promise<void> {
  await mkdir(folder, { recursive: true })
  const server = await startServer()
  ends.push(() => server.close())
  const alice = await profile('alice', server.url)
  const bob = await profile('bob', server.url)
  const carol = await profile('carol', server.url)
  const mesh = meshName

  const first = await alice.open({ mesh })
  const bobTab = await bob.open({ mesh })
  const carolTab = await carol.open({ mesh })
  const dataDir = await mkdtemp(join(tmpdir(), 'skein-agent-'))
  ends.push(() => rm(dataDir, { recursive: true, force: true }))
  const agent = await joinMesh({ mesh, name: 'lookout', signaling: [server.webSocketUrl], dataDir })
  ends.push(() => agent.leave())
  await agent.room('general').join()
  await untilAgree([first, bobTab, carolTab])
  await expect.poll(() => agent.peers.size, patience).toBe(4)
  const second = await alice.open({ mesh })
  await expect.poll(() => agent.peers.size, patience).toBe(5)

  await delivered(bobTab, 'Morning! Who has the tide tables for today?')
  await (await agent.send('#general', 'High water 11:42, 3.1 m. Low water 17:58, 0.6 m.')).delivered()
  await delivered(carolTab, 'Thanks. I take the ferry at eleven, so I shall be away for a while.')
  await delivered(first, 'Fine. I close my laptop now and then; what you write will find me.')
  await first.joinRoom('repairs')
  await delivered(first, 'The winch of pier 2 squeaks again.', '#repairs')
  await first.openRoom('general')
  await carol.quit()
  await expect(second.peerRows()).toHaveCount(4, patience)
  await delivered(bobTab, 'Then I shall look after pier 2.')
  await first.write('carol, the winch is oiled. Tell me when you are back.')
  await expect(first.message('Then I shall look after pier 2.')).toBeVisible(patience)

  await shoot(first.page, 'app-light', 'light')
  await shoot(first.page, 'app-dark', 'dark')
  await shoot(second.page, 'phone', 'light', phone)
}

async function profile(name: string, url: string): Promise<Profile> {
  const launched = await Profile.launch(name, url)
  ends.push(() => launched.dispose())
  return launched
}

const delivered = (tab: Tab, body: string, to = '#general'): Promise<void> => tab.sendAll(to, [body])

async function shoot(
  page: Page,
  name: string,
  colorScheme: 'light' | 'dark',
  viewport = desktop,
): Promise<void> {
  await page.bringToFront()
  await page.setViewportSize(viewport)
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
  // The text box keeps no caret, and the newest message is what a person would see.
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  await page.getByTestId('message').last().scrollIntoViewIfNeeded()
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled', caret: 'hide' })
  console.log(`${folder}/${name}.png`)
}

process.chdir(join(import.meta.dirname, '..'))
try {
  await main()
} finally {
  // The last started goes first: the agent before the server it uses.
  for (const end of ends.toReversed()) {
    await end().catch((error: unknown) => console.error(`Could not be ended: ${String(error)}`))
  }
}
