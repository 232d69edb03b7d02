// One contender, one size, one round: the tabs are opened, stand, are left alone, write, and are closed.

import { setTimeout as pause } from 'node:timers/promises'
import type { Surroundings } from '../support/flock.ts'
import { type ContenderName, Crowd } from './crowd.ts'
import type { BurstWay } from './meter.ts'

export const singleUpdates = 100
export const burstUpdates = 2000
export const idleSeconds = 30

/** Pauses between single updates: long enough for the one before to have arrived, at random against any beat. */
const [minPauseMs, maxPauseMs] = [60, 160]
/** What follows an update (acknowledgements, offers) is given this long to be counted. */
const settleMs = 1500
/** Several times what the slowest needs: a mesh that does not stand by then never will. */
const standPatienceMs = 60_000
/** … and for everything else. */
const patienceMs = 180_000

export interface MeshRound {
  readonly contender: ContenderName
  readonly peers: number
  /** From the first start() until the last tab has an entry of each in its document, over whatever links there are. */
  readonly reachesMs: number
  /** … until it has links to all as well. */
  readonly standsMs: number
  readonly idleFramesPerSecond: number
  readonly idleBytesPerSecond: number
  /** Frames that carried the update itself, found by its letters. */
  readonly markedPerUpdate: number
  /** All frames while updates were made, less what was sent in as long a time when idle. */
  readonly framesPerUpdate: number
  /** For each update: until the last tab had it. */
  readonly lastMs: readonly number[]
  readonly burstMs: Readonly<Record<BurstWay, number>>
  readonly burstFrames: Readonly<Record<BurstWay, number>>
  /** How far the tabs' clocks can be apart at most, as far as asking them shows. */
  readonly clockDoubtMs: number
  readonly complaints: readonly string[]
}

export async function runRound(
  surroundings: Surroundings,
  contender: ContenderName,
  peers: number,
): Promise<MeshRound> {
  const crowd = await Crowd.open(surroundings, contender, peers)
  try {
    return { contender, peers, ...(await measure(crowd, contender)) }
  } finally {
    await crowd.close()
  }
}

/** How long bare connections of each to each take to stand: no library can be faster with as many. */
export async function runFloor(surroundings: Surroundings, peers: number): Promise<number> {
  const crowd = await Crowd.open(surroundings, 'bare', peers)
  try {
    const { standsMs } = await within(stand(crowd), standPatienceMs, `${peers} bare tabs do not stand`)
    return standsMs
  } finally {
    await crowd.close()
  }
}

async function measure(crowd: Crowd, contender: string): Promise<Omit<MeshRound, 'contender' | 'peers'>> {
  const label = `${crowd.size} tabs of ${contender}`
  const standing = await within(stand(crowd), standPatienceMs, `${label} do not stand`).catch(
    async (error: unknown) => {
      const links = (await crowd.states()).map((state) => state.links)
      throw new Error(`${String(error)}; their links: ${links.join(' ')}`)
    },
  )
  return { ...standing, ...(await within(use(crowd), patienceMs, `${label} are not done`)) }
}

async function use(crowd: Crowd): Promise<Omit<MeshRound, 'contender' | 'peers' | 'reachesMs' | 'standsMs'>> {
  // What follows a start (receipts, records, introductions) is no part of idling.
  await pause(5000)
  const clockDoubtMs = await compareClocks(crowd)
  const idle = await stayIdle(crowd)
  const updates = await writeOneByOne(crowd, idle.framesPerMs)
  const bursts = { loop: await burst(crowd, 'loop'), tasks: await burst(crowd, 'tasks') }
  await crowd.expectEqual()
  return {
    idleFramesPerSecond: idle.framesPerMs * 1000,
    idleBytesPerSecond: idle.bytesPerMs * 1000,
    ...updates,
    burstMs: { loop: bursts.loop.ms, tasks: bursts.tasks.ms },
    burstFrames: { loop: bursts.loop.frames, tasks: bursts.tasks.frames },
    clockDoubtMs,
    complaints: (await crowd.states()).flatMap(({ complaints }) => complaints),
  }
}

