// The links a peer holds: what waits to go out on each (two lanes, control before bulk, bounded), what came in
// (frames put together again), and how the link has fared (last sign of life, round-trip time). The driver
// pulls frames while the platform's own buffer has room, so backpressure reaches the queue and stops here.

import { fail, ok, type Result } from '../base/errors.ts'
import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { LinkKind } from '../base/ports.ts'
import type { Random } from '../base/random.ts'
import { Joiner, Splitter, type Lane } from '../wire/chunks.ts'
import { decode, encode, encodeParts } from '../wire/codec.ts'
import {
  isBulk,
  linkMessage,
  type BroadcastId,
  type LinkMessage,
  type LinkMessageOf,
} from '../wire/messages.ts'

export interface EncodedMessage {
  readonly lane: Lane
  readonly bytes: Uint8Array
}

export interface OutgoingMessage {
  readonly lane: Lane
  readonly parts: readonly Uint8Array[]
}

export const encodeMessage = (message: LinkMessage): EncodedMessage => ({
  lane: isBulk(message) ? 1 : 0,
  bytes: encode(linkMessage, message),
})

/** For one link only: large parts are not copied before they are put into frames. */
export const encodeForOne = (message: LinkMessage): OutgoingMessage => ({
  lane: isBulk(message) ? 1 : 0,
  parts: encodeParts(linkMessage, message),
})

export type Share = LinkMessageOf<'share'>['as']

/** Pings to which an answer is still told; older ones were lost or overtaken. */
const maxOpenPings = 16

export interface Received {
  readonly message: LinkMessage
  /** As it came; a view into the frame where it fitted into one. */
  readonly encoded: EncodedMessage
}

/** RFC 6298's smoothed round trip and its variation, in milliseconds. */
export interface RoundTrip {
  readonly smoothedMs: number
  readonly variationMs: number
}

export class LinkState {
  readonly id: number
  readonly remote: PeerId
  readonly kind: LinkKind
  /** The far end's hello was taken in: from here on the link is part of the mesh. */
  greeted = false
  /** Of our own hello: we had begun by ourselves and met nobody; we or somebody we saw had a place in a mesh, and not the far end. */
  said = { lone: false, established: false }
  malformed = 0
  /** How the far end takes broadcasts of others from us, and how we asked it for them. */
  takes: Share = 'whole'
  asked: Share = 'whole'
  /** Its far end took us for gone: it will close it. */
  renounced = false
  readonly sinceMs: number
  heardAtMs: number
  /** When the last of ours went out, whatever it was. */
  sentAtMs: number
  /** Since when something we said, which nobody repairs, was followed by nothing from the far end. */
  unansweredSinceMs = Number.POSITIVE_INFINITY
  /** When it has been silent for too long, if nothing comes. */
  silentAtMs = Number.POSITIVE_INFINITY
  /** How soon the lower end pings it where nobody is watched over it; drawn, so that not all are pinged at one time. */
  readonly idlePingIntervalMs: number
  pingedAtMs = Number.NEGATIVE_INFINITY
  /** Until when the far end announced not to listen. */
  busyUntilMs = Number.NEGATIVE_INFINITY
  /** One of the two ends did not listen until then: pings sent before it measure no round trip. */
  untimedUntilMs = Number.NEGATIVE_INFINITY
  roundTrip: RoundTrip | undefined
  /** … as it was while other links were being made: the next one stands for itself. */
  #timedEarly = false
  /** Broadcasts to offer with a ping or pong, and from when on; the latest last. */
  #offers: { readonly id: BroadcastId; readonly ripeAtMs: number }[] = []
  bytesSent = 0
  bytesReceived = 0
  /** Nonce → when it was sent; of pings not yet answered. */
  readonly #pings = new Map<number, number>()
  readonly #joiner = new Joiner()
  readonly #lanes: [Splitter[], Splitter[]] = [[], []]
  readonly #queuedBytes: [number, number] = [0, 0]

