// A small world of election machines: a bus that delays and reorders, stores that answer late or fail, views
// that reach each peer at another moment, partitions, crashes and stalls. Time is virtual, chance is a seed.
// What must always hold is checked at every step and thrown as an error.

import type { PeerId } from '../../core/base/ids.ts'
import { createRandom, type Random } from '../../core/base/random.ts'
import { Election } from '../../core/election/election.ts'
import type { ElectionEffect, ElectionInput } from '../../core/election/protocol.ts'
import { elect, type Candidate } from '../../core/election/rank.ts'
import { describe } from './election-story.ts'

interface Node {
  readonly id: PeerId
  readonly election: Election
  rank: Candidate
  part: number
  alive: boolean
  dutyEpoch: number | undefined
  readonly started: Set<number>
  stored: number
  view: string
}

interface Event {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

export interface WorldOptions {
  readonly seed: number
  readonly maxDelayMs: number
  /** Share of writes that fail. */
  readonly failures?: number
}

export class World {
  readonly nodes: Node[] = []
  readonly random: Random
  readonly trace: string[] = []
  nowMs = 0
  /** When any peer's view last changed. */
  viewChangedAtMs = 0
  failures: number
  #maxDelayMs: number
  #events: Event[] = []
  #order = 0

  constructor({ seed, maxDelayMs, failures = 0 }: WorldOptions) {
    const bytes = new Uint8Array(16)
    new DataView(bytes.buffer).setUint32(0, seed)
    this.random = createRandom(bytes)
    this.#maxDelayMs = maxDelayMs
    this.failures = failures
  }

  get alive(): Node[] {
    return this.nodes.filter((node) => node.alive)
  }

  get duties(): Node[] {
    return this.alive.filter((node) => node.dutyEpoch !== undefined)
  }

  /** A newcomer in `part`. It is provisional until it was greeted there; the first has nobody to wait for. */
  join(part = 0, changes: Partial<Candidate> = {}): Node {
    const id = this.random.hexId() as PeerId
    const isFirst = this.alive.every((node) => node.part !== part)
    const seniority = isFirst ? this.#nextSeniority() : undefined
    const node: Node = {
      id,
      election: new Election({ role: '', me: id, persistedEpoch: 0 }),
      rank: { peer: id, priority: 0, fit: true, seniority, ...changes },
      part,
      alive: true,
      dutyEpoch: undefined,
      started: new Set(),
      stored: 0,
      view: '',
    }
    this.nodes.push(node)
    this.#greet(node, this.#others(node))
    this.announce()
    return node
  }

  #nextSeniority(): number {
    return 1 + Math.max(0, ...this.nodes.map((node) => node.rank.seniority ?? 0))
  }

  rank(node: Node, changes: Partial<Candidate>): void {
    node.rank = { ...node.rank, ...changes }
    this.announce()
  }

  crash(node: Node): void {
    this.trace.push(`${this.nowMs} ${node.id.slice(0, 4)} crashes`)
    node.alive = false
    node.dutyEpoch = undefined
    this.announce()
  }

  /** Its clock stood still: it steps down and comes back as a newcomer. */
  stall(node: Node): void {
    this.#step(node, { type: 'stalled' })
    this.rank(node, { seniority: this.#nextSeniority() })
  }

  partition(partOf: (node: Node) => number): void {
    for (const node of this.nodes) node.part = partOf(node)
    this.announce()
  }

  /** Links between the parts come up; only some pairs greet one another, at least one. */
  heal(): void {
    const before = new Map(this.alive.map((node) => [node, node.part]))
    for (const node of this.nodes) node.part = 0
    const crossing = this.alive.flatMap((a) =>
      this.alive.filter((b) => before.get(a)! < before.get(b)!).map((b) => [a, b] as const),
    )
    for (const [a, b] of this.random.sample(crossing, 1 + this.random.integer(crossing.length))) {
      this.#greet(a, [b])
    }
    this.announce()
  }

  /** The truth reaches every peer, each at a moment of its own. */
  announce(): void {
    for (const node of this.alive) this.later(() => this.#show(node))
  }

  later(run: () => void, delayMs = this.#delayMs()): void {
    this.#events.push({ atMs: this.nowMs + delayMs, order: this.#order++, run })
  }

  /** Lets `ms` of virtual time pass; `check` runs after every event. */
  run(ms: number, check: () => void = () => {}): void {
    const endMs = this.nowMs + ms
    for (;;) {
      const event = this.#next()
      const deadlineMs = Math.min(...this.alive.map((node) => node.election.deadlineMs ?? Infinity))
      const nextMs = Math.min(event?.atMs ?? Infinity, deadlineMs)
      if (nextMs > endMs) break
      if (nextMs < this.nowMs - 1) throw new Error(`a deadline in the past: ${deadlineMs} at ${this.nowMs}`)
      this.nowMs = Math.max(this.nowMs, nextMs)
      if (event !== undefined && event.atMs <= deadlineMs) {
        this.#events.splice(this.#events.indexOf(event), 1)
        event.run()
      } else {
        const due = this.alive.find((node) => (node.election.deadlineMs ?? Infinity) <= this.nowMs)!
        this.#step(due, { type: 'tick' })
        const again = due.election.deadlineMs
        if (again !== undefined && again <= this.nowMs) throw new Error('a tick left its deadline behind')
      }
      check()
    }
    this.nowMs = endMs
  }

  /** All views of living peers are the same. */
  get agreed(): boolean {
    return new Set(this.alive.map((node) => node.view)).size <= 1
  }

  elected(): PeerId | undefined {
    return elect(this.alive.map((node) => node.rank))?.peer
  }

  #delayMs(): number {
    return 1 + this.random.integer(this.#maxDelayMs)
  }

  #next(): Event | undefined {
    let first: Event | undefined
    for (const event of this.#events) {
      if (!first || event.atMs < first.atMs || (event.atMs === first.atMs && event.order < first.order)) {
        first = event
      }
    }
    return first
  }

  #others(node: Node): Node[] {
    return this.alive.filter((other) => other !== node && other.part === node.part)
  }

  #greet(node: Node, others: readonly Node[]): void {
    for (const other of others) {
      for (const [from, to] of [
        [node, other],
        [other, node],
      ] as const) {
        const claim = from.election.claimNow()
        this.#send(to, () => {
          if (claim) this.#step(to, { type: 'claim', claim, from: from.id })
          if (to.rank.seniority === undefined) this.rank(to, { seniority: this.#nextSeniority() })
        })
      }
    }
  }

