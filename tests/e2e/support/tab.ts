// A tab of the real app: what a person sees of it through data-testids, what its mesh says, and the ways it can end.

import { expect, type Locator, type Page } from '@playwright/test'
import type { Mesh } from 'skein'
import { patience, type Participant } from './participant.ts'
import type { DocReport, Probe, Report } from './probe.ts'
import type { Profile } from './profile.ts'

declare global {
  interface Window {
    mesh?: Mesh | undefined
    /** Set by the script that the profile puts into every page. */
    probe?: Probe | undefined
    /** How long the page ever stood still, as its own timer saw it. */
    longestPauseMs?: number
  }
}

export interface StoredMessage {
  readonly id: string
  readonly body: unknown
  readonly state: string
  readonly deliveredTo: readonly string[]
}

export class Tab implements Participant {
  readonly name: string
  readonly page: Page
  readonly #profile: Profile

  constructor(profile: Profile, name: string, page: Page) {
    this.#profile = profile
    this.name = name
    this.page = page
  }

  /** The page's mesh and its probe are there. */
  async joined(): Promise<void> {
    try {
      await this.page.waitForFunction(() => window.probe !== undefined, undefined, {
        timeout: patience.timeout,
      })
    } catch (error) {
      throw new Error(`${this.name} did not join: ${await this.#whyNot()}`, { cause: error })
    }
  }

