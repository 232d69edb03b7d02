// What a browser stored is damaged while the app is closed: bits of rows, and bits of the browser's own files. Nothing
// wrong is shown, the app opens, and what was lost comes back from the others.

import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { createRandom, type Random } from '../../core/base/random.ts'
import { type Cast, test } from './support/fixtures.ts'
import { patience, untilAgree } from './support/participant.ts'
import type { Profile } from './support/profile.ts'
import type { Tab } from './support/tab.ts'

const isLong = process.env['SKEIN_LONG'] === '1'
const seed = Number(process.env['SKEIN_FIRST_SEED'] ?? Math.floor(Math.random() * 2 ** 32))

/** Alice and bob have the same twenty messages; alice's tab is closed. */
async function haveTalked({ mesh, profile, agent }: Cast) {
  const alices = await profile('alice')
  const alice = await alices.open({ mesh })
  const bob = await agent('bob')
  await bob.joinRoom('general')
  await untilAgree([alice, bob])
  await alice.untilInRoom('general', ['alice', 'bob'])
  const sent = new Map<string, string>()
  for (let i = 0; i < 20; i++) {
    const body = `message ${i}`
    sent.set(await (i % 2 === 0 ? alice : bob).send('#general', body), body)
  }
  await untilShowing(alice, sent)
  await expect.poll(async () => (await alice.report()).undelivered, patience).toBe(0)
  await alice.close()
  return { alices, sent }
}

/** All of the messages, each once and with its own text. */
async function untilShowing(tab: Tab, sent: ReadonlyMap<string, string>): Promise<void> {
  await expect(async () => {
    const shown = (await tab.history('#general')).map(({ id, body }) => [id, body] as const)
    expect(shown.length).toBe(sent.size)
    expect(new Map(shown)).toEqual(sent)
  }).toPass({ ...patience, timeout: 120_000 })
}

const rowRounds = isLong ? 30 : 4

test(`bits flipped in stored rows, ${rowRounds} times: set aside, reported, fetched again`, async ({
  cast,
}) => {
  test.setTimeout(120_000 + rowRounds * 60_000)
  console.log(`SKEIN_FIRST_SEED=${seed}`)
  const { mesh } = cast
  const { alices, sent } = await haveTalked(cast)
  const random = randomOf(seed)
  let reported = 0
  for (let round = 0; round < rowRounds; round++) {
    const page = await besideTheApp(alices, cast)
    const keys = await page.evaluate(flipBits, { mesh, picks: [1, 2, 3].map(() => random.float()) })
    await page.close()
    const tab = await alices.open({ mesh })
    await untilShowing(tab, sent)
    const { errors } = await tab.report()
    reported += errors.filter((error) => error.startsWith('record-corrupt')).length
    console.log(`damaged: ${keys.join(', ')}; ${errors.length} errors`)
    await tab.close()
  }
  expect(reported).toBeGreaterThan(0)
})

/** A page of the same origin in which no mesh runs. */
async function besideTheApp(profile: Profile, { server }: Cast): Promise<Page> {
  const page = await profile.context.newPage()
  await page.goto(`${server.url}health`)
  return page
}

/** Runs in the page: flips one bit of a row for each number in [0, 1), and answers with their keys. */
async function flipBits({ mesh, picks }: { mesh: string; picks: number[] }): Promise<string[]> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(`skein:${mesh}`)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error!)
  })
  const rows = database.transaction('rows', 'readwrite').objectStore('rows')
  const keys = await new Promise<string[]>((resolve) => {
    const request = rows.getAllKeys()
    request.onsuccess = () => resolve(request.result.map(String))
  })
  const chosen = picks
    .map((pick) => keys.filter((key) => !key.startsWith('aside/'))[Math.floor(pick * keys.length)])
    .filter((key) => key !== undefined)
  for (const [i, key] of chosen.entries()) {
    const request: IDBRequest<Uint8Array> = rows.get(key)
    request.onsuccess = () => {
      const value = request.result
      const bit = Math.floor(picks[i]! * 1e6) % (8 * value.length)
      value[bit >> 3]! ^= 1 << (bit & 7)
      rows.put(value, key)
    }
  }
  await new Promise((resolve) => (rows.transaction.oncomplete = resolve))
  database.close()
  return chosen
}

const fileRounds = isLong ? 30 : 3

