// The title that is being rewritten: one at a time, since it has the focus. A reload keeps it, as it does what is being
// typed elsewhere.

import { isTyping } from '../components/typing.ts'

export interface TitleDraft {
  readonly of: TitledThing
  readonly text: string
}

export type TitledThing = `note ${string}` | `task ${string}`

/** Puts the caret where whoever was interrupted goes on, unless they type elsewhere by now. */
export function goOnTyping(box: HTMLInputElement): void {
  if (isTyping()) return
  box.focus()
  box.setSelectionRange(box.value.length, box.value.length)
}
