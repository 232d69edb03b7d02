// Holds every source file to the table in floors.ts, and to the house rules that the linter cannot express: no
// promises in the pure floors, no module-level variables, no empty catch, no focused or skipped tests.

import { readFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { parseSync } from 'vite'
import { type Floor, floors, onDemandOnly } from './floors.ts'
import { sourceFiles } from './source-files.ts'

interface Import {
  readonly specifier: string
  readonly isType: boolean
  readonly isDynamic: boolean
  readonly at: number
}

interface Node {
  readonly type: string
  readonly start: number
  readonly [key: string]: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'

/** @returns one sentence for each breach, led by file and line */
export function checkSource(file: string, source: string): string[] {
  const floor = floors.find(({ files }) => files.test(file))
  if (floor === undefined) return [`${file}: belongs to no floor; add its folder to scripts/floors.ts`]
  const parsed = parseSync(file, source)
  if (parsed.errors.length > 0) return [`${file}: cannot be parsed: ${parsed.errors[0]?.message}`]
  const found: { at: number; sentence: string }[] = []
  const report = (at: number, sentence: string): void => void found.push({ at, sentence })

  const nodes = [...walk(parsed.program as unknown as Node)]
  for (const one of importsOf(nodes)) {
    const sentence = one.specifier.startsWith('.')
      ? judgeFile(floor, file, one.specifier)
      : judgePackage(floor, one)
    if (sentence !== undefined) report(one.at, sentence)
    if (floor.pure === true && one.isDynamic) report(one.at, 'a pure floor cannot load modules while it runs')
  }
  for (const node of nodes) {
    const sentence = judgeNode(floor, file, node)
    if (sentence !== undefined) report(node.start, sentence)
  }
  if (!/^(tests|bench)\//.test(file)) {
    for (const node of parsed.program.body as unknown as Node[]) {
      const declaration = isNode(node['declaration']) ? node['declaration'] : node
      if (declaration.type === 'VariableDeclaration' && declaration['kind'] !== 'const') {
        report(node.start, 'a module keeps no variable of its own; put it into what a function returns')
      }
    }
  }
  return found.map(({ at, sentence }) => `${file}:${source.slice(0, at).split('\n').length}: ${sentence}`)
}

function* walk(node: Node): Generator<Node> {
  yield node
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) yield* walk(child)
  }
}

function importsOf(nodes: readonly Node[]): Import[] {
  const imports: Import[] = []
  for (const node of nodes) {
    if (!/^(Import(Declaration|Expression)|Export(All|Named)Declaration|TSImportType)$/.test(node.type))
      continue
    const source = node['source']
    if (!isNode(source) || typeof source['value'] !== 'string') continue
    imports.push({
      specifier: source['value'],
      isType: node.type === 'TSImportType' || [node['importKind'], node['exportKind']].includes('type'),
      isDynamic: node.type === 'ImportExpression',
      at: node.start,
    })
  }
  return imports
}

function judgeFile(floor: Floor, file: string, specifier: string): string | undefined {
  const target = normalize(join(dirname(file), specifier.replace(/\?.*$/, '')))
  if (!/\.\w+$/.test(target)) return `write the extension: '${specifier}.ts'`
  const other = floors.find(({ files }) => files.test(target))
  if (other === undefined) {
    return /\.(ts|tsx|js)$/.test(target) ? `'${specifier}' belongs to no floor` : undefined
  }
  if (other === floor || floor.sees.includes(other.name) || floor.sees.includes('*')) return undefined
  return `'${floor.name}' may not import from '${other.name}' ('${specifier}'); imports go down, see scripts/floors.ts`
}

function judgePackage(floor: Floor, { specifier, isType, isDynamic }: Import): string | undefined {
  const isBuiltIn = specifier.startsWith('node:')
  const parts = specifier.split('/')
  const name = isBuiltIn ? 'node:' : parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
  if (floor.packages.includes('*')) return undefined
  if (!floor.packages.includes(name))
    return `'${floor.name}' may not import '${specifier}'; see scripts/floors.ts`
  if (onDemandOnly.includes(name) && !isType && !isDynamic) {
    return `'${name}' may only be loaded on demand: await import('${specifier}')`
  }
  return undefined
}

function judgeNode(floor: Floor, file: string, node: Node): string | undefined {
  if (
    node.type === 'CatchClause' &&
    isNode(node['body']) &&
    (node['body']['body'] as unknown[]).length === 0
  ) {
    return 'an empty catch hides failures; handle, count or report it'
  }
  if (floor.pure === true && (node['async'] === true || node.type === 'AwaitExpression')) {
    return 'a pure floor knows no promises; async belongs to core/driver.ts'
  }
  if (/^tests\/.*\.(test|spec)\.ts$/.test(file) && node.type === 'CallExpression') {
    return judgeTestCall(node)
  }
  return undefined
}

/** A test may say that this machine cannot run it: `test.skip(condition, 'why')`. Nothing else is left out. */
function judgeTestCall(node: Node): string | undefined {
  const callee = node['callee']
  if (!isNode(callee) || callee.type !== 'MemberExpression' || !isNode(callee['property'])) return undefined
  const name = String(callee['property']['name'])
  const rootName = rootOf(callee['object'])
  if (!/^(only|skip|fixme|todo|skipIf|runIf|fails)$/.test(name) || !rootName) return undefined
  const [condition, why] = node['arguments'] as Node[]
  const isExcused =
    name === 'skip' && condition !== undefined && condition.type !== 'Literal' && why?.type === 'Literal'
  return isExcused ? undefined : `a test is never focused or skipped (${rootName}.${name})`
}

/** @returns `test`, `it` or `describe` where the expression hangs off one of them */
function rootOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined
  if (node.type === 'MemberExpression') return rootOf(node['object'])
  const name = node.type === 'Identifier' ? String(node['name']) : ''
  return /^(test|it|describe|suite)$/.test(name) ? name : undefined
}

async function main(): Promise<number> {
  const files = sourceFiles().filter((file) => /\.(ts|tsx)$/.test(file) && !file.endsWith('.d.ts'))
  const breaches: string[] = []
  for (const file of files) breaches.push(...checkSource(file, await readFile(file, 'utf8')))
  for (const breach of breaches) console.error(breach)
  return breaches.length === 0 ? 0 : 1
}

if (import.meta.filename === process.argv[1]) process.exitCode = await main()
