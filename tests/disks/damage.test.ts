// Bits flip and files are cut short in the directories of agents, between one life and the next. Whatever that does
// to a database: nothing wrong is shown, nobody crashes, it is said aloud, and what was lost comes back from carol.

import { readdir, readFile, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BundledProgram } from '../../scripts/bundle-for-node.ts'
import type { Random } from '../../core/base/random.ts'
import { seedOfSources } from '../support/source-seed.ts'
import { randomOf } from './support/era.ts'
import { everybody, type Mortal, mortals, pause, Troupe } from './support/troupe.ts'
import { bundleWorker, bundlingMs } from './support/worker-process.ts'

const isLong = process.env['SKEIN_LONG'] === '1'
/** In each of them both directories are damaged. */
const rounds = isLong ? 60 : 3
const seed = Number(process.env['SKEIN_FIRST_SEED'] ?? seedOfSources('tests/disks'))
/** What happens in a round does not hang on those before: a long run that failed can be begun where it did. */
const firstRound = Number(process.env['SKEIN_FIRST_ROUND'] ?? 0)
const count = `${2 * (rounds - firstRound)} directories`
/** How often it is looked whether all came back. Generous: a slow machine takes long, a broken one for ever. */
const mostLooks = 400
const options = { timeout: isLong ? 7_200_000 : 900_000 }

let worker: BundledProgram

beforeAll(async () => {
  worker = await bundleWorker('damage')
}, bundlingMs)
afterAll(() => worker.remove())

const logsAndLists = /^(\d+\.log|MANIFEST-\d+|CURRENT)$/
const tables = /^\d+\.ldb$/

test(
  `seed ${seed}: ${count} with damaged logs: never a wrong value, never a crash, all comes back`,
  options,
  () =>
    withTroupe(async (troupe) => {
      for (let round = firstRound; round < rounds; round++) {
        const random = randomOf(seed + round)
        troupe.say('write')
        await pause(100 + random.integer(300))
        await troupe.rest()
        const damages = await damageBoth(troupe, logsAndLists, random)
        for (const name of mortals) await startAgain(troupe, name)
        await troupe.rest()
        await untilHistoriesAgree(troupe)
        expect(await wrongValues(troupe)).toEqual([])
        expect(troupe.witness.broken, `round ${round}: ${damages}`).toEqual([])
      }
    }),
)

/** With a whole table the heads of feeds may be gone; what came before is taken for retired then, and stays away. */
test(`seed ${seed}: ${count} with damaged tables: never a wrong value, never a crash`, options, () =>
  withTroupe(async (troupe) => {
    for (let round = firstRound; round < rounds; round++) {
      const random = randomOf(seed + round)
      troupe.say('write')
      await pause(100 + random.integer(300))
      troupe.say('rest')
      await damageBoth(troupe, tables, random)
      for (const name of mortals) await startAgain(troupe, name)
      expect(await wrongValues(troupe)).toEqual([])
    }
    expect(troupe.witness.broken.filter((sentence) => sentence.includes('another text'))).toEqual([])
  }),
)

async function withTroupe(work: (troupe: Troupe) => Promise<void>): Promise<void> {
  const troupe = await Troupe.gather({
    program: worker.program,
    padBytes: 2048,
    tolerance: { mayForget: true, mayReport: ['record-corrupt', 'store-forked', 'storage-failed'] },
  })
  try {
    await work(troupe)
  } finally {
    await troupe.disband()
  }
  const counts = troupe.witness.counts()
  console.log(`seed ${seed}: ${JSON.stringify(counts)}`)
  expect(counts['record-corrupt']).toBeGreaterThan(0)
}

/** Alice and bob are killed, and one file of each is damaged. Answers with what was done. */
async function damageBoth(troupe: Troupe, which: RegExp, random: Random): Promise<string> {
  const damages: string[] = []
  for (const name of mortals) {
    await troupe.kill(name)
    const store = join(troupe.dataDir(name), 'store')
    damages.push(await damage(store, which, random))
    // It happened long ago: what was written in the last seconds is not checked.
    for (const file of await readdir(store)) await utimes(join(store, file), 0, 0)
  }
  return damages.join('; ')
}

/** Bits flipped, a block of zeros, or the end cut off. */
async function damage(store: string, which: RegExp, random: Random): Promise<string> {
  const files = (await readdir(store)).filter((file) => which.test(file))
  const [file] = random.sample(files, 1)
  if (file === undefined) return 'nothing'
  const path = join(store, file)
  const content = await readFile(path)
  if (content.length === 0) return 'nothing'
  const sort = random.integer(4)
  if (sort === 0) {
    const length = random.integer(content.length)
    await truncate(path, length)
    return `${path} cut from ${content.length} to ${length} bytes`
  }
  if (sort === 1) {
    const from = random.integer(content.length)
    content.fill(0, from, Math.min(content.length, from + 512))
  } else {
    for (let flips = 1 + random.integer(sort === 2 ? 1 : 20); flips > 0; flips--) {
      content[random.integer(content.length)]! ^= 1 << random.integer(8)
    }
  }
  await writeFile(path, content)
  return `${path}, ${content.length} bytes: ${sort === 1 ? 'a block of zeros' : 'flipped bits'}`
}

async function startAgain(troupe: Troupe, name: Mortal): Promise<void> {
  const who = troupe.witness.of(name)
  troupe.start(name, { writes: false })
  await troupe.until(`${name} has begun`, () => who.notJoined !== undefined || who.status !== undefined)
  expect(who.notJoined).toBe(undefined)
}

/** Everything that carol holds is shown by the others. */
async function untilHistoriesAgree(troupe: Troupe): Promise<void> {
  const { witness } = troupe
  const differences = (): string[] =>
    mortals.flatMap((name) => {
      const [mine, hers] = [witness.of(name).history, witness.of('carol').history]
      return [
        ...different(name, mine?.['#all'], hers?.['#all']),
        ...different(name, mine?.['@carol'], hers?.[`@${name}`]),
      ]
    })
  for (let looks = 0; looks < mostLooks; looks++) {
    await troupe.tell()
    if (differences().length === 0) return
    await pause(250)
  }
  const explained = differences().map((line) => `${line}: ${witness.trail(line.split(' ').at(-1)!)}`)
  witness.broken.push('Waited in vain until all show the same history.', ...explained)
}

/** Where a store was begun anew, what it moved has a new place in the order: only who has what is compared. */
function different(name: string, mine: readonly string[] = [], carols: readonly string[] = []): string[] {
  const [a, b] = [new Set(mine), new Set(carols)]
  return [
    ...[...b].filter((id) => !a.has(id)).map((id) => `${name} lacks ${id}`),
    ...[...a].filter((id) => !b.has(id)).map((id) => `carol lacks, of what ${name} has, ${id}`),
  ]
}

async function wrongValues(troupe: Troupe): Promise<string[]> {
  const { witness } = troupe
  await troupe.tell()
  return everybody.flatMap((name) =>
    Object.values(witness.of(name).history ?? {}).flatMap((ids) =>
      ids.filter((id) => id.startsWith('wrong')),
    ),
  )
}