  #send(to: Node, run: () => void): void {
    this.later(() => {
      if (to.alive) run()
    })
  }

  #show(node: Node): void {
    if (!node.alive) return
    const seen = [node, ...this.#others(node)].sort((a, b) => (a.id < b.id ? -1 : 1))
    const candidates = seen.map((other) => other.rank)
    const view = JSON.stringify(candidates)
    if (view === node.view) return
    node.view = view
    this.viewChangedAtMs = this.nowMs
    this.#step(node, { type: 'view', candidates, live: seen.map((other) => other.id) })
  }

  #step(node: Node, input: ElectionInput): void {
    if (!node.alive) return
    const { epoch, highestEpochSeen } = node.election
    const effects = node.election.step(input, this.nowMs)
    this.trace.push(
      `${this.nowMs} ${node.id.slice(0, 4)} ${JSON.stringify(input).slice(0, 90)} => ${effects.map(describe).join('; ')}`,
    )
    if (node.election.epoch < epoch) throw new Error('the epoch fell')
    if (node.election.highestEpochSeen < highestEpochSeen) throw new Error('the highest epoch seen fell')
    for (const effect of effects) this.#carryOut(node, effect)
  }

  #carryOut(node: Node, effect: ElectionEffect): void {
    switch (effect.type) {
      case 'persistEpoch':
        this.later(() => {
          if (this.random.float() < this.failures) return this.#step(node, { type: 'persistFailed' })
          node.stored = Math.max(node.stored, effect.epoch)
          this.#step(node, { type: 'epochPersisted', epoch: node.stored })
        })
        return
      case 'rememberEpoch':
        if (this.random.float() < this.failures)
          return this.later(() => this.#step(node, { type: 'rememberFailed' }))
        node.stored = Math.max(node.stored, effect.epoch)
        return
      case 'broadcastClaim':
        if (effect.claim.leader !== node.id) throw new Error('a claim for another')
        if (node.stored < effect.claim.epoch) throw new Error('spoke before it was persisted')
        for (const other of this.#others(node)) {
          this.#send(other, () => this.#step(other, { type: 'claim', claim: effect.claim, from: node.id }))
        }
        return
      case 'sendClaim':
        this.#unicast(node, effect.to, { type: 'claim', claim: effect.claim, from: node.id })
        return
      case 'sendYield':
        if (node.dutyEpoch !== undefined) throw new Error('yielded while its duty ran')
        this.#unicast(node, effect.to, { type: 'yielded', leader: node.id, epoch: effect.epoch })
        return
      case 'unfit':
        this.rank(node, { fit: false })
        return
      case 'leaderChanged':
        if (effect.leader !== node.id && node.dutyEpoch !== undefined)
          throw new Error('told before it stopped')
        return
      case 'dutyStarts':
        if (node.started.has(effect.epoch)) throw new Error('two duties in one epoch')
        if (node.dutyEpoch !== undefined) throw new Error('a duty started beside another of the same peer')
        if (node.election.leader !== node.id) throw new Error('a duty without leadership')
        node.started.add(effect.epoch)
        node.dutyEpoch = effect.epoch
        return
      case 'dutyStops':
        if (node.dutyEpoch === undefined) throw new Error('stopped what did not run')
        node.dutyEpoch = undefined
    }
  }

  #unicast(from: Node, to: PeerId, input: ElectionInput): void {
    const target = this.#others(from).find((other) => other.id === to)
    if (target) this.#send(target, () => this.#step(target, input))
  }
}
