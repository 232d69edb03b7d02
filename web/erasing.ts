// Leaving for good: what would be lost, said before; and the order in which it goes: the other tabs of this browser
// leave, this one leaves, then the storage is deleted. Nothing is deleted while a tab could still write.

import { effect } from '@preact/signals'
import type { DocStatus, MeshStatus } from 'skein'
import { notesDocument } from './documents/notes.ts'
import { tasksDocument } from './documents/tasks.ts'
import type { Session } from './state.ts'
import { count, inARow } from './words.ts'

/** What erasing may lose, one sentence each; empty where nothing is known to be at stake. */
export function whatIsAtStake(status: Pick<MeshStatus, 'queues' | 'docs'>): string[] {
  const { undelivered, waitingForName } = status.queues
  const onlyHere = status.docs.filter((doc) => !isEmpty(doc) && !isElsewhere(doc)).map(({ name }) => name)
  const sentences = []
  if (undelivered > 0)
    sentences.push(
      `${count(undelivered, 'message')} of yours ${undelivered === 1 ? 'has' : 'have'} not reached everyone yet, and may never.`,
    )
  if (waitingForName > 0)
    sentences.push(
      `${count(waitingForName, 'message')} ${waitingForName === 1 ? 'waits' : 'wait'} for a name that nobody bears yet, and will be gone.`,
    )
  if (onlyHere.length > 0)
    sentences.push(
      `Nobody who is here now has all of ${inARow(spoken(onlyHere))}. What only this device holds will be gone.`,
    )
  return sentences
}

/** Documents by what people know them as: notes bear ids, so they are counted. */
function spoken(names: readonly string[]): string[] {
  const notes = names.filter((name) => name !== tasksDocument && name !== notesDocument).length
  return [
    ...(notes > 0 ? [count(notes, 'note')] : []),
    ...(names.includes(notesDocument) ? ['the list of notes'] : []),
    ...(names.includes(tasksDocument) ? ['the tasks'] : []),
  ]
}

/** The encoding of nothing takes 2 bytes. */
const isEmpty = ({ sizeBytes }: DocStatus): boolean => sizeBytes <= 2
const isElsewhere = (doc: DocStatus): boolean => doc.state === 'synced' && doc.basedOn.length > 0

/** How long the other tabs may take to leave: `leave()` itself may take 12 s. */
const siblingPatienceMs = 15_000

/** Resolves to true once no other tab of this browser is in the mesh, to false where one stays. */
export function untilAlone(session: Session, patienceMs = siblingPatienceMs): Promise<boolean> {
  const siblings = (): number =>
    session.peers.value.filter(
      ({ id, member }) => member === session.me.value.member && id !== session.me.value.id,
    ).length
  if (siblings() === 0) return Promise.resolve(true)
  return new Promise((resolve) => {
    let off = (): void => undefined
    const settle = (alone: boolean): void => {
      clearTimeout(timer)
      resolve(alone)
      queueMicrotask(() => off())
    }
    const timer = setTimeout(() => settle(false), patienceMs)
    off = effect(() => {
      if (siblings() === 0) settle(true)
    })
  })
}

/** Pauses between attempts: the tabs that left let go of the storage a moment after they said goodbye. */
const pausesMs = [0, 250, 500, 1000, 2000]

/** Calls `erase` until it succeeds, or rejects with its last error; only `storage-busy` is worth another attempt. */
export async function eraseWithPatience(erase: () => Promise<void>): Promise<void> {
  let last: unknown
  for (const pauseMs of pausesMs) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    try {
      return await erase()
    } catch (error) {
      last = error
      const isBusy = error instanceof Error && 'code' in error && error.code === 'storage-busy'
      if (!isBusy) throw error
    }
  }
  throw last
}
