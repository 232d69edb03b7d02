// A small world of overlays under one virtual clock: links are lists of frames with a latency, a server introduces
// peers, processes can die, stand still, or be cut off from one another. Nothing here is random but what a seed gives.

import { expect } from 'vitest'
import type { PeerId } from '../../core/base/ids.ts'
import { limits } from '../../core/base/limits.ts'
import type { LinkKind } from '../../core/base/ports.ts'
import { createRandom } from '../../core/base/random.ts'
import type { OverlayEffect } from '../../core/overlay/effects.ts'
import { Overlay } from '../../core/overlay/overlay.ts'
import { Joiner } from '../../core/wire/chunks.ts'
import { decode } from '../../core/wire/codec.ts'
import { linkMessage, type LinkMessage, type Payload, type PeerRecord } from '../../core/wire/messages.ts'

export const peerId = (name: string): PeerId =>
  (['alice', 'bob', 'carol', 'dave', 'erin'].includes(name)
    ? name.charAt(0).repeat(32)
    : Number(name).toString(16).padStart(32, '0')) as PeerId

/** What a peer says of itself at its start. */
export const recordOf = (name: string): PeerRecord => ({
  id: peerId(name),
  incarnation: 1,
  member: peerId(name) as string as PeerRecord['member'],
  store: peerId(name) as string as PeerRecord['store'],
  durable: true,
  name,
  kind: 'human',
  priority: 0,
  candidate: true,
  fit: true,
  seniority: undefined,
  hidden: false,
  noDocuments: false,
  roles: [],
  neighbours: [],
})

interface End {
  readonly id: number
  readonly node: Node
  readonly far: Node
  readonly latencyMs: number
  farId: number
  up: boolean
  /** Lost a frame; see `lossTears`. */
  torn: boolean
  readonly joiner: Joiner
}

export interface Sent {
  readonly atMs: number
  readonly from: string
  readonly to: string
  readonly message: LinkMessage
}

export class Node {
  readonly name: string
  readonly id: PeerId
  readonly overlay: Overlay
  readonly effects: { readonly atMs: number; readonly effect: OverlayEffect }[] = []
  readonly links = new Map<number, End>()
  /** Dials under way, by their name. */
  readonly dials = new Map<string, PeerId>()
  /** Names of the dials of others that it answered: an offer that comes again changes nothing, as with real connectors. */
  readonly answered = new Set<string>()
  alive = true
  onServer = false
  /** The process does nothing before this. */
  blockedUntilMs = 0
  deadlineMs = Number.POSITIVE_INFINITY
  stepsNow = 0

  constructor(name: string, seed: number, nowMs: number) {
    this.name = name
    this.id = peerId(name)
    const bytes = new Uint8Array(16)
    new DataView(bytes.buffer).setUint32(0, seed)
    this.overlay = new Overlay({
      self: recordOf(name),
      topic: 'mesh',
      random: createRandom(bytes),
      nowMs,
      timing: {
        heartbeatIntervalMs: limits.heartbeatIntervalMs,
        silenceTimeoutMs: limits.silenceTimeoutMs,
        discoveryTimeoutMs: limits.discoveryTimeoutMs,
      },
      helloClaims: () => [],
      helloDigest: () => 0,
      hasDocuments: () => false,
    })
  }

  get seniority(): number | undefined {
    return this.overlay.self.seniority
  }

  /** Effects of one type, in order. */
  of<T extends OverlayEffect['type']>(type: T): Extract<OverlayEffect, { type: T }>[] {
    return this.effects.flatMap(({ effect }) =>
      effect.type === type ? [effect as Extract<OverlayEffect, { type: T }>] : [],
    )
  }

  /** When it told of that peer's leaving; undefined where it did not. */
  leftAtMs(peer: PeerId): number | undefined {
    return this.effects.find(({ effect }) => effect.type === 'left' && effect.record.id === peer)?.atMs
  }

  delivered(): Payload[] {
    return this.of('deliver').map((effect) => effect.payload)
  }
}

