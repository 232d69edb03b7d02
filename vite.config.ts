// Builds the web app into dist/web, and lets pages name the library as any user would: `import … from 'skein'`.

import { fileURLToPath } from 'node:url'
import preact from '@preact/preset-vite'
import { defineConfig } from 'vite'
import { serviceWorker } from './scripts/service-worker-plugin.ts'

/**
 * The first line of each built script: V8 then compiles all of it while it is loading, off the main thread, and not
 * function by function while a mesh is being joined, which took a quarter of a page's time. Others take it for a comment.
 */
const compileHint = '//# allFunctionsCalledOnLoad'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

export default defineConfig({
  root: path('.'),
  publicDir: path('web/public'),
  plugins: [preact(), serviceWorker(path('web/service-worker.ts'))],
  resolve: { alias: [{ find: /^skein$/, replacement: path('core/browser.ts') }] },
  // Named, so that the first page load of a development server does not stumble over finding them.
  optimizeDeps: {
    entries: ['index.html'],
    include: ['simple-peer/simplepeer.min.js', 'idb-keyval'],
  },
  build: {
    outDir: path('dist/web'),
    emptyOutDir: true,
    target: 'es2023',
    sourcemap: true,
    rolldownOptions: { output: { postBanner: compileHint } },
  },
})