  /** What the page shows, whether its databases open, and which locks are held or waited for. */
  async #whyNot(): Promise<string> {
    const seen = this.page.evaluate(async () => {
      const opens = (name: string): Promise<string> =>
        new Promise((resolve) => {
          const request = indexedDB.open(name)
          request.onsuccess = () => resolve(`${name} opens`)
          request.onerror = () => resolve(`${name}: ${request.error}`)
          setTimeout(() => resolve(`${name} does not answer`), 5000)
        })
      const databases = (await indexedDB.databases()).map(({ name }) => opens(String(name)))
      const { held = [], pending = [] } = await navigator.locks.query()
      return JSON.stringify({
        shows: document.body.innerText,
        databases: await Promise.all(databases),
        held: held.map(({ name }) => name),
        pending: pending.map(({ name }) => name),
      })
    })
    const silence = new Promise<string>((resolve) => setTimeout(() => resolve('the page is silent'), 15_000))
    return Promise.race([seen, silence]).catch(String)
  }

  /** The service worker holds the whole app, and the page is its own: from now on it opens without the server. */
  async untilServedOffline(): Promise<void> {
    await this.page.waitForFunction(() => navigator.serviceWorker.controller !== null)
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

  /** @returns the id, once stored */
  send(to: string, body: string): Promise<string> {
    return this.page.evaluate(
      async ([address, text]) => (await window.mesh!.send(address as never, text)).id as string,
      [to, body] as const,
    )
  }

  /** @returns once every addressee has all of them */
  async sendAll(to: string, bodies: readonly string[]): Promise<void> {
    await this.page.evaluate(
      async ([address, texts]) => {
        for (const text of texts) await (await window.mesh!.send(address as never, text)).delivered()
      },
      [to, bodies] as const,
    )
  }

  history(to: string): Promise<StoredMessage[]> {
    return this.page.evaluate(async (address) => {
      const messages = await window.mesh!.history(address as never, { limit: 1000 })
      return messages.map(({ id, body, state, deliveredTo }) => ({
        id,
        body,
        state,
        deliveredTo: [...deliveredTo],
      }))
    }, to)
  }

  async writeDoc(doc: string, lines: readonly string[]): Promise<void> {
    await this.page.evaluate(([which, name, texts]) => window.probe!.writeDoc(which, name, texts), [
      doc,
      this.name,
      lines,
    ] as const)
  }

  readDoc(doc: string): Promise<DocReport> {
    return this.page.evaluate((which) => window.probe!.readDoc(which), doc)
  }

  async untilDocStored(doc: string): Promise<void> {
    await this.page.evaluate((which) => window.probe!.untilDocStored(which), doc)
  }

  /** Sends bytes that no database can compress. @returns the code with which send() rejects, or `'stored'` */
  codeOfSendingNoise(to: string, length: number): Promise<string> {
    return this.page.evaluate(
      ([address, count]) => {
        const noise = new Uint8Array(count)
        for (let at = 0; at < count; at += 65_536) crypto.getRandomValues(noise.subarray(at, at + 65_536))
        return window.mesh!.send(address as never, noise).then(
          () => 'stored',
          (error: { code?: string }) => error.code ?? String(error),
        )
      },
      [to, length] as const,
    )
  }

  /** Resolves when these, and no others, are in the room as this tab sees it. */
  async untilInRoom(room: string, names: readonly string[]): Promise<void> {
    const present = () =>
      this.page.evaluate(
        (which) =>
          window
            .mesh!.room(which)
            .members.map(({ name }) => name)
            .toSorted(),
        room,
      )
    await expect.poll(present, patience).toEqual(names)
  }

  // ------------------------------------------------------------------------------------ through the app

  /** The rows of the list of people, as `data-*` attributes. */
  peerRows(): Locator {
    return this.page.getByTestId('peers').getByTestId('peer')
  }

  get leaderLine(): Locator {
    return this.page.getByTestId('leader')
  }

  /** Messages of the open conversation that hold this text. */
  message(text: string): Locator {
    return this.page.getByTestId('message').filter({ has: this.page.getByText(text, { exact: true }) })
  }

  event(text: string | RegExp): Locator {
    return this.page.getByTestId('event').filter({ hasText: text })
  }

  async write(text: string): Promise<void> {
    await this.page.getByTestId('composer').fill(text)
    await this.page.getByTestId('composer-send').click()
  }

  async openRoom(room: string): Promise<void> {
    await this.page.locator(`[data-testid=room][data-room="${room}"] button`).click()
  }

  /** Creates it where there is none. */
  async joinRoom(room: string): Promise<void> {
    await this.page.getByTestId('room-new').fill(room)
    await this.page.getByTestId('room-new').press('Enter')
    await expect(this.page.locator(`[data-testid=room][data-room="${room}"][data-joined=true]`)).toBeVisible()
  }

  async openDirect(name: string): Promise<void> {
    await this.page.locator(`[data-testid=direct][data-name="${name}"] button`).click()
  }

  // ----------------------------------------------------------------------------------- ways it can end

  async close(): Promise<void> {
    await this.page.close()
  }

  /** The renderer dies at once; nothing in the page gets to say goodbye. */
  async crash(): Promise<void> {
    const crashed = this.page.waitForEvent('crash')
    // The answer never comes where the target died first.
    void this.page
      .context()
      .newCDPSession(this.page)
      .then((session) => session.send('Page.crash'))
      .catch(() => 'the target died before it answered')
    await crashed
  }

  /**
   * Sends, and the page stands still in the very microtask in which send() resolves; then its renderer dies.
   * Nothing that the page would have done afterwards is done.
   */
  async sendAndDie(to: string, body: string): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page)
    await session.send('Runtime.enable')
    await session.send('Runtime.addBinding', { name: 'sendResolved' })
    const resolved = new Promise<'resolved'>((done) =>
      session.once('Runtime.bindingCalled', () => done('resolved')),
    )
    const crashed = this.page.waitForEvent('crash')
    const failed = this.page
      .evaluate(
        ([address, text]) =>
          window.mesh!.send(address as never, text).then(() => {
            ;(window as unknown as { sendResolved(x: string): void }).sendResolved('')
            for (;;);
          }),
        [to, body] as const,
      )
      .then(undefined, String)
    const outcome = await Promise.race([resolved, failed])
    if (outcome !== 'resolved') throw new Error(outcome)
    void session.send('Page.crash').catch(() => 'the target died before it answered')
    await crashed
    await this.page.close()
  }

  async navigateAway(url: string): Promise<void> {
    await this.page.goto(url)
  }

  /** A page that comes out of the back/forward cache loads nothing: only the commit can be waited for. */
  async goBack(): Promise<void> {
    await this.page.goBack({ waitUntil: 'commit' })
  }

  /** Stops the renderer. Ask the page nothing until it is woken; then it is shown that it stood still all the time. */
  async freeze(): Promise<FrozenTab> {
    const pid = await this.#profile.rendererOf(this.page)
    const frozenAtMs = Date.now()
    process.kill(pid, 'SIGSTOP')
    this.#profile.stopped.add(pid)
    return {
      wake: async () => {
        const wokenAtMs = Date.now()
        this.#profile.stopped.delete(pid)
        process.kill(pid, 'SIGCONT')
        const pause = () => this.page.evaluate(() => window.longestPauseMs!)
        await expect.poll(pause, patience).toBeGreaterThanOrEqual(wokenAtMs - frozenAtMs)
        return wokenAtMs
      },
    }
  }
}

export interface FrozenTab {
  /** @returns when, ms since 1970 */
  wake(): Promise<number>
}
