// A token bucket: it fills at a steady rate up to a burst, each message takes one token, an empty bucket refuses.

export interface TokenBucket {
  /** True if a token was there to take. A clock that goes back adds nothing. */
  take(now: number): boolean
}

/** @param perSecond tokens added a second. @param burst tokens it holds at most, and at first. */
export function createTokenBucket(perSecond: number, burst: number, now: number): TokenBucket {
  let tokens = burst
  let filledAt = now
  return {
    take: (at) => {
      tokens = Math.min(burst, tokens + (Math.max(0, at - filledAt) * perSecond) / 1000)
      filledAt = at
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
  }
}
