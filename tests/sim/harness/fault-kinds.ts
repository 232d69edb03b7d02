// What checkers and the table of coverage call a fault: its type, and what makes a difference in it.

import type { Cut, Fault } from './schedule.ts'

export function kindOf(fault: Fault): string {
  if (fault.type === 'partition') return `partition ${fault.shape}`
  if (fault.type === 'killAt') return `killAt ${fault.effect} ${fault.when}`
  if (fault.type === 'attack') return `attack ${fault.kind}`
  if (fault.type === 'insist') return `${fault.hangs ? 'hangs' : 'insists'} ${fault.kind}`
  if (fault.type === 'failing') return fault.uncertain ? `${fault.code} uncertain` : fault.code
  if (fault.type === 'wipe') return fault.deviceKey ? 'wipe with key' : 'wipe'
  if (fault.type === 'dropLinks') return fault.oneEnd ? 'dropLinks oneEnd' : fault.type
  if (fault.type === 'cut' || fault.type === 'flap')
    return isOneWay(fault.cuts) ? `${fault.type} oneWay` : fault.type
  if (fault.type === 'jumpClock') return `jumpClock ${fault.byMs < 0 ? 'back' : 'ahead'}`
  return fault.type
}

const isOneWay = (cuts: readonly Cut[]): boolean =>
  !cuts.some(([from, to]) => cuts.some(([a, b]) => a === to && b === from))
