import { describe, expect, test } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import { LinkRoom } from '../../core/platform/shared/link-room.ts'

/** Fills the room and lets the line carry it off, again and again. @returns the longest that a frame had to wait, ms */
function carry(room: LinkRoom, bytesPerMs: number, totalBytes: number): number {
  let [nowMs, buffered, sent, longestMs] = [1000, 0, 0, 0]
  while (sent < totalBytes) {
    while (buffered < room.limitBytes) {
      // As the driver does it.
      const isSlow = room.limitBytes < limits.maxBufferedBytes
      const frameBytes = isSlow ? limits.smallFrameBytes : limits.maxFrameBytes
      room.handed(frameBytes, buffered, nowMs)
      buffered += frameBytes
      sent += frameBytes
    }
    if (sent > limits.maxBufferedBytes) longestMs = Math.max(longestMs, buffered / bytesPerMs)
    nowMs += (buffered - room.limitBytes / 2) / bytesPerMs
    buffered = room.limitBytes / 2
    room.drained(buffered, nowMs)
  }
  return longestMs
}

describe('the room in the buffer of a link', () => {
  test('on a slow line what waits is gone within a beat, and two frames at the most', () => {
    for (const kilobits of [64, 256, 1000, 4000]) {
      const bytesPerMs = kilobits / 8
      const twoFramesMs = (2 * limits.smallFrameBytes) / bytesPerMs
      const longestMs = carry(new LinkRoom(), bytesPerMs, 2_000_000)
      expect(longestMs, `${kilobits} kbit/s`).toBeLessThanOrEqual(
        Math.max(2 * limits.bufferedMs, twoFramesMs),
      )
    }
  })

  test('on a fast line it is as large as it may be from the second filling on', () => {
    const room = new LinkRoom()
    carry(room, 10_000, 200_000)
    expect(room.limitBytes).toBe(limits.maxBufferedBytes)
  })

  test('a line that recovers gets its room back, and so does one that had nothing to carry', () => {
    const room = new LinkRoom()
    carry(room, 10, 500_000)
    expect(room.limitBytes).toBe(limits.minBufferedBytes)
    carry(room, 10_000, 500_000)
    expect(room.limitBytes).toBe(limits.maxBufferedBytes)
    room.handed(limits.maxFrameBytes, 0, 1_000_000)
    room.drained(0, 1_000_001)
    expect(room.limitBytes).toBe(limits.maxBufferedBytes)
  })
})
