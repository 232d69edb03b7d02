// Options by their names: a misspelt one would be without effect, and without a word.

import { MeshError } from './errors.ts'

/**
 * What is undefined counts as left out.
 * @param of what takes them: "send()"
 * @throws MeshError `invalid-argument`, with the name that was meant where one is close
 */
export function refuseUnknownOptions(of: string, options: object, known: readonly string[]): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known.includes(name)) continue
    const given = name.slice(0, 80)
    const [nearest] = known
      .map((meant) => ({ meant, away: distance(given.toLowerCase(), meant.toLowerCase()) }))
      .filter(({ meant, away }) => away <= Math.min(2, meant.length / 2 - 0.5))
      .toSorted((a, b) => a.away - b.away)
    const all = known.length === 0 ? 'it takes none' : `use ${known.join(', ')}`
    const advice = nearest ? `did you mean ${nearest.meant}?` : `${all}.`
    throw new MeshError('invalid-argument', `There is no option “${given}” of ${of}: ${advice}`)
  }
}

/** How many letters are to be added, dropped or changed to make one of the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const changed = row[j]! + (a[i] === b[j] ? 0 : 1)
      next.push(Math.min(changed, row[j + 1]! + 1, next[j]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
