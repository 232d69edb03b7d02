// What a person is told of a failure: the seed, the breach in a sentence, and the command that plays it again.

import type { Outcome } from './outcome.ts'
import type { Schedule } from './schedule.ts'

export interface How {
  readonly profile?: string | undefined
  readonly peers?: number | undefined
}

/** The command that plays one seed again, with its trace. */
const replayCommand = (seed: number, { profile, peers }: How): string =>
  [
    `npm run sim -- --seeds 1 --seed ${seed}`,
    ...(profile === undefined ? [] : [`--profile ${profile}`]),
    ...(peers === undefined ? [] : [`--peers ${peers}`]),
    '--trace',
  ].join(' ')

const shown = 4

export function describeFailure({ seed, profile, peers, violations }: Outcome, how: How): string {
  const lines = violations
    .slice(0, shown)
    .map(({ checker, atMs, text }) => `    ${checker}: at ${Math.round(atMs)} ms ${text}`)
  const more = violations.length > shown ? [`    … and ${violations.length - shown} more`] : []
  const head = `seed ${seed} failed (${profile}, ${peers} peers)`
  return [head, ...lines, ...more, `    replay: ${replayCommand(seed, how)}`].join('\n')
}

/** As JSON, one step a line. */
export function describeSchedule({ cast, steps, ...rest }: Schedule): string {
  const lines = (items: readonly unknown[]): string =>
    items.map((item) => `    ${JSON.stringify(item)}`).join(',\n')
  const head = JSON.stringify(rest).slice(0, -1)
  return `${head},\n  "cast": [\n${lines(cast)}\n  ],\n  "steps": [\n${lines(steps)}\n  ]}`
}
