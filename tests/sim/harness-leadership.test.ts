// The checkers of who leads, and of what hostile peers and disks show, can fail: each is shown a history in which its promise
// is broken, and the same history where it is kept. The others: harness.test.ts.

import { describe, expect, test } from 'vitest'
import type { MemberId, MessageId, PeerId, StoreId } from '../../core/base/ids.ts'
import { check } from './harness/checkers/all.ts'
import { createHistory, type Entry, type Happening, type Rank } from './harness/history.ts'
import { joined } from './histories.ts'

const id = (letter: string): string => letter.repeat(32)
const letters: Readonly<Record<string, string>> = { alice: 'a', bob: 'b', carol: 'c' }
const peerOf = (name: string): PeerId => id(letters[name] ?? 'f') as PeerId

const joins = (name: string): Happening => joined(name, peerOf(name))
const sees = (name: string, other: string): Happening => ({
  type: 'peerJoined',
  run: `${name} 1`,
  peer: peerOf(other),
})
const links = (name: string, ...others: string[]): Happening => ({
  type: 'links',
  run: `${name} 1`,
  peers: others.map(peerOf),
})
/** They see each other and are linked. */
const meet = (a: string, b: string): Happening[] => [sees(a, b), sees(b, a), links(a, b), links(b, a)]
/** Nothing happens for so many seconds. */
const pause = (seconds: number): Happening[] =>
  Array.from({ length: seconds }, () => ({ type: 'clock', name: 'nobody', byMs: 0 }))
const leader = (name: string, leads: string, epoch: number, rank?: Rank, own?: Rank): Happening => ({
  type: 'leader',
  run: `${name} 1`,
  leader: peerOf(leads),
  epoch,
  reason: 'elected',
  ...(rank && { rank }),
  ...(own && { own }),
})
const nobodyLeads = (name: string): Happening => ({
  type: 'leader',
  run: `${name} 1`,
  leader: undefined,
  epoch: 1,
  reason: 'failed',
  own: { priority: 0, seniority: 2 },
})
const place = (seniority: number, priority = 0): Rank => ({ priority, seniority })
const begins = (name: string, epoch: number): Happening => ({
  type: 'dutyBegins',
  run: `${name} 1`,
  role: '',
  epoch,
})
const ends = (name: string, epoch: number): Happening => ({
  type: 'dutyEnds',
  run: `${name} 1`,
  role: '',
  epoch,
})
const takes = (name: string, epoch: number): Happening => ({
  type: 'tokenTaken',
  run: `${name} 1`,
  role: '',
  epoch,
})
const token = (name: string, epoch: number): Happening => ({
  type: 'token',
  run: `${name} 1`,
  role: '',
  epoch,
  leader: peerOf(name),
  n: 1,
  admitted: true,
})
const ofIndexer = (type: 'dutyBegins' | 'dutyEnds', name: string, epoch = 1): Happening => ({
  type,
  run: `${name} 1`,
  role: 'indexer',
  epoch,
})
const stands = (name: string, role = 'indexer'): Happening => ({ type: 'stands', run: `${name} 1`, role })
const stepsAside = (name: string): Happening => ({
  type: 'stepsAside',
  run: `${name} 1`,
  role: 'indexer',
})
const fault = (type: 'faultBegins' | 'faultEnds', kind: string, name: string): Happening => ({
  type,
  fault: 1,
  kind,
  touched: [name],
  what: '',
})
const observed = (name: string, epoch: number, figures: Record<string, number> = {}): Happening => ({
  type: 'observed',
  run: `${name} 1`,
  peers: [],
  leader: undefined,
  epoch,
  settled: true,
  storeId: id('f') as StoreId,
  docs: [],
  figures,
})
const disk = (epoch: number): Happening => ({
  type: 'disk',
  disk: 'alice',
  messages: [],
  feeds: {},
  epochs: { '': epoch },
  rows: 1,
})
const message = (name: string, from: string, atS: number, body = 'x', clockAhead?: true): Happening => ({
  type: 'message',
  run: `${name} 1`,
  id: `m${atS}` as MessageId,
  from: peerOf(from) as string as MemberId,
  to: '#general',
  addressees: [],
  cursor: `${String(atS * 1_000).padStart(16, '0')}00000/${id('f')}/${String(atS).padStart(12, '0')}`,
  body,
  ...(clockAhead && { clockAhead }),
})
const slowDisk = (what: 'Begins' | 'Ends'): Happening => ({
  type: `fault${what}`,
  fault: 1,
  kind: 'slowDisk',
  touched: ['carol'],
  what: '',
})
const harmed: Happening = { type: 'diskHarmed', disk: 'alice', how: 'older', asOfMs: 0 }
const absent: Happening = { type: 'absent', disks: ['alice'], kind: 'receipt', what: 'm1' }
const left = (name: string, other: string, reason: 'left' | 'failed'): Happening => ({
  type: 'peerLeft',
  run: `${name} 1`,
  peer: peerOf(other),
  reason,
})
const settled: Happening = { type: 'settled', inTime: true, waitingFor: [] }
const shows = (state: string): Happening => ({
  type: 'aware',
  run: 'alice 1',
  doc: 'notes',
  states: { 7: state },
})
const opened: Happening = { type: 'docOpened', run: 'bob 1', doc: 'notes', client: 7 }
const synced = (pending?: true): Happening => ({
  type: 'docState',
  run: 'bob 1',
  doc: 'notes',
  state: 'syncing',
  basedOn: [],
  ...(pending && { state: 'synced', pending }),
})

