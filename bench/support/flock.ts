// The peers of one mesh under measurement: waits for what they all agree on, as they tell it and without asking, and
// keeps count of what must not happen: a living peer declared gone, a leader changed for no reason.

import type { MeshOptions } from 'skein'
import { Agent } from './agent-process.ts'
import { type Profile, Tab } from './browser.ts'
import type { Participant } from './participant.ts'
import { serveBuiltPages } from './pages.ts'
import { type Ending, startServer } from './processes.ts'

/** A generous limit for conditions: a slow machine takes long, a broken one for ever. */
const patienceMs = 60_000

export interface Surroundings {
  readonly ending: Ending
  /** Where pages come from. */
  readonly pagesUrl: string
  /** The signaling server's WebSocket address. */
  readonly signalingUrl: string
}

/** Pages and a signaling server of their own, until the ending. */
export async function openSurroundings(ending: Ending): Promise<Surroundings> {
  return { ending, pagesUrl: await serveBuiltPages(ending), signalingUrl: await startServer(ending) }
}

/** What a participant's options may say beyond who and where. */
export type Wishes = Pick<MeshOptions, 'priority' | 'store'>

export interface Agreement {
  readonly leader: string
  readonly epoch: number
}

export class Flock {
  readonly members = new Set<Participant>()
  readonly #surroundings: Surroundings
  readonly #mesh: string
  readonly #watchers = new Set<() => void>()
  /** Peers that were ended or stopped by us. */
  readonly #excused = new Set<string>()
  #started = 0
  #act = 'the start'
  #actAtMs = Date.now()

  constructor(surroundings: Surroundings, mesh: string) {
    this.#surroundings = surroundings
    this.#mesh = mesh
  }

  async tab(profile: Profile, more: Wishes = {}): Promise<Tab> {
    const { pagesUrl } = this.#surroundings
    return this.#take(await Tab.join(profile, pagesUrl, this.#options('tab', more), this.#onNews))
  }

  async agent(more: Wishes = {}): Promise<Agent> {
    const { ending } = this.#surroundings
    return this.#take(await Agent.join(this.#options('agent', more), ending, this.#onNews))
  }

  /** What the benchmark does now, for the record. */
  note(act: string): void {
    this.#act = act
    this.#actAtMs = Date.now()
  }

  /** Its end is our doing: nobody is wrong to declare it gone. */
  excuse(participant: Participant): void {
    if (participant.state) this.#excused.add(participant.state.me)
  }

  /** It is back, as the same peer. */
  expect(participant: Participant): void {
    if (participant.state) this.#excused.delete(participant.state.me)
  }

  /** It is none of the flock any more; what it may still tell counts for nothing. */
  drop(participant: Participant): void {
    this.excuse(participant)
    this.members.delete(participant)
  }

  leader(): Participant {
    const [first] = this.members
    const leader = [...this.members].find(({ state }) => state?.me === first?.state?.leader)
    if (!leader) throw new Error('The leader is not one of the flock.')
    return leader
  }

  /** Everybody lists and links everybody and names one leader, one of them. */
  async settled(): Promise<Agreement> {
    const members = [...this.members]
    await this.until(() => {
      const ids = members.map(({ state }) => state?.me ?? '').toSorted()
      return (
        this.agreement(members) !== undefined &&
        members.every(({ state }) => state?.linked === ids.length - 1 && state.peers.join() === ids.join())
      )
    }, 'everybody is linked with everybody and agrees on a leader')
    return this.agreement(members)!
  }

  /** The leader, one of these, and the epoch that all of these name. */
  agreement(among: readonly Participant[]): Agreement | undefined {
    const { leader, epoch } = among[0]?.state ?? {}
    if (leader === undefined || epoch === undefined) return undefined
    const isOne = among.some(({ state }) => state?.me === leader)
    const agree = among.every(({ state }) => state?.leader === leader && state.epoch === epoch)
    return isOne && agree ? { leader, epoch } : undefined
  }

  /** Departures that some peer reported of another that lived and ran. Judged when they are told. */
  readonly falseDepartures: string[] = []
  readonly #judged = new Map<Participant, number>()

  until(condition: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer)
        this.#watchers.delete(look)
        settle()
      }
      const look = (): void => {
        if (condition()) finish(resolve)
      }
      const fail = (): void => {
        const states = [...this.members].map(({ name, state }) => `${name}: ${JSON.stringify(state)}`)
        reject(new Error(`It did not come about that ${what}.\n${states.join('\n')}`))
      }
      const timer = setTimeout(() => finish(fail), patienceMs)
      this.#watchers.add(look)
      look()
    })
  }

  async end(): Promise<void> {
    for (const member of this.members) this.excuse(member)
    await Promise.all([...this.members].map((member) => member.end()))
    this.members.clear()
  }

  #take<T extends Participant>(participant: T): T {
    this.members.add(participant)
    return participant
  }

  #options(kind: string, more: Wishes): MeshOptions {
    this.#started++
    const { signalingUrl } = this.#surroundings
    return { mesh: this.#mesh, name: `${kind}-${this.#started}`, signaling: [signalingUrl], ...more }
  }

  readonly #onNews = (): void => {
    for (const member of this.members) this.#judge(member)
    for (const look of this.#watchers) look()
  }

  #judge(member: Participant): void {
    for (const news of member.news.slice(this.#judged.get(member) ?? 0)) {
      if (news.type !== 'left' || this.#excused.has(news.peer)) continue
      // A page that goes takes leave of everybody itself.
      if (news.reason === 'left' && this.#excused.has(member.state?.me ?? '')) continue
      const whom = [...this.members].find(({ state }) => state?.me === news.peer)?.name ?? news.peer
      const afterMs = news.atMs - this.#actAtMs
      this.falseDepartures.push(
        `${member.name} declared ${whom} gone (${news.reason}), ${afterMs} ms after ${this.#act}`,
      )
    }
    this.#judged.set(member, member.news.length)
  }
}
