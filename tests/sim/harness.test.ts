// The checkers can fail: each is shown a history in which its promise is broken, and the same history without the breach.
// And a disk that lies is found out by whole runs.

import { describe, expect, test } from 'vitest'
import type { MemberId, MessageId, PeerId, StoreId } from '../../core/base/ids.ts'
import { check } from './harness/checkers/all.ts'
import { generate } from './harness/generate.ts'
import { createHistory, type Entry, type Happening, type Held } from './harness/history.ts'
import { judge } from './harness/outcome.ts'
import { shrink } from './harness/shrink.ts'
import type { Schedule } from './harness/schedule.ts'
import { joined } from './histories.ts'

const id = (letter: string): string => letter.repeat(32)
const [alice, bob] = [id('a'), id('b')] as [string, string]
const message = 'm1' as MessageId
const feed = id('f')
const cursor = (number: number): string => `${'0'.repeat(21)}/${feed}/${String(number).padStart(12, '0')}`

const joins = (name: string, letter: string, run = `${name} 1`): Happening =>
  joined(name, id(letter) as PeerId, { run })
const both = [joins('alice', 'a'), joins('bob', 'b')]
const settled: Happening = { type: 'settled', inTime: true, waitingFor: [] }
const told = (run: string, number: number, messageId = `m${number}`, body = 'x'): Happening => ({
  type: 'message',
  run,
  id: messageId as MessageId,
  from: alice as MemberId,
  to: '#general',
  addressees: [bob as MemberId],
  cursor: cursor(number),
  body,
})
const given = (messageId: string): Happening => ({
  type: 'given',
  run: 'bob 1',
  id: messageId as MessageId,
  from: alice as MemberId,
  attempt: 1,
  body: 'x',
})
const handled = (messageId: string): Happening => ({
  type: 'handled',
  run: 'bob 1',
  id: messageId as MessageId,
  from: alice as MemberId,
})
const stored: Happening = { type: 'stored', run: 'alice 1', id: message }
const disk = (
  messages: string[],
  feeds: Record<string, number> = {},
  name = 'alice',
  epochs: Record<string, number> = { '': 9 },
): Extract<Happening, { type: 'disk' }> => ({ type: 'disk', disk: name, messages, feeds, epochs, rows: 1 })
const bobDies: Happening = { type: 'ended', run: 'bob 1', how: 'killed' }
const clock = (byDays: number): Happening => ({ type: 'clock', name: 'alice', byMs: byDays * 86_400_000 })
const leader = (epoch: number, leads = alice): Happening => ({
  type: 'leader',
  run: 'bob 1',
  leader: leads as PeerId,
  epoch,
  reason: 'elected',
})
const begins = (run: string, epoch: number): Happening => ({ type: 'dutyBegins', run, role: '', epoch })
const token = (epoch: number, n: number): Happening => ({
  type: 'token',
  run: 'alice 1',
  role: '',
  epoch,
  leader: alice as PeerId,
  n,
  admitted: true,
})
const held = (clock: number, content = `content ${clock}`): Held => ({
  vector: { 1: clock },
  deleted: [],
  content,
})
const docHeld = (run: string, what: Held): Happening => ({ type: 'docHeld', run, doc: 'notes', held: what })
const opened = (run: string): Happening => ({ type: 'docOpened', run, doc: 'notes' })
const met: Happening[] = [
  { type: 'peerJoined', run: 'alice 1', peer: bob as PeerId },
  { type: 'peerJoined', run: 'bob 1', peer: alice as PeerId },
  { type: 'links', run: 'alice 1', peers: [bob as PeerId] },
  { type: 'links', run: 'bob 1', peers: [alice as PeerId] },
]
const page = (run: string, ids: string[]): Happening => ({
  type: 'page',
  run,
  of: '#general',
  messages: ids.map((each) => ({ id: each as MessageId, from: alice as MemberId, body: 'x' })),
})
const observed = (figures: Record<string, number>): Happening => ({
  type: 'observed',
  run: 'alice 1',
  peers: [],
  leader: undefined,
  epoch: 0,
  settled: true,
  storeId: feed as StoreId,
  docs: [],
  figures,
})
const fault = (n: number): Happening => ({
  type: 'faultBegins',
  fault: n,
  kind: 'kill',
  touched: ['carol'],
  what: '',
})
const over: Happening = { type: 'over' }

/** One a second, so that nothing is excused as being under way. */
function historyOf(happenings: readonly Happening[]): readonly Entry[] {
  let nowMs = 100_000
  const history = createHistory(() => (nowMs += 1_000))
  for (const happening of happenings) history.add(happening)
  return history.entries
}

