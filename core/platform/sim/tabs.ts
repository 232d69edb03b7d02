// The Tabs port: processes of one browser find each other without any server. Each started tab holds a lock that
// falls free when it lets go (2 to 5 ms) or dies (10 to 30 ms); a frozen tab keeps its lock and answers nobody.

import type { PeerId } from '../../base/ids.ts'
import type { Tabs, TabsEvents } from '../../base/ports.ts'
import { between, type Host } from './host.ts'
import { createLinkPair, type SimLink } from './link.ts'
import type { Network } from './network.ts'

/** One tab as its siblings know it. */
interface Tab {
  readonly host: Host
  readonly me: PeerId
  readonly links: Map<Tab, SimLink>
  events(): TabsEvents | undefined
  /** False once it let go of its lock: a later start makes a new Tab. */
  present: boolean
}

/** One browser profile: the tabs that hold a lock, in the order they came. */
export type Browser = Set<Tab>

export function createTabs(host: Host, browser: Browser, network: Network): Tabs {
  const { random } = network
  let events: TabsEvents | undefined
  let me: PeerId | undefined
  let tab: Tab | undefined

  const appear = (): void => {
    if (me === undefined || tab !== undefined || !host.alive) return
    const newcomer: Tab = { host, me, links: new Map(), events: () => events, present: true }
    tab = newcomer
    for (const sibling of browser) meet(network, newcomer, sibling)
    browser.add(newcomer)
    host.after(between(random, 5, 20), 'tabs settled', () => {
      if (!newcomer.present) return
      events?.settled([...browser].filter((other) => other !== newcomer).map((other) => other.me))
    })
  }

  const disappear = (): void => {
    const leaving = tab
    tab = undefined
    if (leaving !== undefined) leave(network, browser, leaving, between(random, 2, 5))
  }

  host.onDeath(() => {
    const dead = tab
    tab = undefined
    if (dead !== undefined) leave(network, browser, dead, between(random, 10, 30))
  })

  return {
    get events() {
      return events
    },
    set events(listener) {
      events = listener
    },
    start: (id) => {
      disappear()
      me = id
      appear()
    },
    suspend: disappear,
    resume: appear,
    close: () => {
      disappear()
      me = undefined
    },
  }
}

/** The newcomer's announcement reaches the sibling, and the sibling's answer the newcomer; a frozen one later. */
function meet(network: Network, newcomer: Tab, sibling: Tab): void {
  const { random } = network
  const standing = (): boolean => newcomer.present && sibling.present
  sibling.host.after(between(random, 0.5, 2), `tab ${newcomer.host.name} appears`, () => {
    if (!standing()) return
    const [siblingsEnd, newcomersEnd] = createLinkPair(
      network,
      'tabs',
      { host: sibling.host, remote: newcomer.me },
      { host: newcomer.host, remote: sibling.me },
    )
    sibling.links.set(newcomer, siblingsEnd)
    newcomer.links.set(sibling, newcomersEnd)
    sibling.events()?.linked(siblingsEnd)
    newcomer.host.after(between(random, 0.5, 2), `tab ${sibling.host.name} answers`, () => {
      if (standing()) newcomer.events()?.linked(newcomersEnd)
    })
  })
}

function leave(network: Network, browser: Browser, leaving: Tab, lockFreeAfterMs: number): void {
  leaving.present = false
  browser.delete(leaving)
  for (const sibling of browser) tellGone(leaving, sibling, lockFreeAfterMs)
  for (const link of leaving.links.values()) putAside(network, leaving.host, link)
  leaving.links.clear()
}

/** A goodbye sent before travels faster than the news of the lock. */
function tellGone(leaving: Tab, sibling: Tab, afterMs: number): void {
  sibling.host.after(afterMs, `tab ${leaving.host.name} is gone`, () => {
    if (!sibling.present) return
    sibling.events()?.gone(leaving.me)
    sibling.links.get(leaving)?.fail('the tab is gone')
    sibling.links.delete(leaving)
  })
}

/** Its own ends of the links are over too; it hears so when it runs again. */
function putAside(network: Network, host: Host, link: SimLink): void {
  if (host.alive)
    host.after(between(network.random, 0, 1), 'tab link put aside', () => link.fail('this tab was put aside'))
}
