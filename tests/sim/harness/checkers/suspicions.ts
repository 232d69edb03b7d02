// A live, connected, prompt peer is never declared gone, and nobody is said to have left who did not; who says goodbye is
// not said to have failed; who is dead does not come back. (OV7 to OV16)

import type { PeerId } from '../../../../core/base/ids.ts'
import { limits } from '../../../../core/base/limits.ts'
import type { Entry, Run } from '../history.ts'
import { Disturbance, graceMs } from './disturbance.ts'
import { Together } from './together.ts'
import { lifeAt, livesIn, ofType, type Life, type Violation } from './violation.ts'

/** A newcomer's links are being made. */
const newcomerMs = 20_000
/** Before that nobody knows how long its link takes: on a slow one the server's word that its socket closed is there, and looked
 * into for the shortest time (OV7), before the goodbye is (seed 40002 of `far apart`). */
const measuredMs = limits.firstPingDelayMs + 1_000
/** So long after its death nothing of a peer's own is on its way, and nobody has just been told. */
const forgottenMs = 60_000

export function checkSuspicions(entries: readonly Entry[]): Violation[] {
  return [...declaredGone(entries), ...goodbyes(entries), ...comeBack(entries)]
}

const byPeerOf = (lives: ReadonlyMap<Run, Life>): Map<PeerId, Life> =>
  new Map([...lives.values()].map((life) => [life.peer, life]))

function* declaredGone(entries: readonly Entry[]): Iterable<Violation> {
  const lives = livesIn(entries)
  const byPeer = byPeerOf(lives)
  const disturbance = new Disturbance(entries)
  const isQuiet = ({ name, fromMs }: Life, atMs: number): boolean =>
    atMs > fromMs + newcomerMs && !disturbance.touches(name, atMs, graceMs)
  for (const { run, peer, reason, atMs } of ofType(entries, 'peerLeft')) {
    const [observer, gone] = [lives.get(run), byPeer.get(peer)]
    if (observer === undefined || gone === undefined || !lifeAt(observer, atMs) || !lifeAt(gone, atMs))
      continue
    if (!isQuiet(observer, atMs) || !isQuiet(gone, atMs)) continue
    const text = `${run} says that ${gone.run} ${reason}, which lives, was reached and was prompt`
    yield { checker: 'declared gone', atMs, text }
  }
}

/** OV9: whoever had a link to one that left in order heard so from it. */
function* goodbyes(entries: readonly Entry[]): Iterable<Violation> {
  const lives = livesIn(entries)
  const byPeer = byPeerOf(lives)
  const disturbance = new Disturbance(entries)
  const together = new Together(entries)
  /** By one who left: those that had a link to it then. */
  const linked = new Map<Run, Run[]>()
  for (const entry of entries) {
    if (entry.type === 'leaving') {
      const others = [...together.runs].filter(
        (other) => (together.sinceMs(entry.run, other) ?? Infinity) < entry.atMs - measuredMs,
      )
      linked.set(entry.run, others)
    }
    together.take(entry)
    if (entry.type !== 'peerLeft') continue
    const gone = byPeer.get(entry.peer)
    if (gone !== undefined && entry.reason === 'left') {
      // It heard. If somebody makes up that the peer is back, it may be gone again in any way.
      linked.set(
        gone.run,
        (linked.get(gone.run) ?? []).filter((run) => run !== entry.run),
      )
    }
    if (entry.reason === 'left') continue
    if (gone === undefined || !(linked.get(gone.run) ?? []).includes(entry.run)) continue
    const names = [gone.name, lives.get(entry.run)!.name]
    // Its end is one, and may come before it has said all.
    if (names.some((name) => disturbance.touches(name, gone.toMs - 1, graceMs))) continue
    const text = `${entry.run} says that ${gone.run} failed, which said goodbye`
    yield { checker: 'goodbye', atMs: entry.atMs, text }
  }
}

/** What they make up of a peer stands above the word it died with. */
const raising = /^attack record(s-ahead|s-of-others|-of-other)$/

/** By then everybody alive has what somebody said of itself; chosen. */
const spreadMs = 1000

/**
 * OV16: nobody that is long dead, and known to be, is seen again. Who was suspended since has forgotten (OV14). And whose links
 * changed right before its end, one of them to a hostile peer, may have told that one alone what it said last: above what the
 * others saw it die with, and true.
 */
function* comeBack(entries: readonly Entry[]): Iterable<Violation> {
  const lives = livesIn(entries)
  const byPeer = byPeerOf(lives)
  const missed = new Set<string>()
  const confided = new Map<Run, number>()
  for (const entry of entries) {
    if (entry.type === 'links' && entry.peers.some((peer) => !byPeer.has(peer)))
      confided.set(entry.run, entry.atMs + spreadMs)
    if (entry.type === 'faultBegins' && raising.test(entry.kind)) return
    if (entry.type === 'faultBegins' && entry.kind === 'suspend') {
      const isTouched = (run: Run): boolean => entry.touched.includes(lives.get(run)?.name ?? '')
      for (const key of missed) if (isTouched(key.slice(0, key.lastIndexOf(' ')))) missed.delete(key)
    }
    if (entry.type !== 'peerLeft' && entry.type !== 'peerJoined') continue
    const { run, peer, atMs } = entry
    const gone = byPeer.get(peer)
    if (gone === undefined || (confided.get(gone.run) ?? 0) > gone.toMs) continue
    const key = `${run} ${peer}`
    if (entry.type === 'peerLeft') missed.add(key)
    else if (missed.has(key) && atMs > gone.toMs + forgottenMs)
      yield { checker: 'come back', atMs, text: `${run} sees ${gone.run} again, which is long dead` }
  }
}
