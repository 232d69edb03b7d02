// Stories about one election machine. Each rule of core/election/README.md has its own; the lines are the
// effects in their order, which is part of the contract.

import { describe, expect, test } from 'vitest'
import type { LeaderChangeReason as PublicReason } from '../../core/api.ts'
import type { PeerId } from '../../core/base/ids.ts'
import { limits } from '../../core/base/limits.ts'
import type { LeaderChangeReason } from '../../core/election/protocol.ts'
import { alice, bob, candidate, carol, dave, following, leadingAlone, Story } from './election-story.ts'

describe('EL2 persist, then claim', () => {
  test('EL2 the first one persists, claims, leads and starts its duty, in this order', () => {
    const story = new Story(alice)
    expect(story.view(alice)).toEqual(['persist 1'])
    expect(story.election.claimNow()).toBeUndefined()
    expect(story.persisted(1)).toEqual([
      'broadcast alice 1',
      'leader nobody -> alice 1 elected',
      'duty starts 1',
    ])
    expect(story.election.claimNow()).toEqual({ role: '', epoch: 1, leader: alice })
    expect(story.election.deadlineMs).toBeUndefined()
  })

  test('EL2 a provisional one waits until it knows its seniority', () => {
    const story = new Story(alice)
    expect(story.view(candidate(alice, { seniority: undefined }))).toEqual([])
    expect(story.view(alice)).toEqual(['persist 1'])
  })

  test('EL2 the epoch goes on from what the device remembers', () => {
    expect(new Story(alice, 41).view(alice)).toEqual(['persist 42'])
  })

  test('EL2 one persist in flight; an epoch seen meanwhile makes it start over, higher', () => {
    const story = new Story(alice)
    expect(story.view(alice, bob)).toEqual(['persist 1'])
    expect(story.claim(bob, 7)).toEqual([])
    expect(story.view(alice, bob, carol)).toEqual([])
    expect(story.persisted(1)).toEqual(['persist 8'])
    expect(story.persisted(8)).toEqual(['broadcast alice 8', 'leader nobody -> alice 8 elected'])
  })

  test('EL2 a sibling tab that persisted more makes it start over, higher', () => {
    const story = new Story(alice)
    story.view(alice)
    expect(story.persisted(5)).toEqual(['persist 6'])
  })

  test('EL2 no longer elected when the store answers: no claim; the epoch serves later', () => {
    const story = new Story(bob)
    story.view(bob)
    expect(story.view(alice, bob)).toEqual([])
    expect(story.persisted(1)).toEqual([])
    expect(story.view(bob)).toContain('broadcast bob 1')
  })

  test('EL2 a persisted epoch that another claimed meanwhile is not used', () => {
    const story = new Story(bob)
    story.view(bob)
    story.view(alice, bob)
    story.persisted(1)
    expect(story.claim(alice, 1)).toEqual(['remember 1', 'leader nobody -> alice 1 elected'])
    expect(story.view(bob)).toEqual(['persist 2'])
  })

  test('EL4 an accepted epoch that the store did not take is stored later', () => {
    const story = new Story(bob)
    story.view(alice, bob)
    expect(story.claim(alice, 3)).toEqual(['remember 3', 'leader nobody -> alice 3 elected'])
    expect(story.step({ type: 'rememberFailed' })).toEqual([])
    expect(story.after(limits.storageBusyMs - 1)).toEqual([])
    expect(story.after(1)).toEqual(['remember 3'])
    // What is followed by then counts.
    expect(story.step({ type: 'rememberFailed' })).toEqual([])
    expect(story.claim(alice, 4)).toEqual(['remember 4', 'leader alice -> alice 4 merged'])
    expect(story.after(limits.storageBusyMs)).toContain('remember 4')
    expect(story.after(limits.storageBusyMs)).not.toContain('remember 4')
  })

  test('EL2 a peer that does not stand follows and never claims', () => {
    const story = new Story(carol)
    const view = { type: 'view', candidates: [candidate(alice)], live: [alice, carol] } as const
    story.step(view)
    expect(story.claim(alice, 3)).toEqual(['remember 3', 'leader nobody -> alice 3 elected'])
    expect(story.step({ ...view, candidates: [], live: [carol] })).toEqual([
      'leader alice -> nobody 3 failed',
    ])
  })

  test('EL2 a candidate that is not alive is not elected', () => {
    const story = new Story(bob)
    expect(story.step({ type: 'view', candidates: [candidate(alice), candidate(bob)], live: [bob] })).toEqual(
      ['persist 1'],
    )
  })
})

describe('EL3 who cannot persist does not lead', () => {
  test('EL3 it says that it is unfit, once, and tries again while nobody else is elected', () => {
    const story = new Story(alice)
    story.view(alice)
    expect(story.persistFailed()).toEqual(['unfit'])
    expect(story.election.deadlineMs).toBe(story.nowMs + limits.storageBusyMs)
    expect(story.view(candidate(alice, { fit: false }))).toEqual([])
    expect(story.after(limits.storageBusyMs)).toEqual(['persist 1'])
    expect(story.election.deadlineMs).toBeUndefined()
    expect(story.persistFailed()).toEqual([])
    expect(story.after(limits.storageBusyMs)).toEqual(['persist 1'])
    expect(story.persisted(1)).toContain('broadcast alice 1')
  })

  test('EL3 a leader that cannot persist a higher epoch keeps the one it has until another takes over', () => {
    const story = leadingAlone(alice, 4)
    story.view(alice, bob)
    expect(story.claim(bob, 6)).toEqual(['persist 7'])
    expect(story.persistFailed()).toEqual(['unfit'])
    expect(story.view(candidate(alice, { fit: false }), bob)).toEqual([
      'duty stops',
      'yield 6 to bob',
      'tell bob alice 4',
      'remember 6',
      'leader alice -> bob 6 resigned',
    ])
  })

  test('EL3 a store that answers with less than was asked has failed', () => {
    const story = new Story(alice, 4)
    story.view(alice)
    expect(story.persisted(2)).toEqual(['unfit'])
  })

  test('EL3 after a write that succeeded, the next failure is said again', () => {
    const story = new Story(alice)
    story.view(alice)
    story.persistFailed()
    story.after(limits.storageBusyMs)
    story.persisted(1)
    story.view(alice, bob)
    expect(story.claim(bob, 4)).toEqual(['persist 5'])
    expect(story.persistFailed()).toEqual(['unfit'])
  })
})

