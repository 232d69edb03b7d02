// The documents a program has open, on a peer that answers when the test says so.

import { expect, test } from 'vitest'
import { MeshDocs } from '../../core/mesh-docs.ts'

const options = { maxBytes: 1000 }

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
