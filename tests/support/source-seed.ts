// New seeds for every change, the same ones for the same sources: what is red is red again, what landed was played, and
// over the changes all of chance is gone through.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { sourceFiles } from '../../scripts/source-files.ts'

/**
 * @param folders The test's own, with forward slashes from the root.
 * @returns a first seed below 2^31 that changes with any source of the core, or of these folders
 */
export function seedOfSources(...folders: readonly string[]): number {
  const counted = ['core', ...folders].map((folder) => `${folder}/`)
  const isCounted = (path: string): boolean =>
    /\.(ts|c)$/.test(path) && counted.some((folder) => path.startsWith(folder))
  const hash = createHash('sha256')
  for (const file of sourceFiles().filter(isCounted)) hash.update(file).update(readFileSync(file))
  return hash.digest().readUInt32BE() >>> 1
}
