// Tabs of one browser profile: they find each other and talk over a BroadcastChannel, without any server, and know
// of each other's death by Web Locks. States: away → holding (our lock is asked for) → looking (hello said, siblings
// are awaited) → settled; `suspend` leads back to away from anywhere. A sibling has at most one link; one that ended
// while both tabs live is offered again after a pause that grows.

import { assert } from '../../base/errors.ts'
import type { PeerId } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import type { Clock, Link, Tabs, TabsEvents } from '../../base/ports.ts'
import { createLinkInbox, type LinkInbox } from '../shared/link-inbox.ts'
import { createTabLocks, type TabLocks } from './tab-locks.ts'
import { readTabMessage, sameKey, type TabKey, type TabMessage } from './tab-messages.ts'

/** The first look waits this long for siblings that hold their lock and do not answer (frozen). chosen: a busy tab
 * answers within it, and a lone tab with a frozen sibling is not kept from leading for longer. */
const lookMs = 1000

/** Where the browser does not say who holds a lock, the answers to our hello have to do. */
const noTabs = (): ReadonlyMap<PeerId, number> => new Map()

export interface BrowserTabsOptions {
  readonly mesh: string
  readonly clock: Clock
  /** Default `navigator.locks`. */
  readonly locks?: LockManager
}

interface Sibling {
  readonly peer: PeerId
  readonly session: number
  /** Links to it that ended in our session: the count of our key. */
  ended: number
  /** The highest count it named. */
  theirCount: number
  link: SiblingLink | undefined
  callOffHello: () => void
  stopWatching: () => void
}

interface SiblingLink {
  readonly mine: TabKey
  readonly theirs: TabKey
  readonly inbox: LinkInbox
}

