// A Firefox profile in a browser process of its own, driven over WebDriver BiDi: Playwright drives only a Firefox of
// its own making, and this is the one that people have. Its settings are those it comes with.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import { type Browser, launch, type Page } from 'puppeteer-core'
import { findFirefox } from '../../../scripts/find-firefox.ts'
import { test as base } from './fixtures.ts'
import { patience, type Participant } from './participant.ts'
import type { DocReport, Report } from './probe.ts'
import { watchScript } from './profile.ts'
import { endProcess } from './server.ts'

/** The editor stands in a shadow root: `>>>` reaches into it. */
export const noteEditor = '>>> [data-testid=note-editor]'

interface FirefoxFixtures {
  /** A Firefox of its own, not yet at the app. `appUrl`: the server of `cast` where left out. */
  readonly firefox: (name: string, appUrl?: string) => Promise<FirefoxProfile>
}

export const test = base.extend<FirefoxFixtures>({
  firefox: async ({ cast }, use) => {
    const profiles: FirefoxProfile[] = []
    await use(async (name, appUrl = cast.server.url) => {
      const profile = await FirefoxProfile.launch(name, appUrl)
      profiles.push(profile)
      return profile
    })
    await Promise.all(profiles.map((profile) => profile.dispose()))
  },
})

export class FirefoxProfile {
  readonly name: string
  readonly #appUrl: string
  readonly #dir: string
  #browser: Browser

  static async launch(name: string, appUrl: string): Promise<FirefoxProfile> {
    const dir = await mkdtemp(join(tmpdir(), `skein-${name}-`))
    return new FirefoxProfile(name, appUrl, dir, await launchIn(dir))
  }

  private constructor(name: string, appUrl: string, dir: string, browser: Browser) {
    this.name = name
    this.#appUrl = appUrl
    this.#dir = dir
    this.#browser = browser
  }

  /** Opens the app in a new tab and waits until it has joined. */
  async open(mesh: string): Promise<FirefoxTab> {
    const page = await this.#browser.newPage()
    const tab = new FirefoxTab(this.name, page)
    await page.evaluateOnNewDocument(watchScript)
    await page.goto(`${this.#appUrl}#mesh=${mesh}&name=${this.name}`)
    await tab.joined()
    return tab
  }

  /** SIGKILLs the browser's process; its pages die with it. */
  async kill(): Promise<void> {
    await endProcess(this.#browser.process()!)
  }

  /** Opens the same profile again, after `kill()`. */
  async relaunch(): Promise<void> {
    this.#browser = await launchIn(this.#dir)
  }

  async dispose(): Promise<void> {
    await this.kill()
    await rm(this.#dir, { recursive: true, force: true, maxRetries: 5 })
  }
}

const launchIn = (dir: string): Promise<Browser> =>
  launch({
    browser: 'firefox',
    executablePath: findFirefox()!,
    headless: true,
    userDataDir: dir,
    defaultViewport: { width: 1280, height: 800 },
  })

/** A tab of the real app: what a person sees of it through data-testids, and what its mesh says. */
export class FirefoxTab implements Participant {
  readonly name: string
  readonly page: Page
  /** What the page, or the browser about it, complained of. */
  readonly complaints: string[] = []

  constructor(name: string, page: Page) {
    this.name = name
    this.page = page
    page.on('pageerror', (error) => this.complaints.push(String(error)))
    page.on('console', (line) => {
      if (line.type() === 'error' || line.type() === 'warn') this.complaints.push(line.text())
    })
  }

  /** The page's mesh and its probe are there. */
  async joined(): Promise<void> {
    await this.page.waitForFunction(() => window.probe !== undefined, patience)
  }

  // --------------------------------------------------------------------------------- through the library

  report(): Promise<Report> {
    return this.page.evaluate(() => window.probe!.report())
  }

  async lead(): Promise<void> {
    await this.page.evaluate(() => window.probe!.lead())
  }

  async consume(): Promise<void> {
    await this.page.evaluate(() => window.probe!.consume())
  }

  async writeDoc(doc: string, lines: readonly string[]): Promise<void> {
    await this.page.evaluate(
      (which, name, texts) => window.probe!.writeDoc(which, name, texts),
      doc,
      this.name,
      lines,
    )
  }

  readDoc(doc: string): Promise<DocReport> {
    return this.page.evaluate((which) => window.probe!.readDoc(which), doc)
  }

  async untilDocStored(doc: string): Promise<void> {
    await this.page.evaluate((which) => window.probe!.untilDocStored(which), doc)
  }

  // ------------------------------------------------------------------------------------ through the app

  async write(text: string): Promise<void> {
    await this.page.locator('[data-testid=composer]').fill(text)
    await this.click('composer-send')
  }

  async click(testId: string): Promise<void> {
    await this.page.locator(`[data-testid=${testId}]`).click()
  }

  /** At the end of the note that is open. */
  async typeNote(text: string): Promise<void> {
    await this.page.locator(noteEditor).click()
    await this.page.keyboard.down('Control')
    await this.page.keyboard.press('End')
    await this.page.keyboard.up('Control')
    await this.page.keyboard.type(text)
  }

  async openRoom(room: string): Promise<void> {
    await this.page.locator(`[data-testid=room][data-room="${room}"] button`).click()
  }

  async openDirect(name: string): Promise<void> {
    await this.page.locator(`[data-testid=direct][data-name="${name}"] button`).click()
  }

  /** The messages of the open conversation, as it shows them. */
  messages(): Promise<{ text: string; state: string; status: string }[]> {
    return this.page.$$eval('[data-testid=message]', (rows) =>
      rows.map((row) => ({
        text: row.querySelector('[data-testid=message-body]')?.textContent ?? '',
        state: row.getAttribute('data-state') ?? '',
        status: row.querySelector('[data-testid=message-status]')?.getAttribute('title') ?? '',
      })),
    )
  }

  async untilShown(text: string): Promise<void> {
    const texts = async () => (await this.messages()).map((message) => message.text)
    await expect.poll(texts, patience).toContain(text)
  }

  /** Resolves when the app says that it was delivered to each of these. */
  async untilDelivered(text: string, names: readonly string[]): Promise<void> {
    await expect(async () => {
      const message = (await this.messages()).find((one) => one.text === text)
      expect(message?.state).toBe('delivered')
      for (const name of names) expect(message?.status).toMatch(new RegExp(`delivered to .*${name}`))
    }).toPass(patience)
  }

  /** The leader as the app names it. */
  leaderLine(): Promise<{ peer: string; epoch: number }> {
    return this.page.$eval('[data-testid=leader]', (line) => ({
      peer: line.getAttribute('data-peer-id') ?? '',
      epoch: Number(line.getAttribute('data-epoch')),
    }))
  }

  // ----------------------------------------------------------------------------------- ways it can end

  async close(): Promise<void> {
    await this.page.close()
  }

  async reload(): Promise<void> {
    await this.page.reload()
    await this.joined()
  }
}
