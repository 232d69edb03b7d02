// The text box: nothing that was typed is lost, whatever the storage does.

import { expect, test } from 'vitest'
import { createDraft, sends } from '../../web/draft.ts'

function setUp() {
  const sent: string[] = []
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = []
  const draft = createDraft(
    (text) => {
      sent.push(text)
      return new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }))
    },
    (error) => String((error as Error).message),
  )
  const type = (text: string): void => {
    for (const letter of text) draft.edit(draft.text.value + letter, letter)
  }
  const settle = async (error?: Error): Promise<void> => {
    const first = waiting.shift()
    if (error) first?.reject(error)
    else first?.resolve()
    for (let turn = 0; turn < 5; turn++) await undefined
  }
  return { draft, sent, type, settle }
}

test('the text stays until it is stored', async () => {
  const { draft, sent, type, settle } = setUp()
  type('hello')
  draft.submit()
  expect(sent).toEqual(['hello'])
  expect(draft.text.value).toBe('hello')
  expect(draft.sending.value).toBe(true)
  await settle()
  expect(draft.text.value).toBe('')
  expect(draft.sending.value).toBe(false)
})

test('what is being sent is not among what is not', async () => {
  const { draft, type, settle } = setUp()
  type('hello')
  draft.submit()
  type(' and')
  expect([draft.text.value, draft.unsent.value]).toEqual(['hello and', ' and'])
  await settle(new Error('no'))
  expect(draft.unsent.value).toBe('hello and')
})

test('a refused text stays, with the sentence that says why', async () => {
  const { draft, type, settle } = setUp()
  type('hello')
  draft.submit()
  await settle(new Error('No room.'))
  expect(draft.text.value).toBe('hello')
  expect(draft.problem.value).toBe('No room.')
  draft.submit()
  expect(draft.problem.value).toBeUndefined()
})

test('what is typed meanwhile is kept, and each Enter ends one message', async () => {
  const { draft, sent, type, settle } = setUp()
  type('one')
  draft.submit()
  draft.submit()
  type('two')
  draft.submit()
  type('three')
  await settle()
  expect(sent).toEqual(['one', 'two'])
  expect(draft.text.value).toBe('twothree')
  await settle()
  expect(draft.text.value).toBe('three')
  expect(draft.sending.value).toBe(false)
})

test('a box rewritten meanwhile loses nothing of the new text, even where it begins like the old', async () => {
  const { draft, sent, settle } = setUp()
  draft.edit('msg1', 'msg1')
  draft.submit()
  draft.edit('msg10', 'msg10')
  await settle()
  expect(draft.text.value).toBe('msg10')
  draft.submit()
  expect(sent).toEqual(['msg1', 'msg10'])
})

test('blank text is not sent; blank lines around a text are not part of it', () => {
  const { draft, sent } = setUp()
  draft.edit(' \n ')
  draft.submit()
  expect(sent).toEqual([])
  draft.edit('\n  indented\nsecond \n')
  draft.submit()
  expect(sent).toEqual(['  indented\nsecond'])
})

test('Enter sends where there is a keyboard, and begins a line where there is none', () => {
  const press = { key: 'Enter', shiftKey: false, ctrlKey: false, metaKey: false, isComposing: false }
  expect([sends(press, false), sends(press, true)]).toEqual([true, false])
  expect(sends({ ...press, shiftKey: true }, false)).toBe(false)
  expect(sends({ ...press, ctrlKey: true }, true)).toBe(true)
  expect(sends({ ...press, isComposing: true }, false)).toBe(false)
  expect(sends({ ...press, key: 'a' }, false)).toBe(false)
})
