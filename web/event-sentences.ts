// Turns what the mesh reports into plain sentences for the event line. Pure: each function is given what it
// needs to know and returns the words.

import type { LeaderChange, MeshError, MeshStatus, Peer, PeersChange } from 'skein'
import { inARow } from './words.ts'

export type DepartureReason = PeersChange['left'][number]['reason']

/** How many other live peers the same member has. */
export type Siblings = (peer: Peer) => number

/** `peer` came into view: it has just come, or it was there before us. `siblings` are its member's other peers. */
export function arrivalSentence(peer: Peer, me: Peer, siblings: number): string {
  const wasHere = peer.seniority !== undefined && peer.seniority < (me.seniority ?? Infinity)
  const opened = wasHere ? 'has another tab open' : 'opened another tab'
  if (peer.member === me.member) return wasHere ? 'You have another tab open.' : 'You opened another tab.'
  if (peer.kind === 'agent') return `The agent ${peer.name} is here.`
  return siblings > 0 ? `${peer.name} ${opened}.` : `${peer.name} is here.`
}

/** Without a full stop: a leader change may be said in the same breath. */
export function departureWords(peer: Peer, me: Peer, reason: DepartureReason, siblings: number): string {
  const tab = tabOf(peer, me)
  if (reason === 'failed') return `${tab} went away`
  if (peer.member === me.member) return 'your other tab was closed'
  if (peer.kind === 'agent') return `the agent ${peer.name} left`
  return siblings > 0 ? `${peer.name} closed a tab` : `${peer.name} left`
}

const tabOf = (peer: Peer, me: Peer): string => {
  if (peer.id === me.id) return 'this tab'
  if (peer.member === me.member) return 'your other tab'
  return peer.kind === 'agent' ? `the agent ${peer.name}` : `${peer.name}'s tab`
}

/** What happened to the leader; `siblings` of the one before count how many peers that member still has. */
export function leaderSentence(change: LeaderChange, me: Peer, siblings: Siblings): string {
  const { leader, previous, reason } = change
  const now = leadsNow(leader, me)
  if (leader && previous && leader.id === previous.id) return sentence(`${now}, with a new epoch`)
  if (!previous) return sentence(now)
  switch (reason) {
    case 'failed':
    case 'left':
      return sentence(`${departureWords(previous, me, reason, siblings(previous))}; ${now}`)
    case 'stalled':
      return sentence(`${tabOf(previous, me)} stood still for a while; ${now}`)
    case 'resigned':
      return sentence(`${tabOf(previous, me)} stepped down; ${now}`)
    case 'outranked':
      return sentence(`${leader ? tabOf(leader, me) : 'another'} ranks higher; ${now}`)
    case 'merged':
      return sentence(`two parts of the mesh met; ${now}`)
    case 'elected':
      return sentence(now)
  }
}

function leadsNow(leader: Peer | undefined, me: Peer): string {
  if (!leader) return 'nobody leads just now'
  if (leader.id === me.id) return 'you lead now'
  return leader.member === me.member ? 'your other tab leads now' : `${leader.name} leads now`
}

/** A first letter is raised only where it is ours to raise: names are written as their bearers wrote them. */
export function sentence(words: string): string {
  const ours = /^(this|your|you|the agent|two|nobody|another)\b/.test(words)
  return `${ours ? words.charAt(0).toUpperCase() + words.slice(1) : words}.`
}

export function renameSentence(before: string, after: string): string {
  return `${before} is now called ${after}.`
}

/** What changed about the signaling servers: which fell silent and which are back. */
export function signalingSentences(
  before: ReadonlyMap<string, boolean>,
  status: MeshStatus,
  linked: number,
): { readonly text: string; readonly good: boolean }[] {
  const several = status.signaling.length > 1
  const named = (urls: string[]): string =>
    several
      ? `${urls.length > 1 ? 'The signaling servers' : 'The signaling server'} ${inARow(urls.map(hostOf))}`
      : 'The signaling server'
  const lost = status.signaling.filter((s) => s.state === 'closed' && before.get(s.url) !== false)
  const back = status.signaling.filter((s) => s.state === 'open' && before.get(s.url) === false)
  const sentences = []
  if (lost.length > 0)
    sentences.push({
      text: `${named(lost.map((s) => s.url))} cannot be reached; ${
        linked > 0
          ? 'everyone you are linked with stays connected'
          : 'what you write is stored and goes out later'
      }.`,
      good: false,
    })
  if (back.length > 0)
    sentences.push({
      text: `${named(back.map((s) => s.url))} ${back.length > 1 ? 'are' : 'is'} back.`,
      good: true,
    })
  return sentences
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url)

const heads: Partial<Record<MeshError['code'], string>> = {
  'storage-full': 'Your storage is full',
  'storage-busy': 'Your storage does not answer',
  'storage-failed': 'Your storage failed',
  'record-corrupt': 'Damage in your storage',
  'store-forked': 'This storage is a copy or an older state',
  'peer-misbehaved': 'A peer sent what no Skein peer sends',
  'duty-failed': 'A program in this page failed',
  expired: 'A message expired',
}

/** Any error as a sentence: the library's own, led by what it means here. */
export function errorSentence(error: unknown): string {
  const { code, message } = asError(error)
  const text = /[.!?…]$/.test(message) ? message : `${message}.`
  const head = code === undefined ? undefined : heads[code as MeshError['code']]
  return head === undefined || text.toLowerCase().startsWith(head.toLowerCase()) ? text : `${head}: ${text}`
}

function asError(error: unknown): { code: string | undefined; message: string } {
  if (!(error instanceof Error)) return { code: undefined, message: String(error) }
  const code: unknown = 'code' in error ? error.code : undefined
  return { code: typeof code === 'string' ? code : undefined, message: error.message || error.name }
}
