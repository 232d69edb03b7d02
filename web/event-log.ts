// The list behind the event line: newest last, bounded, the same sentence twice in a row counted once.

import { signal, type ReadonlySignal } from '@preact/signals'

export type Tone = 'plain' | 'good' | 'bad'

export interface EventLine {
  readonly id: number
  /** Wall clock, ms since 1970. */
  readonly at: number
  readonly text: string
  readonly tone: Tone
  /** How many times in a row it was said. */
  readonly times: number
}

export interface EventLog {
  readonly lines: ReadonlySignal<readonly EventLine[]>
  /** Adds a line and returns its id. */
  say(text: string, tone?: Tone): number
  /** Puts `text` in place of a line that is still the newest; says whether it was. */
  amend(id: number, text: string): boolean
}

const mostLines = 200

export function createEventLog(now: () => number): EventLog {
  const lines = signal<readonly EventLine[]>([])
  let nextId = 1
  return {
    lines,
    say(text, tone = 'plain') {
      const last = lines.value.at(-1)
      const again = last?.text === text && last.tone === tone
      const line: EventLine = { id: nextId++, at: now(), text, tone, times: again ? last.times + 1 : 1 }
      lines.value = [...(again ? lines.value.slice(0, -1) : lines.value), line].slice(-mostLines)
      return line.id
    },
    amend(id, text) {
      const last = lines.value.at(-1)
      if (last?.id !== id) return false
      lines.value = [...lines.value.slice(0, -1), { ...last, text }]
      return true
    },
  }
}
