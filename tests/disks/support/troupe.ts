// Three agents in one mesh: alice and bob, whom the tests kill, and carol, who stays. Each has a directory of its own
// and is a process; a witness hears what they say.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSignalingServer, type SignalingServer } from 'skein/signaling'
import { Witness, type Tolerance, type WorkerLine } from './witness.ts'
import { type Word, WorkerProcess } from './worker-process.ts'

/** Generous: a slow machine takes long, a broken one for ever. */
const longestWaitMs = 120_000
const lookEveryMs = 50

export const mortals = ['alice', 'bob'] as const
export type Mortal = (typeof mortals)[number]
export const everybody = [...mortals, 'carol'] as const
export type Name = (typeof everybody)[number]

export interface TroupeOptions {
  /** What `bundleWorker()` made. */
  readonly program: string
  /** Characters of a long message. */
  readonly padBytes?: number
  /** How long anything may take. */
  readonly patienceMs?: number
  readonly tolerance?: Tolerance
}

export class Troupe {
  readonly witness: Witness
  readonly #options: TroupeOptions
  readonly #server: SignalingServer
  readonly #folder: string
  readonly #running = new Map<Name, WorkerProcess>()
  readonly #lives = new Map<Name, number>()
  readonly #listeners = new Map<Name, (line: WorkerLine) => void>()

  /** Resolves when all are in the room and know each other. Nobody writes yet. */
  static async gather(options: TroupeOptions): Promise<Troupe> {
    const server = await createSignalingServer({ port: 0, host: '127.0.0.1' })
    const troupe = new Troupe(options, server, await mkdtemp(join(tmpdir(), 'skein-disks-')))
    for (const name of everybody) troupe.start(name, { writes: false })
    await troupe.until('all are in the room', () =>
      everybody.every((name) => troupe.witness.of(name).status?.room.length === everybody.length),
    )
    return troupe
  }

  private constructor(options: TroupeOptions, server: SignalingServer, folder: string) {
    this.#options = options
    this.#server = server
    this.#folder = folder
    this.witness = new Witness(options.tolerance)
    for (const name of everybody) this.witness.add(name, addressesOf(name))
  }

  dataDir(name: Name): string {
    return join(this.#folder, name)
  }

  /** The next process on that directory. */
  start(
    name: Name,
    { writes, environment }: { writes: boolean; environment?: Readonly<Record<string, string>> | undefined },
  ): void {
    const { program, padBytes = 4096 } = this.#options
    const life = (this.#lives.get(name) ?? 0) + 1
    this.#lives.set(name, life)
    this.witness.begins(name)
    const { port } = this.#server.address()!
    const settings = {
      name,
      life,
      options: {
        mesh: 'disks',
        name,
        dataDir: this.dataDir(name),
        signaling: [`ws://127.0.0.1:${port}`],
      },
      addresses: addressesOf(name),
      writes,
      padBytes,
      pauseMs: name === 'carol' ? 100 : 15,
    }
    const hear = (line: WorkerLine): void => {
      this.witness.hear(name, life, line)
      this.#listeners.get(name)?.(line)
    }
    this.#running.set(name, new WorkerProcess(program, settings, hear, environment))
  }

  /** SIGKILL. Rejects where it had died before, by itself. */
  async kill(name: Name): Promise<void> {
    await this.#running.get(name)!.kill()
    this.#running.delete(name)
  }

  say(word: Word): void {
    for (const worker of this.#running.values()) worker.say(word)
  }

  /**
   * Everybody reads its whole history and says it. Asked again before it has answered, a reader of a long one would
   * come to nothing else: what it lost would never be fetched.
   */
  async tell(): Promise<void> {
    for (const name of everybody) this.witness.of(name).history = undefined
    this.say('tell')
    await this.until('all have told', () => everybody.every((name) => this.witness.of(name).history))
  }

  /** Resolves in the moment in which it has said so many lines more. */
  lines(name: Name, count: number): Promise<void> {
    return new Promise((resolve) => {
      let left = count
      this.#listeners.set(name, () => {
        if (--left > 0) return
        this.#listeners.delete(name)
        resolve()
      })
    })
  }

  until(what: string, holds: () => boolean): Promise<void> {
    // Counted in looks: while this machine stands still no time is lost.
    let left = (this.#options.patienceMs ?? longestWaitMs) / lookEveryMs
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (holds()) resolve()
        else if (left-- <= 0) reject(new Error(`Waited in vain until ${what}.`))
        else setTimeout(look, lookEveryMs)
      }
      look()
    })
  }

  /** Nobody writes any more: what is still due arrives. What does not is a broken promise. */
  async rest(): Promise<void> {
    const { witness } = this
    this.say('rest')
    const quiet = (): boolean => witness.isQuiet() && witness.missing().length === 0
    await this.until('all is quiet', quiet).catch((error: unknown) => {
      const statuses = everybody.map((name) => JSON.stringify(witness.of(name).status))
      witness.broken.push(String(error), ...statuses, ...witness.missing().slice(0, 20))
    })
    witness.checkDocuments()
  }

  async disband(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.kill(name)))
    await this.#server.close()
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

const addressesOf = (name: Name): string[] => [
  ...everybody.filter((other) => other !== name).map((other) => `@${other}`),
  '#all',
]

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
