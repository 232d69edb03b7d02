// One stay in a mesh, as signals: the mesh's events come in here, components read what comes out. Everything
// shown of the mesh is a snapshot taken at its last event; nothing here decides protocol.

import { batch, effect, signal, untracked, type ReadonlySignal, type Signal } from '@preact/signals'
import type {
  LeaderChange,
  Member,
  MemberId,
  Mesh,
  MeshError,
  MeshStatus,
  Peer,
  PeersChange,
  Room,
} from 'skein'
import type { Attention } from './attention.ts'
import {
  conversationsOf,
  createConversation,
  type Conversation,
  type ConversationKey,
} from './conversations.ts'
import type { TitleDraft, TitledThing } from './documents/title-draft.ts'
import { handOver } from './draft.ts'
import { createEventLog, type EventLog } from './event-log.ts'
import {
  arrivalSentence,
  departureWords,
  errorSentence,
  leaderSentence,
  renameSentence,
  sentence,
  signalingSentences,
} from './event-sentences.ts'
import type { ReadPositions } from './read-positions.ts'
import type { Memory } from './remembered.ts'
import { conversationView, type View } from './route.ts'
import { createLinkHistory, type LinkHistory } from './trouble.ts'
import { bearersOf } from './words.ts'

export interface Session {
  readonly mesh: Mesh
  readonly meshName: string
  readonly me: ReadonlySignal<Peer>
  readonly peers: ReadonlySignal<readonly Peer[]>
  readonly members: ReadonlySignal<ReadonlyMap<MemberId, Member>>
  readonly rooms: ReadonlySignal<readonly Room[]>
  readonly leader: ReadonlySignal<{ readonly peer: Peer | undefined; readonly epoch: number }>
  readonly status: ReadonlySignal<MeshStatus>
  /** What the last attempt at a signaling server ran into. */
  readonly signalingProblem: ReadonlySignal<string | undefined>
  readonly events: EventLog
  /** Those opened, written in, or with news. */
  readonly conversations: ReadonlySignal<ReadonlyMap<ConversationKey, Conversation>>
  readonly selected: ReadonlySignal<ConversationKey>
  /** What somebody opened it as: a name stays what it was when its bearer comes, and so does the box to write in. */
  readonly openedAs: ReadonlySignal<ConversationKey>
  /** What the main pane shows. */
  readonly view: ReadonlySignal<View>
  readonly attention: Attention
  /** What is being typed into the box for a new task; a reload keeps it. */
  readonly newTask: Signal<string>
  /** The title of a note or a task that is being rewritten; a reload keeps it. */
  readonly titleDraft: Signal<TitleDraft | undefined>
  /** The time, to the minute: what "5 minutes ago" and "Today" are reckoned from. */
  readonly minute: ReadonlySignal<number>
  /** Since when who is not linked with this tab. */
  readonly linkHistory: LinkHistory
  /** Opens the conversation in the main pane. */
  select(key: ConversationKey): void
  show(view: View): void
  /** Joins (and so creates) a room and shows it, unless something else was opened meanwhile. Rejects with the library's error. */
  joinRoom(name: string): Promise<void>
  leaveRoom(name: string): Promise<void>
  /** Takes the status and the time again: what changes without an event. What could not be read is tried again. */
  refreshStatus(): void
  /** Shows a failure as a line of the event log. */
  report(error: unknown): void
  /** Stops listening; the mesh itself goes on. */
  close(): void
}

export interface SessionOptions {
  readonly mesh: Mesh
  readonly meshName: string
  readonly now: () => number
  readonly attention: Attention
  readonly memory: Pick<
    Memory,
    'unboundNames' | 'keepUnboundNames' | 'place' | 'keepPlace' | 'drafts' | 'keepDrafts'
  >
  readonly positions: ReadPositions
}

