// How much may wait in the buffer of a link's own platform: what its line carries away soon. A heartbeat goes behind
// what waits there; on a line of 256 kbit/s the whole of `limits.maxBufferedBytes` is 8 s of it, and living peers were
// taken for gone (tests/networks). How much a line carries is seen each time that the buffer has fallen to a half.

import { limits } from '../../base/limits.ts'

export class LinkRoom {
  /** Of what may be buffered; a little at first, for nothing is known of the line. */
  limitBytes: number = limits.firstBufferedBytes
  #sinceMs = 0
  /** Buffered then, and handed over since. */
  #bytes = 0

  /** Bytes go into a buffer that holds so many already. */
  handed(bytes: number, bufferedBytes: number, nowMs: number): void {
    // Time in which nothing waited tells nothing of the line.
    if (bufferedBytes === 0) this.#restart(0, nowMs)
    this.#bytes += bytes
  }

  /** The buffer fell to half of the limit or below. */
  drained(bufferedBytes: number, nowMs: number): void {
    const carriedBytes = this.#bytes - bufferedBytes
    // Clocks are coarse.
    const tookMs = Math.max(1, nowMs - this.#sinceMs)
    const soonBytes = (carriedBytes / tookMs) * limits.bufferedMs
    this.limitBytes = Math.min(limits.maxBufferedBytes, Math.max(limits.minBufferedBytes, soonBytes))
    this.#restart(bufferedBytes, nowMs)
  }

  #restart(bufferedBytes: number, nowMs: number): void {
    this.#sinceMs = nowMs
    this.#bytes = bufferedBytes
  }
}
