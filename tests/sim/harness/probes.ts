// Looks at the simulated disks at the very instant at which somebody is told that something is on them: a send resolved,
// a message or a receipt came from elsewhere, an epoch is used, a document is stored. What is not there is written down.
// It reads the rows themselves, not through a peer, and tells nobody anything: a run goes the same way with it or without.

import { docOfKey, docRowsPrefix } from '../../../core/docs/rows.ts'
import { keys } from '../../../core/messages/rows.ts'
import type { MemberId, StoreId } from '../../../core/base/ids.ts'
import type { Commit } from '../../../core/base/ports.ts'
import type { World } from '../../../core/platform/sim/world.ts'
import { includes, union } from './checkers/held.ts'
import { placeOf } from './checkers/places.ts'
import type { Happening, Held, Run } from './history.ts'
import {
  contentOf,
  docOn,
  docRowsOn,
  epochOn,
  hashesOn,
  isDamaged,
  isMessageAt,
  isMessageOn,
  messageOn,
} from './rows-on-disk.ts'
import { diskOf, type Schedule } from './schedule.ts'

type Of<T extends Happening['type']> = Extract<Happening, { readonly type: T }>
type Add = (happening: Happening) => void

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
  /** By disk and document: what was called stored there. */
  readonly #promised = new Map<string, Map<string, Held>>()

  /** @param add Takes what was found to be missing. */
  constructor(world: World, schedule: Schedule, add: Add) {
    this.#world = world
    this.#schedule = schedule
    this.#add = add
    this.#disks = new Set(schedule.cast.filter(({ store }) => store === 'durable').map(diskOf))
    for (const name of this.#disks) world.disk(name).watch = (commit, by) => this.#committed(name, commit, by)
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
      case 'delivered':
        return this.#delivered(happening)
      case 'page':
        return this.#page(happening)
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
      if (slowMs === 0) continue
      for (const doc of docs.keys())
        if (docRowsOn(this.#world.disk(disk), doc).length === 0) this.#lost(disk, doc)
    }
  }

  // ---------------------------------------------------------------------------------------- messages

  #stored({ run, id }: Of<'stored'>): void {
    const life = this.#durable(run)
    if (life === undefined) return
    if (isMessageOn(this.#world.disk(life.disk), life.member, id)) return
    this.#absent([life.disk], 'message', `${id}, which ${run} was told is stored`)
  }

  /** It is on the disk of whoever shows it, and was on its author's before anybody was told of it. */
  #message({ run, id, from, cursor }: Of<'message'>): void {
    const place = placeOf(cursor)
    if (place === undefined) return
    const key = keys.entry(place.feed as StoreId, place.number)
    addTo(this.#places, `${from} ${id}`, key)
    const life = this.#durable(run)
    if (life !== undefined && !this.#holds(life.disk, key, from, id))
      this.#absent([life.disk], 'entry', `${id}, which ${run} shows`)
    const theirs = this.#durableDisksOf(from)
    if (theirs.length > 0 && !theirs.some((disk) => this.#holds(disk, key, from, id)))
      this.#absent(theirs, 'entry', `${id}, which its author told ${run} of`)
  }

  /** What is read now was read from rows that are whole. */
  #page({ run, messages }: Of<'page'>): void {
    const life = this.#durable(run)
    if (life === undefined) return
    const disk = this.#world.disk(life.disk)
    for (const { id, from } of messages) {
      const there = [...(this.#places.get(`${from} ${id}`) ?? [])].filter(
        (key) => disk.read(key) !== undefined,
      )
      if (there.length > 0 && there.every((key) => isDamaged(disk, key)))
        this.#absent([life.disk], 'damaged', `${id}, which ${run} shows, as it was written`)
    }
  }

  #receipt({ run, id, member }: Of<'receipt'>): void {
    const author = this.#lives.get(run)!.member
    const places = [...(this.#places.get(`${author} ${id}`) ?? [])]
    const theirs = this.#durableDisksOf(member)
    if (theirs.length === 0 || places.length === 0) return
    if (theirs.some((disk) => places.some((key) => this.#holds(disk, key, author, id)))) return
    this.#absent(theirs, 'receipt', `${id}, for which ${run} has its receipt`)
  }

  /** Whoever is named in what its author stored has it, wherever it stands there. */
  #delivered({ run, id }: Of<'delivered'>): void {
    const life = this.#durable(run)
    const stored = life && messageOn(this.#world.disk(life.disk), life.member, id)
    if (life === undefined || stored === undefined) return
    const places = [stored.key, ...(this.#places.get(`${life.member} ${id}`) ?? [])]
    const isOn = (disk: string): boolean =>
      isMessageOn(this.#world.disk(disk), life.member, id) ||
      places.some((key) => this.#holds(disk, key, life.member, id))
    for (const member of stored.addressees) {
      const theirs = this.#durableDisksOf(member)
      if (member === life.member || theirs.length === 0 || theirs.some(isOn)) continue
      this.#absent(theirs, 'receipt', `${id}, which ${run} calls delivered`)
    }
  }

  // --------------------------------------------------------------------------- epochs and documents

  #epoch(life: Of<'joined'> | undefined, role: string, epoch: number): void {
    if (life === undefined || life.volatile || !this.#disks.has(life.disk)) return
    const stored = epochOn(this.#world.disk(life.disk), role)
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
    if (docRowsOn(this.#world.disk(life.disk), doc).length > 0) this.#promise(life.disk, doc, held)
    const there = this.#contentOf(life.disk, doc)
    if (there !== undefined && !includes(there, held))
      this.#absent([life.disk], 'document', `all of ${doc}, which ${run} was told is stored`)
  }

  #promise(disk: string, doc: string, held: Held): void {
    const docs = this.#promised.get(disk) ?? new Map<string, Held>()
    const before = docs.get(doc)
    this.#promised.set(disk, docs.set(doc, before === undefined ? held : union(before, held)))
  }

  /** Rows may be removed only once others hold what was in them, whenever the process is killed. */
  #committed(disk: string, { delete: removed = [] }: Commit, by: string): void {
    const docs = new Set(removed.filter((key) => key.startsWith(docRowsPrefix)).map(docOfKey))
    for (const doc of docs) {
      const promised = this.#promised.get(disk)?.get(doc)
      const there = promised && this.#contentOf(disk, doc)
      if (promised === undefined || there === undefined || includes(there, promised)) continue
      this.#promised.get(disk)!.delete(doc)
      this.#absent([disk], 'document', `all of ${doc} that was called stored, after ${by} removed rows of it`)
    }
  }

  #lost(disk: string, doc: string): void {
    this.#promised.get(disk)!.delete(doc)
    this.#absent([disk], 'document', `anything of ${doc}, which was called stored`)
  }

  #contentOf(disk: string, doc: string): Held | undefined {
    return docOn(this.#world.disk(disk), doc, (problem) =>
      this.#add({
        type: 'error',
        run: '',
        code: 'record-corrupt',
        text: `probe of ${disk}: ${String(problem)}`,
      }),
    )
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

  #holds(disk: string, key: string, author: MemberId, id: string): boolean {
    return isMessageAt(this.#world.disk(disk), key, author, id)
  }
}

function addTo<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  map.set(key, (map.get(key) ?? new Set<V>()).add(value))
}
