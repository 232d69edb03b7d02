// Looks at the simulated disks at the very instant at which somebody is told that something is on them: a send resolved,
// a message or a receipt came from elsewhere, an epoch is used, a document is stored. What is not there is written down.
// It reads the rows themselves, not through a peer, and tells nobody anything: a run goes the same way with it or without.

import * as Y from 'yjs'
import { docRange, docRowsPrefix, decodeRow } from '../../../core/docs/rows.ts'
import { keys, readEntry } from '../../../core/messages/rows.ts'
import { toHex, type MemberId, type StoreId } from '../../../core/base/ids.ts'
import type { SimDisk } from '../../../core/platform/sim/disk.ts'
import type { World } from '../../../core/platform/sim/world.ts'
import { includes } from './checkers/held.ts'
import { placeOf } from './checkers/places.ts'
import { heldBy } from './document-content.ts'
import type { Happening, Held, Run } from './history.ts'
import { diskOf, type Schedule } from './schedule.ts'

type Of<T extends Happening['type']> = Extract<Happening, { readonly type: T }>
type Add = (happening: Happening) => void

/** What stands before every value. */
const checksumBytes = 4

/** Keys of rows: `id/<author>/<message>`, `unbound/<message>`, `feed/<feed>/<number>`, `epoch/<role>`. */
const idRow = /^id\/([^/]+)\/([^/]+)$/
const unboundRow = /^unbound\/([^/]+)$/
const feedRow = /^feed\/([^/]+)\/(\d+)$/
const epochRow = /^epoch\/(.*)$/

export class Probes {
  readonly #world: World
  readonly #disks: ReadonlySet<string>
  readonly #schedule: Schedule
  readonly #add: Add
  readonly #lives = new Map<Run, Of<'joined'>>()
  /** By member: the disks it was seen to live on. */
  readonly #disksOf = new Map<MemberId, Set<string>>()
  /** By author and message: where it stands. Several where a store forked. */
  readonly #places = new Map<string, Set<string>>()
  /** Documents of which something was called stored, by disk. */
  readonly #promised = new Map<string, Set<string>>()

  /** @param add Takes what was found to be missing. */
  constructor(world: World, schedule: Schedule, add: Add) {
    this.#world = world
    this.#schedule = schedule
    this.#add = add
    this.#disks = new Set(schedule.cast.filter(({ store }) => store === 'durable').map(diskOf))
  }

