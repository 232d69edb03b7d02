// Whom to have a link to, and the attempts to get one. Up to 16 peers: everybody, but the first links at once and the
// rest at leisure, since a mesh is of use as soon as it hangs together. The lower PeerId dials; the higher one knocks, so
// that the lower learns of it. Attempts that fail are made again with a growing, jittered pause; a peer lost without a goodbye is remembered and looked for, so that a partition heals by itself.

import { compareText, type PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Random } from '../base/random.ts'

export type TopologyAction =
  | { readonly type: 'dial' | 'abandon'; readonly peer: PeerId; readonly connection: string }
  | { readonly type: 'knock'; readonly peer: PeerId }

export interface TopologyView {
  readonly inView: (peer: PeerId) => boolean
  /** A link to it is up; whether its hello came or not. */
  readonly isLinked: (peer: PeerId) => boolean
  readonly linkedPeers: number
  /** A failover hangs on the link to it. */
  readonly isClose: (peer: PeerId) => boolean
  readonly nowMs: number
}

interface Attempt {
  /** While we dial: the attempt's name, when it began, and when it is given up. */
  connection: string | undefined
  dialledAtMs: number
  giveUpAtMs: number
  failures: number
  nextAtMs: number
  /** When we last asked it to dial. */
  knockedAtMs: number
  /** It is waited for: the far end knocked, or we had a link. */
  wanted: boolean
  /** The far end knocked: it has too few links, whatever we have. */
  knocked: boolean
  /** We know of it by its knock alone, which anybody can make up. */
  stranger: boolean
  /** It was declared gone, and nobody has spoken of it since. */
  lost: boolean
  /** The introducer that named it, and nobody else. */
  by: string | undefined
  /** It has said something to us: it lives, and a link may take its time. */
  answered: boolean
  /** It was time for it, but others are under way, or it is one of those made at leisure. */
  postponed: boolean
  /** Not in the view: looked for until then. */
  untilMs: number
}

export class Topology {
  readonly #me: PeerId
  readonly #random: Random
  readonly #attempts = new Map<PeerId, Attempt>()
  /** Servers named them: they were there before us, or are by now of one mesh with those that were. Sibling tabs name each other. */
  readonly #named = new Set<PeerId>()
  /** Links beyond the first ones wait until nobody was heard of for a while. */
  #leisureAtMs = Number.NEGATIVE_INFINITY
  /** Since when they wait, and when somebody was heard of last. */
  #lingersSinceMs = Number.NEGATIVE_INFINITY
  #lingeredAtMs = Number.NEGATIVE_INFINITY
  #linkedBefore = 0
  /** When one more may be looked for, though there are links enough. */
  #lookAtMs = Number.NEGATIVE_INFINITY

  constructor(me: PeerId, random: Random) {
    this.#me = me
    this.#random = random
  }

