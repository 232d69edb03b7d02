// The text box. A text stays in the box until it is stored; what is typed meanwhile is kept and, if Enter is
// pressed again, sent in its turn. A refused text stays, with the sentence that says why.

import { computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals'

export interface Draft {
  readonly text: ReadonlySignal<string>
  readonly sending: ReadonlySignal<boolean>
  /** What of it is not being sent. */
  readonly unsent: ReadonlySignal<string>
  /** Why the last text was refused. */
  readonly problem: ReadonlySignal<string | undefined>
  /** The box now holds `value`; `inserted` is what this edit put in, where the browser says so. */
  edit(value: string, inserted?: string | null): void
  /** Sends what the box holds, after what is being sent already. */
  submit(): void
}

/** The keys of one press, as the browser tells them. */
type Press = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'isComposing'>

/** Enter sends and Shift+Enter begins a line; soft keyboards have no such Shift: there Enter does, and the button sends. */
export function sends(
  { key, shiftKey, ctrlKey, metaKey, isComposing }: Press,
  isSoftKeyboard: boolean,
): boolean {
  if (key !== 'Enter' || isComposing) return false
  return ctrlKey || metaKey || !(shiftKey || isSoftKeyboard)
}

export function createDraft(
  send: (text: string) => Promise<unknown>,
  sentenceOf: (error: unknown) => string,
): Draft {
  const text = signal('')
  const problem = signal<string | undefined>(undefined)
  /** Where Enter was pressed, ascending: each cut ends one message. */
  const cuts = signal<readonly number[]>([])
  const sending = computed(() => cuts.value.length > 0)
  const unsent = computed(() => text.value.slice(cuts.value.at(-1) ?? 0))
  /** The box was rewritten while its first piece was being stored: nothing of that piece is in it any more. */
  let rewritten = false
  let running = false

  async function run(): Promise<void> {
    running = true
    try {
      for (let cut = cuts.value[0]; cut !== undefined; cut = cuts.value[0]) await sendUpTo(cut)
    } catch (error) {
      cuts.value = []
      problem.value = sentenceOf(error)
    } finally {
      running = false
      rewritten = false
    }
  }

  async function sendUpTo(cut: number): Promise<void> {
    const piece = text.value.slice(0, cut)
    rewritten = false
    if (piece.trim() !== '') await send(piece.replace(/^\n+|\s+$/g, ''))
    if (rewritten) return
    text.value = text.value.slice(cut)
    cuts.value = cuts.value.slice(1).map((later) => later - cut)
  }

  return {
    text,
    sending,
    unsent,
    problem,
    edit(value, inserted) {
      const appended = typeof inserted === 'string' && value === text.value + inserted
      if (running && !appended) {
        rewritten = true
        cuts.value = []
      }
      text.value = value
      problem.value = undefined
    },
    submit() {
      const end = text.value.length
      if (unsent.value.trim() === '') return
      problem.value = undefined
      cuts.value = [...cuts.value, end]
      if (!running) void run()
    },
  }
}

/** What one box holds goes on in another: what is being sent from it only once that is refused. Ends when told to. */
export function handOver(from: Draft, to: Draft): () => void {
  return effect(() => {
    const rest = from.text.value
    if (from.sending.value || rest === '') return
    untracked(() => {
      const before = to.text.value
      const added = before === '' ? rest : `\n${rest}`
      to.edit(before + added, added)
      from.edit('')
    })
  })
}
