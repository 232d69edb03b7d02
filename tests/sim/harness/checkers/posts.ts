// At rest every role that somebody stands for is led: one duty of it runs, on the one that is first among those who stand, and
// where it is the mesh's, on the one that all name as their leader. (EL1, EL8, EL16)

import { limits } from '../../../../core/base/limits.ts'
import type { Entry, Run } from '../history.ts'
import { livesIn, ofType, type EntryOf, type Violation } from './violation.ts'

const checker = 'posts'
/** Right after all was well a duty may still wait for the one before it. */
const restMs = 5 * limits.handoverTimeoutMs

export function checkPosts(entries: readonly Entry[]): Violation[] {
  const over = ofType(entries, 'over')[0]
  const settled = ofType(entries, 'settled')[0]
  if (over === undefined || settled?.inTime !== true || over.atMs < settled.atMs + restMs) return []
  const standing = new Map<string, Set<Run>>()
  const running = new Map<string, Map<Run, number>>()
  const observed = new Map<Run, EntryOf<'observed'>>()
  for (const entry of entries) {
    if (entry.type === 'observed') observed.set(entry.run, entry)
    if (entry.type === 'stands') addTo(standing, entry.role, new Set<Run>()).add(entry.run)
    if (entry.type === 'stepsAside') standing.get(entry.role)?.delete(entry.run)
    if (entry.type === 'dutyBegins')
      addTo(running, entry.role, new Map<Run, number>()).set(entry.run, entry.epoch)
    if (entry.type === 'dutyEnds') running.get(entry.role)?.delete(entry.run)
  }
  const lives = livesIn(entries)
  const isThere = (run: Run): boolean => lives.get(run)?.toMs === Infinity
  return [...standing].flatMap(([role, runs]) => {
    const able = [...runs].filter((run) => isThere(run) && (role !== '' || lives.get(run)!.mayLead !== false))
    const acting = [...(running.get(role)?.keys() ?? [])].filter(isThere)
    const tell = (text: string): Violation[] => [{ checker, atMs: over.atMs, text: `'${role}' ${text}` }]
    if (acting.length > 1) return tell(`is run at rest by ${acting.join(' and ')}`)
    const leader = [...observed.values()].find(({ run }) => isThere(run))?.leader
    const leads = (run: Run): boolean => lives.get(run)!.peer === leader
    const mayAct = role === '' ? able.some(leads) : able.length > 0
    if (acting.length === 0)
      return mayAct ? tell(`is run by nobody at rest, though ${able.join()} stand`) : []
    if (role === '' && !leads(acting[0]!)) return tell(`is run at rest by ${acting[0]}, which does not lead`)
    return able.includes(acting[0]!) ? [] : tell(`is run at rest by ${acting[0]}, which does not stand`)
  })
}

function addTo<K, V>(map: Map<K, V>, key: K, fresh: V): V {
  const value = map.get(key) ?? fresh
  map.set(key, value)
  return value
}
