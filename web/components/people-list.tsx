// Everyone: each member with its live tabs or runs, how each is linked, and who is away.

import { useSignal } from '@preact/signals'
import type { Member, Peer } from 'skein'
import { useEffect } from 'preact/hooks'
import type { Session } from '../state.ts'
import { troubleWithPeer, waitsFor, whatAwayMeans } from '../trouble.ts'
import { ago, count, labelOf, labelOfPeer, linkOf, linkSentence, type LinkWord } from '../words.ts'

interface PeopleListProps {
  readonly session: Session
  readonly onSelected: () => void
}

export function PeopleList({ session, onSelected }: PeopleListProps) {
  const me = session.me.value
  const peers = session.peers.value
  const present = groupByMember(peers, me)
  const away = [...session.members.value.values()].filter(
    (member) => !member.online && !present.some(({ id }) => id === member.id),
  )
  return (
    <section aria-labelledby="people-title">
      <h2 id="people-title">
        Here <span class="note">{count(peers.length, 'peer')}</span>
      </h2>
      <ul class="people" data-testid="peers">
        {present.flatMap(({ runs }) =>
          runs.map((peer, at) => (
            <PeerRow
              key={peer.id}
              session={session}
              peer={peer}
              name={labelOfPeer(peer, session.members.value)}
              run={runs.length > 1 ? at + 1 : undefined}
              onSelected={onSelected}
            />
          )),
        )}
      </ul>
      {away.length > 0 && (
        <>
          <h2 id="away-title">Away</h2>
          <ul class="people" data-testid="away" aria-labelledby="away-title">
            {away.map((member) => (
              <AwayRow key={member.id} session={session} member={member} onSelected={onSelected} />
            ))}
          </ul>
        </>
      )}
    </section>
  )
}

interface PeerRowProps extends PeopleListProps {
  readonly peer: Peer
  readonly name: string
  /** Which of the member's tabs, from 1; undefined where it has only one. */
  readonly run: number | undefined
}

function PeerRow({ session, peer, name, run, onSelected }: PeerRowProps) {
  const me = session.me.value
  const link = linkOf(peer, me, session.status.value.links)
  const leads = session.leader.value.peer?.id === peer.id
  const rtt = session.status.value.links.find((candidate) => candidate.peer === peer.id)?.rttMs
  const later = run !== undefined && run > 1
  return (
    <li
      class={later ? 'peer later-run' : 'peer'}
      data-testid="peer"
      data-peer-id={peer.id}
      data-member={peer.member}
      data-name={peer.name}
      data-leader={leads}
      data-link={link}
      data-hidden={peer.hidden}
    >
      <button
        type="button"
        class="entry"
        disabled={peer.member === me.member}
        title={peer.member === me.member ? undefined : `Write to ${name}`}
        onClick={() => {
          session.select(peer.member)
          onSelected()
        }}
      >
        <span class="peer-name">
          <strong class="ellipsis">{name}</strong>
          {run !== undefined && (
            <span class="note">{peer.kind === 'agent' ? `run ${run}` : `tab ${run}`}</span>
          )}
          {link === 'self' && <span class="tag">you</span>}
          {peer.kind === 'agent' && <span class="tag">agent</span>}
          {leads && <span class="tag leads">leads</span>}
        </span>
        <span class="peer-link">
          <LinkMark link={link} />
          {linkSentence[link]}
          {rtt !== undefined && link !== 'self' && `, ${rtt < 1 ? 'under 1' : Math.round(rtt)} ms`}
          {peer.hidden && ' · in the background'}
        </span>
      </button>
      <PeerTrouble session={session} peer={peer} />
    </li>
  )
}

/** What is wrong with the link to a peer, and what to do. It changes with time alone: looked at every few seconds. */
function PeerTrouble({ session, peer }: { session: Session; peer: Peer }) {
  const now = useSignal(Date.now())
  const unlinked = session.linkHistory.unlinkedSince.value.has(peer.id)
  useEffect(() => {
    if (!unlinked) return
    const timer = setInterval(() => {
      now.value = Date.now()
    }, troubleLookMs)
    return () => clearInterval(timer)
  }, [unlinked])
  const trouble = troubleWithPeer(peer, {
    me: session.me.value,
    peers: session.peers.value,
    links: session.status.value.links,
    members: session.members.value,
    unlinkedSince: session.linkHistory.unlinkedSince.value,
    now: now.value,
  })
  if (!trouble) return null
  return (
    <details class="trouble" data-testid="trouble" data-serious={trouble.serious}>
      <summary>{trouble.head}</summary>
      <p>{trouble.text}</p>
    </details>
  )
}

const troubleLookMs = 5000

/** Own messages they lack, in the conversations that were read. */
function waitingHere(session: Session, member: Member): number {
  const me = session.me.value.member
  const ids = new Set(
    [...session.conversations.value.values()].flatMap(({ messages }) =>
      (messages.value ?? []).filter((message) => waitsFor(message, member.id, me)).map(({ id }) => id),
    ),
  )
  return ids.size
}

function AwayRow({ session, member, onSelected }: PeopleListProps & { readonly member: Member }) {
  const waiting = waitingHere(session, member)
  const now = session.minute.value
  return (
    <li class="peer away" data-member={member.id} data-name={member.name}>
      <button
        type="button"
        class="entry"
        onClick={() => {
          session.select(member.id)
          onSelected()
        }}
      >
        <span class="peer-name">
          <strong class="ellipsis">{labelOf(member.id, session.members.value)}</strong>
          {member.kind === 'agent' && <span class="tag">agent</span>}
        </span>
        <span class="peer-link">
          {member.lastSeenAt === undefined ? 'not seen yet' : `seen ${ago(member.lastSeenAt, now)}`}
        </span>
      </button>
      <details class="trouble" data-testid="trouble" data-serious={waiting > 0}>
        <summary>{waiting === 0 ? 'What this means' : `${count(waiting, 'message')} waiting`}</summary>
        <p>{whatAwayMeans(member, waiting, now)}</p>
      </details>
    </li>
  )
}

function LinkMark({ link }: { link: LinkWord }) {
  const path = {
    self: 'M8 4.5v5M5.5 7h5',
    webrtc: 'M2 7h12',
    tabs: 'M2.5 4h6v6h-6zM7.5 4h6v6h-6z',
    mesh: 'M2 10L8 4l6 6',
  }[link]
  return (
    <svg viewBox="0 0 16 14" aria-hidden="true">
      <path d={path} />
      {link === 'webrtc' && <path d="M2 7h.01M14 7h.01" class="ends" />}
      {link === 'mesh' && <path d="M2 10h.01M8 4h.01M14 10h.01" class="ends" />}
    </svg>
  )
}

/** Oneself first, then by name; each member's runs in the order they began. */
function groupByMember(peers: readonly Peer[], me: Peer): { id: Peer['member']; runs: Peer[] }[] {
  const groups = new Map<Peer['member'], Peer[]>()
  for (const peer of peers) groups.set(peer.member, [...(groups.get(peer.member) ?? []), peer])
  const sorted = [...groups].map(([id, runs]) => ({ id, runs: runs.sort(bySeniority) }))
  const rank = ({ id, runs }: { id: Peer['member']; runs: Peer[] }): string =>
    `${id === me.member ? 0 : 1} ${runs[0]?.name ?? ''} ${id}`
  return sorted.sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
}

const bySeniority = (a: Peer, b: Peer): number =>
  (a.seniority ?? Infinity) - (b.seniority ?? Infinity) || (a.id < b.id ? -1 : 1)
