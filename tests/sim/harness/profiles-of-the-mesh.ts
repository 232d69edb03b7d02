// Rare themes about who is alive, what finds its way, and meshes of more peers than a peer keeps links.

import type { Profile } from './profiles.ts'

const few = [[100, 3, 5]] as const

export const meshProfiles: readonly Profile[] = [
  /** Most reach each other only by way of others, some of whom repeat what they heard. */
  {
    name: 'detours',
    weight: 2,
    machines: [[100, 4, 7]],
    steps: [50, 80],
    share: 0.4,
    documents: 0,
    holes: 0.45,
    casts: 0.95,
    pausesMs: [50, 2_400],
    faults: { attack: 1 },
    attacks: ['replay-broadcasts', 'copies-of-cast', 'copies-of-unicast', 'unicast-too-far'],
  },
  /** Paths end while everybody talks. */
  {
    name: 'missed',
    weight: 1,
    machines: [[100, 4, 6]],
    steps: [50, 80],
    share: 0.3,
    documents: 0,
    casts: 0.9,
    pausesMs: [50, 1_500],
    faults: { cut: 4, dropLinks: 4, partition: 1 },
  },
  /** Doubts that need a while to be looked into, and watchers that nod off meanwhile. */
  {
    name: 'far apart',
    weight: 2,
    machines: [[100, 4, 6]],
    steps: [50, 80],
    share: 0.6,
    documents: 0,
    casts: 0.7,
    latencyMs: [30, 250],
    pausesMs: [20, 700],
    faults: { accuse: 8, nap: 8, dropLinks: 1 },
  },
  /** What others say of those who live. */
  {
    name: 'false words',
    weight: 2,
    machines: few,
    steps: [20, 35],
    share: 0.6,
    documents: 0,
    pausesMs: [300, 4_000],
    faults: { attack: 10, dropLinks: 1, cut: 1 },
    attacks: ['records-ahead', 'record-of-other', 'records-of-others', 'goodbye-of-other', 'claim-of-other'],
  },
  /** What others say of the dead; and visitors from another mesh. */
  {
    name: 'old words',
    weight: 2,
    machines: few,
    steps: [40, 60],
    share: 0.7,
    documents: 0,
    pausesMs: [500, 8_000],
    faults: { attack: 10, kill: 3, freeze: 1, visit: 2 },
    attacks: ['records-old', 'alive-of-others', 'pong-false'],
  },
  /** They come to servers that hide them from each other, and nobody comes later who would bring them together. */
  {
    name: 'hidden',
    weight: 1,
    machines: [[100, 2, 4]],
    steps: [10, 20],
    share: 0.1,
    documents: 0.2,
    beginsHidden: true,
    faults: { dropLinks: 1, freeze: 1 },
  },
  /** More than a peer keeps links. Costs seconds of processor time: drawn where it is asked for. */
  {
    name: 'larger mesh',
    weight: 0,
    machines: [[100, 18, 20]],
    steps: [32, 45],
    share: 0.25,
    documents: 0.12,
    casts: 0.95,
    opensTogether: true,
    pausesMs: [200, 5_000],
    faults: { kill: 2, freeze: 2, loseLinks: 4, partition: 1 },
  },
]
