// What is measured inside a page, the same code for both contenders: they differ only in how a Y.Doc comes to be
// shared. Times are performance.timeOrigin + performance.now(), a monotonic clock that all pages of a browser share.

import type { Doc } from 'yjs'
import type { FrameCount, FrameCounter } from './frames.ts'

/** A Y.Doc that is shared, and how. */
export interface Contender {
  readonly doc: Doc
  /** Peers to whom a link stands that is fit for use. */
  links(): number
  /** What a program would ask before it trusts the document; undefined where there is nothing to ask. */
  synced(): boolean | undefined
  /** What went wrong and must not. */
  complaints(): readonly string[]
}

/** `loop`: all in one task. `tasks`: each in a task of its own, as fast as tasks come. */
export type BurstWay = 'loop' | 'tasks'

export interface MeterState {
  readonly links: number
  readonly entries: number
  readonly synced: boolean | undefined
  readonly complaints: readonly string[]
  /** How far this page's clock was from another's is found by asking for it. */
  readonly atMs: number
  /** The longest time the page stood still since it was last asked. */
  readonly longestPauseMs: number
}

export interface Meter {
  /** Shares the document and writes an entry of one's own. @returns when it was called */
  start(name: string): Promise<number>
  /** @returns when an entry of each was here first, by whatever way, and when also links to all; waits for both */
  stands(peers: number): Promise<{ readonly reachedMs: number; readonly linkedMs: number }>
  state(): MeterState
  /** One small update. @returns when it was made */
  write(key: string): number
  /** When each of these keys was first seen here; undefined for those that never came. */
  seen(keys: readonly string[]): (number | undefined)[]
  /** @returns when all updates of that burst were here; waits for it */
  hasBurst(burst: string, updates: number): Promise<number>
  /** @returns when the first of them was made */
  burst(burst: string, updates: number, way: BurstWay): Promise<number>
  frames(): FrameCount
  mark(letters: string | undefined): void
  /** Hash of everything in the document, the same for equal ones. */
  fingerprint(): Promise<string>
}

const lookIntervalMs = 5

const now = (): number => performance.timeOrigin + performance.now()

export function createMeter(frames: FrameCounter, share: (name: string) => Promise<Contender>): Meter {
  let contender: Contender | undefined
  const seen = new Map<string, number>()
  let longestPauseMs = 0
  let lastMs = now()
  setInterval(() => {
    longestPauseMs = Math.max(longestPauseMs, now() - lastMs)
    lastMs = now()
  }, 20)

  const shared = (): Contender => {
    if (contender === undefined) throw new Error('start first')
    return contender
  }

  return {
    async start(name) {
      const atMs = now()
      contender = await share(name)
      const updates = contender.doc.getMap<number>('updates')
      updates.observe(({ keysChanged }) => {
        for (const key of keysChanged) if (!seen.has(key)) seen.set(key, now())
      })
      contender.doc.getMap('entries').set(name, 1)
      return atMs
    },
    async stands(peers) {
      const entries = shared().doc.getMap('entries')
      while (entries.size < peers) await pause(lookIntervalMs)
      const reachedMs = now()
      while (shared().links() < peers - 1) await pause(lookIntervalMs)
      return { reachedMs, linkedMs: now() }
    },
    state() {
      const { doc, links, synced, complaints } = shared()
      const state = {
        links: links(),
        entries: doc.getMap('entries').size,
        synced: synced(),
        complaints: complaints(),
        atMs: now(),
        longestPauseMs,
      }
      longestPauseMs = 0
      return state
    },
    write(key) {
      const atMs = now()
      shared().doc.getMap<number>('updates').set(key, 1)
      return atMs
    },
    seen: (keys) => keys.map((key) => seen.get(key)),
    hasBurst(burst, updates) {
      const list = shared().doc.getArray<number>(burst)
      return new Promise((resolve) => {
        const look = (): void => {
          if (list.length < updates) return
          list.unobserve(look)
          resolve(now())
        }
        list.observe(look)
        look()
      })
    },
    async burst(burst, updates, way) {
      const list = shared().doc.getArray<number>(burst)
      const beganMs = now()
      for (let number = 0; number < updates; number++) {
        list.push([number])
        if (way === 'tasks') await nextTask()
      }
      return beganMs
    },
    frames: () => frames.count(),
    mark: (letters) => frames.mark(letters),
    async fingerprint() {
      const { doc } = shared()
      // toJSON() tells of the types that were opened here, and an insertion order that says nothing.
      const names = [...doc.share.keys()].toSorted()
      const maps = ['entries', 'updates']
      const content = names.map((name) => [
        name,
        maps.includes(name)
          ? [...doc.getMap<number>(name).entries()].toSorted(([a], [b]) => (a < b ? -1 : 1))
          : doc.getArray<number>(name).toArray(),
      ])
      const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(content)))
      return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
    },
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A message to oneself: neither clamped as timers are nor part of the task under way. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.addEventListener(
      'message',
      () => {
        port1.close()
        resolve()
      },
      { once: true },
    )
    port1.start()
    port2.postMessage(0)
  })
}