export function openSession(options: SessionOptions): Session {
  const { mesh, meshName, now, attention, memory, positions } = options
  const me = signal(mesh.me)
  const peers = signal<readonly Peer[]>([...mesh.peers.values()])
  const members = signal<ReadonlyMap<MemberId, Member>>(new Map(mesh.members))
  const rooms = signal<readonly Room[]>(sortedRooms(mesh))
  const leader = signal({ peer: mesh.leader, epoch: mesh.epoch })
  const status = signal(mesh.status())
  const events = createEventLog(now)
  const conversations = signal<ReadonlyMap<ConversationKey, Conversation>>(new Map())
  const selected = signal(keyIn(mesh, memory.place(meshName)) ?? '#general')
  const openedAs = signal<ConversationKey>(selected.value)
  const view = signal<View>(conversationView)
  const newTask = signal(memory.drafts(meshName).get(newTaskDraft) ?? '')
  const titleDraft = signal(titleDraftIn(memory.drafts(meshName)))
  const minute = signal(minuteOf(now()))
  const signalingProblem = signal<string | undefined>(undefined)
  const linkHistory = createLinkHistory(now)
  linkHistory.update(mesh.me, peers.value, status.value.links)
  const isWatched = (key: ConversationKey): boolean =>
    attention.watching.value && view.value.type === 'conversation' && selected.value === key
  const report = (error: unknown): void => void events.say(errorSentence(error), 'bad')
  const narrator = createNarrator(mesh, events)

  function conversation(key: ConversationKey): Conversation {
    const known = conversations.value.get(key)
    if (known) return known
    const made = createConversation({
      mesh,
      key,
      positions,
      isWatched: () => untracked(() => isWatched(key)),
      report,
      sentenceOf: errorSentence,
    })
    conversations.value = new Map(conversations.value).set(key, made)
    return made
  }

  function select(key: ConversationKey): void {
    const shown = conversation(boundKey(key, mesh))
    batch(() => {
      if (selected.value !== shown.key) conversations.value.get(selected.value)?.unread.clearLine()
      selected.value = shown.key
      openedAs.value = shown.key
      view.value = conversationView
    })
    void shown.refresh()
  }

  /** What came in while no tab was open, or was left unread: counted once, one conversation after the other. */
  async function countUnread(): Promise<void> {
    isCounted = true
    try {
      await countAllUnread()
    } catch (error) {
      if (!hasFailedToCount) report(error)
      hasFailedToCount = true
      isCounted = false
    }
  }
  /** Or it is being counted. */
  let isCounted = false
  let hasFailedToCount = false

  async function countAllUnread(): Promise<void> {
    const rooms = [...mesh.rooms.values()]
      .filter(({ joined }) => joined)
      .map(({ name }) => `#${name}` as const)
    const me = mesh.me.member
    const members = [...mesh.members.keys()].filter((id) => id !== me)
    // One's notes to oneself are never news, but have to be found again.
    if ((await mesh.history(me, { limit: 1 })).length > 0) conversation(me)
    for (const key of [...rooms, ...members]) {
      if (closed) return
      const [newest] = await mesh.history(key, { limit: 1 })
      const position = positions.get(key)
      const isRead = position && newest && newest.cursor <= position.cursor && position.late.length === 0
      if (newest && !isRead) await conversation(key).countUnread()
    }
  }
  let closed = false

  /** A conversation with a name becomes one with its bearer as soon as somebody bears it. */
  function bindNames(): void {
    for (const [key, unbound] of conversations.value) {
      const bound = boundKey(key, mesh)
      if (bound === key) continue
      const successor = conversation(bound)
      offs.push(handOver(unbound.draft, successor.draft))
      for (const { id } of unbound.messages.value ?? []) awaited.set(id, successor)
      const rest = new Map(conversations.value)
      rest.delete(key)
      conversations.value = rest
      if (selected.value !== key) continue
      // It takes the other's place and stays where that was: behind a note, too.
      selected.value = bound
      void successor.refresh()
    }
  }

  /** A message written to a name becomes part of its bearer's history a moment after the bearer is seen, unsaid. */
  const awaited = new Map<string, Conversation>()

  function refreshAwaited(): void {
    for (const [id, successor] of awaited) {
      if (successor.messages.value?.some((message) => message.id === id)) awaited.delete(id)
      else void successor.refresh()
    }
  }

  function refreshWaiting(): void {
    for (const shown of conversations.value.values())
      if (shown.messages.value?.some((message) => message.state === 'waiting' || message.state === 'stored'))
        void shown.refresh()
  }

  const offs = [
    mesh.on('peers', (change) =>
      batch(() => {
        peers.value = [...mesh.peers.values()]
        me.value = mesh.me
        linkHistory.update(mesh.me, peers.value, status.value.links)
        narrator.peers(change)
      }),
    ),
    mesh.on('members', () =>
      batch(() => {
        narrator.members(members.value)
        members.value = new Map(mesh.members)
        rooms.value = sortedRooms(mesh)
        bindNames()
        refreshWaiting()
      }),
    ),
    mesh.on('rooms', () => {
      rooms.value = sortedRooms(mesh)
    }),
    mesh.on('leader', (change) =>
      batch(() => {
        leader.value = { peer: change.leader, epoch: change.epoch }
        narrator.leader(change)
      }),
    ),
    mesh.on('links', () => {
      status.value = mesh.status()
      linkHistory.update(mesh.me, peers.value, status.value.links)
    }),
    mesh.on('status', (changed) =>
      batch(() => {
        status.value = changed
        narrator.status(changed)
      }),
    ),
    mesh.on('message', (message) => {
      for (const key of conversationsOf(message, mesh.me.member)) conversation(key).received(message)
    }),
    mesh.on('receipt', (receipt) => {
      for (const shown of conversations.value.values()) shown.receipt(receipt, mesh.me.member)
      refreshAwaited()
    }),
    mesh.on('error', (error: MeshError) => {
      if (error.code === 'expired') refreshWaiting()
      // That a server is out of reach, and that it is back, the status says once; this comes at every attempt.
      if (error.code === 'signaling-failed') signalingProblem.value = errorSentence(error)
      else report(error)
    }),
  ]

  const keepDrafts = (what: 'text' | 'unsent'): void => {
    const drafts = [...conversations.value].map(([key, { draft }]): [string, string] => [
      key,
      draft[what].value,
    ])
    drafts.push([newTaskDraft, newTask.value])
    if (titleDraft.value) drafts.push([`${titleDraftMark}${titleDraft.value.of}`, titleDraft.value.text])
    memory.keepDrafts(meshName, new Map(drafts.filter(([, text]) => text !== '')))
  }

  narrator.status(status.value)
  for (const name of memory.unboundNames(meshName)) conversation(boundKey(`@${name}`, mesh))
  for (const [kept, text] of memory.drafts(meshName)) {
    const key = keyIn(mesh, kept)
    if (key !== undefined) conversation(key).draft.edit(text)
  }
  offs.push(
    effect(() => memory.keepPlace(meshName, selected.value)),
    effect(() => keepDrafts('text')),
    effect(() => {
      const here = [...conversations.value.keys()].filter((key) => key.startsWith('@'))
      // Other tabs have theirs; whoever is known by now is found without.
      const all = new Set([...memory.unboundNames(meshName), ...here.map((key) => key.slice(1))])
      memory.keepUnboundNames(
        meshName,
        [...all].filter((name) => boundKey(`@${name}`, mesh) === `@${name}`),
      )
    }),
  )
  offs.push(
    positions.onChange(() => {
      for (const shown of conversations.value.values()) {
        if (untracked(() => isWatched(shown.key))) shown.markRead()
        shown.unread.follow()
      }
    }),
    effect(() => {
      const shown = isWatched(selected.value) ? conversations.value.get(selected.value) : undefined
      if (shown) untracked(() => shown.markRead())
    }),
  )
  select(selected.value)
  void countUnread()
  return {
    mesh,
    meshName,
    me,
    peers,
    members,
    rooms,
    leader,
    status,
    signalingProblem,
    events,
    conversations,
    selected,
    openedAs,
    view,
    attention,
    newTask,
    titleDraft,
    minute,
    linkHistory,
    select,
    show: (next) => {
      view.value = next
    },
    async joinRoom(name) {
      const [from, shown] = [selected.value, view.value]
      await mesh.room(name).join()
      rooms.value = sortedRooms(mesh)
      if (selected.value === from && view.value === shown) select(`#${name}`)
    },
    async leaveRoom(name) {
      await mesh.room(name).leave()
      conversations.value.get(`#${name}`)?.markRead()
      rooms.value = sortedRooms(mesh)
    },
    refreshStatus() {
      minute.value = minuteOf(now())
      status.value = mesh.status()
      linkHistory.update(mesh.me, peers.value, status.value.links)
      refreshAwaited()
      for (const shown of conversations.value.values()) shown.retry()
      if (!isCounted) void countUnread()
    },
    report,
    close() {
      closed = true
      for (const off of offs) off()
      // The mesh is left when what is being sent is stored: it must not come back as a draft.
      keepDrafts('unsent')
    },
  }
}

