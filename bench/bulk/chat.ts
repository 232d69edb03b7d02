// People who chat while something large goes by: small messages at a steady pace, and how long each took to be shown.

import type { Mesh } from 'skein'

export interface ChatLine {
  readonly from: string
  /** When it should have been sent, and when send() was called: a program that stood still is late with it. */
  readonly dueMs: number
  readonly sentMs: number
  readonly arrivedMs: number
}

export interface Chat {
  /** Sends a line to each of these names, again and again, until stop(). */
  start(to: readonly string[], intervalMs: number): void
  stop(): void
  /** Lines that arrived here since the last question. */
  lines(): ChatLine[]
}

const now = (): number => performance.timeOrigin + performance.now()

export function createChat(mesh: Mesh): Chat {
  const arrived: ChatLine[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  mesh.on('message', ({ from, fromName, body }) => {
    const { chat } = (body ?? {}) as { chat?: { dueMs: number; sentMs: number } }
    if (from !== mesh.me.member && chat !== undefined) {
      arrived.push({ ...chat, from: fromName, arrivedMs: now() })
    }
  })
  return {
    start(to, intervalMs) {
      let dueMs = now()
      const say = (): void => {
        for (const name of to) {
          const chat = { dueMs, sentMs: now() }
          void mesh.send(`@${name}`, { chat, text: 'a line of chat, as people write them' })
        }
        // At random, so as not to run in step with anything; never faster to make up for lost time.
        dueMs = Math.max(now(), dueMs + intervalMs * (0.5 + Math.random()))
        timer = setTimeout(say, dueMs - now())
      }
      say()
    },
    stop: () => clearTimeout(timer),
    lines: () => arrived.splice(0),
  }
}
