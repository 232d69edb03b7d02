// Starts and commands agents: child processes that run agent.ts, one data directory each.

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { MeshOptions } from 'skein'
import { type BundledProgram, bundleForNode } from '../../../scripts/bundle-for-node.ts'
import type { AgentCommand } from './agent.ts'
import type { Participant } from './participant.ts'
import type { DocReport, Report } from './probe.ts'
import { endProcess } from './server.ts'

export interface StoredMessage {
  readonly id: string
  readonly body: unknown
  readonly state: string
}

export interface AgentSettings {
  /** What `bundleAgent()` made. */
  readonly program: string
  readonly name: string
  readonly mesh: string
  readonly dataDir: string
  readonly registryDir: string
  /** Left out: found through the machine's registry. */
  readonly signaling?: readonly string[] | undefined
}

export class Agent implements Participant {
  readonly settings: AgentSettings
  #child: ChildProcess
  #lastNumber = 0
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  #complaints = ''

  static async start(settings: AgentSettings): Promise<Agent> {
    const agent = new Agent(settings, spawnAgent(settings))
    await agent.join()
    return agent
  }

  private constructor(settings: AgentSettings, child: ChildProcess) {
    this.settings = settings
    this.#child = child
    this.#listen(child)
  }

  get name(): string {
    return this.settings.name
  }

  get pid(): number {
    return this.#child.pid!
  }

  async join(): Promise<void> {
    const { name, mesh, dataDir, signaling } = this.settings
    const options: MeshOptions = { name, mesh, dataDir, ...(signaling && { signaling }) }
    await this.#command({ do: 'join', options })
  }

  /** A new process on the same data directory, after `kill()` or `leave()`. */
  async restart(): Promise<void> {
    await endProcess(this.#child)
    this.#child = spawnAgent(this.settings)
    this.#listen(this.#child)
    await this.join()
  }

  report(): Promise<Report> {
    return this.#command({ do: 'report' }) as Promise<Report>
  }

  async lead(): Promise<void> {
    await this.#command({ do: 'lead' })
  }

  async consume(): Promise<void> {
    await this.#command({ do: 'consume' })
  }

  async joinRoom(room: string): Promise<void> {
    await this.#command({ do: 'joinRoom', room })
  }

  /** @returns the id, once stored; with `delivered`, once every addressee has it */
  send(to: string, body: string, options: { delivered?: boolean } = {}): Promise<string> {
    return this.#command({ do: 'send', to, body, ...options }) as Promise<string>
  }

  /** The process is dead the instant send() resolves; rejects where sending failed. */
  async sendAndDie(to: string, body: string): Promise<void> {
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()))
    await Promise.race([gone, this.#command({ do: 'sendAndDie', to, body }).catch(unlessEnded)])
    await gone
  }

  history(to: string): Promise<StoredMessage[]> {
    return this.#command({ do: 'history', to }) as Promise<StoredMessage[]>
  }

  async writeDoc(doc: string, lines: readonly string[]): Promise<void> {
    await this.#command({ do: 'writeDoc', doc, name: this.name, lines })
  }

  readDoc(doc: string): Promise<DocReport> {
    return this.#command({ do: 'readDoc', doc }) as Promise<DocReport>
  }

  async untilDocStored(doc: string): Promise<void> {
    await this.#command({ do: 'untilDocStored', doc })
  }

  async leave(): Promise<void> {
    await this.#command({ do: 'leave' })
  }

  async kill(): Promise<void> {
    await endProcess(this.#child)
  }

  #command(command: AgentCommand): Promise<unknown> {
    const number = ++this.#lastNumber
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject })
      this.#child.stdin!.write(`${JSON.stringify({ number, command })}\n`)
    })
  }

  #listen(child: ChildProcess): void {
    child.stderr!.on('data', (bytes: Buffer) => (this.#complaints += bytes.toString()))
    // Writing to a process that was just killed fails; its exit says so as well.
    child.stdin!.on('error', (error) => (this.#complaints += String(error)))
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const { number, value, error } = JSON.parse(line) as {
        number: number
        value?: unknown
        error?: { code?: string; message: string }
      }
      const waiting = this.#waiting.get(number)
      this.#waiting.delete(number)
      if (error) waiting?.reject(Object.assign(new Error(error.message), { code: error.code }))
      else waiting?.resolve(value)
    })
    child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new ProcessEnded(this.#complaints))
      this.#waiting.clear()
    })
  }
}

class ProcessEnded extends Error {
  constructor(complaints: string) {
    super(`The agent's process ended. ${complaints}`)
  }
}

const unlessEnded = (error: unknown): void => {
  if (!(error instanceof ProcessEnded)) throw error
}

function spawnAgent({ program, registryDir }: AgentSettings): ChildProcess {
  return spawn(process.execPath, [program], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, SKEIN_REGISTRY_DIR: registryDir },
  })
}

export function bundleAgent(): Promise<BundledProgram> {
  return bundleForNode(join(import.meta.dirname, 'agent.ts'), 'e2e')
}
