// Small handles for the world's own tests: recorders for the ports' events, and links without a driver.

import type { PeerId } from '../../core/base/ids.ts'
import type { Link, Signaling, Tabs } from '../../core/base/ports.ts'
import type { SimProcess, World } from '../../core/platform/sim/world.ts'

export const peerId = (digit: string): PeerId => digit.repeat(32) as PeerId
export const alicesId = peerId('a')
export const bobsId = peerId('b')
export const carolsId = peerId('c')

export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/** Writes down what a link says: `1 2 3` for a frame of these bytes, `drained`, `down`. */
export function record(link: Link): string[] {
  const heard: string[] = []
  link.events = {
    frame: (frame) => heard.push(frame.join(' ')),
    drained: () => heard.push('drained'),
    down: () => heard.push('down'),
  }
  return heard
}

type Named = readonly [SimProcess, PeerId]

/** Dials from the first to the second, carrying signals by hand. What failed stays undefined. */
export function dial([from, fromId]: Named, [to, toId]: Named, connection = 'c1') {
  const ends: { near: Link | undefined; far: Link | undefined; failed: string[] } = {
    near: undefined,
    far: undefined,
    failed: [],
  }
  from.connector.events = {
    signal: (_, id, data) => to.connector.signal(fromId, id, data),
    linked: (link) => (ends.near = link),
    failed: (_remote, id) => ends.failed.push(`near ${id}`),
  }
  to.connector.events = {
    signal: (_, id, data) => from.connector.signal(toId, id, data),
    linked: (link) => (ends.far = link),
    failed: (_remote, id) => ends.failed.push(`far ${id}`),
  }
  from.connector.dial(toId, connection)
  return ends
}

/** Both ends of a link that stands. */
export async function connect(world: World, from: Named, to: Named): Promise<{ near: Link; far: Link }> {
  const ends = dial(from, to)
  await world.until(() => ends.near !== undefined && ends.far !== undefined)
  return ends as { near: Link; far: Link }
}

/** Starts a tab and writes down what its port says; its links by remote. */
export function startTab(tabs: Tabs | undefined, me: PeerId) {
  const heard: string[] = []
  const links = new Map<PeerId, Link>()
  if (tabs === undefined) throw new Error('this process is not in a browser')
  tabs.events = {
    settled: (siblings) => heard.push(`settled ${siblings.map((id) => id[0]).join('')}`),
    linked: (link) => {
      heard.push(`linked ${link.remote[0]}`)
      links.set(link.remote, link)
    },
    gone: (peer) => heard.push(`gone ${peer[0]}`),
  }
  tabs.start(me)
  return { heard, links, tabs }
}

/** Joins a topic and writes down what the client says. */
export function join(signaling: Signaling, me: PeerId, topic = 'acme') {
  const heard: string[] = []
  signaling.events = {
    state: (state) => heard.push(state),
    present: (sample) => heard.push(`present ${sample.length}`),
    signal: (from, data) => heard.push(`signal ${from[0]} ${data}`),
    absent: (peer) => heard.push(`absent ${peer[0]}`),
    socketClosed: (peer) => heard.push(`socketClosed ${peer[0]}`),
  }
  signaling.start(topic, me)
  return heard
}
