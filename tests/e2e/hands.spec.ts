// Quick hands and slow ones: who presses before the next frame, presses twice, types on while something is still being
// loaded, or goes elsewhere meanwhile. What they typed is where they typed it, and nothing takes them from there.

import { expect, type Locator, type Page } from '@playwright/test'
import { type Cast, test } from './support/fixtures.ts'
import { patience } from './support/participant.ts'
import type { Tab } from './support/tab.ts'

const at = (tab: Tab, testId: string): Locator => tab.page.getByTestId(testId)

/** Alice's tab, without a service worker: what the page loads late goes by way of the test. */
async function alone(cast: Cast): Promise<Tab> {
  const profile = await cast.profile('alice')
  await profile.context.addInitScript(() => {
    Reflect.deleteProperty(Navigator.prototype, 'serviceWorker')
  })
  return profile.open({ mesh: cast.mesh })
}

/** Keeps a part of the app from the page until it is let go. */
async function holdBack(page: Page, part: string): Promise<() => void> {
  const url = `**/assets/${part}-*.js`
  let letGo = (): void => undefined
  const open = new Promise<void>((resolve) => {
    letGo = resolve
  })
  await page.route(url, async (route) => {
    await open
    await route.continue()
  })
  return () => letGo()
}

/** From now on a room is joined only once the page hears of its disk. */
async function slowDisk(tab: Tab): Promise<void> {
  await tab.page.evaluate(() => {
    const mesh = window.mesh!
    const room = mesh.room.bind(mesh)
    mesh.room = (name) => {
      const found = room(name)
      const quickJoin = found.join.bind(found)
      const join = async (): Promise<void> => {
        await new Promise<void>((resolve) => addEventListener('disk', () => resolve(), { once: true }))
        await quickJoin()
      }
      return Object.defineProperty(found, 'join', { value: join })
    }
  })
}

const textOf = (tab: Tab): Promise<string> =>
  tab.page.evaluate(async () => {
    const id = window.location.hash.replace('#/notes/', '')
    const handle = await window.mesh!.doc(`note-${id}`)
    const text = handle.doc.getText('text').toString()
    await handle.close()
    return text
  })

test('whoever goes on from the title before the editor is there writes on, and it is in the note', async ({
  cast,
}) => {
  const alice = await alone(cast)
  const letGo = await holdBack(alice.page, 'editor')
  await at(alice, 'nav-notes').click()
  await at(alice, 'new-note').click()
  await expect(at(alice, 'note-title')).toBeFocused()
  await alice.page.keyboard.type('Plan')
  await alice.page.keyboard.press('Enter')
  await alice.page.keyboard.type('We start ')
  await expect(at(alice, 'note-early')).toBeFocused()
  letGo()
  await expect(at(alice, 'note-editor')).toBeFocused()
  await expect(at(alice, 'note-early')).toHaveCount(0)
  await alice.page.keyboard.type('at noon.')
  await expect(at(alice, 'note-title')).toHaveValue('Plan')
  await expect.poll(() => textOf(alice), patience).toBe('We start at noon.')
  await alice.page.keyboard.press('Control+z')
  await expect.poll(() => textOf(alice), patience).toBe('')
})

test('whoever leaves a note before its editor is there leaves in it what they wrote', async ({ cast }) => {
  const alice = await alone(cast)
  const letGo = await holdBack(alice.page, 'editor')
  await at(alice, 'nav-notes').click()
  await at(alice, 'new-note').click()
  await alice.page.keyboard.press('Enter')
  await expect(at(alice, 'note-state')).toBeVisible()
  await alice.page.keyboard.type('Ropes')
  await at(alice, 'nav-tasks').click()
  await alice.page.goBack()
  letGo()
  await expect(at(alice, 'note-editor')).toHaveText('Ropes')
})