interface Event {
  readonly atMs: number
  readonly run: () => void
}

export class OverlayWorld {
  nowMs = 1000
  readonly nodes = new Map<string, Node>()
  readonly sent: Sent[] = []
  serverUp = true
  /** As with real links: one that lost a frame delivers nothing in that direction any more. */
  lossTears = false
  /** Frames and dials between these two are lost. */
  readonly #cuts = new Set<string>()
  #events: Event[] = []
  #order = 0
  #linkIds = 0

  // ------------------------------------------------------------------------------------------ peers

  /** A peer that knows of no introducer, unless told to use the server. */
  add(name: string, options: { readonly server?: boolean } = {}): Node {
    const node = new Node(name, ++this.#order, this.nowMs)
    this.nodes.set(name, node)
    if (options.server === true) this.step(node, ({ overlay }) => overlay.expectIntroducer('server'))
    this.step(node, () => undefined)
    if (options.server === true) this.joinServer(node)
    return node
  }

  /** Peers `1` to `count` with a link between any two, their view at rest. */
  mesh(count: number): Node[] {
    const nodes: Node[] = []
    for (let i = 1; i <= count; i++) {
      const node = this.add(String(i))
      for (const other of nodes) this.connect(other, node)
      nodes.push(node)
      this.run(200)
    }
    // Until the offers of all that was said meanwhile have gone out.
    this.run(5000)
    for (const node of nodes) expect(node.overlay.others()).toHaveLength(count - 1)
    return nodes
  }

  joinServer(node: Node): void {
    if (!this.serverUp || node.onServer) return
    node.onServer = true
    this.#tellPresent(node)
  }

  #tellPresent(node: Node): void {
    const there = [...this.nodes.values()].filter((other) => other !== node && other.onServer)
    this.after(5, () =>
      this.step(node, ({ overlay }) =>
        overlay.present(
          'server',
          there.map((other) => other.id),
        ),
      ),
    )
  }

  stopServer(): void {
    this.serverUp = false
    for (const node of this.nodes.values()) node.onServer = false
  }

  startServer(): void {
    this.serverUp = true
    for (const node of this.nodes.values()) if (node.alive) this.joinServer(node)
  }

  /** Gone without a word; the links of the others stay up and are silent. */
  kill(node: Node): void {
    node.alive = false
    node.onServer = false
  }

  // ------------------------------------------------------------------------------------------ links

  connect(
    a: Node,
    b: Node,
    options: { readonly latencyMs?: number; readonly backMs?: number; readonly kind?: LinkKind } = {},
  ): void {
    const { latencyMs = 2, backMs = latencyMs, kind = 'memory' } = options
    const end = (node: Node, far: Node, latencyMs: number): End => {
      const made = {
        id: ++this.#linkIds,
        node,
        far,
        latencyMs,
        farId: 0,
        up: true,
        torn: false,
        joiner: new Joiner(),
      }
      node.links.set(made.id, made)
      return made
    }
    const [near, far] = [end(a, b, latencyMs), end(b, a, backMs)]
    near.farId = far.id
    far.farId = near.id
    this.step(a, ({ overlay }) => overlay.linkUp(near.id, b.id, kind))
    this.step(b, ({ overlay }) => overlay.linkUp(far.id, a.id, kind))
  }

  /** Both ends hear that their links to one another are down. */
  drop(a: Node, b: Node): void {
    for (const [node, far] of [
      [a, b],
      [b, a],
    ] as const) {
      for (const end of node.links.values()) if (end.far === far) this.#down(end)
    }
  }

  /** The first one's ends of their links go down; the other hears nothing of it, and nothing over them any more. */
  dropUnnoticed(a: Node, b: Node): void {
    for (const end of a.links.values()) if (end.far === b) this.#down(end)
  }

  /** From now on nothing gets through between these two, and nobody is told. */
  cut(a: Node, b: Node): void {
    this.#cuts.add(cutKey(a, b))
  }

  mend(a: Node, b: Node): void {
    this.#cuts.delete(cutKey(a, b))
  }

