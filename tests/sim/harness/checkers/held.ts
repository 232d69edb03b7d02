// Arithmetic of what documents hold: is one part of another, and are two the same.

import type { Held } from '../history.ts'

/** Does `whole` hold every operation and every deletion of `part`? */
export function includes(whole: Held, part: Held): boolean {
  if (whole === part) return true
  for (const [client, clock] of Object.entries(part.vector))
    if ((whole.vector[client] ?? 0) < clock) return false
  return part.deleted.every(([client, clock, length]) => isDeleted(whole, client, clock, clock + length))
}

function isDeleted({ deleted }: Held, client: number, from: number, to: number): boolean {
  let reached = from
  for (let advanced = true; advanced && reached < to;) {
    advanced = false
    for (const [other, clock, length] of deleted) {
      if (other !== client || clock > reached || clock + length <= reached) continue
      reached = clock + length
      advanced = true
    }
  }
  return reached >= to
}

/** Both together; of what neither shows. */
export const union = (a: Held, b: Held): Held => ({
  vector: Object.fromEntries(
    [...new Set([...Object.keys(a.vector), ...Object.keys(b.vector)])].map((client) => [
      client,
      Math.max(a.vector[client] ?? 0, b.vector[client] ?? 0),
    ]),
  ),
  deleted: [...a.deleted, ...b.deleted],
  content: '',
})

/** The same for the same operations and deletions. */
export function updatesOf({ vector, deleted }: Held): string {
  const clocks = Object.entries(vector).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const ranges = deleted.toSorted(([a, x], [b, y]) => a - b || x - y)
  return JSON.stringify([clocks, ranges])
}
