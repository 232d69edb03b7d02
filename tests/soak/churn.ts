// What is done to the troupe: one player after another is killed, made to leave, or frozen, half of the time the one who
// leads; now and then the signaling server goes. Each time it is waited until the others agree on a leader again, and
// where the leader went, that is timed.

import type { RealServer } from '../real/signaling-server.ts'
import type { Stage } from '../real/stage.ts'
import { pause } from './traffic.ts'
import type { Player, Troupe } from './troupe.ts'

/** How long the others get to agree. A longer time is written down as one that did not come about. */
const patienceMs = 60_000
const acts = ['kill', 'kill', 'leave', 'freeze', 'server'] as const
export type Act = (typeof acts)[number]

export interface Failover {
  readonly act: Act
  /** From the act until all others named the same new leader; undefined where that did not come about. */
  readonly ms: number | undefined
}

export class Churn {
  readonly failovers: Failover[] = []
  readonly done = new Map<Act, number>()
  readonly #stage: Stage
  readonly #troupe: Troupe
  readonly #server: RealServer
  #faults = 0

  constructor(stage: Stage, troupe: Troupe, server: RealServer) {
    this.#stage = stage
    this.#troupe = troupe
    this.#server = server
  }

  /** Resolves when `isOver` and the last act is. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#next()
      await pause(1_000 + 3_000 * Math.random())
    }
  }

  async #next(): Promise<void> {
    await this.#untilAgreed(this.#troupe.up)
    const act = acts[Math.floor(Math.random() * acts.length)]!
    const leader = this.#troupe.leader()
    const mortal = this.#troupe.players.filter(({ up, steady }) => up && !steady)
    const victim =
      leader?.steady === false && Math.random() < 0.5
        ? leader
        : mortal[Math.floor(Math.random() * mortal.length)]
    this.done.set(act, (this.done.get(act) ?? 0) + 1)
    if (act === 'server') return this.#fault(act, [], () => this.#restartServer())
    if (victim === undefined) return
    await this.#fault(act, [victim.peer.name], () => this.#strike(act, victim, victim === leader))
  }

  async #fault(kind: Act, touched: readonly string[], act: () => Promise<void>): Promise<void> {
    const fault = ++this.#faults
    const { company } = this.#stage
    company.add({ type: 'faultBegins', fault, kind, touched, what: kind })
    company.add({ type: 'faultBit', fault, kind })
    await act()
    company.add({ type: 'faultEnds', fault, kind, touched, what: kind })
  }

  async #restartServer(): Promise<void> {
    await this.#server.kill()
    await pause(2_000 + 4_000 * Math.random())
    await this.#server.restart()
  }

  async #strike(act: Exclude<Act, 'server'>, victim: Player, leads: boolean): Promise<void> {
    const { peer } = victim
    const { run } = peer
    const before = this.#troupe.agreement(this.#troupe.up)?.epoch ?? 0
    const struckAtMs = Date.now()
    victim.up = false
    if (act === 'freeze') peer.freeze()
    else if (act === 'leave') await peer.conduct.leave()
    else {
      await peer.kill()
      this.#stage.company.add({ type: 'ended', run, how: 'killed' })
    }
    if (leads) await this.#time(act, struckAtMs, before)
    await pause(1_000 + 5_000 * Math.random())
    if (act === 'freeze') {
      peer.wake()
      victim.up = true
    } else {
      await peer.restart()
      await this.#troupe.join(victim)
    }
  }

  async #time(act: Act, struckAtMs: number, above: number): Promise<void> {
    const agreed = await this.#untilAgreed(this.#troupe.up, above)
    this.failovers.push({ act, ms: agreed && agreed.atMs - struckAtMs })
  }

  async #untilAgreed(among: readonly Player[], above = 0): Promise<{ readonly atMs: number } | undefined> {
    const deadlineMs = performance.now() + patienceMs
    for (;;) {
      const naming = this.#troupe.agreement(among)
      if (naming !== undefined && naming.epoch > above) return naming
      if (performance.now() > deadlineMs) return undefined
      await pause(20)
    }
  }
}
