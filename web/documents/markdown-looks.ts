// How Markdown looks while it is written: headings large, emphasis as it will be, marks quiet. Classes only, by the
// names that the Markdown grammar gives its nodes, so that colours follow the theme of the app.

import { syntaxTree } from '@codemirror/language'
import { RangeSetBuilder } from '@codemirror/state'
import {
  Decoration,
  ViewPlugin,
  type DecorationSet,
  type EditorView,
  type ViewUpdate,
} from '@codemirror/view'

const classes: Readonly<Record<string, string>> = {
  ATXHeading1: 'md-heading md-heading-1',
  ATXHeading2: 'md-heading md-heading-2',
  ATXHeading3: 'md-heading',
  ATXHeading4: 'md-heading',
  ATXHeading5: 'md-heading',
  ATXHeading6: 'md-heading',
  SetextHeading1: 'md-heading md-heading-1',
  SetextHeading2: 'md-heading md-heading-2',
  StrongEmphasis: 'md-strong',
  Emphasis: 'md-emphasis',
  Strikethrough: 'md-struck',
  InlineCode: 'md-code',
  CodeText: 'md-code',
  Blockquote: 'md-quote',
  Link: 'md-link',
  URL: 'md-link',
  HeaderMark: 'md-mark',
  EmphasisMark: 'md-mark',
  StrikethroughMark: 'md-mark',
  CodeMark: 'md-mark',
  CodeInfo: 'md-mark',
  LinkMark: 'md-mark',
  QuoteMark: 'md-mark',
  ListMark: 'md-list-mark',
  TaskMarker: 'md-list-mark',
}

const marks = new Map(Object.entries(classes).map(([name, of]) => [name, Decoration.mark({ class: of })]))

/** Looks at what is in view only: a note may be very long. */
export const markdownLooks = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet

    constructor(view: EditorView) {
      this.decorations = draw(view)
    }

    update(update: ViewUpdate): void {
      const parsedFurther = syntaxTree(update.state) !== syntaxTree(update.startState)
      if (update.docChanged || update.viewportChanged || parsedFurther) this.decorations = draw(update.view)
    }
  },
  { decorations: (looks) => looks.decorations },
)

function draw(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>()
  for (const { from, to } of view.visibleRanges)
    syntaxTree(view.state).iterate({
      from,
      to,
      enter: (node) => {
        const mark = marks.get(node.name)
        if (mark && node.from < node.to) builder.add(node.from, node.to, mark)
      },
    })
  return builder.finish()
}
