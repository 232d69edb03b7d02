// `npm run soak`: hours or minutes of real tabs and agents. Ctrl-C ends it early, with what was seen until then; once
// more ends it at once. Either way nothing is left behind.

import { createEnding } from '../../bench/support/processes.ts'
import { readArguments, usage } from './arguments.ts'
import { report } from './report.ts'
import { soak } from './soak.ts'

async function main(): Promise<number> {
  const read = readArguments(process.argv.slice(2))
  if (read === 'help') {
    process.stdout.write(usage)
    return 0
  }
  if ('wrong' in read) {
    process.stderr.write(`${read.wrong}\n\n${usage}`)
    return 2
  }
  const ending = createEnding()
  let stops = 0
  const stop = (): void => {
    stops++
    if (stops > 1) process.exit(130)
    process.stderr.write('Ending early; once more to end at once.\n')
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
  try {
    const progress = (line: string): void => void process.stderr.write(`${line}\n`)
    const { text, problems } = report(await soak({ ...read, ending, progress, isStopped: () => stops > 0 }))
    process.stdout.write(`\n${text}\n\n`)
    for (const problem of problems) process.stdout.write(`${problem}\n`)
    process.stdout.write(
      problems.length === 0 ? 'Every promise was kept.\n' : `${problems.length} problems.\n`,
    )
    return problems.length === 0 ? 0 : 1
  } finally {
    await ending.all()
  }
}

process.exitCode = await main()
