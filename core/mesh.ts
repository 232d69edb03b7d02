// The handle a user holds: turns calls into inputs and events into objects, promises and loops. No protocol here.

import type { Awareness } from 'y-protocols/awareness'
import type { Doc } from 'yjs'
import type {
  Body,
  DocHandle,
  Duty,
  InboxMessage,
  LinkStatus,
  Member,
  Mesh,
  MeshEvents,
  MeshOptions,
  MeshStatus,
  Message,
  Off,
  Peer,
  Room,
  Running,
  Sent,
  Timing,
} from './api.ts'
import { MeshError } from './base/errors.ts'
import type { Address, MemberId, PeerId } from './base/ids.ts'
import { toHex } from './base/ids.ts'
import { limits } from './base/limits.ts'
import type { Platform } from './base/ports.ts'
import { decodeBody, encodeBody } from './body.ts'
import { Company } from './mesh-company.ts'
import { type Asked, Driver } from './driver.ts'
import { Duties } from './duties.ts'
import { Emitter } from './emitter.ts'
import { readHistory } from './history.ts'
import { InboxQueue } from './inbox-queue.ts'
import { Paced } from './paced.ts'
import { Sends } from './sends.ts'
import { StorageTrouble } from './storage-trouble.ts'
import { MeshDocs } from './mesh-docs.ts'
import { toLinkStatus, toMessage } from './mesh-views.ts'
import type { InboxItem, MessageView } from './messages/types.ts'
import {
  checkAddress,
  checkCallOptions,
  checkCastTopic,
  checkCursor,
  checkDelay,
  checkDuty,
  checkFunction,
  checkMaxDocBytes,
  checkMeshListener,
  checkIceServers,
  checkLimit,
  checkMessageId,
  checkPeerId,
  checkPriority,
  checkRole,
  checkRooms,
  checkServers,
  checkTopic,
  checkTtl,
  checkYjs,
  fullTiming,
} from './options.ts'
import type { PeerEvent } from './peer-io.ts'
import { inboxRole } from './peer.ts'
import type { PeerRecord } from './wire/messages.ts'
import { Unheard } from './unheard.ts'
import { abortedError, unlessAborted } from './waits.ts'

interface Cast {
  readonly from: Peer
  readonly topic: string
  readonly body: Body
}

/** What a platform's joinMesh() has made of the user's options. */
export interface HandleOptions extends MeshOptions {
  readonly platform: Platform
  /** Whether nobody sees the page; absent: it is none. Asked when storage is open: the page may be shown meanwhile. */
  readonly isHidden?: () => boolean
  readonly servers: readonly string[]
  /** Called when the program names servers itself. */
  readonly onServersNamed?: () => void
  /** Called once when the mesh is left, to give back what the platform opened beside its ports. */
  readonly onLeft?: () => void
}

const ignoredForTheProblemTellsMore = (): void => undefined

