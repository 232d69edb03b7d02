// The ways in which a leader can go, and how each is brought about: what is prepared beforehand, the act, and what is
// cleaned up when the survivors have agreed.

import type { Tab } from '../support/browser.ts'
import type { Participant } from '../support/participant.ts'

export interface Death {
  readonly label: string
  /** Does what would cost time in the act. */
  prepare(victim: Participant): Promise<Blow>
}

export interface Blow {
  /** The instant is taken right before this is called. */
  strike(): Promise<void> | void
  /**
   * When the survivors have agreed: ends what is left of the victim, or brings it back to life.
   * @returns whether it is back
   */
  after(): Promise<boolean>
}

const asTab = (victim: Participant): Tab => victim as Tab

export const tabClosed: Death = {
  label: 'tab closed',
  prepare: async (victim) => ({ strike: () => asTab(victim).close(), after: async () => false }),
}

export const rendererCrashed: Death = {
  label: 'renderer crashed',
  async prepare(victim) {
    const session = await asTab(victim).crashSession()
    return {
      strike: () => asTab(victim).crash(session),
      after: async () => {
        await victim.end()
        return false
      },
    }
  },
}

export const browserKilled: Death = {
  label: 'browser SIGKILLed',
  prepare: async (victim) => ({
    strike: () => asTab(victim).profile.kill(),
    after: async () => {
      await asTab(victim).profile.close()
      return false
    },
  }),
}

export const navigatedAway: Death = {
  label: 'navigated away',
  prepare: async (victim) => ({
    strike: async () => void (await asTab(victim).page.goto('about:blank')),
    after: async () => {
      await victim.end()
      return false
    },
  }),
}

export const tabFrozen: Death = {
  label: 'tab frozen',
  async prepare(victim) {
    const { page, profile } = asTab(victim)
    const pid = await profile.renderers.pidOf(page)
    let frozenAtMs = 0
    return {
      strike: () => {
        frozenAtMs = Date.now()
        process.kill(pid, 'SIGSTOP')
      },
      after: async () => {
        const stoodMs = Date.now() - frozenAtMs
        process.kill(pid, 'SIGCONT')
        await page.waitForFunction((ms) => window.longestPauseMs! >= ms, stoodMs)
        await page.evaluate(() => (window.longestPauseMs = 0))
        return true
      },
    }
  },
}

export const agentKilled: Death = {
  label: 'agent SIGKILLed',
  prepare: async (victim) => ({ strike: () => victim.end(), after: async () => false }),
}
