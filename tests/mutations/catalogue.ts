// Every way in which the suite breaks the core, and by what complaint of which story each is caught.

import { documentMutations } from './catalogue/documents.ts'
import { feedMutations } from './catalogue/feeds.ts'
import { leadershipMutations } from './catalogue/leadership.ts'
import { meshMutations } from './catalogue/mesh.ts'
import { storageMutations } from './catalogue/storage.ts'

/** A piece of source that occurs exactly once in `file`, and what takes its place. */
export interface Change {
  readonly file: string
  readonly find: string
  readonly replace: string
}

export interface Mutation {
  /** What the mutant does wrong. */
  readonly name: string
  /** The promise of the design or the rule that it breaks. */
  readonly rule: string
  /** What goes wrong for somebody who uses it. */
  readonly why: string
  /** Several where the core keeps the rule in several places, each enough by itself. */
  readonly changes: readonly Change[]
  /** Of the harness: the theme whose random seeds show it soonest; absent: any. */
  readonly profile?: string
  /** For its random seeds: a core that is otherwise as it is, with other limits. What is broken there is told from what it is by itself. */
  readonly setting?: readonly Change[]
  readonly scenario: string
  /** What the story has to complain of; anything else does not count. */
  readonly complaint: string
}

export const mutations: readonly Mutation[] = [
  ...storageMutations,
  ...feedMutations,
  ...meshMutations,
  ...leadershipMutations,
  ...documentMutations,
]