describe('EL4 whose claim is accepted', () => {
  test('EL4 that of the peer the view elects, and nobody else', () => {
    const story = new Story(carol)
    story.view(alice, bob, carol)
    expect(story.claim(bob, 3)).toEqual([])
    expect(story.election.leader).toBeUndefined()
    expect(story.claim(alice, 4)).toEqual(['remember 4', 'leader nobody -> alice 4 elected'])
    expect(story.election.leader).toBe(alice)
    expect(story.election.epoch).toBe(4)
  })

  test('EL4 not below the accepted epoch, and not at it from another', () => {
    const story = following(carol, bob, 5, bob, carol)
    story.view(alice, bob, carol)
    expect(story.claim(alice, 4)).toEqual([])
    expect(story.claim(alice, 5)).toEqual([])
    expect(story.claim(alice, 6)).toEqual(['remember 6', 'leader bob -> alice 6 merged'])
  })

  test('EL4 the same claim again says nothing', () => {
    const story = following(carol, alice, 5, alice, carol)
    expect(story.claim(alice, 5)).toEqual([])
  })

  test('EL7 a leader that says less of itself than others said of it is told what they said', () => {
    const story = following(carol, alice, 5, alice, carol)
    expect(story.claim(alice, 4)).toEqual(['tell alice alice 5'])
    const claim = { role: '', epoch: 9, leader: alice }
    expect(story.step({ type: 'claim', claim, from: bob })).toContain('tell alice alice 9')
    expect(story.claim(alice, 10)).not.toContain('tell alice alice 10')
  })

  test('EL4 claims of other roles, and epochs that are none, change nothing', () => {
    const story = new Story(carol)
    story.view(alice, carol)
    expect(
      story.step({ type: 'claim', claim: { role: 'indexer', epoch: 3, leader: alice }, from: alice }),
    ).toEqual([])
    for (const epoch of [0, -1, 1.5, NaN, Infinity]) expect(story.claim(alice, epoch)).toEqual([])
    expect(story.election.highestEpochSeen).toBe(0)
  })
})

describe('EL5 claims and views travel separately', () => {
  test('EL5 a claim that comes before its claimer is elected is accepted when the view catches up', () => {
    const story = new Story(carol)
    story.view(carol, candidate(bob, { seniority: undefined }))
    expect(story.claim(bob, 3)).toEqual([])
    expect(story.view(bob, carol)).toContain('leader nobody -> bob 3 elected')
  })

  test('EL5 also when it comes before its claimer is known at all', () => {
    const story = new Story(carol)
    story.claim(bob, 3)
    expect(story.view(bob, carol)).toContain('leader nobody -> bob 3 elected')
  })

  test('EL5 the newest of each claimer is kept', () => {
    const story = new Story(carol)
    story.claim(bob, 3)
    story.claim(bob, 9)
    story.claim(bob, 4)
    expect(story.view(bob, carol)).toContain('leader nobody -> bob 9 elected')
  })

  test('EL5 invented claimers push out one another, not a living one', () => {
    const story = new Story(carol)
    story.view(bob, candidate(carol, { priority: 1 }))
    story.claim(bob, 9)
    for (let i = 0; i < 2 * limits.maxPeers; i++) {
      story.claim(i.toString(16).padStart(32, '0') as PeerId, 5)
    }
    expect(story.view(bob, carol)).toContain('leader nobody -> bob 9 elected')
  })
})

describe('EL6 a claim too far ahead', () => {
  test('EL6 changes nothing at all, at the limit it counts', () => {
    const story = new Story(carol, 10)
    story.view(alice, carol)
    expect(story.claim(alice, 10 + limits.maxEpochJump + 1)).toEqual([])
    expect(story.election.highestEpochSeen).toBe(10)
    expect(story.view(alice, carol)).toEqual([])
    expect(story.claim(alice, 10 + limits.maxEpochJump)).toContain(
      `leader nobody -> alice ${10 + limits.maxEpochJump} elected`,
    )
  })
})

