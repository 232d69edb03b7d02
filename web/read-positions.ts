// How far this device has read each conversation of one mesh. The tabs of a browser share it: each writes it into
// Web Storage and hears when another did. A position is the cursor of the newest message that was seen; what arrives
// late and belongs before it is kept by its id until it is seen too. A tab may hear of a message long after another one
// has shown it (it was frozen): the ids seen last tell such a message from a late one.

import type { Off } from 'skein'
import { attempt, type Shelf } from './remembered.ts'

export interface ReadPosition {
  /** Everything up to here was seen, `late` excepted. */
  readonly cursor: string
  /** Ids of messages before `cursor` that were not there when it was read. */
  readonly late: readonly string[]
}

export interface ReadPositions {
  /** Undefined where the conversation was never looked at. */
  get(conversation: string): ReadPosition | undefined
  /** Everything up to `cursor` was seen, `ids` just now. A position never moves back. */
  read(conversation: string, cursor: string, ids?: readonly string[]): void
  /** A tab of this browser has shown it lately. */
  wasSeen(id: string): boolean
  addLate(conversation: string, id: string): void
  /** Another tab moved a position. */
  onChange(listener: () => void): Off
}

/** The conversations read last are kept; the rest count as never looked at. chosen: about 100 KB. */
const mostConversations = 1000
/** Beyond that only the newest late ones are counted. */
const mostLate = 100
/** Of all conversations together. chosen: about 15 KB. */
const mostSeen = 500

type Table = ReadonlyMap<string, ReadPosition>

const readPositionsKey = (mesh: string): string => `skein-app:read:${mesh}`
const seenKey = (mesh: string): string => `skein-app:seen:${mesh}`

/**
 * @param device storage that the tabs share; without it (or where it refuses) positions live as long as the tab
 * @param onDeviceChange calls with the key that another tab wrote, or null where it wiped everything
 */
export function createReadPositions(
  mesh: string,
  device: Shelf | undefined,
  onDeviceChange: (listener: (key: string | null) => void) => Off,
): ReadPositions {
  const key = readPositionsKey(mesh)
  let table: Table = merged(new Map(), load(device, key))

  /** Read, merge, write: another tab may have written since. */
  const change = (conversation: string, next: (before: ReadPosition | undefined) => ReadPosition): void => {
    const now = new Map(merged(table, load(device, key)))
    const position = next(now.get(conversation))
    now.delete(conversation) // to the end: the last one read
    table = new Map([...now.set(conversation, position)].slice(-mostConversations))
    save(device, key, Object.fromEntries(table))
  }

  const loadSeen = (): string[] => readIds(parsed(device, seenKey(mesh)))

  return {
    get: (conversation) => table.get(conversation),
    wasSeen: (id) => loadSeen().includes(id),
    read: (conversation, cursor, ids = []) => {
      // First: who finds the position moved finds these there.
      if (ids.length > 0) save(device, seenKey(mesh), [...new Set([...loadSeen(), ...ids])].slice(-mostSeen))
      const before = table.get(conversation)
      if (before && before.cursor >= cursor && before.late.length === 0) return
      change(conversation, (stored) => ({
        cursor: stored && stored.cursor > cursor ? stored.cursor : cursor,
        late: [],
      }))
    },
    addLate: (conversation, id) =>
      change(conversation, (stored) => ({
        cursor: stored?.cursor ?? '',
        late: [...(stored?.late ?? []).filter((known) => known !== id), id].slice(-mostLate),
      })),
    onChange: (listener) =>
      onDeviceChange((changed) => {
        if (changed !== key) return
        table = merged(table, load(device, key))
        listener()
      }),
  }
}

/** The further position of each conversation; of two at the same place what is stored decides what is late. */
function merged(mine: Table, stored: Table): Table {
  const all = new Map(mine)
  for (const [conversation, position] of stored) {
    const known = all.get(conversation)
    if (!known || position.cursor >= known.cursor) all.set(conversation, position)
  }
  return all
}

/** Storage that is switched off, or holds what we did not write, is storage that holds nothing. */
const load = (device: Shelf | undefined, key: string): Table => readTable(parsed(device, key))

const parsed = (device: Shelf | undefined, key: string): unknown =>
  attempt(() => JSON.parse(device?.getItem(key) ?? 'null') as unknown)

/** Refused or full: the positions live as long as the tab. */
const save = (device: Shelf | undefined, key: string, value: unknown): void =>
  attempt(() => device?.setItem(key, JSON.stringify(value)))

const readIds = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((id): id is string => typeof id === 'string') : []

function readTable(value: unknown): Table {
  const table = new Map<string, ReadPosition>()
  if (typeof value !== 'object' || value === null) return table
  for (const [conversation, entry] of Object.entries(value)) {
    const { cursor, late } = (entry ?? {}) as { cursor?: unknown; late?: unknown }
    if (typeof cursor !== 'string') continue
    table.set(conversation, { cursor, late: readIds(late) })
  }
  return table
}
