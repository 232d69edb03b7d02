import { describe, expect, test } from 'vitest'
import type { MemberId, MessageId, PeerId } from 'skein'
import { createEnding } from '../../bench/support/processes.ts'
import { countDeliveries, judge } from '../real/verdict.ts'
import type { Entry, Happening } from '../sim/harness/history.ts'
import { falseDepartures } from './report.ts'
import { soak } from './soak.ts'

const [alice, bob] = ['a', 'b'].map((digit) => digit.repeat(32)) as [MemberId, MemberId]

const joined = (name: string, member: MemberId): Happening => ({
  type: 'joined',
  run: `${name} 1`,
  name,
  label: name,
  disk: name,
  volatile: false,
  peer: member as string as PeerId,
  member,
})
const stored = (id: string): Happening => ({ type: 'stored', run: 'alice 1', id: id as MessageId })
const told = (run: string, id: string): Happening => ({
  type: 'message',
  run,
  id: id as MessageId,
  from: alice,
  to: '@bob',
  addressees: [bob],
  cursor: `1/${alice}/${id}`,
  body: '',
})
const at = (atMs: number, happening: Happening): Entry => ({ atMs, ...happening })
const both = [at(0, joined('alice', alice)), at(0, joined('bob', bob))]

describe('the verdict of a soak test', () => {
  test('counts what was stored and came to nobody, and what came twice', () => {
    const fine = [...both, at(1, stored('1')), at(1, told('alice 1', '1')), at(2, told('bob 1', '1'))]
    expect(countDeliveries(fine)).toEqual({ sent: 1, delivered: 1, lost: [], twice: 0 })
    const lost = [...fine, at(3, stored('2')), at(3, told('alice 1', '2'))]
    expect(countDeliveries(lost)).toEqual({
      sent: 2,
      delivered: 1,
      lost: ['2 of alice 1 did not come to bob'],
      twice: 0,
    })
    // It was killed before it said that it has it, and was given it after its next start.
    const given = at(9, {
      type: 'given',
      run: 'bob 2',
      id: '2' as MessageId,
      from: alice,
      attempt: 1,
      body: '',
    })
    const back = at(8, { ...joined('bob', bob), run: 'bob 2' } as Happening)
    expect(countDeliveries([...lost, back, given]).lost).toEqual([])
    expect(countDeliveries([...fine, at(3, stored('3'))]).lost).toEqual(['3 of alice 1 came to nobody'])
    expect(countDeliveries([...fine, at(4, told('bob 1', '1'))]).twice).toBe(1)
  })

  test('counts a living peer that was declared gone, unless something was just done to it or to who says so', () => {
    const gone = at(60_000, {
      type: 'peerLeft',
      run: 'bob 1',
      peer: alice as string as PeerId,
      reason: 'failed',
    })
    expect(falseDepartures([...both, gone])).toEqual(['alice 1 by bob 1, 60 s after the start'])
    const frozen = { fault: 1, kind: 'freeze', what: 'freeze' }
    for (const touched of ['alice', 'bob']) {
      const fault = [
        at(40_000, { type: 'faultBegins', ...frozen, touched: [touched] }),
        at(55_000, { type: 'faultEnds', ...frozen, touched: [touched] }),
      ]
      expect(falseDepartures([...both, ...fault, gone])).toEqual([])
    }
    const killed = at(59_000, { type: 'ended', run: 'alice 1', how: 'killed' })
    expect(falseDepartures([...both, killed, gone])).toEqual([])
  })
})

test(
  'a few seconds with two agents: messages are sent, somebody is disturbed, nothing is lost',
  { timeout: 180_000 },
  async () => {
    const ending = createEnding()
    try {
      const wanted = { minutes: 0.1, tabs: 0, agents: 2, calm: false }
      const { history, churn } = await soak({ ...wanted, ending, isStopped: () => false, progress: () => {} })
      const { sent, lost, twice } = countDeliveries(history)
      expect(sent).toBeGreaterThan(0)
      expect({ lost, twice }).toEqual({ lost: [], twice: 0 })
      expect(churn.done.size).toBeGreaterThan(0)
      expect(judge(history)).toEqual([])
    } finally {
      await ending.all()
    }
  },
)
