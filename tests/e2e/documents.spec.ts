// Writing together, through the app: notes with everybody's cursors, tasks that all edit, what outlives a reload
// without a server, undo of one's own, files that leave, and a large note on its way to a newcomer.

import { readFile } from 'node:fs/promises'
import { type Download, expect, type Locator } from '@playwright/test'
import { type Cast, test } from './support/fixtures.ts'
import { patience, untilAgree } from './support/participant.ts'
import type { Tab } from './support/tab.ts'

async function together(cast: Cast, ...names: string[]): Promise<Tab[]> {
  const tabs: Tab[] = []
  for (const name of names) tabs.push(await (await cast.profile(name)).open({ mesh: cast.mesh }))
  await untilAgree(tabs)
  return tabs
}

const at = (tab: Tab, testId: string): Locator => tab.page.getByTestId(testId)

// -------------------------------------------------------------------------------------------------- notes

/** Makes a note and leaves the caret in its text. @returns its id */
async function createNote(tab: Tab, title: string): Promise<string> {
  await at(tab, 'nav-notes').click()
  await at(tab, 'new-note').click()
  await expect(at(tab, 'note-editor')).toBeVisible()
  await at(tab, 'note-title').fill(title)
  await at(tab, 'note-title').press('Enter')
  await expect(at(tab, 'note-editor')).toBeFocused()
  return (await noteItem(tab, title).getAttribute('data-note-id'))!
}

const noteItem = (tab: Tab, title: string): Locator =>
  tab.page.locator(`[data-testid=note-item][data-title="${title}"]`)

async function openNote(tab: Tab, title: string): Promise<void> {
  await at(tab, 'nav-notes').click()
  await noteItem(tab, title).getByRole('button').click(patience)
  await expect(at(tab, 'note-editor')).toBeVisible()
}

/** What the document holds, whatever of it is on the screen. */
const textOf = (tab: Tab, id: string): Promise<string> =>
  tab.page.evaluate(async (note) => {
    const handle = await window.mesh!.doc(`note-${note}`)
    const text = handle.doc.getText('text').toString()
    await handle.close()
    return text
  }, id)

async function untilText(tabs: readonly Tab[], id: string, text: string): Promise<void> {
  for (const tab of tabs) await expect.poll(() => textOf(tab, id), patience).toBe(text)
}

const untilInSync = (tab: Tab, testId = 'note-state'): Promise<void> =>
  expect(at(tab, testId)).toHaveAttribute('data-state', 'synced', patience)

const untilSaved = (tab: Tab, testId = 'note-state'): Promise<void> =>
  expect(at(tab, testId)).toHaveAttribute('data-stored', 'true', patience)

test('two people write one note together and see whose cursor is whose', async ({ cast }) => {
  const [alice, bob] = (await together(cast, 'alice', 'bob')) as [Tab, Tab]
  const id = await createNote(alice, 'Plan')
  await alice.page.keyboard.type('We start at noon.')
  await openNote(bob, 'Plan')
  await expect(at(bob, 'note-editor')).toContainText('We start at noon.')
  await at(bob, 'note-editor').click()
  await bob.page.keyboard.press('Control+End')
  await bob.page.keyboard.type(' Bring coats.')
  await untilText([alice, bob], id, 'We start at noon. Bring coats.')

  await expect(at(alice, 'note-cursor')).toHaveText(/bob/)
  await expect(at(bob, 'note-cursor')).toHaveText(/alice/)
  for (const [tab, other] of [
    [alice, 'bob'],
    [bob, 'alice'],
  ] as const) {
    await expect(at(tab, 'note-people').locator(`[data-name=${other}]`)).toBeVisible()
    await untilInSync(tab)
    await untilSaved(tab)
    await expect(at(tab, 'note-state')).toContainText('In sync with 1 other')
    await expect(at(tab, 'note-state')).toContainText('Saved on this device')
  }

  // Each line runs in its own direction, whoever's name stands in it.
  await at(alice, 'note-editor').click()
  await alice.page.keyboard.press('Control+End')
  await alice.page.keyboard.type('\nשלום!')
  await at(bob, 'note-editor').click()
  await bob.page.keyboard.press('Control+End')
  await bob.page.keyboard.press('Home')
  const lines = at(alice, 'note-editor').locator('.cm-line')
  await expect(lines.last().getByTestId('note-cursor')).toBeVisible()
  await expect(lines.last()).toHaveCSS('direction', 'rtl')
  await expect(lines.first()).toHaveCSS('direction', 'ltr')

  await at(bob, 'nav-tasks').click()
  await expect(at(alice, 'note-cursor')).toHaveCount(0)
  await expect(at(alice, 'note-people').locator('li')).toHaveCount(1)
  await expect(at(alice, 'note-state')).toContainText('Only you are here')
})

