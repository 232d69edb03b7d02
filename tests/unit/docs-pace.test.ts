// Documents stand back while people talk: what is under way to others, and how often the store is at work for them.

import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { limits } from '../../core/base/limits.ts'
import { DocsWorld, type DocsActor } from './docs-world.ts'

const KiB = 1024

/** Alice has a document open: by default of 6 MiB, more than a window. */
function withDocument(values = 192): { world: DocsWorld; alice: DocsActor; bob: DocsActor } {
  const world = new DocsWorld()
  const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
  alice.open('notes')
  world.settle()
  alice.edit('notes', (doc) => {
    for (let i = 0; i < values; i++) doc.getMap('map').set(`key ${i}`, 'x'.repeat(32 * KiB))
  })
  world.run(10_000)
  return { world, alice, bob }
}

/** Everything goes on but the pieces, which stay under way. */
function settleButPieces(world: DocsWorld, actors: readonly DocsActor[]): void {
  const isOther = ({ payload }: { payload: { type: string } }): boolean => payload.type !== 'docPiece'
  for (let did = true; did;) {
    did = world.deliver(isOther)
    for (const { tasks } of actors) {
      const task = tasks.shift()
      task?.()
      did ||= task !== undefined
    }
  }
}

/** Pieces of so many bytes in all come through, one after the other, and what follows from them. */
function takeIn(world: DocsWorld, actors: readonly DocsActor[], bytes: number, pieceMs = 0): void {
  for (let left = bytes; left > 0 && bytesUnderWay(world) > 0;) {
    const piece = world.packets.find(({ payload }) => payload.type === 'docPiece')!
    world.nowMs += pieceMs
    world.deliver((packet) => packet === piece)
    if (piece.payload.type === 'docPiece') left -= piece.payload.bytes.length
    settleButPieces(world, actors)
  }
}

const bytesUnderWay = (world: DocsWorld): number =>
  world.packets.reduce(
    (sum, { payload }) => sum + (payload.type === 'docPiece' ? payload.bytes.length : 0),
    0,
  )

describe('what is under way', () => {
  test('DO14 a transfer runs a small window ahead while people talk, and a large one otherwise', () => {
    const { first, talking } = limits.docWindowBytes
    for (const talk of [false, true]) {
      const { world, alice, bob } = withDocument()
      if (talk) alice.docs.talk(world.nowMs)
      bob.open('notes')
      settleButPieces(world, [alice, bob])
      const bytes = bytesUnderWay(world)
      if (talk) expect(bytes).toBeLessThan(talking + limits.maxDocPieceBytes)
      else expect(bytes).toBeGreaterThanOrEqual(first)
      expect(bytes).toBeGreaterThan(0)
    }
  })

  test('DO14 when nobody has talked for a while, the transfer that is under way runs further ahead again', () => {
    const { world, alice, bob } = withDocument()
    alice.docs.talk(world.nowMs)
    bob.open('notes')
    settleButPieces(world, [alice, bob])
    world.nowMs += limits.talkMs
    takeIn(world, [alice, bob], limits.docAckBytes.least)
    expect(bytesUnderWay(world)).toBeGreaterThanOrEqual(limits.docWindowBytes.first)
  })

  test('DO5 a transfer runs further ahead the faster it is taken in, and no further than the first window where that is slow', () => {
    const { first, quiet } = limits.docWindowBytes
    const ahead = [0, 200].map((pieceMs) => {
      const { world, alice, bob } = withDocument()
      bob.open('notes')
      settleButPieces(world, [alice, bob])
      takeIn(world, [alice, bob], 1024 * KiB, pieceMs)
      return bytesUnderWay(world)
    })
    expect(ahead[0]).toBeGreaterThanOrEqual(quiet)
    expect(ahead[1]).toBeLessThan(first + limits.maxDocPieceBytes)
  })

  test('DO14 who hears no talk may wait for more than the other sends; then it soon says what it has', () => {
    const { world, alice, bob } = withDocument(320)
    bob.open('notes')
    settleButPieces(world, [alice, bob])
    takeIn(world, [alice, bob], 2048 * KiB)
    alice.docs.talk(world.nowMs)
    takeIn(world, [alice, bob], Infinity)
    expect(bytesUnderWay(world)).toBe(0)
    expect(bob.digest('notes')).not.toBe(alice.digest('notes'))
    world.nowMs += limits.docAckPatienceMs
    bob.step({ type: 'tick' })
    settleButPieces(world, [alice, bob])
    expect(bytesUnderWay(world)).toBeGreaterThan(0)
  })

  test('DO14 DO5 it arrives whole, whichever of the two hears the talk', () => {
    for (const hears of [0, 1]) {
      const { world, alice, bob } = withDocument()
      world.filter = () => {
        ;[alice, bob][hears]!.docs.talk(world.nowMs)
        return true
      }
      bob.open('notes')
      world.run(limits.docTransferTimeoutMs - 1)
      expect(bob.digest('notes')).toBe(alice.digest('notes'))
      expect(bob.view('notes')?.state).toBe('synced')
      expect(bob.count('docTransfersGivenUp')).toBe(0)
    }
  })

  test('DO14 segments are asked for that take less time to apply', () => {
    const asked = [false, true].map((talk) => {
      const { world, alice, bob } = withDocument()
      bob.open('notes')
      if (talk) bob.docs.talk(world.nowMs)
      world.settle()
      return bob.sentTo(alice, 'docWant')[0]!.segmentBytes
    })
    expect(asked[1]).toBeLessThan(asked[0]! / 3)
  })
})

