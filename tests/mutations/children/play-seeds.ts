// Plays seeds of the harness (`until-caught` or `all`, for how many ms, a profile or nothing, then the seeds), and says on a line each what its checkers
// object to. Bundled together with the core, which may be a mutant.

import { generate } from '../../sim/harness/generate.ts'
import { judge } from '../../sim/harness/outcome.ts'
import { outcomeMark } from '../outcome-mark.ts'

const [mode, withinMs, profile, ...seeds] = process.argv.slice(2)
let leftMs = Number(withinMs)

for (const seed of seeds.map(Number)) {
  const { violations, profile: theme, tookMs } = await judge(generate(seed, profile ? { profile } : {}))
  const checkers = [...new Set(violations.map(({ checker }) => checker))]
  const text = violations[0]?.text ?? ''
  console.log(outcomeMark + JSON.stringify({ seed, profile: theme, checkers, text, tookMs }))
  leftMs -= tookMs
  if ((mode === 'until-caught' && checkers.length > 0) || leftMs <= 0) break
}
