// The peers of a run and what they mean to do: a program that is started again joins its rooms, opens its documents
// and stands for its roles as before. Everything it does goes through a recorder.

import type { MeshError } from '../../../core/base/errors.ts'
import type { Address } from '../../../core/base/ids.ts'
import { Fence } from '../../../core/election/tokens.ts'
import { MeshHandle } from '../../../core/mesh.ts'
import type { SimProcess, World } from '../../../core/platform/sim/world.ts'
import { edit, undoFor, type Undo } from './edits.ts'
import { Imports } from './imports.ts'
import type { Happening } from './history.ts'
import { Recorder } from './recorder.ts'
import { diskOf, type Role, type Schedule, type Traffic } from './schedule.ts'

interface Actor {
  readonly role: Role
  readonly wishes: { readonly rooms: Set<string>; readonly docs: Set<string>; readonly roles: Set<string> }
  readonly undo: Map<string, Undo>
  process: SimProcess | undefined
  recorder: Recorder | undefined
  runs: number
  /** It should be there. */
  wanted: boolean
  leaving: boolean
}

/** After a failed start somebody tries again. */
const tryAgainMs = 1_000

export interface CastOptions {
  readonly world: World
  readonly schedule: Schedule
  readonly add: (happening: Happening) => void
  /** It may not start at present. */
  readonly isDown: (name: string) => boolean
  readonly isAsleep: (name: string) => boolean
}

export class Cast {
  readonly #options: CastOptions
  readonly #actors = new Map<string, Actor>()
  readonly #fences = new Map<string, Fence>()
  readonly #imports = new Imports()