  mendAll(): void {
    this.#cuts.clear()
  }

  // ------------------------------------------------------------------------------------------- time

  after(ms: number, run: () => void): void {
    const atMs = this.nowMs + ms
    // Behind all that are due at the same time; the list is kept sorted.
    let [low, high] = [0, this.#events.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#events[middle]!.atMs <= atMs) low = middle + 1
      else high = middle
    }
    this.#events.splice(low, 0, { atMs, run })
  }

  run(ms: number): void {
    const untilMs = this.nowMs + ms
    for (;;) {
      const next = this.#events[0]
      if (!next || next.atMs > untilMs) break
      this.#events.shift()
      if (next.atMs > this.nowMs) for (const node of this.nodes.values()) node.stepsNow = 0
      this.nowMs = next.atMs
      next.run()
    }
    this.nowMs = untilMs
  }

  /** Runs until it is so; fails after `maxMs`. Returns how long it took. */
  until(condition: () => boolean, maxMs = 30_000): number {
    const startMs = this.nowMs
    while (!condition()) {
      if (this.nowMs - startMs >= maxMs) throw new Error(`not so after ${maxMs} ms`)
      this.run(1)
    }
    return this.nowMs - startMs
  }

  /** The process does nothing for so long; then its clock rings before it reads what came. */
  block(node: Node, ms: number): void {
    node.blockedUntilMs = Math.max(node.blockedUntilMs, this.nowMs + ms)
  }

  /** As the peer does it: look at the clock, take the input, tick where it is time, carry out the effects. */
  step(node: Node, input: (node: Node) => void): void {
    if (!node.alive) return
    if (this.nowMs < node.blockedUntilMs) {
      this.after(node.blockedUntilMs - this.nowMs, () => this.step(node, input))
      return
    }
    const { overlay } = node
    const lateMs = Math.max(0, this.nowMs - node.deadlineMs)
    const announcedMs = Math.min(lateMs, Math.max(0, overlay.busyUntilMs - node.deadlineMs))
    overlay.at(this.nowMs)
    if (lateMs > 0) overlay.noteLag(Math.min(lateMs, announcedMs + limits.stallMs))
    if (lateMs - announcedMs >= limits.stallMs) overlay.stalled()
    input(node)
    if (this.nowMs >= node.deadlineMs) overlay.tick()
    const effects = overlay.takeEffects()
    // As the peer does it, for one role that all stand for.
    if (effects.some(({ type }) => ['joined', 'changed', 'left', 'self'].includes(type)))
      overlay.setSuccessions([succession(overlay)])
    for (const effect of effects) this.#perform(node, effect)
    if (++node.stepsNow > 5000) throw new Error(`${node.name} does not come to rest`)
    this.#setAlarm(node)
  }

  /** Messages sent since, most of the time one type of them. */
  sentSince(atMs: number, type: LinkMessage['type']): Sent[] {
    return this.sent.filter((each) => each.atMs >= atMs && each.message.type === type)
  }

  // ---------------------------------------------------------------------------------------- effects