/** By checker: what breaks the promise, and the same where it is kept. */
type Case = readonly [checker: string, broken: readonly Happening[], kept: readonly Happening[]]
const cases: readonly Case[] = [
  ['stored', [...both, stored, disk([])], [...both, stored, disk([message])]],
  // Retention goes by the clock of the device: what bob has may be gone where that was set far ahead since.
  [
    'stored',
    [...both, told('alice 1', 1), stored, clock(61), disk([])],
    [...both, told('alice 1', 1), stored, told('bob 1', 1), clock(61), clock(-61), disk([])],
  ],
  [
    'stored',
    [...both, told('alice 1', 1), clock(61), stored, told('bob 1', 1), clock(59), disk([])],
    [...both, told('alice 1', 1), stored, told('bob 1', 1), clock(59), clock(2), disk([])],
  ],
  // Bob was gone before it was written: he cannot have it yet.
  [
    'let go',
    [...both, bobDies, told('alice 1', 1), stored, { ...disk([message]), owed: [] }],
    [...both, bobDies, told('alice 1', 1), stored, { ...disk([message]), owed: [message] }],
  ],
  ['order', [...both, told('bob 1', 2), told('bob 1', 1)], [...both, told('bob 1', 1), told('bob 1', 2)]],
  ['order', [...both, told('bob 1', 1), told('bob 1', 1)], [...both, told('bob 1', 1)]],
  // Of two copies of a store one takes over what the other wrote under the same numbers.
  [
    'order',
    [...both, told('alice 1', 2), told('alice 1', 1)],
    [...both, { ...joins('carol', 'a'), disk: 'carol' } as Happening, told('alice 1', 2), told('alice 1', 1)],
  ],
  ['handled once', [...both, given('m1'), handled('m1'), given('m1')], [...both, given('m1'), given('m1')]],
  [
    'body',
    [...both, told('alice 1', 1), told('bob 1', 1, 'm1', 'y')],
    [...both, told('alice 1', 1), told('bob 1', 1)],
  ],
  [
    'holes',
    [...both, told('alice 1', 1), told('alice 1', 2), given('m2')],
    [...both, told('alice 1', 1), told('alice 1', 2), given('m1'), given('m2')],
  ],
  [
    'delivered',
    [...both, told('alice 1', 1), stored, settled],
    [...both, told('alice 1', 1), stored, given('m1'), handled('m1'), settled],
  ],
  [
    'histories',
    [...both, settled, page('alice 1', ['m1', 'm2']), page('bob 1', ['m2', 'm1'])],
    [...both, settled, page('alice 1', ['m1', 'm2']), page('bob 1', ['m1', 'm2'])],
  ],
  // What stands on one end only of a feed with two comes only to those who took that end.
  [
    'histories',
    [
      ...both,
      told('alice 1', 1, 'm1'),
      told('alice 1', 2, 'm2'),
      settled,
      page('alice 1', ['m1', 'm2']),
      page('bob 1', ['m1']),
    ],
    [
      ...both,
      { ...joins('carol', 'a'), disk: 'carol' } as Happening,
      told('alice 1', 1, 'm1'),
      told('carol 1', 1, 'm2'),
      settled,
      page('alice 1', ['m1', 'm2']),
      page('bob 1', ['m1']),
    ],
  ],
  [
    'vectors',
    [...both, settled, disk([], { [feed]: 2 }), disk([], { [feed]: 1 }, 'bob'), over],
    [...both, settled, disk([], { [feed]: 2 }), disk([], { [feed]: 2 }, 'bob'), over],
  ],
  ['epochs', [...both, leader(2), leader(1)], [...both, leader(1), leader(2)]],
  [
    'epochs',
    [
      ...both,
      begins('alice 1', 5),
      { type: 'ended', run: 'alice 1', how: 'killed' },
      joins('alice', 'a', 'alice 2'),
      begins('alice 2', 4),
    ],
    [
      ...both,
      begins('alice 1', 5),
      { type: 'ended', run: 'alice 1', how: 'killed' },
      joins('alice', 'a', 'alice 2'),
      begins('alice 2', 6),
    ],
  ],
  ['tokens', [...both, token(2, 1), token(1, 9)], [...both, token(1, 9), token(2, 1)]],
  ['tokens', [...both, token(2, 1), token(2, 1)], [...both, token(2, 1), token(2, 2)]],
  ['duties', [...both, begins('alice 1', 1), begins('alice 1', 2)], [...both, begins('alice 1', 1)]],
  [
    'declared gone',
    [
      ...both,
      ...Array.from({ length: 30 }, () => settled),
      { type: 'peerLeft', run: 'bob 1', peer: alice as PeerId, reason: 'failed' },
    ],
    [...both, fault(1), { type: 'peerLeft', run: 'bob 1', peer: id('c') as PeerId, reason: 'failed' }],
  ],
  [
    'documents',
    [...both, docHeld('alice 1', held(1)), docHeld('bob 1', held(1, 'other'))],
    [...both, docHeld('alice 1', held(1)), docHeld('bob 1', held(1))],
  ],
  [
    'doc stored',
    [
      ...both,
      { type: 'docStored', run: 'alice 1', doc: 'notes', held: held(3) },
      opened('alice 1'),
      docHeld('alice 1', held(2)),
    ],
    [
      ...both,
      { type: 'docStored', run: 'alice 1', doc: 'notes', held: held(3) },
      opened('alice 1'),
      docHeld('alice 1', held(4)),
    ],
  ],
  ...[3, 4].map((theirs): Case => [
    'synced',
    [
      ...both,
      ...met,
      opened('alice 1'),
      docHeld('alice 1', held(2)),
      opened('bob 1'),
      docHeld('bob 1', held(theirs)),
      ...synced(),
      settled,
      settled,
    ],
    [
      ...both,
      ...met,
      opened('alice 1'),
      docHeld('alice 1', held(2)),
      opened('bob 1'),
      docHeld('bob 1', held(2)),
      ...synced(),
      settled,
      settled,
    ],
  ]),
  [
    'awareness',
    [
      ...both,
      settled,
      { type: 'aware', run: 'alice 1', doc: 'notes', states: { 1: 'x' } },
      { type: 'aware', run: 'bob 1', doc: 'notes', states: {} },
      over,
    ],
    [
      ...both,
      settled,
      { type: 'aware', run: 'alice 1', doc: 'notes', states: {} },
      { type: 'aware', run: 'bob 1', doc: 'notes', states: {} },
      over,
    ],
  ],
  [
    'bounds',
    [...both, observed({ longestLinkQueueBytes: 1e9 })],
    [...both, observed({ longestLinkQueueBytes: 1e6 })],
  ],
  [
    'rest',
    [...both, settled, { type: 'rate', eventsPerSecond: 500, peers: 2 }],
    [...both, settled, { type: 'rate', eventsPerSecond: 20, peers: 2 }],
  ],
  [
    'broken',
    [...both, { type: 'error', run: 'bob 1', code: 'left', text: 'The mesh was left: AssertionError' }],
    [...both, { type: 'error', run: 'bob 1', code: 'expired', text: 'It took too long.' }],
  ],
  [
    'faults missed',
    [...both, ...[1, 2, 3, 4, 5, 6, 7, 8].map(fault)],
    [...both, fault(1), { type: 'faultBit', fault: 1, kind: 'kill' }],
  ],
  [
    'faults missed',
    [...both, ...[1, 2, 3, 4, 5, 6, 7, 8].map(fault)],
    [both[0]!, ...[1, 2, 3, 4, 5, 6, 7, 8].map(fault)],
  ],
  [
    'faults missed',
    [...both, ...[1, 2, 3, 4, 5, 6, 7, 8].map(fault)],
    [...[1, 2, 3, 4, 5, 6, 7, 8].map(fault), ...both],
  ],
  ['liveness', [...both, { type: 'settled', inTime: false, waitingFor: ['bob'] }], [...both, settled]],
  [
    'flapping',
    [...both, settled, ...Array.from({ length: 20 }, (_, i) => leader(i + 1))],
    [...both, ...Array.from({ length: 20 }, (_, i) => leader(i + 1)), settled],
  ],
]

