// A Chromium profile in a browser process of its own. It can be SIGKILLed and opened again with what it had stored.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from '@playwright/test'
import { Renderers } from '../../../bench/support/renderers.ts'
import { chromiumFlags, findChromium, kindFlags } from '../../../scripts/find-chromium.ts'
import { createProbe } from './probe.ts'
import { Tab } from './tab.ts'

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
  #renderers: Renderers
  #pid: number

  static async launch(name: string, appUrl: string): Promise<Profile> {
    const dir = await mkdtemp(join(tmpdir(), `skein-${name}-`))
    return new Profile(name, appUrl, dir, await launchIn(dir))
  }

  private constructor(name: string, appUrl: string, dir: string, launched: Launched) {
    this.name = name
    this.#appUrl = appUrl
    this.#dir = dir
    ;({ context: this.#context, renderers: this.#renderers, pid: this.#pid } = launched)
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
    ;({ context: this.#context, renderers: this.#renderers, pid: this.#pid } = await launchIn(this.#dir))
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

  rendererOf(page: Page): Promise<number> {
    return this.#renderers.pidOf(page)
  }
}

interface Launched {
  readonly context: BrowserContext
  readonly renderers: Renderers
  readonly pid: number
}

async function launchIn(dir: string): Promise<Launched> {
  const executablePath = findChromium()
  const context = await chromium.launchPersistentContext(dir, {
    args: [...chromiumFlags],
    ignoreDefaultArgs: [...kindFlags],
    ...(executablePath === undefined ? {} : { executablePath }),
    viewport: { width: 1280, height: 800 },
  })
  await context.addInitScript({ content: watchScript })
  const renderers = await Renderers.of(context)
  return { context, renderers, pid: await renderers.browserPid() }
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
}
