// What a mutation is: an exact piece of the core's source, and what to put in its place. The core knows nothing of it.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mutation } from './catalogue.ts'

/** The folder that files of mutations are named from. */
export const root = join(import.meta.dirname, '..', '..')

/** Mutated sources by absolute path. Throws a sentence that says what to do where a piece is not found exactly once. */
export async function mutate({
  name,
  changes,
}: Pick<Mutation, 'name' | 'changes'>): Promise<ReadonlyMap<string, string>> {
  const sources = new Map<string, string>()
  for (const { file, find, replace } of changes) {
    const path = join(root, file)
    const source = sources.get(path) ?? (await readFile(path, 'utf8'))
    const times = source.split(find).length - 1
    if (times !== 1) throw new Error(sentence(name, file, find, times))
    // A function, lest a `$` in the text mean something.
    sources.set(
      path,
      source.replace(find, () => replace),
    )
  }
  return sources
}

const sentence = (name: string, file: string, find: string, times: number): string =>
  `The mutation “${name}” looks for a piece of ${file} that occurs ${times} times and must occur once. The core has ` +
  `changed there: find what keeps this rule now and change the mutation in tests/mutations/catalogue so that it ` +
  `breaks it again; do not delete it unless the rule itself is gone. The piece:\n${find}`
