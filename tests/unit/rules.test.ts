// Each rule that a README states is shown by a test whose title bears its id, and stands in the table of
// docs/protocol.md with tests that exist. UPDATE_RULES=1 writes the table anew.

import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { allRules, allTests, makeTable, tableOf, withTable } from './rules.ts'

const page = 'docs/protocol.md'
const rules = allRules()
const tests = allTests()
if (process.env['UPDATE_RULES'] !== undefined) {
  writeFileSync(page, withTable(readFileSync(page, 'utf8'), makeTable(rules, tests)))
}
const rows = tableOf(readFileSync(page, 'utf8')).split('\n').slice(2)

describe('rules', () => {
  test('are found, each stated once', () => {
    expect(rules.length).toBeGreaterThan(100)
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
    expect(rules.filter(({ says }) => says.length < 10)).toEqual([])
  })

  test.each(rules.map((rule) => [rule.id, rule] as const))('%s is shown by a test', (id, { file }) => {
    if (file.endsWith('-contract.ts')) return
    expect(tests.some(({ ids }) => ids.includes(id))).toBe(true)
  })

  test('are those that titles of tests and stories bear', () => {
    const known = new Set(rules.map(({ id }) => id))
    const kinds = new Set(rules.map(({ id }) => id.slice(0, 2)))
    const isUnknown = (id: string): boolean => kinds.has(id.slice(0, 2)) && !known.has(id)
    expect(tests.filter(({ ids }) => ids.some(isUnknown))).toEqual([])
  })
})

describe('the table of the protocol page', () => {
  test('has one row for each rule, in their order, saying what the rule says', () => {
    const heads = (table: readonly string[]): string[] =>
      table.map((row) => row.split(' | ').slice(0, 2).join(' '))
    expect(heads(rows)).toEqual(heads(makeTable(rules, tests).split('\n').slice(2)))
  })

  test.each(rows.map((row) => [/[A-Z]{2}\d+/.exec(row)?.[0], row] as const))(
    '%s names tests that exist',
    (id, row) => {
      const shown = row.split(' | ').at(-1)!.replace(/ \|$/, '')
      expect(shown).not.toBe('')
      for (const words of shown.split(' · ')) {
        const [, name, path, title] = /^\[(.+?)\]\((.+?)\)(?:: (.*))?$/.exec(words) ?? []
        const file = path!.replace('../', '')
        if (title === undefined) expect(readFileSync(file, 'utf8')).toContain(id)
        else {
          expect(basename(file)).toBe(name)
          expect(tests.some((each) => each.file === file && each.title.replaceAll('|', '/') === title)).toBe(
            true,
          )
        }
      }
    },
  )
})
