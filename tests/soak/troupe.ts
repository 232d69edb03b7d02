// Who takes part in a soak test, who of them is up, and what they say of their leader.

import type { Entry } from '../sim/harness/history.ts'
import type { RealPeer } from '../real/real-peer.ts'
import type { Stage } from '../real/stage.ts'

export interface Naming {
  readonly leader: string | undefined
  readonly epoch: number
  readonly atMs: number
}

export class Player {
  readonly peer: RealPeer
  /** Nothing is ever done to it, so that its memory tells something. */
  readonly steady: boolean
  /** It can be asked, and should be found by others. */
  up = false
  peerId = ''
  naming: Naming = { leader: undefined, epoch: 0, atMs: 0 }

  constructor(peer: RealPeer, steady: boolean) {
    this.peer = peer
    this.steady = steady
  }
}

export class Troupe {
  readonly players: readonly Player[]
  readonly #stage: Stage

  constructor(stage: Stage, peers: readonly RealPeer[]) {
    this.#stage = stage
    const lastAgent = peers.findLast(({ kind }) => kind === 'agent')
    const lastTab = peers.findLast(({ kind }) => kind === 'tab')
    this.players = peers.map(
      (peer) => new Player(peer, peer === lastAgent || (peer === lastTab && peers.length > 3)),
    )
  }

  get up(): Player[] {
    return this.players.filter(({ up }) => up)
  }

  /** Keeps track; to be told of everything that is recorded. */
  hear(entry: Entry): void {
    if (entry.type !== 'leader' && entry.type !== 'joined') return
    const player = this.players.find(({ peer }) => peer.run === entry.run)
    if (player === undefined) return
    if (entry.type === 'joined') player.peerId = entry.peer
    else player.naming = { leader: entry.leader, epoch: entry.epoch, atMs: entry.atMs }
  }

  async join(player: Player): Promise<void> {
    player.naming = { leader: undefined, epoch: 0, atMs: 0 }
    // Those who stay do not lead, or nobody's death would matter.
    await this.#stage.join(player.peer, player.steady ? -1 : 0)
    player.up = true
  }

  leader(): Player | undefined {
    const naming = this.agreement(this.up)
    return this.up.find(({ peerId }) => peerId === naming?.leader)
  }

  /** What all of these say, the last of them to say so; undefined where they do not agree on one of theirs. */
  agreement(among: readonly Player[]): Naming | undefined {
    const [first] = among
    if (first === undefined || !among.some(({ peerId }) => peerId === first.naming.leader)) return undefined
    const { leader, epoch } = first.naming
    const agree = among.every(({ naming }) => naming.leader === leader && naming.epoch === epoch)
    return agree ? { leader, epoch, atMs: Math.max(...among.map(({ naming }) => naming.atMs)) } : undefined
  }
}
