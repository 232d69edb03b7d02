// What the troupe says all the time: messages to the room and to names, and words into the document. Each player speaks
// by itself, at its own pace, for as long as it is up.

import { doc, room } from '../real/stage.ts'
import type { Player, Troupe } from './troupe.ts'

const leastPauseMs = 300
const meanPauseMs = 700
/** The document is kept as long as a page or two. */
const docLength = 8_000

export class Traffic {
  readonly #troupe: Troupe
  readonly #speaking: Promise<void>[]
  #over = false
  /** Calls that failed though nobody had ended their process, by what they said. */
  readonly failures = new Map<string, number>()

  constructor(troupe: Troupe) {
    this.#troupe = troupe
    this.#speaking = troupe.players.map((player) => this.#speak(player))
  }

  async end(): Promise<void> {
    this.#over = true
    await Promise.all(this.#speaking)
  }

  async #speak(player: Player): Promise<void> {
    for (let said = 1; !this.#over; said++) {
      await pause(leastPauseMs + 2 * Math.random() * (meanPauseMs - leastPauseMs))
      if (player.up && !this.#over) await this.#say(player, said)
    }
  }

  async #say(player: Player, said: number): Promise<void> {
    const { conduct, name, run } = player.peer
    const words = `${name} ${said}`
    try {
      if (said % 4 === 0) await conduct.writeDoc(doc, `${words}. `, docLength)
      else if (said % 4 === 1) await conduct.send(`@${this.#someone(player)}`, [words])
      else await conduct.send(`#${room}`, [words])
    } catch (error) {
      // It was about to say something and was ended.
      if (!player.up || player.peer.run !== run) return
      const text = error instanceof Error ? error.message.split('\n')[0]! : String(error)
      this.failures.set(text, (this.failures.get(text) ?? 0) + 1)
    }
  }

  #someone(not: Player): string {
    const labels = [...new Set(this.#troupe.players.map(({ peer }) => peer.label))]
    const others = labels.filter((label) => label !== not.peer.label)
    return others[Math.floor(Math.random() * others.length)] ?? not.peer.label
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