test(`bits flipped in the browser's own files, ${fileRounds} times: the app opens or says why not, and all comes back`, async ({
  cast,
}) => {
  test.setTimeout(120_000 + fileRounds * 60_000)
  console.log(`SKEIN_FIRST_SEED=${seed}`)
  const { mesh } = cast
  const { alices, sent } = await haveTalked(cast)
  const random = randomOf(seed)
  for (let round = 0; round < fileRounds; round++) {
    await alices.quit()
    const damaged = await damageDatabase(alices.dir, random)
    await alices.relaunch()
    const refused = await isRefused(alices, cast)
    if (refused) {
      await alices.quit()
      await rm(join(alices.dir, 'Default', 'IndexedDB'), { recursive: true })
      await alices.relaunch()
    }
    console.log(`damaged: ${damaged}${refused ? ', refused' : ''}`)
    const tab = await alices.open({ mesh })
    await untilShowing(tab, sent)
    await tab.close()
  }
})

/** The head of a record of LevelDB's log: checksum, length 288, whole. The record itself is not there. */
const halfARecord = Uint8Array.of(1, 2, 3, 4, 0x20, 0x01, 1)

/** Alice's browser was closed, `damage` stands at the end of its log since, and the app is open again. */
async function haveTalkedUntilTorn(cast: Cast, damage: Uint8Array) {
  const { alices, sent } = await haveTalked(cast)
  await alices.quit()
  const torn = await logOf(alices.dir)
  await appendFile(torn, damage)
  await alices.relaunch()
  return { alices, sent, torn, tab: await alices.open({ mesh: cast.mesh }) }
}

test('half a record at the end of the log of the browser, as a kill leaves it: nothing stored is lost', async ({
  cast,
}) => {
  test.setTimeout(180_000)
  const { mesh } = cast
  const { alices, sent, torn, tab } = await haveTalkedUntilTorn(cast, halfARecord)
  const { member } = await tab.report()
  await expect.poll(() => logOf(alices.dir), patience).not.toBe(torn)
  const id = await tab.send('@carol', 'nobody else has this')
  await alices.kill()
  await alices.relaunch()
  const again = await alices.open({ mesh })
  expect((await again.report()).member, 'the profile keeps its key').toBe(member)
  expect((await again.history('@carol')).map((message) => message.id)).toEqual([id])
  await untilShowing(again, sent)
})

test('what the browser threw away for its damage: said, and all that others have comes back', async ({
  cast,
}) => {
  test.setTimeout(180_000)
  const damage = Uint8Array.of(...halfARecord, ...new Uint8Array(400))
  const { sent, tab } = await haveTalkedUntilTorn(cast, damage)
  const told = async (): Promise<string> => (await tab.report()).errors.join('\n')
  await expect.poll(told, patience).toMatch(/record-corrupt: The browser found .* and threw it away/)
  await untilShowing(tab, sent)
})

/**
 * Chromium heals its files, begins anew, or refuses to open any database of the site for good. The app says so then,
 * and clearing the site's data is all that helps.
 */
async function isRefused({ context }: Profile, { mesh, server }: Cast): Promise<boolean> {
  const page = await context.newPage()
  await page.goto(`${server.url}#mesh=${mesh}&name=alice`)
  const outcome = await page.waitForFunction(
    () =>
      window.probe ? 'joined' : /The database failed.*clear this site/.exec(document.body.innerText)?.[0],
    undefined,
    { timeout: patience.timeout },
  )
  const refused = (await outcome.jsonValue()) !== 'joined'
  await page.close()
  return refused
}

/** Where the browser keeps all databases of the site. */
async function levelDbOf(dir: string): Promise<string> {
  const folder = join(dir, 'Default', 'IndexedDB')
  const databases = (await readdir(folder)).filter((name) => name.endsWith('.indexeddb.leveldb'))
  const [database] = databases
  if (databases.length !== 1 || database === undefined) throw new Error(`which one? ${databases.join()}`)
  return join(folder, database)
}

/** The log that LevelDB writes at present. */
async function logOf(dir: string): Promise<string> {
  const folder = await levelDbOf(dir)
  const logs = (await readdir(folder)).filter((file) => /^\d+\.log$/.test(file))
  return join(folder, logs.toSorted().at(-1)!)
}

async function damageDatabase(dir: string, random: Random): Promise<string> {
  const folder = await levelDbOf(dir)
  const files = (await readdir(folder)).filter((file) => /^(\d+\.(log|ldb)|MANIFEST-\d+|CURRENT)$/.test(file))
  const [file] = random.sample(files, 1)
  const path = join(folder, file!)
  const content = await readFile(path)
  for (let flips = 1 + random.integer(5); flips > 0; flips--)
    content[random.integer(content.length)]! ^= 1 << random.integer(8)
  await writeFile(path, content)
  return file!
}

const randomOf = (number: number): Random => {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(0, number)
  return createRandom(bytes)
}
