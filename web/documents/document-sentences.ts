// What the app says about how a document stands. It never says more than the library knows: "in sync" names those it
// rests on, and "saved" means in this device's store.

import type { DocHandle, DocState, MeshErrorCode } from 'skein'
import { errorSentence } from '../event-sentences.ts'
import { count } from '../words.ts'

/** How a document stands at one moment. */
export interface DocumentState {
  readonly state: DocState
  /** Other people whose copies this rests on. */
  readonly others: number
  /** Other tabs and runs of one's own that it rests on. */
  readonly ownTabs: number
  /** From 0 to 1. */
  readonly progress: number
  readonly stored: boolean
  readonly problem: DocHandle['problem']
}

/** What a document is to the person who reads about it. */
export type SharedThing = 'note' | 'list of notes' | 'task list'

export interface StateWords {
  readonly sync: string
  readonly saved: string
  /** What is wrong and what to do, in full sentences. */
  readonly problem: string | undefined
  /** Percent, while a transfer is under way. */
  readonly percent: number | undefined
}

export function stateWords(now: DocumentState, what: SharedThing): StateWords {
  // 100 % is said by "in sync", and by nothing else.
  const percent =
    now.state === 'syncing' && now.progress < 1
      ? Math.min(99, Math.max(0, Math.floor(now.progress * 100)))
      : undefined
  return {
    sync: syncWords(now, percent),
    saved: savedWords(now),
    problem: now.problem && problemSentence(now.problem, what),
    percent,
  }
}

function syncWords({ state, others, ownTabs }: DocumentState, percent: number | undefined): string {
  if (state === 'alone') return 'Only you are here'
  if (state === 'syncing') return percent === undefined ? 'Syncing…' : `Syncing… ${percent} %`
  const tabs = ownTabs === 1 ? 'your other tab' : `your ${ownTabs} other tabs`
  const company = [...(others > 0 ? [count(others, 'other')] : []), ...(ownTabs > 0 ? [tabs] : [])]
  return `In sync with ${company.length > 0 ? company.join(' and ') : 'everybody here'}`
}

const storageProblems: ReadonlySet<string> = new Set(['storage-full', 'storage-busy', 'storage-failed'])

function savedWords({ stored, problem }: DocumentState): string {
  if (stored) return 'Saved on this device'
  return problem && storageProblems.has(problem.code) ? 'Not saved on this device' : 'Saving…'
}

const problemSentences: Partial<Record<MeshErrorCode, (what: string) => string>> = {
  'doc-over-limit': (what) =>
    `This ${what} has become larger than it may be: what is over the limit is neither sent nor taken in. Delete some of it, or go on in a new one.`,
  'storage-full': (what) =>
    `There is no room left on this device: what is written in this ${what} now reaches the others, but is not kept here. Free some space; it is tried again by itself.`,
  'storage-busy': (what) =>
    `The storage of this device does not answer: another tab holds it. Close or wake your other tabs; until then this ${what} is not kept here.`,
  'storage-failed': (what) =>
    `The storage of this device failed: what is written in this ${what} is not kept here. Export it to be safe, then reload the page.`,
}

function problemSentence(problem: NonNullable<DocHandle['problem']>, what: string): string {
  return problemSentences[problem.code]?.(what) ?? errorSentence(problem)
}
