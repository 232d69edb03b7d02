// Agents killed by SIGKILL at random instants while they write, receive, handle and edit, each restarted on its own
// directory: nothing they called stored is lost, nothing they called handled comes again, no feed has a hole.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BundledProgram } from '../../scripts/bundle-for-node.ts'
import { seedOfSources } from '../support/source-seed.ts'
import { runEra } from './support/era.ts'
import { bundleWorker, bundlingMs } from './support/worker-process.ts'

const deathsOfAnEra = 100
const eras = Number(process.env['SKEIN_SEEDS'] ?? (process.env['SKEIN_LONG'] === '1' ? 20 : 1))
const firstSeed = Number(process.env['SKEIN_FIRST_SEED'] ?? seedOfSources('tests/disks'))

let worker: BundledProgram

beforeAll(async () => {
  worker = await bundleWorker('kills')
}, bundlingMs)
afterAll(() => worker.remove())

describe(`agents killed ${eras * deathsOfAnEra} times, SKEIN_FIRST_SEED=${firstSeed}`, () => {
  for (let seed = firstSeed; seed < firstSeed + eras; seed++) {
    test(
      `seed ${seed}: nothing stored is lost, nothing handled comes again`,
      { timeout: 600_000 },
      async () => {
        const { broken, counts } = await runEra({ program: worker.program, seed, deaths: deathsOfAnEra })
        console.log(`seed ${seed}: ${JSON.stringify(counts)}`)
        expect(broken).toEqual([])
        // They did work, and died at work.
        expect(counts['livesThatStored']).toBeGreaterThan(deathsOfAnEra / 4)
        expect(counts['docsRewritten']).toBeGreaterThan(0)
      },
    )
  }
})
