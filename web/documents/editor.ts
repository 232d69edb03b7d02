// The text box of a note: CodeMirror 6 on a Y.Text. Loaded when the first note is opened. It lives in a shadow root,
// where CodeMirror may bring its styles as constructed sheets: the content security policy of the app allows no other.

import { defaultKeymap } from '@codemirror/commands'
import { markdown, markdownLanguage } from '@codemirror/lang-markdown'
import { Compartment, EditorState, RangeSetBuilder, type Extension } from '@codemirror/state'
import { Decoration, drawSelection, EditorView, keymap, placeholder } from '@codemirror/view'
import { ViewPlugin, type DecorationSet, type ViewUpdate } from '@codemirror/view'
import { yCollab, yUndoManagerKeymap } from 'y-codemirror.next'
import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import { editorTheme } from './editor-theme.ts'
import { markdownLooks } from './markdown-looks.ts'
import { remoteCursors } from './remote-cursors.ts'

export interface EditorOptions {
  readonly host: HTMLElement
  readonly text: Y.Text
  readonly awareness: Awareness
  readonly undo: Y.UndoManager
  /** What screen readers call it. */
  readonly label: string
  readonly placeholder: string
  /** The Y.Text holds what is not text (another program's pictures, say): writing on would garble it. */
  readonly onForeign: () => void
}

export interface Editor {
  setLabel(label: string): void
  /** Adds it at the end, with the caret after it. @returns whether it may be written to */
  append(added: string): boolean
  focus(): void
  close(): void
}

/**
 * Characters above which a note is shown as plain text. The Markdown parser takes a paragraph as a whole, at every key:
 * measured, 40 ms for 64 KB without a blank line.
 */
const mostMarkdown = 256 * 1024

export function openEditor(options: EditorOptions): Editor {
  const { host, text, awareness, undo, onForeign } = options
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
  const label = new Compartment()
  const editable = new Compartment()
  const language = new Compartment()
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: text.toString(),
      extensions: [
        // Only this ends a line: any other rule would count characters otherwise than the Y.Text does.
        EditorState.lineSeparator.of('\n'),
        EditorView.clipboardInputFilter.of((pasted) => pasted.replace(/\r\n?/g, '\n')),
        EditorView.lineWrapping,
        EditorView.perLineTextDirection.of(true),
        lineDirections,
        drawSelection(),
        placeholder(options.placeholder),
        label.of(attributesFor(options.label)),
        editable.of([]),
        keymap.of([...yUndoManagerKeymap, ...defaultKeymap]),
        language.of(languageFor(text.length)),
        EditorState.transactionExtender.of(({ docChanged, startState, newDoc }) => {
          const next = docChanged ? languageFor(newDoc.length) : undefined
          return next && next !== language.get(startState) ? { effects: language.reconfigure(next) } : null
        }),
        yCollab(text, null, { undoManager: undo }),
        remoteCursors(text, awareness),
        editorTheme,
      ],
    }),
  })

  /** Looked at when all observers have run. */
  const check = (): void =>
    queueMicrotask(() => {
      if (view.state.doc.length === text.length) return
      text.unobserve(check)
      view.dispatch({ effects: editable.reconfigure(EditorView.editable.of(false)) })
      onForeign()
    })
  text.observe(check)
  check()

  return {
    setLabel: (text) => view.dispatch({ effects: label.reconfigure(attributesFor(text)) }),
    append(added) {
      const end = view.state.doc.length
      if (end !== text.length) return false
      view.dispatch({ changes: { from: end, insert: added }, selection: { anchor: end + added.length } })
      return true
    },
    focus: () => view.focus(),
    close() {
      text.unobserve(check)
      view.destroy()
    },
  }
}

const ownDirection = Decoration.line({ attributes: { dir: 'auto' } })

/** Each line runs as its first letter does, from the right for Hebrew and Arabic. */
const lineDirections = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet

    constructor(view: EditorView) {
      this.decorations = directions(view)
    }

    update({ docChanged, viewportChanged, view }: ViewUpdate): void {
      if (docChanged || viewportChanged) this.decorations = directions(view)
    }
  },
  { decorations: ({ decorations }) => decorations },
)

/** Of the lines in view. */
function directions(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>()
  let end = -1
  for (const { from, to } of view.visibleRanges)
    for (let at = Math.max(from, end + 1); at <= to; at = end + 1) {
      const line = view.state.doc.lineAt(at)
      builder.add(line.from, line.from, ownDirection)
      end = line.to
    }
  return builder.finish()
}

const plainText: Extension = []
const markdownText: Extension = [markdown({ base: markdownLanguage, completeHTMLTags: false }), markdownLooks]

const languageFor = (length: number): Extension => (length > mostMarkdown ? plainText : markdownText)

const attributesFor = (label: string) =>
  EditorView.contentAttributes.of({
    'aria-label': label,
    'data-testid': 'note-editor',
    spellcheck: 'true',
    autocapitalize: 'sentences',
  })
