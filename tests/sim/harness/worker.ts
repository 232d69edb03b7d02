// A process that plays and judges what it is sent, one seed after the other. Started by pool.ts, as a bundle.

import { generate } from './generate.ts'
import { judge, type Outcome } from './outcome.ts'
import type { Schedule } from './schedule.ts'

export interface Task {
  readonly seed: number
  readonly profile?: string | undefined
  readonly peers?: number | undefined
  /** Played instead of what the seed would give. */
  readonly schedule?: Schedule | undefined
}

export async function perform({ seed, profile, peers, schedule }: Task): Promise<Outcome> {
  const { played: _, ...outcome } = await judge(schedule ?? generate(seed, { profile, peers }))
  return outcome
}

process.on('message', (task: Task) => {
  void perform(task).then((outcome) => process.send?.(outcome))
})
