// The examples that people copy from: two browsers type in each editor at the same time, and both end with the same.

import { expect, type Page, test as base } from '@playwright/test'
import { patience } from './support/participant.ts'
import { type DevelopmentServer, startDevelopmentServer } from './support/server.ts'

interface Person {
  readonly page: Page
  /** What the page complained of. */
  readonly complaints: readonly string[]
}

interface Fixtures {
  /** A browser profile of its own, at an example. */
  readonly open: (example: string, name: string) => Promise<Person>
}

const test = base.extend<Fixtures, { developmentServer: DevelopmentServer }>({
  developmentServer: [
    async ({}, use) => {
      const server = await startDevelopmentServer()
      await use(server)
      await server.close()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  open: async ({ browser, developmentServer }, use) => {
    const contexts: { close(): Promise<void> }[] = []
    await use(async (example, name) => {
      const context = await browser.newContext()
      contexts.push(context)
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(String(error)))
      page.on('console', (line) => {
        // A browser asks for an icon by itself; the examples have none.
        if (line.location().url.endsWith('/favicon.ico')) return
        if (line.type() === 'error' || line.type() === 'warning') complaints.push(line.text())
      })
      await page.goto(`${developmentServer.url}examples/${example}.html#${name}`)
      return { page, complaints }
    })
    for (const context of contexts) await context.close()
  },
})

/** Yjs says so where two copies of it are loaded: types of one are no types to the other, and editing breaks. */
const expectNoComplaint = ({ complaints }: Person): void => expect(complaints).toEqual([])

/** What is written, without the carets of others that stand in it. */
const textOf = (page: Page, editor: string): Promise<string> =>
  page.locator(editor).evaluate((element) => {
    const copy = element.cloneNode(true) as Element
    for (const caret of copy.querySelectorAll('.cm-ySelectionCaret')) caret.remove()
    return copy.textContent
  })

async function untilEqual(
  people: readonly Person[],
  editor: string,
  words: readonly string[],
): Promise<string> {
  let agreed = ''
  await expect(async () => {
    const texts = await Promise.all(people.map(({ page }) => textOf(page, editor)))
    for (const word of words) expect(texts[0]).toContain(word)
    for (const text of texts) expect(text).toBe(texts[0])
    agreed = texts[0]!
  }).toPass(patience)
  return agreed
}

async function typeTogether(people: readonly Person[], editor: string): Promise<void> {
  const [alice, bob] = people.map(({ page }) => page.locator(editor))
  await Promise.all([alice, bob].map((one) => one!.click(patience)))
  await alice!.pressSequentially('alice begins. ')
  await untilEqual(people, editor, ['alice begins.'])
  await Promise.all([
    alice!.pressSequentially('and goes on. ', { delay: 20 }),
    bob!.pressSequentially('bob joins in. ', { delay: 20 }),
  ])
}

test('CodeMirror: two people type together and end equal; undoing takes back only one’s own', async ({
  open,
}) => {
  const editor = '.cm-content'
  const people = [await open('codemirror', 'alice'), await open('codemirror', 'bob')]
  const [alice, bob] = people.map(({ page }) => page)
  await expect(bob!.locator('#status')).toHaveText('synced; equal copies elsewhere: 1', patience)
  await typeTogether(people, editor)
  await expect(alice!.locator('.cm-ySelectionInfo')).toHaveText('bob')
  await untilEqual(people, editor, ['begins.', 'goes', 'joins'])
  await alice!.locator(editor).click()
  await alice!.keyboard.press('Control+z')
  await expect(alice!.locator(editor)).not.toContainText('goes')
  const left = await untilEqual(people, editor, ['joins'])
  expect(left).not.toContain('goes')
  people.forEach(expectNoComplaint)
})

test('Quill: two people type together and end equal, formatting too; each sees who is here', async ({
  open,
}) => {
  const editor = '.ql-editor'
  const people = [await open('quill', 'alice'), await open('quill', 'bob')]
  const [alice, bob] = people.map(({ page }) => page)
  for (const page of [alice!, bob!]) {
    await expect(page.locator('#here')).toContainText('alice', patience)
    await expect(page.locator('#here')).toContainText('bob', patience)
  }
  await typeTogether(people, editor)
  await untilEqual(people, editor, ['begins.', 'goes', 'joins'])
  await alice!.locator(editor).press('Control+a')
  await alice!.locator('button.ql-bold').click()
  await expect(bob!.locator(`${editor} strong`)).toContainText('begins', patience)
  const html = () => Promise.all([alice!, bob!].map((page) => page.locator(editor).innerHTML()))
  await expect.poll(async () => new Set(await html()).size, patience).toBe(1)
  people.forEach(expectNoComplaint)
})
