// The checkers of who is alive and what finds its way can fail: each is shown a history in which its promise is broken, and the
// same history without the breach.

import { expect, test } from 'vitest'
import type { PeerId, StoreId } from '../../core/base/ids.ts'
import { check } from './harness/checkers/all.ts'
import type { Entry, Happening } from './harness/history.ts'
import { joined } from './histories.ts'

const peerOf = (name: string): PeerId => name.slice(0, 1).repeat(32) as PeerId
const at = (atMs: number, happening: Happening): Entry => ({ atMs, ...happening })

const joins = (name: string): Happening => joined(name, peerOf(name), { volatile: true })

/** They come at the beginning, see all others, and have links to those that are not held apart. */
function meet(names: readonly string[], apart: readonly string[] = []): Entry[] {
  const isLinked = (a: string, b: string): boolean => !(apart.includes(a) && apart.includes(b))
  return [
    ...names.map((name) => at(0, joins(name))),
    ...names.flatMap((name) => {
      const others = names.filter((each) => each !== name)
      const run = `${name} 1`
      const peers = others.filter((each) => isLinked(name, each)).map(peerOf)
      return [
        ...others.map((each) => at(1_000, { type: 'peerJoined', run, peer: peerOf(each) })),
        at(1_000, { type: 'links', run, peers }),
      ]
    }),
  ]
}

const cast = (atMs: number, id: string, to?: string): Entry =>
  at(atMs, { type: 'castSaid', run: 'alice 1', id, ...(to !== undefined && { to: peerOf(to) }) })
const heard = (atMs: number, name: string, id: string): Entry =>
  at(atMs, { type: 'castHeard', run: `${name} 1`, id })
const left = (atMs: number, name: string, gone: string, reason: 'left' | 'failed'): Entry =>
  at(atMs, { type: 'peerLeft', run: `${name} 1`, peer: peerOf(gone), reason })
const freeze = (type: 'faultBegins' | 'faultEnds', atMs: number, name: string): Entry =>
  at(atMs, { type, fault: 1, kind: 'freeze', touched: [name], what: '' })
const nap = (name: string, atMs: number): Entry[] => [
  freeze('faultBegins', atMs, name),
  freeze('faultEnds', atMs + 500, name),
]
/** A hostile peer that these see, and that does nothing from then on but say that it is busy. */
const hanging = (name: string, seenBy: readonly string[]): Entry[] => [
  ...seenBy.map((each) => at(2_000, { type: 'peerJoined', run: `${each} 1`, peer: peerOf(name) })),
  busy('faultBegins', 40_000, name),
  at(40_000, { type: 'hangs', name, peer: peerOf(name), fault: 1 }),
  busy('faultEnds', 60_000, name),
]
const busy = (type: 'faultBegins' | 'faultEnds', atMs: number, name: string): Entry =>
  at(atMs, { type, fault: 1, kind: 'hangs busy', touched: [name], what: '' })
const killed = (atMs: number, name: string): Entry =>
  at(atMs, { type: 'ended', run: `${name} 1`, how: 'killed' })
const links = (atMs: number, name: string, others: readonly string[]): Entry =>
  at(atMs, { type: 'links', run: `${name} 1`, peers: others.map(peerOf) })
const figures = (name: string, sent: number, copies: number): Entry =>
  at(190_000, {
    type: 'observed',
    run: `${name} 1`,
    peers: [],
    leader: undefined,
    epoch: 0,
    settled: true,
    storeId: peerOf(name) as string as StoreId,
    docs: [],
    figures: { 'counted broadcastsSent': sent, 'counted duplicateBroadcasts': copies },
  })
const stranger = at(0, { type: 'stranger', peer: peerOf('zoe') })
/** It dies, and long after that alice sees it again. */
const returning = (name: string): Entry[] => [
  killed(40_000, name),
  left(41_000, 'alice', name, 'failed'),
  at(120_000, { type: 'peerJoined', run: 'alice 1', peer: peerOf(name) }),
]
const over = at(200_000, { type: 'over' })

const three = ['alice', 'bob', 'carol']
const crowd = [...three, ...Array.from('defghijklmnopqrs')]
const others = crowd.slice(1)
const three40 = [40_000, 60_000, 80_000]

