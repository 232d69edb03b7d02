// A document of 20 MB to somebody who has nothing of it, against a bare RTCDataChannel between the same two programs
// with the same number of bytes; and what chat is like meanwhile.

import type { BenchmarkOptions, Outcome, Table } from './benchmark.ts'
import { progress } from './benchmark.ts'
import type { ChatLine } from './bulk/chat.ts'
import type { Content } from './bulk/documents.ts'
import { chatIntervalMs, Pair, type PairResult, rawWays, suspicionsOf, type Transfer } from './bulk/pair.ts'
import { median, summarize } from './statistics.ts'
import { Profile } from './support/browser.ts'
import { Flock, openSurroundings, type Surroundings } from './support/flock.ts'
import type { Participant } from './support/participant.ts'
import { createEnding, type Ending } from './support/processes.ts'

export const about = 'a document of 20 MB to a newcomer, beside a bare RTCDataChannel; and chat meanwhile'

const contents: readonly Content[] = ['values', 'edits']

interface Case {
  readonly label: string
  readonly store: 'durable' | 'memory'
  /** The holder, then the newcomer. */
  readonly kinds: readonly ['tab' | 'agent', 'tab' | 'agent']
}

const cases: readonly Case[] = [
  { label: 'tab to tab', store: 'durable', kinds: ['tab', 'tab'] },
  { label: 'tab to agent', store: 'durable', kinds: ['tab', 'agent'] },
  { label: 'agent to tab', store: 'durable', kinds: ['agent', 'tab'] },
  { label: 'agent to agent', store: 'durable', kinds: ['agent', 'agent'] },
  { label: 'tab to tab, nothing stored', store: 'memory', kinds: ['tab', 'tab'] },
  { label: 'agent to agent, nothing stored', store: 'memory', kinds: ['agent', 'agent'] },
]

export async function run({ rounds, only }: BenchmarkOptions): Promise<Outcome> {
  const ending = createEnding()
  const results: PairResult[] = []
  try {
    const surroundings = await openSurroundings(ending)
    for (const one of cases) {
      if (one.label.includes(only)) results.push(await runCase(surroundings, one, rounds))
    }
  } finally {
    await ending.all()
  }
  if (results.length === 0) throw new Error(`No case's name contains "${only}".`)
  const suspicions = results.reduce((sum, one) => sum + one.suspicions, 0)
  const departures = results.flatMap((one) => one.departures)
  return {
    tables: [transferTable(results), chatTable(results)],
    notes: [
      `Medians of ${rounds} rounds. Equality was checked each time. Raw: the best of ${rawWays.length} ways.`,
      `Suspicions of living peers: ${suspicions}; living peers declared gone: ${departures.length}.`,
      ...departures,
    ],
    data: results,
    ok: departures.length === 0,
  }
}

async function runCase(surroundings: Surroundings, one: Case, rounds: number): Promise<PairResult> {
  progress(`bulk: ${one.label}`)
  const ending = createEnding()
  surroundings.ending.add(() => ending.all())
  const flock = new Flock({ ...surroundings, ending }, `bench-${Date.now()}`)
  try {
    // The third is there first, so that it leads: no change of leader in between.
    const third = await flock.agent({ priority: 1 })
    const holder = await join(flock, ending, one.kinds[0], one.store)
    const newcomer = await join(flock, ending, one.kinds[1], one.store)
    await flock.settled()
    const pair = new Pair(holder, newcomer)
    await pair.warmUp(contents)
    const transfers: Transfer[] = []
    for (let round = 1; round <= rounds; round++) {
      for (const content of contents) transfers.push(await pair.transfer(content, round % 2 === 1))
    }
    const chat = one.store === 'durable' ? await pair.chatMeanwhile(third, rounds + 2) : []
    const suspicions = await suspicionsOf(flock)
    const { label, store } = one
    return { pair: label, store, transfers, chat, suspicions, departures: [...flock.falseDepartures] }
  } finally {
    await flock.end()
    await ending.all()
  }
}

async function join(
  flock: Flock,
  ending: Ending,
  kind: 'tab' | 'agent',
  store: 'durable' | 'memory',
): Promise<Participant> {
  return kind === 'agent' ? flock.agent({ store }) : flock.tab(await Profile.launch(ending), { store })
}

function transferTable(results: readonly PairResult[]): Table {
  const speed = (transfers: readonly Transfer[], ms: (one: Transfer) => number): number =>
    median(transfers.map((one) => one.bytes / 1000 / ms(one)))!
  return {
    title: 'A document to a newcomer until synced and equal, MB/s (10⁶ bytes as Yjs encodes it)',
    columns: [
      'pair',
      'document',
      'MB',
      'Skein',
      'raw channel',
      'Skein / raw',
      'until stored too',
      'longest pause ms',
    ],
    rows: results.flatMap(({ pair, transfers }) =>
      contents.map((content) => {
        const mine = transfers.filter((one) => one.content === content)
        const ours = speed(mine, ({ fetched }) => fetched.syncedMs - fetched.beganMs)
        const stored = speed(mine, ({ fetched }) => fetched.storedMs - fetched.beganMs)
        const raw = Math.max(...rawWays.map((_, way) => speed(mine, ({ rawMs }) => rawMs[way]!)))
        return [
          pair,
          content === 'values' ? '320 values of 64 KiB' : '200,000 lines of 80 characters',
          (mine[0]!.bytes / 1e6).toFixed(1),
          ours.toFixed(1),
          raw.toFixed(1),
          `${((100 * ours) / raw).toFixed(0)}%`,
          stored.toFixed(1),
          Math.max(...mine.map(({ fetched }) => fetched.longestPauseMs)).toFixed(0),
        ]
      }),
    ),
  }
}

function chatTable(results: readonly PairResult[]): Table {
  const took = ({ arrivedMs, sentMs }: ChatLine): number => arrivedMs - sentMs
  const tookFromDue = ({ arrivedMs, dueMs }: ChatLine): number => arrivedMs - dueMs
  return {
    title: `A line of chat from send() to the reader's event, ms; each author one in ${chatIntervalMs} ms to each of two readers; idle, then during transfers of the 20 MB document`,
    columns: [
      'pair',
      'flow',
      'idle lines',
      'p50',
      'p95',
      'during: lines',
      'p50',
      'p95',
      'p95 during / idle',
      'from when due: idle p95',
      'during p95',
    ],
    rows: results.flatMap(({ pair, chat }) =>
      chat.map(({ flow, idle, during }) => {
        const [calm, loaded] = [summarize(idle.map(took)), summarize(during.map(took))]
        const [calmDue, loadedDue] = [summarize(idle.map(tookFromDue)), summarize(during.map(tookFromDue))]
        const cell = (value: number | undefined): string => value?.toFixed(1) ?? '-'
        return [
          pair,
          flow,
          idle.length,
          cell(calm?.p50),
          cell(calm?.p95),
          during.length,
          cell(loaded?.p50),
          cell(loaded?.p95),
          calm && loaded ? `${(loaded.p95 / calm.p95).toFixed(1)}x` : '-',
          cell(calmDue?.p95),
          cell(loadedDue?.p95),
        ]
      }),
    ),
  }
}