/** Among the drafts, beside those of conversations: no conversation is called so. */
const newTaskDraft = 'task'
const titleDraftMark = 'title of '

function titleDraftIn(drafts: ReadonlyMap<string, string>): TitleDraft | undefined {
  for (const [kept, text] of drafts)
    if (kept.startsWith(titleDraftMark)) return { of: kept.slice(titleDraftMark.length) as TitledThing, text }
  return undefined
}

const minuteOf = (time: number): number => time - (time % 60_000)

const sortedRooms = (mesh: Mesh): Room[] =>
  [...mesh.rooms.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))

/** What was kept names a conversation of this mesh still: a store may have been lost meanwhile. */
function keyIn(mesh: Mesh, kept: string | undefined): ConversationKey | undefined {
  if (kept?.startsWith('@')) return boundKey(kept as ConversationKey, mesh)
  const room = [...mesh.rooms.keys()].find((name) => `#${name}` === kept)
  return room === undefined ? mesh.members.get(kept as MemberId)?.id : `#${room}`
}

/** The member that alone bears the name, or the key as it is. */
function boundKey(key: ConversationKey, mesh: Mesh): ConversationKey {
  if (!key.startsWith('@')) return key
  const bearers = bearersOf(key, mesh.members)
  return bearers.length === 1 && bearers[0] ? bearers[0].id : key
}

