// An agent of real-network and soak tests: does what its parent says over IPC, tells it what happens, and ends with it.

import type { Entry } from '../../sim/harness/history.ts'
import { type Call, createConduct, obey } from '../conduct.ts'

export interface Request {
  readonly number: number
  readonly call: Call
}

export type Told =
  | { readonly entry: Entry }
  | { readonly number: number; readonly value: unknown }
  | { readonly number: number; readonly error: string }

const tell = (told: Told): void => void process.send?.(told)
const conduct = createConduct((happening) => tell({ entry: { atMs: Date.now(), ...happening } }))

process.on('message', ({ number, call }: Request) => {
  void (async () => obey(conduct, call))().then(
    (value) => tell({ number, value }),
    (error: unknown) => tell({ number, error: String(error) }),
  )
})
process.once('disconnect', () => process.exit(0))
