// What only the disk can show: kills, a full disk, a torn file, a second process, and the agent's key file.

import { execFile, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  rmdir,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ClassicLevel } from 'classic-level'
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { toHex } from '../../core/base/ids.ts'
import { loadDeviceKey } from '../../core/platform/node/device-key.ts'
import { openDiskStore } from '../../core/platform/node/disk.ts'
import { isWholeTable } from '../../core/platform/node/disk-tables.ts'
import { createCheckedStore } from '../../core/checked-store.ts'
import { createCrypto } from '../../core/platform/shared/crypto.ts'
import { fillUp, mountSmallDisk } from './small-disk.ts'
import { bytes, codeOf, everything, row, sameRows, sameValues, storeContract } from './store-contract.ts'

const root = mkdtempSync(join(tmpdir(), 'skein-disk-'))
const child = (name: string): string => fileURLToPath(new URL(`children/${name}.ts`, import.meta.url))
const fresh = (): Promise<string> => mkdtemp(join(root, 'agent-'))

afterAll(() => rm(root, { recursive: true }))

describe('killed', () => {
  test(
    'every commit a process reported before SIGKILL is there afterwards, 20 times',
    { timeout: 240_000 },
    async () => {
      const dataDir = join(await fresh(), 'data')
      let longest = 0
      for (let round = 1; round <= 20; round++) {
        const reported = await commitUntilKilled(dataDir, round)
        longest = Math.max(longest, reported)
        const store = await openDiskStore(dataDir)
        const found = new Set(
          (await store.range({ from: `row/${round}/`, to: `row/${round}0` })).map(({ key }) => key),
        )
        for (let n = 1; n <= reported; n++) expect(found).toContain(`row/${round}/${n}`)
        // Of a commit whose answer the kill cut off, all is there or nothing.
        const [last] = await store.get(['last'])
        const newest = Number(new TextDecoder().decode(last).split('/')[1]?.replaceAll('.', ''))
        expect(found.size).toBe(newest)
        await store.close()
      }
      expect(longest).toBeGreaterThan(10)
    },
  )
})

/** Answers with how many commits the process had reported. */
function commitUntilKilled(dataDir: string, round: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [
      '--import',
      'tsx',
      child('commit-loop'),
      dataDir,
      String(round),
    ])
    const enough = 1 + ((round * 7) % 40)
    let output = ''
    let errors = ''
    process_.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.split('\n').length > enough) process_.kill('SIGKILL')
    })
    process_.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    process_.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(errors))
      else resolve(Number(output.slice(0, output.lastIndexOf('\n')).split('\n').at(-1)))
    })
  })
}

describe('full', () => {
  const small = mountSmallDisk()
  afterAll(() => small?.remove())

  // Mounting takes root; the case after these runs everywhere.
  if (small !== undefined) testOnSmallDisk(small.directory)

  test('under a limit on the length of files a commit rejects with storage-full, and the store goes on once it is lifted', async () => {
    const dataDir = join(await fresh(), 'data')
    const { stdout } = await new Promise<{ stdout: string }>((resolve, reject) =>
      execFile(
        'bash',
        [
          '-c',
          'ulimit -S -f 1024 && exec "$@"',
          'bash',
          process.execPath,
          '--import',
          'tsx',
          child('commit-under-limit'),
          dataDir,
        ],
        (error, out) => (error ? reject(error) : resolve({ stdout: out })),
      ),
    )
    const seen = JSON.parse(stdout) as { stored: number }
    expect(seen).toEqual({
      codes: ['storage-full', 'storage-full'],
      stored: seen.stored,
      readable: seen.stored,
      kept: seen.stored,
      later: 50,
    })
    expect(seen.stored).toBeGreaterThan(0)
  }, 60_000)
})

