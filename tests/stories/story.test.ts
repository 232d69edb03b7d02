// The runner of stories can fail: each kind of check on a stage that says what it is told to.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { play, readStory, type Line, type Outcome, type Stage } from './story.ts'

const folder = mkdtempSync(join(tmpdir(), 'skein-story-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** `say alice: leader bob` shows that line; `wait 5` lets 5 ms pass; everything said to be so holds, but `false`. */
class EchoStage implements Stage {
  nowMs = 0
  readonly lines: Line[] = []
  readonly kinds = new Set(['leader', 'duty'])
  closed = false

  act(words: string): Promise<void> {
    const [first, ...rest] = words.split(' ')
    if (first === 'wait') this.nowMs += Number(rest[0])
    else if (first === 'say') this.lines.push({ atMs: this.nowMs, kind: rest[1]!, words: rest.join(' ') })
    else throw new Error(`nobody knows what this means: ${words}`)
    return Promise.resolve()
  }

  holds = (words: string): Promise<boolean> => Promise.resolve(words !== 'false')

  close(): Promise<void> {
    this.closed = true
    return Promise.resolve()
  }
}

function told(...lines: string[]): Promise<Outcome> {
  const file = join(folder, 'a.story')
  writeFileSync(file, ['# EL1 a title', 'show leader', ...lines].join('\n'))
  return play(readStory(file), new EchoStage())
}

const act =
  '> say alice: leader bob; wait 20; say carol: duty starts; say bob: leader bob; say alice: leader bob'

test('a trace stands actor by actor, without what is not shown, without repetitions', async () => {
  const { golden, found } = await told(act, '  alice: leader bob', '! alice: leader *')
  expect(found).toEqual([act, '  alice: leader bob', '  bob: leader bob'].map((line) => line.trim()))
  expect(golden).not.toEqual(found)
})

test.each([
  'alice: leader bob',
  'never bob: leader alice',
  'alice: * before bob: *',
  '2 times alice: leader bob',
  'at most 2 times alice: *',
  'within 10 ms alice: leader *',
  'not before 15 ms bob: leader *',
  'ever 1 times carol: duty *',
  'now true',
])('this holds: %s', async (check) => {
  await told(act, `! ${check}`)
})

test.each([
  'alice: leader',
  'never alice: leader *',
  'bob: * before alice: *',
  'alice: * before dave: *',
  '1 times alice: leader bob',
  'at most 1 times alice: *',
  'within 10 ms bob: leader *',
  'not before 15 ms alice: leader *',
  'not before 15 ms dave: leader *',
  'ever 2 times carol: duty *',
  'now false',
])('this does not: %s', async (check) => {
  await expect(told(act, `! ${check}`)).rejects.toThrow('does not hold')
})

test('a check of a kind that never shows, an unknown act, an unknown line and a story without checks are refused', async () => {
  await expect(told(act, '! never alice: leadr')).rejects.toThrow('of no kind')
  await expect(told('> dance', '! now true')).rejects.toThrow('nobody knows')
  expect(() => told('dance', '! now true')).toThrow('not a line')
  expect(() => told(act)).toThrow('holds nothing')
})
