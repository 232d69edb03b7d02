// Builds the web app into dist/web, and lets pages name the library as any user would: `import … from 'skein'`.

import { fileURLToPath } from 'node:url'
import preact from '@preact/preset-vite'
import { defineConfig } from 'vite'
import { compileHint } from './scripts/compile-hint-plugin.ts'
import { serviceWorker } from './scripts/service-worker-plugin.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

export default defineConfig({
  root: path('.'),
  publicDir: path('web/public'),
  plugins: [preact(), compileHint(), serviceWorker(path('web/service-worker.ts'))],
  resolve: { alias: [{ find: /^skein$/, replacement: path('core/browser.ts') }] },
  // Named, so that the first page load of a development server does not stumble over finding them.
  optimizeDeps: {
    entries: ['index.html'],
    include: ['simple-peer/simplepeer.min.js', 'idb-keyval'],
  },
  build: { outDir: path('dist/web'), emptyOutDir: true, target: 'es2023', sourcemap: true },
})