function testOnSmallDisk(small: string): void {
  test('ST14 on a file system of 8 MiB', { timeout: 60_000 }, async () => {
    const full = storeContract.find(({ id }) => id === 'ST14')
    const open_ = (name: string) => openDiskStore(join(small, name))
    await full?.run(
      { durable: true, sharesDatabase: false, open: open_, fillUp: () => fillUp(small) },
      'agent',
    )
  })

  test('stays readable where it cannot even be opened anew', { timeout: 60_000 }, async () => {
    const dataDir = join(small, 'bob')
    const store = await openDiskStore(dataDir)
    await store.commit({ put: [row('a', 1)] })
    const makeRoom = await fillUp(small, 0)
    for (let i = 0; i < 3; i++) {
      const large = { put: [{ key: 'b', value: new Uint8Array(100_000) }] }
      expect(await codeOf(store.commit(large))).toBe('storage-full')
      sameRows(await everything(store), [row('a', 1)])
    }
    await makeRoom()
    const later = Array.from({ length: 50 }, (_, i) => row(`c/${10 + i}`, ...new Uint8Array(1000).fill(i)))
    for (const one of later) await store.commit({ put: [one] })
    sameRows(await everything(store), [row('a', 1), ...later])
    await store.close()
    const reopened = await openDiskStore(dataDir)
    sameRows(await everything(reopened), [row('a', 1), ...later])
    await reopened.close()
  })

  test('is opened anew where it was, wherever the process has gone meanwhile', async () => {
    const home = process.cwd()
    onTestFinished(() => process.chdir(home))
    process.chdir(small)
    const store = await openDiskStore('carol')
    await store.commit({ put: [row('a', 1)] })
    process.chdir(await fresh())
    const makeRoom = await fillUp(small, 0)
    const large = { put: [{ key: 'b', value: new Uint8Array(100_000) }] }
    expect(await codeOf(store.commit(large))).toBe('storage-full')
    await makeRoom()
    await store.commit({ put: [row('c', 3)] })
    sameRows(await everything(store), [row('a', 1), row('c', 3)])
    await store.close()
  })
}

describe('damaged', () => {
  test('whatever byte of its files is flipped, a row reads as it was or as absent, or the store will not open', async () => {
    const pristine = await fresh()
    const store = createCheckedStore(await openDiskStore(pristine), {
      onCorrupt: () => expect.fail('not yet'),
    })
    const rows = Array.from({ length: 60 }, (_, i) =>
      row(`row/${i}`, i, ...Array.from({ length: 100 }, (_, j) => j ^ i)),
    )
    await store.commit({ put: rows.slice(0, 30) })
    await store.close()
    const again = await openDiskStore(pristine) // turns the log into a table
    await createCheckedStore(again, { onCorrupt: () => expect.fail('not yet') }).commit({
      put: rows.slice(30),
    })
    await again.close()

    const seen = { whole: 0, damaged: 0, refused: 0 }
    for (let trial = 0; trial < 40; trial++) {
      const outcome = await readWithFlippedByte(pristine, trial, rows)
      seen[outcome] += 1
    }
    expect(seen.damaged + seen.refused).toBeGreaterThan(0)
  }, 60_000)
})

test.each([
  ['another name', 'MANIFEST-000777\n'],
  ['a name cut by a zero', 'MANI\0EST-000002\n'],
  ['no name', '\0\0\0\0'],
  ['nothing', ''],
  ['a directory', '.\n'],
  ['no newline', 'MANIFEST-000002'],
  ['nothing, for it is gone', undefined],
])('a store whose CURRENT says %s is repaired', async (_, said) => {
  const dataDir = join(await fresh(), 'data')
  const current = join(dataDir, 'store', 'CURRENT')
  const store = await openDiskStore(dataDir)
  await store.commit({ put: [row('kept', 1)] })
  await store.close()
  await (await openDiskStore(dataDir)).close() // turns the log into a table
  if (said === undefined) await rm(current)
  else await writeFile(current, said)
  const again = await openDiskStore(dataDir)
  sameValues(await again.get(['kept']), [[1]])
  await again.close()
})

test('a store whose CURRENT goes while somebody has it open is not repaired by another', async () => {
  const dataDir = join(await fresh(), 'data')
  const store = await openDiskStore(dataDir)
  await store.commit({ put: [row('before', 1)] })
  await rm(join(dataDir, 'store', 'CURRENT'))
  expect(await codeOf(openDiskStore(dataDir))).toBe('data-dir-in-use')
  await store.commit({ put: [row('after', 2)] })
  await store.close()
  const again = await openDiskStore(dataDir)
  sameValues(await again.get(['before', 'after']), [[1], [2]])
  await again.close()
})

