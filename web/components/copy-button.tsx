// Copies a text and says so, on the button and to screen readers. Where the browser refuses, it says that too.

import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

interface CopyButtonProps {
  readonly label: string
  readonly text: () => string
  readonly testId: string
  readonly class?: string
}

const feedbackMs = 3000

export function CopyButton({ label, text, testId, class: kind = 'quiet-button' }: CopyButtonProps) {
  const said = useSignal<'Copied' | 'Not allowed here: select and copy' | undefined>(undefined)
  useEffect(() => {
    if (said.value === undefined) return
    const timer = setTimeout(() => {
      said.value = undefined
    }, feedbackMs)
    return () => clearTimeout(timer)
  }, [said.value])
  return (
    <button
      type="button"
      class={kind}
      data-testid={testId}
      data-first
      onClick={() => {
        navigator.clipboard.writeText(text()).then(
          () => {
            said.value = 'Copied'
          },
          () => {
            said.value = 'Not allowed here: select and copy'
          },
        )
      }}
    >
      <span aria-live="polite">{said.value ?? label}</span>
    </button>
  )
}
