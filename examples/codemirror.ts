import { defaultKeymap } from '@codemirror/commands'
import { markdown } from '@codemirror/lang-markdown'
import { EditorView, keymap } from '@codemirror/view'
import { joinMesh } from 'skein'
import { yCollab, yUndoManagerKeymap } from 'y-codemirror.next'
import { UndoManager } from 'yjs'

const name = location.hash.slice(1) || 'ada'
const mesh = await joinMesh({ mesh: 'lobby', name })

// What this device holds of the note is loaded; what others hold comes while you look.
const note = await mesh.doc('note')
const text = note.doc.getText('text')

// What others see of me: y-codemirror.next adds where my cursor is.
const colors = ['#b45309', '#0f766e', '#7c3aed', '#be123c']
const color = colors[note.doc.clientID % colors.length]!
note.awareness.setLocalStateField('user', { name, color, colorLight: `${color}33` })

// It undoes what was typed here, never what others typed.
const undoManager = new UndoManager(text)
const editor = new EditorView({
  parent: document.querySelector('#editor')!,
  doc: text.toString(),
  extensions: [
    keymap.of([...yUndoManagerKeymap, ...defaultKeymap]),
    markdown(),
    EditorView.lineWrapping,
    yCollab(text, note.awareness, { undoManager }),
  ],
})
editor.focus()

const status = document.querySelector('#status')!
const showState = () => {
  status.textContent = `${note.state}; equal copies elsewhere: ${note.basedOn.length}`
}
note.on('state', showState)
mesh.on('status', showState)
showState()