test('both write at the same time, and both texts are there', async ({ cast }) => {
  const [alice, bob] = (await together(cast, 'alice', 'bob')) as [Tab, Tab]
  const id = await createNote(alice, 'Race')
  await alice.page.keyboard.type('\n\n')
  await openNote(bob, 'Race')
  await untilInSync(bob)
  await at(bob, 'note-editor').click()
  await bob.page.keyboard.press('Control+End')
  await alice.page.keyboard.press('Control+Home')
  const [a, b] = ['the quick brown goose', 'flies over the lazy pier']
  await Promise.all([alice.page.keyboard.type(a, { delay: 10 }), bob.page.keyboard.type(b, { delay: 10 })])
  await untilText([alice, bob], id, `${a}\n\n${b}`)
})

test('undo takes back what I wrote and leaves what others wrote', async ({ cast }) => {
  const [alice, bob] = (await together(cast, 'alice', 'bob')) as [Tab, Tab]
  const id = await createNote(alice, 'Undo')
  await alice.page.keyboard.type('mine ')
  await openNote(bob, 'Undo')
  await untilText([bob], id, 'mine ')
  await expect(at(bob, 'undo')).toHaveAttribute('aria-disabled', 'true')
  await at(bob, 'note-editor').click()
  await bob.page.keyboard.press('Control+End')
  await bob.page.keyboard.type('and yours')
  await untilText([alice, bob], id, 'mine and yours')

  await at(alice, 'undo').click()
  await untilText([alice, bob], id, 'and yours')
  await at(alice, 'redo').click()
  await untilText([alice, bob], id, 'mine and yours')
  await at(alice, 'note-editor').click()
  await alice.page.keyboard.press('Control+z')
  await untilText([alice, bob], id, 'and yours')
})

test('a note outlives a reload with the signaling server gone, and goes on from there', async ({
  castWithOwnServer: cast,
}) => {
  const alices = await cast.profile('alice')
  const alice = await alices.open({ mesh: cast.mesh })
  await untilAgree([alice])
  const id = await createNote(alice, 'Lasting')
  await alice.page.keyboard.type('written before')
  await untilSaved(alice)
  await expect(at(alice, 'note-state')).toContainText('Only you are here')
  await alice.untilServedOffline()

  await cast.server.kill()
  await at(alice, 'note-title').press('End')
  await at(alice, 'note-title').pressSequentially(', or n')
  await alice.page.reload()
  await alice.joined()
  // The address names the note: it is open again.
  await expect(at(alice, 'note-editor')).toHaveText('written before', patience)
  await expect(at(alice, 'note-title')).toBeFocused()
  await alice.page.keyboard.type('ot')
  await expect(at(alice, 'note-title')).toHaveValue('Lasting, or not')
  await alice.page.keyboard.press('Escape')
  await expect(at(alice, 'note-title')).toHaveValue('Lasting')
  await at(alice, 'note-editor').click()
  await alice.page.keyboard.press('Control+End')
  await alice.page.keyboard.type(', and after')
  await untilSaved(alice)

  // A second tab of this browser needs no server to have it.
  const second = await alices.open({ mesh: cast.mesh })
  await openNote(second, 'Lasting')
  await untilText([second], id, 'written before, and after')
  await expect(at(second, 'note-state')).toContainText('In sync with your other tab', patience)
})

