// How the loops of one program share what waits for it, with a store that is asked about each item.

import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { InboxQueue } from '../../core/inbox-queue.ts'

interface Item {
  readonly n: number
}

const items = (...numbers: number[]): Item[] => numbers.map((n) => ({ n }))

/** Each question stays open until it is answered. */
function queueWithQuestions() {
  const questions: { readonly n: number; answer(waits: boolean): void }[] = []
  const queue = new InboxQueue<Item, Item>({
    onReaders: () => undefined,
    give: (item) =>
      new Promise((resolve) =>
        questions.push({ n: item.n, answer: (waits) => resolve(waits ? item : undefined) }),
      ),
  })
  const read = (signal?: AbortSignal) => queue.read({ wants: () => true, signal })
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  const answer = async (waits: boolean): Promise<void> => {
    await settle()
    questions.shift()!.answer(waits)
    await settle()
  }
  return { queue, questions, read, settle, answer }
}

const numberOf = async (next: Promise<IteratorResult<Item, undefined>>): Promise<number | undefined> =>
  (await next).value?.n

it('passes over what does not wait any more', async () => {
  const { queue, read, answer } = queueWithQuestions()
  queue.push(items(1, 2))
  const next = read().next()
  await answer(false)
  await answer(true)
  expect(await numberOf(next)).toBe(2)
})

it('answers calls of next() one after the other', async () => {
  const { queue, read, answer } = queueWithQuestions()
  queue.push(items(1, 2, 3))
  const loop = read()
  const calls = [loop.next(), loop.next()]
  for (const waits of [false, true, true]) await answer(waits)
  expect(await Promise.all(calls.map(numberOf))).toEqual([2, 3])
})

it('leaves an item in its place where the loop that was about to get it ends', async () => {
  const { queue, questions, read, settle, answer } = queueWithQuestions()
  const stop = new AbortController()
  const ended = read(stop.signal).next()
  const other = read()
  queue.push(items(1, 2))
  await settle()
  expect(questions.map(({ n }) => n)).toEqual([1])
  stop.abort()
  await answer(true)
  expect(await ended).toEqual({ done: true, value: undefined })
  const first = other.next()
  await answer(true)
  expect(await numberOf(first)).toBe(1)
})

it('wakes a loop that waits for what another was about to get', async () => {
  const { queue, read, settle, answer } = queueWithQuestions()
  const stop = new AbortController()
  const ended = read(stop.signal).next()
  const waiting = read().next()
  queue.push(items(1))
  await settle()
  stop.abort()
  await answer(true)
  await answer(true)
  expect([await numberOf(ended), await numberOf(waiting)]).toEqual([undefined, 1])
})

it('gives nothing that was cleared while the store was asked', async () => {
  const { queue, read, settle, answer } = queueWithQuestions()
  const next = read().next()
  queue.push(items(1))
  await settle()
  queue.clear()
  await answer(true)
  queue.push(items(2))
  await answer(true)
  expect(await numberOf(next)).toBe(2)
})

it('ends its loops when it is closed, those that ask included', async () => {
  const { queue, read, settle, answer } = queueWithQuestions()
  const calls = [read().next(), read().next()]
  queue.push(items(1))
  await settle()
  queue.close()
  await answer(true)
  expect(await Promise.all(calls.map(numberOf))).toEqual([undefined, undefined])
})

it('no longer listens to the signals of its loops when it is closed', async () => {
  const { queue, read } = queueWithQuestions()
  const { signal } = new AbortController()
  const next = read(signal).next()
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  queue.close()
  expect((await next).done).toBe(true)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})
