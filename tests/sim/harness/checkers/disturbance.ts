// When and to whom something was done, so that what happened may be judged: a peer is undisturbed at a time if no fault
// touched it, and nobody came to life or died, for a while before.

import type { Entry } from '../history.ts'
import { ofType } from './violation.ts'

/** A fault may show so long after it ended: links fail after 16 s, sockets after 30, dials are tried again within 30. */
export const graceMs = 45_000

interface Span {
  readonly fromMs: number
  toMs: number
}

export class Disturbance {
  readonly #spans = new Map<string, Span[]>()

  constructor(entries: readonly Entry[]) {
    const open = new Map<number, readonly Span[]>()
    for (const entry of entries) {
      if (entry.type === 'faultBegins') {
        const spans = entry.touched.map((name) => this.#add(name, { fromMs: entry.atMs, toMs: Infinity }))
        open.set(entry.fault, spans)
      }
      if (entry.type === 'faultEnds') for (const span of open.get(entry.fault) ?? []) span.toMs = entry.atMs
      if (entry.type === 'clock') this.#add(entry.name, { fromMs: entry.atMs, toMs: entry.atMs })
    }
    for (const { run, atMs } of ofType(entries, 'ended')) {
      const name = run.slice(0, run.lastIndexOf(' '))
      this.#add(name, { fromMs: atMs, toMs: atMs })
    }
  }

  #add(name: string, span: Span): Span {
    this.#spans.set(name, [...(this.#spans.get(name) ?? []), span])
    return span
  }

  /** Did anything touch it at that time, or within `graceMs` before? */
  touches(name: string, atMs: number, graceMs: number): boolean {
    const spans = this.#spans.get(name) ?? []
    return spans.some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs + graceMs)
  }
}
