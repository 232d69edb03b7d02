// Writes down what a mesh handle says and does: the public surface and nothing else, so that it serves a simulated
// peer, an agent and a browser tab alike. The program it plays is a well-behaved one: it consumes its inbox, acts with
// a token where it leads, and asks documents when they are stored.

import type { DocHandle, DutyContext, FencingToken, Mesh, Peer, Running } from '../../../core/api.ts'
import type { MeshError } from '../../../core/base/errors.ts'
import type { Address, MessageId } from '../../../core/base/ids.ts'
import { hash, heldBy, isPending } from './document-content.ts'
import type { Figures, Happening, Rank, Run } from './history.ts'

const castTopic = 'progress'

export interface RecorderOptions {
  readonly run: Run
  readonly name: string
  readonly label: string
  readonly disk: string
  readonly volatile: boolean
  /** False: it is no candidate. */
  readonly mayLead?: boolean
  /** False from the moment on at which the process is dead: what is said then nobody can have heard. */
  readonly alive: () => boolean
  readonly add: (happening: Happening) => void
  /** The resource that acts of a role are done to: whether it lets this token pass. */
  readonly admit: (token: FencingToken) => boolean
}

interface OpenDoc {
  readonly handle: DocHandle
  dirty: boolean
  told: string
}

interface Post {
  readonly running: Running
  context: DutyContext | undefined
  /** Taken and not shown yet: an act takes a while. */
  token: FencingToken | undefined
}

export class Recorder {
  readonly mesh: Mesh
  readonly run: Run
  readonly #options: RecorderOptions
  readonly #docs = new Map<string, OpenDoc>()
  readonly #opening = new Set<string>()
  readonly #posts = new Map<string, Post>()
  #ended = false

  constructor(mesh: Mesh, options: RecorderOptions) {
    this.mesh = mesh
    this.run = options.run
    this.#options = options
    const { run, name, label, disk, volatile, mayLead = true } = options
    const { id: peer, member } = mesh.me
    this.#add({ type: 'joined', run, name, label, peer, member, disk, volatile, mayLead })
    this.#listen()
  }

  get ended(): boolean {
    return this.#ended
  }

