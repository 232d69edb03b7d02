// What is shown of the mesh's history, one conversation at a time. The library keeps and orders the messages;
// this keeps the pages that were read, and reads the newest page again when something changed.

import { signal, type ReadonlySignal } from '@preact/signals'
import type { Address, MemberId, Mesh, Message, Receipt } from 'skein'
import { createDraft, type Draft } from './draft.ts'
import type { ReadPositions } from './read-positions.ts'
import { createUnread, type Unread } from './unread.ts'
import { deliveryOf } from './words.ts'

/** A room (`#general`), a member (its id), or a name nobody bears yet (`@zoe`). */
export type ConversationKey = Address

export interface Conversation {
  readonly key: ConversationKey
  /** Oldest first; undefined until the first page was read. */
  readonly messages: ReadonlySignal<readonly Message[] | undefined>
  /** There may be older ones than those shown. */
  readonly hasEarlier: ReadonlySignal<boolean>
  readonly loadingEarlier: ReadonlySignal<boolean>
  readonly unread: Unread
  readonly draft: Draft
  /** Reads the newest page again; calls that come while one runs are answered by one more. */
  refresh(): Promise<void>
  /** Reads again what could not be read; that it still cannot be is not reported once more. */
  retry(): void
  loadEarlier(): Promise<void>
  received(message: Message): void
  receipt(receipt: Receipt, me: MemberId): void
  /** Counts what is in the history beyond the position read. */
  countUnread(): Promise<void>
  /** Everything that is here was seen. */
  markRead(): void
}

export interface ConversationOptions {
  readonly mesh: Pick<Mesh, 'history' | 'send' | 'me'>
  readonly key: ConversationKey
  readonly positions: ReadPositions
  /** The person has this conversation before their eyes. */
  readonly isWatched: () => boolean
  readonly report: (error: unknown) => void
  readonly sentenceOf: (error: unknown) => string
}

const pageSize = 100

export function createConversation(options: ConversationOptions): Conversation {
  const { mesh, key, positions, isWatched, report, sentenceOf } = options
  const messages = signal<readonly Message[] | undefined>(undefined)
  const hasEarlier = signal(false)
  const loadingEarlier = signal(false)
  const unread = createUnread(key, positions, mesh.me.member)
  /** Came as events and are not in a page that was read yet. */
  const fresh = new Map<string, Message>()
  let running: Promise<void> | undefined
  let again = false
  /** Somebody asked for its messages; whether they could be read is another matter. */
  let isWanted = false
  let hasFailed = false

  async function readNewest(): Promise<void> {
    do {
      again = false
      try {
        await readNewestOnce()
        hasFailed = false
      } catch (error) {
        if (!hasFailed) report(error)
        hasFailed = true
        // What came shows at the end until it can be read where it belongs. Of nothing it is not known that it is all.
        const shown = messages.value ?? []
        const missing = [...fresh.values()].filter(({ id }) => !shown.some((message) => message.id === id))
        if (missing.length > 0) messages.value = [...shown, ...missing]
        fresh.clear()
      }
    } while (again)
  }

  async function readNewestOnce(): Promise<void> {
    const page = await mesh.history(key, { limit: pageSize })
    const merged = withNewestPage(messages.value ?? [], page)
    if (messages.value === undefined) unread.found(page)
    if (merged[0]?.id !== messages.value?.[0]?.id) hasEarlier.value = page.length === pageSize
    messages.value = merged
    if (isWatched()) markRead()
    if ([...fresh.keys()].every((id) => merged.some((message) => message.id === id))) return fresh.clear()
    if (again) return
    // A message that belongs before the newest page: read all that is shown, once.
    const all = await mesh.history(key, { limit: merged.length + fresh.size })
    messages.value = withNewestPage(messages.value, all)
    fresh.clear()
  }

  const markRead = (): void => unread.read(messages.value?.at(-1)?.cursor)

  const refresh = (): Promise<void> => {
    again = true
    isWanted = true
    running ??= readNewest().finally(() => {
      running = undefined
    })
    return running
  }

  return {
    key,
    messages,
    hasEarlier,
    loadingEarlier,
    unread,
    draft: createDraft(async (text) => {
      await mesh.send(key, text)
      unread.clearLine()
      void refresh()
    }, sentenceOf),
    refresh,
    retry() {
      if (hasFailed) void refresh()
    },
    async loadEarlier() {
      const first = messages.value?.[0]
      if (!first || loadingEarlier.value) return
      loadingEarlier.value = true
      try {
        const page = await mesh.history(key, { limit: pageSize, before: first.cursor })
        const shown = new Set(messages.value?.map((message) => message.id))
        messages.value = [...page.filter((message) => !shown.has(message.id)), ...(messages.value ?? [])]
        hasEarlier.value = page.length === pageSize
      } catch (error) {
        report(error)
      } finally {
        loadingEarlier.value = false
      }
    },
    received(message) {
      if (isWatched()) unread.read(message.cursor, message.id)
      else unread.arrived(message)
      if (!isWanted) return
      fresh.set(message.id, message)
      void refresh()
    },
    receipt(receipt, me) {
      const at = messages.value?.findIndex((message) => message.id === receipt.id) ?? -1
      const message = messages.value?.[at]
      if (message) messages.value = messages.value?.with(at, withReceipt(message, receipt, me))
      else if (running) again = true
    },
    async countUnread() {
      unread.found(await mesh.history(key, { limit: pageSize }))
      if (isWatched()) unread.read(undefined)
    },
    markRead,
  }
}

/** `shown` with its end replaced by the newest `page`; messages that did not change stay the same objects. */
export function withNewestPage(shown: readonly Message[], page: readonly Message[]): readonly Message[] {
  const first = page[0]
  const start = first ? shown.findIndex((message) => message.id === first.id) : -1
  const kept = start > 0 ? shown.slice(0, start) : []
  const before = new Map(shown.map((message) => [message.id, message]))
  return [...kept, ...page.map((message) => sameOrNewer(before.get(message.id), message))]
}

function sameOrNewer(before: Message | undefined, now: Message): Message {
  const same =
    before !== undefined &&
    before.state === now.state &&
    before.cursor === now.cursor &&
    before.fromName === now.fromName &&
    before.deliveredTo.size === now.deliveredTo.size &&
    before.addressees.length === now.addressees.length
  return same ? before : now
}

function withReceipt(message: Message, receipt: Receipt, me: MemberId): Message {
  const heard: Message = { ...message, deliveredTo: new Set(receipt.deliveredTo) }
  const { has, lacks } = deliveryOf(heard, me)
  const done = message.state === 'stored' && lacks.length === 0 && has.length > 0
  return done ? { ...heard, state: 'delivered' } : heard
}

/** The conversations a message belongs to, seen by `me`. */
export function conversationsOf(message: Message, me: MemberId): ConversationKey[] {
  if (message.to.startsWith('#')) return [message.to]
  if (message.from !== me) return [message.from]
  if (message.addressees.length > 0) return [...message.addressees]
  return [message.to]
}
