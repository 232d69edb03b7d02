// How the app says things: names in a row, who has a message, how somebody is linked, how the mesh stands.
// Pure, so that every sentence can be tested.

import type { Address, LinkStatus, Member, MemberId, MeshStatus, Message, Peer } from 'skein'

/** "bob", "bob and carol", "bob, carol and 3 others". */
export function inARow(names: readonly string[], most = 3): string {
  if (names.length <= 1) return names[0] ?? 'nobody'
  const shown = names.length > most + 1 ? names.slice(0, most) : names
  const rest = names.length - shown.length
  if (rest > 0) return `${shown.join(', ')} and ${rest} others`
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}

export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`

/** Ids told apart at a glance. */
const shortId = (id: string): string => id.slice(0, 4)

/** The member's name; with a piece of its id where two bear the same. */
export function labelOf(id: MemberId, members: ReadonlyMap<MemberId, Member>): string {
  const member = members.get(id)
  if (!member) return `somebody (${shortId(id)})`
  for (const other of members.values())
    if (other.id !== id && other.name === member.name) return `${member.name} (${shortId(id)})`
  return member.name
}

/** What one run is called: a tab may have been given another name than the member goes by now. */
export const labelOfPeer = (peer: Peer, members: ReadonlyMap<MemberId, Member>): string =>
  members.get(peer.member)?.name === peer.name ? labelOf(peer.member, members) : peer.name

/** What a conversation is called: `#general`, `@zoe` while nobody bears the name, else the member's name. */
export const titleOf = (to: Address, members: ReadonlyMap<MemberId, Member>): string =>
  to.startsWith('#') || to.startsWith('@') ? to : labelOf(to as MemberId, members)

/** Who goes by the name in an address like `@zoe`. */
export const bearersOf = (to: Address, members: ReadonlyMap<MemberId, Member>): Member[] =>
  [...members.values()].filter((member) => `@${member.name}` === to)

/** A conversation with a name and not with one member: who has it, and what becomes of a message that has to wait. */
export function sentencesOnName(
  to: Address,
  members: ReadonlyMap<MemberId, Member>,
): { readonly who: string; readonly hint: string | undefined } {
  const name = to.slice(1)
  const bearers = bearersOf(to, members)
  if (bearers.length > 0)
    return {
      who: `Goes to all ${bearers.length} named ${name}`,
      hint: bearers.some(({ online }) => online)
        ? undefined
        : `Nobody named ${name} is here now. What you write is stored here and arrives when they are back.`,
    }
  const alike = [...members.values()].find((other) => other.name.toLowerCase() === name.toLowerCase())
  const seen = alike ? `; ${alike.name} has, but capitals count` : ''
  return {
    who: 'Nobody of this name has been seen yet',
    hint: `Nobody named ${name} has been seen${seen}. What you write is stored here and waits for ${name}, up to 7 days.`,
  }
}

/** Who reads along, said where nothing is written yet. */
export function readersSentence(to: Address, me: MemberId): string {
  if (to.startsWith('#')) return 'What you write is stored here and given to everyone in the room.'
  if (to === me) return 'Only you see what is written here.'
  return to.startsWith('@')
    ? `Only you and those named ${to.slice(1)} see what is written here.`
    : 'Only the two of you see what is written here.'
}

// ------------------------------------------------------------------------------------------- delivery

export interface Delivery {
  readonly state: Message['state']
  readonly has: readonly MemberId[]
  readonly lacks: readonly MemberId[]
}

/** Who has the message and who lacks it, the author (`me`) left out. */
export function deliveryOf(message: Message, me: MemberId): Delivery {
  const has = [...message.deliveredTo].filter((id) => id !== me)
  const lacks = message.addressees.filter((id) => id !== me && !message.deliveredTo.has(id))
  return { state: message.state, has, lacks }
}

