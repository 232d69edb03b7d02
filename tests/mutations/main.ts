// `npm run mutations -- [--only WORDS] [--random] [--seconds N] [--seed S] [--profile P]`: how each mutation is caught, as a table. By
// its story; with `--random` also by seeds of the harness, each mutant until a checker objects or its time is over: seeds of the theme
// that it names, and of all themes in turn.

import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { formatTable } from '../../bench/table.ts'
import { profiles, rareProfiles } from '../sim/harness/profiles.ts'
import { mutations, type Mutation } from './catalogue.ts'
import { mutate } from './mutation.ts'
import { playSeeds, playStories } from './play.ts'

const usage = 'Usage: npm run mutations -- [--only WORDS] [--random] [--seconds N] [--seed S] [--profile P]'

/** What the command line asks for; throws what is wrong with it. */
function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      random: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '900' },
      seed: { type: 'string' },
      profile: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  })
  const budgetMs = 1_000 * Number(values.seconds)
  const first = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
  if (![budgetMs, first].every((number) => Number.isSafeInteger(number) && number >= 0))
    throw new Error('--seconds and --seed must be numbers from 0 on.')
  if (values.profile !== '' && ![...profiles, ...rareProfiles].some(({ name }) => name === values.profile))
    throw new Error(`There is no profile "${values.profile}".`)
  const chosen = mutations.filter(({ name, rule }) => `${rule} ${name}`.includes(values.only))
  if (chosen.length === 0) throw new Error(`No mutation has “${values.only}” in its rule or name.`)
  return { values, budgetMs, first, chosen }
}

function optionsOrExit(): ReturnType<typeof readOptions> {
  try {
    const options = readOptions()
    if (!options.values.help) return options
    console.log(usage)
    process.exit(0)
  } catch (problem) {
    console.error(`${(problem as Error).message}\n${usage}`)
    process.exit(2)
  }
}

const { values, budgetMs, first, chosen } = optionsOrExit()

/** How many seeds of one theme are played before it is asked how much time is left. */
const batch = 40

/** By limits, theme and seed: whether nobody objects to it on the core as it is. Only then is an objection the mutation's doing. */
const sound = new Map<string, Promise<boolean>>()

function isSound(seed: number, profile: string, { name, setting = [] }: Mutation): Promise<boolean> {
  const key = `${setting.map(({ replace }) => replace).join('')} ${profile} ${seed}`
  const budget = { seeds: [seed], profile, untilCaught: false, withinMs: 0 }
  const answer =
    sound.get(key) ??
    mutate({ name, changes: setting })
      .then((sources) => playSeeds(sources, budget))
      .then((outcomes) => outcomes.every(({ checkers }) => checkers.length === 0))
  sound.set(key, answer)
  return answer
}

async function byStory(mutation: Mutation): Promise<{ cell: string; isCaught: boolean }> {
  const outcome = (await playStories(await mutate(mutation), [mutation.scenario])).get(mutation.scenario)
  const isCaught = outcome?.type === 'complaint' && outcome.complaint === mutation.complaint
  return { cell: isCaught ? mutation.scenario : `NOT: ${JSON.stringify(outcome)}`.slice(0, 200), isCaught }
}

/** The first two thirds of the time for the theme that it names, the rest for whatever is drawn. */
async function bySeeds(mutation: Mutation): Promise<string[]> {
  const { setting = [], changes } = mutation
  const sources = await mutate({ ...mutation, changes: [...setting, ...changes] })
  const profile = values.profile || mutation.profile || ''
  let [played, passedMs] = [0, 0]
  for (let next = first; passedMs < budgetMs;) {
    const isEarly = values.profile !== '' || passedMs < (2 / 3) * budgetMs
    const theme = isEarly ? profile : ''
    const withinMs = (isEarly && theme !== '' ? 2 / 3 : 1) * budgetMs - passedMs
    const seeds = Array.from({ length: batch }, (_, i) => next + i)
    const outcomes = await playSeeds(sources, { seeds, profile: theme, untilCaught: true, withinMs })
    const last = outcomes.at(-1)
    if (last === undefined) break
    played += outcomes.length
    next += outcomes.length
    for (const { tookMs } of outcomes) passedMs += tookMs
    if (last.checkers.length === 0 || !(await isSound(last.seed, theme, mutation))) continue
    return [
      String(played),
      `${Math.round(passedMs / 1_000)} s`,
      `${last.checkers.join(', ')} (seed ${last.seed}, ${last.profile})`,
    ]
  }
  return ['-', '-', `not within ${played} seeds`]
}

/** Its piece of source is gone: mutations.test.ts says what to do. */
const notApplied = (problem: Error): { cell: string; isCaught: boolean } => ({
  cell: `NOT: ${problem.message}`.slice(0, 120),
  isCaught: false,
})

const rows: string[][] = chosen.map(() => [])
let escaped = 0

if (values.random) console.log(`seeds from ${first}`)

/** Takes mutations until none is left; two of these run at a time, for the two cores that machines have here. */
async function work(queue: Iterator<[number, Mutation]>): Promise<void> {
  for (let next = queue.next(); next.done !== true; next = queue.next()) {
    const [index, mutation] = next.value
    const { cell, isCaught } = await byStory(mutation).catch(notApplied)
    const random = values.random ? await bySeeds(mutation).catch(() => ['-', '-', 'not applied']) : []
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
  ...(values.random ? ['seeds', 'time', 'caught by checkers'] : []),
]
console.log(`\n${formatTable({ title: `${chosen.length} mutations`, columns, rows })}`)
const unseen = rows.filter((row) => row[3] === '-').length
if (values.random) console.log(`${rows.length - unseen} of ${rows.length} caught by random seeds too`)
process.exitCode = escaped > 0 ? 1 : 0
