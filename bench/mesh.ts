// One document among N tabs, ours and stock y-webrtc in the same run: how much is sent for one update, how long until
// the last tab has it, how long 2,000 of them take, how long the mesh takes to stand, and what it sends when idle.

import type { BenchmarkOptions, Outcome, Table } from './benchmark.ts'
import { progress } from './benchmark.ts'
import type { ContenderName } from './mesh/crowd.ts'
import { burstUpdates, idleSeconds, type MeshRound, runFloor, runRound, singleUpdates } from './mesh/round.ts'
import { median, summarize } from './statistics.ts'
import { openSurroundings } from './support/flock.ts'
import { createEnding } from './support/processes.ts'

export const about = 'one document among N tabs: frames, latency, bursts, standing, idling; beside y-webrtc'

const contenders: readonly ContenderName[] = ['skein', 'y-webrtc']

export async function run({ rounds, peers, only }: BenchmarkOptions): Promise<Outcome> {
  const ending = createEnding()
  const results: MeshRound[] = []
  const failures: string[] = []
  const floors: Floor[] = []
  try {
    const surroundings = await openSurroundings(ending)
    for (let round = 1; round <= rounds; round++) {
      for (const size of peers) {
        // In turns, so that neither always finds the machine as the other left it.
        for (const contender of round % 2 === 1 ? contenders : contenders.toReversed()) {
          if (!contender.includes(only)) continue
          progress(`mesh: ${size} tabs, ${contender}, round ${round}/${rounds}`)
          try {
            const result = await runRound(surroundings, contender, size)
            results.push(result)
            progress(describe(result))
          } catch (error) {
            failures.push(
              `${contender}, round ${round}: ${error instanceof Error ? error.message : String(error)}`,
            )
            progress(failures.at(-1)!)
          }
        }
        if ('bare'.includes(only)) floors.push({ peers: size, standsMs: await runFloor(surroundings, size) })
      }
    }
  } finally {
    await ending.all()
  }
  const complaints = results.flatMap((result) => result.complaints)
  const departures = complaints.filter((complaint) => complaint.includes(' declared '))
  return {
    tables: peers.map((size) => table(size, results, floors)),
    notes: [
      `Medians of ${rounds} rounds; a single update's p50 and p90 are over all rounds, ${singleUpdates} updates each.`,
      `Living peers declared gone by Skein: ${departures.length}; errors it reported: ${complaints.length - departures.length}.`,
      `Clocks of tabs differed by at most ${Math.max(0, ...results.map(({ clockDoubtMs }) => clockDoubtMs)).toFixed(2)} ms.`,
      ...tallyLines(complaints),
      ...failures,
    ],
    data: { results, floors },
    ok: departures.length === 0 && failures.every((failure) => !failure.startsWith('skein')),
  }
}

const tallyLines = (lines: readonly string[]): string[] => [...new Set(lines)]

function describe(round: MeshRound): string {
  const last = summarize(round.lastMs)!
  return [
    `  all in the document ${round.reachesMs.toFixed(0)} ms`,
    `stands ${round.standsMs.toFixed(0)} ms`,
    `idle ${round.idleFramesPerSecond.toFixed(1)} frames/s`,
    `${round.framesPerUpdate.toFixed(1)} frames an update (${round.markedPerUpdate.toFixed(1)} marked)`,
    `to the last p50 ${last.p50.toFixed(1)} p90 ${last.p90.toFixed(1)} ms`,
    `burst loop ${round.burstMs.loop.toFixed(0)} ms, tasks ${round.burstMs.tasks.toFixed(0)} ms`,
  ].join(', ')
}

interface Measure {
  readonly label: string
  of(rounds: readonly MeshRound[]): number | undefined
  readonly decimals: number
  readonly hasFloor?: boolean
}

/** Bare connections of each to each. */
interface Floor {
  readonly peers: number
  readonly standsMs: number
}

const measures: readonly Measure[] = [
  { label: 'frames an update, idle ones subtracted', of: each((one) => one.framesPerUpdate), decimals: 1 },
  { label: 'of these with the update in them', of: each((one) => one.markedPerUpdate), decimals: 1 },
  { label: 'one update to the last tab, p50, ms', of: (all) => lastOf(all)?.p50, decimals: 1 },
  { label: 'one update to the last tab, p90, ms', of: (all) => lastOf(all)?.p90, decimals: 1 },
  {
    label: `${burstUpdates} updates in one loop, until all have them, ms`,
    of: each((one) => one.burstMs.loop),
    decimals: 0,
  },
  {
    label: `${burstUpdates} updates, a task each, until all have them, ms`,
    of: each((one) => one.burstMs.tasks),
    decimals: 0,
  },
  { label: 'frames of the loop', of: each((one) => one.burstFrames.loop), decimals: 0 },
  { label: 'frames of the tasks', of: each((one) => one.burstFrames.tasks), decimals: 0 },
  { label: 'start until all have all in the document, ms', of: each((one) => one.reachesMs), decimals: 0 },
  { label: '… and all N−1 links each, ms', of: each((one) => one.standsMs), decimals: 0, hasFloor: true },
  {
    label: `idle frames a second, over ${idleSeconds} s`,
    of: each((one) => one.idleFramesPerSecond),
    decimals: 1,
  },
  { label: 'idle bytes a second', of: each((one) => one.idleBytesPerSecond), decimals: 0 },
]

function table(size: number, results: readonly MeshRound[], floors: readonly Floor[]): Table {
  const floor = median(floors.filter(({ peers }) => peers === size).map(({ standsMs }) => standsMs))
  const [ours, theirs] = contenders.map((name) =>
    results.filter(({ contender, peers }) => contender === name && peers === size),
  ) as [MeshRound[], MeshRound[]]
  return {
    title: `${size} tabs (N−1 = ${size - 1}, N(N−1) = ${size * (size - 1)})`,
    columns: ['', 'Skein', 'y-webrtc 10.3', 'Skein / y-webrtc', 'bare connections'],
    rows: measures.map(({ label, of, decimals, hasFloor }) => {
      const [a, b] = [of(ours), of(theirs)]
      const ratio = a === undefined || b === undefined ? '-' : (a / b).toFixed(3)
      return [
        label,
        a?.toFixed(decimals) ?? '-',
        b?.toFixed(decimals) ?? '-',
        ratio,
        (hasFloor && floor?.toFixed(0)) || '-',
      ]
    }),
  }
}

function each(value: (round: MeshRound) => number): Measure['of'] {
  return (rounds) => median(rounds.map(value))
}

const lastOf = (rounds: readonly MeshRound[]): ReturnType<typeof summarize> =>
  summarize(rounds.flatMap(({ lastMs }) => lastMs))
