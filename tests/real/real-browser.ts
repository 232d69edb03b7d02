// A Chromium in a process of its own, perhaps in a network namespace, and its tabs as peers. Tabs of one browser share
// what it stores, and are one member. A tab's kill is its renderer's death; a browser's is that of all.

import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from '@playwright/test'
import { Renderers } from '../../bench/support/renderers.ts'
import { chromiumFlags, ensureChromium, kindFlags } from '../../scripts/find-chromium.ts'
import type { Entry } from '../sim/harness/history.ts'
import { type Call, type RemoteConduct, remoteConduct } from './conduct.ts'
import { residentBytes } from './process-memory.ts'
import { PeerEnded, type RealPeer } from './real-peer.ts'

export interface BrowserSettings {
  /** What its tabs share as peers: their label, and the name of their disk. */
  readonly label: string
  /** Of its own: its profile is there. */
  readonly folder: string
  /** Where the page comes from; without a slash at its end. */
  readonly origin: string
  /** Put in front of its command line. */
  readonly prefix: readonly string[]
  readonly hear: (entry: Entry) => void
}

export class RealBrowser {
  readonly #settings: BrowserSettings
  readonly #context: BrowserContext
  readonly renderers: Renderers
  /** Renderers that stand still. */
  readonly stopped = new Set<number>()

  static async launch(settings: BrowserSettings): Promise<RealBrowser> {
    const { folder, origin, prefix, hear } = settings
    const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
      // A page from another address than this machine's own gets keys and locks only where that is asked for.
      args: [...chromiumFlags, `--unsafely-treat-insecure-origin-as-secure=${origin}`],
      ignoreDefaultArgs: [...kindFlags],
      // Ctrl-C is for the test, which ends it in its own way.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      executablePath: await startScript(folder, prefix),
    })
    await context.exposeBinding('tellTest', (_, entry: Entry) => hear(entry))
    return new RealBrowser(settings, context, await Renderers.of(context))
  }

  private constructor(settings: BrowserSettings, context: BrowserContext, renderers: Renderers) {
    this.#settings = settings
    this.#context = context
    this.renderers = renderers
  }

  get label(): string {
    return this.#settings.label
  }

  async openTab(name: string): Promise<RealTab> {
    return RealTab.open(this, name)
  }

  async openPage(): Promise<Page> {
    const page = await this.#context.newPage()
    page.on('pageerror', ({ message }) =>
      process.stderr.write(`A page of ${this.label} failed: ${message}\n`),
    )
    // A machine that is short of processors has taken more than Playwright's 30 s.
    await page.goto(this.#settings.origin, { timeout: 120_000 })
    await page.waitForFunction(() => window.conduct !== undefined)
    return page
  }

  /** Renderers that stand still neither close nor end with their browser. */
  wakeAll(): void {
    for (const pid of this.stopped) process.kill(pid, 'SIGCONT')
    this.stopped.clear()
  }

  async close(): Promise<void> {
    this.wakeAll()
    await this.#context.close()
  }
}

/** Playwright takes one program and no words before it. */
async function startScript(folder: string, prefix: readonly string[]): Promise<string> {
  const program = ensureChromium()
  if (prefix.length === 0) return program
  const script = join(folder, 'chromium')
  await writeFile(script, `#!/bin/sh\nexec ${prefix.join(' ')} '${program}' "$@"\n`)
  await chmod(script, 0o755)
  return script
}

export class RealTab implements RealPeer {
  readonly kind = 'tab'
  readonly name: string
  readonly conduct: RemoteConduct = remoteConduct((call) => this.#ask(call))
  readonly #browser: RealBrowser
  #page: Page
  /** Of its renderer. */
  #pid: number
  #alive = true
  #lives = 1

  static async open(browser: RealBrowser, name: string): Promise<RealTab> {
    const page = await browser.openPage()
    return new RealTab(browser, name, page, await browser.renderers.pidOf(page))
  }

  private constructor(browser: RealBrowser, name: string, page: Page, pid: number) {
    this.#browser = browser
    this.name = name
    this.#page = page
    this.#pid = pid
  }

  get label(): string {
    return this.#browser.label
  }

  get run(): string {
    return `${this.name} ${this.#lives}`
  }

  memoryBytes(): number | undefined {
    return this.#alive ? residentBytes(this.#pid) : undefined
  }

  /** Its renderer dies at once; nothing in the page gets to say goodbye. */
  async kill(): Promise<void> {
    if (!this.#alive) return
    this.#alive = false
    this.wake()
    const crashed = this.#page.waitForEvent('crash')
    process.kill(this.#pid, 'SIGKILL')
    await crashed
    await this.#page.close()
  }

  /** As a person closes it: the page's last events run. */
  async close(): Promise<void> {
    this.#alive = false
    const closed = this.#page.waitForEvent('close')
    await this.#page.close({ runBeforeUnload: true })
    await closed
  }

  async restart(): Promise<void> {
    if (this.#alive) await this.#page.close()
    this.#lives++
    this.#page = await this.#browser.openPage()
    this.#pid = await this.#browser.renderers.pidOf(this.#page)
    this.#alive = true
  }

  freeze(): void {
    process.kill(this.#pid, 'SIGSTOP')
    this.#browser.stopped.add(this.#pid)
  }

  wake(): void {
    if (this.#browser.stopped.delete(this.#pid)) process.kill(this.#pid, 'SIGCONT')
  }

  #ask(call: Call): Promise<unknown> {
    if (!this.#alive) return Promise.reject(new PeerEnded(this.name))
    return this.#page.evaluate((asked) => window.conduct!(asked), call)
  }
}
