// `synced` never lies, nor does `alone`: judged among peers that agree on who is there, with a link between each two and
// no fault between them, a little after whatever changed. (DO1, DO6)

import type { PeerId } from '../../../../core/base/ids.ts'
import type { Entry, Held, Run } from '../history.ts'
import { Disturbance } from './disturbance.ts'
import { includes } from './held.ts'
import { judged, livesIn, type Life, type Violation } from './violation.ts'

/** An edit takes so long at most: the slowest way, what is gathered before it goes out, a few queued values, a look. */
const underWayMs = 1_250
const judgeEveryMs = 250
/** What a copy holds is written down when it is opened, and then as often as its player looks: a word is judged when he has. */
const lookedAtMs = 60

interface Copy {
  state: 'alone' | 'syncing' | 'synced'
  basedOn: readonly PeerId[]
  openedMs: number
  closing: boolean
  /** The newest last. */
  readonly held: { readonly atMs: number; readonly held: Held }[]
}

/** What a copy called itself at some instant, among which peers. */
interface Word {
  readonly atMs: number
  readonly run: Run
  readonly doc: string
  readonly copy: Copy
  readonly state: Copy['state']
  readonly basedOn: readonly PeerId[]
  readonly others: readonly Seen[]
}

interface Seen {
  readonly life: Life
  readonly peers: Set<PeerId>
  links: ReadonlySet<PeerId>
  /** When either changed. */
  changedMs: number
  readonly copies: Map<string, Copy>
}

export const checkSynced = (entries: readonly Entry[]): Violation[] => judged(new Judge(entries), entries)

class Judge {
  readonly violations: Violation[] = []
  readonly #lives: ReadonlyMap<Run, Life>
  readonly #disturbance: Disturbance
  readonly #seen = new Map<Run, Seen>()
  readonly #told = new Set<string>()
  #judgedMs = 0
  /** Not judged yet, the oldest first. */
  readonly #words: Word[] = []
  /** Somebody opened or closed a document. */
  readonly #turnedMs = new Map<string, number>()

  constructor(entries: readonly Entry[]) {
    this.#lives = livesIn(entries)
    this.#disturbance = new Disturbance(entries)
  }

  take(entry: Entry): void {
    while (this.#words[0] !== undefined && entry.atMs > this.#words[0].atMs + lookedAtMs)
      this.#judgeHeld(this.#words.shift()!)
    if (entry.atMs >= this.#judgedMs + judgeEveryMs) {
      this.#judgedMs = entry.atMs
      this.#judge(entry.atMs)
    }
    switch (entry.type) {
      case 'joined':
        this.#seen.set(entry.run, {
          life: this.#lives.get(entry.run)!,
          peers: new Set(),
          links: new Set(),
          changedMs: entry.atMs,
          copies: new Map(),
        })
        return
      case 'leaving':
        // It closes what is open, which takes as long as its disk does.
        for (const copy of this.#seen.get(entry.run)?.copies.values() ?? []) copy.closing = true
        return
      case 'ended': {
        // Who went took his copy along.
        const gone = this.#seen.get(entry.run)
        for (const doc of gone?.copies.keys() ?? []) this.#turnedMs.set(doc, entry.atMs)
        this.#seen.delete(entry.run)
        return
      }
      case 'peerJoined':
      case 'peerLeft': {
        const seen = this.#seen.get(entry.run)
        if (seen === undefined) return
        if (entry.type === 'peerJoined') seen.peers.add(entry.peer)
        else seen.peers.delete(entry.peer)
        seen.changedMs = entry.atMs
        return
      }
      case 'links': {
        const seen = this.#seen.get(entry.run)
        if (seen === undefined) return
        const before = seen.links
        seen.links = new Set(entry.peers)
        if (before.size !== seen.links.size || [...before].some((peer) => !seen.links.has(peer)))
          seen.changedMs = entry.atMs
        return
      }
      default:
        this.#takeDoc(entry)
    }
  }

