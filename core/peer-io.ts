// What goes into a peer and what comes out of it. Plain data, so that a run can be written down and played again.

import type { MemberId, PeerId, StoreId } from './base/ids.ts'
import type { Instant, LinkKind, Row } from './base/ports.ts'
import type { Random } from './base/random.ts'
import type { DocsEffect, DocsEvent, DocsInput } from './docs/types.ts'
import type { LeaderChangeReason } from './election/protocol.ts'
import type { MessagesEffect, MessagesEvent, MessagesInput } from './messages/types.ts'
import type { OverlayEffect } from './overlay/effects.ts'
import type { Entry, VerifiedEntry } from './wire/entries.ts'
import type { PeerRecord } from './wire/messages.ts'

/** Entries that came in and have to be opened and verified before a machine may see them. */
export interface UnverifiedEntries {
  readonly from: PeerId
  readonly link: number | undefined
  readonly entries: readonly Entry[]
  /** Set where they answer a `want`. */
  readonly found?: { readonly feed: StoreId; readonly after: number }
}

/** Inputs that the messages machine takes as they are. */
type MessagesAnswer = Extract<MessagesInput, { type: 'sealed' | 'sealFailed' }>
/** What the store says goes to the machine that asked. */
type StoreAnswer = { readonly machine: StoringMachine } & Extract<
  MessagesInput,
  { type: 'committed' | 'commitFailed' | 'rows' | 'readFailed' }
>
export type StoringMachine = 'messages' | 'docs'
type DocsRequest = Extract<
  DocsInput,
  { type: 'openDoc' | 'closeDoc' | 'editDoc' | 'unwritableDoc' | 'awareDoc' | 'docApplied' }
>
type MessagesRequest = Extract<
  MessagesInput,
  { type: 'send' | 'room' | 'giving' | 'handled' | 'retry' | 'audit' }
>

export type PeerInput =
  // the platform
  | { readonly type: 'linkUp'; readonly link: number; readonly remote: PeerId; readonly kind: LinkKind }
  | { readonly type: 'linkDown'; readonly link: number }
  | { readonly type: 'frame'; readonly link: number; readonly bytes: Uint8Array }
  | { readonly type: 'expectIntroducer' | 'dismissIntroducer'; readonly introducer: string }
  | { readonly type: 'present'; readonly introducer: string; readonly peers: readonly PeerId[] }
  | { readonly type: 'absent'; readonly peer: PeerId }
  /** `elsewhere`: at another server it has a socket still. */
  | {
      readonly type: 'witness'
      readonly peer: PeerId
      readonly evidence: 'lock' | 'socket'
      readonly elsewhere?: boolean
    }
  | { readonly type: 'negotiation'; readonly from: PeerId; readonly data: string }
  | {
      readonly type: 'connectorSignal'
      readonly peer: PeerId
      readonly connection: string
      readonly data: string
    }
  | { readonly type: 'connectorFailed'; readonly peer: PeerId; readonly connection: string }
  | { readonly type: 'visibility'; readonly hidden: boolean }
  | { readonly type: 'suspend' }
  | { readonly type: 'resume' }
  | { readonly type: 'tick' }
  // answers to effects
  | {
      readonly type: 'verified'
      readonly unverified: UnverifiedEntries
      readonly entries: readonly VerifiedEntry[]
      readonly rejected: number
    }
  | MessagesAnswer
  | StoreAnswer
  /** The store set that row aside: it did not match its checksum. */
  | { readonly type: 'corrupt'; readonly key: string }
  | { readonly type: 'epochPersisted'; readonly role: string; readonly epoch: number }
  | { readonly type: 'epochFailed'; readonly role: string; readonly claiming: boolean }
  // the program
  | MessagesRequest
  | DocsRequest
  | { readonly type: 'cast'; readonly topic: string; readonly body: Uint8Array; readonly to?: PeerId }
  | { readonly type: 'stand'; readonly role: string; readonly priority: number; readonly epoch: number }
  | { readonly type: 'stepAside'; readonly role: string }
  | { readonly type: 'priority'; readonly priority: number }
  | { readonly type: 'timing'; readonly timing: LivenessTiming }

export type PeerEvent =
  | MessagesEvent
  | DocsEvent
  | { readonly event: 'joined' | 'changed'; readonly record: PeerRecord }
  | { readonly event: 'left'; readonly record: PeerRecord; readonly reason: 'left' | 'failed' }
  | { readonly event: 'self'; readonly record: PeerRecord }
  | { readonly event: 'links' }
  | { readonly event: 'misbehaved'; readonly peer: PeerId; readonly reason: string }
  | { readonly event: 'cast'; readonly from: PeerId; readonly topic: string; readonly body: Uint8Array }
  | {
      readonly event: 'leader'
      readonly role: string
      readonly leader: PeerId | undefined
      readonly previous: PeerId | undefined
      readonly epoch: number
      readonly reason: LeaderChangeReason
    }
  | { readonly event: 'dutyStarts'; readonly role: string; readonly epoch: number }
  | { readonly event: 'dutyStops'; readonly role: string }

export type PeerEffect =
  | Extract<
      OverlayEffect,
      { type: 'writable' | 'closeLink' | 'dial' | 'abandon' | 'connectorSignal' | 'signalOut' | 'refresh' }
    >
  | { readonly type: 'verify'; readonly unverified: UnverifiedEntries }
  | Extract<MessagesEffect, { type: 'seal' | 'resolve' | 'reject' }>
  | ({ readonly machine: StoringMachine } & Extract<MessagesEffect, { type: 'commit' | 'read' }>)
  | Extract<DocsEffect, { type: 'applyDoc' }>
  /** Raise the stored epoch to at least this; where it is to be claimed, say what it is then. A failure is always told. */
  | {
      readonly type: 'persistEpoch'
      readonly role: string
      readonly epoch: number
      readonly claiming: boolean
    }
  | { readonly type: 'emit'; readonly event: PeerEvent }

/** How soon silence is noticed. */
export interface LivenessTiming {
  heartbeatIntervalMs: number
  silenceTimeoutMs: number
  discoveryTimeoutMs: number
}

export interface PeerOptions {
  readonly id: PeerId
  readonly member: MemberId
  readonly name: string
  readonly kind: 'human' | 'agent'
  readonly priority: number
  readonly candidate: boolean
  readonly hidden: boolean
  readonly durable: boolean
  readonly topic: string
  readonly random: Random
  readonly timing: LivenessTiming
  /** What the store held when it was opened (`messagePrefixes`), and the epoch of the mesh's leader. */
  readonly rows: readonly Row[]
  readonly epoch: number
  readonly now: Instant
}