test('notes are named, renamed, deleted and put back, for everybody', async ({ cast }) => {
  const [alice, bob] = (await together(cast, 'alice', 'bob')) as [Tab, Tab]
  await createNote(alice, 'First')
  await alice.page.keyboard.type('kept text')
  await openNote(bob, 'First')
  await at(bob, 'note-title').fill('Renamed')
  await at(bob, 'note-title').press('Enter')
  await expect(at(alice, 'note-title')).toHaveValue('Renamed')
  await at(bob, 'note-title').fill('not this')
  await at(bob, 'note-title').press('Escape')
  await expect(at(bob, 'note-title')).toHaveValue('Renamed')

  // Bob is renaming it when alice deletes it: he keeps the focus and what he typed, and nobody has that name yet.
  await at(bob, 'note-title').press('End')
  await bob.page.keyboard.type(' again')
  await at(alice, 'note-delete').click()
  await expect(at(alice, 'note-item')).toHaveCount(0)
  await expect(bob.page.getByText('somebody has deleted it')).toBeVisible()
  await expect(at(bob, 'note-item')).toHaveCount(0)
  await expect(at(bob, 'note-title')).toBeFocused()
  await expect(at(bob, 'note-title')).toHaveValue('Renamed again')
  await at(alice, 'note-restore').click()
  await expect(noteItem(bob, 'Renamed')).toBeVisible()
  await expect(bob.page.getByText('somebody has deleted it')).toHaveCount(0)
  await expect(at(bob, 'note-title')).toBeFocused()
  await bob.page.keyboard.press('Escape')
  await expect(at(bob, 'note-title')).toHaveValue('Renamed')
  await expect(at(alice, 'note-editor')).toContainText('kept text')

  // Only a new note's title waits to be typed; whoever goes back finds the focus where it was, and so does who puts back.
  await expect(alice.page.getByRole('region', { name: 'Renamed' })).toBeFocused()
  await at(bob, 'note-editor').focus()
  await bob.page.goBack()
  await expect(noteItem(bob, 'Renamed').getByRole('button')).toBeFocused()
  await bob.page.goForward()
  await at(alice, 'note-delete').click()
  await bob.page.getByText('somebody has deleted it').waitFor()
  await bob.page.getByRole('button', { name: 'Put it back' }).press('Enter')
  await expect(bob.page.getByRole('region', { name: 'Renamed' })).toBeFocused()

  // An address of another mesh; and whoever leaves takes none along.
  await alice.page.evaluate(() => {
    window.location.hash = '#/notes/of-another-mesh'
  })
  await expect(at(alice, 'note-nowhere')).toContainText(`There is no such note in ${cast.mesh}.`)
  await expect(at(alice, 'note-editor')).toHaveCount(0)
  await expect(noteItem(alice, 'Renamed')).toBeVisible()
  await at(alice, 'leave').click()
  await at(alice, 'leave-confirm').click()
  await expect(at(alice, 'join-form')).toBeVisible()
  expect(new URL(alice.page.url()).hash).toBe('')
})

test('a note whose text nobody here has says so, and fills when its author is back', async ({ cast }) => {
  const alices = await cast.profile('alice')
  const alice = await alices.open({ mesh: cast.mesh })
  const bob = await (await cast.profile('bob')).open({ mesh: cast.mesh })
  await untilAgree([alice, bob])
  await createNote(alice, 'Far away')
  await alice.page.keyboard.type('here it is')
  await untilSaved(alice)
  await at(bob, 'nav-notes').click()
  await expect(noteItem(bob, 'Far away')).toBeVisible(patience)
  await alices.quit()
  await openNote(bob, 'Far away')
  await expect(at(bob, 'note-missing')).toBeVisible(patience)
  await expect(at(bob, 'note-state')).toContainText('Only you are here')
  await at(bob, 'note-editor').click()
  await bob.page.keyboard.type('meanwhile ')
  await untilSaved(bob)
  await expect(at(bob, 'note-missing')).toBeVisible()

  await alices.relaunch()
  const back = await alices.open({ mesh: cast.mesh })
  await openNote(back, 'Far away')
  await expect(at(bob, 'note-editor')).toContainText('here it is', patience)
  await expect(at(bob, 'note-editor')).toContainText('meanwhile')
  await expect(at(bob, 'note-missing')).toHaveCount(0)
})

