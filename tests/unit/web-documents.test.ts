// Notes and tasks without a page: what is read from shared maps that anybody may have written, what is said of how a
// document stands, what leaves as a file, and whose changes undo takes back.

import { signal } from '@preact/signals'
import { MeshError, type PeerId } from 'skein'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { applyUpdate, Doc, encodeStateAsUpdate, Map as SharedMap } from 'yjs'
import { createDocuments } from '../../web/documents/documents.ts'
import { stateWords, type DocumentState } from '../../web/documents/document-sentences.ts'
import {
  fileStem,
  noteAsJson,
  noteAsMarkdown,
  notesAsJson,
  tasksAsJson,
  tasksAsMarkdown,
} from '../../web/documents/exports.ts'
import { notesIn, putNote, readNotes, removeNote, renameNote, textIn } from '../../web/documents/notes.ts'
import type { Opening } from '../../web/documents/opening.ts'
import { awareUser, peopleIn, personOf } from '../../web/documents/people.ts'
import { openShared } from '../../web/documents/shared-document.ts'
import {
  changeSentence,
  countTasks,
  createTaskWriter,
  filterTasks,
  readTasks,
  tasksIn,
  type Task,
} from '../../web/documents/tasks.ts'
import type { TitleDraft } from '../../web/documents/title-draft.ts'
import { hashOfView, viewOfHash } from '../../web/route.ts'
import { FakeDocument } from './web-fake-document.ts'
import { asMesh, FakeMesh } from './web-fake-mesh.ts'

const noon = Date.UTC(2026, 0, 2, 12)

/** Two devices; `meet` brings both to the same state. */
function twoDevices() {
  const [alice, bob] = [new Doc(), new Doc()]
  const meet = (): void => {
    const [a, b] = [encodeStateAsUpdate(alice), encodeStateAsUpdate(bob)]
    applyUpdate(alice, b)
    applyUpdate(bob, a)
  }
  return { alice, bob, meet }
}

async function opened<T>(opening: Opening<T>): Promise<T> {
  await vi.waitFor(() => expect(opening.now.value.type).toBe('open'))
  const now = opening.now.value
  if (now.type !== 'open') throw new Error('not open')
  return now.value
}

describe('the list of notes', () => {
  test('the newest comes first, on every device', () => {
    const { alice, bob, meet } = twoDevices()
    putNote(notesIn(alice), { id: 'a', title: 'First', createdAt: 1 })
    putNote(notesIn(bob), { id: 'b', title: 'Second', createdAt: 2 })
    putNote(notesIn(bob), { id: 'c', title: 'Also second', createdAt: 2 })
    meet()
    expect(readNotes(notesIn(alice)).map(({ id }) => id)).toEqual(['b', 'c', 'a'])
    expect(readNotes(notesIn(bob))).toEqual(readNotes(notesIn(alice)))
  })

  test('what others wrote wrongly is mended or left out', () => {
    const notes = notesIn(new Doc())
    notes.set('plain', { title: ' by  a\nprogram ', createdAt: noon })
    notes.set('empty', new SharedMap())
    notes.set('hidden', { title: '\u202egnp.exe\u200b', createdAt: Infinity })
    notes.set('a/b', { title: 'an id that is no name' })
    notes.set('text', 'not an entry')
    notes.set('list', [1])
    notes.set('long', { title: 'x'.repeat(5000), createdAt: -1 })
    expect(readNotes(notes).map(({ id, title }) => [id, title.slice(0, 20)])).toEqual([
      ['plain', 'by a program'],
      ['empty', 'Untitled note'],
      ['hidden', 'gnp.exe'],
      ['long', 'x'.repeat(20)],
    ])
    expect(readNotes(notes).find(({ id }) => id === 'long')?.title).toHaveLength(200)
    // Half a character would not be the same on two devices once it is written again.
    notes.set('cut', { title: `${'x'.repeat(199)}\u{1f9a2}`, createdAt: 0 })
    expect(readNotes(notes).find(({ id }) => id === 'cut')?.title).toBe('x'.repeat(199))
  })

  test('renaming keeps the rest, also of an entry that a program wrote as JSON; an empty title is none', () => {
    const notes = notesIn(new Doc())
    putNote(notes, { id: 'a', title: 'Old', createdAt: 5 })
    notes.set('b', { title: 'Old', createdAt: 4 })
    for (const id of ['a', 'b', 'nowhere']) renameNote(notes, id, ' New ')
    expect(readNotes(notes)).toEqual([
      { id: 'a', title: 'New', createdAt: 5 },
      { id: 'b', title: 'New', createdAt: 4 },
    ])
    renameNote(notes, 'a', '  ')
    expect(readNotes(notes)[0]?.title).toBe('Untitled note')
  })

  test('a note that was deleted comes back as it was; a rename by somebody else does not bring it back', () => {
    const { alice, bob, meet } = twoDevices()
    putNote(notesIn(alice), { id: 'a', title: 'Plan', createdAt: 1 })
    meet()
    const [note] = readNotes(notesIn(alice))
    removeNote(notesIn(alice), 'a')
    renameNote(notesIn(bob), 'a', 'Renamed')
    meet()
    expect(readNotes(notesIn(bob))).toEqual([])
    putNote(notesIn(alice), note!)
    meet()
    expect(readNotes(notesIn(bob))).toEqual([note])
  })

  test('its address leads back to it, and no other address does', () => {
    for (const view of [
      { type: 'tasks' },
      { type: 'notes', note: undefined },
      { type: 'notes', note: 'a1-_Z' },
    ] as const)
      expect(viewOfHash(hashOfView(view))).toEqual(view)
    for (const hash of ['#/notes/', '#/notes/a/b', '#/notes/%20', `#/notes/${'x'.repeat(60)}`, '#/tasks/1'])
      expect(viewOfHash(hash)).toEqual({ type: 'conversation' })
  })
})