const cases: readonly (readonly [checker: string, broken: readonly Entry[], kept: readonly Entry[]])[] = [
  [
    'arrivals',
    [...meet(three), cast(40_000, 'c'), heard(40_020, 'carol', 'c')],
    [...meet(three), cast(40_000, 'c'), heard(40_020, 'carol', 'c'), heard(40_020, 'bob', 'c')],
  ],
  // By way of carol, and to nobody else.
  [
    'arrivals',
    [...meet(three, ['alice', 'bob']), cast(60_000, 'c', 'bob')],
    [...meet(three, ['alice', 'bob']), cast(60_000, 'c', 'bob'), heard(60_050, 'bob', 'c')],
  ],
  // Who has no way to it.
  ['arrivals', [...meet(three), cast(40_000, 'c')], [...meet(three, three), cast(40_000, 'c')]],
  // In a larger mesh at once.
  [
    'arrivals',
    [
      ...meet(crowd),
      ...three40.flatMap((ms) => [
        cast(ms, `c${ms}`),
        ...others.map((name) => heard(name === 'bob' ? ms + 2_000 : ms + 50, name, `c${ms}`)),
      ]),
    ],
    [
      ...meet(crowd),
      ...three40
        .flatMap((ms) => [
          cast(ms, `c${ms}`),
          ...others.map((name) =>
            heard(name === 'bob' && ms < 80_000 ? ms + 2_000 : ms + 50, name, `c${ms}`),
          ),
        ])
        .filter(({ atMs }) => atMs !== 62_000),
      heard(60_050, 'bob', 'c60000'),
    ].toSorted((a, b) => a.atMs - b.atMs),
  ],
  ['casts', [...meet(three), heard(50, 'bob', 'c'), heard(60, 'bob', 'c')], [heard(50, 'bob', 'c')]],
  [
    'forged',
    [...meet(three), heard(2_000, 'bob', 'never 7')],
    [...meet(three), heard(2_000, 'bob', 'forged 7')],
  ],
  [
    'deaths',
    [...meet(three), killed(40_000, 'bob'), left(41_000, 'alice', 'bob', 'failed')],
    [
      ...meet(three),
      killed(40_000, 'bob'),
      left(41_000, 'alice', 'bob', 'failed'),
      left(48_000, 'carol', 'bob', 'failed'),
    ],
  ],
  [
    'deaths',
    [...meet(three), freeze('faultBegins', 40_000, 'bob'), freeze('faultEnds', 60_000, 'bob')],
    [...meet(three), freeze('faultBegins', 40_000, 'bob'), freeze('faultEnds', 44_000, 'bob')],
  ],
  [
    'deaths',
    [...meet(three), ...hanging('mallory', three)],
    [
      ...meet(three),
      ...hanging('mallory', three),
      ...three.map((each) => left(45_000, each, 'mallory', 'failed')),
    ],
  ],
  // What bob said last may have reached mallory alone.
  [
    'come back',
    [...meet(three), links(20_000, 'bob', ['alice', 'mallory']), ...returning('bob')],
    [...meet(three), links(39_900, 'bob', ['alice', 'mallory']), ...returning('bob')],
  ],
  [
    'come back',
    [...meet(three), links(39_900, 'bob', ['alice']), ...returning('bob')],
    [...meet(three), ...returning('bob').filter(({ type }) => type !== 'peerJoined')],
  ],
  [
    'goodbye',
    [...meet(three), left(40_000, 'alice', 'bob', 'left')],
    [...meet(three), at(39_990, { type: 'leaving', run: 'bob 1' }), left(40_000, 'alice', 'bob', 'left')],
  ],
  [
    'late watcher',
    [
      ...meet(three),
      ...nap('alice', 80_000),
      left(80_501, 'alice', 'bob', 'failed'),
      left(85_501, 'alice', 'carol', 'failed'),
    ],
    [
      ...meet(three),
      ...nap('alice', 80_000),
      left(80_501, 'alice', 'bob', 'failed'),
      ...nap('carol', 85_000),
      left(85_501, 'alice', 'carol', 'failed'),
    ],
  ],
  [
    'stranger',
    [
      ...meet(three),
      stranger,
      links(5_000, 'bob', ['alice', 'zoe']),
      links(9_000, 'bob', ['alice', 'zoe', 'carol']),
    ],
    [
      ...meet(three),
      stranger,
      links(5_000, 'bob', ['alice', 'zoe']),
      links(5_200, 'bob', ['alice', 'carol']),
    ],
  ],
  [
    'spared',
    [...meet(crowd), ...crowd.map((name) => figures(name, 900, 800))],
    [...meet(crowd), ...crowd.map((name) => figures(name, 900, 600))],
  ],
  ['storm', [at(1, { type: 'storm', events: 1e6, ms: 5 })], meet(three)],
]

test.each(cases)('%s', (checker, broken, kept) => {
  const objecting = (entries: readonly Entry[]): string[] =>
    check([...entries, over].toSorted((a, b) => a.atMs - b.atMs)).map((violation) => violation.checker)
  expect(objecting(broken)).toContain(checker)
  expect(objecting(kept)).not.toContain(checker)
})