export class MeshHandle implements Mesh {
  readonly #options: HandleOptions
  readonly #events = new Emitter<MeshEvents>((problem, event) => {
    if (event !== 'error') this.#report(problem)
  })
  readonly #casts = new Emitter<Record<string, Cast>>((problem) => this.#report(problem))
  readonly #duties: Duties
  readonly #inbox: InboxQueue<InboxItem, InboxMessage>
  readonly #docs: MeshDocs
  readonly #company = new Company(this.#events, async (room, join, options) => {
    checkCallOptions(join ? 'room.join()' : 'room.leave()', options)
    await this.#ask({ type: 'room', room, join }, options?.signal)
  })
  readonly #storage = new StorageTrouble()
  readonly #unheard = new Unheard()
  readonly #status: Paced
  readonly #sends = new Sends((id) => this.#driver.peer.messages.sentState(id))
  #driver!: Driver
  #left: Promise<void> | undefined
  /** Sends whose bodies are being hashed: large ones take longer, and each waits for those before it. */
  #hashing = 0
  #lastAsked: Promise<unknown> = Promise.resolve()
  #timing: Timing

  /**
   * What a platform's joinMesh() opens, unless the signal fires: where that was too late to keep it from opening, it is
   * left as soon as it is open.
   */
  static async unlessAborted(
    signal: AbortSignal | null | undefined,
    open: () => Promise<MeshHandle>,
  ): Promise<MeshHandle> {
    return unlessAborted(signal, async () => {
      const mesh = await open()
      if (signal?.aborted) await mesh.leave()
      return mesh
    })
  }

  /** Resolves once storage is open; the network is not awaited. */
  static async open(options: HandleOptions): Promise<MeshHandle> {
    const handle = new MeshHandle(options)
    try {
      await handle.#open()
      return handle
    } catch (problem) {
      const { connector, store } = options.platform
      connector.close()
      await store.close().catch(ignoredForTheProblemTellsMore)
      options.onLeft?.()
      throw problem
    }
  }

  /** For the platform, which found these, while the program has named none. */
  static useServers(mesh: MeshHandle, urls: readonly string[]): void {
    if (!mesh.#left) mesh.#driver.configureSignaling(urls)
  }

  async #open(): Promise<void> {
    const options = this.#options
    const { platform } = options
    const early: PeerEvent[] = []
    let take = (event: PeerEvent): void => void early.push(event)
    const topic = await platform.crypto.sha256(new TextEncoder().encode(`skein/1/${options.mesh}`))
    this.#driver = await Driver.open({
      platform,
      topic: toHex(topic.subarray(0, 16)),
      name: options.name,
      kind: options.kind!,
      priority: options.priority ?? 0,
      candidate: options.candidate ?? true,
      isHidden: options.isHidden ?? (() => false),
      signaling: options.servers,
      iceServers: options.iceServers ?? [],
      timing: this.#timing,
      onEvent: (event) => take(event),
      onApply: (effect) => this.#docs.apply(effect),
      onSignaling: () => this.#changed('status'),
      onError: (error) => this.#onDriverError(error),
      onWritten: (problem) => this.#onWritten(problem),
    })
    if (this.#driver.closed) throw this.#driver.closed
    const { overlay, messages } = this.#driver.peer
    this.#takeSelf(overlay.self)
    this.#company.takeMembers([...messages.members().values()])
    this.#company.takeRooms([...messages.rooms().values()])
    take = (event) => this.#onEvent(event)
    for (const event of early) take(event)
  }

  private constructor(options: HandleOptions) {
    this.#options = options
    this.#timing = fullTiming(options.timing)
    this.#duties = new Duties({
      clock: options.platform.clock,
      me: () => this.me.id,
      checkClock: () => this.#driver.checkClock(),
      stand: (role, priority) => this.#driver.stand(role, priority),
      stepAside: (role) => this.#driver.stepAside(role),
      report: (error) => this.#report(error),
    })
    this.#docs = new MeshDocs({
      request: (asked) => this.#driver.request(asked),
      input: (input) => this.#driver.input(input),
      report: (problem) => this.#report(problem),
      durable: () => this.#driver.store.durable,
      newClientId: () => this.#driver.newClientId(),
    })
    this.#inbox = new InboxQueue({
      onReaders: (readers) => this.#inboxReaders(readers),
      give: (item) => this.#inboxMessage(item),
    })
    this.#status = new Paced(options.platform.clock, limits.statusIntervalMs, () =>
      this.#events.emit('status', this.status()),
    )
  }

  // --------------------------------------------------------------------------------------- who is there

  get me(): Peer {
    return this.peers.get(this.#driver.peer.overlay.self.id)!
  }

  get peers(): ReadonlyMap<PeerId, Peer> {
    return this.#company.peers
  }

  get others(): ReadonlyMap<PeerId, Peer> {
    const others = new Map(this.peers)
    others.delete(this.me.id)
    return others
  }

  get members(): ReadonlyMap<MemberId, Member> {
    return this.#company.members
  }

  get leader(): Peer | undefined {
    this.#driver.checkClock()
    return this.#company.leader
  }

  get epoch(): number {
    return this.#company.epoch
  }

  // ------------------------------------------------------------------------------------------- rooms

  get rooms(): ReadonlyMap<string, Room> {
    return this.#company.rooms
  }

  room(name: string): Room {
    checkTopic('room', name)
    return this.#company.room(name)
  }

  // ---------------------------------------------------------------------------------------- messages

  async send(
    to: Address,
    body: Body,
    options: { id?: string; replyTo?: string; ttlMs?: number; signal?: AbortSignal } = {},
  ): Promise<Sent> {
    this.#refuseWhenLeft()
    checkAddress(to, this.peers)
    checkCallOptions('send()', options, ['id', 'replyTo', 'ttlMs', 'signal'])
    const id = options.id ?? this.#driver.newMessageId()
    const { replyTo, ttlMs } = options
    checkMessageId(id)
    if (replyTo !== undefined) checkMessageId(replyTo)
    if (ttlMs !== undefined) checkTtl(ttlMs)
    const bytes = encodeBody(body)
    if (options.signal?.aborted) throw abortedError()
    const { stored } = await this.#hashInTurn(bytes, (bodyHash) => {
      if (options.signal?.aborted) throw abortedError()
      const asked = { type: 'send', id, to, body: bytes, bodyHash } as const
      const stored = this.#driver.request({
        ...asked,
        ...(replyTo !== undefined && { replyTo }),
        ...(ttlMs !== undefined && { ttlMs }),
      })
      return { stored }
    })
    await stored
    return this.#sends.sent(id)
  }

  #hashInTurn<T>(bytes: Uint8Array, ask: (hash: Uint8Array) => T): Promise<T> {
    this.#hashing++
    const hashes = Promise.all([this.#options.platform.crypto.sha256(bytes), this.#lastAsked])
    const asked = hashes.finally(() => this.#hashing--).then(([hash]) => ask(hash))
    this.#lastAsked = asked.catch(() => undefined)
    return asked
  }

  inbox<B = Body>(
    options: { rooms?: readonly string[]; signal?: AbortSignal } = {},
  ): AsyncIterableIterator<InboxMessage<B>> {
    checkCallOptions('inbox()', options, ['rooms', 'signal'])
    const { rooms, signal } = options
    if (rooms !== undefined) checkRooms(rooms)
    const wants = (item: InboxItem): boolean =>
      rooms === undefined || rooms.some((room) => item.to === `#${room}`)
    // Of whatever type the program says its bodies are.
    return this.#inbox.read({ wants, signal }) as AsyncIterableIterator<InboxMessage<B>>
  }

  async history<B = Body>(
    to: Address,
    options: { limit?: number; before?: string; signal?: AbortSignal } = {},
  ): Promise<Message<B>[]> {
    this.#refuseWhenLeft()
    checkAddress(to, this.peers)
    checkCallOptions('history()', options, ['limit', 'before', 'signal'])
    const { limit: wanted = limits.defaultHistoryMessages } = options
    checkLimit(wanted)
    if (options.before !== undefined) checkCursor(options.before)
    const limit = Math.min(wanted, limits.maxHistoryMessages)
    const missing = (key: string): void => this.#driver.input({ type: 'corrupt', key })
    const { store, peer } = this.#driver
    try {
      const views = await unlessAborted(options.signal, () =>
        readHistory(store, peer.messages, to, limit, options.before, missing),
      )
      return views.map((view) => toMessage<B>(view))
    } catch (problem) {
      // The store was closed meanwhile.
      if (!options.signal?.aborted) this.#refuseWhenLeft()
      throw problem
    }
  }

  cast(topic: string, body: Body, options: { to?: PeerId } = {}): void {
    checkCastTopic(topic)
    checkCallOptions('cast()', options, ['to'])
    if (options.to !== undefined) checkPeerId(options.to, this.members)
    const bytes = encodeBody(body, limits.maxCastBytes + 1)
    this.#driver.input({
      type: 'cast',
      topic,
      body: bytes,
      ...(options.to !== undefined && { to: options.to }),
    })
  }

  onCast(topic: string, listener: (x: Cast) => void): Off {
    checkCastTopic(topic)
    checkFunction('listener', listener)
    return this.#casts.on(topic, listener)
  }

  // ---------------------------------------------------------------------------------------- documents

  async doc(
    name: string,
    options: { doc?: Doc; awareness?: Awareness; maxBytes?: number; signal?: AbortSignal } = {},
  ): Promise<DocHandle> {
    this.#refuseWhenLeft()
    checkTopic('document', name)
    checkCallOptions('doc()', options, ['doc', 'awareness', 'maxBytes', 'signal'])
    const { maxBytes = limits.maxDocBytes, signal, ...given } = options
    checkMaxDocBytes(maxBytes)
    checkYjs(given.doc, given.awareness)
    return this.#docs.open(name, { ...given, maxBytes }, signal)
  }

  // -------------------------------------------------------------------------------------- leadership

  lead(duty: Duty): Running
  lead(role: string, duty: Duty, options?: { priority?: number }): Running
  lead(first: Duty | string, second?: Duty, options: { priority?: number } = {}): Running {
    this.#refuseWhenLeft()
    if (typeof first === 'function') {
      checkCallOptions('lead(duty)', second, [])
      return this.#duties.lead('', first, 0)
    }
    checkRole(first)
    checkDuty(second)
    checkCallOptions('lead()', options, ['priority'])
    const { priority = 0 } = options
    checkPriority(priority)
    return this.#duties.lead(first, second, priority)
  }

  // -------------------------------------------------------------------------------------- the handle

  on<E extends keyof MeshEvents>(event: E, listener: (x: MeshEvents[E]) => void): Off {
    checkMeshListener(event, listener)
    const off = this.#events.on(event, listener)
    if (event === 'error') {
      const errors = this.#unheard.take()
      if (errors.length > 0)
        void Promise.resolve().then(() => errors.forEach((error) => this.#events.emit('error', error)))
    }
    return off
  }

  async configure(options: Parameters<Mesh['configure']>[0] = {}): Promise<void> {
    this.#refuseWhenLeft()
    checkCallOptions('configure()', options, ['signaling', 'iceServers', 'priority', 'timing'])
    const { signaling, iceServers, priority } = options
    const timing = fullTiming(options.timing, this.#timing)
    if (signaling !== undefined) checkServers(signaling)
    if (iceServers !== undefined) checkIceServers(iceServers)
    if (priority !== undefined) checkPriority(priority)
    this.#timing = timing
    if (options.timing) this.#driver.configureTiming(timing)
    if (signaling) {
      this.#options.onServersNamed?.()
      this.#driver.configureSignaling(signaling)
    }
    if (iceServers) this.#driver.configureIceServers(iceServers)
    if (priority !== undefined) this.#driver.input({ type: 'priority', priority })
  }

  status(): MeshStatus {
    const { peer, store } = this.#driver
    const { clock, storagePersistent } = this.#options.platform
    const messages = peer.messages.status()
    const links = this.#links()
    const lagMs = Math.round(peer.overlay.lagMs(clock.now().monotonicMs))
    return {
      settled: peer.overlay.settled,
      links,
      signaling: this.#driver.signalingStates(),
      storage: {
        kind: store.durable ? 'durable' : 'memory',
        persistent: storagePersistent,
        storeId: peer.messages.storeId,
        full: this.#storage.full,
      },
      queues: {
        undelivered: messages.undelivered,
        waitingForName: messages.waitingForName,
        inbox: messages.inbox,
        linkBytes: links.reduce((sum, link) => sum + link.queuedBytes, 0),
      },
      docs: this.#docs.status(),
      load: { lagMs },
      counters: { ...peer.overlay.counters(), ...messages.counters, ...peer.docs.counters },
    }
  }

  leave(options?: { signal?: AbortSignal }): Promise<void> {
    return options === undefined ? this.#leaveOnce() : this.#leaveUnlessAborted(options)
  }

  async #leaveUnlessAborted(options: { signal?: AbortSignal }): Promise<void> {
    checkCallOptions('leave()', options)
    return unlessAborted(options.signal, () => this.#leaveOnce())
  }

  #leaveOnce(): Promise<void> {
    if (this.#left) return this.#left
    let follow = (_leaving: Promise<void>): void => undefined
    // Set before anything of it runs: duties and listeners that it calls may leave as well.
    this.#left = new Promise((resolve) => (follow = resolve))
    follow(this.#leave())
    return this.#left
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave()
  }

  async #leave(): Promise<void> {
    this.#duties.stopAll()
    if (this.#hashing > 0) await this.#lastAsked
    if (this.#docs.isChanging) await Promise.resolve()
    this.#docs.closeAll()
    try {
      await this.#driver.close()
    } finally {
      this.#status.stop()
      this.#inbox.close()
      this.#docs.end()
      this.#options.onLeft?.()
      this.#sends.close()
    }
  }

  #ask(request: Asked, signal: AbortSignal | undefined): Promise<unknown> {
    return unlessAborted(signal, () => this.#driver.request(request))
  }

  #refuseWhenLeft(): void {
    if (this.#left) throw new MeshError('left', 'This mesh was left; join again to go on.')
  }

  // ------------------------------------------------------------------------------------------ events

  #onWritten(problem: MeshError | undefined): void {
    if (this.#storage.written(problem)) this.#changed('status')
  }

  #onDriverError(problem: MeshError): void {
    this.#report(problem)
    if (problem.code === 'left' && this.#driver) this.leave().catch((another) => this.#report(another))
  }

  #onEvent(event: PeerEvent): void {
    switch (event.event) {
      case 'joined':
      case 'changed':
      case 'left':
        return this.#company.takePeer(event)
      case 'self':
        return this.#takeSelf(event.record)
      case 'leader':
        if (event.role === '') this.#company.takeLeader(event, this.#left !== undefined)
        return
      case 'dutyStarts':
        return this.#duties.starts(event.role, event.epoch)
      case 'dutyStops':
        if (event.role === inboxRole(this.#driver.member)) this.#inbox.clear()
        return this.#duties.stops(event.role)
      case 'links':
        this.#changed('links')
        return this.#changed('status')
      case 'members':
        return this.#company.takeMembers(event.members)
      case 'rooms':
        return this.#company.takeRooms(event.rooms)
      case 'message':
        return this.#events.emit('message', toMessage(event.message))
      case 'receipt':
        this.#events.emit('receipt', event.receipt)
        return this.#sends.look()
      case 'expired':
      case 'bound':
        return this.#sends.look()
      case 'inbox':
        return this.#inbox.push(event.items)
      case 'cast':
        return this.#takeCast(event)
      case 'doc':
        if (this.#docs.show(event.view)) this.#changed('status')
        return
      case 'docAwareness':
        return this.#docs.showAwareness(event.doc, event.states)
      case 'misbehaved': {
        const who = this.peers.get(event.peer)?.name ?? event.peer
        const text = `${who} sent what no Skein peer sends (${event.reason}); the link was closed.`
        return this.#report(new MeshError('peer-misbehaved', text, { details: { peer: event.peer } }))
      }
      case 'gap':
        return this.#changed('status')
      case 'error':
        return this.#report(event.error)
    }
  }

  #takeSelf(record: PeerRecord): void {
    this.#company.takeSelf(record)
    this.#changed('status')
  }

  #takeCast({ from: id, topic, body }: Extract<PeerEvent, { event: 'cast' }>): void {
    const from = this.peers.get(id)
    if (!from || !this.#casts.has(topic)) return
    try {
      this.#casts.emit(topic, { from, topic, body: decodeBody(body) })
    } catch (problem) {
      this.#report(problem)
    }
  }

  #changed(event: 'links' | 'status'): void {
    if (!this.#driver || !this.#events.has(event)) return
    if (event === 'links') this.#events.emit('links', this.#links())
    else this.#status.due()
  }

  /** To whoever listens for errors; what comes before anybody did, to the first who does. */
  #report(problem: unknown): void {
    const error =
      problem instanceof MeshError
        ? problem
        : new MeshError('duty-failed', `A listener of the program threw: ${String(problem)}`, {
            cause: problem,
          })
    if (this.#storage.isNews(error) && !this.#unheard.keep(error)) this.#events.emit('error', error)
  }

  // ----------------------------------------------------------------------------------------- objects

  #links(): LinkStatus[] {
    return this.#driver.peer.overlay.links.every().map(toLinkStatus)
  }

  /** Undefined where it does not wait any more, or the mesh was left: no more is given then. */
  async #inboxMessage({ feed, number, attempt }: InboxItem): Promise<InboxMessage | undefined> {
    if (this.#left) return undefined
    const asked = this.#driver.request({ type: 'giving', feed, number })
    const message = (await asked.catch(() => undefined)) as MessageView | undefined
    if (!message) return undefined
    const { id, from, fromName, to, sentAt, replyTo } = message
    const answerTo: Address = to.startsWith('#') ? to : from
    return {
      id,
      from,
      fromName,
      to,
      body: decodeBody(message.body),
      sentAt,
      attempt,
      ...(replyTo !== undefined && { replyTo }),
      handled: async (options) => {
        checkCallOptions('handled()', options)
        await this.#ask({ type: 'handled', feed, number }, options?.signal)
      },
      retry: async (options = {}) => {
        checkCallOptions('retry()', options, ['delayMs', 'signal'])
        const { delayMs = 0 } = options
        checkDelay(delayMs)
        await this.#ask({ type: 'retry', feed, number, delayMs }, options.signal)
      },
      reply: async (body, options) => {
        checkCallOptions('reply()', options, ['id', 'ttlMs', 'signal'])
        return this.send(answerTo, body, { ...options, replyTo: id })
      },
    }
  }

  #inboxReaders(readers: number): void {
    const role = inboxRole(this.#driver.member)
    if (readers === 0) this.#driver.stepAside(role)
    else if (readers === 1) this.#driver.stand(role, 0)
  }
}
