import Quill from 'quill'
import 'quill/dist/quill.snow.css'
import { joinMesh } from 'skein'
import { QuillBinding } from 'y-quill'

const name = location.hash.slice(1) || 'ada'
const mesh = await joinMesh({ mesh: 'lobby', name })

// What this device holds of the letter is loaded; what others hold comes while you look.
const letter = await mesh.doc('letter')
const text = letter.doc.getText('text')

// Undoing takes back what was typed here, never what others typed.
const quill = new Quill('#editor', { theme: 'snow', modules: { history: { userOnly: true } } })
const binding = new QuillBinding(text, quill)
binding.quill.focus()

// Who has it open: everybody's awareness, my own among it.
const here = document.querySelector('#here')!
const showWhoIsHere = () => {
  const states = [...letter.awareness.getStates().values()] as { user?: { name: string } }[]
  here.textContent = states.map(({ user }) => user?.name ?? 'somebody').join(', ')
}
letter.awareness.on('change', showWhoIsHere)
letter.awareness.setLocalStateField('user', { name })