describe('the documents of a stay', () => {
  const stay = () => {
    const mesh = new FakeMesh('alice')
    const documents = createDocuments({
      mesh: asMesh(mesh),
      meshName: 'acme',
      newTask: signal(''),
      titleDraft: signal<TitleDraft | undefined>(undefined),
      now: () => noon,
      report: (error) => expect.unreachable(String(error)),
    })
    return { mesh, documents }
  }

  test('a note that was made here is not taken for one that has not arrived; one that others list is', async () => {
    const { mesh, documents } = stay()
    const index = await opened(documents.index())
    const id = index.create()
    const { signal } = new AbortController()
    await (await documents.openNote(id, signal)).close()
    index.restore({ id: 'far', title: 'From afar', createdAt: 1 })
    const [mine, far] = await documents.readAll(index.notes.value)
    expect(mine).toMatchObject({ id, title: 'Untitled note', text: '', isPiece: false })
    expect(far).toMatchObject({ id: 'far', text: '', isPiece: true })
    expect(mesh.documents.get(`note-${id}`)?.closed).toBe(true)
    expect(mesh.documents.get('notes')?.closed).toBe(false)
    documents.close()
    await vi.waitFor(() => expect(mesh.documents.get('notes')?.closed).toBe(true))
  })

  test('a deleted note can be put back until it is on the list again', async () => {
    const { documents } = stay()
    const index = await opened(documents.index())
    const id = index.create()
    index.rename(id, 'Plan')
    index.remove(id)
    expect(index.notes.value).toEqual([])
    expect(index.deleted.value).toEqual({ id, title: 'Plan', createdAt: noon })
    expect([index.known(id)?.title, index.known('never-listed')]).toEqual(['Plan', undefined])
    index.restore(index.deleted.value!)
    expect(index.notes.value.map(({ title }) => title)).toEqual(['Plan'])
    expect(index.deleted.value).toBeUndefined()
  })

  test('what others change in the tasks is said; what is changed here is not', async () => {
    const { mesh, documents } = stay()
    const list = await opened(documents.tasks())
    list.writer.add({ id: 'a', title: 'Mine', done: false, createdAt: 1, by: 'alice' })
    expect(list.news.value).toBe('')
    const other = new Doc()
    applyUpdate(other, encodeStateAsUpdate(mesh.documents.get('tasks')!.doc))
    createTaskWriter(other).setDone('a', true)
    applyUpdate(mesh.documents.get('tasks')!.doc, encodeStateAsUpdate(other))
    expect(list.tasks.value.map(({ done }) => done)).toEqual([true])
    expect(list.news.value).toBe('“Mine” is done.')
  })
})

