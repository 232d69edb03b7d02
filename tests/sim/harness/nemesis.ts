// Does to the world what a schedule says should go wrong, ends it when it is over, and says whether it made a
// difference. Faults may overlap: a path is whole, and a process awake, when nothing holds it any more.

import type { AttackKind } from '../../../core/platform/sim/forgeries.ts'
import type { SimProcess, World } from '../../../core/platform/sim/world.ts'
import { streamFor } from '../../../core/platform/sim/crypto.ts'
import type { PeerId } from '../../../core/base/ids.ts'
import type { Attackers } from './attackers.ts'
import { kindOf } from './fault-kinds.ts'
import type { Happening } from './history.ts'
import { diskOf, touchedBy, type Cut, type Fault, type Role, type Schedule } from './schedule.ts'

/** What the nemesis needs of whoever plays the peers. */
export interface Victims {
  readonly processOf: (name: string) => SimProcess | undefined
  /** Ends the process without a goodbye. */
  readonly kill: (name: string, links: 'silent' | 'down') => void
  /** It may start again. */
  readonly revive: (name: string) => void
  /** Sends the attack as soon as somebody listens; returns how to give up. */
  readonly attack: (attacker: string, kind: AttackKind, sent: (frames: number) => void) => () => void
  /** A peer of another mesh comes; returns how to end it. */
  readonly visit: (name: string) => () => void
  /** Sends an attack again and again; returns how to end that. `tell.hung`: it does nothing else from now on. */
  readonly insist: Attackers['insist']
  /** It runs again after standing still. */
  readonly woke: (name: string) => void
}

interface Underway {
  readonly fault: Fault
  readonly touched: readonly string[]
  /** Undoes it; true where it made a difference only seen at the end. */
  readonly end: () => boolean | void
  bit: boolean
}

/** Of skipped commits, where they are not the last ones: how far back a run of them begins, and how long it is. */
const [mostSkipsBack, longestSkip] = [60, 12]

/** An attacker has to meet somebody first. */
const attackWithinMs = 5_000

type Add = (happening: Happening) => void

export class Nemesis {
  readonly #world: World
  readonly #schedule: Schedule
  readonly #victims: Victims
  readonly #add: Add
  readonly #underway = new Map<number, Underway>()
  readonly #cuts = new Map<string, number>()
  /** By how many faults a process sleeps; one that is started again is awake. */
  readonly #sleepers = new Map<SimProcess, number>()
  /** How many faults keep a process down. */
  readonly #down = new Map<string, number>()
  readonly #images = new Map<Fault, ReturnType<ReturnType<World['disk']>['image']>>()

  constructor(world: World, schedule: Schedule, victims: Victims, add: Add) {
    this.#world = world
    this.#schedule = schedule
    this.#victims = victims
    this.#add = add
    for (const { atMs, act } of schedule.steps) if (act.type === 'restore') this.#planImage(act, atMs)
  }

