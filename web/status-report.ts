// Everything the mesh says of itself, as sections of labelled lines: the status view draws them, and the same lines
// are what is copied into a bug report.

import type { DocStatus, LinkStatus, Member, MemberId, MeshStatus, Peer, PeerId } from 'skein'
import { errorSentence } from './event-sentences.ts'
import { count, inARow, labelOfPeer } from './words.ts'

export interface StatusLine {
  readonly label: string
  readonly value: string
  readonly tone?: 'good' | 'bad'
}

export interface StatusSection {
  readonly id: 'mesh' | 'links' | 'servers' | 'queues' | 'storage' | 'documents' | 'counters'
  readonly title: string
  readonly lines: readonly StatusLine[]
  /** Said in place of lines where there are none. */
  readonly empty: string
}

export interface StatusInput {
  readonly meshName: string
  readonly me: Peer
  readonly peers: readonly Peer[]
  readonly members: ReadonlyMap<MemberId, Member>
  readonly rooms: readonly { readonly joined: boolean }[]
  readonly leader: { readonly peer: Peer | undefined; readonly epoch: number }
  readonly status: MeshStatus
  readonly signalingProblem: string | undefined
  /** What the browser says of the whole site, in bytes. */
  readonly site: { readonly usageBytes: number; readonly quotaBytes: number } | undefined
}

export function statusSections(input: StatusInput): StatusSection[] {
  const { status } = input
  return [
    { id: 'mesh', title: 'Mesh', lines: meshLines(input), empty: '' },
    {
      id: 'links',
      title: 'Links',
      lines: status.links.map((link) => linkLine(link, input)),
      empty: 'No links: nobody else is here, or nobody could be reached yet.',
    },
    {
      id: 'servers',
      title: 'Signaling servers',
      lines: serverLines(input),
      empty: 'None is set: only tabs of this browser are found.',
    },
    { id: 'queues', title: 'On the way', lines: queueLines(status), empty: '' },
    { id: 'storage', title: 'Kept on this device', lines: storageLines(input), empty: '' },
    {
      id: 'documents',
      title: 'Notes and tasks',
      lines: status.docs.map((doc) => docLine(doc, input)),
      empty: 'None is open in this tab.',
    },
    {
      id: 'counters',
      title: 'Counters',
      lines: Object.entries(status.counters)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([label, value]) => ({ label, value: String(value) })),
      empty: 'Nothing was counted.',
    },
  ]
}

/** For a bug report: plain text, one line a fact. */
export function statusText(sections: readonly StatusSection[], at: string, browser: string): string {
  const blocks = sections.map(({ title, lines, empty }) =>
    [
      title,
      ...(lines.length > 0 ? lines.map(({ label, value }) => `  ${label}: ${value}`) : [`  ${empty}`]),
    ].join('\n'),
  )
  return [`Skein, ${at}\n${browser}`, ...blocks].join('\n\n')
}

// ------------------------------------------------------------------------------------------ sections

function meshLines({ meshName, me, peers, members, leader, status }: StatusInput): StatusLine[] {
  const leads = leader.peer?.id === me.id
  const who = leader.peer ? (leads ? 'this tab' : labelOfPeer(leader.peer, members)) : 'nobody yet'
  const siblings = peers.filter((peer) => peer.member === me.member && peer.id !== me.id).length
  return [
    { label: 'Mesh', value: meshName },
    { label: 'Here now', value: count(peers.length, 'peer') },
    { label: 'Leader', value: leader.peer ? `${who} (${leader.peer.id.slice(0, 8)})` : who },
    { label: 'Epoch', value: String(leader.epoch) },
    {
      label: 'This tab',
      value: `${me.name}, ${leads ? 'leads' : 'follows'}, ${seniorityWords(me)}, peer ${me.id.slice(0, 8)}`,
    },
    { label: 'Member', value: `${me.member.slice(0, 8)}, ${count(siblings, 'other tab')}` },
    { label: 'Discovery', value: status.settled ? 'done' : 'looking for others…' },
  ]
}

const seniorityWords = ({ seniority }: Peer): string =>
  seniority === undefined ? 'has not met the mesh yet' : `came as number ${seniority}`