test('a newcomer sees how much of a large note is here, and that it is in sync only at its end', async ({
  cast,
}) => {
  const [alice, bob] = (await together(cast, 'alice', 'bob')) as [Tab, Tab]
  const id = await createNote(alice, 'Large')
  const length = await alice.page.evaluate(async (note) => {
    const handle = await window.mesh!.doc(`note-${note}`)
    const text = handle.doc.getText('text')
    for (let chapter = 0; chapter < 200; chapter++)
      text.insert(text.length, `Chapter ${chapter}\n${'All work and no play.\n'.repeat(3000)}`)
    await handle.whenStored()
    await handle.close()
    return text.length
  }, id)
  await at(bob, 'nav-notes').click()
  await expect(noteItem(bob, 'Large')).toBeVisible(patience)
  // Every figure the bar shows, and what was said beside it, as it changes.
  await bob.page.evaluate(() => {
    const seen: { figure: number; words: string }[] = []
    Object.assign(window, { seen })
    new MutationObserver(() => {
      const bar = document.querySelector('[data-testid=note-progress]')
      const words = document.querySelector('[data-testid=note-state]')?.textContent ?? ''
      if (bar) seen.push({ figure: Number(bar.getAttribute('aria-valuenow')), words })
    }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })
  })
  await openNote(bob, 'Large')
  await bob.page.getByRole('progressbar').waitFor(patience)
  await untilInSync(bob)
  expect((await textOf(bob, id)).length).toBe(length)
  await expect(at(bob, 'note-progress')).toHaveCount(0)

  const seen = await bob.page.evaluate(
    () => (window as unknown as { seen: { figure: number; words: string }[] }).seen,
  )
  const figures = seen.map(({ figure }) => figure)
  expect(figures.length).toBeGreaterThan(1)
  expect(figures).toEqual(figures.toSorted((a, b) => a - b))
  for (const { figure, words } of seen) {
    expect(figure).toBeLessThan(100)
    expect(words).toContain(`Syncing… ${figure} %`)
    expect(words).not.toContain('In sync')
  }
})

test('what a stranger says of himself in a note is only ever text', async ({ cast }) => {
  const [alice, bob] = (await together(cast, 'alice', 'bob')) as [Tab, Tab]
  const id = await createNote(alice, 'Guarded')
  await alice.page.keyboard.type('calm')
  await openNote(bob, 'Guarded')
  await untilText([bob], id, 'calm')
  await bob.page.evaluate(async (note) => {
    const { awareness } = await window.mesh!.doc(`note-${note}`)
    const evil = '<img src=/nothing onerror="window.hacked=true">'
    const end = { type: null, tname: 'text', item: null, assoc: 0 }
    const user = { name: evil, color: 'red; background: url(/nothing)', colorLight: 'url(/nothing)' }
    awareness.setLocalState({ user, cursor: { anchor: end, head: end } })
  }, id)
  await expect(at(alice, 'note-cursor')).toHaveText(/<img src=/)
  await bob.page.evaluate(async (note) => {
    const { awareness } = await window.mesh!.doc(`note-${note}`)
    const nonsense = { tname: 'planted', item: { client: 'x', clock: -1 } }
    awareness.setLocalState({ user: { name: 'planted' }, cursor: { anchor: nonsense, head: 7 } })
  }, id)
  await expect(at(alice, 'note-people').locator('[data-name=planted]')).toBeVisible()
  await expect(at(alice, 'note-cursor')).toHaveCount(0)
  await at(alice, 'note-editor').click()
  await alice.page.keyboard.press('Control+End')
  await alice.page.keyboard.type(' as before')
  await untilText([alice, bob], id, 'calm as before')
  const types = await alice.page.evaluate(async (note) => {
    const { doc } = await window.mesh!.doc(`note-${note}`)
    return { hacked: 'hacked' in window, names: [...doc.share.keys()] }
  }, id)
  expect(types.hacked).toBe(false)
  expect(types.names).not.toContain('planted')
})

// -------------------------------------------------------------------------------------------------- tasks

const task = (tab: Tab, title: string): Locator =>
  tab.page.locator(`[data-testid=task-item][data-title="${title}"]`)

async function addTask(tab: Tab, title: string): Promise<void> {
  await at(tab, 'task-input').fill(title)
  await at(tab, 'task-input').press('Enter')
  await expect(task(tab, title)).toBeVisible()
}