  isDown(name: string): boolean {
    return (this.#down.get(name) ?? 0) > 0
  }

  isAsleep(name: string): boolean {
    const process = this.#victims.processOf(name)
    return process !== undefined && (this.#sleepers.get(process) ?? 0) > 0
  }

  begin(index: number, fault: Fault): void {
    const touched = touchedBy(fault, this.#schedule.cast)
    const kind = kindOf(fault)
    this.#add({ type: 'faultBegins', fault: index, kind, touched, what: JSON.stringify(fault) })
    const underway: Underway = { fault, touched, end: () => undefined, bit: false }
    const begun = this.#start(fault, index)
    this.#underway.set(index, { ...underway, end: begun.end ?? underway.end, bit: begun.bit })
    if (begun.bit) this.#add({ type: 'faultBit', fault: index, kind })
    const forMs = 'forMs' in fault ? fault.forMs : fault.type === 'attack' ? attackWithinMs : 0
    this.#world.at(this.#world.now + forMs, `${fault.type} is over`, () => this.#end(index))
  }

  /** Ends whatever is still going on. */
  calm(): void {
    for (const index of [...this.#underway.keys()]) this.#end(index)
    this.#cuts.clear()
    this.#world.heal()
    for (const url of this.#schedule.servers) this.#world.server(url).start()
  }

  #end(index: number): void {
    const underway = this.#underway.get(index)
    if (underway === undefined) return
    this.#underway.delete(index)
    const { fault, touched, bit, end } = underway
    const kind = kindOf(fault)
    if (end() === true && !bit) this.#add({ type: 'faultBit', fault: index, kind })
    const over = (): void => this.#add({ type: 'faultEnds', fault: index, kind, touched, what: '' })
    const afterMs = aftermathMs(fault)
    if (afterMs === 0) over()
    else this.#world.at(this.#world.now + afterMs, `nothing is left of ${fault.type}`, over)
  }

  #start(fault: Fault, index: number): { bit: boolean; end?: () => boolean | void } {
    const { processOf } = this.#victims
    switch (fault.type) {
      case 'kill': {
        const process = processOf(fault.who)
        return { bit: process !== undefined, end: this.#keepDown([fault.who], fault.links) }
      }
      case 'killAt': {
        const { who, effect, n, when } = fault
        const plan = processOf(who)?.killAt({ effect, n, when })
        const end = (): boolean => {
          plan?.cancel()
          this.#victims.revive(who)
          return plan?.fired ?? false
        }
        return { bit: false, end }
      }
      case 'freeze':
      case 'suspend':
        return this.#sleep(fault.who, fault.type)
      case 'hide': {
        const process = processOf(fault.who)
        process?.hide()
        return { bit: process !== undefined, end: () => processOf(fault.who)?.show() }
      }
      case 'jumpClock':
        return this.#jump(fault.who, fault.byMs)
      case 'absence':
        return this.#absence(fault.byMs)
      case 'cut':
      case 'partition':
      case 'flap':
        return this.#cut(fault, index)
      case 'dropLinks':
        return { bit: this.#world.dropLinks(fault.a, fault.b, { oneEnd: fault.oneEnd }) > 0 }
      case 'loseLinks': {
        const others = this.#schedule.cast.filter(({ name }) => name !== fault.who)
        const ended = others.map(({ name }) => this.#world.dropLinks(fault.who, name))
        return { bit: ended.some((links) => links > 0) }
      }
      case 'heavyTails': {
        this.#world.shape({ tail: { probability: fault.share, maxMs: fault.upToMs } })
        return { bit: true, end: () => this.#world.shape({ tail: undefined }) }
      }
      case 'stopServer':
      case 'lie':
      case 'slowServer':
      case 'visit':
      case 'accuse':
      case 'forget':
        return this.#harmServer(fault)
      case 'attack':
        return this.#turn((sent) => this.#victims.attack(fault.attacker, fault.kind, sent))
      case 'insist':
        return this.#turn((sent) => this.#victims.insist(fault, { sent, hung: this.#hung(fault, index) }))
      default:
        return this.#harmDisk(fault)
    }
  }

  /** A hostile peer turns against the others; it made a difference where frames went out. */
  #turn(begin: (sent: (frames: number) => void) => () => void): { bit: boolean; end: () => boolean } {
    let frames = 0
    const stop = begin((sent) => (frames += sent))
    const end = (): boolean => {
      stop()
      return frames > 0
    }
    return { bit: false, end }
  }

  #hung({ attacker }: Extract<Fault, { type: 'insist' }>, index: number): (peer: PeerId) => void {
    return (peer) => {
      this.#add({ type: 'hangs', name: attacker, peer, fault: index })
      for (const url of this.#schedule.servers) this.#world.server(url).accuse(attacker)
    }
  }

  // --------------------------------------------------------------------------------------- processes

  /** Kept from starting again; returns how to let them. */
  #keepDown(names: readonly string[], links: 'silent' | 'down' = 'silent'): () => void {
    for (const name of names) {
      this.#down.set(name, (this.#down.get(name) ?? 0) + 1)
      this.#victims.kill(name, links)
    }
    return () => {
      for (const name of names) {
        this.#down.set(name, this.#down.get(name)! - 1)
        if (!this.isDown(name)) this.#victims.revive(name)
      }
    }
  }

  #sleep(who: string, how: 'freeze' | 'suspend'): { bit: boolean; end: () => void } {
    const process = this.#victims.processOf(who)
    if (process === undefined || process.frozen) return { bit: false, end: () => undefined }
    this.#sleepers.set(process, (this.#sleepers.get(process) ?? 0) + 1)
    process[how]()
    const end = (): void => {
      const left = this.#sleepers.get(process)! - 1
      this.#sleepers.set(process, left)
      if (left > 0 || !process.alive) return
      if (how === 'freeze') process.wake()
      else process.resume()
      this.#victims.woke(who)
    }
    return { bit: true, end }
  }

  #jump(who: string, byMs: number): { bit: boolean; end: () => void } {
    const process = this.#victims.processOf(who)
    if (process === undefined) return { bit: false, end: () => undefined }
    this.#setClock(process, byMs)
    const end = (): void => {
      const now = this.#victims.processOf(who) ?? process
      this.#setClock(now, -byMs)
    }
    return { bit: true, end }
  }

  /** Nobody was there for so long, and then all come back. */
  #absence(byMs: number): { bit: boolean; end: () => void } {
    const names = this.#schedule.cast.map(({ name }) => name)
    this.#world.pass(byMs)
    for (const name of names) this.#add({ type: 'clock', name, byMs })
    return { bit: true, end: this.#keepDown(names) }
  }

  #setClock(process: SimProcess, byMs: number): void {
    process.jumpClock(byMs)
    this.#add({ type: 'clock', name: process.name, byMs })
  }

  // ------------------------------------------------------------------------------------------- disks

  #planImage(fault: Extract<Fault, { type: 'restore' }>, atMs: number): void {
    this.#world.at(Math.max(0, atMs - fault.agoMs), `a backup of ${fault.disk}`, () =>
      this.#images.set(fault, this.#world.disk(fault.disk).image()),
    )
  }

  #harmDisk(fault: Extract<Fault, { disk: string }>): { bit: boolean; end?: () => boolean | void } {
    const disk = this.#world.disk(fault.disk)
    const had = disk.keys().length
    const { now } = this.#world
    switch (fault.type) {
      case 'failing': {
        disk.failing = fault.code
        disk.uncertain = fault.uncertain
        const end = (): void => {
          disk.failing = undefined
          disk.uncertain = false
        }
        return { bit: this.#livesOn(fault.disk), end }
      }
      case 'corrupt':
      case 'truncate': {
        const rows = streamFor(String(fault.seed), 'rows').sample(
          disk.keys().filter((key) => (disk.read(key)?.length ?? 0) > 0),
          fault.rows,
        )
        for (const key of rows) disk[fault.type](key)
        this.#add({ type: 'diskHarmed', disk: fault.disk, how: 'rows', asOfMs: now, keys: rows })
        return { bit: rows.length > 0 }
      }
      case 'skipCommits': {
        const end = this.#keepDown(this.#on(fault.disk))
        const random = streamFor(String(fault.seed), 'commits')
        const keys = Array.from({ length: fault.runs }, () =>
          disk.skipCommits(
            random.integer(4) === 0 ? 0 : 1 + random.integer(mostSkipsBack),
            1 + random.integer(longestSkip),
          ),
        ).flat()
        this.#add({ type: 'diskHarmed', disk: fault.disk, how: 'rows', asOfMs: now, keys })
        return { bit: keys.length > 0, end }
      }
      case 'restore': {
        const end = this.#keepDown(this.#on(fault.disk))
        const image = this.#images.get(fault)
        if (image !== undefined) disk.restore(image)
        this.#add({ type: 'diskHarmed', disk: fault.disk, how: 'older', asOfMs: now - fault.agoMs })
        return { bit: had > 0 && image !== undefined, end }
      }
      case 'wipe': {
        const end = this.#keepDown(this.#on(fault.disk))
        disk.wipe({ deviceKey: fault.deviceKey })
        this.#add({ type: 'diskHarmed', disk: fault.disk, how: 'wiped', asOfMs: 0 })
        return { bit: had > 0, end }
      }
      case 'clone': {
        const lived = this.#livesOn(fault.to)
        const end = this.#keepDown(this.#on(fault.to))
        this.#world.cloneDisk(fault.disk, fault.to)
        this.#add({ type: 'diskHarmed', disk: fault.to, how: 'cloned', asOfMs: 0 })
        return { bit: had > 0 || lived, end }
      }
      case 'slowDisk':
        disk.slowMs = fault.ms
        return { bit: this.#livesOn(fault.disk), end: () => void (disk.slowMs = 0) }
      case 'tearing':
      case 'forgetful': {
        disk[fault.type] = true
        const before = disk.bites.torn + disk.bites.forgotten
        const end = (): boolean => {
          disk[fault.type] = false
          return disk.bites.torn + disk.bites.forgotten > before
        }
        return { bit: false, end }
      }
    }
  }

  #on(disk: string): string[] {
    return this.#schedule.cast.filter((role: Role) => diskOf(role) === disk).map(({ name }) => name)
  }

  #livesOn(disk: string): boolean {
    return this.#on(disk).some((name) => this.#victims.processOf(name) !== undefined)
  }