  get docs(): readonly string[] {
    return [...this.#docs.keys()]
  }

  get roles(): readonly string[] {
    return [...this.#posts.keys()]
  }

  /** The process is gone: nothing is written any more. */
  end(how: 'left' | 'killed' | 'broken'): void {
    if (this.#ended) return
    this.#options.add({ type: 'ended', run: this.run, how })
    this.#ended = true
  }

  #add(happening: Happening): void {
    if (!this.#ended && this.#options.alive()) this.#options.add(happening)
  }

  #listen(): void {
    const { mesh, run } = this
    for (const peer of mesh.others.keys()) this.#add({ type: 'peerJoined', run, peer })
    mesh.on('peers', ({ joined, left }) => {
      for (const { id } of joined) this.#add({ type: 'peerJoined', run, peer: id })
      for (const { peer, reason } of left) this.#add({ type: 'peerLeft', run, peer: peer.id, reason })
    })
    mesh.on('links', (links) =>
      this.#add({ type: 'links', run, peers: [...new Set(links.map(({ peer }) => peer))] }),
    )
    mesh.on('leader', ({ leader, epoch, reason }) => {
      const rank = leader && rankOf(leader)
      const own = rankOf(mesh.me)
      this.#add({ type: 'leader', run, leader: leader?.id, epoch, reason, own, ...(rank && { rank }) })
    })
    mesh.on('message', ({ id, from, to, addressees, cursor, body, clockAhead }) =>
      this.#add({
        type: 'message',
        run,
        id,
        from,
        to,
        addressees,
        cursor,
        body: brief(body),
        ...(clockAhead && { clockAhead }),
      }),
    )
    mesh.onCast(castTopic, ({ body }) => this.#add({ type: 'castHeard', run, id: brief(body) }))
    mesh.on('receipt', ({ id, member }) => this.#add({ type: 'receipt', run, id, member }))
    mesh.on('error', (problem) => {
      const { code, message } = problem
      this.#add({ type: 'error', run, code, text: message })
      const { id } = problem.details as { id?: MessageId }
      if (code === 'expired' && id !== undefined) this.#undelivered(id, problem, true)
      if (code === 'left') this.end('broken')
    })
  }

  // ---------------------------------------------------------------------------------------- messages

  /** Sends, and goes on recording until the message is delivered or expired. */
  send(to: Address, body: string, options: { id: string; ttlMs?: number }): void {
    const { run } = this
    const id = options.id as MessageId
    const { ttlMs } = options
    this.#add({ type: 'asked', run, id, to, ...(ttlMs !== undefined && { ttlMs }) })
    this.mesh.send(to, body, options).then(
      (sent) => {
        this.#add({ type: 'stored', run, id })
        sent.delivered().then(
          () => this.#add({ type: 'delivered', run, id }),
          (problem: MeshError) => this.#undelivered(id, problem),
        )
      },
      (problem: MeshError) => this.#add({ type: 'rejected', run, id, code: problem.code }),
    )
  }

  #undelivered(id: MessageId, problem: MeshError, reported = false): void {
    if (problem.code !== 'expired') return
    const { lacking } = problem.details as { lacking: Extract<Happening, { type: 'expired' }>['lacking'] }
    this.#add({ type: 'expired', run: this.run, id, lacking, ...(reported && { reported }) })
  }

  /** Takes messages until the mesh is left; now and then asks for one to come again. */
  consume(): void {
    const { run } = this
    const loop = async (): Promise<void> => {
      for await (const message of this.mesh.inbox()) {
        const { id, from, attempt, body } = message
        this.#add({ type: 'given', run, id, from, attempt, body: brief(body) })
        if (attempt === 1 && hash(id) % 11 === 0) await message.retry({ delayMs: 300 })
        else {
          await message.handled()
          this.#add({ type: 'handled', run, id, from })
        }
      }
    }
    const again = (problem: unknown): void => {
      this.#add({ type: 'error', run, code: (problem as MeshError).code, text: `inbox: ${String(problem)}` })
      // What failed was the store; the message was not handled and comes again.
      if (!this.#ended && (problem as MeshError).code !== 'left') this.consume()
    }
    loop().catch(again)
  }

  /** Says goodbye; settles when it is over, however that went. */
  async leave(): Promise<void> {
    this.#add({ type: 'leaving', run: this.run })
    try {
      await this.mesh.leave()
    } catch (problem) {
      this.#add({ type: 'error', run: this.run, code: (problem as MeshError).code, text: 'while leaving' })
    }
    this.end('left')
  }

  /** To all, or to one of those it sees. */
  cast(id: string, isForOne: boolean): void {
    const others = [...this.mesh.others.keys()]
    const to = isForOne ? others[hash(id) % others.length] : undefined
    this.#add({ type: 'castSaid', run: this.run, id, ...(to !== undefined && { to }) })
    this.mesh.cast(castTopic, id, to === undefined ? {} : { to })
  }

  async readHistory(of: Address): Promise<void> {
    const messages = await this.mesh.history(of, { limit: 1000 })
    const brieves = messages.map(({ id, from, body }) => ({ id, from, body: brief(body) }))
    this.#add({ type: 'page', run: this.run, of, messages: brieves })
  }

  // -------------------------------------------------------------------------------------- leadership

  lead(role: string): void {
    if (this.#posts.has(role)) return
    const { run } = this
    const duty = (context: DutyContext): void => {
      const { epoch, signal } = context
      this.#add({ type: 'dutyBegins', run, role, epoch })
      const post = this.#posts.get(role)
      if (post) post.context = context
      early = context
      signal.addEventListener('abort', () => {
        this.#add({ type: 'dutyEnds', run, role, epoch })
        const current = this.#posts.get(role)
        if (current?.context === context) current.context = undefined
      })
    }
    let early: DutyContext | undefined
    this.#add({ type: 'stands', run, role })
    const running = role === '' ? this.mesh.lead(duty) : this.mesh.lead(role, duty)
    this.#posts.set(role, { running, context: early, token: undefined })
  }

  stopLeading(role: string): void {
    const post = this.#posts.get(role)
    if (post === undefined) return
    this.#posts.delete(role)
    this.#add({ type: 'stepsAside', run: this.run, role })
    void post.running.stop()
  }

  /** Each duty that runs does one act: with a token it took before if it has one, so that some come late. */
  act(): void {
    for (const [role, post] of this.#posts) {
      const late = post.token
      post.token = undefined
      if (late !== undefined) this.#show(late)
      const token = this.#takeToken(post)
      if (token === undefined) continue
      if (hash(`${role} ${token.epoch} ${token.n}`) % 2 === 0) this.#show(token)
      else post.token = token
    }
  }

  #takeToken({ context }: Post): FencingToken | undefined {
    try {
      const token = context?.token()
      if (token !== undefined)
        this.#add({ type: 'tokenTaken', run: this.run, role: token.role, epoch: token.epoch })
      return token
    } catch (problem) {
      if ((problem as MeshError).code !== 'not-leader') throw problem
      return undefined
    }
  }

  #show(token: FencingToken): void {
    const admitted = this.#options.admit(token)
    this.#add({ type: 'token', run: this.run, ...token, admitted })
  }

  // --------------------------------------------------------------------------------------- documents

  async openDoc(name: string): Promise<void> {
    if (this.#docs.has(name) || this.#opening.has(name)) return
    this.#opening.add(name)
    const handle = await this.mesh.doc(name).finally(() => this.#opening.delete(name))
    if (this.#ended) return
    const open: OpenDoc = { handle, dirty: true, told: '' }
    handle.doc.on('afterTransaction', () => (open.dirty = true))
    handle.on('state', () => this.#lookAt(name, open))
    this.#docs.set(name, open)
    this.#add({ type: 'docOpened', run: this.run, doc: name, client: handle.doc.clientID })
    this.#lookAt(name, open)
  }

  doc(name: string): DocHandle | undefined {
    return this.#docs.get(name)?.handle
  }

  /** Writes down once everything that is in it now was called stored. */
  askStored(name: string): void {
    const open = this.#docs.get(name)
    if (open === undefined) return
    const held = heldBy(open.handle.doc)
    open.handle.whenStored().then(
      () => this.#add({ type: 'docStored', run: this.run, doc: name, held }),
      (problem: MeshError) =>
        this.#add({
          type: 'error',
          run: this.run,
          code: problem.code,
          text: `whenStored: ${problem.message}`,
        }),
    )
  }

  async closeDoc(name: string): Promise<void> {
    const open = this.#docs.get(name)
    if (open === undefined) return
    const { run } = this
    this.#docs.delete(name)
    this.#add({ type: 'docClosing', run, doc: name })
    try {
      await open.handle.close()
      this.#add({ type: 'docClosed', run, doc: name })
    } catch (problem) {
      // It stays open where the store does not take what is in it.
      this.#add({ type: 'error', run, code: (problem as MeshError).code, text: 'a document stays open' })
      this.#docs.set(name, open)
      this.#add({ type: 'docOpened', run, doc: name, client: open.handle.doc.clientID })
    }
  }

  #isPending(doc: string): boolean {
    const open = this.#docs.get(doc)
    return open !== undefined && isPending(open.handle.doc)
  }

  #lookAt(doc: string, open: OpenDoc): void {
    const { run } = this
    if (open.dirty) {
      open.dirty = false
      this.#add({ type: 'docHeld', run, doc, held: heldBy(open.handle.doc) })
    }
    const { state, basedOn } = open.handle
    const told = `${state} ${basedOn.join()}`
    if (told === open.told) return
    open.told = told
    const pending = isPending(open.handle.doc)
    this.#add({ type: 'docState', run, doc, state, basedOn: [...basedOn], ...(pending && { pending: true }) })
  }

  // -------------------------------------------------------------------------------------- now and then

  /** Writes down what changed without an event. To be called every 50 ms or so. */
  look(): void {
    for (const [name, open] of this.#docs) this.#lookAt(name, open)
  }

  /** Writes down how everything stands. */
  observe(): Extract<Happening, { type: 'observed' }> {
    const { mesh, run } = this
    this.look()
    const status = mesh.status()
    const observed = {
      type: 'observed',
      run,
      peers: [...mesh.peers.keys()],
      leader: mesh.leader?.id,
      epoch: mesh.epoch,
      settled: status.settled,
      storeId: status.storage.storeId,
      docs: status.docs.map(({ name, state, stored, basedOn, problem }) => ({
        ...(this.#isPending(name) && { pending: true as const }),
        name,
        state,
        stored,
        basedOn: basedOn.length,
        problem: problem?.code,
      })),
      figures: figuresOf(status),
    } as const
    this.#add(observed)
    for (const [doc, { handle }] of this.#docs) {
      const states: Record<string, string> = {}
      for (const [client, state] of handle.awareness.getStates()) {
        if (Object.keys(state).length > 0) states[client] = JSON.stringify(state)
      }
      this.#add({ type: 'aware', run, doc, states })
    }
    return observed
  }
}

function figuresOf({ links, queues, counters }: ReturnType<Mesh['status']>): Figures {
  const longest = Math.max(0, ...links.map(({ queuedBytes }) => queuedBytes))
  return { links: links.length, longestLinkQueueBytes: longest, ...queues, ...prefixed(counters) }
}

const rankOf = ({ priority, seniority }: Peer): Rank => ({
  priority,
  ...(seniority !== undefined && { seniority }),
})

const prefixed = (counters: Figures): Figures =>
  Object.fromEntries(Object.entries(counters).map(([name, value]) => [`counted ${name}`, value]))

/** Enough of a body to tell it from others. */
const brief = (body: unknown): string => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return text.length <= 40 ? text : `${text.slice(0, 24)}… ${text.length} ${hash(text)}`
}
