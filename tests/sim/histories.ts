// What tests of checkers write into a history by hand.

import type { MemberId, PeerId } from '../../core/base/ids.ts'
import type { Happening } from './harness/history.ts'

/** A process of that name begins, with a store of its own. */
export const joined = (
  name: string,
  peer: PeerId,
  { run = `${name} 1`, volatile = false } = {},
): Happening => ({
  type: 'joined',
  run,
  name,
  label: name,
  peer,
  member: peer as string as MemberId,
  disk: name,
  volatile,
})
