// A peer in a process of its own as a test sees it, whether tab or agent: what it can be told, and how it can fare.

import type { RemoteConduct } from './conduct.ts'

export interface RealPeer {
  /** Of the process, in all its lives. */
  readonly name: string
  /** What others call it. */
  readonly label: string
  readonly kind: 'tab' | 'agent'
  /** Of this life. */
  readonly run: string
  readonly conduct: RemoteConduct
  /** Bytes its process occupies; undefined where it has none now. */
  memoryBytes(): number | undefined
  /** Dies at once, without a goodbye. */
  kill(): Promise<void>
  /** A new life with what it had stored; not joined yet. After `kill()` or leaving. */
  restart(): Promise<void>
  /** Stands still, in the middle of whatever it does. */
  freeze(): void
  wake(): void
}

export class PeerEnded extends Error {
  constructor(name: string) {
    super(`The process of ${name} ended.`)
  }
}
