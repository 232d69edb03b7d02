// The documents a program has open, on a peer that answers when the test says so.

import { expect, test } from 'vitest'
import type { DocHandle, DocState } from '../../core/api.ts'
import { MeshError } from '../../core/base/errors.ts'
import type { DocView } from '../../core/docs/types.ts'
import { MeshDocs } from '../../core/mesh-docs.ts'

const options = { maxBytes: 1000 }

const view: DocView = {
  doc: 'notes',
  state: 'syncing',
  basedOn: [],
  receivedBytes: 0,
  totalBytes: 0,
  stored: true,
  heldUpdates: 0,
  storedUpdates: 0,
  problem: undefined,
}

function setUp() {
  const answers: (() => void)[] = []
  const errors: unknown[] = []
  const docs = new MeshDocs({
    request: () => new Promise<void>((resolve) => answers.push(resolve)),
    input: () => undefined,
    report: (problem) => errors.push(problem),
    durable: () => true,
    newClientId: () => 1,
  })
  return { docs, answers, errors }
}

test('opening ends with its signal, though the store answers neither that nor the closing that follows', async () => {
  const { docs, errors } = setUp()
  const controller = new AbortController()
  const opening = docs.open('notes', options, controller.signal)
  controller.abort()
  await expect(opening).rejects.toMatchObject({ code: 'aborted' })
  docs.end()
  expect(errors).toEqual([])
})

test('opening ends with its signal while the handle before closes, and can be tried again', async () => {
  const { docs, answers } = setUp()
  const first = docs.open('notes', options, undefined)
  answers.shift()!()
  const closing = (await first).close()
  const controller = new AbortController()
  const opening = docs.open('notes', options, controller.signal)
  controller.abort()
  await expect(opening).rejects.toMatchObject({ code: 'aborted' })
  answers.shift()!()
  await closing
  const again = docs.open('notes', options, undefined)
  answers.shift()!()
  expect((await again).name).toBe('notes')
  docs.end()
})

test('whenStored() waits for what is here though what others hold does not fit, and not where what is here does not', async () => {
  const { docs, answers } = setUp()
  const opening = docs.open('notes', options, undefined)
  answers.shift()!()
  const handle = await opening
  const problem = new MeshError('doc-over-limit', 'too large')
  docs.show({ ...view, stored: false, heldUpdates: 1, problem })
  const stored = handle.whenStored()
  await Promise.resolve()
  docs.show({ ...view, heldUpdates: 1, storedUpdates: 1, problem })
  await stored
  await handle.whenStored()
  docs.show({ ...view, stored: false, heldUpdates: 1, storedUpdates: -1, problem })
  await expect(handle.whenStored()).rejects.toBe(problem)
  docs.end()
})

test('a handle that was closed is told of nothing any more, though another keeps the document open', async () => {
  const { docs, answers } = setUp()
  const opening = [docs.open('notes', options, undefined), docs.open('notes', options, undefined)]
  answers.shift()!()
  const [first, second] = (await Promise.all(opening)) as [DocHandle, DocHandle]
  const told: string[] = []
  first.on('state', (state) => told.push(`first: ${state}`))
  second.on('state', (state) => told.push(`second: ${state}`))
  const show = (state: DocState): void => void docs.show({ ...view, state })
  show('alone')
  await first.close()
  show('synced')
  expect(told).toEqual(['first: alone', 'second: alone', 'second: synced'])
  docs.end()
})