function linkLine(link: LinkStatus, input: StatusInput): StatusLine {
  const waiting = link.queuedBytes > 0 ? `${bytes(link.queuedBytes)} waiting` : 'nothing waiting'
  const kind = link.kind === 'webrtc' ? 'WebRTC' : link.kind === 'tabs' ? 'same browser' : link.kind
  return {
    label: peerName(link.peer, input),
    value: `${kind}, round trip ${roundTrip(link.rttMs)}, ${bytes(link.bytesSent)} out, ${bytes(link.bytesReceived)} in, ${waiting}`,
  }
}

function peerName(id: PeerId, { peers, members, me }: StatusInput): string {
  const peer = peers.find((candidate) => candidate.id === id)
  if (!peer) return `peer ${id.slice(0, 8)}`
  return `${peer.member === me.member ? 'your other tab' : labelOfPeer(peer, members)} (${id.slice(0, 8)})`
}

const roundTrip = (rttMs: number | undefined): string =>
  rttMs === undefined ? 'not measured yet' : rttMs < 1 ? 'under 1 ms' : `${Math.round(rttMs)} ms`

function serverLines({ status, signalingProblem }: StatusInput): StatusLine[] {
  const words = { open: 'connected', connecting: 'connecting…', closed: 'out of reach, tried again' } as const
  const lines: StatusLine[] = status.signaling.map(({ url, state }) => ({
    label: url,
    value: words[state],
    ...(state === 'closed' && { tone: 'bad' as const }),
    ...(state === 'open' && { tone: 'good' as const }),
  }))
  if (signalingProblem !== undefined && status.signaling.some(({ state }) => state !== 'open'))
    lines.push({ label: 'Last problem', value: signalingProblem, tone: 'bad' })
  return lines
}

function queueLines({ queues }: MeshStatus): StatusLine[] {
  return [
    { label: 'Your messages that somebody lacks', value: String(queues.undelivered) },
    { label: 'Waiting for a name', value: String(queues.waitingForName) },
    { label: 'Inbox of programs', value: String(queues.inbox) },
    { label: 'Waiting in links', value: bytes(queues.linkBytes) },
  ]
}

function storageLines({ status, members, rooms, site }: StatusInput): StatusLine[] {
  const { storage } = status
  const joined = rooms.filter((room) => room.joined).length
  const lines: StatusLine[] = [
    {
      label: 'Storage',
      value: storage.kind === 'durable' ? 'on disk (IndexedDB)' : 'in memory only, gone with this tab',
      ...(storage.kind === 'memory' && { tone: 'bad' as const }),
    },
    { label: 'Kept for good', value: persistenceWords(storage) },
    { label: 'Room left', value: storage.full ? 'full; what is stored stays readable' : roomWords(site) },
    { label: 'Known', value: `${count(members.size, 'member')}, ${count(joined, 'room')} joined` },
    { label: 'Store', value: storage.storeId.slice(0, 8) },
  ]
  return storage.full
    ? lines.map((line) => (line.label === 'Room left' ? { ...line, tone: 'bad' } : line))
    : lines
}

function persistenceWords({ kind, persistent }: MeshStatus['storage']): string {
  if (kind === 'memory') return 'no'
  if (persistent === true) return 'yes, the browser granted it'
  if (persistent === undefined) return 'this browser cannot be asked'
  return 'not granted: the browser may clear it when it runs out of room or after long disuse'
}

const roomWords = (site: StatusInput['site']): string =>
  site === undefined
    ? 'the browser does not say'
    : `${bytes(site.usageBytes)} of ${bytes(site.quotaBytes)} used by this site`

function docLine(doc: DocStatus, input: StatusInput): StatusLine {
  const names = [...new Set(doc.basedOn.map((id) => peerName(id, input)))]
  const state = {
    alone: 'alone: nobody here has it open',
    syncing: `syncing, ${Math.floor(doc.progress * 100)} %`,
    synced: `synced with ${inARow(names)}`,
  }[doc.state]
  const stored = doc.stored ? 'stored here' : 'not all stored yet'
  const problem = doc.problem === undefined ? '' : `. ${errorSentence(doc.problem)}`
  return {
    label: doc.name,
    value: `${state}, ${bytes(doc.sizeBytes)}, ${stored}${problem}`,
    ...(doc.problem !== undefined && { tone: 'bad' as const }),
    ...(doc.problem === undefined && doc.state === 'synced' && { tone: 'good' as const }),
  }
}

/** "0 B", "3.4 KiB", "20 MiB". */
export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const at = n < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(n) / 10))
  const value = n / 1024 ** at
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1).replace(/\.0$/, '')} ${units[at]}`
}