describe('the task list', () => {
  const task = (id: string, change: Partial<Task> = {}): Task => ({
    id,
    title: id,
    done: false,
    createdAt: 1,
    by: 'alice',
    ...change,
  })
  const titles = (doc: Doc): string[] => readTasks(tasksIn(doc)).map(({ title }) => title)

  test('one ticks a task while another rewrites it: both hold', () => {
    const { alice, bob, meet } = twoDevices()
    const [a, b] = [createTaskWriter(alice), createTaskWriter(bob)]
    a.add(task('rope'))
    meet()
    a.setDone('rope', true)
    b.retitle('rope', 'new rope')
    meet()
    for (const doc of [alice, bob])
      expect(readTasks(tasksIn(doc))).toEqual([task('rope', { title: 'new rope', done: true })])
  })

  test('undo takes back one step, and only what was done here', () => {
    const { alice, bob, meet } = twoDevices()
    const [a, b] = [createTaskWriter(alice), createTaskWriter(bob)]
    a.add(task('one'))
    a.add(task('two', { createdAt: 2 }))
    meet()
    b.add(task('three', { createdAt: 3, by: 'bob' }))
    b.setDone('one', true)
    meet()
    a.undo.undo()
    meet()
    expect(titles(bob)).toEqual(['one', 'three'])
    expect(readTasks(tasksIn(alice))[0]?.done).toBe(true)
    a.undo.redo()
    meet()
    expect(titles(bob)).toEqual(['one', 'two', 'three'])
  })

  test('a task that was deleted comes back with all it held', () => {
    const doc = new Doc()
    const writer = createTaskWriter(doc)
    writer.add(task('rope', { done: true }))
    writer.remove('rope')
    expect(titles(doc)).toEqual([])
    writer.undo.undo()
    expect(readTasks(tasksIn(doc))).toEqual([task('rope', { done: true })])
  })

  test('what a program wrote as JSON can be ticked; what is no task is left out', () => {
    const doc = new Doc()
    tasksIn(doc).set('json', { title: 'By a program', done: 'yes', createdAt: 'today' })
    tasksIn(doc).set('nothing', null)
    const writer = createTaskWriter(doc)
    expect(readTasks(tasksIn(doc))).toEqual([
      { id: 'json', title: 'By a program', done: false, createdAt: 0, by: '' },
    ])
    writer.setDone('json', true)
    expect(readTasks(tasksIn(doc))[0]?.done).toBe(true)
    writer.undo.undo()
    expect(readTasks(tasksIn(doc))[0]?.done).toBe(false)
  })

  test('filters show what they count', () => {
    const tasks = [task('a'), task('b', { done: true }), task('c')]
    expect(countTasks(tasks)).toEqual({ all: 3, open: 2, done: 1 })
    for (const filter of ['all', 'open', 'done'] as const)
      expect(filterTasks(tasks, filter)).toHaveLength(countTasks(tasks)[filter])
  })

  test('changes by others are one sentence', () => {
    const before = [task('a'), task('b')]
    expect(changeSentence(before, before)).toBeUndefined()
    expect(changeSentence(before, [...before, task('c', { by: 'bob' })])).toBe('New task by bob: “c”.')
    expect(changeSentence(before, [...before, task('c', { by: '' })])).toBe('New task: “c”.')
    expect(changeSentence(before, [task('a', { done: true }), task('b')])).toBe('“a” is done.')
    expect(changeSentence([task('a', { done: true })], [task('a')])).toBe('“a” is open again.')
    expect(changeSentence(before, [task('a', { title: 'x' }), task('b')])).toBe('“a” now reads “x”.')
    expect(changeSentence(before, [task('a')])).toBe('“b” was deleted.')
    expect(changeSentence(before, [task('a', { done: true }), task('c')])).toBe('3 tasks changed.')
  })
})

