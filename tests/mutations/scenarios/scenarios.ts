// All stories, by name.

import { crowdScenarios } from './crowds.ts'
import { documentScenarios } from './documents.ts'
import { feedScenarios } from './feeds.ts'
import { leadershipScenarios } from './leadership.ts'
import { meshScenarios } from './mesh.ts'
import { storageScenarios } from './storage.ts'

/** Passes on the core as it is; on a mutant it ends with a `Complaint`. */
export interface Scenario {
  readonly name: string
  play(): Promise<void>
}

export const scenarios: readonly Scenario[] = [
  ...storageScenarios,
  ...feedScenarios,
  ...meshScenarios,
  ...crowdScenarios,
  ...leadershipScenarios,
  ...documentScenarios,
]