test('damage is looked into once, and again where the word that somebody has looked is lost', async () => {
  const dataDir = join(await fresh(), 'data')
  const store = join(dataDir, 'store')
  const looks: (string | undefined)[] = []
  /** Opens it, lets whoever is told look, and closes it. */
  const live = async (look: () => Promise<void> = async () => {}): Promise<void> => {
    const opened = await openDiskStore(dataDir)
    const told = new Promise<void>((resolve) => {
      opened.onLoss!(async (repaired) => {
        looks.push(repaired)
        await look().finally(resolve)
      })
    })
    await Promise.race([told, new Promise((resolve) => setTimeout(resolve, 300))])
    await opened.get(['anything'])
    await opened.close()
  }
  const logs = async (): Promise<string[]> => (await readdir(store)).filter((file) => file.endsWith('.log'))
  const first = await openDiskStore(dataDir)
  for (let n = 0; n < 20; n++) await first.commit({ put: [row(`row/${n}`, n)] })
  await first.close()
  const [log] = await logs()
  const content = await readFile(join(store, log!))
  content.fill(0, 100, 300)
  await writeFile(join(store, log!), content)

  await live(() => Promise.reject(new Error('not now')))
  expect(looks.length).toBe(1)
  await live()
  expect(looks.length).toBe(2)
  // The log ends before it, as after a crash: what was found then may be gone as well.
  for (const file of await logs()) await truncate(join(store, file), 0)
  await live()
  expect(looks.length).toBe(3)
  await live()
  expect(looks.length).toBe(3)
})

test('a store of which the damage could not be noted is not left locked', async () => {
  const dataDir = join(await fresh(), 'data')
  const first = await openDiskStore(dataDir)
  for (let n = 0; n < 20; n++) await first.commit({ put: [row(`row/${n}`, n)] })
  await first.close()
  const [log] = (await readdir(join(dataDir, 'store'))).filter((file) => file.endsWith('.log'))
  const content = await readFile(join(dataDir, 'store', log!))
  content.fill(0, 100, 300)
  await writeFile(join(dataDir, 'store', log!), content)
  // Nothing can be written to what is a directory.
  await mkdir(join(dataDir, 'damaged'))
  expect(await codeOf(openDiskStore(dataDir))).toBe('storage-failed')
  await rmdir(join(dataDir, 'damaged'))
  const again = await openDiskStore(dataDir)
  expect(await again.get(['row/0'])).toHaveLength(1)
  await again.close()
})

test('whatever bit of a table is flipped, the check of tables finds it, but for the padding of its footer', async () => {
  const path = await fresh()
  const level = new ClassicLevel<string, Uint8Array>(path, { valueEncoding: 'view' })
  const noise = (n: number): Uint8Array =>
    Uint8Array.from({ length: 2000 }, (_, i) => ((i + n) * 2654435761) >>> 13)
  for (let n = 0; n < 400; n++) {
    await level.put(`talk/${'skein'.repeat(5)}/${n}`, n % 9 === 0 ? noise(n) : new Uint8Array(n % 50))
  }
  await level.compactRange('a', 'z')
  await level.close()
  const [name] = (await readdir(path)).filter((file) => file.endsWith('.ldb'))
  const table = await readFile(join(path, name!))
  expect(isWholeTable(table)).toBe(true)
  for (let trial = 0; trial < 300; trial++) {
    const place = trial < 100 ? table.length - 1 - trial * 3 : (trial * 7919) % table.length
    // Two short offsets and sizes, then zeros, then the magic number.
    const isPadding = place >= table.length - 44 && place < table.length - 8
    table[place]! ^= 1 << (trial % 8)
    if (!isPadding) expect(isWholeTable(table), `byte ${place} of ${table.length}`).toBe(false)
    table[place]! ^= 1 << (trial % 8)
  }
  for (const length of [0, 40, table.length - 1]) expect(isWholeTable(table.subarray(0, length))).toBe(false)
})

async function readWithFlippedByte(
  pristine: string,
  trial: number,
  rows: readonly { key: string; value: Uint8Array }[],
): Promise<'whole' | 'damaged' | 'refused'> {
  const dataDir = await fresh()
  execFileSync('cp', ['-r', join(pristine, 'store'), dataDir])
  const files = (await readdir(join(dataDir, 'store'))).filter((file) => /\.(log|ldb)$/.test(file)).sort()
  const path = join(dataDir, 'store', files[trial % files.length] ?? '')
  const content = await readFile(path)
  if (content.length > 0) {
    const place = (trial * 7919) % content.length
    content[place] = (content[place] ?? 0) ^ (1 << (trial % 8))
    await writeFile(path, content)
  }
  let raw
  try {
    raw = await openDiskStore(dataDir)
  } catch (error) {
    expect((error as { code?: string }).code).toBe('storage-failed')
    return 'refused'
  }
  const store = createCheckedStore(raw, { onCorrupt: () => undefined })
  const refused = await codeOf(store.get(rows.map(({ key }) => key)))
  let missing = 0
  for (const { key, value } of refused === 'resolved' ? rows : []) {
    const [found] = await store.get([key])
    if (found === undefined) missing += 1
    else sameValues([found], [[...value]])
  }
  await store.close()
  if (refused !== 'resolved') expect(refused).toBe('storage-failed')
  return refused !== 'resolved' ? 'refused' : missing > 0 ? 'damaged' : 'whole'
}

