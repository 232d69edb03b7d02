// What the command line of the soak test asks for.

import { parseArgs } from 'node:util'

export const usage = `Usage: npm run soak -- [--minutes N] [--tabs N] [--agents N] [--calm]

Real tabs of one browser and real agents in one mesh, with traffic all the time. For the first third nothing is done to
them; then they are killed, frozen, made to leave, and their signaling server with them. Ends by itself with tables and
a verdict: exit 0 where every promise was kept, 1 where not.

  --minutes N   how long (default 30)
  --tabs N      tabs of one browser (default 2)
  --agents N    agents (default 3); at least two peers in all
  --calm        nothing is done to anybody at all
`

export interface SoakArguments {
  readonly minutes: number
  readonly tabs: number
  readonly agents: number
  readonly calm: boolean
}

/** @returns `help`, or a sentence on what is wrong, in place of arguments */
export function readArguments(argv: readonly string[]): SoakArguments | 'help' | { readonly wrong: string } {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        minutes: { type: 'string', default: '30' },
        tabs: { type: 'string', default: '2' },
        agents: { type: 'string', default: '3' },
        calm: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return 'help'
    const [minutes, tabs, agents] = [Number(values.minutes), Number(values.tabs), Number(values.agents)]
    if (!(minutes > 0)) return { wrong: '--minutes must be a number above 0.' }
    if (![tabs, agents].every((count) => Number.isInteger(count) && count >= 0) || tabs + agents < 2)
      return { wrong: '--tabs and --agents must be whole numbers, and two or more together.' }
    return { minutes, tabs, agents, calm: values.calm }
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) }
  }
}
