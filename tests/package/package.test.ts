// The package as a stranger gets it: packed, installed from the tarball into an empty project, bundled by the three
// common bundlers and opened in a browser, run in Node, and type-checked under both module resolutions.

import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chromium } from '@playwright/test'
import { build as bundleWithEsbuild } from 'esbuild'
import { build as bundleWithVite } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import webpack from 'webpack'
import { ensureLibrary } from '../../scripts/build.ts'
import { chromiumFlags, findChromium } from '../../scripts/find-chromium.ts'

const execute = promisify(execFile)
const root = join(import.meta.dirname, '..', '..')
const slowMs = 180_000

const browserProgram = `import { joinMesh } from 'skein'
import { Doc } from 'yjs'
const mesh = await joinMesh({ mesh: 'acme', name: 'alice', signaling: [], store: 'memory' })
const { name } = mesh.me
const notes = await mesh.doc('notes')
notes.doc.getText('text').insert(0, notes.doc instanceof Doc ? name : 'another copy of Yjs')
const written = notes.doc.getText('text').toJSON()
await mesh.leave()
document.title = written
`

const nodeProgram = `import { joinMesh } from 'skein'
import { Doc } from 'yjs'
const mesh = await joinMesh({ mesh: 'acme', name: 'alice', signaling: [], store: 'memory' })
const notes = await mesh.doc('notes')
console.log(notes.doc instanceof Doc ? mesh.me.name : 'another copy of Yjs')
await mesh.leave()
`

const signalingProgram = `import { createSignalingServer } from 'skein/signaling'
const server = await createSignalingServer({ port: 0 })
console.log(server.address().port > 0 ? 'listening' : 'not listening')
await server.close()
`

const testingProgram = `import { MeshError } from 'skein'
import { createWorld } from 'skein/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
test('two meet, one crashes', async () => {
  const world = createWorld({ seed: 1 })
  const { mesh: alice } = await world.join({ mesh: 'acme', name: 'alice' })
  const { mesh: bob, process } = await world.join({ mesh: 'acme', name: 'bob' })
  await world.until(() => alice.others.size === 1)
  const sent = await world.finish(alice.send('@bob', 'hi'))
  await world.finish(sent.delivered())
  process.kill()
  await world.until(() => alice.others.size === 0)
  await world.finish(alice.leave())
  await assert.rejects(alice.send('@bob', 'late'), (error) => error instanceof MeshError && error.code === 'left')
})
`

const durableProgram = `import { joinMesh } from 'skein'
const options = { mesh: 'acme', name: 'alice', signaling: [], dataDir: process.argv[2] }
const refused = await joinMesh(options).then(() => undefined, (error) => error)
console.log(JSON.stringify({ code: refused?.code, message: refused?.message }))
`

const typedProgram = `import { joinMesh, type Mesh } from 'skein'
import { createSignalingServer } from 'skein/signaling'
import { createWorld, type TestWorld } from 'skein/testing'
export const world: TestWorld = createWorld({ seed: 1 })
export const mesh: Mesh = await joinMesh({ mesh: 'acme', name: 'alice' })
export const name: string = mesh.me.name
// @ts-expect-error a mesh has a name: without types this line would compile
await joinMesh({ mesh: 'acme', name: 7 })
// @ts-expect-error a seed is asked for
createWorld({})
// @ts-expect-error a port is a number
await createSignalingServer({ port: 'any' })
`

let folder = ''

beforeAll(async () => {
  await ensureLibrary()
  folder = await mkdtemp(join(tmpdir(), 'skein-package-'))
  const { stdout } = await execute('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root })
  const tarball = /"filename":\s*"([^"]+)"/.exec(stdout)?.[1] ?? 'no tarball'
  await writeFile(join(folder, 'package.json'), '{ "name": "stranger", "private": true, "type": "module" }\n')
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund']
  await execute('npm', ['install', ...quiet, `./${tarball}`], { cwd: folder })
  await writeFile(join(folder, 'main.js'), browserProgram)
}, slowMs)

afterAll(async () => {
  if (folder === '') return
  for (const made of [folder, `${folder}-bare`]) await rm(made, { recursive: true, force: true })
})

/** Runs a program in the stranger's project; resolves with what it printed once it has ended by itself. */
async function runInNode(name: string, source: string, ...words: string[]): Promise<string> {
  await writeFile(join(folder, name), source)
  const { stdout } = await execute(process.execPath, [name, ...words], { cwd: folder, timeout: 60_000 })
  return stdout.trim()
}