describe('how a document stands', () => {
  const state = (change: Partial<DocumentState>): DocumentState => ({
    state: 'synced',
    others: 3,
    ownTabs: 0,
    progress: 1,
    stored: true,
    problem: undefined,
    ...change,
  })
  const words = (change: Partial<DocumentState>) => stateWords(state(change), 'note')

  test('alone, in transfer, in sync with whom; and whether it is saved', () => {
    expect(words({ state: 'alone', others: 0 })).toMatchObject({
      sync: 'Only you are here',
      saved: 'Saved on this device',
    })
    expect(words({ state: 'syncing', progress: 0.429 })).toMatchObject({ sync: 'Syncing… 42 %', percent: 42 })
    expect(words({ state: 'syncing' })).toMatchObject({ sync: 'Syncing…', percent: undefined })
    expect(words({}).sync).toBe('In sync with 3 others')
    expect(words({ others: 1 }).sync).toBe('In sync with 1 other')
    expect(words({ others: 0, ownTabs: 1 }).sync).toBe('In sync with your other tab')
    expect(words({ others: 2, ownTabs: 2 }).sync).toBe('In sync with 2 others and your 2 other tabs')
    expect(words({ stored: false }).saved).toBe('Saving…')
  })

  test('a transfer never says 100 %, nor anything outside of its bounds', () => {
    expect(words({ state: 'syncing', progress: 0.9999 }).percent).toBe(99)
    expect(words({ state: 'syncing', progress: -1 }).percent).toBe(0)
    expect(words({ state: 'synced', progress: 0.5 }).percent).toBeUndefined()
  })

  test('a problem says what is wrong and what to do', () => {
    const problem = (code: MeshError['code']) => words({ stored: false, problem: new MeshError(code, 'why') })
    expect(problem('doc-over-limit').problem).toMatch(/larger than it may be.*go on in a new one/)
    expect(problem('doc-over-limit').saved).toBe('Saving…')
    expect(problem('storage-full').problem).toMatch(/no room left.*Free some space/)
    expect(problem('storage-busy').problem).toMatch(/another tab holds it.*Close or wake/)
    expect(problem('storage-failed').problem).toMatch(/failed.*Export it to be safe/)
    expect(problem('storage-full').saved).toBe('Not saved on this device')
    expect(problem('peer-misbehaved').problem).toContain('why')
  })
})

describe('a document on the screen', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  async function open() {
    const mesh = new FakeMesh('alice')
    const document = await openShared(asMesh(mesh), 'plan')
    return { mesh, document, handle: mesh.documents.get('plan')! }
  }

  test('a passing change is not shown, one that lasts is, a good word at once', async () => {
    const { document, handle } = await open()
    handle.stand({ state: 'synced' })
    expect(document.shown.value.state).toBe('synced')
    handle.stand({ state: 'syncing' })
    expect(document.exact.value.state).toBe('syncing')
    vi.advanceTimersByTime(250)
    handle.stand({ state: 'synced' })
    vi.advanceTimersByTime(1000)
    expect(document.shown.value.state).toBe('synced')

    handle.stand({ state: 'syncing' })
    vi.advanceTimersByTime(299)
    expect(document.shown.value.state).toBe('synced')
    vi.advanceTimersByTime(1)
    expect(document.shown.value.state).toBe('syncing')
    handle.stand({ state: 'alone' })
    expect(document.shown.value.state).toBe('alone')
    await document.close()
  })

  test('a burst of keys with a moment of rest between them shows nothing', async () => {
    const { document, handle } = await open()
    const seen: string[] = []
    const off = document.shown.subscribe(({ state, stored }) => seen.push(`${state} ${stored}`))
    handle.stand({ state: 'synced' })
    for (let key = 0; key < 20; key++) {
      handle.stand({ state: 'syncing', stored: false })
      vi.advanceTimersByTime(100)
      handle.stand({ state: 'synced', stored: true })
      vi.advanceTimersByTime(100)
    }
    expect(new Set(seen)).toEqual(new Set(['alone true', 'synced true']))
    off()
    await document.close()
  })

  test('a problem that comes without an event is seen soon, and shown at once', async () => {
    const { document, handle } = await open()
    handle.stand({ state: 'synced', problem: new MeshError('storage-full', 'full') })
    handle.problem = undefined
    vi.advanceTimersByTime(500)
    expect(document.shown.value.problem).toBeUndefined()
    handle.problem = new MeshError('doc-over-limit', 'large')
    vi.advanceTimersByTime(500)
    expect(document.shown.value.problem?.code).toBe('doc-over-limit')
    await document.close()
  })

  test('others are counted as people, own tabs by themselves', async () => {
    const { mesh, document, handle } = await open()
    const bob = mesh.arrive('bob')
    const bobsSecond = mesh.arrive('bob')
    const mine = mesh.arrive('alice')
    handle.stand({ state: 'synced', basedOn: [bob.id, bobsSecond.id, mine.id, 'gone' as PeerId] })
    expect(document.exact.value).toMatchObject({ others: 2, ownTabs: 1 })
    await document.close()
  })

  test('I am seen in it only while I look at it', async () => {
    const { mesh, document, handle } = await open()
    expect(handle.awareness.getLocalState()).toBeNull()
    expect(document.people.value).toEqual([])
    document.setPresent(true)
    expect(document.people.value).toMatchObject([{ name: 'alice', isMe: true }])
    expect(handle.awareness.getLocalState()).toEqual({ user: awareUser('alice', mesh.me.member) })
    document.setPresent(false)
    expect(document.people.value).toEqual([])
    await document.close()
    expect(handle.closed).toBe(true)
  })
})

