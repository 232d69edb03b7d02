// A peer that turns against the others: the production peer runs in it as everywhere, and beside what that one sends
// goes what was forged. It taps the ports of a process: it keeps frames that went out and came in, learns names, feeds
// and documents from them, and puts forged frames onto links that the peer made honestly.

import type { PeerId, StoreId } from '../../base/ids.ts'
import type { Connector, Link, LinkEvents, Tabs } from '../../base/ports.ts'
import type { Random } from '../../base/random.ts'
import { Joiner, Splitter } from '../../wire/chunks.ts'
import { decode } from '../../wire/codec.ts'
import { isBulk, linkMessage, type LinkMessage, type PeerRecord } from '../../wire/messages.ts'
import {
  attackKinds,
  encodeForgery,
  forge,
  impersonationKinds,
  isFrame,
  type AttackKind,
  type ForgeryKind,
} from './forgeries.ts'
import type { Forgery, Knowledge } from './forgery-tools.ts'
import { isLie, Lies, type Listener } from './lies.ts'
import type { SimLink } from './link.ts'
import type { SimProcess } from './process.ts'

export interface HostilePeer {
  /** To be handed to the driver. After `process.restart()` it is the new one, hostile as well. */
  readonly process: SimProcess
  /** Every attack there is; the names are for coverage. */
  readonly kinds: readonly AttackKind[]
  /** Those by which it speaks in another's name. Without a mesh secret nothing on a link says who first said it. */
  readonly impersonations: ReadonlySet<AttackKind>
  /**
   * Sends that attack's frames now, over one link or all of them, by its own random stream. Returns how many frames
   * went out: 0 where no neighbour has greeted it yet, or it is dead or frozen by somebody else.
   */
  attack(kind: AttackKind): number
  /** From now on it does nothing and answers nobody; only attacks still go out. Never undone, but by `process.restart()`. */
  hang(): void
  /** Frames sent by attack so far. */
  readonly sent: ReadonlyMap<AttackKind, number>
}

/** What is kept of each kind of thing, the newest. */
const mostKept = 64

/** One link of its, tapped. */
interface Tapped {
  readonly link: SimLink
  readonly sent: Uint8Array[]
  readonly out: Joiner
  readonly in: Joiner
  /** Ours, and the victim's, of the hellos on this link. */
  mine: LinkMessage | undefined
  theirs: PeerRecord | undefined
  /** A message of the peer's own is half sent in that lane: what is forged waits for its end. */
  readonly midway: [boolean, boolean]
  waiting: Uint8Array[]
  open: boolean
}

function keep<T>(items: T[], item: T): void {
  items.push(item)
  if (items.length > mostKept) items.shift()
}

