// The first line of each built script tells V8 to compile all of it while it is loading, off the main thread, and not
// function by function while a mesh is being joined, which took a quarter of a page's time (ADR 017). Others take it for
// a comment.

import type { Plugin } from 'vite'

/** V8 looks for it before the first word of a script, nowhere else. */
export const compileHintLine = '//# allFunctionsCalledOnLoad'
const hint = `${compileHintLine}\n`

export function compileHint(): Plugin {
  return {
    name: 'skein-compile-hint',
    apply: 'build',
    config: () => ({ build: { rolldownOptions: { output: { postBanner: hint } } } }),
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.type !== 'chunk' || file.code.startsWith(hint)) continue
          // Vite has put a line of its own before it. The two change places, so that source maps go on fitting.
          const lineEnd = file.code.indexOf('\n') + 1
          if (!file.code.startsWith(hint, lineEnd))
            this.error(`${file.fileName} does not begin with the compile hint.`)
          file.code = hint + file.code.slice(0, lineEnd) + file.code.slice(lineEnd + hint.length)
        }
      },
    },
  }
}
