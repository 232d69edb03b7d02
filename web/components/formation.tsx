// The peers as a flock in flight, the leader in front. An ornament: all it shows is in the list below it.

import type { Peer } from 'skein'
import type { Session } from '../state.ts'

const width = 240

export function Formation({ session }: { session: Session }) {
  const leader = session.leader.value.peer?.id
  const me = session.me.value.id
  const flock = [...session.peers.value].sort(
    (a, b) => Number(b.id === leader) - Number(a.id === leader) || bySeniority(a, b),
  )
  const rows = Math.max(2, Math.ceil((flock.length - 1) / 2))
  const step = Math.min(30, 100 / rows)
  const drop = Math.min(15, 84 / rows)
  return (
    <svg class="formation" viewBox={`0 0 ${width} ${Math.round(26 + rows * drop)}`} aria-hidden="true">
      {flock.map((peer, at) => {
        const row = Math.ceil(at / 2)
        const x = width / 2 + (at % 2 === 0 ? 1 : -1) * row * step
        const kind = peer.id === leader ? 'bird leads' : peer.id === me ? 'bird me' : 'bird'
        return (
          <g
            key={peer.id}
            class={peer.hidden ? `${kind} resting` : kind}
            style={{ transform: `translate(${x}px, ${14 + row * drop}px)` }}
          >
            <path d="M-11 3q5.5-6 11-1q5.5-5 11 1" />
          </g>
        )
      })}
    </svg>
  )
}

const bySeniority = (a: Peer, b: Peer): number =>
  (a.seniority ?? Infinity) - (b.seniority ?? Infinity) || (a.id < b.id ? -1 : 1)
