// Chromium under measurement: each profile is a browser process of its own, with tabs that join a mesh, and with the
// ways in which a tab or a whole browser can end.

import { type BrowserContext, type CDPSession, chromium, type Page } from '@playwright/test'
import type { MeshOptions } from 'skein'
import { chromiumFlags, ensureChromium } from '../../scripts/find-chromium.ts'
import type { News, StateNews, Told } from './news.ts'
import { Diary, type Participant } from './participant.ts'
import { type Ending, temporaryFolder } from './processes.ts'
import { remoteTools } from './tools.ts'

/** Playwright's flags that make a browser kinder than the ones people use; without them pages are cached and throttled. */
const kindFlags = [
  '--disable-back-forward-cache',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

/** Vite's client looks for a development server's socket, which the pages server does without. */
const viteWithoutSocket = 'WebSocket closed without opened.'

export class Profile {
  readonly pid: number
  readonly #context: BrowserContext
  readonly #browser: CDPSession
  readonly #listeners: WeakMap<Page, (news: unknown) => void>
  readonly #close: () => Promise<void>

  /** @param awake each tab runs as if it were the one in front: tabs that stand for a device each */
  static async launch(ending: Ending, { awake = false } = {}): Promise<Profile> {
    const context = await chromium.launchPersistentContext(temporaryFolder(ending, 'profile'), {
      args: [...chromiumFlags],
      ignoreDefaultArgs: awake ? [] : kindFlags,
      executablePath: ensureChromium(),
    })
    const close = ending.add(() => context.close())
    const listeners = new WeakMap<Page, (news: unknown) => void>()
    await context.exposeBinding('tellBenchmark', ({ page }, news) => listeners.get(page)?.(news))
    const browser = await context.browser()!.newBrowserCDPSession()
    const { processInfo } = await browser.send('SystemInfo.getProcessInfo')
    const pid = processInfo.find(({ type }) => type === 'browser')!.id
    return new Profile(context, browser, pid, listeners, close)
  }

  private constructor(
    context: BrowserContext,
    browser: CDPSession,
    pid: number,
    listeners: WeakMap<Page, (news: unknown) => void>,
    close: () => Promise<void>,
  ) {
    this.#context = context
    this.#browser = browser
    this.pid = pid
    this.#listeners = listeners
    this.#close = close
  }

  /** A page that calls `window.tellBenchmark`. */
  async open(url: string, onNews: (news: unknown) => void): Promise<Page> {
    const page = await this.#context.newPage()
    page.on('pageerror', ({ message }) => {
      if (message !== viteWithoutSocket) process.stderr.write(`A page failed: ${message}\n`)
    })
    this.#listeners.set(page, onNews)
    await page.goto(url)
    return page
  }

  /** SIGKILL; the renderers die with it. */
  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.#context.once('close', resolve))
    process.kill(this.pid, 'SIGKILL')
    await closed
  }

  close(): Promise<void> {
    return this.#close()
  }

  /**
   * The pid of a page's renderer. Browsers do not tell it; but page and browser both tell how much processor time the
   * renderer has used, and that figure is its own.
   */
  async rendererOf(page: Page): Promise<number> {
    const session = await this.#context.newCDPSession(page)
    await session.send('Performance.enable')
    for (;;) {
      const before = await this.#renderers()
      const { metrics } = await session.send('Performance.getMetrics')
      const after = await this.#renderers()
      const seconds = metrics.find(({ name }) => name === 'ProcessTime')!.value
      const fitting = [...after].filter(([pid, now]) => (before.get(pid) ?? 0) <= seconds && seconds <= now)
      if (fitting.length !== 1) continue
      await session.detach()
      return fitting[0]![0]
    }
  }

  async #renderers(): Promise<Map<number, number>> {
    const { processInfo } = await this.#browser.send('SystemInfo.getProcessInfo')
    const renderers = processInfo.filter(({ type }) => type === 'renderer')
    return new Map(renderers.map(({ id, cpuTime }) => [id, cpuTime]))
  }
}

export class Tab implements Participant {
  readonly name: string
  readonly profile: Profile
  readonly page: Page
  readonly #diary: Diary

  static async join(
    profile: Profile,
    pagesUrl: string,
    options: MeshOptions,
    onNews: () => void,
  ): Promise<Tab> {
    const diary = new Diary(onNews)
    const words = new URLSearchParams({ options: JSON.stringify(options) })
    const url = `${pagesUrl}/bench/pages/peer.html?${words.toString()}`
    const page = await profile.open(url, (news) => diary.write(news as News))
    return new Tab(options.name, profile, page, diary)
  }

  private constructor(name: string, profile: Profile, page: Page, diary: Diary) {
    this.name = name
    this.profile = profile
    this.page = page
    this.#diary = diary
  }

  get state(): StateNews | undefined {
    return this.#diary.state
  }

  get news(): readonly Told[] {
    return this.#diary.news
  }

  readonly tools = remoteTools((call) => this.page.evaluate((asked) => window.callTool!(asked), call))

  async end(): Promise<void> {
    await this.page.close()
  }

  /** As a person closes it: the page's last events run. */
  async close(): Promise<void> {
    const closed = this.page.waitForEvent('close')
    await this.page.close({ runBeforeUnload: true })
    await closed
  }

  /** The session with which `crash()` is fast. */
  crashSession(): Promise<CDPSession> {
    return this.page.context().newCDPSession(this.page)
  }

  async crash(session: CDPSession): Promise<void> {
    const crashed = this.page.waitForEvent('crash')
    // The answer never comes where the target died first.
    void session.send('Page.crash').catch(() => 'the target died before it answered')
    await crashed
  }
}