describe('EL6 far claims', () => {
  const far = 10 + limits.maxEpochJump + 1

  test('EL6 of a peer that is not elected half the jump counts', () => {
    const story = new Story(carol, 10)
    story.view(alice, carol)
    story.claim(bob, 10 + limits.maxEpochJump / 2 + 1)
    expect(story.election.highestEpochSeen).toBe(10)
    story.claim(bob, 10 + limits.maxEpochJump / 2)
    expect(story.election.highestEpochSeen).toBe(10 + limits.maxEpochJump / 2)
  })

  test('EL6 a newcomer follows a leader whose epoch is far ahead after a while', () => {
    const story = new Story(carol)
    story.view(alice, carol)
    expect(story.claim(alice, 2 ** 40)).toEqual([])
    expect(story.after(limits.farClaimPatienceMs - 1)).toEqual([])
    expect(story.after(1)).toContain(`leader nobody -> alice ${2 ** 40} elected`)
  })

  test('EL6 the time counts from when it was elected; another that claims meanwhile does not take its place', () => {
    const story = new Story(carol, 10)
    story.view(bob, carol)
    story.claim(alice, far)
    story.after(limits.farClaimPatienceMs)
    story.view(alice, carol)
    story.claim(bob, far + 5)
    expect(story.after(limits.farClaimPatienceMs - 1)).toEqual([])
    expect(story.after(1)).toContain(`leader nobody -> alice ${far} elected`)
  })

  test('EL6 an absurd epoch that is said once is never believed', () => {
    const story = new Story(carol, 10)
    story.view(alice, carol)
    story.claim(alice, 10 + limits.maxFarEpochJump + 1)
    story.after(10 * limits.farClaimPatienceMs)
    expect(story.election.highestEpochSeen).toBe(10)
  })

  test('EL6 the elected peer raises its epoch above a far claim of which it is reminded for long', () => {
    // bob followed a leader of a forged epoch, which is gone; alice never took part in that.
    const story = leadingAlone(alice, 3)
    story.view(alice, bob)
    const far = 3 + limits.maxEpochJump
    for (let ms = 0; ms < limits.farClaimPatienceMs / 2; ms += limits.claimPatienceMs) {
      story.step({ type: 'claim', claim: { role: '', epoch: far, leader: carol }, from: bob })
      expect(story.election.highestEpochSeen).toBe(3)
      story.after(limits.claimPatienceMs)
    }
    story.step({ type: 'claim', claim: { role: '', epoch: far, leader: carol }, from: bob })
    expect(story.after(limits.claimPatienceMs)).toEqual([`persist ${far + 1}`])
  })

  test('EL6 a far claim in its own name raises it too, though another is held up to it as well', () => {
    const story = leadingAlone(alice, 3)
    story.view(alice, bob, carol)
    const far = 3 + limits.maxEpochJump + 1
    for (let ms = 0; ms < limits.farClaimPatienceMs / 2; ms += limits.claimPatienceMs) {
      expect(story.election.highestEpochSeen).toBe(3)
      story.claim(dave, far + 5, carol)
      story.claim(alice, far, bob)
      story.after(limits.claimPatienceMs)
    }
    story.claim(alice, far, bob)
    expect(story.election.highestEpochSeen).toBe(far)
  })

  test('EL6 one far claim in each while is believed: a burst of them uses no epochs up', () => {
    const story = leadingAlone(alice, 3)
    story.view(alice, bob)
    const step = limits.maxFarEpochJump / 2
    for (let ms = 0; ms <= limits.farClaimPatienceMs / 2; ms += limits.claimPatienceMs) {
      story.claim(dave, 3 + step, bob)
      story.after(limits.claimPatienceMs)
    }
    const believed = story.election.highestEpochSeen
    expect(believed).toBe(3 + step)
    for (let i = 2; i < 50; i++) story.claim(dave, 3 + i * step, bob)
    expect(story.election.highestEpochSeen).toBe(believed)
  })

  test('EL6 what is held up to the elected peer counts no farther than those can follow who did not hear of it', () => {
    const story = leadingAlone(alice, 3)
    story.view(alice, bob)
    for (let ms = 0; ms <= limits.farClaimPatienceMs / 2; ms += limits.claimPatienceMs) {
      expect(story.election.highestEpochSeen).toBe(3)
      story.claim(alice, 3 + 9 * limits.maxFarEpochJump, bob)
      story.after(limits.claimPatienceMs)
    }
    expect(story.election.highestEpochSeen).toBe(3 + limits.maxFarEpochJump / 2)
  })

  test('EL6 a newcomer comes to an epoch beyond that in steps, and asks the leader for its word at each', () => {
    const story = new Story(carol)
    story.view(alice, carol)
    const far = 3 * limits.maxFarEpochJump
    for (let steps = 1; steps < 3; steps++) {
      expect(story.claim(alice, far)).toEqual([])
      expect(story.after(limits.farClaimPatienceMs)).toEqual(['tell alice alice 1'])
      expect(story.after(10 * limits.farClaimPatienceMs)).toEqual([])
    }
    story.claim(alice, far)
    expect(story.after(limits.farClaimPatienceMs)).toContain(`leader nobody -> alice ${far} elected`)
  })

  test('EL6 … and begins anew when another was elected meanwhile', () => {
    const story = new Story(carol)
    const far = 2 * limits.maxFarEpochJump
    for (const views of [[alice], [bob, alice]]) {
      story.view(alice, carol)
      story.claim(alice, far)
      story.after(limits.farClaimPatienceMs)
      story.view(...views, carol)
      story.view(bob, carol)
    }
    expect(story.election.highestEpochSeen).toBe(0)
  })

  test('EL6 a far claim that is said twice, and then no more, changes nothing', () => {
    const story = leadingAlone(alice, 3)
    story.view(alice, bob)
    const far = 3 + limits.maxEpochJump
    for (const pauseMs of [1, 2 * limits.farClaimPatienceMs, 1]) {
      story.step({ type: 'claim', claim: { role: '', epoch: far, leader: carol }, from: bob })
      story.after(pauseMs)
    }
    expect(story.election.highestEpochSeen).toBe(3)
  })
})

test('EL2 the last epoch is the last: none is claimed that no claim can bear', () => {
  const last = Number.MAX_SAFE_INTEGER
  expect(new Story(alice, last).view(alice)).toEqual([])
  const story = leadingAlone(alice, last)
  story.view(alice, bob)
  story.claim(bob, last)
  expect(story.after(limits.handoverTimeoutMs)).not.toContain(`persist ${last + 1}`)
  expect(story.election.leader).toBe(alice)
})

