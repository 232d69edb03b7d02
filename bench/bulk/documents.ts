// Documents of some size, made and fetched where they are: in a page or in an agent.

import type { DocHandle, Mesh } from 'skein'
import { encodeStateAsUpdate, encodeStateVector } from 'yjs'

export type Content = 'values' | 'edits'

export interface Fetched {
  /** performance.timeOrigin + performance.now(): every process of a machine has nearly the same. */
  readonly beganMs: number
  readonly syncedMs: number
  readonly storedMs: number
  /** The longest this program could do nothing else meanwhile. */
  readonly longestPauseMs: number
  readonly progressEvents: number
}

export interface Documents {
  /** Opens, fills with that share (1: some 20 MB), and waits until it is stored. @returns its size in bytes, encoded */
  make(name: string, content: Content, share: number): Promise<number>
  /** Opens it, which brings it here. */
  fetch(name: string): Promise<Fetched>
  /** Of everything in it; equal for equal documents. */
  fingerprint(name: string): Promise<string>
  close(name: string): Promise<void>
  counters(): Readonly<Record<string, number>>
}

/** 20 MiB: a map of 320 texts of 64 KiB each … */
const [values, valueCharacters] = [320, 65_536]
/** … and about as much when encoded: a text of 200,000 lines, each inserted above the one before, so that none melt into one. */
const [edits, editCharacters, editsAtOnce] = [200_000, 80, 1000]

const now = (): number => performance.timeOrigin + performance.now()

export function createDocuments(mesh: Mesh): Documents {
  const handles = new Map<string, DocHandle>()
  const open = async (name: string): Promise<DocHandle> => {
    const handle = await mesh.doc(name)
    handles.set(name, handle)
    return handle
  }
  return {
    async make(name, content, share) {
      const handle = await open(name)
      await (content === 'values' ? fillWithValues(handle, share) : fillWithEdits(handle, share))
      await handle.whenStored()
      return encodeStateAsUpdate(handle.doc).length
    },
    async fetch(name) {
      const pauses = watchPauses()
      let progressEvents = 0
      const beganMs = now()
      const handle = await open(name)
      handle.on('progress', () => progressEvents++)
      await handle.whenSynced()
      const syncedMs = now()
      await handle.whenStored()
      return { beganMs, syncedMs, storedMs: now(), longestPauseMs: pauses.end(), progressEvents }
    },
    async fingerprint(name) {
      const { doc } = handles.get(name)!
      const vector = encodeStateVector(doc)
      const content = [
        [...doc.getMap<string>('values').entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)),
        doc.getText('edits').toJSON(),
      ]
      const bytes = new TextEncoder().encode(JSON.stringify(content))
      const hashes = await Promise.all(
        [vector, bytes].map((part) => crypto.subtle.digest('SHA-256', part as Uint8Array<ArrayBuffer>)),
      )
      return hashes.map((hash) => new Uint8Array(hash).join()).join(' ')
    },
    async close(name) {
      const handle = handles.get(name)
      handles.delete(name)
      await handle?.close()
    },
    counters: () => mesh.status().counters,
  }
}

async function fillWithValues({ doc }: DocHandle, share: number): Promise<void> {
  const map = doc.getMap<string>('values')
  for (let value = 0; value < values * share; value++) {
    map.set(`value-${value}`, randomText(valueCharacters))
    if (value % 16 === 15) await breathe()
  }
}

async function fillWithEdits({ doc }: DocHandle, share: number): Promise<void> {
  const text = doc.getText('edits')
  for (let edit = 0; edit < edits * share; edit += editsAtOnce) {
    const lines = randomText(editsAtOnce * editCharacters)
    doc.transact(() => {
      for (let line = 0; line < editsAtOnce; line++) {
        text.insert(0, lines.slice(line * editCharacters, (line + 1) * editCharacters))
      }
    })
    await breathe()
  }
}

const letters = new TextEncoder().encode('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \n')

/** Nothing that could be compressed to much less. */
function randomText(characters: number): string {
  const bytes = new Uint8Array(characters)
  // What crypto gives at once at most.
  for (let at = 0; at < characters; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  return new TextDecoder().decode(bytes.map((byte) => letters[byte % 64]!))
}

/** Lets links and timers have their turn. */
const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

function watchPauses(): { end(): number } {
  let [lastMs, longestMs] = [performance.now(), 0]
  const look = (): void => {
    const atMs = performance.now()
    longestMs = Math.max(longestMs, atMs - lastMs)
    lastMs = atMs
  }
  const timer = setInterval(look, 5)
  return {
    end: () => {
      clearInterval(timer)
      look()
      return longestMs
    },
  }
}