test('a task ticked here is ticked there, and undo takes back only what was done here', async ({ cast }) => {
  const [alice, bob] = (await together(cast, 'alice', 'bob')) as [Tab, Tab]
  for (const tab of [alice, bob]) await at(tab, 'nav-tasks').click()
  await addTask(alice, 'oil the winch')
  await addTask(alice, 'print the tide tables')
  await expect(task(bob, 'print the tide tables')).toBeVisible()
  await addTask(bob, 'buy rope')
  await expect(at(alice, 'tasks-news')).toHaveText('New task by bob: “buy rope”.')
  await task(bob, 'oil the winch').getByTestId('task-toggle').check()
  await expect(task(alice, 'oil the winch').getByTestId('task-toggle')).toBeChecked()
  await expect(at(alice, 'tasks-news')).toHaveText('“oil the winch” is done.')
  await expect(at(alice, 'task-filter-open')).toHaveText('Open 2')

  await at(alice, 'undo').click()
  await expect(task(bob, 'print the tide tables')).toHaveCount(0)
  await expect(task(bob, 'buy rope')).toBeVisible()
  await expect(task(bob, 'oil the winch').getByTestId('task-toggle')).toBeChecked()
  await at(alice, 'redo').click()
  await expect(task(bob, 'print the tide tables')).toBeVisible()

  // A task that somebody else deletes hands the focus on as well.
  for (const title of ['a slip', 'another']) await addTask(bob, title)
  await task(alice, 'another').getByTestId('task-title').click()
  await task(bob, 'another').getByTestId('task-delete').click()
  // Not to a box that the next blank would tick.
  await expect(alice.page.getByRole('list', { name: 'Tasks' })).toBeFocused()
  await task(alice, 'a slip').getByTestId('task-toggle').focus()
  await task(bob, 'a slip').getByTestId('task-delete').click()
  await expect(task(alice, 'buy rope').getByTestId('task-toggle')).toBeFocused()

  await at(bob, 'task-filter-done').click()
  await expect(at(bob, 'task-item')).toHaveCount(1)
  await at(bob, 'task-filter-open').click()
  await expect(at(bob, 'task-item')).toHaveCount(2)
  for (const tab of [alice, bob]) {
    await untilInSync(tab, 'tasks-state')
    await untilSaved(tab, 'tasks-state')
  }
})

test('whoever opens a title and leaves it as it was takes nothing back of what others made of it', async ({
  cast,
}) => {
  const [alice, bob] = (await together(cast, 'alice', 'bob')) as [Tab, Tab]
  const touch = async (title: Locator): Promise<void> => {
    await title.press('End')
    await title.pressSequentially('x')
    await title.press('Backspace')
  }
  await createNote(alice, 'Plan')
  await openNote(bob, 'Plan')
  await touch(at(alice, 'note-title'))
  await at(bob, 'note-title').fill('Better plan')
  await at(bob, 'note-title').press('Enter')
  await expect(noteItem(alice, 'Better plan')).toBeVisible(patience)
  await at(alice, 'note-title').press('Enter')
  await expect(at(alice, 'note-title')).toHaveValue('Better plan')

  for (const tab of [alice, bob]) await at(tab, 'nav-tasks').click()
  await at(alice, 'task-input').fill('milk')
  await at(alice, 'task-input').press('Enter')
  await at(alice, 'task-title').click()
  await touch(at(alice, 'task-edit'))
  await at(bob, 'task-title').click(patience)
  await at(bob, 'task-edit').fill('oat milk')
  await at(bob, 'task-edit').press('Enter')
  await expect(alice.page.locator('[data-testid=task-item][data-title="oat milk"]')).toBeVisible(patience)
  await at(alice, 'task-edit').press('Enter')
  await expect(at(alice, 'task-title')).toHaveText('oat milk')
})

test('tasks are worked with the keyboard alone', async ({ cast }) => {
  const [alice] = (await together(cast, 'alice')) as [Tab]
  await at(alice, 'nav-tasks').click()
  const { keyboard } = alice.page
  await at(alice, 'task-input').focus()
  for (const title of ['one', 'two', 'three']) {
    await keyboard.type(title)
    await keyboard.press('Enter')
  }
  await keyboard.type('a slip')
  await keyboard.press('Enter')
  await keyboard.press('Control+z')
  await keyboard.type('not this')
  await at(alice, 'nav-notes').click()
  await at(alice, 'nav-tasks').click()
  await expect(at(alice, 'task-input')).toHaveValue('not this')
  await at(alice, 'task-input').press('Escape')
  await expect(at(alice, 'task-input')).toHaveValue('')
  await expect(at(alice, 'task-item')).toHaveCount(3)

  await task(alice, 'one').getByTestId('task-title').focus()
  await keyboard.press('Enter')
  await expect(at(alice, 'task-edit')).toBeFocused()
  await keyboard.type('one and a half')
  await keyboard.press('Enter')
  await expect(task(alice, 'one and a half').getByTestId('task-title')).toBeFocused()
  await keyboard.press('Enter')
  await expect(at(alice, 'task-edit')).toBeFocused()
  await keyboard.type('never')
  await alice.page.reload()
  await expect(at(alice, 'task-edit')).toBeFocused()
  await keyboard.type(' mind')
  await expect(at(alice, 'task-edit')).toHaveValue('never mind')
  await keyboard.press('Escape')
  await expect(task(alice, 'one and a half').getByTestId('task-title')).toBeFocused()

  await task(alice, 'two').getByTestId('task-delete').focus()
  await keyboard.press('Enter')
  await expect(task(alice, 'three').getByTestId('task-toggle')).toBeFocused()
  await keyboard.press('Space')
  await expect(task(alice, 'three')).toHaveAttribute('data-done', 'true')
  await keyboard.press('Control+z')
  await expect(task(alice, 'three')).toHaveAttribute('data-done', 'false')
  await keyboard.press('Control+z')
  await expect(task(alice, 'two')).toBeVisible()
  await at(alice, 'task-filter-open').click()
  await task(alice, 'two').getByTestId('task-toggle').focus()
  await keyboard.press('Space')
  await expect(task(alice, 'three').getByTestId('task-toggle')).toBeFocused()
  await keyboard.press('Space')
  await expect(task(alice, 'one and a half').getByTestId('task-toggle')).toBeFocused()
  await keyboard.press('Space')
  await expect(at(alice, 'task-filter-open')).toBeFocused()
  await at(alice, 'task-filter-all').click()
  for (const title of ['three', 'two', 'one and a half']) {
    await task(alice, title).getByTestId('task-delete').focus()
    await keyboard.press('Enter')
    await expect(task(alice, title)).toHaveCount(0)
  }
  await expect(at(alice, 'task-input')).toBeFocused()
  for (let n = 1; n <= 30; n++) {
    await keyboard.type(`line ${n}`)
    await keyboard.press('Enter')
  }
  await expect(task(alice, 'line 30')).toBeInViewport()
  await expect(task(alice, 'line 1')).not.toBeInViewport()
})

