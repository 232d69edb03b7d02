// The rules with ids (OV1, EL7 …), where they are stated, and the tests whose titles bear them. From this the table in
// docs/protocol.md is made and held.

import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'

export interface Rule {
  readonly id: string
  /** Its first sentence, or what of it fits a line. */
  readonly says: string
  /** The file that states it. */
  readonly file: string
}

export interface ShownBy {
  readonly ids: readonly string[]
  readonly file: string
  /** As it stands in the file, ids included. */
  readonly title: string
}

const readmes = [
  ...['overlay', 'election', 'messages', 'docs', 'wire'].map((folder) => `core/${folder}/README.md`),
  'signaling/README.md',
]
const contracts = ['store', 'checked-store', 'link'].map((name) => `tests/contract/${name}-contract.ts`)
const maxLength = 120

/** The first sentence, without marks; cut at a word where it is long. */
function firstSentence(text: string): string {
  const plain = text.replaceAll(/[`*]/g, '').replaceAll('|', '/').replaceAll(/\s+/g, ' ').trim()
  const sentence = /^.*?[.](?= [A-Z]|$)/.exec(plain)?.[0] ?? plain
  return sentence.length <= maxLength ? sentence : `${sentence.slice(0, maxLength).replace(/ \S*$/, '')} …`
}

function statedIn(file: string): Rule[] {
  const text = readFileSync(file, 'utf8')
  const found = text.matchAll(/^- \*\*([A-Z]{2}\d+)\*\* ([\s\S]*?)(?=\n- |\n\n|\n#|$(?![\s\S]))/gm)
  return [...found].map(([, id, says]) => ({ id: id!, says: firstSentence(says!), file }))
}

function contractedIn(file: string): Rule[] {
  const found = readFileSync(file, 'utf8').matchAll(/id: '([A-Z]{2}\d+)',\s+title:\s+(['"])(.*?)\2,/g)
  return [...found].map(([, id, , title]) => ({ id: id!, says: firstSentence(title!), file }))
}

export const allRules = (): readonly Rule[] => [
  ...readmes.flatMap(statedIn),
  ...contracts.flatMap(contractedIn),
]

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

/** `EL7 …`, `MS8 MS9 …`: the ids that a title begins with. */
const idsOf = (title: string): string[] =>
  /^(?:[A-Z]{2}\d+[ ,]+)+/.exec(title)?.[0].match(/[A-Z]{2}\d+/g) ?? []

function shownIn(file: string): ShownBy[] {
  const text = readFileSync(file, 'utf8')
  if (file.endsWith('.story')) {
    const title = text.slice(2, text.indexOf('\n'))
    return [{ ids: idsOf(title), file, title }]
  }
  const titles = text.matchAll(/(['"`])([A-Z]{2}\d+[ ,][^\n]*?)\1/g)
  return [...titles].map(([, , title]) => ({ ids: idsOf(title!), file, title: title! }))
}

/** Stories first, then what is nearest to the rule. */
const nearness = ({ file }: ShownBy): number => {
  const folders = ['tests/stories/', 'tests/unit/', 'tests/sim/']
  const at = folders.findIndex((folder) => file.startsWith(folder))
  return at < 0 ? folders.length : at
}

/** Every test and story whose title begins with ids, in that order. */
export function allTests(): readonly ShownBy[] {
  const files = filesBelow('tests').filter((file) => /\.(test|spec)\.ts$|\.story$/.test(file))
  const tests = files.toSorted().flatMap(shownIn)
  return tests.toSorted((a, b) => nearness(a) - nearness(b))
}

// ----------------------------------------------------------------------------------------------- the table

const page = 'docs/protocol.md'
const [begin, end] = [
  '<!-- rules: written by UPDATE_RULES=1 npx vitest run tests/unit/rules.test.ts -->',
  '<!-- /rules -->',
]

const link = (file: string, words: string): string => `[${words}](${relative(dirname(page), file)})`

/** The story, and the first test of at most two other files. */
function shownWords({ id }: Rule, tests: readonly ShownBy[]): string {
  const mine = tests.filter(({ ids, title }) => ids.includes(id) && !title.includes('${'))
  const stories = mine.filter(({ file }) => file.endsWith('.story'))
  const others = mine.filter((test) => !stories.includes(test))
  const firsts = others.filter(({ file }, i) => others.findIndex((each) => each.file === file) === i)
  const words = [
    ...stories.map(({ file }) => link(file, `story ${basename(file, '.story').replace(`${id}-`, '')}`)),
    ...firsts
      .slice(0, 2)
      .map(({ file, title }) => `${link(file, basename(file))}: ${title.replaceAll('|', '/')}`),
  ]
  return words.join(' · ')
}

/** A contract's rule is a test by itself. */
const isContract = ({ file }: Rule): boolean => file.endsWith('-contract.ts')

export function makeTable(rules: readonly Rule[], tests: readonly ShownBy[]): string {
  const rows = rules.map((rule) => {
    const shown = isContract(rule) ? link(rule.file, `case ${rule.id}`) : shownWords(rule, tests)
    return `| ${link(rule.file, rule.id)} | ${rule.says} | ${shown} |`
  })
  return ['| rule | says | shown by, among others |', '|---|---|---|', ...rows].join('\n')
}

export function tableOf(text: string): string {
  const [, after] = text.split(begin)
  return after?.split(end)[0]?.trim() ?? ''
}

/** The page with another table; at its end where there was none. */
export function withTable(text: string, table: string): string {
  const written = `${begin}\n\n${table}\n\n${end}`
  if (text.includes(begin)) return `${text.split(begin)[0]}${written}${text.split(end)[1]}`
  const heading = '## Rules, and what shows them'
  return `${text.trimEnd()}\n\n${heading}\n\n${written}\n`
}