  /**
   * Somebody we should have a link to, for a while or as long as the view holds it. `knockAfterMs`: where the far
   * end knows of us too and is the one that dials, it gets a moment before we knock. `pause`: not at once. `again`:
   * there was one. `named`: by an introducer. `by`: by this one. `stranger`: it says so itself, and nobody else. `lost`: it was declared gone.
   */
  seek(
    peer: PeerId,
    nowMs: number,
    options: {
      readonly knockAfterMs?: number
      readonly pause?: boolean
      readonly again?: boolean
      readonly named?: boolean
      readonly by?: string
      readonly stranger?: boolean
      readonly lost?: boolean
    } = {},
  ): void {
    if (peer === this.#me) return
    const { knockAfterMs = 0, pause = false, again = false, by, stranger = false, lost = false } = options
    if (options.named && this.#named.size < limits.maxSought) this.#named.add(peer)
    const known = this.#attempts.get(peer)
    if (known) {
      known.untilMs = nowMs + limits.rememberLostMs
      known.stranger &&= stranger
      known.lost &&= lost
      if (known.by !== by) known.by = undefined
      return
    }
    if (by !== undefined) this.#makeRoomOf(by)
    if (this.#attempts.size >= limits.maxSought && !this.#makeRoom()) return
    this.#linger(nowMs)
    if (again || pause) this.#resume()
    const waitMs = (this.#dials(peer) ? 0 : knockAfterMs) + (pause ? this.#jittered(limits.redialBaseMs) : 0)
    this.#attempts.set(peer, {
      connection: undefined,
      dialledAtMs: Number.NEGATIVE_INFINITY,
      knockedAtMs: Number.NEGATIVE_INFINITY,
      wanted: again,
      knocked: false,
      stranger,
      lost,
      by,
      answered: false,
      postponed: false,
      giveUpAtMs: Number.POSITIVE_INFINITY,
      failures: 0,
      nextAtMs: nowMs + waitMs,
      untilMs: nowMs + limits.rememberLostMs,
    })
  }

  /** It asked to be dialled: now, unless an attempt is under way. */
  knocked(peer: PeerId, nowMs: number): void {
    this.seek(peer, nowMs, { stranger: true })
    const attempt = this.#attempts.get(peer)
    if (!attempt || attempt.connection !== undefined) return
    attempt.nextAtMs = nowMs
    attempt.wanted = true
    attempt.knocked = true
  }

  /** A signal of that connection came from it. */
  answered(peer: PeerId, connection: string): void {
    const attempt = this.#attempts.get(peer)
    // One of an earlier dial says nothing of this one.
    if (attempt && (attempt.connection ?? connection) === connection) attempt.answered = true
  }

  /** That dial of ours is under way, and its far end has said nothing yet. */
  isUnanswered(peer: PeerId, connection: string): boolean {
    const attempt = this.#attempts.get(peer)
    return attempt?.connection === connection && !attempt.answered
  }

  /** There is a link to it. Returns the dial under way, to be abandoned. */
  linked(peer: PeerId): string | undefined {
    const connection = this.#attempts.get(peer)?.connection
    if (this.#attempts.delete(peer)) this.#resume()
    return connection
  }

  /** It is not there any more, and not sought. Returns the dial under way, to be abandoned. */
  forget(peer: PeerId): string | undefined {
    this.#named.delete(peer)
    return this.linked(peer)
  }

  /** We go, or stand still: whom to seek is said anew afterwards. Returns the dials under way, to be abandoned. */
  clear(): { readonly peer: PeerId; readonly connection: string }[] {
    const dials = [...this.#attempts].flatMap(([peer, { connection }]) =>
      connection === undefined ? [] : [{ peer, connection }],
    )
    this.#named.clear()
    this.#attempts.clear()
    return dials
  }

  /** An attempt of ours, or of the far end to us, came to nothing. */
  failed(peer: PeerId, connection: string, nowMs: number): void {
    const attempt = this.#attempts.get(peer)
    if (!attempt || (attempt.connection !== undefined && attempt.connection !== connection)) return
    this.#pause(attempt, nowMs)
  }

  /** A link came up and went down again before it was worth anything. */
  dropped(peer: PeerId, nowMs: number): void {
    const attempt = this.#attempts.get(peer)
    if (attempt) this.#pause(attempt, nowMs)
  }

  failures(peer: PeerId): number {
    return this.#attempts.get(peer)?.failures ?? 0
  }

  /** What to do now. Peers in the view are sought for as long as they live. */
  tick(view: TopologyView): TopologyAction[] {
    const actions: TopologyAction[] = []
    let linked = view.linkedPeers
    // Who lost links may not wait for others at leisure.
    if (linked < this.#linkedBefore) this.#resume()
    this.#linkedBefore = linked
    const underWay = this.#underWay(view.nowMs)
    let expected = linked + underWay.length
    const isMet = [...this.#named].some((peer) => view.inView(peer) || view.isLinked(peer))
    let anchored = isMet ? limits.firstLinks : underWay.filter((peer) => this.#named.has(peer)).length
    if (linked < Math.min(limits.firstLinks, this.#attempts.size)) this.#linger(view.nowMs)
    // In no order: were it the one in which we were told of them, all would dial the same peers first.
    const due = [...this.#attempts].filter(([, attempt]) => view.nowMs >= dueAtMs(attempt))
    const shuffled = this.#random.sample(due, due.length)
    for (const [peer, attempt] of shuffled.toSorted(([, a], [, b]) => a.failures - b.failures)) {
      // Whoever comes after us links to us, or to one that came before it: so all hang together, if each has a link to one that
      // was there before it. Links to those that came later prove nothing.
      const isAnchor = anchored < limits.firstLinks && this.#named.has(peer)
      const isFirst = expected < limits.firstLinks || isAnchor
      const mayBeNext = view.linkedPeers === 0 || (!isMet && this.#named.has(peer))
      const action = this.#next(peer, attempt, view, { linked, isFirst, mayBeNext })
      if (!action) continue
      actions.push(action)
      if (action.type === 'dial') linked++
      if (action.type === 'abandon') continue
      expected++
      if (this.#named.has(peer)) anchored++
    }
    return actions
  }

  deadlineMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const attempt of this.#attempts.values()) next = Math.min(next, dueAtMs(attempt))
    return next
  }

  /** What to do about an attempt whose time has come. */
  #next(
    peer: PeerId,
    attempt: Attempt,
    view: TopologyView,
    {
      linked,
      isFirst,
      mayBeNext,
    }: {
      readonly linked: number
      readonly isFirst: boolean
      /** It will be one of the first where those that are tried now come to nothing. */
      readonly mayBeNext: boolean
    },
  ): TopologyAction | undefined {
    const { connection } = attempt
    const { nowMs } = view
    if (connection !== undefined) {
      this.#pause(attempt, nowMs)
      return { type: 'abandon', peer, connection }
    }
    if (!view.inView(peer) && nowMs >= attempt.untilMs) {
      this.#attempts.delete(peer)
      this.#named.delete(peer)
      return undefined
    }
    // The link waits for its hello: that ends the attempt, or its going down renews it.
    const most = attempt.knocked || view.isClose(peer) ? limits.maxAnsweredLinks : limits.maxLinks
    const isExtra = linked >= most
    if (view.isLinked(peer) || (isExtra && !this.#mayLookFor(peer, view, linked))) {
      attempt.nextAtMs = nowMs + limits.knockDelayMs
      return undefined
    }
    const isNeeded = isFirst || attempt.wanted || view.isClose(peer) || this.#isPutOff(nowMs)
    // In the view it knows of us too, most likely, and dials at its own leisure.
    const knockMs = this.#dials(peer) || !view.inView(peer) ? 0 : limits.leisureKnockMs
    if (!isNeeded && nowMs < this.#leisureAtMs + knockMs) {
      attempt.postponed = true
      const againMs = mayBeNext ? limits.signalPatienceMs : Number.POSITIVE_INFINITY
      attempt.nextAtMs = Math.min(this.#leisureAtMs + knockMs, nowMs + againMs)
      return undefined
    }
    if (!this.#dials(peer)) {
      const knockAtMs = this.#mayKnockAtMs(nowMs)
      if (knockAtMs > nowMs) {
        attempt.nextAtMs = knockAtMs
        return undefined
      }
      if (isExtra) this.#lookAtMs = nowMs + this.#jittered(limits.lookForLostMs)
      this.#pause(attempt, nowMs)
      attempt.knockedAtMs = nowMs
      attempt.answered = false
      return { type: 'knock', peer }
    }
    const slotFreeAtMs = this.#slotFreeAtMs(nowMs, isNeeded ? limits.maxDialsAtOnce : 1)
    attempt.postponed = slotFreeAtMs > nowMs
    if (attempt.postponed) {
      attempt.nextAtMs = slotFreeAtMs
      return undefined
    }
    if (isExtra) this.#lookAtMs = nowMs + this.#jittered(limits.lookForLostMs)
    attempt.connection = this.#random.hexId()
    attempt.dialledAtMs = nowMs
    attempt.answered = false
    // The connector gives up by itself; this is for the one that does not.
    attempt.giveUpAtMs = nowMs + limits.dialTimeoutMs + limits.knockDelayMs
    return { type: 'dial', peer, connection: attempt.connection }
  }

  /**
   * It has all the links it wants; but behind somebody who is not in the view may be a whole other part of the mesh, whose
   * peers have all the links they want too: now and then one of those is looked for.
   */
  #mayLookFor(peer: PeerId, { inView, nowMs }: TopologyView, linked: number): boolean {
    return !inView(peer) && linked < limits.maxAnsweredLinks && nowMs >= this.#lookAtMs
  }

  /** The stranger sought for longest gives way, or else who was lost first; unless it is being dialled. */
  #makeRoom(): boolean {
    const waiting = [...this.#attempts].filter(([, { connection }]) => connection === undefined)
    const victim = waiting.find(([, { stranger }]) => stranger) ?? waiting.find(([, { lost }]) => lost)
    return victim !== undefined && this.#attempts.delete(victim[0])
  }

  /** Of too many that one introducer alone has named, the first gives way: one that makes up ever new ones leaves room to the others. */
  #makeRoomOf(introducer: string): void {
    const named = [...this.#attempts].filter(([, { by }]) => by === introducer)
    if (named.length < limits.maxSoughtOfOne) return
    const victim = named.find(([, { connection }]) => connection === undefined)
    if (!victim) return
    this.#attempts.delete(victim[0])
    this.#named.delete(victim[0])
  }

  #linger(nowMs: number): void {
    const isSmall = this.#linkedBefore + this.#attempts.size <= limits.smallMesh
    this.#leisureAtMs = nowMs + this.#jittered(isSmall ? limits.smallLeisureMs : limits.leisureMs)
    // Without a link there is nothing to wait with.
    if (this.#linkedBefore === 0 || nowMs >= this.#lingeredAtMs + limits.leisureMs)
      this.#lingersSinceMs = nowMs
    this.#lingeredAtMs = nowMs
  }

  /** Ever new ones are heard of: whoever makes up names, one after the other, would put the links at leisure off for good. */
  #isPutOff(nowMs: number): boolean {
    const isCalm = nowMs >= this.#lingeredAtMs + limits.leisureMs
    return !isCalm && nowMs >= this.#lingersSinceMs + limits.maxLeisureMs
  }

  /** To whom dials and knocks are out of which a link may still come. */
  #underWay(nowMs: number): PeerId[] {
    return [...this.#attempts].flatMap(([peer, { connection, dialledAtMs, knockedAtMs, answered }]) => {
      const sinceMs = nowMs - (answered ? limits.linkPatienceMs : limits.signalPatienceMs)
      const isOut = (connection !== undefined && dialledAtMs > sinceMs) || knockedAtMs > sinceMs
      return isOut ? [peer] : []
    })
  }

  /** When another knock may be sent: of those that were, few are so young. */
  #mayKnockAtMs(nowMs: number): number {
    const endsMs = [...this.#attempts.values()]
      .map(({ knockedAtMs }) => knockedAtMs + limits.dialHeadStartMs)
      .filter((endMs) => endMs > nowMs)
    return endsMs.length < limits.maxKnocksAtOnce ? nowMs : Math.min(...endsMs)
  }

  /** When another dial may begin: a few at once, each of which gets a head start. */
  #slotFreeAtMs(nowMs: number, most: number): number {
    const endsMs = [...this.#attempts.values()]
      .filter(({ connection }) => connection !== undefined)
      .map(({ dialledAtMs }) => dialledAtMs + limits.dialHeadStartMs)
      .filter((endMs) => endMs > nowMs)
    return endsMs.length < most ? nowMs : Math.min(...endsMs)
  }

  /** A dial is over: those that waited for it are looked at anew. */
  #resume(): void {
    for (const attempt of this.#attempts.values()) {
      if (attempt.postponed) attempt.nextAtMs = Number.NEGATIVE_INFINITY
    }
  }

  #dials(peer: PeerId): boolean {
    return compareText(this.#me, peer) < 0
  }

  #pause(attempt: Attempt, nowMs: number): void {
    const full = Math.min(limits.redialMaxMs, limits.redialBaseMs * 2 ** attempt.failures)
    if (attempt.connection !== undefined) this.#resume()
    attempt.connection = undefined
    attempt.postponed = false
    attempt.giveUpAtMs = Number.POSITIVE_INFINITY
    attempt.failures++
    attempt.nextAtMs = nowMs + this.#jittered(full)
  }

  /** So that peers who lost one another at one time do not all come back at one time. */
  #jittered(ms: number): number {
    return ms * (0.5 + this.#random.float() / 2)
  }
}

const dueAtMs = ({ connection, giveUpAtMs, nextAtMs }: Attempt): number =>
  connection === undefined ? nextAtMs : giveUpAtMs
