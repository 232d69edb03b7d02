// docs/api.md lists the public surface: every name that is exported, every property of a public type, every event and
// error code. Here the list and the code are held against each other, so that neither changes alone.

import { readFileSync } from 'node:fs'
import { parseSync } from 'vite'
import { describe, expect, test } from 'vitest'
import * as browserEntry from '../../core/browser.ts'
import { MeshHandle } from '../../core/mesh.ts'
import * as nodeEntry from '../../core/node.ts'
import * as testingEntry from '../../core/testing.ts'
import * as signalingEntry from '../../signaling/index.ts'

interface Node {
  readonly type: string
  readonly [key: string]: unknown
}

const page = readFileSync('docs/api.md', 'utf8')

// -------------------------------------------------------------------------------------------- the page

/** The text between a heading and the next one of its level or above. */
function section(heading: string): string {
  const lines = page.split('\n')
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading)
  if (start < 0) throw new Error(`docs/api.md has no heading "${heading}"`)
  const level = /^#+/.exec(lines[start]!)![0].length
  const end = lines.findIndex((line, i) => i > start && (/^#+(?= )/.exec(line)?.[0].length ?? 7) <= level)
  return lines.slice(start + 1, end < 0 ? undefined : end).join('\n')
}

/** The names in the first column of a section's first table; of `send(to, body)` it is `send`. */
function namesIn(heading: string): string[] {
  const lines = section(heading).split('\n')
  const start = lines.findIndex((line) => line.startsWith('|---'))
  if (start < 0) throw new Error(`docs/api.md has no table under "${heading}"`)
  const length = lines.slice(start).findIndex((line) => !line.startsWith('|'))
  const rows = lines.slice(start + 1, length < 0 ? undefined : start + length)
  return rows.flatMap((row) => {
    const cell = row.split('|')[1]!
    return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!.replace(/\(.*\)$/, ''))
  })
}

const sorted = (names: Iterable<string>): string[] => [...new Set(names)].toSorted()

// -------------------------------------------------------------------------------------------- the code

const parse = (file: string): readonly Node[] =>
  parseSync(file, readFileSync(file, 'utf8')).program.body as unknown as Node[]

const nameOf = (node: unknown): string => {
  const { name, value, property } = node as { name?: string; value?: string; property?: { name: string } }
  return property === undefined ? (name ?? value)! : `[Symbol.${property.name}]`
}

/** Everything a module exports, types too; `export *` is followed. */
function exportsOf(file: string): string[] {
  return parse(file).flatMap((statement): string[] => {
    if (statement.type === 'ExportAllDeclaration') {
      const source = nameOf(statement['source'])
      return exportsOf(file.replace(/[^/]+$/, source.replace('./', '')))
    }
    if (statement.type !== 'ExportNamedDeclaration') return []
    const declaration = statement['declaration'] as Node | null
    if (declaration) return [nameOf(declaration['id'])]
    return (statement['specifiers'] as Node[]).map(({ exported }) => nameOf(exported))
  })
}

function declarationOf(file: string, name: string): Node {
  const declared = parse(file).map((statement) => (statement['declaration'] ?? statement) as Node)
  const found = declared.find(
    (node) => /^TS(Interface|TypeAlias)/.test(node.type) && nameOf(node['id']) === name,
  )
  if (!found) throw new Error(`${file} declares no ${name}`)
  return found
}

/** The properties and methods of an interface. */
function membersOf(file: string, name: string): string[] {
  const { body } = declarationOf(file, name)['body'] as { body: readonly Node[] }
  return sorted(body.map(({ key }) => nameOf(key)))
}

/** The words of a union of string literals. */
const wordsOf = (file: string, name: string): string[] => {
  const union = declarationOf(file, name)['typeAnnotation'] as { types: { literal: { value: string } }[] }
  return sorted(union.types.map(({ literal }) => literal.value))
}

const isValue = (name: string): boolean => name in nodeEntry

// -------------------------------------------------------------------------------------------- both

