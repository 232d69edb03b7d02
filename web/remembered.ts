// What this device and this tab remember between visits: the name, the mesh, whether `#general` was joined once,
// names written to that nobody bears yet, what is written and not sent, and what to notify of. Browsers may refuse such storage (private windows, settings): then nothing is remembered and
// everything else works.

/** The part of Web Storage used here. */
export interface Shelf {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

export interface Remembered {
  /** What to put into the form: this tab's own, else the device's last. */
  readonly name: string | undefined
  readonly mesh: string | undefined
  /** Join without asking: the name is known and the person did not leave on purpose. */
  readonly joinsAtOnce: boolean
}

export interface Memory {
  read(): Remembered
  joined(name: string, mesh: string): void
  leftOnPurpose(): void
  /** True once for each mesh on this device. */
  isFirstVisit(mesh: string): boolean
  visited(mesh: string): void
  /** Names written to that nobody bears yet: the mesh keeps the messages, but does not list their addressees. */
  unboundNames(mesh: string): readonly string[]
  keepUnboundNames(mesh: string, names: readonly string[]): void
  /** What this tab had open and had begun to write, by conversation. */
  place(mesh: string): string | undefined
  keepPlace(mesh: string, conversation: string): void
  drafts(mesh: string): ReadonlyMap<string, string>
  keepDrafts(mesh: string, drafts: ReadonlyMap<string, string>): void
  /** Notifications on this device: undefined until the person was asked. */
  notifications(): 'on' | 'off' | undefined
  keepNotifications(choice: 'on' | 'off'): void
  /** Rooms of which every message is told, not only mentions. */
  loudRooms(mesh: string): readonly string[]
  keepLoudRooms(mesh: string, rooms: readonly string[]): void
  /** What this tab alone remembers of the mesh. */
  forgetInTab(mesh: string): void
  /** Everything remembered of this mesh, its name in the form included. */
  forgetMesh(mesh: string): void
}

const key = (what: string): string => `skein-app:${what}`

/** `device` outlives the tab, `tab` does not; either may be missing. */
export function createMemory(device: Shelf | undefined, tab: Shelf | undefined): Memory {
  const get = (shelf: Shelf | undefined, what: string): string | undefined =>
    attempt(() => shelf?.getItem(key(what)) ?? undefined)
  const set = (shelf: Shelf | undefined, what: string, value: string): void =>
    attempt(() => shelf?.setItem(key(what), value))
  const forget = (shelf: Shelf | undefined, what: string): void => attempt(() => shelf?.removeItem(key(what)))

  const list = (what: string): string[] => (get(device, what) ?? '').split(' ').filter((word) => word !== '')
  const keepList = (what: string, words: readonly string[]): void => {
    if (words.length > 0) set(device, what, words.join(' '))
    else forget(device, what)
  }

  const forgetInTab = (mesh: string): void => {
    for (const what of ['place', 'drafts']) forget(tab, `${what}:${mesh}`)
  }

  return {
    read() {
      const name = get(tab, 'name') ?? get(device, 'name')
      const mesh = get(tab, 'mesh') ?? get(device, 'mesh')
      const stayedOut = get(tab, 'name') === undefined && get(device, 'stayed-out') !== undefined
      return { name, mesh, joinsAtOnce: name !== undefined && !stayedOut }
    },
    joined(name, mesh) {
      for (const shelf of [device, tab]) {
        set(shelf, 'name', name)
        set(shelf, 'mesh', mesh)
      }
      forget(device, 'stayed-out')
    },
    leftOnPurpose() {
      forget(tab, 'name')
      forget(tab, 'mesh')
      set(device, 'stayed-out', 'yes')
    },
    isFirstVisit: (mesh) => get(device, `visited:${mesh}`) === undefined,
    visited: (mesh) => set(device, `visited:${mesh}`, 'yes'),
    unboundNames: (mesh) => list(`unbound:${mesh}`),
    keepUnboundNames: (mesh, names) => keepList(`unbound:${mesh}`, names),
    place: (mesh) => get(tab, `place:${mesh}`),
    keepPlace: (mesh, conversation) => set(tab, `place:${mesh}`, conversation),
    drafts(mesh) {
      const kept: unknown = attempt(() => JSON.parse(get(tab, `drafts:${mesh}`) ?? '{}'))
      const entries = Object.entries(typeof kept === 'object' && kept !== null ? kept : {})
      return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
    },
    keepDrafts(mesh, drafts) {
      // Where there is no room for these, the older ones must not come back.
      forget(tab, `drafts:${mesh}`)
      if (drafts.size > 0) set(tab, `drafts:${mesh}`, JSON.stringify(Object.fromEntries(drafts)))
    },
    notifications() {
      const choice = get(device, 'notifications')
      return choice === 'on' || choice === 'off' ? choice : undefined
    },
    keepNotifications: (choice) => set(device, 'notifications', choice),
    loudRooms: (mesh) => list(`loud:${mesh}`),
    keepLoudRooms: (mesh, rooms) => keepList(`loud:${mesh}`, rooms),
    forgetInTab,
    forgetMesh(mesh) {
      for (const what of ['visited', 'unbound', 'loud', 'read', 'seen']) forget(device, `${what}:${mesh}`)
      forgetInTab(mesh)
      for (const shelf of [device, tab]) if (get(shelf, 'mesh') === mesh) forget(shelf, 'mesh')
    },
  }
}

/** Storage that is switched off or full throws on every use: the same as remembering nothing. */
export function attempt<T>(use: () => T): T | undefined {
  try {
    return use()
  } catch {
    return undefined
  }
}

/** A page's shelf; even asking for it throws where storage is switched off. */
export const shelfOf = (get: () => Shelf): Shelf | undefined => attempt(get)
