// One era: alice and bob die again and again at random instants while they work. It ends when all have come to rest,
// and answers with what the witness saw.

import { createRandom, type Random } from '../../../core/base/random.ts'
import { type Mortal, mortals, pause, Troupe, type TroupeOptions } from './troupe.ts'

export interface EraOptions extends TroupeOptions {
  readonly seed: number
  /** Of both mortals together. */
  readonly deaths: number
  /** What a mortal runs on, made anew for each of its lives; plain disks where left out. */
  readonly fate?: (dataDir: string, random: Random) => Promise<Fate>
}

/** One life of one process. */
export interface Fate {
  readonly environment: Readonly<Record<string, string>>
  /** What happens to it before it is killed. */
  beforeDeath?(troupe: Troupe, name: Mortal): Promise<void>
  /** What becomes of its disk before the next life. */
  afterDeath?(): Promise<void>
}

export interface Outcome {
  /** Promises that were broken; empty if all is well. */
  readonly broken: readonly string[]
  readonly counts: Readonly<Record<string, number>>
}

export async function runEra(options: EraOptions): Promise<Outcome> {
  const troupe = await Troupe.gather(options)
  try {
    troupe.say('write')
    await Promise.all(mortals.map((name) => dieAgainAndAgain(troupe, name, options)))
    await troupe.rest()
    return { broken: troupe.witness.broken, counts: troupe.witness.counts() }
  } finally {
    await troupe.disband()
  }
}

async function dieAgainAndAgain(
  troupe: Troupe,
  name: Mortal,
  { seed, deaths, fate: nextFate }: EraOptions,
): Promise<void> {
  const random = randomOf(2 * seed + mortals.indexOf(name))
  let fate: Fate | undefined
  for (let i = 0; i < deaths / mortals.length; i++) {
    await anInstant(troupe, name, random)
    await fate?.beforeDeath?.(troupe, name)
    await troupe.kill(name)
    await fate?.afterDeath?.()
    fate = await nextFate?.(troupe.dataDir(name), random)
    troupe.start(name, { writes: true, environment: fate?.environment })
  }
}

/** Some time after its start; or while it works; or the very moment in which it says something. */
async function anInstant(troupe: Troupe, name: Mortal, random: Random): Promise<void> {
  const sort = random.integer(4)
  if (sort === 0) return pause(random.integer(500))
  if (sort === 1) return troupe.lines(name, 1 + random.integer(100))
  await troupe.lines(name, 1)
  await pause(random.integer(700))
}

export const randomOf = (seed: number): Random => {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(0, seed)
  return createRandom(bytes)
}
