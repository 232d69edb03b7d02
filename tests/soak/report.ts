// The end of a soak test: its tables, and whether every promise was kept.

import type { Table } from '../../bench/benchmark.ts'
import { summarize, tally } from '../../bench/statistics.ts'
import { formatTable } from '../../bench/table.ts'
import { countDeliveries, judge } from '../real/verdict.ts'
import { Disturbance } from '../sim/harness/checkers/disturbance.ts'
import { lifeAt, livesIn, ofType } from '../sim/harness/checkers/violation.ts'
import type { Entry } from '../sim/harness/history.ts'
import type { Churn } from './churn.ts'
import type { Traffic } from './traffic.ts'
import type { Troupe } from './troupe.ts'
import type { Watch } from './watch.ts'

/** Who was just killed, woken or joined may be taken for gone, and may take others for gone. */
const graceMs = 10_000
const megabyte = 2 ** 20

export interface Soaked {
  readonly history: readonly Entry[]
  readonly troupe: Troupe
  readonly traffic: Traffic
  readonly churn: Churn
  readonly watch: Watch
  /** While nothing was done to anybody. */
  readonly calm: { readonly minutes: number; readonly suspicions: number; readonly falseSuspicions: number }
  readonly minutes: number
}

/** @returns what to print, and what went wrong */
export function report(soaked: Soaked): { readonly text: string; readonly problems: readonly string[] } {
  const { history, traffic, calm } = soaked
  const departures = falseDepartures(history)
  const deliveries = countDeliveries(history)
  const problems = [
    ...judge(history),
    ...(calm.suspicions > 0 ? [`${calm.suspicions} suspicions while nothing was done to anybody`] : []),
    ...departures.map((text) => `living peer declared gone: ${text}`),
    ...deliveries.lost.map((text) => `lost: ${text}`),
    ...(deliveries.twice > 0 ? [`${deliveries.twice} messages came twice`] : []),
    ...[...traffic.failures].map(([text, count]) => `${count} times: ${text}`),
  ]
  const figures: Table = {
    title: `Soak: ${soaked.minutes.toFixed(1)} minutes, ${soaked.troupe.players.length} peers`,
    columns: ['', 'figure'],
    rows: [
      ['messages stored', deliveries.sent],
      ['delivered to all addressees', deliveries.delivered],
      ['lost', deliveries.lost.length],
      ['twice', deliveries.twice],
      ['minutes undisturbed', calm.minutes.toFixed(1)],
      ['suspicions, undisturbed', calm.suspicions],
      ['false suspicions, undisturbed', calm.falseSuspicions],
      ['false suspicions, all the time', soaked.watch.total('falseSuspicions')],
      ['living peers declared gone', departures.length],
      ['acts', [...soaked.churn.done].map(([act, count]) => `${act} ${count}`).join(', ') || '-'],
      ['errors told by peers', tally(ofType(history, 'error').map(({ code }) => code)) || '-'],
    ],
  }
  const tables = [figures, failoverTable(soaked.churn), memoryTable(soaked)]
  return { text: tables.map(formatTable).join('\n\n'), problems }
}

function failoverTable({ failovers }: Churn): Table {
  const kinds = [...new Set(failovers.map(({ act }) => act))]
  return {
    title: 'Failovers: from the act until all others name the same new leader, ms',
    columns: ['act', 'times', 'p50', 'max', 'none within 60 s'],
    rows: kinds.map((kind) => {
      const those = failovers.filter(({ act }) => act === kind)
      const times = summarize(those.flatMap(({ ms }) => ms ?? []))
      const without = those.filter(({ ms }) => ms === undefined).length
      return [kind, those.length, times?.p50 ?? '-', times?.max ?? '-', without]
    }),
  }
}

/** Growth is told of processes that lived all the time. */
function memoryTable({ watch, troupe, history }: Soaked): Table {
  const lives = [...livesIn(history).values()]
  const megabytes = (bytes: number | undefined): string =>
    bytes === undefined ? '-' : (bytes / megabyte).toFixed(0)
  return {
    title: 'Memory, MB',
    columns: ['process', 'lives', 'start', 'mid', 'end', 'growth'],
    rows: [...watch.memory].map(([name, bytes]) => {
      const count = lives.filter((life) => life.name === name).length
      const isWhole = count === 1 && troupe.players.some(({ peer }) => peer.name === name)
      const [start, mid, end] = [bytes[0], bytes[Math.floor(bytes.length / 2)], bytes.at(-1)]
      const growth = isWhole && start !== undefined && end !== undefined ? megabytes(end - start) : '-'
      return [name, count || '-', megabytes(start), megabytes(mid), megabytes(end), growth]
    }),
  }
}

/** More than the checkers hold against a mesh: they give who was disturbed three quarters of a minute. */
export function falseDepartures(history: readonly Entry[]): string[] {
  const lives = livesIn(history)
  const disturbance = new Disturbance(history)
  return ofType(history, 'peerLeft').flatMap(({ run, peer, reason, atMs }) => {
    const observer = lives.get(run)
    const gone = [...lives.values()].find((life) => life.peer === peer)
    if (reason !== 'failed' || observer === undefined || gone === undefined) return []
    const isQuiet = [observer, gone].every(
      (life) =>
        lifeAt(life, atMs) && atMs > life.fromMs + graceMs && !disturbance.touches(life.name, atMs, graceMs),
    )
    return isQuiet
      ? [`${gone.run} by ${run}, ${Math.round((atMs - history[0]!.atMs) / 1000)} s after the start`]
      : []
  })
}
