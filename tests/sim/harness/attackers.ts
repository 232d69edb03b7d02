// Hostile peers: production peers that take part like everybody, and beside that send what no Skein peer sends. They
// are gone before the run calms down.

import type { PeerId } from '../../../core/base/ids.ts'
import { MeshHandle } from '../../../core/mesh.ts'
import type { AttackKind } from '../../../core/platform/sim/forgeries.ts'
import type { HostilePeer } from '../../../core/platform/sim/hostile.ts'
import type { SimProcess, World } from '../../../core/platform/sim/world.ts'
import type { Schedule } from './schedule.ts'

const tryEveryMs = 250

export class Attackers {
  readonly #world: World
  readonly #schedule: Schedule
  readonly #peers = new Map<string, HostilePeer>()

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
    const how = { kind: 'agent', hidden: false, store: 'memory', platform: process, servers } as const
    MeshHandle.open({ mesh: 'another', name, ...how }).then(
      (mesh) => this.#isStranger(mesh.me.id),
      () => process.kill(),
    )
    return () => process.kill({ links: 'down' })
  }

  attack(name: string, kind: AttackKind, sent: (frames: number) => void): () => void {
    const peer = this.#peerNamed(name)
    let isOver = false
    const attempt = (): void => {
      if (isOver || !peer.process.alive) return
      const frames = peer.attack(kind)
      sent(frames)
      if (frames === 0) this.#world.at(this.#world.now + tryEveryMs, `${name} tries again`, attempt)
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
    if (known !== undefined) return known
    const peer = this.#world.hostile({ name, store: 'memory' })
    this.#peers.set(name, peer)
    const opening = MeshHandle.open({
      mesh: 'test',
      name: 'mallory',
      kind: 'agent',
      hidden: false,
      store: 'memory',
      platform: peer.process,
      servers: this.#schedule.servers,
    })
    // It takes part in documents, or it would know of none to attack.
    opening.then(
      (mesh) => mesh.doc('notes').catch(() => peer.process.kill()),
      () => peer.process.kill(),
    )
    return peer
  }
}
