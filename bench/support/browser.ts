// Chromium under measurement: each profile is a browser process of its own, with tabs that join a mesh, and with the
// ways in which a tab or a whole browser can end.

import { type BrowserContext, type CDPSession, chromium, type Page } from '@playwright/test'
import type { MeshOptions } from 'skein'
import { chromiumFlags, ensureChromium, kindFlags } from '../../scripts/find-chromium.ts'
import type { News, StateNews, Told } from './news.ts'
import { Diary, type Participant } from './participant.ts'
import { type Ending, temporaryFolder } from './processes.ts'
import { Renderers } from './renderers.ts'
import { remoteTools } from './tools.ts'

export class Profile {
  readonly pid: number
  readonly #context: BrowserContext
  readonly renderers: Renderers
  readonly #listeners: WeakMap<Page, (news: unknown) => void>
  readonly #close: () => Promise<void>

  /** @param awake each tab runs as if it were the one in front: tabs that stand for a device each */
  static async launch(ending: Ending, { awake = false } = {}): Promise<Profile> {
    const context = await chromium.launchPersistentContext(temporaryFolder(ending, 'profile'), {
      args: [...chromiumFlags],
      ignoreDefaultArgs: awake ? [] : [...kindFlags],
      executablePath: ensureChromium(),
    })
    const close = ending.add(() => context.close())
    const listeners = new WeakMap<Page, (news: unknown) => void>()
    await context.exposeBinding('tellBenchmark', ({ page }, news) => listeners.get(page)?.(news))
    const renderers = await Renderers.of(context)
    const pid = await renderers.browserPid()
    return new Profile(context, renderers, pid, listeners, close)
  }

  private constructor(
    context: BrowserContext,
    renderers: Renderers,
    pid: number,
    listeners: WeakMap<Page, (news: unknown) => void>,
    close: () => Promise<void>,
  ) {
    this.#context = context
    this.renderers = renderers
    this.pid = pid
    this.#listeners = listeners
    this.#close = close
  }

  /** A page that calls `window.tellBenchmark`. */
  async open(url: string, onNews: (news: unknown) => void): Promise<Page> {
    const page = await this.#context.newPage()
    page.on('pageerror', ({ message }) => void process.stderr.write(`A page failed: ${message}\n`))
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
