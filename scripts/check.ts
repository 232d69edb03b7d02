// `npm run check`: types floor by floor, lint, import floors, unused exports, format. Runs everything even after
// a failure, so that one run shows all there is to mend.

import { run, runTool } from './run.ts'

/** Each folder compiles by itself, against no more globals than its floor may use. */
const projects = [
  'core/tsconfig.pure.json',
  'core/tsconfig.json',
  'core/tsconfig.browser.json',
  'core/tsconfig.node.json',
  'signaling/tsconfig.json',
  'web/tsconfig.json',
  'web/tsconfig.service-worker.json',
  'examples/tsconfig.json',
  'tests/tsconfig.json',
]

interface Step {
  readonly name: string
  readonly run: () => Promise<number>
}

const steps: readonly Step[] = [
  ...projects.map((project) => ({ name: `types of ${project}`, run: () => runTool('tsc', ['-p', project]) })),
  { name: 'lint', run: () => runTool('oxlint', ['--type-aware', '--deny-warnings']) },
  {
    name: 'import floors',
    run: () => run(process.execPath, ['--import', 'tsx', 'scripts/check-floors.ts']),
  },
  { name: 'unused code', run: () => runTool('knip', ['--no-progress']) },
  { name: 'format', run: () => runTool('prettier', ['--check', '--log-level', 'warn', '.']) },
]

async function main(): Promise<number> {
  const failed: string[] = []
  for (const step of steps) {
    const code = await step.run()
    console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${step.name}`)
    if (code !== 0) failed.push(step.name)
  }
  console.log(failed.length === 0 ? 'check: all good' : `check: failed: ${failed.join(', ')}`)
  return failed.length === 0 ? 0 : 1
}

process.exitCode = await main()