/** Writes the event line. It remembers only what it needs so as not to say one thing twice. */
function createNarrator(mesh: Mesh, events: EventLog) {
  let leaderId = mesh.leader?.id
  /** The line about the leader's end, until it is said who leads now. */
  let leaderWent: { readonly peer: Peer['id']; readonly line: number } | undefined
  let toldWithLeader: Peer['id'] | undefined
  let serverUp: ReadonlyMap<string, boolean> = new Map()

  const siblings = (peer: Peer): number =>
    [...mesh.peers.values()].filter((other) => other.member === peer.member && other.id !== peer.id).length

  return {
    peers(change: PeersChange): void {
      for (const { peer, reason } of change.left) {
        if (peer.id === toldWithLeader) continue
        const words = departureWords(peer, mesh.me, reason, siblings(peer))
        const line = events.say(sentence(words), reason === 'left' ? 'plain' : 'bad')
        if (peer.id === leaderId) leaderWent = { peer: peer.id, line }
      }
      for (const peer of change.joined)
        if (peer.id !== mesh.me.id) events.say(arrivalSentence(peer, mesh.me, siblings(peer)), 'good')
    },

    members(before: ReadonlyMap<MemberId, Member>): void {
      for (const [id, member] of mesh.members) {
        const known = before.get(id)
        if (known && known.name !== member.name) events.say(renameSentence(known.name, member.name))
      }
    },

    leader(change: LeaderChange): void {
      leaderId = change.leader?.id
      const text = leaderSentence(change, mesh.me, siblings)
      const went = change.previous?.id === leaderWent?.peer ? leaderWent : undefined
      leaderWent = undefined
      if (!went || !events.amend(went.line, text)) events.say(text, change.leader ? 'plain' : 'bad')
      const gone = change.reason === 'failed' || change.reason === 'left'
      toldWithLeader = gone ? change.previous?.id : undefined
    },

    status(now: MeshStatus): void {
      for (const { text, good } of signalingSentences(serverUp, now, now.links.length))
        events.say(text, good ? 'good' : 'bad')
      serverUp = new Map(
        now.signaling.map(({ url, state }) => [
          url,
          state === 'open' || (state === 'connecting' && serverUp.get(url) !== false),
        ]),
      )
    },
  }
}
