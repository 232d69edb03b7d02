// Who is in a document, as its awareness says: what other editors and programs wrote there, checked. Colours are ours:
// a person has one of the six tones that the app gives to names, because any other may be unreadable in this theme.

import type { Awareness } from 'y-protocols/awareness'
import { toneOf } from '../components/tone.ts'
import { asLine } from './entries.ts'

export interface Person {
  readonly name: string
  /** One of the tones in styles/properties.css. */
  readonly tone: number
  readonly isMe: boolean
}

/** The tones of the light theme, for editors that know colours only. */
const palette = ['#8a4a1c', '#2f6277', '#5b5190', '#3d6b3f', '#8b3d5f', '#5c6013']

/** What y-codemirror.next and its relatives show of a person. */
export interface AwareUser {
  readonly name: string
  readonly color: string
  readonly colorLight: string
}

export function awareUser(name: string, member: string): AwareUser {
  const color = palette[toneOf(member)] ?? '#55646f'
  return { name, color, colorLight: `${color}33` }
}

/** A state as it came; nothing in it is certain. */
export function personOf(client: number, state: unknown, me: number): Person | undefined {
  const user = fieldOf(state, 'user')
  if (typeof user !== 'object' || user === null) return undefined
  const known = palette.indexOf(String(fieldOf(user, 'color')))
  return {
    name: asLine(fieldOf(user, 'name')).slice(0, 40) || 'somebody',
    tone: known >= 0 ? known : client % palette.length,
    isMe: client === me,
  }
}

/** Everybody in it, each once however many tabs they have; oneself first, then by name. */
export function peopleIn(awareness: Pick<Awareness, 'getStates' | 'clientID'>): Person[] {
  const people = new Map<string, Person>()
  for (const [client, state] of awareness.getStates()) {
    const person = personOf(client, state, awareness.clientID)
    if (!person) continue
    const key = `${person.tone} ${person.name}`
    if (person.isMe || !people.has(key)) people.set(key, person)
  }
  return [...people.values()].sort(
    (a, b) => Number(b.isMe) - Number(a.isMe) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  )
}

/** A field of what may be no object at all. */
export const fieldOf = (of: unknown, field: string): unknown =>
  typeof of === 'object' && of !== null && Object.hasOwn(of, field)
    ? (of as Record<string, unknown>)[field]
    : undefined
