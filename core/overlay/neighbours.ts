// The life of a link: opened with our hello, part of the mesh once theirs came, closed for a reason. Of several
// links to one peer one is kept, and the two ends must not each close a different one.

import { compareText, type PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { LinkKind } from '../base/ports.ts'
import { protocolVersion } from '../wire/messages.ts'
import type { Context } from './context.ts'
import type { Delivery } from './delivery.ts'
import { excerpt } from './excerpt.ts'
import type { Introductions } from './introductions.ts'
import { LinkState } from './links.ts'
import type { SelfRecord } from './self-record.ts'

export class Neighbours {
  readonly #context: Context
  readonly #delivery: Delivery
  readonly #self: SelfRecord
  readonly #introductions: Introductions

  constructor(context: Context, delivery: Delivery, self: SelfRecord, introductions: Introductions) {
    this.#context = context
    this.#delivery = delivery
    this.#self = self
    this.#introductions = introductions
  }

  open(id: number, remote: PeerId, kind: LinkKind, lone: boolean): void {
    const { links, nowMs, self, suspended, membership, options, busyUntilMs } = this.#context
    const link = new LinkState(id, remote, kind, nowMs, options.random)
    links.add(link)
    if (suspended || remote === self.id) return this.close(link, 'not wanted')
    if (links.size > limits.maxOpenLinks) return this.close(link, 'too many links')
    const view = membership.records()
    // Whoever has a place among those we know began their mesh, or is in it: it is ours too.
    const isOurs = membership.get(remote)?.seniority !== undefined
    const established = !isOurs && [self, ...view].some(({ seniority }) => seniority !== undefined)
    link.said = { lone, established }
    this.#delivery.send(link, {
      type: 'hello',
      version: protocolVersion,
      topic: options.topic,
      record: self,
      lone,
      view: excerpt(this.#context, view),
      claims: options.helloClaims(),
      digest: options.helloDigest(),
    })
    if (busyUntilMs <= nowMs) return
    this.#delivery.send(link, {
      type: 'busy',
      ms: Math.min(Math.ceil(busyUntilMs - nowMs), limits.maxBusyMs),
    })
  }

  /** The far end's hello was good. False: the link is superfluous and was closed. */
  greet(link: LinkState): boolean {
    const superfluous = this.#context.links.greet(link)
    this.#introductions.linked(link.remote)
    if (superfluous && this.#closes(superfluous)) this.close(superfluous, 'superfluous')
    if (superfluous === link) return false
    this.#context.count('linksMade')
    this.#self.update({ neighbours: this.#context.neighbours() }, 'later')
    return true
  }

  /** The platform says that it is gone. Returns the link. */
  dropped(id: number): LinkState | undefined {
    const link = this.#context.links.remove(id)
    if (link) this.#ended(link)
    return link
  }

  /** Puts out what waits in the control lane, then ends it. */
  close(link: LinkState, reason: string): void {
    if (!this.#context.links.remove(link.id)) return
    this.#context.emit({ type: 'closeLink', link: link.id, reason, lastFrames: link.takeControlFrames() })
    this.#ended(link)
  }

  /** Counts a malformed frame against a link; the third closes it. */
  blame(link: LinkState, reason: string, weight = 1): void {
    this.#context.count('malformedFrames')
    link.malformed += weight
    if (link.malformed < limits.maxMalformedFrames) return
    this.#context.emit({ type: 'misbehaved', peer: link.remote, reason })
    this.close(link, reason)
    this.#introductions.forget(link.remote)
  }

  /**
   * Both ends know that tabs go before WebRTC. Of two links of one kind each end may have greeted the other one
   * last, so only the lower PeerId closes; the higher waits for that, or for silence on the one it does not use.
   */
  #closes(superfluous: LinkState): boolean {
    const { links, self } = this.#context
    const kept = links.to(superfluous.remote)
    return kept?.kind !== superfluous.kind || compareText(self.id, superfluous.remote) < 0
  }

  #ended(link: LinkState): void {
    const { links, suspended } = this.#context
    if (!suspended) this.#introductions.unlinked(link)
    if (!link.greeted) return
    this.#context.emit({ type: 'links' })
    if (links.to(link.remote)) return
    this.#context.emit({ type: 'unlinked', peer: link.remote })
    // In a larger mesh most peers act on nobody's links but their neighbours'.
    const when = this.#context.isPartial ? 'later' : 'soon'
    this.#self.update({ neighbours: this.#context.neighbours() }, when)
  }
}
