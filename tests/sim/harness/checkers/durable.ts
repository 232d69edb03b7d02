// Persist, then speak: what somebody is told is on a disk is there at that instant (probes.ts looked), and an epoch that
// a peer follows ends up in its store. (promise 2, MS2, MS11, EL2, EL4, DO7)

import type { Entry } from '../history.ts'
import { livesIn, ofType, type EntryOf, type Violation } from './violation.ts'

const checkers: Readonly<Record<EntryOf<'absent'>['kind'], string>> = {
  message: 'stored',
  entry: 'spoken too early',
  receipt: 'spoken too early',
  epoch: 'epochs',
  document: 'doc stored',
  damaged: 'damage shown',
}

/** A clock set so far ahead may end what is kept by age. */
const agesMs = 10 * 24 * 60 * 60 * 1000

export function checkDurable(entries: readonly Entry[]): Violation[] {
  return [...absent(entries), ...followed(entries)]
}

function* absent(entries: readonly Entry[]): Iterable<Violation> {
  const lives = [...livesIn(entries).values()]
  const excused = new Set<string>()
  for (const entry of entries) {
    if (entry.type === 'diskHarmed') excused.add(entry.disk)
    if (entry.type === 'clock' && entry.byMs > agesMs)
      for (const life of lives) if (life.name === entry.name) excused.add(life.disk)
    if (entry.type !== 'absent') continue
    // A disk may lose what it likes; that it is damaged may not be overlooked.
    if (entry.kind !== 'damaged' && entry.disks.some((disk) => excused.has(disk))) continue
    const { disks, kind, what, atMs } = entry
    yield { checker: checkers[kind], atMs, text: `${disks.join(' and ')} does not hold ${what}` }
  }
}

/** Else the mesh could begin again below the epoch that it had, with whoever is back first. */
function* followed(entries: readonly Entry[]): Iterable<Violation> {
  const lives = livesIn(entries)
  const excused = new Set(ofType(entries, 'diskHarmed').map(({ disk }) => disk))
  for (const { kind, touched } of ofType(entries, 'faultBegins'))
    if (kind.startsWith('storage-'))
      for (const { name, disk } of lives.values()) if (touched.includes(name)) excused.add(disk)
  const onDisk = new Map(ofType(entries, 'disk').map(({ disk, epochs }) => [disk, epochs['']]))
  const last = new Map(ofType(entries, 'observed').map((observed) => [observed.run, observed]))
  for (const { run, epoch, atMs } of last.values()) {
    const { disk, volatile, toMs } = lives.get(run)!
    const stored = onDisk.get(disk)
    if (toMs !== Infinity || volatile || excused.has(disk) || stored === undefined) continue
    if (stored < epoch)
      yield { checker: 'epochs', atMs, text: `${run} followed epoch ${epoch}, and its disk holds ${stored}` }
  }
}
