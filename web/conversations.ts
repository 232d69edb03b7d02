// What is shown of the mesh's history, one conversation at a time. The library keeps and orders the messages;
// this keeps the pages that were read, reads the newest page again when something changed, and counts what
// came in while the person looked elsewhere.

import { signal, type ReadonlySignal } from '@preact/signals'
import type { Address, MemberId, Mesh, Message, Receipt } from 'skein'
import { createDraft, type Draft } from './draft.ts'
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
  readonly unread: ReadonlySignal<number>
  readonly draft: Draft
  /** Reads the newest page again; calls that come while one runs are answered by one more. */
  refresh(): Promise<void>
  loadEarlier(): Promise<void>
  received(message: Message, seen: boolean): void
  receipt(receipt: Receipt, me: MemberId): void
  markRead(): void
}

const pageSize = 100

export function createConversation(
  mesh: Pick<Mesh, 'history' | 'send'>,
  key: ConversationKey,
  report: (error: unknown) => void,
  sentenceOf: (error: unknown) => string,
): Conversation {
  const messages = signal<readonly Message[] | undefined>(undefined)
  const hasEarlier = signal(false)
  const loadingEarlier = signal(false)
  const unread = signal(0)
  /** Came as events and are not in a page that was read yet. */
  const fresh = new Map<string, Message>()
  let running: Promise<void> | undefined
  let again = false

  async function readNewest(): Promise<void> {
    do {
      again = false
      try {
        await readNewestOnce()
      } catch (error) {
        report(error)
        messages.value = [...(messages.value ?? []), ...fresh.values()]
        fresh.clear()
      }
    } while (again)
  }

  async function readNewestOnce(): Promise<void> {
    const page = await mesh.history(key, { limit: pageSize })
    const merged = withNewestPage(messages.value ?? [], page)
    if (merged[0]?.id !== messages.value?.[0]?.id) hasEarlier.value = page.length === pageSize
    messages.value = merged
    if ([...fresh.keys()].every((id) => merged.some((message) => message.id === id))) return fresh.clear()
    if (again) return
    // A message that belongs before the newest page: read all that is shown, once.
    const all = await mesh.history(key, { limit: merged.length + fresh.size })
    messages.value = withNewestPage(messages.value, all)
    fresh.clear()
  }

  const refresh = (): Promise<void> => {
    again = true
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
      void refresh()
    }, sentenceOf),
    refresh,
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
    received(message, seen) {
      if (!seen) unread.value++
      if (messages.value === undefined && running === undefined) return
      fresh.set(message.id, message)
      void refresh()
    },
    receipt(receipt, me) {
      const at = messages.value?.findIndex((message) => message.id === receipt.id) ?? -1
      const message = messages.value?.[at]
      if (message) messages.value = messages.value?.with(at, withReceipt(message, receipt, me))
      else if (running) again = true
    },
    markRead() {
      if (unread.value !== 0) unread.value = 0
    },
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
