// The world for tests of programs (`skein/testing`): what a test misspells is said, and does not pass in silence.

import { expect, test } from 'vitest'
import { createWorld } from 'skein/testing'

test('names under which nobody has joined are refused: the test would pass with nobody cut off', async () => {
  const world = createWorld({ seed: 1 })
  const { process } = await world.join({ mesh: 'acme', name: 'ada' })
  await world.join({ mesh: 'acme', name: 'bob', browser: 'firefox', as: 'first-tab' })
  const wrong = [
    () => world.cut('ada', 'bbo'),
    () => world.cut('bob', process),
    () => world.partition([['ada'], ['first-tab', 'carol']]),
    () => world.heal('ada', 'carol'),
    () => world.heal('ada', undefined as never),
    () => world.dropLinks('ada', 'carol'),
    () => world.cut('ada', 'ws://elsewhere.test'),
  ]
  for (const act of wrong) {
    expect(act).toThrow(
      /^Nobody called \S+ has joined\. There are: ws:\/\/signaling\.test, ada, first-tab\.$/,
    )
  }
  world.server('ws://elsewhere.test')
  world.cut('ada', 'ws://elsewhere.test')
  world.cut('ada', 'ws://signaling.test', { oneWay: true })
  process.kill()
  world.partition([[process, 'first-tab']])
  world.heal('ada', 'first-tab')
  world.heal()
})

test('options of unknown names are refused: the test would pass with another world than was meant', async () => {
  expect(() => createWorld({ seeds: 1 } as never)).toThrow('did you mean seed?')
  expect(() => createWorld({ seed: 1, network: { latency: 5 } } as never)).toThrow('did you mean latencyMs?')
  const world = createWorld({ seed: 1, network: { jitter: 0 } })
  const ada = { mesh: 'acme', name: 'ada' }
  await expect(world.join({ ...ada, browsr: 'firefox' } as never)).rejects.toThrow('did you mean browser?')
  const { mesh } = await world.join({ ...ada, as: 'ada-1', browser: 'firefox' })
  await world.join({ mesh: 'acme', name: 'bob' })
  expect(() => world.cut('ada-1', 'bob', { oneway: true } as never)).toThrow('did you mean oneWay?')
  expect(() => world.shape({ tails: 5 } as never)).toThrow('did you mean tail?')
  const patience = { within: 5 } as never
  await expect(world.until(() => mesh.others.size === 1, patience)).rejects.toThrow('did you mean withinMs?')
  await expect(world.finish(mesh.leave(), patience)).rejects.toThrow('did you mean withinMs?')
})

test('joining rejects as joinMesh() does where a frozen tab of the same browser holds the store', async () => {
  const outcomes = new Set<unknown>()
  for (let seed = 1; seed <= 8; seed++) {
    const world = createWorld({ seed })
    const tab = { mesh: 'acme', name: 'ada', browser: 'firefox' }
    const { mesh, process } = await world.join({ ...tab, as: 'first' })
    await world.run(5000)
    void mesh.send('@ada', 'hello')
    await world.run(1)
    // Inside a transaction, or not.
    process.freeze()
    const joining = world.join({ ...tab, as: 'second' })
    outcomes.add(
      await joining.then(
        () => 'joined',
        (problem: { code?: unknown }) => problem.code ?? problem,
      ),
    )
  }
  expect(outcomes).toEqual(new Set(['joined', 'storage-busy']))
})
