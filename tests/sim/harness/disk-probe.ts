// What is on the simulated disks, as records of the history. It reads the rows themselves, not through a peer: that is
// what a promise to have stored something is held to.

import type { World } from '../../../core/platform/sim/world.ts'
import type { Happening } from './history.ts'
import { diskOf, type Schedule } from './schedule.ts'

/** Keys of rows: `id/<author>/<message>`, `unbound/<message>`, `feed/<feed>/<number>`. */
const idRow = /^id\/([^/]+)\/([^/]+)$/
const unboundRow = /^unbound\/([^/]+)$/
const feedRow = /^feed\/([^/]+)\/(\d+)$/

/** All of them, or that of one process. */
export function probeDisks(
  world: World,
  { cast }: Schedule,
  add: (happening: Happening) => void,
  process?: string,
): void {
  const durable = cast.filter(({ store }) => store === 'durable')
  const disks = new Set(durable.filter(({ name }) => name === (process ?? name)).map(diskOf))
  for (const name of disks) add({ type: 'disk', disk: name, ...probe(world.disk(name).keys()) })
}

function probe(keys: readonly string[]): {
  messages: string[]
  feeds: Record<string, number>
  rows: number
} {
  const messages: string[] = []
  const feeds: Record<string, number> = {}
  for (const key of keys) {
    const id = idRow.exec(key)?.[2] ?? unboundRow.exec(key)?.[1]
    if (id !== undefined) messages.push(id)
    const [, feed, digits] = feedRow.exec(key) ?? []
    if (feed !== undefined) feeds[feed] = Math.max(feeds[feed] ?? 0, Number(digits))
  }
  return { messages, feeds, rows: keys.length }
}