describe('the data directory', () => {
  test('a second process gets data-dir-in-use with the pid of the first', async () => {
    const dataDir = join(await fresh(), 'data')
    const first = spawn(process.execPath, ['--import', 'tsx', child('commit-loop'), dataDir, '1'])
    await new Promise((resolve) => first.stdout.once('data', resolve))
    const error: unknown = await openDiskStore(dataDir).catch((reason: unknown) => reason)
    first.kill('SIGKILL')
    await new Promise((resolve) => first.on('close', resolve))
    expect(error).toMatchObject({ code: 'data-dir-in-use', details: { dataDir, pid: first.pid } })
    expect(String(error)).toContain(`process ${first.pid}`)
    const store = await openDiskStore(dataDir) // the lock died with its holder
    await store.close()
  }, 30_000)

  test('a directory in use is that, also while its holder removes files that were just listed', async () => {
    const dataDir = join(await fresh(), 'data')
    const store = await openDiskStore(dataDir)
    // Listed, and not there when it is looked at.
    for (const name of ['999999.ldb', '999999.log']) await symlink('gone', join(dataDir, 'store', name))
    expect(await codeOf(openDiskStore(dataDir))).toBe('data-dir-in-use')
    await store.close()
  })

  test('it is made for its owner only, and one that cannot be made is storage-failed', async () => {
    const dataDir = join(await fresh(), 'deep', 'data')
    await (await openDiskStore(dataDir)).close()
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
    const file = join(dataDir, 'a-file')
    await writeFile(file, '')
    expect(await codeOf(openDiskStore(join(file, 'data')))).toBe('storage-failed')
  })

  // There the system says that a directory to be made is not there: Node's own `recursive` asks again for ever.
  test('nor does one under /proc keep whoever joins waiting', async () => {
    for (const dataDir of ['/proc/nope', '/proc/nope/deep']) {
      expect(await codeOf(openDiskStore(dataDir))).toBe('storage-failed')
      expect(await codeOf(loadDeviceKey(dataDir))).toBe('storage-failed')
    }
  })
})

describe('the device key', () => {
  const crypto_ = createCrypto()

  test('it is made once, readable by its owner only, and the same ever after', async () => {
    const dataDir = join(await fresh(), 'data')
    const keys = await Promise.all([1, 2, 3, 4].map(() => loadDeviceKey(dataDir)))
    const later = await loadDeviceKey(dataDir)
    expect(new Set([...keys, later].map(({ publicKey }) => toHex(publicKey))).size).toBe(1)
    expect(await readdir(dataDir)).toEqual(['device-key.json'])
    expect((await stat(join(dataDir, 'device-key.json'))).mode & 0o777).toBe(0o600)
    const signature = await later.sign(bytes(1, 2, 3))
    expect(await crypto_.verify(keys[0]?.publicKey ?? bytes(), signature, bytes(1, 2, 3))).toBe(true)
  })

  test.each(['', '{', '{}', '{"kty":"OKP","crv":"Ed25519","d":"AA","x":"AA"}', 'null'])(
    'a file that reads %j is refused and left as it is',
    async (text) => {
      const dataDir = await fresh()
      const path = join(dataDir, 'device-key.json')
      await writeFile(path, text)
      expect(await codeOf(loadDeviceKey(dataDir))).toBe('storage-failed')
      expect(await readFile(path, 'utf8')).toBe(text)
    },
  )
})

test('without classic-level the error names the command that installs it', async () => {
  vi.doMock('classic-level', () => {
    throw new Error('Cannot find package')
  })
  const error: unknown = await openDiskStore(await fresh()).catch((reason: unknown) => reason)
  vi.doUnmock('classic-level')
  expect(error).toMatchObject({ code: 'native-missing', details: { command: 'npm install classic-level' } })
})
