// Ticks for a page whose own timers the browser throttles while it is hidden: told a delay, answers once when it
// is over. Timers in a dedicated Worker are not throttled (FACTS).

interface TickerScope {
  onmessage: ((event: { data: unknown }) => void) | null
  postMessage(message: unknown): void
}

const scope = self as unknown as TickerScope
let timeout: ReturnType<typeof setTimeout> | undefined

scope.onmessage = ({ data }) => {
  clearTimeout(timeout)
  if (typeof data === 'number') timeout = setTimeout(() => scope.postMessage('tick'), data)
}
