// fast-check for tests of properties: its seed follows from the sources, as all random tests' does. A property that
// fails says the seed with which it is played again: SKEIN_SEED=… plays all of them with it.

import fc from 'fast-check'
import { seedOfSources } from './source-seed.ts'

fc.configureGlobal({ seed: Number(process.env['SKEIN_SEED'] ?? seedOfSources('tests')) })

export { fc }