/** One sentence, without its full stop: where the message is. `most` names are spelled out. */
export function deliverySentence(
  message: Message,
  me: MemberId,
  members: ReadonlyMap<MemberId, Member>,
  most = 3,
): string {
  const { state, has, lacks } = deliveryOf(message, me)
  const names = (ids: readonly MemberId[]): string =>
    inARow(
      ids.map((id) => labelOf(id, members)),
      most,
    )
  if (state === 'waiting') return `stored, waiting for somebody named ${message.to.replace(/^@/, '')}`
  if (state === 'expired')
    return lacks.length > 0 ? `expired, ${names(lacks)} never got it` : 'expired before anybody got it'
  if (lacks.length === 0 && has.length > 0) return `delivered to ${names(has)}`
  if (lacks.length === 0 && state === 'delivered') return 'delivered'
  if (lacks.length === 0) return 'stored, goes to whoever joins'
  if (has.length > 0) return `delivered to ${names(has)}, waiting for ${names(lacks)}`
  return `stored, waiting for ${names(lacks)}`
}

// ---------------------------------------------------------------------------------------------- links

export type LinkWord = 'self' | 'webrtc' | 'tabs' | 'mesh'

/** How `peer` is linked to this tab: itself, directly, as a tab of this browser, or only through others. */
export function linkOf(peer: Peer, me: Peer, links: readonly LinkStatus[]): LinkWord {
  if (peer.id === me.id) return 'self'
  const link = links.find((candidate) => candidate.peer === peer.id)
  if (!link) return 'mesh'
  return link.kind === 'tabs' ? 'tabs' : 'webrtc'
}

export const linkSentence: Readonly<Record<LinkWord, string>> = {
  self: 'this tab',
  webrtc: 'WebRTC',
  tabs: 'same browser',
  mesh: 'through others',
}

/** One line on how the mesh stands, for the head of the page. */
export function statusSentence(status: MeshStatus, others: number): string {
  const linked = status.links.length
  const alone = status.settled ? 'Nobody else is here' : 'Looking for others…'
  return `${others === 0 ? alone : linkedWords(linked, others)} · ${signalingWords(status)}`
}

function linkedWords(linked: number, others: number): string {
  if (others === 1) return linked > 0 ? 'Linked with the other one' : 'Not linked with the other one'
  if (linked === others) return `Linked with all ${others} others`
  return `Linked with ${linked === 0 ? 'none' : linked} of ${others} others`
}

function signalingWords(status: MeshStatus): string {
  const servers = status.signaling
  if (servers.length === 0) return 'no signaling server'
  const open = servers.filter((server) => server.state === 'open').length
  if (servers.length > 1) return `${open} of ${servers.length} signaling servers connected`
  if (open === 1) return 'signaling server connected'
  return servers[0]?.state === 'connecting' && !status.settled
    ? 'connecting to the signaling server'
    : 'signaling server out of reach'
}

// ----------------------------------------------------------------------------------------------- time

/** "just now", "5 minutes ago", "3 days ago". */
export function ago(then: number, now: number): string {
  const minutes = Math.floor(Math.max(0, now - then) / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${count(minutes, 'minute')} ago`
  const hours = Math.floor(minutes / 60)
  return hours < 24 ? `${count(hours, 'hour')} ago` : `${count(Math.floor(hours / 24), 'day')} ago`
}

/** A peer's clock may say what no calendar holds: then there is no day, and no moment either. */
const isDate = (at: number): boolean => !Number.isNaN(new Date(at).valueOf())

export const sameDay = (a: number, b: number): boolean =>
  new Date(a).toDateString() === new Date(b).toDateString()

/** "Today", "Monday, 23 November 2026". */
export function dayOf(at: number, now: number): string {
  if (!isDate(at)) return 'No date'
  if (sameDay(at, now)) return 'Today'
  const form = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' } as const
  return new Intl.DateTimeFormat(undefined, form).format(at)
}

/** For a `<time>`: what it shows, its attribute, and the whole of it. Undefined where there is no such moment. */
export function momentOf(
  at: number,
): { readonly shown: string; readonly attribute: string; readonly whole: string } | undefined {
  if (!isDate(at)) return undefined
  const date = new Date(at)
  return {
    shown: date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }),
    attribute: date.toISOString(),
    whole: date.toLocaleString(),
  }
}
