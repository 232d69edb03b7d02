// Lists the project's own sources, without asking git: a downloaded archive has none.

import { readdirSync } from 'node:fs'

const folders = ['core', 'signaling', 'web', 'examples', 'tests', 'bench', 'scripts']
const generated = /(^|\/)(node_modules|results|dist)\//

/** @returns the files of the source folders and of the root, as paths from the root with forward slashes, sorted */
export function sourceFiles(): string[] {
  const found: string[] = []
  for (const entry of readdirSync('.', { withFileTypes: true })) {
    if (entry.isFile()) found.push(entry.name)
    if (!entry.isDirectory() || !folders.includes(entry.name)) continue
    for (const inner of readdirSync(entry.name, { recursive: true, withFileTypes: true })) {
      if (inner.isFile()) found.push(`${inner.parentPath}/${inner.name}`.replaceAll('\\', '/'))
    }
  }
  return found.filter((file) => !generated.test(file)).toSorted()
}
