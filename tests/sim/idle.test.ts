// What a mesh sends when nobody has anything to say, on whole simulated peers: signs of life and nothing else. Frames
// are counted over virtual time, so the counts are the same on every machine.

import { describe, expect, test } from 'vitest'
import { createWorld, type World } from '../../core/platform/sim/world.ts'
import { type Actor, joinAs, joinInTurn, server, untilFullMesh } from './mesh-world.ts'

const minuteMs = 60_000

/** A world that counts the frames that arrive on links. */
function countingWorld(seed: number): { world: World; frames: () => number } {
  let frames = 0
  const world = createWorld({
    seed,
    onTrace: (line) => {
      if (/ frame \d+ [0-9a-f]+$/.test(line)) frames++
    },
  })
  world.server(server)
  return { world, frames: () => frames }
}

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `peer-${i}`)

const suspicions = (actors: readonly Actor[]): number =>
  actors.reduce((sum, { mesh }) => sum + (mesh.status().counters['suspicions'] ?? 0), 0)

describe('an idle mesh', () => {
  // A fifth of what stock y-webrtc sends: measured, bench/mesh, 29.7 and 255.6 frames a second.
  test.each([
    [8, 5.9],
    [16, 51],
  ])(
    'OV31 of %i peers sends at most %f frames a second, and suspects nobody',
    async (count, perSecond) => {
      const { world, frames } = countingWorld(count)
      const actors = await joinInTurn(world, names(count))
      await world.run(5_000)
      // The first of these minutes has the comparison of digests in it.
      for (let minute = 0; minute < 10; minute++) {
        const before = frames()
        await world.run(minuteMs)
        const sent = frames() - before
        expect(sent).toBeGreaterThan(60)
        expect(sent).toBeLessThanOrEqual(perSecond * 60)
      }
      expect(suspicions(actors)).toBe(0)
      expect(actors.flatMap(({ left }) => left)).toEqual([])
    },
    120_000,
  )

  test('OV31 is as quiet where all started at once', async () => {
    const { world, frames } = countingWorld(3)
    const actors: Actor[] = []
    for (const name of names(8)) actors.push(await joinAs(world, name))
    await untilFullMesh(world, actors)
    await world.run(5_000)
    for (let minute = 0; minute < 5; minute++) {
      const before = frames()
      await world.run(minuteMs)
      expect(frames() - before).toBeLessThanOrEqual(5.9 * 60)
    }
    expect(suspicions(actors)).toBe(0)
  })
})

describe('a frozen peer, with nobody to bear witness', () => {
  const freeze = async (
    count: number,
    who: readonly number[],
  ): Promise<{ tookMs: number; survivors: Actor[] }> => {
    const { world } = countingWorld(100 + count)
    const actors = await joinInTurn(world, names(count))
    await world.run(10_000)
    for (const index of who) actors[index]!.process.freeze()
    const frozenAtMs = world.now
    const survivors = actors.filter((_, index) => !who.includes(index))
    const isNoticed = ({ mesh }: Actor): boolean => mesh.others.size === survivors.length - 1
    await world.until(() => survivors.every(isNoticed), { withinMs: 20_000, what: 'all have noticed' })
    return { tookMs: world.now - frozenAtMs, survivors }
  }

  test.each([3, 8, 16])('OV8 that leads %i peers is noticed by all within 2.5 s', async (count) => {
    const { tookMs, survivors } = await freeze(count, [0])
    expect(tookMs).toBeLessThan(2_500)
    for (const { left } of survivors) expect(left.map(({ reason }) => reason)).toEqual(['failed'])
  })

  test.each([4, 8])('OV32 and its first successor with it, of %i: within 3.5 s', async (count) => {
    const { tookMs, survivors } = await freeze(count, [0, 1])
    expect(tookMs).toBeLessThan(3_500)
    for (const { left } of survivors) expect(left).toHaveLength(2)
  })

  test.each([
    [3, 2],
    [8, 5],
    [16, 9],
  ])('OV8 of %i that is nobody in particular: within 8 s', async (count, index) => {
    const { tookMs } = await freeze(count, [index])
    expect(tookMs).toBeLessThan(8_000)
  })
})