  /** To be told of everything as it happens. */
  see(happening: Happening): void {
    switch (happening.type) {
      case 'joined':
        this.#lives.set(happening.run, happening)
        addTo(this.#disksOf, happening.member, happening.disk)
        return
      case 'stored':
        return this.#stored(happening)
      case 'message':
        return this.#message(happening)
      case 'receipt':
        return this.#receipt(happening)
      case 'leader': {
        const life = this.#lives.get(happening.run)
        if (life?.peer === happening.leader) this.#epoch(life, '', happening.epoch)
        return
      }
      case 'dutyBegins':
        return this.#epoch(this.#lives.get(happening.run), happening.role, happening.epoch)
      case 'docStored':
        return this.#docStored(happening)
      case 'diskHarmed':
        this.#promised.delete(happening.disk)
        return
      default:
    }
  }

  /** All disks, or that of one process, as they are now. */
  record(process?: string): void {
    const disks = this.#schedule.cast.filter(({ name }) => name === (process ?? name)).map(diskOf)
    for (const name of new Set(disks))
      if (this.#disks.has(name)) {
        const disk = this.#world.disk(name)
        const hashes = process === undefined ? { hashes: hashesOn(disk) } : {}
        this.#add({ type: 'disk', disk: name, ...contentOf(disk), ...hashes })
      }
  }

  /** To be called now and then: between two commits on a slow disk nothing may be missing either. */
  look(): void {
    for (const [disk, docs] of this.#promised) {
      const { slowMs } = this.#world.disk(disk)
      if (slowMs > 0) for (const doc of docs) if (this.#rowsOf(disk, doc).length === 0) this.#lost(disk, doc)
    }
  }

  // ---------------------------------------------------------------------------------------- messages

  #stored({ run, id }: Of<'stored'>): void {
    const life = this.#durable(run)
    if (life === undefined) return
    if (this.#holds(life.disk, keys.id(life.member, id)) || this.#holds(life.disk, keys.unbound(id))) return
    this.#absent([life.disk], 'message', `${id}, which ${run} was told is stored`)
  }

  /** It is on the disk of whoever shows it, and was on its author's before anybody was told of it. */
  #message({ run, id, from, cursor }: Of<'message'>): void {
    const place = placeOf(cursor)
    if (place === undefined) return
    const key = keys.entry(place.feed as StoreId, place.number)
    addTo(this.#places, `${from} ${id}`, key)
    const life = this.#durable(run)
    if (life !== undefined && !this.#holds(life.disk, key))
      this.#absent([life.disk], 'entry', `${id}, which ${run} shows`)
    const theirs = this.#durableDisksOf(from)
    if (theirs.length > 0 && !theirs.some((disk) => this.#holds(disk, key)))
      this.#absent(theirs, 'entry', `${id}, which its author told ${run} of`)
  }

  #receipt({ run, id, member }: Of<'receipt'>): void {
    const author = this.#lives.get(run)?.member
    const places = [...(this.#places.get(`${author} ${id}`) ?? [])]
    const theirs = this.#durableDisksOf(member)
    if (theirs.length === 0 || places.length === 0) return
    if (theirs.some((disk) => places.some((key) => this.#holds(disk, key)))) return
    this.#absent(theirs, 'receipt', `${id}, for which ${run} has its receipt`)
  }

  // --------------------------------------------------------------------------- epochs and documents

  #epoch(life: Of<'joined'> | undefined, role: string, epoch: number): void {
    if (life === undefined || life.volatile || !this.#disks.has(life.disk)) return
    const stored = epochIn(this.#world.disk(life.disk).read(`epoch/${role}`))
    if (stored >= epoch) return
    this.#absent(
      [life.disk],
      'epoch',
      `epoch ${epoch} of '${role}', in which ${life.run} leads; it has ${stored}`,
    )
  }

  #docStored({ run, doc, held }: Of<'docStored'>): void {
    const life = this.#durable(run)
    if (life === undefined) return
    // Of an empty document nothing is stored.
    if (this.#rowsOf(life.disk, doc).length > 0) addTo(this.#promised, life.disk, doc)
    const there = this.#contentOf(life.disk, doc)
    if (there !== undefined && !includes(there, held))
      this.#absent([life.disk], 'document', `all of ${doc}, which ${run} was told is stored`)
  }

  #lost(disk: string, doc: string): void {
    this.#promised.get(disk)!.delete(doc)
    this.#absent([disk], 'document', `anything of ${doc}, which was called stored`)
  }

  #rowsOf(disk: string, doc: string): string[] {
    const { from } = docRange(doc)
    return this.#world
      .disk(disk)
      .keys()
      .filter((key) => key.startsWith(docRowsPrefix) && key.startsWith(from))
  }

  /** Undefined where a row is damaged: what is missing then is for others to judge. */
  #contentOf(disk: string, doc: string): Held | undefined {
    const whole = new Y.Doc()
    try {
      for (const key of this.#rowsOf(disk, doc)) {
        const value = this.#world.disk(disk).read(key)!.subarray(checksumBytes)
        const updates = decodeRow({ key, value })
        if (updates === undefined) return undefined
        for (const update of updates) Y.applyUpdate(whole, update)
      }
      return heldBy(whole)
    } catch (problem) {
      // A flipped bit may make an update of it that Yjs chokes on; its checksum would have told a peer.
      this.#add({
        type: 'error',
        run: '',
        code: 'record-corrupt',
        text: `probe of ${disk}: ${String(problem)}`,
      })
      return undefined
    } finally {
      whole.destroy()
    }
  }

  // ------------------------------------------------------------------------------------------- tools

  #absent(disks: readonly string[], kind: Of<'absent'>['kind'], what: string): void {
    this.#add({ type: 'absent', disks, kind, what })
  }

  #durable(run: Run): Of<'joined'> | undefined {
    const life = this.#lives.get(run)
    return life === undefined || life.volatile || !this.#disks.has(life.disk) ? undefined : life
  }

  /** None where it lived in memory too. */
  #durableDisksOf(member: MemberId): string[] {
    const disks = [...(this.#disksOf.get(member) ?? [])]
    return disks.every((disk) => this.#disks.has(disk)) ? disks : []
  }

  #holds(disk: string, key: string): boolean {
    return this.#world.disk(disk).read(key) !== undefined
  }
}

function contentOf(disk: SimDisk): Omit<Of<'disk'>, 'type' | 'disk'> {
  const messages: string[] = []
  const feeds: Record<string, number> = {}
  const epochs: Record<string, number> = {}
  const all = disk.keys()
  for (const key of all) {
    const id = idRow.exec(key)?.[2] ?? unboundRow.exec(key)?.[1]
    if (id !== undefined) messages.push(id)
    const [, feed, digits] = feedRow.exec(key) ?? []
    if (feed !== undefined) feeds[feed] = Math.max(feeds[feed] ?? 0, Number(digits))
    const role = epochRow.exec(key)?.[1]
    if (role !== undefined) epochs[role] = epochIn(disk.read(key))
  }
  return { messages, feeds, epochs, rows: all.length }
}

function hashesOn(disk: SimDisk): Record<string, Record<number, string>> {
  const hashes: Record<string, Record<number, string>> = {}
  for (const key of disk.keys()) {
    const [, feed, digits] = feedRow.exec(key) ?? []
    const stored = feed === undefined ? undefined : readEntry(disk.read(key)?.subarray(checksumBytes))
    if (feed !== undefined && stored)
      (hashes[feed] ??= {})[Number(digits)] = toHex(stored.hash.subarray(0, 4))
  }
  return hashes
}

/** 0: none, or damaged. */
function epochIn(value: Uint8Array | undefined): number {
  const number = Number(String.fromCharCode(...(value ?? []).slice(checksumBytes)))
  return Number.isSafeInteger(number) ? number : 0
}

function addTo<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  map.set(key, (map.get(key) ?? new Set<V>()).add(value))
}
