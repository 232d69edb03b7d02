// One timer in a Worker: a page's own timers are slowed down while it is hidden, those of a dedicated Worker are not.
// Told a delay in milliseconds it answers once when it is over; told null it forgets. clock.ts carries the same as
// text, for pages where this file cannot be reached.

interface TimerScope {
  onmessage: ((event: { readonly data: unknown }) => void) | null
  postMessage(message: 'ready' | 'tick'): void
}

function serve(scope: TimerScope): void {
  let timeout: ReturnType<typeof setTimeout> | undefined
  scope.onmessage = ({ data }) => {
    clearTimeout(timeout)
    if (typeof data === 'number') timeout = setTimeout(() => scope.postMessage('tick'), data)
  }
  scope.postMessage('ready')
}

serve(self as unknown as TimerScope)
