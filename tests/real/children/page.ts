// A tab of real-network and soak tests: does what its test says through `window.conduct`, and tells it what happens.

import type { Entry } from '../../sim/harness/history.ts'
import { type Call, createConduct, obey } from '../conduct.ts'

declare global {
  interface Window {
    /** Given by the test. */
    tellTest(entry: Entry): Promise<void>
    conduct?: (call: Call) => unknown
  }
}

const conduct = createConduct((happening) => void window.tellTest({ atMs: Date.now(), ...happening }))
window.conduct = (call) => obey(conduct, call)