describe('people in a document', () => {
  test('each is there once, oneself first; what strangers say of themselves is checked', () => {
    const { awareness } = new FakeDocument('plan')
    awareness.setLocalState({ user: awareUser('mia', 'a0b1c2') })
    const states = awareness.getStates() as Map<number, unknown>
    states.set(1, { user: awareUser('bob', 'ffffff'), cursor: {} })
    states.set(2, { user: awareUser('bob', 'ffffff') })
    states.set(3, { user: { name: '  \u202e ', color: 'red; background: url(//evil)' } })
    states.set(4, { user: 'nobody' })
    states.set(5, { something: 'else' })
    states.set(6, null)
    expect(peopleIn(awareness).map(({ name }) => name)).toEqual(['mia', 'bob', 'somebody'])
    expect(peopleIn(awareness)[0]?.isMe).toBe(true)
    for (const person of peopleIn(awareness)) expect([0, 1, 2, 3, 4, 5]).toContain(person.tone)
    awareness.destroy()
  })

  test('a colour is one of ours on every device', () => {
    const user = awareUser('bob', '000003')
    expect(user).toEqual({ name: 'bob', color: '#3d6b3f', colorLight: '#3d6b3f33' })
    expect(personOf(9, { user }, 1)).toEqual({ name: 'bob', tone: 3, isMe: false })
  })
})

describe('files', () => {
  const note = { id: 'n1', title: 'Plan: été/2026', createdAt: noon, text: '# Plan\n- go', isPiece: false }

  test('a note as Markdown is its text, ended by a newline', () => {
    expect(noteAsMarkdown(note)).toEqual({
      name: 'Plan-été-2026.md',
      type: 'text/markdown',
      content: '# Plan\n- go\n',
    })
    expect(noteAsMarkdown({ ...note, text: 'x\n' }).content).toBe('x\n')
    expect(noteAsMarkdown({ ...note, text: '', isPiece: true }).content).toBe('')
  })

  test('notes as JSON hold title and text; a text that is not here is null', () => {
    expect(JSON.parse(noteAsJson(note).content)).toEqual({
      id: 'n1',
      title: 'Plan: été/2026',
      createdAt: '2026-01-02T12:00:00.000Z',
      text: '# Plan\n- go',
    })
    const all = notesAsJson(
      'acme',
      [note, { ...note, id: 'n2', createdAt: 0, text: '', isPiece: true }],
      noon,
    )
    expect(all.name).toBe('acme-notes.json')
    expect(JSON.parse(all.content)).toMatchObject({
      mesh: 'acme',
      exportedAt: '2026-01-02T12:00:00.000Z',
      notes: [{ text: '# Plan\n- go' }, { text: null, createdAt: null }],
    })
  })

  test('tasks as a checklist and as JSON', () => {
    const tasks = [
      { id: 'a', title: 'Oil the winch', done: true, createdAt: noon, by: 'alice' },
      { id: 'b', title: 'Buy rope', done: false, createdAt: 0, by: '' },
    ]
    expect(tasksAsMarkdown('acme', tasks).content).toBe('- [x] Oil the winch\n- [ ] Buy rope\n')
    expect(JSON.parse(tasksAsJson('acme', tasks, noon).content)).toEqual({
      mesh: 'acme',
      exportedAt: '2026-01-02T12:00:00.000Z',
      tasks: [
        { id: 'a', title: 'Oil the winch', done: true, by: 'alice', createdAt: '2026-01-02T12:00:00.000Z' },
        { id: 'b', title: 'Buy rope', done: false, by: '', createdAt: null },
      ],
    })
  })

  test('a file name is one on every system', () => {
    expect(fileStem('../../etc/passwd', 'note')).toBe('etc-passwd')
    expect(fileStem('CON: <a|b>?*', 'note')).toBe('CON-a-b')
    expect(fileStem('…', 'note')).toBe('note')
    expect(fileStem('日本語 メモ', 'note')).toBe('日本語-メモ')
    expect(fileStem('x'.repeat(500), 'note')).toHaveLength(60)
  })
})

test('the text of a note is where every Yjs editor looks for it', () => {
  const doc = new Doc()
  textIn(doc).insert(0, 'hello')
  expect(doc.getText('text').toString()).toBe('hello')
})
