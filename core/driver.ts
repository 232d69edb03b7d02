// Runs a Peer on the ports of a platform: the one place where async meets protocol. Inputs queue and never
// re-enter; effects are carried out in their order; what takes time (signing, verifying, storing) comes back as
// an input. No decision is made here.

import type { Timing } from './api.ts'
import { MeshError } from './base/errors.ts'
import { memberIdFromHash, type MemberId, type PeerId } from './base/ids.ts'
import { limits } from './base/limits.ts'
import type { IceServer, LifecycleEvent, Link, Platform, Store } from './base/ports.ts'
import { createRandom, type Random } from './base/random.ts'
import { Audits } from './audits.ts'
import { createCheckedStore, type CheckedStore } from './checked-store.ts'
import { openEntry, sealChain } from './entry-seal.ts'
import { raiseEpoch, readEpoch } from './epochs.ts'
import { messagePrefixes, prefixRange } from './messages/rows.ts'
import type { PeerEffect, PeerEvent, PeerInput, UnverifiedEntries } from './peer-io.ts'
import { Peer } from './peer.ts'
import { SignalingServers } from './signaling-servers.ts'
import { Standing } from './standing.ts'

export interface DriverOptions {
  readonly platform: Platform
  /** Topic at the signaling servers, and what a link's hello must name. */
  readonly topic: string
  readonly name: string
  readonly kind: 'human' | 'agent'
  readonly priority: number
  readonly candidate: boolean
  readonly isHidden: () => boolean
  readonly signaling: readonly string[]
  readonly iceServers: readonly IceServer[]
  readonly timing: Timing
  /** In the order they happen; called while inputs wait. Must not throw. */
  readonly onEvent: (event: PeerEvent) => void
  /** To be put into the program's document now; answered by `docApplied`. Must not throw. */
  readonly onApply: (effect: Extract<PeerEffect, { type: 'applyDoc' }>) => void
  readonly onSignaling: () => void
  /** `left`: a rule of ours was broken, and the driver has ended by itself; `close` gives the storage back. */
  readonly onError: (error: MeshError) => void
  /** A write of the peer's was stored, or why it was not. */
  readonly onWritten: (problem: MeshError | undefined) => void
}

interface Request {
  resolve(value: unknown): void
  reject(error: MeshError): void
}

/** What waits to go out when the mesh is left is given this long. chosen: a body of 1 MiB on a slow link. */
const flushMs = 2000

/** A program's request, before it is given its number. */
export type Asked =
  Extract<PeerInput, { request: number }> extends infer I
    ? I extends unknown
      ? Omit<I, 'request'>
      : never
    : never

