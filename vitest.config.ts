// Everything that needs no browser. Two workers: the machines it runs on have two cores.

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^skein$/, replacement: path('core/node.ts') },
      { find: /^skein\/signaling$/, replacement: path('signaling/index.ts') },
      { find: /^skein\/testing$/, replacement: path('core/testing.ts') },
    ],
  },
  test: {
    include: [
      'examples/*.test.ts',
      'tests/{unit,sim,contract,interop,package,stories,mutations,disks,networks,soak}/**/*.test.ts',
    ],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default'],
  },
})
