// One task: ticked with its box, rewritten by pressing its text, deleted with its cross.

import { useSignal, type Signal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { asLine, longestTitle } from './entries.ts'
import { Icon } from './parts.tsx'
import type { Task } from './tasks.ts'
import { goOnTyping, type TitleDraft } from './title-draft.ts'

interface TaskRowProps {
  readonly task: Task
  readonly draft: Signal<TitleDraft | undefined>
  readonly onDone: (done: boolean) => void
  readonly onRetitle: (title: string) => void
  readonly onRemove: () => void
}

export function TaskRow({ task, draft, onDone, onRetitle, onRemove }: TaskRowProps) {
  const of = `task ${task.id}` as const
  const begun = draft.peek()?.of === of ? draft.peek()?.text : undefined
  const editing = useSignal(begun !== undefined)
  /** What it was when rewriting began: whoever leaves it so has rewritten nothing, whatever others have. */
  const before = useRef(task.title)
  const title = useRef<HTMLButtonElement>(null)
  /** The text box had the focus and was left by a key. */
  const regains = useRef(false)
  // Before the next paint: whoever types on at once types where it shows.
  useLayoutEffect(() => {
    if (!editing.value && regains.current) title.current?.focus()
    regains.current = false
  }, [editing.value])
  const finish = (text: string | undefined, keepFocus: boolean) => {
    if (!editing.peek()) return
    editing.value = false
    draft.value = undefined
    regains.current = keepFocus
    const line = asLine(text)
    if (text !== undefined && line !== '' && line !== before.current && line !== task.title) onRetitle(line)
  }
  return (
    <li
      class="task"
      data-testid="task-item"
      data-task-id={task.id}
      data-done={task.done}
      data-title={task.title}
    >
      <input
        type="checkbox"
        data-testid="task-toggle"
        aria-label={task.title}
        checked={task.done}
        onChange={(event) => onDone(event.currentTarget.checked)}
      />
      {editing.value ? (
        <TitleBox
          title={task.title}
          begun={begun}
          keep={(text) => {
            draft.value = { of, text }
          }}
          finish={finish}
        />
      ) : (
        <button
          ref={title}
          type="button"
          class="task-title"
          data-testid="task-title"
          title="Rewrite"
          dir="auto"
          aria-label={`Rewrite “${task.title}”`}
          onClick={() => {
            before.current = task.title
            editing.value = true
          }}
        >
          {task.title}
        </button>
      )}
      {task.by !== '' && <span class="note ellipsis">{task.by}</span>}
      <button
        type="button"
        class="icon-button"
        data-testid="task-delete"
        aria-label={`Delete “${task.title}”`}
        // Pressed twice by habit: the next task is here by now.
        onClick={(event) => event.detail < 2 && onRemove()}
      >
        <Icon path="M5.5 5.5l9 9M14.5 5.5l-9 9" />
      </button>
    </li>
  )
}

interface TitleBoxProps {
  readonly title: string
  /** What was typed before a reload. */
  readonly begun: string | undefined
  readonly keep: (text: string) => void
  /** Without a text nothing changes. */
  readonly finish: (text: string | undefined, keepFocus: boolean) => void
}

function TitleBox({ title, begun, keep, finish }: TitleBoxProps) {
  const input = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => {
    if (begun !== undefined && input.current) return goOnTyping(input.current)
    input.current?.focus()
    input.current?.select()
  }, [])
  return (
    <input
      ref={input}
      type="text"
      class="task-title"
      data-testid="task-edit"
      aria-label="The task's text; Enter takes it, Escape leaves it as it was"
      dir="auto"
      defaultValue={begun ?? title}
      maxLength={longestTitle}
      autocomplete="off"
      onInput={(event) => keep(event.currentTarget.value)}
      onBlur={(event) => finish(event.currentTarget.value, false)}
      onKeyDown={(event) => {
        if (event.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return
        // Else what has the focus next takes this very key.
        event.preventDefault()
        finish(event.key === 'Enter' ? event.currentTarget.value : undefined, true)
      }}
    />
  )
}