  #setAlarm(node: Node): void {
    const atMs = Math.max(node.overlay.deadlineMs(), this.nowMs)
    node.deadlineMs = atMs
    if (atMs === Number.POSITIVE_INFINITY) return
    this.after(atMs - this.nowMs, () => {
      // A later step may have set another.
      if (node.deadlineMs === atMs && node.alive) this.step(node, () => undefined)
    })
  }

  #perform(node: Node, effect: OverlayEffect): void {
    node.effects.push({ atMs: this.nowMs, effect })
    switch (effect.type) {
      case 'writable':
        for (let frame = node.overlay.nextFrame(effect.link); frame;) {
          this.transmit(node, effect.link, frame)
          frame = node.overlay.nextFrame(effect.link)
        }
        return
      case 'closeLink': {
        const end = node.links.get(effect.link)
        for (const frame of effect.lastFrames) this.transmit(node, effect.link, frame)
        node.links.delete(effect.link)
        if (end) this.after(end.latencyMs, () => this.#downUnlessCut(end))
        return
      }
      case 'dial':
        node.dials.set(effect.connection, effect.peer)
        this.after(1, () =>
          this.step(node, ({ overlay }) => overlay.connectorSignal(effect.peer, effect.connection, 'offer')),
        )
        this.after(10_000, () => this.#dialFailed(node, effect.connection))
        return
      case 'abandon':
        node.dials.delete(effect.connection)
        return
      case 'connectorSignal':
        return this.#onSignal(node, effect)
      case 'refresh':
        if (node.onServer) this.#tellPresent(node)
        return
      case 'signalOut':
        return this.#carry(node, effect.to, effect.data)
    }
  }

  #dialFailed(node: Node, connection: string): void {
    const peer = node.dials.get(connection)
    if (peer === undefined) return
    node.dials.delete(connection)
    this.step(node, ({ overlay }) => overlay.connectorFailed(peer, connection))
  }

  #onSignal(node: Node, signal: Extract<OverlayEffect, { type: 'connectorSignal' }>): void {
    const { peer, connection, data } = signal
    const far = this.#byId(peer)
    if (data === 'offer') {
      if (node.answered.has(connection)) return
      node.answered.add(connection)
      this.after(1, () =>
        this.step(node, ({ overlay }) => overlay.connectorSignal(peer, connection, 'answer')),
      )
    } else if (node.dials.delete(connection) && far?.alive === true && !this.#isCut(node, far)) {
      this.after(20, () => this.connect(node, far, { kind: 'webrtc' }))
    }
  }

  #carry(from: Node, to: PeerId, data: string): void {
    if (!this.serverUp || !from.onServer) return
    const target = this.#byId(to)
    this.after(3, () => {
      if (target?.onServer === true) this.step(target, ({ overlay }) => overlay.negotiation(from.id, data))
      else this.step(from, ({ overlay }) => overlay.absent(to))
    })
  }

  /** Puts a frame on the wire, whoever made it. */
  transmit(node: Node, link: number, frame: Uint8Array): void {
    const end = node.links.get(link)
    if (!end || !end.up || !node.alive) return
    const joined = end.joiner.push(frame)
    if (joined.ok && joined.value) {
      const read = decode(linkMessage, joined.value.message)
      if (read.ok) {
        this.sent.push({ atMs: this.nowMs, from: node.name, to: end.far.name, message: read.value })
      }
    }
    if (this.#isCut(node, end.far)) end.torn = this.lossTears
    if (end.torn || this.#isCut(node, end.far)) return
    const copy = frame.slice()
    this.after(end.latencyMs, () => {
      if (end.far.links.has(end.farId)) this.step(end.far, ({ overlay }) => overlay.frame(end.farId, copy))
    })
  }

  #downUnlessCut(end: End): void {
    const farEnd = end.far.links.get(end.farId)
    if (farEnd && !this.#isCut(end.node, end.far)) this.#down(farEnd)
  }

  #down(end: End): void {
    end.up = false
    end.node.links.delete(end.id)
    this.step(end.node, ({ overlay }) => overlay.linkDown(end.id))
  }

  #isCut(a: Node, b: Node): boolean {
    return this.#cuts.has(cutKey(a, b))
  }

  #byId(id: PeerId): Node | undefined {
    return [...this.nodes.values()].find((node) => node.id === id)
  }
}

function succession(overlay: Overlay): PeerId[] {
  const settled = [overlay.self, ...overlay.others()].filter(({ seniority }) => seniority !== undefined)
  const byRank = settled.toSorted((a, b) => a.seniority! - b.seniority! || (a.id < b.id ? -1 : 1))
  return byRank.map(({ id }) => id)
}

const cutKey = (a: Node, b: Node): string => [a.name, b.name].toSorted().join(' ')

/** Nobody was ever told gone by anybody. */
export function expectNobodyLost(nodes: readonly Node[]): void {
  for (const node of nodes) expect(node.of('left')).toEqual([])
}
