// Percentiles by nearest rank: every figure printed was really measured.

export interface Summary {
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly max: number
}

/** `undefined` of nothing. */
export function summarize(values: readonly number[]): Summary | undefined {
  if (values.length === 0) return undefined
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), p95: at(0.95), max: at(1) }
}

/** `undefined` of nothing. */
export const median = (values: readonly number[]): number | undefined => summarize(values)?.p50

/** How often each occurs, most frequent first: `lock 18, socket 2`. */
export function tally(values: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts]
    .toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([value, count]) => `${value} ${count}`)
    .join(', ')
}
