// Agents under measurement: child processes that run agent.ts, each with a data directory of its own.

import { type ChildProcess, spawn } from 'node:child_process'
import type { MeshOptions } from 'skein'
import type { AgentCommand, AgentRequest } from './agent.ts'
import type { News, StateNews, Told } from './news.ts'
import { Diary, type Participant } from './participant.ts'
import { endProcess, type Ending, temporaryFolder } from './processes.ts'
import { remoteTools } from './tools.ts'

interface Answer {
  readonly news?: News
  readonly number?: number
  readonly value?: unknown
  readonly error?: string
}

export class Agent implements Participant {
  readonly name: string
  readonly #child: ChildProcess
  readonly #diary: Diary
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  #lastNumber = 0

  static async join(options: MeshOptions, ending: Ending, onNews: () => void): Promise<Agent> {
    const dataDir = temporaryFolder(ending, 'agent')
    const child = spawn(process.execPath, ['--import', 'tsx', 'bench/support/agent.ts'], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    ending.add(
      () => endProcess(child),
      () => void child.kill('SIGKILL'),
    )
    const agent = new Agent(options.name, child, onNews)
    await agent.#command({ do: 'join', options: { ...options, dataDir } })
    return agent
  }

  private constructor(name: string, child: ChildProcess, onNews: () => void) {
    this.name = name
    this.#child = child
    this.#diary = new Diary(onNews)
    child.on('message', (answer: Answer) => this.#take(answer))
    child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`The agent ${name} ended.`))
      this.#waiting.clear()
    })
  }

  get state(): StateNews | undefined {
    return this.#diary.state
  }

  get news(): readonly Told[] {
    return this.#diary.news
  }

  readonly tools = remoteTools((call) => this.#command({ do: 'call', call }))

  /** SIGKILL. */
  async end(): Promise<void> {
    await endProcess(this.#child)
  }

  #command(command: AgentCommand): Promise<unknown> {
    const number = ++this.#lastNumber
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject })
      const request: AgentRequest = { number, command }
      this.#child.send(request, (error) => error && reject(error))
    })
  }

  #take({ news, number, value, error }: Answer): void {
    if (news) return this.#diary.write(news)
    const waiting = this.#waiting.get(number ?? 0)
    this.#waiting.delete(number ?? 0)
    if (error === undefined) waiting?.resolve(value)
    else waiting?.reject(new Error(error))
  }
}
