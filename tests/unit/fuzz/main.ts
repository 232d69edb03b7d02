// `npm run fuzz -- --runs 1000000 [--only NAME[,NAME]] [--seed N] [--from N]`: that many bad inputs for each decoder, one
// decoder after the other, each in a process that a watchdog ends when it makes no progress. Prints inputs a second, the
// seed, and for a failure the command that replays it; exit 1.

import { fork } from 'node:child_process'
import { setImmediate } from 'node:timers/promises'
import { fuzz } from './check.ts'
import { decoders } from './decoders.ts'

interface Task {
  readonly name: string
  readonly seed: number
  readonly from: number
  readonly runs: number
}

/** How far the child has come, or how it ended. */
type Report =
  | { readonly type: 'done'; readonly count: number }
  | { readonly type: 'over'; readonly taken: number }
  | { readonly type: 'broke'; readonly problem: string }

/** Inputs between two reports. */
const chunk = 10_000
/** One chunk takes a second; one that takes a minute hangs. A machine that stood still shows as one silent look. */
const lookEveryMs = 20_000
const mostSilent = 3

/** In the child: judges chunk by chunk. */
async function work({ name, seed, from, runs }: Task): Promise<void> {
  const report = (what: Report): boolean | undefined => process.send?.(what)
  const decoder = decoders.find((each) => each.name === name)!
  let taken = 0
  try {
    for (let count = 0; count < runs; count += chunk) {
      report({ type: 'done', count })
      await setImmediate()
      taken += fuzz(decoder, seed, from + count, Math.min(chunk, runs - count))
    }
    report({ type: 'over', taken })
  } catch (problem) {
    report({ type: 'broke', problem: problem instanceof Error ? problem.message : String(problem) })
  }
  process.disconnect()
}

/** Resolves with how many inputs were taken; rejects where one broke a promise, or nothing moved for too long. */
function fuzzInChild(task: Task): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, [childWord, JSON.stringify(task)])
    let [last, seen, silent] = [0, -1, 0]
    const watchdog = setInterval(() => {
      silent = last === seen ? silent + 1 : 0
      if (silent >= mostSilent) {
        const where = `--only ${task.name} --seed ${task.seed} --from ${task.from + last} --runs ${chunk}`
        reject(new Error(`${task.name}: hangs\n  replay: npm run fuzz -- ${where}`))
        child.kill('SIGKILL')
      }
      seen = last
    }, lookEveryMs)
    child.on('message', (report: Report) => {
      if (report.type === 'done') last = report.count
      else if (report.type === 'over') resolve(report.taken)
      else reject(new Error(report.problem))
    })
    child.on('exit', (code) => {
      clearInterval(watchdog)
      reject(new Error(`${task.name}: its process ended with ${code}`))
    })
  })
}

/** The argument by which a child knows that it is one. */
const childWord = 'judge'

function optionsOf(words: readonly string[]): ReadonlyMap<string, string> {
  const options = new Map<string, string>()
  for (let i = 0; i < words.length; i += 2) options.set(words[i]!, words[i + 1] ?? '')
  const forms: Readonly<Record<string, RegExp>> = {
    '--runs': /^[1-9]\d{0,14}$/,
    '--only': /./,
    '--seed': /^\d{1,15}$/,
    '--from': /^\d{1,15}$/,
  }
  const wrong = [...options].find(([name, value]) => forms[name]?.test(value) !== true)
  if (wrong) throw new Error(`Not understood: ${wrong.join(' ').trim()}`)
  return options
}

const usage = 'Usage: npm run fuzz -- [--runs N] [--only NAME,NAME] [--seed N] [--from N]'

async function main(): Promise<number> {
  const words = process.argv.slice(2)
  if (words.includes('--help')) {
    console.log(usage)
    return 0
  }
  try {
    return await judgeAll(optionsOf(words))
  } catch (problem) {
    console.error(`${(problem as Error).message}\n${usage}`)
    return 2
  }
}

/** Throws what is wrong with the options. */
async function judgeAll(options: ReadonlyMap<string, string>): Promise<number> {
  const only = options.get('--only')?.split(',')
  const seed = Number(options.get('--seed') ?? Math.floor(Math.random() * 2 ** 32))
  const runs = Number(options.get('--runs') ?? 100_000)
  const from = Number(options.get('--from') ?? 0)
  const names = decoders.map(({ name }) => name).filter((name) => only?.includes(name) ?? true)
  if (names.length === 0)
    throw new Error(`No such decoder; there are ${decoders.map(({ name }) => name).join(', ')}`)
  console.log(`seed ${seed}, ${runs} inputs for each of ${names.length} decoders`)
  let failures = 0
  for (const name of names) {
    const startMs = performance.now()
    try {
      const taken = await fuzzInChild({ name, seed, from, runs })
      const rate = Math.round(runs / ((performance.now() - startMs) / 1000))
      const share = ((100 * taken) / runs).toFixed(1)
      console.log(`${name.padEnd(16)} ${String(rate).padStart(8)} inputs/s, ${share} % taken`)
    } catch (problem) {
      failures++
      console.error(problem instanceof Error ? problem.message : problem)
    }
  }
  console.log(failures === 0 ? 'fuzz: nothing broke' : `fuzz: ${failures} decoders broke`)
  return failures === 0 ? 0 : 1
}

if (process.argv[2] === childWord) await work(JSON.parse(process.argv[3]!) as Task)
else process.exitCode = await main()