  constructor(id: number, remote: PeerId, kind: LinkKind, nowMs: number, random: Random) {
    this.id = id
    this.remote = remote
    this.kind = kind
    this.idlePingIntervalMs = limits.idlePingIntervalMs * (1 + random.float())
    this.sinceMs = nowMs
    this.heardAtMs = nowMs
    this.sentAtMs = nowMs
  }

  /** Something came. */
  heard(nowMs: number): void {
    this.heardAtMs = nowMs
    this.unansweredSinceMs = Number.POSITIVE_INFINITY
  }

  /** Something goes out. `spoken`: what nobody repairs if it is lost. */
  sent(nowMs: number, spoken: boolean): void {
    this.sentAtMs = nowMs
    if (spoken) this.unansweredSinceMs = Math.min(this.unansweredSinceMs, nowMs)
  }

  /** Its far end knows nothing of it, maybe: an answer is due now. */
  doubt(nowMs: number): void {
    this.unansweredSinceMs = nowMs - limits.answerPatienceMs
  }

  get queuedBytes(): number {
    return this.#queuedBytes[0] + this.#queuedBytes[1]
  }

  /** False: that lane is full and the message was not taken; nothing of it will go out. */
  enqueue(message: EncodedMessage | OutgoingMessage): boolean {
    const { lane } = message
    const splitter = new Splitter(lane, 'parts' in message ? message.parts : message.bytes)
    const { remainingBytes } = splitter
    if (this.#queuedBytes[lane] + remainingBytes > limits.maxQueuedBytes) return false
    this.#lanes[lane].push(splitter)
    this.#queuedBytes[lane] += remainingBytes
    return true
  }

  /** The next frame to put on the wire; control goes before bulk, between two frames of a long message too. */
  nextFrame(maxBytes?: number): Uint8Array | undefined {
    const lane: Lane = this.#lanes[0].length > 0 ? 0 : 1
    const splitter = this.#lanes[lane][0]
    if (!splitter) return undefined
    const before = splitter.remainingBytes
    const frame = splitter.next(maxBytes)
    this.#queuedBytes[lane] -= before - splitter.remainingBytes
    if (splitter.remainingBytes === 0) this.#lanes[lane].shift()
    if (frame) this.bytesSent += frame.length
    return frame
  }

  /** What is still queued in the control lane, for a link about to close. */
  takeControlFrames(): Uint8Array[] {
    const frames: Uint8Array[] = []
    while (this.#lanes[0].length > 0) frames.push(this.nextFrame()!)
    return frames
  }

  /** Neither end needs broadcasts from the other. */
  get isSpared(): boolean {
    return this.takes !== 'whole' && this.asked !== 'whole'
  }

  /** Lets the far end know, later, that we have that broadcast. Where there are too many, the oldest give way. */
  offer(id: BroadcastId, nowMs: number): void {
    this.#offers.push({ id, ripeAtMs: this.greeted ? nowMs + limits.offerDelayMs : nowMs })
    if (this.#offers.length > limits.maxOffersPerPing) this.#offers.shift()
  }

  /** When the first offer may go out. */
  get offersDueMs(): number {
    return this.#offers[0]?.ripeAtMs ?? Number.POSITIVE_INFINITY
  }

  ping(nonce: number, nowMs: number): LinkMessage {
    this.pingedAtMs = nowMs
    this.#pings.set(nonce, nowMs)
    if (this.#pings.size > maxOpenPings) this.#pings.delete(this.#pings.keys().next().value!)
    return { type: 'ping', nonce, offers: this.#takeOffers(nowMs) }
  }

  pong(nonce: number, nowMs: number): LinkMessage {
    return { type: 'pong', nonce, offers: this.#takeOffers(nowMs) }
  }

  #takeOffers(nowMs: number): BroadcastId[] {
    const ripe = this.#offers.filter((offer) => offer.ripeAtMs <= nowMs)
    if (ripe.length > 0) this.#offers = this.#offers.slice(ripe.length)
    return ripe.map((offer) => offer.id)
  }

  /** A whole message and its bytes, undefined while one is incomplete, or what is wrong. */
  receive(frame: Uint8Array): Result<Received | undefined> {
    this.bytesReceived += frame.length
    const joined = this.#joiner.push(frame)
    if (!joined.ok || joined.value === undefined) return joined as Result<undefined>
    const { lane, message: bytes } = joined.value
    const read = decode(linkMessage, bytes)
    if (!read.ok) return read
    if ((isBulk(read.value) ? 1 : 0) !== lane) return fail('message in the wrong lane')
    return ok({ message: read.value, encoded: { lane, bytes } })
  }

  /** From then on what a ping takes is no matter of the links that are made around it. */
  get calmAtMs(): number {
    return this.sinceMs + limits.firstPingDelayMs
  }

  /** Takes the answer to a ping; false where no such ping is open. */
  answered(nonce: number, nowMs: number): boolean {
    const sentAtMs = this.#pings.get(nonce)
    if (sentAtMs === undefined) return false
    this.#pings.delete(nonce)
    if (sentAtMs < this.untimedUntilMs) return true
    const sample = Math.max(0, nowMs - sentAtMs)
    const isEarly = sentAtMs < this.calmAtMs
    const before = this.#timedEarly && !isEarly ? undefined : this.roundTrip
    this.#timedEarly = isEarly
    const { smoothedMs, variationMs } = before ?? { smoothedMs: sample, variationMs: sample / 2 }
    this.roundTrip = {
      smoothedMs: smoothedMs + (sample - smoothedMs) / 8,
      variationMs: variationMs + (Math.abs(sample - smoothedMs) - variationMs) / 4,
    }
    return true
  }
}

/** All links, and which of them to use for whom. */
export class Links {
  readonly #byId = new Map<number, LinkState>()
  /** Greeted links only; where there are several to one peer, the one to use. */
  readonly #byPeer = new Map<PeerId, LinkState>()

  /** Changes whenever a link becomes part of the mesh, or ends. */
  revision = 0

  get size(): number {
    return this.#byId.size
  }

  add(link: LinkState): void {
    this.#byId.set(link.id, link)
  }

  get(id: number): LinkState | undefined {
    return this.#byId.get(id)
  }

  remove(id: number): LinkState | undefined {
    const link = this.#byId.get(id)
    this.#byId.delete(id)
    this.revision++
    if (link && this.#byPeer.get(link.remote) === link) {
      this.#byPeer.delete(link.remote)
      const other = this.every().findLast((each) => each.greeted && each.remote === link.remote)
      if (other) this.#byPeer.set(other.remote, other)
    }
    return link
  }

  /**
   * Makes it part of the mesh. Of several links to one peer, tabs go before WebRTC, the newer before the older.
   * Returns the link that is now superfluous, if any; it may be the new one.
   */
  greet(link: LinkState): LinkState | undefined {
    link.greeted = true
    this.revision++
    const other = this.#byPeer.get(link.remote)
    const keepOther = other?.kind === 'tabs' && link.kind !== 'tabs'
    if (!keepOther) this.#byPeer.set(link.remote, link)
    return keepOther ? link : other
  }

  /** The greeted link to use. */
  to(peer: PeerId): LinkState | undefined {
    return this.#byPeer.get(peer)
  }

  /** Any link, greeted or not. */
  anyTo(peer: PeerId): LinkState | undefined {
    return this.#byPeer.get(peer) ?? this.every().find((link) => link.remote === peer)
  }

  /** One greeted link to each neighbour. */
  neighbours(): LinkState[] {
    return [...this.#byPeer.values()]
  }

  every(): LinkState[] {
    return [...this.#byId.values()]
  }
}
