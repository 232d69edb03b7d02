// The page behind contract-links.spec.ts. One page runs the Link contract and opens a second one of the same origin
// for the far ends; the rest are single tabs that the spec watches, freezes and kills.

import { compareText, type PeerId } from '../../../core/base/ids.ts'
import type { Connector, Link, Tabs } from '../../../core/base/ports.ts'
import { createBrowserClock } from '../../../core/platform/browser/clock.ts'
import { onBrowserLifecycle } from '../../../core/platform/browser/lifecycle.ts'
import { createBrowserTabs } from '../../../core/platform/browser/tabs.ts'
import { browserWebRtc } from '../../../core/platform/browser/webrtc.ts'
import { createSimplePeerConnector } from '../../../core/platform/shared/simple-peer-link.ts'
import {
  dialLink,
  far,
  linkContract,
  near,
  type LinkHarness,
  type LinkPair,
} from '../../contract/link-contract.ts'

declare global {
  interface Window {
    links: typeof page
  }
}

const clock = createBrowserClock()
let meshes = 0
let secondPage: Window | undefined

async function openSecondPage(): Promise<Window['links']> {
  const opened = secondPage === undefined || secondPage.closed ? window.open(location.href) : secondPage
  if (opened === null) throw new Error('the browser refused a second page')
  secondPage = opened
  await until('the second page', () => opened.links !== undefined)
  return opened.links
}

async function until(what: string, met: () => boolean): Promise<void> {
  const endMs = performance.now() + 20_000
  while (!met()) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function closeSecondPage(): void {
  secondPage?.close()
  secondPage = undefined
}

const webrtc: LinkHarness = {
  connectors: async ({ dialTimeoutMs }) => ({
    near: page.connector(dialTimeoutMs),
    far: (await openSecondPage()).connector(dialTimeoutMs),
  }),
  link: async () => ({ ...(await dialLink(webrtc)), vanish: closeSecondPage }),
  until,
  pass,
}

const tabs: LinkHarness = {
  link: async (): Promise<LinkPair> => {
    const second = await openSecondPage()
    const mesh = `contract-${meshes++}`
    const ends: { near?: Link; far?: Link } = {}
    second.tabs(mesh, far, (link) => (ends.far = link))
    page.tabs(mesh, near, (link) => (ends.near = link))
    await until('a link of tabs', () => ends.near !== undefined && ends.far !== undefined)
    return { near: ends.near as Link, far: ends.far as Link, vanish: closeSecondPage }
  },
  until,
  pass,
}

/** A tab as the spec sees it: what its Tabs port told, in order. */
interface Watched {
  readonly log: string[]
  readonly links: Map<PeerId, Link>
  ticks: number
}
let watched: Watched | undefined
let watchedTabs: Tabs | undefined

const page = {
  connector: (dialTimeoutMs: number): Connector =>
    createSimplePeerConnector({ clock, webrtc: browserWebRtc(), dialTimeoutMs }),

  tabs: (mesh: string, me: PeerId, linked: (link: Link) => void): Tabs => {
    const made = createBrowserTabs({ mesh, clock })
    made.events = { settled: () => {}, linked, gone: () => {} }
    made.start(me)
    return made
  },

  run: async (suite: 'webrtc' | 'tabs', id: string): Promise<void> => {
    const found = linkContract.find((one) => one.id === id)
    if (found === undefined) throw new Error(`no case ${id}`)
    await found.run(suite === 'webrtc' ? webrtc : tabs)
  },

  /** Starts the tab, with its page's lifecycle, and counts so that a spec sees whether it stands still. */
  watch: (mesh: string, me: string): void => {
    const state: Watched = { log: [], links: new Map(), ticks: 0 }
    watched = state
    setInterval(() => state.ticks++, 20)
    const made = createBrowserTabs({ mesh, clock })
    watchedTabs = made
    made.events = {
      settled: (siblings) =>
        state.log.push(
          `settled ${[...siblings]
            .map((peer) => peer.charAt(0))
            .toSorted(compareText)
            .join('')}`,
        ),
      gone: (peer) => state.log.push(`gone ${peer[0]}`),
      linked: (link) => {
        const name = link.remote[0] ?? ''
        if (state.links.has(link.remote)) state.log.push(`TWO LINKS ${name}`)
        state.links.set(link.remote, link)
        state.log.push(`linked ${name}`)
        link.events = {
          frame: (bytes) => state.log.push(`frame ${name} ${new TextDecoder().decode(bytes)}`),
          drained: () => {},
          down: () => {
            state.links.delete(link.remote)
            state.log.push(`down ${name}`)
          },
        }
      },
    }
    onBrowserLifecycle((event) => {
      state.log.push(event.type === 'visibility' ? `hidden ${event.hidden}` : event.type)
      if (event.type === 'suspend') made.suspend()
      if (event.type === 'resume') made.resume()
    })
    made.start(me as PeerId)
  },

  log: (): readonly string[] => watched?.log ?? [],
  ticks: (): number => watched?.ticks ?? 0,
  siblings: (): string =>
    [...(watched?.links.keys() ?? [])]
      .map((peer) => peer.charAt(0))
      .toSorted(compareText)
      .join(''),
  send: (to: string, text: string): void =>
    watched?.links.get(to as PeerId)?.send(new TextEncoder().encode(text)),
  closeLink: (to: string): void => {
    watched?.links.get(to as PeerId)?.close()
    watched?.links.delete(to as PeerId)
  },
  suspend: (): void => watchedTabs?.suspend(),
  resume: (): void => watchedTabs?.resume(),

  clockSource: (): string => clock.source,
  /** How late alarms ring, in ms: none may be early. */
  alarms: (delaysMs: readonly number[]): Promise<readonly number[]> =>
    Promise.all(
      delaysMs.map((delayMs) => {
        const dueMs = clock.now().monotonicMs + delayMs
        return new Promise<number>((resolve) => {
          clock.alarm(dueMs, () => resolve(clock.now().monotonicMs - dueMs))
        })
      }),
    ),
}

window.links = page
