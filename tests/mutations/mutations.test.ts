// The tests can fail: each mutation breaks the core in one way, and a story complains of just that. README.md says how.

import { beforeAll, expect, test } from 'vitest'
import { mutations } from './catalogue.ts'
import { mutate } from './mutation.ts'
import { playStories, type Outcome } from './play.ts'
import { scenarios } from './scenarios/scenarios.ts'

const names = scenarios.map(({ name }) => name)
let baseline: ReadonlyMap<string, Outcome> = new Map()

beforeAll(async () => {
  baseline = await playStories(new Map(), names)
}, 120_000)

test.each(names)('the core as it is passes: %s', (name) => {
  expect(baseline.get(name)).toEqual({ type: 'passed' })
})

const titled = mutations.map((mutation) => [`${mutation.rule}: ${mutation.name}`, mutation] as const)

test.each(titled)('%s', { timeout: 120_000 }, async (_, mutation) => {
  const { scenario, complaint } = mutation
  const outcomes = await playStories(await mutate(mutation), [scenario])
  expect(outcomes.get(scenario)).toMatchObject({ type: 'complaint', complaint })
})

test('every story catches something, and names are used once', () => {
  expect(new Set(mutations.map(({ scenario }) => scenario))).toEqual(new Set(names))
  expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length)
  expect(new Set(names).size).toBe(names.length)
  expect(mutations.length).toBeGreaterThanOrEqual(24)
})

test('a mutation whose piece of source is gone says what to do', async () => {
  const [mutation] = mutations
  const change = { file: 'core/peer.ts', find: 'nothing of the kind', replace: '' }
  await expect(mutate({ ...mutation!, changes: [change] })).rejects.toThrow(/change the mutation in tests/)
  const twice = { ...change, find: 'const ' }
  await expect(mutate({ ...mutation!, changes: [twice] })).rejects.toThrow(/must occur once/)
})

test('a mutant that crashes or passes is not caught', async () => {
  const file = 'core/messages/messages.ts'
  const find = '    desk.now = now\n'
  const crash = { ...mutations[0]!, changes: [{ file, find, replace: "    throw new Error('a mutant')\n" }] }
  const [name] = names as [string]
  expect((await playStories(await mutate(crash), [name])).get(name)).toMatchObject({ type: 'broken' })
  const unharmed = { ...mutations[0]!, changes: [{ file, find, replace: find }] }
  expect((await playStories(await mutate(unharmed), [name])).get(name)).toEqual({ type: 'passed' })
})
