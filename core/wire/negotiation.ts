// What two peers that have no link yet say to one another, through the mesh or a signaling server: opaque
// WebRTC signals, each naming the attempt it belongs to, and the knock of one that must not dial itself.

import { fail, ok, type Result } from '../base/errors.ts'
import { limits } from '../base/limits.ts'

export type Negotiation =
  /** I know of you and have no link to you: dial me (the lower PeerId dials). */
  { readonly type: 'knock' } | { readonly type: 'signal'; readonly connection: string; readonly data: string }

const connectionForm = /^[0-9a-f]{32}$/

export const formatNegotiation = (negotiation: Negotiation): string => JSON.stringify(negotiation)

export function parseNegotiation(text: string): Result<Negotiation> {
  if (text.length > limits.maxSignalBytes) return fail('signal too long')
  try {
    const value = JSON.parse(text) as Partial<Record<string, unknown>> | null
    if (value?.['type'] === 'knock') return ok({ type: 'knock' })
    const { type, connection, data } = value ?? {}
    if (type !== 'signal' || typeof connection !== 'string' || typeof data !== 'string')
      return fail('not a signal')
    return connectionForm.test(connection) ? ok({ type, connection, data }) : fail('no such connection')
  } catch {
    return fail('not JSON')
  }
}
