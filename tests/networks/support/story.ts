// What the stories say again and again, in one place: who wrote what, and what must have come of it.

import type { RealPeer } from '../../real/real-peer.ts'
import { doc, room } from '../../real/stage.ts'
import type { World } from './world.ts'

export class Story {
  readonly #world: World
  readonly #from: number

  /** What the history says from now on is this story's. */
  constructor(world: World) {
    this.#world = world
    this.#from = world.history.length
  }

  /** Each writes that many messages to the room, and as many words into the document. @returns the messages' ids */
  async write(peers: readonly RealPeer[], count: number, words: string): Promise<string[]> {
    const sent = peers.map(async ({ name, conduct }) => {
      const bodies = Array.from({ length: count }, (_, index) => `${name}: ${words} ${index + 1}`)
      for (const body of bodies) await conduct.writeDoc(doc, `${body}. `)
      return conduct.send(`#${room}`, bodies)
    })
    return (await Promise.all(sent)).flat()
  }

  /** Resolves when each of these peers has each of these messages, and its program is done with what others wrote. */
  async untilHandled(ids: readonly string[], by: readonly RealPeer[]): Promise<void> {
    await this.#world.company.until(() => {
      const lacking = by.map((peer) => `${peer.name} ${this.#unhandled(ids, peer).length}`)
      return lacking.every((one) => one.endsWith(' 0'))
        ? undefined
        : `messages not handled: ${lacking.join(', ')}`
    })
  }

  /** All write, again and again, each time until everything of the time before has arrived; and the documents are equal. */
  async converse(peers: readonly RealPeer[], rounds: number): Promise<void> {
    for (let round = 1; round <= rounds; round++) {
      await this.untilHandled(await this.write(peers, 5, `round ${round}`), peers)
    }
    await this.untilSameDoc(peers)
  }

  async untilSameDoc(peers: readonly RealPeer[]): Promise<void> {
    await this.#world.company.untilSameDoc(peers, doc)
  }

  /** Peers declared gone since the story began, by whom. */
  get declaredGone(): string[] {
    const { history, all } = this.#world
    return history.slice(this.#from).flatMap((entry) => {
      if (entry.type !== 'peerLeft' || entry.reason !== 'failed') return []
      const joined = history.find((other) => other.type === 'joined' && other.peer === entry.peer)
      const whom = joined?.type === 'joined' ? joined.name : entry.peer
      return all.some(({ name }) => name === whom) ? [`${whom} by ${entry.run}`] : []
    })
  }

  #unhandled(ids: readonly string[], { run }: RealPeer): string[] {
    const done = new Set<string>()
    for (const entry of this.#world.history.slice(this.#from)) {
      const isOwn = entry.type === 'stored'
      if ((isOwn || entry.type === 'handled') && entry.run === run) done.add(entry.id)
    }
    return ids.filter((id) => !done.has(id))
  }
}
