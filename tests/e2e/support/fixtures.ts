// What every story starts from: a server, and the means to bring people and agents into a mesh of the story's own.
// Whatever was started is ended afterwards, by its pid.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base } from '@playwright/test'
import { Agent, type AgentSettings, bundleAgent } from './agent-process.ts'
import { Profile } from './profile.ts'
import { type SignalingProcess, startServer } from './server.ts'

export interface Cast {
  /** A mesh that no other story uses. */
  readonly mesh: string
  readonly server: SignalingProcess
  /** A browser of its own, not yet at the app. */
  profile(name: string): Promise<Profile>
  agent(name: string, settings?: Partial<AgentSettings>): Promise<Agent>
}

interface TestFixtures {
  readonly cast: Cast
  /** As `cast`, with a server that the story may kill. */
  readonly castWithOwnServer: Cast
}

interface WorkerFixtures {
  readonly sharedServer: SignalingProcess
  readonly agentProgram: string
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  sharedServer: [
    async ({}, use) => {
      const server = await startServer()
      await use(server)
      await server.close()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  agentProgram: [
    async ({}, use) => {
      const { program, remove } = await bundleAgent()
      await use(program)
      remove()
    },
    { scope: 'worker' },
  ],
  cast: async ({ sharedServer, agentProgram }, use, { testId }) => {
    await withCast(sharedServer, agentProgram, testId, use)
  },
  castWithOwnServer: async ({ agentProgram }, use, { testId }) => {
    const server = await startServer()
    await withCast(server, agentProgram, testId, use)
    await server.close()
  },
})

async function withCast(
  server: SignalingProcess,
  program: string,
  testId: string,
  use: (cast: Cast) => Promise<void>,
): Promise<void> {
  const ends: (() => Promise<unknown>)[] = []
  const mesh = `story-${testId.slice(-12)}`
  await use({
    mesh,
    server,
    async profile(name) {
      const profile = await Profile.launch(name, server.url)
      ends.push(() => profile.dispose())
      return profile
    },
    async agent(name, settings = {}) {
      const dataDir = await mkdtemp(join(tmpdir(), `skein-${name}-`))
      const { registryDir, webSocketUrl } = server
      const agent = await Agent.start({
        program,
        name,
        mesh,
        dataDir,
        registryDir,
        signaling: [webSocketUrl],
        ...settings,
      })
      ends.push(async () => {
        await agent.kill()
        await rm(dataDir, { recursive: true, force: true })
      })
      return agent
    },
  })
  await Promise.all(ends.map((end) => end()))
}
