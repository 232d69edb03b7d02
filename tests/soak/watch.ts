// What is looked at every few seconds: how much memory each process has, and what the peers count.

import { residentBytes } from '../real/process-memory.ts'
import type { RealServer } from '../real/signaling-server.ts'
import type { Troupe } from './troupe.ts'

type Counters = Readonly<Record<string, number>>

export class Watch {
  readonly #troupe: Troupe
  readonly #server: RealServer
  /** By process, one after another. */
  readonly memory = new Map<string, number[]>()
  /** Of each life, as it was counted last. */
  readonly #counters = new Map<string, Counters>()

  constructor(troupe: Troupe, server: RealServer) {
    this.#troupe = troupe
    this.#server = server
  }

  async look(): Promise<void> {
    for (const { peer } of this.#troupe.players) this.#note(peer.name, peer.memoryBytes())
    this.#note('signaling server', residentBytes(this.#server.pid))
    await Promise.all(
      this.#troupe.up.map(async ({ peer }) => {
        const { run } = peer
        // Who is ended meanwhile is not counted.
        const counters = await peer.conduct.standing().then(
          (standing) => standing.counters,
          () => undefined,
        )
        if (counters !== undefined) this.#counters.set(run, counters)
      }),
    )
  }

  /** Over all lives. */
  total(name: string): number {
    return [...this.#counters.values()].reduce((sum, counters) => sum + (counters[name] ?? 0), 0)
  }

  #note(name: string, bytes: number | undefined): void {
    if (bytes !== undefined) this.memory.set(name, [...(this.memory.get(name) ?? []), bytes])
  }
}
