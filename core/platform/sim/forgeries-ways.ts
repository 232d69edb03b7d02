// Forged ways: what went out once goes out again, casts come twice or travel too far, old broadcasts come from a new direction, and
// something is said of others, or for them, that they did not say.

import type { PeerId } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import { Joiner } from '../../wire/chunks.ts'
import { decode } from '../../wire/codec.ts'
import { linkMessage, type LinkMessage, type Payload } from '../../wire/messages.ts'
import { broadcast, direct, repeat, type Attacks, type Knowledge } from './forgery-tools.ts'

/** To programs that listen to this topic, as those of the harness do (tests/sim/harness/recorder.ts). */
const shout = (k: Knowledge, word: 'forged' | 'never'): Payload => {
  const text = `"${word} ${k.random.integer(2 ** 31)}"`
  const body = Uint8Array.from([0, ...Array.from(text, (letter) => letter.charCodeAt(0))])
  return { type: 'cast', topic: 'progress', body }
}

interface Way {
  readonly target: PeerId
  readonly hops: number
  readonly origin?: PeerId
}

const unicast = (k: Knowledge, payload: Payload, { target, hops, origin = k.me.id }: Way): LinkMessage => ({
  type: 'unicast',
  origin,
  target,
  hops,
  sequence: 2 ** 40 + k.random.integer(2 ** 32),
  payload,
})

/** Broadcasts that it heard of, the latest of each origin. */
function latestBroadcasts(k: Knowledge): LinkMessage[] {
  const latest = new Map<PeerId, Extract<LinkMessage, { type: 'broadcast' }>>()
  for (const frame of k.heard) {
    const joined = new Joiner().push(frame)
    const message = joined.ok && joined.value ? decode(linkMessage, joined.value.message) : undefined
    if (message?.ok !== true || message.value.type !== 'broadcast') continue
    const { origin, sequence } = message.value
    if (sequence > (latest.get(origin)?.sequence ?? -1)) latest.set(origin, message.value)
  }
  return [...latest.values()]
}

export const wayAttacks = {
  'copies-of-cast': (k) => {
    const said = broadcast(k, shout(k, 'forged'))
    return repeat(2 + k.random.integer(3), () => said)
  },
  'copies-of-unicast': (k) =>
    [k.victim, ...k.others].flatMap(({ id: target }) => {
      const said = unicast(k, shout(k, 'forged'), { target, hops: k.random.integer(limits.maxHops) })
      return repeat(2 + k.random.integer(2), () => said)
    }),
  /** Whoever hands it on sends it further than it may go. */
  'unicast-too-far': (k) =>
    k.others.map(({ id: target }) =>
      unicast(k, shout(k, 'never'), { target, hops: limits.maxHops - 1 + k.random.integer(3) }),
    ),
  'replay-broadcasts': latestBroadcasts,
  /** Beyond what each of them said itself, by little or much. */
  'records-ahead': (k) => {
    const ahead = k.random.integer(2) === 0 ? 1 + k.random.integer(20) : 2 ** 40
    const records = k.others.map((each) => ({
      ...each,
      incarnation: each.incarnation + ahead,
      seniority: 1 + k.random.integer(100),
    }))
    return [direct({ type: 'records', records: records.slice(0, limits.maxPeers) })]
  },
  /** Answers for others, the dead included, to questions that it does not know. */
  'alive-of-others': (k) =>
    k.others.map(({ id: origin, incarnation }) => {
      const nonce = k.random.integer(2 ** 32)
      return unicast(k, { type: 'alive', nonce, incarnation }, { target: k.victim.id, hops: 0, origin })
    }),
} satisfies Attacks