describe('EL7 two parts of the mesh meet', () => {
  test('EL7 a higher claim is outbid even where its leader is not in the view; nobody is waited for then', () => {
    const story = leadingAlone(alice, 3)
    expect(story.claim(bob, 9)).toEqual([])
    expect(story.after(limits.claimPatienceMs - 1)).toEqual([])
    expect(story.after(1)).toEqual(['persist 10'])
    expect(story.persisted(10)).toEqual([
      'duty stops',
      'broadcast alice 10',
      'leader alice -> alice 10 merged',
      'duty starts 10',
    ])
  })

  test('EL7 the duty of the raised epoch starts when the other leader yields', () => {
    const story = leadingAlone(alice, 3)
    story.view(alice, bob)
    expect(story.claim(bob, 3)).toEqual(['persist 4'])
    expect(story.persisted(4)).toEqual([
      'duty stops',
      'broadcast alice 4',
      'leader alice -> alice 4 merged',
      'confront bob',
    ])
    expect(story.yielded(bob, 4)).toEqual(['duty starts 4'])
  })

  test('EL7 also above a lower epoch of a part that we met only now', () => {
    const story = leadingAlone(alice, 9)
    story.view(alice, bob)
    expect(story.claim(bob, 3)).toEqual(['persist 10'])
  })

  test('EL7 whichever comes first, the claim or the view', () => {
    const story = leadingAlone(alice, 9)
    expect(story.claim(bob, 3)).toEqual(['tell bob alice 9'])
    expect(story.view(alice, bob)).toEqual(['persist 10'])
  })

  test('EL7 a claim just above ours may come from a newer view than ours: it has a second to reach us', () => {
    const story = leadingAlone(alice, 3)
    const newcomer = candidate(bob, { seniority: undefined, priority: 1 })
    story.view(alice, newcomer)
    expect(story.claim(bob, 4)).toEqual([])
    expect(story.view(alice, candidate(bob, { priority: 1 }))).toContain('yield 4 to bob')
  })

  test('EL7 an old claim of one that was here before ours raises nothing', () => {
    const story = new Story(alice)
    story.view(alice, bob)
    story.persisted(1)
    story.claim(carol, 5)
    story.persisted(6)
    expect(story.claim(bob, 3)).toEqual([])
    expect(story.view(alice, bob)).toEqual([])
  })

  test('EL7 once for each foreign claim, however often it is heard', () => {
    const story = leadingAlone(alice, 3)
    story.view(alice, bob)
    story.claim(bob, 9)
    expect(story.persisted(10)).toContain('broadcast alice 10')
    expect(story.claim(bob, 9)).toEqual(['tell bob alice 10'])
    expect(story.view(alice, bob)).toEqual([])
  })

  test('EL7 no endless duel: against the same claimer again only after a pause', () => {
    const story = leadingAlone(alice, 3)
    story.view(alice, bob)
    story.claim(bob, 9)
    story.persisted(10)
    expect(story.claim(bob, 11)).toEqual([])
    expect(story.election.deadlineMs).toBe(story.nowMs + limits.handoverTimeoutMs)
    expect(story.after(limits.handoverTimeoutMs)).toContain('persist 12')
  })

  test('EL7 a claim in our name that we never made is outbid like any other', () => {
    const story = leadingAlone(alice, 3)
    expect(story.claim(alice, 3)).toEqual([])
    story.claim(alice, 50)
    expect(story.after(limits.claimPatienceMs)).toEqual(['persist 51'])
  })

  test('EL7 the leader that is not elected steps down for the higher claim', () => {
    const story = leadingAlone(bob, 9)
    story.view(alice, bob)
    expect(story.claim(alice, 3)).toEqual(['tell alice bob 9'])
    expect(story.claim(alice, 10)).toEqual([
      'duty stops',
      'yield 10 to alice',
      'tell alice bob 9',
      'remember 10',
      'leader bob -> alice 10 merged',
    ])
  })

  test('EL7 a higher claim whose leader is dead: those who followed it tell the elected one', () => {
    const story = following(carol, bob, 9, bob, carol)
    story.view(carol, candidate(alice, { priority: 1 }))
    expect(story.claim(alice, 3)).toEqual([])
    story.after(limits.claimPatienceMs - 1)
    expect(story.after(1)).toContain('tell alice bob 9')
  })

  test('EL7 a leader told of an old claim answers with its own', () => {
    const story = leadingAlone(alice, 9)
    expect(story.claim(bob, 5, carol)).toEqual(['tell carol alice 9'])
    expect(story.claim(alice, 8, carol)).toEqual(['tell carol alice 9'])
  })

  test('EL10 what came in the name of the leader, but not over its link, is held up to it as well', () => {
    const story = new Story(carol)
    story.view(alice, carol)
    story.claim(alice, 9)
    story.step({ type: 'claim', claim: { role: '', epoch: 1000, leader: alice }, from: alice, relayed: true })
    expect(story.election.epoch).toBe(1000)
    expect(story.after(limits.claimPatienceMs)).toEqual(['tell alice alice 1000', 'confront alice'])
  })

  test('EL7 a leader whose claim somebody has from others says it itself', () => {
    const story = leadingAlone(alice, 9)
    expect(story.claim(alice, 9, carol)).toEqual(['tell carol alice 9'])
  })

  test('EL10 a claim heard from others only is held up to its leader until that one says it too', () => {
    const story = new Story(carol)
    story.view(alice, bob, carol)
    story.claim(alice, 9, bob)
    expect(story.after(limits.claimPatienceMs)).toEqual(['tell alice alice 9', 'confront alice'])
    expect(story.after(limits.claimPatienceMs)).toEqual(['tell alice alice 9', 'confront alice'])
    expect(story.claim(alice, 9)).toEqual([])
    expect(story.election.deadlineMs).toBeUndefined()
  })

  test('EL7 a lone peer that led by itself, provisional now, is outbid at once when its epoch is ours', () => {
    const story = leadingAlone(alice, 1)
    story.view(alice, candidate(bob, { seniority: undefined }))
    expect(story.claim(bob, 1)).toEqual(['persist 2'])
  })

  test('EL7 a claim outbid before its claimer came into view is not outbid again', () => {
    const story = leadingAlone(alice, 3)
    story.claim(bob, 9)
    story.after(limits.claimPatienceMs)
    story.persisted(10)
    story.view(alice, bob)
    expect(story.after(limits.handoverTimeoutMs)).toEqual(['tell bob alice 10'])
  })

  test('EL7 a peer that was away again, and says again what it claimed, is outbid again', () => {
    const story = leadingAlone(alice, 3)
    story.view(alice, bob)
    story.claim(bob, 2)
    story.persisted(4)
    story.view(alice)
    story.after(limits.handoverTimeoutMs)
    story.claim(bob, 2)
    expect(story.view(alice, bob)).toEqual(['persist 5'])
  })

  test('EL7 one that led long ago and was out of sight for a moment contests nothing', () => {
    const story = following(alice, bob, 3, bob, candidate(alice, { priority: -1 }))
    story.view(alice, bob)
    story.persisted(4)
    story.yielded(bob, 4)
    story.view(alice)
    expect(story.view(alice, bob)).toEqual([])
  })

  test('EL7 the duty waits for one whose claim was heard long before it came into view', () => {
    const story = new Story(alice)
    story.claim(bob, 3)
    story.view(alice)
    expect(story.persisted(4)).toContain('duty starts 4')
    story.after(2 * limits.handoverTimeoutMs)
    expect(story.view(alice, bob)).toEqual(['persist 5'])
    expect(story.persisted(5)).not.toContain('duty starts 5')
    expect(story.yielded(bob, 5)).toEqual(['duty starts 5'])
  })
})