test('a note that comes late leaves the focus where somebody types meanwhile', async ({ cast }) => {
  const alice = await alone(cast)
  await at(alice, 'nav-notes').click()
  await at(alice, 'new-note').click()
  await alice.page.keyboard.type('Plan')
  await alice.page.keyboard.press('Enter')
  await expect(at(alice, 'note-editor')).toBeFocused()
  const letGo = await holdBack(alice.page, 'documents-pane')
  await alice.page.reload()
  await at(alice, 'room-new').pressSequentially('bo')
  letGo()
  await expect(at(alice, 'note-editor')).toBeVisible()
  await alice.page.keyboard.type('ats')
  await expect(at(alice, 'room-new')).toHaveValue('boats')
})

test('a note that was only passed by is not left open', async ({ cast }) => {
  const alice = await alone(cast)
  await at(alice, 'nav-notes').click()
  const ids: string[] = []
  for (const title of ['One', 'Two']) {
    await at(alice, 'new-note').click()
    await alice.page.keyboard.type(title)
    await alice.page.keyboard.press('Enter')
    await expect(at(alice, 'note-editor')).toBeFocused()
    ids.push(alice.page.url().replace(/.*notes\//, ''))
  }
  await at(alice, 'nav-notes').click()
  const open = () =>
    alice.page.evaluate(() =>
      window
        .mesh!.status()
        .docs.map(({ name }) => name)
        .filter((name) => name.startsWith('note-')),
    )
  await expect.poll(open, patience).toEqual([])
  await alice.page.evaluate(async (notes) => {
    for (const id of notes) {
      document.querySelector<HTMLElement>(`[data-note-id="${id}"] button`)?.click()
      // Drawn, and the next frame is not here yet.
      for (let n = 0; n < 10; n++) await Promise.resolve()
    }
  }, ids)
  await expect(at(alice, 'note-title')).toHaveValue('Two')
  await expect.poll(open, patience).toEqual([`note-${ids[1]}`])
})

test('pressing twice makes one note', async ({ cast }) => {
  const alice = await alone(cast)
  await at(alice, 'nav-notes').click()
  for (let notes = 1; notes <= 2; notes++) {
    await at(alice, 'new-note').dblclick()
    await expect(at(alice, 'note-item')).toHaveCount(notes)
  }
})

test('what is pressed before the first frame of a mesh is not taken back', async ({ cast }) => {
  const alice = await alone(cast)
  await at(alice, 'leave').click()
  await at(alice, 'leave-confirm').click()
  await expect(at(alice, 'join-submit')).toBeVisible()
  await alice.page.evaluate(() => {
    new MutationObserver((_, observer) => {
      const button = document.querySelector<HTMLElement>('[data-testid=nav-tasks]')
      if (!button) return
      observer.disconnect()
      button.click()
    }).observe(document.body, { childList: true, subtree: true })
  })
  await at(alice, 'join-submit').click()
  await expect(at(alice, 'task-input')).toBeVisible()
  await expect(alice.page).toHaveURL(/#\/tasks$/)
})

test('somebody written to comes in: who writes to them writes on, and who writes elsewhere does too', async ({
  cast,
}) => {
  const alice = await (await cast.profile('alice')).open({ mesh: cast.mesh })
  const isBound = (name: string) =>
    expect(
      alice.page.locator(`[data-testid=direct][data-name="${name}"][data-member] [aria-current=page]`),
    ).toBeVisible(patience)
  await at(alice, 'direct-new').fill('bob')
  await at(alice, 'direct-new').press('Enter')
  await expect(at(alice, 'composer')).toBeFocused()
  await alice.page.keyboard.type('Hello ?')
  await alice.page.keyboard.press('ArrowLeft')
  const bobs = await cast.profile('bob')
  await bobs.open({ mesh: cast.mesh })
  await isBound('bob')
  await alice.page.keyboard.type('Bob')
  await expect(at(alice, 'composer')).toHaveValue('Hello Bob?')

  await at(alice, 'direct-new').fill('carol')
  await at(alice, 'direct-new').press('Enter')
  await expect(at(alice, 'composer')).toBeFocused()
  await at(alice, 'room-new').pressSequentially('bo')
  await bobs.open({ mesh: cast.mesh, name: 'carol' })
  await isBound('carol')
  await alice.page.keyboard.type('ats')
  await expect(at(alice, 'room-new')).toHaveValue('boats')
})

test('whoever goes elsewhere while a room is joined stays there, and what they type next stays too', async ({
  cast,
}) => {
  const alice = await alone(cast)
  await slowDisk(alice)
  await at(alice, 'room-new').fill('boats')
  await at(alice, 'room-new').press('Enter')
  await at(alice, 'nav-tasks').click()
  await expect(at(alice, 'task-input')).toBeVisible()
  await at(alice, 'room-new').fill('ropes')
  await alice.page.evaluate(() => dispatchEvent(new Event('disk')))
  await expect(alice.page.locator('[data-testid=room][data-room=boats][data-joined=true]')).toBeVisible()
  await expect(at(alice, 'task-input')).toBeVisible()
  await expect(at(alice, 'room-new')).toHaveValue('ropes')
})

test('pressing twice opens a dialog or a drawer, and deletes one task', async ({ cast }) => {
  const alice = await alone(cast)
  await at(alice, 'leave').dblclick()
  await expect(at(alice, 'leave-dialog')).toBeVisible()
  await alice.page.keyboard.press('Escape')
  await expect(at(alice, 'leave-dialog')).toHaveCount(0)

  await at(alice, 'nav-tasks').click()
  for (const title of ['one', 'two', 'three']) {
    await at(alice, 'task-input').fill(title)
    await at(alice, 'task-input').press('Enter')
  }
  await at(alice, 'task-delete').first().dblclick()
  await expect(at(alice, 'task-item')).toHaveCount(2)

  await alice.page.setViewportSize({ width: 390, height: 800 })
  for (const [button, inside] of [
    ['Conversations', 'nav-notes'],
    ['Who is here', 'leader'],
  ] as const) {
    await alice.page.getByRole('main').getByRole('button', { name: button }).dblclick()
    await expect(at(alice, inside)).toBeInViewport()
    await expect(alice.page.getByRole('dialog')).toBeVisible()
    await alice.page.keyboard.press('Escape')
    await expect(alice.page.getByRole('dialog')).toHaveCount(0)
  }
})

test('the box to write in comes late, with its room, and leaves the focus where somebody types', async ({
  cast,
}) => {
  const alice = await alone(cast)
  await at(alice, 'room-leave').click()
  await slowDisk(alice)
  await at(alice, 'room-join').click()
  await at(alice, 'room-new').fill('pla')
  await alice.page.evaluate(() => dispatchEvent(new Event('disk')))
  await expect(at(alice, 'composer')).toBeVisible()
  await expect(at(alice, 'room-new')).toBeFocused()
  await at(alice, 'room-new').press('End')
  await at(alice, 'room-new').pressSequentially('ns')
  await expect(at(alice, 'room-new')).toHaveValue('plans')

  // Nobody types: whoever has pressed the button writes on.
  await at(alice, 'room-leave').click()
  await at(alice, 'room-join').click()
  await alice.page.evaluate(() => dispatchEvent(new Event('disk')))
  await expect(at(alice, 'composer')).toBeFocused()
})

test('one room can be joined while another one is being joined', async ({ cast }) => {
  const alice = await alone(cast)
  const bob = await (await cast.profile('bob')).open({ mesh: cast.mesh })
  for (const room of ['boats', 'ropes']) await bob.joinRoom(room)
  await slowDisk(alice)
  await alice.openRoom('ropes')
  await at(alice, 'room-join').click()
  await expect(at(alice, 'room-join')).toBeDisabled()
  await alice.openRoom('boats')
  await at(alice, 'room-join').click()
  await alice.page.evaluate(() => dispatchEvent(new Event('disk')))
  for (const room of ['boats', 'ropes'])
    await expect(alice.page.locator(`[data-testid=room][data-room=${room}][data-joined=true]`)).toBeVisible()
})