/** @param announce is told of every attack, for the trace. */
export function createHostile(
  first: SimProcess,
  random: Random,
  announce: (what: string) => void,
): HostilePeer {
  const taps = new Set<Tapped>()
  const heard: Uint8Array[] = []
  const records = new Map<PeerId, PeerRecord>()
  const feeds: StoreId[] = []
  const docs: string[] = []
  const heads = new Map<StoreId, { number: number; hash: Uint8Array }>()
  const clients: number[] = []
  const sent = new Map<AttackKind, number>()
  let epoch = 1
  let leader: PeerId | undefined
  const lies = new Lies((ms, act) => void current.clock.alarm(current.clock.now().monotonicMs + ms, act))

  const learnClaim = (claim: { readonly epoch: number; readonly leader: PeerId }): void => {
    if (claim.epoch >= epoch) leader = claim.leader
    epoch = Math.max(epoch, claim.epoch)
  }
  const learnRecords = (found: readonly PeerRecord[]): void => {
    for (const record of found) records.set(record.id, record)
  }
  const learn = (message: LinkMessage): void => {
    if (message.type === 'hello') {
      learnRecords([message.record, ...message.view])
      for (const claim of message.claims) learnClaim(claim)
    }
    if (!('payload' in message)) return
    const { payload } = message
    if (payload.type === 'record') learnRecords([payload.record])
    if (payload.type === 'records') learnRecords(payload.records)
    if (payload.type === 'claim') learnClaim(payload)
    if (payload.type === 'vector')
      for (const { feed, number, hash } of payload.heads) {
        if (!feeds.includes(feed)) keep(feeds, feed)
        if (number > (heads.get(feed)?.number ?? 0)) heads.set(feed, { number, hash })
      }
    if (payload.type === 'docAwareness')
      for (const { client } of payload.states) if (!clients.includes(client)) keep(clients, client)
    if (payload.type === 'docs') for (const { doc } of payload.open) if (!docs.includes(doc)) keep(docs, doc)
  }
  const read = (joiner: Joiner, frame: Uint8Array): LinkMessage | undefined => {
    const joined = joiner.push(frame)
    if (!joined.ok || joined.value === undefined) return undefined
    const message = decode(linkMessage, joined.value.message)
    return message.ok ? message.value : undefined
  }

  const goesOut = (tap: Tapped, frame: Uint8Array): void => {
    keep(tap.sent, frame.slice())
    const message = read(tap.out, frame)
    if (message?.type === 'hello') tap.mine = message
    const lane = ((frame[0] ?? 0) & 1) as 0 | 1
    tap.midway[lane] = ((frame[0] ?? 0) & 4) === 0
    if (tap.midway[0] || tap.midway[1]) return
    for (const forged of tap.waiting.splice(0)) tap.link.sendAnything(forged)
  }
  /** Returns whether the peer itself may hear of it. */
  const comesIn = (tap: Tapped, frame: Uint8Array): boolean => {
    keep(heard, frame)
    const message = read(tap.in, frame)
    if (message === undefined) return true
    if (message.type === 'hello') tap.theirs = message.record
    learn(message)
    if (message.type !== 'direct' || message.payload.type !== 'want' || tap.theirs === undefined) return true
    const { feed, after } = message.payload
    return !lies.asked(tap.theirs.id, feed, after, (answer) => void sendForgery(tap, answer))
  }

  const tapLink = (link: SimLink): Link => {
    const tap: Tapped = {
      link,
      sent: [],
      out: new Joiner(),
      in: new Joiner(),
      mine: undefined,
      theirs: undefined,
      midway: [false, false],
      waiting: [],
      open: true,
    }
    taps.add(tap)
    const over = (): void => {
      tap.open = false
      taps.delete(tap)
    }
    let events: LinkEvents | undefined
    return {
      kind: link.kind,
      remote: link.remote,
      get bufferedBytes() {
        return link.bufferedBytes
      },
      bufferLimitBytes: link.bufferLimitBytes,
      get events() {
        return events
      },
      set events(listener) {
        events = listener
        link.events = listener && {
          frame: (frame) => {
            if (comesIn(tap, frame)) listener.frame(frame)
          },
          drained: () => listener.drained(),
          down: (reason) => {
            over()
            listener.down(reason)
          },
        }
      },
      send: (frame) => {
        link.send(frame)
        goesOut(tap, frame)
      },
      close: () => {
        over()
        link.close()
      },
    }
  }

  const tapEvents = <E extends { linked(link: Link): void }>(
    port: { events: E | undefined },
    listener: E | undefined,
  ): void => {
    port.events = listener && {
      ...listener,
      linked: (link: Link) => listener.linked(tapLink(link as SimLink)),
    }
  }
  /** The port with its `linked` events tapped; everything else is as it was. */
  const tapPort = <P extends Connector | Tabs>(port: P): P => {
    let events: P['events']
    return Object.create(port, {
      events: {
        enumerable: true,
        get: () => events,
        set: (listener: P['events']) => {
          events = listener
          tapEvents(port as never, listener as never)
        },
      },
    }) as P
  }

  const tapProcess = (process: SimProcess): SimProcess => {
    taps.clear()
    const { connector, tabs, restart } = process
    return Object.create(process, {
      connector: { enumerable: true, value: tapPort(connector) },
      tabs: { enumerable: true, value: tabs === undefined ? undefined : tapPort(tabs) },
      restart: { enumerable: true, value: () => (current = tapProcess(restart())) },
    }) as SimProcess
  }
  let current = tapProcess(first)

  /** The process that was made to hang: after a restart it is another. */
  let hanging: SimProcess | undefined
  const mayAttack = (): boolean => current.alive && (!current.frozen || hanging === current)

  const knowledgeAt = (tap: Tapped): Knowledge | undefined => {
    const { mine, theirs: victim } = tap
    if (mine?.type !== 'hello' || victim === undefined) return undefined
    const { record: me, topic } = mine
    const others = [...records.values()].filter(({ id }) => id !== me.id && id !== victim.id)
    const { wallMs } = current.clock.now()
    const { deviceKey: key } = current
    const learned = { others, epoch, leader, feeds, docs, heads, clients, heard }
    return { random, topic, me, victim, ...learned, sent: tap.sent, wallMs, key }
  }

  const sendForgery = (tap: Tapped, forgery: Forgery): number => {
    if (!tap.open || !mayAttack()) return 0
    const frames: Uint8Array[] = []
    if (isFrame(forgery)) frames.push(forgery)
    else {
      const splitter = new Splitter(isBulk(forgery) ? 1 : 0, encodeForgery(forgery))
      for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) frames.push(frame)
    }
    if (tap.midway[0] || tap.midway[1]) tap.waiting.push(...frames)
    else for (const frame of frames) tap.link.sendAnything(frame)
    return frames.length
  }

  const forgeFor = (tap: Tapped, kind: ForgeryKind): number => {
    const knowledge = knowledgeAt(tap)
    const forged = knowledge === undefined ? [] : forge(kind, knowledge)
    return forged.reduce((sum, forgery) => sum + sendForgery(tap, forgery), 0)
  }
  const listenerAt = (tap: Tapped): Listener[] => {
    const knowledge = knowledgeAt(tap)
    if (knowledge === undefined) return []
    const { neighbours } = records.get(knowledge.victim.id) ?? knowledge.victim
    return [{ knowledge, neighbours, send: (message) => sendForgery(tap, message) }]
  }

  return {
    get process() {
      return current
    },
    kinds: attackKinds,
    impersonations: impersonationKinds,
    sent,
    hang: () => {
      hanging = current
      current.freeze()
      announce('hangs')
    },
    attack: (kind) => {
      if (!mayAttack()) return 0
      const ready = [...taps].filter((tap) => tap.open && knowledgeAt(tap) !== undefined)
      const targets = isLie(kind) || random.integer(2) === 0 ? ready : random.sample(ready, 1)
      const frames = isLie(kind)
        ? lies.offer(kind, targets.flatMap(listenerAt))
        : targets.reduce((sum, tap) => sum + forgeFor(tap, kind), 0)
      announce(`attacks: ${kind}, ${frames} frames to ${targets.length}`)
      sent.set(kind, (sent.get(kind) ?? 0) + frames)
      return frames
    },
  }
}
