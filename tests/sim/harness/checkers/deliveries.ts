// Everything stored was delivered, or its expiry was reported: judged at the end, when all are back. And at any time:
// what a member is given of one feed has no hole. (promises 1 and 3, MS4, MS5, MS7)

import type { MemberId } from '../../../../core/base/ids.ts'
import type { Entry } from '../history.ts'
import { messageKey, placeOf } from './places.ts'
import { membersAtEnd } from './settled.ts'
import { livesIn, ofType, type Violation } from './violation.ts'

interface Placed {
  readonly id: string
  readonly from: MemberId
  readonly number: number
  readonly addressees: readonly MemberId[]
}

/** What is true of one message, whoever said so. */
interface Facts {
  readonly addressees: Map<string, readonly MemberId[]>
  readonly byFeed: Map<string, Placed[]>
}

function gatherFacts(entries: readonly Entry[]): Facts {
  const facts: Facts = { addressees: new Map(), byFeed: new Map() }
  for (const { id, from, addressees, cursor } of ofType(entries, 'message')) {
    const place = placeOf(cursor)
    if (place === undefined) continue
    facts.addressees.set(messageKey(from, id), addressees)
    const feed = facts.byFeed.get(place.feed) ?? []
    facts.byFeed.set(place.feed, feed)
    if (!feed.some(({ number }) => number === place.number))
      feed.push({ id, from, number: place.number, addressees })
  }
  return facts
}

export function checkDeliveries(entries: readonly Entry[]): Violation[] {
  const facts = gatherFacts(entries)
  return [...holes(entries, facts), ...undelivered(entries, facts)]
}

/** Those whose disk forgot, or whose clock was elsewhere: what they were given says nothing. */
function excusedMembers(entries: readonly Entry[]): Set<MemberId> {
  const lives = [...livesIn(entries).values()]
  const excused = new Set<MemberId>()
  for (const { disk } of ofType(entries, 'diskHarmed'))
    for (const life of lives) if (life.disk === disk) excused.add(life.member)
  // A clock set by hours ends messages before their time.
  for (const { name, byMs } of ofType(entries, 'clock'))
    for (const life of lives) if (life.name === name && byMs > 2_000) excused.add(life.member)
  for (const life of lives) if (life.volatile) excused.add(life.member)
  return excused
}

/** Whoever was given a message was given all before it in its feed that were for him. */
function* holes(entries: readonly Entry[], { byFeed, addressees }: Facts): Iterable<Violation> {
  const lives = livesIn(entries)
  const excused = excusedMembers(entries)
  const expired = new Set(ofType(entries, 'expired').map(({ id }) => id as string))
  const firstGiven = new Map<string, number>()
  let order = 0
  for (const { run, id, from } of ofType(entries, 'given')) {
    const key = `${lives.get(run)!.member} ${messageKey(from, id)}`
    if (!firstGiven.has(key)) firstGiven.set(key, order++)
  }
  for (const { run, id, from, attempt, atMs } of ofType(entries, 'given')) {
    const { member } = lives.get(run)!
    if (attempt > 1 || excused.has(member) || excused.has(from)) continue
    if (!addressees.get(messageKey(from, id))?.includes(member)) continue
    const mine = firstGiven.get(`${member} ${messageKey(from, id)}`)!
    for (const [, placed] of byFeed) {
      const here = placed.find((each) => each.id === id && each.from === from)
      if (here === undefined) continue
      for (const before of placed) {
        if (before.number >= here.number || !before.addressees.includes(member)) continue
        if (expired.has(before.id)) continue
        const theirs = firstGiven.get(`${member} ${messageKey(before.from, before.id)}`)
        if (theirs === undefined || theirs > mine)
          yield {
            checker: 'holes',
            atMs,
            text: `${run} was given ${id} and not ${before.id}, which comes before it`,
          }
      }
    }
  }
}

/** All is well at the end: each named addressee that lives has handled what was stored for it. */
function* undelivered(entries: readonly Entry[], { addressees }: Facts): Iterable<Violation> {
  const settled = ofType(entries, 'settled')[0]
  if (settled?.inTime !== true) return
  const lives = livesIn(entries)
  const excused = excusedMembers(entries)
  const present = membersAtEnd(entries)
  const expired = new Set(ofType(entries, 'expired').map(({ id }) => id as string))
  // Whoever died with a message in hand may have handled it: the answer was what he did not live to hear.
  const inHand = ofType(entries, 'given').filter(({ run }) => lives.get(run)!.toMs !== Infinity)
  const handled = new Set(
    [...ofType(entries, 'handled'), ...inHand].map(
      ({ run, id, from }) => `${lives.get(run)!.member} ${messageKey(from, id)}`,
    ),
  )
  for (const { run, id, atMs } of ofType(entries, 'stored')) {
    const { member: author, volatile } = lives.get(run)!
    if (volatile || excused.has(author) || expired.has(id)) continue
    for (const member of addressees.get(messageKey(author, id)) ?? []) {
      if (!present.has(member) || excused.has(member)) continue
      if (!handled.has(`${member} ${messageKey(author, id)}`))
        yield {
          checker: 'delivered',
          atMs,
          text: `${id} of ${run} never came to the program of ${nameOf(member)}`,
        }
    }
  }
  function nameOf(member: MemberId): string {
    return [...lives.values()].find((life) => life.member === member)?.label ?? member.slice(0, 6)
  }
}
