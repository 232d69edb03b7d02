// Hostile peers: production peers that take part like everybody, and beside that send what no Skein peer sends. They
// are gone before the run calms down.

import type { PeerId } from '../../../core/base/ids.ts'
import { MeshHandle } from '../../../core/mesh.ts'
import type { AttackKind } from '../../../core/platform/sim/forgeries.ts'
import type { HostilePeer } from '../../../core/platform/sim/hostile.ts'
import type { SimProcess, World } from '../../../core/platform/sim/world.ts'
import type { Fault, Schedule } from './schedule.ts'

const tryEveryMs = 250

export class Attackers {
  readonly #world: World
  readonly #schedule: Schedule
  readonly #peers = new Map<string, HostilePeer>()
  /** Of those that have joined. */
  readonly #ids = new Map<string, PeerId>()
  readonly #visitors: SimProcess[] = []
  readonly #isStranger: (peer: PeerId) => void

  /** @param isStranger Is told of each that is of another mesh. */
  constructor(world: World, schedule: Schedule, isStranger: (peer: PeerId) => void) {
    this.#world = world
    this.#schedule = schedule
    this.#isStranger = isStranger
  }

  /** A peer of another mesh, no hostile one. Returns how to end it. */
  visit(name: string): () => void {
    const process = this.#world.platform({ name: `${name}-${this.#visitors.length + 1}`, store: 'memory' })
    this.#visitors.push(process)
    const { servers } = this.#schedule
    const how = { kind: 'agent', store: 'memory', platform: process, servers } as const
    MeshHandle.open({ mesh: 'another', name, ...how }).then(
      (mesh) => this.#isStranger(mesh.me.id),
      () => process.kill(),
    )
    return () => process.kill({ links: 'down' })
  }

  attack(name: string, kind: AttackKind, sent: (frames: number) => void): () => void {
    const peer = this.#peerNamed(name)
    return this.#again(peer, tryEveryMs, `${name} tries again`, () => {
      const frames = peer.attack(kind)
      sent(frames)
      return frames === 0
    })
  }

  /**
   * Says that again and again, for as long as it is not told to give up. With `hangs` it does nothing else from the first time on
   * that anybody listens: it is not awake any more, and `hung` is told who it was.
   */
  insist(
    { attacker, kind, everyMs, hangs }: Omit<Extract<Fault, { type: 'insist' }>, 'type' | 'forMs'>,
    tell: { sent: (frames: number) => void; hung: (peer: PeerId) => void },
  ): () => void {
    const peer = this.#peerNamed(attacker)
    let isHung = false
    const stop = this.#again(peer, everyMs, `${attacker} says it again`, () => {
      const frames = peer.attack(kind)
      tell.sent(frames)
      const id = this.#ids.get(attacker)
      if (hangs && !isHung && frames > 0 && id !== undefined) {
        isHung = true
        peer.hang()
        tell.hung(id)
      }
      return true
    })
    return () => {
      stop()
      if (isHung) peer.process.kill({ links: 'down' })
    }
  }

  /** At once, and again for as long as it lives and `say` returns true. Returns how to give up. */
  #again(peer: HostilePeer, everyMs: number, why: string, say: () => boolean): () => void {
    let isOver = false
    const attempt = (): void => {
      if (isOver || !peer.process.alive) return
      if (say()) this.#world.at(this.#world.now + everyMs, why, attempt)
    }
    attempt()
    return () => {
      isOver = true
    }
  }

  /** All of them die. */
  end(): void {
    for (const { process } of this.#peers.values()) process.kill({ links: 'down' })
    for (const process of this.#visitors) process.kill({ links: 'down' })
  }

  #peerNamed(name: string): HostilePeer {
    const known = this.#peers.get(name)
    if (known?.process.alive) return known
    // One that hung was ended: it comes again, as somebody else.
    known?.process.restart()
    this.#ids.delete(name)
    const peer = known ?? this.#world.hostile({ name, store: 'memory' })
    this.#peers.set(name, peer)
    const opening = MeshHandle.open({
      mesh: 'test',
      name: 'mallory',
      kind: 'agent',
      store: 'memory',
      platform: peer.process,
      servers: this.#schedule.servers,
    })
    // It takes part in documents, or it would know of none to attack.
    opening.then(
      (mesh) => {
        this.#ids.set(name, mesh.me.id)
        return mesh.doc('notes').catch(() => peer.process.kill())
      },
      () => peer.process.kill(),
    )
    return peer
  }
}
