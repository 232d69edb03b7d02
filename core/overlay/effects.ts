// What the overlay asks for, and what it tells the machines above it.

import type { PeerId } from '../base/ids.ts'
import type { Claim, Payload, PeerRecord } from '../wire/messages.ts'
import type { GoneReason } from './membership.ts'

export type OverlayEffect =
  // for the driver
  /** Frames wait: pull them with `nextFrame` while the link has room. */
  | { readonly type: 'writable'; readonly link: number }
  /** Send these frames (a goodbye may be among them), then close. */
  | {
      readonly type: 'closeLink'
      readonly link: number
      readonly reason: string
      readonly lastFrames: readonly Uint8Array[]
    }
  | { readonly type: 'dial'; readonly peer: PeerId; readonly connection: string }
  | { readonly type: 'abandon'; readonly peer: PeerId; readonly connection: string }
  /** A signal for the connector. */
  | {
      readonly type: 'connectorSignal'
      readonly peer: PeerId
      readonly connection: string
      readonly data: string
    }
  /** To be carried by signaling servers: there is no way through the mesh. */
  | { readonly type: 'signalOut'; readonly to: PeerId; readonly data: string }
  /** Ask every introducer again who is there. */
  | { readonly type: 'refresh' }
  // for the machines above
  | { readonly type: 'joined'; readonly record: PeerRecord }
  /** `linksOnly`: nothing but its links. */
  | { readonly type: 'changed'; readonly record: PeerRecord; readonly linksOnly: boolean }
  | { readonly type: 'left'; readonly record: PeerRecord; readonly reason: GoneReason }
  /** Our own record changed. */
  | { readonly type: 'self'; readonly record: PeerRecord; readonly linksOnly: boolean }
  | {
      readonly type: 'linked'
      readonly peer: PeerId
      readonly digest: number
      readonly claims: readonly Claim[]
      /** It has no place: it came just now, stood still, or was suspended. */
      readonly provisional: boolean
    }
  | { readonly type: 'unlinked'; readonly peer: PeerId }
  | { readonly type: 'links' }
  | {
      readonly type: 'deliver'
      readonly from: PeerId
      /** The link to blame where `from` itself sent it straight to us. */
      readonly link: number | undefined
      readonly payload: Payload
    }
  | { readonly type: 'misbehaved'; readonly peer: PeerId; readonly reason: string }
