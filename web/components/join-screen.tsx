// Asks who the person is and which mesh to join.

import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { defaultMesh, type Screen } from '../app.ts'
import { Wordmark } from './wordmark.tsx'

interface JoinScreenProps {
  readonly screen: Extract<Screen, { type: 'ask' }>
  readonly onJoin: (mesh: string, name: string) => void
}

export function JoinScreen({ screen, onJoin }: JoinScreenProps) {
  const nameInput = useRef<HTMLInputElement>(null)
  const meshInput = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => {
    const wrong = screen.nameProblem === undefined && screen.meshProblem !== undefined ? meshInput : nameInput
    wrong.current?.focus()
  }, [screen])

  return (
    <main class="plain-screen">
      <form
        class="card"
        data-testid="join-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          onJoin(meshInput.current?.value ?? '', nameInput.current?.value ?? '')
        }}
      >
        <Wordmark />
        {screen.notice !== undefined && (
          <p class="notice" role="status" data-testid="notice">
            {screen.notice}
          </p>
        )}
        <h1>Fly with the others</h1>
        <p class="quiet">
          Everyone in a mesh talks to everyone directly. There is no server that keeps your words: they are
          stored here, and with those you write to.
        </p>
        <Field
          id="join-name"
          label="Your name"
          hint="Others write to you by it."
          problem={screen.nameProblem}
        >
          <input
            ref={nameInput}
            id="join-name"
            data-testid="join-name"
            defaultValue={screen.name}
            autocomplete="nickname"
            autocapitalize="none"
            spellcheck={false}
            aria-describedby="join-name-hint"
            aria-invalid={screen.nameProblem !== undefined}
          />
        </Field>
        <Field
          id="join-mesh"
          label="Mesh"
          hint="Whoever types the same word is in the same one."
          problem={screen.meshProblem}
        >
          <input
            ref={meshInput}
            id="join-mesh"
            data-testid="join-mesh"
            defaultValue={screen.mesh}
            placeholder={defaultMesh}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            aria-describedby="join-mesh-hint"
            aria-invalid={screen.meshProblem !== undefined}
          />
        </Field>
        <button type="submit" class="primary" data-testid="join-submit">
          Join
        </button>
      </form>
    </main>
  )
}

interface FieldProps {
  readonly id: string
  readonly label: string
  readonly hint: string
  readonly problem: string | undefined
  readonly children: ComponentChildren
}

function Field({ id, label, hint, problem, children }: FieldProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      <p
        id={`${id}-hint`}
        class={problem === undefined ? 'hint' : 'problem'}
        role={problem === undefined ? undefined : 'alert'}
      >
        {problem ?? hint}
      </p>
    </div>
  )
}
