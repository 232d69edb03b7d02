// Why somebody cannot be reached directly, what that means for messages, and what to do. Said only of what the mesh
// shows: who is there, who is linked with this tab and since when not, who was last seen when.

import { signal, type ReadonlySignal } from '@preact/signals'
import type { LinkStatus, Member, MemberId, Message, Peer, PeerId } from 'skein'
import { ago, count, deliveryOf, inARow, labelOfPeer } from './words.ts'

export interface LinkHistory {
  /** Peers that are here and not linked with this tab: since when, ms since 1970. */
  readonly unlinkedSince: ReadonlySignal<ReadonlyMap<PeerId, number>>
  update(me: Peer, peers: readonly Peer[], links: readonly LinkStatus[]): void
}

export function createLinkHistory(now: () => number): LinkHistory {
  const unlinkedSince = signal<ReadonlyMap<PeerId, number>>(new Map())
  return {
    unlinkedSince,
    update(me, peers, links) {
      const before = unlinkedSince.value
      const linked = new Set(links.map(({ peer }) => peer))
      const lacking = peers.filter(({ id }) => id !== me.id && !linked.has(id))
      const same = lacking.length === before.size && lacking.every(({ id }) => before.has(id))
      if (!same) unlinkedSince.value = new Map(lacking.map(({ id }) => [id, before.get(id) ?? now()]))
    },
  }
}

export interface Trouble {
  /** Two or three words. */
  readonly head: string
  readonly text: string
  /** Worth a look; else it is only how things are. */
  readonly serious: boolean
}

export interface Surroundings {
  readonly me: Peer
  readonly peers: readonly Peer[]
  readonly links: readonly LinkStatus[]
  readonly members: ReadonlyMap<MemberId, Member>
  readonly unlinkedSince: ReadonlyMap<PeerId, number>
  /** ms since 1970. */
  readonly now: number
}

/** Until then the first attempts to connect are simply under way. chosen: twice what a link takes to form. */
const patienceMs = 10_000
/** Above it not everybody is linked with everybody: the overlay's full mesh ends there. */
const fullMeshPeers = 16
/** Slower than that a person notices. chosen. */
const slowRttMs = 1000

/** What is wrong between this tab and a live peer, or undefined. */
export function troubleWithPeer(peer: Peer, around: Surroundings): Trouble | undefined {
  const { me, members } = around
  if (peer.id === me.id) return undefined
  const name = peer.member === me.member ? 'your other tab' : labelOfPeer(peer, members)
  const link = around.links.find((candidate) => candidate.peer === peer.id)
  if (link) return link.rttMs === undefined || link.rttMs < slowRttMs ? undefined : slow(name, link.rttMs)
  const waitedMs = around.now - (around.unlinkedSince.get(peer.id) ?? around.now)
  const first = `No direct connection to ${name}: ${detour(peer, around)}.`
  if (around.peers.length > fullMeshPeers)
    return {
      head: 'Not linked directly',
      text: `${first} In a mesh of more than ${fullMeshPeers} that is how it should be.`,
      serious: false,
    }
  if (waitedMs < patienceMs)
    return { head: 'Connecting…', text: `${first} Connecting has only begun.`, serious: false }
  const tried = `It has been tried for ${span(waitedMs)}.`
  const advice =
    peer.member === me.member
      ? 'The browser may have frozen that tab: look at it, or reload it.'
      : 'Networks that forbid direct connections need a TURN server: see "Troubleshooting" in docs/running.md.'
  return { head: 'Not linked directly', text: `${first} ${tried} ${advice}`, serious: true }
}

const slow = (name: string, rttMs: number): Trouble => ({
  head: 'Slow connection',
  text: `An answer from ${name} takes ${(rttMs / 1000).toFixed(1)} s. Messages arrive all the same, only later.`,
  serious: true,
})

/** The way that messages take instead. */
function detour(peer: Peer, { me, peers, links, members }: Surroundings): string {
  const linked = new Set(links.map((link) => link.peer))
  const names = peers
    .filter(({ id }) => linked.has(id) && id !== peer.id)
    .map((other) => (other.member === me.member ? 'your other tab' : labelOfPeer(other, members)))
  const unique = [...new Set(names)]
  if (unique.length === 0) return 'what you send waits on this device until a connection stands'
  if (unique.length > 3) return 'messages travel through the others'
  return `messages travel through ${inARow(unique).replace(/ and (?=[^,]*$)/, ' or ')}`
}

function span(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  return seconds < 120 ? `${seconds} s` : count(Math.floor(seconds / 60), 'minute')
}

/** What it means that a member is away. `waiting`: how many of one's own messages shown here they lack. */
export function whatAwayMeans(member: Member, waiting: number, now: number): string {
  const seen =
    member.lastSeenAt === undefined
      ? `This device never met ${member.name}`
      : `${member.name} was last seen ${ago(member.lastSeenAt, now)}`
  const waits =
    waiting === 0
      ? 'What you send waits on this device'
      : `${count(waiting, 'message')} of yours ${waiting === 1 ? 'waits' : 'wait'} on this device`
  const goes = waiting > 1 ? 'go out' : 'goes out'
  const it = waiting > 1 ? 'them' : 'it'
  return `${seen}. ${waits} and ${goes} when ${member.name} is back while this device, or somebody else who has ${it}, is here.`
}

/** It is one's own, still on its way, and the member lacks it. */
export const waitsFor = (message: Message, member: MemberId, me: MemberId): boolean =>
  message.from === me && message.state === 'stored' && deliveryOf(message, me).lacks.includes(member)