const pair = [joins('alice'), joins('bob'), ...meet('alice', 'bob'), ...pause(60)]
const knowing = [...pair, joins('carol'), sees('alice', 'carol')]
const apart = [joins('alice'), joins('bob'), joins('carol'), ...meet('bob', 'carol')]
const hidden = [
  ...pair,
  leader('alice', 'alice', 1, place(1), place(1)),
  leader('bob', 'alice', 1, place(1), place(2)),
]

/** alice and bob each lead for themselves, bob with carol, and meet. */
const merging = [
  ...apart,
  leader('bob', 'bob', 1, place(1), place(1)),
  leader('alice', 'alice', 3, place(1), place(1)),
  ...meet('alice', 'bob'),
  leader('bob', 'alice', 3, place(1), place(1)),
]

const frozen = [
  ...pair,
  begins('alice', 3),
  fault('faultBegins', 'freeze', 'alice'),
  left('bob', 'alice', 'failed'),
  ...pause(9),
]

/** Bob follows mallory, though alice ranks above it and has led for long enough to be known. */
const outranked = [
  ...pair,
  leader('alice', 'alice', 1, place(1), place(1)),
  ...pause(6),
  leader('bob', 'mallory', 9, place(3), place(2)),
]

/** All is well, and both stand for a role. */
const posts = [...pair, settled, stands('alice'), stands('bob')]
const over: readonly Happening[] = [...pause(10), { type: 'over' }]
const ledBy = (name: string): Happening => ({ ...observed(name, 1), leader: peerOf(name) }) as Happening

