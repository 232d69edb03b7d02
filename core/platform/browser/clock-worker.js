// One timer in a Worker: a page's own timers are slowed down while it is hidden. clock.ts holds the same text, for
// pages where this file cannot be reached.
let timeout
onmessage = (event) => {
  clearTimeout(timeout)
  if (event.data !== null) timeout = setTimeout(() => postMessage('tick'), event.data)
}
postMessage('ready')
