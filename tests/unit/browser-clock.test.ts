// The clock of a page, on a page and a Worker of the test's.

import { afterEach, expect, test, vi } from 'vitest'
import { createBrowserClock } from '../../core/platform/browser/clock.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('alarms that pend when the clock is closed ring nevertheless, without its Worker', () => {
  vi.useFakeTimers()
  const workers: { onmessage?: (event: { data: string }) => void; ended: boolean }[] = []
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'hidden' }))
  vi.stubGlobal('addEventListener', () => undefined)
  vi.stubGlobal(
    'Worker',
    class {
      ended = false
      constructor() {
        workers.push(this)
      }
      postMessage(): void {}
      terminate(): void {
        this.ended = true
      }
    },
  )
  const clock = createBrowserClock()
  const [worker] = workers
  worker!.onmessage!({ data: 'ready' })
  expect(clock.source).toBe('worker-file')
  let rung = 0
  clock.alarm(clock.now().monotonicMs + 2000, () => rung++)
  clock.close()
  expect(worker!.ended).toBe(true)
  vi.advanceTimersByTime(2000)
  expect(rung).toBe(1)
  expect(vi.getTimerCount()).toBe(0)
})
