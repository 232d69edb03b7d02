// What was reported stored is on that disk, or with its addressees: looked at whenever a disk is probed, which is at
// each crash and at the end. (promises 1 and 2, MS2, MS11)

import type { MemberId, MessageId } from '../../../../core/base/ids.ts'
import { limits } from '../../../../core/base/limits.ts'
import type { Entry } from '../history.ts'
import { livesIn, ofType, type Violation } from './violation.ts'

const checker = 'stored'

/** A message reported stored on a disk. */
interface Owed {
  /** What the clock over there said then, but for where it began. */
  readonly storedWallMs: number
  /** By that clock it became so old that its header may be gone too (MS10). */
  outlived: boolean
}

export function checkStored(entries: readonly Entry[]): Violation[] {
  const lives = livesIn(entries)
  const violations: Violation[] = []
  /** By disk: messages reported stored there, and not yet known to be excused. */
  const owed = new Map<string, Map<MessageId, Owed>>()
  /** By disk: how far the clock of its machine was set. */
  const jumpedMs = new Map<string, number>()
  const wallMs = (disk: string, atMs: number): number => atMs + (jumpedMs.get(disk) ?? 0)
  const age = (disk: string, atMs: number): void => {
    for (const each of owed.get(disk)?.values() ?? [])
      if (wallMs(disk, atMs) - each.storedWallMs >= 2 * limits.retentionMs) each.outlived = true
  }
  const isServed = servedIn(entries)
  for (const entry of entries) {
    const { atMs } = entry
    if (entry.type === 'stored') {
      const { disk, volatile } = lives.get(entry.run)!
      const here = owed.get(disk) ?? new Map<MessageId, Owed>()
      if (!volatile) owed.set(disk, here.set(entry.id, { storedWallMs: wallMs(disk, atMs), outlived: false }))
    }
    if (entry.type === 'expired') for (const ids of owed.values()) ids.delete(entry.id)
    // What a damaged, older or empty disk lost is not the program's to keep.
    if (entry.type === 'diskHarmed') owed.delete(entry.disk)
    if (entry.type === 'clock') {
      const disk = [...lives.values()].find(({ name }) => name === entry.name)?.disk
      if (disk === undefined) continue
      age(disk, atMs)
      jumpedMs.set(disk, (jumpedMs.get(disk) ?? 0) + entry.byMs)
      age(disk, atMs)
    }
    if (entry.type === 'disk') {
      age(entry.disk, atMs)
      const there = new Set(entry.messages)
      for (const [id, { outlived }] of owed.get(entry.disk) ?? []) {
        if (there.has(id)) continue
        owed.get(entry.disk)!.delete(id)
        // A store gives up what all have and what is old by its own clock, even if that was set ahead by a year.
        if (outlived && isServed(id, atMs)) continue
        const text = `${id} was reported stored, and is not on the disk ${entry.disk}`
        violations.push({ checker, atMs, text })
      }
    }
  }
  return violations
}

/** Did all addressees of a message have it by then: were they told of it, or did its author hear of their receipts? */
function servedIn(entries: readonly Entry[]): (id: MessageId, atMs: number) => boolean {
  const lives = livesIn(entries)
  const addressees = new Map<MessageId, readonly MemberId[]>()
  const sinceMs = new Map<string, number>()
  const note = (id: MessageId, member: MemberId, atMs: number): void => {
    const key = `${member} ${id}`
    sinceMs.set(key, Math.min(sinceMs.get(key) ?? Infinity, atMs))
  }
  for (const { run, id, addressees: named, atMs } of ofType(entries, 'message')) {
    addressees.set(id, named)
    note(id, lives.get(run)!.member, atMs)
  }
  for (const { id, member, atMs } of ofType(entries, 'receipt')) note(id, member, atMs)
  return (id, atMs) =>
    addressees.get(id)?.every((member) => (sinceMs.get(`${member} ${id}`) ?? Infinity) <= atMs) ?? false
}
