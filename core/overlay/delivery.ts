// Puts messages on links and passes on those of others: broadcasts (whole to some, their ids to the rest, with
// repair of what was missed), unicasts over several hops, multicasts to a few. What it reads of the view: which links an origin says
// it has.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { BroadcastId, LinkMessage, LinkMessageOf, Payload } from '../wire/messages.ts'
import { Allowance } from './allowance.ts'
import { Broadcasts, splitNeighbours } from './broadcast.ts'
import type { Context } from './context.ts'
import { encodeForOne, encodeMessage, type EncodedMessage, type LinkState } from './links.ts'
import { Routes } from './routes.ts'

/** What nobody repairs if the link carries nothing any more: broadcasts come another way too, signs of life again. */
const unrepaired: ReadonlySet<LinkMessage['type']> = new Set(['direct', 'unicast', 'pull'] as const)

export class Delivery {
  readonly #context: Context
  readonly #broadcasts = new Broadcasts()
  readonly #routes = new Routes()
  /** A peer that never was has no way to it: looking for many of them may not be all that we do. */
  readonly #floods = new Allowance(limits.maxFloodsPerSecond)

  constructor(context: Context) {
    this.#context = context
  }

  // ------------------------------------------------------------------------------------------ sending

  /** To everybody in the mesh. Copies cost N-1 frames in a full mesh of N. `overAllLinks`: to no neighbour by way of others. */
  broadcast(payload: Payload, overAllLinks = false): void {
    const id = { origin: this.#context.self.id, sequence: this.#broadcasts.nextSequence() }
    const message = encodeMessage({ type: 'broadcast', ...id, payload })
    if (!this.#fits(message)) return
    this.#broadcasts.remember(id, message)
    for (const link of this.#context.links.neighbours()) {
      if (overAllLinks || !link.isSpared) this.#sendBroadcast(link, id, message)
      else if (link.takes === 'ids') link.offer(id, this.#context.nowMs)
    }
    this.#offerToNewLinks(id)
  }

  /**
   * Over the link to it where there is one, else by way of neighbours; may be lost. False: nothing went out, the lane was
   * full or there is no way.
   */
  unicast(to: PeerId, payload: Payload): boolean {
    const direct = this.#context.links.to(to)
    if (direct) return this.send(direct, { type: 'direct', payload })
    return this.#forward(this.#newUnicast(to, payload), undefined) > 0
  }

  /**
   * To each of these peers, and to nobody else: over the link to it, encoded once for all of them, else by way of
   * neighbours. Nothing is repaired. Returns those to whom nothing went out: the lane was full, or there is no way.
   */
  multicast(peers: readonly PeerId[], payload: Payload): PeerId[] {
    let direct: EncodedMessage | undefined
    return peers.filter((peer) => {
      const link = this.#context.links.to(peer)
      const sent = link
        ? Number(this.#sendEncoded(link, (direct ??= encodeMessage({ type: 'direct', payload }))))
        : this.#forward(this.#newUnicast(peer, payload), undefined)
      this.#context.count('multicastsSent', sent)
      return sent === 0
    })
  }

  /**
   * Puts it on an idle link, for a driver that is pulling its frames already: no `writable` is emitted. False where
   * anything still waits there, or where this is not the link in use to that peer; nothing of it will go out.
   */
  enqueueDirect(id: number, payload: Payload): boolean {
    const link = this.#context.links.get(id)
    if (!link || link.queuedBytes > 0 || this.#context.links.to(link.remote) !== link) return false
    const taken = link.enqueue(encodeForOne({ type: 'direct', payload }))
    if (taken) link.sent(this.#context.nowMs, true)
    return taken
  }

  /** Makes the driver pull frames for that peer. */
  wake(peer: PeerId): void {
    const link = this.#context.links.to(peer)
    if (link) this.#context.emit({ type: 'writable', link: link.id })
  }

  /** Hands one unicast to each of these neighbours; the target takes the first copy that arrives. */
  unicastBy(helpers: readonly PeerId[], target: PeerId, payload: Payload): void {
    const encoded = encodeMessage(this.#newUnicast(target, payload))
    for (const helper of helpers) {
      const link = this.#context.links.to(helper)
      if (link) this.#sendEncoded(link, encoded)
    }
  }

  /** To the neighbour itself. False: its lane is full, nothing will go out. */
  send(link: LinkState, message: LinkMessage): boolean {
    return this.#sendEncoded(link, encodeMessage(message), unrepaired.has(message.type))
  }

  forget(peer: PeerId): void {
    this.#routes.forget(peer)
  }

  // -------------------------------------------------------------------------------------- receiving

  /**
   * Passes it on. False: a copy of one we had; it is not to be delivered again. What its origin itself says otherwise than we had
   * it from others is no copy (OV35).
   */
  takeBroadcast(link: LinkState, message: LinkMessageOf<'broadcast'>, encoded: EncodedMessage): boolean {
    const { origin, sequence } = message
    const { links, membership, nowMs, self } = this.#context
    if (origin === self.id || this.#broadcasts.has(message)) {
      this.#context.count('duplicateBroadcasts')
      return origin === link.remote && this.#broadcasts.wasForged(message, encoded.bytes)
    }
    const id = { origin, sequence }
    this.#routes.learn(origin, link.remote, sequence)
    membership.heard(origin, nowMs)
    const kept = { lane: encoded.lane, bytes: ownBytes(encoded.bytes) }
    this.#broadcasts.remember(id, kept, origin !== link.remote)
    const { forward, offer } = this.#context.isPartial
      ? this.#shared(origin, link.remote)
      : splitNeighbours(this.#context.neighbours(), origin, link.remote, this.#linkedTo(message, link.remote))
    for (const peer of forward) this.#sendBroadcast(links.to(peer)!, id, kept)
    for (const peer of offer) links.to(peer)!.offer(id, nowMs)
    this.#offerToNewLinks(id)
    return true
  }

  /** Passes it on where it is not for us. True: it is, and came for the first time. */
  takeUnicast(link: LinkState, message: LinkMessageOf<'unicast'>): boolean {
    const { self, membership, nowMs } = this.#context
    if (message.origin === self.id || !this.#routes.firstSight(message.origin, message.sequence)) return false
    membership.heard(message.origin, nowMs)
    if (message.target === self.id) return true
    if (message.hops + 1 >= limits.maxHops) this.#context.count('unicastsOutOfHops')
    else this.#forward({ ...message, hops: message.hops + 1 }, link.remote)
    return false
  }

  /** A neighbour says which broadcasts it had: ask for those we missed, each from one neighbour at a time. */
  takeOffers(link: LinkState, offers: readonly BroadcastId[]): void {
    const ids = this.#broadcasts.toPull(link.remote, offers, this.#context.nowMs)
    if (ids.length > 0) this.send(link, { type: 'pull', ids })
  }

  takePull(link: LinkState, ids: readonly BroadcastId[]): void {
    for (const id of ids) {
      const kept = this.#broadcasts.recall(id)
      if (kept && this.#sendEncoded(link, kept, false)) this.#context.count('broadcastsResent')
    }
  }

  /** Asks the next neighbour for what the last one did not send. */
  tick(): void {
    for (const { peer, id } of this.#broadcasts.overduePulls(this.#context.nowMs)) {
      const link = this.#context.links.to(peer)
      if (link) this.send(link, { type: 'pull', ids: [id] })
    }
  }

  // ---------------------------------------------------------------------------------------- helpers

  #newUnicast(target: PeerId, payload: Payload): LinkMessageOf<'unicast'> {
    const sequence = this.#routes.nextSequence()
    return { type: 'unicast', origin: this.#context.self.id, target, sequence, hops: 0, payload }
  }

  /** Who has it from its origin, as far as we know. */
  #linkedTo({ origin, payload }: LinkMessageOf<'broadcast'>, sender: PeerId): readonly PeerId[] {
    const { membership } = this.#context
    const known = membership.get(origin)?.neighbours ?? []
    if (payload.type !== 'record' || payload.record.id !== origin) return known
    // What it says of itself just now is newer than what we know. Nobody acts on it at once: where one of its links is
    // known to its far end only, or to be told by the sender, an offer is enough.
    const mutual = this.#context
      .neighbours()
      .filter((peer) => membership.get(peer)?.neighbours.includes(origin))
    const told = sender === origin ? [] : (membership.get(sender)?.neighbours ?? [])
    return [...payload.record.neighbours, ...mutual, ...told]
  }

  /** In a larger mesh: who takes it whole from us, and who the id. */
  #shared(origin: PeerId, sender: PeerId): { forward: PeerId[]; offer: PeerId[] } {
    const others = this.#context.links
      .neighbours()
      .filter(({ remote }) => remote !== origin && remote !== sender)
    const forward = others.filter((link) => !link.isSpared)
    const offer = others.filter((link) => link.isSpared && link.takes === 'ids')
    return { forward: forward.map(({ remote }) => remote), offer: offer.map(({ remote }) => remote) }
  }

  /** Returns how many neighbours it went out to. */
  #forward(message: LinkMessageOf<'unicast'>, cameFrom: PeerId | undefined): number {
    const encoded = encodeMessage(message)
    const { membership, options, isPartial, nowMs } = this.#context
    const neighbours = this.#context.neighbours()
    const linked = neighbours.filter(
      (peer) => peer !== cameFrom && membership.get(peer)?.neighbours.includes(message.target),
    )
    // By lot: what one says of its links may be old, and whoever asks again asks another.
    const [nearer] = options.random.sample(linked, 1)
    const known = isPartial
      ? this.#wayTo(message, nearer, cameFrom)
      : this.#routes.next(message.target, neighbours, nearer, cameFrom)
    const next = known.length > 1 && !this.#floods.take(nowMs) ? options.random.sample(known, 1) : known
    return next.filter((peer) => this.#sendEncoded(this.#context.links.to(peer)!, encoded)).length
  }

  /**
   * In a larger mesh: the neighbour nearest to the target, as the living say. Where no way is known, as the last broadcast of the
   * target came, else by lot: through all that many links it would cost more than it can be worth.
   */
  #wayTo(
    { target, hops }: LinkMessageOf<'unicast'>,
    nearer: PeerId | undefined,
    cameFrom: PeerId | undefined,
  ): readonly PeerId[] {
    if (this.#context.links.to(target)) return [target]
    if (nearer !== undefined) return [nearer]
    const towards = this.#context.reach.towards(target)
    if (towards !== undefined && towards !== cameFrom && this.#context.links.to(towards)) return [towards]
    const known = this.#routes.next(target, this.#context.neighbours(), undefined, cameFrom)
    if (known.length <= 1) return known
    return this.#context.options.random.sample(known, hops === 0 ? limits.blindUnicasts : 1)
  }

  #sendBroadcast(link: LinkState, id: BroadcastId, message: EncodedMessage): void {
    // A full lane is no loss: the id is offered, and the neighbour pulls it when there is room.
    if (this.#sendEncoded(link, message, false)) this.#context.count('broadcastsSent')
    else link.offer(id, this.#context.nowMs)
  }

  /** Whose hello has not come yet is told afterwards what it missed since ours went out. */
  #offerToNewLinks(id: BroadcastId): void {
    const { links, nowMs } = this.#context
    for (const link of links.every()) if (!link.greeted) link.offer(id, nowMs)
  }

  #sendEncoded(link: LinkState, message: EncodedMessage, spoken = true): boolean {
    if (!this.#fits(message)) return false
    if (!link.enqueue(message)) {
      this.#context.count('refusedByFullLane')
      return false
    }
    link.sent(this.#context.nowMs, spoken)
    this.#context.emit({ type: 'writable', link: link.id })
    return true
  }

  /** The far end would take a longer one for an attack. */
  #fits(message: EncodedMessage): boolean {
    if (message.bytes.length <= limits.maxLinkMessageBytes) return true
    this.#context.count('refusedAsTooLong')
    return false
  }
}

/** A message that fitted into one frame is a view into it, and that into who knows what. */
const ownBytes = (bytes: Uint8Array): Uint8Array =>
  bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
