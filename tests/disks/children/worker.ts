// An agent that works without a pause and says on stdout what has become durable, in the very moment it is told so:
// messages stored, messages handled, edits of a document stored. It is there to be killed, so it says everything
// with a synchronous write. Its body text says which message of which life it is.

import { writeSync } from 'node:fs'
import { joinMesh, type Address, type DocHandle, type InboxMessage, type Mesh } from 'skein'
import { addressOf, padOf, type WorkerSettings, type WorkerLine } from '../support/witness.ts'
import type { Word } from '../support/worker-process.ts'

const settings = JSON.parse(process.argv[2] ?? '') as WorkerSettings
const { life, addresses, padBytes, pauseMs } = settings
let writing = settings.writes

/** The pipe may be full for a while: whoever listens is as busy as we are. */
function say(line: WorkerLine): void {
  let rest = Buffer.from(`${JSON.stringify(line)}\n`)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? error)

interface Content {
  readonly author: string
  readonly life: number
  readonly n: number
  readonly pad: string
}

const isWhole = ({ n, pad }: Content): boolean => pad === padOf(n, padBytes)

/** Numbers are given in the order of the calls, which is the order in which messages must arrive. */
let lastNumber = 0
let lastEdit = 0

async function write(mesh: Mesh): Promise<void> {
  while (writing) {
    const n = ++lastNumber
    try {
      const { id } = await mesh.send(addressOf(addresses, n) as Address, {
        author: settings.name,
        life,
        n,
        pad: padOf(n, padBytes),
      })
      say({ what: 'stored', id, n })
    } catch (error) {
      say({ what: 'refused', n, code: codeOf(error) })
    }
    await pause(pauseMs)
  }
}

async function consume(mesh: Mesh): Promise<void> {
  for await (const message of mesh.inbox<Content>()) {
    const { id, body } = message
    say({ what: 'took', id, from: body.author, life: body.life, n: body.n, whole: isWhole(body) })
    // Most are handled one by one, some several at a time and late.
    if (body.n % 3 === 0) void pause(50).then(() => handle(message))
    else await handle(message)
  }
}

async function handle(message: InboxMessage<unknown>): Promise<void> {
  const { id } = message
  say({ what: 'handling', id })
  try {
    await message.handled()
    say({ what: 'handled', id })
  } catch (error) {
    complain(error)
  }
}

/** Each life has a key of its own, which counts up; the padding is replaced each time, so that rows are compacted. */
async function edit(mesh: Mesh, handle: DocHandle): Promise<void> {
  const marks = handle.doc.getMap<number>('marks')
  const padding = handle.doc.getMap<string>('padding')
  while (writing) {
    const n = ++lastEdit
    handle.doc.transact(() => {
      marks.set(`${settings.name}/${life}`, n)
      padding.set(settings.name, `${n}`.padEnd(2 * padBytes, '.'))
    })
    try {
      await handle.whenStored()
      const { docsRewritten = 0, docRowsMerged = 0 } = mesh.status().counters
      say({ what: 'docStored', n, rewritten: docsRewritten, merged: docRowsMerged })
    } catch (error) {
      say({ what: 'docRefused', n, code: codeOf(error) })
    }
    await pause(2 * pauseMs)
  }
}

async function work(mesh: Mesh): Promise<void> {
  mesh.on('error', ({ code, message }) => say({ what: 'error', code, text: message }))
  say({ what: 'joined', store: mesh.status().storage.storeId, member: mesh.me.member })
  const notes = await mesh.doc('notes')
  const marks = (): Record<string, number> =>
    notes.doc.getMap<number>('marks').toJSON() as Record<string, number>
  say({ what: 'docLoaded', marks: marks() })
  await mesh.room('all').join()
  void consume(mesh)
  const begin = (): void => {
    for (let i = 0; i < 3; i++) void write(mesh)
    void edit(mesh, notes)
  }
  begin()
  setInterval(() => {
    const { queues, links } = mesh.status()
    say({
      what: 'status',
      undelivered: queues.undelivered,
      inbox: queues.inbox,
      links: links.length,
      room: mesh.room('all').members.map(({ name }) => name),
      ...(writing ? {} : { marks: marks() }),
    })
  }, 100)
  process.stdin.on('data', (words: Buffer) => {
    for (const word of words.toString().trim().split('\n') as Word[]) {
      if (word === 'tell') tell(mesh).catch(complain)
      const begins = word === 'write' && !writing
      if (word !== 'tell') writing = word === 'write'
      if (begins) begin()
    }
  })
}

const complain = (error: unknown): void => say({ what: 'error', code: codeOf(error), text: String(error) })

async function tell(mesh: Mesh): Promise<void> {
  const of: Record<string, string[]> = {}
  for (const address of addresses) {
    const messages = await mesh.history<Content>(address as Address, { limit: 1_000_000 })
    of[address] = messages.map(({ id, body }) => (isWhole(body) ? id : `wrong ${id}`))
  }
  say({ what: 'history', of })
}

// The test's end is ours. Until then we stay, also where the disk would not let us begin: killing is not for us to do.
process.stdin.on('end', () => process.exit(0))
await joinMesh(settings.options)
  .then(work)
  .catch((error: unknown) => say({ what: 'notJoined', code: codeOf(error), text: String(error) }))
process.stdin.resume()
