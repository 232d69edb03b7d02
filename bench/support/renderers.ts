// Which process renders a page. Tests and benchmarks stop, wake, kill and weigh renderers by their pid.

import type { BrowserContext, CDPSession, Page } from '@playwright/test'

/**
 * The renderers of one browser process. Browsers do not tell which of them is whose; but page and browser both tell how
 * much processor time the page's renderer has used, and that figure is its own.
 */
export class Renderers {
  readonly #browser: CDPSession

  static async of(context: BrowserContext): Promise<Renderers> {
    return new Renderers(await context.browser()!.newBrowserCDPSession())
  }

  private constructor(browser: CDPSession) {
    this.#browser = browser
  }

  /** The pid of the browser's own process, whose death is that of all its renderers. */
  async browserPid(): Promise<number> {
    const { processInfo } = await this.#browser.send('SystemInfo.getProcessInfo')
    return processInfo.find(({ type }) => type === 'browser')!.id
  }

  async pidOf(page: Page): Promise<number> {
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable')
    for (;;) {
      const before = await this.#seconds()
      const { metrics } = await session.send('Performance.getMetrics')
      const after = await this.#seconds()
      const used = metrics.find(({ name }) => name === 'ProcessTime')!.value
      const fitting = [...after].filter(([pid, now]) => (before.get(pid) ?? 0) <= used && used <= now)
      if (fitting.length !== 1) continue
      await session.detach()
      return fitting[0]![0]
    }
  }

  /** Processor time used so far, by pid. */
  async #seconds(): Promise<Map<number, number>> {
    const { processInfo } = await this.#browser.send('SystemInfo.getProcessInfo')
    const renderers = processInfo.filter(({ type }) => type === 'renderer')
    return new Map(renderers.map(({ id, cpuTime }) => [id, cpuTime]))
  }
}
