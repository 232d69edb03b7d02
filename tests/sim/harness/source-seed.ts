// New seeds for every change, the same ones for the same sources: what is red is red again, and what landed was played.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { sourceFiles } from '../../../scripts/source-files.ts'

/** @returns a first seed below 2^31 that changes with any file of the core and of the simulator's harness */
export function seedOfSources(): number {
  const hash = createHash('sha256')
  for (const file of sourceFiles().filter((path) => /^(core|tests\/sim\/harness)\/.*\.ts$/.test(path))) {
    hash.update(file).update(readFileSync(file))
  }
  return hash.digest().readUInt32BE() >>> 1
}
