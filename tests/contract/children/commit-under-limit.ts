// Runs under `ulimit -S -f`: commits until the system refuses to make a file longer, shows that the store still reads,
// lifts the limit and goes on writing through the same store. Prints what it saw as JSON.

import { execFileSync } from 'node:child_process'
import { openDiskStore } from '../../../core/platform/node/disk.ts'

const [dataDir = ''] = process.argv.slice(2)
const store = await openDiskStore(dataDir)
const value = new Uint8Array(200 * 1024).fill(7)
const codes: unknown[] = []
let stored = 0
while (codes.length === 0 && stored < 1000) {
  try {
    await store.commit({ put: [{ key: `row/${String(stored).padStart(4, '0')}`, value }] })
    stored += 1
  } catch (error) {
    codes.push((error as { code?: unknown }).code)
  }
}
const small = { put: [{ key: 'small', value: new Uint8Array(1) }] }
await store.commit(small).catch((error: unknown) => codes.push((error as { code?: unknown }).code))
const readable = (await store.range({ from: 'row/', to: 'row0' })).length
execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited'])
// LevelDB, left to itself, would acknowledge these behind the torn record and lose them when it is opened again.
for (let i = 10; i < 60; i++) {
  await store.commit({ put: [{ key: `later/${i}`, value: new Uint8Array(1000) }] })
}
await store.close()
const reopened = await openDiskStore(dataDir)
const kept = (await reopened.range({ from: 'row/', to: 'row0' })).length
const later = (await reopened.range({ from: 'later/', to: 'later0' })).length
await reopened.close()
process.stdout.write(JSON.stringify({ codes, stored, readable, kept, later }))
