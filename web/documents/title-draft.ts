// The title that is being rewritten: one at a time, since it has the focus. A reload keeps it, as it does what is being
// typed elsewhere.

export interface TitleDraft {
  readonly of: TitledThing
  readonly text: string
}

export type TitledThing = `note ${string}` | `task ${string}`

/** Puts the caret where whoever was interrupted goes on. */
export function goOnTyping(box: HTMLInputElement): void {
  box.focus()
  box.setSelectionRange(box.value.length, box.value.length)
}
