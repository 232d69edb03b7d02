// What both entries export beside joinMesh().

export type {
  Body,
  DocEvents,
  DocHandle,
  DocState,
  DocStatus,
  Duty,
  DutyContext,
  FencingToken,
  InboxMessage,
  Json,
  Kind,
  LeaderChange,
  LeaderChangeReason,
  LinkStatus,
  Member,
  Mesh,
  MeshEvents,
  MeshOptions,
  MeshStatus,
  Message,
  Off,
  Peer,
  PeersChange,
  Receipt,
  Room,
  Running,
  Sent,
  Timing,
} from './api.ts'
export { MeshError, type MeshErrorCode } from './base/errors.ts'
export type { Address, MemberId, MessageId, PeerId, StoreId } from './base/ids.ts'
export type { IceServer, LinkKind, SignalingState } from './base/ports.ts'
export { compareTokens, Fence } from './election/tokens.ts'
