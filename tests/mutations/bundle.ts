// Bundles an entry with some sources exchanged: how a mutant comes to be without a switch in the core.

import { build } from 'esbuild'
import { root } from './mutation.ts'

/** @returns one ES module; packages stay imports, to be found from the root of the repository. */
export async function bundle(entry: string, sources: ReadonlyMap<string, string>): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
    plugins: [
      {
        name: 'mutation',
        setup: ({ onLoad }) => {
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const contents = sources.get(path)
            return contents === undefined ? undefined : { contents, loader: 'ts' }
          })
        },
      },
    ],
  })
  return outputFiles[0]!.text
}