  // ----------------------------------------------------------------------------------------- network

  #cut(fault: Extract<Fault, { cuts: readonly Cut[] }>, index: number): { bit: boolean; end: () => void } {
    const bit = fault.cuts.some((ends) => ends.every((name) => this.#isUp(name)))
    for (const cut of fault.cuts) this.#hold(cut)
    if (fault.type === 'flap') return { bit, end: this.#flap(fault, index) }
    const healEveryMs = fault.type === 'partition' ? fault.healEveryMs : 0
    const end = (): void => {
      fault.cuts.forEach((cut, i) => {
        if (healEveryMs === 0) this.#release(cut)
        else this.#world.at(this.#world.now + i * healEveryMs, 'heals a piece', () => this.#release(cut))
      })
    }
    return { bit, end }
  }

  #flap({ cuts, periodMs }: Extract<Fault, { type: 'flap' }>, index: number): () => void {
    let held = true
    const turn = (): void => {
      if (!this.#underway.has(index)) return
      for (const cut of cuts)
        if (held) this.#release(cut)
        else this.#hold(cut)
      held = !held
      this.#world.at(this.#world.now + periodMs, 'flaps', turn)
    }
    this.#world.at(this.#world.now + periodMs, 'flaps', turn)
    return () => {
      if (held) for (const cut of cuts) this.#release(cut)
      held = false
    }
  }

  #hold([from, to]: Cut): void {
    const held = this.#cuts.get(`${from} ${to}`) ?? 0
    this.#cuts.set(`${from} ${to}`, held + 1)
    if (held === 0) this.#world.cut(from, to, { oneWay: true })
  }

  #release([from, to]: Cut): void {
    const held = this.#cuts.get(`${from} ${to}`) ?? 0
    if (held === 0) return
    this.#cuts.set(`${from} ${to}`, held - 1)
    if (held > 1) return
    this.#world.heal(from, to)
    if ((this.#cuts.get(`${to} ${from}`) ?? 0) > 0) this.#world.cut(to, from, { oneWay: true })
  }

  #isUp(name: string): boolean {
    if (this.#schedule.servers.includes(name)) return this.#world.server(name).running
    return this.#victims.processOf(name) !== undefined
  }

  // ----------------------------------------------------------------------------------------- servers

  #harmServer(fault: Extract<Fault, { server: string }>): { bit: boolean; end?: () => void } {
    const server = this.#world.server(fault.server)
    const bit = server.running
    switch (fault.type) {
      case 'stopServer':
        server.stop()
        return { bit, end: () => server.start() }
      case 'lie':
        server.lie({ ghosts: fault.ghosts, hide: fault.hide })
        return { bit, end: () => server.lie() }
      case 'slowServer':
        server.slow(fault.ms)
        return { bit, end: () => server.slow(0) }
      case 'visit': {
        server.lie({ mixes: true })
        const end = this.#victims.visit(fault.who)
        return {
          bit,
          end: () => {
            server.lie()
            end()
          },
        }
      }
      case 'accuse':
        return { bit: server.accuse(fault.who) > 0 }
      case 'forget':
        return { bit: server.forget(fault.who) }
    }
  }
}

/** What a fault did may outlast it: a partition heals in pieces, and what was held up is still under way. */
function aftermathMs(fault: Fault): number {
  if (fault.type === 'partition') return fault.cuts.length * fault.healEveryMs
  return fault.type === 'heavyTails' ? fault.upToMs : 0
}
