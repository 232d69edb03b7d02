// A Chromium profile in a browser process of its own. It can be SIGKILLed and opened again with what it had stored.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, type CDPSession, chromium, type Page } from '@playwright/test'
import { chromiumFlags, findChromium } from '../../../scripts/find-chromium.ts'
import { createProbe } from './probe.ts'
import { Tab } from './tab.ts'

/**
 * Playwright's own flags that make a browser kinder than the ones people use: without them tabs are throttled and
 * pages go into the back/forward cache, as in real life.
 */
const kindFlags = [
  '--disable-back-forward-cache',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

/** A renderer is known by its processor time: it must be ahead of all others by this much, in seconds. */
const clearLeadSeconds = 0.25

export interface OpenOptions {
  readonly mesh: string
  /** The tab's name; the profile's where left out. */
  readonly name?: string
}

export class Profile {
  readonly name: string
  /** Renderers that a test has stopped; they are woken before the browser is closed. */
  readonly stopped = new Set<number>()
  readonly #appUrl: string
  readonly #dir: string
  #context: BrowserContext
  #browser: CDPSession
  #pid: number

  static async launch(name: string, appUrl: string): Promise<Profile> {
    const dir = await mkdtemp(join(tmpdir(), `skein-${name}-`))
    return new Profile(name, appUrl, dir, await launchIn(dir))
  }

  private constructor(name: string, appUrl: string, dir: string, launched: Launched) {
    this.name = name
    this.#appUrl = appUrl
    this.#dir = dir
    ;({ context: this.#context, browser: this.#browser, pid: this.#pid } = launched)
  }

  /** Where the browser keeps what it stored. */
  get dir(): string {
    return this.#dir
  }

  get context(): BrowserContext {
    return this.#context
  }

  /** Opens the app in a new tab and waits until it has joined. */
  async open({ mesh, name = this.name }: OpenOptions): Promise<Tab> {
    const page = await this.#context.newPage()
    const tab = new Tab(this, name, page)
    await page.goto(`${this.#appUrl}#mesh=${mesh}&name=${name}`)
    await tab.joined()
    return tab
  }

  /** SIGKILLs the browser's process. Its renderers die with it. */
  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.#context.once('close', resolve))
    process.kill(this.#pid, 'SIGKILL')
    await closed
  }

  /** Opens the same profile again, after `kill()` or `quit()`. */
  async relaunch(): Promise<void> {
    ;({ context: this.#context, browser: this.#browser, pid: this.#pid } = await launchIn(this.#dir))
  }

  /** Ends the browser in good order and keeps what it stored. */
  async quit(): Promise<void> {
    for (const pid of this.stopped) process.kill(pid, 'SIGCONT')
    this.stopped.clear()
    await this.#context.close()
  }

  async dispose(): Promise<void> {
    await this.quit()
    await rm(this.#dir, { recursive: true, force: true, maxRetries: 5 })
  }

  /**
   * The pid of a page's renderer. Browsers do not tell, so a worker in the page keeps its processor busy until one
   * renderer is clearly ahead of all others; the page's own thread stays free.
   */
  async rendererOf(page: Page): Promise<number> {
    const before = await this.#processorSeconds()
    const stop = await page.evaluateHandle(() => {
      const busy = new Blob(['for (;;);'], { type: 'text/javascript' })
      const worker = new Worker(URL.createObjectURL(busy))
      return () => worker.terminate()
    })
    try {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 100))
        const now = await this.#processorSeconds()
        const spent = [...now].map(([pid, seconds]) => ({
          pid,
          seconds: seconds - (before.get(pid) ?? seconds),
        }))
        const [first, second] = spent.toSorted((a, b) => b.seconds - a.seconds)
        if (first && first.seconds - (second?.seconds ?? 0) > clearLeadSeconds) return first.pid
      }
    } finally {
      await stop.evaluate((end) => end())
    }
  }

  async #processorSeconds(): Promise<Map<number, number>> {
    const { processInfo } = await this.#browser.send('SystemInfo.getProcessInfo')
    const renderers = processInfo.filter(({ type }) => type === 'renderer')
    return new Map(renderers.map(({ id, cpuTime }) => [id, cpuTime]))
  }
}

interface Launched {
  readonly context: BrowserContext
  readonly browser: CDPSession
  readonly pid: number
}

async function launchIn(dir: string): Promise<Launched> {
  const executablePath = findChromium()
  const context = await chromium.launchPersistentContext(dir, {
    args: [...chromiumFlags],
    ignoreDefaultArgs: kindFlags,
    ...(executablePath === undefined ? {} : { executablePath }),
    viewport: { width: 1280, height: 800 },
  })
  await context.addInitScript({ content: watchScript })
  const browser = await context.browser()!.newBrowserCDPSession()
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo')
  const pid = processInfo.find(({ type }) => type === 'browser')!.id
  return { context, browser, pid }
}

/** Runs in every page before its own scripts: the probe is there from the moment that the page has a mesh. */
export const watchScript = `(${watchPage})(${createProbe})`

function watchPage(make: typeof createProbe): void {
  let mesh: Window['mesh']
  Object.defineProperty(window, 'mesh', {
    configurable: true,
    get: () => mesh,
    set: (joined: Window['mesh']) => {
      mesh = joined
      window.probe = joined && make(joined)
    },
  })
  let lastMs = Date.now()
  window.longestPauseMs = 0
  setInterval(() => {
    const nowMs = Date.now()
    window.longestPauseMs = Math.max(window.longestPauseMs ?? 0, nowMs - lastMs)
    lastMs = nowMs
  }, 10)
  window.addEventListener('pageshow', (event) => {
    window.cameFromCache = event.persisted
  })
}
