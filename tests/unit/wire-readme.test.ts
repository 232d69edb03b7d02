// The page from which a second implementation is written names every message and payload, with its tag and the fields
// it begins with.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const page = readFileSync('core/wire/README.md', 'utf8')
const source = readFileSync('core/wire/messages.ts', 'utf8')

/** `tag name` of every row of the table under that heading. */
function rowsUnder(heading: string): string[] {
  const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return [...section.matchAll(/^\| (\d+) \| `(\w+)` \|/gm)].map(([, tag, name]) => `${tag} ${name}`)
}

/** `tag name` of every case of that union. */
function casesOf(union: string): string[] {
  const body = source.split(`export const ${union} = union({\n`)[1]?.split('\n})')[0] ?? ''
  return [...body.matchAll(/^ {2}(\w+): \[\s*(\d+),/gm)].map(([, name, tag]) => `${tag} ${name}`)
}

test.each([
  ['Messages on a link', 'linkMessage', 10],
  ['Payloads', 'payload', 25],
])('WI5 the table “%s” has what the codec has', (heading, union, atLeast) => {
  expect(casesOf(union).length).toBeGreaterThanOrEqual(atLeast)
  expect(rowsUnder(heading)).toEqual(casesOf(union))
})