  constructor(options: CastOptions) {
    this.#options = options
    for (const role of options.schedule.cast) {
      this.#actors.set(role.name, {
        role,
        wishes: { rooms: new Set(), docs: new Set(), roles: new Set() },
        undo: new Map(),
        process: undefined,
        recorder: undefined,
        runs: 0,
        wanted: false,
        leaving: false,
      })
    }
  }

  /** Of those that run and listen. */
  get recorders(): Recorder[] {
    return [...this.#actors.values()].flatMap((actor) => {
      const recorder = this.#ready(actor)
      return recorder === undefined ? [] : [recorder]
    })
  }

  /** How many should run. */
  get size(): number {
    return this.#actors.size
  }

  processOf(name: string): SimProcess | undefined {
    const process = this.#actors.get(name)?.process
    return process?.alive === true ? process : undefined
  }

  kill(name: string, links: 'silent' | 'down'): void {
    const actor = this.#actors.get(name)!
    actor.process?.kill({ links })
    this.#gone(actor)
  }

  revive(name: string): void {
    const actor = this.#actors.get(name)!
    if (actor.wanted) this.#start(actor)
  }

  /** It runs again, and goes on with what it was about to do before it can have noticed anything. */
  woke(name: string): void {
    const actor = this.#actors.get(name)!
    this.#ready(actor)?.act()
  }

  /** Everybody comes back, and means to take part in everything. */
  gather(): void {
    this.#imports.end()
    for (const actor of this.#actors.values()) {
      actor.wanted = true
      this.#start(actor)
    }
  }

  /** Notices who died by himself, and writes down what changed without an event. */
  look(): void {
    for (const actor of this.#actors.values()) {
      if (actor.process !== undefined && !actor.process.alive) this.#gone(actor)
      const recorder = this.#ready(actor)
      if (recorder !== undefined) this.#imports.look(recorder)
      recorder?.look()
    }
  }

  act(): void {
    for (const recorder of this.recorders) recorder.act()
  }

  play(act: Traffic): void {
    const actor = this.#actors.get(act.who)!
    const { wishes } = actor
    if (act.type === 'join') actor.wanted = true
    if (act.type === 'enterRoom') wishes.rooms.add(act.room)
    if (act.type === 'leaveRoom') wishes.rooms.delete(act.room)
    if (act.type === 'openDoc') wishes.docs.add(act.doc)
    if (act.type === 'closeDoc') wishes.docs.delete(act.doc)
    if (act.type === 'lead') wishes.roles.add(act.role)
    if (act.type === 'stopLeading') wishes.roles.delete(act.role)
    if (act.type === 'join') this.#start(actor)
    const recorder = this.#ready(actor)
    if (recorder !== undefined) this.#do(actor, recorder, act)
  }

  // ------------------------------------------------------------------------------------------- acts

  #do(actor: Actor, recorder: Recorder, act: Traffic): void {
    const { mesh } = recorder
    switch (act.type) {
      case 'join':
        return
      case 'leave':
        return this.#leave(actor, recorder)
      case 'enterRoom':
      case 'leaveRoom':
        return this.#attempt(recorder, mesh.room(act.room)[act.type === 'enterRoom' ? 'join' : 'leave']())
      case 'send':
        for (let i = 0; i < act.count; i++) {
          const id = act.count === 1 ? act.id : `${act.id}-${i}`
          const body = `${act.who} ${id} `.padEnd(act.bytes, '.')
          recorder.send(act.to as Address, body, { id, ...(act.ttlMs !== undefined && { ttlMs: act.ttlMs }) })
        }
        return
      case 'cast':
        return recorder.cast(act.id ?? `${act.who} ${this.#options.world.now}`, act.toOne === true)
      case 'lead':
        return recorder.lead(act.role)
      case 'stopLeading':
        return recorder.stopLeading(act.role)
      case 'openDoc':
        return this.#open(actor, recorder, act.doc)
      case 'closeDoc':
        return this.#attempt(recorder, recorder.closeDoc(act.doc))
      case 'aware':
        recorder.doc(act.doc)?.awareness.setLocalStateField('at', this.#options.world.now)
        return
      case 'edit': {
        const handle = recorder.doc(act.doc)
        const undo = actor.undo.get(act.doc)
        if (handle === undefined || undo === undefined) return
        edit(handle.doc, undo, act.seed, act.count, act.large)
        if (act.ask) recorder.askStored(act.doc)
        return
      }
      case 'import':
        this.#imports.take(recorder, act)
    }
  }

  #open(actor: Actor, recorder: Recorder, name: string): void {
    const opened = recorder.openDoc(name).then(() => {
      const handle = recorder.doc(name)
      if (handle !== undefined && actor.recorder === recorder) actor.undo.set(name, undoFor(handle.doc))
    })
    this.#attempt(recorder, opened)
  }

  #leave(actor: Actor, recorder: Recorder): void {
    const { process } = actor
    actor.leaving = true
    actor.wanted = false
    void recorder.leave().then(() => {
      if (actor.process !== process || process?.alive !== true) return
      process.kill()
      this.#gone(actor)
    })
  }

  /** What the store did not take is reported by the recorder's error event or here, and is no fault of the run. */
  #attempt(recorder: Recorder, doing: Promise<unknown>): void {
    doing.catch((problem: MeshError) =>
      this.#options.add({ type: 'error', run: recorder.run, code: problem.code, text: problem.message }),
    )
  }

  // ------------------------------------------------------------------------------------- coming and going

  #ready({ role, process, recorder, leaving }: Actor): Recorder | undefined {
    if (process?.alive !== true || process.frozen || leaving || this.#options.isAsleep(role.name))
      return undefined
    return recorder === undefined || recorder.ended ? undefined : recorder
  }

  #gone(actor: Actor): void {
    actor.recorder?.end('killed')
    actor.recorder = undefined
    actor.process = undefined
    actor.leaving = false
    actor.undo.clear()
  }

  #start(actor: Actor): void {
    const { world, schedule, isDown } = this.#options
    const { role } = actor
    if (actor.process !== undefined && !actor.process.alive) this.#gone(actor)
    if (actor.process !== undefined || isDown(role.name)) return
    const { name, label, browser, priority, candidate, store } = role
    const process = world.platform({
      name,
      store,
      wallSkewMs: role.wallSkewMs,
      driftRate: 1 + role.driftPpm / 1e6,
      ...(browser !== undefined && { browser }),
    })
    actor.process = process
    const opening = MeshHandle.open({
      mesh: 'test',
      name: label,
      kind: browser === undefined ? 'agent' : 'human',
      priority,
      candidate,
      store,
      platform: process,
      servers: schedule.servers,
    })
    opening.then(
      (mesh) => this.#opened(actor, process, mesh),
      () => this.#failed(actor, process),
    )
  }

  #opened(actor: Actor, process: SimProcess, mesh: MeshHandle): void {
    if (actor.process !== process || !process.alive) return
    const { role, wishes } = actor
    actor.runs++
    const recorder = new Recorder(mesh, {
      run: `${role.name} ${actor.runs}`,
      name: role.name,
      label: role.label,
      disk: role.store === 'memory' ? `memory of ${role.name} ${actor.runs}` : diskOf(role),
      volatile: role.store === 'memory',
      mayLead: role.candidate,
      alive: () => process.alive,
      add: this.#options.add,
      admit: (token) => this.#fenceOf(token.role).admit(token),
    })
    actor.recorder = recorder
    recorder.consume()
    for (const room of wishes.rooms) this.#attempt(recorder, mesh.room(room).join())
    for (const name of wishes.roles) recorder.lead(name)
    for (const doc of wishes.docs) this.#open(actor, recorder, doc)
  }

  /** Its store did not open. */
  #failed(actor: Actor, process: SimProcess): void {
    const { world } = this.#options
    if (actor.process !== process) return
    process.kill()
    this.#gone(actor)
    world.at(world.now + tryAgainMs, `${actor.role.name} is started again`, () =>
      this.revive(actor.role.name),
    )
  }

  #fenceOf(role: string): Fence {
    const fence = this.#fences.get(role) ?? new Fence(role)
    this.#fences.set(role, fence)
    return fence
  }
}
