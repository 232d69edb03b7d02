// The Link contract over WebRTC in Node (node-datachannel) and over the simulator's links, and a far end that is
// another process, killed. Browsers run the contract in tests/e2e/contract-links.spec.ts.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Connector, Link } from '../../core/base/ports.ts'
import { createNodeClock } from '../../core/platform/node/clock.ts'
import { loadNodeWebRtc } from '../../core/platform/node/webrtc.ts'
import { createWorld } from '../../core/platform/sim/world.ts'
import { createSimplePeerConnector } from '../../core/platform/shared/simple-peer-link.ts'
import { dialLink, far, linkContract, type LinkHarness } from './link-contract.ts'

const clock = createNodeClock()
const open: Connector[] = []

async function connector(dialTimeoutMs: number): Promise<Connector> {
  const made = createSimplePeerConnector({ clock, webrtc: await loadNodeWebRtc(), dialTimeoutMs })
  open.push(made)
  return made
}

const harness: LinkHarness = {
  connectors: async ({ dialTimeoutMs }) => ({
    near: await connector(dialTimeoutMs),
    far: await connector(dialTimeoutMs),
  }),
  link: () => dialLink(harness),
  until: (what, met) =>
    vi.waitUntil(met, { timeout: 20_000, interval: 5 }).then(
      () => {},
      () => {
        throw new Error(`waited in vain for ${what}`)
      },
    ),
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}

afterEach(() => {
  for (const each of open.splice(0)) each.close()
})

describe('WebRTC in Node', () => {
  for (const { id, title, needs, run } of linkContract) {
    if (needs === 'vanish') continue
    test(`${id} ${title}`, { timeout: 60_000 }, () => run(harness))
  }

  test('LK7 two processes link; the link goes down after one is killed', { timeout: 90_000 }, async () => {
    const child = fork(fileURLToPath(new URL('children/link-child.ts', import.meta.url)), {
      execArgv: ['--import', 'tsx'],
    })
    await once(child, 'message')
    const made = await connector(15_000)
    const link = await new Promise<Link>((resolve, reject) => {
      made.events = {
        signal: (_remote, connection, data) => child.send({ connection, data }),
        linked: resolve,
        failed: (_remote, _connection, reason) => reject(new Error(reason)),
      }
      child.on('message', ({ connection, data }: { connection: string; data: string }) => {
        made.signal(far, connection, data)
      })
      made.dial(far, 'a'.repeat(32))
    })
    const echoes: number[] = []
    const downs: string[] = []
    link.events = {
      frame: (bytes) => echoes.push(bytes.length),
      drained: () => {},
      down: (reason) => downs.push(reason),
    }
    link.send(new Uint8Array(1234))
    await expect.poll(() => echoes, { timeout: 10_000 }).toEqual([1234])
    child.kill('SIGKILL')
    // The core's pings notice within 2 s; the connection itself takes its time.
    await expect.poll(() => downs.length, { timeout: 60_000 }).toBe(1)
  })

  test.each([
    ['its connector', 'leave'],
    ['its connector while it dialled', 'leave-dialling'],
    ['its connector after a dial that came to nothing', 'leave-failed'],
  ])('a process that closed %s exits by itself', { timeout: 60_000 }, async (_, what) => {
    const child = fork(fileURLToPath(new URL('children/link-child.ts', import.meta.url)), [what], {
      execArgv: ['--import', 'tsx'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const [code] = (await once(child, 'exit')) as [number | null]
    expect(code).toBe(0)
  })
})

describe('simulated links', () => {
  for (const { id, title, run } of linkContract) {
    test(`${id} ${title}`, () => run(simulated(`links ${id}`)))
  }
})

function simulated(seed: string): LinkHarness {
  const world = createWorld({ seed })
  const harness: LinkHarness = {
    connectors: async () => ({
      near: world.platform({ name: 'near' }).connector,
      far: world.platform({ name: 'far' }).connector,
    }),
    link: async () => ({
      ...(await dialLink(harness)),
      vanish: () => world.processes.find(({ name }) => name === 'far')?.kill(),
    }),
    until: (what, met) => world.until(met, { what }),
    pass: (ms) => world.run(ms),
  }
  return harness
}
