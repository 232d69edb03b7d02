// An agent in a process of its own, with a data directory of its own, perhaps in a network namespace.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { endProcess } from '../../bench/support/processes.ts'
import type { Entry } from '../sim/harness/history.ts'
import type { Told } from './children/agent.ts'
import { type Call, type RemoteConduct, remoteConduct } from './conduct.ts'
import { residentBytes } from './process-memory.ts'
import { PeerEnded, type RealPeer } from './real-peer.ts'

export interface AgentSettings {
  readonly name: string
  /** What `bundlePrograms()` made. */
  readonly program: string
  /** Put in front of its command line. */
  readonly prefix: readonly string[]
  readonly hear: (entry: Entry) => void
}

export class RealAgent implements RealPeer {
  readonly kind = 'agent'
  readonly conduct: RemoteConduct = remoteConduct((call) => this.#ask(call))
  readonly #settings: AgentSettings
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  #child: ChildProcess
  #lives = 1
  #lastNumber = 0

  constructor(settings: AgentSettings) {
    this.#settings = settings
    this.#child = this.#spawn()
  }

  get name(): string {
    return this.#settings.name
  }

  get label(): string {
    return this.name
  }

  get run(): string {
    return `${this.name} ${this.#lives}`
  }

  get pid(): number {
    return this.#child.pid!
  }

  memoryBytes(): number | undefined {
    return residentBytes(this.pid)
  }

  async kill(): Promise<void> {
    const child = this.#child
    const told = child.connected ? once(child, 'disconnect') : undefined
    await endProcess(child)
    // What it told last is heard before.
    await told
  }

  async restart(): Promise<void> {
    await this.kill()
    this.#lives++
    this.#child = this.#spawn()
  }

  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  wake(): void {
    this.#child.kill('SIGCONT')
  }

  #spawn(): ChildProcess {
    const { prefix, program } = this.#settings
    const [first, ...rest] = [...prefix, process.execPath, program]
    // Detached: Ctrl-C is for the test, which ends it in its own way. Without the test it ends by itself.
    const child = spawn(first!, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true })
    child.on('message', (told: Told) => this.#take(told))
    child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new PeerEnded(this.name))
      this.#waiting.clear()
    })
    return child
  }

  #ask(call: Call): Promise<unknown> {
    const number = ++this.#lastNumber
    return new Promise((resolve, reject) => {
      if (!this.#child.connected) return reject(new PeerEnded(this.name))
      this.#waiting.set(number, { resolve, reject })
      this.#child.send({ number, call }, (error) => error && reject(error))
    })
  }

  #take(told: Told): void {
    if ('entry' in told) return this.#settings.hear(told.entry)
    const waiting = this.#waiting.get(told.number)
    this.#waiting.delete(told.number)
    if ('error' in told) waiting?.reject(new Error(told.error))
    else waiting?.resolve(told.value)
  }
}
