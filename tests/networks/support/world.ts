// The world of the stories: three places and a hub with the servers, a tab in the first place, agents in the others,
// all in one mesh. It is made once, since browsers and namespaces take their time; each story heals what it broke.

import { createEnding, type Ending } from '../../../bench/support/processes.ts'
import type { Company } from '../../real/company.ts'
import type { RealPeer } from '../../real/real-peer.ts'
import { Stage } from '../../real/stage.ts'
import type { Entry } from '../../sim/harness/history.ts'
import { Network, type Place } from './namespaces.ts'

interface Fault {
  readonly fault: number
  readonly kind: string
  readonly touched: readonly string[]
  readonly what: string
}

interface Cast {
  /** A tab, in the north. */
  readonly alice: RealPeer
  /** In the south. */
  readonly bob: RealPeer
  /** Both in the west. */
  readonly carol: RealPeer
  readonly dave: RealPeer
}

export class World {
  readonly network: Network
  readonly north: Place
  readonly south: Place
  readonly west: Place
  readonly cast: Cast
  readonly all: readonly RealPeer[]
  readonly #stage: Stage
  readonly #ending: Ending
  #faults = 0
  #fault: Fault | undefined

  static async create(): Promise<World> {
    const ending = createEnding()
    try {
      const network = Network.create(['north', 'south', 'west'])
      const close = (): void => network.close()
      ending.add(close, close)
      const [north, south, west] = network.places as [Place, Place, Place]
      const stage = await Stage.open('places', ending)
      await stage.serve(network.hub.address, network.hub.prefix)
      const [bob, carol, dave] = [
        stage.agent('bob', south.prefix),
        stage.agent('carol', west.prefix),
        stage.agent('dave', west.prefix),
      ]
      const browser = await stage.browser('alice', north.prefix)
      const alice = await browser.openTab('alice')
      return new World(network, [north, south, west], { alice, bob, carol, dave }, stage, ending)
    } catch (error) {
      await ending.all()
      throw error
    }
  }

  private constructor(
    network: Network,
    [north, south, west]: readonly [Place, Place, Place],
    cast: Cast,
    stage: Stage,
    ending: Ending,
  ) {
    this.network = network
    this.north = north
    this.south = south
    this.west = west
    this.cast = cast
    this.all = Object.values(cast)
    this.#stage = stage
    this.#ending = ending
  }

  get company(): Company {
    return this.#stage.company
  }

  get history(): readonly Entry[] {
    return this.#stage.history
  }

  async joinAll(): Promise<void> {
    await Promise.all(this.all.map((peer) => this.#stage.join(peer)))
  }

  /** One more agent. Resolves when it has joined, whether or not it meets anybody. */
  async addAgent(name: string, { prefix }: Place): Promise<RealPeer> {
    const agent = this.#stage.agent(name, prefix)
    await this.#stage.join(agent)
    return agent
  }

  /** Says in the history what is done to the network, and to whom. */
  async disturb(
    kind: string,
    touched: readonly RealPeer[],
    what: string,
    act: () => Promise<void> | void,
  ): Promise<void> {
    this.#fault = { fault: ++this.#faults, kind, touched: touched.map(({ name }) => name), what }
    this.company.add({ type: 'faultBegins', ...this.#fault })
    await act()
  }

  /** All lines are well again. @throws where what was done made no difference */
  heal(): void {
    const fault = this.#fault
    if (fault === undefined) return
    const packets = this.network.touchedPackets
    this.network.heal()
    if (packets > 0) this.company.add({ type: 'faultBit', fault: fault.fault, kind: fault.kind })
    this.company.add({ type: 'faultEnds', ...fault })
    this.#fault = undefined
    if (packets === 0) throw new Error(`${fault.kind} made no difference to any packet`)
  }

  close(): Promise<void> {
    return this.#ending.all()
  }
}
