// A process that commits for ever and says on stdout which commits have resolved. It is there to be killed.

import { openDiskStore } from '../../../core/platform/node/disk.ts'

const [dataDir = '', round = ''] = process.argv.slice(2)
const store = await openDiskStore(dataDir)
for (let n = 1; ; n++) {
  const value = new TextEncoder().encode(`${round}/${n}`.padEnd(n % 2 === 0 ? 8 : 20_000, '.'))
  await store.commit({
    put: [
      { key: `row/${round}/${n}`, value },
      { key: 'last', value },
    ],
  })
  process.stdout.write(`${n}\n`)
}