export class Driver {
  readonly peer: Peer
  readonly member: MemberId
  readonly store: CheckedStore
  readonly #options: DriverOptions
  readonly #queue: PeerInput[] = []
  readonly #links = new Map<number, Link>()
  readonly #servers: SignalingServers
  readonly #requests = new Map<number, Request>()
  readonly #stops: (() => void)[] = []
  readonly #standing: Standing
  readonly #random: Random
  readonly #messageIds: Random
  readonly #audits = new Audits(
    async () => {
      const unmended = await this.store.unmended()
      await this.request({ type: 'audit' })
      if (unmended) await this.store.mended(unmended)
    },
    (look, delayMs) => {
      const { clock } = this.#options.platform
      return clock.alarm(clock.now().monotonicMs + delayMs, look)
    },
  )
  #timing: Timing
  #lastNumber = 0
  #running = false
  #closed: MeshError | undefined
  #verifying: Promise<unknown> = Promise.resolve()
  #writing: Promise<void> = Promise.resolve()
  /** Looks whether what `close` waits for has come. */
  #look: () => void = () => undefined
  #reading: Promise<unknown> = Promise.resolve()
  #alarm: { readonly atMs: number; cancel(): void } | undefined

  /** Opens the store's rows and starts the peer; the network is not awaited. */
  static async open(options: DriverOptions): Promise<Driver> {
    const { platform } = options
    const early: string[] = []
    let report = (key: string): void => void early.push(key)
    const store = createCheckedStore(platform.store, { onCorrupt: ({ key }) => report(key) }, platform.crc32)
    const [ranges, epoch, hash, unmended] = await Promise.all([
      Promise.all(messagePrefixes.map((prefix) => store.range(prefixRange(prefix)))),
      readEpoch(store, ''),
      platform.crypto.sha256(platform.deviceKey.publicKey),
      store.unmended(),
    ])
    const driver = new Driver(options, store, memberIdFromHash(hash), ranges.flat(), epoch)
    report = (key) => {
      driver.input({ type: 'corrupt', key })
      driver.#audits.rowDamaged()
    }
    driver.#start()
    for (const key of early) report(key)
    if (unmended) driver.#audits.rowDamaged()
    platform.store.onLoss?.((repaired) => {
      if (repaired !== undefined) options.onError(new MeshError('record-corrupt', repaired))
      return driver.request({ type: 'audit' }).catch((problem: unknown) => {
        driver.#audits.rowDamaged()
        throw problem
      })
    })
    return driver
  }

  private constructor(
    options: DriverOptions,
    store: CheckedStore,
    member: MemberId,
    rows: Awaited<ReturnType<Store['range']>>,
    epoch: number,
  ) {
    const { platform } = options
    const random = createRandom(platform.seed)
    this.#options = options
    this.#random = random
    // A stream of its own: a message more or less shifts nothing else.
    this.#messageIds = createRandom(platform.seed.map((byte) => byte ^ 0x5a))
    this.#timing = options.timing
    this.store = store
    this.member = member
    this.peer = new Peer({
      ...options,
      id: random.hexId() as PeerId,
      member,
      durable: store.durable,
      hidden: options.isHidden(),
      random,
      rows,
      epoch,
      now: platform.clock.now(),
    })
    this.#standing = new Standing({
      clock: platform.clock,
      readEpoch: (role) => readEpoch(this.store, role),
      stand: (role, asked, stored) => this.input({ type: 'stand', role, priority: asked, epoch: stored }),
      report: (problem) => options.onError(asMeshError(problem)),
    })
    this.#servers = new SignalingServers({
      platform,
      topic: options.topic,
      me: () => this.peer.overlay.self.id,
      input: (input) => this.input(input),
      onChange: options.onSignaling,
      onError: options.onError,
    })
  }

  // ------------------------------------------------------------------------------------------ inputs

  /** Takes an input; by the time this returns it has been worked off, unless called from within an event. */
  input(input: PeerInput): void {
    if (this.#closed) return
    this.#queue.push(input)
    if (this.#running) return
    this.#running = true
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
        for (const effect of this.peer.step(next, this.#options.platform.clock.now())) this.#perform(effect)
      }
    } catch (problem) {
      this.#broken(problem)
      return
    } finally {
      this.#running = false
    }
    this.#setAlarm()
    this.#look()
  }

  /** Hands a program's request to the peer; settles with its answer. */
  request(asked: Asked): Promise<unknown> {
    if (this.#closed) return Promise.reject(this.#closed)
    return new Promise((resolve, reject) => {
      const request = this.#number()
      this.#requests.set(request, { resolve, reject })
      this.input({ ...asked, request } as PeerInput)
    })
  }

  /** Looks at the clock now: a peer that stood still steps down before anything else is done. */
  checkClock(): void {
    const isLate = this.#options.platform.clock.now().monotonicMs > this.peer.deadlineMs
    if (isLate && !this.#running) this.input({ type: 'tick' })
  }

  stand(role: string, priority: number): void {
    this.#standing.add(role, priority)
  }

  stepAside(role: string): void {
    this.#standing.remove(role)
    this.input({ type: 'stepAside', role })
  }

  signalingStates(): ReturnType<SignalingServers['states']> {
    return this.#servers.states()
  }

  /** Uses these servers from now on. */
  configureSignaling(urls: readonly string[]): void {
    this.#servers.configure(urls, this.#timing)
  }

  /** Pauses between attempts hold for servers added from now on, the rest at once. */
  configureTiming(timing: Timing): void {
    this.#timing = timing
    this.input({ type: 'timing', timing })
  }

  configureIceServers(iceServers: readonly IceServer[]): void {
    this.#options.platform.connector.configure({ iceServers })
  }

  /** 32 random bits: Yjs takes no more for a client. */
  newClientId(): number {
    return this.#random.integer(2 ** 32)
  }

  newMessageId(): string {
    return this.#messageIds.hexId()
  }

  /** Why it ended. */
  get closed(): MeshError | undefined {
    return this.#closed
  }

  /** Answers the requests under way and puts out what waits, each bounded; says goodbye; closes everything. */
  async close(): Promise<void> {
    const { links } = this.peer.overlay
    const isAnswered = (): boolean => this.#requests.size === 0
    const isFlushed = (): boolean => links.every().every(({ queuedBytes }) => queuedBytes === 0)
    // Not awaited where there is nothing to wait for: a page that goes has no time.
    if (!isAnswered()) await this.#until(isAnswered, 2 * limits.storageBusyMs)
    if (!isFlushed()) await this.#until(isFlushed, flushMs)
    this.input({ type: 'suspend' })
    await this.#writing
    this.#end(new MeshError('left', 'This mesh was left; join again to go on.'))
    await this.#options.platform.store.close()
  }

  #until(holds: () => boolean, withinMs: number): Promise<void> {
    const { clock } = this.#options.platform
    return new Promise((resolve) => {
      const giveUp = clock.alarm(clock.now().monotonicMs + withinMs, resolve)
      this.#look = () => {
        if (!this.#closed && !holds()) return
        giveUp()
        resolve()
      }
    })
  }

  // ------------------------------------------------------------------------------------------- start

  #start(): void {
    const { platform } = this.#options
    const { connector, tabs } = platform
    connector.configure({ iceServers: this.#options.iceServers })
    connector.events = {
      signal: (peer, connection, data) => this.input({ type: 'connectorSignal', peer, connection, data }),
      linked: (link) => this.#linked(link),
      failed: (peer, connection) => this.input({ type: 'connectorFailed', peer, connection }),
    }
    if (tabs) {
      this.input({ type: 'expectIntroducer', introducer: 'tabs' })
      tabs.events = {
        settled: (peers) => this.input({ type: 'present', introducer: 'tabs', peers }),
        linked: (link) => this.#linked(link),
        gone: (peer) => this.input({ type: 'witness', peer, evidence: 'lock' }),
      }
      tabs.start(this.peer.overlay.self.id)
    }
    this.configureSignaling(this.#options.signaling)
    this.#stops.push(platform.onLifecycle((event) => this.#lifecycle(event)))
    this.input({ type: 'tick' })
  }

  #lifecycle(event: LifecycleEvent): void {
    const { tabs } = this.#options.platform
    this.input(event)
    if (event.type === 'suspend') {
      tabs?.suspend()
      this.#servers.close()
    }
    if (event.type === 'resume') {
      tabs?.resume()
      this.#servers.start()
    }
  }

  #linked(link: Link): void {
    const id = this.#number()
    if (this.#closed) return link.close()
    this.#links.set(id, link)
    link.events = {
      frame: (bytes) => this.input({ type: 'frame', link: id, bytes }),
      drained: () => {
        this.#pump(id)
        this.#look()
      },
      down: () => {
        this.#links.delete(id)
        this.input({ type: 'linkDown', link: id })
      },
    }
    this.input({ type: 'linkUp', link: id, remote: link.remote, kind: link.kind })
  }

  // ----------------------------------------------------------------------------------------- effects

  #perform(effect: PeerEffect): void {
    switch (effect.type) {
      case 'writable':
        return this.#pump(effect.link)
      case 'closeLink': {
        const link = this.#links.get(effect.link)
        this.#links.delete(effect.link)
        for (const frame of effect.lastFrames) link?.send(frame)
        return link?.close()
      }
      case 'dial':
        return this.#options.platform.connector.dial(effect.peer, effect.connection)
      case 'abandon':
        return this.#options.platform.connector.abandon(effect.peer, effect.connection)
      case 'connectorSignal':
        return this.#options.platform.connector.signal(effect.peer, effect.connection, effect.data)
      case 'signalOut':
        return this.#servers.send(effect.to, effect.data)
      case 'refresh':
        return this.#servers.refresh()
      case 'verify':
        return this.#verify(effect.unverified)
      case 'seal':
        return this.#seal(effect)
      case 'commit':
        return this.#commit(effect)
      case 'read':
        return this.#read(effect)
      case 'persistEpoch':
        return this.#persistEpoch(effect)
      case 'resolve':
        return this.#settleRequest(effect.request, (request) => request.resolve(effect.value))
      case 'reject':
        return this.#settleRequest(effect.request, (request) => request.reject(effect.error))
      case 'applyDoc':
        return this.#options.onApply(effect)
      case 'emit':
        return this.#options.onEvent(effect.event)
    }
  }

  #pump(id: number): void {
    const link = this.#links.get(id)
    while (link && link.bufferedBytes < link.bufferLimitBytes) {
      const isSlow = link.bufferLimitBytes < limits.maxBufferedBytes
      const frame = this.peer.nextFrame(id, isSlow ? limits.smallFrameBytes : limits.maxFrameBytes)
      if (!frame) return
      link.send(frame)
    }
  }

  #verify(unverified: UnverifiedEntries): void {
    const opened = this.#verifying.then(() =>
      Promise.all(unverified.entries.map((entry) => openEntry(this.#options.platform.crypto, entry))),
    )
    this.#verifying = opened.then((results) => {
      const entries = results.flatMap((result) => (result.ok ? [result.value] : []))
      this.input({ type: 'verified', unverified, entries, rejected: results.length - entries.length })
    }, this.#broken)
  }

  #seal({ seal, drafts, previous }: Extract<PeerEffect, { type: 'seal' }>): void {
    const { crypto, deviceKey } = this.#options.platform
    sealChain(crypto, deviceKey, this.member, drafts, previous).then(
      (entries) => this.input({ type: 'sealed', seal, entries }),
      (error: unknown) => this.input({ type: 'sealFailed', seal, error: asMeshError(error) }),
    )
  }

  #commit({ commit, machine, transaction }: Extract<PeerEffect, { type: 'commit' }>): void {
    const puts = (transaction.put?.length ?? 0) > 0
    this.#write(
      this.store.commit(transaction).then(
        (result) => {
          if (result.ok && puts) this.#options.onWritten(undefined)
          this.input({ type: 'committed', machine, commit, result })
        },
        (problem: unknown) => {
          const error = asMeshError(problem)
          this.#options.onWritten(error)
          this.input({ type: 'commitFailed', machine, commit, error })
        },
      ),
    )
  }

  #read({ read, machine, ranges }: Extract<PeerEffect, { type: 'read' }>): void {
    // Answers come in the order of the questions, whichever the store finishes first.
    const found = Promise.all(ranges.map((range) => this.store.range(range)))
    found.catch(() => undefined)
    this.#reading = this.#reading
      .then(() => found)
      .then(
        (rows) => this.input({ type: 'rows', machine, read, rows: rows.flat() }),
        (error: unknown) => this.input({ type: 'readFailed', machine, read, error: asMeshError(error) }),
      )
  }

  #persistEpoch({ role, epoch, claiming }: Extract<PeerEffect, { type: 'persistEpoch' }>): void {
    this.#write(
      raiseEpoch(this.store, role, epoch).then(
        (stored) => {
          if (claiming) this.input({ type: 'epochPersisted', role, epoch: stored })
        },
        (error: unknown) => {
          if (!this.#closed) this.#options.onError(asMeshError(error))
          this.input({ type: 'epochFailed', role, claiming })
        },
      ),
    )
  }

  #write(done: Promise<unknown>): void {
    // Its value would hold that of all writes before it.
    this.#writing = Promise.all([this.#writing, done]).then(() => undefined)
  }

  #settleRequest(request: number, settle: (request: Request) => void): void {
    const waiting = this.#requests.get(request)
    this.#requests.delete(request)
    if (waiting) settle(waiting)
  }

  // -------------------------------------------------------------------------------------------- end

  /** A rule of ours is broken: better no peer than a wrong one. */
  readonly #broken = (problem: unknown): void => {
    if (this.#closed) return
    this.#end(new MeshError('left', `The mesh was left: ${String(problem)}`, { cause: problem }))
    this.#options.onError(this.#closed!)
  }

  #end(reason: MeshError): void {
    if (this.#closed) return
    this.#closed = reason
    const { connector, tabs } = this.#options.platform
    this.#alarm?.cancel()
    this.#audits.close()
    for (const stop of this.#stops) stop()
    this.#standing.close()
    this.#servers.close()
    for (const link of this.#links.values()) link.close()
    connector.close()
    tabs?.close()
    for (const request of this.#requests.values()) request.reject(reason)
    this.#requests.clear()
    this.#look()
  }

  /** Deadlines mostly move on: an alarm that rings too early is set again then, and not at every input. */
  #setAlarm(): void {
    const atMs = this.peer.deadlineMs
    if (this.#closed || (this.#alarm && this.#alarm.atMs <= atMs)) return
    this.#alarm?.cancel()
    this.#alarm = undefined
    if (atMs === Number.POSITIVE_INFINITY) return
    const { clock } = this.#options.platform
    const ring = (): void => {
      this.#alarm = undefined
      const { monotonicMs } = clock.now()
      // A clock that rings before its time is for the peer to judge.
      if (monotonicMs < atMs || monotonicMs >= this.peer.deadlineMs) this.input({ type: 'tick' })
      else this.#setAlarm()
    }
    this.#alarm = { atMs, cancel: clock.alarm(atMs, ring) }
  }

  #number(): number {
    return ++this.#lastNumber
  }
}

const asMeshError = (problem: unknown): MeshError =>
  problem instanceof MeshError
    ? problem
    : new MeshError('storage-failed', `The storage failed: ${String(problem)}`, { cause: problem })
