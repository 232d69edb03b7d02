// Rare themes around what is written and kept: one store under several tabs, feeds that liars serve, epochs that liars raise,
// documents that begin elsewhere, weeks in which nobody is there, disks that stay full.

import type { Profile } from './profiles.ts'

const few = [[100, 3, 4]] as const

export const storeProfiles: readonly Profile[] = [
  {
    name: 'same store',
    weight: 2,
    machines: [[100, 2, 3]],
    steps: [50, 80],
    share: 0.25,
    documents: 0.1,
    withTabs: true,
    sentAgain: 0.25,
    faults: { slowDisk: 6, kill: 5, killAt: 4, freeze: 2, failing: 2, cut: 1 },
  },
  {
    name: 'lies',
    weight: 1,
    machines: [[100, 3, 5]],
    steps: [30, 50],
    share: 0.35,
    documents: 0.1,
    faults: { attack: 1 },
    attacks: ['floor-false', 'bodies-withheld', 'replay-heard', 'found-unasked', 'vector-max'],
  },
  {
    name: 'far epochs',
    weight: 1,
    machines: [[100, 3, 5]],
    steps: [30, 50],
    share: 0.35,
    documents: 0.05,
    faults: { attack: 6, kill: 3, freeze: 1, partition: 1, wipe: 1 },
    attacks: [
      'claim-step',
      'claim-step',
      'claim-steps-of-leader',
      'claim-next',
      'claim-jump',
      'claim-of-other',
    ],
  },
  {
    name: 'imports',
    weight: 1,
    machines: few,
    steps: [40, 60],
    share: 0.2,
    documents: 0.8,
    imports: 0.2,
    faults: { kill: 3, cut: 3, partition: 3, freeze: 1 },
  },
  {
    name: 'absences',
    weight: 1,
    machines: few,
    steps: [40, 60],
    share: 0.3,
    documents: 0.1,
    longLived: 0.6,
    faults: { absence: 3, kill: 5, partition: 4, cut: 2 },
  },
  {
    name: 'full disks',
    weight: 1,
    machines: few,
    steps: [20, 30],
    share: 0.4,
    documents: 0.1,
    pausesMs: [1_000, 10_000],
    lastsMs: [15_000, 60_000],
    faults: { failing: 5, kill: 5 },
  },
]
