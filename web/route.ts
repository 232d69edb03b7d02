// What the main pane shows, and the address that says so: the browser's back button closes a view. Conversations
// have no address of their own; who is in a mesh is nobody's business but the members'.

/** One screen of the main pane. */
export type View =
  | { readonly type: 'conversation' }
  | { readonly type: 'status' }
  | { readonly type: 'tasks' }
  /** The list of notes, and the one that is open. */
  | { readonly type: 'notes'; readonly note: string | undefined }

export const conversationView: View = { type: 'conversation' }

/** The view that an address's fragment asks for; anything unknown is the conversation. */
export function viewOfHash(hash: string): View {
  if (hash === '#/status') return { type: 'status' }
  if (hash === '#/tasks') return { type: 'tasks' }
  const note = /^#\/notes(?:\/([A-Za-z0-9_-]{1,59}))?$/.exec(hash)
  return note ? { type: 'notes', note: note[1] } : conversationView
}

/** The other way: `''` is the plain address. */
export function hashOfView(view: View): string {
  switch (view.type) {
    case 'conversation':
      return ''
    case 'status':
      return '#/status'
    case 'tasks':
      return '#/tasks'
    case 'notes':
      return view.note === undefined ? '#/notes' : `#/notes/${view.note}`
  }
}
