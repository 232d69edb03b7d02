// What was reported stored is on that disk, or with its addressees: looked at whenever a disk is probed, which is at
// each crash and at the end. (promises 1 and 2, MS2, MS11)

import type { Entry } from '../history.ts'
import { livesIn, type Violation } from './violation.ts'

const checker = 'stored'

export function checkStored(entries: readonly Entry[]): Violation[] {
  const lives = livesIn(entries)
  const violations: Violation[] = []
  /** By disk: messages reported stored there, and not yet known to be excused. */
  const owed = new Map<string, Set<string>>()
  for (const entry of entries) {
    if (entry.type === 'stored') {
      const { disk, volatile } = lives.get(entry.run)!
      if (!volatile) owed.set(disk, (owed.get(disk) ?? new Set()).add(entry.id))
    }
    if (entry.type === 'expired') for (const ids of owed.values()) ids.delete(entry.id)
    // What a damaged, older or empty disk lost is not the program's to keep.
    if (entry.type === 'diskHarmed') owed.delete(entry.disk)
    if (entry.type === 'disk') {
      const there = new Set(entry.messages)
      for (const id of owed.get(entry.disk) ?? []) {
        if (there.has(id)) continue
        const text = `${id} was reported stored, and is not on the disk ${entry.disk}`
        violations.push({ checker, atMs: entry.atMs, text })
        owed.get(entry.disk)!.delete(id)
      }
    }
  }
  return violations
}