async function stand(crowd: Crowd): Promise<Pick<MeshRound, 'reachesMs' | 'standsMs'>> {
  const times = await crowd.each(async (meter, index) => {
    const beganMs = await meter.start(`tab-${index + 1}`)
    return { beganMs, ...(await meter.stands(crowd.size)) }
  })
  const beganMs = Math.min(...times.map((time) => time.beganMs))
  return {
    reachesMs: Math.max(...times.map(({ reachedMs }) => reachedMs)) - beganMs,
    standsMs: Math.max(...times.map(({ linkedMs }) => linkedMs)) - beganMs,
  }
}

async function stayIdle(crowd: Crowd): Promise<{ framesPerMs: number; bytesPerMs: number }> {
  const [beganMs, before] = [performance.now(), await crowd.frames()]
  await pause(idleSeconds * 1000)
  const after = await crowd.frames()
  const ms = performance.now() - beganMs
  return { framesPerMs: (after.frames - before.frames) / ms, bytesPerMs: (after.bytes - before.bytes) / ms }
}

async function writeOneByOne(
  crowd: Crowd,
  idleFramesPerMs: number,
): Promise<Pick<MeshRound, 'markedPerUpdate' | 'framesPerUpdate' | 'lastMs'>> {
  const keys = Array.from({ length: singleUpdates }, (_, number) => `measured-${number}`)
  await crowd.each((meter) => meter.mark('measured-'))
  const [beganMs, before] = [performance.now(), await crowd.frames()]
  const writtenMs: number[] = []
  for (const key of keys) {
    writtenMs.push(await crowd.one(Math.floor(Math.random() * crowd.size)).write(key))
    await pause(minPauseMs + Math.random() * (maxPauseMs - minPauseMs))
  }
  await pause(settleMs)
  const after = await crowd.frames()
  const idleFrames = (performance.now() - beganMs) * idleFramesPerMs
  await crowd.each((meter) => meter.mark(undefined))
  const seen = await crowd.each((meter) => meter.seen(keys))
  return {
    markedPerUpdate: (after.marked - before.marked) / keys.length,
    framesPerUpdate: (after.frames - before.frames - idleFrames) / keys.length,
    lastMs: keys.map((key, at) => {
      const times = seen.map((ofTab) => ofTab[at])
      if (times.includes(undefined)) throw new Error(`Some tab never got the update ${key}.`)
      return Math.max(...(times as number[])) - writtenMs[at]!
    }),
  }
}

async function burst(crowd: Crowd, way: BurstWay): Promise<{ ms: number; frames: number }> {
  const name = `burst-${way}`
  const before = await crowd.frames()
  const arrived = crowd.each((meter) => meter.hasBurst(name, burstUpdates))
  // The observers have to stand before the first update; a question to each, answered in order, says that they do.
  await crowd.states()
  const beganMs = await crowd.one(0).burst(name, burstUpdates, way)
  const ms = Math.max(...(await arrived)) - beganMs
  await pause(settleMs)
  return { ms, frames: (await crowd.frames()).frames - before.frames }
}

/** Asks each tab for its time and bounds how far it is from ours by how long the answer took. */
async function compareClocks(crowd: Crowd): Promise<number> {
  const ranges = await crowd.each(() => Promise.resolve({ low: -Infinity, high: Infinity }))
  for (let question = 0; question < 20; question++) {
    for (const [index, range] of ranges.entries()) {
      const askedMs = performance.timeOrigin + performance.now()
      const { atMs } = await crowd.one(index).state()
      const answeredMs = performance.timeOrigin + performance.now()
      range.low = Math.max(range.low, atMs - answeredMs)
      range.high = Math.min(range.high, atMs - askedMs)
    }
  }
  const middles = ranges.map(({ low, high }) => (low + high) / 2)
  return Math.max(...middles) - Math.min(...middles)
}

async function within<T>(work: Promise<T>, limitMs: number, failure: string): Promise<T> {
  const over = new AbortController()
  const late = pause(limitMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${failure} after ${limitMs / 1000} s`)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    over.abort()
    // Whichever lost the race has nothing more to say.
    void late.catch(() => 'aborted')
    void work.catch(() => 'given up')
  }
}
