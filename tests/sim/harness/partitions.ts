// The shapes in which a network falls apart, as the paths that are cut. Machines are groups of processes that stay
// together (tabs of one browser, a server by itself).

import type { Random } from '../../../core/base/random.ts'
import { range } from './profiles.ts'
import type { Cut } from './schedule.ts'

export type Shape = 'halves' | 'alone' | 'bridge' | 'ring' | 'three'
type Machine = readonly string[]

/** Both directions of every path between the two. */
export const between = (a: Machine, b: Machine): Cut[] =>
  a.flatMap((from) =>
    b.flatMap((to): Cut[] => [
      [from, to],
      [to, from],
    ]),
  )

/** All paths whose ends `joined` does not join. */
function cutsWhere(machines: readonly Machine[], joined: (a: number, b: number) => boolean): Cut[] {
  return machines.flatMap((a, i) =>
    machines.slice(i + 1).flatMap((b, j) => (joined(i, i + 1 + j) ? [] : between(a, b))),
  )
}

export function partition(random: Random, shape: Shape, given: readonly Machine[]): Cut[] {
  const machines = random.sample(given, given.length)
  const count = machines.length
  const at = range(random, 1, Math.max(1, count - 1))
  switch (shape) {
    case 'halves':
      return cutsWhere(machines, (a, b) => a < at === b < at)
    case 'alone':
      return cutsWhere(machines, (a, b) => a > 0 && b > 0)
    case 'bridge':
      // The first one reaches both sides.
      return cutsWhere(machines, (a, b) => a === 0 || b === 0 || a <= at === b <= at)
    case 'ring': {
      // Everybody reaches a majority of neighbours in a ring, no two the same.
      const reach = Math.max(1, Math.floor(count / 4))
      return cutsWhere(machines, (a, b) => Math.min(b - a, count - (b - a)) <= reach)
    }
    case 'three': {
      const third = Math.max(1, Math.floor(count / 3))
      const side = (index: number): number => Math.min(2, Math.floor(index / third))
      return cutsWhere(machines, (a, b) => side(a) === side(b))
    }
  }
}
