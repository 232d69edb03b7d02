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
