// A live, connected, prompt peer is never declared gone, and nobody is said to have left who did not. (OV7 to OV15)

import type { PeerId } from '../../../../core/base/ids.ts'
import type { Entry } from '../history.ts'
import { Disturbance } from './disturbance.ts'
import { lifeAt, livesIn, ofType, type Life, type Violation } from './violation.ts'

const checker = 'declared gone'

/** A fault may show so long after it ended: links fail after 16 s, sockets after 30, dials are tried again within 30. */
const graceMs = 45_000
/** A newcomer's links are being made. */
const newcomerMs = 20_000

export function checkSuspicions(entries: readonly Entry[]): Violation[] {
  const lives = livesIn(entries)
  const byPeer = new Map<PeerId, Life>([...lives.values()].map((life) => [life.peer, life]))
  const disturbance = new Disturbance(entries)
  const isQuiet = ({ name, fromMs }: Life, atMs: number): boolean =>
    atMs > fromMs + newcomerMs && !disturbance.touches(name, atMs, graceMs)
  const violations: Violation[] = []
  for (const { run, peer, reason, atMs } of ofType(entries, 'peerLeft')) {
    const [observer, gone] = [lives.get(run), byPeer.get(peer)]
    if (observer === undefined || gone === undefined || !lifeAt(observer, atMs) || !lifeAt(gone, atMs))
      continue
    if (!isQuiet(observer, atMs) || !isQuiet(gone, atMs)) continue
    const text = `${run} says that ${gone.run} ${reason}, which lives, was reached and was prompt`
    violations.push({ checker, atMs, text })
  }
  return violations
}