describe('EL18 two peers whose views differ', () => {
  test('EL18 a leader that raises its epoch lets the other see what it holds of it, each time', () => {
    const story = new Story(alice)
    story.view(alice, bob)
    story.persisted(1)
    story.claim(bob, 2)
    expect(story.after(limits.claimPatienceMs)).toEqual(['persist 3'])
    expect(story.persisted(3)).toContain('confront bob')
    story.claim(bob, 4)
    story.after(limits.handoverTimeoutMs)
    expect(story.persisted(5)).toContain('confront bob')
  })

  test('EL18 who follows one and elects another lets both see what it holds of them, each second', () => {
    const story = following(carol, bob, 5, bob, carol)
    story.view(alice, bob, carol)
    for (let i = 0; i < 3; i++) {
      expect(story.after(limits.claimPatienceMs)).toEqual(
        expect.arrayContaining(['confront alice', 'confront bob']),
      )
    }
    story.claim(alice, 6)
    expect(story.after(limits.claimPatienceMs)).toEqual([])
  })
})

describe('EL8 when a duty starts', () => {
  test('EL8 after the leader before has yielded', () => {
    const story = following(bob, alice, 5, alice, bob)
    expect(story.view(candidate(alice, { fit: false }), bob)).toEqual(['persist 6'])
    expect(story.persisted(6)).toEqual([
      'broadcast bob 6',
      'leader alice -> bob 6 resigned',
      'confront alice',
    ])
    expect(story.yielded(alice, 5)).toEqual([])
    expect(story.yielded(alice, 6)).toEqual(['duty starts 6'])
    expect(story.yielded(alice, 6)).toEqual([])
  })

  test('EL8 at once when it is gone from the view', () => {
    const story = following(bob, alice, 5, alice, bob)
    story.view(bob)
    expect(story.persisted(6)).toEqual(['broadcast bob 6', 'leader alice -> bob 6 failed', 'duty starts 6'])
  })

  test('EL8 when it goes while we wait', () => {
    const story = following(bob, alice, 5, alice, bob)
    story.view(candidate(alice, { fit: false }), bob)
    story.persisted(6)
    expect(story.view(bob)).toEqual(['duty starts 6'])
  })

  test('EL8 at the latest after the timeout', () => {
    const story = following(bob, alice, 5, alice, bob)
    story.view(candidate(alice, { fit: false }), bob)
    story.persisted(6)
    expect(story.election.deadlineMs).toBe(story.nowMs + limits.handoverTimeoutMs)
    expect(story.after(limits.handoverTimeoutMs - 1)).toEqual([])
    expect(story.after(1)).toEqual(['duty starts 6'])
  })

  test('EL8 a chain of changes: the last waits for all whose duty may still run', () => {
    const story = following(alice, carol, 5, carol, candidate(alice, { priority: -1 }))
    story.view(bob, carol, candidate(alice, { priority: -1 }))
    story.claim(bob, 6)
    story.view(bob, carol, alice)
    expect(story.persisted(7)).toEqual([
      'broadcast alice 7',
      'leader bob -> alice 7 outranked',
      'confront bob',
    ])
    expect(story.yielded(bob, 7)).toEqual([])
    expect(story.yielded(carol, 7)).toEqual(['duty starts 7'])
  })

  test('EL8 one that was replaced long ago is not waited for', () => {
    const story = following(alice, carol, 5, carol, candidate(alice, { priority: -1 }))
    story.view(bob, carol, candidate(alice, { priority: -1 }))
    story.claim(bob, 6)
    story.after(limits.handoverTimeoutMs)
    story.view(bob, carol, alice)
    story.persisted(7)
    expect(story.yielded(bob, 7)).toEqual(['duty starts 7'])
  })

  test('EL8 not while somebody else is elected already', () => {
    const story = following(bob, alice, 5, alice, bob)
    story.view(candidate(alice, { fit: false }), bob)
    story.persisted(6)
    story.view(alice, bob)
    expect(story.yielded(alice, 6)).toEqual([])
    expect(story.view(candidate(alice, { fit: false }), bob)).toEqual(['duty starts 6'])
  })

  test('EL8 an answer to a claim that we never made starts nothing', () => {
    const story = following(bob, alice, 5, alice, bob)
    story.view(candidate(alice, { fit: false }), bob)
    story.yielded(alice, 99)
    expect(story.persisted(6)).not.toContain('duty starts 6')
  })

  test('EL8 a raised epoch does not make one that is silent be waited for anew', () => {
    const story = following(bob, carol, 5, carol, candidate(bob, { priority: -1 }))
    story.view(bob, carol)
    story.persisted(6)
    story.after(1500)
    story.view(bob, carol, dave)
    story.claim(dave, 2)
    story.persisted(7)
    expect(story.yielded(dave, 7)).toEqual([])
    expect(story.after(500)).toContain('duty starts 7')
  })
})