/** By checker: what breaks the promise, and the same where it is kept. */
type Case = readonly [checker: string, broken: readonly Happening[], kept: readonly Happening[]]
const cases: readonly Case[] = [
  ['spoken too early', [...pair, absent], [...pair, harmed, absent]],
  ['epochs', [...pair, observed('alice', 5), disk(4)], [...pair, observed('alice', 5), disk(5)]],
  [
    'epochs',
    [...pair, begins('alice', 3), ends('alice', 3), begins('bob', 3)],
    [...pair, begins('alice', 3), ends('alice', 3), begins('bob', 4)],
  ],
  [
    'overlap',
    [...pair, begins('alice', 3), begins('bob', 4), ends('alice', 3)],
    [...pair, begins('alice', 3), ends('alice', 3), begins('bob', 4)],
  ],
  [
    // Alice sees carol, who is out of reach; bob has let go of her.
    'overlap',
    [...knowing, links('alice', 'bob', 'carol'), begins('alice', 3), begins('bob', 4), ends('alice', 3)],
    [...knowing, begins('alice', 3), begins('bob', 4), ends('alice', 3)],
  ],
  ['posts', [...posts, ...over], [...posts, ofIndexer('dutyBegins', 'bob'), ...over]],
  [
    'posts',
    [...posts, ofIndexer('dutyBegins', 'bob'), ofIndexer('dutyBegins', 'alice', 2), ...over],
    [
      ...posts,
      ofIndexer('dutyBegins', 'bob'),
      ofIndexer('dutyEnds', 'bob'),
      ofIndexer('dutyBegins', 'alice', 2),
      ...over,
    ],
  ],
  [
    'posts',
    [...posts, ofIndexer('dutyBegins', 'bob'), stepsAside('bob'), ...over],
    [...posts, ofIndexer('dutyBegins', 'bob'), stepsAside('alice'), ...over],
  ],
  [
    'posts',
    [...posts, ofIndexer('dutyBegins', 'bob'), ofIndexer('dutyEnds', 'bob'), ...over],
    [...pair, settled, stands('bob'), stepsAside('bob'), ...over],
  ],
  [
    'posts',
    [...pair, settled, stands('alice', ''), ledBy('alice'), ...over],
    [...pair, settled, stands('alice', ''), ledBy('alice'), begins('alice', 1), ...over],
  ],
  [
    'posts',
    [...pair, settled, stands('alice', ''), stands('bob', ''), ledBy('alice'), begins('bob', 1), ...over],
    // Who leads has no duty to run.
    [...pair, settled, stands('alice', ''), ledBy('bob'), ...over],
  ],
  [
    'acts late',
    [...pair, token('bob', 4), ...pause(5), takes('alice', 3)],
    [...pair, token('bob', 4), ...pause(5), takes('alice', 5)],
  ],
  [
    'acts late',
    [...frozen, token('bob', 4), takes('alice', 3)],
    [...frozen, token('bob', 4), ends('alice', 3), begins('alice', 5), takes('alice', 5)],
  ],
  [
    'provisional',
    [...pair, leader('bob', 'alice', 1, { priority: 0 })],
    [...pair, leader('bob', 'alice', 1, place(1))],
  ],
  [
    'newcomer',
    [
      joins('alice'),
      leader('alice', 'alice', 1, place(1), place(1)),
      joins('bob'),
      ...meet('alice', 'bob'),
      leader('bob', 'bob', 2, place(1), place(1)),
    ],
    [
      joins('alice'),
      leader('alice', 'alice', 1, place(1), place(1)),
      joins('bob'),
      ...meet('alice', 'bob'),
      leader('bob', 'bob', 2, place(2, 5), place(2, 5)),
    ],
  ],
  [
    'rank',
    outranked,
    [
      ...pair,
      leader('alice', 'alice', 1, place(1), place(1)),
      ...pause(6),
      leader('bob', 'mallory', 9, place(3, 5), place(2)),
    ],
  ],
  // That alice leads may not have come to bob yet.
  [
    'rank',
    outranked,
    [
      ...pair,
      leader('alice', 'alice', 1, place(1), place(1)),
      leader('bob', 'mallory', 9, place(3), place(2)),
    ],
  ],
  [
    'lone',
    [
      ...apart,
      leader('bob', 'bob', 1, place(1), place(1)),
      leader('carol', 'bob', 1, place(1), place(2)),
      leader('alice', 'alice', 1, place(1), place(1)),
      ...pause(20),
      sees('alice', 'carol'),
      leader('carol', 'alice', 2, place(1), place(2)),
    ],
    [
      ...apart,
      leader('bob', 'bob', 1, place(1), place(1)),
      leader('carol', 'bob', 1, place(1), place(2)),
      leader('alice', 'alice', 1, place(1), place(1)),
      ...pause(20),
      sees('alice', 'carol'),
      leader('alice', 'bob', 2, place(1), place(3)),
    ],
  ],
  [
    'merged',
    [...merging, ...pause(20), settled],
    [
      ...merging,
      leader('alice', 'alice', 4, place(1)),
      leader('bob', 'alice', 4, place(1)),
      ...pause(20),
      settled,
    ],
  ],
  [
    'hidden',
    [...hidden, fault('faultBegins', 'hide', 'alice'), ...pause(330), takes('alice', 1)],
    [...hidden, fault('faultBegins', 'hide', 'alice'), ...pause(200), takes('alice', 1)],
  ],
  [
    'vacant',
    [...pair, nobodyLeads('bob'), ...pause(30), leader('bob', 'alice', 2, place(1))],
    [...pair, nobodyLeads('bob'), ...pause(2), leader('bob', 'alice', 2, place(1))],
  ],
  // The next in rank has a slow disk: it is waited for.
  [
    'vacant',
    [
      ...pair,
      slowDisk('Begins'),
      ...pause(30),
      slowDisk('Ends'),
      nobodyLeads('bob'),
      ...pause(30),
      leader('bob', 'alice', 2, place(1)),
    ],
    [
      ...pair,
      slowDisk('Begins'),
      nobodyLeads('bob'),
      ...pause(30),
      slowDisk('Ends'),
      leader('bob', 'alice', 2, place(1)),
    ],
  ],
  [
    'goodbye',
    [...pair, { type: 'leaving', run: 'alice 1' }, left('bob', 'alice', 'failed')],
    [...pair, { type: 'leaving', run: 'alice 1' }, left('bob', 'alice', 'left')],
  ],
  // Who heard the goodbye may be made to believe that the peer is back.
  [
    'goodbye',
    [
      ...pair,
      { type: 'leaving', run: 'alice 1' },
      left('bob', 'alice', 'failed'),
      left('bob', 'alice', 'left'),
    ],
    [
      ...pair,
      { type: 'leaving', run: 'alice 1' },
      left('bob', 'alice', 'left'),
      left('bob', 'alice', 'failed'),
    ],
  ],
  [
    'come back',
    [
      ...pair,
      { type: 'ended', run: 'alice 1', how: 'killed' },
      left('bob', 'alice', 'failed'),
      ...pause(90),
      sees('bob', 'alice'),
    ],
    [
      ...pair,
      { type: 'ended', run: 'alice 1', how: 'killed' },
      left('bob', 'alice', 'failed'),
      sees('bob', 'alice'),
      ...pause(90),
    ],
  ],
  [
    'casts',
    [...pair, { type: 'castHeard', run: 'bob 1', id: 'm1' }, { type: 'castHeard', run: 'bob 1', id: 'm1' }],
    [...pair, { type: 'castHeard', run: 'bob 1', id: 'm1' }, { type: 'castHeard', run: 'alice 1', id: 'm1' }],
  ],
  [
    'forged',
    [...pair, message('bob', 'mallory', 1, 'never 12')],
    [...pair, message('bob', 'mallory', 1, 'forged 12')],
  ],
  [
    'forged',
    [joins('bob'), message('bob', 'bob', 100), message('bob', 'bob', 9_000)],
    [joins('bob'), message('bob', 'bob', 100), message('bob', 'bob', 110)],
  ],
  [
    'forged',
    [joins('bob'), message('bob', 'bob', 100), message('bob', 'mallory', 9_000)],
    [joins('bob'), message('bob', 'bob', 100), message('bob', 'mallory', 9_000, 'x', true)],
  ],
  ['forged', [...pair, leader('bob', 'alice', 2 ** 50)], [...pair, leader('bob', 'alice', 2 ** 21)]],
  [
    'forged',
    [...pair, observed('bob', 0, { 'counted malformedFrames': 80, 'counted linksMade': 4 })],
    [...pair, observed('bob', 0, { 'counted malformedFrames': 5, 'counted linksMade': 4 })],
  ],
  [
    'forged',
    [...pair, opened, settled, shows('{"user":"forged"}')],
    [...pair, opened, shows('{"user":"forged"}'), settled, shows('{"at":5}')],
  ],
  ['synced', [...pair, opened, synced(true)], [...pair, opened, synced()]],
  [
    'synced',
    [
      ...pair,
      { ...opened, run: 'alice 1' },
      ...pause(5),
      opened,
      { ...synced(), state: 'alone' } as Happening,
    ],
    [...pair, opened, { ...synced(), state: 'alone' } as Happening],
  ],
]

/** One a second, so that nothing is excused as being under way. */
function historyOf(happenings: readonly Happening[]): readonly Entry[] {
  let nowMs = 100_000
  const history = createHistory(() => (nowMs += 1_000))
  for (const happening of happenings)
    // What stands for time that passes sets no clock.
    if (happening.type === 'clock' && happening.name === 'nobody') nowMs += 1_000
    else history.add(happening)
  return history.entries
}

describe('a checker sees the promise broken, and only then', () => {
  test.each(cases)('%s', (checker, broken, kept) => {
    expect(new Set(check(historyOf(broken)).map((violation) => violation.checker))).toContain(checker)
    expect(check(historyOf(kept)).map((violation) => violation.text)).toEqual([])
  })
})
