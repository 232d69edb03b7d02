// Rare themes about who is alive, what finds its way, and meshes of more peers than a peer keeps links.

import type { Profile } from './profiles.ts'

const few = [[100, 3, 5]] as const

const ofCrowds = {
  weight: 0,
  steps: [32, 45],
  share: 0.16,
  documents: 0.12,
  casts: 0.95,
  opensTogether: true,
  pausesMs: [200, 7_000],
  faults: { kill: 3, freeze: 3, loseLinks: 4, partition: 1 },
} as const

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
  /** Somebody answers for the dead all the time, or puts off its own end by saying that it is busy. */
  {
    name: 'insistent',
    weight: 1,
    machines: few,
    steps: [30, 50],
    share: 0.2,
    documents: 0,
    pausesMs: [1_000, 8_000],
    faults: { insist: 5, kill: 5, freeze: 1 },
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
  { name: 'larger mesh', machines: [[100, 18, 20]], ...ofCrowds },
  /** The same where peers keep few links: cheap, and only for a core whose limits say so (tests/mutations). */
  { name: 'few links', machines: [[100, 8, 11]], ...ofCrowds },
  /** … and hardly anybody talks, so that who is watched by nobody dies unnoticed. */
  {
    name: 'few links, few words',
    weight: 0,
    machines: [[100, 10, 13]],
    steps: [14, 20],
    share: 0.7,
    documents: 0,
    casts: 0.9,
    pausesMs: [40_000, 60_000],
    lastsMs: [14_000, 18_000],
    faults: { freeze: 1 },
  },
]
