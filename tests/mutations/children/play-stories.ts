// Plays the stories named on the command line, one after the other, and says on a line each how it went. Bundled
// together with the core, which may be a mutant.

import { outcomeMark } from '../outcome-mark.ts'
import { Complaint } from '../scenarios/complaint.ts'
import { scenarios } from '../scenarios/scenarios.ts'

for (const name of process.argv.slice(2)) {
  const scenario = scenarios.find((each) => each.name === name)
  const outcome = await (scenario?.play() ?? Promise.reject(new Error('there is no such story'))).then(
    () => ({ type: 'passed' }),
    (problem: unknown) =>
      problem instanceof Complaint
        ? { type: 'complaint', complaint: problem.message, details: problem.details }
        : { type: 'broken', problem: problem instanceof Error ? problem.stack : String(problem) },
  )
  console.log(outcomeMark + JSON.stringify({ story: name, ...outcome }))
}
