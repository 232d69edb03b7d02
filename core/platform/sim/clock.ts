// The one queue from which everything in the simulated world happens. Events run in the order of (virtual time,
// order of scheduling); between two of them every promise that can go on goes on (a macrotask turn), so that a
// run depends on nothing but what was scheduled. No real clock is read.

/** Something that will happen. `cancelled` events are passed over. */
interface Scheduled {
  readonly atMs: number
  readonly sequence: number
  readonly run: () => void
  cancelled: boolean
}

export type Cancel = () => void

export interface Timeline {
  /** Virtual milliseconds since the world began. */
  readonly now: number
  /** Events that were run so far. */
  readonly eventsRun: number
  /** Runs `run` at `atMs`, or now if that has passed. Returns how to call it off. */
  at(atMs: number, run: () => void): Cancel
  /**
   * Runs everything due up to `endMs`. With `stop`, ends as soon as it returns true (asked before the first event
   * and after each); without it, or when it never does, the clock stands at `endMs` afterwards. Returns whether
   * `stop` ended it. An error thrown by an event comes out of here.
   */
  advance(endMs: number, stop?: () => boolean): Promise<boolean>
}

/** More events than this without the clock moving: something answers itself for ever. */
const maxEventsAtOneInstant = 200_000

export function createTimeline(turn: () => Promise<void> = macrotaskTurn()): Timeline {
  const heap: Scheduled[] = []
  let now = 0
  let sequence = 0
  let eventsRun = 0
  let eventsAtThisInstant = 0
  let advancing = false

  const runNext = (event: Scheduled): void => {
    eventsAtThisInstant = event.atMs > now ? 0 : eventsAtThisInstant + 1
    if (eventsAtThisInstant > maxEventsAtOneInstant)
      throw new Error(`the virtual clock is stuck at ${now} ms`)
    now = Math.max(now, event.atMs)
    eventsRun++
    event.run()
  }

  const advanceTo = async (endMs: number, stop: () => boolean): Promise<boolean> => {
    await turn()
    while (!stop()) {
      const next = popDue(heap, endMs)
      if (next === undefined) {
        now = Math.max(now, endMs)
        return false
      }
      runNext(next)
      await turn()
    }
    return true
  }

  return {
    get now() {
      return now
    },
    get eventsRun() {
      return eventsRun
    },
    at: (atMs, run) => {
      const event: Scheduled = { atMs: Math.max(now, atMs), sequence: sequence++, run, cancelled: false }
      push(heap, event)
      return () => {
        event.cancelled = true
      }
    },
    advance: async (endMs, stop = () => false) => {
      if (advancing) throw new Error('the world is already running: await the run before')
      advancing = true
      eventsAtThisInstant = 0
      try {
        return await advanceTo(endMs, stop)
      } finally {
        advancing = false
      }
    },
  }
}

/** Lets every microtask drain: one turn of the event loop, by what the platform has. */
function macrotaskTurn(): () => Promise<void> {
  const { setImmediate, MessageChannel } = globalThis as {
    setImmediate?: (f: () => void) => unknown
    MessageChannel?: new () => {
      port1: {
        addEventListener(type: 'message', f: () => void, options: { once: true }): void
        start(): void
      }
      port2: { postMessage(message: unknown): void }
    }
  }
  if (setImmediate !== undefined) return () => new Promise((resolve) => setImmediate(resolve))
  if (MessageChannel === undefined) throw new Error('the simulator needs setImmediate or MessageChannel')
  const { port1, port2 } = new MessageChannel()
  port1.start()
  return () =>
    new Promise((resolve) => {
      port1.addEventListener('message', () => resolve(), { once: true })
      port2.postMessage(0)
    })
}

// A binary heap, earliest first.

const isBefore = (a: Scheduled, b: Scheduled): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence)

function push(heap: Scheduled[], event: Scheduled): void {
  let index = heap.length
  heap.push(event)
  while (index > 0) {
    const parentIndex = (index - 1) >> 1
    const parent = heap[parentIndex]
    if (parent === undefined || !isBefore(event, parent)) break
    heap[index] = parent
    index = parentIndex
  }
  heap[index] = event
}

function popDue(heap: Scheduled[], endMs: number): Scheduled | undefined {
  for (let first = heap[0]; first !== undefined && first.atMs <= endMs; first = heap[0]) {
    removeFirst(heap)
    if (!first.cancelled) return first
  }
  return undefined
}

function removeFirst(heap: Scheduled[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let index = 0
  for (;;) {
    const left = heap[2 * index + 1]
    const right = heap[2 * index + 2]
    if (left === undefined) break
    const rightIsFirst = right !== undefined && isBefore(right, left)
    const child = rightIsFirst ? right : left
    if (!isBefore(child, last)) break
    heap[index] = child
    index = 2 * index + (rightIsFirst ? 2 : 1)
  }
  heap[index] = last
}
