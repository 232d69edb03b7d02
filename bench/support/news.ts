// What a peer under measurement tells the benchmark, and how it sees it: the same code in a page and in an agent.
// Times are Date.now() of the peer itself, the one clock that all processes of a machine share (to 1 ms).

import type { Mesh } from 'skein'

export interface LeaderNews {
  readonly type: 'leader'
  readonly atMs: number
  readonly leader: string | undefined
  readonly epoch: number
  readonly reason: string
  /** Counters of the library whose names begin with `suspicions`. */
  readonly suspicions: Readonly<Record<string, number>>
}

export interface StateNews {
  readonly type: 'state'
  readonly me: string
  /** Me included, sorted. */
  readonly peers: readonly string[]
  /** Peers to which a link stands. */
  readonly linked: number
  /** Of what kinds the links are. */
  readonly kinds: readonly string[]
  readonly leader: string | undefined
  readonly epoch: number
  /** Counters of the library whose names begin with `suspicions`. */
  readonly suspicions: Readonly<Record<string, number>>
}

export type News = StateNews | Told

/** Everything but the state: what happened, and when. */
export type Told =
  | LeaderNews
  | { readonly type: 'left'; readonly atMs: number; readonly peer: string; readonly reason: string }
  /** What the platform showed, seen past the library: only pages tell. */
  | { readonly type: 'evidence'; readonly atMs: number; readonly kind: string }
  | { readonly type: 'error'; readonly atMs: number; readonly message: string }

/** Tells of everything from now on, and of the state as it is. */
export function tellNews(mesh: Mesh, tell: (news: News) => void): void {
  let told = ''
  const tellState = (): void => {
    const { me, peers, leader, epoch } = mesh
    const { links } = mesh.status()
    const state: StateNews = {
      type: 'state',
      me: me.id,
      peers: [...peers.keys()].toSorted(),
      linked: new Set(links.map(({ peer }) => peer)).size,
      kinds: [...new Set(links.map(({ kind }) => kind))],
      leader: leader?.id,
      epoch,
      suspicions: suspicionsOf(mesh),
    }
    const text = JSON.stringify(state)
    if (text !== told) tell(state)
    told = text
  }
  mesh.on('leader', ({ leader, epoch, reason }) => {
    tell({
      type: 'leader',
      atMs: Date.now(),
      leader: leader?.id,
      epoch,
      reason,
      suspicions: suspicionsOf(mesh),
    })
    tellState()
  })
  mesh.on('peers', ({ left }) => {
    for (const { peer, reason } of left) tell({ type: 'left', atMs: Date.now(), peer: peer.id, reason })
    tellState()
  })
  mesh.on('links', tellState)
  mesh.on('status', tellState)
  mesh.on('error', (error) =>
    tell({ type: 'error', atMs: Date.now(), message: `${error.code}: ${error.message}` }),
  )
  tellState()
}

const suspicionsOf = (mesh: Mesh): Record<string, number> =>
  Object.fromEntries(Object.entries(mesh.status().counters).filter(([name]) => name.startsWith('suspicions')))