describe('EL9 stepping down', () => {
  test('EL9 the duty stops, then the claimer is told, then the user', () => {
    const story = leadingAlone(bob, 5)
    story.view(candidate(alice, { priority: 1 }), bob)
    expect(story.claim(alice, 6)).toEqual([
      'duty stops',
      'yield 6 to alice',
      'tell alice bob 5',
      'remember 6',
      'leader bob -> alice 6 outranked',
    ])
  })

  test('EL9 one whose own duty still waited answers only when those before it have stopped', () => {
    const story = following(bob, carol, 5, carol, candidate(bob, { priority: -1 }))
    story.view(carol, bob)
    expect(story.persisted(6)).toEqual([
      'broadcast bob 6',
      'leader carol -> bob 6 outranked',
      'confront carol',
    ])
    story.view(alice, bob, carol)
    expect(story.claim(alice, 7)).toEqual(['tell alice bob 6', 'remember 7', 'leader bob -> alice 7 merged'])
    expect(story.yielded(carol, 6)).toEqual(['yield 7 to alice'])
  })

  test('EL9 a former leader answers every later claim, in whatever order they come', () => {
    const story = leadingAlone(carol, 5)
    story.view(alice, bob, carol)
    expect(story.claim(alice, 7)).toContain('yield 7 to alice')
    expect(story.claim(bob, 6)).toEqual(['yield 6 to bob'])
    expect(story.claim(bob, 6)).toEqual([])
  })

  test('EL9 of two claims of one epoch only the one that is followed is answered', () => {
    const story = leadingAlone(carol, 5)
    story.view(alice, bob, carol)
    story.claim(alice, 6)
    expect(story.claim(bob, 6)).toEqual(['tell bob alice 6'])
  })

  test('EL9 one that never led answers nobody', () => {
    const story = following(carol, alice, 5, alice, bob, carol)
    expect(story.view(candidate(alice, { fit: false }), bob, carol)).toEqual([])
    expect(story.claim(bob, 6)).toEqual(['remember 6', 'leader alice -> bob 6 resigned'])
  })

  test('EL9 one that withdraws stops at once, and leads no more', () => {
    const story = leadingAlone(alice, 5)
    story.view(alice, bob)
    expect(story.step({ type: 'view', candidates: [candidate(bob)], live: [alice, bob] })).toEqual([
      'duty stops',
    ])
    expect(story.election.leading).toBe(false)
    expect(story.claim(bob, 6)).toEqual(['yield 6 to bob', 'remember 6', 'leader alice -> bob 6 resigned'])
  })

  test('EL9 one that withdraws with nobody to follow leaves the place empty', () => {
    const story = leadingAlone(alice, 5)
    expect(story.step({ type: 'view', candidates: [], live: [alice] })).toEqual([
      'duty stops',
      'leader alice -> nobody 5 resigned',
    ])
    expect(story.view(alice)).toEqual(['persist 6'])
    expect(story.persisted(6)).toEqual([
      'broadcast alice 6',
      'leader nobody -> alice 6 elected',
      'duty starts 6',
    ])
  })

  test('EL9 two that outbid one another do not wait for each other', () => {
    const story = leadingAlone(bob, 3)
    story.view(bob, carol)
    story.claim(carol, 4)
    expect(story.persisted(5)).toContain('broadcast bob 5')
    story.view(bob, candidate(carol, { priority: 1 }))
    expect(story.claim(carol, 6)).toContain('yield 6 to carol')
  })

  test('EL9 a claim that was outbid is not answered later', () => {
    const story = leadingAlone(bob, 3)
    story.view(bob, carol)
    story.claim(carol, 4)
    story.persisted(5)
    story.yielded(carol, 5)
    story.view(alice, bob, carol)
    const effects = story.claim(alice, 6)
    expect(effects).toContain('yield 6 to alice')
    expect(effects).not.toContain('yield 4 to carol')
  })

  test('EL9 the dead are not answered', () => {
    const story = following(bob, carol, 5, carol, candidate(bob, { priority: -1 }))
    story.view(carol, bob)
    story.persisted(6)
    story.view(alice, bob, carol)
    story.claim(alice, 7)
    story.view(candidate(bob, { fit: false }), carol)
    expect(story.yielded(carol, 6)).toEqual([])
  })
})

