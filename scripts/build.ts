// `npm run build`: the library for browsers and for Node, the signaling server, the simulator for users' tests, the
// .d.ts files, the web app. Others ask for the part they need with `ensureLibrary` and `ensureWeb`, which do nothing if
// no source has changed.

import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { build as bundle, type BuildOptions } from 'esbuild'
import { compileHintLine } from './compile-hint-plugin.ts'
import { runTool } from './run.ts'
import { sourceFiles } from './source-files.ts'

const dist = 'dist'

const librarySources =
  /^(core|signaling)\/.*(?<!\.md)$|^(package(-lock)?|tsconfig\.base)\.json$|^scripts\/(build|compile-hint-plugin)\.ts$/
const webSources =
  /^(core|web)\/.*(?<!\.md)$|^index\.html$|^vite\.config\.ts$|^package(-lock)?\.json$|^scripts\/(build|(service-worker|compile-hint)-plugin)\.ts$/

export const ensureLibrary = (): Promise<void> => ensure('library', librarySources, buildLibrary)
export const ensureWeb = (): Promise<void> => ensure('web', webSources, buildWeb)

/** A stamp beside the result says from which sources it was made. */
async function ensure(name: string, sources: RegExp, build: () => Promise<void>): Promise<void> {
  const stampFile = join(dist, `.${name}.stamp`)
  const stamp = await digest(sources)
  const built = await readFile(stampFile, 'utf8').catch(() => undefined)
  if (built === stamp) return
  await build()
  await writeFile(stampFile, stamp)
}

async function digest(sources: RegExp): Promise<string> {
  const hash = createHash('sha256')
  for (const file of sourceFiles().filter((path) => sources.test(path))) {
    hash.update(`${file}\0`).update(await readFile(file))
  }
  return hash.digest('hex')
}

async function buildLibrary(): Promise<void> {
  await mkdir(dist, { recursive: true })
  for (const name of await readdir(dist)) {
    if (name !== 'web' && !name.startsWith('.')) await rm(join(dist, name), { recursive: true })
  }
  const common: BuildOptions = {
    bundle: true,
    format: 'esm',
    sourcemap: true,
    legalComments: 'inline',
    logLevel: 'warning',
  }
  // Self-contained but for Yjs, which must be the same copy as the page's own: a page without a bundler names it in
  // an import map.
  const workers = sourceFiles().filter((file) => /^core\/platform\/browser\/[^/]+-worker\.ts$/.test(file))
  await bundle({
    ...common,
    entryPoints: ['core/browser.ts', ...workers],
    entryNames: '[name]',
    outdir: dist,
    // For pages that load it as it is.
    banner: { js: compileHintLine },
    platform: 'browser',
    target: 'es2022',
    external: ['yjs'],
  })
  await pointToBuiltWorkers(workers.map((file) => basename(file, '.ts')))
  // In Node every package stays outside, the optional natives among them. What the entries have in common is in chunks,
  // so that a MeshError of one is a MeshError of the other.
  await bundle({
    ...common,
    entryPoints: { node: 'core/node.ts', signaling: 'signaling/index.ts', testing: 'core/testing.ts' },
    splitting: true,
    outdir: dist,
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
  })
  await buildTypes()
}

/** The sources name their workers by `new URL('./x-worker.ts', import.meta.url)`; bundlers know that form. */
async function pointToBuiltWorkers(names: readonly string[]): Promise<void> {
  const path = join(dist, 'browser.js')
  let text = await readFile(path, 'utf8')
  for (const name of names) text = text.replaceAll(new RegExp(`"[^"]*/${name}\\.ts"`, 'g'), `"./${name}.js"`)
  await writeFile(path, text)
}

async function buildTypes(): Promise<void> {
  const code = await runTool('tsc', ['-p', 'core/tsconfig.types.json'])
  if (code !== 0) throw new Error('The type declarations could not be made; see above.')
  const folder = join(dist, 'types')
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue
    const path = join(folder, name)
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.replaceAll(/(from |import\()(['"])(\.{1,2}\/[^'"]+)\.ts\2/g, '$1$2$3.js$2'))
  }
}

async function buildWeb(): Promise<void> {
  const { build } = await import('vite')
  await build({ logLevel: 'warn' })
}

async function main(): Promise<void> {
  await rm(dist, { recursive: true, force: true })
  await ensureLibrary()
  await ensureWeb()
  console.log(`Built ${dist}/: browser.js, node.js, signaling.js, testing.js, types, web.`)
}

process.chdir(dirname(import.meta.dirname))
if (import.meta.filename === process.argv[1]) await main()
