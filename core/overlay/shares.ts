// Whose broadcasts we take whole, and whose by id only. Up to 16 peers everybody knows from the links that all others have
// who passes what on to whom (broadcast.ts). In a larger mesh a broadcast sent over every link would arrive at each peer as
// often as it has links: there each peer draws a few neighbours from whom it takes everything, a few who offer it the ids,
// and asks the rest to spare it. A random graph in which each has drawn two hangs together, whoever falls out of it (HyParView's
// small active view over a larger passive one: Leitao, Pereira, Rodrigues, DSN 2007), and what it loses the offers repair.

import { limits } from '../base/limits.ts'
import type { Context } from './context.ts'
import type { Delivery } from './delivery.ts'
import type { LinkState } from './links.ts'

export class Shares {
  readonly #context: Context
  readonly #delivery: Delivery
  readonly #sources = new Set<LinkState>()
  readonly #offerers = new Set<LinkState>()
  /** Of the links that were looked at last; undefined while the mesh is small. */
  #revision: number | undefined

  constructor(context: Context, delivery: Delivery) {
    this.#context = context
    this.#delivery = delivery
  }

  tick(): void {
    const { links, isPartial } = this.#context
    if (!isPartial) return this.#end()
    if (this.#revision === links.revision) return
    this.#revision = links.revision
    const neighbours = links.neighbours()
    keep(this.#sources, neighbours)
    keep(this.#offerers, neighbours)
    // Who offers knows what goes on already.
    this.#fill(this.#sources, [...this.#offerers], limits.broadcastSources)
    for (const link of this.#sources) this.#offerers.delete(link)
    const others = neighbours.filter((link) => !this.#sources.has(link) && !this.#offerers.has(link))
    this.#fill(this.#sources, others, limits.broadcastSources)
    const rest = others.filter((link) => !this.#sources.has(link))
    this.#fill(this.#offerers, rest, limits.broadcastOfferers)
    for (const link of neighbours) {
      const spared = this.#offerers.has(link) ? 'ids' : 'nothing'
      this.#ask(link, this.#sources.has(link) ? 'whole' : spared)
    }
  }

  /** The mesh is small again: everybody gives everything. */
  #end(): void {
    if (this.#revision === undefined) return
    this.#revision = undefined
    this.#sources.clear()
    this.#offerers.clear()
    for (const link of this.#context.links.neighbours()) this.#ask(link, 'whole')
  }

  #fill(chosen: Set<LinkState>, from: readonly LinkState[], most: number): void {
    for (const link of this.#context.options.random.sample(from, most - chosen.size)) chosen.add(link)
  }

  #ask(link: LinkState, as: LinkState['asked']): void {
    if (link.asked === as) return
    link.asked = as
    this.#delivery.send(link, { type: 'share', as })
  }
}

function keep(chosen: Set<LinkState>, neighbours: readonly LinkState[]): void {
  for (const link of chosen) if (!neighbours.includes(link)) chosen.delete(link)
}
