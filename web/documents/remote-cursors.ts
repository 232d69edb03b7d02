// Where the others are in the text: their selection in their colour, their caret with their name. Speaks as
// y-codemirror.next does (`cursor: { anchor, head }` in the awareness), but believes nothing of what it is told: names
// are text, colours are ours, and a position that is none is left out. (The stock plugin writes a peer's colour into a
// style attribute.)

import { RangeSet, type Range } from '@codemirror/state'
import { Decoration, ViewPlugin, WidgetType, type DecorationSet, type EditorView } from '@codemirror/view'
import type { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { fieldOf, personOf, type Person } from './people.ts'

/** More carets than this only hide the text. chosen. */
const mostCursors = 50

/** Put after the plugin that writes edits into the Y.Text: positions are read from there. */
export function remoteCursors(text: Y.Text, awareness: Awareness) {
  return ViewPlugin.define((view) => new RemoteCursors(view, text, awareness), {
    decorations: (cursors) => cursors.decorations,
  })
}

class RemoteCursors {
  decorations: DecorationSet = RangeSet.empty
  readonly #text: Y.Text
  readonly #awareness: Awareness
  /** Where each was last, and how often it has moved: who moves is named anew. */
  readonly #moves = new Map<number, { readonly at: string; readonly count: number }>()
  readonly #onChange: (change: Record<'added' | 'updated' | 'removed', readonly number[]>) => void

  constructor(view: EditorView, text: Y.Text, awareness: Awareness) {
    this.#text = text
    this.#awareness = awareness
    this.#onChange = ({ added, updated, removed }) => {
      const others = [...added, ...updated, ...removed].some((client) => client !== awareness.clientID)
      // An empty update draws the decorations anew.
      if (others) view.dispatch({})
    }
    awareness.on('change', this.#onChange)
    this.decorations = this.#draw(view)
  }

  update({ view }: { readonly view: EditorView }): void {
    this.#publish(view)
    this.decorations = this.#draw(view)
  }

  destroy(): void {
    this.#awareness.off('change', this.#onChange)
  }

  /** Says where our own caret is. Where the focus has gone elsewhere, it stays where it was. */
  #publish(view: EditorView): void {
    const state: unknown = this.#awareness.getLocalState()
    if (state === null || !view.hasFocus || !document.hasFocus()) return
    const { anchor, head } = view.state.selection.main
    const cursor = { anchor: this.#relative(anchor), head: this.#relative(head) }
    const before = fieldOf(state, 'cursor')
    const isSame = (end: 'anchor' | 'head'): boolean =>
      Y.compareRelativePositions(asPosition(fieldOf(before, end)) ?? null, cursor[end])
    if (!isSame('anchor') || !isSame('head')) this.#awareness.setLocalStateField('cursor', cursor)
  }

  #relative(index: number): Y.RelativePosition {
    return Y.createRelativePositionFromTypeIndex(this.#text, index)
  }

  #draw(view: EditorView): DecorationSet {
    const ranges: Range<Decoration>[] = []
    let left = mostCursors
    for (const [client, state] of this.#awareness.getStates()) {
      const person = personOf(client, state, this.#awareness.clientID)
      const cursor = fieldOf(state, 'cursor')
      if (!person || person.isMe || left <= 0) continue
      const anchor = this.#indexOf(fieldOf(cursor, 'anchor'), view)
      const head = this.#indexOf(fieldOf(cursor, 'head'), view)
      if (anchor === undefined || head === undefined) continue
      left--
      const [from, to] = anchor < head ? [anchor, head] : [head, anchor]
      if (from < to) ranges.push(selectionOf(person).range(from, to))
      const caret = new Caret(person, this.#movesOf(client, cursor))
      ranges.push(Decoration.widget({ side: head > anchor ? -1 : 1, widget: caret }).range(head))
    }
    view.requestMeasure(keepNamesInside)
    return RangeSet.of(ranges, true)
  }

  #movesOf(client: number, cursor: unknown): number {
    const at = JSON.stringify(cursor)
    const before = this.#moves.get(client)
    const count = (before?.count ?? 0) + (before?.at === at ? 0 : 1)
    this.#moves.set(client, { at, count })
    return count
  }

  #indexOf(position: unknown, view: EditorView): number | undefined {
    const relative = asPosition(position)
    const { doc } = this.#text
    const absolute = relative && doc && Y.createAbsolutePositionFromRelativePosition(relative, doc)
    if (!absolute || absolute.type !== this.#text) return undefined
    return Math.min(absolute.index, view.state.doc.length)
  }
}

/** A position in the text as JSON, checked: Yjs would make whatever root type a stranger names. */
function asPosition(value: unknown): Y.RelativePosition | undefined {
  if (fieldOf(value, 'tname') !== 'text' || (fieldOf(value, 'type') ?? null) !== null) return undefined
  const item = fieldOf(value, 'item') ?? null
  const [client, clock] = [fieldOf(item, 'client'), fieldOf(item, 'clock')]
  if (item !== null && !(isCount(client) && isCount(clock))) return undefined
  return Y.createRelativePositionFromJSON({
    tname: 'text',
    item: item === null ? null : { client, clock },
    assoc: fieldOf(value, 'assoc') === -1 ? -1 : 0,
  })
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0

const selectionOf = ({ tone }: Person): Decoration =>
  Decoration.mark({ class: 'cm-remote-selection', attributes: { 'data-tone': String(tone) } })

/** A name that would be cut off at the right goes to the left of its caret. */
const keepNamesInside = {
  key: 'names of remote cursors',
  read: (view: EditorView) => {
    const edge = view.scrollDOM.getBoundingClientRect().right
    return [...view.contentDOM.querySelectorAll<HTMLElement>('.cm-remote-caret')].map((caret) => ({
      caret,
      turned: caret.getBoundingClientRect().left + (caret.lastElementChild?.clientWidth ?? 0) > edge,
    }))
  },
  write: (carets: readonly { readonly caret: HTMLElement; readonly turned: boolean }[]) => {
    for (const { caret, turned } of carets) caret.classList.toggle('turned', turned)
  },
}

class Caret extends WidgetType {
  readonly #person: Person
  readonly #moves: number

  constructor(person: Person, moves: number) {
    super()
    this.#person = person
    this.#moves = moves
  }

  override eq(other: Caret): boolean {
    const [mine, its] = [this.#person, other.#person]
    return its.name === mine.name && its.tone === mine.tone && other.#moves === this.#moves
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement('span')
    caret.className = 'cm-remote-caret'
    caret.dataset['tone'] = String(this.#person.tone)
    caret.dataset['testid'] = 'note-cursor'
    caret.dataset['name'] = this.#person.name
    // In the middle of a sentence it would be read out as a part of it; who is here is said above the text.
    caret.setAttribute('aria-hidden', 'true')
    // Else its name would say in which direction the line runs.
    caret.dir = 'ltr'
    const name = document.createElement('span')
    name.className = 'cm-remote-name'
    name.textContent = this.#person.name
    caret.append('\u2060', name)
    return caret
  }

  override ignoreEvent(): boolean {
    return true
  }
}
