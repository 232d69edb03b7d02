// Full screens without a mesh: opening, an insecure address, a failure, erasing.

import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { Wordmark } from './wordmark.tsx'

/** What was pressed to come here is gone: the focus is at the title, from which it goes on to the buttons. */
function PlainScreen({ title, children }: { title: string; children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useLayoutEffect(() => heading.current?.focus(), [])
  return (
    <main class="plain-screen">
      <div class="card">
        <Wordmark />
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {children}
      </div>
    </main>
  )
}

export function OpeningScreen({ mesh, name }: { mesh: string; name: string }) {
  return (
    <PlainScreen title={`Joining ${mesh} as ${name}`}>
      <p role="status" class="quiet" data-testid="status-line">
        Opening storage…
      </p>
    </PlainScreen>
  )
}

export function InsecureScreen({ sentence }: { sentence: string }) {
  const { port, hostname } = window.location
  const local = `http://localhost${port && `:${port}`}`
  return (
    <PlainScreen title="This address is not secure">
      <p role="alert" data-testid="insecure">
        {sentence}
      </p>
      <p>Any of these will do:</p>
      <ul class="steps">
        <li>
          On the machine that runs the server, open <code>{local}</code>.
        </li>
        <li>
          Start the server with a certificate:{' '}
          <code>
            npm start -- --host 0.0.0.0 {port && `--port ${port} `}--tls-cert cert.pem --tls-key key.pem
          </code>
          , and open{' '}
          <code>
            https://{hostname}
            {port && `:${port}`}
          </code>
          .
        </li>
        <li>
          Bring the port to this machine:{' '}
          <code>
            ssh -L {port || '80'}:localhost:{port || '80'} {hostname}
          </code>
          , and open <code>{local}</code> here.
        </li>
      </ul>
    </PlainScreen>
  )
}

export function FailedScreen({
  screen,
  onRetry,
  onBack,
}: {
  screen: { readonly mesh: string; readonly sentence: string }
  onRetry: () => void
  onBack: () => void
}) {
  return (
    <PlainScreen title={`Could not join ${screen.mesh}`}>
      <p role="alert" data-testid="failed">
        {screen.sentence}
      </p>
      <p class="quiet">Nothing that was stored on this device is touched by this.</p>
      <div class="actions">
        <button type="button" class="primary" onClick={onRetry}>
          Try again
        </button>
        <button type="button" class="quiet-button" onClick={onBack}>
          Choose another mesh
        </button>
      </div>
    </PlainScreen>
  )
}

export function ErasingScreen({ mesh }: { mesh: string }) {
  return (
    <PlainScreen title={`Leaving ${mesh}`}>
      <p role="status" class="quiet" data-testid="erasing">
        Saying goodbye, then erasing what this device holds…
      </p>
    </PlainScreen>
  )
}

export function EraseFailedScreen({
  screen,
  onRetry,
  onBack,
}: {
  screen: { readonly mesh: string; readonly sentence: string }
  onRetry: () => void
  onBack: () => void
}) {
  return (
    <PlainScreen title={`You left ${screen.mesh}; nothing is erased yet`}>
      <p role="alert" data-testid="erase-failed">
        {screen.sentence}
      </p>
      <div class="actions">
        <button type="button" class="primary" onClick={onRetry}>
          Erase again
        </button>
        <button type="button" class="quiet-button" onClick={onBack}>
          Join {screen.mesh} again
        </button>
      </div>
    </PlainScreen>
  )
}
