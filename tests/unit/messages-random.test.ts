import { fc } from '../support/properties.ts'
import { describe, expect, it } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import { bodyText, failure, type Peer, World } from './messages-world.ts'

/** Five runs: two tabs of alice on one store, bob, carol, and two tabs of dave. */
const programs = [
  { name: 'alice', store: 0 },
  { name: 'alice', store: 0 },
  { name: 'bob', store: 1 },
  { name: 'carol', store: 2 },
  { name: 'dave', store: 3 },
  { name: 'dave', store: 3 },
] as const
const names = ['alice', 'bob', 'carol', 'dave'] as const

/** What a store that does not answer may hold back. */
const kinds = ['inbox/', 'feed/', 'head/', 'ack/', 'id/', 'unbound/', 'meta/'] as const
const faults = ['freeze', 'thaw', 'full', 'stall', 'well'] as const

type Act =
  | { readonly act: 'send'; readonly who: number; readonly to: number | 'room' }
  | { readonly act: 'crash' | 'restart' | 'handle'; readonly who: number }
  | { readonly act: (typeof faults)[number]; readonly who: number }
  | { readonly act: 'cut'; readonly who: number; readonly other: number }
  | { readonly act: 'heal' }
  | { readonly act: 'happen'; readonly times: number }
  | { readonly act: 'wait'; readonly ms: number }

const who = fc.integer({ min: 0, max: programs.length - 1 })
const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      act: fc.constant('send' as const),
      who,
      to: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant('room' as const)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constantFrom('crash' as const, 'restart' as const, 'handle' as const),
      who,
    }),
  },
  { weight: 4, arbitrary: fc.record({ act: fc.constantFrom(...faults), who }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('cut' as const), who, other: who }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('heal' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({ act: fc.constant('happen' as const), times: fc.integer({ min: 1, max: 40 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 40_000 }) }),
  },
)

class Story {
  readonly world: World
  readonly runs: Peer[]
  readonly stores: Peer['rows'][]
  /** What a program was told is stored: text → by whom and to whom. */
  readonly promised: {
    readonly peer: Peer
    readonly request: number
    readonly text: string
    readonly from: string
    readonly to: number | 'room'
    readonly mayExpire: boolean
  }[] = []
  /** All runs there were. */
  readonly #all = new Set<Peer>()
  /** member name → texts in the order they were first given out, and those handled. */
  readonly given = new Map<string, string[]>()
  readonly handled = new Map<string, Set<string>>()
  readonly #seen = new Map<Peer, number>()
  readonly #choose: (below: number) => number

  constructor(seed: number) {
    let state = seed | 1
    this.#choose = (below) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    this.world = new World(`random ${seed}`)
    this.stores = []
    this.runs = programs.map(({ name, store }) => {
      const rows = this.stores[store]
      const peer = this.world.add(name, rows ? { rows } : {})
      this.stores[store] = peer.rows
      if (!rows) this.world.settle()
      return peer
    })
    this.world.settle()
    for (const peer of this.runs) peer.room('general')
    this.world.settle()
    this.world.meet()
    this.world.advance(1000)
    this.#consume()
  }

