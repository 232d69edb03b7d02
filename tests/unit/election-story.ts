// Tells stories to one election machine: plain calls in, one line of text for each effect out, so that a test
// reads as what happened and what came of it.

import type { PeerId } from '../../core/base/ids.ts'
import { Election } from '../../core/election/election.ts'
import type { Claim, ElectionEffect, ElectionInput } from '../../core/election/protocol.ts'
import type { Candidate } from '../../core/election/rank.ts'

export const alice = 'a'.repeat(32) as PeerId
export const bob = 'b'.repeat(32) as PeerId
export const carol = 'c'.repeat(32) as PeerId
export const dave = 'd'.repeat(32) as PeerId

const names = new Map<PeerId, string>([
  [alice, 'alice'],
  [bob, 'bob'],
  [carol, 'carol'],
  [dave, 'dave'],
])
const nameOf = (peer: PeerId | undefined): string =>
  peer === undefined ? 'nobody' : (names.get(peer) ?? peer)

/** alice is senior to bob, bob to carol, carol to dave. */
const seniorities = new Map<PeerId, number>([
  [alice, 1],
  [bob, 2],
  [carol, 3],
  [dave, 4],
])

export function candidate(peer: PeerId, changes: Partial<Candidate> = {}): Candidate {
  return { peer, priority: 0, fit: true, seniority: seniorities.get(peer), ...changes }
}

export function describe(effect: ElectionEffect): string {
  const claim = (x: Claim): string => `${nameOf(x.leader)} ${x.epoch}`
  switch (effect.type) {
    case 'persistEpoch':
      return `persist ${effect.epoch}`
    case 'rememberEpoch':
      return `remember ${effect.epoch}`
    case 'broadcastClaim':
      return `broadcast ${claim(effect.claim)}`
    case 'sendClaim':
      return `tell ${nameOf(effect.to)} ${claim(effect.claim)}`
    case 'confront':
      return `confront ${nameOf(effect.peer)}`
    case 'sendYield':
      return `yield ${effect.epoch} to ${nameOf(effect.to)}`
    case 'unfit':
      return 'unfit'
    case 'leaderChanged':
      return `leader ${nameOf(effect.previous)} -> ${nameOf(effect.leader)} ${effect.epoch} ${effect.reason}`
    case 'dutyStarts':
      return `duty starts ${effect.epoch}`
    case 'dutyStops':
      return 'duty stops'
  }
}

export class Story {
  readonly election: Election
  nowMs = 1000

  constructor(me: PeerId, persistedEpoch = 0) {
    this.election = new Election({ role: '', me, persistedEpoch })
  }

  step(input: ElectionInput): string[] {
    return this.election.step(input, this.nowMs).map(describe)
  }

  /** Everybody in the view is alive; a bare id stands with its usual rank. */
  view(...members: (PeerId | Candidate)[]): string[] {
    return this.viewAfter(undefined, ...members)
  }

  viewAfter(
    goneReason: 'left' | 'failed' | 'stalled' | undefined,
    ...members: (PeerId | Candidate)[]
  ): string[] {
    const candidates = members.map((member) => (typeof member === 'string' ? candidate(member) : member))
    const live = candidates.map((member) => member.peer)
    return this.step({ type: 'view', candidates, live, ...(goneReason && { goneReason }) })
  }

  claim(leader: PeerId, epoch: number, from = leader): string[] {
    return this.step({ type: 'claim', claim: { role: '', epoch, leader }, from })
  }

  persisted(epoch: number): string[] {
    return this.step({ type: 'epochPersisted', epoch })
  }

  persistFailed(): string[] {
    return this.step({ type: 'persistFailed' })
  }

  yielded(leader: PeerId, epoch: number): string[] {
    return this.step({ type: 'yielded', leader, epoch })
  }

  stalled(): string[] {
    return this.step({ type: 'stalled' })
  }

  /** Lets `ms` pass and then says that time passed. */
  after(ms: number): string[] {
    this.nowMs += ms
    return this.step({ type: 'tick' })
  }
}

/** `me` alone, leading epoch `epoch` with its duty running. */
export function leadingAlone(me: PeerId, epoch = 1): Story {
  const story = new Story(me, epoch - 1)
  story.view(me)
  story.persisted(epoch)
  return story
}

/** `me` in a mesh of `members`, following `leader` in `epoch`. */
export function following(
  me: PeerId,
  leader: PeerId,
  epoch: number,
  ...members: (PeerId | Candidate)[]
): Story {
  const story = new Story(me)
  story.view(...members)
  story.claim(leader, epoch)
  return story
}