describe('EL10 no gap: who lost its rank leads until the next one claims', () => {
  test('EL10 outranked, resigned or unfit, its duty goes on', () => {
    const story = leadingAlone(bob, 5)
    expect(story.view(alice, candidate(bob, { fit: false }))).toEqual([])
    expect(story.election.leading).toBe(true)
    expect(story.election.leader).toBe(bob)
    expect(story.claim(alice, 6)).toContain('duty stops')
  })

  test('EL10 its duty stops where another that lives claims above it meanwhile, and starts above that if it is elected again', () => {
    const story = leadingAlone(alice, 1)
    story.view(candidate(alice), bob, candidate(carol, { priority: 5 }))
    expect(story.claim(bob, 3, carol)).toEqual([])
    expect(story.claim(bob, 3)).toEqual(['duty stops'])
    expect(story.election.leader).toBe(alice)
    expect(story.view(alice, bob)).toEqual(['persist 4'])
    expect(story.persisted(4)).toContain('broadcast alice 4')
    expect(story.yielded(bob, 4)).toEqual(['duty starts 4'])
  })

  test('EL10 if the better one goes before it claimed, nothing has happened', () => {
    const story = leadingAlone(bob, 5)
    story.view(alice, bob)
    expect(story.view(bob)).toEqual([])
    expect(story.election.deadlineMs).toBeUndefined()
  })

  test('EL10 a follower stays with the old leader as well', () => {
    const story = following(carol, alice, 5, alice, bob, carol)
    expect(story.view(candidate(alice, { fit: false }), bob, carol)).toEqual([])
    expect(story.election.leader).toBe(alice)
  })

  test('EL10 the old leader reminds the one that is elected and does not claim', () => {
    const story = leadingAlone(bob, 5)
    story.view(candidate(alice, { fit: false }), bob)
    expect(story.after(limits.claimPatienceMs)).toEqual(['tell alice bob 5'])
    expect(story.election.deadlineMs).toBeUndefined()
    story.view(alice, bob)
    expect(story.election.deadlineMs).toBe(story.nowMs + limits.claimPatienceMs)
    expect(story.after(limits.claimPatienceMs)).toEqual(['tell alice bob 5', 'confront alice'])
    expect(story.after(limits.claimPatienceMs)).toEqual(['tell alice bob 5', 'confront alice'])
    story.claim(alice, 6)
    expect(story.election.deadlineMs).toBeUndefined()
  })

  test('EL10 so do those who still follow it', () => {
    const story = following(carol, bob, 5, bob, carol)
    story.view(alice, bob, carol)
    expect(story.after(limits.claimPatienceMs)).toEqual([
      'tell alice bob 5',
      'confront alice',
      'confront bob',
    ])
  })

  test('EL10 a leader makes sure, a second later, that those who came after its claim know it', () => {
    const story = leadingAlone(alice, 5)
    story.view(alice, bob)
    story.nowMs += 400
    story.view(alice, bob, carol)
    expect(story.after(limits.claimPatienceMs - 401)).toEqual([])
    expect(story.after(1)).toEqual(['tell bob alice 5', 'tell carol alice 5'])
    expect(story.election.deadlineMs).toBeUndefined()
  })

  test('EL10 … and those who were there and stand only since', () => {
    const story = new Story(alice)
    const live = [alice, bob]
    story.step({ type: 'view', candidates: [candidate(alice)], live })
    story.persisted(1)
    story.step({ type: 'view', candidates: [candidate(alice), candidate(bob)], live })
    expect(story.after(limits.claimPatienceMs)).toEqual(['tell bob alice 1'])
    expect(story.after(limits.claimPatienceMs)).toEqual([])
  })

  test('EL10 each one that is elected has a second to claim', () => {
    const story = following(dave, carol, 5, carol, dave)
    story.view(bob, carol, dave)
    story.after(limits.claimPatienceMs - 1)
    story.view(alice, bob, carol, dave)
    expect(story.after(1)).toEqual([])
    expect(story.after(limits.claimPatienceMs - 1)).toEqual([
      'tell alice carol 5',
      'confront alice',
      'confront carol',
    ])
  })

  test('EL10 a leader repeats nothing to itself', () => {
    const story = new Story(alice)
    story.step({ type: 'view', candidates: [candidate(alice)], live: [] })
    story.persisted(1)
    story.view(alice)
    expect(story.election.deadlineMs).toBeUndefined()
  })
})

describe('EL11 the leader is gone', () => {
  test('EL11 where a successor is known, the user sees one change, from the old to the new', () => {
    const story = following(carol, alice, 5, alice, bob, carol)
    expect(story.viewAfter('left', bob, carol)).toEqual([])
    expect(story.election.leader).toBe(alice)
    expect(story.claim(bob, 6)).toEqual(['remember 6', 'leader alice -> bob 6 left'])
    expect(story.election.deadlineMs).toBeUndefined()
  })

  test('EL11 its claim may have come before the news of the death', () => {
    const story = following(carol, alice, 5, alice, bob, carol)
    expect(story.claim(bob, 6)).toEqual([])
    expect(story.viewAfter('failed', bob, carol)).toEqual(['remember 6', 'leader alice -> bob 6 failed'])
  })

  test('EL11 the place is shown empty when no claim comes within a second', () => {
    const story = following(carol, alice, 5, alice, bob, carol)
    story.view(bob, carol)
    expect(story.election.deadlineMs).toBe(story.nowMs + limits.claimPatienceMs)
    expect(story.after(limits.claimPatienceMs - 1)).toEqual([])
    expect(story.after(1)).toEqual(['leader alice -> nobody 5 failed', 'tell bob alice 5', 'confront bob'])
    expect(story.claim(bob, 6)).toEqual(['remember 6', 'leader nobody -> bob 6 elected'])
  })

  test('EL11 and at once when nobody can follow', () => {
    const story = following(carol, alice, 5, alice, candidate(carol, { seniority: undefined }))
    expect(story.view(candidate(carol, { seniority: undefined }))).toEqual([
      'leader alice -> nobody 5 failed',
    ])
  })

  test('EL11 one that was believed dead and returns in time has never been away', () => {
    const story = following(carol, alice, 5, alice, bob, carol)
    story.view(bob, carol)
    expect(story.view(alice, bob, carol)).toEqual([])
    expect(story.election.leader).toBe(alice)
    expect(story.election.deadlineMs).toBeUndefined()
  })

  test('EL11 a newcomer is told the last epoch though its leader is gone', () => {
    const story = following(carol, alice, 5, alice, bob, carol)
    story.view(bob, carol)
    expect(story.election.claimNow()).toEqual({ role: '', epoch: 5, leader: alice })
  })
})

