// A core whose peers keep few links, for the random seeds of what is about larger meshes.

import type { Change } from '../catalogue.ts'

/** What holds of a mesh of more than sixteen holds of one of eight then, and a seed costs a fifth. */
export const fewLinks: readonly Change[] = [
  { file: 'core/base/limits.ts', find: '  maxLinks: 15,\n', replace: '  maxLinks: 5,\n' },
  { file: 'core/base/limits.ts', find: '  maxAnsweredLinks: 40,\n', replace: '  maxAnsweredLinks: 7,\n' },
]
