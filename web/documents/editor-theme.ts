// The editor's looks, in the app's own properties: they reach into the shadow root and change with the theme.

import { EditorView } from '@codemirror/view'

const tones = [0, 1, 2, 3, 4, 5]

const remoteTones = Object.fromEntries(
  tones.flatMap((tone) => [
    [`.cm-remote-caret[data-tone="${tone}"]`, { '--tone': `var(--tone-${tone})` }],
    [
      `.cm-remote-selection[data-tone="${tone}"]`,
      { backgroundColor: `color-mix(in srgb, var(--tone-${tone}) 22%, transparent)` },
    ],
  ]),
)

export const editorTheme = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', fontSize: '1rem' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--text)', lineHeight: '1.6', overscrollBehavior: 'contain' },
  '.cm-content': {
    boxSizing: 'border-box',
    maxWidth: '46rem',
    padding: '1.1rem 1.25rem 4rem',
    caretColor: 'var(--ink)',
  },
  '.cm-line': { padding: '0' },
  '.cm-placeholder': { color: 'var(--quiet)' },
  '.cm-cursor': { borderLeft: '2px solid var(--ink)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    background: 'color-mix(in srgb, var(--focus) 26%, transparent)',
  },

  '.md-heading': { fontFamily: 'var(--display)', fontWeight: '600' },
  '.md-heading-1': { fontSize: '1.45em', lineHeight: '1.4' },
  '.md-heading-2': { fontSize: '1.2em' },
  '.md-strong': { fontWeight: '700' },
  '.md-emphasis': { fontStyle: 'italic' },
  '.md-struck': { textDecoration: 'line-through' },
  '.md-code': { fontFamily: 'var(--mono)', fontSize: '0.9em' },
  '.md-quote': { color: 'var(--quiet)', fontStyle: 'italic' },
  '.md-link': { color: 'var(--focus)' },
  '.md-mark': { color: 'var(--quiet)', fontWeight: '400' },
  '.md-list-mark': { color: 'var(--bill)' },

  '.cm-remote-caret': {
    position: 'relative',
    margin: '0 -1px',
    borderLeft: '2px solid var(--tone)',
  },
  // Keeps the place of somebody whose name has faded.
  '.cm-remote-caret::before': {
    position: 'absolute',
    top: '-2px',
    left: '-4px',
    width: '6px',
    height: '6px',
    borderRadius: '50%',
    background: 'var(--tone)',
    content: '""',
  },
  '.cm-remote-name': {
    position: 'absolute',
    bottom: '100%',
    left: '-2px',
    zIndex: '3',
    padding: '0 0.35em',
    borderRadius: '0.3em 0.3em 0.3em 0',
    background: 'var(--tone)',
    color: 'var(--paper)',
    font: '600 0.6875rem/1.35 var(--text)',
    fontStyle: 'normal',
    whiteSpace: 'nowrap',
    userSelect: 'none',
    pointerEvents: 'none',
    // It covers the line above: it goes when its bearer rests, and comes back with the next move or the pointer.
    animation: 'cm-name-fades 0.4s 6s forwards',
  },
  '.cm-remote-caret.turned .cm-remote-name': {
    left: 'auto',
    right: '-2px',
    borderRadius: '0.3em 0.3em 0 0.3em',
  },
  '.cm-remote-caret:hover .cm-remote-name': { animation: 'none' },
  '@keyframes cm-name-fades': { to: { opacity: '0' } },
  ...remoteTones,
})
