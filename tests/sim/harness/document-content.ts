// What a document holds, as a record: for the recorder that looks at handles, and for whoever looks at the disk.

import * as Y from 'yjs'
import type { Held } from './history.ts'

/** What a document holds now. */
export function heldBy(doc: Y.Doc): Held {
  const { sv, ds } = Y.snapshot(doc)
  const deleted: [number, number, number][] = []
  for (const [client, ranges] of ds.clients) {
    for (const { clock, len } of ranges) deleted.push([client, clock, len])
  }
  const content = JSON.stringify([doc.getText('text').toJSON(), sortedEntries(doc.getMap('map').toJSON())])
  return { vector: Object.fromEntries(sv), deleted, content: `${content.length} ${hash(content)}` }
}

const sortedEntries = (map: Record<string, unknown>): [string, unknown][] =>
  Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1))

/** Some of what came waits for operations or deletions that did not. */
export const isPending = ({ store }: Y.Doc): boolean =>
  store.pendingStructs !== null || store.pendingDs !== null

/** 32 bits (FNV-1a). */
export function hash(text: string): number {
  let sum = 0x811c9dc5
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193)
  return sum >>> 0
}