function synced(): Happening[] {
  return [
    { type: 'docState', run: 'alice 1', doc: 'notes', state: 'synced', basedOn: [bob as PeerId] },
    { type: 'docState', run: 'bob 1', doc: 'notes', state: 'syncing', basedOn: [] },
  ]
}

describe('a checker sees the promise broken, and only then', () => {
  test.each(cases)('%s', (checker, broken, kept) => {
    expect(new Set(check(historyOf(broken)).map((violation) => violation.checker))).toContain(checker)
    expect(check(historyOf(kept)).map((violation) => violation.text)).toEqual([])
  })
})

/** Everybody writes to disks that say too early that something is durable, and dies often. */
function onLyingDisks(seed: number): Schedule {
  const schedule = generate(seed, { profile: 'storage' })
  const disks = [...new Set(schedule.cast.map(({ browser, name }) => browser ?? name))]
  const lies = disks.map((each) => ({
    atMs: 1_000,
    act: { type: 'forgetful', disk: each, forMs: 100_000 } as const,
  }))
  const kills = schedule.steps
    .filter(({ act }) => act.type === 'send')
    .flatMap(({ atMs, act }) =>
      'who' in act
        ? [{ atMs: atMs + 60, act: { type: 'kill', who: act.who, links: 'silent', forMs: 500 } as const }]
        : [],
    )
  return { ...schedule, steps: [...schedule.steps.filter(({ act }) => !('disk' in act)), ...lies, ...kills] }
}

test(
  'a disk that lies is found out, and the shrinker leaves little of the schedule',
  { timeout: 120_000 },
  async () => {
    let found: Schedule | undefined
    for (let seed = 1; seed <= 10 && found === undefined; seed++) {
      const { violations } = await judge(onLyingDisks(seed))
      if (violations.some(({ checker }) => checker === 'stored')) found = onLyingDisks(seed)
    }
    expect(found).toBeDefined()
    const { schedule, violations } = await shrink(found!, 'stored', 40_000, () => undefined)
    expect(violations.map(({ checker }) => checker)).toContain('stored')
    expect(schedule.steps.length).toBeLessThan(found!.steps.length / 2)
  },
)
