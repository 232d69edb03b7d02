// The stage on which most stories play: whole production peers in the simulated world, told what to do in words. What
// shows is what a program sees of them, and what they say on the wire and write to their stores.

import type { DocHandle, DutyContext, FencingToken, InboxMessage, Running } from '../../core/api.ts'
import type { PeerId } from '../../core/base/ids.ts'
import type { SimDisk } from '../../core/platform/sim/disk.ts'
import type { SimLink } from '../../core/platform/sim/link.ts'
import type { SimProcess } from '../../core/platform/sim/process.ts'
import { Fence } from '../../core/election/tokens.ts'
import { createWorld, type World } from '../../core/platform/sim/world.ts'
import type { LinkMessage } from '../../core/wire/messages.ts'
import { joinAs, server, type Actor, type ActorOptions } from '../sim/mesh-world.ts'
import { tap } from './mesh-tap.ts'
import { kindOf, Names } from './mesh-words.ts'
import { type Line, type Saying, type Stage, toPattern, understand } from './story.ts'

export interface Player extends Actor {
  readonly tapped: SimProcess
  readonly options: ActorOptions
  /** The last duty that was given to it. */
  duty: DutyContext | undefined
  readonly docs: Map<string, DocHandle>
  readonly running: Map<string, Running>
  /** Given out and not handled. */
  readonly taken: InboxMessage[]
  /** Its links, the newest last. */
  readonly links: SimLink[]
}

export type Act = Saying<MeshStage, Promise<void> | void>
export type State = Saying<MeshStage, Promise<boolean> | boolean>

/** Everything that a line of the trace can be about, beside what is said on the wire. */
const kinds = [
  ...[
    'leader',
    'duty',
    'fence',
    'meets',
    'loses',
    'message',
    'inbox',
    'receipt',
    'error',
    'heard',
    'doc',
    'stored',
  ],
  ...['awareness', 'says', 'dials', 'link', 'server', 'epoch', 'stores', 'removes'],
  ...[
    'hello',
    'ping',
    'pong',
    'pull',
    'busy',
    'beat',
    'record',
    'records',
    'gone',
    'suspect',
    'probe',
    'alive',
  ],
  ...['claim', 'yielded', 'signal', 'cast', 'entries', 'vector', 'want', 'found', 'digest', 'fork'],
  ...['share', 'viewDigest', 'roster'],
  ...['docs', 'docUpdates', 'docWant', 'docPiece', 'docEnd', 'docGot', 'docAwareness'],
]

export class MeshStage implements Stage {
  readonly world: World
  readonly kinds: ReadonlySet<string> = new Set(kinds)
  readonly names = new Names()
  readonly players = new Map<string, Player>()
  /** Copies of disks, by name. */
  readonly copies = new Map<string, ReturnType<ReturnType<World['disk']>['image']>>()
  /** What is lost on the way: at most so many messages of that kind. */
  readonly losses: { from: string; to: string; kind: string; left: number }[] = []
  readonly tokens = new Map<string, FencingToken>()
  readonly fence = new Fence('')
  /** Bodies by message id. */
  readonly bodies = new Map<string, string>()
  readonly #lines: { readonly atMs: number; readonly kind: string; readonly words: () => string }[] = []

  readonly #acts: readonly Act[]
  readonly #states: readonly State[]

  constructor(seed: number, acts: readonly Act[], states: readonly State[]) {
    this.#acts = acts
    this.#states = states
    this.world = createWorld({ seed })
    this.world.server(server)
  }

  get nowMs(): number {
    return this.world.now
  }

  get lines(): readonly Line[] {
    return this.#lines.map(({ atMs, kind, words }) => ({ atMs, kind, words: words() }))
  }

  write(kind: string, words: () => string): void {
    this.#lines.push({ atMs: this.world.now, kind, words })
  }

