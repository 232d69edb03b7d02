// How long a mesh is without a leader: for each way in which a leader can go, from the act until every survivor names
// the same new one with a higher epoch. Beside it, in the same run, how long stock y-webrtc needs to notice such a death.

import type { BenchmarkOptions, Outcome, Table } from './benchmark.ts'
import { progress } from './benchmark.ts'
import type { Death } from './failover/deaths.ts'
import { type FailoverRun, pause, runOnce } from './failover/run.ts'
import { type Setting, settings } from './failover/settings.ts'
import { runStock, type StockRun } from './failover/y-webrtc.ts'
import { summarize, tally } from './statistics.ts'
import { Flock, openSurroundings, type Surroundings } from './support/flock.ts'
import type { Participant } from './support/participant.ts'
import { createEnding } from './support/processes.ts'

interface CaseResult {
  readonly setting: string
  readonly death: string
  readonly runs: readonly FailoverRun[]
  readonly falseDepartures: readonly string[]
}

export const about = 'a leader dies: ms until all survivors name the same new one'

export async function run(options: BenchmarkOptions): Promise<Outcome> {
  const ending = createEnding()
  try {
    const surroundings = await openSurroundings(ending)
    const cases: CaseResult[] = []
    for (const setting of settings) {
      for (const death of setting.deaths) {
        if (`${setting.label}: ${death.label}`.includes(options.only)) {
          cases.push(await runCase(surroundings, setting, death, options))
        }
      }
    }
    if (cases.length === 0) throw new Error(`No case's name contains "${options.only}".`)
    const stock = options.peerRuns > 0 ? await runStock(surroundings, options.peerRuns) : []
    return outcome(cases, stock)
  } finally {
    await ending.all()
  }
}

async function runCase(
  surroundings: Surroundings,
  setting: Setting,
  death: Death,
  options: BenchmarkOptions,
): Promise<CaseResult> {
  const own = createEnding()
  surroundings.ending.add(() => own.all())
  const flock = new Flock({ ...surroundings, ending: own }, `bench-${Date.now()}`)
  const runs: FailoverRun[] = []
  try {
    const add = await setting.populate(flock, own)
    await flock.settled()
    for (const { name, state } of flock.members) {
      if (state?.kinds.join() !== setting.links)
        throw new Error(`${name} has links of kind ${state?.kinds.join()}.`)
    }
    for (let number = 1; number <= options.runs; number++) {
      const { run, victim, isBack } = await runOnce(flock, death)
      runs.push(run)
      const { failoverMs, witness } = run
      progress(
        `${setting.label}, ${death.label}, run ${number}/${options.runs}: ${failoverMs} ms (${witness})`,
      )
      if (options.trace) progress(JSON.stringify(run.trace, undefined, 1))
      if (isBack) await retire(flock, victim)
      if (number < options.runs) await add()
    }
    return { setting: setting.label, death: death.label, runs, falseDepartures: [...flock.falseDepartures] }
  } finally {
    await flock.end()
    await own.all()
  }
}

/**
 * A woken leader first comes back as one of all, and its return harms nobody; then it goes. It would be a slow judge
 * of the next death: a peer that stood still mistrusts its own watch for some seconds.
 */
async function retire(flock: Flock, woken: Participant): Promise<void> {
  await flock.settled()
  flock.expect(woken)
  flock.note(`${woken.name} came back`)
  await pause(1000)
  await flock.settled()
  flock.drop(woken)
  await woken.end()
}

function outcome(cases: readonly CaseResult[], stock: readonly StockRun[]): Outcome {
  const falseDepartures = cases.flatMap((one) => one.falseDepartures)
  const detours = cases.flatMap(({ runs }) => runs.map((run) => run.detours)).reduce((sum, n) => sum + n, 0)
  return {
    tables: [skeinTable(cases), ...(stock.length > 0 ? [stockTable(cases, stock)] : [])],
    notes: [
      `Living peers declared gone: ${falseDepartures.length}.`,
      `Leaders named by some survivor and then replaced: ${detours}.`,
      ...falseDepartures,
    ],
    data: { cases, stock },
    ok: falseDepartures.length === 0,
  }
}

function skeinTable(cases: readonly CaseResult[]): Table {
  return {
    title: 'Skein: from the act until all survivors name the same new leader, ms',
    columns: ['setting', 'death', 'runs', 'p50', 'p95', 'max', 'first sign p50', 'gone p50', 'witness'],
    rows: cases.map(({ setting, death, runs }) => {
      const { count, p50, p95, max } = summarize(runs.map((run) => run.failoverMs))!
      const sign = summarize(runs.flatMap((run) => run.evidenceMs ?? []))
      const gone = summarize(runs.map((run) => run.goneMs))!
      const witnesses = tally(runs.map((run) => run.witness))
      return [setting, death, count, p50, p95, max, sign?.p50 ?? '-', gone.p50, witnesses]
    }),
  }
}

/** Against the same death across profiles, where Skein has no sibling tab to help it either. */
function stockTable(cases: readonly CaseResult[], stock: readonly StockRun[]): Table {
  const deaths = [...new Set(stock.map(({ death }) => death))]
  return {
    title:
      'y-webrtc 10.3: from the act until the other notices, ms; Skein’s time for the whole failover beside it',
    columns: [
      'death',
      'runs',
      'p50',
      'max',
      'noticed by',
      'Skein notices p50',
      'Skein fails over p50',
      'y-webrtc notices / Skein fails over',
    ],
    rows: deaths.map((death) => {
      const runs = stock.filter((one) => one.death === death)
      const { count, p50, max } = summarize(runs.map(({ noticedMs }) => noticedMs))!
      const ours = cases.find((one) => one.death === death && one.setting.startsWith('profiles apart'))
      const noticed = summarize(ours?.runs.map(({ goneMs }) => goneMs) ?? [])?.p50
      const failedOver = summarize(ours?.runs.map(({ failoverMs }) => failoverMs) ?? [])?.p50
      const ratio = failedOver === undefined ? '-' : `${(p50 / failedOver).toFixed(1)}x`
      const by = tally(runs.map((run) => run.by))
      return [death, count, p50, max, by, noticed ?? '-', failedOver ?? '-', ratio]
    }),
  }
}