describe('docs/api.md is the public surface', () => {
  const listed = namesIn('Exports')

  test.each(['core/browser.ts', 'core/node.ts'])('%s exports the names it lists', (file) => {
    expect(sorted(exportsOf(file))).toEqual(sorted(listed))
  })

  test('the values among them are there at run time, and no others', () => {
    expect(sorted(Object.keys(nodeEntry))).toEqual(sorted(listed.filter(isValue)))
    expect(sorted(Object.keys(browserEntry))).toEqual(sorted(Object.keys(nodeEntry)))
    expect(sorted(Object.keys(nodeEntry))).toEqual([
      'Fence',
      'MeshError',
      'compareTokens',
      'eraseMesh',
      'joinMesh',
    ])
  })

  test('skein/signaling exports the names it lists', () => {
    expect(sorted(exportsOf('signaling/index.ts'))).toEqual(sorted(namesIn('Signaling server')))
    expect(Object.keys(signalingEntry)).toEqual(['createSignalingServer'])
  })

  test('skein/testing exports the names it lists', () => {
    expect(sorted(exportsOf('core/testing.ts'))).toEqual(sorted(namesIn('Testing')))
    expect(Object.keys(testingEntry)).toEqual(['createWorld'])
  })

  test.each([
    'MeshOptions',
    'Timing',
    'Mesh',
    'Peer',
    'Member',
    'Room',
    'MeshEvents',
    'PeersChange',
    'Sent',
    'Receipt',
    'InboxMessage',
    'Message',
    'DutyContext',
    'Running',
    'FencingToken',
    'LeaderChange',
    'DocHandle',
    'DocEvents',
    'DocStatus',
    'MeshStatus',
    'LinkStatus',
  ])('%s has the properties it lists', (name) => {
    expect(sorted(namesIn(name))).toEqual(membersOf('core/api.ts', name))
  })

  test.each([
    ['core/base/ports.ts', 'IceServer'],
    ['signaling/server.ts', 'SignalingOptions'],
    ['signaling/server.ts', 'SignalingServer'],
    ['core/testing.ts', 'WorldOptions'],
    ['core/testing.ts', 'JoinOptions'],
    ['core/testing.ts', 'TestWorld'],
    ['core/testing.ts', 'TestProcess'],
    ['core/testing.ts', 'TestServer'],
    ['core/platform/sim/network.ts', 'NetworkShape'],
  ])('%s: %s has the properties it lists', (file, name) => {
    expect(sorted(namesIn(name))).toEqual(membersOf(file, name))
  })

  test('every interface that is exported has a table', () => {
    const interfaces = parse('core/api.ts').flatMap((statement) => {
      const declared = statement['declaration'] as Node | undefined
      return declared?.type === 'TSInterfaceDeclaration' ? [nameOf(declared['id'])] : []
    })
    for (const name of interfaces) expect(() => namesIn(name)).not.toThrow()
  })

  test('the mesh handle has those members and no other public ones', () => {
    const symbols = Object.getOwnPropertySymbols(MeshHandle.prototype).map((symbol) =>
      symbol === Symbol.asyncDispose ? '[Symbol.asyncDispose]' : String(symbol),
    )
    const names = Object.getOwnPropertyNames(MeshHandle.prototype).filter((name) => name !== 'constructor')
    expect(sorted([...names, ...symbols])).toEqual(sorted(namesIn('Mesh')))
  })

  test('the error codes are those it explains', () => {
    expect(sorted(namesIn('Errors'))).toEqual(wordsOf('core/base/errors.ts', 'MeshErrorCode'))
  })

  test('the reasons for a change of leader are those it explains', () => {
    const explained = section('LeaderChange')
    for (const reason of wordsOf('core/api.ts', 'LeaderChangeReason'))
      expect(explained).toContain(`\`${reason}\``)
  })

  test('the options of send are those it lists', () => {
    expect(sorted(namesIn('Sending'))).toEqual(['id', 'replyTo', 'signal', 'ttlMs'])
  })
})