describe('EL12 our own clock stood still', () => {
  test('EL12 the duty stops at once, and nobody leads', () => {
    const story = leadingAlone(alice, 5)
    story.view(alice, bob)
    expect(story.stalled()).toEqual(['duty stops', 'leader alice -> nobody 5 stalled'])
    // It may be the only one who knows that this epoch was used.
    expect(story.election.claimNow()).toEqual({ role: '', epoch: 5, leader: alice })
    expect(story.election.highestEpochSeen).toBe(5)
  })

  test('EL12 of one that stood still, and has no place now, the epoch counts and nothing else', () => {
    const story = leadingAlone(bob, 2)
    const claim = { role: '', epoch: 5, leader: alice }
    expect(story.step({ type: 'claim', claim, from: alice, viewFollows: true, former: true })).toEqual([])
    story.view(bob, candidate(alice, { seniority: undefined }))
    // It is told as every newcomer, and answers that its own was higher.
    expect(story.after(60_000)).toEqual(['tell alice bob 2'])
    expect(story.election.highestEpochSeen).toBe(5)
  })

  test('EL12 it claims nothing until the view makes it a newcomer', () => {
    const story = leadingAlone(alice, 5)
    story.view(alice, bob)
    story.stalled()
    expect(story.after(60_000)).toEqual([])
    expect(story.view(alice, bob)).toEqual([])
    expect(story.view(candidate(alice, { seniority: undefined }))).toEqual([])
    expect(story.view(candidate(alice, { seniority: 9 }))).toEqual(['persist 6'])
  })

  test('EL12 one that woke follows the new leader, and says that its duty has stopped', () => {
    const story = leadingAlone(alice, 5)
    story.view(alice, bob)
    story.stalled()
    story.claim(bob, 6)
    expect(story.view(candidate(alice, { seniority: undefined }), bob)).toEqual([
      'remember 6',
      'leader nobody -> bob 6 elected',
    ])
  })

  test('EL12 a write that was under way when it stalled leads to no claim', () => {
    const story = new Story(alice)
    story.view(alice)
    story.stalled()
    expect(story.persisted(1)).toEqual([])
  })

  test('EL12 a follower that stalled finds its leader again', () => {
    const story = following(bob, alice, 5, alice, bob)
    expect(story.stalled()).toEqual(['leader alice -> nobody 5 stalled'])
    expect(story.view(alice, candidate(bob, { seniority: undefined }))).toEqual([
      'leader nobody -> alice 5 elected',
    ])
  })

  test('EL12 stalling before there was a leader says nothing', () => {
    expect(new Story(alice).stalled()).toEqual([])
  })

  test('EL12 stalled twice before the view speaks is stalled', () => {
    const story = leadingAlone(alice, 5)
    story.stalled()
    story.stalled()
    expect(story.view(alice)).toEqual([])
  })

  test('EL12 a stall ends what it waited for', () => {
    const story = following(bob, alice, 5, alice, bob)
    story.view(candidate(alice, { fit: false }), bob)
    story.persisted(6)
    story.stalled()
    expect(story.election.deadlineMs).toBeUndefined()
    expect(story.after(60_000)).toEqual([])
  })
})

describe('EL17 why the leader changed', () => {
  const change = (view: Parameters<Story['view']>, next: PeerId): string | undefined => {
    const story = following(dave, bob, 5, bob, carol, dave)
    story.view(...view)
    return story.claim(next, 6).at(-1)
  }

  test('EL17 each reason has its picture in the view', () => {
    expect(change([candidate(bob, { fit: false }), carol, dave], carol)).toBe(
      'leader bob -> carol 6 resigned',
    )
    expect(change([bob, candidate(carol, { priority: 1 }), dave], carol)).toBe(
      'leader bob -> carol 6 outranked',
    )
    expect(change([candidate(bob, { seniority: undefined }), carol, dave], carol)).toBe(
      'leader bob -> carol 6 stalled',
    )
    expect(change([candidate(bob, { seniority: 8 }), carol, dave], carol)).toBe(
      'leader bob -> carol 6 stalled',
    )
    expect(change([alice, bob, carol, dave], alice)).toBe('leader bob -> alice 6 merged')
    expect(change([carol, dave], carol)).toBe('leader bob -> carol 6 failed')
  })

  test('EL17 a fit newcomer outranks a leader that was never fit', () => {
    const weak = candidate(bob, { fit: false })
    const story = following(dave, bob, 5, weak, candidate(dave, { fit: false }))
    story.view(weak, carol, candidate(dave, { fit: false }))
    expect(story.claim(carol, 6).at(-1)).toBe('leader bob -> carol 6 outranked')
  })

  test('EL17 a lone leader that meets an older mesh merges into it', () => {
    const story = leadingAlone(bob, 1)
    story.view(alice, candidate(bob, { seniority: undefined }))
    expect(story.claim(alice, 6).at(-1)).toBe('leader bob -> alice 6 merged')
  })

  test('EL17 the reasons are those of the public types', () => {
    const ours: LeaderChangeReason[] = [
      'elected',
      'failed',
      'left',
      'resigned',
      'outranked',
      'merged',
      'stalled',
    ]
    const theirs: PublicReason[] = ours
    const back: LeaderChangeReason[] = theirs
    expect(back).toHaveLength(7)
  })
})
