// Makes a failing schedule small: drops steps, then peers, as long as the same checker still fails (delta debugging,
// Zeller and Hildebrandt 2002), until nothing more can be dropped or the budget is spent.

import { judge } from './outcome.ts'
import { diskOf, type Act, type Schedule, type Step } from './schedule.ts'
import type { Violation } from './checkers/violation.ts'

export interface Shrunk {
  readonly schedule: Schedule
  readonly violations: readonly Violation[]
  readonly runs: number
}

/** @param budgetMs Real time to spend. @param onProgress Told how many steps are left. */
export async function shrink(
  schedule: Schedule,
  checker: string,
  budgetMs: number,
  onProgress: (steps: number, peers: number) => void,
): Promise<Shrunk> {
  const endMs = performance.now() + budgetMs
  let best: Shrunk = { schedule, violations: [], runs: 0 }
  let runs = 0
  const isOver = (): boolean => performance.now() > endMs
  const attempt = async (candidate: Schedule): Promise<boolean> => {
    if (isOver()) return false
    runs++
    const { violations } = await judge(candidate)
    if (!violations.some((each) => each.checker === checker)) return false
    best = { schedule: candidate, violations, runs }
    onProgress(candidate.steps.length, candidate.cast.length)
    return true
  }
  // From where the first breach is on, nothing matters but the calm that follows.
  await dropPeers(() => best.schedule, attempt)
  await dropSteps(() => best.schedule, attempt, isOver)
  await dropPeers(() => best.schedule, attempt)
  return { ...best, runs }
}

type Attempt = (candidate: Schedule) => Promise<boolean>

/** Ever smaller pieces, until single steps. */
async function dropSteps(current: () => Schedule, attempt: Attempt, isOver: () => boolean): Promise<void> {
  for (let pieces = 2; !isOver();) {
    const { steps } = current()
    const size = Math.ceil(steps.length / pieces)
    let dropped = false
    for (let from = 0; from < current().steps.length && !isOver();) {
      const left = current().steps.filter((_, i) => i < from || i >= from + size)
      if (left.length < current().steps.length && (await attempt({ ...current(), steps: left })))
        dropped = true
      else from += size
    }
    if (size <= 1 && !dropped) return
    pieces = dropped ? Math.max(2, pieces - 1) : Math.min(pieces * 2, Math.max(2, current().steps.length))
  }
}

async function dropPeers(current: () => Schedule, attempt: Attempt): Promise<void> {
  for (const { name } of current().cast) {
    const schedule = current()
    const cast = schedule.cast.filter((role) => role.name !== name)
    if (cast.length === 0) return
    const names = new Set([...cast.map((role) => role.name), ...schedule.servers])
    const disks = new Set(cast.map(diskOf))
    const steps = schedule.steps.flatMap((step) => withoutPeer(step, names, disks))
    await attempt({ ...schedule, cast, steps })
  }
}

/** The step without those who are not in the cast; none where it was about them alone. */
function withoutPeer(step: Step, names: ReadonlySet<string>, disks: ReadonlySet<string>): Step[] {
  const act: Act = step.act
  if ('who' in act && !names.has(act.who)) return []
  if ('disk' in act && !disks.has(act.disk)) return []
  if (act.type === 'clone' && !disks.has(act.to)) return []
  if (act.type === 'dropLinks' && !(names.has(act.a) && names.has(act.b))) return []
  if (!('cuts' in act)) return [step]
  const cuts = act.cuts.filter((ends) => ends.every((name) => names.has(name)))
  return cuts.length === 0 ? [] : [{ ...step, act: { ...act, cuts } }]
}