test('the list arrives where nobody has looked at it, and stays after its author left', async ({ cast }) => {
  const alices = await cast.profile('alice')
  const alice = await alices.open({ mesh: cast.mesh })
  const bob = await (await cast.profile('bob')).open({ mesh: cast.mesh })
  await untilAgree([alice, bob])
  await at(alice, 'nav-tasks').click()
  await addTask(alice, 'remember me')
  await expect(at(bob, 'nav-tasks')).toContainText('1', patience)
  await alices.quit()
  await at(bob, 'nav-tasks').click()
  await expect(task(bob, 'remember me')).toBeVisible()
})

// ------------------------------------------------------------------------------------------------- export

async function exported(tab: Tab, button: string): Promise<{ name: string; content: string }> {
  const downloading: Promise<Download> = tab.page.waitForEvent('download')
  await at(tab, button).click()
  const download = await downloading
  return { name: download.suggestedFilename(), content: await readFile(await download.path(), 'utf8') }
}

test('notes and tasks leave as Markdown and as JSON', async ({ cast }) => {
  const [alice] = (await together(cast, 'alice')) as [Tab]
  const other = await createNote(alice, 'Other')
  await alice.page.keyboard.type('another text')
  await untilText([alice], other, 'another text')
  const id = await createNote(alice, 'Tide tables')
  await alice.page.keyboard.type('# High water')
  await alice.page.keyboard.press('Enter')
  await alice.page.keyboard.type('11:42')
  await untilText([alice], id, '# High water\n11:42')

  expect(await exported(alice, 'note-export-markdown')).toEqual({
    name: 'Tide-tables.md',
    content: '# High water\n11:42\n',
  })
  const one = await exported(alice, 'note-export-json')
  expect(one.name).toBe('Tide-tables.json')
  expect(JSON.parse(one.content)).toMatchObject({ id, title: 'Tide tables', text: '# High water\n11:42' })
  const all = JSON.parse((await exported(alice, 'notes-export-json')).content) as Record<string, unknown>
  expect(all).toMatchObject({
    mesh: cast.mesh,
    notes: [
      { id, title: 'Tide tables', text: '# High water\n11:42' },
      { id: other, title: 'Other', text: 'another text' },
    ],
  })

  await at(alice, 'nav-tasks').click()
  await addTask(alice, 'oil the winch')
  await addTask(alice, 'buy rope')
  await task(alice, 'buy rope').getByTestId('task-toggle').check()
  expect((await exported(alice, 'export-tasks-markdown')).content).toBe(
    '- [ ] oil the winch\n- [x] buy rope\n',
  )
  expect(JSON.parse((await exported(alice, 'export-tasks-json')).content)).toMatchObject({
    mesh: cast.mesh,
    tasks: [
      { title: 'oil the winch', done: false, by: 'alice' },
      { title: 'buy rope', done: true, by: 'alice' },
    ],
  })
})
