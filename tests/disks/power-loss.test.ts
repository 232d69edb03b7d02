// The power goes, again and again, under the production agent: what was not synced is gone, syncs are slow, syncs
// fail. Nothing called stored is lost by it. power-loss.c and support/power.ts say what such a disk keeps.

import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Plugin } from 'esbuild'
import type { BundledProgram } from '../../scripts/bundle-for-node.ts'
import { seedOfSources } from '../support/source-seed.ts'
import { runEra, type EraOptions, type Fate, type Outcome } from './support/era.ts'
import type { Mortal, Troupe } from './support/troupe.ts'
import { buildPreload, FrailDisk, type Loss } from './support/power.ts'
import { bundleWorker, bundlingMs } from './support/worker-process.ts'

const isLong = process.env['SKEIN_LONG'] === '1'
const deaths = isLong ? 200 : 10
const seed = Number(process.env['SKEIN_FIRST_SEED'] ?? seedOfSources('tests/disks'))

/** Breaks the store on purpose: it calls stored what was not synced. */
const unsynced: Plugin = {
  name: 'unsynced',
  setup: (build) =>
    build.onLoad({ filter: /platform.node.disk\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const broken = source.replaceAll('sync: true', 'sync: false')
      if (broken === source) throw new Error('disk.ts asks for no sync any more')
      return { contents: broken, loader: 'ts' }
    }),
}

const preload = await buildPreload()
let worker: BundledProgram
let brokenWorker: BundledProgram

beforeAll(async () => {
  worker = await bundleWorker('power-loss')
  brokenWorker = await bundleWorker('power-loss-unsynced', [unsynced])
}, bundlingMs)
afterAll(() => Promise.all([worker.remove(), brokenWorker.remove(), preload?.remove()]))

const options = { timeout: isLong ? 7_200_000 : 600_000, skip: preload === undefined }
const why = preload === undefined ? ' (skipped: no C compiler, or not Linux)' : ''

async function runStorm(era: EraOptions, syncsFail = false): Promise<Outcome & { readonly lost: Loss }> {
  const losses: Loss[] = []
  const fate: EraOptions['fate'] = async (dataDir, random): Promise<Fate> => {
    const delayMs = random.integer(4) * 30
    const disk = await FrailDisk.under(dataDir, preload!.library, delayMs)
    return {
      environment: disk.environment,
      afterDeath: async () => void losses.push(await disk.losePower(random)),
      ...(syncsFail && {
        beforeDeath: async (troupe, name) => {
          await disk.fail()
          if (random.integer(4) > 0) await hasRefused(troupe, name)
          await pause(random.integer(300))
          if (random.integer(2) === 0) return
          await disk.heal()
          await pause(random.integer(600))
        },
      }),
    }
  }
  const outcome = await runEra({ ...era, fate })
  const lost = {
    bytes: losses.reduce((sum, { bytes }) => sum + bytes, 0),
    operations: losses.reduce((sum, { operations }) => sum + operations, 0),
  }
  console.log(`seed ${era.seed}: ${JSON.stringify({ ...outcome.counts, lost })}`)
  return { ...outcome, lost }
}

/** However slow the machine: one that has joined is killed after it has refused something. */
const hasRefused = (troupe: Troupe, name: Mortal): Promise<void> =>
  troupe.until(`${name} has refused a message, or could not join`, () => {
    const { refusals, notJoined } = troupe.witness.of(name)
    return refusals > 0 || notJoined !== undefined
  })

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

test(
  `seed ${seed}: power lost ${deaths} times, syncs slow in most lives: nothing called stored is lost${why}`,
  options,
  async () => {
    const { program } = worker
    const { broken, counts, lost } = await runStorm({ program, seed, deaths, padBytes: 32_768 })
    expect(broken).toEqual([])
    expect(counts['livesThatStored']).toBeGreaterThan(deaths / 4)
    // Something was lost, of what nobody had been promised.
    expect(lost.bytes).toBeGreaterThan(0)
  },
)

test(
  `seed ${seed}: power lost ${deaths} times after syncs that fail: send() rejects with storage-failed, nothing called stored is lost${why}`,
  options,
  async () => {
    const { program } = worker
    const { broken, counts } = await runStorm(
      { program, seed, deaths, tolerance: { mayReport: ['storage-failed'] } },
      true,
    )
    expect(broken).toEqual([])
    expect(counts['refused storage-failed']).toBeGreaterThan(0)
  },
)

test(`seed ${seed}: a store that does not sync is found out by these checks${why}`, options, async () => {
  const { program } = brokenWorker
  const { broken } = await runStorm({ program, seed, deaths: 8, patienceMs: 5_000 })
  const found = / were stored, and | was not handled by | after it had handled it| reports store-forked /
  expect(broken.filter((sentence) => found.test(sentence))).not.toEqual([])
})