describe('the store', () => {
  /** How long after a row that took 10 ms the next is begun. */
  function restMs(prepare: (actor: DocsActor, world: DocsWorld) => void): number {
    const world = new DocsWorld()
    const alice = world.join('alice')
    alice.open('notes')
    world.run(1_000)
    alice.storing = false
    for (const key of ['a', 'b']) {
      alice.edit('notes', (doc) => doc.getMap('map').set(key, 'x'.repeat(limits.maxDocSegmentBytes)))
    }
    expect(alice.tasks.length).toBe(1)
    world.run(10)
    prepare(alice, world)
    alice.tasks.shift()!()
    return untilRowMs(world, alice)
  }

  test('DO7 DO14 after a large row the store rests as long as it took, and while people talk much longer', () => {
    expect(restMs(() => undefined)).toBe(10)
    expect(restMs((alice, world) => alice.docs.talk(world.nowMs))).toBe(80)
  })

  /** So many rows of a document come to alice from bob, and then no more, though the transfer has not ended. */
  function comingIn(rows = 3): { world: DocsWorld; alice: DocsActor; bob: DocsActor } {
    const world = new DocsWorld()
    const [alice, bob] = world.joinAll('alice', 'bob') as [DocsActor, DocsActor]
    for (const actor of [alice, bob]) actor.open('notes')
    world.run(1_000)
    alice.storing = false
    world.filter = ({ to, payload }) => to !== alice || payload.type !== 'docEnd'
    bob.edit('notes', (doc) => {
      for (let row = 0; row < rows; row++)
        doc.getMap('map').set(`key ${row}`, 'x'.repeat(limits.maxDocSegmentBytes))
    })
    world.settle()
    expect(alice.digest('notes')).toBe(bob.digest('notes'))
    return { world, alice, bob }
  }

  /** How long until a row is being written. */
  function untilRowMs(world: DocsWorld, alice: DocsActor): number {
    for (let ms = 0; ; ms++) {
      if (alice.tasks.length > 0) return ms
      if (ms > 2_000) throw new Error('the row never comes')
      world.run(1)
    }
  }

  /** The write under way takes 10 ms; how long after it the next begins. */
  function nextRowMs(world: DocsWorld, alice: DocsActor): number {
    world.run(10)
    alice.tasks.shift()!()
    return untilRowMs(world, alice)
  }

  test('DO7 while more is coming in, what came is stored later', () => {
    const { world, alice } = comingIn()
    expect(untilRowMs(world, alice)).toBe(limits.docStoreDelayMs)
    expect(nextRowMs(world, alice)).toBe(10)
    expect(nextRowMs(world, alice)).toBe(10)
  })

  test('DO7 and at once when nothing comes any more', () => {
    const { world, alice, bob } = comingIn()
    expect(alice.tasks).toHaveLength(0)
    world.unlink(alice, bob)
    world.settle()
    expect(alice.tasks).toHaveLength(1)
    expect(nextRowMs(world, alice)).toBe(10)
  })

  test('DO7 and at once when too much waits, when the page goes, when the document is closed', () => {
    const tooMany = 1 + limits.docStoreBehindBytes / limits.maxDocSegmentBytes
    expect(comingIn(tooMany).alice.tasks).toHaveLength(1)
    const goes = comingIn()
    goes.alice.step({ type: 'suspend' })
    expect(nextRowMs(goes.world, goes.alice)).toBe(10)
    const closed = comingIn()
    closed.alice.close('notes')
    expect(nextRowMs(closed.world, closed.alice)).toBe(0)
  })

  test('DO7 what a document held when it was handed in does not wait for that', () => {
    const world = new DocsWorld()
    const [alice, bob, carol] = world.joinAll('alice', 'bob', 'carol') as [DocsActor, DocsActor, DocsActor]
    for (const actor of [bob, carol]) actor.open('notes')
    bob.edit('notes', (doc) => doc.getMap('map').set('a', 'x'.repeat(limits.maxDocSegmentBytes)))
    world.run(10_000)
    world.filter = ({ to, payload }) => to !== alice || payload.type !== 'docPiece'
    const doc = new Y.Doc()
    for (const key of ['b', 'c', 'd']) doc.getMap('map').set(key, 'x'.repeat(limits.maxDocSegmentBytes))
    alice.storing = false
    alice.open('notes', { doc })
    // What it reads at first.
    alice.tasks.shift()!()
    world.settle()
    carol.edit('notes', (edited) => edited.getMap('map').set('e', 1))
    world.settle()
    expect(alice.doc('notes').getMap('map').has('e')).toBe(true)
    let waitedMs = 0
    while (alice.view('notes')?.stored !== true) {
      waitedMs += untilRowMs(world, alice)
      alice.tasks.shift()!()
    }
    expect(waitedMs).toBeLessThan(limits.docStoreDelayMs)
  })

  test('DO7 what is edited here meanwhile does not wait for that', () => {
    const { world, alice } = comingIn()
    alice.edit('notes', (doc) => doc.getMap('map').set('own', 1))
    expect(alice.tasks).toHaveLength(1)
    for (const _ of ['b', 'c', 'own']) expect(nextRowMs(world, alice)).toBe(10)
    alice.tasks.shift()!()
    expect(alice.view('notes')?.stored).toBe(true)
  })

  test('DO7 DO14 who closes the document does not wait for rests', () => {
    const rest = restMs((alice, world) => {
      alice.docs.talk(world.nowMs)
      alice.close('notes')
    })
    expect(rest).toBe(0)
  })
})
