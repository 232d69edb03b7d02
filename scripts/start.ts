// `npm start`: builds the web app if it is missing or older than its sources, then becomes the signaling server that
// serves it. What follows `--` on the command line is the server's: --port, --host, --tls-cert, --tls-key.

import { join } from 'node:path'
import { ensureWeb } from './build.ts'
import { stopWithNpm } from './stop-with-npm.ts'

const main = join(import.meta.dirname, '..', 'signaling', 'main.ts')
const words = process.argv.slice(2)

stopWithNpm()
await ensureWeb()
process.argv = [
  process.argv[0] ?? 'node',
  main,
  ...(words.includes('--web') ? [] : ['--web', 'dist/web']),
  ...words,
]
await import('../signaling/main.ts')
