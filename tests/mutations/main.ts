// `npm run mutations -- [--only WORDS] [--random] [--seeds N] [--seed S] [--profile P]`: how each mutation is caught, as a table. By
// its story; with `--random` also by seeds of the harness, each mutant until a checker objects or N seeds are played.

import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { formatTable } from '../../bench/table.ts'
import { mutations, type Mutation } from './catalogue.ts'
import { mutate } from './mutation.ts'
import { playSeeds, playStories } from './play.ts'

const usage = 'npm run mutations -- [--only WORDS] [--random] [--seeds N] [--seed S] [--profile P]'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    random: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '40' },
    seed: { type: 'string' },
    profile: { type: 'string', default: '' },
  },
})
const { profile } = values
const count = Number(values.seeds)
const first = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
if (![count, first].every((number) => Number.isSafeInteger(number) && number >= 0)) throw new Error(usage)
const chosen = mutations.filter(({ name, rule }) => `${rule} ${name}`.includes(values.only))
if (chosen.length === 0) throw new Error(`No mutation has “${values.only}” in its rule or name.`)

const seeds = values.random ? Array.from({ length: count }, (_, i) => first + i) : []
/** By seed: whether nobody objects to it on the core as it is. Only then is an objection the mutation's doing. */
const sound = new Map<number, Promise<boolean>>()

function isSound(seed: number): Promise<boolean> {
  const budget = { seeds: [seed], profile, untilCaught: false }
  const answer =
    sound.get(seed) ??
    playSeeds(new Map(), budget).then((outcomes) => outcomes.every(({ checkers }) => checkers.length === 0))
  sound.set(seed, answer)
  return answer
}

async function byStory(mutation: Mutation): Promise<{ cell: string; isCaught: boolean }> {
  const outcome = (await playStories(await mutate(mutation), [mutation.scenario])).get(mutation.scenario)
  const isCaught = outcome?.type === 'complaint' && outcome.complaint === mutation.complaint
  return { cell: isCaught ? mutation.scenario : `NOT: ${JSON.stringify(outcome)}`.slice(0, 200), isCaught }
}

async function bySeeds(mutation: Mutation): Promise<string[]> {
  const sources = await mutate(mutation)
  for (let played = 0; played < seeds.length;) {
    const rest = seeds.slice(played)
    const outcomes = await playSeeds(sources, { seeds: rest, profile, untilCaught: true })
    const { seed, profile: theme, checkers } = outcomes.at(-1)!
    played += outcomes.length
    if (checkers.length === 0 || !(await isSound(seed))) continue
    return [String(played), `${checkers.join(', ')} (seed ${seed}, ${theme})`]
  }
  return ['-', `not within ${seeds.length} seeds`]
}

const rows: string[][] = chosen.map(() => [])
let escaped = 0

if (values.random) console.log(`seeds ${first} to ${first + count - 1}`)

/** Takes mutations until none is left; two of these run at a time, for the two cores that machines have here. */
async function work(queue: Iterator<[number, Mutation]>): Promise<void> {
  for (let next = queue.next(); next.done !== true; next = queue.next()) {
    const [index, mutation] = next.value
    const { cell, isCaught } = await byStory(mutation)
    const random = values.random ? await bySeeds(mutation) : []
    if (!isCaught) escaped++
    rows[index] = [mutation.rule, mutation.name, cell, ...random]
    console.log([isCaught ? 'caught' : 'NOT CAUGHT', mutation.name, ...random].join(' | '))
  }
}
const queue = chosen.entries()
await Promise.all([work(queue), work(queue)])
const columns = [
  'rule',
  'mutation',
  'caught by the story',
  ...(values.random ? ['seeds', 'caught by checkers'] : []),
]
console.log(`\n${formatTable({ title: `${chosen.length} mutations`, columns, rows })}`)
process.exitCode = escaped > 0 ? 1 : 0
