// N tabs with one document, of one contender, opened and driven from outside. One browser, one profile on disk, and
// each tab on an origin of its own (p1.localhost, p2.localhost …): origins share neither BroadcastChannel nor locks nor
// IndexedDB, and each has its own renderer process, so all must talk by WebRTC, as devices would.
// Each runs with the priority of a tab in front.

import type { Page } from '@playwright/test'
import { Profile } from '../support/browser.ts'
import type { Surroundings } from '../support/flock.ts'
import { createEnding, type Ending } from '../support/processes.ts'
import type { FrameCount } from './frames.ts'
import type { Meter, MeterState } from './meter.ts'

/** `bare`: tabs that do nothing but connect; what the browser itself needs. */
export type ContenderName = 'skein' | 'y-webrtc' | 'bare'

export class Crowd {
  readonly pages: readonly Page[]
  readonly #ending: Ending

  /** Opens the tabs and loads their code; nobody has joined anything yet. */
  static async open(surroundings: Surroundings, contender: ContenderName, size: number): Promise<Crowd> {
    const ending = createEnding()
    surroundings.ending.add(() => ending.all())
    const profile = await Profile.launch(ending, { awake: true })
    const words = new URLSearchParams({
      mesh: `bench-${contender}-${Date.now()}`,
      signaling: surroundings.signalingUrl,
    })
    const open = async (number: number): Promise<Page> => {
      const origin = surroundings.pagesUrl.replace('localhost', `p${number}.localhost`)
      const url = `${origin}/bench/pages/mesh-${contender}.html?${words.toString()}`
      const page = await profile.open(url, () => undefined)
      await page.waitForFunction(() => 'meter' in window)
      return page
    }
    const pages: Page[] = []
    for (let number = 1; number <= size; number++) pages.push(await open(number))
    return new Crowd(pages, ending)
  }

  private constructor(pages: readonly Page[], ending: Ending) {
    this.pages = pages
    this.#ending = ending
  }

  get size(): number {
    return this.pages.length
  }

  /** The same of every tab, at the same time. */
  each<T>(ask: (meter: Asked, index: number) => Promise<T>): Promise<T[]> {
    return Promise.all(this.pages.map((page, index) => ask(askMeter(page), index)))
  }

  one(index: number): Asked {
    return askMeter(this.pages[index]!)
  }

  /** Sums over all tabs. */
  async frames(): Promise<FrameCount> {
    const counts = await this.each((meter) => meter.frames())
    const sum = (of: keyof FrameCount): number => counts.reduce((total, count) => total + count[of], 0)
    return { frames: sum('frames'), bytes: sum('bytes'), marked: sum('marked') }
  }

  states(): Promise<MeterState[]> {
    return this.each((meter) => meter.state())
  }

  /** @throws when tabs do not hold the same */
  async expectEqual(): Promise<void> {
    const different = new Set(await this.each((meter) => meter.fingerprint()))
    if (different.size !== 1) throw new Error(`The tabs hold ${different.size} different documents.`)
  }

  close(): Promise<void> {
    return this.#ending.all()
  }
}

type Asked = {
  readonly [Name in keyof Meter]: (
    ...words: Parameters<Meter[Name]>
  ) => Promise<Awaited<ReturnType<Meter[Name]>>>
}

/** The page's meter, called from here. */
function askMeter(page: Page): Asked {
  return new Proxy({} as Asked, {
    get:
      (_, name: keyof Meter) =>
      (...words: unknown[]) =>
        page.evaluate(([which, given]) => (window.meter[which] as (...all: unknown[]) => unknown)(...given), [
          name,
          words,
        ] as const),
  })
}
