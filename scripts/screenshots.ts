// Makes the pictures in docs/images from the real app: three Chromium profiles (one with two tabs) and an agent in one
// mesh, a short conversation, one member that has gone, a note written together, the status view. Run it after a change of the app's looks:
//
//   node --import tsx scripts/screenshots.ts

import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, expect, type Locator, type Page } from '@playwright/test'
import { joinMesh } from 'skein'
import { startServer } from '../tests/e2e/support/server.ts'
import { chromiumFlags, ensureChromium } from './find-chromium.ts'

const folder = 'docs/images'
const mesh = 'harbour'
const patience = { timeout: 60_000 }
const phone = { width: 390, height: 780 }
const desktop = { width: 1320, height: 820 }

type Cleanup = (end: () => Promise<unknown>) => void

async function main(later: Cleanup): Promise<void> {
  await mkdir(folder, { recursive: true })
  const server = await startServer()
  later(() => server.close())
  const [alice, bob, carol] = [await profile(later), await profile(later), await profile(later)]
  const first = await open(alice, server.url, 'alice')
  const bobPage = await open(bob, server.url, 'bob')
  const carolPage = await open(carol, server.url, 'carol')
  const dataDir = await temporaryFolder(later)
  const agent = await joinMesh({ mesh, name: 'lookout', signaling: [server.webSocketUrl], dataDir })
  later(() => agent.leave())
  await agent.room('general').join()
  await peersOf(carolPage, 4)
  const second = await open(alice, server.url, 'alice')
  for (const page of [first, bobPage, carolPage, second]) await peersOf(page, 5)

  await say(bobPage, 'Morning! Who has the tide tables for today?')
  await (await agent.send('#general', 'High water 11:42, 3.1 m. Low water 17:58, 0.6 m.')).delivered()
  await say(carolPage, 'Thanks. I take the ferry at eleven, so I shall be away for a while.')
  await say(first, 'Fine. I close my laptop now and then; what you write will find me.')
  await first.getByTestId('room-new').fill('repairs')
  await first.getByTestId('room-new').press('Enter')
  await first.locator('[data-testid=room][data-room=repairs][data-joined=true]').waitFor(patience)
  await write(first, 'The winch of pier 2 squeaks again.')
  await first.locator('[data-testid=room][data-room=general] button').click()
  await carol.close()
  await peersOf(second, 4)
  await say(bobPage, 'Then I shall look after pier 2.')
  await write(first, 'carol, the winch is oiled. Tell me when you are back.')

  const lastMessage = (page: Page): Locator => page.getByTestId('message').last()
  await shoot(first, 'app-light', 'light', desktop, lastMessage(first))
  await shoot(first, 'app-dark', 'dark', desktop, lastMessage(first))
  await shoot(second, 'phone', 'light', phone, lastMessage(second))

  await first.setViewportSize(desktop)
  await writeNote(first, 'Pier 2', pierNote)
  await bobPage.bringToFront()
  await bobPage.getByTestId('nav-notes').click()
  await bobPage.getByTestId('note-item').first().getByRole('button').click(patience)
  await bobPage.getByTestId('note-editor').click()
  await bobPage.keyboard.press('Control+End')
  await bobPage.keyboard.insertText('\n- [ ] Ask carol for the spare shackle')
  await expect(first.getByTestId('note-editor')).toContainText('spare shackle', patience)
  const state = first.getByTestId('note-state')
  await expect(state).toHaveAttribute('data-state', 'synced', patience)
  await expect(state).toHaveAttribute('data-stored', 'true', patience)
  await shoot(first, 'notes-light', 'light', desktop, first.getByTestId('note-editor'))
  await shoot(first, 'notes-dark', 'dark', desktop, first.getByTestId('note-editor'))

  await first.goto(`${server.url}#/status`)
  await first.getByTestId('status-view').waitFor(patience)
  await shoot(first, 'status', 'light', desktop, first.getByTestId('status-view'))
}

const pierNote = `# Pier 2

The winch squeaked again on Friday. What is left to do:

- [x] Oil the winch
- [x] Tighten the brake`

async function writeNote(page: Page, title: string, text: string): Promise<void> {
  await page.bringToFront()
  await page.getByTestId('nav-notes').click()
  await page.getByTestId('new-note').click()
  await page.getByTestId('note-title').fill(title)
  await page.getByTestId('note-title').press('Enter')
  await expect(page.getByTestId('note-editor')).toBeFocused()
  // As pasted: the editor would go on with a list by itself.
  await page.keyboard.insertText(text)
}

async function temporaryFolder(later: Cleanup): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'skein-pictures-'))
  later(() => rm(path, { recursive: true, force: true, maxRetries: 5 }))
  return path
}

/** A browser with a profile of its own. */
async function profile(later: Cleanup): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(await temporaryFolder(later), {
    args: [...chromiumFlags],
    executablePath: ensureChromium(),
    viewport: desktop,
  })
  later(() => context.close())
  return context
}

async function open(context: BrowserContext, url: string, name: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${url}#mesh=${mesh}&name=${name}`)
  await page.locator('[data-testid=room][data-room=general][data-joined=true]').waitFor(patience)
  return page
}

const peersOf = (page: Page, count: number): Promise<void> =>
  expect(page.getByTestId('peers').getByTestId('peer')).toHaveCount(count, patience)

async function write(page: Page, text: string): Promise<void> {
  await page.getByTestId('composer').fill(text)
  await page.getByTestId('composer-send').click()
  await page.getByTestId('message').filter({ hasText: text }).waitFor(patience)
}

/** Writes to everybody in the open room, and waits until they have it, so that the pictures show the same order. */
async function say(page: Page, text: string): Promise<void> {
  await write(page, text)
  const row = page.getByTestId('message').filter({ hasText: text })
  // Whoever is away keeps it from being delivered to all; one other is enough then.
  await expect(row.getByTestId('message-status')).toContainText(/delivered/i, patience)
}

async function shoot(
  page: Page,
  name: string,
  colorScheme: 'light' | 'dark',
  viewport: { width: number; height: number },
  subject: Locator,
): Promise<void> {
  await page.bringToFront()
  await page.setViewportSize(viewport)
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  await subject.scrollIntoViewIfNeeded()
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled', caret: 'hide' })
  console.log(`${folder}/${name}.png`)
}

process.chdir(join(import.meta.dirname, '..'))
const ends: (() => Promise<unknown>)[] = []
try {
  await main((end) => ends.push(end))
} finally {
  // The last started goes first: the agent before the server it uses.
  for (const end of ends.toReversed()) {
    await end().catch((error: unknown) => console.error(`Could not be ended: ${String(error)}`))
  }
}
// Now and then something keeps the process alive; the pictures are made, and nothing here is worth waiting for.
process.exit(0)
