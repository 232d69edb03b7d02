// Who is in the mesh when the leader dies: how the flock is made, and how the dead are replaced.

import { Profile } from '../support/browser.ts'
import type { Flock } from '../support/flock.ts'
import type { Ending } from '../support/processes.ts'
import {
  agentKilled,
  browserKilled,
  type Death,
  navigatedAway,
  rendererCrashed,
  tabClosed,
  tabFrozen,
} from './deaths.ts'

export interface Setting {
  readonly label: string
  /** Of this kind all links must be, or it is not this setting that is measured. */
  readonly links: 'tabs' | 'webrtc'
  readonly deaths: readonly Death[]
  /** Brings the first ones into the mesh, one after another. @returns brings in one more, where one died */
  populate(flock: Flock, ending: Ending): Promise<() => Promise<unknown>>
}

/** The leader and two that survive it. */
const flockSize = 3

const siblingTabs: Setting = {
  label: 'tabs of one profile',
  links: 'tabs',
  deaths: [tabClosed, rendererCrashed, navigatedAway, tabFrozen],
  async populate(flock, ending) {
    const profile = await Profile.launch(ending)
    const add = (): Promise<unknown> => flock.tab(profile)
    for (let i = 0; i < flockSize; i++) await add()
    return add
  },
}

const profilesApart: Setting = {
  label: 'profiles apart, WebRTC',
  links: 'webrtc',
  deaths: [tabClosed, rendererCrashed, browserKilled, navigatedAway, tabFrozen],
  async populate(flock, ending) {
    const add = async (): Promise<unknown> => flock.tab(await Profile.launch(ending))
    for (let i = 0; i < flockSize; i++) await add()
    return add
  },
}

/** Agents rank first, so that it is always one of them that leads and dies. */
const agentsAndTab: Setting = {
  label: 'two agents and a tab',
  links: 'webrtc',
  deaths: [agentKilled],
  async populate(flock, ending) {
    const add = (): Promise<unknown> => flock.agent({ priority: 1 })
    await add()
    await add()
    await flock.tab(await Profile.launch(ending))
    return add
  },
}

export const settings: readonly Setting[] = [siblingTabs, profilesApart, agentsAndTab]