export function createBrowserTabs(options: BrowserTabsOptions): Tabs {
  const { mesh, clock } = options
  const locks: TabLocks = createTabLocks(mesh, options.locks ?? navigator.locks, () => stopLooking())
  const siblings = new Map<PeerId, Sibling>()
  let events: TabsEvents | undefined
  let me: PeerId | undefined
  /** Rises with each start, standstill and return. */
  let session = 0
  let channel: BroadcastChannel | undefined
  let releaseLock = (): void => {}
  /** Siblings the first look still waits for; undefined once it settled. */
  let awaited: Set<PeerId> | undefined
  let callOffLook = (): void => {}

  const tell = (event: (listener: TabsEvents) => void): void => {
    const toldIn = session
    // One microtask each, in order; what a standstill overtook is not told.
    queueMicrotask(() => {
      if (events !== undefined && toldIn === session && me !== undefined) event(events)
    })
  }
  const post = (message: TabMessage): void => channel?.postMessage(message)
  const myKey = (sibling: Sibling): TabKey => ({ session, count: sibling.ended })

  const arrive = async (): Promise<void> => {
    assert(me !== undefined, 'tabs are started with a peer id')
    const arriving = ++session
    let release: () => void
    try {
      release = await locks.hold(me, arriving)
    } catch {
      // The page is going, or holds no locks: there are no siblings for it.
      if (session === arriving) settle()
      return
    }
    if (session !== arriving) {
      release()
      return
    }
    releaseLock = release
    awaited = new Set()
    channel = new BroadcastChannel(`skein:${mesh}`)
    channel.onmessage = ({ data }) => receive(data)
    post({ type: 'hello', from: me, key: { session, count: 0 } })
    const held = await locks.held().catch(noTabs)
    if (session !== arriving) return
    for (const [peer, theirs] of held) {
      const sibling = peer === me ? undefined : meet(peer, theirs)
      if (sibling !== undefined && sibling.link === undefined) awaited?.add(peer)
    }
    callOffLook = clock.alarm(clock.now().monotonicMs + lookMs, stopLooking)
    if (awaited?.size === 0) stopLooking()
  }

  const stopLooking = (): void => {
    if (awaited !== undefined) settle()
  }

  const settle = (): void => {
    awaited = undefined
    callOffLook()
    tell((listener) => {
      listener.settled(
        [...siblings.values()].filter(({ link }) => link !== undefined).map(({ peer }) => peer),
      )
    })
  }

  const noLongerAwaited = (peer: PeerId): void => {
    if (awaited?.delete(peer) === true && awaited.size === 0) stopLooking()
  }

  /** The sibling in that session; a newer session ends what the older one had. Undefined for one that is past. */
  const meet = (peer: PeerId, theirSession: number): Sibling | undefined => {
    const known = siblings.get(peer)
    if (known !== undefined && theirSession <= known.session)
      return theirSession === known.session ? known : undefined
    if (known !== undefined) forget(known, 'that tab began anew')
    const sibling: Sibling = {
      peer,
      session: theirSession,
      ended: known === undefined ? 0 : known.ended + 1,
      theirCount: 0,
      link: undefined,
      callOffHello: () => {},
      stopWatching: () => {},
    }
    siblings.set(peer, sibling)
    sibling.stopWatching = locks.watch(peer, theirSession, () => gone(sibling))
    return sibling
  }

  const gone = (sibling: Sibling): void => {
    if (siblings.get(sibling.peer) !== sibling) return
    tell((listener) => listener.gone(sibling.peer))
    forget(sibling, 'that tab is gone')
    noLongerAwaited(sibling.peer)
  }

  const forget = (sibling: Sibling, reason: string): void => {
    siblings.delete(sibling.peer)
    sibling.callOffHello()
    sibling.stopWatching()
    const { link } = sibling
    sibling.link = undefined
    link?.inbox.down(reason)
  }

  const receive = (data: unknown): void => {
    const message = readTabMessage(data)
    if (message === undefined || me === undefined || message.from === me) return
    if ('to' in message && message.to !== me) return
    if (message.type === 'bye') {
      const sibling = siblings.get(message.from)
      if (sibling?.session === message.key.session) endLink(sibling, 'that tab said goodbye', false)
    } else if (message.type === 'hello') greet(message.from, message.key)
    else if (message.type === 'welcome') welcome(message.from, message.key, message.toKey)
    else {
      const sibling = siblings.get(message.from)
      const link = sibling?.link
      if (sibling === undefined || link === undefined) return
      if (!sameKey(link.theirs, message.key) || !sameKey(link.mine, message.toKey)) return
      if (message.type === 'close') endLink(sibling, 'that tab closed the link', true)
      else if (!link.inbox.frame(message.frame))
        endLink(sibling, 'frames came faster than they were taken', true)
    }
  }

  const greet = (peer: PeerId, theirs: TabKey): void => {
    const sibling = meet(peer, theirs.session)
    if (sibling === undefined || theirs.count < sibling.theirCount) return
    if (sibling.link !== undefined && !sameKey(sibling.link.theirs, theirs))
      endLink(sibling, 'that tab began anew', false)
    establish(sibling, theirs)
    if (me !== undefined) post({ type: 'welcome', from: me, key: myKey(sibling), to: peer, toKey: theirs })
  }

  const welcome = (peer: PeerId, theirs: TabKey, mine: TabKey): void => {
    const sibling = meet(peer, theirs.session)
    if (sibling === undefined || sibling.link !== undefined || theirs.count < sibling.theirCount) return
    // It answers a hello of ours from before a link that has ended since.
    if (sameKey(mine, myKey(sibling))) establish(sibling, theirs)
    else hello(sibling)
  }

  const establish = (sibling: Sibling, theirs: TabKey): void => {
    if (sibling.link !== undefined) return
    sibling.callOffHello()
    sibling.theirCount = theirs.count
    const link = { mine: myKey(sibling), theirs, inbox: createLinkInbox() }
    sibling.link = link
    const port = createTabLink(sibling, link)
    tell((listener) => listener.linked(port))
    noLongerAwaited(sibling.peer)
  }

  /** @param again the sibling lives on: offer a new link after a while. */
  const endLink = (sibling: Sibling, reason: string, again: boolean): void => {
    const { link } = sibling
    if (link === undefined) return
    sibling.link = undefined
    sibling.ended++
    link.inbox.down(reason)
    if (!again) return
    const pauseMs = Math.min(limits.redialMaxMs, limits.redialBaseMs * 2 ** Math.min(sibling.ended - 1, 20))
    sibling.callOffHello = clock.alarm(clock.now().monotonicMs + pauseMs, () => hello(sibling))
  }

  const hello = (sibling: Sibling): void => {
    if (me !== undefined) post({ type: 'hello', from: me, key: myKey(sibling), to: sibling.peer })
  }

  const createTabLink = (sibling: Sibling, { mine, theirs, inbox }: SiblingLink): Link => {
    const say = (type: 'close' | 'frame', frame?: Uint8Array): void => {
      if (me === undefined) return
      const envelope = { from: me, key: mine, to: sibling.peer, toKey: theirs }
      post(
        type === 'frame' && frame !== undefined
          ? { type, ...envelope, frame }
          : { type: 'close', ...envelope },
      )
    }
    return {
      kind: 'tabs',
      remote: sibling.peer,
      // The browser takes everything at once and does not say when it was delivered.
      bufferedBytes: 0,
      bufferLimitBytes: limits.maxBufferedBytes,
      get events() {
        return inbox.events
      },
      set events(listener) {
        inbox.events = listener
      },
      send: (frame) => {
        assert(frame.length >= 1 && frame.length <= limits.maxFrameBytes, 'a frame is 1 byte to 64 KiB long')
        if (!inbox.open) return
        try {
          // Cloning takes the whole buffer under a view along: cut it out first.
          say('frame', frame.length === frame.buffer.byteLength ? frame : frame.slice())
        } catch (error) {
          endLink(sibling, `sending failed: ${error instanceof Error ? error.message : String(error)}`, true)
        }
      },
      close: () => {
        if (!inbox.open) return
        inbox.shut()
        say('close')
        endLink(sibling, 'closed', true)
      },
    }
  }

  const suspend = (): void => {
    if (me !== undefined) post({ type: 'bye', from: me, key: { session, count: 0 } })
    // A cached page with an open channel is thrown out at the first message: close it, and open another on return.
    channel?.close()
    channel = undefined
    session++
    awaited = undefined
    callOffLook()
    for (const sibling of [...siblings.values()]) forget(sibling, 'this page stands still')
    releaseLock()
    releaseLock = () => {}
  }

  return {
    get events() {
      return events
    },
    set events(listener) {
      events = listener
    },
    start: (peer) => {
      assert(me === undefined, 'tabs are started once')
      me = peer
      void arrive()
    },
    suspend: () => {
      if (me !== undefined && channel !== undefined) suspend()
      else session++
    },
    resume: () => {
      if (me !== undefined && channel === undefined) void arrive()
    },
    close: () => {
      for (const { link } of siblings.values()) link?.inbox.shut()
      suspend()
      me = undefined
      events = undefined
    },
  }
}
