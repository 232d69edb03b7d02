// A signal sent to `npm start` ends npm and the shell between, but never reaches the program. So the program watches
// for its parent to go, and then asks itself to stop.

const pollIntervalMs = 200

/** Does nothing where npm is not the one who started us. */
export function stopWithNpm(): void {
  if (process.env['npm_lifecycle_event'] === undefined) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, pollIntervalMs)
  timer.unref()
}