  /** Of each member's runs the first alive consumes the inbox. */
  #consume(): void {
    for (const name of names) {
      const alive = this.runs.filter((run, i) => programs[i]!.name === name && run.alive)
      for (const [i, run] of alive.entries()) run.step({ type: 'inboxActive', active: i === 0 })
    }
  }

  look(): void {
    for (const run of this.runs) this.#all.add(run)
    for (const [i, run] of this.runs.entries()) {
      const items = run.inbox()
      const name = programs[i]!.name
      const given = this.given.get(name) ?? []
      for (const item of items.slice(this.#seen.get(run) ?? 0)) {
        const text = bodyText(item.message)
        if (this.handled.get(name)?.has(text)) throw new Error(`${text} came again after it was handled`)
        if (!given.includes(text)) given.push(text)
      }
      this.#seen.set(run, items.length)
      this.given.set(name, given)
    }
  }

  do(act: Act): void {
    const { world } = this
    switch (act.act) {
      case 'send': {
        const peer = this.runs[act.who]!
        if (!peer.alive) return
        const text = `${world.ids}`
        const to = act.to === 'room' ? '#general' : (`@${names[act.to]!}` as const)
        const mayExpire = this.#choose(3) === 0
        const request = peer.send(to, text, mayExpire ? { ttlMs: 1000 + this.#choose(60_000) } : {})
        this.promised.push({ peer, request, text, from: programs[act.who]!.name, to: act.to, mayExpire })
        return
      }
      case 'crash':
        if (this.#isRunning(act.who)) this.runs[act.who]!.kill()
        return this.#consume()
      case 'restart':
        return this.restart(act.who)
      case 'freeze':
        this.runs[act.who]!.alive = false
        if (this.#isRunning(act.who)) world.meet()
        return this.#consume()
      case 'thaw':
        return this.#thaw(act.who)
      case 'full':
        this.runs[act.who]!.commitError = failure('storage-full')
        return
      case 'stall': {
        const stalled = kinds.filter(() => this.#choose(2) === 0)
        this.runs[act.who]!.readFails = (from) => stalled.some((kind) => from.startsWith(kind))
        return
      }
      case 'well':
        return this.#mend(this.runs[act.who]!)
      case 'handle': {
        const peer = this.runs[act.who]!
        const name = programs[act.who]!.name
        if (!peer.alive) return
        for (const item of peer.inbox()) {
          const request = peer.handle(item)
          for (let i = 0; i < 100 && peer.alive && !peer.answer(request); i++) if (!peer.work()) break
          const answer = peer.answer(request)
          // Where the store takes nothing it is refused, and comes again.
          if (!answer || answer.error) continue
          this.look()
          const handled = this.handled.get(name) ?? new Set()
          this.handled.set(name, handled.add(bodyText(item.message)))
        }
        return
      }
      case 'cut':
        if (act.who !== act.other) world.cut(this.runs[act.who]!, this.runs[act.other]!)
        return
      case 'heal':
        return world.heal()
      case 'happen':
        for (let i = 0; i < act.times; i++) world.happen(this.#choose)
        return
      case 'wait':
        return world.advance(act.ms, this.#choose)
    }
  }

  /** Alive, or frozen. */
  #isRunning(index: number): boolean {
    return this.world.peers.includes(this.runs[index]!)
  }

  #thaw(index: number): void {
    const run = this.runs[index]!
    if (run.alive || !this.#isRunning(index)) return
    run.alive = true
    // A peer that stood still has lost its turn.
    run.step({ type: 'inboxActive', active: false })
    run.step({ type: 'tick' })
    this.world.meet()
    this.#consume()
  }

  #mend(run: Peer): void {
    run.commitError = undefined
    run.readFails = () => false
  }

  /** How often the end of each message's time was reported, by id. */
  reported(): Map<string, number> {
    const times = new Map<string, number>()
    for (const error of [...this.#all].flatMap((run) => run.errors('expired'))) {
      const { id } = error.details as { id: string }
      times.set(id, (times.get(id) ?? 0) + 1)
    }
    return times
  }

  restart(index: number): void {
    this.#thaw(index)
    if (this.runs[index]!.alive) return
    const { name, store } = programs[index]!
    this.runs[index] = this.world.add(name, { rows: this.stores[store]! })
    this.world.meet()
    this.#consume()
  }

  end(): void {
    for (const i of programs.keys()) this.restart(i)
    for (const run of this.runs) this.#mend(run)
    this.world.heal()
    this.world.advance(8 * limits.antiEntropyIntervalMs, this.#choose)
    this.look()
  }
}

describe('any order of events', () => {
  it('MS1-MS7 what was promised is delivered once and in order, and all come to hold the same', () => {
    fc.assert(
      fc.property(
        fc.array(acts, { minLength: 5, maxLength: 60 }),
        fc.integer({ min: 0, max: 2 ** 31 }),
        (plot, seed) => {
          const story = new Story(seed)
          for (const act of plot) {
            story.do(act)
            story.look()
          }
          story.end()
          const kept = story.promised.filter(
            ({ peer, request }) => peer.answer(request) && !peer.answer(request)?.error,
          )
          const digests = new Set(story.runs.map(({ messages }) => messages.digest))
          expect(digests.size).toBe(1)
          const rooms = story.runs.map((run) => run.history('#general').map(bodyText))
          for (const room of rooms) expect(room).toEqual(rooms[0])
          const reported = story.reported()
          expect([...reported.values()].every((times) => times === 1)).toBe(true)
          // Who still runs was answered, and what it sent has come to an end that is no other than what was reported.
          for (const { peer, request, text, mayExpire } of story.promised.filter((each) => each.peer.alive)) {
            const answer = peer.answer(request)
            expect(answer, text).toBeDefined()
            if (!answer || answer.error) continue
            const { id } = answer.value as { id: string }
            const state = peer.state(request)?.state
            expect(mayExpire ? ['delivered', 'expired'] : ['delivered'], text).toContain(state)
            expect(reported.has(id), text).toBe(state === 'expired')
          }
          for (const { text, to, from } of kept.filter(({ mayExpire }) => !mayExpire)) {
            if (to === 'room') expect(rooms[0]!.filter((each) => each === text)).toEqual([text])
            const addressed = to === 'room' ? names.filter((name) => name !== from) : [names[to]!]
            for (const name of addressed) expect(story.given.get(name), `${text} to ${name}`).toContain(text)
          }
          // In the order of each feed: the numbers of what a member was given rise, run by run. Whoever gets the turn back
          // after a sibling had it is given what is unhandled once more, from the beginning.
          for (const run of story.runs) {
            const last = new Map<string, number>()
            const given = new Set<string>()
            for (const { feed, number, attempt } of run.inbox()) {
              if (attempt > 1) continue
              const place = `${feed} ${number}`
              if (given.has(place)) {
                last.clear()
                given.clear()
              }
              given.add(place)
              expect(number).toBeGreaterThan(last.get(feed) ?? 0)
              last.set(feed, number)
            }
          }
          for (const run of story.runs) {
            const texts = run.texts()
            expect(new Set(texts).size).toBe(texts.length)
            expect(run.errors('store-forked')).toEqual([])
            expect(run.messages.status()).toMatchObject({ undelivered: 0, waitingForName: 0, heldBack: 0 })
          }
        },
      ),
      { numRuns: 100 },
    )
  }, 300_000)
})
