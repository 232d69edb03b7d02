// Volatile messages come at most once. (OV1, OV6)

import type { Entry } from '../history.ts'
import { ofType, type Violation } from './violation.ts'

export function checkCasts(entries: readonly Entry[]): Violation[] {
  const heard = new Set<string>()
  const violations: Violation[] = []
  for (const { run, id, atMs } of ofType(entries, 'castHeard')) {
    const key = `${run} ${id}`
    if (heard.has(key)) violations.push({ checker: 'casts', atMs, text: `${run} heard ${id} twice` })
    heard.add(key)
  }
  return violations
}
