// Lies that take two to be told: a feed is given whole to one neighbour, and offered to another that is linked to the first.
// Who asks for it is given less than there is. What it lacks then it can have from the other, if it does not believe the liar.

import type { PeerId, StoreId } from '../../base/ids.ts'
import { decodeHeader, type Entry } from '../../wire/entries.ts'
import type { LinkMessage } from '../../wire/messages.ts'
import { mixingHash } from './crypto.ts'
import type { AttackKind } from './forgeries.ts'
import { feedOf } from './forgeries-data.ts'
import { direct, repeat, type Knowledge } from './forgery-tools.ts'

/** By name: what is given of a feed to whoever is lied to. */
const lies = {
  /** As if what came before were given up long ago. */
  'floor-false': (entries) => entries.slice(-1),
  /** As one gives what is old. */
  'bodies-withheld': (entries) => entries.map((entry) => ({ ...entry, body: undefined })),
} satisfies Record<string, (entries: readonly Entry[]) => Entry[]>

export type LieKind = keyof typeof lies

export const lieKinds = Object.keys(lies) as readonly LieKind[]

export const isLie = (kind: AttackKind): kind is LieKind => kind in lies

/** Somebody to lie to. */
export interface Listener {
  readonly knowledge: Knowledge
  /** As its last record said. */
  readonly neighbours: readonly PeerId[]
  /** @returns how many frames that took. */
  readonly send: (message: LinkMessage) => number
}

interface Promised {
  readonly entries: readonly Entry[]
  /** A lie comes when the other has told what it holds. */
  readonly delayMs: number
}

const lieDelayMs = { least: 700, most: 2_500 } as const
const mostPromised = 64

export class Lies {
  readonly #promised = new Map<string, Promised>()
  readonly #later: (ms: number, act: () => void) => void

  constructor(later: (ms: number, act: () => void) => void) {
    this.#later = later
  }

  /** Offers a feed to two of them; nothing where no two are linked. @returns how many frames that took. */
  offer(kind: LieKind, listeners: readonly Listener[]): number {
    const pairs = listeners.flatMap((lied) =>
      listeners.filter((told) => areLinked(lied, told)).map((told) => ({ lied, told })),
    )
    const [any] = pairs
    if (any === undefined) return 0
    const { random } = any.lied.knowledge
    const { lied, told } = pairs[random.integer(pairs.length)]!
    const { me, victim } = lied.knowledge
    const addressees = [victim.member]
    const drafts = repeat(2 + random.integer(4), () => ({ addressees }))
    const feed = random.hexId() as StoreId
    const entries = feedOf(lied.knowledge, drafts, feed)
    const delayMs = lieDelayMs.least + random.integer(lieDelayMs.most - lieDelayMs.least)
    this.#promise(told, feed, { entries, delayMs: 0 })
    this.#promise(lied, feed, { entries: lies[kind](entries), delayMs })
    const number = entries.length
    const hash = mixingHash(entries.at(-1)!.header)
    const heads = [{ feed, number, hash, retired: 0 }]
    const vector = direct({ type: 'vector', member: me.member, durable: true, whole: false, heads })
    return told.send(vector) + lied.send(vector)
  }

  #promise({ knowledge }: Listener, feed: StoreId, promised: Promised): void {
    this.#promised.set(`${knowledge.victim.id} ${feed}`, promised)
    for (const key of this.#promised.keys()) {
      if (this.#promised.size <= mostPromised) break
      this.#promised.delete(key)
    }
  }

  /** Somebody asks for a feed. @returns whether it is one of these, so that the peer itself need not hear of it. */
  asked(from: PeerId, feed: StoreId, after: number, send: (message: LinkMessage) => void): boolean {
    const promised = this.#promised.get(`${from} ${feed}`)
    if (promised === undefined) return false
    const entries = promised.entries.filter(({ header }) => numberOf(header) > after)
    const answer = (): void => send(direct({ type: 'found', feed, after, entries, more: false }))
    if (promised.delayMs === 0) answer()
    else this.#later(promised.delayMs, answer)
    return true
  }
}

const areLinked = (a: Listener, b: Listener): boolean =>
  a.neighbours.includes(b.knowledge.victim.id) && b.neighbours.includes(a.knowledge.victim.id)

function numberOf(header: Uint8Array): number {
  const read = decodeHeader(header)
  return read.ok ? read.value.number : 0
}