  #takeDoc(entry: Entry): void {
    if (!('doc' in entry) || !('run' in entry)) return
    const copies = this.#seen.get(entry.run)?.copies
    if (copies === undefined) return
    const { doc, atMs } = entry
    const copy = copies.get(doc)
    if (entry.type === 'docOpened') {
      copies.set(doc, { state: 'syncing', basedOn: [], openedMs: atMs, closing: false, held: [] })
      this.#turnedMs.set(doc, atMs)
    }
    if (entry.type === 'docClosing' && copy !== undefined) copy.closing = true
    if (entry.type === 'docClosed') copies.delete(doc)
    if (entry.type === 'docClosing' || entry.type === 'docClosed') this.#turnedMs.set(doc, atMs)
    if (entry.type === 'docHeld') copy?.held.push({ atMs, held: entry.held })
    if (entry.type === 'docState' && copy !== undefined) {
      copy.state = entry.state
      copy.basedOn = entry.basedOn
      if (entry.state === 'synced' && entry.pending)
        this.#tell(atMs, `${entry.run} says synced of ${doc}: something in it waits for what is not there`)
      this.#judgeWord(entry.run, doc, copy, atMs)
    }
  }

  #judge(nowMs: number): void {
    const byPeer = new Map([...this.#seen.values()].map((seen) => [seen.life.peer, seen] as const))
    for (const seen of this.#seen.values()) {
      if (![...seen.copies.values()].some(({ state }) => state !== 'syncing')) continue
      const clique = this.#cliqueOf(seen, byPeer, nowMs)
      if (clique === undefined) continue
      for (const [doc, copy] of seen.copies) this.#judgeCopy(seen, doc, copy, clique, nowMs)
    }
  }

  /** The instant at which it is said: who came to others that were together before had to ask them first. */
  #judgeWord(run: Run, doc: string, copy: Copy, nowMs: number): void {
    const seen = this.#seen.get(run)!
    if (copy.state === 'syncing') return
    const byPeer = new Map([...this.#seen.values()].map((each) => [each.life.peer, each] as const))
    const clique = this.#cliqueOf(seen, byPeer, nowMs)
    if (clique === undefined) return
    if (copy.state === 'synced') return this.#judgeCopy(seen, doc, copy, clique, nowMs)
    for (const { life, copies } of clique) {
      const theirs = copies.get(doc)
      if (theirs !== undefined && !theirs.closing && nowMs > theirs.openedMs + underWayMs)
        this.#tell(nowMs, `${run} says alone of ${doc}: ${life.run} had it open long before`)
    }
  }

  /** Everybody it sees, where all of them see just these and have had links to each other for a while. */
  #cliqueOf(seen: Seen, byPeer: ReadonlyMap<PeerId, Seen>, nowMs: number): Seen[] | undefined {
    const clique = [seen, ...[...seen.peers].flatMap((peer) => byPeer.get(peer) ?? [])]
    if (clique.length !== seen.peers.size + 1) return undefined
    const isSettled = ({ life, peers, links, changedMs }: Seen): boolean =>
      nowMs > changedMs + underWayMs &&
      peers.size === clique.length - 1 &&
      links.size === clique.length - 1 &&
      clique.every(
        (other) =>
          other.life.peer === life.peer || (peers.has(other.life.peer) && links.has(other.life.peer)),
      ) &&
      !this.#disturbance.touches(life.name, nowMs, underWayMs)
    return clique.every(isSettled) ? clique.slice(1) : undefined
  }

  #judgeCopy(seen: Seen, doc: string, copy: Copy, others: readonly Seen[], nowMs: number): void {
    const { life } = seen
    if (copy.closing || copy.state === 'syncing') return
    const isTurning = nowMs <= (this.#turnedMs.get(doc) ?? 0) + underWayMs
    const isClosing = others.some(({ copies }) => copies.get(doc)?.closing)
    const holders = others.filter(({ copies }) => copies.has(doc))
    const tell = (what: string): void =>
      this.#tell(nowMs, `${life.run} says ${copy.state} of ${doc}: ${what}`)
    if (copy.state === 'alone') {
      if (holders.length > 0 && !isTurning && !isClosing) tell('others have it open')
      return
    }
    if (copy.basedOn.length === 0) tell('it is based on nobody')
    if (holders.length === 0 && !isTurning && !isClosing) tell('nobody else has it open')
    const { state, basedOn } = copy
    this.#words.push({ atMs: nowMs, run: life.run, doc, copy, state, basedOn, others: holders })
  }

  #judgeHeld({ atMs, run, doc, copy, state, basedOn, others }: Word): void {
    for (const other of others) {
      const theirs = other.copies.get(doc)
      if (theirs === undefined || theirs.closing || !basedOn.includes(other.life.peer)) continue
      const [now, theirNow] = [heldAt(copy, atMs + lookedAtMs), heldAt(theirs, atMs + lookedAtMs)]
      const [before, theirBefore] = [heldAt(copy, atMs - underWayMs), heldAt(theirs, atMs - underWayMs)]
      const tell = (what: string): void => this.#tell(atMs, `${run} says ${state} of ${doc}: ${what}`)
      if (now && theirBefore && !includes(now, theirBefore)) tell(`it lacks what ${other.life.run} has`)
      if (theirNow && before && !includes(theirNow, before)) tell(`${other.life.run} lacks what it has`)
    }
  }

  #tell(atMs: number, text: string): void {
    if (this.#told.has(text)) return
    this.#told.add(text)
    this.violations.push({ checker: 'synced', atMs, text })
  }
}

const heldAt = ({ held }: Copy, atMs: number): Held | undefined =>
  held.findLast((each) => each.atMs <= atMs)?.held
