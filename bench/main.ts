// `npm run bench -- [NAME …] [options]`: runs benchmarks one after another, prints their tables, and writes every
// value to bench/results/NAME-DATE.json.

import { mkdir, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type Benchmark, type BenchmarkOptions, type Outcome, progress } from './benchmark.ts'
import * as bulk from './bulk.ts'
import * as failover from './failover.ts'
import * as link from './link.ts'
import { describeMachine, type Machine, machineLine } from './machine.ts'
import * as mesh from './mesh.ts'
import * as messages from './messages.ts'
import { formatTable } from './table.ts'

const benchmarks: Readonly<Record<string, Benchmark>> = { bulk, failover, link, mesh, messages }

const exitFailed = 1
const exitUsage = 2

const usage = `Usage: npm run bench -- [NAME ...] [--runs N] [--peer-runs N] [--rounds N] [--peers N,N]
                              [--only TEXT] [--trace]

${Object.entries(benchmarks)
  .map(([name, { about }]) => `  ${name.padEnd(15)}${about}`)
  .join('\n')}

  --runs N       runs of each case (default 20)
  --peer-runs N  runs of each case with y-webrtc, beside failover (default 3; 0: none)
  --rounds N     rounds in which contenders take turns: mesh, bulk (default 3)
  --peers N,N    sizes of the meshes that mesh measures (default 8,16)
  --only TEXT    only cases whose name contains this
  --trace        print what every survivor of a failover saw
`

interface Asked {
  readonly names: readonly string[]
  readonly options: BenchmarkOptions
}

/** What the command line asks for, or a sentence on what is wrong with it. */
function readArguments(argv: readonly string[]): Asked | 'help' | { readonly wrong: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        runs: { type: 'string', default: '20' },
        'peer-runs': { type: 'string', default: '3' },
        rounds: { type: 'string', default: '3' },
        peers: { type: 'string', default: '8,16' },
        only: { type: 'string', default: '' },
        trace: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return 'help'
    const unknown = positionals.find((name) => !Object.hasOwn(benchmarks, name))
    if (unknown !== undefined) {
      return {
        wrong: `There is no benchmark "${unknown}". There are: ${Object.keys(benchmarks).join(', ')}.`,
      }
    }
    if (!/^[1-9]\d{0,3}$/.test(values.runs)) return { wrong: '--runs must be a number from 1 to 9999.' }
    if (!/^\d{1,4}$/.test(values['peer-runs']))
      return { wrong: '--peer-runs must be a number from 0 to 9999.' }
    if (!/^[1-9]\d{0,2}$/.test(values.rounds)) return { wrong: '--rounds must be a number from 1 to 999.' }
    if (!/^([2-9]|1\d|20)(,([2-9]|1\d|20))*$/.test(values.peers))
      return { wrong: '--peers must be numbers from 2 to 20, with commas between them.' }
    return {
      names: positionals.length > 0 ? positionals : Object.keys(benchmarks),
      options: {
        runs: Number(values.runs),
        peerRuns: Number(values['peer-runs']),
        rounds: Number(values.rounds),
        peers: values.peers.split(',').map(Number),
        only: values.only,
        trace: values.trace,
      },
    }
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) }
  }
}

async function main(): Promise<number> {
  const asked = readArguments(process.argv.slice(2))
  if (asked === 'help') {
    process.stdout.write(usage)
    return 0
  }
  if ('wrong' in asked) {
    progress(`${asked.wrong} --help shows what there is.`)
    return exitUsage
  }
  const machine = describeMachine()
  let code = 0
  for (const name of asked.names) {
    progress(`${name}: ${benchmarks[name]!.about}`)
    const outcome = await benchmarks[name]!.run(asked.options)
    print(name, machine, outcome)
    await save(name, machine, asked.options, outcome)
    if (!outcome.ok) code = exitFailed
  }
  return code
}

function print(name: string, machine: Machine, { tables, notes }: Outcome): void {
  const parts = [`${name} · ${machineLine(machine)}`, ...tables.map(formatTable)]
  if (notes.length > 0) parts.push(notes.join('\n'))
  process.stdout.write(`\n${parts.join('\n\n')}\n`)
}

async function save(
  name: string,
  machine: Machine,
  options: BenchmarkOptions,
  { tables, notes, data }: Outcome,
): Promise<void> {
  const folder = `${import.meta.dirname}/results`
  const moment = new Date().toISOString().slice(0, 19).replaceAll(':', '')
  const file = `${name}-${moment}.json`
  await mkdir(folder, { recursive: true })
  await writeFile(
    `${folder}/${file}`,
    `${JSON.stringify({ name, machine, options, tables, notes, data }, undefined, 1)}\n`,
  )
  progress(`Every value is in bench/results/${file}`)
}

// Interrupted: what was started is ended on the way out.
process.once('SIGINT', () => process.exit(128 + 2))
process.once('SIGTERM', () => process.exit(128 + 15))

process.exitCode = await main().catch((error: unknown) => {
  progress(`The benchmark failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  return exitFailed
})
