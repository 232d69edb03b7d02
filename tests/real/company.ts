// All real peers of a test: one history of what happened to them, in the order in which it was heard of, and waits for
// what several of them come to agree on. It is also the one resource that leaders act upon: it alone hears from all.

import { Fence } from 'skein'
import type { Entry, Happening } from '../sim/harness/history.ts'
import type { Standing } from './conduct.ts'
import type { RealPeer } from './real-peer.ts'

/** A generous limit for conditions: a slow machine takes long, a broken one for ever. */
const patienceMs = 90_000
const pollMs = 100

export interface Agreement {
  readonly leader: string
  readonly epoch: number
}

export class Company {
  readonly #listeners: ((entry: Entry) => void)[]
  readonly #fence = new Fence('')

  /** @param listen hears of everything; a test that is short keeps it */
  constructor(listen: (entry: Entry) => void) {
    this.#listeners = [listen]
  }

  also(listen: (entry: Entry) => void): void {
    this.#listeners.push(listen)
  }

  /** What a peer told, or what was done to one. */
  readonly hear = (entry: Entry): void => {
    if (entry.type !== 'token') return this.#tell(entry)
    const { role, epoch, leader, n } = entry
    this.#tell({ ...entry, admitted: this.#fence.admit({ role, epoch, leader, n }) })
  }

  #tell(entry: Entry): void {
    for (const listen of this.#listeners) listen(entry)
  }

  add(happening: Happening): void {
    this.hear({ atMs: Date.now(), ...happening })
  }

  /** Resolves when `lacking` names nothing any more. @param lacking what is still waited for, in words */
  async until(
    lacking: () => Promise<string | undefined> | string | undefined,
    limitMs = patienceMs,
  ): Promise<void> {
    const deadlineMs = performance.now() + limitMs
    for (;;) {
      const waitingFor = await lacking()
      if (waitingFor === undefined) return
      if (performance.now() > deadlineMs) throw new Error(`It did not come about: ${waitingFor}`)
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  }

  /** Resolves when these list exactly each other and name one leader, one of them, in an epoch above `above`. */
  async untilAgree(peers: readonly RealPeer[], { above = 0, linked = false } = {}): Promise<Agreement> {
    let agreement: Agreement | undefined
    await this.until(async () => {
      const all = await Promise.all(peers.map((peer) => peer.conduct.standing()))
      const problem = disagreement(all, above) ?? (linked ? unlinked(all) : undefined)
      agreement = { leader: all[0]!.leader ?? '', epoch: all[0]!.epoch }
      return (
        problem && `${problem}\n${peers.map(({ name }, at) => `${name}: ${describe(all[at]!)}`).join('\n')}`
      )
    })
    return agreement!
  }

  /** Resolves when all of these have the same text, of this length where one is given, and call themselves synced with all the others, or alone. */
  async untilSameDoc(peers: readonly RealPeer[], doc: string, length?: number): Promise<void> {
    await this.until(async () => {
      const all = await Promise.all(peers.map((peer) => peer.conduct.readDoc(doc)))
      const fine = all.every(
        (one) =>
          one.hash === all[0]!.hash &&
          one.length === (length ?? all[0]!.length) &&
          one.state === (peers.length > 1 ? 'synced' : 'alone') &&
          one.basedOn === peers.length - 1,
      )
      return fine ? undefined : `the same text of ${length} in ${doc}: ${JSON.stringify(all)}`
    })
  }
}

function disagreement(all: readonly Standing[], above: number): string | undefined {
  const ids = all.map(({ me }) => me).toSorted()
  const first = all[0]!
  if (all.some(({ peers }) => peers.join() !== ids.join())) return 'everybody lists everybody'
  if (!ids.includes(first.leader ?? '')) return 'the leader is one of them'
  if (all.some(({ leader, epoch }) => leader !== first.leader || epoch !== first.epoch))
    return 'all name one leader'
  return first.epoch > above ? undefined : `an epoch above ${above}`
}

const unlinked = (all: readonly Standing[]): string | undefined =>
  all.every(({ linked }) => linked.length === all.length - 1)
    ? undefined
    : 'everybody is linked with everybody'

const describe = ({ me, peers, leader, epoch, linked, signaling }: Standing): string =>
  JSON.stringify({
    me: short(me),
    leader: short(leader),
    epoch,
    peers: peers.map(short),
    linked: linked.map(short),
    signaling,
  })

const short = (id: string | undefined): string => id?.slice(0, 4) ?? 'none'