/** Opens a page that runs `main.js` of the folder that is served, and resolves with its title once it has one. */
async function titleInBrowser(served: string, importMap = '{}'): Promise<string> {
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    response.setHeader('content-type', path.endsWith('.js') ? 'text/javascript' : 'text/html')
    if (path === '/') {
      const scripts = `<script type="importmap">${importMap}</script><script type="module" src="/main.js"></script>`
      response.end(`<!doctype html>${scripts}`)
      return
    }
    readFile(join(served, path)).then(
      (content) => response.end(content),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const executablePath = findChromium()
  const browser = await chromium.launch({
    args: [...chromiumFlags],
    ...(executablePath === undefined ? {} : { executablePath }),
  })
  try {
    const page = await browser.newPage()
    const failure = new Promise<string>((resolve) => page.on('pageerror', (error) => resolve(String(error))))
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`)
    const titled = page.waitForFunction(() => document.title).then((handle) => handle.jsonValue())
    return await Promise.race([titled, failure])
  } finally {
    await browser.close()
    server.closeAllConnections()
    server.close()
  }
}

async function expectBrowserBundle(served: string): Promise<void> {
  for (const name of await readdir(served, { recursive: true })) {
    if (name.endsWith('.js')) {
      const script = await readFile(join(served, name), 'utf8')
      expect(script).not.toMatch(/node-datachannel|classic-level|["']node:/)
    }
  }
  expect(await titleInBrowser(served)).toBe('alice')
}

describe('in a browser', () => {
  test('bundles with Vite and runs', { timeout: slowMs }, async () => {
    await bundleWithVite({
      root: folder,
      configFile: false,
      logLevel: 'error',
      build: {
        outDir: 'vite-out',
        target: 'es2022',
        rollupOptions: { input: join(folder, 'main.js'), output: { entryFileNames: 'main.js' } },
      },
    })
    await expectBrowserBundle(join(folder, 'vite-out'))
  })

  test('bundles with esbuild and runs', { timeout: slowMs }, async () => {
    const outfile = join(folder, 'esbuild-out', 'main.js')
    const result = await bundleWithEsbuild({
      entryPoints: [join(folder, 'main.js')],
      absWorkingDir: folder,
      bundle: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      logLevel: 'silent',
      outfile,
    })
    expect(result.warnings).toEqual([])
    await expectBrowserBundle(join(folder, 'esbuild-out'))
  })

  test('bundles with webpack and runs', { timeout: slowMs }, async () => {
    const compiler = webpack({
      context: folder,
      entry: './main.js',
      mode: 'production',
      target: 'web',
      output: { path: join(folder, 'webpack-out'), filename: 'main.js' },
      performance: { hints: false },
    })
    const stats = await promisify(compiler.run.bind(compiler))()
    expect(stats?.toJson({ all: false, errors: true, warnings: true })).toMatchObject({
      errors: [],
      warnings: [],
    })
    await expectBrowserBundle(join(folder, 'webpack-out'))
  })

  test('runs as it is, without a bundler', { timeout: slowMs }, async () => {
    const served = join(folder, 'plain-out')
    await cp(join(folder, 'node_modules', 'skein', 'dist'), served, { recursive: true })
    // Compiled while it loads (ADR 017).
    expect(await readFile(join(served, 'browser.js'), 'utf8')).toMatch(/^\/\/# allFunctionsCalledOnLoad\n/)
    await writeFile(join(served, 'main.js'), browserProgram.replace("'skein'", "'./browser.js'"))
    // Yjs as servers of packages hand it to pages: one file.
    await bundleWithEsbuild({
      entryPoints: [join(folder, 'node_modules', 'yjs', 'dist', 'yjs.mjs')],
      bundle: true,
      format: 'esm',
      outfile: join(served, 'yjs.js'),
    })
    expect(await titleInBrowser(served, '{ "imports": { "yjs": "./yjs.js" } }')).toBe('alice')
  })
})

describe('in Node', () => {
  test('runs from the tarball and ends by itself', { timeout: slowMs }, async () => {
    expect(await runInNode('run.mjs', nodeProgram)).toBe('alice')
  })

  test('serves signaling from the tarball', { timeout: slowMs }, async () => {
    expect(await runInNode('signaling.mjs', signalingProgram)).toBe('listening')
  })

  test('simulates a world from the tarball, under node:test', { timeout: slowMs }, async () => {
    expect(await runInNode('world.mjs', testingProgram)).toMatch(/pass 1\b[\s\S]*fail 0\b/)
  })

  test('says how to install the database it lacks', { timeout: slowMs }, async () => {
    // Beside the other project: inside it Node would find that one's copy.
    const bare = `${folder}-bare`
    await cp(join(folder, 'node_modules'), join(bare, 'node_modules'), { recursive: true })
    await rm(join(bare, 'node_modules', 'classic-level'), { recursive: true, force: true })
    await writeFile(join(bare, 'durable.mjs'), durableProgram)
    const words = ['durable.mjs', join(bare, 'data')]
    const { stdout } = await execute(process.execPath, words, { cwd: bare, timeout: 60_000 })
    const refused = JSON.parse(stdout) as { code: string; message: string }
    expect(refused.code).toBe('native-missing')
    expect(refused.message).toMatch(/npm install .*classic-level/)
  })
})

describe('types', () => {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const common = ['--noEmit', '--strict', '--target', 'es2023']
  const compile = async (words: string[]): Promise<string> => {
    const { stdout } = await execute(process.execPath, [tsc, ...common, ...words], { cwd: folder }).catch(
      (error: unknown) => ({ stdout: String((error as { stdout?: unknown }).stdout) }),
    )
    return stdout
  }

  test.each([
    ['bundler', 'esnext'],
    ['nodenext', 'nodenext'],
  ])('resolve under moduleResolution %s', { timeout: slowMs }, async (resolution, module) => {
    await writeFile(join(folder, 'typed.ts'), typedProgram)
    const types = ['--typeRoots', join(root, 'node_modules', '@types'), '--types', 'node']
    const words = ['--lib', 'esnext,dom,dom.iterable', '--module', module, '--moduleResolution', resolution]
    expect(await compile([...types, ...words, 'typed.ts'])).toBe('')
  })

  test(
    'ask of a page’s project for no library of a later year, nor for Node’s',
    { timeout: slowMs },
    async () => {
      await writeFile(join(folder, 'page.ts'), browserProgram)
      const words = [
        '--lib',
        'es2022,dom',
        '--types',
        '',
        '--module',
        'esnext',
        '--moduleResolution',
        'bundler',
      ]
      expect(await compile([...words, 'page.ts'])).toBe('')
    },
  )
})
