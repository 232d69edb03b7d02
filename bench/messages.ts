// How long a message takes and how many a second: until it is durable at the sender, until the addressee has it, and
// until the sender knows that it is durable there.

import type { BenchmarkOptions, Outcome } from './benchmark.ts'
import { progress } from './benchmark.ts'
import { summarize } from './statistics.ts'
import { Profile } from './support/browser.ts'
import { Flock, openSurroundings, type Surroundings } from './support/flock.ts'
import type { Participant } from './support/participant.ts'
import { createEnding, type Ending } from './support/processes.ts'

const latencyMessages = 200
const throughputMessages = 2000
/** Messages under way at a time. */
const window = 64

interface Pair {
  readonly label: string
  make(flock: Flock, ending: Ending): Promise<readonly [Participant, Participant]>
}

const pairs: readonly Pair[] = [
  { label: 'agent to agent', make: async (flock) => [await flock.agent(), await flock.agent()] },
  {
    label: 'tab to tab, profiles apart',
    make: async (flock, ending) => [
      await flock.tab(await Profile.launch(ending)),
      await flock.tab(await Profile.launch(ending)),
    ],
  },
  {
    label: 'tab to agent',
    make: async (flock, ending) => [await flock.tab(await Profile.launch(ending)), await flock.agent()],
  },
]

interface PairResult {
  readonly pair: string
  readonly storedMs: readonly number[]
  readonly arrivedMs: readonly number[]
  readonly deliveredMs: readonly number[]
  readonly perSecond: number
}

export const about = 'send() to stored, arrived and delivered, ms; messages a second'

export async function run({ only }: BenchmarkOptions): Promise<Outcome> {
  const ending = createEnding()
  try {
    const surroundings = await openSurroundings(ending)
    const results: PairResult[] = []
    for (const pair of pairs) {
      if (pair.label.includes(only)) results.push(await runPair(surroundings, pair))
    }
    return { tables: [table(results)], notes: [], data: results, ok: true }
  } finally {
    await ending.all()
  }
}

async function runPair(surroundings: Surroundings, { label, make }: Pair): Promise<PairResult> {
  const flock = new Flock(surroundings, `bench-${Date.now()}`)
  try {
    const [sender, receiver] = await make(flock, surroundings.ending)
    await flock.settled()
    const to = `@${receiver.name}`
    // The first ones pay for what is done once.
    await sender.tools.exchange.latency(to, 10)
    await receiver.tools.exchange.arrivals()
    progress(`${label}: ${latencyMessages} messages one after another`)
    const { storedMs, deliveredMs } = await sender.tools.exchange.latency(to, latencyMessages)
    const arrivedMs = await receiver.tools.exchange.arrivals()
    progress(`${label}: ${throughputMessages} messages, ${window} at a time`)
    const allMs = await sender.tools.exchange.throughput(to, throughputMessages, window)
    return {
      pair: label,
      storedMs,
      arrivedMs,
      deliveredMs,
      perSecond: Math.round((throughputMessages / allMs) * 1000),
    }
  } finally {
    await flock.end()
  }
}

function table(results: readonly PairResult[]): Outcome['tables'][number] {
  const cells = (values: readonly number[]): string[] => {
    const { p50, p95 } = summarize(values)!
    return [p50.toFixed(1), p95.toFixed(1)]
  }
  return {
    title: `One message of 100 characters after another (${latencyMessages}), ms since send() was called; then ${throughputMessages}, ${window} at a time, until all are delivered`,
    columns: [
      'pair',
      'stored p50',
      'p95',
      'arrived p50',
      'p95',
      'delivered p50',
      'p95',
      'delivered a second',
    ],
    rows: results.map(({ pair, storedMs, arrivedMs, deliveredMs, perSecond }) => [
      pair,
      ...cells(storedMs),
      ...cells(arrivedMs),
      ...cells(deliveredMs),
      perSecond,
    ]),
  }
}
