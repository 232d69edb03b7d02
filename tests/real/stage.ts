// Where real peers play: their programs, a folder for their data, one mesh, and what there is to end. Everything is
// ended by what was started, also where the test is interrupted.

import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Ending } from '../../bench/support/processes.ts'
import type { Entry } from '../sim/harness/history.ts'
import { Company } from './company.ts'
import { bundlePrograms, type Programs } from './programs.ts'
import { RealAgent } from './real-agent.ts'
import { RealBrowser } from './real-browser.ts'
import type { RealPeer } from './real-peer.ts'
import { type RealServer, startRealServer } from './signaling-server.ts'

/** To be put in front of a command line. */
type Prefix = readonly string[]

export const room = 'general'
export const doc = 'notes'

export class Stage {
  /** Everything that happened, in the order in which it was heard of. */
  readonly history: Entry[] = []
  readonly company = new Company((entry) => this.history.push(entry))
  readonly #ending: Ending
  readonly #programs: Programs
  readonly #folder: string
  readonly #mesh: string
  #server: RealServer | undefined

  /** @param ending everything is ended with it, or where the process exits */
  static async open(mesh: string, ending: Ending): Promise<Stage> {
    const programs = await bundlePrograms()
    ending.add(programs.remove, programs.remove)
    const folder = await mkdtemp(join(tmpdir(), 'skein-real-'))
    const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    ending.add(remove, remove)
    return new Stage(mesh, ending, programs, folder)
  }

  private constructor(mesh: string, ending: Ending, programs: Programs, folder: string) {
    this.#mesh = mesh
    this.#ending = ending
    this.#programs = programs
    this.#folder = folder
  }

  /** There is one; it serves the tabs' page as well. */
  async serve(host: string, prefix: Prefix = []): Promise<RealServer> {
    const server = await startRealServer({
      host,
      webDir: this.#programs.webDir,
      registryDir: join(this.#folder, 'registry'),
      prefix,
    })
    this.#ending.add(
      () => server.kill(),
      () => void server.kill(),
    )
    this.#server = server
    return server
  }

  agent(name: string, prefix: Prefix = []): RealAgent {
    const agent = new RealAgent({ name, program: this.#programs.agent, prefix, hear: this.company.hear })
    this.#ending.add(
      () => agent.kill(),
      () => void agent.kill(),
    )
    return agent
  }

  async browser(label: string, prefix: Prefix = []): Promise<RealBrowser> {
    const folder = await mkdtemp(join(this.#folder, 'browser-'))
    const { origin } = this.#server!
    const browser = await RealBrowser.launch({ label, folder, origin, prefix, hear: this.company.hear })
    this.#ending.add(
      () => browser.close(),
      () => browser.wakeAll(),
    )
    return browser
  }

  /** It takes part in everything: the room, its inbox, the leadership, the document. */
  async join({ run, name, label, kind, conduct }: RealPeer, priority = 0): Promise<void> {
    await conduct.join(
      { run, name, disk: label },
      {
        mesh: this.#mesh,
        name: label,
        priority,
        signaling: [this.#server!.webSocketUrl],
        ...(kind === 'agent' && { dataDir: join(this.#folder, label) }),
      },
    )
    await conduct.enterRoom(room)
    await conduct.consume()
    await conduct.lead()
    await conduct.openDoc(doc)
  }
}
