// One holder, one newcomer: the document and the same number of raw bytes between them, turn about, and then people
// chatting meanwhile.

import { setTimeout as pause } from 'node:timers/promises'
import { progress } from '../benchmark.ts'
import type { Flock } from '../support/flock.ts'
import type { Participant } from '../support/participant.ts'
import type { ChatLine } from './chat.ts'
import type { Content, Fetched } from './documents.ts'
import type { RawWay } from './raw.ts'

const KiB = 1024

/** Ways of sending raw bytes; the best of them is what the document is held against. */
export const rawWays: readonly RawWay[] = [
  { chunkBytes: 16 * KiB, maxBufferedBytes: 256 * KiB },
  { chunkBytes: 16 * KiB, maxBufferedBytes: 1024 * KiB },
  { chunkBytes: 64 * KiB, maxBufferedBytes: 1024 * KiB },
]

/** Before each transfer, raw or not: all find the channel, the programs and the machine at rest. */
const restMs = 500

/** Of raw bytes, before anything is measured; and of each document: two of 20 MB come to as much. */
const warmUpBytes = 12_000_000
const warmUpShare = 0.3

/** Lines of one author to one reader, on average. */
export const chatIntervalMs = 60
const idleChatMs = 8000
/** Lines under way at the end of a phase still arrive. */
const settleMs = 1500

export interface Transfer {
  readonly content: Content
  readonly bytes: number
  readonly fetched: Fetched
  /** In the order of `rawWays`. */
  readonly rawMs: readonly number[]
}

export interface ChatFigures {
  readonly flow: 'between the two' | 'to a third'
  readonly idle: readonly ChatLine[]
  readonly during: readonly ChatLine[]
}

export interface PairResult {
  readonly pair: string
  readonly store: 'durable' | 'memory'
  readonly transfers: readonly Transfer[]
  readonly chat: readonly ChatFigures[]
  readonly suspicions: number
  readonly departures: readonly string[]
}

export class Pair {
  readonly #holder: Participant
  readonly #newcomer: Participant
  #documents = 0

  constructor(holder: Participant, newcomer: Participant) {
    this.#holder = holder
    this.#newcomer = newcomer
  }

  /** A bare channel between the two, beside the mesh's own link. The first megabytes of either pay for what is done once. */
  async warmUp(contents: readonly Content[]): Promise<void> {
    const [near, far] = [this.#holder.tools.raw, this.#newcomer.tools.raw]
    await near.accept(await far.answer(await near.offer()))
    await Promise.all([near.opened(), far.opened()])
    for (const way of rawWays) await this.#sendRaw(warmUpBytes / rawWays.length, way)
    for (const content of contents) {
      const name = `bulk-${++this.#documents}`
      await this.#holder.tools.documents.make(name, content, warmUpShare)
      await this.#fetch(name)
    }
  }

  async transfer(content: Content, rawFirst: boolean): Promise<Transfer> {
    const name = `bulk-${++this.#documents}`
    const bytes = await this.#holder.tools.documents.make(name, content, 1)
    const send = async (): Promise<number[]> => {
      const times: number[] = []
      for (const way of rawWays) {
        await pause(restMs)
        times.push(await this.#sendRaw(bytes, way))
      }
      return times
    }
    const early = rawFirst ? await send() : undefined
    await pause(restMs)
    const fetched = await this.#fetch(name)
    const rawMs = early ?? (await send())
    progress(
      `  ${content}: ${(bytes / 1e6).toFixed(1)} MB in ${ms(fetched.syncedMs - fetched.beganMs)}, raw ${rawMs.map(ms).join(' / ')}, blocked ${ms(fetched.longestPauseMs)}, ${fetched.progressEvents} progress events`,
    )
    return { content, bytes, fetched, rawMs }
  }

  /** Chat, idle first, then while one document after another arrives. */
  async chatMeanwhile(third: Participant, documents: number): Promise<ChatFigures[]> {
    const [holder, newcomer] = [this.#holder, this.#newcomer]
    const readers = [holder, newcomer, third]
    const names: string[] = []
    for (let made = 0; made < documents; made++) {
      const name = `bulk-${++this.#documents}`
      names.push(name)
      await holder.tools.documents.make(name, 'values', 1)
    }
    await Promise.all([
      holder.tools.chat.start([newcomer.name, third.name], chatIntervalMs),
      newcomer.tools.chat.start([holder.name, third.name], chatIntervalMs),
    ])
    await pause(settleMs)
    await Promise.all(readers.map(({ tools }) => tools.chat.lines()))
    await pause(idleChatMs)
    const idle = await this.#lines(readers)
    const phases: Fetched[] = []
    const during: typeof idle = []
    for (const name of names) {
      phases.push(await this.#fetch(name))
      await pause(settleMs)
      during.push(...(await this.#lines(readers)))
    }
    await Promise.all([holder.tools.chat.stop(), newcomer.tools.chat.stop()])
    const isDuring = ({ dueMs }: ChatLine): boolean =>
      phases.some(({ beganMs, storedMs }) => beganMs <= dueMs && dueMs <= storedMs)
    return (['between the two', 'to a third'] as const).map((flow) => {
      const isOf = ({ reader }: { reader: Participant }): boolean =>
        (reader === third) === (flow === 'to a third')
      return {
        flow,
        idle: idle.filter(isOf).map(({ line }) => line),
        during: during
          .filter(isOf)
          .map(({ line }) => line)
          .filter(isDuring),
      }
    })
  }

  async #lines(readers: readonly Participant[]): Promise<{ reader: Participant; line: ChatLine }[]> {
    const all = await Promise.all(
      readers.map(async (reader) => (await reader.tools.chat.lines()).map((line) => ({ reader, line }))),
    )
    return all.flat()
  }

  async #fetch(name: string): Promise<Fetched> {
    const fetched = await this.#newcomer.tools.documents.fetch(name)
    const [here, there] = await Promise.all(
      [this.#holder, this.#newcomer].map(({ tools }) => tools.documents.fingerprint(name)),
    )
    if (here !== there) throw new Error('The document was called synced and is not equal.')
    await Promise.all([this.#holder, this.#newcomer].map(({ tools }) => tools.documents.close(name)))
    return fetched
  }

  async #sendRaw(bytes: number, way: RawWay): Promise<number> {
    const received = this.#newcomer.tools.raw.receive(bytes)
    const beganMs = await this.#holder.tools.raw.send(bytes, way)
    return (await received) - beganMs
  }
}

/** Suspicions of any kind that any of these counted. */
export async function suspicionsOf(flock: Flock): Promise<number> {
  const counts = await Promise.all([...flock.members].map(({ tools }) => tools.documents.counters()))
  return counts
    .flatMap((counters) => Object.entries(counters))
    .filter(([name]) => name === 'suspicions' || name === 'falseSuspicions')
    .reduce((sum, [, count]) => sum + count, 0)
}

const ms = (duration: number): string => `${duration.toFixed(0)} ms`