  async act(words: string): Promise<void> {
    await understand(this.#acts, this, words)
  }

  async holds(words: string): Promise<boolean> {
    return understand(this.#states, this, words)
  }

  async close(): Promise<void> {
    for (const { tapped } of this.players.values()) tapped.kill()
    await this.world.run(0)
  }

  // --------------------------------------------------------------------------------------------- players

  player(name: string): Player {
    const player = this.players.get(name)
    if (!player) throw new Error(`nobody is called ${name}`)
    return player
  }

  diskOf(name: string): SimDisk {
    return this.world.disk(this.players.get(name)?.options.browser ?? name)
  }

  /** `alice, bob and carol`; `all`: everybody alive. */
  named(words: string): Player[] {
    if (words === 'all') return this.awake()
    return words.split(/, | and /).map((name) => this.player(name))
  }

  awake(): Player[] {
    return [...this.players.values()].filter(({ tapped }) => tapped.alive && !tapped.frozen)
  }

  /** Starts a peer; resolves when its handle is there. */
  async start(name: string, options: ActorOptions, process: SimProcess): Promise<Player> {
    const links: SimLink[] = []
    const tapped = tap(process, {
      names: this.names,
      write: (kind, words) => this.write(kind, words),
      isLost: (from, to, message) => this.#isLost(from, to, message),
      linked: (link) => links.push(link),
    })
    const { browser: _, ...rest } = options
    const actor = await joinAs(this.world, name, { ...rest, process: tapped })
    const player: Player = {
      ...actor,
      tapped,
      options,
      links,
      duty: undefined,
      docs: new Map(),
      running: new Map(),
      taken: [],
    }
    this.players.set(name, player)
    this.#listen(player)
    return player
  }

  #isLost(from: string, to: string, message: LinkMessage): boolean {
    const kind = kindOf(message)
    const loss = this.losses.find(
      (each) => each.left > 0 && each.from === from && each.to === to && each.kind === kind,
    )
    if (loss) loss.left--
    return loss !== undefined
  }

  #listen({ name, mesh }: Player): void {
    const say = (kind: string, words: () => string): void => this.write(kind, () => `${name}: ${words()}`)
    const nameOf = (peer: { name: string } | undefined): string => peer?.name ?? 'nobody'
    // What it said before anybody could have known it.
    this.names.learn({
      ...this.names.records.get(mesh.me.id),
      ...{
        id: mesh.me.id,
        member: mesh.me.member,
        store: mesh.status().storage.storeId,
        name,
        incarnation: 0,
      },
    } as never)
    mesh.on('leader', ({ leader, previous, epoch, reason }) =>
      say('leader', () => `leader ${nameOf(previous)} -> ${nameOf(leader)}, epoch ${epoch} (${reason})`),
    )
    mesh.on('peers', ({ joined, left }) => {
      for (const peer of joined) say('meets', () => `meets ${peer.name}`)
      for (const { peer, reason } of left) say('loses', () => `loses ${peer.name} (${reason})`)
    })
    mesh.on('message', ({ id, body, fromName, to, state, clockAhead }) => {
      this.bodies.set(id, shown(body))
      const marks = `${state === 'waiting' ? ', waiting' : ''}${clockAhead ? ', clock ahead' : ''}`
      say('message', () => `message ${shown(body)} from ${fromName} to ${this.#address(to)}${marks}`)
    })
    mesh.on('receipt', ({ id, member, volatile }) =>
      say(
        'receipt',
        () => `receipt ${this.bodyOf(id)} by ${this.names.member(member)}${volatile ? ', volatile' : ''}`,
      ),
    )
    mesh.on('error', ({ code }) => say('error', () => `error ${code}`))
  }

  #address = (to: string): string => (/^[@#]/.test(to) ? to : `member ${this.names.member(to)}`)

  bodyOf = (id: string): string => this.bodies.get(id) ?? 'something'

  peerId(name: string): PeerId {
    return this.players.get(name)?.mesh.me.id ?? this.names.peerNamed(name)!
  }

  /** The link that `from` uses to `to`. */
  linkBetween(from: string, to: string): SimLink {
    const link = this.player(from).links.findLast(({ remote }) => remote === this.peerId(to))
    if (!link) throw new Error(`${from} has no link to ${to}`)
    return link
  }

  /** What the form finds in the last line that has it. */
  lastMatch(form: RegExp): readonly (string | undefined)[] {
    const line = this.#lines.findLast(({ words }) => form.test(words()))
    if (!line) throw new Error(`nothing like ${form.source} ever showed`)
    return form.exec(line.words())!
  }

  /** Whether a line of that pattern came since; each line is looked at once. */
  watchFor(pattern: string): () => boolean {
    const form = toPattern(pattern)
    let next = this.#lines.length
    return () => {
      const fresh = this.#lines.slice(next)
      next += fresh.length
      return fresh.some(({ words }) => form.test(words()))
    }
  }
}

/** A body in words. */
export function shown(body: unknown): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return text.length > 40 ? `"${text.slice(0, 8)}…"` : `"${text}"`
}

/** What a shared text reads. */
export const textOf = ({ doc }: DocHandle): string => doc.getText('text').toJSON()
